package api

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// Summary is a procedure in a list.
type Summary struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Short string `json:"short_name"`
	Field string `json:"field"`
	Why   string `json:"why,omitempty"`
}

// Procedures are the procedures of a day.
type Procedures struct {
	On         pack.Date `json:"on"`
	Law        string    `json:"law"`
	Procedures []Summary `json:"procedures"`
}

// procedures lists or searches the procedures in force on a day.
func procedures(c *call, _ nothing) (Procedures, error) {
	on, err := c.dayAsked("on")
	if err != nil {
		return Procedures{}, err
	}
	limit, err := c.number("limit", 500)
	if err != nil {
		return Procedures{}, err
	}
	out := Procedures{On: on, Law: c.law().Version(), Procedures: []Summary{}}
	field, q := c.query("field"), c.query("q")
	add := func(p *pack.Procedure, why string) {
		if (field == "" || p.Field == field) && len(out.Procedures) < int(cmp.Or(limit, 500)) {
			out.Procedures = append(out.Procedures, Summary{p.Code, p.Name, p.ShortName, p.Field, why})
		}
	}
	if q == "" {
		for _, p := range c.law().Procedures(on) {
			add(p, "")
		}
		return out, nil
	}
	for _, hit := range c.index.of(c.law(), on, c.today()).Search(q, 500) {
		if p, ok := c.law().Procedure(hit.Code); ok {
			add(p, text.T(c.lang, hit.Why.Text(), "words", hit.Words))
		}
	}
	return out, nil
}

// Limit is a limit as law gives it; no amount means that law sets no number.
type Limit struct {
	Amount int    `json:"amount"`
	Unit   string `json:"unit"`
	Count  string `json:"count,omitempty"`
	Text   string `json:"text"`
}

// Case is a variant of a procedure with its limit.
type Case struct {
	Name    string `json:"name"`
	Channel string `json:"channel,omitempty"`
	Limit   *Limit `json:"limit,omitempty"`
	SameDay bool   `json:"same_day,omitempty"`
}

// Component is a paper that the procedure asks for.
type Component struct {
	Name      string `json:"name"`
	Form      string `json:"form,omitempty"`
	Originals int    `json:"originals"`
	Copies    int    `json:"copies"`
	Mandatory bool   `json:"mandatory"`
	Reused    bool   `json:"reused,omitempty"`
	Case      string `json:"case,omitempty"`
}

// FeeRule is one rule of the fee stack that holds on the day.
type FeeRule struct {
	Case     string `json:"case,omitempty"`
	Channel  string `json:"channel"`
	Level    string `json:"level,omitempty"`
	Amount   *int64 `json:"amount,omitempty"`
	Per      string `json:"per,omitempty"`
	Currency string `json:"currency"`
	Kind     string `json:"kind"`
	Basis    string `json:"basis,omitempty"`
	To       string `json:"to,omitempty"`
}

// Step is a step of the internal process.
type Step struct {
	Kind   string  `json:"kind"`
	Role   string  `json:"role"`
	Action string  `json:"action"`
	Hours  float64 `json:"hours"`
}

// Procedure is a procedure as of a day.
type Procedure struct {
	On         pack.Date   `json:"on"`
	Code       string      `json:"code"`
	Name       string      `json:"name"`
	Short      string      `json:"short_name"`
	Field      string      `json:"field"`
	From       pack.Date   `json:"from"`
	To         pack.Date   `json:"to,omitempty"`
	Cases      []Case      `json:"cases"`
	Components []Component `json:"components"`
	Fees       []FeeRule   `json:"fees"`
	FeeCases   []string    `json:"fee_cases"`
	Process    []Step      `json:"process"`
	Bases      []string    `json:"bases"`
	Result     []string    `json:"result"`
}

func procedure(c *call, _ nothing) (Procedure, error) {
	on, err := c.dayAsked("on")
	if err != nil {
		return Procedure{}, err
	}
	p, ok := c.law().Procedure(c.r.PathValue("code"))
	if !ok {
		return Procedure{}, problem.New(problem.NotFound, "err.not-found")
	}
	v, ok := p.On(on)
	if !ok {
		return Procedure{}, problem.New(problem.NotFound, "err.procedure-not-in-force", "procedure", p.ShortName, "from", p.From, "to", p.To)
	}
	out := Procedure{
		On: on, Code: p.Code, Name: p.Name, Short: p.ShortName, Field: p.Field, From: v.From, To: v.To,
		FeeCases: p.FeeCases("counter", on), Bases: v.Bases, Result: p.Result,
	}
	for _, k := range v.Cases {
		out.Cases = append(out.Cases, Case{k.Name, k.Channel, c.limit(k.Limit), k.Same})
	}
	for _, k := range v.Components {
		out.Components = append(out.Components, Component{k.Name, k.Form, k.Originals, k.Copies, k.Mandatory, k.PopulationDB == "yes", k.Case})
	}
	for _, f := range p.Fees {
		if f.Holds(on) {
			per, _ := f.PerUnit()
			out.Fees = append(out.Fees, FeeRule{f.Case, f.Channel, string(f.Level), f.Amount, per, f.Currency, f.Kind, f.Basis, f.To})
		}
	}
	for _, s := range v.Process {
		out.Process = append(out.Process, Step{s.Kind, s.Role, s.Action, s.Hours})
	}
	return out, nil
}

func (c *call) limit(l *lawtime.Limit) *Limit {
	if l == nil {
		return nil
	}
	return &Limit{l.Amount, string(l.Unit), string(l.Count), dossier.LimitWords(c.lang, *l)}
}

