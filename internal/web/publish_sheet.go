package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"quay20/internal/catalogue"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/text"
)

// sheetsPath is where notice sheets are printed (bản niêm yết, ux PR9).
const sheetsPath = "/desk/notice-sheets"

func sheetHref(code string) string { return sheetsPath + "/" + url.PathEscape(code) + ".pdf" }

// sheetRoutes declares the notice sheets. What hangs on a wall is public, so
// every officer may print it.
func (p *publisher) sheetRoutes() {
	p.desk("GET "+sheetsPath, AnyOfficer, p.sheets)
	p.desk("GET "+sheetsPath+"/{sheet}", AnyOfficer, p.sheet)
	p.desk("GET "+sheetsPath+"/field/{sheet}", AnyOfficer, p.booklet)
}

// sheetsPage offers the sheets of a desk by field.
type sheetsPage struct {
	*Form
	Desk, Paper Select
	Fields      []sheetField
	Code        string
}

type sheetField struct {
	Name, Booklet string
	Procedures    []ErrorItem
}

var sheetPapers = []string{"A4", "A3"}

func (p *publisher) sheets(w http.ResponseWriter, r *http.Request, by Visitor) error {
	law, on := p.today()
	f := p.askedForm(w, r)
	if !f.values.Has("desk") {
		f.Set("desk", by.Desk)
	}
	options, codes := []Option{{Text: p.say(r, "publish.sheets.any")}}, []string{}
	for _, u := range law.Desks(on) {
		options, codes = append(options, Option{Value: u.Code, Text: u.Name}), append(codes, u.Code)
	}
	var papers []Option
	for _, x := range sheetPapers {
		papers = append(papers, Option{Value: x, Text: x})
	}
	desk, paper := f.Choice("desk", codes...), cmp.Or(f.Choice("paper", sheetPapers...), "A4")
	page := sheetsPage{Form: f, Desk: f.Select("desk", "publish.sheets.desk", options...), Paper: f.Select("paper", "publish.sheets.paper", papers...)}
	procs := law.Procedures(on)
	if desk != "" {
		procs = law.Receivable(desk, on)
	}
	query := "?paper=" + paper
	if desk != "" {
		query += "&desk=" + url.QueryEscape(desk)
	}
	for _, field := range law.Fields(on) {
		group := sheetField{Name: field.Name, Booklet: sheetsPath + "/field/" + url.PathEscape(field.Slug) + ".pdf" + query}
		for _, proc := range procs {
			if proc.Field == field.Slug {
				group.Procedures = append(group.Procedures, ErrorItem{proc.ShortName, sheetHref(proc.Code) + query})
			}
		}
		if group.Procedures != nil {
			page.Fields = append(page.Fields, group)
		}
	}
	return p.render(w, r, f.Status(), "publish-sheets", page)
}

// sheet is the sheet of one procedure, as of today or of ?day=.
func (p *publisher) sheet(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	code, ok := strings.CutSuffix(r.PathValue("sheet"), ".pdf")
	proc, known := p.Law.Law().Procedure(code)
	if !ok || !known {
		return problem.New(problem.NotFound, "err.not-found")
	}
	return p.printSheets(w, r, "", []*pack.Procedure{proc}, fileName("niem-yet", code)+".pdf")
}

// booklet is all procedures of a field that the desk receives.
func (p *publisher) booklet(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	slug, ok := strings.CutSuffix(r.PathValue("sheet"), ".pdf")
	law, on := p.today()
	field, known := law.Field(slug)
	if !ok || !known {
		return problem.New(problem.NotFound, "err.not-found")
	}
	procs := law.Procedures(on)
	if desk := r.URL.Query().Get("desk"); desk != "" {
		procs = law.Receivable(desk, on)
	}
	procs = slices.DeleteFunc(slices.Clone(procs), func(x *pack.Procedure) bool { return x.Field != slug })
	if len(procs) == 0 {
		return problem.New(problem.NotFound, "err.not-found")
	}
	return p.printSheets(w, r, field.Name, procs, fileName("niem-yet", slug)+".pdf")
}

