package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
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

// actRoutes declares a form for every act that people do, each under its own
// permission, so that the table of routes shows who may do what.
func (o *office) actRoutes() {
	for _, name := range dossier.ActNames() {
		if !byPeople(name) {
			continue
		}
		path := dossierPath + "{ref}/do/" + name
		o.desk("GET "+path, dossier.Asks(name), func(w http.ResponseWriter, r *http.Request, by Visitor) error { return o.actForm(w, r, by, name) })
		o.desk("POST "+path, dossier.Asks(name), func(w http.ResponseWriter, r *http.Request, by Visitor) error { return o.actDone(w, r, by, name) })
	}
}

// do carries an act out in the capacity of the visitor that may do it now,
// else in the one that sees the dossier, whose refusal then says why not.
func (o *office) do(r *http.Request, by Visitor, ref string, act dossier.Act, key string, version int64) (dossier.Dossier, error) {
	v, err := o.find(r, by, dossier.Asks(act.Name()), ref)
	if err != nil {
		return dossier.Dossier{}, err
	}
	v.choose(act.Name())
	d, err := o.Dossiers.Do(r.Context(), v.ID, act, v.by, key, version)
	if err != nil {
		return v.Dossier, err
	}
	return d, nil
}

// choose puts the visitor into the capacity that may do the act now, if one may.
func (v *casefile) choose(act string) {
	for _, c := range v.all {
		if slices.Contains(dossier.Allowed(&v.Dossier, c, v.world), act) {
			v.by = c
			return
		}
	}
}

// actPage is the form of an act (P3 to P6, P8).
type actPage struct {
	*Form
	Title    string
	Means    string // what it brings about, in words
	Facts    []string
	Action   string
	Back     string
	Identity Identity
	Version  int64
	Pieces   []piece
	Stale    *staleness
	Prove    string // where to prove oneself again, "" not needed
	Preview  *preview
	CanView  bool // has a preview
	NotNow   bool // the act is not possible; Instead says what is
	Instead  []actLink
	Submit   string
	Danger   bool
	Keys     Keys
}

// piece is one field of a form, of whatever kind, or a sentence between fields.
type piece struct {
	Input     *Input
	Textarea  *Textarea
	Select    *Select
	Radios    *Radios
	Boxes     *Checkboxes
	Checklist *Checklist
	Item      *missingItem
	Text      string
	Head      string
}

// staleness shows what the officer saw and what it has become (rel-B-W12).
type staleness struct {
	Rows    []comparison
	Entries Timeline
}

// preview is what the citizen will read.
type preview struct {
	Sentence string
	Lines    []proofLine
}

// actForm shows the form of an act. An act that is not possible now says why,
// and which ones are.
func (o *office) actForm(w http.ResponseWriter, r *http.Request, by Visitor, name string) error {
	v, err := o.find(r, by, dossier.Asks(name), r.PathValue("ref"))
	if err != nil {
		return err
	}
	v.choose(name)
	o.staff(r, by, &v, name)
	empty, err := dossier.NewAct(name)
	if err != nil {
		return err
	}
	if err := empty.Allowed(&v.Dossier, v.by, v.world); err != nil {
		return o.notNow(w, r, &v, name, err)
	}
	if v.by.Fresh(dossier.Asks(name)) != nil {
		return o.redirect(w, r, provePath(r.URL.Path))
	}
	if _, err := o.Dossiers.View(r.Context(), v.ID, v.by, text.T(text.Vi, "work.why.act", "act", text.Key("act."+name))); err != nil {
		return err
	}
	f := o.blankForm(w, r)
	f.Set("version", strconv.FormatInt(v.Version, 10))
	forms[name].begin(&v, f)
	return o.showAct(w, r, f, &v, name, nil)
}

// staff finds those to whom the dossier may be given, for the act that gives it.
func (o *office) staff(r *http.Request, by Visitor, v *casefile, act string) {
	if act != "assign" {
		return
	}
	v.workers = []Option{{Value: by.Officer.ID, Text: v.say("work.assign.me", "name", by.Officer.Name)}}
	if v.by.Role != officer.Processor {
		v.workers = append(v.workers, o.workers(r.Context(), by)...)
	}
}

// notNow says why an act is not possible, with links to those that are
// (rel-B-W10).
func (o *office) notNow(w http.ResponseWriter, r *http.Request, v *casefile, name string, err error) error {
	p, ok := problem.As(err)
	if !ok || p.Kind != problem.Illegal {
		return err
	}
	f := o.blankForm(w, r)
	f.Refused(p)
	page := actPage{Form: f, Title: v.say("act." + name), Back: dossierHref(&v.Dossier), Identity: v.identity(), NotNow: true, Instead: v.links()}
	return o.render(w, r, f.Status(), "act", page)
}

// links lead to the acts that are allowed now.
func (v *casefile) links() []actLink {
	var list []actLink
	for _, name := range v.allowed() {
		list = append(list, actLink{name, v.say("act." + name), dossierHref(&v.Dossier, cmp.Or(counterForms[name], "/do/"+name))})
	}
	return list
}

// provePath is where an officer proves who they are, and comes back from.
func provePath(next string) string { return accountPath + "/prove?next=" + url.QueryEscape(next) }

