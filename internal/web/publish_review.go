package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/text"
)

// reviewRoutes declares what becomes of a draft: the difference (R3), the gate
// (R4), what it touches (R6), approval and publication (R7).
func (p *publisher) reviewRoutes() {
	const draft = proceduresPath + "/drafts/{draft}"
	p.desk("GET "+draft, officer.Procedures, p.review)
	p.desk("GET "+draft+"/compare", officer.Procedures, p.compare)
	p.desk("GET "+draft+"/check", officer.Procedures, p.check)
	p.desk("GET "+draft+"/impact", officer.Procedures, p.impact)
	p.desk("POST "+draft+"/ask", officer.Draft, p.ask)
	p.desk("POST "+draft+"/approve", officer.ApproveDraft, p.approve)
	p.desk("POST "+draft+"/return", officer.Procedures, p.giveBack)
	p.desk("POST "+draft+"/drop", officer.Draft, p.drop)
	p.desk("POST "+draft+"/publish", officer.Publish, p.publish)
}

// draftNav is the head of every page of a draft: what it is, and the way to its
// publication.
type draftNav struct {
	ID, Name, Code, Kind, From, Why string
	Tag                             Tag
	Pages                           []itemLink
}

func (p *publisher) nav(r *http.Request, d catalogue.Draft, at string) draftNav {
	row := p.draftRow(visitOf(r).lang, d)
	nav := draftNav{ID: d.ID, Name: row.Name, Code: d.Procedure, Kind: row.Kind, From: d.Items.From, Why: d.Items.Why, Tag: row.Tag}
	for _, page := range []string{"edit", "compare", "check", "impact", ""} {
		key := page
		if key == "" {
			key = "publish"
		}
		nav.Pages = append(nav.Pages, itemLink{Name: p.say(r, "publish.page."+key), Href: draftHref(d.ID, page), Current: page == at})
	}
	return nav
}

func (p *publisher) draft(r *http.Request) (catalogue.Draft, error) {
	return p.drafts.Find(r.Context(), r.PathValue("draft"))
}

// diffPage is R3.
type diffPage struct {
	Nav     draftNav
	Items   []comparedItem
	Changed int
}

type comparedItem struct {
	Name  string
	Same  bool
	Lines []comparedLine
}

// comparedLine is one line, old and new, with its sign and the sign's word, so
// that no colour is needed.
type comparedLine struct{ Sign, Said, Old, New, Class string }

func (p *publisher) compare(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	d, err := p.draft(r)
	if err != nil {
		return err
	}
	lang := visitOf(r).lang
	page := diffPage{Nav: p.nav(r, d, "compare")}
	for _, diff := range d.Compare(p.Law.Law(), lang) {
		item := comparedItem{Name: text.T(lang, string(diff.Item.Word())), Same: diff.Same}
		for _, c := range diff.Changes {
			kind := map[string]string{"+": "added", "−": "removed", "±": "changed"}[c.Sign]
			if kind == "" {
				item.Lines = append(item.Lines, comparedLine{Old: c.Old, New: c.New})
				continue
			}
			page.Changed++
			item.Lines = append(item.Lines, comparedLine{c.Sign, text.T(lang, "publish.compare."+kind), c.Old, c.New, kind})
		}
		page.Items = append(page.Items, item)
	}
	return p.render(w, r, http.StatusOK, "publish-compare", page)
}

// gatePage is R4.
type gatePage struct {
	*Form
	Nav        draftNav
	Checks     []gateLine
	Red, Amber int
	MayAsk     bool
	Action     string
	Version    int64
	Reason     Textarea
}

type gateLine struct {
	Name  string
	Sign  string // ✓ ▲ ✗
	Said  string // "Đạt"
	Class string
	Found []gateFound
}

type gateFound struct{ Text, Href, Sign string }

func (p *publisher) check(w http.ResponseWriter, r *http.Request, by Visitor) error {
	d, err := p.draft(r)
	if err != nil {
		return err
	}
	return p.showCheck(w, r, by, p.blankForm(w, r), d)
}

