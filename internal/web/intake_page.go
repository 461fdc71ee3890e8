package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// intakePage is O3: four bands on one screen, with O4 and O5 in them.
type intakePage struct {
	*Form
	Desk string
	now  time.Time

	// 1 người nộp
	Scan      Input
	Pending   *pendingCard
	Slip      string
	Filer     personInputs
	Owner     personInputs
	OwnerOpen bool
	Authority Textarea
	Warnings  []string
	Earlier   []earlierLine
	Same      string // how the number's earlier dossiers compare
	Again     *Input

	// 2 thủ tục
	Query      string
	QueryFocus bool
	UnitFocus  bool
	Fault      string // what is wrong with the procedure
	Hits       []hitLine
	NoHits     string
	Procedure  *chosenProcedure
	Cases      *Choices
	Unit       *Select
	Request    Input
	Plate      *Input

	// 3 giấy tờ
	Papers      []paperRow
	PapersFault string
	PapersFocus bool
	Extra       Textarea
	Sets        Input
	LackOpen    bool
	Whys        []Option
	Decision    Choices
	Grounds     Checkboxes
	Reasons     Textarea
	Next        Input

	// 4 hẹn, phí, trả kết quả
	Phone        Input
	ReturnBy     Choices
	ReturnTo     Input
	ReturnToOpen bool
	FeeCases     *Choices
	FeeCount     *Input // of what the fee is per
	Pay          Choices
	Sum          sum
	Channel      Choices
	Assisted     Input
	AssistedOpen bool

	Draft, DraftVersion string
	Keys                Keys
}

// pendingCard asks whether another person's card replaces the person typed.
type pendingCard struct{ Payload, New, Old string }

// Choices is part "choices": radios in one line, chosen by their digit.
type Choices struct {
	Radios
	Focus bool
}

// personInputs are the fields of one person.
type personInputs struct {
	Kind                                                             Select
	Name, Born, IDNumber, Address, Village, Email, Tax, Representing Input
	Sex, IDKind                                                      Select
	Compared                                                         bool
	ComparedName                                                     string
	Hidden                                                           []Field
}

// earlierLine is an earlier dossier of the same identity number (ux O4).
type earlierLine struct {
	ID, Href, Ref, Procedure, State string
	At                              time.Time
	Name, Born                      string
	Other                           bool // the number stood with another name then
}

// chosenProcedure is the procedure in band 2.
type chosenProcedure struct{ Code, Name string }

// paperRow is one paper of the checklist (ux O5).
type paperRow struct {
	Key, Name, Note   string
	Originals, Copies string
	Present, Required bool
	Why               string
	Note2             string // what else is wrong, typed
}

// sum is what the law makes of the intake: the date with its proof, the fee.
type sum struct {
	Limit, Unit   string
	Due           time.Time
	NoDue         string
	Provisional   bool
	Proof         []proofLine
	Fee, FeeBasis string
	PayAnything   bool
}

func (c *counter) showIntake(w http.ResponseWriter, r *http.Request, as officer.By, e *entry, x entryExtras) error {
	f := e.f
	if phone, err := applicant.ParsePhone(f.Typed("filer.phone")); err == nil {
		f.Set("filer.phone", applicant.FormatPhone(phone))
	}
	p := intakePage{Form: f, now: c.Now(), Desk: c.deskName(as.Desk), Slip: x.slip, Draft: f.Typed("draft"), DraftVersion: f.Typed("draft_version"), LackOpen: e.lacks()}
	p.band1(e, x)
	if err := c.earlier(r, as, e, &p); err != nil {
		return err
	}
	c.band2(e, x, &p)
	p.band3(e, x)
	p.band4(e)
	p.Keys = Keys{[]KeyHelp{{"*", f.say("intake.key.all")}, {"Shift+F4", f.say("officer.assisted")}, {"Esc", f.say("intake.key.back")}}}
	p.focus(x)
	return c.render(w, r, f.Status(), "intake", p)
}

func (f *Form) say(key string, args ...any) string { return text.T(f.Lang, key, args...) }

// lacks reports whether the block for missing papers stands open: the officer
// chose so, or the register found papers missing.
func (e *entry) lacks() bool {
	return e.in.Decision == "supplement" || e.in.Decision == "refuse" || e.in.Decision == "hold" || e.f.faulty("decision") || e.f.faulty("papers") || e.f.faulty("reasons") || e.f.faulty("items")
}

