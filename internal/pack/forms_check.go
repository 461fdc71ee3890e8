package pack

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// readForm reads forms/<id>-<from>.yaml, or the rules of online filing.
func (r *reader) readForm(name, stem string) {
	if path.Base(name) == "rules.yaml" {
		var in struct{ Rules []FilingRules }
		r.decode(name, &in)
		for i, rule := range in.Rules {
			r.mark("filing rules "+rule.From, name, fmt.Sprintf("rules[%d]", i))
		}
		r.all.Filing = in.Rules
		return
	}
	var f Form
	if !r.decode(name, &f) {
		return
	}
	r.mark(formName(f), name, "")
	r.named(name, stem, f.ID+"-"+f.From)
	r.all.Forms = append(r.all.Forms, f)
}

func formName(f Form) string { return "form " + f.ID + "@" + f.From }

// sortForms puts forms of one id in order of time and closes each by the next.
func (c *content) sortForms() {
	slices.SortFunc(c.Forms, func(a, b Form) int {
		return strings.Compare(a.ID+"@"+a.From, b.ID+"@"+b.From)
	})
	for i := range c.Forms {
		if i+1 < len(c.Forms) && c.Forms[i+1].ID == c.Forms[i].ID && c.Forms[i].To == "" {
			c.Forms[i].To = before(c.Forms[i+1].From)
		}
	}
	c.lend()
}

var slug = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Bounds of a form, so that no page grows without end.
const (
	formSections = 20
	formFields   = 30
	formItems    = 200
)

func (r *reader) checkForms() {
	for i := range r.all.Filing {
		rule := &r.all.Filing[i]
		s := r.on("filing rules %s", rule.From)
		s.span(rule.Span)
		s.limit("draft_life", rule.DraftLife)
		s.limit("resume_life", rule.ResumeLife)
		s.cite("law", rule.Law)
		if rule.Drafts < 1 || rule.Drafts > 1000 {
			s.at("drafts").fault("pack.fault.number", "pack.fix.number", "key", "drafts", "low", 1, "high", 1000)
		}
	}
	for i := range r.all.Forms {
		r.checkForm(&r.all.Forms[i])
		r.checkSole(i)
	}
}

// checkSole wants at most one form for a procedure on a day, and one general form.
func (r *reader) checkSole(i int) {
	f := &r.all.Forms[i]
	for _, other := range r.all.Forms[:i] {
		if !overlap(f.Span, other.Span) {
			continue
		}
		both := len(f.Procedures) == 0 && len(other.Procedures) == 0
		both = both || slices.ContainsFunc(f.Procedures, func(c string) bool { return slices.Contains(other.Procedures, c) })
		if both || f.ID == other.ID {
			r.on("%s", formName(*f)).fault("pack.fault.overlap", "pack.fix.overlap", "from", f.From, "to", other.To)
		}
	}
}

func (r *reader) checkForm(f *Form) {
	s := r.on("%s", formName(*f))
	s.span(f.Span)
	s.need("from", f.From)
	s.need("title", f.Title)
	s.need("title_en", f.TitleEn)
	s.word("id", f.ID)
	for i, code := range f.Procedures {
		if r.pack.procs[code] == nil {
			s.at("procedures[%d]", i).fault("pack.fault.procedure", "pack.fix.procedure", "code", code)
		}
	}
	for i, number := range f.Basis {
		s.at("basis[%d]", i).basis(number)
	}
	if len(f.Basis) == 0 {
		s.fault("pack.fault.missing", "pack.fix.missing", "key", "basis")
	}
	if len(f.Sections) == 0 || len(f.Sections) > formSections {
		s.at("sections").fault("pack.fault.number", "pack.fix.number", "key", "sections", "low", 1, "high", formSections)
	}
	seen := formNames{}
	for i := range f.Sections {
		seen.section(s.at("sections[%d]", i), &f.Sections[i])
	}
	if f.Object != "" {
		s.at("object").known(seen, f.Object)
	}
	if c := f.Cosign; c != nil {
		at := s.at("cosign")
		at.need("title", c.Title)
		at.need("title_en", c.TitleEn)
		at.cite("law", c.Law)
		at.at("number").known(seen, c.Number)
		at.at("proof").known(seen, c.Proof)
		if _, ok := f.Section(c.Section); !ok {
			at.at("section").fault("pack.fault.form-field", "pack.fix.form-field", "field", c.Section)
		}
	}
}

