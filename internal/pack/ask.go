package pack

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"quay20/internal/lawtime"
)

// Pack is law and organisation as dated data. It is read-only and safe for
// many goroutines; all its answers are "as of" a day.
type Pack struct {
	all      content
	applied  []Notice
	version  string
	units    map[string][]*Unit // by code
	keys     map[UnitKey]*Unit
	children map[UnitKey][]child
	heirs    map[UnitKey]Succession
	acts     map[string]*Instrument
	numbers  map[string]*Instrument // by number as published
	procs    map[string]*Procedure
	sorted   []*Procedure
	calendar lawtime.Calendar
	closures map[UnitKey]lawtime.Calendar // desks with days of their own
}

type child struct {
	unit *Unit
	Span
}

// index makes a pack of checked content.
func index(all content) *Pack {
	p := &Pack{
		all: all, version: all.Hash,
		units: map[string][]*Unit{}, keys: map[UnitKey]*Unit{}, children: map[UnitKey][]child{},
		acts: map[string]*Instrument{}, numbers: map[string]*Instrument{}, procs: map[string]*Procedure{},
	}
	for i := range all.Units {
		u := &all.Units[i]
		p.units[u.Code] = append(p.units[u.Code], u)
		p.keys[u.Key] = u
		for _, parent := range u.Parents {
			p.children[parent.Unit] = append(p.children[parent.Unit], child{u, parent.Span})
		}
	}
	p.succeed()
	for i := range all.Instruments {
		p.acts[all.Instruments[i].ID] = &all.Instruments[i]
		p.numbers[all.Instruments[i].Number] = &all.Instruments[i]
	}
	for i := range all.Procedures {
		proc := &all.Procedures[i]
		proc.complete()
		p.procs[proc.Code] = proc
		p.sorted = append(p.sorted, proc)
	}
	slices.SortStableFunc(p.sorted, func(a, b *Procedure) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), cmp.Compare(a.Popularity, b.Popularity), strings.Compare(a.Code, b.Code))
	})
	return p
}

// Head is what the pack says of itself.
func (p *Pack) Head() Head { return p.all.Head }

// Version names the law in force: the hash of the pack's files and of the
// notices applied since.
func (p *Pack) Version() string { return p.version }

// Unit is the unit that has the code on the day.
func (p *Pack) Unit(code string, on Date) (Unit, bool) {
	for _, u := range p.units[code] {
		if u.Holds(on) {
			return *u, true
		}
	}
	return Unit{}, false
}

// UnitByKey is the unit of that key, also after its end.
func (p *Pack) UnitByKey(key UnitKey) (Unit, bool) {
	u, ok := p.keys[key]
	if !ok {
		return Unit{}, false
	}
	return *u, true
}

// Units are all units of the day, by code.
func (p *Pack) Units(on Date) []Unit {
	var units []Unit
	for i := range p.all.Units {
		if u := &p.all.Units[i]; u.Holds(on) {
			units = append(units, *u)
		}
	}
	slices.SortFunc(units, func(a, b Unit) int { return strings.Compare(a.Code, b.Code) })
	return units
}

// AllUnits are the units of all times.
func (p *Pack) AllUnits() []Unit { return slices.Clone(p.all.Units) }

// Desks are the units that receive on the day, by code.
func (p *Pack) Desks(on Date) []Unit {
	return slices.DeleteFunc(p.Units(on), func(u Unit) bool {
		_, open := p.DeskHours(u.Key, on)
		return !open
	})
}

// Under are the unit and all below it on the day.
func (p *Pack) Under(root UnitKey, on Date) []UnitKey {
	u, ok := p.keys[root]
	if !ok || !u.Holds(on) {
		return nil
	}
	under := []UnitKey{root}
	for i := 0; i < len(under); i++ {
		for _, c := range p.children[under[i]] {
			if c.Holds(on) && c.unit.Holds(on) {
				under = append(under, c.unit.Key)
			}
		}
	}
	return under
}

