package web

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rsc.io/qr"

	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// procedurePage is C4, in the order in which people ask (ux 2.1.1). Every item
// that the law wants shown is here. law: nd-63-2010/15
type procedurePage struct {
	Crumbs     Breadcrumbs
	Name       string
	Field      string
	Code       string
	Official   string
	Notices    []pageNotice
	Box        Box
	Online     string   // where it is filed online
	Prepare    string   // C6
	Ask        string   // C5; "" if there is nothing to choose
	Own        []string // the own case in words, from C5
	Other      string   // C5 anew
	Choose     *chooser
	Papers     []paperGroup
	Steps      []string
	StepsOurs  bool // our words, not the published ones
	Channels   Table
	CaseTimes  *Table // limits of each case, when there are several
	Fees       *Table // fees of each fee case, when there are several
	FeesOpen   bool
	FeeRules   []string // by which text, until when
	Applicants []string
	Conditions []string
	Agency     []decides
	Desks      []openDesks
	AnyDesk    bool
	Near       deskFinder
	Forms      []string
	Bases      []basis
	Announced  string
	InForce    string     // "Áp dụng từ 01/07/2025"
	Checked    string     // when it was compared with the published text, or that it was not
	Changed    *ErrorItem // what this version changed
	Before     *ErrorItem
	After      *ErrorItem
	Address    string       // for ever
	QR         template.URL // of Address, for the wall
}

// pageNotice is a sentence above the page with a link.
type pageNotice struct{ Text, Link, Href string }

// chooser is the form with which the reader names the own case.
type chooser struct {
	Action string
	Day    string
	Cases  *Radios
	Fees   *Select
}

type paperGroup struct {
	Title  string // "" for everybody
	Papers []paperLine
}

type paperLine struct {
	Name  string
	How   string // "1 bản chính, 1 bản sao"
	Form  string
	Reuse string // that it need not be brought
	Note  string
}

// decides is one competence rule in words.
type decides struct{ Who, Scope, Law string }

// openDesks are desks with the same hours.
type openDesks struct {
	Hours string
	Names []string
}

// basis is a legal text with the day it took effect.
type basis struct{ Name, Since string }

// reading is a version of a procedure read on a day.
type reading struct {
	*citizen
	lang    text.Lang
	law     *pack.Pack
	p       *pack.Procedure
	v       *pack.Version
	today   pack.Date
	on      pack.Date // for fees, competence and hours
	given   bool      // the day was asked for
	path    string
	asked   string // the case asked for
	askedBy string // the fee case asked for

	guide  *pack.Guide
	narrow pack.Narrowed // by the answers in the address
	kept   url.Values    // what keeps the own case in an address
}

// procedure is C4 at /tt/{code}: the version in force today, or on ?ngay=. A
// procedure not yet or no longer in force stays readable and says so.
func (c *citizen) procedure(w http.ResponseWriter, r *http.Request) error {
	law, today := c.today()
	on, given, err := dayAsked(r, today)
	if err != nil {
		return err
	}
	p, ok := law.Procedure(r.PathValue("code"))
	if !ok {
		return problem.New(problem.NotFound, "err.not-found")
	}
	v := nearest(p, on)
	rd := c.reading(r, law, p, v, today, given)
	rd.on = within(v, on)
	return c.showProcedure(w, r, rd, append(rd.sheetNotice(r), rd.standing(on)...))
}

// procedureVersion is C4 at its permanent address /tt/{code}/{from}.
func (c *citizen) procedureVersion(w http.ResponseWriter, r *http.Request) error {
	law, today := c.today()
	p, ok := law.Procedure(r.PathValue("code"))
	if !ok {
		return problem.New(problem.NotFound, "err.not-found")
	}
	v, ok := p.VersionFrom(r.PathValue("from"))
	if !ok {
		return problem.New(problem.NotFound, "err.not-found")
	}
	rd := c.reading(r, law, p, v, today, false)
	rd.on = within(v, today)
	return c.showProcedure(w, r, rd, rd.standing(today))
}

func (c *citizen) reading(r *http.Request, law *pack.Pack, p *pack.Procedure, v *pack.Version, today pack.Date, given bool) *reading {
	rd := &reading{citizen: c, lang: visitOf(r).lang, law: law, p: p, v: v, today: today, given: given, path: r.URL.Path}
	rd.readOwn(r)
	return rd
}