// formNames are the fields of a form by full name, with their choices.
type formNames map[string][]string

func (s spot) word(key, value string) {
	if !slug.MatchString(value) {
		s.at("%s", key).fault("pack.fault.slug", "pack.fix.slug", "value", value)
	}
}

func (s spot) known(names formNames, field string) {
	if _, ok := names[field]; !ok {
		s.fault("pack.fault.form-field", "pack.fix.form-field", "field", field)
	}
}

// section checks a section; conditions look back only, so that a page never
// waits for a later one.
func (names formNames) section(s spot, sec *FormSection) {
	s.word("id", sec.ID)
	s.need("title", sec.Title)
	s.need("title_en", sec.TitleEn)
	if sec.Most < 0 || sec.Most > formItems || sec.Least < 0 || sec.Least > sec.Most {
		s.at("most").fault("pack.fault.number", "pack.fix.number", "key", "most", "low", sec.Least, "high", formItems)
	}
	if sec.Most > 0 {
		s.need("item", sec.Item)
		s.need("item_en", sec.ItemEn)
	}
	if len(sec.Fields) == 0 || len(sec.Fields) > formFields {
		s.at("fields").fault("pack.fault.number", "pack.fix.number", "key", "fields", "low", 1, "high", formFields)
	}
	names.when(s, "", sec.When)
	for i := range sec.Fields {
		names.field(s.at("fields[%d]", i), sec, &sec.Fields[i])
	}
}

func (names formNames) field(s spot, sec *FormSection, f *FormField) {
	s.word("id", f.ID)
	s.oneOf("type", f.Type, FieldTypes...)
	s.need("label", f.Label)
	s.need("label_en", f.LabelEn)
	s.need("purpose", f.Purpose)
	s.oneOf("class", f.Class, "", "basic", "sensitive")
	if f.Fact != "" {
		s.oneOf("fact", f.Fact, FormFacts...)
	}
	if f.MRZ != "" {
		s.oneOf("mrz", f.MRZ, MRZParts...)
	}
	if f.Type == "files" {
		s.need("component", f.Component)
	}
	values := []string{"co", "khong"}
	if f.Type == "choice" {
		values = nil
		for i, c := range f.Choices {
			at := s.at("choices[%d]", i)
			at.need("value", c.Value)
			at.need("text", c.Text)
			at.need("text_en", c.TextEn)
			values = append(values, c.Value)
		}
		if len(values) < 2 {
			s.at("choices").fault("pack.fault.number", "pack.fix.number", "key", "choices", "low", 2, "high", formFields)
		}
	}
	if f.Usual != "" {
		s.oneOf("usual", f.Usual, values...)
	}
	names.when(s, sec.ID, f.When)
	name := sec.ID + "." + f.ID
	if _, twice := names[name]; twice {
		s.at("id").fault("pack.fault.twice-key", "pack.fix.twice-key", "key", name)
	}
	names[name] = values
}

func (names formNames) when(s spot, section string, when []FormWhen) {
	for i, w := range when {
		at := s.at("when[%d]", i)
		name := w.Field
		if !strings.Contains(name, ".") {
			name = section + "." + name
		}
		values, ok := names[name]
		if !ok {
			at.fault("pack.fault.form-field", "pack.fix.form-field", "field", w.Field)
			continue
		}
		for _, v := range w.Is {
			if !slices.Contains(values, v) {
				at.fault("pack.fault.form-value", "pack.fix.form-value", "value", v, "field", name)
			}
		}
		if len(w.Is) == 0 {
			at.need("is", "")
		}
	}
}
