package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// office is the side of the house where dossiers are worked on and signed
// (phòng giải quyết): work lists, the dossier, its acts, signing, what is late.
type office struct{ *Server }

// officeRoutes declares the pages of processing officers and leaders.
func (s *Server) officeRoutes() {
	if s.Dossiers == nil || s.Law == nil || s.Roll == nil {
		return
	}
	o := &office{s}
	s.desk("GET "+workPath, officer.Worklist, o.work)
	s.desk("POST "+workPath, officer.Assign, o.assign)
	o.dossierRoutes()
	o.fileRoutes()
	o.actRoutes()
	o.signRoutes()
	o.lateRoutes()
}

const (
	workPath    = "/desk/work"
	dossierPath = "/desk/dossiers/"
)

// dossierHref is the address of a dossier's page: its code, or its id before
// it has one. Neither says anything of a person.
func dossierHref(d *dossier.Dossier, more ...string) string {
	return dossierPath + url.PathEscape(cmp.Or(string(d.Code), d.ID)) + strings.Join(more, "")
}

// capacities are all in which the visitor serves today, the one of the desk
// taken first.
func (v Visitor) capacities() []officer.By {
	var list []officer.By
	for _, g := range v.Capacities() {
		by, err := v.As(g.Role, g.Unit)
		if err != nil {
			return nil
		}
		if by.Desk != "" && by.Desk == v.Desk {
			list = slices.Insert(list, 0, by)
		} else {
			list = append(list, by)
		}
	}
	return list
}

// named gives officers their names; one who is not on the roll keeps the id,
// and the program itself has a word of its own.
func (o *office) named(ctx context.Context, lang text.Lang) func(id string) string {
	known := map[string]string{"": text.T(lang, "work.system")}
	return func(id string) string {
		name, ok := known[id]
		if !ok {
			name = id
			if who, err := o.Roll.Officer(ctx, officer.Console(), id); err == nil {
				name = who.Name
			}
			known[id] = name
		}
		return name
	}
}

// workPage is P1.
type workPage struct {
	*Form
	Title     string
	Done      string // what was just done elsewhere
	Seats     []choiceLink
	Queues    []queueLink
	Kept      []Field // the filter, for the form that narrows it
	Procedure Select
	Unit      *Select
	Rows      []workRow
	Empty     string
	Next      string
	First     string
	Address   string // of this list, for the form that assigns
	Officer   *Select
	Results   []assigned
	Keys      Keys
}

// choiceLink is one of several ways to see a page.
type choiceLink struct {
	Text, Href string
	Current    bool
}

// queueLink is a ready-made list with how much lies in it.
type queueLink struct {
	Text, Href string
	Count      many
	Current    bool
}

// workRow is a dossier in a work list.
type workRow struct {
	ID, Code, Href string
	Person         string
	Procedure      string
	Step           string
	Holder         string
	Left           Badge
	Due            time.Time
	Source         string
	Assignee       string
}

// assigned is what came of assigning one dossier.
type assigned struct {
	Code, Text string
	OK         bool
}

// work is P1: what there is to do, the ready-made lists first.
func (o *office) work(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return o.showWork(w, r, by, o.askedForm(w, r), r.URL.Query(), nil)
}

// seat is the capacity whose work is shown: the one asked for, else the first
// that has a work list.
func (by Visitor) seat(asked string, p officer.Permission) (officer.By, []officer.By, error) {
	var seats []officer.By
	for _, c := range by.capacities() {
		if c.Can(p) {
			seats = append(seats, c)
		}
	}
	if len(seats) == 0 {
		_, err := by.For(p, "")
		return officer.By{}, nil, cmp.Or(err, error(problem.New(problem.Forbidden, "web.forbidden")))
	}
	for _, c := range seats {
		if c.Capacity() == asked {
			return c, seats, nil
		}
	}
	if asked != "" {
		return officer.By{}, nil, problem.New(problem.NotFound, "err.not-found")
	}
	return seats[0], seats, nil
}

