package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

func (o *office) dossierRoutes() {
	o.desk("GET "+dossierPath+"{ref}", officer.View, o.dossier)
	o.desk("POST "+dossierPath+"{ref}", officer.View, o.look)
	o.desk("GET "+dossierPath+"{ref}/compare", officer.View, o.compare)
}

// casefile is a dossier as one officer sees it (hồ sơ đang mở): the dossier, the capacity that
// sees it best, and what to word it with.
type casefile struct {
	dossier.Dossier
	by    officer.By
	all   []officer.By // every capacity that sees it
	world dossier.World
	lang  text.Lang
	name  func(id string) string

	workers []Option // to whom the dossier may be given
}

func (v casefile) say(key string, args ...any) string { return text.T(v.lang, key, args...) }

// find looks for the dossier in every capacity of the visitor that holds p.
// What lies outside all of them is not found, as if it did not exist
// (rel-I-P1, rel-K61, rel-B-A06). Nothing is journaled yet.
func (o *office) find(r *http.Request, by Visitor, p officer.Permission, ref string) (casefile, error) {
	v := casefile{lang: visitOf(r).lang, name: o.named(r.Context(), visitOf(r).lang)}
	var err error
	if v.world, err = o.Dossiers.World(r.Context()); err != nil {
		return v, err
	}
	missing := error(problem.New(problem.Forbidden, "web.forbidden"))
	for _, c := range by.capacities() {
		if !c.Can(p) {
			continue
		}
		d, err := o.Dossiers.Find(r.Context(), ref, c)
		if problem.Is(err, problem.NotFound) {
			missing = err
			continue
		}
		if err != nil {
			return v, err
		}
		v.Dossier, v.all = d, append(v.all, c)
	}
	if len(v.all) == 0 {
		return v, missing
	}
	v.by = v.all[0]
	for _, c := range v.all {
		if concerns(&v.Dossier, c) {
			v.by = c
			break
		}
	}
	return v, nil
}

// concerns reports whether the capacity has the dossier before it: its units
// received it, hold it, decide on it, or were asked about it. An inspector has
// no task there and always says why (rel-R08).
func concerns(d *dossier.Dossier, by officer.By) bool {
	if by.Role == officer.Inspector {
		return false
	}
	asked := d.Asked()
	return by.Sees(d.Desk) || by.Sees(d.Holder) || by.Sees(d.Competent) || d.Support != "" && by.Sees(d.Support) || asked != nil && by.Sees(asked.Unit)
}

// allowed are the acts that the visitor may do now in any capacity, in the
// order in which pages offer them.
func (v casefile) allowed() []string {
	var list []string
	for _, c := range v.all {
		list = append(list, dossier.Allowed(&v.Dossier, c, v.world)...)
	}
	var names []string
	for _, name := range dossier.ActNames() {
		if slices.Contains(list, name) && byPeople(name) {
			names = append(names, name)
		}
	}
	return names
}

// byPeople reports whether people do the act; the others are the program's own.
func byPeople(act string) bool { return len(officer.Matrix[dossier.Asks(act)]) > 0 }

// whyPage asks for the reason before a dossier of others is opened.
type whyPage struct {
	*Form
	Action string
	Why    Textarea
}

// dossier is P2. Opening it is journaled with its purpose (rel-I-P4): the list
// it was opened from, or the reason that an officer of other units gives.
func (o *office) dossier(w http.ResponseWriter, r *http.Request, by Visitor) error {
	v, err := o.find(r, by, officer.View, r.PathValue("ref"))
	if err != nil {
		return err
	}
	f := o.blankForm(w, r)
	if !concerns(&v.Dossier, v.by) {
		return o.askWhy(w, r, f, &v)
	}
	return o.showDossier(w, r, f, v, purpose(r), false)
}

