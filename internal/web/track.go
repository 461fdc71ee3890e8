package web

import (
	"cmp"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"quay20/internal/dossier"
	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// trackPage is C17.
type trackPage struct {
	*Form
	Code, Secret Input
	Tips         bool // what people mistype, after nothing was found
}

// track is C17: code and key from the slip open the dossier.
func (c *citizen) track(w http.ResponseWriter, r *http.Request) error {
	return c.showTrack(w, r, c.blankForm(w, r))
}

func (c *citizen) showTrack(w http.ResponseWriter, r *http.Request, f *Form) error {
	off := false
	p := trackPage{Form: f, Code: f.Input("code", "track.code"), Secret: f.Input("secret", "track.secret")}
	p.Code.Hint = &Hint{Text: c.say(r, "track.code.hint")}
	p.Secret.Hint = &Hint{Text: c.say(r, "track.secret.hint")}
	p.Code.Spellcheck, p.Secret.Spellcheck = &off, &off
	p.Code.Autocapitalize, p.Secret.Autocapitalize = "characters", "characters"
	p.Code.Autocomplete, p.Secret.Autocomplete = "off", "off"
	p.Secret.Classes = "govuk-input--width-10"
	if refused := f.Problem(); refused != nil {
		p.Tips = refused.Kind == problem.NotFound
		if refused.Retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((refused.Retry+time.Second-1)/time.Second)))
		}
	}
	return c.render(w, r, f.Status(), "track", p)
}

// trackAsk looks the dossier up. An unknown code and a wrong key are answered
// alike (rel-K50); guessing is slowed down (rel-T13, rel-B-E05).
func (c *citizen) trackAsk(w http.ResponseWriter, r *http.Request) error {
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	code := f.Need("code", 60, "track.code.empty")
	secret := f.Need("secret", 40, "track.secret.empty")
	err = f.Err()
	var t dossier.Tracked
	if err == nil {
		t, err = c.lookUp(r, forgivenCode(code), secret)
	}
	if f.Refused(err) {
		return c.showTrack(w, r, f)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, "/t/"+t.Token)
}

// lookUp opens a dossier within the budgets for guesses; only a wrong try costs.
func (c *citizen) lookUp(r *http.Request, code, secret string) (dossier.Tracked, error) {
	now := c.Now()
	back, wait := c.guessing.try(c.client(r), now)
	if wait > 0 {
		return dossier.Tracked{}, &problem.Problem{Kind: problem.TooMany, Key: "track.wait", Args: []any{"wait", sayWait(visitOf(r).lang, wait)}, Retry: wait}
	}
	t, err := c.Dossiers.Track(r.Context(), code, secret)
	if !problem.Is(err, problem.NotFound) && !problem.Is(err, problem.TooMany) {
		back()
	}
	return t, err
}

// typedCode is a code of the national grammars as people type it: with blanks
// or dots where the slip has dashes. law: tt-01-2018-vpcp/19
var typedCode = regexp.MustCompile(`^([0-9A-Z]+(?:\.[0-9A-Z]+)*)[-\s–—]+([0-9OIL]{6}|[0-9OIL]{8})[-\s–—]+([0-9OIL]{4,7})$`)

// forgivenCode puts right what is often mistyped in a code: small letters,
// blanks for dashes, O for 0, I and L for 1. A code that does not look like one
// of ours stays as it is, for other systems have codes of their own.
func forgivenCode(code string) string {
	m := typedCode.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(code)))
	if m == nil {
		return code
	}
	return forgiven.Replace(m[1]) + "-" + forgiven.Replace(m[2]) + "-" + forgiven.Replace(m[3])
}

var forgiven = strings.NewReplacer("O", "0", "I", "1", "L", "1")

// Budgets for wrong tries. One address may be a whole village behind one
// telephone mast, so it gets back a try a minute; all addresses together are
// held to a number that a province never reaches (rel-T13, rel-K21).
const (
	triesEach = 5
	waitEach  = time.Minute
	triesAll  = 600
	perSecond = 5
	remembers = 20_000 // addresses
)

