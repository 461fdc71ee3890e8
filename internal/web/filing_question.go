package web

import (
	"net/http"
	"slices"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/filing"
	declare "quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// questionPage is C13: one section of the form, or one item of a repeated one.
type questionPage struct {
	*Form
	Caption string
	Title   string
	Back    BackLink
	Help    string
	Pieces  []piece
	Seen    string
	Action  string
	More    bool // more is asked because of what was just answered
	Mine    []comparison
	Remove  string
}

// listPage is C13 for a repeated section: what was declared, and one more.
type listPage struct {
	*Form
	Caption, Title string
	Back           BackLink
	Help           string
	Items          []listItem
	Add            *Button
	Next           string
	Full           string
	Paste          string // address to paste many at once
}

// listItem is one item declared.
type listItem struct {
	Name, Href, Remove, Seen string
	Hidden                   string
	Faulty                   bool
}

func (h *fromHome) question(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, err := h.sheet(r, by)
	if err != nil {
		return err
	}
	if s.Sent() {
		return h.redirect(w, r, s.href("da-gui"))
	}
	p, err := filing.At(s.form, r.PathValue("cau"), s.Answers)
	if err != nil {
		return err
	}
	if p.Section.Most > 0 && p.Item == 0 {
		return h.list(w, r, s, p.Section)
	}
	f := h.blankForm(w, r)
	now := declare.Usual(p, s.Answers)
	for _, name := range s.inputs(p) {
		f.Set(name, written(s.form, name, now[name]))
	}
	more := r.URL.Query().Has("them")
	return h.showQuestion(w, r, s, p, f, filing.Mark(p, s.Answers), more)
}

// inputs are the names of all fields of a page, asked now or not.
func (s *sheet) inputs(p declare.Place) []string {
	var names []string
	for i := range p.Section.Fields {
		q := declare.Question{Section: p.Section, Item: p.Item, Field: &p.Section.Fields[i], Name: p.Name() + "." + p.Section.Fields[i].ID}
		names = append(names, q.Inputs()...)
	}
	return names
}

// written is an answer as people write it, which the same grammar reads again.
func written(f *pack.Form, name, value string) string {
	switch fieldType(f, name) {
	case "birth", "date":
		return applicant.FormatBorn(value)
	case "phone":
		return applicant.FormatPhone(value)
	case "plate":
		return applicant.FormatPlate(value)
	}
	return value
}

// fieldType is the type of the field that a name belongs to.
func fieldType(f *pack.Form, name string) string {
	parts := strings.Split(name, ".")
	s, ok := f.Section(parts[0])
	if !ok {
		return ""
	}
	for i := range s.Fields {
		if s.Fields[i].ID == parts[len(parts)-1] {
			return s.Fields[i].Type
		}
	}
	return ""
}

func (h *fromHome) showQuestion(w http.ResponseWriter, r *http.Request, s *sheet, p declare.Place, f *Form, seen string, more bool) error {
	page := questionPage{Form: f, Caption: s.proc.ShortName, Title: s.title(p.Section), Seen: seen, More: more,
		Help: s.both(p.Section.Help, p.Section.HelpEn), Back: BackLink{Href: s.before(p.Section)}, Action: s.href(p.Name())}
	if p.Item > 0 {
		page.Title = s.say("filing.item", "item", s.both(p.Section.Item, p.Section.ItemEn), "n", p.Item)
		page.Back.Href = s.href(p.Section.ID)
		page.Help = ""
	}
	now := declare.Put(p, s.Answers, typedAnswers(f, s.inputs(p)))
	for _, q := range declare.Questions(p, now) {
		page.Pieces = append(page.Pieces, s.ask(f, q)...)
	}
	return h.render(w, r, f.Status(), "filing-question", page)
}

func typedAnswers(f *Form, names []string) declare.Answers {
	a := declare.Answers{}
	for _, name := range names {
		if v := f.Typed(name); v != "" {
			a[name] = v
		}
	}
	return a
}

// ask makes the parts by which a question is answered.
func (s *sheet) ask(f *Form, q declare.Question) []piece {
	label := s.label(q.Field)
	var hint *Hint
	if t := s.both(q.Field.Hint, q.Field.HintEn); t != "" {
		hint = &Hint{Text: t}
	}
	switch q.Field.Type {
	case "files":
		return nil
	case "choice", "yes-no":
		return []piece{s.choose(f, q, label, hint)}
	case "nationality":
		sel := Select{ID: fieldID(q.Name), Name: q.Name, Value: f.Typed(q.Name), Label: Label{Text: label}, Hint: hint, ErrorMessage: f.message(q.Name), Items: []Option{{Text: s.say("filing.select")}}}
		for _, c := range declare.Countries() {
			sel.Items = append(sel.Items, Option{Value: c.Code, Text: in(s.lang, c.Vi, c.En) + " (" + c.Code + ")"})
		}
		return []piece{{Select: &sel}}
	case "address":
		return s.askAddress(f, q, label, hint)
	case "text", "mrz":
		t := Textarea{ID: fieldID(q.Name), Name: q.Name, Value: f.Typed(q.Name), Label: Label{Text: label}, Hint: hint, ErrorMessage: f.message(q.Name)}
		if q.Field.Type == "mrz" {
			off := false
			t.Rows, t.Spellcheck, t.Classes = 3, &off, "q-mrz"
		}
		return []piece{{Textarea: &t}}
	}
	box := Input{ID: fieldID(q.Name), Name: q.Name, Value: f.Typed(q.Name), Label: Label{Text: label}, Hint: hint, ErrorMessage: f.message(q.Name)}
	dress(&box, q.Field)
	return []piece{{Input: &box}}
}

// label is the question with what it is called when it need not be answered.
func (s *sheet) label(f *pack.FormField) string {
	label := s.both(f.Label, f.LabelEn)
	if f.Optional {
		label += " " + s.say("form.optional")
	}
	return label
}

// dress fits a box to what is typed into it: keyboard, width, what a browser
// may fill in by itself.
func dress(box *Input, f *pack.FormField) {
	off := false
	switch f.Type {
	case "name":
		box.Spellcheck = &off
	case "phone":
		box.Type, box.Inputmode, box.Classes = "tel", "tel", "govuk-input--width-20"
	case "email":
		box.Type, box.Inputmode, box.Spellcheck = "email", "email", &off
	case "number":
		box.Inputmode, box.Classes = "numeric", "govuk-input--width-5"
	case "personal-number", "tax-code", "money":
		box.Inputmode, box.Classes, box.Spellcheck = "numeric", "govuk-input--width-20", &off
	case "id-number", "passport", "plate":
		box.Classes, box.Spellcheck, box.Autocapitalize = "govuk-input--width-20", &off, "characters"
	case "birth", "date":
		box.Classes = "govuk-input--width-10"
	}
	if f.Type == "money" {
		box.Suffix = &Affix{Text: "đồng"}
	}
	box.Autocomplete = map[string]string{"filer.name": "name", "filer.phone": "tel", "filer.email": "email", "filer.born": "bday"}[f.Fact]
}

func (s *sheet) choose(f *Form, q declare.Question, label string, hint *Hint) piece {
	choices := q.Field.Choices
	if q.Field.Type == "yes-no" {
		choices = []pack.FormChoice{{Value: declare.Yes, Text: text.T(text.Vi, "filing.yes"), TextEn: text.T(text.En, "filing.yes")}, {Value: declare.No, Text: text.T(text.Vi, "filing.no"), TextEn: text.T(text.En, "filing.no")}}
	}
	if len(choices) > 8 {
		sel := Select{ID: fieldID(q.Name), Name: q.Name, Value: f.Typed(q.Name), Label: Label{Text: label}, Hint: hint, ErrorMessage: f.message(q.Name), Items: []Option{{Text: s.say("filing.select")}}}
		for _, c := range choices {
			sel.Items = append(sel.Items, Option{Value: c.Value, Text: in(s.lang, c.Text, c.TextEn)})
		}
		return piece{Select: &sel}
	}
	rad := Radios{IDPrefix: fieldID(q.Name), Name: q.Name, Value: f.Typed(q.Name), Hint: hint, ErrorMessage: f.message(q.Name), Fieldset: &Fieldset{Legend: &Legend{Text: label}}}
	for _, c := range choices {
		rad.Items = append(rad.Items, Choice{Value: c.Value, Text: s.both(c.Text, c.TextEn)})
	}
	return piece{Radios: &rad}
}

// askAddress asks for commune, a place elsewhere, and village, in one heading.
func (s *sheet) askAddress(f *Form, q declare.Question, label string, hint *Hint) []piece {
	name := q.Name + declare.Commune
	sel := Select{ID: fieldID(name), Name: name, Value: f.Typed(name), Label: Label{Text: s.say("filing.commune")}, Hint: hint, ErrorMessage: f.message(name), Items: []Option{{Text: s.say("filing.select")}}}
	for _, u := range s.law.Communes(s.on) {
		sel.Items = append(sel.Items, Option{Value: u.Code, Text: u.Place})
	}
	list := []piece{{Head: label}, {Select: &sel}}
	if !q.Field.Local {
		sel.Items = append(sel.Items, Option{Value: declare.Elsewhere, Text: s.say("filing.elsewhere")})
		name := q.Name + declare.Else
		list = append(list, piece{Input: &Input{ID: fieldID(name), Name: name, Value: f.Typed(name), Label: Label{Text: s.say("filing.elsewhere.where")}, Hint: &Hint{Text: s.say("filing.elsewhere.hint")}, ErrorMessage: f.message(name)}})
	}
	name = q.Name + declare.Village
	return append(list, piece{Input: &Input{ID: fieldID(name), Name: name, Value: f.Typed(name), Label: Label{Text: s.say("filing.village")}, Hint: &Hint{Text: s.say("filing.village.hint")}, ErrorMessage: f.message(name)}})
}

// answer keeps what a page says. What is wrong is shown, with everything typed;
// what is right so far is kept all the same, so a lost line loses one page at
// most. rel-G4
func (h *fromHome) answer(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, err := h.sheet(r, by)
	if err != nil {
		return err
	}
	f, err := h.postedForm(w, r)
	if err != nil {
		return err
	}
	if s.Sent() {
		return problem.New(problem.Illegal, "filing.err.sent")
	}
	p, err := filing.At(s.form, r.PathValue("cau"), s.Answers)
	if err != nil {
		return err
	}
	if p.Section.Most > 0 && p.Item == 0 {
		return h.redirect(w, r, s.next(p.Section))
	}
	names := s.inputs(p)
	for _, name := range names { // rel-B-W13
		if len(f.values[name]) > 1 {
			return problem.New(problem.Malformed, "web.malformed")
		}
	}
	had := declare.Questions(p, declare.Usual(p, s.Answers))
	d, faults, err := h.Filing.Save(r.Context(), by, s.ID, filing.Change{Place: p.Name(), Answers: typedAnswers(f, names), Seen: f.Typed("_seen")})
	switch {
	case problem.Is(err, problem.Stale):
		return h.showBoth(w, r, by, p, f, err)
	case f.Refused(err):
		return h.showQuestion(w, r, s, p, f, f.Typed("_seen"), false)
	case err != nil:
		return err
	}
	s.Draft = d
	if len(faults) == 0 {
		if p.Item > 0 {
			return h.redirect(w, r, s.href(p.Section.ID))
		}
		if r.URL.Query().Has("sua") {
			return h.redirect(w, r, s.href("kiem-tra"))
		}
		return h.redirect(w, r, s.next(p.Section))
	}
	if onlyNew(faults, had) {
		to := s.href(p.Name()) + "?them"
		if r.URL.Query().Has("sua") {
			to += "&sua"
		}
		return h.redirect(w, r, to)
	}
	s.fault(f, faults)
	return h.showQuestion(w, r, s, p, f, filing.Mark(p, d.Answers), false)
}

// onlyNew reports whether every fault is at a question that the page did not
// have yet: then it is no fault of who filled it in.
func onlyNew(faults []problem.Field, had []declare.Question) bool {
	for _, x := range faults {
		for _, q := range had {
			if slices.Contains(q.Inputs(), x.Name) {
				return false
			}
		}
	}
	return true
}

// fault notes faults with their labels in the page's language.
func (s *sheet) fault(f *Form, faults []problem.Field) {
	for _, x := range faults {
		f.Fault(x.Name, x.Key, localised(s.lang, x.Args)...)
	}
}

// localised words the labels among a fault's arguments.
func localised(lang text.Lang, args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		if b, ok := a.(declare.Both); ok {
			a = in(lang, b.Vi, b.En)
		}
		out[i] = a
	}
	return out
}

