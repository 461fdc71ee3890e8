package dossier

import (
	"cmp"
	"slices"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// Accept takes a dossier in that was filed online or by post (tiếp nhận). The
// clock starts now. law: nd-118-2025/17
type Accept struct {
	Pay string `json:"pay,omitempty"` // "cash": the fee is taken now
}

func (*Accept) Name() string { return "accept" }

func (a *Accept) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Desk); err != nil {
		return err
	}
	return d.in(a.Name(), Filed)
}

func (a *Accept) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	for _, c := range d.missing() {
		p.Field("papers", "err.paper-missing", "paper", c.Name)
	}
	return p.Or()
}

func (a *Accept) Apply(d *Dossier, by officer.By, w World) Effect {
	return d.accept(by, w, a.Pay)
}

// accept is the moment of acceptance, whatever led to it: state, clock, first
// step, and the receipt slip with its date.
func (d *Dossier) accept(by officer.By, w World, pay string) Effect {
	d.State = Accepted
	d.AcceptedAt, d.AcceptedBy = w.Now, by.Officer.ID
	e := Effect{Mint: true, Clock: true, Law: "nd-118-2025/17", Slips: []string{"receipt"},
		Facts: map[string]any{"procedure": d.Procedure, "case": d.Case, "channel": d.Channel}}
	if rules, _ := w.Law.Rules(pack.On(w.Now)); rules.SlipSet == "2018" {
		e.Law = "nd-61-2018/17"
	}
	if pay == "cash" && d.Fee.Known && d.Fee.Amount > 0 && !d.Fee.Paid {
		e.Cash = d.Fee.Amount
		d.Fee.Paid, d.Fee.PaidAt = true, w.Now
	}
	if d.clockMayStart(w) {
		d.ReceivedAt = w.Now
	}
	d.Step = min(1, max(0, len(w.version(d).Process)-1))
	d.pass(w.unitOf(d, w.StepOf(d)), w.Now)
	return e
}

// clockMayStart reports whether the limit runs from now: some procedures wait
// for the fee.
func (d *Dossier) clockMayStart(w World) bool {
	return !w.version(d).AfterFee || d.Fee.Paid || (d.Fee.Known && d.Fee.Amount == 0)
}

// feeFirst reports whether an accepted dossier has no date yet only because its
// fee is not paid.
func (d *Dossier) feeFirst(w World) bool {
	return !d.AcceptedAt.IsZero() && !d.State.Final() && d.ReceivedAt.IsZero() && !d.clockMayStart(w)
}

// Refuse declines to accept a dossier, with every reason at once and what the
// citizen can do (từ chối tiếp nhận).
type Refuse struct {
	Reasons []string `json:"reasons"`
	Next    string   `json:"next,omitempty"`
}

func (*Refuse) Name() string { return "refuse" }

func (a *Refuse) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Desk); err != nil {
		return err
	}
	if d.State == Supplement && !d.AcceptedAt.IsZero() {
		return d.illegal(a.Name())
	}
	return d.in(a.Name(), Filed, Supplement)
}

func (a *Refuse) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	reasons(p, a.Reasons)
	return p.Or()
}

func reasons(p *problem.Problem, list []string) {
	if len(list) == 0 || slices.ContainsFunc(list, blank) {
		p.Field("reasons", "err.reason-needed")
		return
	}
	for _, r := range list {
		if len([]rune(r)) > maxText {
			p.Field("reasons", "err.too-long", "field", "key:field.reasons", "most", maxText)
		}
	}
}

func (a *Refuse) Apply(d *Dossier, by officer.By, w World) Effect {
	d.State = NotAccepted
	d.Refusal = &Refusal{Reasons: a.Reasons, Next: a.Next, By: by.Officer.ID, At: w.Now}
	d.resume(w.Now)
	return Effect{Law: "nd-63-2010/18", Facts: map[string]any{"reasons": len(a.Reasons)}, Slips: []string{"rejection"}}
}