// guessing counts wrong tries at tracking, by address and in all, in memory.
// What several nodes must know together, the tries on one code, is in the
// register.
type guessing struct {
	mu   sync.Mutex // guards each
	each map[netip.Prefix]*rate.Limiter
	all  *rate.Limiter
}

func newGuessing() *guessing {
	return &guessing{each: map[netip.Prefix]*rate.Limiter{}, all: rate.NewLimiter(perSecond, triesAll)}
}

// try takes one try from the budgets, or says how long to wait. back gives it
// back when the try was no guess.
func (g *guessing) try(client netip.Addr, now time.Time) (back func(), wait time.Duration) {
	one := g.of(client, now).ReserveN(now, 1)
	all := g.all.ReserveN(now, 1)
	back = func() { one.CancelAt(now); all.CancelAt(now) }
	if wait = max(one.DelayFrom(now), all.DelayFrom(now)); wait > 0 {
		back()
	}
	return back, wait
}

// of is the budget of an address. IPv6 is counted by the /64 that one
// household has.
func (g *guessing) of(client netip.Addr, now time.Time) *rate.Limiter {
	bits := 32
	if client.Is6() {
		bits = 64
	}
	net, _ := client.Prefix(bits) // of no address at all: one budget for all of them
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.each[net]
	if l == nil {
		if len(g.each) >= remembers {
			g.forget(now)
		}
		l = rate.NewLimiter(rate.Every(waitEach), triesEach)
		g.each[net] = l
	}
	return l
}

// forget drops addresses that have their whole budget again; if a flood of
// addresses leaves no room, all: the budget of all holds then.
func (g *guessing) forget(now time.Time) {
	for net, l := range g.each {
		if l.TokensAt(now) >= triesEach {
			delete(g.each, net)
		}
	}
	if len(g.each) >= remembers {
		clear(g.each)
	}
}

// dossierPage is C18, made from dossier.Tracked alone (rel-I-P5).
type dossierPage struct {
	Code      dossier.Code
	Procedure string
	Href      string
	Status    Status
	Badge     *Badge
	Facts     SummaryList
	Progress  Progress
	Apology   *Inset
	Passed    *Inset
	Missing   []paperLine
	MissingBy string
	SendHref  string // where what is missing can be sent from home
	Pay       *SummaryList
	PayHow    string
	PayHref   string // C20, where something is owed or was paid
	PayLink   string
	Reasons   []string // when there are several
	Proof     []proofLine
	Tentative string
	Timeline  Timeline
	Desk      SummaryList
}

// proofLine is one sentence of the proof of a date, with its article in words.
type proofLine struct{ Text, Law string }

// dossier is C18: where the dossier is, until when, and what to do now. The
// address holds the token of the slip's QR, so no browser keeps the page, no
// search engine lists it and no other site learns its address (rel-K77).
func (c *citizen) dossier(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("Referrer-Policy", "no-referrer")
	t, err := c.Dossiers.TrackToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	law, _ := c.today()
	v := tracked{t, visitOf(r).lang, law, c.Now()}
	p := v.page()
	if c.Shelf == nil {
		p.SendHref = "" // nothing could be kept
	}
	return c.render(w, r, http.StatusOK, "dossier-public", p)
}

// tracked words what a citizen may know of a dossier.
type tracked struct {
	dossier.Tracked
	lang text.Lang
	law  *pack.Pack
	now  time.Time
}

func (t tracked) say(key string, args ...any) string { return text.T(t.lang, key, args...) }

