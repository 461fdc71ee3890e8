package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/catalogue"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// editRoutes declares R2, the editor of the statutory items.
func (p *publisher) editRoutes() {
	p.desk("GET "+proceduresPath+"/drafts/{draft}/edit", officer.Procedures, p.edit)
	p.desk("POST "+proceduresPath+"/drafts/{draft}/edit", officer.Draft, p.save)
	p.desk("POST "+proceduresPath+"/drafts/{draft}/leave", officer.Draft, p.leave)
	p.desk("GET "+proceduresPath+"/drafts/{draft}/preview", officer.Procedures, p.preview)
}

// editPage is R2. One item is written at a time, so that the form stays short
// on a telephone; the others are a press away.
type editPage struct {
	*Form
	Nav       draftNav
	Items     []itemLink
	Item      catalogue.Item
	Title     string
	Statutory string
	Version   int64
	Mine      bool
	Holder    string
	Lines     []string // what the item says, for who only reads
	Parts     []part
	Rows      []partRow
	RowsKind  string // "paper": names the button that adds one
	Add       string
	Unread    *Checkboxes
	Saved     string
	Path      string
	Leave     string
	Preview   string
	Usual     bool // the five usual steps can be put back
	Next      string
}

// part is one input of the editor, whichever it is.
type part struct {
	Input    *Input
	Textarea *Textarea
	Select   *Select
	Boxes    *Checkboxes
	Meter    *meter
}

// partRow is a row of a list, a paper or a fee.
type partRow struct {
	Legend string
	Of     Field
	Parts  []part
	Remove string // value of the button that takes it out
	Name   string
}

// meter is how long the longest sentence of a field is.
type meter struct {
	For   string
	Text  string
	Words int
	Long  bool
}

// longSentence is where plain reading ends.
const longSentence = 25

type itemLink struct {
	Name, Href string
	Current    bool
	Sign       string // "✓" filled, "!" not
	Said       string
}

// editable are the items of a draft's kind in the order of the editor.
func editable(d catalogue.Draft) []catalogue.Item {
	switch d.Kind {
	case catalogue.End:
		return []catalogue.Item{catalogue.ItemFrom}
	case catalogue.NewProcedure:
		return append([]catalogue.Item{catalogue.ItemFrom}, catalogue.StatutoryItems...)
	}
	items := []catalogue.Item{catalogue.ItemFrom}
	for _, i := range catalogue.StatutoryItems {
		if i != catalogue.ItemName { // a procedure of another name is another procedure
			items = append(items, i)
		}
	}
	return items
}

func itemOf(d catalogue.Draft, word string) catalogue.Item {
	if i := catalogue.Item(word); slices.Contains(editable(d), i) {
		return i
	}
	return editable(d)[0]
}

func (p *publisher) edit(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.Procedures, "")
	if err != nil {
		return err
	}
	if drafter, err := by.For(officer.Draft, ""); err == nil {
		as = drafter
	}
	d, mine, err := p.drafts.Open(r.Context(), r.PathValue("draft"), as)
	if err != nil {
		return err
	}
	f := p.blankForm(w, r)
	item := itemOf(d, r.URL.Query().Get("item"))
	put(f, item, d.Items)
	return p.showEdit(w, r, f, d, item, mine)
}

