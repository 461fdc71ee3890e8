package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Case is a transaction that a person looks at, with what may help.
type Case struct {
	Line
	Told    []Version
	Refunds []Refund
	Likely  []Demand // that it may have been meant for; only a person may say so
}

// Version is one thing that was told of a transaction, for the person who chooses
// between several.
type Version struct {
	Source   Source
	Amount   int64
	Currency string
	Message  string
	Dropped  bool
}

// Exceptions are the transactions that wait for a person, in the officer's scope,
// oldest first, and how many there are in all.
func (l *Ledger) Exceptions(ctx context.Context, by officer.By, most int) (list []Line, total int, err error) {
	if !by.Can(officer.Reconcile) && !by.Can(officer.ApproveRefund) {
		return nil, 0, by.Require(officer.Reconcile, "")
	}
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		list, total = nil, 0
		all, err := store.All(tx, scanLine, `SELECT `+lineColumns+` FROM payment_line WHERE state = $1 ORDER BY booked, id`, Exception)
		for _, x := range all {
			if !by.Sees(x.Unit) {
				continue
			}
			if total++; len(list) < most {
				list = append(list, x)
			}
		}
		return err
	})
	return list, total, err
}

// Case is one transaction in the officer's scope.
func (l *Ledger) Case(ctx context.Context, by officer.By, id string) (c Case, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		x, err := seenLine(tx, by, id)
		if err != nil {
			return err
		}
		c = Case{Line: x}
		for _, v := range x.versions {
			c.Told = append(c.Told, Version{v.Source, v.Amount, v.Code, v.Message, v.Dropped})
		}
		if c.Refunds, err = RefundsOf(tx, id); err != nil {
			return err
		}
		c.Likely, err = likely(tx, x)
		return err
	})
	return c, err
}

func seenLine(tx *store.Tx, by officer.By, id string) (Line, error) {
	gone := problem.New(problem.NotFound, "pay.err.no-line")
	if !printable(id, 1, 120) {
		return Line{}, gone
	}
	x, err := findLine(tx, id)
	if errors.Is(err, store.ErrNone) || err == nil && !by.Sees(x.Unit) {
		return Line{}, gone
	}
	return x, err
}

// likely are unpaid demands of the same account that a transaction may have been
// meant for: first those whose reference differs by a slip or two from a word of
// the message, then those of the same amount.
func likely(tx *store.Tx, x Line) ([]Demand, error) {
	if !x.pays() || x.Settled > 0 {
		return nil, nil
	}
	open, err := store.All(tx, scanDemand, `SELECT `+demandColumns+` FROM payment_demand
		WHERE bin = $1 AND account = $2 AND state IN ('open', 'expired') AND amount <= $3 ORDER BY amount DESC, made DESC LIMIT 2000`, x.BIN, x.Account, x.Amount)
	if err != nil {
		return nil, fmt.Errorf("looking for likely demands: %w", err)
	}
	var near, same []Demand
	words := strings.Fields(strings.ToUpper(x.Message))
	for _, d := range open {
		switch {
		case slices.ContainsFunc(words, func(w string) bool { return slips(w, d.Reference) <= 2 }):
			near = append(near, d)
		case d.Amount == x.Amount && len(same) < 5:
			same = append(same, d)
		}
	}
	near = append(near, same...)
	return near[:min(len(near), 5)], nil
}

// slips is how many letters must be put in, left out or changed to make one of
// the other; it stops counting where no slip of the hand reaches.
func slips(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}

// decide carries out an officer's act on a transaction and judges it anew.
func (l *Ledger) decide(ctx context.Context, by officer.By, id string, p officer.Permission, why string, act func(*matching, *Line) error) error {
	return l.db.Write(ctx, func(tx *store.Tx) error {
		if !by.Can(p) {
			return by.Require(p, "")
		}
		seen, err := seenLine(tx, by, id)
		if err != nil {
			return err
		}
		m := newMatching(tx, by)
		m.why = clean(why)
		x, err := m.add(seen)
		if err != nil {
			return err
		}
		if err := act(m, x); err != nil {
			return err
		}
		if err := m.touch(x); err != nil {
			return err
		}
		return m.finish()
	})
}