// RequestSupplement asks once for everything that is missing (yêu cầu bổ sung,
// hoàn thiện hồ sơ). The clock stops from now. law: nd-63-2010/20
type RequestSupplement struct {
	Items []Item `json:"items"`
}

func (*RequestSupplement) Name() string { return "request_supplement" }

func (a *RequestSupplement) Allowed(d *Dossier, by officer.By, w World) error {
	unit := d.Holder
	if d.AcceptedAt.IsZero() {
		unit = d.Desk
	}
	if err := may(a.Name(), by, unit); err != nil {
		return err
	}
	if err := d.in(a.Name(), Filed, Accepted, Processing); err != nil {
		return err
	}
	if d.Paused() {
		return problem.New(problem.Illegal, "err.paused", "act", actKey(a.Name()))
	}
	stage, most := d.stage(), w.rules(d).SupplementsAtReception
	if stage == "appraisal" {
		most = w.rules(d).SupplementsAtAppraisal
	}
	if d.asked(stage) >= most {
		return problem.New(problem.Illegal, "err.supplement-again", "most", most, "stage", "key:stage."+stage).By("nd-63-2010/20")
	}
	return nil
}

// stage says whether a supplement is asked at reception or during appraisal.
func (d *Dossier) stage() string {
	if d.AcceptedAt.IsZero() {
		return "reception"
	}
	return "appraisal"
}

func (d *Dossier) asked(stage string) int {
	n := 0
	for _, s := range d.Supplements {
		if s.Stage == stage {
			n++
		}
	}
	return n
}

func (a *RequestSupplement) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	if len(a.Items) == 0 {
		p.Field("items", "err.supplement-empty")
	}
	for _, it := range a.Items {
		if blank(it.Paper) || blank(it.Reason) {
			p.Field("items", "err.supplement-reason", "paper", it.Paper)
		}
		if len([]rune(it.Reason)) > maxText || len([]rune(it.Todo)) > maxText {
			p.Field("items", "err.too-long", "field", "key:field.reasons", "most", maxText)
		}
	}
	return p.Or()
}

func (a *RequestSupplement) Apply(d *Dossier, by officer.By, w World) Effect {
	s := SupplementRequest{Stage: d.stage(), Items: a.Items, Asked: w.Now, By: by.Officer.ID}
	s.Until = w.supplementEnd(d)
	d.State = Supplement
	d.Supplements = append(d.Supplements, s)
	if !d.Clock.Start.IsZero() {
		d.pause("supplement", "", w.Now) // the Register fills in the slip's number
	}
	return Effect{Law: "nd-63-2010/18", Slips: []string{"supplement"},
		Facts: map[string]any{"stage": s.Stage, "items": len(a.Items), "until": s.Until}}
}

// supplementEnd is when a dossier that nobody completes is closed.
func (w World) supplementEnd(d *Dossier) time.Time {
	return w.after(d, w.Now, w.Law.SupplementEnd(w.version(d), pack.On(w.Now)))
}

// after counts a limit from an instant on the dossier's desk; zero if it
// cannot be counted.
func (w World) after(d *Dossier, from time.Time, limit lawtime.Limit) time.Time {
	clock, ok := w.Law.Clock(d.DeskAt(from), nil, pack.On(from))
	if !ok || limit.Amount == 0 {
		return time.Time{}
	}
	a, err := lawtime.Due(lawtime.Question{Received: from, Clock: clock, Legs: []lawtime.Leg{{Limit: limit}}})
	if err != nil {
		return time.Time{}
	}
	return a.Due
}

// Supply records that everything asked for has come in (bổ sung đủ): a dossier
// not yet accepted is accepted, another goes on.
type Supply struct {
	Pay string `json:"pay,omitempty"`
}

func (*Supply) Name() string { return "supply" }

