package payment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Heard is what came of what a bank told.
type Heard struct {
	Lines      int `json:"lines"`
	New        int `json:"new"`        // not known before
	Matched    int `json:"matched"`    // of the new ones
	Exceptions int `json:"exceptions"` // of the new ones
}

// Hear takes in what a bank tells of transactions on an account, all or nothing.
// What was told before changes nothing, and the ledger ends the same in whatever
// order things are told (rel-I-M3).
func (l *Ledger) Hear(ctx context.Context, by officer.By, source Source, to pack.Account, list []Told) (h Heard, err error) {
	for i := range list {
		if err := list[i].check(i + 1); err != nil {
			return Heard{}, err
		}
	}
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		h, err = hear(tx, by, source, to, list)
		return err
	})
	return h, err
}

func hear(tx *store.Tx, by officer.By, source Source, to pack.Account, list []Told) (Heard, error) {
	m := newMatching(tx, by)
	var fresh []*Line
	for _, t := range list {
		id := lineID(to, t.Number)
		l, err := m.line(id)
		if err != nil {
			return Heard{}, err
		}
		if l == nil {
			l = m.fresh(Line{ID: id, BIN: to.BIN, Account: to.Number, Unit: to.Unit, Number: t.Number, Known: tx.Now, salt: salt(tx)})
			fresh = append(fresh, l)
		}
		v := version{Source: source, Amount: t.Amount, Code: t.Currency, Out: t.Outgoing, Booked: t.Booked.UTC().Truncate(time.Millisecond), Dated: t.Dated, Message: t.Message, Payer: t.Payer}
		if t.Reverses != "" {
			v.Back = lineID(to, t.Reverses)
		}
		l.hear(v)
		if err := m.look(l, to.Prefix); err != nil {
			return Heard{}, err
		}
		if err := m.touch(l); err != nil {
			return Heard{}, err
		}
	}
	if err := m.finish(); err != nil {
		return Heard{}, err
	}
	h := Heard{Lines: len(list), New: len(fresh)}
	for _, l := range fresh {
		switch l.State {
		case Matched:
			h.Matched++
		case Exception:
			h.Exceptions++
		}
	}
	return h, nil
}

// lineID names a transaction by bank, account and the bank's number.
func lineID(to pack.Account, number string) string { return to.BIN + "/" + to.Number + "/" + number }

// look finds the demand that a transaction's messages name. Only references that
// were given out count; nothing is guessed.
func (m *matching) look(l *Line, prefix string) error {
	l.Reference, l.several = "", false
	var found []string
	for _, v := range l.versions {
		if v.Dropped {
			continue
		}
		for _, ref := range referencesIn(v.Message) {
			if strings.HasPrefix(ref, prefix) && !slices.Contains(found, ref) {
				found = append(found, ref)
			}
		}
	}
	slices.Sort(found)
	var known []string
	for _, ref := range found {
		switch _, err := FindDemand(m.tx, ref); {
		case err == nil:
			known = append(known, ref)
		case !problem.Is(err, problem.NotFound):
			return err
		}
	}
	switch len(known) {
	case 0:
	case 1:
		l.Reference = known[0]
	default:
		l.several = true
	}
	return nil
}

// Bounds of what a bank may tell.
const (
	maxNumber  = 64
	maxMessage = 500
	maxPayer   = 200
	maxLines   = 20_000
)

// check cleans one transaction and refuses what no bank means. nth is its place
// in what was sent, for the person who looks.
func (t *Told) check(nth int) error {
	t.Number, t.Reverses, t.Currency = clean(t.Number), clean(t.Reverses), clean(t.Currency)
	t.Message, t.Payer = clean(t.Message), clean(t.Payer)
	p := problem.New(problem.Invalid, "pay.err.line", "line", nth)
	if !transactionNumber(t.Number) {
		p.Field("number", "pay.err.number", "line", nth)
	}
	if t.Reverses != "" && (!transactionNumber(t.Reverses) || t.Reverses == t.Number) {
		p.Field("reverses", "pay.err.reverses", "line", nth)
	}
	if t.Amount < 0 || t.Amount > 100*most {
		p.Field("amount", "pay.err.line-amount", "line", nth)
	}
	if len(t.Currency) != 3 || !alphanumeric(t.Currency) {
		p.Field("currency", "pay.err.currency", "line", nth)
	}
	if t.Booked.Year() < 2020 || t.Booked.Year() > 2200 {
		p.Field("booked", "pay.err.booked", "line", nth)
	}
	if !printable(t.Message, 0, maxMessage) {
		p.Field("message", "pay.err.message", "line", nth, "most", maxMessage)
	}
	if !printable(t.Payer, 0, maxPayer) {
		p.Field("payer", "pay.err.payer", "line", nth, "most", maxPayer)
	}
	return p.Or()
}

// transactionNumber reports whether s can be a bank's number: it stands in the
// name of a line.
func transactionNumber(s string) bool {
	return len(s) > 0 && len(s) <= maxNumber && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' })
}

// unequal says where money of the bank is neither matched, nor waiting for a
// person, nor given back, or where a demand and a transaction tell different
// things of each other; there is nothing unless somebody changed the tables, or
// we erred (rel-I-M1, rel-I-M4).
func unequal(tx *store.Tx) ([]journal.Fault, error) {
	lines, err := store.All(tx, func(r store.Row) (id string, err error) { return id, r.Scan(&id) }, `
		SELECT l.id FROM payment_line l LEFT JOIN payment_demand d ON d.reference = l.demand
		WHERE l.settled < 0 OR l.refunded < 0 OR l.asked < 0
			OR (l.state = 'matched' AND l.settled <> l.amount - l.refunded)
			OR (l.settled > 0 AND (d.settled_by IS NULL OR d.settled_by <> 'line/' || l.id OR d.amount <> l.settled))
			OR l.settled + l.refunded > l.amount OR l.asked > l.amount ORDER BY l.id LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("comparing transactions with demands: %w", err)
	}
	demands, err := store.All(tx, func(r store.Row) (ref string, err error) { return ref, r.Scan(&ref) }, `
		SELECT d.reference FROM payment_demand d LEFT JOIN payment_line l ON l.demand = d.reference AND l.settled > 0
		LEFT JOIN payment_receipt c ON d.settled_by = 'receipt/' || c.number
		WHERE d.state = 'paid' AND (COALESCE('line/' || l.id, 'receipt/' || c.number, '') <> d.settled_by OR COALESCE(c.state, '') = 'cancelled')
		ORDER BY d.reference LIMIT 100`)
	if err != nil {
		return nil, fmt.Errorf("comparing demands with transactions: %w", err)
	}
	var list []journal.Fault
	for _, id := range lines {
		list = append(list, journal.Fault{Key: "pay.fault.line", Args: []any{"line", id}})
	}
	for _, ref := range demands {
		list = append(list, journal.Fault{Key: "pay.fault.demand", Args: []any{"reference", ref}})
	}
	return list, nil
}