func (p *publisher) showCheck(w http.ResponseWriter, r *http.Request, by Visitor, f *Form, d catalogue.Draft) error {
	law, on := p.today()
	gate := d.Gate(law, "", on)
	page := gatePage{Form: f, Nav: p.nav(r, d, "check"), Red: gate.Red(), Amber: gate.Amber(), Version: d.Version, Action: draftHref(d.ID, "ask"), Reason: f.Textarea("reason", "publish.check.reason")}
	page.Reason.Rows = 3
	page.MayAsk = d.State == catalogue.Drafting && by.may(officer.Draft) == nil && page.Red == 0
	for _, c := range gate {
		line := gateLine{Name: p.say(r, "publish.gate."+c.Name), Sign: sign(c.Light), Said: p.say(r, "publish.light."+string(c.Light)), Class: string(c.Light)}
		for _, x := range c.Found {
			found := gateFound{Text: p.say(r, x.Key, x.Args...), Sign: sign(x.Light)}
			if x.Remedy != "" {
				found.Text += " " + p.say(r, x.Remedy, x.Args...)
			}
			if d.State == catalogue.Drafting && by.may(officer.Draft) == nil {
				found.Href = draftHref(d.ID, "edit") + "?item=" + url.QueryEscape(string(x.Item)) + "#" + fieldID(x.Field)
			}
			line.Found = append(line.Found, found)
		}
		page.Checks = append(page.Checks, line)
	}
	return p.render(w, r, f.Status(), "publish-check", page)
}

func sign(l catalogue.Light) string {
	return map[catalogue.Light]string{catalogue.Green: "✓", catalogue.Amber: "▲", catalogue.Red: "✗"}[l]
}

// impactPage is R6.
type impactPage struct {
	Nav     draftNav
	Running int
	Desks   []impactDesk
	Staff   int
	From    string
	Change  bool
}

type impactDesk struct{ Name string }

func (p *publisher) impact(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	d, err := p.draft(r)
	if err != nil {
		return err
	}
	law, on := p.today()
	content, _ := d.Content()
	page := impactPage{Nav: p.nav(r, d, "impact"), From: d.Items.From, Change: d.Kind != catalogue.NewProcedure}
	if page.Running, err = p.Dossiers.Running(r.Context(), d.Procedure); err != nil {
		return err
	}
	day := on
	if content.From > on {
		day = content.From
	}
	pub, _ := d.Publication(law, "", "")
	if d.Kind == catalogue.End {
		day = on
	} else if next, err := law.WithPublished(pub); err == nil {
		law = next
	}
	for _, u := range law.Desks(day) {
		if len(law.Competences(d.Procedure, u.Code, day)) > 0 {
			page.Desks = append(page.Desks, impactDesk{u.Name})
		}
	}
	if page.Staff, err = p.staff(r, law, day, d.Procedure); err != nil {
		return err
	}
	return p.render(w, r, http.StatusOK, "publish-impact", page)
}

// staff counts the officers who receive or decide the procedure and are told on
// their desk's page.
func (p *publisher) staff(r *http.Request, law *pack.Pack, on pack.Date, code string) (int, error) {
	units := map[pack.UnitKey]bool{}
	for _, u := range law.Desks(on) {
		if len(law.Competences(code, u.Code, on)) > 0 {
			units[u.Key] = true
		}
	}
	for _, u := range law.Deciders(code, on) {
		units[u.Key] = true
	}
	n, after := 0, ""
	for {
		officers, err := p.Roll.List(r.Context(), officer.System(), officer.Filter{After: after})
		if err != nil || len(officers) == 0 {
			return n, err
		}
		for _, o := range officers {
			if o.Active && units[o.Unit] {
				n++
			}
			after = o.ID
		}
	}
}

// reviewPage is R7: who did what, and what comes next.
type reviewPage struct {
	*Form
	Nav        draftNav
	Version    int64
	Trail      Timeline
	Red, Amber int
	Changed    int
	Reason     string // with which approval was asked
	Edit       string
	MayAsk     bool
	MayApprove bool
	Own        bool // approval is for another person
	MayPublish bool
	MayReturn  bool
	MayDrop    bool
	Decision   Input
	Signed     Input
	Why        Input
	Approver   string
	Published  string // address of the new version
	Sheet      string
	Path       string
}

func (p *publisher) review(w http.ResponseWriter, r *http.Request, by Visitor) error {
	d, err := p.draft(r)
	if err != nil {
		return err
	}
	f := p.blankForm(w, r)
	_, on := p.today()
	f.Set("signed", dayWords(on))
	return p.showReview(w, r, by, f, d)
}

