package national

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/lawtime"
	"quay20/internal/pack"
)

// LintPack makes the worklist of a pack: the procedures in force on the day, by
// code. It reports what the pack's check lets pass, because a province may have
// to live with it for a time.
func LintPack(law *pack.Pack, on pack.Date) []Finding {
	l := &linter{law: law, on: on}
	procs := law.Procedures(on)
	slices.SortFunc(procs, func(a, b *pack.Procedure) int { return strings.Compare(a.Code, b.Code) })
	for _, p := range procs {
		v, _ := p.On(on)
		l.packLimits(p, v)
		l.packFees(p)
		l.packActs(p, v)
		l.packLevels(p, v)
	}
	return l.found
}

func (l *linter) addPack(p *pack.Procedure, field, kind, sentence string, args ...any) {
	l.found = append(l.found, Finding{Code: p.Code, Name: p.Name, Field: field, Kind: kind, Sentence: flat(short(sentence, 400)), Args: args})
}

// packLimits asks for a number where the pack says without proof that the law
// sets none, and adds legs up.
func (l *linter) packLimits(p *pack.Procedure, v *pack.Version) {
	for _, c := range v.Cases {
		if c.Limit == nil && !c.Same && len(v.Legs) == 0 && !v.Verified {
			l.addPack(p, "limits", NoLimit, noted(c.Name, c.Note))
		}
	}
	if len(v.Legs) == 0 || len(v.Cases) != 1 || v.Cases[0].Limit == nil {
		return
	}
	var parts []string
	sum := 0
	for _, leg := range v.Legs {
		if leg.Limit.Unit != v.Cases[0].Limit.Unit {
			return
		}
		sum += leg.Limit.Amount
		parts = append(parts, printedLimit(leg.Limit))
	}
	if sum != v.Cases[0].Limit.Amount {
		l.addPack(p, "limits", LimitClash, "["+printedLimit(*v.Cases[0].Limit)+"] "+strings.Join(parts, " + ")+" = "+
			printedLimit(lawtime.Limit{Amount: sum, Unit: v.Cases[0].Limit.Unit}))
	}
}

func (l *linter) packFees(p *pack.Procedure) {
	switch {
	case p.FeeStatus == "none_listed":
		l.addPack(p, "fees", NoFee, "fee_status: "+p.FeeStatus)
		return
	case p.FeeStatus == "listed" && !slices.ContainsFunc(p.Fees, func(r pack.FeeRule) bool { return r.Holds(l.on) }):
		last := ""
		for _, r := range p.Fees {
			last = max(last, r.To)
		}
		l.addPack(p, "fees", NoFee, "fees.yaml: to "+cmp.Or(last, "–"))
		return
	}
	for i, r := range p.Fees {
		if !r.Holds(l.on) {
			continue
		}
		if r.Amount == nil {
			l.addPack(p, "fees", FeeUnknown, noted(r.Case, r.Note))
		}
		if args, act, ok := l.over(r.Basis); ok {
			l.addPack(p, "fees", ActOver, rule(r), args...)
			l.cite(act)
		}
		for _, o := range p.Fees[:i] {
			same := o.Case == r.Case && o.Kind == r.Kind && (o.Channel == r.Channel || r.Kind == "reduction" && (o.Channel == "any" || r.Channel == "any"))
			if same && o.Holds(l.on) {
				l.addPack(p, "fees", FeeOverlap, rule(o)+" ≠ "+rule(r))
			}
		}
	}
}

// noted is a case with its note.
func noted(name, note string) string {
	if note == "" {
		return name
	}
	return name + ": " + note
}

// rule is a fee rule for a worklist.
func rule(r pack.FeeRule) string {
	return r.Case + " (" + r.Channel + "): " + money(r) + " " + r.Basis
}

func (l *linter) packActs(p *pack.Procedure, v *pack.Version) {
	for _, number := range v.Bases {
		if args, id, ok := l.over(number); ok {
			act, _ := l.law.Instrument(id)
			l.addPack(p, "bases", ActOver, number+" "+act.Name, args...)
			l.cite(id)
		}
	}
	for _, c := range v.Components {
		if args, act, ok := l.over(actOf(c.Form)); ok {
			l.addPack(p, "papers", ActOver, c.Name+" "+c.Form, args...)
			l.cite(act)
		}
	}
}

var formAct = regexp.MustCompile(`\(\D* (\d+/\d{4}/[^)\s]+)\)`)

// actOf is the instrument of a form, "CT01 (Thông tư 56/2021/TT-BCA)".
func actOf(form string) string {
	if m := formAct.FindStringSubmatch(form); m != nil {
		return m[1]
	}
	return ""
}

func (l *linter) packLevels(p *pack.Procedure, v *pack.Version) {
	law, over := l.ended(pack.District)
	if !over {
		return
	}
	add := func(field, text string) {
		if at := districtText.FindString(text); at != "" {
			l.addPack(p, field, LevelOver, sentenceWith(text, at), "law", law)
			l.cite(law)
		}
	}
	for i, c := range p.Competence {
		if c.Holds(l.on) {
			if c.Level == pack.District {
				l.addPack(p, "authority", LevelOver, "competence["+strconv.Itoa(i)+"]: "+c.Receives, "law", law)
				l.cite(law)
			} else {
				add("authority", c.Receives)
			}
		}
	}
	for _, s := range v.Steps {
		add("steps", s)
	}
	for _, c := range v.Components {
		add("papers", c.Name)
	}
	for _, s := range v.Conditions {
		add("conditions", s)
	}
}