// actDone does the act with the version that the officer saw. On a refusal the
// form comes back with everything typed.
func (o *office) actDone(w http.ResponseWriter, r *http.Request, by Visitor, name string) error {
	v, err := o.find(r, by, dossier.Asks(name), r.PathValue("ref"))
	if err != nil {
		return err
	}
	v.choose(name)
	o.staff(r, by, &v, name)
	f, err := o.postedForm(w, r)
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.Typed("version"), 10, 64)
	if err != nil || version < 1 {
		return problem.New(problem.Malformed, "web.malformed")
	}
	act := forms[name].read(&v, f)
	if err = f.Err(); err == nil && f.Flag("preview") {
		err = o.rehearse(&v, act)
		if err == nil {
			return o.showAct(w, r, f, &v, name, act)
		}
	} else if err == nil {
		if v.by.Fresh(dossier.Asks(name)) != nil {
			err = problem.New(problem.Illegal, "officer.err.prove-again")
		} else {
			err = o.doSeen(r, &v, act, f.Key, version)
		}
	}
	if f.Refused(err) {
		return o.showAct(w, r, f, &v, name, nil)
	}
	if err != nil {
		return err
	}
	return o.afterAct(w, r, by, &v, name)
}

// doSeen does an act on the version that the officer saw; if there is a newer
// one, the refusal says that nothing typed is lost.
func (o *office) doSeen(r *http.Request, v *casefile, act dossier.Act, key string, version int64) error {
	_, err := o.Dossiers.Do(r.Context(), v.ID, act, v.by, key, version)
	if problem.Is(err, problem.Stale) {
		return problem.New(problem.Stale, "work.stale.text")
	}
	return err
}

// rehearse finds what is wrong with an act without doing it.
func (o *office) rehearse(v *casefile, act dossier.Act) error {
	if err := act.Allowed(&v.Dossier, v.by, v.world); err != nil {
		return err
	}
	return act.Check(&v.Dossier, v.by, v.world)
}

// afterAct goes back to the dossier, to the paper that the act issued, or to
// the work list when the dossier has gone to other units.
func (o *office) afterAct(w http.ResponseWriter, r *http.Request, by Visitor, v *casefile, name string) error {
	to := workPath + "?done=" + name
	now, err := o.find(r, by, officer.View, v.ID)
	switch {
	case err != nil:
	case now.by.Role == officer.Receptionist && by.Desk != "" && len(now.Slips) > len(v.Slips):
		to = "/desk/dossiers/" + ref(&now.Dossier) + "/printed" // a paper to give out
	case concerns(&now.Dossier, now.by):
		to = dossierHref(&now.Dossier, "?done=", name)
	}
	return o.redirect(w, r, to)
}

func (o *office) showAct(w http.ResponseWriter, r *http.Request, f *Form, v *casefile, name string, rehearsed dossier.Act) error {
	p := actPage{
		Form: f, Title: v.say("act." + name), Means: v.say("work.means." + name), Action: r.URL.Path, Back: dossierHref(&v.Dossier),
		Identity: v.identity(), Submit: v.say("act." + name), Pieces: forms[name].pieces(v, f), Danger: forms[name].danger,
		CanView: name == "request_supplement",
	}
	if forms[name].facts != nil {
		p.Facts = forms[name].facts(v)
	}
	if slices.Contains([]string{"request_supplement", "demand_payment", "await_agency"}, name) && v.LastDay(v.world.Now) { // rel-T02
		p.Facts = append(p.Facts, v.say("work.last-day"))
	}
	p.Version, _ = strconv.ParseInt(f.Typed("version"), 10, 64)
	if refused := f.Problem(); refused != nil {
		switch {
		case refused.Kind == problem.Stale:
			if err := o.showStale(r, v, f, &p); err != nil {
				return err
			}
		case refused.Kind == problem.Illegal && refused.Key != "officer.err.prove-again":
			p.Instead = v.links()
		case refused.Key == "officer.err.prove-again":
			p.Prove = provePath(dossierHref(&v.Dossier, "/do/", name))
		}
	}
	if rehearsed != nil {
		p.Preview = v.preview(o, rehearsed)
	}
	p.Keys.Keys = []KeyHelp{{"Ctrl+Enter", p.Submit}, {"Esc", v.say("keys.back")}}
	return o.render(w, r, f.Status(), "act", p)
}

// showStale puts both versions side by side; the form goes on from the new one.
func (o *office) showStale(r *http.Request, v *casefile, f *Form, p *actPage) error {
	entries, err := o.Dossiers.Entries(r.Context(), v.Dossier)
	if err != nil {
		return err
	}
	st, since := &staleness{}, 0
	var then entryFacts
	for _, e := range entries {
		facts := factsOf(e)
		if facts.Version == p.Version {
			then = facts
		}
		if facts.Version > p.Version {
			since++
		}
	}
	row := func(key, before, now string) {
		st.Rows = append(st.Rows, comparison{v.say(key), before, now, before == now})
	}
	if then.Version > 0 {
		row("work.state", v.say("state."+then.State), v.say("state."+string(v.State)))
		row("work.fact.due", v.hour(then.Due), v.hour(v.Clock.Due))
	}
	st.Entries.Events = v.timeline(entries).Events[:since]
	p.Stale, p.Version = st, v.Version
	f.Set("version", strconv.FormatInt(v.Version, 10))
	return nil
}