// showBoth shows what was typed beside what another window saved. rel-B-W12
func (h *fromHome) showBoth(w http.ResponseWriter, r *http.Request, by filing.Owner, p declare.Place, f *Form, err error) error {
	s, err2 := h.sheet(r, by)
	if err2 != nil {
		return err2
	}
	f.Refused(err)
	page := questionPage{Form: f, Caption: s.proc.ShortName, Title: s.title(p.Section), Seen: filing.Mark(p, s.Answers), Back: BackLink{Href: s.href()}, Action: s.href(p.Name())}
	now := declare.Put(p, s.Answers, typedAnswers(f, s.inputs(p)))
	for _, q := range declare.Questions(p, now) {
		page.Pieces = append(page.Pieces, s.ask(f, q)...)
		for _, name := range q.Inputs() {
			kept, typed := written(s.form, name, s.Answers[name]), f.Typed(name)
			page.Mine = append(page.Mine, comparison{Name: in(s.lang, q.Field.Label, q.Field.LabelEn), Left: kept, Right: typed, Same: kept == typed})
		}
	}
	return h.render(w, r, f.Status(), "filing-question", page)
}

// list shows the items of a repeated section.
func (h *fromHome) list(w http.ResponseWriter, r *http.Request, s *sheet, sec *pack.FormSection) error {
	page := listPage{Form: h.blankForm(w, r), Caption: s.proc.ShortName, Title: s.title(sec), Help: s.both(sec.Help, sec.HelpEn),
		Back: BackLink{Href: s.before(sec)}, Next: s.next(sec)}
	n := declare.Items(sec, s.Answers)
	if sec.Most > 20 && n < sec.Most {
		page.Paste = s.href("dong", sec.ID)
	}
	for i := range n {
		p := declare.Place{Section: sec, Item: i + 1}
		_, faults := declare.CheckPlace(p, s.law, s.on, s.Answers)
		name := s.called(p)
		if name == "" {
			name = s.say("filing.item", "item", in(s.lang, sec.Item, sec.ItemEn), "n", i+1)
		}
		page.Items = append(page.Items, listItem{Name: name, Href: s.href(p.Name()), Remove: s.href("bo", p.Name()), Seen: filing.Mark(p, s.Answers), Hidden: name, Faulty: len(faults) > 0})
	}
	if n < sec.Most {
		page.Add = &Button{Text: s.say("filing.add", "item", strings.ToLower(in(s.lang, sec.Item, sec.ItemEn))), Href: s.href((declare.Place{Section: sec, Item: n + 1}).Name()), Classes: "govuk-button--secondary"}
	} else {
		page.Full = s.say("filing.full", "most", sec.Most)
	}
	return h.render(w, r, http.StatusOK, "filing-list", page)
}

// called is what an item is called in a list: its name, or the first line.
func (s *sheet) called(p declare.Place) string {
	for _, f := range p.Section.Fields {
		if v := s.Answers[p.Name()+"."+f.ID]; v != "" && slices.Contains([]string{"name", "organisation", "line", "plate"}, f.Type) {
			return v
		}
	}
	return ""
}

// remove takes an item out.
func (h *fromHome) remove(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	f, err := h.postedForm(w, r)
	if err != nil {
		return err
	}
	place := r.PathValue("cau")
	d, err := h.Filing.Remove(r.Context(), by, r.PathValue("ma"), place, f.Typed("_seen"))
	if err != nil {
		return err
	}
	section, _, _ := strings.Cut(place, ".")
	return h.redirect(w, r, "/nop/"+d.ID+"/"+section)
}