func (p *publisher) showReview(w http.ResponseWriter, r *http.Request, by Visitor, f *Form, d catalogue.Draft) error {
	law, on := p.today()
	gate := d.Gate(law, "", on)
	page := reviewPage{Form: f, Nav: p.nav(r, d, ""), Version: d.Version, Red: gate.Red(), Amber: gate.Amber(), Path: draftHref(d.ID, ""),
		Decision: f.Input("decision", "publish.decision"), Signed: f.Input("signed", "publish.signed"), Why: f.Input("reason", "publish.why")}
	page.Decision.Hint, page.Decision.Classes, page.Signed.Classes = &Hint{Text: p.say(r, "publish.decision.hint")}, "govuk-input--width-20", "govuk-input--width-10"
	for _, diff := range d.Compare(law, f.Lang) {
		for _, c := range diff.Changes {
			if c.Sign != "" {
				page.Changed++
			}
		}
	}
	drafts, approves := by.may(officer.Draft) == nil, by.may(officer.ApproveDraft) == nil
	wrote := false
	for _, m := range d.Trail {
		event := Event{Title: p.say(r, "act."+m.Act), When: sayHour(f.Lang, m.At), By: m.Name, Text: m.Reason}
		page.Trail.Events = append([]Event{event}, page.Trail.Events...)
		wrote = wrote || m.Act != "approve_procedure" && m.Act != "return_procedure" && (m.Officer == by.Officer.ID || m.Person != "" && m.Person == by.Officer.Person)
		if m.Act == "ask_procedure" {
			page.Reason = m.Reason
		}
		if m.Act == "approve_procedure" {
			page.Approver = m.Name
		}
	}
	switch d.State {
	case catalogue.Drafting:
		page.Edit = draftHref(d.ID, "edit")
		page.MayAsk, page.MayDrop = drafts, drafts
	case catalogue.Asked:
		page.MayApprove, page.Own = approves && !wrote, approves && wrote
		page.MayReturn, page.MayDrop = drafts || approves, drafts
	case catalogue.Approved:
		page.MayPublish = by.may(officer.Publish) == nil
		page.MayReturn, page.MayDrop = drafts || approves, drafts
	case catalogue.Published:
		content, _ := d.Content()
		page.Published = "/tt/" + url.PathEscape(d.Procedure)
		if d.Kind != catalogue.End {
			page.Published += "/" + content.From
			page.Sheet = sheetHref(d.Procedure) + "?day=" + content.From
		}
	}
	return p.render(w, r, f.Status(), "publish-review", page)
}

// move runs one act on a draft and shows its page again when it is refused.
func (p *publisher) move(w http.ResponseWriter, r *http.Request, by Visitor, need officer.Permission,
	act func(f *Form, d catalogue.Draft, version int64, as officer.By) error, again func(*Form, catalogue.Draft) error) error {
	f, err := p.postedForm(w, r)
	if err != nil {
		return err
	}
	as, err := by.For(need, "")
	if err != nil {
		return err
	}
	d, err := p.draft(r)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.Typed("version"), 10, 64)
	if err = f.Err(); err == nil {
		err = act(f, d, version, as)
	}
	switch {
	case unproven(err):
		return p.proveFirst(w, r, draftHref(d.ID, ""))
	case f.Refused(err):
		if d, err = p.draft(r); err != nil {
			return err
		}
		return again(f, d)
	case err != nil:
		return err
	}
	return p.redirect(w, r, draftHref(d.ID, ""))
}

func (p *publisher) ask(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return p.move(w, r, by, officer.Draft, func(f *Form, d catalogue.Draft, version int64, as officer.By) error {
		_, err := p.drafts.Ask(r.Context(), d.ID, version, f.Text("reason", lineCap), as)
		return err
	}, func(f *Form, d catalogue.Draft) error { return p.showCheck(w, r, by, f, d) })
}

func (p *publisher) approve(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return p.move(w, r, by, officer.ApproveDraft, func(_ *Form, d catalogue.Draft, version int64, as officer.By) error {
		_, err := p.drafts.Approve(r.Context(), d.ID, version, as)
		return err
	}, func(f *Form, d catalogue.Draft) error { return p.showReview(w, r, by, f, d) })
}