func (p *intakePage) band1(e *entry, x entryExtras) {
	f := p.Form
	p.Scan = f.Input("scan", "officer.scan_card")
	p.Scan.Value, p.Scan.Scan, p.Scan.ScanButton, p.Scan.Autocomplete = "", true, "fill", "off"
	if x.pending != "" {
		p.Pending = &pendingCard{Payload: x.pending, New: x.about, Old: f.Typed("filer.name")}
	}
	p.Filer, p.Owner = f.person("filer."), f.person("owner.")
	p.OwnerOpen = e.in.Owner != nil || f.faulty("authority")
	p.Authority = f.Textarea("authority", "field.authority")
	p.Authority.Rows = 1
	for _, g := range x.garbled {
		if in := p.Filer.input(g.Name); in != nil {
			in.ErrorMessage = &Message{Text: text.Field(f.Lang, g)}
		}
	}
	p.Warnings = e.warnings(x)
	if v := f.Typed("again"); v != "" || f.faulty("again") {
		p.again()
	}
}

func (p *intakePage) again() {
	in := p.Form.Input("again", "field.again")
	p.Again = &in
}

// warnings are what the officer should look at; none of them blocks.
func (e *entry) warnings(x entryExtras) []string {
	var list []string
	found := x.warnings
	if e.in.Filer.Name != "" {
		person := e.in.Filer
		_, more := person.Check("filer.", e.on)
		for _, m := range more {
			if !slices.ContainsFunc(found, func(have problem.Field) bool { return have.Key == m.Key }) && m.Name != "filer.phone" || m.Name == "filer.phone" && person.Phone != "" {
				found = append(found, m)
			}
		}
	}
	for _, w := range found {
		list = append(list, text.Field(e.f.Lang, w))
	}
	return list
}

// person makes the inputs of a person.
func (f *Form) person(prefix string) personInputs {
	in := func(name, label, classes string) Input {
		i := f.Input(prefix+name, label)
		i.Classes, i.Autocomplete = classes, "off"
		return i
	}
	choose := func(name, label string, keys ...string) Select {
		s := f.Select(prefix+name, label)
		for _, k := range keys {
			o := Option{Value: k, Text: f.say("intake." + name + "." + cmp.Or(k, "open"))}
			s.Items = append(s.Items, o)
		}
		return s
	}
	p := personInputs{
		Kind: choose("kind", "intake.kind", "citizen", "organisation", "household_business"), Name: in("name", "form.full_name", ""),
		Born: in("born", "form.dob", ""), Sex: choose("sex", "intake.sex", "", "female", "male"), IDKind: choose("id_kind", "intake.id-kind", "", "cccd", "cmnd", "passport", "none"),
		IDNumber: in("id_number", "intake.id-number", ""), Address: in("address", "form.address", ""), Village: in("village", "form.village", ""),
		Email: in("email", "intake.email", ""), Tax: in("tax_code", "intake.tax-code", ""), Representing: in("representative", "intake.representative", ""),
		Compared: f.Flag(prefix + "compared"), ComparedName: prefix + "compared",
	}
	off := false
	p.Name.Spellcheck, p.Address.Spellcheck = &off, &off
	p.IDNumber.Inputmode = "numeric"
	for _, name := range []string{"source", "old_number", "issued"} {
		p.Hidden = append(p.Hidden, Field{prefix + name, f.Typed(prefix + name)})
	}
	return p
}

// input finds the field of a finding of the card reader.
func (p *personInputs) input(name string) *Input {
	return map[string]*Input{"name": &p.Name, "born": &p.Born, "id_number": &p.IDNumber, "address": &p.Address}[name]
}