// Parent is the unit to which the unit belongs on the day.
func (p *Pack) Parent(key UnitKey, on Date) (Unit, bool) {
	u, ok := p.keys[key]
	if !ok {
		return Unit{}, false
	}
	for _, parent := range u.Parents {
		if parent.Holds(on) {
			return p.UnitByKey(parent.Unit)
		}
	}
	return Unit{}, false
}

// After are the units that took over when the unit ended (đơn vị kế thừa).
func (p *Pack) After(key UnitKey) []Unit {
	var after []Unit
	for _, k := range p.heirs[key].To {
		after = append(after, *p.keys[k])
	}
	return after
}

// DeskHours are the desk's opening hours on the day; false if it does not
// receive then.
func (p *Pack) DeskHours(desk UnitKey, on Date) (DeskHours, bool) {
	u, ok := p.keys[desk]
	if !ok || u.Desk == nil || !u.Holds(on) {
		return DeskHours{}, false
	}
	for _, h := range u.Desk.Hours {
		if h.Holds(on) {
			return h, true
		}
	}
	return DeskHours{}, false
}

// AgencyCode is the code that opens the unit's dossier codes on the day.
func (p *Pack) AgencyCode(unit UnitKey, on Date) (AgencyCode, bool) {
	if u, ok := p.keys[unit]; ok {
		for _, a := range u.Agency {
			if a.Holds(on) {
				return a, true
			}
		}
	}
	return AgencyCode{}, false
}

// Fields are the fields of the day, in the pack's order.
func (p *Pack) Fields(on Date) []Field {
	var fields []Field
	for _, f := range p.all.Fields {
		if f.Holds(on) {
			fields = append(fields, f)
		}
	}
	return fields
}

// Field is the field of that slug.
func (p *Pack) Field(slug string) (Field, bool) {
	i := slices.IndexFunc(p.all.Fields, func(f Field) bool { return f.Slug == slug })
	if i < 0 {
		return Field{}, false
	}
	return p.all.Fields[i], true
}

// Matters are what people look for and what is no procedure, in the pack's
// order, whenever it was somebody's.
func (p *Pack) Matters() []Matter { return slices.Clone(p.all.Matters) }

// Matter is the one of that code.
func (p *Pack) Matter(code string) (Matter, bool) {
	i := slices.IndexFunc(p.all.Matters, func(m Matter) bool { return m.Code == code })
	if i < 0 {
		return Matter{}, false
	}
	return p.all.Matters[i], true
}

// On is who does the matter on the day; false if nobody is to be named then.
func (m Matter) On(day Date) (Agency, bool) {
	i := slices.IndexFunc(m.Agencies, func(a Agency) bool { return a.Holds(day) })
	if i < 0 {
		return Agency{}, false
	}
	return m.Agencies[i], true
}

// Procedures are the procedures in force on the day, by field, then the common
// ones first. They are shared: do not change them.
func (p *Pack) Procedures(on Date) []*Procedure {
	var procs []*Procedure
	for _, proc := range p.sorted {
		if _, ok := proc.On(on); ok {
			procs = append(procs, proc)
		}
	}
	return procs
}

// AllProcedures are the procedures of all times.
func (p *Pack) AllProcedures() []*Procedure { return slices.Clone(p.sorted) }

// Procedure is the procedure of that code, also one of the past or the future.
func (p *Pack) Procedure(code string) (*Procedure, bool) {
	proc, ok := p.procs[code]
	return proc, ok
}

// On is the version in force on the day.
func (p *Procedure) On(day Date) (*Version, bool) {
	for i := range p.Versions {
		if v := &p.Versions[i]; v.Holds(day) {
			return v, true
		}
	}
	return nil, false
}

// VersionFrom is the version that began on that day, as a dossier stores it.
func (p *Procedure) VersionFrom(from Date) (*Version, bool) {
	for i := range p.Versions {
		if v := &p.Versions[i]; v.From == from {
			return v, true
		}
	}
	return nil, false
}

