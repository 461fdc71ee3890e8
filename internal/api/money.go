package api

import (
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Receipt is a cash receipt (biên lai thu phí, lệ phí).
type Receipt struct {
	Number       string        `json:"number"`
	Series       string        `json:"series"`
	Serial       int64         `json:"serial"`
	Book         int64         `json:"book"`
	Dossier      string        `json:"dossier"`
	Amount       int64         `json:"amount"`
	Basis        string        `json:"basis,omitempty"`
	Case         string        `json:"case,omitempty"`
	Payer        string        `json:"payer"`
	Officer      string        `json:"officer"`
	Desk         string        `json:"desk"`
	Taken        time.Time     `json:"taken"`
	State        payment.State `json:"state"`
	CancelReason string        `json:"cancel_reason,omitempty"`
	CancelBy     string        `json:"cancel_asked_by,omitempty"`
	CancelledAt  time.Time     `json:"cancelled_at,omitzero"`
	CancelledBy  string        `json:"cancelled_by,omitempty"`
}

func (r Receipt) keep() any { return r }

func receiptOf(r payment.Receipt) Receipt {
	return Receipt{
		r.Number, r.Series, r.Serial, r.Book(), r.Dossier, r.Amount, r.Basis, r.Case, r.Payer, r.Officer, r.Desk, r.Taken, r.State,
		r.CancelReason, r.CancelBy, r.CancelledAt, r.CancelledBy,
	}
}

// receipt reads a receipt of a desk in the officer's scope.
func receipt(c *call, _ nothing) (Receipt, error) {
	by, err := c.session.For(officer.Cash, "")
	if err != nil {
		return Receipt{}, err
	}
	var r payment.Receipt
	err = c.DB.Read(c.ctx(), func(tx *store.Tx) (err error) {
		r, err = payment.Find(tx, c.r.PathValue("number"))
		return err
	})
	if err == nil && !by.SeesThen(r.Desk, r.Day) {
		err = problem.New(problem.NotFound, "payment.err.no-receipt")
	}
	if err != nil {
		return Receipt{}, err
	}
	return receiptOf(r), nil
}

// Receipts are the receipts of a dossier.
type Receipts struct {
	Receipts []Receipt `json:"receipts"`
}

func receipts(c *call, _ nothing) (Receipts, error) {
	_, d, err := c.viewer(officer.View, c.ref())
	if err != nil {
		return Receipts{}, err
	}
	out := Receipts{Receipts: []Receipt{}}
	err = c.DB.Read(c.ctx(), func(tx *store.Tx) error {
		all, err := payment.Receipts(tx, d.ID)
		for _, r := range all {
			out.Receipts = append(out.Receipts, receiptOf(r))
		}
		return err
	})
	return out, err
}

func askCancel(c *call, in Reason) (Receipt, error) {
	by, err := c.session.For(officer.CancelReceipt, "")
	if err != nil {
		return Receipt{}, err
	}
	r, err := c.Ledger.AskCancel(c.ctx(), by, c.r.PathValue("number"), in.Reason)
	return receiptOf(r), err
}

// Cancel decides on a cancelling that somebody else asked for.
type Cancel struct {
	PaperInHand bool `json:"paper_in_hand"`
}

func cancelReceipt(c *call, in Cancel) (Receipt, error) {
	by, err := c.session.For(officer.ApproveCancel, "")
	if err != nil {
		return Receipt{}, err
	}
	r, err := c.Ledger.Cancel(c.ctx(), by, c.r.PathValue("number"), in.PaperInHand)
	return receiptOf(r), err
}

func keepReceipt(c *call, in Reason) (Receipt, error) {
	by, err := c.session.For(officer.ApproveCancel, "")
	if err != nil {
		return Receipt{}, err
	}
	r, err := c.Ledger.KeepReceipt(c.ctx(), by, c.r.PathValue("number"), in.Reason)
	return receiptOf(r), err
}

// Shift is what the officer's drawer should hold today.
type Shift struct {
	Desk      string    `json:"desk"`
	Day       pack.Date `json:"day"`
	Receipts  int64     `json:"receipts"`
	Cancels   int64     `json:"cancels"`
	Cash      int64     `json:"cash"`
	Taken     int64     `json:"taken"`
	GivenBack int64     `json:"given_back"`
	First     string    `json:"first,omitempty"`
	Last      string    `json:"last,omitempty"`
}

func shift(c *call, _ nothing) (Shift, error) {
	by, err := c.session.For(officer.Cash, "")
	if err != nil {
		return Shift{}, err
	}
	s, err := c.Ledger.Shift(c.ctx(), by)
	return Shift{s.Desk, s.Day, s.Receipts, s.Cancels, s.Cash(), s.Taken, s.GivenBack, s.FirstTaken, s.LastTaken}, err
}

// Drawer is what lay in the drawer at the end of the day.
type Drawer struct {
	Counted int64  `json:"counted"`
	Reason  string `json:"reason,omitempty"`
}

// Count is a count of the drawer (biên bản kiểm quỹ).
type Count struct {
	Desk       string    `json:"desk"`
	Day        pack.Date `json:"day"`
	Nth        int64     `json:"nth"`
	Cash       int64     `json:"cash"`
	Counted    int64     `json:"counted"`
	Difference int64     `json:"difference"`
	Reason     string    `json:"reason,omitempty"`
	At         time.Time `json:"at"`
}

func (n Count) keep() any { return n }

func countCash(c *call, in Drawer) (Count, error) {
	by, err := c.session.For(officer.Cash, "")
	if err != nil {
		return Count{}, err
	}
	n, err := c.Ledger.CountCash(c.ctx(), by, in.Counted, in.Reason)
	return Count{n.Desk, n.Day, n.Nth, n.Receipts - n.Cancels, n.Counted, n.Difference(), n.Reason, n.At}, err
}
