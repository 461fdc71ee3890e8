package dossier

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
)

// Act is one thing that a person does to a dossier. It is judged and carried
// out as a pure function of dossier, act, officer, law and time.
type Act interface {
	// Name is the act's stable name, "request_supplement".
	Name() string
	// Allowed says whether state, role and place permit the act now, whatever
	// its particulars. "What may I do now" asks it of every act.
	Allowed(d *Dossier, by officer.By, w World) error
	// Check finds every fault in the particulars at once.
	Check(d *Dossier, by officer.By, w World) error
	// Apply changes the dossier; it is called only when both agree.
	Apply(d *Dossier, by officer.By, w World) Effect
}

// World is what an act is judged by besides dossier and officer.
type World struct {
	Now time.Time
	Law *pack.Pack
}

// Effect is what the Register must do beside storing the dossier.
type Effect struct {
	Reason string         // for the journal, in the officer's words
	Law    string         // the article the act rests on
	Facts  map[string]any // for the journal; no personal data
	Mint   bool           // give the dossier its code
	Cash   int64          // take this fee in cash and write a receipt
	Clock  bool           // the due date must be computed again
	Slips  []string       // papers to issue, by kind
	Quiet  bool           // the dossier itself does not change (a view)

	papers map[string]slip.Facts // written ahead, by kind, but for what the turn gives
}

// acts is the registry: every act that a person or the system may do to an
// existing dossier, in the order in which pages offer them.
var acts = []func() Act{
	func() Act { return new(Accept) },
	func() Act { return new(RequestSupplement) },
	func() Act { return new(Supply) },
	func() Act { return new(SendBack) },
	func() Act { return new(Refuse) },
	func() Act { return new(CollectFee) },
	func() Act { return new(Assign) },
	func() Act { return new(Advance) },
	func() Act { return new(ReturnStep) },
	func() Act { return new(Conclude) },
	func() Act { return new(AskUnit) },
	func() Act { return new(AnswerUnit) },
	func() Act { return new(Transfer) },
	func() Act { return new(DemandPayment) },
	func() Act { return new(SettlePayment) },
	func() Act { return new(AwaitAgency) },
	func() Act { return new(AgencyAnswered) },
	func() Act { return new(Extend) },
	func() Act { return new(ProposeApology) },
	func() Act { return new(Apologise) },
	func() Act { return new(Remind) },
	func() Act { return new(HandOver) },
	func() Act { return new(Correct) },
	func() Act { return new(AddCode) },
	func() Act { return new(Withdraw) },
	func() Act { return new(Stop) },
	func() Act { return new(AnswerSupplement) },
	func() Act { return new(CloseUnanswered) },
	func() Act { return new(MarkLate) },
	func() Act { return new(MarkUnchecked) },
	func() Act { return new(ReopenPayment) },
	func() Act { return new(ConfirmPayment) },
	func() Act { return new(Recompute) },
	func() Act { return new(Succeed) },
}

// ActNames lists the acts in the order in which pages offer them.
func ActNames() []string {
	names := make([]string, len(acts))
	for i, make := range acts {
		names[i] = make().Name()
	}
	return names
}

// NewAct makes the empty act of that name.
func NewAct(name string) (Act, error) {
	for _, make := range acts {
		if a := make(); a.Name() == name {
			return a, nil
		}
	}
	return nil, problem.New(problem.NotFound, "err.act-unknown", "act", name)
}

// ParseAct reads an act from its name and its particulars as JSON; unknown
// and doubled particulars are refused by name.
func ParseAct(name string, particulars []byte) (Act, error) {
	a, err := NewAct(name)
	if err != nil {
		return nil, err
	}
	if len(particulars) == 0 {
		return a, nil
	}
	if err := json.Unmarshal(particulars, a, json.RejectUnknownMembers(true)); err != nil {
		return nil, problem.New(problem.Malformed, "err.act-json", "act", name, "detail", err.Error())
	}
	return a, nil
}

// Allowed lists, by name, the acts that law, state and officer permit now.
func Allowed(d *Dossier, by officer.By, w World) []string {
	var names []string
	for _, make := range acts {
		if a := make(); a.Allowed(d, by, w) == nil {
			names = append(names, a.Name())
		}
	}
	return names
}

