package pack

import (
	"cmp"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/problem"
)

// Clock is how limits of a version count at a desk for a receipt on the day.
func (p *Pack) Clock(desk UnitKey, v *Version, on Date) (lawtime.Clock, bool) {
	hours, ok := p.DeskHours(desk, on)
	if !ok {
		return lawtime.Clock{}, false
	}
	c := lawtime.Clock{Calendar: p.CalendarFor(desk), Hours: hours.Counting}
	if v != nil {
		c.CutOff = v.CutOff
	}
	return c, true
}

// deskClock is Clock for the desk of a code, or says why there is none.
func (p *Pack) deskClock(desk string, v *Version, on Date) (lawtime.Clock, error) {
	u, ok := p.Unit(desk, on)
	if !ok {
		return lawtime.Clock{}, unknownUnit(desk, on).Field("desk", "pack.err.unit", "code", desk, "on", day(on))
	}
	clock, ok := p.Clock(u.Key, v, on)
	if !ok {
		return lawtime.Clock{}, problem.New(problem.Invalid, "pack.err.not-a-desk", "unit", u.Name, "on", day(on)).
			Field("desk", "pack.err.not-a-desk", "unit", u.Name, "on", day(on))
	}
	return clock, nil
}

// Asked is a deadline asked outside a dossier: of a procedure at a desk, or of
// a plain limit. Count and Resume, if given, stand above what the law says.
type Asked struct {
	Desk, Procedure, Case, Channel string
	Limit                          string // "3 working_day", instead of a procedure
	Received                       time.Time
	Pauses                         []lawtime.Pause // of which From and To count; all are supplements
	Count                          lawtime.Count
	Resume                         lawtime.Resume
}

// Asked turns what was asked into a question to law time. A plain limit counts
// on the national calendar with the usual hours, or those of the desk if one is
// named.
func (p *Pack) Asked(a Asked) (q lawtime.Question, err error) {
	if a.Limit == "" {
		q, err = p.Question(a.Procedure, "", a.Case, a.Channel, a.Desk, a.Received)
	} else {
		q, err = p.plain(a)
	}
	if err != nil {
		return q, err
	}
	for i := range q.Legs {
		q.Legs[i].Limit.Count = cmp.Or(a.Count, q.Legs[i].Limit.Count)
	}
	rules, _ := p.Rules(On(a.Received))
	for _, pause := range a.Pauses {
		q.Pauses = append(q.Pauses, lawtime.Pause{
			From: pause.From, To: pause.To, Kind: "supplement", Law: rules.Laws["supplement_resume"],
			Resume: cmp.Or(a.Resume, rules.SupplementResume),
		})
	}
	return q, nil
}

func (p *Pack) plain(a Asked) (lawtime.Question, error) {
	limit, err := lawtime.ParseLimit(a.Limit)
	if err != nil {
		return lawtime.Question{}, err
	}
	clock := lawtime.Clock{Calendar: p.Calendar(), Hours: lawtime.DefaultHours}
	if a.Desk != "" {
		if clock, err = p.deskClock(a.Desk, nil, On(a.Received)); err != nil {
			return lawtime.Question{}, err
		}
	}
	return lawtime.Question{Received: a.Received, Clock: clock, Legs: []lawtime.Leg{{Limit: limit}}}, nil
}

// Question asks lawtime when a dossier is due: procedure and version (its From;
// "" is the version in force at receipt), case ("" the first), channel, and the
// code of the desk that received it. The caller adds pauses, the extension and
// how legs really ended. A result given at once (Case.Same) without a number
// is due the same day, or the next counting day if it is asked for after the
// rules' same-day hour; a number in law goes before that hour. A case without a
// limit in law is refused: such a dossier has no due date; ask Version.Limited
// first.
func (p *Pack) Question(proc, version, name, channel, desk string, received time.Time) (lawtime.Question, error) {
	on := On(received)
	pr, v, err := p.contents(proc, version, on)
	if err != nil {
		return lawtime.Question{}, err
	}
	c, ok := v.Case(name, channel)
	if !ok {
		return lawtime.Question{}, problem.New(problem.Invalid, "pack.err.case", "name", pr.ShortName, "case", name).
			Field("case", "pack.err.case", "name", pr.ShortName, "case", name)
	}
	clock, err := p.deskClock(desk, v, on)
	if err != nil {
		return lawtime.Question{}, err
	}
	legs := v.legs(c)
	if len(legs) == 0 {
		return lawtime.Question{}, problem.New(problem.Invalid, "pack.err.no-limit", "name", pr.ShortName, "case", c.Name)
	}
	if rules, _ := p.Rules(on); c.Same && c.Limit == nil && clock.CutOff == 0 {
		clock.CutOff = rules.SameDayCutOff
	}
	q := lawtime.Question{Received: received, Clock: clock, Legs: legs, Law: p.limitLaw(v, c)}
	if len(v.Cases) > 1 {
		q.Case = c.Name
	}
	return q, nil
}

// contents is the procedure with the version a dossier stores, or the one in
// force on the day.
func (p *Pack) contents(code, from string, on Date) (*Procedure, *Version, error) {
	if from == "" {
		proc, err := p.inForce(code, on)
		if err != nil {
			return nil, nil, err
		}
		v, _ := proc.On(on)
		return proc, v, nil
	}
	proc, ok := p.procs[code]
	if !ok {
		return nil, nil, problem.New(problem.NotFound, "pack.err.procedure", "code", code)
	}
	v, ok := proc.VersionFrom(from)
	if !ok {
		return nil, nil, problem.New(problem.NotFound, "pack.err.version", "code", code, "from", day(from))
	}
	return proc, v, nil
}

// Limited reports whether the law sets a limit for the case, by a number, by
// inter-agency legs, or because the result is given at once.
func (v *Version) Limited(c Case) bool { return len(v.legs(c)) > 0 }

// legs are the version's inter-agency legs, or the case's limit as the only one,
// or the same day for a result at once.
func (v *Version) legs(c Case) []lawtime.Leg {
	if len(v.Legs) == 0 {
		switch {
		case c.Limit != nil:
			return []lawtime.Leg{{Limit: *c.Limit}}
		case c.Same:
			return []lawtime.Leg{{Limit: lawtime.Limit{Amount: 1, Unit: lawtime.SameDay}}}
		}
		return nil
	}
	legs := make([]lawtime.Leg, len(v.Legs))
	for i, l := range v.Legs {
		legs[i] = lawtime.Leg{Name: l.Name, Limit: l.Limit}
	}
	return legs
}

// limitLaw is the citation on which a limit rests: the case's own, or else the
// first legal base of the version.
func (p *Pack) limitLaw(v *Version, c Case) string {
	if c.Limit != nil && c.Limit.Law != "" {
		return c.Limit.Law
	}
	for _, number := range v.Bases {
		if act, ok := p.numbers[number]; ok {
			return act.ID
		}
	}
	return ""
}