// purpose is what a view is journaled with: the list or act that led here.
func purpose(r *http.Request) string {
	from, act := r.URL.Query().Get("from"), r.URL.Query().Get("done")
	switch {
	case slices.Contains(dossier.Queues, dossier.Queue(from)):
		return text.T(text.Vi, "work.why.queue", "queue", text.Key("work.queue."+from))
	case from == "search":
		return text.T(text.Vi, "work.why.search")
	case slices.Contains(dossier.ActNames(), act):
		return text.T(text.Vi, "work.why.act", "act", text.Key("act."+act))
	}
	return text.T(text.Vi, "work.why.task")
}

func (o *office) askWhy(w http.ResponseWriter, r *http.Request, f *Form, v *casefile) error {
	p := whyPage{Form: f, Action: dossierHref(&v.Dossier), Why: f.Textarea("reason", "work.why.reason")}
	p.Why.Rows, p.Why.Hint = 2, &Hint{Text: o.say(r, "work.why.hint")}
	return o.render(w, r, f.Status(), "why", p)
}

// look opens the dossier with a reason, or with its personal numbers shown;
// both are journaled (rel-R08, rel-R09, rel-K78).
func (o *office) look(w http.ResponseWriter, r *http.Request, by Visitor) error {
	v, err := o.find(r, by, officer.View, r.PathValue("ref"))
	if err != nil {
		return err
	}
	f, err := o.postedForm(w, r)
	if err != nil {
		return err
	}
	why, reveal := f.Lines("reason", 500), f.Flag("reveal")
	if why == "" && !concerns(&v.Dossier, v.by) && !f.faulty("reason") {
		f.Fault("reason", "err.required", "field", "key:field.reason")
	}
	if f.Refused(f.Err()) {
		return o.askWhy(w, r, f, &v)
	}
	purpose := cmp.Or(why, text.T(text.Vi, "work.why.task"))
	if reveal {
		purpose = text.T(text.Vi, "work.why.reveal") + " " + purpose
	}
	return o.showDossier(w, r, f, v, purpose, reveal)
}

// dossierView is P2.
type dossierView struct {
	*Form
	Base, Back string
	Identity   Identity
	Done       string
	Busy       string
	Passed     *Inset
	Sentence   string
	Primary    *actLink
	Acts       []actLink
	Facts      SummaryList
	Person     SummaryList
	Owner      *SummaryList
	Masked     bool
	Reason     string
	Proof      []proofLine
	Tentative  string
	Legs       *Table
	Pauses     *Table
	Papers     Table
	Declared   []declaredSection // the form as it was filled in at home
	Filled     string            // by whom
	Files      []paperFiles
	Money      *Table
	Asked      []block // supplements, consultations, apologies, the result, the end
	Slips      []slipLine
	Control    bool // the control slip can be printed
	Codes      *Table
	Steps      Table
	Timeline   Timeline
	Views      Table
	Alike      []choiceLink
	Keys       Keys
}

// actLink is a button that leads to an act's form.
type actLink struct{ Name, Text, Href string }

// block is a titled list of facts on a page.
type block struct {
	Title string
	Facts SummaryList
}

// slipLine is an issued paper with the form that prints it again.
type slipLine struct {
	Title, When, Void, Kind, Number string
}

