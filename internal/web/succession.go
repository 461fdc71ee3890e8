package web

import (
	"slices"
	"strings"
	"time"

	"quay20/internal/pack"
	"quay20/internal/text"
)

// apart names a unit that ended and who took over; where both have one name, as
// merged communes and departments often do, with the days that tell them apart.
func apart(lang text.Lang, from, to pack.Unit) (old, heir string) {
	if from.Name != to.Name {
		return from.Name, to.Name
	}
	return text.T(lang, "unit.until", "name", from.Name, "day", dayWords(from.To)), text.T(lang, "unit.since", "name", to.Name, "day", dayWords(to.From))
}

// passed says who took the dossier over from a unit that ended, and where the
// result will be.
func (t tracked) passed() *Inset {
	p := t.Tracked.Passed
	if p == nil {
		return nil
	}
	from, to := apart(t.lang, p.From, p.To)
	words := t.say("track.passed", "from", from, "to", to, "day", sayDay(p.At), "why", p.Why)
	if t.ReturnBy == "counter" {
		words += " " + t.say("track.passed.collect", "place", t.Tracked.Desk.Name)
	}
	return &Inset{Text: words + " " + t.say("track.passed.same")}
}

// passed lists what went from units that ended to who took over, and why.
func (v *casefile) passed() *Inset {
	var lines []string
	for _, s := range v.Successions {
		var parts []string
		for _, p := range s.Passages {
			old, _ := v.world.Law.UnitByKey(p.From)
			heir, _ := v.world.Law.UnitByKey(p.To)
			from, to := apart(v.lang, old, heir)
			parts = append(parts, v.say("work.passed."+p.Part, "from", from, "to", to))
		}
		lines = append(lines, v.say("work.passed", "day", sayDay(s.At), "why", s.Why, "parts", strings.Join(parts, "; ")))
	}
	if len(lines) == 0 {
		return nil
	}
	return &Inset{Text: strings.Join(lines, " ")}
}

// toldFor is how long officers are told where they serve now.
const toldFor = 30 * 24 * time.Hour

// moved says where the officer serves since their unit ended, for a month.
func (c *counter) moved(lang text.Lang, by Visitor) string {
	law, _ := c.today()
	var lines []string
	for _, g := range by.Capacities() {
		if g.Former == "" || g.From < pack.On(c.Now().Add(-toldFor)) {
			continue
		}
		old, _ := law.UnitByKey(g.Former)
		heir, _ := law.UnitByKey(g.Unit)
		from, to := apart(lang, old, heir)
		if line := text.T(lang, "desk.moved", "from", from, "to", to, "day", dayWords(g.From)); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}
