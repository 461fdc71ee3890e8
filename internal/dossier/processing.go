package dossier

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Assign gives the dossier to an officer of the unit that holds it (phân công);
// a processor may take it for himself.
type Assign struct {
	Officer string `json:"officer"` // officer id
}

func (*Assign) Name() string { return "assign" }

func (a *Assign) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	return d.in(a.Name(), Accepted, Processing)
}

func (a *Assign) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "officer", a.Officer)
	if by.Role == officer.Processor && a.Officer != by.Officer.ID {
		p.Field("officer", "err.assign-self-only")
	}
	return p.Or()
}

// fit refuses to give a dossier to somebody who does not work on it then: who
// is not active, or is neither processor nor approver nor leader for the unit
// that holds it.
func (a *Assign) fit(tx *store.Tx, d *Dossier, w World) error {
	o, err := officer.Find(tx, a.Officer)
	if err != nil && !problem.Is(err, problem.NotFound) {
		return fmt.Errorf("reading whom to assign: %w", err)
	}
	on := pack.On(w.Now)
	works := func(g officer.Grant) bool {
		return slices.Contains([]officer.Role{officer.Processor, officer.Approver, officer.Leader}, g.Role) &&
			g.Holds(on) && slices.Contains(w.Law.Under(g.Unit, on), d.Holder)
	}
	if err != nil || !o.Active || !slices.ContainsFunc(o.Grants, works) {
		return invalid().Field("officer", "err.officer-unfit", "unit", unitName(w.Law, d.Holder))
	}
	return nil
}

func (a *Assign) Apply(d *Dossier, by officer.By, w World) Effect {
	d.Assignee, d.State = a.Officer, Processing
	return Effect{Facts: map[string]any{"assignee": a.Officer, "unit": d.Holder}}
}

// Advance finishes the present step and passes the dossier on (chuyển bước).
type Advance struct {
	Note string `json:"note,omitempty"`
}

func (*Advance) Name() string { return "advance" }

func (a *Advance) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if err := d.working(a.Name()); err != nil {
		return err
	}
	if d.Asked() != nil {
		return problem.New(problem.Illegal, "err.consult-open")
	}
	v := w.version(d)
	if next := stepAt(v, d.Step+1); next.Kind == "return" {
		return problem.New(problem.Illegal, "err.conclude-first")
	}
	return d.fits(w.StepOf(d), by)
}

// who is the person behind an account: two accounts of one person are one.
// rel-I-J8
func who(by officer.By) string { return cmp.Or(by.Officer.Person, by.Officer.ID) }

// fits refuses an officer whose role the step does not ask for, and one who
// would approve what he worked on himself.
func (d *Dossier) fits(s pack.Step, by officer.By) error {
	if s.Kind == "approve" && slices.Contains(d.Worked, who(by)) {
		return problem.New(problem.Forbidden, "err.two-persons")
	}
	return roleFits(s, by)
}

// roleFits refuses an officer whose role the step does not ask for.
func roleFits(s pack.Step, by officer.By) error {
	role := s.Role
	if s.Kind == "external" {
		role = string(officer.Processor) // who minds the papers while they are away
	}
	if role != string(by.Role) && !(role == string(officer.Approver) && by.Role == officer.Leader) {
		return problem.New(problem.Forbidden, "err.step-role", "role", "key:role."+role)
	}
	return nil
}

func (a *Advance) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	if len([]rune(a.Note)) > maxText {
		p.Field("note", "err.too-long", "field", "key:field.note", "most", maxText)
	}
	return p.Or()
}

func (a *Advance) Apply(d *Dossier, by officer.By, w World) Effect {
	from := w.StepOf(d)
	if from.Kind == "process" && !slices.Contains(d.Worked, who(by)) {
		d.Worked = append(d.Worked, who(by))
	}
	d.moveTo(d.Step+1, w)
	to := w.StepOf(d)
	d.State = Processing
	e := Effect{Reason: a.Note, Facts: map[string]any{"step": d.Step, "unit": w.unitOf(d, to)}}
	if v := w.version(d); len(v.Legs) > 1 && (from.Kind == "external") != (to.Kind == "external") && len(d.Clock.Legs) < len(v.Legs)-1 {
		d.Clock.Legs = append(d.Clock.Legs, w.Now)
		e.Clock = true
	}
	return e
}