// preview words what the citizen will read once a supplement is asked for.
func (v *casefile) preview(o *office, act dossier.Act) *preview {
	after := v.Dossier
	act.Apply(&after, v.by, v.world)
	s := after.Waiting()
	if s == nil {
		return nil
	}
	p := &preview{Sentence: v.say("track.is.supplement", "n", len(s.Items), "until", v.hour(s.Until))}
	for _, it := range s.Items {
		p.Lines = append(p.Lines, proofLine{Text: it.Paper + ": " + it.Reason, Law: it.Todo})
	}
	return p
}

// form is how one act is asked for: what stands in it at first, its fields, and
// how they are read.
type form struct {
	begin  func(v *casefile, f *Form)
	pieces func(v *casefile, f *Form) []piece
	read   func(v *casefile, f *Form) dossier.Act
	facts  func(v *casefile) []string // sentences on what the law says of it
	danger bool                       // ends the dossier or cannot be taken back
}

func nothing(*casefile, *Form) {}

// mostWords is the most letters of a reason, as the acts themselves allow.
const mostWords = 2000

func lineField(f *Form, name, label string, hint string) piece {
	in := f.Input(name, label)
	in.Classes = "govuk-!-width-two-thirds"
	in.Hint = hinted(f, hint)
	return piece{Input: &in}
}

func linesField(f *Form, name, label string, hint string) piece {
	ta := f.Textarea(name, label)
	ta.Rows, ta.Hint = 3, hinted(f, hint)
	return piece{Textarea: &ta}
}

func hinted(f *Form, key string) *Hint {
	if key == "" {
		return nil
	}
	return &Hint{Text: text.T(f.Lang, key)}
}

func radios(f *Form, name, legend string, keys ...string) piece {
	var items []Choice
	for i := 0; i+1 < len(keys); i += 2 {
		items = append(items, Choice{Value: keys[i], Text: text.T(f.Lang, keys[i+1])})
	}
	r := f.Radios(name, legend, items...)
	r.Classes = "govuk-radios--inline govuk-radios--small"
	return piece{Radios: &r}
}

func choice(f *Form, name, label string, options []Option) piece {
	s := f.Select(name, label, options...)
	return piece{Select: &s}
}

// units are the units of today as a list to choose from.
func (v *casefile) units(f *Form, name, label string) piece {
	options := []Option{{Text: v.say("work.choose")}}
	for _, u := range v.world.Law.Units(pack.On(v.world.Now)) {
		if u.Key != v.Holder {
			options = append(options, Option{Value: u.Code, Text: u.Name})
		}
	}
	return choice(f, name, label, options)
}

// grounds are the reasons the procedure's own conditions give, ready to tick,
// and room for others.
func (v *casefile) grounds(f *Form) []piece {
	c := Checklist{Name: "ground", Legend: v.say("work.grounds")}
	ticked := f.values["ground"]
	for i, g := range v.groundWords() {
		value := strconv.Itoa(i)
		c.Papers = append(c.Papers, Paper{Value: value, Text: g, Required: true, Checked: slices.Contains(ticked, value)})
	}
	return []piece{{Checklist: &c}, linesField(f, "reasons", "work.reasons.more", "work.reasons.hint")}
}

func (v *casefile) groundWords() []string {
	list := []string{v.say("work.ground.competence"), v.say("work.ground.papers"), v.say("work.ground.false")}
	for _, c := range contentOf(v.world.Law, &v.Dossier).Conditions {
		list = append(list, v.say("work.ground.condition", "condition", c))
	}
	return list[:min(len(list), 12)]
}

// readGrounds are the ticked grounds and the written ones, a line each.
func (v *casefile) readGrounds(f *Form) []string {
	var reasons []string
	words := v.groundWords()
	var allowed []string
	for i := range words {
		allowed = append(allowed, strconv.Itoa(i))
	}
	for _, g := range f.Choices("ground", allowed...) {
		i, _ := strconv.Atoi(g)
		reasons = append(reasons, words[i])
	}
	for l := range strings.Lines(f.Lines("reasons", mostWords)) {
		if l = strings.TrimSpace(l); l != "" {
			reasons = append(reasons, l)
		}
	}
	return reasons
}

// reasonOnly is the form of an act that asks for one reason.
func reasonOnly(hint string, make func(reason string) dossier.Act) form {
	return form{
		begin:  nothing,
		pieces: func(_ *casefile, f *Form) []piece { return []piece{linesField(f, "reason", "field.reason", hint)} },
		read:   func(_ *casefile, f *Form) dossier.Act { return make(f.Lines("reason", mostWords)) },
	}
}

// noteOnly is the form of an act that takes a note, or none.
func noteOnly(make func(note string) dossier.Act) form {
	return form{
		begin:  nothing,
		pieces: func(_ *casefile, f *Form) []piece { return []piece{linesField(f, "note", "work.note", "")} },
		read:   func(_ *casefile, f *Form) dossier.Act { return make(f.Lines("note", mostWords)) },
	}
}

