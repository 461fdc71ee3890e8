package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// proceduresPath is where procedures are kept (kiểm soát thủ tục, ux R1 to R7).
const proceduresPath = "/desk/procedures"

// publisher is the side of the house on which procedures are drafted, approved
// and published.
type publisher struct {
	*Server
	drafts *catalogue.Drafts
}

// publishRoutes declares the pages of procedure control.
func (s *Server) publishRoutes() {
	if s.Law == nil || s.DB == nil || s.Dossiers == nil || s.Roll == nil {
		return
	}
	p := &publisher{Server: s, drafts: catalogue.NewDrafts(s.DB, s.Law)}
	s.desk("GET "+proceduresPath, officer.Procedures, p.list)
	s.desk("GET "+proceduresPath+"/calendar", officer.Procedures, p.calendar)
	s.desk("GET "+proceduresPath+"/new", officer.Draft, p.begin)
	s.desk("POST "+proceduresPath+"/new", officer.Draft, p.began)
	s.desk("GET "+proceduresPath+"/of/{code}", officer.Procedures, p.one)
	p.editRoutes()
	p.reviewRoutes()
	p.sheetRoutes()
}

func (p *publisher) today() (*pack.Pack, pack.Date) { return p.Law.Law(), pack.On(p.Now()) }

func draftHref(id, page string) string {
	href := proceduresPath + "/drafts/" + url.PathEscape(id)
	if page != "" {
		href += "/" + page
	}
	return href
}

func controlHref(code string) string { return proceduresPath + "/of/" + url.PathEscape(code) }

// procedureList is R1.
type procedureList struct {
	Drafts  []draftRow
	Field   Select
	State   Select
	Rows    []procedureRow
	Count   int
	MayAdd  bool
	Lint    string // worklist of the linter, if it is served
	Sheets  string
	Answers *Form
}

// draftRow is a draft under way.
type draftRow struct {
	ID, Href, Name, Kind string
	From                 string
	By                   string
	Tag                  Tag
}

// procedureRow is one procedure with where it stands.
type procedureRow struct {
	Href, Name, Code, Field string
	Tag                     Tag
	Filled                  string // "11/11"
	Missing                 string
	Reviewed                string
}

func (p *publisher) list(w http.ResponseWriter, r *http.Request, by Visitor) error {
	law, on := p.today()
	f := p.askedForm(w, r)
	field, state := f.Choice("field", slugs(law, on)...), f.Choice("state", "now", "coming", "ended")
	page := procedureList{MayAdd: by.may(officer.Draft) == nil, Answers: f}
	if p.served(proceduresPath + "/lint") {
		page.Lint = proceduresPath + "/lint"
	}
	if p.served(sheetsPath) {
		page.Sheets = sheetsPath
	}
	drafts, err := p.drafts.List(r.Context(), catalogue.Drafting, catalogue.Asked, catalogue.Approved)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		page.Drafts = append(page.Drafts, p.draftRow(f.Lang, d))
	}
	fields := []Option{{Text: p.say(r, "publish.list.all-fields")}}
	for _, x := range law.Fields(on) {
		fields = append(fields, Option{Value: x.Slug, Text: x.Name})
	}
	page.Field = f.Select("field", "publish.list.field", fields...)
	page.State = f.Select("state", "publish.list.state", Option{Text: p.say(r, "publish.list.all-states")}, Option{Value: "now", Text: p.say(r, "publish.standing.now")},
		Option{Value: "coming", Text: p.say(r, "publish.standing.coming")}, Option{Value: "ended", Text: p.say(r, "publish.standing.ended")})
	for _, proc := range law.AllProcedures() {
		stands, tag := standing(f.Lang, proc, on)
		if field != "" && proc.Field != field || state != "" && stands != state && !(state == "now" && stands == "coming-change") && !(state == "coming" && stands == "coming-change") {
			continue
		}
		page.Rows = append(page.Rows, p.procedureRow(f.Lang, law, proc, on, tag))
	}
	page.Count = len(page.Rows)
	return p.render(w, r, http.StatusOK, "publish-list", page)
}

func slugs(law *pack.Pack, on pack.Date) (list []string) {
	for _, f := range law.Fields(on) {
		list = append(list, f.Slug)
	}
	return list
}

// standing is where a procedure stands on a day: "now", "coming" (not in force
// yet), "coming-change" (in force, and a change is published) or "ended".
func standing(lang text.Lang, p *pack.Procedure, on pack.Date) (string, Tag) {
	tag := func(key, colour string, day pack.Date) Tag {
		return Tag{Text: text.T(lang, "publish.standing."+key, "day", dayWords(day)), Classes: tagClass(colour)}
	}
	v, running := p.On(on)
	switch {
	case running && v.To != "" && nextFrom(p, on) != "":
		return "coming-change", tag("change", "blue", nextFrom(p, on))
	case running && p.To != "":
		return "coming-change", tag("ends", "orange", p.To)
	case running:
		return "now", tag("now", "green", "")
	case on < p.From:
		return "coming", tag("from", "blue", p.From)
	}
	return "ended", tag("over", "grey", p.To)
}