// nearest is the version in force on the day, else the last one before it, else
// the first.
func nearest(p *pack.Procedure, on pack.Date) *pack.Version {
	at := 0
	for i := range p.Versions {
		if p.Versions[i].From <= on {
			at = i
		}
	}
	return &p.Versions[at]
}

// within is the day if the version holds on it, else the day of the version
// next to it.
func within(v *pack.Version, on pack.Date) pack.Date {
	switch {
	case on < v.From:
		return v.From
	case v.To != "" && on > v.To:
		return v.To
	}
	return on
}

// href is the permanent address of a version.
func (rd *reading) href(v *pack.Version) string {
	return "/tt/" + url.PathEscape(rd.p.Code) + "/" + v.From
}

// say words a key in the reader's language.
func (rd *reading) say(key string, args ...any) string { return text.T(rd.lang, key, args...) }

// standing says how the version shown stands to the day it was asked for: that
// the procedure changes, that it is not yet or no longer in force and what
// replaces it, or that another version is in force.
func (rd *reading) standing(on pack.Date) []pageNotice {
	current, running := rd.p.On(rd.today)
	var list []pageNotice
	switch {
	case rd.given && rd.v.Holds(on):
		list = append(list, pageNotice{rd.say("procedure.as-of", "day", dayWords(on)), rd.say("procedure.see-current"), "/tt/" + url.PathEscape(rd.p.Code)})
	case on < rd.v.From:
		list = append(list, pageNotice{Text: rd.say("procedure.not-yet", "day", dayWords(rd.v.From))})
	case !running && rd.v == &rd.p.Versions[len(rd.p.Versions)-1]:
		list = append(list, rd.replaced("procedure.expired", "procedure.expired-alone", rd.v.To)...)
	}
	if running && rd.v != current && !rd.given {
		list = append(list, pageNotice{rd.say("procedure.not-current"), rd.say("procedure.see-current"), "/tt/" + url.PathEscape(rd.p.Code)})
	}
	return append(list, rd.coming()...)
}

// coming says that the version in force today will change or end.
func (rd *reading) coming() []pageNotice {
	if !rd.v.Holds(rd.today) || rd.given {
		return nil
	}
	for i := range rd.p.Versions {
		if next := &rd.p.Versions[i]; next.From > rd.today {
			return []pageNotice{{rd.say("procedure.future", "day", dayWords(next.From)), rd.say("procedure.see-new"), rd.href(next)}}
		}
	}
	if rd.v.To == "" {
		return nil
	}
	return rd.replaced("procedure.ends", "procedure.ends-alone", rd.v.To)
}

// replaced names each procedure that takes over, or says that none does.
func (rd *reading) replaced(with, alone string, last pack.Date) []pageNotice {
	var list []pageNotice
	for _, code := range rd.p.After {
		if after, ok := rd.law.Procedure(code); ok {
			list = append(list, pageNotice{rd.say(with, "day", dayWords(last)), after.ShortName, "/tt/" + url.PathEscape(code)})
		}
	}
	if list == nil {
		list = []pageNotice{{Text: rd.say(alone, "day", dayWords(last))}}
	}
	return list
}

