package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

const (
	unitsPath    = adminPath + "/units"
	calendarPath = adminPath + "/calendar"
)

// unitRoutes declares the organisation and the calendar (ux A2).
func (a *admin) unitRoutes() {
	a.desk("GET "+unitsPath, officer.Units, a.units)
	a.desk("GET "+unitsPath+"/{key}", officer.Units, a.unit)
	a.desk("GET "+calendarPath, officer.Units, a.calendar)
}

// unitsPage is the tree of units as of a day.
type unitsPage struct {
	*Form
	On           Input
	Day          string
	Count, Desks int
	Roots        []unitNode
	Turns        []choiceLink // days from which the organisation was another
}

// unitNode is a unit with those below it.
type unitNode struct {
	Name, Code, Href string
	Desk, Pilot      bool
	Below            []unitNode
}

func (a *admin) units(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	f := a.askedForm(w, r)
	law, on := a.today()
	on = cmp.Or(dayTyped(f, "on"), on)
	units := law.Units(on)
	p := unitsPage{Form: f, On: f.Input("on", "admin.on"), Day: dayWords(on), Count: len(units), Desks: len(law.Desks(on))}
	p.On.Value, p.On.Classes = cmp.Or(f.Typed("on"), dayWords(on)), "govuk-input--width-10"
	below := map[pack.UnitKey][]pack.Unit{}
	for _, u := range units {
		parent, _ := law.Parent(u.Key, on)
		below[parent.Key] = append(below[parent.Key], u)
	}
	p.Roots = nodes(law, below, "", on)
	days := turns(law)
	for i, day := range days {
		until := i > 0 && days[i-1] <= on
		p.Turns = append(p.Turns, choiceLink{a.say(r, "admin.units.from", "day", dayWords(day)), unitsPath + "?on=" + day, day <= on && !until})
	}
	return a.render(w, r, f.Status(), "units", p)
}

func nodes(law *pack.Pack, below map[pack.UnitKey][]pack.Unit, key pack.UnitKey, on pack.Date) []unitNode {
	var list []unitNode
	for _, u := range below[key] {
		_, open := law.DeskHours(u.Key, on)
		list = append(list, unitNode{Name: u.Name, Code: u.Code, Href: unitHref(u.Key), Desk: open, Pilot: u.Pilot, Below: nodes(law, below, u.Key, on)})
	}
	return list
}

func unitHref(key pack.UnitKey) string { return unitsPath + "/" + url.PathEscape(string(key)) }

// turns are the days on which units began, the newest first: each step asks
// the organisation of the day before the last turn found.
func turns(law *pack.Pack) []pack.Date {
	var days []pack.Date
	_, last := law.CalendarSpan()
	for probe := last; probe != ""; {
		next := ""
		for _, u := range law.Units(probe) {
			if u.From == "" || slices.Contains(days, u.From) {
				continue
			}
			days = append(days, u.From)
			next = max(next, shifted(u.From, -1))
		}
		probe = next
	}
	slices.Sort(days)
	slices.Reverse(days)
	return days
}

// shifted is the day so many days later.
func shifted(d pack.Date, days int) pack.Date {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}

// unitPage is one unit through time.
type unitPage struct {
	Unit          pack.Unit
	Facts         SummaryList
	Before, After []unitNode
	Agency        []agencyLine
	Hours         []hoursLine
	Takes         []procedureLine // what its desk may take in
	Decides       []procedureLine // what it is competent for
	On            string          // the day the two lists hold for
}

// agencyLine is one code for dossier codes (mã định danh).
type agencyLine struct {
	Code, When string
	Invented   bool
}

// hoursLine are a desk's hours in a period.
type hoursLine struct{ When, Intake, Counting, Note string }

// procedureLine is a procedure in a list.
type procedureLine struct{ Code, Name, Href, Note string }

func (a *admin) unit(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	law, on := a.today()
	u, ok := law.UnitByKey(pack.UnitKey(r.PathValue("key")))
	if !ok {
		return problem.New(problem.NotFound, "err.not-found")
	}
	if !u.Holds(on) { // a unit of the past, or of the future, on its last or first day
		on = cmp.Or(u.To, u.From)
	}
	lang := visitOf(r).lang
	p := unitPage{Unit: u, Facts: a.unitFacts(lang, law, u), On: dayWords(on), After: unitLinks(law.After(u.Key))}
	for _, key := range u.Before {
		if before, ok := law.UnitByKey(key); ok {
			p.Before = append(p.Before, unitLinks([]pack.Unit{before})...)
		}
	}
	for _, code := range u.Agency {
		p.Agency = append(p.Agency, agencyLine{code.Code, spanWords(lang, code.Span), code.Invented})
	}
	if u.Desk != nil {
		for _, h := range u.Desk.Hours {
			p.Hours = append(p.Hours, hoursLine{spanWords(lang, h.Span), hoursWords(lang, h.Intake), hoursWords(lang, h.Counting), h.Note})
		}
		for _, proc := range law.Receivable(u.Code, on) {
			p.Takes = append(p.Takes, procedureLine{proc.Code, proc.Name, procedureHref(proc.Code), ""})
		}
	}
	if u.Level != pack.Counter {
		for _, proc := range law.Procedures(on) {
			if rows := law.Competences(proc.Code, u.Code, on); len(rows) > 0 {
				p.Decides = append(p.Decides, procedureLine{proc.Code, proc.Name, procedureHref(proc.Code), rows[0].Scope})
			}
		}
	}
	return a.render(w, r, http.StatusOK, "unit", p)
}

func procedureHref(code string) string { return "/tt/" + url.PathEscape(code) }

