package pack

import (
	"cmp"
	"slices"
)

// Reorganisation is a day on which units ended and others took over (sắp xếp
// tổ chức): what the people are told whose dossiers are passed on.
type Reorganisation struct {
	On          Date   // first day of the new organisation
	Title       string // "Sắp xếp 106 xã, phường, thị trấn thành 38 xã, phường"
	Law         string
	Successions []Succession // of units that no other names as Before
	Verified    bool
	Source      string
	Note        string
}

// Succession says who took over from a unit that was abolished rather than
// merged, where its tasks went to several (kế thừa nhiệm vụ).
type Succession struct {
	Of       UnitKey
	Desk     UnitKey   // keeps its desk, its papers and its officers
	To       []UnitKey // decide its dossiers: the first that is competent
	Verified bool
	Source   string
	Note     string
}

// succeed notes who took over from whom.
func (p *Pack) succeed() {
	p.heirs = map[UnitKey]Succession{}
	for i := range p.all.Units {
		u := &p.all.Units[i]
		for _, key := range u.Before {
			s := p.heirs[key]
			s.To = append(s.To, u.Key)
			if s.Desk == "" {
				s.Desk = u.Key
			}
			p.heirs[key] = s
		}
	}
	for _, r := range p.all.Reorganisations {
		for _, s := range r.Successions {
			p.heirs[s.Of] = s
		}
	}
}

// Heir is the unit that on the day keeps the desk, the papers and the officers
// of a unit: the unit itself while it stands, then who took over, and who took
// over from them. False if nobody did.
func (p *Pack) Heir(key UnitKey, on Date) (Unit, bool) {
	for u, ok := p.keys[key]; ok; u, ok = p.keys[p.heirs[u.Key].Desk] {
		if u.Holds(on) {
			return *u, true
		}
		if u.To == "" || u.To >= on {
			break // it is yet to begin
		}
	}
	return Unit{}, false
}

// Decides is the unit that on the day decides a dossier which a unit had to
// decide: the unit itself while it stands; then its only heir, or of several
// the first that is competent for the procedure, or else the department that
// keeps the procedure's field. False if none of them may.
func (p *Pack) Decides(key UnitKey, procedure string, on Date) (Unit, bool) {
	u, ok := p.keys[key]
	if !ok || u.Holds(on) {
		return p.UnitByKey(key)
	}
	heirs := p.Heirs(key, on)
	if len(heirs) == 1 {
		return heirs[0], true
	}
	proc, ok := p.procs[procedure]
	if !ok {
		return Unit{}, false
	}
	field, _ := p.Field(proc.Field)
	for _, fits := range []func(Unit) bool{
		func(u Unit) bool { return u.Level != Counter && len(p.rows(proc, u, on)) > 0 },
		func(u Unit) bool { return u.Code == p.department(field.Owner) },
	} {
		if i := slices.IndexFunc(heirs, fits); i >= 0 {
			return heirs[i], true
		}
	}
	return Unit{}, false
}

// Heirs are the units among which the tasks of an ended unit lie on the day, in
// the pack's order.
func (p *Pack) Heirs(key UnitKey, on Date) []Unit {
	var heirs []Unit
	var seen []UnitKey
	for next := []UnitKey{key}; len(next) > 0; next = next[1:] {
		u, ok := p.keys[next[0]]
		switch {
		case !ok || slices.Contains(seen, u.Key):
		case u.Holds(on):
			heirs = append(heirs, *u)
		case u.To != "" && u.To < on:
			next = append(next[:1:1], append(slices.Clone(p.heirs[u.Key].To), next[1:]...)...)
		}
		if ok {
			seen = append(seen, u.Key)
		}
	}
	return heirs
}

// Ended are the units that were no more on the day, by key.
func (p *Pack) Ended(on Date) []Unit {
	var ended []Unit
	for _, u := range p.all.Units {
		if u.To != "" && u.To < on {
			ended = append(ended, u)
		}
	}
	slices.SortFunc(ended, func(a, b Unit) int { return cmp.Compare(a.Key, b.Key) })
	return ended
}

// Reorganisation is what the pack says of the day after a unit's last.
func (p *Pack) Reorganisation(on Date) (Reorganisation, bool) {
	i := slices.IndexFunc(p.all.Reorganisations, func(r Reorganisation) bool { return r.On == on })
	if i < 0 {
		return Reorganisation{}, false
	}
	return p.all.Reorganisations[i], true
}

// Reorganisations are all of them, in the order of time.
func (p *Pack) Reorganisations() []Reorganisation { return slices.Clone(p.all.Reorganisations) }

// Why is the reorganisation that ended the unit; false if the pack has none of
// that day.
func (p *Pack) Why(key UnitKey) (Reorganisation, bool) {
	u, ok := p.keys[key]
	if !ok || u.To == "" {
		return Reorganisation{}, false
	}
	return p.Reorganisation(after(u.To))
}

// checkReorganisations wants the first day of new units to follow the last of
// the old, so that nothing is without a unit in between.
func (r *reader) checkReorganisations() {
	for _, e := range r.all.Reorganisations {
		s := r.on("reorganisation %s", e.On)
		s.need("on", e.On)
		s.date("on", e.On)
		s.need("title", e.Title)
		s.cite("law", e.Law)
		for i, x := range e.Successions {
			at := s.at("successions[%d]", i)
			old := r.pack.keys[x.Of]
			if old == nil {
				at.at("of").fault("pack.fault.unit", "pack.fix.unit-key", "unit", x.Of)
			} else if old.To == "" || after(old.To) != e.On {
				at.at("of").fault("pack.fault.not-ended", "pack.fix.not-ended", "unit", x.Of, "on", e.On)
			}
			if len(x.To) == 0 {
				at.fault("pack.fault.missing", "pack.fix.missing", "key", "to")
			}
			if desk := r.pack.keys[x.Desk]; desk == nil || !desk.Holds(e.On) || desk.Desk == nil {
				at.at("desk").fault("pack.fault.heir-desk", "pack.fix.heir-desk", "unit", x.Desk, "on", e.On)
			}
			for j, key := range x.To {
				if heir := r.pack.keys[key]; heir == nil || !heir.Holds(e.On) {
					at.at("to[%d]", j).fault("pack.fault.heir", "pack.fix.heir", "unit", key, "on", e.On)
				}
			}
		}
	}
}