func (a *Supply) Allowed(d *Dossier, by officer.By, w World) error {
	err := may(a.Name(), by, d.Desk)
	if err != nil {
		err = may(a.Name(), by, d.Holder)
	}
	if err != nil {
		return err
	}
	return d.in(a.Name(), Supplement)
}

func (a *Supply) Check(*Dossier, officer.By, World) error { return nil }

func (a *Supply) Apply(d *Dossier, by officer.By, w World) Effect {
	s := d.Waiting()
	s.Supplied = w.Now
	d.attach(s)
	if d.AcceptedAt.IsZero() {
		return d.accept(by, w, a.Pay)
	}
	d.resume(w.Now)
	d.State = Processing
	d.HeldSince = w.Now
	return Effect{Clock: true, Slips: []string{"receipt"}}
}

// CollectFee takes the reception fee that was left for later (thu lệ phí). If
// the clock waited for it, it starts now.
type CollectFee struct{}

func (*CollectFee) Name() string { return "collect_fee" }

func (a *CollectFee) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Desk); err != nil {
		return err
	}
	if d.Fee.Paid || !d.Fee.Known || d.Fee.Amount == 0 || d.AcceptedAt.IsZero() {
		return d.illegal(a.Name())
	}
	if len(d.Fee.Revoked) > 0 { // what was handed over stays owed for
		return d.in(a.Name(), Accepted, Processing, Concluded, Returned)
	}
	return d.in(a.Name(), Accepted, Processing, Concluded)
}

func (a *CollectFee) Check(*Dossier, officer.By, World) error { return nil }

func (a *CollectFee) Apply(d *Dossier, by officer.By, w World) Effect {
	e := Effect{Cash: d.Fee.Amount}
	d.Fee.Paid, d.Fee.PaidAt = true, w.Now
	if d.ReceivedAt.IsZero() {
		d.ReceivedAt = w.Now
		e.Clock = true
		e.Slips = []string{"receipt"}
	}
	return e
}

// Correct mends a wrong reception after its slip was printed (sửa tiếp nhận):
// what is given replaces what was recorded, the old slip is void.
type Correct struct {
	Reason    string            `json:"reason"`
	Filer     *applicant.Person `json:"filer,omitempty"`
	Owner     *applicant.Person `json:"owner,omitempty"`
	Authority *string           `json:"authority,omitempty"`
	Procedure string            `json:"procedure,omitempty"`
	Case      string            `json:"case,omitempty"`
	FeeCase   string            `json:"fee_case,omitempty"`
	Request   *string           `json:"request,omitempty"`
	Plate     *string           `json:"plate,omitempty"`
	Papers    []Paper           `json:"papers,omitempty"`
	Sets      int               `json:"sets,omitempty"`
	ReturnBy  string            `json:"return_by,omitempty"`
	ReturnTo  *string           `json:"return_to,omitempty"`
}

func (*Correct) Name() string { return "correct" }

func (a *Correct) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Desk); err != nil {
		return err
	}
	return d.in(a.Name(), Accepted, Processing)
}

func (a *Correct) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "reason", a.Reason)
	after := *d
	a.change(&after, w)
	if a.Procedure != "" || a.Case != "" {
		in := Intake{Procedure: after.Procedure, Case: after.Case, Channel: d.Channel, Desk: d.DeskAt(d.FiledAt)}
		in.checkProcedure(p, w, pack.On(d.FiledAt)) // the law of the day it was filed
	}
	on := pack.On(w.Now)
	p.Fields = append(p.Fields, first(after.Filer.Check("filer.", on))...)
	if after.Owner != nil {
		p.Fields = append(p.Fields, first(after.Owner.Check("owner.", on))...)
	}
	return p.Or()
}

