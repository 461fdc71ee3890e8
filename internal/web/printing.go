package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
)

// printingRoutes are the papers. Printing is journaled and counted, so each
// print is a POST that answers with the PDF; no GET prints anything.
func (c *counter) printingRoutes() {
	c.desk("GET /desk/dossiers/{ref}/printed", officer.View, c.printed)
	c.desk("POST /desk/dossiers/{ref}/slips", officer.View, c.printSlip)
	c.desk("POST /desk/dossiers/{ref}/control", officer.View, c.printControl)
	c.desk("GET /desk/register", officer.Register, c.register)
	c.desk("POST /desk/register", officer.Register, c.exportRegister)
}

// PrintSlip is part "print-slip": the button that prints one paper into a
// window of its own.
type PrintSlip struct {
	*Form
	Ref, Kind, Number string
	Text, Key         string // Key "F9" presses it
	Secondary         bool
	Now               bool // the script presses it once, when the page opens
}

// printedPage is O6: what was done, and the paper.
type printedPage struct {
	*Form
	Dossier   dossier.Dossier
	Ref       string
	Title     string
	Name      string
	Procedure string
	Slip      *PrintSlip
	Others    []PrintSlip
	Again     string // address of the intake for the next person of the household
	Receipt   string
	Due       time.Time
	Owed      string // the fee that is still to be taken, in words
	TakeFee   string // where it is taken
	Held      string // a dossier by post: until when it must be answered
}

// printedTitles says what the newest paper means.
var printedTitles = map[dossier.State]string{
	dossier.Filed: "printed.held", dossier.Accepted: "printed.accepted", dossier.Supplement: "printed.supplement", dossier.NotAccepted: "printed.refused", dossier.Returned: "printed.returned",
}

// printed is O6. It shows no number of the person; those stand on the paper.
func (c *counter) printed(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.View)
	if err != nil {
		return err
	}
	d, err := c.Dossiers.Find(r.Context(), r.PathValue("ref"), as)
	if err != nil {
		return err
	}
	f := c.blankForm(w, r)
	p := printedPage{Form: f, Dossier: d, Ref: ref(&d), Name: d.Filer.Name, Procedure: procedureName(c.Law.Law(), d.Procedure), Receipt: d.Fee.Receipt, Due: d.Promise()}
	key := printedTitles[d.State]
	if key == "" {
		key = "printed.title"
	}
	p.Title = f.say(key)
	for i := len(d.Slips) - 1; i >= 0; i-- {
		s := PrintSlip{Form: f, Ref: p.Ref, Kind: d.Slips[i].Kind, Number: d.Slips[i].Number, Text: f.say("slip.name."+d.Slips[i].Kind) + " " + d.Slips[i].Number, Secondary: true}
		if p.Slip == nil {
			s.Key, s.Secondary, s.Now = "F9", false, r.URL.Query().Has("now")
			s.Text = f.say("printed.print", "slip", s.Text)
			p.Slip = &s
			continue
		}
		p.Others = append(p.Others, s)
	}
	world := dossier.World{Now: c.Now(), Law: c.Law.Law()}
	if until := world.CheckUntil(&d); !until.IsZero() {
		p.Held = f.say("printed.held.next", "until", sayHour(f.Lang, until))
	}
	p.owes(&d)
	if _, err := c.atDesk(by, officer.Receive); err == nil && d.State != dossier.Returned {
		p.Again = intakePath + "?" + nextPerson(&d).Encode()
	}
	return c.render(w, r, http.StatusOK, "printed", p)
}

// owes says that an accepted dossier's fee is still to be taken, and where.
func (p *printedPage) owes(d *dossier.Dossier) {
	if d.AcceptedAt.IsZero() || d.State.Final() || !d.Fee.Known || d.Fee.Paid || d.Fee.Amount == 0 {
		return
	}
	key := "printed.fee"
	if d.ReceivedAt.IsZero() {
		key = "printed.fee.first"
	}
	p.Owed, p.TakeFee = p.say(key, "amount", sayMoney(p.Lang, d.Fee.Amount)), "/desk/dossiers/"+p.Ref+"/fee"
}

// nextPerson is what the next person of a household shares (ux 2.3.1, Ctrl+D).
func nextPerson(d *dossier.Dossier) url.Values {
	q := url.Values{"procedure": {d.Procedure}, "return_by": {d.ReturnBy}}
	if d.Case != "" {
		q.Set("case", d.Case)
	}
	if d.Fee.Case != "" {
		q.Set("fee_case", d.Fee.Case)
	}
	return q
}

// printSlip answers with an issued paper as PDF.
func (c *counter) printSlip(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.View)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	facts, err := c.Dossiers.Print(r.Context(), r.PathValue("ref"), f.Text("kind", 40), f.Text("number", 60), as, c.Origin)
	if err != nil {
		return err
	}
	pdf, err := slip.PDF(facts)
	if err != nil {
		return err
	}
	return c.paper(w, r, fileName(facts.Template.Kind, facts.Code, facts.Number)+".pdf", "application/pdf", pdf, false)
}