// filterOf reads the filter from the address. A queue that does not exist or a
// page token that is not the officer's own is refused by the register (rel-B-A05).
func filterOf(q url.Values) dossier.Filter {
	f := dossier.Filter{
		Queue: dossier.Queue(cmp.Or(q.Get("queue"), string(dossier.Mine))), Procedure: q.Get("procedure"),
		Unit: pack.UnitKey(q.Get("unit")), After: q.Get("after"), Limit: 50,
	}
	return f
}

// address is the address of a list, with one part of its filter changed.
func address(q url.Values, change ...string) string {
	out := url.Values{}
	for _, name := range []string{"queue", "procedure", "unit", "as"} {
		if v := q.Get(name); v != "" {
			out.Set(name, v)
		}
	}
	for i := 0; i+1 < len(change); i += 2 {
		out.Del(change[i])
		if change[i+1] != "" {
			out.Set(change[i], change[i+1])
		}
	}
	if len(out) == 0 {
		return workPath
	}
	return workPath + "?" + out.Encode()
}

func (o *office) showWork(w http.ResponseWriter, r *http.Request, by Visitor, f *Form, q url.Values, results []assigned) error {
	as, seats, err := by.seat(q.Get("as"), officer.Worklist)
	if err != nil {
		return err
	}
	filter := filterOf(q)
	list, err := o.Dossiers.List(r.Context(), as, filter)
	if err != nil {
		return err
	}
	counts, err := o.Dossiers.Counts(r.Context(), as, dossier.Queues...)
	if err != nil {
		return err
	}
	lang, law := visitOf(r).lang, o.Law.Law()
	p := workPage{
		Form: f, Title: text.T(lang, "work.queue."+string(filter.Queue)), Address: address(q), Results: results,
		Done: doneWords(lang, q.Get("done")), Empty: text.T(lang, "work.empty."+string(filter.Queue)),
	}
	for _, c := range seats {
		if len(seats) > 1 {
			p.Seats = append(p.Seats, choiceLink{capacityWords(lang, law, c.Capacity(), pack.On(list.Now)), address(q, "as", c.Capacity(), "unit", ""), c.Capacity() == as.Capacity()})
		}
	}
	for _, name := range dossier.Queues {
		p.Queues = append(p.Queues, queueLink{text.T(lang, "work.queue."+string(name)), address(q, "queue", string(name)), many(counts[name]), name == filter.Queue})
	}
	name := o.named(r.Context(), lang)
	for i := range list.Dossiers {
		p.Rows = append(p.Rows, o.row(lang, law, list.Now, &list.Dossiers[i], name))
		p.Rows[i].Href += "?from=" + string(filter.Queue)
	}
	if list.Next != "" {
		p.Next = address(q, "after", list.Next)
	}
	if filter.After != "" {
		p.First = address(q)
	}
	o.filters(&p, q, law, as, list.Now)
	p.Officer = o.assignees(r, f, by)
	p.Keys = Keys{[]KeyHelp{{"↑ ↓", text.T(lang, "work.key.move")}, {"Enter", text.T(lang, "work.key.open")}, {"x", text.T(lang, "work.key.select")}, {"Ctrl+A", text.T(lang, "work.key.all")}, {"Ctrl+K", text.T(lang, "keys.find")}}}
	return o.render(w, r, f.Status(), "work", p)
}

