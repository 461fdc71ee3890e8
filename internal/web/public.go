package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// citizen is the public side of the house (trang cho người dân): finding a
// procedure, reading it, and following a dossier.
type citizen struct {
	*Server
	found    shelf
	shared   keptPages
	guessing *guessing
}

// citizenRoutes declares the pages that need no sign-in.
func (s *Server) citizenRoutes() {
	if s.Dossiers == nil || s.Law == nil {
		return
	}
	c := &citizen{Server: s, guessing: newGuessing()}
	s.public("GET /{$}", c.kept(c.home))
	s.public("GET "+findPath, c.kept(c.search))
	s.public("GET "+findPath+"/goi-y", c.suggest)
	s.public("GET /thu-tuc", c.kept(c.fields))
	s.public("GET /linh-vuc", c.kept(c.fields))
	s.public("GET /linh-vuc/{slug}", c.kept(c.field))
	s.public("GET /tt/{code}", c.kept(c.procedure))
	s.public("GET /tt/{code}/{from}", c.kept(c.procedureVersion))
	c.prepareRoutes()
	s.public("GET /tra-cuu", c.track)
	s.public("POST /tra-cuu", c.trackAsk)
	s.public("GET /t/{token}", c.dossier)
	s.public("GET /robots.txt", c.robots)
	c.payRoutes()
	c.supplementRoutes()
}

// shelf keeps the index of the day's catalogue until the law or the day changes.
type shelf struct {
	mu    sync.Mutex // guards the rest
	key   string
	index *catalogue.Index
}

func (s *shelf) at(law *pack.Pack, on pack.Date) *catalogue.Index {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := law.Version() + "/" + on; key != s.key {
		s.key, s.index = key, catalogue.NewIndex(law, on)
	}
	return s.index
}

// today is the law in force and the day it is asked for.
func (c *citizen) today() (*pack.Pack, pack.Date) { return c.Law.Law(), pack.On(c.Now()) }

// asked is a word put in the address, one line, cleaned; strange is set when it
// holds what no keyboard types.
func asked(r *http.Request, name string) (v string, strange bool) {
	v, clean := tidy(r.URL.Query().Get(name), false)
	return v, !clean
}

// dayAsked is the day for which the page is asked (?ngay=2026-05-08), else
// today. A day that does not exist is refused.
func dayAsked(r *http.Request, today pack.Date) (on pack.Date, given bool, err error) {
	v, _ := asked(r, "ngay")
	if v == "" {
		return today, false, nil
	}
	t, err := time.Parse(time.DateOnly, v)
	if err != nil || t.Year() < 1945 || t.Year() > 2200 {
		return today, false, problem.New(problem.Invalid, "public.err.day")
	}
	return v, true, nil
}

// Errand is a procedure as a link (việc cần làm).
type Errand struct {
	Name, Href string
	Code       string
	Why        string // why a search found it
	Field      string // of a finding
	Limit      string // "3 ngày làm việc"
}

func (c *citizen) errand(lang text.Lang, p *pack.Procedure, on pack.Date) Errand {
	e := Errand{Name: p.ShortName, Href: "/tt/" + url.PathEscape(p.Code), Code: p.Code}
	if v, ok := p.On(on); ok {
		if first, ok := v.Case("", ""); ok {
			e.Limit = limitWords(lang, v, first)
		}
	}
	return e
}

// common are the procedures most people come for, taken in turn from each field
// so that no field fills the list.
func common(law *pack.Pack, on pack.Date, n int) []*pack.Procedure {
	byField := map[string][]*pack.Procedure{}
	for _, p := range law.Procedures(on) {
		if p.Popularity == 1 {
			byField[p.Field] = append(byField[p.Field], p)
		}
	}
	var list []*pack.Procedure
	for round, more := 0, true; more && len(list) < n; round++ {
		more = false
		for _, f := range law.Fields(on) {
			if of := byField[f.Slug]; round < len(of) && len(list) < n {
				list, more = append(list, of[round]), true
			}
		}
	}
	return list
}

func (c *citizen) commonErrands(r *http.Request, n int) []Errand {
	law, on := c.today()
	var list []Errand
	for _, p := range common(law, on, n) {
		list = append(list, c.errand(visitOf(r).lang, p, on))
	}
	return list
}

// homePage is C1.
type homePage struct {
	Search SearchBox
	Top    []Errand
	Fields []FieldLink
}

// home is C1: one search box, the most used errands, tracking, the fields.
func (c *citizen) home(w http.ResponseWriter, r *http.Request) error {
	law, on := c.today()
	return c.renderShared(w, r, "home", homePage{Top: c.commonErrands(r, 8), Fields: fieldLinks(law, on, "")})
}

// FieldLink is a field as a link, with how many procedures it has.
type FieldLink struct {
	Name, Href string
	Count      int
}

// fieldLinks are the fields of the day that have a procedure; query keeps the
// day in the links.
func fieldLinks(law *pack.Pack, on pack.Date, query string) []FieldLink {
	count := map[string]int{}
	for _, p := range law.Procedures(on) {
		count[p.Field]++
	}
	var list []FieldLink
	for _, f := range law.Fields(on) {
		if count[f.Slug] > 0 {
			list = append(list, FieldLink{f.Name, "/linh-vuc/" + url.PathEscape(f.Slug) + query, count[f.Slug]})
		}
	}
	return list
}

// fieldsPage is C3: all fields.
type fieldsPage struct {
	Search SearchBox
	Fields []FieldLink
	Total  int
	AsOf   string
}