// moveTo brings the dossier to a step. Who worked on the last one keeps it only
// while the unit and the role stay the same; what comes back for more work goes
// to who did it.
func (d *Dossier) moveTo(step int, w World) {
	from := w.StepOf(d)
	d.Step = step
	to := w.StepOf(d)
	d.pass(w.unitOf(d, to), w.Now)
	switch n := len(d.Worked); {
	case to.Kind == "external" || from.Role == to.Role:
	case to.Kind == "process" && n > 0 && d.Holder == w.unitOf(d, from):
		d.Assignee = d.Worked[n-1]
	default:
		d.Assignee = ""
	}
}

// ReturnStep sends the dossier one step back, with a reason (trả lại bước trước).
type ReturnStep struct {
	Reason string `json:"reason"`
}

func (*ReturnStep) Name() string { return "return_step" }

func (a *ReturnStep) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if err := d.working(a.Name()); err != nil {
		return err
	}
	if d.Step <= 1 || w.StepOf(d).Kind == "external" || stepAt(w.version(d), d.Step-1).Kind == "external" {
		return problem.New(problem.Illegal, "err.first-step")
	}
	return nil
}

func (a *ReturnStep) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "reason", a.Reason)
	return p.Or()
}

func (a *ReturnStep) Apply(d *Dossier, by officer.By, w World) Effect {
	d.moveTo(d.Step-1, w)
	d.State = Processing
	return Effect{Reason: a.Reason, Facts: map[string]any{"step": d.Step, "unit": d.Holder}}
}

// Conclude ends the work with a result, or with a refusal and its reasons (kết
// thúc giải quyết), at the last step before the return. Who worked on the
// dossier does not approve it.
type Conclude struct {
	Outcome    string   `json:"outcome"` // "granted", "refused"
	Kind       string   `json:"kind,omitempty"`
	Number     string   `json:"number,omitempty"`
	Reasons    []string `json:"reasons,omitempty"`
	Electronic bool     `json:"electronic,omitempty"`
}

func (*Conclude) Name() string { return "conclude" }

func (a *Conclude) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if err := d.in(a.Name(), Processing); err != nil {
		return err
	}
	if d.Paused() {
		return problem.New(problem.Illegal, "err.paused", "act", actKey(a.Name()))
	}
	if d.Asked() != nil {
		return problem.New(problem.Illegal, "err.consult-open")
	}
	if next := stepAt(w.version(d), d.Step+1); next.Kind != "return" {
		return problem.New(problem.Illegal, "err.steps-left")
	}
	return d.fits(w.StepOf(d), by)
}

func (a *Conclude) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	switch a.Outcome {
	case "granted":
		need(p, "kind", a.Kind)
	case "refused":
		reasons(p, a.Reasons)
	default:
		p.Field("outcome", "err.choose", "field", "key:field.outcome")
	}
	return p.Or()
}

func (a *Conclude) Apply(d *Dossier, by officer.By, w World) Effect {
	d.Result = &Result{Outcome: a.Outcome, Kind: a.Kind, Number: a.Number, Reasons: a.Reasons, Electronic: a.Electronic, By: by.Officer.ID, At: w.Now}
	d.State = Concluded
	d.Proposal = nil
	d.Step = len(w.version(d).Process) - 1
	d.pass(d.Desk, w.Now)
	e := Effect{Facts: map[string]any{"outcome": a.Outcome, "grade": d.Grade(w.Now), "due": d.Clock.Due}}
	if a.Outcome == "refused" {
		e.Slips = []string{"rejection"}
	}
	return e
}

// AskUnit asks another unit for its opinion; the clock goes on (lấy ý kiến).
type AskUnit struct {
	Unit     string `json:"unit"` // unit code of today
	Question string `json:"question"`
}

func (*AskUnit) Name() string { return "consult" }

func (a *AskUnit) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if err := d.working(a.Name()); err != nil {
		return err
	}
	if d.Asked() != nil {
		return problem.New(problem.Illegal, "err.consult-open")
	}
	return nil
}

func (a *AskUnit) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	w.unit(p, "unit", a.Unit, d.Holder)
	need(p, "question", a.Question)
	return p.Or()
}