func (p *publisher) showEdit(w http.ResponseWriter, r *http.Request, f *Form, d catalogue.Draft, item catalogue.Item, mine bool) error {
	law, on := p.today()
	content, faults := d.Content()
	page := editPage{Form: f, Nav: p.nav(r, d, "edit"), Item: item, Title: p.say(r, string(item.Word())), Version: d.Version, Mine: mine,
		Path: draftHref(d.ID, "edit"), Leave: draftHref(d.ID, "leave"), Preview: draftHref(d.ID, "preview"), Usual: item == catalogue.ItemSteps && mine}
	if d.State == catalogue.Drafting && !mine {
		page.Holder = p.officerNames(r.Context())(d.Holder)
	}
	if d.Version > 1 {
		page.Saved = p.say(r, "publish.saved", "clock", sayClock(f.Lang, d.Saved))
	}
	gate := d.Gate(law, "", on)
	items := editable(d)
	for i, it := range items {
		link := itemLink{Name: p.say(r, string(it.Word())), Href: draftHref(d.ID, "edit") + "?item=" + string(it), Current: it == item, Sign: "✓", Said: p.say(r, "publish.item-good")}
		if slices.ContainsFunc(gate, func(c catalogue.Check) bool {
			return slices.ContainsFunc(c.Found, func(x catalogue.Found) bool { return x.Item == it && x.Light == catalogue.Red })
		}) {
			link.Sign, link.Said = "!", p.say(r, "publish.item-bad")
		}
		page.Items = append(page.Items, link)
		if it == item && i+1 < len(items) {
			page.Next = draftHref(d.ID, "edit") + "?item=" + string(items[i+1])
		}
	}
	if !mine {
		page.Lines = content.Lines(item, law, f.Lang)
		if item == catalogue.ItemFrom {
			page.Lines = []string{d.Items.From}
		}
		return p.renderEdit(w, r, f.Status(), page)
	}
	if f.clean() { // what was saved wrong is told where it stands
		for _, x := range faults {
			if x.Item == item {
				f.Fault(x.Field, x.Key, x.Args...)
			}
		}
	}
	e := &editor{f: f, law: law, on: on, d: d}
	page.Parts, page.Rows, page.RowsKind = e.parts(item)
	if page.RowsKind != "" {
		page.Add = p.say(r, "publish.add."+page.RowsKind)
	}
	if page.Unread = e.unread(item); page.Unread != nil {
		page.Unread.Hint = &Hint{Text: p.say(r, "publish.unread.hint")}
	}
	return p.renderEdit(w, r, http.StatusOK, page)
}

// renderEdit lets the page frame its preview.
func (p *publisher) renderEdit(w http.ResponseWriter, r *http.Request, status int, page editPage) error {
	csp := w.Header().Get("Content-Security-Policy")
	w.Header().Set("Content-Security-Policy", csp+"; frame-src 'self'")
	return p.render(w, r, status, "publish-edit", page)
}