// nextFrom is the first day of the version that follows the one of the day.
func nextFrom(p *pack.Procedure, on pack.Date) pack.Date {
	for _, v := range p.Versions {
		if v.From > on {
			return v.From
		}
	}
	return ""
}

func (p *publisher) procedureRow(lang text.Lang, law *pack.Pack, proc *pack.Procedure, on pack.Date, tag Tag) procedureRow {
	v := nearest(proc, on)
	content := catalogue.ContentOf(proc, within(v, on))
	var missing []string
	for _, item := range catalogue.StatutoryItems {
		if item != catalogue.ItemConditions && len(content.Lines(item, law, lang)) == 0 {
			missing = append(missing, text.T(lang, string(item.Word())))
		}
	}
	field, _ := law.Field(proc.Field)
	total := len(catalogue.StatutoryItems)
	row := procedureRow{Href: controlHref(proc.Code), Name: proc.ShortName, Code: proc.Code, Field: field.Name, Tag: tag,
		Filled: text.T(lang, "publish.list.filled", "n", total-len(missing), "of", total), Missing: strings.Join(missing, "; ")}
	if year, month, ok := strings.Cut(v.VerifiedAsOf, "-"); ok && v.Verified {
		row.Reviewed = month + "/" + year
	}
	return row
}

func (p *publisher) draftRow(lang text.Lang, d catalogue.Draft) draftRow {
	row := draftRow{ID: d.ID, Href: draftHref(d.ID, ""), Kind: text.T(lang, "publish.kind."+string(d.Kind)), From: d.Items.From,
		Name: cmp.Or(d.Items.ShortName, d.Items.Name, d.Procedure), Tag: stateTag(lang, d.State)}
	if proc, ok := p.Law.Law().Procedure(d.Procedure); ok {
		row.Name = proc.ShortName
	}
	if len(d.Trail) > 0 {
		row.By = d.Trail[0].Name
	}
	return row
}

func stateTag(lang text.Lang, s catalogue.State) Tag {
	colour := map[catalogue.State]string{catalogue.Drafting: "grey", catalogue.Asked: "yellow", catalogue.Approved: "blue", catalogue.Published: "green", catalogue.Dropped: "red"}[s]
	return Tag{Text: text.T(lang, "publish.state."+string(s)), Classes: tagClass(colour)}
}

// procedureOne is one procedure with its versions and what may be done.
type procedureOne struct {
	Name, Code, Field string
	Tag               Tag
	Public            string
	Versions          []versionRow
	Drafts            []draftRow
	Change, End       string // links that begin a draft
	Sheet             string
}

type versionRow struct {
	From, To, Decision, Href string
	Current, Coming          bool
	Fingerprint              string
}

func (p *publisher) one(w http.ResponseWriter, r *http.Request, by Visitor) error {
	law, on := p.today()
	lang := visitOf(r).lang
	proc, ok := law.Procedure(r.PathValue("code"))
	if !ok {
		return problem.New(problem.NotFound, "err.not-found")
	}
	field, _ := law.Field(proc.Field)
	stands, tag := standing(lang, proc, on)
	page := procedureOne{Name: proc.ShortName, Code: proc.Code, Field: field.Name, Tag: tag, Public: "/tt/" + url.PathEscape(proc.Code), Sheet: sheetHref(proc.Code)}
	for _, v := range slices.Backward(proc.Versions) {
		row := versionRow{From: dayWords(v.From), Decision: v.PublishedBy, Href: page.Public + "/" + v.From, Current: v.Holds(on), Coming: v.From > on, Fingerprint: proc.Fingerprint(v.From)}
		if v.To != "" {
			row.To = dayWords(v.To)
		}
		page.Versions = append(page.Versions, row)
	}
	drafts, err := p.drafts.List(r.Context(), catalogue.Drafting, catalogue.Asked, catalogue.Approved)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if d.Procedure == proc.Code {
			page.Drafts = append(page.Drafts, p.draftRow(lang, d))
		}
	}
	if by.may(officer.Draft) == nil && stands != "ended" {
		page.Change = proceduresPath + "/new?kind=change&code=" + url.QueryEscape(proc.Code)
		page.End = proceduresPath + "/new?kind=end&code=" + url.QueryEscape(proc.Code)
	}
	return p.render(w, r, http.StatusOK, "publish-one", page)
}

// beginPage is where a draft begins: of what, and from which day.
type beginPage struct {
	*Form
	Title string
	Name  string // of the procedure that changes or ends
	Kind  string
	Code  Input
	Known string // its code
	From  Input
	Lead  string
}

func (p *publisher) begin(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	f := p.askedForm(w, r)
	_, on := p.today()
	if f.Typed("from") == "" {
		f.Set("from", dayWords(firstOfNext(on)))
	}
	return p.showBegin(w, r, f)
}