// unit adds a fault unless code is a unit of today other than not.
func (w World) unit(p *problem.Problem, field, code string, not pack.UnitKey) pack.UnitKey {
	u, ok := w.Law.Unit(code, pack.On(w.Now))
	switch {
	case !ok:
		p.Field(field, "err.unit-unknown", "unit", code)
	case u.Key == not:
		p.Field(field, "err.unit-same", "unit", u.Name)
	}
	return u.Key
}

func (a *AskUnit) Apply(d *Dossier, by officer.By, w World) Effect {
	u, _ := w.Law.Unit(a.Unit, pack.On(w.Now))
	d.State = Processing
	d.Consults = append(d.Consults, Consult{Unit: u.Key, Question: a.Question, Asked: w.Now, By: by.Officer.ID})
	d.through(u.Key)
	return Effect{Facts: map[string]any{"unit": u.Key}}
}

// AnswerUnit is the asked unit's answer (cho ý kiến).
type AnswerUnit struct {
	Answer string `json:"answer"`
}

func (*AnswerUnit) Name() string { return "answer_consult" }

func (a *AnswerUnit) Allowed(d *Dossier, by officer.By, w World) error {
	c := d.Asked()
	if c == nil {
		return d.illegal(a.Name())
	}
	if err := may(a.Name(), by, c.Unit); err != nil {
		return err
	}
	return d.in(a.Name(), Processing, Supplement, Payment)
}

func (a *AnswerUnit) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "answer", a.Answer)
	return p.Or()
}

func (a *AnswerUnit) Apply(d *Dossier, by officer.By, w World) Effect {
	c := d.Asked()
	c.Answer, c.Answered = a.Answer, w.Now
	return Effect{Facts: map[string]any{"unit": c.Unit}}
}

// Transfer hands the dossier to another unit that is to work on it (chuyển xử lý).
type Transfer struct {
	Unit   string `json:"unit"`
	Reason string `json:"reason"`
}

func (*Transfer) Name() string { return "transfer" }

func (a *Transfer) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	return d.working(a.Name())
}

func (a *Transfer) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	w.unit(p, "unit", a.Unit, d.Holder)
	need(p, "reason", a.Reason)
	return p.Or()
}

func (a *Transfer) Apply(d *Dossier, by officer.By, w World) Effect {
	u, _ := w.Law.Unit(a.Unit, pack.On(w.Now))
	from := d.Holder
	if d.Holder == d.Competent {
		d.Competent = u.Key
	}
	d.State = Processing
	d.pass(u.Key, w.Now)
	return Effect{Reason: a.Reason, Facts: map[string]any{"from": from, "unit": u.Key}}
}

// DemandPayment asks the citizen to pay during processing; the clock stops
// (yêu cầu thực hiện nghĩa vụ tài chính).
type DemandPayment struct {
	Amount int64  `json:"amount"` // đồng
	Why    string `json:"why"`
	Basis  string `json:"basis"`
}

func (*DemandPayment) Name() string { return "demand_payment" }

func (a *DemandPayment) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	return d.working(a.Name())
}

func (a *DemandPayment) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	if a.Amount < 1 || a.Amount > 1_000_000_000_000 {
		p.Field("amount", "err.amount")
	}
	need(p, "why", a.Why)
	need(p, "basis", a.Basis)
	return p.Or()
}

func (a *DemandPayment) Apply(d *Dossier, by officer.By, w World) Effect {
	d.Obligations = append(d.Obligations, Obligation{Amount: a.Amount, Why: a.Why, Basis: a.Basis, Asked: w.Now, By: by.Officer.ID})
	d.State = Payment
	d.pause("financial", a.Why, w.Now)
	return Effect{Reason: a.Why, Facts: map[string]any{"amount": a.Amount, "basis": a.Basis}}
}

// SettlePayment records that the money has come; the clock goes on.
type SettlePayment struct {
	Receipt string `json:"receipt,omitempty"` // of the bank or treasury; "" takes cash
}

func (*SettlePayment) Name() string { return "settle_payment" }

func (a *SettlePayment) Allowed(d *Dossier, by officer.By, w World) error {
	err := may(a.Name(), by, d.Desk)
	if err != nil {
		err = may(a.Name(), by, d.Holder)
	}
	if err != nil {
		return err
	}
	if d.Unsettled() == nil {
		return d.illegal(a.Name())
	}
	return d.in(a.Name(), Payment, Accepted, Processing, Concluded, Returned)
}