// ending is the form of an act that ends the dossier without a result.
func ending(first func(f *Form) []piece, make func(f *Form, reason, money string) dossier.Act) form {
	return form{
		begin: nothing, danger: true,
		pieces: func(v *casefile, f *Form) []piece {
			list := append(first(f), linesField(f, "reason", "field.reason", ""))
			if v.paid() {
				list = append(list, lineField(f, "money", "work.money.fate", "work.money.fate.hint"))
			}
			return list
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return make(f, f.Lines("reason", mostWords), f.Text("money", 500))
		},
	}
}

// paid reports whether money of the citizen lies with us.
func (v *casefile) paid() bool {
	return v.Fee.Paid || slices.ContainsFunc(v.Obligations, func(ob dossier.Obligation) bool { return !ob.Settled.IsZero() })
}

// owes reports whether a fee is still to be taken at reception.
func (v *casefile) owes() bool { return v.Fee.Known && v.Fee.Amount > 0 && !v.Fee.Paid }

func payPieces(v *casefile, f *Form) []piece {
	if !v.owes() {
		return nil
	}
	p := radios(f, "pay", "field.pay", "cash", "work.pay.cash", "later", "work.pay.later")
	p.Radios.Hint = &Hint{Text: sayMoney(f.Lang, v.Fee.Amount)}
	return []piece{p}
}

