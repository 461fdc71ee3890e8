package form

import (
	"slices"
	"strconv"
	"strings"

	"quay20/internal/pack"
	"quay20/internal/text"
)

// Sections that every filing has besides those of its form.
const (
	CaseSection  = "truong-hop" // which case, where a procedure has several
	PlaceSection = "nop-o-dau"  // which desk, how the result comes back
	FilerSection = "nguoi-nop"  // who files; every form has it
	WhoFilled    = "nop-o-dau.ai-khai"
	Desk         = "nop-o-dau.ban-tiep-nhan"
)

// Who filled a form in, as it is told and counted (tự khai, có người giúp, cán
// bộ khai giúp).
const (
	Self    = "self"
	Helped  = "helped"
	Officer = "officer"
)

// Of is the form of a procedure on the day, whole: with the questions for case,
// desk and return. It fails where the procedure is not filed online.
func Of(law *pack.Pack, procedure string, on pack.Date) (*pack.Form, bool) {
	proc, ok := law.Procedure(procedure)
	if !ok {
		return nil, false
	}
	v, ok := proc.On(on)
	if !ok || !v.Online() {
		return nil, false
	}
	own, ok := law.Form(procedure, on)
	if !ok {
		return nil, false
	}
	return whole(own, law, proc, v, on), true
}

// Stored is the form under which a dossier was declared.
func Stored(law *pack.Pack, procedure, id string, from, on pack.Date) (*pack.Form, bool) {
	own, ok := law.FormFrom(id, from)
	if !ok {
		return nil, false
	}
	proc, ok := law.Procedure(procedure)
	if !ok {
		return own, true
	}
	v, ok := proc.On(on)
	if !ok {
		return own, true
	}
	return whole(own, law, proc, v, on), true
}

func whole(own *pack.Form, law *pack.Pack, proc *pack.Procedure, v *pack.Version, on pack.Date) *pack.Form {
	f := *own
	f.Sections = nil
	if s := caseSection(proc, v, on); len(s.Fields) > 0 {
		f.Sections = append(f.Sections, s)
	}
	f.Sections = append(f.Sections, own.Sections...)
	f.Sections = append(f.Sections, placeSection(law, proc, on))
	return &f
}

// built makes a question of the house's own.
func built(id, kind, fact string, choices ...pack.FormChoice) pack.FormField {
	key := "filing.q." + id
	f := pack.FormField{ID: id, Type: kind, Fact: fact, Choices: choices, Verified: true,
		Label: text.T(text.Vi, key), LabelEn: text.T(text.En, key), Purpose: text.T(text.Vi, "filing.q.purpose")}
	if text.Has(key + ".hint") {
		f.Hint, f.HintEn = text.T(text.Vi, key+".hint"), text.T(text.En, key+".hint")
	}
	return f
}

func section(id string, fields ...pack.FormField) pack.FormSection {
	return pack.FormSection{ID: id, Title: text.T(text.Vi, "filing.s."+id), TitleEn: text.T(text.En, "filing.s."+id), Fields: fields}
}

func worded(value, key string) pack.FormChoice {
	return pack.FormChoice{Value: value, Text: text.T(text.Vi, key), TextEn: text.T(text.En, key)}
}

// caseSection asks for the case and the fee's case where there are several.
func caseSection(proc *pack.Procedure, v *pack.Version, on pack.Date) pack.FormSection {
	s := section(CaseSection)
	var cases []pack.FormChoice
	for _, c := range v.Cases {
		if c.Channel == "" || c.Channel == "online" {
			cases = append(cases, pack.FormChoice{Value: c.Name, Text: c.Name, TextEn: c.Name})
		}
	}
	if len(cases) > 1 {
		s.Fields = append(s.Fields, built("truong-hop", "choice", "case", cases...))
	}
	var fees []pack.FormChoice
	for _, c := range append(cases, pack.FormChoice{}) {
		if len(cases) > 0 && c.Value == "" {
			break
		}
		for _, name := range proc.Fee(pack.Ask{Case: c.Value, Channel: "online", On: on}).Choices {
			if !slices.ContainsFunc(fees, func(f pack.FormChoice) bool { return f.Value == name }) {
				fees = append(fees, pack.FormChoice{Value: name, Text: name, TextEn: name})
			}
		}
	}
	if len(fees) > 1 {
		s.Fields = append(s.Fields, built("le-phi", "choice", "fee_case", fees...))
	}
	return s
}

// placeSection asks which desk takes the dossier in, how the result comes back,
// and who filled the form in.
func placeSection(law *pack.Pack, proc *pack.Procedure, on pack.Date) pack.FormSection {
	var desks []pack.FormChoice
	for _, u := range Desks(law, proc.Code, on) {
		desks = append(desks, pack.FormChoice{Value: u.Code, Text: u.Name, TextEn: u.Name})
	}
	to := built("gui-den", "line", "return_to")
	to.When = []pack.FormWhen{{Field: "nhan-ket-qua", Is: []string{"post"}}}
	helper := built("nguoi-giup", "line", "helper")
	helper.When = []pack.FormWhen{{Field: "ai-khai", Is: []string{Helped}}}
	return section(PlaceSection,
		built("ban-tiep-nhan", "choice", "desk", desks...),
		built("nhan-ket-qua", "choice", "return_by", worded("counter", "filing.return.counter"), worded("post", "filing.return.post"), worded("electronic", "filing.return.electronic")),
		to,
		built("ai-khai", "choice", "filled", worded(Self, "filing.filled.self"), worded(Helped, "filing.filled.helped")),
		helper)
}

// Desks are the desks that take the procedure in on the day: those of units
// that are competent, or all where none of these has a desk.
func Desks(law *pack.Pack, procedure string, on pack.Date) []pack.Unit {
	all := law.Desks(on)
	own := slices.DeleteFunc(slices.Clone(all), func(u pack.Unit) bool { return len(law.Competences(procedure, u.Code, on)) == 0 })
	if len(own) == 0 {
		return all
	}
	return own
}

// Slot is a paper that goes with the form (giấy tờ cần nộp).
type Slot struct {
	N        int // its number among the version's components, from 1
	Paper    pack.Component
	Declared bool // the filled form is this paper
	Needed   bool // must be attached
}

// Name is the slot's key for its files.
func (s Slot) Name() string { return strconv.Itoa(s.N) }

// Slots are the papers that a version asks for, given the answers so far.
func Slots(f *pack.Form, v *pack.Version, a Answers) []Slot {
	name := Fact(f, a, "case")
	if c, ok := v.Case(name, "online"); ok {
		name = c.Name
	}
	asked := map[string]pack.FormField{}
	left := map[string]bool{}
	for i := range f.Sections {
		for _, field := range f.Sections[i].Fields {
			if field.Type == "files" {
				left[field.Component] = true
			}
		}
	}
	for _, q := range All(f, a) {
		if q.Field.Type == "files" {
			asked[q.Field.Component] = *q.Field
		}
	}
	var list []Slot
	for i, c := range v.Components {
		field, named := asked[c.Name]
		if !named && (left[c.Name] || c.Case != "" && c.Case != name) {
			continue
		}
		s := Slot{N: i + 1, Paper: c, Needed: c.Mandatory && c.PopulationDB != "yes"}
		if named {
			s.Needed = !field.Optional
		}
		if f.Stands != "" && strings.HasPrefix(c.Form, f.Stands) {
			s.Declared, s.Needed = true, false
		}
		list = append(list, s)
	}
	return list
}
