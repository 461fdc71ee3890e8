package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// day is a day of the year and how much it draws people.
type day struct {
	date   pack.Date
	begin  time.Time
	weight float64
}

// How the days of a week draw people; Saturday is for desks with hours then.
var weekdays = [7]float64{time.Monday: 1.35, time.Tuesday: 1.1, time.Wednesday: 1, time.Thursday: 0.95, time.Friday: 0.85, time.Saturday: 0.9}

// calendar weighs the days: Mondays, ends of months and the days after a long
// closure such as Tết draw more, the days before one fewer.
func (s *simulation) calendar() {
	cal := s.law.Calendar()
	for t := midnight(s.plan.From); pack.On(t) <= s.plan.To; t = t.AddDate(0, 0, 1) {
		d := day{date: pack.On(t), begin: t}
		_, listed := cal.Why(d.date)
		if cal.Counting(d.date) || t.Weekday() == time.Saturday && !listed {
			d.weight = weekdays[t.Weekday()]
		}
		if cal.Counting(d.date) {
			if t.AddDate(0, 0, 4).Month() != t.Month() {
				d.weight *= 1.25
			}
			d.weight *= 1 + 0.25*float64(closedBefore(cal, t, -1)) - 0.12*float64(closedBefore(cal, t, 1))
		}
		s.days = append(s.days, d)
	}
}

// closedBefore is how much of a long closure lies within three working days
// before (step -1) or after (1) a day, from 0 to 3: the nearer, the more.
func closedBefore(cal lawtime.Calendar, t time.Time, step int) int {
	near := 3
	for closed := 0; near > 0; {
		t = t.AddDate(0, 0, step)
		if cal.Counting(pack.On(t)) {
			closed, near = 0, near-1
			continue
		}
		if closed++; closed >= 4 {
			return near
		}
	}
	return 0
}

// office is a desk as people see it: its hours, what it takes, how full it is.
type office struct {
	unit     pack.Unit
	clock    lawtime.Clock
	intake   lawtime.Hours
	counters int     // receptionists
	weight   float64 // against other desks of its level
	eras     []era   // what it takes, in order of time
	desk     []officer.By
	taken    map[time.Time]int // counters busy at that time
}

// era is a time in which a desk takes the same procedures.
type era struct {
	from  pack.Date
	draw  float64 // against the desk's first era
	lines []errand
	total float64
}

// errand is a procedure that people bring to a desk.
type errand struct {
	proc   *pack.Procedure
	weight float64
}

// What people come for: how common the procedures of a field are beside their
// own popularity. Fields of the pack that are not named here draw a little.
var fields = map[string]float64{
	"cu-tru": 1, "can-cuoc": 1, "xuat-nhap-canh": 0.8, "dang-ky-xe": 1, "antt": 0.4, "con-dau": 0.3, "pccc": 0.3,
	"vu-khi": 0.1, "chinh-sach": 0.3, "to-chuc-can-bo": 0.4, "khieu-nai-to-cao": 0.06,
}

var popularity = map[int]float64{1: 12, 2: 3, 3: 0.6}

// levels are the shares of the tiers: most people go to their commune.
var levels = map[pack.Level]float64{pack.Commune: 0.58, pack.District: 0.24, pack.Counter: 0.15, pack.Department: 0.03}

// open looks at every desk of the first day: who they serve, how big they are.
func (s *simulation) open() {
	changes := s.changes()
	for _, u := range s.law.Desks(s.plan.From) {
		hours, _ := s.law.DeskHours(u.Key, s.plan.From)
		clock, ok := s.law.Clock(u.Key, nil, s.plan.From)
		o := &office{unit: u, clock: clock, intake: hours.Intake, counters: 1, weight: s.size(u), taken: map[time.Time]int{}}
		if o.weight >= 2 {
			o.counters = 2
		}
		for _, from := range changes {
			o.add(s.takes(u, from))
		}
		if ok && o.eras[0].total > 0 {
			s.offices = append(s.offices, o)
		}
	}
	busiest := slices.SortedStableFunc(slices.Values(s.offices), func(a, b *office) int { return cmp.Compare(b.weight, a.weight) })
	if most := max(12, s.plan.Dossiers/8); len(busiest) > most { // a small year is played by the largest desks
		s.offices = slices.DeleteFunc(s.offices, func(o *office) bool { return !slices.Contains(busiest[:most], o) })
	}
}

