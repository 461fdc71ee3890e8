package pack

import "slices"

// Fee is what a dossier costs on a day and which rule says so. Rules of the
// day whose channel matches compete; "post" pays as "counter". A rule for the
// channel goes before one for "any"; a reduction replaces the base, and of
// several reductions the lowest applies. If the procedure has several fee cases
// that day and ask.Case names none of them, the fee is unknown and Choices
// lists them. Fee cases are not the cases of the limit: a list of people costs
// less than a single one, but takes as long. Where no source says anything
// (FeeStatus none_listed) the fee is 0 without a rule.
func (p *Procedure) Fee(ask Ask) Fee {
	if p.FeeStatus == "free" {
		return Fee{Known: true, Currency: "VND"}
	}
	cases := p.FeeCases(ask.Channel, ask.On)
	name := ask.Case
	if !slices.Contains(cases, name) {
		switch len(cases) {
		case 0:
			return Fee{Known: p.FeeStatus == "none_listed", Currency: "VND"}
		case 1:
			name = cases[0]
		default:
			return Fee{Currency: "VND", Choices: cases}
		}
	}
	var base, reduction *FeeRule
	for i := range p.Fees {
		r := &p.Fees[i]
		switch {
		case r.Case != name || !r.applies(ask.Channel, ask.On):
		case r.Kind == "reduction":
			if reduction == nil || r.below(reduction) {
				reduction = r
			}
		case base == nil || base.Channel == "any" && r.Channel != "any":
			base = r
		}
	}
	if reduction == nil {
		return base.fee(nil)
	}
	return reduction.fee(base)
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

func (r *FeeRule) applies(channel string, on Date) bool {
	if channel == "post" {
		channel = "counter"
	}
	return r.Holds(on) && (r.Channel == "any" || channel == "" || r.Channel == channel)
}

func (r *FeeRule) below(other *FeeRule) bool {
	return r.Amount != nil && (other.Amount == nil || *r.Amount < *other.Amount)
}

func (r *FeeRule) fee(replaced *FeeRule) Fee {
	f := Fee{Known: r.Amount != nil, Currency: r.Currency, Rule: r, Replaced: replaced}
	if f.Known {
		f.Amount = *r.Amount
	}
	return f
}
