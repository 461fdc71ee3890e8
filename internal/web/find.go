package web

import (
	"net/http"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/problem"
)

// findRoutes are O11, one box for everything. What is searched for is a
// person's name or number as a rule, so it is posted and never stands in an
// address (rel-K77).
func (c *counter) findRoutes() {
	c.desk("GET "+searchPath, officer.Search, c.findHome)
	c.desk("POST "+searchPath, officer.Search, c.find)
}

// findPage is O11.
type findPage struct {
	*Form
	Query, Why Input
	Asked      bool
	Rows       []foundRow
	None       string
}

// foundRow is a dossier found; numbers are masked (rel-K78).
type foundRow struct {
	deskRow
	State, Number string
	Due           string
}

// commands are pages that the box opens by name (ux 2.9).
var commands = map[string]string{
	"ban giao": "/desk/end-of-day", "ban giao cuoi ngay": "/desk/end-of-day", "tiep nhan": intakePath, "tra ket qua": "/desk/return",
	"so theo doi": "/desk/register", "bien lai": "/desk/receipts", "mo quay": takePath, "tai khoan": accountPath, "viec cua toi": "/desk/work",
	"end of day": "/desk/end-of-day", "intake": intakePath, "return": "/desk/return", "register": "/desk/register",
}

func (c *counter) findHome(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return c.showFind(w, r, findPage{Form: c.blankForm(w, r)})
}

func (c *counter) showFind(w http.ResponseWriter, r *http.Request, p findPage) error {
	f := p.Form
	p.Query, p.Why = f.Input("q", "find.what"), f.Input("why", "find.why")
	p.Query.Autocomplete, p.Query.Focus = "off", !p.Asked
	p.Query.ID = "query"
	return c.render(w, r, f.Status(), "find", p)
}

func (c *counter) find(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.Search)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	q, why := f.Need("q", 200, "find.empty"), f.Text("why", 300)
	if to, ok := commands[applicant.Fold(q)]; ok && c.served(to) {
		return c.redirect(w, r, to)
	}
	p := findPage{Form: f, Asked: true}
	var list []dossier.Dossier
	if err = f.Err(); err == nil {
		if d, scanErr := c.scannedSlip(r, as, q); scanErr == nil {
			return c.redirect(w, r, "/desk/dossiers/"+ref(&d)+"?from=search")
		}
		list, err = c.Dossiers.Search(r.Context(), as, q, why, 30)
	}
	if f.Refused(err) {
		return c.showFind(w, r, p)
	}
	if err != nil {
		return err
	}
	if len(list) == 1 && namesDossier(&list[0], q) {
		return c.redirect(w, r, "/desk/dossiers/"+ref(&list[0])+"?from=search")
	}
	p.Rows = c.foundRows(r, list)
	if len(list) == 0 {
		p.None = f.say("find.none", "q", q)
	}
	return c.showFind(w, r, p)
}

// scannedSlip opens the dossier whose slip was read into the box.
func (c *counter) scannedSlip(r *http.Request, as officer.By, q string) (dossier.Dossier, error) {
	scan, err := applicant.ParseCard(q)
	if err != nil || !scan.Slip() {
		return dossier.Dossier{}, problem.New(problem.NotFound, "err.not-found")
	}
	return c.Dossiers.ByToken(r.Context(), scan.Token, as)
}

// namesDossier reports whether q is one of the dossier's codes, whole.
func namesDossier(d *dossier.Dossier, q string) bool {
	for _, known := range d.Codes {
		if strings.EqualFold(string(known.Code), strings.TrimSpace(q)) {
			return true
		}
	}
	return false
}

func (c *counter) foundRows(r *http.Request, list []dossier.Dossier) []foundRow {
	law := c.Law.Law()
	var rows []foundRow
	for i := range list {
		d := &list[i]
		row := foundRow{
			deskRow: deskRow{Href: "/desk/dossiers/" + ref(d) + "?from=search", Ref: ref(d), Name: d.Person().Name, Procedure: procedureName(law, d.Procedure), At: d.FiledAt},
			State:   c.say(r, "state."+string(d.State)), Number: applicant.Mask(d.Person().IDNumber),
		}
		if !d.Clock.Due.IsZero() {
			row.Due = sayShort(d.Promise())
		}
		rows = append(rows, row)
	}
	return rows
}