// decided notes who decided what.
func (x *Line) decided(m *matching, what string) {
	x.Decision, x.DecidedBy, x.Decided, x.Note = what, m.by.Officer.ID, m.tx.Now, m.why
}

// Assign says for which demand a transaction was meant (gán vào khoản phải nộp).
func (l *Ledger) Assign(ctx context.Context, by officer.By, id, reference, why string) error {
	return l.decide(ctx, by, id, officer.Reconcile, why, func(m *matching, x *Line) error {
		p := problem.New(problem.Invalid, "err.summary")
		if !printable(m.why, 1, 500) {
			p.Field("why", "payment.err.reason")
		}
		d, err := FindDemand(m.tx, strings.ToUpper(clean(reference)))
		switch {
		case problem.Is(err, problem.NotFound) || err == nil && !by.Sees(d.Unit):
			p.Field("reference", "pay.err.no-demand")
		case err != nil:
			return err
		case !d.Payable():
			p.Field("reference", "pay.err.not-payable", "state", "key:pay.state."+string(d.State))
		case x.Amount < d.Amount:
			p.Field("reference", "pay.err.too-little", "amount", Dong(d.Amount))
		case x.unfit() != "" && x.Reason != SeveralDemands || !x.pays() || x.State != Exception || x.Settled+x.Asked+x.Refunded > 0:
			return problem.New(problem.Illegal, "pay.err.assign-not-now")
		}
		if err := p.Or(); err != nil {
			return err
		}
		x.Demand = d.Reference
		x.decided(m, "assign")
		return nil
	})
}

// Trust takes the statement's word where two sources differ; what the others
// said is kept (rel-B-H12).
func (l *Ledger) Trust(ctx context.Context, by officer.By, id, why string) error {
	return l.decide(ctx, by, id, officer.Reconcile, why, func(m *matching, x *Line) error {
		if !printable(m.why, 1, 500) {
			return problem.New(problem.Invalid, "err.summary").Field("why", "payment.err.reason")
		}
		i := slices.IndexFunc(x.versions, func(v version) bool { return v.Source == Statement && !v.Dropped })
		if !x.disagree() || i < 0 {
			return problem.New(problem.Illegal, "pay.err.no-statement")
		}
		for j := range x.versions {
			x.versions[j].Dropped = !x.versions[j].same(x.versions[i])
		}
		x.hold()
		x.decided(m, "trust")
		return nil
	})
}

// Noted closes what needs nothing but to be known: money that the bank took back
// or that never was.
func (l *Ledger) Noted(ctx context.Context, by officer.By, id, why string) error {
	return l.decide(ctx, by, id, officer.Reconcile, why, func(m *matching, x *Line) error {
		if !printable(m.why, 1, 500) {
			return problem.New(problem.Invalid, "err.summary").Field("why", "payment.err.reason")
		}
		if x.State != Exception || !x.noticeOnly() {
			return problem.New(problem.Illegal, "pay.err.note-not-now")
		}
		x.decided(m, "noted")
		return nil
	})
}

// Day is the bank's money of a day on the accounts in the officer's scope, apart
// from cash.
type Day struct {
	Came, Settled, Waiting, Returned int64 // đồng
	Lines                            int64
}

// BankDay sums what the bank booked from one instant to another.
func (l *Ledger) BankDay(ctx context.Context, by officer.By, from, to time.Time) (d Day, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		all, err := store.All(tx, scanLine, `SELECT `+lineColumns+` FROM payment_line WHERE booked >= $1 AND booked < $2 ORDER BY id`, from, to)
		d = Day{}
		for _, x := range all {
			if !by.Sees(x.Unit) || x.Received() == 0 {
				continue
			}
			d.Lines++
			d.Came += x.Received()
			d.Settled += x.Settled
			d.Returned += x.Refunded
			d.Waiting += x.Left() + x.Asked
		}
		return err
	})
	return d, err
}
