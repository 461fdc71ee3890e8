package web

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"rsc.io/qr"

	"quay20/internal/dossier"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/text"
)

// payRoutes are C20, paying from home. Each address holds the token of the slip's
// QR, as tracking does.
func (c *citizen) payRoutes() {
	c.public("GET /t/{token}/nop-phi", c.pay)
	c.public("POST /t/{token}/nop-phi", c.sayPaid)
	c.public("GET /t/{token}/nop-phi/{reference}/vietqr.png", c.payPicture)
	c.public("GET /t/{token}/nop-phi/{reference}/phieu.pdf", c.paySlip)
	c.public("GET /t/{token}/nop-phi/{reference}/xac-nhan.pdf", c.paidNote)
}

// payPage is C20.
type payPage struct {
	*Form
	Code  dossier.Code
	Track string // back to the dossier
	Open  []payCard
	Cash  []payCard // to be paid at the desk alone
	Paid  []payCard
	Desk  SummaryList
}

// payCard is one demand.
type payCard struct {
	Reference string
	What      string
	Amount    string
	Facts     SummaryList
	Account   SummaryList
	Picture   template.URL
	Invented  bool
	Matching  string // said to be paid, or found and being looked at: since when, until when
	PaidWhen  string
	Action    string // address of the form
	Save      string // address of the picture
	Slip      string // address of the slip, or of the proof once paid
}

// unlisted sets the headers of a page whose address opens a dossier: no browser
// keeps it, no search engine lists it and no other site learns its address
// (rel-K77).
func unlisted(w http.ResponseWriter) {
	h := w.Header()
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("Referrer-Policy", "no-referrer")
}

// pay is C20: how much, for what, by which rule, and how to pay it.
func (c *citizen) pay(w http.ResponseWriter, r *http.Request) error {
	unlisted(w)
	w.Header().Set("Referrer-Policy", "same-origin") // the form is ours, and browsers must say so
	return c.showPay(w, r, c.blankForm(w, r))
}

func (c *citizen) showPay(w http.ResponseWriter, r *http.Request, f *Form) error {
	token := r.PathValue("token")
	t, err := c.Dossiers.TrackToken(r.Context(), token)
	if err != nil {
		return err
	}
	m, err := c.Dossiers.Pay(r.Context(), token)
	if err != nil {
		return err
	}
	law, _ := c.today()
	v := tracked{t, visitOf(r).lang, law, c.Now()}
	p := payPage{Form: f, Code: t.Code, Track: "/t/" + t.Token, Desk: v.desk()}
	base := p.Track + "/nop-phi"
	for _, d := range m.Open {
		card, err := v.card(d)
		if err != nil {
			return err
		}
		card.Action, card.Save, card.Slip = base, base+"/"+d.Reference+"/vietqr.png", base+"/"+d.Reference+"/phieu.pdf"
		p.Open = append(p.Open, card)
	}
	for _, d := range m.Cash {
		p.Cash = append(p.Cash, payCard{What: d.What, Amount: sayMoney(v.lang, d.Amount), Facts: v.rule(d)})
	}
	for _, d := range m.Paid {
		card := payCard{Reference: d.Reference, What: d.What, Amount: sayMoney(v.lang, d.Amount), Facts: v.rule(d.Debt)}
		if number := d.Cash(); number != "" {
			card.PaidWhen = v.say("pay.paid.cash", "when", sayHour(v.lang, d.Settled), "number", number)
		} else {
			card.PaidWhen = v.say("pay.paid.bank", "when", sayHour(v.lang, d.Settled))
			card.Slip = base + "/" + d.Reference + "/xac-nhan.pdf"
		}
		p.Paid = append(p.Paid, card)
	}
	return c.render(w, r, f.Status(), "pay", p)
}

// card words a demand that may be paid now.
func (t tracked) card(d payment.Demand) (payCard, error) {
	card := payCard{Reference: d.Reference, What: d.What, Amount: sayMoney(t.lang, d.Amount), Facts: t.rule(d.Debt), Invented: invented(t.law, d)}
	card.Facts.Rows = append(card.Facts.Rows, Row{Key: Said{Text: t.say("pay.until")}, Value: Said{Text: sayHour(t.lang, d.Until)}})
	for _, row := range []struct{ key, value string }{
		{"pay.bank", d.Bank}, {"pay.account", d.Account}, {"pay.holder", d.Holder}, {"pay.amount", sayMoney(t.lang, d.Amount)}, {"pay.message", d.Message()},
	} {
		card.Account.Rows = append(card.Account.Rows, Row{Key: Said{Text: t.say(row.key)}, Value: Said{Text: row.value, Classes: "q-copy"}})
	}
	switch {
	case d.Held:
		card.Matching = t.say("pay.matching.held")
	case !d.Said.IsZero():
		card.Matching = t.say("pay.matching.said", "when", sayHour(t.lang, d.Said))
	}
	var err error
	card.Picture, err = qrPicture(d)
	return card, err
}