func (c *citizen) showProcedure(w http.ResponseWriter, r *http.Request, rd *reading, notices []pageNotice) error {
	field, _ := rd.law.Field(rd.p.Field)
	chosen := rd.chosen()
	page := procedurePage{
		Crumbs: c.crumbs(r, Crumb{Text: field.Name, Href: "/linh-vuc/" + url.PathEscape(field.Slug)}, Crumb{Text: rd.p.ShortName}),
		Name:   rd.p.ShortName, Field: field.Name, Code: rd.p.Code, Official: cmp.Or(rd.p.Official, rd.p.Name), Notices: notices,
		Box: rd.box(chosen), Choose: rd.chooser(chosen), Papers: rd.papers(chosen), Steps: rd.steps(),
		Channels: rd.channels(chosen), CaseTimes: rd.caseTimes(), Fees: rd.fees(),
		Applicants: rd.p.ApplicantsIn(rd.v), Conditions: rd.v.Conditions, Agency: rd.agency(), Desks: rd.desks(),
		Forms: rd.forms(), Bases: rd.bases(), Address: c.Origin + rd.href(rd.v),
	}
	rules, _ := rd.law.Rules(rd.on)
	page.AnyDesk = rules.AnyDesk
	page.FeesOpen = page.Fees != nil && len(page.Fees.Rows) <= 6
	page.Prepare, page.Own, page.Near, page.FeeRules = rd.to("chuan-bi"), rd.ownWords(), rd.finder(r), rd.feeRules(chosen)
	switch {
	case len(rd.narrow.Given) > 0:
		page.Other = rd.plain("kiem-tra")
	case rd.manyCases():
		page.Ask = rd.to("kiem-tra")
	}
	page.Online = rd.online()
	page.StepsOurs = rd.guide != nil && len(rd.guide.Steps) > 0 && len(rd.v.Steps) == 0
	page.InForce, page.Checked = rd.inForce(), rd.checked()
	page.Before, page.After, page.Changed = rd.neighbours()
	if rd.v.PublishedBy != "" {
		page.Announced = rd.say("procedure.announced", "number", rd.v.PublishedBy)
	}
	code, err := qr.Encode(page.Address, qr.M)
	if err != nil {
		return fmt.Errorf("making the QR of %s: %w", rd.p.Code, err)
	}
	code.Scale = 4
	page.QR = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code.PNG()))
	w.Header().Add("Link", "<"+page.Address+`>; rel="canonical"`)
	return c.renderShared(w, r, "procedure", page)
}

// online is where the version in force is filed from home; "" if it is not.
func (rd *reading) online() string {
	current, ok := rd.p.On(rd.today)
	if !ok || current.From != rd.v.From || !rd.v.Online() || !rd.served("/nop/{ma}") {
		return ""
	}
	return "/nop/" + url.PathEscape(rd.p.Code)
}

// chosen is the case asked for, else the first.
func (rd *reading) chosen() pack.Case {
	for _, c := range rd.v.Cases {
		if c.Name == rd.asked {
			return c
		}
	}
	if len(rd.v.Cases) > 0 {
		return rd.v.Cases[0]
	}
	return pack.Case{}
}

// chooser offers the cases of the limit and those of the fee; nil when there is
// nothing to choose.
func (rd *reading) chooser(chosen pack.Case) *chooser {
	if rd.guide != nil && len(rd.guide.Questions) > 0 { // its questions ask better
		return nil
	}
	ch := chooser{Action: rd.path}
	if rd.given {
		ch.Day = rd.on
	}
	if len(rd.v.Cases) > 1 {
		ch.Cases = &Radios{Name: "truong-hop", IDPrefix: "truong-hop", Value: chosen.Name, Classes: "govuk-radios--small",
			Fieldset: &Fieldset{Legend: &Legend{Text: rd.say("procedure.choose.case")}}}
		for _, c := range rd.v.Cases {
			ch.Cases.Items = append(ch.Cases.Items, Choice{Value: c.Name, Text: c.Name})
		}
	}
	if cases := rd.p.FeeCases("", rd.on); len(cases) > 1 {
		ch.Fees = &Select{ID: "phi", Name: "phi", Value: rd.askedBy, Label: Label{Text: rd.say("procedure.choose.fee")},
			Items: []Option{{Value: "", Text: rd.say("procedure.choose.fee-none")}}}
		for _, c := range cases {
			ch.Fees.Items = append(ch.Fees.Items, Option{Value: c, Text: c})
		}
	}
	if ch.Cases == nil && ch.Fees == nil {
		return nil
	}
	return &ch
}

// box answers what is asked first: how long, how much, where, what.
func (rd *reading) box(chosen pack.Case) Box {
	question := func(key, statutory string) string { return rd.say(key) + " (" + rd.say(statutory) + ")" }
	long := Fact{Question: question("procedure.time", "procedure.time.statutory"), Answer: limitWords(rd.lang, rd.v, chosen), Note: rd.timeNote(chosen)}
	cost := Fact{Question: question("procedure.cost", "procedure.cost.statutory"), Answer: capital(rd.costWords(chosen))}
	where := Fact{Question: rd.say("procedure.where"), Answer: strings.Join(rd.receivers(), "; ")}
	if where.Answer == "" {
		where.Answer = rd.say("procedure.where.none")
	}
	if rules, _ := rd.law.Rules(rd.on); rules.AnyDesk {
		where.Note = rd.say("procedure.any-desk")
	}
	get := Fact{Question: question("procedure.get", "procedure.get.statutory"), Answer: strings.Join(rd.p.ResultIn(rd.v), "; ")}
	return Box{Facts: []Fact{long, cost, where, get}}
}