func unitLinks(units []pack.Unit) []unitNode {
	var list []unitNode
	for _, u := range units {
		list = append(list, unitNode{Name: u.Name, Code: u.Code, Href: unitHref(u.Key)})
	}
	return list
}

func (a *admin) unitFacts(lang text.Lang, law *pack.Pack, u pack.Unit) SummaryList {
	var list SummaryList
	add := func(key, value string) {
		if value != "" {
			list.Rows = append(list.Rows, Row{Key: Said{Text: text.T(lang, key)}, Value: Said{Text: value}})
		}
	}
	add("admin.unit.code", u.Code)
	add("admin.unit.level", text.T(lang, "admin.level."+string(u.Level)))
	add("admin.unit.force", spanWords(lang, u.Span))
	var parents []string
	for _, parent := range u.Parents {
		parents = append(parents, unitName(law, parent.Unit)+" ("+spanWords(lang, parent.Span)+")")
	}
	add("admin.unit.parents", strings.Join(parents, "; "))
	var serves []string
	for _, code := range u.Serves {
		name := code
		if s, ok := law.Unit(code, cmp.Or(u.To, pack.On(a.Now()))); ok {
			name = s.Name
		}
		serves = append(serves, name)
	}
	add("admin.unit.serves", strings.Join(serves, "; "))
	add("admin.unit.address", u.Address)
	add("admin.unit.phone", u.Phone)
	if u.Pilot {
		add("admin.unit.pilot", text.T(lang, "admin.yes"))
	}
	add("admin.unit.note", u.Note)
	if !u.Verified {
		add("admin.unit.source", text.T(lang, "admin.unit.unverified"))
	}
	return list
}

// spanWords says when something is in force: "từ 01/03/2025 đến hết 30/06/2025".
func spanWords(lang text.Lang, s pack.Span) string {
	key := "admin.span"
	switch {
	case s.From == "" && s.To == "":
		key = "admin.span.always"
	case s.From == "":
		key = "admin.span.until"
	case s.To == "":
		key = "admin.span.since"
	}
	return text.T(lang, key, "from", dayWords(s.From), "to", dayWords(s.To))
}

// calendarPage are the listed days of a year, for the province or one desk.
type calendarPage struct {
	*Form
	Desk    Select
	Years   []choiceLink
	Year    int
	Days    []dayLine
	Span    string
	MayAdd  bool
	NewHref string
}

// dayLine is one listed day with who said so.
type dayLine struct {
	Date, Kind, Name, Law string
	Notice, NoticeHref    string // "" for a day of the year's own list
	Announced             string
	Late                  bool // announced when the year had begun
	Over                  bool // a later listing rules
}

func (a *admin) calendar(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f := a.askedForm(w, r)
	law, on := a.today()
	from, to := law.CalendarSpan()
	first, last := yearOf(from), yearOf(to)
	year := min(max(yearOf(on), first), last)
	if f.Typed("year") != "" {
		year = f.Int("year", first, last)
	}
	p := calendarPage{Form: f, Year: year, Span: spanWords(f.Lang, pack.Span{From: from, To: to}), MayAdd: by.may(officer.Law) == nil, NewHref: noticesPath + "/new"}
	desks := []Option{{Text: a.say(r, "admin.calendar.province")}}
	calendar := law.Calendar()
	for _, d := range law.Desks(on) {
		desks = append(desks, Option{Value: string(d.Key), Text: d.Name})
		if string(d.Key) == f.Typed("desk") {
			calendar = law.CalendarFor(d.Key)
		}
	}
	p.Desk = f.Select("desk", "admin.calendar.desk", desks...)
	for y := first; y <= last; y++ {
		q := url.Values{"year": {strconv.Itoa(y)}, "desk": {f.Typed("desk")}}
		p.Years = append(p.Years, choiceLink{strconv.Itoa(y), calendarPath + "?" + q.Encode(), y == year})
	}
	start := strconv.Itoa(year) + "-01-01"
	for day := start; yearOf(day) == year; day = shifted(day, 1) {
		listed := calendar.Listed(day)
		for i, l := range listed {
			line := a.dayLine(f.Lang, law, l)
			line.Over = i < len(listed)-1
			p.Days = append(p.Days, line)
		}
	}
	return a.render(w, r, f.Status(), "calendar", p)
}

func yearOf(d pack.Date) int {
	if len(d) < 4 {
		return 0
	}
	y, _ := strconv.Atoi(d[:4])
	return y
}

func (a *admin) dayLine(lang text.Lang, law *pack.Pack, l lawtime.CalendarDay) dayLine {
	line := dayLine{Date: weekdayWords(lang, l.Date), Kind: text.T(lang, "admin.day."+string(l.Kind)), Name: l.Name}
	if l.Law != "" {
		line.Law = law.Words(l.Law)
	}
	if l.Replaces != "" {
		line.Kind = text.T(lang, "admin.day.replaces", "kind", line.Kind, "day", dayWords(l.Replaces))
	}
	for _, n := range law.Notices() {
		if slices.Contains(n.Days, l) {
			line.Notice, line.NoticeHref, line.Announced = n.Title, noticeHref(n.ID), dayWords(n.Announced)
			line.Late = n.Announced >= l.Date[:4]
			if line.Law == "" && n.Law != "" {
				line.Law = law.Words(n.Law)
			}
		}
	}
	return line
}

// weekdayWords writes a pack date with its weekday, "thứ Năm 05/03/2026".
func weekdayWords(lang text.Lang, d pack.Date) string {
	t, err := time.ParseInLocation(time.DateOnly, d, vietnam)
	if err != nil {
		return d
	}
	return sayDate(lang, t)
}