// changes are the days on which the law of procedures or competence changes
// within the year, and its first day.
func (s *simulation) changes() []pack.Date {
	days := []pack.Date{s.plan.From}
	add := func(d pack.Date) {
		if d > s.plan.From && d <= s.plan.To {
			days = append(days, d)
		}
	}
	for _, proc := range s.law.AllProcedures() {
		for _, v := range proc.Versions {
			add(v.From)
			add(next(v.To))
		}
		for _, c := range proc.Competence {
			add(c.From)
			add(next(c.To))
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

func next(d pack.Date) pack.Date {
	if d == "" {
		return ""
	}
	return pack.On(midnight(d).AddDate(0, 0, 1))
}

// size guesses how many people a desk serves beside others of its level.
func (s *simulation) size(u pack.Unit) float64 {
	w := 0.5 + s.rng.Float64()
	switch {
	case u.Type == "phường":
		w *= 3
	case u.Type == "thành phố" || u.Type == "thị trấn":
		w *= 2
	case u.Level == pack.District || u.Level == pack.Department:
		w *= 1.2
	case u.Level == pack.Counter:
		w = 2 + 2*float64(len(u.Serves))
	}
	if u.Pilot {
		w *= 1.8
	}
	return w
}

// takes are the errands of a desk from a day on.
func (s *simulation) takes(u pack.Unit, from pack.Date) era {
	e := era{from: from}
	for _, proc := range s.law.Procedures(from) {
		if len(s.law.Competences(proc.Code, u.Code, from)) == 0 || !takesAt(proc, "counter", from) {
			continue
		}
		if u.Level == pack.Department && s.served(u) { // people go to the counter
			continue
		}
		share, named := fields[proc.Field]
		if !named {
			share = 0.1
		}
		w := share * max(popularity[proc.Popularity], popularity[3])
		e.lines, e.total = append(e.lines, errand{proc, w}), e.total+w
	}
	return e
}

// served reports whether a counter receives for the department.
func (s *simulation) served(u pack.Unit) bool {
	return slices.ContainsFunc(s.law.Desks(s.plan.From), func(c pack.Unit) bool { return slices.Contains(c.Serves, u.Code) })
}

// takesAt reports whether the version of the day can be filed that way.
func takesAt(proc *pack.Procedure, channel string, on pack.Date) bool {
	v, ok := proc.On(on)
	return ok && slices.ContainsFunc(v.Channels, func(c pack.Channel) bool { return c.Kind == channel })
}

func (o *office) add(e era) {
	e.draw = 1
	if n := len(o.eras); n > 0 {
		if first := o.eras[0].total; first > 0 {
			e.draw = min(2, e.total/first)
		}
		if e.total == o.eras[n-1].total { // nothing new for this desk
			return
		}
	}
	o.eras = append(o.eras, e)
}

// on is what the desk takes on a day, and how long it has.
func (o *office) on(d day) (e era, since time.Duration) {
	for _, x := range o.eras {
		if x.from <= d.date {
			e, since = x, d.begin.Sub(midnight(x.from))
		}
	}
	return e, since
}

// draw is how much more people come on a day than at first: new rules bring
// many at once.
func (o *office) draw(d day) float64 {
	e, since := o.on(d)
	if e.draw > 1 && since < 14*24*time.Hour {
		return e.draw * 1.5
	}
	return e.draw
}

const mostDraw = 3 // of office.draw

// comer is somebody who comes to a desk, or sends a dossier to it, with what
// will become of it.
type comer struct {
	at      *office
	counter int // which receptionist
	when    time.Time
	proc    *pack.Procedure
	life    life
}

// arrivals decides who comes when and with what: the year's dossiers, each with
// a life that leads to acceptance, and the others on top.
func (s *simulation) arrivals() ([]comer, error) {
	n := s.plan.Dossiers
	var all []comer
	for _, l := range lives {
		if l.accepted {
			continue
		}
		for range int(float64(n)*l.share + s.rng.Float64()) {
			a, err := s.comer(l)
			if err != nil {
				return nil, err
			}
			all = append(all, a)
		}
	}
	for range n {
		a, err := s.comer(s.chooseLife())
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	slices.SortStableFunc(all, func(a, b comer) int { return a.when.Compare(b.when) })
	return all, nil
}

// chooseLife picks one of the lives that lead to acceptance.
func (s *simulation) chooseLife() life {
	x := s.rng.Float64()
	for _, l := range lives {
		if !l.accepted {
			continue
		}
		if x -= l.share; x < 0 {
			return l
		}
	}
	return lives[0]
}

// comer finds day, desk, counter and errand for a life. Who is accepted only
// after some days must come early enough; else somebody comes whose dossier is
// whole.
func (s *simulation) comer(l life) (comer, error) {
	for try := range 5000 {
		if try == 500 && l.accepted { // nothing of the year is of that kind
			l = lives[0]
		}
		o, d := s.office(), pick(s.rng, s.days, func(d day) float64 { return d.weight })
		if s.rng.Float64()*mostDraw > o.draw(d) {
			continue
		}
		if l.accepted && l.days > 0 && d.begin.AddDate(0, 0, l.days).After(midnight(s.plan.To)) {
			l = lives[0]
		}
		e, _ := o.on(d)
		if len(e.lines) == 0 {
			continue
		}
		a := comer{at: o, life: l, proc: pick(s.rng, e.lines, func(e errand) float64 { return e.weight }).proc}
		if l.channel != "" && !takesAt(a.proc, l.channel, d.date) || l.fits != nil && !l.fits(s, a.proc, d.date) {
			continue
		}
		if l.channel == "online" {
			a.when = d.begin.Add(6*time.Hour + time.Duration(s.rng.IntN(16*3600))*time.Second)
			a.counter = s.rng.IntN(o.counters)
			return a, nil
		}
		if s.place(&a, d) {
			return a, nil
		}
	}
	return comer{}, problem.New(problem.Invalid, "err.summary").Field("dossiers", "simulate.err.crowded", "n", s.plan.Dossiers)
}

// office picks a desk: first the tier, then the desk by its size.
func (s *simulation) office() *office {
	per := map[pack.Level]float64{}
	for _, o := range s.offices {
		per[o.unit.Level] += o.weight
	}
	return pick(s.rng, s.offices, func(o *office) float64 { return levels[o.unit.Level] * o.weight / per[o.unit.Level] })
}

// pick draws one of a list by weight.
func pick[T any](rng *rand.Rand, list []T, weight func(T) float64) T {
	sum := 0.0
	for _, v := range list {
		sum += weight(v)
	}
	x := rng.Float64() * sum
	for _, v := range list {
		if x -= weight(v); x < 0 {
			return v
		}
	}
	return list[len(list)-1]
}

// visit is how many minutes one person keeps a receptionist.
const visit = 10

// place finds a free counter at an hour that people like.
func (s *simulation) place(a *comer, d day) bool {
	windows := a.at.intake[d.begin.Weekday()]
	if len(windows) == 0 {
		return false
	}
	var slots []int
	for _, w := range windows {
		for m := w.Open; m+visit <= w.Close; m += visit {
			slots = append(slots, m)
		}
	}
	m := pick(s.rng, slots, func(m int) float64 {
		switch {
		case m < 450, m >= 930: // before 07:30, after 15:30
			return 0.6
		case m < 600:
			return 1.6
		}
		return 1.1
	})
	i := slices.Index(slots, m)
	for _, m := range slots[i:] {
		at := d.begin.Add(time.Duration(m) * time.Minute)
		if n := a.at.taken[at]; n < a.at.counters {
			a.at.taken[at]++
			a.counter = (n + int(at.Unix()/60/visit)) % a.at.counters // by turns
			a.when = at.Add(time.Duration(s.rng.IntN(visit*60-60)) * time.Second)
			return true
		}
	}
	return false
}

func (s *simulation) officeOf(key pack.UnitKey) *office {
	for _, o := range s.offices {
		if o.unit.Key == key {
			return o
		}
	}
	return nil
}

// decider is the unit that decides what the comer brings.
func (s *simulation) decider(a comer) (pack.Unit, error) {
	u, err := s.law.Route(a.proc.Code, a.at.unit.Code, "", pack.On(a.when))
	if err != nil {
		return u, fmt.Errorf("who decides %s for %s: %w", a.proc.Code, a.at.unit.Code, err)
	}
	return u, nil
}

// person invents who comes: somebody of the place, or an organisation where
// only those may file.
func (s *simulation) person(a comer) applicant.Person {
	who := s.p.Person()
	if place := a.at.unit.Place; place != "" {
		who.Address = place + ", Lai Châu"
	}
	if slices.ContainsFunc(a.proc.Applicants, func(k string) bool {
		return strings.HasPrefix(k, "Công dân") || strings.HasPrefix(k, "Cá nhân") || strings.HasPrefix(k, "Cán bộ") || strings.HasPrefix(k, "Người")
	}) {
		return who
	}
	n := s.rng.IntN(900) + 100
	return applicant.Person{Kind: applicant.Organisation, Name: fmt.Sprintf("Công ty TNHH %s %d", givens[n%len(givens)], n),
		Representative: who.Name, Address: who.Address, Phone: who.Phone, Source: applicant.Typed}
}
