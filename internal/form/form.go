// Package form judges what people declare online (tờ khai điện tử): it knows
// which questions are asked, given what was answered so far, reads each answer
// by the grammar of its type, and names every fault at once. It is pure: the
// questions come from the pack, the day from the caller.
package form

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/pack"
	"quay20/internal/problem"
)

// Answers are what was declared, by the full name of the question:
// "nguoi-nop.ho-ten", "nguoi-di-cung.2.ho-ten", "cho-o.dia-chi.xa".
type Answers map[string]string

// Question is one field as it is asked, for one item of a repeated section.
type Question struct {
	Section *pack.FormSection
	Item    int // 1 is the first; 0 in a section that is not repeated
	Field   *pack.FormField
	Name    string // "nguoi-di-cung.2.ho-ten"
}

// Parts of an address: commune of the day, a place outside the province, and
// the village or street.
const (
	Commune = ".xa"
	Else    = ".noi-khac"
	Village = ".thon"
)

// Elsewhere is the commune of an address outside the province.
const Elsewhere = "khac"

// Yes and No answer a yes-no question.
const (
	Yes = "co"
	No  = "khong"
)

// Inputs are the names under which the question is answered.
func (q Question) Inputs() []string {
	switch q.Field.Type {
	case "files":
		return nil
	case "address":
		return []string{q.Name + Commune, q.Name + Else, q.Name + Village}
	}
	return []string{q.Name}
}

// Place is a section, or one item of a repeated one: "xe", "nguoi-di-cung.2".
type Place struct {
	Section *pack.FormSection
	Item    int
}

// Name is the place's name in an address.
func (p Place) Name() string {
	if p.Item == 0 {
		return p.Section.ID
	}
	return p.Section.ID + "." + strconv.Itoa(p.Item)
}

// Items counts what was declared of a repeated section.
func Items(s *pack.FormSection, a Answers) int {
	n := 0
	for name := range a {
		rest, ok := strings.CutPrefix(name, s.ID+".")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); err == nil && i > n && i <= s.Most {
			n = i
		}
	}
	return n
}

// Shown reports whether the section is asked at all.
func Shown(s *pack.FormSection, a Answers) bool { return holds(s.When, "", a) }

// Questions are what is asked at a place now, in order.
func Questions(p Place, a Answers) []Question {
	if !Shown(p.Section, a) {
		return nil
	}
	var list []Question
	for i := range p.Section.Fields {
		f := &p.Section.Fields[i]
		if holds(f.When, p.Name(), a) {
			list = append(list, Question{p.Section, p.Item, f, p.Name() + "." + f.ID})
		}
	}
	return list
}

// holds reports whether every condition holds; a bare field is one of the place.
func holds(when []pack.FormWhen, place string, a Answers) bool {
	for _, w := range when {
		name := w.Field
		if !strings.Contains(name, ".") {
			name = place + "." + name
		}
		if !slices.Contains(w.Is, a[name]) {
			return false
		}
	}
	return true
}

// Places are the form's pages in order: each section, or each item declared of
// a repeated one.
func Places(f *pack.Form, a Answers) []Place {
	var list []Place
	for i := range f.Sections {
		s := &f.Sections[i]
		switch {
		case !Shown(s, a):
		case s.Most == 0:
			list = append(list, Place{s, 0})
		default:
			for n := range Items(s, a) {
				list = append(list, Place{s, n + 1})
			}
		}
	}
	return list
}

// All are the questions of the whole form.
func All(f *pack.Form, a Answers) []Question {
	var list []Question
	for _, p := range Places(f, a) {
		list = append(list, Questions(p, a)...)
	}
	return list
}

// Check reads the answers of a form as of a day: each in its one written form,
// and every fault at once, in the order of the form. Answers to what is not
// asked are left out; an answer that cannot be read stays as it was typed, if
// it can be kept at all.
func Check(f *pack.Form, law *pack.Pack, on pack.Date, a Answers) (Answers, []problem.Field) {
	read := Answers{}
	var faults []problem.Field
	a = Asked(f, a)
	for i := range f.Sections {
		s := &f.Sections[i]
		faults = append(faults, checkSection(s, law, on, a, read)...)
	}
	return read, faults
}

// Asked are the answers without those to questions that are not asked, because
// what they hang on was answered otherwise or is not asked itself.
func Asked(f *pack.Form, a Answers) Answers {
	left := maps.Clone(a)
	if left == nil {
		left = Answers{}
	}
	for i := range f.Sections {
		s := &f.Sections[i]
		if !Shown(s, left) {
			for name := range Within(s, left) {
				delete(left, name)
			}
			continue
		}
		items := []int{0}
		if s.Most > 0 {
			items = items[:0]
			for n := range Items(s, left) {
				items = append(items, n+1)
			}
		}
		for _, n := range items {
			p := Place{s, n}
			for j := range s.Fields {
				q := Question{s, n, &s.Fields[j], p.Name() + "." + s.Fields[j].ID}
				if !holds(q.Field.When, p.Name(), left) {
					for _, name := range q.Inputs() {
						delete(left, name)
					}
				}
			}
		}
	}
	return left
}

// CheckSection is Check for one section.
func CheckSection(s *pack.FormSection, law *pack.Pack, on pack.Date, a Answers) (Answers, []problem.Field) {
	read := Answers{}
	faults := checkSection(s, law, on, a, read)
	return read, faults
}

// CheckPlace is Check for one page, an item of a repeated section or a section.
func CheckPlace(p Place, law *pack.Pack, on pack.Date, a Answers) (Answers, []problem.Field) {
	read := Answers{}
	return read, checkPlace(p, law, on, a, read)
}

