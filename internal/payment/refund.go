package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"quay20/internal/job"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// RefundState is what became of a refund.
type RefundState string

const (
	RefundAsked   RefundState = "asked"
	RefundMade    RefundState = "made"
	RefundRefused RefundState = "refused"
)

// Refund is money of a transaction given back: who asked, who made it, why, how
// and by which document (hoàn trả). Nothing of the transaction is edited.
type Refund struct {
	Line      string
	Nth       int64
	Amount    int64
	Way       string // "refund": by an order of ours; "return": the bank sends the transfer back
	Payee     string
	Same      bool   // to whoever paid
	Document  string // "Lệnh chi số 12/LC ngày 03/03/2026"
	Reason    string
	State     RefundState
	AskedBy   string
	Asked     time.Time
	SettledBy string // the second person
	Settled   time.Time

	salt string
}

func (r Refund) subject() string { return fmt.Sprintf("refund/%s/%d", r.Line, r.Nth) }

func (r Refund) whole() any {
	return struct {
		Refund
		Salt string
	}{r, r.salt}
}

const refundColumns = `line, nth, amount, way, payee, salt, same, document, reason, state, asked_by, asked, settled_by, settled`

func scanRefund(r store.Row) (x Refund, err error) {
	return x, r.Scan(&x.Line, &x.Nth, &x.Amount, &x.Way, &x.Payee, &x.salt, &x.Same, &x.Document, &x.Reason, &x.State, &x.AskedBy, store.At(&x.Asked), &x.SettledBy, store.At(&x.Settled))
}

// ways are how money goes back.
var ways = []string{"refund", "return"}

// Giving is what an officer asks for to be given back.
type Giving struct {
	Amount   int64
	Way      string // "refund", "return"
	Payee    string
	Same     bool // whoever paid gets it
	Document string
	Reason   string
}

func (g *Giving) check() error {
	g.Payee, g.Document, g.Reason = clean(g.Payee), clean(g.Document), clean(g.Reason)
	p := problem.New(problem.Invalid, "err.summary")
	if g.Amount <= 0 || g.Amount > 100*most {
		p.Field("amount", "payment.err.amount")
	}
	if !slices.Contains(ways, g.Way) {
		p.Field("way", "form.choose")
	}
	if !printable(g.Payee, 1, 200) {
		p.Field("payee", "pay.err.payee")
	}
	if !printable(g.Document, 1, 200) {
		p.Field("document", "pay.err.document")
	}
	if !printable(g.Reason, 1, 500) {
		p.Field("reason", "payment.err.reason")
	}
	return p.Or()
}

