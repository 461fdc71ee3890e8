package lawtime

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// Kind is what a step of a proof tells.
type Kind string

const (
	StartStep     Kind = "start"     // receipt, and where the count starts
	SkipStep      Kind = "skip"      // days that do not count, or from which a due date moves
	PauseStep     Kind = "pause"     // one pause and its document
	LegStep       Kind = "leg"       // one limit and how it is counted
	BranchStep    Kind = "branch"    // the case chosen; a make-up day that counts
	ExtensionStep Kind = "extension" // the limit made longer, with the date before
	EndStep       Kind = "end"       // the due instant
)

// Step is one sentence of a proof. A skip or make-up day runs from midnight to
// the midnight after its last day. Args alternate name and value; every value
// is a string, and "key:x" stands for the text of key x. So a step survives
// JSON unchanged.
type Step struct {
	Kind Kind      `json:"kind"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Key  string    `json:"key"`
	Args []any     `json:"args,omitempty"`
	Law  string    `json:"law,omitempty"` // article or notice
}

// startStep says when the count starts and, if not at once, why.
func (r *reckoning) startStep(received time.Time) Step {
	c := r.q.clock(0)
	start := c.Start(received)
	key := "lawtime.start."
	if !received.Equal(r.q.Received) {
		key = "lawtime.restart."
	}
	d := dayOf(received)
	windows := c.windows(d)
	switch {
	case start.Equal(received):
		key += "open"
	case len(windows) == 0:
		key += "day-off"
	case !received.Before(c.closing(d)):
		key += "closed"
	case c.CutOff > 0 && !received.Before(d.at(c.CutOff)):
		key += "cut-off"
	case received.Before(d.at(windows[0].Open)):
		key += "early"
	default:
		key += "break"
	}
	args := slices.Concat(instant("", received), instant("2", start), instant("3", d.at(c.CutOff)))
	return Step{StartStep, received, start, key, args, r.q.Law}
}

func (r *reckoning) branchSteps(at time.Time) []Step {
	if r.q.Case == "" {
		return nil
	}
	return []Step{{BranchStep, at, at, "lawtime.branch.case", []any{"case", r.q.Case}, r.q.Law}}
}

// legSteps tell one leg: its limit, then day by day what did not count.
func (r *reckoning) legSteps(i int, handed time.Time, t tally, used []stretch, paused []Step) []Step {
	first, start, due := dayOf(handed), dayOf(t.start), dayOf(t.due)
	if i > 0 {
		first++ // the leg before ended on that day and told it
	}
	var days []Step
	if t.limit.Unit == Day || t.limit.Unit == Month {
		days = append(t.clock.days(first, start-1, "skip", nil), t.clock.days(t.target, due, "move", nil)...)
	} else {
		days = t.clock.days(first, due, "skip", used)
	}
	all := append(days, paused...)
	slices.SortStableFunc(all, func(a, b Step) int { return a.From.Compare(b.From) })

	leg := r.q.Legs[i]
	how := string(leg.Limit.count())
	if leg.Limit.Unit != WorkingDay {
		how = string(leg.Limit.Unit)
	}
	key := "lawtime.leg.only"
	if len(r.q.Legs) > 1 || leg.Name != "" {
		key = "lawtime.leg.named"
	}
	args := slices.Concat([]any{"leg", r.q.legName(i), "how", "key:lawtime.how." + how},
		amount(leg.Limit), instant("", t.start), instant("2", t.due))
	return append([]Step{{LegStep, t.start, t.due, key, args, cmp.Or(leg.Limit.Law, r.q.Law)}}, all...)
}

// handedStep tells a real hand-over beside the promise.
func (r *reckoning) handedStep(i int, t tally, at time.Time) Step {
	args := slices.Concat([]any{"leg", r.q.legName(i)}, instant("", at), instant("2", t.due))
	return Step{LegStep, t.start, at, "lawtime.leg.handed", args, cmp.Or(t.limit.Law, r.q.Law)}
}

// legName is the leg's name, or else its number.
func (q Question) legName(i int) string { return cmp.Or(q.Legs[i].Name, strconv.Itoa(i+1)) }

// days tells from first to last each day that does not count, weekends in one
// step, and each make-up day that does. Days wholly inside a pause are told by
// the pause. The effect, "skip" or "move", says what a day off does.
func (c Clock) days(first, last day, effect string, pauses []stretch) []Step {
	var steps []Step
	for d := first; d <= last; d++ {
		if slices.ContainsFunc(pauses, func(p stretch) bool { return dayOf(p.from) < d && d < dayOf(p.to) }) {
			continue
		}
		plain := func(d day) bool { return d.weekend() && c.Calendar.ruling(d).Kind == "" }
		end := d
		key, args := c.reason(d)
		if key == "" {
			continue
		}
		if plain(d) && d < last && plain(d+1) {
			end++
			key, args = "weekend", append(args, date("2", end)...)
		}
		args = append(args, "effect", "key:lawtime.effect."+effect)
		step := Step{SkipStep, d.at(0), (end + 1).at(0), "lawtime.skip." + key, args, c.Calendar.ruling(d).Law}
		if key == "make-up" {
			step.Kind, step.Key = BranchStep, "lawtime.branch.make-up"
		}
		steps = append(steps, step)
		d = end
	}
	return steps
}

// reason is why d does not count, as the end of a text key: "holiday",
// "day-off". It is "make-up" for a make-up day that counts and "" for a plain
// counting day.
func (c Clock) reason(d day) (key string, args []any) {
	listing, counts := c.Calendar.ruling(d), c.counts(d)
	if counts && listing.Kind != SwapWork {
		return "", nil
	}
	args = append(date("", d), "name", listing.Name)
	makeUp, swapped := c.Calendar.makeUp[d]
	switch {
	case counts:
		off, _ := parseDay(listing.Replaces) // checked when listed
		return "make-up", append(args, date("2", off)...)
	case listing.Kind == SwapOff && swapped:
		return "swap", append(args, date("2", makeUp)...)
	case listing.Kind == SwapOff:
		return "swap-alone", args
	case listing.Kind == SwapWork || listing.Kind == "" && !d.weekend():
		return "no-hours", args
	case listing.Kind == "":
		return "day-off", args
	}
	return string(listing.Kind), args
}

// tell are the steps of the pauses that the proof does not have yet.
func (r *reckoning) tell(used []stretch) []Step {
	var steps []Step
	for _, p := range used {
		if !r.told[p.from] {
			r.told[p.from] = true
			steps = append(steps, p.steps("")...)
		}
	}
	return steps
}

// steps tell each pause of a stretch with its effect: "none", or by default
// its own resume rule.
func (s stretch) steps(effect string) []Step {
	var steps []Step
	for _, p := range s.of {
		why := p.Kind
		if why != "supplement" && why != "financial" && why != "inter-agency" {
			why = "other"
		}
		args := slices.Concat(instant("", p.From), instant("2", p.To), []any{
			"why", "key:lawtime.pause.why." + why, "document", cmp.Or(p.Document, "key:lawtime.pause.no-document")})
		key := "lawtime.pause." + cmp.Or(effect, string(p.Resume), string(Shift))
		steps = append(steps, Step{PauseStep, p.From.In(Zone), p.To.In(Zone), key, args, p.Law})
	}
	return steps
}

func extensionStep(e Extension, before, due time.Time) Step {
	args := slices.Concat(amount(e.Limit), []any{"reason", e.Reason, "approver", e.Approver,
		"ceiling", strconv.Itoa(e.Ceiling.Amount), "ceiling-unit", unitKey(e.Ceiling)}, instant("", before))
	return Step{ExtensionStep, before, due, "lawtime.extension", args, cmp.Or(e.Law, e.Ceiling.Law)}
}

func (r *reckoning) endStep() Step {
	due, last := r.answer.Due, r.q.clock(len(r.legs)-1).Calendar.last
	key := "lawtime.end"
	if r.answer.Provisional {
		key = "lawtime.end.provisional"
	}
	return Step{EndStep, due, due, key, append(instant("", due), "last", last.words()), r.q.Law}
}

// Words of dates and amounts; n sets the second and third date of a sentence apart.

func instant(n string, t time.Time) []any {
	return append(date(n, dayOf(t)), "h"+n, t.In(Zone).Format("15"), "m"+n, t.In(Zone).Format("04"))
}

func date(n string, d day) []any {
	wd := weekdayKey(d.weekday())
	return []any{"wd" + n, wd, "Wd" + n, wd + ".first", "date" + n, d.words()}
}

func amount(l Limit) []any { return []any{"n", strconv.Itoa(l.Amount), "unit", unitKey(l)} }

func unitKey(l Limit) string {
	if l.Amount == 1 {
		return "key:lawtime.unit." + string(l.Unit)
	}
	return "key:lawtime.units." + string(l.Unit)
}

func weekdayKey(w time.Weekday) string { return "key:lawtime.weekday." + strconv.Itoa(int(w)) }

func (d day) words() string { return d.at(0).Format("02/01/2006") }

func stamp(t time.Time) string { return t.In(Zone).Format("15:04 02/01/2006") }