// timeNote says for which case the time holds and from when it counts.
func (rd *reading) timeNote(chosen pack.Case) string {
	var notes []string
	if len(rd.v.Cases) > 1 {
		notes = append(notes, rd.say("procedure.for-case", "case", chosen.Name))
	}
	if chosen.Note != "" {
		notes = append(notes, sentence(chosen.Note))
	}
	if pace := rd.paceWords(); pace != "" {
		notes = append(notes, pace)
	}
	if rd.v.AfterFee {
		notes = append(notes, rd.say("procedure.after-fee"))
	}
	if rd.v.CutOff > 0 {
		notes = append(notes, rd.say("procedure.cut-off", "clock", minuteWords(rd.v.CutOff)))
	}
	if rd.v.Extension != nil {
		notes = append(notes, rd.say("procedure.extension"))
	}
	return strings.Join(notes, " ")
}

// costWords is the fee, by channel when it differs.
func (rd *reading) costWords(chosen pack.Case) string {
	var said, amounts []string
	for _, ch := range rd.v.Channels {
		amount := rd.feeWords(chosen, ch.Kind)
		amounts = append(amounts, amount)
		said = append(said, rd.say("procedure.by."+ch.Kind, "fee", amount))
	}
	slices.Sort(amounts)
	switch len(slices.Compact(amounts)) {
	case 0:
		return rd.feeWords(chosen, "counter")
	case 1:
		return amounts[0]
	}
	return strings.Join(said, " ")
}

// feeWords is the fee of the chosen case; while no fee case is chosen, the
// range of all.
func (rd *reading) feeWords(chosen pack.Case, channel string) string {
	f := rd.p.Fee(rd.feeAsk(chosen, channel))
	var low, high pack.Fee
	for _, name := range f.Choices {
		one := rd.p.Fee(pack.Ask{Case: name, Channel: channel, Level: rd.level(), On: rd.on})
		if !one.Known {
			return sayFee(rd.lang, f)
		}
		if low.Rule == nil || one.Amount < low.Amount {
			low = one
		}
		if high.Rule == nil || one.Amount > high.Amount {
			high = one
		}
	}
	if low.Rule == nil || low.Amount == high.Amount {
		return sayFee(rd.lang, f)
	}
	return rd.say("procedure.fee.range", "low", sayFee(rd.lang, low), "high", sayFee(rd.lang, high))
}

// sayFee words a fee.
func sayFee(lang text.Lang, f pack.Fee) string {
	switch {
	case len(f.Choices) > 0:
		return text.T(lang, "procedure.fee.depends")
	case len(f.Levels) > 0:
		return text.T(lang, "procedure.fee.level")
	case !f.Known:
		return text.T(lang, "procedure.fee.unknown")
	case f.Amount == 0 && f.Rule == nil:
		return text.T(lang, "procedure.fee.none")
	case f.Amount == 0:
		return text.T(lang, "procedure.fee.free")
	}
	amount := sayMoney(lang, f.Amount)
	if f.Currency == "USD" {
		amount = text.T(lang, "procedure.fee.usd", "amount", grouped(f.Amount))
	}
	if f.Rule != nil {
		if per, several := f.Rule.PerUnit(); several {
			return amount + "/" + per
		}
	}
	return amount
}

// receivers are the places that the competence rules of the day name.
func (rd *reading) receivers() []string {
	var names []string
	for _, row := range rd.p.Competence {
		if row.Holds(rd.on) && row.Receives != "" && !slices.Contains(names, row.Receives) {
			names = append(names, row.Receives)
		}
	}
	return names
}