func (a *SettlePayment) Check(*Dossier, officer.By, World) error { return nil }

func (a *SettlePayment) Apply(d *Dossier, by officer.By, w World) Effect {
	o := d.Unsettled()
	o.Settled, o.Receipt = w.Now, a.Receipt
	e := Effect{Facts: map[string]any{"amount": o.Amount}}
	if a.Receipt == "" {
		e.Cash = o.Amount
	}
	if d.State == Payment { // else its receipt was cancelled, and the clock went on
		d.resume(w.Now)
		d.State, e.Clock = Processing, true
	}
	return e
}

// AwaitAgency stops the clock while another agency must act (chờ cơ quan khác).
type AwaitAgency struct {
	Agency   string `json:"agency"`
	Document string `json:"document"` // number of the letter sent
}

func (*AwaitAgency) Name() string { return "await_agency" }

func (a *AwaitAgency) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	return d.working(a.Name())
}

func (a *AwaitAgency) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "agency", a.Agency)
	need(p, "document", a.Document)
	return p.Or()
}

func (a *AwaitAgency) Apply(d *Dossier, by officer.By, w World) Effect {
	d.State = Processing
	d.pause("inter-agency", a.Document+" – "+a.Agency, w.Now)
	return Effect{Facts: map[string]any{"agency": a.Agency, "document": a.Document}}
}

// AgencyAnswered ends the wait for another agency.
type AgencyAnswered struct {
	Document string `json:"document"` // number of the answer
}

func (*AgencyAnswered) Name() string { return "agency_answered" }

func (a *AgencyAnswered) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if d.State != Processing || !d.Paused() {
		return d.illegal(a.Name())
	}
	return nil
}

func (a *AgencyAnswered) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "document", a.Document)
	return p.Or()
}

func (a *AgencyAnswered) Apply(d *Dossier, by officer.By, w World) Effect {
	d.resume(w.Now)
	return Effect{Clock: true, Facts: map[string]any{"document": a.Document}}
}

// Extend lengthens the limit once, up to the ceiling in the rule (gia hạn).
type Extend struct {
	Amount int          `json:"amount"`
	Unit   lawtime.Unit `json:"unit"`
	Reason string       `json:"reason"`
}

func (*Extend) Name() string { return "extend" }

func (a *Extend) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if err := d.working(a.Name()); err != nil {
		return err
	}
	if w.version(d).Extension == nil || d.Clock.Due.IsZero() {
		return problem.New(problem.Illegal, "err.no-extension")
	}
	if d.Clock.Extension != nil {
		return problem.New(problem.Illegal, "err.extended-once")
	}
	return nil
}

func (a *Extend) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	need(p, "reason", a.Reason)
	after := *d
	after.Clock.Extension = a.extension(by, w)
	if _, err := after.reckon(w.Law); err != nil {
		p.Field("amount", "err.extension-ceiling")
	}
	return p.Or()
}

func (a *Extend) extension(by officer.By, w World) *Extension {
	return &Extension{Limit: lawtime.Limit{Amount: a.Amount, Unit: a.Unit}, Reason: a.Reason, Approver: by.Officer.ID, At: w.Now}
}

func (a *Extend) Apply(d *Dossier, by officer.By, w World) Effect {
	d.Clock.Extension = a.extension(by, w)
	d.Clock.Extension.Law = w.version(d).Extension.Law
	return Effect{Reason: a.Reason, Clock: true, Law: d.Clock.Extension.Law, Slips: []string{"apology"}}
}

// ProposeApology puts a new date before the approver, while there is time
// (trình xin lỗi, hẹn lại).
type ProposeApology struct {
	Reason string    `json:"reason"`
	Unit   string    `json:"unit"` // which unit caused the delay
	NewDue time.Time `json:"new_due"`
}

func (*ProposeApology) Name() string { return "propose_apology" }

func (a *ProposeApology) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if err := d.in(a.Name(), Accepted, Processing); err != nil {
		return err
	}
	return d.apologyAllowed(w)
}

