package dossier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// feeItem names the reception fee among a dossier's debts.
const feeItem = "fee"

// obligationItem names an obligation among a dossier's debts.
func obligationItem(i int) string { return fmt.Sprintf("obligation-%d", i+1) }

// Owes are the debts that may be paid now: the fee of a dossier that was
// accepted or sent online, and obligations asked during processing.
func (d *Dossier) Owes(law *pack.Pack) []payment.Debt {
	var owed []payment.Debt
	what := d.Procedure
	if p, ok := law.Procedure(d.Procedure); ok {
		what = p.ShortName
	}
	waits := !d.AcceptedAt.IsZero() || d.State == Filed && d.Channel == "online"
	if d.Fee.Known && d.Fee.Amount > 0 && !d.Fee.Paid && waits && (!d.State.Final() || d.State == Returned) {
		owed = append(owed, payment.Debt{Dossier: d.ID, Item: feeItem, Amount: d.Fee.Amount, What: what, Case: d.Fee.Case, Kind: d.Fee.Kind, Basis: d.Fee.Basis})
	}
	for i, o := range d.Obligations {
		if o.Settled.IsZero() && (!d.State.Final() || d.State == Returned) {
			owed = append(owed, payment.Debt{Dossier: d.ID, Item: obligationItem(i), Amount: o.Amount, What: o.Why, Case: what, Basis: o.Basis})
		}
	}
	return owed
}

// ConfirmPayment records that a transfer has paid a debt (ngân hàng báo có). The
// money counts from when the bank booked it, not from when we heard of it: the
// citizen has done their part then, and the due date does not depend on the order
// in which messages arrive. A clock that waited for the fee starts then, a pause
// for an obligation ends then, but never before the dossier was accepted or the
// money was asked.
type ConfirmPayment struct {
	Item      string    `json:"item"`
	Reference string    `json:"reference"`
	Amount    int64     `json:"amount"`
	Booked    time.Time `json:"booked"`
}

func (*ConfirmPayment) Name() string { return "confirm_payment" }

func (a *ConfirmPayment) Allowed(d *Dossier, by officer.By, w World) error {
	if err := system(a.Name(), by); err != nil {
		return err
	}
	if (!d.Fee.Known || d.Fee.Amount == 0 || d.Fee.Paid) && d.Unsettled() == nil {
		return d.illegal(a.Name())
	}
	return nil
}

func (a *ConfirmPayment) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "reference", a.Reference)
	if a.Booked.IsZero() || a.Booked.After(w.Now) {
		p.Field("booked", "err.required", "field", "key:field.booked")
	}
	if amount, unpaid := d.debt(a.Item); !unpaid || amount != a.Amount {
		p.Field("amount", "err.amount")
	}
	return p.Or()
}

// debt is what is to be paid for an item; false if nothing is, or no more.
func (d *Dossier) debt(item string) (amount int64, unpaid bool) {
	if item == feeItem {
		return d.Fee.Amount, d.Fee.Known && !d.Fee.Paid
	}
	for i, o := range d.Obligations {
		if item == obligationItem(i) {
			return o.Amount, o.Settled.IsZero()
		}
	}
	return 0, false
}

func (a *ConfirmPayment) Apply(d *Dossier, by officer.By, w World) Effect {
	at := a.Booked.UTC()
	e := Effect{Facts: map[string]any{"item": a.Item, "amount": a.Amount, "reference": a.Reference, "booked": at}}
	if a.Item == feeItem {
		d.Fee.Paid, d.Fee.PaidAt, d.Fee.Receipt = true, at, a.Reference
		if d.ReceivedAt.IsZero() && !d.AcceptedAt.IsZero() && d.Open() {
			d.ReceivedAt = later(d.AcceptedAt, at)
			e.Clock = true
			if s := d.Waiting(); s != nil && d.State == Supplement { // papers are missing still: it stands at once
				slip, _ := d.slip("supplement", "")
				d.pause("supplement", slip.Number, later(s.Asked, d.ReceivedAt))
			} else {
				e.Slips = []string{"receipt"}
			}
		}
		return e
	}
	i := 0
	for a.Item != obligationItem(i) {
		i++
	}
	d.Obligations[i].Settled, d.Obligations[i].Receipt = at, a.Reference
	if d.State == Payment && i == len(d.Obligations)-1 { // the one for which the clock stands still
		d.resume(at)
		d.State, e.Clock = Processing, true
	}
	return e
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Settle tells the dossier that a transfer has paid a debt. Told twice, it does
// nothing.
func (r *Register) Settle(ctx context.Context, c payment.Confirmed) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		d, err := find(tx, c.Dossier)
		if err != nil || d.paidBy(c.Reference) {
			return err
		}
		still, err := payment.FindDemand(tx, c.Reference)
		if err != nil || still.State != payment.Paid { // taken back meanwhile
			return err
		}
		at := still.Settled
		if at.After(tx.Now) { // a bank whose clock is ahead
			at = tx.Now
		}
		_, err = r.do(tx, d, &ConfirmPayment{Item: c.Item, Reference: c.Reference, Amount: c.Amount, Booked: at}, officer.System())
		return err
	})
}

