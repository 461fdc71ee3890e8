package web

import (
	"net/http"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/problem"
)

// feeRoutes are O8, cash, and cancelling a receipt by two persons.
func (c *counter) feeRoutes() {
	c.desk("GET /desk/dossiers/{ref}/fee", officer.Cash, c.fee)
	c.desk("POST /desk/dossiers/{ref}/fee", officer.Cash, c.takeFee)
	c.desk("GET /desk/receipts", AnyOfficer, c.receipt)
	c.desk("POST /desk/receipts/ask", officer.CancelReceipt, c.askCancel)
	c.desk("POST /desk/receipts/cancel", officer.ApproveCancel, c.cancelReceipt)
	c.desk("POST /desk/receipts/keep", officer.ApproveCancel, c.keepReceipt)
}

// feePage is what a dossier owes and what was taken for it.
type feePage struct {
	*Form
	Ref      string
	Identity Identity
	Amount   int64  // due now
	For      string // what for
	Basis    string
	What     string // "fee", "obligation", "" nothing
	Receipts []payment.Receipt
	Version  int64
}

func (c *counter) fee(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.atDesk(by, officer.Cash)
	if err != nil {
		return c.needDesk(w, r, err)
	}
	d, err := c.Dossiers.Find(r.Context(), r.PathValue("ref"), as)
	if err != nil {
		return err
	}
	return c.showFee(w, r, c.blankForm(w, r), &d)
}

func (c *counter) showFee(w http.ResponseWriter, r *http.Request, f *Form, d *dossier.Dossier) error {
	p := feePage{Form: f, Ref: ref(d), Version: d.Version,
		Identity: Identity{Code: ref(d), Name: d.Filer.Name, Procedure: procedureName(c.Law.Law(), d.Procedure), Tag: Tag{Text: f.say("state." + string(d.State))}}}
	switch o := d.Unsettled(); {
	case o != nil:
		p.What, p.Amount, p.For, p.Basis = "obligation", o.Amount, o.Why, o.Basis
	case d.Fee.Known && !d.Fee.Paid && d.Fee.Amount > 0:
		p.What, p.Amount, p.For, p.Basis = "fee", d.Fee.Amount, d.Fee.Case, feeRule(f.Lang, d.Fee.Basis, d.Fee.Kind, d.Fee.Until)
	}
	var err error
	if p.Receipts, err = c.Ledger.Of(r.Context(), d.ID); err != nil {
		return err
	}
	return c.render(w, r, f.Status(), "fee", p)
}

// takeFee takes the money in cash and writes the receipt (thu lệ phí).
func (c *counter) takeFee(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.atDesk(by, officer.Cash)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	d, err := c.Dossiers.Find(r.Context(), r.PathValue("ref"), as)
	if err != nil {
		return err
	}
	var act dossier.Act = &dossier.CollectFee{}
	if f.Choice("what", "fee", "obligation") == "obligation" {
		act = &dossier.SettlePayment{}
	}
	version := f.Int("version", 0, 1<<31)
	if err = f.Err(); err == nil {
		_, err = c.Dossiers.Do(r.Context(), d.ID, act, as, f.Key, int64(version))
	}
	if f.Refused(err) {
		return c.showFee(w, r, f, &d)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, "/desk/dossiers/"+ref(&d)+"/fee")
}

// receiptPage shows one receipt, or the receipts whose cancelling waits.
type receiptPage struct {
	*Form
	Number           Input
	Receipt          *payment.Receipt
	State            string
	Asker            string
	MayAsk, MayJudge bool
	Reason, Keep     Input
	Waiting          []payment.Receipt
}

// receipt finds a receipt by its number, which names no person.
func (c *counter) receipt(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return c.showReceipt(w, r, by, c.askedForm(w, r))
}

func (c *counter) showReceipt(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	p := receiptPage{Form: f, Number: f.Input("number", "receipt.number"), Reason: f.Input("reason", "receipt.reason"), Keep: f.Input("keep", "receipt.keep.reason")}
	asker, askErr := by.For(officer.CancelReceipt, "")
	judge, judgeErr := by.For(officer.ApproveCancel, "")
	if askErr != nil && judgeErr != nil {
		return askErr
	}
	as := asker
	if askErr != nil {
		as = judge
	}
	if number := f.Text("number", 60); number != "" {
		receipt, err := c.Ledger.Receipt(r.Context(), as, number)
		if q, ok := problem.As(err); ok {
			f.Fault("number", q.Key, q.Args...)
			p.Number = f.Input("number", "receipt.number")
		} else if err != nil {
			return err
		} else {
			p.Receipt, p.State = &receipt, f.say("payment.receipt."+string(receipt.State))
			p.MayAsk = askErr == nil && receipt.State == payment.Valid && receipt.Desk == by.Desk
			p.MayJudge = judgeErr == nil && receipt.State == payment.Asked
			p.Asker = c.officerNames(r.Context())(receipt.CancelBy)
		}
	}
	if judgeErr == nil {
		var err error
		if p.Waiting, err = c.Ledger.Waiting(r.Context(), judge); err != nil {
			return err
		}
	}
	return c.render(w, r, f.Status(), "receipt", p)
}

// askCancel asks for a second person to cancel a receipt (hủy biên lai).
func (c *counter) askCancel(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.atDesk(by, officer.CancelReceipt)
	if err != nil {
		return err
	}
	return c.judgeReceipt(w, r, by, func(f *Form, number string) error {
		_, err := c.Ledger.AskCancel(r.Context(), as, number, f.Text("reason", 500))
		return err
	})
}

// cancelReceipt is the second person's yes, with the paper in hand.
func (c *counter) cancelReceipt(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.ApproveCancel, "")
	if err != nil {
		return err
	}
	return c.judgeReceipt(w, r, by, func(f *Form, number string) error {
		_, err := c.Ledger.Cancel(r.Context(), as, number, f.Flag("paper"))
		return err
	})
}

func (c *counter) keepReceipt(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.ApproveCancel, "")
	if err != nil {
		return err
	}
	return c.judgeReceipt(w, r, by, func(f *Form, number string) error {
		_, err := c.Ledger.KeepReceipt(r.Context(), as, number, f.Text("keep", 500))
		return err
	})
}

// judgeReceipt does one act on a receipt and shows the receipt again. What
// needs a fresh proof asks for it first.
func (c *counter) judgeReceipt(w http.ResponseWriter, r *http.Request, by Visitor, act func(f *Form, number string) error) error {
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	number := f.Need("number", 60, "receipt.err.number")
	if err = f.Err(); err == nil {
		err = act(f, number)
	}
	if q, ok := problem.As(err); ok && q.Key == "officer.err.prove-again" {
		return c.redirect(w, r, accountPath+"/prove?next=/desk/receipts%3Fnumber="+number)
	}
	if f.Refused(err) {
		return c.showReceipt(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, "/desk/receipts?number="+number)
}