// filters are the boxes that narrow the list.
func (o *office) filters(p *workPage, q url.Values, law *pack.Pack, as officer.By, now time.Time) {
	any := text.T(p.Lang, "work.filter.any")
	shown := url.Values{"procedure": {q.Get("procedure")}, "unit": {q.Get("unit")}}
	f := &Form{Lang: p.Lang, values: shown, faults: noFaults()}
	procedures := []Option{{Text: any}}
	for _, proc := range law.Procedures(pack.On(now)) {
		procedures = append(procedures, Option{Value: proc.Code, Text: proc.ShortName + " " + proc.Code})
	}
	p.Procedure = f.Select("procedure", "work.filter.procedure", procedures...)
	for _, name := range []string{"queue", "as"} {
		if v := q.Get(name); v != "" {
			p.Kept = append(p.Kept, Field{name, v})
		}
	}
	units := []Option{{Text: any}}
	for _, key := range as.Scope() {
		if u, ok := law.UnitByKey(key); ok && u.Holds(pack.On(now)) {
			units = append(units, Option{Value: string(key), Text: u.Name})
		}
	}
	if len(units) > 2 {
		s := f.Select("unit", "work.filter.unit", units...)
		p.Unit = &s
	}
}

// row is a dossier as one line.
func (o *office) row(lang text.Lang, law *pack.Pack, now time.Time, d *dossier.Dossier, name func(string) string) workRow {
	row := workRow{
		ID: d.ID, Code: cmp.Or(string(d.Code), text.T(lang, "work.no-code")), Href: dossierHref(d), Person: d.Person().Name, Procedure: d.Procedure,
		Step: stepWords(lang, law, now, d), Left: timeLeft(lang, law, now, d), Due: d.Promise(),
		Source: text.T(lang, "channel."+d.Channel), Holder: unitName(law, d.Holder),
	}
	if p, ok := law.Procedure(d.Procedure); ok {
		row.Procedure = p.ShortName
	}
	if d.Assignee != "" {
		row.Assignee = name(d.Assignee)
	}
	return row
}

// stepWords says where the dossier is in its internal process, or what it
// waits for.
func stepWords(lang text.Lang, law *pack.Pack, now time.Time, d *dossier.Dossier) string {
	if d.State != dossier.Accepted && d.State != dossier.Processing {
		return text.T(lang, "state."+string(d.State))
	}
	step := dossier.World{Now: now, Law: law}.StepOf(d)
	return cmp.Or(step.Action, text.T(lang, "work.step."+step.Kind))
}

// timeLeft is the dossier's date in words and shape (ux 5.2). Before it is
// accepted, what counts is the time to answer.
func timeLeft(lang text.Lang, law *pack.Pack, now time.Time, d *dossier.Dossier) Badge {
	l := Left{Due: d.Clock.Due, Provisional: d.Clock.Provisional}
	left, running := d.Left(law, now)
	check := dossier.World{Now: now, Law: law}.CheckUntil(d)
	clock, open := law.Clock(d.Desk, nil, pack.On(now))
	switch {
	case d.Result != nil:
		l.Done, l.Late = true, d.Grade(now) == "late"
	case d.State.Final():
		return Badge{Shape: "●", Class: "done", Text: text.T(lang, "state."+string(d.State))}
	case d.Paused() || d.State == dossier.Supplement:
		l.Paused = true
	case running:
		l.count(left, lawtime.Grade(d.Clock.Due, now) == "late")
	case !check.IsZero() && open:
		l.Due = check
		left = lawtime.Remaining(clock, now, check)
		l.count(left, left.Late)
	case d.ReceivedAt.IsZero():
		return Badge{Shape: "●", Class: "paused", Text: text.T(lang, "work.left.not-yet")}
	}
	return l.badge(lang, now)
}

// count splits working time into days of the desk and hours. Lateness is by
// date: after the hour but on the day, nothing remains and nothing is late.
func (l *Left) count(left lawtime.Left, late bool) {
	l.Late = late
	if left.Late && !late {
		return
	}
	full := max(left.FullDay, 1)
	l.Days, l.Hours = left.Minutes/full, left.Minutes%full/60
}

// capacityWords says a journal's capacity, "receptionist@12-Q20", in words, with
// the unit that had the code on that day.
func capacityWords(lang text.Lang, law *pack.Pack, capacity string, on pack.Date) string {
	role, unit, _ := strings.Cut(capacity, "@")
	key := "officer.role." + role
	if !text.Has(key) {
		key = "work.capacity." + role
		if !text.Has(key) {
			return capacity
		}
	}
	if u, ok := law.Unit(unit, on); ok {
		return text.T(lang, key) + ", " + u.Name
	}
	return text.T(lang, key)
}