// forms holds the form of every act that people do. A test compares it with
// the registry of acts.
var forms = map[string]form{
	"accept": {
		begin: func(_ *casefile, f *Form) { f.Set("pay", "later") }, pieces: payPieces,
		read: func(_ *casefile, f *Form) dossier.Act { return &dossier.Accept{Pay: f.Choice("pay", "cash", "later")} },
	},
	"request_supplement": {begin: nothing, pieces: supplementPieces, read: readSupplement, facts: supplementFacts},
	"supply": {
		begin: func(_ *casefile, f *Form) { f.Set("pay", "later") },
		pieces: func(v *casefile, f *Form) []piece {
			var list []piece
			if s := v.Waiting(); s != nil {
				for _, it := range s.Items {
					list = append(list, piece{Text: joinWords(" – ", it.Paper, it.Reason, it.Todo)})
					if x, ok := s.AnswerOf(it.Paper); ok && x.Note != "" {
						list = append(list, piece{Text: v.say("answer.said", "note", x.Note)})
					}
				}
			}
			if v.AcceptedAt.IsZero() {
				list = append(list, payPieces(v, f)...)
			}
			return list
		},
		read: func(_ *casefile, f *Form) dossier.Act { return &dossier.Supply{Pay: f.Choice("pay", "cash", "later")} },
	},
	"send_back": {
		begin:  nothing,
		pieces: func(v *casefile, f *Form) []piece { return itemPieces(v, f, answeredNames(v)) },
		read: func(v *casefile, f *Form) dossier.Act {
			return &dossier.SendBack{Items: readItems(f, answeredNames(v))}
		},
	},
	"refuse": {
		begin: nothing, danger: true,
		pieces: func(v *casefile, f *Form) []piece {
			return append(v.grounds(f), linesField(f, "next", "work.refusal.next", "work.refusal.next.hint"))
		},
		read: func(v *casefile, f *Form) dossier.Act {
			return &dossier.Refuse{Reasons: v.readGrounds(f), Next: f.Lines("next", mostWords)}
		},
	},
	"collect_fee": {
		begin: nothing,
		pieces: func(v *casefile, f *Form) []piece {
			return []piece{{Text: v.say("work.collect", "amount", sayMoney(f.Lang, v.Fee.Amount), "basis", v.Fee.Basis)}}
		},
		read: func(*casefile, *Form) dossier.Act { return &dossier.CollectFee{} },
	},
	"assign": {
		begin: func(v *casefile, f *Form) { f.Set("officer", v.by.Officer.ID) },
		pieces: func(v *casefile, f *Form) []piece {
			return []piece{choice(f, "officer", "work.assign.to", v.workers)}
		},
		read: func(v *casefile, f *Form) dossier.Act {
			return &dossier.Assign{Officer: f.Choice("officer", values(v.workers)...)}
		},
	},
	"advance": {
		begin: nothing,
		pieces: func(v *casefile, f *Form) []piece {
			return []piece{{Text: v.nextStep()}, linesField(f, "note", "work.note", "work.note.step")}
		},
		read: func(_ *casefile, f *Form) dossier.Act { return &dossier.Advance{Note: f.Lines("note", mostWords)} },
	},
	"return_step": reasonOnly("work.return-step.hint", func(s string) dossier.Act { return &dossier.ReturnStep{Reason: s} }),
	"conclude":    {begin: beginConclude, pieces: concludePieces, read: readConclude},
	"consult": {
		begin: nothing,
		pieces: func(v *casefile, f *Form) []piece {
			return []piece{v.units(f, "unit", "field.unit"), linesField(f, "question", "field.question", "")}
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.AskUnit{Unit: f.Text("unit", 40), Question: f.Lines("question", mostWords)}
		},
	},
	"answer_consult": {
		begin: nothing,
		pieces: func(v *casefile, f *Form) []piece {
			list := []piece{linesField(f, "answer", "field.answer", "")}
			if c := v.Dossier.Asked(); c != nil {
				list = slices.Insert(list, 0, piece{Text: c.Question})
			}
			return list
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.AnswerUnit{Answer: f.Lines("answer", mostWords)}
		},
	},
	"transfer": {
		begin: nothing,
		pieces: func(v *casefile, f *Form) []piece {
			return []piece{v.units(f, "unit", "work.transfer.to"), linesField(f, "reason", "field.reason", "")}
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.Transfer{Unit: f.Text("unit", 40), Reason: f.Lines("reason", mostWords)}
		},
	},
	"demand_payment": {
		begin: nothing,
		pieces: func(_ *casefile, f *Form) []piece {
			amount := lineField(f, "amount", "field.amount", "work.amount.hint")
			amount.Input.Inputmode, amount.Input.Classes, amount.Input.Suffix = "numeric", "govuk-input--width-10", &Affix{Text: text.T(f.Lang, "work.dong")}
			return []piece{amount, lineField(f, "why", "field.why", ""), lineField(f, "basis", "field.basis", "work.basis.hint")}
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.DemandPayment{Amount: f.Money("amount"), Why: f.Text("why", mostWords), Basis: f.Text("basis", mostWords)}
		},
	},
	"settle_payment": {
		begin: nothing,
		pieces: func(_ *casefile, f *Form) []piece {
			return []piece{lineField(f, "receipt", "work.settle.receipt", "work.settle.hint")}
		},
		read: func(_ *casefile, f *Form) dossier.Act { return &dossier.SettlePayment{Receipt: f.Text("receipt", 100)} },
	},
	"await_agency": {
		begin: nothing,
		pieces: func(_ *casefile, f *Form) []piece {
			return []piece{lineField(f, "agency", "field.agency", ""), lineField(f, "document", "work.document.sent", "")}
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.AwaitAgency{Agency: f.Text("agency", 500), Document: f.Text("document", 500)}
		},
	},
	"agency_answered": {
		begin:  nothing,
		pieces: func(_ *casefile, f *Form) []piece { return []piece{lineField(f, "document", "work.document.got", "")} },
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.AgencyAnswered{Document: f.Text("document", 500)}
		},
	},
	"extend": {
		begin: func(v *casefile, f *Form) {
			if e := contentOf(v.world.Law, &v.Dossier).Extension; e != nil {
				f.Set("amount", strconv.Itoa(e.Ceiling.Amount))
				f.Set("unit", string(e.Ceiling.Unit))
			}
		},
		pieces: func(v *casefile, f *Form) []piece {
			amount := lineField(f, "amount", "work.extend.amount", "")
			amount.Input.Classes, amount.Input.Inputmode = "govuk-input--width-4", "numeric"
			if e := contentOf(v.world.Law, &v.Dossier).Extension; e != nil {
				amount.Input.Hint = &Hint{Text: v.say("work.extend.ceiling", "limit", dossier.LimitWords(f.Lang, e.Ceiling), "law", v.world.Law.Words(e.Law))}
			}
			var items []Option
			for _, u := range []lawtime.Unit{lawtime.Hour, lawtime.WorkingDay, lawtime.Day, lawtime.Month} {
				items = append(items, Option{Value: string(u), Text: v.say("lawtime.unit." + string(u))})
			}
			return []piece{amount, choice(f, "unit", "work.extend.unit", items), linesField(f, "reason", "field.reason", "")}
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.Extend{Amount: f.Int("amount", 1, 3650), Unit: lawtime.Unit(f.Choice("unit", "hour", "working_day", "day", "month")), Reason: f.Lines("reason", mostWords)}
		},
	},
	"propose_apology": {
		begin: beginApology, pieces: apologyPieces, facts: apologyFacts,
		read: func(v *casefile, f *Form) dossier.Act {
			return &dossier.ProposeApology{Reason: f.Lines("reason", mostWords), Unit: f.Text("unit", 300), NewDue: v.newDue(f)}
		},
	},
	"apologise": {
		begin: beginApology, pieces: apologyPieces, facts: apologyFacts,
		read: func(v *casefile, f *Form) dossier.Act {
			return &dossier.Apologise{Reason: f.Lines("reason", mostWords), Unit: f.Text("unit", 300), NewDue: v.newDue(f)}
		},
	},
	"remind": noteOnly(func(s string) dossier.Act { return &dossier.Remind{Note: s} }),
	"hand_over": {
		begin: func(v *casefile, f *Form) {
			f.Set("to", v.Filer.Name)
			f.Set("channel", cmp.Or(v.ReturnBy, "counter"))
		},
		pieces: func(_ *casefile, f *Form) []piece {
			return []piece{lineField(f, "to", "field.to", ""), lineField(f, "id_number", "work.hand.id", ""), lineField(f, "authority", "work.hand.authority", "work.hand.authority.hint"),
				radios(f, "channel", "field.channel", "counter", "return.counter", "post", "return.post", "electronic", "return.electronic")}
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.HandOver{To: f.Text("to", 200), IDNumber: f.Text("id_number", 40), Authority: f.Text("authority", 500), Channel: f.Choice("channel", "counter", "post", "electronic")}
		},
	},
	"correct": {begin: beginCorrect, pieces: correctPieces, read: readCorrect},
	"add_code": {
		begin: nothing,
		pieces: func(_ *casefile, f *Form) []piece {
			return []piece{lineField(f, "code", "work.code", "work.code.hint"), radios(f, "source", "field.source", "portal", "work.code.portal", "ministry", "work.code.ministry")}
		},
		read: func(_ *casefile, f *Form) dossier.Act {
			return &dossier.AddCode{Code: dossier.Code(strings.ToUpper(f.Text("code", 60))), Source: f.Choice("source", "portal", "ministry")}
		},
	},
	"withdraw": ending(func(*Form) []piece { return nil }, func(_ *Form, reason, money string) dossier.Act {
		return &dossier.Withdraw{Reason: reason, Money: money}
	}),
	"stop": ending(func(f *Form) []piece {
		return []piece{radios(f, "asked_by", "field.asked_by", "citizen", "asked-by.citizen", "authority", "asked-by.authority")}
	}, func(f *Form, reason, money string) dossier.Act {
		return &dossier.Stop{AskedBy: f.Choice("asked_by", "citizen", "authority"), Reason: reason, Money: money}
	}),
}