// fileName joins what names a paper and no person.
func fileName(parts ...string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == ' ' || r == '\\' {
			return '-'
		}
		return r
	}, strings.Join(strings.Fields(strings.Join(parts, " ")), "-"))
}

// printControl answers with the control slip, the journal's view of who had
// the dossier when (PR5).
func (c *counter) printControl(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.View)
	if err != nil {
		return err
	}
	facts, err := c.Dossiers.Control(r.Context(), r.PathValue("ref"), as, c.officerNames(r.Context()))
	if err != nil {
		return err
	}
	pdf, err := slip.PDF(facts)
	if err != nil {
		return err
	}
	return c.paper(w, r, fileName("control", facts.Code)+".pdf", "application/pdf", pdf, false)
}

// officerNames words officers' ids by their names; an unknown one stays its id.
func (s *Server) officerNames(ctx context.Context) func(id string) string {
	known := map[string]string{}
	return func(id string) string {
		if name, ok := known[id]; ok {
			return name
		}
		known[id] = id
		if o, err := s.Roll.Officer(ctx, officer.System(), id); err == nil {
			known[id] = o.Name
		}
		return known[id]
	}
}

// registerPage asks for a period of the dossier register (PR6).
type registerPage struct {
	*Form
	Desk     Select
	From, To Input
}

func (c *counter) register(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f := c.blankForm(w, r)
	today := c.Now().In(vietnam)
	f.Set("from", sayDay(today.AddDate(0, 0, 1-today.Day())))
	f.Set("to", sayDay(today))
	f.Set("desk", by.Desk)
	return c.showRegister(w, r, by, f)
}

func (c *counter) showRegister(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	law, on := c.today()
	p := registerPage{Form: f, From: f.Input("from", "register.from"), To: f.Input("to", "register.to"), Desk: f.Select("desk", "register.desk")}
	for _, d := range law.Desks(on) {
		if _, err := by.For(officer.Register, d.Key); err == nil {
			p.Desk.Items = append(p.Desk.Items, Option{Value: d.Code, Text: d.Name})
		}
	}
	for _, in := range []*Input{&p.From, &p.To} {
		in.Classes, in.Inputmode = "govuk-input--width-10", "numeric"
	}
	return c.render(w, r, f.Status(), "register", p)
}

// longestRegister bounds the period of one register.
const longestRegister = 366 * 24 * time.Hour

func (c *counter) exportRegister(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	from, to, code := f.Date("from"), f.Date("to"), f.Need("desk", 40, "desk.err.choose")
	switch {
	case from.IsZero() && !f.faulty("from"):
		f.Fault("from", "form.date")
	case to.IsZero() && !f.faulty("to"):
		f.Fault("to", "form.date")
	case to.Before(from) || to.Sub(from) > longestRegister:
		f.Fault("to", "register.err.period")
	}
	if err = f.Err(); f.Refused(err) {
		return c.showRegister(w, r, by, f)
	}
	law, on := c.today()
	desk, ok := law.Unit(code, on)
	if !ok {
		return problem.New(problem.NotFound, "err.unit-unknown", "unit", code)
	}
	as, err := by.For(officer.Register, desk.Key)
	if err != nil {
		return err
	}
	list, err := c.Dossiers.Received(r.Context(), as, desk.Key, from, to.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	template, _ := law.Slip("register", "", on)
	book := slip.Book{Template: template, Issuer: c.issuer(desk), From: pack.On(from), To: pack.On(to), At: c.Now()}
	sheet, err := slip.Register(book, c.bookRows(r, law, list))
	if err != nil {
		return err
	}
	name := fileName("so-theo-doi", code, pack.On(from), pack.On(to)) + ".xlsx"
	return c.paper(w, r, name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheet, true)
}

func (c *counter) issuer(desk pack.Unit) slip.Issuer {
	head := c.Law.Law().Head()
	return slip.Issuer{Agency: strings.ToUpper(head.Police), Unit: desk.Name, Place: head.Place, Address: desk.Address, Phone: desk.Phone}
}

// bookRows are the register's rows, one a dossier.
func (c *counter) bookRows(r *http.Request, law *pack.Pack, list []dossier.Dossier) []slip.BookRow {
	name := c.officerNames(r.Context())
	var rows []slip.BookRow
	for i := range list {
		d := &list[i]
		lead, _ := law.UnitByKey(d.Competent)
		proc, _ := law.Procedure(d.Procedure)
		row := slip.BookRow{
			Code: string(d.Code), Sets: d.Sets, Owner: d.Person().Name, Address: d.Person().Address, Phone: applicant.FormatPhone(d.Filer.Phone), Lead: lead.Name,
			ReceivedAt: d.AcceptedAt, DueAt: d.Clock.Due, ResultWay: c.say(r, "return."+d.ReturnBy),
		}
		if proc != nil {
			row.Procedure = proc.Name
		}
		if h := d.HandedOver; h != nil {
			row.ReturnedAt, row.TakenBy, row.ReturnedBy = h.At, h.To, name(h.By)
		}
		if d.State.Final() && d.HandedOver == nil {
			row.Note = c.say(r, "state."+string(d.State))
		}
		rows = append(rows, row)
	}
	return rows
}