func (p *publisher) printSheets(w http.ResponseWriter, r *http.Request, field string, procs []*pack.Procedure, name string) error {
	law, today := p.today()
	q := r.URL.Query()
	n := slip.Notice{Paper: "A4", Agency: strings.ToUpper(law.Head().Police), Field: field, At: p.Now()}
	if q.Get("paper") == "A3" {
		n.Paper = "A3"
	}
	if desk, ok := law.Unit(q.Get("desk"), today); ok {
		n.Desk, n.Phone = desk.Name, desk.Phone
		if hours, ok := law.DeskHours(desk.Key, today); ok {
			n.Hours = hoursWords(text.Vi, hours.Intake)
		}
	}
	for _, proc := range procs {
		on := today
		if day := q.Get("day"); day != "" {
			if _, ok := proc.On(day); !ok {
				return problem.New(problem.NotFound, "err.not-found")
			}
			on = day
		}
		n.Procedures = append(n.Procedures, p.noticeOf(law, proc, within(nearest(proc, on), on), today))
	}
	pdf, err := slip.NoticeSheet(n)
	if err != nil {
		return err
	}
	return p.paper(w, r, name, "application/pdf", pdf, false)
}

// noticeOf is a procedure as it stands on a wall on a day: C4 in print.
func (p *publisher) noticeOf(law *pack.Pack, proc *pack.Procedure, on, today pack.Date) slip.NoticeProcedure {
	say := func(key string, args ...any) string { return text.T(text.Vi, key, args...) }
	c := &citizen{Server: p.Server}
	v, _ := proc.On(on)
	rd := &reading{citizen: c, lang: text.Vi, law: law, p: proc, v: v, today: today, on: on, path: "/tt/" + url.PathEscape(proc.Code)}
	content := catalogue.ContentOf(proc, on)
	lines := func(item catalogue.Item) []string { return content.Lines(item, law, text.Vi) }
	typed := p.origin.Host + "/tt/" + proc.Code
	one := slip.NoticeProcedure{
		Name: proc.ShortName, Code: proc.Code, Official: cmp.Or(proc.Official, proc.Name), Since: say("procedure.from", "from", dayWords(v.From)),
		Fingerprint: proc.Fingerprint(on), Typed: typed,
	}
	one.Address = p.Origin + "/tt/" + url.PathEscape(proc.Code) + "?" + sheetQuery + "=" + one.Fingerprint
	if v.PublishedBy != "" {
		one.Decision = say("slip.notice.decision", "number", v.PublishedBy)
	}
	if next := nextFrom(proc, today); next != "" && on < next {
		one.Coming = say("procedure.future", "day", dayWords(next))
	}
	for _, fact := range rd.box(rd.chosen()).Facts {
		one.Facts = append(one.Facts, slip.NoticePart{Title: fact.Question, Lines: []string{fact.Answer}})
	}
	for _, item := range catalogue.StatutoryItems {
		if item == catalogue.ItemName {
			continue
		}
		one.Parts = append(one.Parts, slip.NoticePart{Title: say(string(item.Word())), Lines: lines(item)})
	}
	return one
}

// sheetQuery names the fingerprint of a sheet in an address: /tt/1.004194?ban=…
const sheetQuery = "ban"

// sheetNotice says, to whoever scanned a sheet on a wall, whether it still
// holds.
func (rd *reading) sheetNotice(r *http.Request) []pageNotice {
	fingerprint, strange := asked(r, sheetQuery)
	if fingerprint == "" || strange {
		return nil
	}
	here := "/tt/" + url.PathEscape(rd.p.Code)
	s := rd.p.SheetOf(strings.ToLower(fingerprint), rd.today)
	switch {
	case !s.Known:
		return []pageNotice{{rd.say("publish.sheet.unknown"), rd.say("publish.sheet.see"), here}}
	case s.From > rd.today:
		return []pageNotice{{Text: rd.say("publish.sheet.coming", "day", dayWords(s.From))}}
	case s.To == "" || s.To >= rd.today:
		return []pageNotice{{Text: rd.say("publish.sheet.good", "day", dayWords(rd.today))}}
	}
	return []pageNotice{{rd.say("publish.sheet.stale", "day", dayWords(dayAfter(s.To))), rd.say("publish.sheet.see"), here}}
}