// earlier lists what the register has of the identity number, and says when the
// number stood with another name or another dossier of the kind is a week old
// (rel-T01).
func (c *counter) earlier(r *http.Request, as officer.By, e *entry, p *intakePage) error {
	id, err := applicant.ParseID(e.in.Filer.IDNumber)
	if err != nil {
		return nil
	}
	list, err := c.Dossiers.Earlier(r.Context(), as, id.Number, 5)
	if err != nil {
		return err
	}
	others := 0
	for i := range list {
		d := &list[i]
		l := earlierLine{
			ID: d.ID, Href: "/desk/dossiers/" + ref(d), Ref: ref(d), Procedure: procedureName(e.law, d.Procedure), State: p.Form.say("state." + string(d.State)),
			At: d.FiledAt, Name: d.Person().Name, Born: applicant.FormatBorn(d.Person().Born),
		}
		if d.Filer.IDNumber == id.Number {
			l.Name, l.Born = d.Filer.Name, applicant.FormatBorn(d.Filer.Born)
		}
		l.Other = e.in.Filer.Name != "" && applicant.Fold(l.Name) != applicant.Fold(e.in.Filer.Name)
		if l.Other {
			others++
		}
		p.Earlier = append(p.Earlier, l)
		if d.Procedure == e.in.Procedure && c.Now().Sub(d.FiledAt) < 7*24*time.Hour && d.State != dossier.Withdrawn && d.State != dossier.NotAccepted && p.Again == nil {
			p.again()
		}
	}
	switch {
	case len(list) == 0:
		p.Same = p.Form.say("intake.earlier.none")
	case others > 0:
		p.Same = p.Form.say("intake.earlier.other", "n", len(list))
	default:
		p.Same = p.Form.say("intake.earlier.same", "n", len(list))
	}
	return nil
}

func (c *counter) band2(e *entry, x entryExtras, p *intakePage) {
	f := p.Form
	p.Query = f.Typed("q")
	p.Hits = c.hitLines(f.Lang, x.hits)
	if x.searched && len(x.hits) == 0 {
		p.NoHits = f.say("search.none", "q", p.Query)
	}
	p.Request = f.Input("request", "intake.request")
	if e.proc == nil {
		if e.in.Procedure != "" {
			p.Fault = f.say("err.procedure-unknown")
		}
		if m := f.message("procedure"); m != nil {
			p.Fault = f.say("intake.procedure.choose")
		}
		return
	}
	p.Procedure = &chosenProcedure{Code: e.proc.Code, Name: e.proc.ShortName}
	if e.proc.Field == "dang-ky-xe" || e.in.Plate != "" {
		in := f.Input("plate", "field.plate")
		in.Hint = nil
		p.Plate = &in
		if plate, err := applicant.ParsePlate(e.in.Plate); err == nil && !applicant.KnownPlate(plate) {
			p.Warnings = append(p.Warnings, f.say("applicant.warn.plate", "plate", applicant.FormatPlate(plate)))
		}
	}
	c.route(e, p)
	if e.v == nil {
		return
	}
	if cases := dossier.Cases(e.v, e.in.Channel); len(cases) > 1 {
		var items []Choice
		for _, k := range cases {
			items = append(items, Choice{Value: k.Name, Text: k.Name, Hint: hintOf(caseLimit(f.Lang, k))})
		}
		p.Cases = &Choices{Radios: f.Radios("case", "field.case", items...)}
	}
	p.Sum.Limit = e.limit(f.Lang)
}

// hintOf is a hint, or none without words.
func hintOf(words string) *Hint {
	if words == "" {
		return nil
	}
	return &Hint{Text: words}
}

func caseLimit(lang text.Lang, k pack.Case) string {
	if k.Limit == nil {
		return ""
	}
	return amountWords(lang, k.Limit.Amount, string(k.Limit.Unit))
}

func (e *entry) limit(lang text.Lang) string {
	if k, ok := e.v.Case(e.in.Case, e.in.Channel); ok && e.in.Case != "" {
		return limitWords(lang, e.v, k)
	}
	return ""
}

// route says who decides, or asks the officer where several could, or says at
// once that this desk may not take the procedure in and where to go
// (rel-B-W11).
func (c *counter) route(e *entry, p *intakePage) {
	u, err := e.law.Route(e.in.Procedure, e.desk, e.in.Unit, e.on)
	if err == nil {
		p.Sum.Unit = u.Name
	}
	q, refused := problem.As(err)
	asks := refused && slices.ContainsFunc(q.Fields, func(x problem.Field) bool { return x.Name == "unit" })
	if refused && !asks {
		p.Fault = text.Problem(p.Form.Lang, q)
		return
	}
	if !asks && e.in.Unit == "" {
		return
	}
	s := p.Form.Select("unit", "intake.unit", Option{Text: p.Form.say("intake.unit.choose")})
	for _, d := range e.law.Deciders(e.in.Procedure, e.on) {
		s.Items = append(s.Items, Option{Value: d.Code, Text: d.Name})
	}
	p.Unit = &s
}