func (o *office) showDossier(w http.ResponseWriter, r *http.Request, f *Form, v casefile, why string, reveal bool) error {
	ctx := r.Context()
	d, err := o.Dossiers.View(ctx, v.ID, v.by, why)
	if err != nil {
		return err
	}
	v.Dossier = d
	entries, err := o.Dossiers.Entries(ctx, d)
	if err != nil {
		return err
	}
	views, err := o.Dossiers.Views(ctx, d)
	if err != nil {
		return err
	}
	alike, err := o.Dossiers.Alike(ctx, v.by, d)
	if err != nil {
		return err
	}
	shown := tracked{o.Dossiers.Public(d, v.world), v.lang, v.world.Law, v.world.Now}
	p := dossierView{
		Form: f, Base: dossierHref(&d), Back: workPath, Identity: v.identity(), Busy: v.busy(), Passed: v.passed(), Sentence: shown.sentence(),
		Done: doneWords(v.lang, r.URL.Query().Get("done")), Facts: v.facts(), Person: v.person(d.Filer, reveal), Masked: !reveal,
		Reason: why, Proof: shown.proof(), Legs: v.legs(), Pauses: v.pauses(), Papers: v.papers(), Money: v.money(), Asked: v.asked(),
		Codes: v.codes(), Steps: v.steps(entries), Timeline: v.timeline(entries), Views: v.views(views), Slips: v.slips(), Control: !d.AcceptedAt.IsZero(),
	}
	if p.Files, err = o.files(r, &v); err != nil {
		return err
	}
	if from := r.URL.Query().Get("from"); slices.Contains(dossier.Queues, dossier.Queue(from)) {
		p.Back = workPath + "?queue=" + from
	}
	if d.Clock.Provisional {
		p.Tentative = v.say("work.provisional")
	}
	if d.Owner != nil {
		owner := v.person(*d.Owner, reveal)
		p.Owner = &owner
	}
	for i := range alike {
		code := cmp.Or(string(alike[i].Code), v.say("work.no-code"))
		p.Alike = append(p.Alike, choiceLink{Text: code + " – " + fullName(v.world.Law, alike[i].Procedure), Href: dossierHref(&d, "/compare?with=", url.QueryEscape(cmp.Or(string(alike[i].Code), alike[i].ID)))})
	}
	p.Declared, p.Filled = v.declared(reveal)
	p.offer(&v)
	return o.render(w, r, f.Status(), "dossier", p)
}

// offer puts the acts that are allowed now on the page, the workflow's next
// one first.
func (p *dossierView) offer(v *casefile) {
	p.Keys.Keys = []KeyHelp{{"Esc", v.say("keys.back")}, {"Ctrl+K", v.say("keys.find")}}
	main := v.next()
	for _, a := range v.links() {
		if a.Name == main {
			p.Primary = &a
			p.Keys.Keys = slices.Insert(p.Keys.Keys, 0, KeyHelp{"Ctrl+Enter", a.Text})
			continue
		}
		p.Acts = append(p.Acts, a)
	}
}

// counterForms are acts for which the counter has a page of its own.
var counterForms = map[string]string{"hand_over": "/hand-over", "collect_fee": "/fee"}

// next is the one act that carries the dossier on from where it stands.
func (v *casefile) next() string {
	order := []string{"accept", "supply", "settle_payment", "hand_over", "answer_consult", "agency_answered"}
	if v.Proposal != nil {
		order = append(order, "apologise")
	}
	unclaimed := v.Assignee == ""
	if unclaimed && slices.ContainsFunc(v.all, func(c officer.By) bool { return c.Role == officer.Processor && c.Sees(v.Holder) }) {
		order = append(order, "assign")
	}
	order = append(order, "conclude", "advance")
	if unclaimed {
		order = append(order, "assign")
	}
	may := v.allowed()
	for _, name := range order {
		if slices.Contains(may, name) {
			return name
		}
	}
	return ""
}

// stateColour is the colour of a state's tag (ux 5.2).
var stateColour = map[dossier.State]string{
	dossier.Filed: "grey", dossier.Accepted: "blue", dossier.NotAccepted: "red", dossier.Processing: "teal", dossier.Supplement: "amber",
	dossier.Payment: "purple", dossier.Withdrawn: "grey", dossier.Stopped: "red", dossier.Concluded: "green",
}

func fullName(law *pack.Pack, code string) string {
	if p, ok := law.Procedure(code); ok {
		return p.Name
	}
	return code
}

func (v *casefile) identity() Identity {
	return Identity{
		Code: cmp.Or(string(v.Code), v.say("work.no-code")), Name: v.Dossier.Person().Name,
		Procedure: fullName(v.world.Law, v.Procedure) + " · " + v.Procedure, Holder: unitName(v.world.Law, v.Holder),
		Tag:   Tag{Text: v.say("state." + string(v.State)), Classes: tagClass(stateColour[v.State])},
		Badge: timeLeft(v.lang, v.world.Law, v.world.Now, &v.Dossier),
	}
}