func (t tracked) page() dossierPage {
	p := dossierPage{
		Code: t.Code, Procedure: cmp.Or(t.Title, t.Tracked.Procedure), Href: "/tt/" + t.Tracked.Procedure,
		Status: t.status(), Badge: t.badge(), Facts: t.facts(), Progress: t.progress(),
		Apology: t.apology(), Passed: t.passed(), Missing: t.missing(),
		Proof: t.proof(), Timeline: t.timeline(), Desk: t.desk(),
	}
	if len(t.Reasons) > 1 {
		p.Reasons = t.Reasons
	}
	if !t.Answered.IsZero() && t.State == dossier.Supplement {
		p.Missing, p.MissingBy = nil, t.say("answer.waits", "at", sayHour(t.lang, t.Answered))
	} else if len(p.Missing) > 0 {
		p.SendHref = "/t/" + t.Token + "/bo-sung"
		p.MissingBy = t.say("track.supplement.how", "until", sayHour(t.lang, t.Until), "place", t.Tracked.Desk.Name)
	}
	if t.State == dossier.Payment {
		p.Pay, p.PayHow = t.owed(), t.say("track.pay.how", "place", t.Tracked.Desk.Name)
	}
	if t.Owes || t.Paid {
		p.PayHref, p.PayLink = "/t/"+t.Token+"/nop-phi", t.say("track.pay.link")
		if !t.Owes {
			p.PayLink = t.say("track.pay.done")
		}
	}
	if !t.Received.IsZero() {
		p.Href += dayQuery(pack.On(t.Received), true) // the law of its receipt
	}
	if t.Provisional {
		p.Tentative = t.say("track.provisional")
	}
	return p
}

// stateColours are the colours of the states' tags for citizens.
var stateColours = map[dossier.State]string{dossier.Filed: "grey", dossier.Accepted: "blue", dossier.NotAccepted: "red",
	dossier.Processing: "teal", dossier.Supplement: "amber", dossier.Payment: "purple", dossier.Withdrawn: "grey",
	dossier.Stopped: "red", dossier.Concluded: "green"}

// status is the state as a sentence with who, when and what next (ux 5.2).
func (t tracked) status() Status {
	s := Status{Tag: Tag{Text: t.say("track.tag." + string(t.State)), Classes: tagClass(stateColours[t.State])}}
	s.Sentence, s.Next = t.sentence(), t.todo()
	return s
}

func (t tracked) sentence() string {
	reasons := strings.TrimSuffix(strings.Join(t.Reasons, "; "), ".")
	switch t.State {
	case dossier.Filed:
		if t.CheckBy.IsZero() {
			return t.say("track.is.filed-paper", "when", sayHour(t.lang, t.Filed))
		}
		return t.say("track.is.filed", "when", sayHour(t.lang, t.Filed), "until", sayHour(t.lang, t.CheckBy))
	case dossier.NotAccepted:
		return t.say("track.is.not_accepted", "reason", reasons)
	case dossier.Supplement:
		return t.say("track.is.supplement", "n", len(t.Items), "until", sayHour(t.lang, t.Until))
	case dossier.Payment:
		return t.say("track.is.payment", "amount", sayMoney(t.lang, t.Owed))
	case dossier.Withdrawn:
		return t.say("track.is.withdrawn", "day", sayDate(t.lang, t.ended()))
	case dossier.Stopped:
		return t.say("track.is.stopped", "reason", t.endReason())
	case dossier.Returned:
		return t.say("track.is.returned", "day", sayDate(t.lang, t.Tracked.Returned), "to", t.ReturnedTo)
	case dossier.Concluded:
		return t.done(reasons)
	}
	return t.underway()
}

// underway words a dossier that is being worked on.
func (t tracked) underway() string {
	when := sayHour(t.lang, t.Promise)
	switch {
	case t.Paused == "inter-agency":
		return t.say("track.is.waiting-agency", "unit", t.Unit.Name)
	case t.FeeFirst:
		return t.say("track.is.fee-first", "amount", sayMoney(t.lang, t.FeeDue))
	case t.Promise.IsZero():
		return t.say("track.is.no-date", "unit", t.Unit.Name)
	case t.State == dossier.Accepted:
		return t.say("track.is.accepted", "when", when, "place", t.Tracked.Desk.Name)
	case t.Apology != nil && !t.now.After(t.Promise):
		return t.say("track.is.apologised", "unit", t.Unit.Name, "when", when)
	case t.HasLeft && t.Left.Late:
		return t.say("track.is.late", "unit", t.Unit.Name, "when", when)
	case t.HasLeft:
		return t.say("track.is.processing", "unit", t.Unit.Name, "when", when, "left", t.remaining())
	}
	return t.say("track.is.processing-plain", "unit", t.Unit.Name, "when", when)
}