func (p *intakePage) band3(e *entry, x entryExtras) {
	f := p.Form
	for _, k := range e.components() {
		key := paperKey(k.Name)
		row := paperRow{
			Key: key, Name: k.Name, Required: k.Mandatory && k.PopulationDB != "yes", Present: slices.Contains(f.values["paper"], key),
			Originals: cmp.Or(f.Typed("originals."+key), strconv.Itoa(k.Originals)), Copies: cmp.Or(f.Typed("copies."+key), strconv.Itoa(k.Copies)),
			Why: f.Typed("why." + key), Note2: f.Typed("note." + key),
		}
		var notes []string
		if k.Form != "" {
			notes = append(notes, k.Form)
		}
		switch {
		case k.PopulationDB == "yes":
			notes = append(notes, f.say("intake.paper.reused"))
		case !k.Mandatory:
			notes = append(notes, f.say("form.optional"))
		}
		row.Note = strings.Join(notes, " · ")
		p.Papers = append(p.Papers, row)
	}
	if m := f.message("papers"); m != nil {
		p.PapersFault = m.Text
	}
	for _, why := range whys {
		p.Whys = append(p.Whys, Option{Value: why, Text: f.say("intake.why." + why)})
	}
	p.Extra = f.Textarea("extra", "intake.extra")
	p.Extra.Rows = 2
	p.Sets = f.Input("sets", "intake.sets")
	p.Sets.Classes, p.Sets.Inputmode = "govuk-input--width-3", "numeric"
	p.Decision = Choices{Radios: f.Radios("decision", "field.decision", f.options("intake.decision.", "accept", "supplement", "refuse", "hold")...)}
	p.Decision.Value = cmp.Or(p.Decision.Value, "accept")
	if f.faulty("papers") && p.Decision.Value == "accept" {
		p.Decision.Value = "" // the officer decides anew
	}
	p.Grounds = f.Checkboxes("ground", "intake.ground", f.options("intake.ground.", grounds...)...)
	p.Grounds.Classes = "govuk-checkboxes--small"
	p.Reasons = f.Textarea("reasons", "intake.reasons")
	p.Reasons.Rows = 2
	p.Next = f.Input("next_step", "intake.next")
}

// options are choices worded by prefix and value.
func (f *Form) options(prefix string, values ...string) []Choice {
	var list []Choice
	for _, v := range values {
		list = append(list, Choice{Value: v, Text: f.say(prefix + v)})
	}
	return list
}

func (p *intakePage) band4(e *entry) {
	f := p.Form
	p.Phone = f.Input("filer.phone", "form.phone")
	p.Phone.Inputmode, p.Phone.Autocomplete = "tel", "off"
	p.ReturnBy = Choices{Radios: f.Radios("return_by", "field.return_by", f.options("return.", "counter", "post", "electronic")...)}
	p.ReturnBy.Value = cmp.Or(p.ReturnBy.Value, "counter")
	p.ReturnTo = f.Input("return_to", "field.return_to")
	p.ReturnToOpen = f.Typed("return_to") != "" || e.in.ReturnBy == "post" || f.faulty("return_to")
	p.Pay = Choices{Radios: f.Radios("pay", "field.pay", f.options("intake.pay.", "cash", "later")...)}
	p.Channel = Choices{Radios: f.Radios("channel", "intake.channel", f.options("channel.", "counter", "post")...)}
	p.Channel.Value = cmp.Or(p.Channel.Value, "counter")
	p.Assisted = f.Input("assisted", "field.assisted")
	p.AssistedOpen = f.Typed("assisted") != "" || f.faulty("assisted")
	if e.v == nil {
		return
	}
	p.fee(e)
	p.date(e)
}