// change writes the corrected facts into d.
func (a *Correct) change(d *Dossier, w World) {
	if a.Filer != nil {
		d.Filer = *a.Filer
	}
	if a.Owner != nil {
		d.Owner = a.Owner
	}
	if a.Authority != nil {
		d.Authority = *a.Authority
	}
	if a.Procedure != "" {
		d.Procedure = a.Procedure
	}
	if a.Case != "" {
		d.Case = a.Case
	}
	if a.Request != nil {
		d.Request = *a.Request
	}
	if a.Plate != nil {
		d.Plate = *a.Plate
	}
	if a.Papers != nil {
		d.Papers = a.Papers
	}
	if a.Sets > 0 {
		d.Sets = a.Sets
	}
	if a.ReturnBy != "" {
		d.ReturnBy = a.ReturnBy
	}
	if a.ReturnTo != nil {
		d.ReturnTo = *a.ReturnTo
	}
}

func (a *Correct) Apply(d *Dossier, by officer.By, w World) Effect {
	proc, kase := d.Procedure, d.Case
	a.change(d, w)
	if proc != d.Procedure || kase != d.Case {
		a.reprice(d, w)
	}
	return Effect{Reason: a.Reason, Clock: true, Slips: []string{"receipt"},
		Facts: map[string]any{"procedure": d.Procedure, "case": d.Case, "was": proc}}
}

// reprice puts the dossier under the right procedure of the day it was filed.
func (a *Correct) reprice(d *Dossier, w World) {
	on := pack.On(d.FiledAt)
	if u, err := w.Law.Route(d.Procedure, unitCode(w.Law, d.DeskAt(d.FiledAt)), "", on); err == nil {
		if u, ok := w.Law.Decides(u.Key, d.Procedure, pack.On(w.Now)); ok {
			d.Competent = u.Key
		}
	}
	if p, ok := w.Law.Procedure(d.Procedure); ok {
		if v, ok := p.On(on); ok {
			d.LawFrom = v.From
		}
		if !d.Fee.Paid {
			ask := pack.Ask{Case: cmp.Or(a.FeeCase, d.Case), Channel: d.Channel, Level: feeLevel(w.Law, d.Competent), Count: d.Fee.Count, On: on}
			d.Fee = feeOf(p.Fee(ask), d.Fee.Count)
		}
	}
	if d.State == Accepted {
		d.Step = min(1, max(0, len(w.version(d).Process)-1))
		d.pass(w.unitOf(d, w.StepOf(d)), w.Now)
	}
}

// HandOver gives the result to the citizen (trả kết quả).
type HandOver struct {
	To        string `json:"to"`
	IDNumber  string `json:"id_number,omitempty"`
	Authority string `json:"authority,omitempty"`
	Channel   string `json:"channel"`
}

func (*HandOver) Name() string { return "hand_over" }

func (a *HandOver) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Desk); err != nil {
		return err
	}
	if d.Unsettled() != nil || (d.State == Concluded && d.Result.Outcome == "granted" && d.Fee.Known && d.Fee.Amount > 0 && !d.Fee.Paid) {
		return problem.New(problem.Illegal, "err.unpaid")
	}
	return d.in(a.Name(), Concluded)
}

func (a *HandOver) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "to", a.To)
	if !slices.Contains([]string{"counter", "post", "electronic"}, a.Channel) {
		p.Field("channel", "err.choose", "field", "key:field.channel")
	}
	if a.Channel == "counter" && applicant.Fold(a.To) != applicant.Fold(d.Filer.Name) && applicant.Fold(a.To) != applicant.Fold(d.Person().Name) && blank(a.Authority) {
		p.Field("authority", "err.authority-needed")
	}
	return p.Or()
}

func (a *HandOver) Apply(d *Dossier, by officer.By, w World) Effect {
	d.State = Returned
	d.HandedOver = &HandedOver{To: a.To, IDNumber: a.IDNumber, Authority: a.Authority, Channel: a.Channel, By: by.Officer.ID, At: w.Now}
	return Effect{Facts: map[string]any{"channel": a.Channel}, Slips: []string{"return"}}
}