// nextStep says to whom the dossier goes when the present step is finished.
func (v *casefile) nextStep() string {
	process := contentOf(v.world.Law, &v.Dossier).Process
	if v.Step+1 >= len(process) {
		return ""
	}
	next := process[v.Step+1]
	return v.say("work.next-step", "step", cmp.Or(next.Action, v.say("work.step."+next.Kind)), "place", cmp.Or(next.Place, v.say("work.step.role."+next.Kind)))
}

// P4: the request for papers.

// faults are the ready-made reasons why a paper will not do, in plain words, in
// the order of their digits.
var faults = []string{"missing", "unsigned", "blurred", "expired", "mismatch", "form", "other"}

// missingItem is one paper of the request with the fields that ask for it.
type missingItem struct {
	Paper  string
	Name   *Input // for a paper that is not in the list
	Reason Radios
	Note   Input
	Todo   Input
}

// paperNames are the dossier's papers, and one line for another one.
func (v *casefile) paperNames() []string {
	var names []string
	for _, p := range v.Papers {
		names = append(names, p.Name)
	}
	return append(names, "")
}

func supplementPieces(v *casefile, f *Form) []piece {
	return itemPieces(v, f, v.paperNames())
}

// itemPieces ask, for each paper, what is wrong with it.
func itemPieces(v *casefile, f *Form, names []string) []piece {
	var list []piece
	for i, name := range names {
		n := strconv.Itoa(i)
		var items []Choice
		for _, k := range faults {
			items = append(items, Choice{Value: k, Text: v.say("work.fault." + k)})
		}
		it := missingItem{Paper: name, Reason: f.Radios("reason-"+n, "work.fault", items...), Note: f.Input("note-"+n, "work.fault.note"), Todo: f.Input("todo-"+n, "work.fault.todo")}
		it.Reason.Classes = "govuk-radios--inline govuk-radios--small"
		if name == "" {
			in := f.Input("paper-"+n, "work.fault.paper")
			it.Name, it.Paper = &in, v.say("work.fault.another")
		}
		list = append(list, piece{Item: &it})
	}
	return list
}

func readSupplement(v *casefile, f *Form) dossier.Act {
	return &dossier.RequestSupplement{Items: readItems(f, v.paperNames())}
}

// readItems reads what itemPieces asked.
func readItems(f *Form, names []string) []dossier.Item {
	var list []dossier.Item
	for i, name := range names {
		n := strconv.Itoa(i)
		fault := f.Choice("reason-"+n, faults...)
		note, todo := f.Text("note-"+n, 500), f.Text("todo-"+n, 500)
		if name == "" {
			name = f.Text("paper-"+n, 300)
		}
		if fault == "" && note == "" && todo == "" && (names[i] != "" || name == "") {
			continue
		}
		reason := note
		switch {
		case fault == "" && note == "":
			f.Fault("reason-"+n, "work.err.fault")
		case fault == "other" && note == "":
			f.Fault("note-"+n, "work.err.fault-note")
		case fault != "" && fault != "other":
			reason = joinWords(". ", text.T(text.Vi, "work.fault."+fault+".reason"), note)
			todo = cmp.Or(todo, text.T(text.Vi, "work.fault."+fault+".todo"))
		}
		if name == "" {
			f.Fault("paper-"+n, "work.err.fault-paper")
		}
		list = append(list, dossier.Item{Paper: name, Reason: reason, Todo: todo})
	}
	return list
}

// answeredNames are the papers that an answer from home was to bring.
func answeredNames(v *casefile) []string {
	var names []string
	if s := v.Answered(); s != nil {
		for _, it := range s.Items {
			names = append(names, it.Paper)
		}
	}
	return names
}

