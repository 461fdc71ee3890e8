package payment

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/job"
	"quay20/internal/officer"
	"quay20/internal/store"
)

// matching is one turn of fitting transactions to demands: everything that it
// touches is read once, judged, and what changed is written with its entry.
type matching struct {
	tx    *store.Tx
	by    officer.By
	why   string // an officer's words
	lines map[string]*Line
	was   map[string]string // canonical state of a line when it was read; "" if it is new
	order []string
	debts []debtKey // to be judged
	alone []string  // lines that belong to no debt
}

type debtKey struct{ dossier, item string }

func newMatching(tx *store.Tx, by officer.By) *matching {
	return &matching{tx: tx, by: by, lines: map[string]*Line{}, was: map[string]string{}}
}

// settle judges a debt anew after something changed.
func settle(tx *store.Tx, by officer.By, dossier, item string) error {
	m := newMatching(tx, by)
	m.debts = append(m.debts, debtKey{dossier, item})
	return m.finish()
}

// line is the transaction as this turn has it, or nil.
func (m *matching) line(id string) (*Line, error) {
	if l, ok := m.lines[id]; ok {
		return l, nil
	}
	l, err := findLine(m.tx, id)
	if errors.Is(err, store.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return m.add(l)
}

// add takes a transaction that was read into the turn.
func (m *matching) add(l Line) (*Line, error) {
	if known, ok := m.lines[l.ID]; ok {
		return known, nil
	}
	canonical, err := state(l)
	if err != nil {
		return nil, err
	}
	m.lines[l.ID], m.was[l.ID] = &l, canonical
	m.order = append(m.order, l.ID)
	return &l, nil
}

// fresh takes a new transaction into the turn.
func (m *matching) fresh(l Line) *Line {
	m.lines[l.ID], m.was[l.ID] = &l, ""
	m.order = append(m.order, l.ID)
	return &l
}

// touch has a transaction judged at the end of the turn: by the debt that it
// pays for, or alone.
func (m *matching) touch(l *Line) error {
	if err := m.reversals(l); err != nil {
		return err
	}
	ref := l.Reference
	if l.Decision == "assign" {
		ref = l.Demand
	}
	if ref == "" || !l.pays() {
		if !slices.Contains(m.alone, l.ID) {
			m.alone = append(m.alone, l.ID)
		}
		return nil
	}
	d, err := FindDemand(m.tx, ref)
	if err != nil {
		return err
	}
	if k := (debtKey{d.Dossier, d.Item}); !slices.Contains(m.debts, k) {
		m.debts = append(m.debts, k)
	}
	return nil
}

// reversals joins a transaction to the one that takes it back, whichever of the
// two came first.
func (m *matching) reversals(l *Line) error {
	ids, err := store.All(m.tx, func(r store.Row) (id string, err error) { return id, r.Scan(&id) },
		`SELECT id FROM payment_line WHERE reverses = $1 ORDER BY id`, l.ID)
	if err != nil {
		return fmt.Errorf("looking for what takes %s back: %w", l.ID, err)
	}
	for _, other := range m.lines {
		if other.Reverses == l.ID && !slices.Contains(ids, other.ID) {
			ids = append(ids, other.ID)
		}
	}
	slices.Sort(ids)
	l.ReversedBy = ""
	for _, id := range ids {
		r, err := m.line(id)
		if err != nil {
			return err
		}
		if r.takesBack(l) && l.ReversedBy == "" {
			l.ReversedBy = r.ID
		}
		if !slices.Contains(m.alone, r.ID) {
			m.alone = append(m.alone, r.ID)
		}
	}
	return nil
}

// pays reports whether a transaction can be a payment at all.
func (l *Line) pays() bool { return !l.Outgoing && l.Reverses == "" }

// takesBack reports whether r undoes l whole.
func (r *Line) takesBack(l *Line) bool {
	return r.Reverses == l.ID && r.Amount == l.Amount && r.Currency == l.Currency && r.Outgoing != l.Outgoing && !r.disagree()
}

// finish judges what was touched and writes what changed.
func (m *matching) finish() error {
	for i := 0; i < len(m.alone); i++ {
		l := m.lines[m.alone[i]]
		if l.Reverses == "" {
			continue
		}
		original, err := m.line(l.Reverses)
		if err != nil {
			return err
		}
		if original != nil {
			if err := m.touch(original); err != nil {
				return err
			}
		}
	}
	for _, id := range m.alone {
		if err := m.judgeAlone(m.lines[id]); err != nil {
			return err
		}
	}
	for _, k := range m.debts {
		if err := m.judge(k); err != nil {
			return err
		}
	}
	slices.Sort(m.order)
	for _, id := range m.order {
		if err := m.write(m.lines[id]); err != nil {
			return err
		}
	}
	return nil
}

// judgeAlone says what a transaction is that pays for no debt we know.
func (m *matching) judgeAlone(l *Line) error {
	l.Demand, l.Settled, l.Reason = "", 0, l.unfit()
	switch {
	case l.Reason != "":
	case l.Reverses != "":
		original, err := m.line(l.Reverses)
		if err != nil {
			return err
		}
		if original == nil || !l.takesBack(original) {
			l.Reason = UnknownReversed
		} else if !l.Outgoing {
			l.Reason = RefundBack
		}
	case l.Outgoing:
	case len(referencesIn(l.Message)) > 0:
		l.Reason = UnknownReference
	default:
		l.Reason = NoReference
	}
	l.place()
	return nil
}

// judge fits everything that was paid for a debt to its demand, and tells the
// dossier of what changed.
func (m *matching) judge(k debtKey) error {
	demands, err := demandsOf(m.tx, k.dossier, k.item)
	if err != nil || len(demands) == 0 {
		return err
	}
	d := debt{}
	refs := map[string]bool{}
	for i := range demands {
		d.demands = append(d.demands, &demands[i])
		refs[demands[i].Reference] = true
	}
	if d.lines, err = m.paidFor(refs); err != nil {
		return err
	}
	winner := d.judge()
	return m.stand(d.target(), winner)
}

// paidFor are the transactions that name or were assigned to one of the demands.
func (m *matching) paidFor(refs map[string]bool) ([]*Line, error) {
	for ref := range refs {
		list, err := store.All(m.tx, scanLine, `SELECT `+lineColumns+` FROM payment_line WHERE reference = $1 OR demand = $1 ORDER BY id`, ref)
		if err != nil {
			return nil, fmt.Errorf("reading what was paid for %s: %w", ref, err)
		}
		for _, l := range list {
			if _, err := m.add(l); err != nil {
				return nil, err
			}
		}
	}
	var all []*Line
	for _, id := range m.order {
		l := m.lines[id]
		assigned := l.Decision == "assign"
		if l.pays() && (assigned && refs[l.Demand] || !assigned && refs[l.Reference]) {
			all = append(all, l)
		}
	}
	return all, nil
}

// stand brings the demand in step with the transaction that settles it, if any.
func (m *matching) stand(target *Demand, winner *Line) error {
	paidBy := ""
	var at time.Time
	if winner != nil {
		paidBy, at = winner.subject(), winner.Booked
	}
	byLine := target.State == Paid && target.Cash() == ""
	said := Confirmed{target.Dossier, target.Item, target.Reference, target.Amount, at}
	switch {
	case winner != nil && (!byLine || target.SettledBy != paidBy || !target.Settled.Equal(at)):
		target.SettledBy, target.Settled = paidBy, at
		if err := target.turn(m.tx, m.by, "pay_demand", Paid); err != nil {
			return err
		}
		if byLine { // another transaction settles it now; the dossier knows
			return nil
		}
		return job.Enqueue(m.tx, PaymentSettled, said)
	case winner == nil && byLine:
		if err := target.turn(m.tx, m.by, "reopen_demand", target.unpaid(m.tx.Now)); err != nil {
			return err
		}
		return job.Enqueue(m.tx, PaymentUndone, said)
	}
	return nil
}

// write stores a transaction if it is new or changed, with its entry.
func (m *matching) write(l *Line) error {
	now, err := state(*l)
	if err != nil || now == m.was[l.ID] {
		return err
	}
	columns, err := l.columns()
	if err != nil {
		return err
	}
	marks := make([]string, len(columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	set := strings.Split(strings.Join(strings.Fields(lineColumns), " "), ", ")[1:]
	for i, c := range set {
		set[i] = c + " = excluded." + c
	}
	if _, err := m.tx.Exec(`INSERT INTO payment_line (`+lineColumns+`) VALUES (`+strings.Join(marks, ", ")+`)
		ON CONFLICT (id) DO UPDATE SET `+strings.Join(set, ", "), columns...); err != nil {
		return fmt.Errorf("writing bank transaction %s: %w", l.ID, err)
	}
	return note(m.tx, m.by, "bank_line", m.why, *l, map[string]any{
		"amount": l.Amount, "booked": l.Booked, "state": l.State, "why": l.Reason, "demand": l.Demand, "settled": l.Settled, "refunded": l.Refunded,
	})
}

// Lines are the transactions whose names begin with a prefix, in their order; ""
// is every one.
func Lines(tx *store.Tx, prefix string) ([]Line, error) {
	list, err := store.All(tx, scanLine, `SELECT `+lineColumns+` FROM payment_line WHERE id >= $1 AND id < $2 ORDER BY id`, prefix, prefix+"~")
	if err != nil {
		return nil, fmt.Errorf("reading bank transactions: %w", err)
	}
	return list, nil
}