// remaining is "Còn 2 ngày 3 giờ".
func (t tracked) remaining() string { return t.left().badge(t.lang, t.now).Text }

// done words a result that waits for the citizen.
func (t tracked) done(reasons string) string {
	if t.Outcome == "refused" {
		return t.say("track.is.concluded-refused", "reason", reasons)
	}
	if t.ReturnBy == "counter" {
		return t.say("track.is.concluded", "place", t.Tracked.Desk.Name, "hours", t.hours())
	}
	return t.say("track.result." + t.ReturnBy)
}

// todo is the one thing needed now; "" shows that there is nothing to do.
func (t tracked) todo() string {
	switch t.State {
	case dossier.NotAccepted:
		if t.Next != "" {
			return sentence(t.Next)
		}
		return t.say("track.todo.not_accepted")
	case dossier.Supplement:
		return t.say("track.todo.supplement")
	case dossier.Payment:
		return t.say("track.todo.payment")
	case dossier.Accepted:
		if t.FeeFirst {
			return t.say("track.todo.fee-first", "place", t.Tracked.Desk.Name)
		}
	case dossier.Stopped:
		return t.say("track.todo.stopped")
	case dossier.Concluded:
		if t.ReturnBy == "counter" || t.Outcome == "refused" {
			return t.say("track.todo.concluded")
		}
	}
	return ""
}

func (t tracked) ended() time.Time {
	if t.End == nil {
		return time.Time{}
	}
	return t.End.At
}

func (t tracked) endReason() string {
	if t.End == nil {
		return ""
	}
	return strings.TrimSuffix(t.End.Reason, ".")
}

// left is what remains of the time, in whole working days and hours of the desk.
func (t tracked) left() Left {
	l := Left{Due: t.Due, Late: t.Left.Late, Provisional: t.Provisional}
	if t.Left.FullDay > 0 {
		l.Days, l.Hours = t.Left.Minutes/t.Left.FullDay, t.Left.Minutes%t.Left.FullDay/60
	}
	return l
}

// badge is what remains of the time, while it is counted or when it ended.
func (t tracked) badge() *Badge {
	l := t.left()
	switch {
	case !t.Concluded.IsZero() && !t.Due.IsZero():
		l.Done, l.Late = true, lawtime.Grade(t.Due, t.Concluded) == "late"
	case t.Paused != "":
		l.Paused = true
	case !t.HasLeft:
		return nil
	}
	b := l.badge(t.lang, t.now)
	return &b
}

// facts are the dates and the places.
func (t tracked) facts() SummaryList {
	var l SummaryList
	add := func(key, value string) {
		if value != "" {
			l.Rows = append(l.Rows, Row{Key: Said{Text: t.say(key)}, Value: Said{Text: value}})
		}
	}
	add("track.fact.initials", t.Initials)
	if t.several() {
		add("track.fact.case", t.Case)
	}
	add("track.fact.filed", t.hour(t.Filed))
	add("track.fact.received", t.hour(t.Received))
	switch {
	case t.End != nil: // a dossier that stopped has no date to wait for
	case t.Paused != "" && t.Concluded.IsZero():
		add("track.fact.promise", t.say("track.promise.paused"))
	default:
		add("track.fact.promise", t.hour(t.Promise))
	}
	if t.End == nil && t.Paused == "" && !t.Due.Equal(t.Promise) {
		add("track.fact.due", t.hour(t.Due))
	}
	if t.Sent > 0 {
		add("track.fact.files", t.say("upload.count", "n", t.Sent, "pages", t.Pages))
	}
	if t.FeeDue > 0 {
		add("track.fact.fee", t.say("track.fact.fee.unpaid", "amount", sayMoney(t.lang, t.FeeDue)))
	}
	if t.State == dossier.Accepted || t.State == dossier.Processing || t.State == dossier.Payment {
		add("track.fact.unit", t.Unit.Name)
	}
	add("track.fact.concluded", t.hour(t.Concluded))
	add("track.fact.returned", t.hour(t.Tracked.Returned))
	if t.ReturnBy != "" {
		add("track.fact.return-by", t.say("track.return."+t.ReturnBy))
	}
	return l
}