// UnitFacts is a unit in the list of units or desks.
type UnitFacts struct {
	Key     pack.UnitKey `json:"key"`
	Code    string       `json:"code"`
	Name    string       `json:"name"`
	Level   string       `json:"level"`
	From    pack.Date    `json:"from"`
	To      pack.Date    `json:"to,omitempty"`
	Parent  string       `json:"parent,omitempty"`
	Desk    bool         `json:"desk"`
	Address string       `json:"address,omitempty"`
	Phone   string       `json:"phone,omitempty"`
}

// Units is the organisation of a day.
type Units struct {
	On    pack.Date   `json:"on"`
	Units []UnitFacts `json:"units"`
}

func units(c *call, _ nothing) (Units, error) {
	return c.organisation((*pack.Pack).Units)
}

func desks(c *call, _ nothing) (Units, error) {
	return c.organisation((*pack.Pack).Desks)
}

func (c *call) organisation(of func(*pack.Pack, pack.Date) []pack.Unit) (Units, error) {
	on, err := c.dayAsked("on")
	if err != nil {
		return Units{}, err
	}
	out := Units{On: on, Units: []UnitFacts{}}
	for _, u := range of(c.law(), on) {
		f := UnitFacts{u.Key, u.Code, u.Name, string(u.Level), u.From, u.To, "", u.Desk != nil, u.Address, u.Phone}
		if above, ok := c.law().Parent(u.Key, on); ok {
			f.Parent = above.Code
		}
		out.Units = append(out.Units, f)
	}
	return out, nil
}

// Period is a pause, both ends as instants.
type Period struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Question asks when something is due: for a procedure at a desk, or for a
// limit on the national calendar.
type Question struct {
	Desk      string    `json:"desk,omitempty"`
	Procedure string    `json:"procedure,omitempty"`
	Case      string    `json:"case,omitempty"`
	Channel   string    `json:"channel,omitempty"`
	Received  time.Time `json:"received"`
	Pauses    []Period  `json:"pauses,omitempty"`
	Limit     string    `json:"limit,omitempty"`
	Count     string    `json:"count,omitempty"`
	Resume    string    `json:"resume,omitempty"`
}

// Deadline is a due date with its proof.
type Deadline struct {
	Due         time.Time   `json:"due"`
	Provisional bool        `json:"provisional,omitempty"`
	Proof       []ProofStep `json:"proof"`
}

// ProofStep is one sentence of the proof.
type ProofStep struct {
	Kind string    `json:"kind"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Text string    `json:"text"`
	Law  string    `json:"law"`
}

func (c *call) deadline(a lawtime.Answer) Deadline {
	out := Deadline{Due: a.Due, Provisional: a.Provisional, Proof: []ProofStep{}}
	for _, s := range a.Steps {
		out.Proof = append(out.Proof, ProofStep{string(s.Kind), s.From, s.To, text.T(c.lang, s.Key, s.Args...), s.Law})
	}
	return out
}

// due answers as quay20 deadline does, from the law in force now.
func due(c *call, in Question) (Deadline, error) {
	q, err := in.question(c.law())
	if err != nil {
		return Deadline{}, refused(err)
	}
	a, err := lawtime.Due(q)
	if err != nil {
		return Deadline{}, refused(err)
	}
	return c.deadline(a), nil
}

// question turns what was asked into a question to law time; every fault is
// named at once.
func (in Question) question(law *pack.Pack) (q lawtime.Question, err error) {
	if err := in.check(); err != nil {
		return q, err
	}
	a := pack.Asked{
		Desk: in.Desk, Procedure: in.Procedure, Case: in.Case, Channel: cmp.Or(in.Channel, "counter"), Limit: in.Limit, Received: in.Received,
		Count: lawtime.Count(in.Count), Resume: lawtime.Resume(in.Resume),
	}
	for _, p := range in.Pauses {
		a.Pauses = append(a.Pauses, lawtime.Pause{From: p.From, To: p.To})
	}
	return law.Asked(a)
}

// pausesMost is how many pauses one question may hold.
const pausesMost = 100

func (in Question) check() error {
	p := problem.New(problem.Invalid, "err.summary")
	if in.Received.IsZero() {
		p.Field("received", "api.err.instant")
	}
	if !slices.Contains([]string{"", "counter", "online", "post"}, in.Channel) {
		p.Field("channel", "err.choose", "field", "key:field.channel")
	}
	if !slices.Contains([]lawtime.Count{"", lawtime.Instant, lawtime.NextDay}, lawtime.Count(in.Count)) {
		p.Field("count", "api.err.count")
	}
	if !slices.Contains([]lawtime.Resume{"", lawtime.Shift, lawtime.Restart}, lawtime.Resume(in.Resume)) {
		p.Field("resume", "api.err.resume")
	}
	if len(in.Pauses) > pausesMost {
		p.Field("pauses", "api.err.number", "most", pausesMost)
	}
	switch {
	case (in.Procedure == "") == (in.Limit == ""):
		p.Field("procedure", "api.err.limit-or-procedure")
	case in.Procedure != "" && in.Desk == "":
		p.Field("desk", "api.err.desk")
	}
	return p.Or()
}

// refused makes a problem of what law time refuses.
func refused(err error) error {
	var e *lawtime.Error
	if errors.As(err, &e) {
		return problem.New(problem.Invalid, e.Key, e.Args...)
	}
	return err
}

// blank reports a text in which a person sees nothing.
func blank(s string) bool {
	return strings.TrimSpace(strings.Trim(s, "\u200b\u200c\u200d\ufeff")) == ""
}