// firstOfNext is the first of the next month that leaves time to decide.
func firstOfNext(on pack.Date) pack.Date {
	t, err := time.Parse(time.DateOnly, on)
	if err != nil {
		return on
	}
	first := time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	if first.Sub(t) < 10*24*time.Hour {
		first = first.AddDate(0, 1, 0)
	}
	return first.Format(time.DateOnly)
}

var draftKinds = []string{string(catalogue.NewVersion), string(catalogue.NewProcedure), string(catalogue.End)}

func (p *publisher) showBegin(w http.ResponseWriter, r *http.Request, f *Form) error {
	law, on := p.today()
	page := beginPage{Form: f, Kind: f.Choice("kind", draftKinds...), Code: f.Input("code", "publish.begin.code"), From: f.Input("from", "publish.begin.from")}
	page.Kind = cmp.Or(page.Kind, string(catalogue.NewProcedure))
	page.Title = p.say(r, "publish.begin."+page.Kind)
	if page.Kind != string(catalogue.NewProcedure) {
		proc, ok := law.Procedure(f.Text("code", 40))
		if !ok {
			return problem.New(problem.NotFound, "err.not-found")
		}
		page.Name, page.Known = proc.ShortName, proc.Code
	}
	page.Code.Classes, page.From.Classes = "govuk-input--width-10", "govuk-input--width-10"
	page.Code.Hint, page.From.Hint = &Hint{Text: p.say(r, "publish.begin.code.hint")}, &Hint{Text: p.say(r, "publish.begin.from.hint")}
	if rule, ok := law.PublishLead(on); ok {
		page.Lead = p.say(r, "publish.begin.lead", "days", rule.Days, "law", law.Words(rule.Law))
	}
	return p.render(w, r, f.Status(), "publish-begin", page)
}

func (p *publisher) began(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := p.postedForm(w, r)
	if err != nil {
		return err
	}
	as, err := by.For(officer.Draft, "")
	if err != nil {
		return err
	}
	_, on := p.today()
	kind, code := f.Choice("kind", draftKinds...), f.Need("code", 40, "publish.err.code")
	from := dayTyped(f, "from")
	switch {
	case from == "" && !f.faulty("from"):
		f.Fault("from", "publish.err.from")
	case from != "" && from <= on:
		f.Fault("from", "publish.found.past", "day", dayWords(from))
	}
	var d catalogue.Draft
	if err = f.Err(); err == nil {
		d, err = p.drafts.Begin(r.Context(), code, catalogue.Purpose(kind), from, as)
	}
	if f.Refused(err) {
		return p.showBegin(w, r, f)
	}
	if err != nil {
		return err
	}
	return p.redirect(w, r, draftHref(d.ID, "edit"))
}

// effectsPage is R5: what changes when.
type effectsPage struct {
	Days []effectDay
}

type effectDay struct {
	Day    string
	Coming bool
	Lines  []effectLine
}

type effectLine struct {
	Name, Href, What string
	Tag              Tag
}

// calendarSpan is how far the calendar of changes looks back and ahead.
const calendarSpan = 366 * 24 * time.Hour

func (p *publisher) calendar(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	law, on := p.today()
	lang := visitOf(r).lang
	first, last := pack.On(p.Now().Add(-calendarSpan)), pack.On(p.Now().Add(calendarSpan))
	byDay := map[pack.Date][]effectLine{}
	add := func(day pack.Date, l effectLine) {
		if day >= first && day <= last {
			byDay[day] = append(byDay[day], l)
		}
	}
	for _, proc := range law.AllProcedures() {
		for i, v := range proc.Versions {
			key := "publish.calendar.change"
			if i == 0 {
				key = "publish.calendar.new"
			}
			add(v.From, effectLine{Name: proc.ShortName, Href: controlHref(proc.Code), What: text.T(lang, key), Tag: Tag{}})
		}
		if proc.To != "" {
			add(dayAfter(proc.To), effectLine{Name: proc.ShortName, Href: controlHref(proc.Code), What: text.T(lang, "publish.calendar.end")})
		}
	}
	drafts, err := p.drafts.List(r.Context(), catalogue.Drafting, catalogue.Asked, catalogue.Approved)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		c, _ := d.Content()
		row := p.draftRow(lang, d)
		add(c.From, effectLine{Name: row.Name, Href: row.Href, What: row.Kind, Tag: row.Tag})
	}
	page := effectsPage{}
	days := make([]pack.Date, 0, len(byDay))
	for day := range byDay {
		days = append(days, day)
	}
	slices.Sort(days)
	slices.Reverse(days)
	for _, day := range days {
		page.Days = append(page.Days, effectDay{Day: dayWords(day), Coming: day > on, Lines: byDay[day]})
	}
	return p.render(w, r, http.StatusOK, "publish-calendar", page)
}

func dayAfter(d pack.Date) pack.Date {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return d
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}