// ApplicantsIn are who may apply under a version of the procedure.
func (p *Procedure) ApplicantsIn(v *Version) []string {
	if len(v.Applicants) > 0 {
		return v.Applicants
	}
	return p.Applicants
}

// ResultIn is what a version of the procedure gives.
func (p *Procedure) ResultIn(v *Version) []string {
	if len(v.Result) > 0 {
		return v.Result
	}
	return p.Result
}

// Case is the case of that name for the channel; "" is the first that the
// channel may use.
func (v *Version) Case(name, channel string) (Case, bool) {
	for _, c := range v.Cases {
		if (name == "" || c.Name == name) && (c.Channel == "" || channel == "" || c.Channel == channel) {
			return c, true
		}
	}
	return Case{}, false
}

// AtDesk reports whether the receiving desk does the step.
func (s Step) AtDesk() bool { return s.Kind == "return" || s.Kind == "receive" || s.Unit == "desk" }

// Limit is the time limit of a case; nil if the law sets no number. The second
// result is false if there is no such case.
func (v *Version) Limit(name, channel string) (*lawtime.Limit, bool) {
	c, ok := v.Case(name, channel)
	return c.Limit, ok
}

// Rules are the one-stop rules in force on the day.
func (p *Pack) Rules(on Date) (Rules, bool) {
	for _, r := range p.all.Rules {
		if r.Holds(on) {
			return r, true
		}
	}
	return Rules{}, false
}

// PublishLead is the rule of the day on how early a province decides.
func (p *Pack) PublishLead(on Date) (PublishRule, bool) {
	for _, r := range p.all.Publishing {
		if r.Holds(on) {
			return r, true
		}
	}
	return PublishRule{}, false
}

// SupplementEnd is the time in which a citizen must complete a dossier of the
// version: its own, or the rules' default of the day.
func (p *Pack) SupplementEnd(v *Version, on Date) lawtime.Limit {
	if v.SupplementEnd.Amount > 0 {
		return v.SupplementEnd
	}
	rules, _ := p.Rules(on)
	return rules.SupplementEnd
}

// Slip is the paper of that kind in force on the day for a field of procedures:
// the field's own form if it has one, else the general form.
func (p *Pack) Slip(kind, field string, on Date) (SlipTemplate, bool) {
	general := -1
	for i, s := range p.all.Slips {
		if !s.Holds(on) {
			continue
		}
		own := slices.Contains(s.Fields, field)
		if own && (s.Replaces == kind || s.Kind == kind) {
			return s, true
		}
		if s.Kind == kind && len(s.Fields) == 0 {
			general = i
		}
	}
	if general < 0 {
		return SlipTemplate{}, false
	}
	return p.all.Slips[general], true
}

// Slips are all papers of all times.
func (p *Pack) Slips() []SlipTemplate { return slices.Clone(p.all.Slips) }

// Instrument is the legal text of that ID.
func (p *Pack) Instrument(id string) (Instrument, bool) {
	act, ok := p.acts[id]
	if !ok {
		return Instrument{}, false
	}
	return *act, true
}

// InstrumentByNumber finds a legal text by its number as published,
// "55/2021/TT-BCA".
func (p *Pack) InstrumentByNumber(number string) (Instrument, bool) {
	act, ok := p.numbers[number]
	if !ok {
		return Instrument{}, false
	}
	return *act, true
}

// Instruments are all legal texts, by ID.
func (p *Pack) Instruments() []Instrument { return slices.Clone(p.all.Instruments) }

// Sources are where the pack's facts were seen.
func (p *Pack) Sources() []Source { return slices.Clone(p.all.Sources) }

// before is the day before; "" stays "".
func before(d Date) Date { return shift(d, -1) }

// after is the day after.
func after(d Date) Date { return shift(d, 1) }

func shift(d Date, days int) Date {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return d
	}
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}
