package lawtime

import (
	"slices"
	"strconv"
	"time"
)

// Question asks when a dossier is due.
type Question struct {
	Received  time.Time // when the complete dossier was received
	Clock     Clock
	Case      string // the case chosen (trường hợp), "" if there is none
	Law       string // the article of the rule
	Legs      []Leg  // one or more, in sequence
	Pauses    []Pause
	Extension *Extension
}

// Leg is one agency's share of the limit (liên thông); a plain limit is one leg
// without a name.
type Leg struct {
	Name     string
	Limit    Limit
	Clock    *Clock     // nil: the question's, whose cut-off then holds for the first leg only
	Finished *time.Time // when it was really handed over; moves the due dates of the legs after it, never the promise
}

// Extension lengthens the limit, once (gia hạn). Both limits have the unit of
// the limit that they lengthen.
type Extension struct {
	Limit    Limit // added to the last leg
	Ceiling  Limit // the most that all legs and the extension may come to
	Reason   string
	Approver string
	Law      string
	At       time.Time
}

// Answer is a due date and its proof.
type Answer struct {
	Due         time.Time   `json:"due"`
	Provisional bool        `json:"provisional"` // no calendar is published yet for some day that it rests on
	Start       time.Time   `json:"start"`       // effective start, after the last restart
	Legs        []LegAnswer `json:"legs"`
	Steps       []Step      `json:"steps"`
}

// LegAnswer is one leg's own time, counted from when it was really handed over.
type LegAnswer struct {
	Name  string    `json:"name"`
	Start time.Time `json:"start"`
	Due   time.Time `json:"due"`
}

// Due says when a thing is due and proves it. Its errors are *Error.
func Due(q Question) (Answer, error) {
	if err := q.check(); err != nil {
		return Answer{}, err
	}
	r := reckoning{q: q, legs: q.Legs, told: map[time.Time]bool{}}
	if e := q.Extension; e != nil {
		last := len(q.Legs) - 1
		r.legs = slices.Clone(q.Legs)
		r.legs[last].Limit.Amount += e.Limit.Amount
	}
	received, pauses := q.Received.In(Zone), merge(q.Pauses)
	for restart := r.promise(received, pauses); restart >= 0; restart = r.promise(received, pauses) {
		received, pauses = pauses[restart].to, pauses[restart+1:]
	}
	r.handOver(received, pauses)
	return r.conclude()
}

// reckoning is a due date being worked out.
type reckoning struct {
	q      Question
	legs   []Leg              // with the extension
	told   map[time.Time]bool // pauses in the proof, by when they begin
	answer Answer
}

// clock is the clock of a leg. A cut-off is about receiving, so the question's
// own holds for the first leg only.
func (q Question) clock(leg int) Clock {
	if own := q.Legs[leg].Clock; own != nil {
		return *own
	}
	c := q.Clock
	if leg > 0 {
		c.CutOff = 0
	}
	return c
}

// promise counts all legs from a receipt and writes the proof. It stops at a
// pause that restarts the limit and returns its index, else -1.
func (r *reckoning) promise(received time.Time, pauses []stretch) int {
	a := &r.answer
	begun := []Step{r.startStep(received)} // what stays in the proof after a restart
	proof := slices.Concat(begun, r.branchSteps(received))
	a.Due, a.Provisional, a.Start = received, false, begun[0].To
	for i, leg := range r.legs {
		c := r.q.clock(i)
		t, used, restart := count(c, leg.Limit, c.Start(a.Due), pauses)
		paused := r.tell(used)
		if begun = append(begun, paused...); restart >= 0 {
			a.Steps = append(a.Steps, begun...)
			return restart
		}
		proof = append(proof, r.legSteps(i, a.Due, t, used, paused)...)
		a.Provisional = a.Provisional || dayOf(t.due) > c.Calendar.last
		a.Due = t.due
	}
	a.Steps = append(a.Steps, proof...)
	return -1
}

// handOver counts each leg from when it was really handed over. A hand-over
// before the leg could begin (before a restart, say) is left out.
func (r *reckoning) handOver(received time.Time, pauses []stretch) {
	shifts := slices.DeleteFunc(slices.Clone(pauses), func(p stretch) bool { return p.restart })
	handed := received
	for i, leg := range r.legs {
		c := r.q.clock(i)
		t, _, _ := count(c, leg.Limit, c.Start(handed), shifts)
		r.answer.Legs = append(r.answer.Legs, LegAnswer{leg.Name, t.start, t.due})
		if leg.Finished == nil || leg.Finished.Before(handed) {
			handed = t.due
			continue
		}
		handed = leg.Finished.In(Zone)
		if i < len(r.legs)-1 {
			r.answer.Steps = append(r.answer.Steps, r.handedStep(i, t, handed))
		}
	}
}

// conclude ends the proof: pauses that changed nothing, the extension, the end.
func (r *reckoning) conclude() (Answer, error) {
	a := &r.answer
	for _, p := range merge(r.q.Pauses) {
		if !r.told[p.from] {
			a.Steps = append(a.Steps, p.steps("none")...)
		}
	}
	if r.q.Extension != nil {
		short := r.q
		short.Extension = nil
		before, err := Due(short)
		if err != nil {
			return Answer{}, err
		}
		a.Steps = append(a.Steps, extensionStep(*r.q.Extension, before.Due, a.Due))
	}
	a.Steps = append(a.Steps, r.endStep())
	return *a, nil
}

// tally is a leg's count under way.
type tally struct {
	clock  Clock
	limit  Limit
	start  time.Time // effective start
	target day       // next-day: the day reached, before the move to a counting day
	due    time.Time
}