// busy says who has the dossier in hand, unless it is the reader.
func (v *casefile) busy() string {
	if v.Assignee == "" || v.Assignee == v.by.Officer.ID || !v.Running() && !v.Paused() {
		return ""
	}
	return v.say("work.busy", "name", v.name(v.Assignee), "since", sayHour(v.lang, v.HeldSince))
}

// factList gathers facts; an empty one is left out.
type factList struct {
	SummaryList
	lang text.Lang
}

func (l *factList) add(key, value string) {
	if value != "" {
		l.Rows = append(l.Rows, Row{Key: Said{Text: text.T(l.lang, key)}, Value: Said{Text: value}})
	}
}

func (l *factList) when(key string, t time.Time) {
	if !t.IsZero() {
		l.add(key, sayHour(l.lang, t))
	}
}

func (v *casefile) facts() SummaryList {
	l := factList{lang: v.lang}
	l.when("work.fact.due", v.Clock.Due)
	if !v.Promise().Equal(v.Clock.Due) {
		l.when("work.fact.promise", v.Promise())
	}
	l.when("work.fact.filed", v.FiledAt)
	l.when("work.fact.received", v.ReceivedAt)
	l.add("work.fact.channel", v.say("channel."+v.Channel))
	l.add("work.fact.case", v.Case)
	l.add("work.fact.request", v.Request)
	l.add("work.fact.plate", applicant.FormatPlate(v.Plate))
	received := v.DeskAt(v.FiledAt)
	l.add("work.fact.desk", unitName(v.world.Law, received))
	if received != v.Desk {
		l.add("work.fact.heir", unitName(v.world.Law, v.Desk))
	}
	if v.Support != "" {
		l.add("work.fact.support", unitName(v.world.Law, v.Support))
	}
	l.add("work.fact.competent", unitName(v.world.Law, v.Competent))
	l.add("work.fact.holder", unitName(v.world.Law, v.Holder))
	if v.Assignee != "" {
		l.add("work.fact.assignee", v.name(v.Assignee))
	}
	l.when("work.fact.reminded", v.Reminded)
	if v.ReturnBy != "" {
		l.add("work.fact.return", v.say("return."+v.ReturnBy))
	}
	l.add("work.fact.return-to", v.ReturnTo)
	l.add("work.fact.authority", v.Authority)
	l.add("work.fact.assisted", v.Assisted)
	return l.SummaryList
}

// person is who filed or whose dossier it is; numbers show their last three
// digits until they are opened (rel-K78).
func (v *casefile) person(p applicant.Person, reveal bool) SummaryList {
	l := factList{lang: v.lang}
	hide := func(number string, format func(string) string) string {
		if reveal {
			return format(number)
		}
		return applicant.Mask(number)
	}
	l.add("work.person.name", p.Name)
	l.add("work.person.born", applicant.FormatBorn(p.Born))
	if p.IDNumber != "" {
		l.add("work.person.id", v.say("id-kind."+string(p.IDKind))+" "+hide(p.IDNumber, sayID))
	}
	l.add("work.person.phone", hide(p.Phone, applicant.FormatPhone))
	l.add("work.person.email", hide(p.Email, func(s string) string { return s }))
	l.add("work.person.tax", p.TaxCode)
	l.add("work.person.address", joinWords(", ", p.Village, p.Address))
	return l.SummaryList
}

func joinWords(sep string, parts ...string) string {
	out := ""
	for _, s := range parts {
		if s != "" && out != "" {
			out += sep
		}
		out += s
	}
	return out
}

func (v *casefile) hour(t time.Time) string {
	if t.IsZero() {
		return v.say("work.none")
	}
	return sayHour(v.lang, t)
}