func (p *publisher) save(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := p.postedForm(w, r)
	if err != nil {
		return err
	}
	as, err := by.For(officer.Draft, "")
	if err != nil {
		return err
	}
	d, err := p.drafts.Find(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	item := itemOf(d, f.Typed("item"))
	items := d.Items
	take(f, item, &items)
	unread := slices.DeleteFunc(slices.Clone(d.Unread), func(u catalogue.Unread) bool { return slices.Contains(f.values["read"], u.Text) })
	do := f.Typed("do")
	if do == "usual-steps" {
		items.Steps = strings.Join(catalogue.StepsOf(catalogue.Content{Competence: d.Carry.Competence}), "\n")
	}
	version, _ := strconv.ParseInt(f.Typed("version"), 10, 64)
	alone := f.Typed("auto") != ""
	if err = f.Err(); err == nil {
		changeRows(do, &items)
		d, err = p.drafts.Save(r.Context(), d.ID, version, items, unread, as)
	}
	var taken catalogue.Taken
	if errors.As(err, &taken) {
		d = taken.Draft
		err = problem.New(problem.Conflict, "publish.err.taken", "name", p.officerNames(r.Context())(d.Holder), "clock", sayClock(f.Lang, d.Saved))
	}
	if alone {
		return p.autosaved(w, r, d, f, err)
	}
	if f.Refused(err) {
		return p.showEdit(w, r, f, d, item, d.State == catalogue.Drafting)
	}
	if err != nil {
		return err
	}
	to := draftHref(d.ID, "edit") + "?item=" + string(item)
	switch {
	case do == "next":
		to = f.Next(to)
	case strings.HasPrefix(do, "add-"):
		to += "#" + do
	case strings.HasPrefix(do, "remove-"):
		to += "#rows"
	}
	return p.redirect(w, r, to)
}

// autosaved answers the script that saves while somebody types.
func (p *publisher) autosaved(w http.ResponseWriter, r *http.Request, d catalogue.Draft, f *Form, err error) error {
	answer := struct {
		Version int64  `json:"version"`
		Said    string `json:"said"`
	}{d.Version, text.T(f.Lang, "publish.saved", "clock", sayClock(f.Lang, d.Saved))}
	status := http.StatusOK
	if pr, ok := problem.As(err); ok {
		status = pr.Status()
		answer.Said = text.T(f.Lang, "publish.not-saved", "why", text.Problem(f.Lang, pr))
	} else if err != nil {
		return err
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return send(w, r, status, body)
}

func (p *publisher) leave(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.Draft, "")
	if err != nil {
		return err
	}
	if err := p.drafts.Leave(r.Context(), r.PathValue("draft"), as); err != nil {
		return err
	}
	return p.redirect(w, r, draftHref(r.PathValue("draft"), ""))
}

// preview is C4 as the draft would have it, for the frame beside the editor.
func (p *publisher) preview(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	w.Header().Set("Content-Security-Policy", strings.Replace(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors 'self'", 1))
	d, err := p.drafts.Find(r.Context(), r.PathValue("draft"))
	if err != nil {
		return err
	}
	law, today := p.today()
	if c, _ := d.Content(); c.From == "" { // the day is typed last, the rest can be seen before
		d.Items.From = dayWords(firstOfNext(today))
	}
	pub, _ := d.Publication(law, "", "")
	next, err := law.WithPublished(pub)
	if err != nil {
		return err
	}
	proc, ok := next.Procedure(d.Procedure)
	if !ok {
		return problem.New(problem.NotFound, "err.not-found")
	}
	v := nearest(proc, pub.From)
	c := &citizen{Server: p.Server}
	rd := c.reading(r, next, proc, v, today, false)
	rd.on = within(v, pub.From)
	visitOf(r).by = nil // as the people see it
	return c.showProcedure(w, r, rd, []pageNotice{{Text: p.say(r, "publish.preview.notice")}})
}

// put writes an item's values into a form.
func put(f *Form, item catalogue.Item, in catalogue.Items) {
	flag := func(name string, on bool) {
		if on {
			f.Set(name, "1")
		}
	}
	switch item {
	case catalogue.ItemFrom:
		f.Set("from", in.From)
		f.Set("after", in.After)
		f.Set("why", in.Why)
	case catalogue.ItemName:
		f.Set("name", in.Name)
		f.Set("short-name", in.ShortName)
		f.Set("field", in.Field)
	case catalogue.ItemSteps:
		f.Set("steps", in.Steps)
	case catalogue.ItemApplicants:
		f.Set("applicants", in.Applicants)
	case catalogue.ItemResult:
		f.Set("result", in.Result)
	case catalogue.ItemConditions:
		f.Set("conditions", in.Conditions)
	case catalogue.ItemBases:
		f.Set("bases", in.Bases)
	case catalogue.ItemChannels:
		flag("channel-counter", in.Counter)
		flag("channel-post", in.Post)
		f.Set("channel-online", in.Online)
		f.Set("cut-off", in.CutOff)
		flag("after-fee", in.AfterFee)
	case catalogue.ItemPapers:
		for i, x := range in.Papers {
			set := row(f, "paper", i)
			set("of", strconv.Itoa(x.Of))
			set("name", x.Name)
			set("form", x.Form)
			set("originals", x.Originals)
			set("copies", x.Copies)
			set("population", x.PopulationDB)
			set("case", x.Case)
			set("note", x.Note)
			flag(rowName("paper", i, "mandatory"), x.Mandatory)
		}
	case catalogue.ItemLimit:
		for i, x := range in.Cases {
			set := row(f, "case", i)
			set("of", strconv.Itoa(x.Of))
			set("name", x.Name)
			set("amount", x.Amount)
			set("unit", x.Unit)
			set("channel", x.Channel)
			set("note", x.Note)
			flag(rowName("case", i, "same"), x.Same)
		}
	case catalogue.ItemFees:
		f.Set("fee-status", in.FeeStatus)
		for i, x := range in.Fees {
			set := row(f, "fee", i)
			set("of", strconv.Itoa(x.Of))
			set("case", x.Case)
			set("channel", x.Channel)
			set("level", x.Level)
			set("amount", x.Amount)
			set("kind", x.Kind)
			set("per", x.Per)
			set("basis", x.Basis)
			set("to", x.To)
			set("note", x.Note)
		}
	case catalogue.ItemAgency:
		for i, x := range in.Agencies {
			set := row(f, "agency", i)
			set("of", strconv.Itoa(x.Of))
			set("level", x.Level)
			set("unit", x.Unit)
			set("receives", x.Receives)
			set("scope", x.Scope)
		}
	}
}

func rowName(kind string, i int, name string) string {
	return fmt.Sprintf("%s-%d-%s", kind, i+1, name)
}

func row(f *Form, kind string, i int) func(name, value string) {
	return func(name, value string) { f.Set(rowName(kind, i, name), value) }
}

// rowsOf is how many rows of a kind were sent.
func rowsOf(f *Form, kind string) int {
	n := 0
	for f.values.Has(rowName(kind, n, "of")) {
		n++
	}
	return n
}

// Most characters of a line and of a text.
const (
	lineCap = 1_000
	textCap = 20_000
)

// take reads an item's values from a form; other items stay.
func take(f *Form, item catalogue.Item, in *catalogue.Items) {
	switch item {
	case catalogue.ItemFrom:
		in.From, in.After, in.Why = f.Text("from", 20), f.Lines("after", lineCap), f.Text("why", lineCap)
	case catalogue.ItemName:
		in.Name, in.ShortName, in.Field = f.Text("name", lineCap), f.Text("short-name", 200), f.Text("field", 60)
	case catalogue.ItemSteps:
		in.Steps = f.Lines("steps", textCap)
	case catalogue.ItemApplicants:
		in.Applicants = f.Lines("applicants", textCap)
	case catalogue.ItemResult:
		in.Result = f.Lines("result", textCap)
	case catalogue.ItemConditions:
		in.Conditions = f.Lines("conditions", textCap)
	case catalogue.ItemBases:
		in.Bases = f.Lines("bases", textCap)
	case catalogue.ItemChannels:
		in.Counter, in.Post, in.AfterFee = f.Flag("channel-counter"), f.Flag("channel-post"), f.Flag("after-fee")
		in.Online, in.CutOff = f.Choice("channel-online", "full", "partial"), f.Text("cut-off", 10)
	case catalogue.ItemPapers:
		in.Papers = nil
		for i := range rowsOf(f, "paper") {
			get := func(name string) string { return f.Text(rowName("paper", i, name), lineCap) }
			in.Papers = append(in.Papers, catalogue.PaperItem{Of: ofRow(f, "paper", i), Name: get("name"), Form: get("form"), Originals: get("originals"), Copies: get("copies"),
				Mandatory: f.Flag(rowName("paper", i, "mandatory")), PopulationDB: f.Choice(rowName("paper", i, "population"), "yes", "partial", "no"), Case: get("case"), Note: get("note")})
		}
	case catalogue.ItemLimit:
		in.Cases = nil
		for i := range rowsOf(f, "case") {
			get := func(name string) string { return f.Text(rowName("case", i, name), lineCap) }
			in.Cases = append(in.Cases, catalogue.CaseItem{Of: ofRow(f, "case", i), Name: get("name"), Amount: get("amount"), Unit: f.Choice(rowName("case", i, "unit"), limitUnits...),
				Channel: f.Choice(rowName("case", i, "channel"), "counter", "online", "post"), Same: f.Flag(rowName("case", i, "same")), Note: get("note")})
		}
	case catalogue.ItemFees:
		in.FeeStatus = f.Choice("fee-status", "listed", "free", "none_listed")
		in.Fees = nil
		for i := range rowsOf(f, "fee") {
			get := func(name string) string { return f.Text(rowName("fee", i, name), lineCap) }
			in.Fees = append(in.Fees, catalogue.FeeItem{Of: ofRow(f, "fee", i), Case: get("case"), Channel: f.Choice(rowName("fee", i, "channel"), "any", "counter", "online"),
				Level: f.Choice(rowName("fee", i, "level"), "province", "commune"), Amount: get("amount"), Kind: f.Choice(rowName("fee", i, "kind"), "base", "reduction"),
				Per: get("per"), Basis: get("basis"), To: get("to"), Note: get("note")})
		}
	case catalogue.ItemAgency:
		in.Agencies = nil
		for i := range rowsOf(f, "agency") {
			get := func(name string) string { return f.Text(rowName("agency", i, name), lineCap) }
			in.Agencies = append(in.Agencies, catalogue.AgencyItem{Of: ofRow(f, "agency", i), Level: f.Choice(rowName("agency", i, "level"), "province", "commune", "district"),
				Unit: get("unit"), Receives: get("receives"), Scope: get("scope")})
		}
	}
}

func ofRow(f *Form, kind string, i int) int {
	n, _ := strconv.Atoi(f.Typed(rowName(kind, i, "of")))
	return n
}

var limitUnits = []string{"hour", "working_day", "day", "month", "none"}

// changeRows adds a row, or takes one out, as the button pressed says.
func changeRows(do string, in *catalogue.Items) {
	switch do {
	case "add-paper":
		in.Papers = append(in.Papers, catalogue.PaperItem{Originals: "1", Mandatory: true, PopulationDB: "no"})
	case "add-case":
		in.Cases = append(in.Cases, catalogue.CaseItem{Unit: "working_day"})
	case "add-fee":
		in.Fees, in.FeeStatus = append(in.Fees, catalogue.FeeItem{Channel: "any", Kind: "base"}), "listed"
	case "add-agency":
		in.Agencies = append(in.Agencies, catalogue.AgencyItem{Level: "commune"})
	}
	kind, number, ok := strings.Cut(strings.TrimPrefix(do, "remove-"), "-")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || !strings.HasPrefix(do, "remove-") {
		return
	}
	switch kind {
	case "paper":
		in.Papers = without(in.Papers, n)
	case "case":
		in.Cases = without(in.Cases, n)
	case "fee":
		in.Fees = without(in.Fees, n)
	case "agency":
		in.Agencies = without(in.Agencies, n)
	}
}

func without[T any](list []T, n int) []T {
	if n < 1 || n > len(list) {
		return list
	}
	return slices.Delete(slices.Clone(list), n-1, n)
}

// editor makes the inputs of an item.
type editor struct {
	f   *Form
	law *pack.Pack
	on  pack.Date
	d   catalogue.Draft
}

func (e *editor) say(key string, args ...any) string { return text.T(e.f.Lang, key, args...) }

func (e *editor) line(name, label, classes string) part {
	in := e.f.Input(name, label)
	in.Classes, in.Autocomplete = classes, "off"
	return part{Input: &in}
}

func (e *editor) hinted(p part, key string) part {
	p.Input.Hint = &Hint{Text: e.say(key)}
	return p
}

func (e *editor) text(name, label string, rows int) part {
	in := e.f.Textarea(name, label)
	in.Rows = rows
	in.Hint = &Hint{Text: e.say("publish.lines")}
	m := e.measure(in.ID, in.Value)
	in.DescribedBy = in.ID + "-meter"
	return part{Textarea: &in, Meter: &m}
}

// measure counts the words of the longest sentence.
func (e *editor) measure(id, s string) meter {
	m := meter{For: id}
	for _, sentence := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(".;:?!\n", r) }) {
		m.Words = max(m.Words, len(strings.Fields(sentence)))
	}
	m.Long = m.Words > longSentence
	key := "publish.meter"
	if m.Long {
		key = "publish.meter.long"
	}
	m.Text = e.say(key, "n", m.Words, "most", longSentence)
	return m
}

func (e *editor) choose(name, label, words string, values ...string) part {
	var options []Option
	for _, v := range values {
		key := words + v
		if v == "" {
			key = words + "none"
		}
		options = append(options, Option{Value: v, Text: e.say(key)})
	}
	in := e.f.Select(name, label, options...)
	return part{Select: &in}
}

func (e *editor) tick(name, label string) part {
	in := e.f.Checkboxes(name, label, Choice{Value: "1", Text: e.say(label)})
	in.Fieldset, in.Classes = nil, "govuk-checkboxes--small"
	return part{Boxes: &in}
}

// parts are the inputs of an item, and its rows with their kind.
func (e *editor) parts(item catalogue.Item) (parts []part, rows []partRow, kind string) {
	const short, narrow = "govuk-input--width-10", "govuk-input--width-3"
	switch item {
	case catalogue.ItemFrom:
		parts = []part{e.line("from", "publish.edit.from", short), e.line("why", "publish.edit.why", "")}
		if e.d.Kind == catalogue.End {
			in := e.f.Textarea("after", "publish.edit.after")
			in.Rows, in.Hint = 2, &Hint{Text: e.say("publish.edit.after.hint")}
			parts = append(parts, part{Textarea: &in})
		}
	case catalogue.ItemName:
		fields := []Option{{Text: e.say("publish.edit.field.none")}}
		for _, x := range e.law.Fields(e.on) {
			fields = append(fields, Option{Value: x.Slug, Text: x.Name})
		}
		field := e.f.Select("field", "publish.edit.field", fields...)
		parts = []part{e.line("name", "publish.edit.name", ""), e.hinted(e.line("short-name", "publish.edit.short-name", ""), "publish.edit.short-name.hint"), {Select: &field}}
	case catalogue.ItemSteps:
		parts = []part{e.text("steps", "publish.item.steps", 12)}
	case catalogue.ItemApplicants:
		parts = []part{e.text("applicants", "publish.item.applicants", 5)}
	case catalogue.ItemResult:
		parts = []part{e.text("result", "publish.item.result", 4)}
	case catalogue.ItemConditions:
		parts = []part{e.text("conditions", "publish.item.conditions", 8)}
	case catalogue.ItemBases:
		in := e.f.Textarea("bases", "publish.item.bases")
		in.Rows, in.Hint = 8, &Hint{Text: e.say("publish.edit.bases.hint")}
		parts = []part{{Textarea: &in}}
	case catalogue.ItemChannels:
		parts = []part{e.tick("channel-counter", "publish.edit.counter"), e.tick("channel-post", "publish.edit.post"),
			e.choose("channel-online", "publish.edit.online", "publish.online.", "", "full", "partial"), e.hinted(e.line("cut-off", "publish.edit.cut-off", short), "publish.edit.cut-off.hint"), e.tick("after-fee", "publish.edit.after-fee")}
	case catalogue.ItemPapers:
		rows, kind = e.rows("paper", func(name func(string) string) []part {
			return []part{e.line(name("name"), "publish.paper.name", ""), e.line(name("form"), "publish.paper.form", short),
				e.line(name("originals"), "publish.paper.originals", narrow), e.line(name("copies"), "publish.paper.copies", narrow),
				e.tick(name("mandatory"), "publish.paper.mandatory"), e.choose(name("population"), "publish.paper.population", "publish.population.", "no", "partial", "yes"),
				e.line(name("case"), "publish.paper.case", ""), e.line(name("note"), "publish.row.note", "")}
		}), "paper"
	case catalogue.ItemLimit:
		rows, kind = e.rows("case", func(name func(string) string) []part {
			return []part{e.line(name("name"), "publish.case.name", ""), e.line(name("amount"), "publish.case.amount", narrow),
				e.choose(name("unit"), "publish.case.unit", "publish.unit.", limitUnits...), e.choose(name("channel"), "publish.case.channel", "publish.channel.", "", "counter", "online", "post"),
				e.tick(name("same"), "publish.case.same"), e.line(name("note"), "publish.row.note", "")}
		}), "case"
	case catalogue.ItemFees:
		parts = []part{e.choose("fee-status", "publish.fee.status", "publish.fee-status.", "listed", "free", "none_listed")}
		rows, kind = e.rows("fee", func(name func(string) string) []part {
			return []part{e.line(name("case"), "publish.fee.case", ""), e.line(name("amount"), "publish.fee.amount", short),
				e.choose(name("channel"), "publish.fee.channel", "publish.channel.", "any", "counter", "online"), e.choose(name("level"), "publish.fee.level", "publish.level.", "", "province", "commune"),
				e.choose(name("kind"), "publish.fee.kind", "publish.fee-kind.", "base", "reduction"), e.line(name("per"), "publish.fee.per", short),
				e.line(name("basis"), "publish.fee.basis", ""), e.line(name("to"), "publish.fee.to", short), e.line(name("note"), "publish.row.note", "")}
		}), "fee"
	case catalogue.ItemAgency:
		rows, kind = e.rows("agency", func(name func(string) string) []part {
			return []part{e.choose(name("level"), "publish.agency.level", "publish.level.", "province", "commune"), e.line(name("unit"), "publish.agency.unit", short),
				e.line(name("receives"), "publish.agency.receives", ""), e.line(name("scope"), "publish.agency.scope", "")}
		}), "agency"
	}
	return parts, rows, kind
}

func (e *editor) rows(kind string, make func(name func(string) string) []part) (rows []partRow) {
	for i := range rowsOf(e.f, kind) {
		n := strconv.Itoa(i + 1)
		row := partRow{Legend: e.say("publish.row."+kind, "n", n), Of: Field{rowName(kind, i, "of"), e.f.Typed(rowName(kind, i, "of"))}, Remove: "remove-" + kind + "-" + n}
		for _, name := range []string{"name", "case", "receives"} {
			if v := e.f.Typed(rowName(kind, i, name)); v != "" && row.Name == "" {
				row.Name = v
			}
		}
		row.Parts = make(func(name string) string { return rowName(kind, i, name) })
		rows = append(rows, row)
	}
	return rows
}

// unread are the sentences of an imported record that belong to the item.
func (e *editor) unread(item catalogue.Item) *Checkboxes {
	var items []Choice
	for _, u := range e.d.Unread {
		if u.Item == item || item == catalogue.ItemFrom && !slices.Contains(editable(e.d), u.Item) {
			items = append(items, Choice{Value: u.Text, Text: u.Text})
		}
	}
	if items == nil {
		return nil
	}
	in := e.f.Checkboxes("read", "publish.unread.title", items...)
	in.IDPrefix, in.Classes = "unread", "govuk-checkboxes--small"
	return &in
}
