package web

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
)

// bankPath is the bank's money at the desk: statements, exceptions, refunds (V3
// for fees).
const bankPath = "/desk/bank"

func (c *counter) bankRoutes() {
	c.desk("GET "+bankPath, AnyOfficer, c.bank)
	c.desk("GET "+bankPath+"/line", AnyOfficer, c.bankLine)
	c.desk("POST "+bankPath+"/assign", officer.Reconcile, c.bankAct(officer.Reconcile, c.assign))
	c.desk("POST "+bankPath+"/trust", officer.Reconcile, c.bankAct(officer.Reconcile, c.trust))
	c.desk("POST "+bankPath+"/noted", officer.Reconcile, c.bankAct(officer.Reconcile, c.noted))
	c.desk("POST "+bankPath+"/refund", officer.Reconcile, c.bankAct(officer.Reconcile, c.askRefund))
	c.desk("POST "+bankPath+"/refund/settle", officer.ApproveRefund, c.bankAct(officer.ApproveRefund, c.settleRefund))
	if c.Shelf != nil {
		c.desk("POST "+bankPath+"/statement", officer.Reconcile, c.takeStatement)
		c.routes[len(c.routes)-1].Files = true
	}
}

// bankPage is the list.
type bankPage struct {
	*Form
	Day        payment.Day
	Lines      []bankRow
	Total      int
	Refunds    []refundRow
	Statements []payment.Taken
	Taking     bool // may take statements in
	Account    Select
	File       *Message // what is wrong with the file
	Taken      string   // what came of the statement just taken in
}

// bankRow is a transaction that waits for a person.
type bankRow struct {
	payment.Line
	Href string
	Why  string
}

// refundRow is a refund that waits for a second person.
type refundRow struct {
	payment.Refund
	Href string
	By   string
}

// mostLines is how many exceptions one page lists, the oldest first.
const mostLines = 100

// reconciler is the capacity in which the officer may look at the bank's money.
func (c *counter) reconciler(by Visitor) (officer.By, error) {
	as, err := c.at(by, officer.Reconcile)
	if err != nil {
		as, err = c.at(by, officer.ApproveRefund)
	}
	return as, err
}

func (c *counter) bank(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return c.showBank(w, r, by, c.askedForm(w, r))
}

func (c *counter) showBank(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	as, err := c.reconciler(by)
	if err != nil {
		return err
	}
	p := bankPage{Form: f, Taking: as.Can(officer.Reconcile) && c.Shelf != nil, File: f.message("file")}
	if p.Taking {
		var items []Option
		for _, a := range c.accounts(as) {
			items = append(items, Option{Value: a.BIN + "/" + a.Number, Text: a.Number + " – " + a.Holder})
		}
		p.Account = f.Select("account", "bank.account", items...)
	}
	if n := f.Typed("lines"); n != "" {
		p.Taken = f.say("bank.taken", "lines", f.Int("lines", 0, 1<<20), "new", f.Int("new", 0, 1<<20), "matched", f.Int("matched", 0, 1<<20), "exceptions", f.Int("exceptions", 0, 1<<20))
	}
	from := dayStart(c.Now())
	if p.Day, err = c.Ledger.BankDay(r.Context(), as, from, from.AddDate(0, 0, 1)); err != nil {
		return err
	}
	lines, total, err := c.Ledger.Exceptions(r.Context(), as, mostLines)
	if err != nil {
		return err
	}
	p.Total = total
	for _, l := range lines {
		p.Lines = append(p.Lines, bankRow{l, lineHref(l.ID), f.say("pay.reason." + string(l.Reason))})
	}
	refunds, err := c.Ledger.Refunds(r.Context(), as)
	if err != nil {
		return err
	}
	name := c.officerNames(r.Context())
	for _, x := range refunds {
		p.Refunds = append(p.Refunds, refundRow{x, lineHref(x.Line), name(x.AskedBy)})
	}
	if p.Statements, err = c.Ledger.Statements(r.Context(), as, 20); err != nil {
		return err
	}
	return c.render(w, r, f.Status(), "bank", p)
}

// accounts are today's accounts in the officer's scope.
func (c *counter) accounts(as officer.By) []pack.Account {
	law, on := c.today()
	var list []pack.Account
	for _, a := range law.Accounts(on) {
		if as.Sees(a.Unit) {
			list = append(list, a)
		}
	}
	return list
}

// dayStart is the midnight before t in Viet Nam.
func dayStart(t time.Time) time.Time {
	t = t.In(vietnam)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, vietnam)
}

func lineHref(id string) string { return bankPath + "/line?id=" + url.QueryEscape(id) }

// takeStatement takes a statement file in, all or nothing.
func (c *counter) takeStatement(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.Reconcile)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	account := f.Need("account", 60, "bank.err.account")
	var heard payment.Heard
	if err = f.Err(); err == nil {
		err = problem.New(problem.Invalid, "err.summary").Field("account", "bank.err.account")
		for _, a := range c.accounts(as) {
			if a.BIN+"/"+a.Number == account {
				heard, err = c.statementOf(r, as, a)
			}
		}
	}
	if f.Refused(err) {
		return c.showBank(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, bankPath+"?"+url.Values{"lines": {strconv.Itoa(heard.Lines)}, "new": {strconv.Itoa(heard.New)},
		"matched": {strconv.Itoa(heard.Matched)}, "exceptions": {strconv.Itoa(heard.Exceptions)}}.Encode())
}