func (p *publisher) giveBack(w http.ResponseWriter, r *http.Request, by Visitor) error {
	need := officer.ApproveDraft
	if by.may(officer.Draft) == nil {
		need = officer.Draft
	}
	return p.move(w, r, by, need, func(f *Form, d catalogue.Draft, version int64, as officer.By) error {
		_, err := p.drafts.Return(r.Context(), d.ID, version, f.Text("reason", lineCap), as)
		return err
	}, func(f *Form, d catalogue.Draft) error { return p.showReview(w, r, by, f, d) })
}

func (p *publisher) drop(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return p.move(w, r, by, officer.Draft, func(f *Form, d catalogue.Draft, version int64, as officer.By) error {
		_, err := p.drafts.Drop(r.Context(), d.ID, version, f.Text("reason", lineCap), as)
		return err
	}, func(f *Form, d catalogue.Draft) error { return p.showReview(w, r, by, f, d) })
}

func (p *publisher) publish(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return p.move(w, r, by, officer.Publish, func(f *Form, d catalogue.Draft, version int64, as officer.By) error {
		decision, signed := f.Need("decision", 100, "publish.err.decision"), dayTyped(f, "signed")
		if signed == "" && !f.faulty("signed") {
			f.Fault("signed", "publish.err.signed")
		}
		if err := f.Err(); err != nil {
			return err
		}
		_, err := p.drafts.Publish(r.Context(), d.ID, version, decision, signed, as)
		return err
	}, func(f *Form, d catalogue.Draft) error { return p.showReview(w, r, by, f, d) })
}

// changeShown is how long after its day a change is told on the desk's home.
const changeShown = 7

// lawChanges are a part of O2: what of the desk's work changed today or lately,
// or will soon. Those that change what is paid come first.
type lawChanges struct {
	First, Rest []lawChange
}

// lawChange is one of them.
type lawChange struct {
	Text, Href string
	Today      bool
	fee        bool
}

// changesShown are shown without asking.
const changesShown = 4

// lawChanges looks from a week before a change to a week after it (ux O2, R7).
func (s *Server) lawChanges(lang text.Lang, law *pack.Pack, desk string, now time.Time) *lawChanges {
	on := pack.On(now)
	window := pack.Span{From: pack.On(now.AddDate(0, 0, -changeShown+1)), To: pack.On(now.AddDate(0, 0, changeShown))}
	var list []lawChange
	for _, proc := range law.AllProcedures() {
		for _, day := range proc.ChangesIn(window) {
			if desk != "" && len(law.Competences(proc.Code, desk, day)) == 0 && len(law.Competences(proc.Code, desk, dayBefore(day))) == 0 {
				continue
			}
			key := "publish.desk.since"
			switch {
			case day == on:
				key = "publish.desk.today"
			case day > on:
				key = "publish.desk.soon"
			}
			what, fee := feeChange(lang, proc, day)
			list = append(list, lawChange{Href: "/tt/" + url.PathEscape(proc.Code), Today: day <= on, fee: fee,
				Text: text.T(lang, key, "name", proc.ShortName, "day", dayWords(day), "what", what)})
		}
	}
	if list == nil {
		return nil
	}
	slices.SortStableFunc(list, func(a, b lawChange) int {
		switch {
		case a.fee == b.fee:
			return 0
		case a.fee:
			return -1
		}
		return 1
	})
	n := min(len(list), changesShown)
	return &lawChanges{list[:n], list[n:]}
}

// feeChange says what becomes of the fee at a counter, "phí 15.000 → 20.000 đồng",
// or that the content changes.
func feeChange(lang text.Lang, p *pack.Procedure, day pack.Date) (what string, fee bool) {
	eve := dayBefore(day)
	if _, ok := p.On(eve); !ok {
		return text.T(lang, "publish.desk.new"), false
	}
	if _, ok := p.On(day); !ok {
		return text.T(lang, "publish.desk.ended"), false
	}
	for _, name := range p.FeeCases("counter", day) {
		was, now := p.Fee(pack.Ask{Case: name, Channel: "counter", On: eve}), p.Fee(pack.Ask{Case: name, Channel: "counter", On: day})
		if was.Known && now.Known && was.Amount != now.Amount {
			return text.T(lang, "publish.desk.fee", "was", grouped(was.Amount), "now", sayMoney(lang, now.Amount)), true
		}
	}
	return text.T(lang, "publish.desk.content"), false
}

func dayBefore(d pack.Date) pack.Date {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return d
	}
	return t.AddDate(0, 0, -1).Format(time.DateOnly)
}
