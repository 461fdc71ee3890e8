package web

import (
	"net/http"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

const latePath = "/desk/late"

func (o *office) lateRoutes() {
	o.desk("GET "+latePath, officer.Late, o.late)
	o.desk("POST "+latePath+"/{ref}/remind", officer.Remind, o.remind)
}

// latePage is L4.
type latePage struct {
	*Form
	Said  string
	Rows  []lateRow
	Empty string
	Next  string
	First string
}

// lateRow is a dossier whose date has passed.
type lateRow struct {
	workRow
	Days     string // "3 ngày"
	Apology  string
	Reminded string
	Remind   string // where the reminder is sent, "" not now
	Transfer string
}

// late is L4: every late dossier in scope, where it lies and with whom, and
// whether the citizen has an apology.
func (o *office) late(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return o.showLate(w, r, by, o.blankForm(w, r))
}

func (o *office) showLate(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	as, _, err := by.seat("", officer.Late)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	page, err := o.Dossiers.List(r.Context(), as, dossier.Filter{Queue: dossier.Late, After: q.Get("after")})
	if err != nil {
		return err
	}
	law, name := o.Law.Law(), o.named(r.Context(), f.Lang)
	p := latePage{Form: f, Said: doneWords(f.Lang, q.Get("done")), Empty: text.T(f.Lang, "work.empty.late")}
	for i := range page.Dossiers {
		p.Rows = append(p.Rows, o.lateRow(f.Lang, law, page.Now, as, &page.Dossiers[i], name))
	}
	if page.Next != "" {
		p.Next = latePath + "?after=" + page.Next
	}
	if q.Get("after") != "" {
		p.First = latePath
	}
	return o.render(w, r, f.Status(), "late", p)
}

func (o *office) lateRow(lang text.Lang, law *pack.Pack, now time.Time, as officer.By, d *dossier.Dossier, name func(string) string) lateRow {
	row := lateRow{workRow: o.row(lang, law, now, d, name)}
	row.Href += "?from=late"
	row.Days = text.T(lang, "work.late.days", "n", daysLate(d.Clock.Due, now))
	row.Apology = text.T(lang, "work.late.no-apology")
	switch n := len(d.Apologies); {
	case d.Proposal != nil:
		row.Apology = text.T(lang, "work.late.proposed", "name", name(d.Proposal.By))
	case n > 0:
		row.Apology = text.T(lang, "work.late.apologised", "due", sayHour(lang, d.Apologies[n-1].NewDue))
	}
	if !d.Reminded.IsZero() {
		row.Reminded = text.T(lang, "work.late.reminded", "when", sayHour(lang, d.Reminded))
	}
	for _, act := range dossier.Allowed(d, as, dossier.World{Now: now, Law: law}) {
		switch act {
		case "remind":
			row.Remind = latePath + "/" + d.ID + "/remind"
		case "transfer":
			row.Transfer = dossierHref(d, "/do/transfer")
		}
	}
	return row
}

// daysLate counts as grading does, by date (law.md on-time grading).
func daysLate(due, now time.Time) int {
	day := func(t time.Time) time.Time {
		t = t.In(vietnam)
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return int(day(now).Sub(day(due)) / (24 * time.Hour))
}

// remind reminds the holder with one click; the journal keeps it.
func (o *office) remind(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := o.postedForm(w, r)
	if err != nil {
		return err
	}
	if err = f.Err(); err == nil {
		_, err = o.do(r, by, r.PathValue("ref"), &dossier.Remind{}, f.Key+"/"+r.PathValue("ref"), 0)
	}
	if problem.Is(err, problem.NotFound) {
		return err
	}
	if f.Refused(err) {
		return o.showLate(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return o.redirect(w, r, latePath+"?done=remind")
}