func (c *counter) statementOf(r *http.Request, as officer.By, to pack.Account) (payment.Heard, error) {
	missing := problem.New(problem.Invalid, "err.summary").Field("file", "bank.err.file")
	if r.MultipartForm == nil || len(r.MultipartForm.File["file"]) != 1 {
		return payment.Heard{}, missing
	}
	file, err := r.MultipartForm.File["file"][0].Open()
	if err != nil {
		return payment.Heard{}, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, payment.MaxStatement+1))
	if err != nil {
		return payment.Heard{}, err
	}
	if len(b) == 0 {
		return payment.Heard{}, missing
	}
	_, heard, err := c.Ledger.TakeStatement(r.Context(), as, to, b)
	return heard, err
}

// linePage is one transaction, with what may be done about it.
type linePage struct {
	*Form
	payment.Case
	Why               string
	Where             string
	Assign, Trust     bool
	Note, Give, Judge bool
	Giving            bool // the form of a refund is asked for
	Reference, Reason Input
	Amount            Input
	Payee, Document   Input
	Way               Radios
	Asked             *payment.Refund
	AskedBy           string
}

func (c *counter) bankLine(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return c.showLine(w, r, by, c.askedForm(w, r))
}

func (c *counter) showLine(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	as, err := c.reconciler(by)
	if err != nil {
		return err
	}
	x, err := c.Ledger.Case(r.Context(), as, f.Text("id", 120))
	if err != nil {
		return err
	}
	p := linePage{Form: f, Case: x, Where: f.say("pay.line." + string(x.State)),
		Reference: f.Input("reference", "bank.reference"), Reason: f.Input("why", "bank.why"), Amount: f.Input("amount", "bank.amount"),
		Payee: f.Input("payee", "bank.payee"), Document: f.Input("document", "bank.document"),
		Way: f.Radios("way", "bank.way", Choice{Value: "refund", Text: f.say("bank.way.refund")}, Choice{Value: "return", Text: f.say("bank.way.return")})}
	p.Amount.Inputmode, p.Amount.Classes = "numeric", "govuk-input--width-10"
	if x.Reason != "" {
		p.Why = f.say("pay.reason." + string(x.Reason))
	}
	for i := range x.Refunds {
		if x.Refunds[i].State == payment.RefundAsked {
			p.Asked, p.AskedBy = &x.Refunds[i], c.officerNames(r.Context())(x.Refunds[i].AskedBy)
		}
	}
	waits := as.Can(officer.Reconcile) && x.State == payment.Exception
	disagree := x.Reason == payment.SourcesDisagree
	p.Trust = waits && disagree
	p.Assign = waits && !disagree && x.Settled+x.Asked+x.Refunded == 0 && x.Left() > 0
	p.Note = waits && x.Left() == 0 && x.Settled+x.Asked == 0
	p.Give = as.Can(officer.Reconcile) && !disagree && x.Asked == 0 && x.Left()+x.Settled > 0
	if p.Giving = p.Give && f.Flag("give"); p.Giving {
		p.Assign, p.Note = false, false
	}
	p.Judge = p.Asked != nil && by.may(officer.ApproveRefund) == nil
	return c.render(w, r, f.Status(), "bank-line", p)
}

// bankAct does one act on a transaction and shows it again. What needs a fresh
// proof asks for it first.
func (c *counter) bankAct(p officer.Permission, act func(r *http.Request, f *Form, as officer.By, id string) error) deskHandler {
	return func(w http.ResponseWriter, r *http.Request, by Visitor) error {
		as, err := c.at(by, p)
		if err != nil {
			return err
		}
		f, err := c.postedForm(w, r)
		if err != nil {
			return err
		}
		id := f.Need("id", 120, "pay.err.no-line")
		if err = f.Err(); err == nil {
			err = act(r, f, as, id)
		}
		if q, ok := problem.As(err); ok && q.Key == "officer.err.prove-again" {
			return c.redirect(w, r, accountPath+"/prove?next="+url.QueryEscape(lineHref(id)))
		}
		if f.Refused(err) {
			return c.showLine(w, r, by, f)
		}
		if err != nil {
			return err
		}
		return c.redirect(w, r, lineHref(id))
	}
}

func (c *counter) assign(r *http.Request, f *Form, as officer.By, id string) error {
	return c.Ledger.Assign(r.Context(), as, id, f.Text("reference", 20), f.Text("why", 500))
}

func (c *counter) trust(r *http.Request, f *Form, as officer.By, id string) error {
	return c.Ledger.Trust(r.Context(), as, id, f.Text("why", 500))
}

func (c *counter) noted(r *http.Request, f *Form, as officer.By, id string) error {
	return c.Ledger.Noted(r.Context(), as, id, f.Text("why", 500))
}

func (c *counter) askRefund(r *http.Request, f *Form, as officer.By, id string) error {
	g := payment.Giving{Amount: f.Money("amount"), Way: f.Choice("way", "refund", "return"), Payee: f.Text("payee", 200), Same: f.Flag("same"),
		Document: f.Text("document", 200), Reason: f.Text("why", 500)}
	if err := f.Err(); err != nil {
		return err
	}
	_, err := c.Ledger.AskRefund(r.Context(), as, id, g)
	return err
}

func (c *counter) settleRefund(r *http.Request, f *Form, as officer.By, id string) error {
	_, err := c.Ledger.SettleRefund(r.Context(), as, id, int64(f.Int("nth", 0, 1<<20)), f.Choice("yes", "1", "0") == "1")
	return err
}