func (v *casefile) table(caption string, heads ...string) *Table {
	t := &Table{Caption: v.say(caption), CaptionClasses: "govuk-table__caption--s", FirstCellIsHeader: true}
	for _, h := range heads {
		t.Head = append(t.Head, Cell{Text: v.say(h)})
	}
	return t
}

func (t *Table) row(cells ...string) {
	var row []Cell
	for _, c := range cells {
		row = append(row, Cell{Text: c})
	}
	t.Rows = append(t.Rows, row)
}

// legs are the clocks of an inter-agency dossier, one each.
func (v *casefile) legs() *Table {
	a, err := v.Dossier.Proof(v.world.Law)
	if err != nil || len(a.Legs) < 2 {
		return nil
	}
	t := v.table("work.legs", "work.leg.name", "work.leg.from", "work.leg.due", "work.leg.finished")
	for i, l := range a.Legs {
		finished := v.say("work.leg.running")
		if i < len(v.Clock.Legs) {
			finished = v.hour(v.Clock.Legs[i])
		}
		t.row(l.Name, v.hour(l.Start), v.hour(l.Due), finished)
	}
	return t
}

func (v *casefile) pauses() *Table {
	if len(v.Clock.Pauses) == 0 && v.Clock.Extension == nil {
		return nil
	}
	t := v.table("work.pauses", "work.pause.kind", "work.pause.from", "work.pause.to", "work.pause.document")
	for _, p := range v.Clock.Pauses {
		to := v.say("work.pause.open")
		if !p.To.IsZero() {
			to = v.hour(p.To)
		}
		t.row(v.say("work.pause."+p.Kind), v.hour(p.From), to, p.Document)
	}
	if e := v.Clock.Extension; e != nil {
		t.row(v.say("act.extend")+" "+dossier.LimitWords(v.lang, e.Limit), v.hour(e.At), "", joinWords(" – ", e.Reason, v.name(e.Approver)))
	}
	return t
}

func (v *casefile) papers() Table {
	t := v.table("work.papers", "work.paper.name", "work.paper.have", "work.paper.copies", "work.paper.note")
	for _, p := range v.Papers {
		have := v.say("work.paper.absent")
		switch {
		case p.Reused:
			have = v.say("paper.reused")
		case p.Present:
			have = v.say("work.paper.present")
		case p.Mandatory:
			have = v.say("work.paper.missing")
		}
		count := v.say("work.none")
		if p.Present {
			count = v.say("work.paper.count", "originals", p.Originals, "copies", p.Copies)
		}
		t.row(p.Name, have, count, joinWords(" · ", p.Form, p.Note))
	}
	return *t
}