// several reports whether the procedure had more than one case at receipt.
func (t tracked) several() bool {
	p, ok := t.law.Procedure(t.Tracked.Procedure)
	if !ok {
		return false
	}
	v, ok := p.On(pack.On(cmp.Or(t.Received, t.Filed)))
	return ok && len(v.Cases) > 1
}

func (t tracked) hour(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return sayHour(t.lang, at)
}

// progress are the fixed stages: sent, accepted, worked on, result, handed over.
func (t tracked) progress() Progress {
	stages := []struct {
		key  string
		done bool
		at   time.Time
	}{
		{"track.stage.filed", true, t.Filed},
		{"track.stage.accepted", !t.Received.IsZero() || t.FeeFirst, t.Received},
		{"track.stage.processing", !t.Concluded.IsZero(), time.Time{}},
		{"track.stage.concluded", !t.Concluded.IsZero(), t.Concluded},
		{"track.stage.returned", !t.Tracked.Returned.IsZero(), t.Tracked.Returned},
	}
	var p Progress
	current := t.State != dossier.Withdrawn && t.State != dossier.Stopped && t.State != dossier.NotAccepted
	for _, s := range stages {
		stage := Stage{Text: t.say(s.key), Done: s.done, Current: !s.done && current}
		if !s.at.IsZero() {
			stage.Note = sayDay(s.at)
		}
		current = current && s.done
		p.Stages = append(p.Stages, stage)
	}
	return p
}

// apology is the promise moved in the open.
func (t tracked) apology() *Inset {
	if t.Apology == nil {
		return nil
	}
	return &Inset{Text: t.say("track.apology", "old", sayHour(t.lang, t.Apology.OldDue), "new", sayHour(t.lang, t.Apology.NewDue), "reason", sentence(t.Apology.Reason))}
}

// missing are the papers asked for: what, why, what to do.
func (t tracked) missing() []paperLine {
	var list []paperLine
	for _, it := range t.Items {
		line := paperLine{Name: it.Paper, How: sentence(it.Reason)}
		if it.Todo != "" {
			line.Note = sentence(it.Todo)
		}
		list = append(list, line)
	}
	return list
}

func (t tracked) owed() *SummaryList {
	return &SummaryList{Rows: []Row{
		{Key: Said{Text: t.say("track.pay.amount")}, Value: Said{Text: sayMoney(t.lang, t.Owed)}},
		{Key: Said{Text: t.say("track.pay.for")}, Value: Said{Text: t.OwedFor}},
	}}
}

// proof is why the date is what it is, sentence by sentence.
func (t tracked) proof() []proofLine {
	var list []proofLine
	if t.End != nil {
		return nil
	}
	for _, step := range t.Proof {
		line := proofLine{Text: t.say(step.Key, step.Args...)}
		if step.Law != "" {
			line.Law = t.law.Words(step.Law)
		}
		list = append(list, line)
	}
	return list
}

// timeline is what happened, newest first.
func (t tracked) timeline() Timeline {
	var l Timeline
	for _, e := range t.Events {
		l.Events = append(l.Events, Event{Title: t.say(e.Key), When: sayHour(t.lang, e.At)})
	}
	return l
}

// hours are the desk's opening hours today.
func (t tracked) hours() string {
	hours, ok := t.law.DeskHours(t.Tracked.Desk.Key, pack.On(t.now))
	if !ok {
		return ""
	}
	return hoursWords(t.lang, hours.Intake)
}

// desk is where to go or call.
func (t tracked) desk() SummaryList {
	var l SummaryList
	name := "track.desk.name"
	if t.Tracked.Passed != nil {
		name = "track.desk.heir"
	}
	for _, row := range []struct{ key, value string }{
		{name, t.Tracked.Desk.Name},
		{"track.desk.address", cmp.Or(t.Tracked.Desk.Address, t.Tracked.Desk.Place)},
		{"track.desk.phone", t.Tracked.Desk.Phone},
		{"track.desk.hours", t.hours()},
	} {
		if row.value != "" {
			l.Rows = append(l.Rows, Row{Key: Said{Text: t.say(row.key)}, Value: Said{Text: row.value}})
		}
	}
	return l
}
