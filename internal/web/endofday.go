package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/slip"
)

// endOfDayRoutes are O12, closing the day at a desk.
func (c *counter) endOfDayRoutes() {
	c.desk("GET /desk/end-of-day", officer.TakeDesk, c.endOfDay)
	c.desk("POST /desk/end-of-day", officer.TakeDesk, c.sign)
	c.desk("POST /desk/end-of-day/list", officer.Register, c.handOverList)
}

// endOfDayPage is O12.
type endOfDayPage struct {
	*Form
	Desk    string
	Units   []unitPile
	Drafts  []draftLine
	Cash    bool
	Shift   payment.Shift
	Count   *payment.Count
	Counted Input
	Reason  Input
}

// unitPile are the paper dossiers of today that go to one unit.
type unitPile struct {
	Code, Name string
	Count      int
}

func (c *counter) endOfDay(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return c.showEndOfDay(w, r, by, c.blankForm(w, r))
}

func (c *counter) showEndOfDay(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	as, err := c.atDesk(by, officer.TakeDesk)
	if err != nil {
		return c.needDesk(w, r, err)
	}
	p := endOfDayPage{Form: f, Desk: c.deskName(as.Desk), Counted: f.Input("counted", "eod.counted"), Reason: f.Input("reason", "eod.reason")}
	p.Counted.Inputmode, p.Counted.Suffix, p.Counted.Classes = "numeric", &Affix{Text: "đồng"}, "govuk-input--width-10"
	p.Counted.Focus = true
	if reader, err := c.at(by, officer.Register); err == nil {
		piles, err := c.piles(r, reader)
		if err != nil {
			return err
		}
		for _, pile := range piles {
			p.Units = append(p.Units, unitPile{pile.unit.Code, pile.unit.Name, len(pile.dossiers)})
		}
	}
	if receiver, err := c.at(by, officer.Receive); err == nil {
		if p.Drafts, err = c.draftLines(r, receiver); err != nil {
			return err
		}
	}
	if cashier, err := c.atDesk(by, officer.Cash); err == nil {
		p.Cash = true
		if err := c.fillCash(r, cashier, &p); err != nil {
			return err
		}
	}
	return c.render(w, r, f.Status(), "end-of-day", p)
}

func (c *counter) fillCash(r *http.Request, as officer.By, p *endOfDayPage) (err error) {
	if p.Shift, err = c.Ledger.Shift(r.Context(), as); err != nil {
		return err
	}
	count, counted, err := c.Ledger.LastCount(r.Context(), as)
	if counted {
		p.Count = &count
	}
	return err
}

// pile are today's dossiers of the desk that a unit decides.
type pile struct {
	unit     pack.Unit
	dossiers []dossier.Dossier
}

// piles sorts what the desk took in on paper today by the unit that gets it.
func (c *counter) piles(r *http.Request, as officer.By) ([]pile, error) {
	law, on := c.today()
	desk, ok := law.Unit(as.Desk, on)
	if !ok {
		return nil, nil
	}
	today := c.Now().In(vietnam)
	from := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, vietnam)
	list, err := c.Dossiers.Received(r.Context(), as, desk.Key, from, from.AddDate(0, 0, 1))
	if err != nil {
		return nil, err
	}
	var piles []pile
	for _, d := range list {
		if d.Channel == "online" || d.Competent == desk.Key || d.State == dossier.Withdrawn {
			continue
		}
		i := slices.IndexFunc(piles, func(p pile) bool { return p.unit.Key == d.Competent })
		if i < 0 {
			u, _ := law.UnitByKey(d.Competent)
			i, piles = len(piles), append(piles, pile{unit: u})
		}
		piles[i].dossiers = append(piles[i].dossiers, d)
	}
	slices.SortFunc(piles, func(a, b pile) int { return strings.Compare(a.unit.Code, b.unit.Code) })
	return piles, nil
}

// handOverList answers with the list that goes with a unit's pile of papers.
func (c *counter) handOverList(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.atDesk(by, officer.Register)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	piles, err := c.piles(r, as)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(piles, func(p pile) bool { return p.unit.Code == f.Text("unit", 40) })
	if i < 0 {
		return problem.New(problem.NotFound, "eod.err.nothing")
	}
	law, on := c.today()
	desk, _ := law.Unit(as.Desk, on)
	template, _ := law.Slip("handover", "", on)
	list := slip.List{Template: template, Issuer: c.issuer(desk), At: c.Now(), From: desk.Name, To: piles[i].unit.Name, Giver: by.Officer.Name}
	for _, d := range piles[i].dossiers {
		row := slip.ListRow{Code: string(d.Code), Procedure: procedureName(law, d.Procedure), Owner: d.Person().Name, ReceivedAt: d.AcceptedAt, DueAt: d.Clock.Due}
		for _, p := range d.Papers {
			if p.Present {
				row.Papers += p.Originals + p.Copies
			}
		}
		list.Rows = append(list.Rows, row)
	}
	pdf, err := slip.HandOver(list)
	if err != nil {
		return err
	}
	return c.paper(w, r, fileName("ban-giao", as.Desk, piles[i].unit.Code, on)+".pdf", "application/pdf", pdf, false)
}

// sign counts the drawer where money was taken, and leaves the desk (ký bàn
// giao). Both are acts in the journal.
func (c *counter) sign(w http.ResponseWriter, r *http.Request, by Visitor) error {
	if _, err := c.atDesk(by, officer.TakeDesk); err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	cashier, cashErr := c.atDesk(by, officer.Cash)
	counted, typed, reason := f.Money("counted"), f.Typed("counted") != "", f.Text("reason", 500)
	if cashErr == nil && !typed {
		shift, err := c.Ledger.Shift(r.Context(), cashier)
		if err != nil {
			return err
		}
		if shift.Taken+shift.GivenBack > 0 {
			f.Fault("counted", "eod.err.count")
		}
	}
	err = f.Err()
	if err == nil && cashErr == nil && typed {
		_, err = c.Ledger.CountCash(r.Context(), cashier, counted, reason)
	}
	if f.Refused(err) {
		return c.showEndOfDay(w, r, by, f)
	}
	if err == nil {
		_, err = c.Roll.TakeDesk(r.Context(), c.sessionToken(r), "")
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, takePath+"?signed=1")
}