// Withdraw ends a dossier because the citizen asks so (rút hồ sơ).
type Withdraw struct {
	Reason string `json:"reason"`
	Money  string `json:"money,omitempty"`
}

func (*Withdraw) Name() string { return "withdraw" }

func (a *Withdraw) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Desk); err != nil {
		return err
	}
	return d.in(a.Name(), Filed, Accepted, Processing, Supplement, Payment)
}

func (a *Withdraw) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "reason", a.Reason)
	if d.paidAnything() {
		need(p, "money", a.Money)
	}
	return p.Or()
}

func (a *Withdraw) Apply(d *Dossier, by officer.By, w World) Effect {
	d.finish(Withdrawn, &End{AskedBy: "citizen", Reason: a.Reason, Money: a.Money, By: by.Officer.ID, At: w.Now})
	return Effect{Reason: a.Reason, Slips: endSlips(w)}
}

// paidAnything reports whether the citizen's money lies with us.
func (d *Dossier) paidAnything() bool {
	return d.Fee.Paid || slices.ContainsFunc(d.Obligations, func(o Obligation) bool { return !o.Settled.IsZero() })
}

// finish ends the dossier without a result.
func (d *Dossier) finish(s State, e *End) {
	e.Stage = string(d.State)
	d.State, d.End = s, e
	d.resume(e.At)
	d.Proposal = nil
}

// endSlips is the stop notice where the forms in force have one.
func endSlips(w World) []string {
	if _, ok := w.Law.Slip("stop", "", pack.On(w.Now)); ok {
		return []string{"stop"}
	}
	return nil
}

// Stop ends a dossier for a reason of the authority's (dừng giải quyết).
type Stop struct {
	AskedBy string `json:"asked_by"` // "citizen", "authority"
	Reason  string `json:"reason"`
	Money   string `json:"money,omitempty"`
}

func (*Stop) Name() string { return "stop" }

func (a *Stop) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	return d.in(a.Name(), Accepted, Processing, Supplement, Payment)
}

func (a *Stop) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "reason", a.Reason)
	if a.AskedBy != "citizen" && a.AskedBy != "authority" {
		p.Field("asked_by", "err.choose", "field", "key:field.asked_by")
	}
	if d.paidAnything() {
		need(p, "money", a.Money)
	}
	return p.Or()
}

func (a *Stop) Apply(d *Dossier, by officer.By, w World) Effect {
	d.finish(Stopped, &End{AskedBy: a.AskedBy, Reason: a.Reason, Money: a.Money, By: by.Officer.ID, At: w.Now})
	return Effect{Reason: a.Reason, Slips: endSlips(w)}
}

// AddCode records a code that another system gave the dossier.
type AddCode struct {
	Code   Code   `json:"code"`
	Source string `json:"source"` // "portal", "ministry"
}

func (*AddCode) Name() string { return "add_code" }

func (a *AddCode) Allowed(d *Dossier, by officer.By, w World) error {
	return may(a.Name(), by, d.Desk)
}

func (a *AddCode) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	switch {
	case !validCode(a.Code):
		p.Field("code", "err.code-shape")
	case w.mints(a.Code):
		p.Field("code", "err.code-ours", "code", a.Code)
	}
	if a.Source != "portal" && a.Source != "ministry" {
		p.Field("source", "err.choose", "field", "key:field.source")
	}
	return p.Or()
}

// validCode accepts any code another system may have minted: 4 to 60 letters,
// digits, dots and dashes.
func validCode(c Code) bool {
	if len(c) < 4 || len(c) > 60 {
		return false
	}
	for _, r := range c {
		if !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r == '.' || r == '-' || r == '/') {
			return false
		}
	}
	return true
}

func (a *AddCode) Apply(d *Dossier, by officer.By, w World) Effect {
	d.Codes = append(d.Codes, KnownCode{a.Code, a.Source, w.Now})
	return Effect{Facts: map[string]any{"code": a.Code, "source": a.Source}}
}
