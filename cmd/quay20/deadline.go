package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
	"quay20/packs"
)

// Deadline computes a due date from the shipped law, without a database.
type Deadline struct {
	Desk      string   `help:"Code of the desk that receives, as of the day: 12-Q20, 03387." placeholder:"CODE"`
	Procedure string   `help:"Code of the procedure: 1.004222." placeholder:"CODE"`
	Case      string   `help:"Case of the procedure; the first if left out." placeholder:"NAME"`
	Channel   string   `help:"How it was filed: counter, online, post." default:"counter" enum:"counter,online,post"`
	Received  string   `help:"When the complete dossier was received: 2026-05-08T09:30:00+07:00." placeholder:"RFC3339"`
	Pause     []string `help:"A pause, both ends as RFC 3339; may be repeated." placeholder:"FROM/TO" sep:"none"`
	Limit     string   `help:"Instead of a procedure, a limit on the national calendar: \"3 working_day\"." placeholder:"LIMIT"`
	Count     string   `help:"Count instant or next-day instead of what the law says." placeholder:"HOW"`
	Resume    string   `help:"After a pause shift or restart instead of what the law says." placeholder:"HOW"`
	JSON      bool     `name:"json" help:"Print JSON."`
}

func (c *Deadline) Help() string {
	return `Examples:
  quay20 deadline --desk 12-Q20 --procedure 1.004222 --received 2026-02-12T09:00:00+07:00
  quay20 deadline --limit "3 working_day" --received 2026-02-13T15:00:00+07:00 --json
  quay20 deadline --desk 12-Q20 --procedure 1.004222 --received 2025-08-04T08:00:00+07:00 \
    --pause 2025-08-06T10:00:00+07:00/2025-08-11T08:00:00+07:00`
}

// answer is what --json prints.
type answer struct {
	Due         string      `json:"due"`
	Provisional bool        `json:"provisional,omitempty"`
	Proof       []proofStep `json:"proof"`
}

type proofStep struct {
	Kind string `json:"kind"`
	From string `json:"from"`
	To   string `json:"to"`
	Text string `json:"text"`
	Law  string `json:"law"`
}

func (c *Deadline) Run(std Std, lang text.Lang) error {
	law, err := packs.LaiChau()
	if err != nil {
		return fmt.Errorf("reading the law: %w", err)
	}
	q, err := c.question(law)
	if err != nil {
		return err
	}
	got, err := lawtime.Due(q)
	if err != nil {
		return refused(err)
	}
	a := answer{Due: stamp(got.Due), Provisional: got.Provisional, Proof: []proofStep{}}
	for _, s := range got.Steps {
		a.Proof = append(a.Proof, proofStep{string(s.Kind), stamp(s.From), stamp(s.To), text.T(lang, s.Key, s.Args...), s.Law})
	}
	if c.JSON {
		e := json.NewEncoder(std.Out)
		e.SetEscapeHTML(false)
		return e.Encode(a)
	}
	for _, s := range a.Proof {
		fmt.Fprintf(std.Out, "%s", s.Text)
		if s.Law != "" {
			fmt.Fprintf(std.Out, " [%s]", s.Law)
		}
		fmt.Fprintln(std.Out)
	}
	fmt.Fprintln(std.Out, a.Due)
	return nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(pack.Zone).Format(time.RFC3339)
}

// question turns the flags into a question to law time; every fault is named.
func (c *Deadline) question(law *pack.Pack) (lawtime.Question, error) {
	var q lawtime.Question
	p := problem.New(problem.Invalid, "err.summary")
	received, err := time.Parse(time.RFC3339, c.Received)
	if err != nil {
		p.Field("received", "cli.err.instant", "value", c.Received)
	}
	switch c.Count {
	case "", string(lawtime.Instant), string(lawtime.NextDay):
	default:
		p.Field("count", "cli.err.count", "value", c.Count)
	}
	switch c.Resume {
	case "", string(lawtime.Shift), string(lawtime.Restart):
	default:
		p.Field("resume", "cli.err.resume", "value", c.Resume)
	}
	pauses := c.pauses(p)
	switch {
	case c.Procedure != "" && c.Limit != "":
		p.Field("limit", "cli.err.limit-or-procedure")
	case c.Procedure == "" && c.Limit == "":
		p.Field("procedure", "cli.err.limit-or-procedure")
	case c.Procedure != "" && c.Desk == "":
		p.Field("desk", "cli.err.desk")
	case c.Limit != "" && c.Case != "":
		p.Field("case", "cli.err.case")
	}
	if err := p.Or(); err != nil {
		return q, err
	}
	q, err = law.Asked(pack.Asked{
		Desk: c.Desk, Procedure: c.Procedure, Case: c.Case, Channel: c.Channel, Limit: c.Limit, Received: received,
		Pauses: pauses, Count: lawtime.Count(c.Count), Resume: lawtime.Resume(c.Resume),
	})
	return q, refused(err)
}

// pauses reads FROM/TO pairs.
func (c *Deadline) pauses(p *problem.Problem) []lawtime.Pause {
	var list []lawtime.Pause
	for _, s := range c.Pause {
		from, to, ok := strings.Cut(s, "/")
		a, err1 := time.Parse(time.RFC3339, from)
		b, err2 := time.Parse(time.RFC3339, to)
		if !ok || err1 != nil || err2 != nil {
			p.Field("pause", "cli.err.pause", "value", s)
			continue
		}
		list = append(list, lawtime.Pause{From: a, To: b})
	}
	return list
}

// refused makes a problem of what law time refuses.
func refused(err error) error {
	var e *lawtime.Error
	if errors.As(err, &e) {
		return problem.New(problem.Invalid, e.Key, e.Args...)
	}
	return err
}

// writeProblem prints a problem as RFC 9457 problem details.
func writeProblem(w io.Writer, lang text.Lang, p *problem.Problem) {
	type field struct {
		Field string `json:"field"`
		Code  string `json:"code"`
		Text  string `json:"text"`
	}
	doc := struct {
		Type   string   `json:"type"`
		Title  string   `json:"title"`
		Status int      `json:"status"`
		Code   string   `json:"code"`
		Law    string   `json:"law,omitempty"`
		Fields []field  `json:"errors,omitempty"`
		Acts   []string `json:"allowed,omitempty"`
	}{"about:blank", text.Problem(lang, p), p.Status(), p.Key, p.Law, nil, p.Allowed}
	for _, f := range p.Fields {
		doc.Fields = append(doc.Fields, field{f.Name, f.Key, text.Field(lang, f)})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(doc) // standard error is the last resort
}