// count counts one leg with the pauses that touch it, up to the first that
// restarts the limit: restart is its index, else -1.
func count(c Clock, l Limit, start time.Time, pauses []stretch) (t tally, used []stretch, restart int) {
	t = begin(c, l, start)
	for i, p := range pauses {
		if !p.from.Before(t.due) {
			break
		}
		if !p.to.After(start) {
			continue
		}
		used = append(used, p)
		if p.restart {
			return t, used, i
		}
		t.shift(later(p.from, start), p.to)
	}
	return t, used, -1
}

// begin counts a limit without pauses. law: luat-91-2015/147, luat-91-2015/148
func begin(c Clock, l Limit, start time.Time) tally {
	t := tally{clock: c, limit: l, start: start}
	minutes := c.FullDay()
	switch day0 := dayOf(start); {
	case l.Unit == Day:
		t.target = day0 + day(l.Amount)
	case l.Unit == Month:
		t.target = day0.addMonths(l.Amount)
	case l.Unit == SameDay:
		t.target = day0
	case l.count() == NextDay:
		t.target = c.nth(day0, l.Amount)
	default:
		if l.Unit == Hour {
			minutes = 60
		}
		t.due = c.advance(start, time.Duration(l.Amount*minutes)*time.Minute)
		return t
	}
	t.due = c.closing(c.onOrAfter(t.target))
	return t
}

// shift moves the due date by the working time, counting days or calendar days
// of a pause that begins before it. That is the same as not counting them.
func (t *tally) shift(from, to time.Time) {
	if t.limit.count() == Instant {
		t.due = t.clock.advance(t.due, t.clock.Worked(from, to))
		return
	}
	first, last := dayOf(from), dayOf(to)
	if t.limit.Unit == SameDay { // the day on which work goes on
		t.target = max(t.target, dayOf(t.clock.NextOpening(to)))
	} else if first >= t.target {
		return
	} else if t.limit.Unit != WorkingDay {
		t.target += last - first
	} else {
		for d := first + 1; d <= last; d++ {
			if t.clock.counts(d) {
				t.target = t.clock.nth(t.target, 1)
			}
		}
	}
	t.due = t.clock.closing(t.clock.onOrAfter(t.target))
}

// stretch is one pause or several that overlap.
type stretch struct {
	from, to time.Time
	restart  bool // one of them restarts the limit
	of       []Pause
}

// merge joins pauses that overlap, in time order.
func merge(pauses []Pause) []stretch {
	sorted := slices.SortedStableFunc(slices.Values(pauses), func(a, b Pause) int { return a.From.Compare(b.From) })
	var all []stretch
	for _, p := range sorted {
		s := stretch{p.From.In(Zone), p.To.In(Zone), p.Resume == Restart, []Pause{p}}
		if n := len(all) - 1; n >= 0 && s.from.Before(all[n].to) {
			before := all[n]
			s = stretch{before.from, later(before.to, s.to), before.restart || s.restart, append(before.of, p)}
			all = all[:n]
		}
		all = append(all, s)
	}
	return all
}

// lastYear is the last year of a receipt, so that every due date has a year of
// four digits.
const lastYear = 9000

// longest is how far a pause may reach beyond the receipt: twenty years.
const longest = 20 * 366 * 24 * time.Hour

func (q Question) check() error {
	if len(q.Legs) == 0 {
		return refuse("no-limit")
	}
	if q.Received.Year() > lastYear {
		return refuse("too-far", "year", strconv.Itoa(q.Received.Year()))
	}
	for i, leg := range q.Legs {
		c := q.clock(i)
		if err := leg.Limit.Check(); err != nil {
			return err
		}
		if err := c.check(); err != nil {
			return err
		}
		if dayOf(q.Received) < c.Calendar.first {
			return refuse("before-calendar", "date", dayOf(q.Received).words(), "first", c.Calendar.first.words())
		}
	}
	for _, p := range q.Pauses {
		if err := p.check(q.Received); err != nil {
			return err
		}
	}
	if q.Extension != nil {
		return q.Extension.check(q.Legs)
	}
	return nil
}

func (p Pause) check(received time.Time) error {
	if !p.To.After(p.From) {
		return refuse("pause-order", "from", stamp(p.From), "to", stamp(p.To))
	}
	if p.To.Sub(received) > longest {
		return refuse("pause-long", "to", stamp(p.To))
	}
	if p.Resume != "" && p.Resume != Shift && p.Resume != Restart {
		return refuse("resume", "resume", string(p.Resume))
	}
	return nil
}

// check refuses an extension without reason or approver, one in another unit
// than the limit, and one above the ceiling.
func (e Extension) check(legs []Leg) error {
	if e.Reason == "" || e.Approver == "" {
		return refuse("extension-reason")
	}
	total := e.Limit.Amount
	for _, l := range []Limit{e.Limit, e.Ceiling} {
		if err := l.Check(); err != nil {
			return err
		}
	}
	for _, leg := range legs {
		total += leg.Limit.Amount
		if leg.Limit.Unit != e.Limit.Unit || leg.Limit.Unit != e.Ceiling.Unit {
			return refuse("extension-unit", "unit", unitKey(leg.Limit))
		}
	}
	if total > e.Ceiling.Amount {
		return refuse("ceiling", "n", strconv.Itoa(total), "ceiling", strconv.Itoa(e.Ceiling.Amount), "unit", unitKey(e.Ceiling))
	}
	return nil
}