func (c *citizen) fields(w http.ResponseWriter, r *http.Request) error {
	law, today := c.today()
	on, given, err := dayAsked(r, today)
	if err != nil {
		return err
	}
	page := fieldsPage{Fields: fieldLinks(law, on, dayQuery(on, given))}
	for _, f := range page.Fields {
		page.Total += f.Count
	}
	if given {
		page.AsOf = c.say(r, "public.as-of", "day", dayWords(on))
	}
	return c.renderShared(w, r, "fields", page)
}

// dayQuery keeps the day that was asked for in a link.
func dayQuery(on pack.Date, given bool) string {
	if !given {
		return ""
	}
	return "?ngay=" + url.QueryEscape(on)
}

// fieldPage is C3: one field, its procedures, the most used first.
type fieldPage struct {
	Crumbs Breadcrumbs
	Name   string
	Owner  string
	AsOf   string
	Common []Errand
	Others []Errand
}

func (c *citizen) field(w http.ResponseWriter, r *http.Request) error {
	law, today := c.today()
	on, given, err := dayAsked(r, today)
	if err != nil {
		return err
	}
	f, ok := law.Field(r.PathValue("slug"))
	if !ok || !f.Holds(on) {
		return problem.New(problem.NotFound, "err.not-found")
	}
	page := fieldPage{Name: f.Name, Crumbs: c.crumbs(r, Crumb{Text: f.Name})}
	for _, p := range law.Procedures(on) {
		if p.Field != f.Slug {
			continue
		}
		e := c.errand(visitOf(r).lang, p, on)
		e.Href += dayQuery(on, given)
		if p.Popularity == 1 {
			page.Common = append(page.Common, e)
		} else {
			page.Others = append(page.Others, e)
		}
	}
	if len(page.Common)+len(page.Others) == 0 {
		return problem.New(problem.NotFound, "err.not-found")
	}
	if u, ok := law.Unit(law.Head().Province+"-"+f.Owner, on); ok {
		page.Owner = c.say(r, "public.field.owner", "unit", u.Name)
	}
	if given {
		page.AsOf = c.say(r, "public.as-of", "day", dayWords(on))
	}
	return c.renderShared(w, r, "field", page)
}

// crumbs lead from home over the fields to here.
func (c *citizen) crumbs(r *http.Request, here ...Crumb) Breadcrumbs {
	return Breadcrumbs{Items: append([]Crumb{
		{Text: c.say(r, "nav.home"), Href: "/"}, {Text: c.say(r, "nav.procedures"), Href: "/thu-tuc"},
	}, here...)}
}

// robots keeps search engines away from dossiers and from the desk.
func (c *citizen) robots(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	return send(w, r, http.StatusOK, []byte("User-agent: *\nDisallow: /t/\nDisallow: /desk\nDisallow: /api/\n"))
}

// dayWords writes a pack date as people read it, "21/05/2022".
func dayWords(d pack.Date) string {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return d
	}
	return t.Format("02/01/2006")
}

// hoursWords says when a desk is open: "thứ Hai đến thứ Sáu 07:00–11:30,
// 13:30–17:00; thứ Bảy 07:00–11:30".
func hoursWords(lang text.Lang, hours lawtime.Hours) string {
	var said []string
	for i := 0; i < 7; {
		first := week[i]
		last := i
		for last+1 < 7 && slices.Equal(hours[week[last+1]], hours[first]) {
			last++
		}
		if len(hours[first]) > 0 {
			said = append(said, weekdays(lang, first, week[last])+" "+windows(hours[first]))
		}
		i = last + 1
	}
	return strings.Join(said, "; ")
}

// week is the week from Monday.
var week = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

func weekdays(lang text.Lang, first, last time.Weekday) string {
	from, to := weekdayKey(first), weekdayKey(last)
	if first == last {
		return text.T(lang, string(from))
	}
	return text.T(lang, "public.weekdays", "from", from, "to", to)
}

func weekdayKey(d time.Weekday) text.Key { return text.Key("say.weekday." + string(rune('0'+int(d)))) }

func windows(ws []lawtime.Window) string {
	var said []string
	for _, w := range ws {
		said = append(said, minuteWords(w.Open)+"–"+minuteWords(w.Close))
	}
	return strings.Join(said, ", ")
}

// minuteWords writes minutes after midnight, "07:00".
func minuteWords(m int) string {
	return time.Date(2000, 1, 1, 0, m, 0, 0, time.UTC).Format("15:04")
}

// limitWords says how long a case takes: "3 ngày làm việc", the legs of an
// inter-agency limit one after the other, or that it is done the same day.
func limitWords(lang text.Lang, v *pack.Version, c pack.Case) string {
	if len(v.Legs) > 0 {
		var said []string
		for _, l := range v.Legs {
			said = append(said, amountWords(lang, l.Limit.Amount, string(l.Limit.Unit)))
		}
		return strings.Join(said, " + ")
	}
	if c.Limit == nil && c.Same {
		return text.T(lang, "procedure.limit.same-day")
	}
	if c.Limit == nil {
		return text.T(lang, "procedure.limit.none")
	}
	return amountWords(lang, c.Limit.Amount, string(c.Limit.Unit))
}

func amountWords(lang text.Lang, n int, unit string) string {
	key := cmp.Or(map[int]string{1: "lawtime.unit."}[n], "lawtime.units.") + unit
	return text.T(lang, "procedure.limit", "n", n, "unit", text.Key(key))
}