// papers are what the reader brings, then lists for special cases of which
// nobody said whether they are the reader's. Papers of a case of the limit that
// was not chosen are left out, and those of cases that are not the own.
func (rd *reading) papers(chosen pack.Case) []paperGroup {
	groups := []paperGroup{{}}
	for _, c := range rd.v.Components {
		title := ""
		switch {
		case c.Case == "" || c.Case == chosen.Name || slices.Contains(rd.narrow.Yes, c.Case):
		case slices.Contains(rd.narrow.No, c.Case):
			continue
		case slices.ContainsFunc(rd.v.Cases, func(x pack.Case) bool { return x.Name == c.Case }):
			continue
		default:
			title = rd.say("procedure.papers.case", "case", c.Case)
		}
		at := slices.IndexFunc(groups, func(g paperGroup) bool { return g.Title == title })
		if at < 0 {
			at, groups = len(groups), append(groups, paperGroup{Title: title})
		}
		groups[at].Papers = append(groups[at].Papers, rd.paper(c))
	}
	return slices.DeleteFunc(groups, func(g paperGroup) bool { return len(g.Papers) == 0 })
}

func (rd *reading) paper(c pack.Component) paperLine {
	line := paperLine{Name: c.Name, Form: c.Form, How: rd.copies(c)}
	if c.PopulationDB == "yes" {
		line.Reuse = rd.say("procedure.papers.in-database")
	}
	if c.Note != "" {
		line.Note = sentence(c.Note)
	}
	return line
}

// copies says how many originals and copies, in words.
func (rd *reading) copies(c pack.Component) string {
	var said []string
	if c.Originals > 0 {
		said = append(said, rd.say("procedure.papers.originals", "n", c.Originals))
	}
	if c.Copies > 0 {
		said = append(said, rd.say("procedure.papers.copies", "n", c.Copies))
	}
	if len(said) == 0 {
		said = append(said, rd.say("procedure.papers.show"))
	}
	if !c.Mandatory {
		said = append(said, rd.say("procedure.papers.if-any"))
	}
	return strings.Join(said, ", ")
}

// steps are the version's own, else those of our guide, else the five that the
// one-stop rules give every dossier. law: nd-118-2025/17
func (rd *reading) steps() []string {
	if len(rd.v.Steps) > 0 {
		return rd.v.Steps
	}
	if rd.guide != nil && len(rd.guide.Steps) > 0 {
		return rd.guide.Steps
	}
	return []string{
		rd.say("procedure.step.prepare"), rd.say("procedure.step.file"), rd.say("procedure.step.receive"),
		rd.say("procedure.step.decide", "unit", cmp.Or(strings.Join(rd.receivers(), ", "), rd.say("procedure.step.unit"))), rd.say("procedure.step.collect"),
	}
}

// channels is the table of ways to file, each with time and fee.
func (rd *reading) channels(chosen pack.Case) Table {
	t := Table{FirstCellIsHeader: true, Caption: rd.say("procedure.channels.caption"), CaptionClasses: "govuk-visually-hidden", Head: []Cell{
		{Text: rd.say("procedure.channel")}, {Text: rd.say("procedure.time")}, {Text: rd.say("procedure.cost")}}}
	for _, ch := range rd.v.Channels {
		key := "procedure.channel." + ch.Kind
		if ch.Online != "" {
			key += "-" + ch.Online
		}
		own := chosen
		if c, ok := rd.v.Case(chosen.Name, ch.Kind); ok {
			own = c
		} else if c, ok := rd.v.Case("", ch.Kind); ok {
			own = c
		}
		t.Rows = append(t.Rows, []Cell{{Text: rd.say(key)}, {Text: limitWords(rd.lang, rd.v, own)}, {Text: capital(rd.feeWords(chosen, ch.Kind))}})
	}
	return t
}

// caseTimes is the table of limits when cases differ.
func (rd *reading) caseTimes() *Table {
	if len(rd.v.Cases) < 2 {
		return nil
	}
	t := &Table{FirstCellIsHeader: true, Caption: rd.say("procedure.times.caption"), CaptionClasses: "govuk-table__caption--s",
		Head: []Cell{{Text: rd.say("procedure.case")}, {Text: rd.say("procedure.time")}}}
	for _, c := range rd.v.Cases {
		t.Rows = append(t.Rows, []Cell{{Text: c.Name}, {Text: limitWords(rd.lang, rd.v, c)}})
	}
	return t
}