// Unsettle tells the dossier that a transfer no longer pays a debt.
func (r *Register) Unsettle(ctx context.Context, c payment.Confirmed) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		d, err := find(tx, c.Dossier)
		if err != nil || !d.paidBy(c.Reference) {
			return err
		}
		still, err := payment.FindDemand(tx, c.Reference)
		if err != nil || still.State == payment.Paid { // paid again meanwhile
			return err
		}
		_, err = r.do(tx, d, &ReopenPayment{Receipt: c.Reference}, officer.System())
		return err
	})
}

// Paying is what a citizen or an officer sees of the money of a dossier.
type Paying struct {
	Open []payment.Demand // to be paid now, with an account
	Cash []payment.Debt   // to be paid at the desk alone: the desk has no account
	Paid []payment.Demand
}

// Pay gives the demands of the dossier that a token opens, and makes those that
// are missing.
func (r *Register) Pay(ctx context.Context, token string) (Paying, error) {
	var id string
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		id, err = r.idByToken(tx, token)
		return err
	})
	if err != nil {
		return Paying{}, err
	}
	return r.paying(ctx, id)
}

// PayAt is Pay for an officer at the desk.
func (r *Register) PayAt(ctx context.Context, ref string, by officer.By) (Paying, error) {
	d, err := r.Find(ctx, ref, by)
	if err != nil {
		return Paying{}, err
	}
	return r.paying(ctx, d.ID)
}

func (r *Register) idByToken(tx *store.Tx, token string) (string, error) {
	token = cleanSecret(token)
	if len(token) != 26 {
		return "", untracked()
	}
	id, err := store.One(tx, column, `SELECT id FROM dossier WHERE token = $1`, tokenMark(hash(token)))
	if errors.Is(err, store.ErrNone) {
		return "", untracked()
	}
	return id, err
}

// paying looks first and writes only if a demand is to be made.
func (r *Register) paying(ctx context.Context, id string) (Paying, error) {
	p, missing := Paying{}, false
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		p, missing, err = r.demands(tx, id, false)
		return err
	})
	if err == nil && missing {
		err = r.db.Write(ctx, func(tx *store.Tx) (err error) {
			p, _, err = r.demands(tx, id, true)
			return err
		})
	}
	return p, err
}

// demands gives the demands of a dossier; those that are missing it makes, or
// says that there are some.
func (r *Register) demands(tx *store.Tx, id string, make bool) (p Paying, missing bool, err error) {
	d, err := find(tx, id)
	if err != nil {
		return p, false, err
	}
	law, on := r.law(), pack.On(tx.Now)
	all, err := payment.Demands(tx, id)
	if err != nil {
		return p, false, err
	}
	for _, m := range all {
		if m.State == payment.Paid {
			p.Paid = append(p.Paid, m)
		}
	}
	to, has := law.Account(d.Desk, on)
	for _, owed := range d.Owes(law) {
		if !has {
			p.Cash = append(p.Cash, owed)
			continue
		}
		i := slices.IndexFunc(all, func(m payment.Demand) bool {
			return m.Debt == owed && (m.State == payment.Paid || m.State == payment.Open && m.Account == to.Number && !tx.Now.After(m.Until))
		})
		switch {
		case i >= 0 && all[i].State == payment.Paid: // the job that tells the dossier is on its way
		case i >= 0:
			p.Open = append(p.Open, all[i])
		case !make:
			missing = true
		default:
			m, err := payment.Ask(tx, officer.System(), owed, to)
			if err != nil {
				return p, false, err
			}
			p.Open = append(p.Open, m)
		}
	}
	return p, missing, nil
}

// SayPaid notes that the citizen says they paid a demand of the dossier that the
// token opens.
func (r *Register) SayPaid(ctx context.Context, token, reference string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		id, err := r.idByToken(tx, token)
		if err != nil {
			return err
		}
		m, err := payment.FindDemand(tx, reference)
		if err == nil && m.Dossier != id {
			err = problem.New(problem.NotFound, "pay.err.no-demand")
		}
		if err == nil {
			_, err = payment.Say(tx, officer.System(), reference)
		}
		return err
	})
}