// apologyAllowed refuses a re-appointment where there is no date or where the
// citizen was already asked to come again as often as the rules permit.
func (d *Dossier) apologyAllowed(w World) error {
	if d.Clock.Due.IsZero() {
		return problem.New(problem.Illegal, "err.no-due")
	}
	if most := w.rules(d).Apologies; len(d.Apologies) >= most {
		return problem.New(problem.Illegal, "err.apology-again", "most", most)
	}
	return nil
}

func (a *ProposeApology) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	apology(p, d, w, a.Reason, a.Unit, a.NewDue)
	return p.Or()
}

func apology(p *problem.Problem, d *Dossier, w World, reason, unit string, due time.Time) {
	need(p, "reason", reason)
	need(p, "unit", unit)
	if !due.After(d.Clock.Due) || !due.After(w.Now) {
		p.Field("new_due", "err.new-due")
	}
}

func (a *ProposeApology) Apply(d *Dossier, by officer.By, w World) Effect {
	d.Proposal = &Proposal{Reason: a.Reason, Unit: a.Unit, NewDue: a.NewDue.UTC(), By: by.Officer.ID, Person: who(by), At: w.Now}
	return Effect{Reason: a.Reason, Facts: map[string]any{"new_due": a.NewDue}}
}

// Apologise is the approver's signature under the apology: the slip is made and
// the citizen is given the new date (xin lỗi và hẹn lại). With a proposal the
// particulars may be left out.
type Apologise struct {
	Reason string    `json:"reason,omitempty"`
	Unit   string    `json:"unit,omitempty"`
	NewDue time.Time `json:"new_due,omitzero"`
}

func (*Apologise) Name() string { return "apologise" }

func (a *Apologise) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if err := d.in(a.Name(), Accepted, Processing); err != nil {
		return err
	}
	if d.Proposal != nil && d.Proposal.Person == who(by) {
		return problem.New(problem.Forbidden, "err.two-persons")
	}
	return d.apologyAllowed(w)
}

// filled takes what the proposal says where the approver says nothing.
func (a *Apologise) filled(d *Dossier) Apologise {
	f := *a
	if p := d.Proposal; p != nil {
		if f.Reason == "" {
			f.Reason = p.Reason
		}
		if f.Unit == "" {
			f.Unit = p.Unit
		}
		if f.NewDue.IsZero() {
			f.NewDue = p.NewDue
		}
	}
	return f
}

func (a *Apologise) Check(d *Dossier, by officer.By, w World) error {
	f := a.filled(d)
	p := invalid()
	apology(p, d, w, f.Reason, f.Unit, f.NewDue)
	return p.Or()
}

func (a *Apologise) Apply(d *Dossier, by officer.By, w World) Effect {
	f := a.filled(d)
	inTime := w.Now.Before(d.Clock.Due)
	d.Apologies = append(d.Apologies, Apology{OldDue: d.Clock.Due, NewDue: f.NewDue.UTC(), Reason: f.Reason, Unit: f.Unit, By: by.Officer.ID, At: w.Now, InTime: inTime})
	d.Proposal = nil
	return Effect{Reason: f.Reason, Slips: []string{"apology"}, Facts: map[string]any{"old_due": d.Clock.Due, "new_due": f.NewDue, "in_time": inTime}}
}

// Remind tells who holds the dossier that it waits (nhắc). The journal keeps who
// reminded whom; once a day is enough.
type Remind struct {
	Note string `json:"note,omitempty"`
}

func (*Remind) Name() string { return "remind" }

func (a *Remind) Allowed(d *Dossier, by officer.By, w World) error {
	if err := may(a.Name(), by, d.Holder); err != nil {
		return err
	}
	if err := d.in(a.Name(), Accepted, Processing); err != nil {
		return err
	}
	if !d.Reminded.IsZero() && pack.On(d.Reminded) == pack.On(w.Now) {
		return problem.New(problem.Illegal, "err.reminded-today")
	}
	return nil
}

func (a *Remind) Check(d *Dossier, by officer.By, w World) error {
	p := invalid()
	if len([]rune(a.Note)) > maxText {
		p.Field("note", "err.too-long", "field", "key:field.note", "most", maxText)
	}
	return p.Or()
}

func (a *Remind) Apply(d *Dossier, by officer.By, w World) Effect {
	d.Reminded = w.Now
	return Effect{Reason: a.Note, Facts: map[string]any{"unit": d.Holder, "assignee": d.Assignee}}
}