// supplementFacts say which request this is and what the law allows: once at
// each stage.
func supplementFacts(v *casefile) []string {
	stage, at := "reception", v.FiledAt
	if !v.AcceptedAt.IsZero() {
		stage = "appraisal"
	}
	if !v.ReceivedAt.IsZero() {
		at = v.ReceivedAt
	}
	rules, _ := v.world.Law.Rules(pack.On(at))
	most := rules.SupplementsAtReception
	if stage == "appraisal" {
		most = rules.SupplementsAtAppraisal
	}
	asked := 0
	for _, s := range v.Supplements {
		if s.Stage == stage {
			asked++
		}
	}
	end := v.world.Law.SupplementEnd(contentOf(v.world.Law, &v.Dossier), pack.On(v.world.Now))
	return []string{
		v.say("work.supplement.count", "n", asked+1, "most", most, "stage", text.Key("stage."+stage)),
		v.say("work.supplement.limit", "limit", dossier.LimitWords(v.lang, end)),
		v.say("work.supplement.clock"),
	}
}

// P6: the result.

func beginConclude(v *casefile, f *Form) {
	f.Set("outcome", "granted")
	if p, ok := v.world.Law.Procedure(v.Procedure); ok && len(p.Result) > 0 {
		f.Set("kind", p.Result[0])
	}
}

func concludePieces(v *casefile, f *Form) []piece {
	list := []piece{
		radios(f, "outcome", "field.outcome", "granted", "work.outcome.granted", "refused", "work.outcome.refused"),
		lineField(f, "kind", "field.kind", ""), lineField(f, "number", "work.result.number", "work.result.number.hint"),
	}
	box := f.Checkboxes("electronic", "work.result.copy", Choice{Value: "1", Text: v.say("work.result.electronic")})
	list = append(list, piece{Boxes: &box}, piece{Head: v.say("work.refused-because")})
	return append(list, v.grounds(f)...)
}

func readConclude(v *casefile, f *Form) dossier.Act {
	a := &dossier.Conclude{Outcome: f.Choice("outcome", "granted", "refused"), Kind: f.Text("kind", 500), Number: f.Text("number", 100), Electronic: f.Flag("electronic")}
	if a.Outcome == "refused" {
		a.Reasons = v.readGrounds(f)
	}
	return a
}

// P8: the apology.

func beginApology(v *casefile, f *Form) {
	due, _ := v.closing(v.world.Now)
	if v.Clock.Due.After(v.world.Now) {
		due, _ = v.closing(v.Clock.Due)
	}
	f.Set("unit", unitName(v.world.Law, v.Holder))
	if p := v.Proposal; p != nil {
		due = p.NewDue
		f.Set("reason", p.Reason)
		f.Set("unit", p.Unit)
	}
	f.Set("new_due", sayDay(due))
	f.Set("new_hour", due.In(vietnam).Format("15:04"))
}

// closing is the end of the desk's next counting day after t.
func (v *casefile) closing(t time.Time) (time.Time, bool) {
	clock, ok := v.world.Law.Clock(v.Desk, nil, pack.On(t))
	if !ok {
		return t, false
	}
	local := t.In(vietnam)
	opening := clock.NextOpening(time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, vietnam)).In(vietnam)
	windows := clock.Hours[opening.Weekday()]
	if len(windows) == 0 {
		return opening, false
	}
	day := time.Date(opening.Year(), opening.Month(), opening.Day(), 0, 0, 0, 0, vietnam)
	return day.Add(time.Duration(windows[len(windows)-1].Close) * time.Minute), true
}

func apologyPieces(v *casefile, f *Form) []piece {
	var names []Option
	for _, key := range v.Dossier.Units() {
		name := unitName(v.world.Law, key)
		names = append(names, Option{Value: name, Text: name})
	}
	if other := f.Typed("unit"); other != "" && !slices.ContainsFunc(names, func(o Option) bool { return o.Value == other }) {
		names = append(names, Option{Value: other, Text: other})
	}
	day, hour := lineField(f, "new_due", "work.apology.day", "work.apology.day.hint"), lineField(f, "new_hour", "work.apology.hour", "")
	day.Input.Classes, hour.Input.Classes = "govuk-input--width-10", "govuk-input--width-5"
	return []piece{linesField(f, "reason", "field.reason", "work.apology.reason.hint"), choice(f, "unit", "work.apology.unit", names), day, hour}
}

// newDue reads the new date; it must lie in the desk's hours, so that the
// citizen does not come to a closed door.
func (v *casefile) newDue(f *Form) time.Time {
	day, clockText := f.Date("new_due"), f.Text("new_hour", 5)
	if day.IsZero() {
		if !f.faulty("new_due") {
			f.Fault("new_due", "form.date")
		}
		return day
	}
	at, err := time.ParseInLocation("2/1/2006 15:04", sayDay(day)+" "+clockText, vietnam)
	if err != nil {
		f.Fault("new_hour", "work.err.hour")
		return time.Time{}
	}
	if clock, ok := v.world.Law.Clock(v.Desk, nil, pack.On(at)); ok && !clock.Open(at.Add(-time.Minute)) && !clock.Open(at) {
		f.Fault("new_due", "work.err.closed")
	}
	return at
}

func apologyFacts(v *casefile) []string {
	rules, _ := v.world.Law.Rules(pack.On(v.ReceivedAt))
	facts := []string{v.say("work.apology.old-due", "due", v.hour(v.Clock.Due)), v.say("work.apology.most", "most", rules.Apologies)}
	if p := v.Proposal; p != nil {
		facts = append(facts, v.say("work.apology.proposed", "name", v.name(p.By), "when", v.hour(p.At)))
	}
	return facts
}