// fees is the table of fee cases when there are several.
func (rd *reading) fees() *Table {
	cases := rd.p.FeeCases("", rd.on)
	if len(cases) < 2 {
		return nil
	}
	t := &Table{FirstCellIsHeader: true, Caption: rd.say("procedure.fees.caption"), CaptionClasses: "govuk-table__caption--s", Head: []Cell{{Text: rd.say("procedure.case")}}}
	for _, ch := range rd.v.Channels {
		t.Head = append(t.Head, Cell{Text: rd.say("procedure.channel." + ch.Kind)})
	}
	for _, name := range cases {
		row := []Cell{{Text: name}}
		for _, ch := range rd.v.Channels {
			cell := Cell{Text: "–"}
			if slices.Contains(rd.p.FeeCases(ch.Kind, rd.on), name) {
				cell.Text = sayFee(rd.lang, rd.p.Fee(pack.Ask{Case: name, Channel: ch.Kind, Level: rd.level(), On: rd.on}))
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// agency says who decides, by each rule of the day.
func (rd *reading) agency() []decides {
	var list []decides
	for _, row := range rd.p.Competence {
		if !row.Holds(rd.on) {
			continue
		}
		d := decides{Who: row.Receives, Scope: row.Scope}
		if row.Law != "" {
			d.Law = rd.law.Words(row.Law)
		}
		list = append(list, d)
	}
	return list
}

// desks are the desks of competent units with their hours, those with the same
// hours together.
func (rd *reading) desks() []openDesks {
	var groups []openDesks
	for _, u := range rd.law.Desks(rd.on) {
		hours, ok := rd.law.DeskHours(u.Key, rd.on)
		if !ok || len(rd.law.Competences(rd.p.Code, u.Code, rd.on)) == 0 {
			continue
		}
		said := hoursWords(rd.lang, hours.Intake)
		at := slices.IndexFunc(groups, func(g openDesks) bool { return g.Hours == said })
		if at < 0 {
			at, groups = len(groups), append(groups, openDesks{Hours: said})
		}
		name := u.Name
		if u.Phone != "" {
			name += " (" + u.Phone + ")"
		}
		groups[at].Names = append(groups[at].Names, name)
	}
	return groups
}

// forms are the forms that papers name, each once.
func (rd *reading) forms() []string {
	var list []string
	for _, c := range rd.v.Components {
		if c.Form == "" {
			continue
		}
		if said := c.Form + ": " + c.Name; !slices.Contains(list, said) {
			list = append(list, said)
		}
	}
	return list
}

// bases are the legal texts, one a line with the day of effect.
func (rd *reading) bases() []basis {
	var list []basis
	for _, number := range rd.v.Bases {
		act, ok := rd.law.InstrumentByNumber(number)
		if !ok {
			list = append(list, basis{Name: number})
			continue
		}
		b := basis{Name: act.Type + " " + act.Number + ": " + act.Name}
		if act.From != "" {
			b.Since = rd.say("procedure.basis.since", "day", dayWords(act.From))
		}
		list = append(list, b)
	}
	return list
}

func (rd *reading) inForce() string {
	if rd.v.To != "" {
		return rd.say("procedure.from-to", "from", dayWords(rd.v.From), "to", dayWords(rd.v.To))
	}
	return rd.say("procedure.from", "from", dayWords(rd.v.From))
}

// checked says honestly whether the content was compared with the text published.
func (rd *reading) checked() string {
	if !rd.v.Verified {
		return rd.say("procedure.unverified")
	}
	year, month, ok := strings.Cut(rd.v.VerifiedAsOf, "-")
	if m, err := strconv.Atoi(month); ok && err == nil {
		return rd.say("procedure.verified", "month", m, "year", year)
	}
	return ""
}

// neighbours are the versions before and after, and what this one changed.
func (rd *reading) neighbours() (before, after, changed *ErrorItem) {
	at := slices.IndexFunc(rd.p.Versions, func(v pack.Version) bool { return v.From == rd.v.From })
	if at > 0 {
		v := &rd.p.Versions[at-1]
		before = &ErrorItem{rd.say("procedure.before", "from", dayWords(v.From)), rd.href(v)}
		changed = &ErrorItem{rd.say("procedure.changed", "from", dayWords(rd.v.From)), rd.href(rd.v) + "/thay-doi"}
	}
	if at+1 < len(rd.p.Versions) {
		v := &rd.p.Versions[at+1]
		after = &ErrorItem{rd.say("procedure.after", "from", dayWords(v.From)), rd.href(v)}
	}
	return before, after, changed
}

// capital begins a text with a capital letter.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// sentence ends a note with a full stop.
func sentence(s string) string {
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}