// may refuses an officer without the permission or outside its scope.
func may(act string, by officer.By, unit pack.UnitKey) error {
	if !by.Can(permission(act)) {
		return problem.New(problem.Forbidden, "err.not-permitted", "act", actKey(act))
	}
	if !by.Sees(unit) {
		return problem.New(problem.Forbidden, "err.not-your-unit")
	}
	return nil
}

// Asks is the permission that an act asks of a role.
func Asks(act string) officer.Permission { return permission(act) }

// permission is what an act asks of a role; most acts are their own permission.
func permission(act string) officer.Permission {
	switch act {
	case "answer_consult":
		return officer.Consult
	case "collect_fee":
		return officer.Cash
	case "await_agency":
		return officer.Pause
	case "agency_answered":
		return officer.Resume
	case "add_code":
		return officer.Receive
	case "send_back":
		return officer.RequestSupplement
	}
	return officer.Permission(act)
}

// system refuses everybody but the system itself.
func system(act string, by officer.By) error {
	if by.Role != officer.System().Role {
		return problem.New(problem.Forbidden, "err.not-permitted", "act", actKey(act))
	}
	return nil
}

// in refuses the act unless the dossier is in one of the states.
func (d *Dossier) in(act string, states ...State) error {
	if slices.Contains(states, d.State) {
		return nil
	}
	return d.illegal(act)
}

// illegal says that the act cannot be done in the dossier's present state.
func (d *Dossier) illegal(act string) *problem.Problem {
	return problem.New(problem.Illegal, "err.act-not-now", "act", actKey(act), "state", stateKey(d.State))
}

// working refuses the act unless the dossier is being worked on and its clock
// runs: accepted or processing, not paused.
func (d *Dossier) working(act string) error {
	if err := d.in(act, Accepted, Processing); err != nil {
		return err
	}
	if d.Paused() {
		return problem.New(problem.Illegal, "err.paused", "act", actKey(act))
	}
	return nil
}

// actKey and stateKey name acts and states for text.T in either language.
func actKey(act string) string { return "key:act." + act }
func stateKey(s State) string  { return "key:state." + string(s) }

// version is the procedure version under which the dossier was received.
func (w World) version(d *Dossier) *pack.Version { return version(w.Law, d) }

func version(law *pack.Pack, d *Dossier) *pack.Version {
	if p, ok := law.Procedure(d.Procedure); ok {
		if v, ok := p.VersionFrom(d.LawFrom); ok {
			return v
		}
	}
	return &pack.Version{}
}

// unitCode is the code of a unit on slips and in commands.
func unitCode(law *pack.Pack, key pack.UnitKey) string {
	u, _ := law.UnitByKey(key)
	return u.Code
}

// rules are the one-stop rules under which the dossier was received.
func (w World) rules(d *Dossier) pack.Rules {
	at := d.ReceivedAt
	if at.IsZero() {
		at = d.FiledAt
	}
	rules, _ := w.Law.Rules(pack.On(at))
	return rules
}

// StepOf is the dossier's present step of the internal process.
func (w World) StepOf(d *Dossier) pack.Step {
	return stepAt(w.version(d), d.Step)
}

func stepAt(v *pack.Version, i int) pack.Step {
	if i < 0 || i >= len(v.Process) {
		return pack.Step{Kind: "return", Role: string(officer.Receptionist), Unit: "desk"}
	}
	return v.Process[i]
}

// unitOf is the unit that does a step for this dossier.
func (w World) unitOf(d *Dossier, s pack.Step) pack.UnitKey {
	switch {
	case s.AtDesk():
		return d.Desk
	case s.Unit == "" || s.Kind == "external":
		return d.Competent
	}
	if u, ok := w.Law.Unit(s.Unit, pack.On(w.Now)); ok {
		return u.Key
	}
	return d.Competent
}

// need adds a fault for an empty required text and for one that is too long.
func need(p *problem.Problem, field, value string) {
	switch {
	case blank(value):
		p.Field(field, "err.required", "field", "key:field."+field)
	case len([]rune(value)) > maxText:
		p.Field(field, "err.too-long", "field", "key:field."+field, "most", maxText)
	}
}

// maxText is the longest free text of an act, in characters.
const maxText = 2000

func blank(s string) bool {
	return strings.TrimSpace(strings.Trim(s, "\u200b\u200c\u200d\ufeff")) == ""
}

func invalid() *problem.Problem { return problem.New(problem.Invalid, "err.summary") }