// Correcting a reception.

func beginCorrect(v *casefile, f *Form) {
	p := v.Filer
	for name, value := range map[string]string{
		"filer.name": p.Name, "filer.born": applicant.FormatBorn(p.Born), "filer.id_number": p.IDNumber, "filer.phone": applicant.FormatPhone(p.Phone),
		"filer.village": p.Village, "filer.address": p.Address, "procedure": v.Procedure, "case": v.Case, "request": v.Request,
		"plate": v.Plate, "return_by": v.ReturnBy, "return_to": v.ReturnTo, "sets": strconv.Itoa(max(v.Sets, 1)),
	} {
		f.Set(name, value)
	}
	for i, paper := range v.Papers {
		if paper.Present {
			f.values["papers"] = append(f.values["papers"], strconv.Itoa(i))
		}
	}
}

func correctPieces(v *casefile, f *Form) []piece {
	var procedures, cases []Option
	on := pack.On(v.FiledAt)
	desk, _ := v.world.Law.UnitByKey(v.Desk)
	for _, p := range v.world.Law.Receivable(desk.Code, on) {
		procedures = append(procedures, Option{Value: p.Code, Text: p.ShortName + " " + p.Code})
	}
	for _, c := range dossier.Cases(contentOf(v.world.Law, &v.Dossier), v.Channel) {
		cases = append(cases, Option{Value: c.Name, Text: c.Name})
	}
	papers := Checklist{Name: "papers", Legend: v.say("work.papers"), ErrorMessage: f.message("papers")}
	for i, p := range v.Papers {
		n := strconv.Itoa(i)
		papers.Papers = append(papers.Papers, Paper{Value: n, Text: p.Name, Required: p.Mandatory, Checked: slices.Contains(f.values["papers"], n)})
	}
	list := []piece{
		linesField(f, "reason", "work.correct.reason", "work.correct.hint"), {Head: v.say("work.correct.filer")},
		lineField(f, "filer.name", "work.person.name", ""), lineField(f, "filer.born", "work.person.born", ""), lineField(f, "filer.id_number", "work.person.id", ""),
		lineField(f, "filer.phone", "work.person.phone", ""), lineField(f, "filer.village", "work.person.village", ""), lineField(f, "filer.address", "work.person.address", ""),
		{Head: v.say("work.correct.procedure")}, choice(f, "procedure", "work.filter.procedure", procedures),
	}
	if len(cases) > 1 {
		list = append(list, choice(f, "case", "work.fact.case", cases))
	}
	list = append(list, lineField(f, "request", "work.fact.request", ""), lineField(f, "plate", "work.fact.plate", ""), lineField(f, "sets", "work.sets", ""))
	if len(v.Papers) > 0 {
		list = append(list, piece{Checklist: &papers})
	}
	return append(list, radios(f, "return_by", "work.fact.return", "counter", "return.counter", "post", "return.post", "electronic", "return.electronic"),
		lineField(f, "return_to", "work.fact.return-to", ""))
}

// readCorrect keeps what differs from what was recorded, so that the journal
// tells what was corrected and nothing else.
func readCorrect(v *casefile, f *Form) dossier.Act {
	a := &dossier.Correct{Reason: f.Lines("reason", mostWords)}
	filer := v.Filer
	filer.Name, filer.Born, filer.IDNumber = f.Text("filer.name", 200), f.Text("filer.born", 20), f.Text("filer.id_number", 40)
	filer.Phone, filer.Village, filer.Address = f.Text("filer.phone", 40), f.Text("filer.village", 200), f.Text("filer.address", 300)
	same := filer
	same.Check("", pack.On(v.world.Now)) // brings what was typed into the form that is recorded
	if same != v.Filer {
		a.Filer = &same
	}
	if code := f.Text("procedure", 40); code != v.Procedure {
		a.Procedure = code
	} else if name := f.Text("case", 200); name != "" && name != v.Case {
		a.Case = name
	}
	for _, s := range []struct {
		name string
		was  string
		to   **string
	}{{"request", v.Request, &a.Request}, {"plate", v.Plate, &a.Plate}, {"return_to", v.ReturnTo, &a.ReturnTo}} {
		if now := f.Text(s.name, 500); now != s.was {
			*s.to = &now
		}
	}
	if n := f.Int("sets", 1, 100); n != max(v.Sets, 1) {
		a.Sets = n
	}
	if by := f.Choice("return_by", "counter", "post", "electronic"); by != v.ReturnBy {
		a.ReturnBy = by
	}
	a.Papers = v.readPapers(f)
	return a
}

// readPapers are the papers with what is now ticked, nil if nothing changed.
func (v *casefile) readPapers(f *Form) []dossier.Paper {
	papers, changed := slices.Clone(v.Papers), false
	var allowed []string
	for i := range papers {
		allowed = append(allowed, fmt.Sprint(i))
	}
	ticked := f.Choices("papers", allowed...)
	for i := range papers {
		present := slices.Contains(ticked, fmt.Sprint(i))
		changed = changed || present != papers[i].Present
		papers[i].Present = present
	}
	if !changed {
		return nil
	}
	return papers
}
