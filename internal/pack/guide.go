package pack

import (
	"fmt"
	"slices"
	"strings"
)

// Guide are our own plain words about a procedure (hướng dẫn): steps, and
// questions by which people find their case. It is not law: pages mark it as
// ours, and where a version no longer knows what a guide names, the guide is
// silent.
type Guide struct {
	From      Date // first day of the content it was written for
	Steps     []string
	Questions []Question
}

// Question asks for one thing that papers, limit or fee depend on (câu hỏi).
type Question struct {
	Key     string // in the address: "viec"
	Ask     string
	Hint    string
	Answers []Answer
}

// Answer is one answer and what it means.
type Answer struct {
	Key     string // in the address: "mat"
	Say     string
	Case    string   // of the limit
	Fee     string   // fee case
	Papers  []string // cases of components that apply
	Stop    string   // why the procedure does not fit; nothing more is asked
	Instead string   // the procedure that does, by code
}

// Given is an answered question.
type Given struct {
	Question *Question
	Answer   *Answer // nil: not sure
}

// Narrowed is what the answers given so far make of a procedure.
type Narrowed struct {
	Given []Given
	Next  *Question // nil: nothing more to ask
	Stop  *Answer
	Case  string   // "" if no answer says
	Fee   string   //
	Yes   []string // cases of components that apply
	No    []string // those that were asked for and do not
}

// Unsure is the answer of who cannot tell.
const Unsure = "khong-chac"

// Narrow reads answers by the keys of their questions; an unknown answer counts
// as none.
func (g *Guide) Narrow(answers func(key string) string) Narrowed {
	var n Narrowed
	if g == nil {
		return n
	}
	open := map[string]bool{}
	for i := range g.Questions {
		q := &g.Questions[i]
		given, ok := q.given(answers(q.Key))
		switch {
		case n.Stop != nil:
		case ok:
			n.take(given)
		case n.Next == nil:
			n.Next = q
		}
		if !ok || given.Answer == nil {
			for _, label := range q.labels() {
				open[label] = true
			}
		}
	}
	if n.Stop != nil {
		n.Next = nil
	}
	for i := range g.Questions {
		for _, label := range g.Questions[i].labels() {
			if !open[label] && !slices.Contains(n.Yes, label) && !slices.Contains(n.No, label) {
				n.No = append(n.No, label)
			}
		}
	}
	return n
}

func (n *Narrowed) take(g Given) {
	n.Given = append(n.Given, g)
	a := g.Answer
	if a == nil {
		return
	}
	if a.Case != "" {
		n.Case = a.Case
	}
	if a.Fee != "" {
		n.Fee = a.Fee
	}
	n.Yes = append(n.Yes, a.Papers...)
	if a.Stop != "" {
		n.Stop = a
	}
}

func (q *Question) given(key string) (Given, bool) {
	if key == Unsure {
		return Given{q, nil}, true
	}
	for i := range q.Answers {
		if a := &q.Answers[i]; a.Key == key {
			return Given{q, a}, true
		}
	}
	return Given{}, false
}

// labels are the cases of components that the question decides on.
func (q *Question) labels() []string {
	var all []string
	for _, a := range q.Answers {
		for _, label := range a.Papers {
			if !slices.Contains(all, label) {
				all = append(all, label)
			}
		}
	}
	return all
}

// GuideOn is the guide if it fits the version: the version is not older than
// it, and knows every case that it names.
func (p *Procedure) GuideOn(v *Version) *Guide {
	if p.Guide == nil || v.To != "" && v.To < p.Guide.From || p.guideFault(v) != "" {
		return nil
	}
	return p.Guide
}

// guideFault is a case that the guide names and the version does not know. A
// fee case need not hold on each of its days.
func (p *Procedure) guideFault(v *Version) string {
	from := Span{From: max(v.From, p.Guide.From), To: v.To}
	for _, q := range p.Guide.Questions {
		for _, a := range q.Answers {
			switch {
			case a.Case != "" && !slices.ContainsFunc(v.Cases, func(c Case) bool { return c.Name == a.Case }):
				return a.Case
			case a.Fee != "" && !slices.ContainsFunc(p.Fees, func(f FeeRule) bool { return f.Case == a.Fee && overlap(f.Span, from) }):
				return a.Fee
			}
			for _, label := range a.Papers {
				if !slices.ContainsFunc(v.Components, func(c Component) bool { return c.Case == label }) {
					return label
				}
			}
		}
	}
	return ""
}

// checkGuide wants short steps, two answers at least to a question, and cases
// that the version of its first day knows.
func (r *reader) checkGuide(p *Procedure) {
	g := p.Guide
	if g == nil {
		return
	}
	s := r.on("guide %s", p.Code)
	s.span(Span{From: g.From})
	if len(g.Steps) > 6 {
		s.at("steps").fault("pack.fault.guide-steps", "pack.fix.guide-steps", "n", len(g.Steps))
	}
	keys := map[string]bool{}
	for i, q := range g.Questions {
		at := s.at("questions[%d]", i)
		at.need("ask", q.Ask)
		if len(q.Answers) < 2 || len(g.Questions) > 6 {
			at.fault("pack.fault.guide-answers", "pack.fix.guide-answers")
		}
		at.addressKey(q.Key, keys)
		own := map[string]bool{Unsure: true}
		for n, a := range q.Answers {
			at := at.at("answers[%d]", n)
			at.need("say", a.Say)
			at.addressKey(a.Key, own)
			if a.Instead != "" && r.pack.procs[a.Instead] == nil {
				at.at("instead").fault("pack.fault.procedure", "pack.fix.procedure", "code", a.Instead)
			}
		}
	}
	v, ok := p.On(g.From)
	if !ok {
		s.at("from").fault("pack.fault.guide-version", "pack.fix.guide-version", "from", g.From)
	} else if unknown := p.guideFault(v); unknown != "" {
		s.fault("pack.fault.guide-case", "pack.fix.guide-case", "case", unknown, "from", v.From)
	}
}

// addressKey wants small letters, digits and dashes, each key once, and none
// that pages use themselves.
func (s spot) addressKey(key string, taken map[string]bool) {
	plain := key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	if !plain || taken[key] || slices.Contains([]string{"ngay", "truong-hop", "phi", "giay", "xa", "lang", "cau"}, key) {
		s.fault("pack.fault.guide-key", "pack.fix.guide-key", "key", fmt.Sprintf("%q", key))
	}
	taken[key] = true
}