func checkSection(s *pack.FormSection, law *pack.Pack, on pack.Date, a, read Answers) []problem.Field {
	if !Shown(s, a) {
		return nil
	}
	if s.Most == 0 {
		return checkPlace(Place{s, 0}, law, on, a, read)
	}
	var faults []problem.Field
	n := Items(s, a)
	if n < s.Least {
		faults = append(faults, problem.Field{Name: s.ID, Key: "form.err.least", Args: []any{"label", Label(s.Item, s.ItemEn), "least", s.Least}})
	}
	for i := range n {
		faults = append(faults, checkPlace(Place{s, i + 1}, law, on, a, read)...)
	}
	return faults
}

// checkPlace reads a page. What is asked may depend on what was just read, so
// each answer counts in its written form for the next.
func checkPlace(p Place, law *pack.Pack, on pack.Date, a, read Answers) []problem.Field {
	a = fromMRZ(p, on, a)
	seen := maps.Clone(a)
	var faults []problem.Field
	for i := range p.Section.Fields {
		f := &p.Section.Fields[i]
		q := Question{p.Section, p.Item, f, p.Name() + "." + f.ID}
		if !holds(f.When, p.Name(), seen) {
			for _, name := range q.Inputs() {
				delete(seen, name)
			}
			continue
		}
		r := reading{Question: q, law: law, on: on, typed: a, read: read}
		r.judge()
		for _, name := range q.Inputs() {
			seen[name] = read[name]
		}
		faults = append(faults, r.faults...)
	}
	return faults
}

// Both is a label in both languages, for the words of a fault.
type Both struct{ Vi, En string }

// Label joins a label's two languages.
func Label(vi, en string) Both { return Both{vi, cmp.Or(en, vi)} }

// String is the Vietnamese one.
func (b Both) String() string { return b.Vi }

// Facts are what the answers say of the dossier, by fact: "filer.name". An
// address is one line.
func Facts(f *pack.Form, law *pack.Pack, on pack.Date, a Answers) map[string]string {
	facts := map[string]string{}
	for _, q := range All(f, a) {
		if q.Field.Fact == "" {
			continue
		}
		v := a[q.Name]
		if q.Field.Type == "address" {
			v = AddressLine(law, on, a, q.Name)
		}
		if v != "" {
			facts[q.Field.Fact] = v
		}
	}
	return facts
}

// Known reports whether a name can be that of an answer of the form.
func Known(f *pack.Form, name string) bool {
	parts := strings.SplitN(name, ".", 2)
	s, ok := f.Section(parts[0])
	if !ok || len(parts) < 2 {
		return false
	}
	rest, item := parts[1], 0
	if s.Most > 0 {
		number, field, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > s.Most || strconv.Itoa(n) != number {
			return false
		}
		rest, item = field, n
	}
	for i := range s.Fields {
		q := Question{s, item, &s.Fields[i], s.Fields[i].ID}
		if slices.Contains(q.Inputs(), rest) {
			return true
		}
	}
	return false
}

// Fact is the answer to the question that is one fact of the dossier.
func Fact(f *pack.Form, a Answers, fact string) string {
	for _, q := range All(f, a) {
		if q.Field.Fact == fact && a[q.Name] != "" {
			return a[q.Name]
		}
	}
	return ""
}

// AddressLine is an address as one line: "Bản Nà Đon, Phường Đoàn Kết, tỉnh Lai Châu".
func AddressLine(law *pack.Pack, on pack.Date, a Answers, name string) string {
	parts := []string{a[name+Village]}
	if u, ok := law.Unit(a[name+Commune], on); ok {
		parts = append(parts, u.Place, "tỉnh "+law.Head().Place)
	} else {
		parts = append(parts, a[name+Else])
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// Without drops an item of a repeated section; those behind it move up.
func Without(s *pack.FormSection, item int, a Answers) Answers {
	left := Answers{}
	for name, v := range a {
		rest, ok := strings.CutPrefix(name, s.ID+".")
		number, field, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		switch {
		case !ok || err != nil || n < item:
			left[name] = v
		case n > item:
			left[s.ID+"."+strconv.Itoa(n-1)+"."+field] = v
		}
	}
	return left
}

// Usual are the answers to begin a page with on which nothing was answered yet:
// what most people choose is chosen.
func Usual(p Place, a Answers) Answers {
	for name := range a {
		if strings.HasPrefix(name, p.Name()+".") {
			return a
		}
	}
	begun := maps.Clone(a)
	for _, f := range p.Section.Fields {
		if f.Usual != "" {
			begun[p.Name()+"."+f.ID] = f.Usual
		}
	}
	return begun
}

// Within are the answers of one section.
func Within(s *pack.FormSection, a Answers) Answers {
	own := Answers{}
	for name, v := range a {
		if strings.HasPrefix(name, s.ID+".") {
			own[name] = v
		}
	}
	return own
}

// Put replaces what a page says by new answers, and keeps everything else.
func Put(p Place, a, answers Answers) Answers {
	next := Answers{}
	for name, v := range a {
		if !strings.HasPrefix(name, p.Name()+".") {
			next[name] = v
		}
	}
	for name, v := range answers {
		if v != "" {
			next[name] = v
		}
	}
	return next
}

// Object is what tells a person's dossiers of one procedure apart, such as a
// plate; "" where the form names nothing or was left empty.
func Object(f *pack.Form, a Answers) string {
	if v := a[f.Object]; v != "" {
		return v
	}
	parts := []string{a[f.Object+Commune], a[f.Object+Else], a[f.Object+Village]}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