// AskRefund is the first half of giving money back: what is left of a
// transaction, or all of one that settles a demand. Nothing leaves before a
// second person agrees (rel-I-M6).
func (l *Ledger) AskRefund(ctx context.Context, by officer.By, line string, g Giving) (r Refund, err error) {
	err = l.decide(ctx, by, line, officer.Reconcile, g.Reason, func(m *matching, x *Line) error {
		if err := g.check(); err != nil {
			return err
		}
		if x.Reason == SourcesDisagree || g.Amount > x.Left() && g.Amount != x.Left()+x.Settled {
			return problem.New(problem.Invalid, "err.summary").Field("amount", "pay.err.left", "left", Dong(x.Left()), "all", Dong(x.Left()+x.Settled))
		}
		if x.Asked > 0 {
			return problem.New(problem.Illegal, "pay.err.asked-already")
		}
		nth, err := store.One(m.tx, number, `SELECT COUNT(*) FROM payment_refund WHERE line = $1`, x.ID)
		if err != nil {
			return fmt.Errorf("counting refunds: %w", err)
		}
		r = Refund{Line: x.ID, Nth: nth + 1, Amount: g.Amount, Way: g.Way, Payee: g.Payee, Same: g.Same, Document: g.Document, Reason: g.Reason,
			State: RefundAsked, AskedBy: by.Officer.ID, Asked: m.tx.Now, salt: salt(m.tx)}
		if _, err := m.tx.Exec(`INSERT INTO payment_refund (`+refundColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '')`,
			r.Line, r.Nth, r.Amount, r.Way, r.Payee, r.salt, r.Same, r.Document, r.Reason, r.State, r.AskedBy, r.Asked); err != nil {
			return fmt.Errorf("asking for a refund: %w", err)
		}
		x.Asked += g.Amount
		return note(m.tx, by, "ask_refund", g.Reason, r, map[string]any{"amount": r.Amount, "way": r.Way, "same": r.Same})
	})
	return r, err
}

// SettleRefund is the second half: another person than the one who asked makes
// the refund, or refuses it.
func (l *Ledger) SettleRefund(ctx context.Context, by officer.By, line string, nth int64, make bool) (r Refund, err error) {
	err = l.decide(ctx, by, line, officer.ApproveRefund, "", func(m *matching, x *Line) error {
		if err := by.Fresh(officer.ApproveRefund); err != nil {
			return err
		}
		if r, err = store.One(m.tx, scanRefund, `SELECT `+refundColumns+` FROM payment_refund WHERE line = $1 AND nth = $2 AND state = $3`, line, nth, RefundAsked); errors.Is(err, store.ErrNone) {
			return problem.New(problem.Illegal, "pay.err.refund-gone")
		} else if err != nil {
			return fmt.Errorf("reading a refund: %w", err)
		}
		if err := officer.SecondPerson(m.tx, by, r.AskedBy); err != nil {
			return err
		}
		act := "refuse_refund"
		r.State, r.SettledBy, r.Settled = RefundRefused, by.Officer.ID, m.tx.Now
		left := x.Left()
		x.Asked -= r.Amount
		if make {
			act, r.State = "make_refund", RefundMade
			x.Refunded += r.Amount
			if left < 0 { // what settled the demand goes back, too
				if err := m.undo(x); err != nil {
					return err
				}
			}
		}
		if _, err := m.tx.Exec(`UPDATE payment_refund SET state = $1, settled_by = $2, settled = $3 WHERE line = $4 AND nth = $5`,
			r.State, r.SettledBy, r.Settled, r.Line, r.Nth); err != nil {
			return fmt.Errorf("settling a refund: %w", err)
		}
		return note(m.tx, by, act, r.Reason, r, map[string]any{"amount": r.Amount, "way": r.Way, "same": r.Same})
	})
	return r, err
}

// undo gives back what settled a demand: the demand is refunded, and the dossier
// hears of it.
func (m *matching) undo(x *Line) error {
	d, err := FindDemand(m.tx, x.Demand)
	if err != nil {
		return err
	}
	x.Decision = ""
	if err := d.turn(m.tx, m.by, "refund_demand", Refunded); err != nil {
		return err
	}
	return job.Enqueue(m.tx, PaymentUndone, Confirmed{d.Dossier, d.Item, d.Reference, d.Amount, d.Settled})
}

// Refunds are the refunds that wait for a second person, in the officer's scope,
// oldest first.
func (l *Ledger) Refunds(ctx context.Context, by officer.By) (list []Refund, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		all, err := store.All(tx, scanRefund, `SELECT `+refundColumns+` FROM payment_refund WHERE state = $1 ORDER BY asked, line LIMIT 500`, RefundAsked)
		list = nil
		for _, r := range all {
			if err != nil {
				break
			}
			var x Line
			if x, err = findLine(tx, r.Line); err == nil && by.Sees(x.Unit) {
				list = append(list, r)
			}
		}
		return err
	})
	return list, err
}

// RefundsOf are all refunds of a transaction.
func RefundsOf(tx *store.Tx, line string) ([]Refund, error) {
	list, err := store.All(tx, scanRefund, `SELECT `+refundColumns+` FROM payment_refund WHERE line = $1 ORDER BY nth`, line)
	if err != nil {
		return nil, fmt.Errorf("reading the refunds of %s: %w", line, err)
	}
	return list, nil
}