// fee is what the intake costs, by which rule, and which cases there are.
func (p *intakePage) fee(e *entry) {
	f := p.Form
	if cases := e.proc.FeeCases(e.in.Channel, e.on); len(cases) > 1 {
		var items []Choice
		for _, k := range cases {
			one := e.fee(k, 1)
			items = append(items, Choice{Value: k, Text: k, Hint: hintOf(feeWords(f.Lang, one))})
		}
		p.FeeCases = &Choices{Radios: f.Radios("fee_case", "field.fee_case", items...)}
	}
	fee := e.fee(cmp.Or(e.in.FeeCase, e.in.Case), e.in.FeeCount)
	if len(fee.Choices) > 0 {
		p.Sum.Fee, p.Sum.PayAnything = f.say("intake.fee.choose"), true
		return
	}
	p.Sum.Fee = feeWords(f.Lang, fee)
	p.Sum.PayAnything = fee.Known && fee.Amount > 0
	if fee.Rule == nil {
		return
	}
	p.Sum.FeeBasis = feeRule(f.Lang, fee.Rule.Basis, fee.Rule.Kind, fee.Until)
	if per, several := fee.Rule.PerUnit(); several {
		in := f.Input("fee_count", "field.fee_count")
		in.Classes, in.Inputmode, in.Suffix = "govuk-input--width-3", "numeric", &Affix{Text: per}
		p.FeeCount = &in
		p.Sum.Fee = sayMoney(f.Lang, fee.Amount)
	}
}

// fee is what so many cost now at this desk.
func (e *entry) fee(name string, count int64) pack.Fee {
	ask := pack.Ask{Case: name, Channel: e.in.Channel, Count: count, On: e.on}
	if u, err := e.law.Route(e.proc.Code, e.desk, e.in.Unit, e.on); err == nil {
		ask.Level = pack.FeeLevel(u.Level)
	}
	return e.proc.Fee(ask)
}

// feeRule says by which text a fee is, and until when a reduction lasts.
func feeRule(lang text.Lang, basis, kind string, until pack.Date) string {
	if kind == "reduction" && until != "" {
		return text.T(lang, "fee.rule.reduced", "basis", basis, "until", dayWords(until))
	}
	return basis
}

func feeWords(lang text.Lang, fee pack.Fee) string {
	switch {
	case !fee.Known:
		return text.T(lang, "intake.fee.unknown")
	case fee.Amount == 0:
		return text.T(lang, "intake.fee.none")
	case fee.Currency != "" && fee.Currency != "VND":
		return grouped(fee.Amount) + " " + fee.Currency
	case fee.Rule != nil && fee.Rule.Per != "" && fee.Rule.Per != "lần":
		return sayMoney(lang, fee.Amount) + "/" + fee.Rule.Per
	}
	return sayMoney(lang, fee.Amount)
}

// date is the date that the slip would promise if it were printed now, with
// its proof.
func (p *intakePage) date(e *entry) {
	now := p.now
	if e.in.Case == "" && len(dossier.Cases(e.v, e.in.Channel)) > 0 {
		p.Sum.NoDue = p.Form.say("intake.due.case")
		return
	}
	if e.v.AfterFee && e.in.Pay != "cash" && p.Sum.PayAnything {
		p.Sum.NoDue = p.Form.say("intake.due.after-fee")
		return
	}
	q, err := e.law.Question(e.proc.Code, e.v.From, e.in.Case, e.in.Channel, e.desk, now)
	if err != nil {
		p.Sum.NoDue = p.Form.say("limit.none")
		return
	}
	answer, err := lawtime.Due(q)
	if err != nil {
		p.Sum.NoDue = p.Form.say("limit.none")
		return
	}
	p.Sum.Due, p.Sum.Provisional = answer.Due, answer.Provisional
	for _, step := range answer.Steps {
		line := proofLine{Text: p.Form.say(step.Key, step.Args...)}
		if step.Law != "" {
			line.Law = e.law.Words(step.Law)
		}
		p.Sum.Proof = append(p.Sum.Proof, line)
	}
}

// focus puts the cursor where the work goes on: a field that the reader
// garbled, the procedure, its case, the papers.
func (p *intakePage) focus(x entryExtras) {
	switch {
	case p.Form.Problem() != nil || p.Pending != nil || p.Slip != "":
	case len(x.garbled) > 0:
		if in := p.Filer.input(x.garbled[0].Name); in != nil {
			in.Focus = true
		}
	case p.Procedure == nil && (p.Form.Typed("filer.name") != "" || x.focus == "q"), p.Fault != "":
		p.QueryFocus = true
	case p.Procedure == nil || p.Form.Typed("filer.name") == "":
		p.Scan.Focus = true
	case p.Cases != nil && p.Cases.Value == "":
		p.Cases.Focus = true
	case p.Unit != nil && p.Unit.Value == "":
		p.UnitFocus = true
	default:
		p.PapersFocus = true
	}
}