// doneWords says which act was just done; anything else in the address is
// nothing.
func doneWords(lang text.Lang, act string) string {
	if !slices.Contains(dossier.ActNames(), act) {
		return ""
	}
	return text.T(lang, "work.done", "act", text.Key("act."+act))
}

// assignees is the box of officers to whom the visitor may give work; nil
// when the visitor assigns nothing.
func (o *office) assignees(r *http.Request, f *Form, by Visitor) *Select {
	as, _, err := by.seat("", officer.Assign)
	if err != nil {
		return nil
	}
	options := []Option{{Value: by.Officer.ID, Text: text.T(f.Lang, "work.assign.me", "name", by.Officer.Name)}}
	if as.Role != officer.Processor {
		options = append(options, o.workers(r.Context(), by)...)
	}
	s := f.Select("officer", "work.assign.to", options...)
	return &s
}

// workers are the officers, other than the visitor, who work on dossiers of
// units in which the visitor assigns.
func (o *office) workers(ctx context.Context, by Visitor) []Option {
	var list []Option
	today := pack.On(o.Now())
	sees := func(u pack.UnitKey) bool {
		return slices.ContainsFunc(by.capacities(), func(c officer.By) bool { return c.Can(officer.Assign) && c.Sees(u) })
	}
	all, err := o.Roll.List(ctx, officer.Console(), officer.Filter{Role: officer.Processor, Limit: 5000})
	if err != nil {
		return nil
	}
	for _, who := range all {
		works := slices.ContainsFunc(who.Grants, func(g officer.Grant) bool {
			return g.Role == officer.Processor && g.Holds(today) && sees(g.Unit)
		})
		if works && who.Active && who.ID != by.Officer.ID {
			list = append(list, Option{Value: who.ID, Text: who.Name})
		}
	}
	return list
}

// mostAtOnce bounds how many dossiers one form may assign: a page of the list.
const mostAtOnce = 200

// assign gives the ticked dossiers to an officer, one act each. One that
// cannot be given does not hold the others up, and each has its own answer.
func (o *office) assign(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := o.postedForm(w, r)
	if err != nil {
		return err
	}
	ids := f.values["code"]
	box := o.assignees(r, f, by)
	var who string
	if box != nil {
		who = f.Choice("officer", values(box.Items)...)
	}
	if who == "" {
		f.Fault("officer", "work.err.officer")
	}
	if len(ids) == 0 || len(ids) > mostAtOnce {
		f.Fault("code", "work.err.none-ticked")
	}
	if f.Refused(f.Err()) {
		return o.showWork(w, r, by, f, r.URL.Query(), nil)
	}
	var results []assigned
	for _, id := range ids {
		results = append(results, o.assignOne(r, by, f, id, who))
	}
	return o.showWork(w, r, by, f, r.URL.Query(), results)
}

func values(items []Option) []string {
	var list []string
	for _, it := range items {
		list = append(list, it.Value)
	}
	return list
}

func (o *office) assignOne(r *http.Request, by Visitor, f *Form, id, who string) assigned {
	d, err := o.do(r, by, id, &dossier.Assign{Officer: who}, f.Key+"/"+id, 0)
	line := assigned{Code: cmp.Or(string(d.Code), id), OK: err == nil}
	p, ok := problem.As(err)
	switch {
	case err == nil:
		line.Text = text.T(f.Lang, "work.assigned", "name", o.named(r.Context(), f.Lang)(who))
	case ok && len(p.Fields) > 0:
		line.Text = text.Field(f.Lang, p.Fields[0])
	case ok:
		line.Text = text.Problem(f.Lang, p)
	default:
		o.Log.ErrorContext(r.Context(), "assigning broke", "ref", visitOf(r).ref, "err", err)
		line.Text = text.T(f.Lang, "web.fault.title")
	}
	return line
}