// rule says for what and by which rule of the fee stack an amount is asked.
func (t tracked) rule(d payment.Debt) SummaryList {
	var l SummaryList
	for _, row := range []struct{ key, value string }{
		{"pay.for", d.What}, {"pay.case", d.Case}, {"pay.rule", ruleWords(t.lang, d.Kind)}, {"pay.basis", d.Basis},
	} {
		if row.value != "" {
			l.Rows = append(l.Rows, Row{Key: Said{Text: t.say(row.key)}, Value: Said{Text: row.value}})
		}
	}
	return l
}

// ruleWords names the kind of a fee rule; an obligation has none.
func ruleWords(lang text.Lang, kind string) string {
	if kind == "" {
		return ""
	}
	return text.T(lang, "pay.rule."+kind)
}

// invented reports whether the account of a demand is of the demo.
func invented(law *pack.Pack, d payment.Demand) bool {
	a, known := law.AccountNumbered(d.BIN, d.Account, pack.On(d.Made))
	return known && a.Invented
}

// qrPicture is a demand's VietQR as a picture within the page.
func qrPicture(d payment.Demand) (template.URL, error) {
	b, err := qrPNG(d)
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b)), err
}

func qrPNG(d payment.Demand) ([]byte, error) {
	payload, err := d.QR()
	if err != nil {
		return nil, err
	}
	code, err := qr.Encode(payload, qr.M)
	if err != nil {
		return nil, fmt.Errorf("making the QR of %s: %w", d.Reference, err)
	}
	code.Scale = 6
	return code.PNG(), nil
}

// sayPaid notes that the citizen paid; nobody asks again while the bank's word is
// awaited.
func (c *citizen) sayPaid(w http.ResponseWriter, r *http.Request) error {
	unlisted(w)
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	reference := f.Text("reference", 20)
	if err = f.Err(); err == nil {
		err = c.Dossiers.SayPaid(r.Context(), r.PathValue("token"), reference)
	}
	if f.Refused(err) {
		return c.showPay(w, r, f)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, "/t/"+r.PathValue("token")+"/nop-phi")
}

// demand is the demand that an address names, if it is of the dossier that the
// token opens.
func (c *citizen) demand(r *http.Request, paid bool) (t dossier.Tracked, d payment.Demand, err error) {
	if t, err = c.Dossiers.TrackToken(r.Context(), r.PathValue("token")); err != nil {
		return t, d, err
	}
	m, err := c.Dossiers.Pay(r.Context(), r.PathValue("token"))
	if err != nil {
		return t, d, err
	}
	list := m.Open
	if paid {
		list = m.Paid
	}
	for _, d := range list {
		if d.Reference == r.PathValue("reference") && (!paid || d.Cash() == "") {
			return t, d, nil
		}
	}
	return t, d, problem.New(problem.NotFound, "pay.err.no-demand")
}

// payPicture is the VietQR to keep on the telephone and open in the bank's
// program there.
func (c *citizen) payPicture(w http.ResponseWriter, r *http.Request) error {
	unlisted(w)
	_, d, err := c.demand(r, false)
	if err != nil {
		return err
	}
	b, err := qrPNG(d)
	if err != nil {
		return err
	}
	return c.paper(w, r, "vietqr-"+strings.ToLower(d.Reference)+".png", "image/png", b, true)
}

// paySlip is PR11 for a fee: what a bank's clerk needs, on paper.
func (c *citizen) paySlip(w http.ResponseWriter, r *http.Request) error {
	unlisted(w)
	t, d, err := c.demand(r, false)
	if err != nil {
		return err
	}
	return c.payPaper(w, r, t.Code, t.Desk, d)
}

// paidNote is the proof that a transfer has paid.
func (c *citizen) paidNote(w http.ResponseWriter, r *http.Request) error {
	unlisted(w)
	t, d, err := c.demand(r, true)
	if err != nil {
		return err
	}
	return c.payPaper(w, r, t.Code, t.Desk, d)
}

// payPaper prints a demand: the slip to pay it with, or the proof that it was
// paid.
func (s *Server) payPaper(w http.ResponseWriter, r *http.Request, code dossier.Code, desk pack.Unit, d payment.Demand) error {
	law := s.Law.Law()
	head := law.Head()
	p := slip.PayIn{
		Issuer: slip.Issuer{Agency: strings.ToUpper(head.Police), Unit: desk.Name, Place: head.Place, Address: desk.Address, Phone: desk.Phone, Web: s.origin.Host + "/tra-cuu"},
		At:     s.Now(), Code: string(code), Amount: d.Amount, For: d.What, Case: d.Case, Rule: ruleWords(text.Vi, d.Kind), Basis: d.Basis,
		Bank: d.Bank, Account: d.Account, Holder: d.Holder, Message: d.Message(), Reference: d.Reference, Until: d.Until, Invented: invented(law, d),
	}
	name, make := "phieu-nop-tien-", slip.PayInSlip
	if d.State == payment.Paid {
		name, make = "xac-nhan-nop-tien-", slip.PaidNote
		p.Paid, p.At = d.Settled, d.Settled
		p.Number = d.SettledBy[strings.LastIndexByte(d.SettledBy, '/')+1:]
	} else {
		var err error
		if p.QR, err = d.QR(); err != nil {
			return err
		}
	}
	pdf, err := make(p)
	if err != nil {
		return err
	}
	return s.paper(w, r, name+strings.ToLower(cmp.Or(d.Reference, string(code)))+".pdf", "application/pdf", pdf, false)
}