func (v *casefile) money() *Table {
	t := v.table("work.money", "work.money.for", "work.money.amount", "work.money.state", "work.money.receipt")
	if v.Fee.Known {
		state := v.say("work.money.unpaid")
		switch {
		case v.Fee.Amount == 0:
			state = v.say("work.money.free")
		case v.Fee.Paid:
			state = v.say("work.money.paid", "when", v.hour(v.Fee.PaidAt))
		case len(v.Fee.Revoked) > 0:
			state = v.say("work.money.revoked", "receipts", strings.Join(v.Fee.Revoked, ", "))
		}
		t.row(joinWords(" · ", v.say("work.money.fee"), v.Fee.Case, feeRule(v.lang, v.Fee.Basis, v.Fee.Kind, v.Fee.Until)), sayMoney(v.lang, v.Fee.Amount), state, v.Fee.Receipt)
	}
	for _, ob := range v.Obligations {
		state := v.say("work.money.asked", "when", v.hour(ob.Asked))
		if !ob.Settled.IsZero() {
			state = v.say("work.money.paid", "when", v.hour(ob.Settled))
		}
		t.row(joinWords(" · ", ob.Why, ob.Basis), sayMoney(v.lang, ob.Amount), state, ob.Receipt)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}

// asked are the requests, questions and promises of the dossier, and its end.
func (v *casefile) asked() []block {
	var all []block
	add := func(title string, fill func(l *factList)) {
		l := factList{lang: v.lang}
		fill(&l)
		all = append(all, block{title, l.SummaryList})
	}
	for _, s := range v.Supplements {
		add(v.say("work.supplement", "stage", text.Key("stage."+s.Stage)), func(l *factList) {
			for _, it := range s.Items {
				l.Rows = append(l.Rows, Row{Key: Said{Text: it.Paper}, Value: Said{Text: joinWords(" – ", it.Reason, it.Todo)}})
			}
			l.when("work.supplement.asked", s.Asked)
			l.add("work.by", v.name(s.By))
			l.when("work.supplement.until", s.Until)
			l.add("work.supplement.supplied", v.hour(s.Supplied))
		})
	}
	for _, c := range v.Consults {
		add(v.say("work.consult", "unit", unitName(v.world.Law, c.Unit)), func(l *factList) {
			l.add("field.question", c.Question)
			l.when("work.consult.asked", c.Asked)
			l.add("work.by", v.name(c.By))
			l.add("field.answer", cmp.Or(c.Answer, v.say("work.consult.waiting")))
			l.when("work.consult.answered", c.Answered)
		})
	}
	if pr := v.Proposal; pr != nil {
		add(v.say("work.proposal"), func(l *factList) {
			l.add("field.reason", pr.Reason)
			l.add("work.apology.unit", pr.Unit)
			l.when("work.apology.new", pr.NewDue)
			l.add("work.by", v.name(pr.By))
		})
	}
	for _, a := range v.Apologies {
		add(v.say("act.apologise"), func(l *factList) {
			l.when("work.apology.old", a.OldDue)
			l.when("work.apology.new", a.NewDue)
			l.add("field.reason", a.Reason)
			l.add("work.apology.unit", a.Unit)
			l.add("work.by", v.name(a.By))
			l.when("work.apology.at", a.At)
		})
	}
	if rf := v.Refusal; rf != nil {
		add(v.say("act.refuse"), func(l *factList) {
			l.add("field.reasons", joinList(rf.Reasons))
			l.add("work.refusal.next", rf.Next)
			l.add("work.by", v.name(rf.By))
			l.when("work.at", rf.At)
		})
	}
	if rs := v.Result; rs != nil {
		add(v.say("work.result"), func(l *factList) {
			l.add("field.outcome", v.say("work.outcome."+rs.Outcome))
			l.add("field.kind", rs.Kind)
			l.add("work.result.number", rs.Number)
			l.add("field.reasons", joinList(rs.Reasons))
			l.add("work.by", v.name(rs.By))
			l.when("work.at", rs.At)
			if h := v.HandedOver; h != nil {
				l.add("field.to", h.To)
				l.add("field.channel", v.say("return."+h.Channel))
				l.when("work.handed", h.At)
			}
		})
	}
	if e := v.End; e != nil {
		add(v.say("state."+string(v.State)), func(l *factList) {
			l.add("field.asked_by", v.say("asked-by."+e.AskedBy))
			l.add("field.reason", cmp.Or(e.Reason, v.say("end.unanswered")))
			l.add("field.money", e.Money)
			l.when("work.at", e.At)
		})
	}
	return all
}

func joinList(list []string) string { return joinWords("; ", list...) }

func (v *casefile) codes() *Table {
	if len(v.Codes) < 2 {
		return nil
	}
	t := v.table("work.codes", "work.code", "field.source", "work.at")
	for _, c := range v.Codes {
		t.row(string(c.Code), v.say("work.code."+c.Source), v.hour(c.At))
	}
	return t
}

// slips are the papers that were issued, newest first, each with its way to
// print it again.
func (v *casefile) slips() []slipLine {
	var all []slipLine
	for _, s := range slices.Backward(v.Slips) {
		line := slipLine{Title: v.say("work.slip."+s.Kind) + " " + s.Number, When: v.hour(s.At), Kind: s.Kind, Number: s.Number}
		if s.Voided != "" {
			line.Void = v.say("work.slip.void", "number", s.Voided)
		}
		all = append(all, line)
	}
	return all
}

// facts of an entry that pages read.
type entryFacts struct {
	Step     *int         `json:"step"`
	Due      time.Time    `json:"due"`
	State    string       `json:"state"`
	Version  int64        `json:"version"`
	Unit     pack.UnitKey `json:"unit"`
	Assignee string       `json:"assignee"`
	Slip     string       `json:"slip"`
}

func factsOf(e journal.Entry) entryFacts {
	var f entryFacts
	_ = json.Unmarshal(e.Facts, &f) // an entry without these facts has none of them
	return f
}

// steps are the internal process with the working hours allotted and used.
func (v *casefile) steps(entries []journal.Entry) Table {
	t := v.table("work.steps", "work.step.name", "work.step.who", "work.step.allotted", "work.step.used")
	used := v.used(entries)
	for i, step := range contentOf(v.world.Law, &v.Dossier).Process {
		name := cmp.Or(step.Action, v.say("work.step."+step.Kind))
		if i == v.Step && !v.State.Final() {
			name += " – " + v.say("work.step.here")
		}
		spent := v.say("work.none")
		if d := used[i]; d > 0 {
			spent = workHours(v.lang, d)
		}
		t.row(name, cmp.Or(step.Place, v.say("work.step.role."+step.Kind)), workHours(v.lang, time.Duration(step.Hours*float64(time.Hour))), spent)
	}
	return *t
}

// contentOf is the procedure version under which the dossier was received.
func contentOf(law *pack.Pack, d *dossier.Dossier) *pack.Version {
	if p, ok := law.Procedure(d.Procedure); ok {
		if v, ok := p.VersionFrom(d.LawFrom); ok {
			return v
		}
	}
	return &pack.Version{}
}

// used adds up the desk's working time that each step has taken so far, by
// the journal.
func (v *casefile) used(entries []journal.Entry) map[int]time.Duration {
	clock, ok := v.world.Law.Clock(v.Desk, nil, pack.On(v.world.Now))
	used := map[int]time.Duration{}
	if !ok || v.AcceptedAt.IsZero() {
		return used
	}
	step, since := 1, v.AcceptedAt
	for _, e := range entries {
		if e.At.Before(since) {
			continue
		}
		f := factsOf(e)
		switch {
		case f.Step != nil:
			used[step] += clock.Worked(since, e.At)
			step, since = *f.Step, e.At
		case e.Act == "conclude":
			used[step] += clock.Worked(since, e.At)
			step, since = len(contentOf(v.world.Law, &v.Dossier).Process)-1, e.At
		case e.Act == "hand_over" || e.Act == "stop" || e.Act == "withdraw" || e.Act == "close_unanswered":
			used[step] += clock.Worked(since, e.At)
			return used
		}
	}
	used[step] += clock.Worked(since, v.world.Now)
	return used
}

// workHours says working time in hours and minutes.
func workHours(lang text.Lang, d time.Duration) string {
	return text.T(lang, "work.hours", "h", int(d.Hours()), "m", int(d.Minutes())%60)
}

// timeline is what happened, newest first, from the journal.
func (v *casefile) timeline(entries []journal.Entry) Timeline {
	var l Timeline
	var due time.Time
	for _, e := range entries {
		f := factsOf(e)
		said := []string{e.Reason}
		if f.Unit != "" {
			said = append(said, v.say("work.entry.unit", "unit", unitName(v.world.Law, f.Unit)))
		}
		if f.Assignee != "" {
			said = append(said, v.say("work.entry.assignee", "name", v.name(f.Assignee)))
		}
		if !f.Due.IsZero() && !f.Due.Equal(due) {
			said, due = append(said, v.say("work.entry.due", "due", sayHour(v.lang, f.Due))), f.Due
		}
		event := Event{Title: v.act(e.Act), When: sayHour(v.lang, e.At), By: joinWords(", ", v.name(e.Officer), v.capacity(e)), Text: joinWords(" · ", said...)}
		if e.Law != "" {
			event.Law = v.world.Law.Words(e.Law)
		}
		l.Events = append(l.Events, event)
	}
	slices.Reverse(l.Events)
	return l
}

func (v *casefile) capacity(e journal.Entry) string {
	if e.Officer == "" {
		return ""
	}
	return capacityWords(v.lang, v.world.Law, e.Capacity, pack.On(e.At))
}

// act names an act of the journal; one of a later release keeps its name.
func (v *casefile) act(name string) string {
	if key := "act." + name; text.Has(key) {
		return v.say(key)
	}
	return name
}

// mostViews is how many looks at a dossier its page lists.
const mostViews = 50

func (v *casefile) views(entries []journal.Entry) Table {
	t := v.table("work.views", "work.view.at", "work.view.who", "work.view.why")
	for i, e := range slices.Backward(entries) {
		if i < len(entries)-mostViews {
			break
		}
		t.row(sayHour(v.lang, e.At), joinWords(", ", v.name(e.Officer), v.capacity(e)), e.Reason)
	}
	return *t
}

// comparePage is P7.
type comparePage struct {
	Back        string
	Left, Right Identity
	Rows        []comparison
	Same        int
}

// comparison is one fact of both dossiers.
type comparison struct {
	Name, Left, Right string
	Same              bool
}

// compare is P7: two dossiers that may be one, fact by fact. Both views are
// journaled.
func (o *office) compare(w http.ResponseWriter, r *http.Request, by Visitor) error {
	var side [2]casefile
	for i, ref := range []string{r.PathValue("ref"), r.URL.Query().Get("with")} {
		v, err := o.find(r, by, officer.View, ref)
		if err != nil {
			return err
		}
		if v.Dossier, err = o.Dossiers.View(r.Context(), v.ID, v.by, text.T(text.Vi, "work.why.compare")); err != nil {
			return err
		}
		side[i] = v
	}
	p := comparePage{Back: dossierHref(&side[0].Dossier), Left: side[0].identity(), Right: side[1].identity()}
	left, right := side[0].compared(), side[1].compared()
	for i := range left {
		c := comparison{left[i].key, left[i].value, right[i].value, left[i].value == right[i].value}
		if c.Same {
			p.Same++
		}
		p.Rows = append(p.Rows, c)
	}
	return o.render(w, r, http.StatusOK, "compare", p)
}

type comparedFact struct{ key, value string }

// compared are the facts by which two dossiers are told apart, in fixed order.
func (v *casefile) compared() []comparedFact {
	p := v.Filer
	owner := ""
	if v.Owner != nil {
		owner = v.Owner.Name
	}
	return []comparedFact{
		{v.say("work.person.name"), p.Name},
		{v.say("work.person.born"), applicant.FormatBorn(p.Born)},
		{v.say("work.person.id"), applicant.Mask(p.IDNumber)},
		{v.say("work.person.phone"), applicant.Mask(p.Phone)},
		{v.say("work.person.address"), joinWords(", ", p.Village, p.Address)},
		{v.say("work.person.owner"), owner},
		{v.say("work.filter.procedure"), fullName(v.world.Law, v.Procedure)},
		{v.say("work.fact.case"), v.Case},
		{v.say("work.fact.request"), v.Request},
		{v.say("work.fact.plate"), applicant.FormatPlate(v.Plate)},
		{v.say("work.fact.channel"), v.say("channel." + v.Channel)},
		{v.say("work.fact.desk"), unitName(v.world.Law, v.DeskAt(v.FiledAt))},
		{v.say("work.fact.filed"), sayHour(v.lang, v.FiledAt)},
		{v.say("work.state"), v.say("state." + string(v.State))},
		{v.say("work.fact.due"), v.hour(v.Clock.Due)},
	}
}
