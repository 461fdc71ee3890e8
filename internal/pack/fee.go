package pack

import (
	"cmp"
	"slices"
)

// Fee is what a dossier costs on a day, which rule says so and until when.
// Rules of the day whose case, channel and level match compete; "post" pays as
// "counter". A base for the channel goes before one for "any", then one for the
// level before one for every level. A reduction (mức giảm) takes the place of
// the base while it lasts: of several the lowest, and only if it is lower than
// the base. What a rule asks per person, vehicle or copy is taken ask.Count
// times.
//
// If the procedure has several fee cases that day and ask.Case names none of
// them, the fee is unknown and Choices lists them; if it depends on the level
// and ask.Level is empty, Levels does. Fee cases are not the cases of the limit:
// a list of people costs less than a single one, but takes as long. Where no
// source says anything (FeeStatus none_listed) the fee is 0 without a rule.
func (p *Procedure) Fee(ask Ask) Fee {
	f := p.feeOn(ask)
	if f.Rule == nil {
		return f
	}
	for _, day := range p.feeDays(ask.On) {
		ask.On = day
		if next := p.feeOn(ask); next.Rule != f.Rule {
			f.Until = before(day)
			if next.Rule != nil && next.Rule.Case == f.Rule.Case {
				f.Next = &next
			}
			break
		}
	}
	return f
}

// feeOn is Fee without what comes after it.
func (p *Procedure) feeOn(ask Ask) Fee {
	if p.FeeStatus == "free" {
		return Fee{Known: true, Currency: "VND"}
	}
	name, answer := p.feeCase(ask)
	if answer != nil {
		return *answer
	}
	var base, reduction *FeeRule
	var levels []Level
	for i := range p.Fees {
		r := &p.Fees[i]
		switch {
		case r.Case != name || !r.applies(ask.Channel, ask.On):
		case ask.Level == "" && r.Level != "":
			levels = append(levels, r.Level)
		case r.Level != "" && r.Level != ask.Level:
		case r.Kind == "reduction":
			if reduction == nil || r.below(reduction) {
				reduction = r
			}
		case base == nil || r.closer(base):
			base = r
		}
	}
	switch {
	case len(levels) > 0:
		slices.Sort(levels)
		return Fee{Currency: "VND", Levels: slices.Compact(levels)}
	case base == nil && reduction == nil: // rules of other levels only
		return Fee{Known: p.FeeStatus == "none_listed", Currency: "VND"}
	case reduction != nil && (base == nil || base.Amount == nil || reduction.below(base)):
		return reduction.fee(base, ask.Count)
	}
	return base.fee(nil, ask.Count)
}

// feeCase is the fee case that ask means, or the answer if there is none.
func (p *Procedure) feeCase(ask Ask) (string, *Fee) {
	cases := p.FeeCases(ask.Channel, ask.On)
	switch {
	case slices.Contains(cases, ask.Case):
		return ask.Case, nil
	case len(cases) == 1:
		return cases[0], nil
	case len(cases) == 0:
		return "", &Fee{Known: p.FeeStatus == "none_listed", Currency: "VND"}
	}
	return "", &Fee{Currency: "VND", Choices: cases}
}

// feeDays are the days after on on which a rule of the stack begins or is over.
func (p *Procedure) feeDays(on Date) []Date {
	var days []Date
	for _, r := range p.Fees {
		for _, day := range []Date{r.From, after(r.To)} {
			if day > on {
				days = append(days, day)
			}
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// FeeCases are the fee cases with a rule on that day for the channel, in the
// order of the stack.
func (p *Procedure) FeeCases(channel string, on Date) []string {
	var cases []string
	for i := range p.Fees {
		if r := &p.Fees[i]; r.applies(channel, on) && !slices.Contains(cases, r.Case) {
			cases = append(cases, r.Case)
		}
	}
	return cases
}

// FeeLevel is the level of the fee rules that a unit's dossiers fall under: a
// department and a counter are the province.
func FeeLevel(l Level) Level {
	if l == Department || l == Counter {
		return Province
	}
	return l
}

// PerUnit reports whether the amount is for each of several things in one
// dossier (giấy, người, chiếc) and names them; "lần" is the dossier itself.
func (r *FeeRule) PerUnit() (what string, several bool) {
	return r.Per, r.Per != "" && r.Per != "lần"
}

func (r *FeeRule) applies(channel string, on Date) bool {
	if channel == "post" {
		channel = "counter"
	}
	return r.Holds(on) && (r.Channel == "any" || channel == "" || r.Channel == channel)
}

// closer reports whether a base rule fits better than another that matches too.
func (r *FeeRule) closer(other *FeeRule) bool {
	rank := func(r *FeeRule) int {
		n := 0
		if r.Channel != "any" {
			n += 2
		}
		if r.Level != "" {
			n++
		}
		return n
	}
	return rank(r) > rank(other)
}

func (r *FeeRule) below(other *FeeRule) bool {
	return r.Amount != nil && (other.Amount == nil || *r.Amount < *other.Amount)
}

func (r *FeeRule) fee(replaced *FeeRule, count int64) Fee {
	f := Fee{Known: r.Amount != nil, Currency: r.Currency, Rule: r, Replaced: replaced}
	if !f.Known {
		return f
	}
	f.Amount = *r.Amount
	if _, several := r.PerUnit(); several {
		f.Amount *= max(1, cmp.Or(count, 1))
	}
	return f
}
