package pack

import "fmt"

func (r *reader) checkProcedures() {
	aliases := map[string]string{}
	for i := range r.all.Procedures {
		p := &r.all.Procedures[i]
		if _, ok := r.at["procedure "+p.Code]; !ok {
			r.fault("procedures/"+p.Code+"/procedure.yaml", 1, "pack.fault.no-procedure", "pack.fix.no-procedure")
			continue
		}
		r.checkProcedure(p, aliases)
	}
}

// checkProcedure checks one procedure and adds its aliases to those known.
func (r *reader) checkProcedure(p *Procedure, aliases map[string]string) {
	s := r.on("procedure %s", p.Code)
	s.need("name", p.Name)
	s.need("short_name", p.ShortName)
	s.span(p.Span)
	s.oneOf("code_kind", p.CodeKind, "national", "local")
	s.oneOf("fee_status", p.FeeStatus, "listed", "free", "none_listed")
	if p.Popularity < 1 || p.Popularity > 3 {
		s.at("popularity").fault("pack.fault.word", "pack.fix.word", "key", "popularity", "value", p.Popularity, "words", "1, 2, 3")
	}
	if _, ok := r.pack.Field(p.Field); !ok {
		s.at("field").fault("pack.fault.field", "pack.fix.field", "field", p.Field)
	}
	r.checkLinks(s, p)
	for n, alias := range p.Aliases {
		if other, twice := aliases[alias]; twice {
			s.at("aliases[%d]", n).fault("pack.fault.alias-twice", "pack.fix.alias-twice", "alias", alias, "code", other)
		}
		aliases[alias] = p.Code
	}
	r.checkCompetence(s, p)
	r.checkFees(p)
	r.checkVersions(s, p)
	r.checkGuide(p)
}

func (r *reader) checkLinks(s spot, p *Procedure) {
	for key, codes := range map[string][]string{"before": p.Before, "after": p.After} {
		for i, code := range codes {
			if r.pack.procs[code] == nil {
				s.at("%s[%d]", key, i).fault("pack.fault.procedure", "pack.fix.procedure", "code", code)
			}
		}
	}
}

// checkCompetence wants somebody to be competent on every day, and every row to
// name units that lived then. rel-B-P07
func (r *reader) checkCompetence(s spot, p *Procedure) {
	var spans []Span
	for i, row := range p.Competence {
		at := s.at("competence[%d]", i)
		at.span(row.Span)
		at.need("receives", row.Receives)
		at.cite("law", row.Law)
		at.oneOf("level", string(row.Level), string(Province), string(District), string(Commune))
		if row.Level == Province {
			at.department("unit", row.Unit)
		}
		for n, code := range row.Units {
			if !r.existed(code, row.Span) {
				at.at("units[%d]", n).fault("pack.fault.unit", "pack.fix.unit", "unit", code)
			}
		}
		spans = append(spans, row.Span)
	}
	if !covers(p.Span, spans) {
		s.at("competence").fault("pack.fault.nobody", "pack.fix.nobody", "code", p.Code)
	}
}

// checkFees wants one rule of a kind per case, channel and day.
func (r *reader) checkFees(p *Procedure) {
	s := r.on("fees %s", p.Code)
	if s.file == "" {
		if p.FeeStatus == "listed" {
			r.on("procedure %s", p.Code).at("fee_status").fault("pack.fault.no-fees", "pack.fix.no-fees")
		}
		return
	}
	for i, f := range p.Fees {
		at := s.at("fees[%d]", i)
		at.need("case", f.Case)
		at.span(f.Span)
		at.at("basis").basis(f.Basis)
		at.oneOf("channel", f.Channel, "any", "counter", "online")
		at.oneOf("kind", f.Kind, "base", "reduction")
		at.oneOf("currency", f.Currency, "VND", "USD")
		if f.Level != "" {
			at.oneOf("level", string(f.Level), string(Province), string(District), string(Commune))
		}
		if f.Amount != nil && *f.Amount < 0 {
			at.at("amount").fault("pack.fault.amount", "pack.fix.amount", "value", *f.Amount)
		}
		if f.Kind == "reduction" && (f.Amount == nil || f.To == "") {
			at.fault("pack.fault.reduction", "pack.fix.reduction", "case", f.Case)
		}
		for n := range p.Fees[:i] {
			r.checkFeePair(at, &p.Fees[n], &p.Fees[i])
		}
	}
}

// checkFeePair wants no two rules of one kind to answer the same question on a
// day, and a reduction to lower the base that it replaces, in its currency.
func (r *reader) checkFeePair(at spot, a, b *FeeRule) {
	if a.Case != b.Case || !overlap(a.Span, b.Span) {
		return
	}
	if a.Kind == b.Kind {
		if a.Channel == b.Channel && a.Level == b.Level {
			at.fault("pack.fault.fee-twice", "pack.fix.fee-twice", "case", b.Case, "channel", b.Channel)
		}
		return
	}
	base, less := a, b
	if a.Kind == "reduction" {
		base, less = b, a
	}
	meet := base.Channel == less.Channel || base.Channel == "any" || less.Channel == "any"
	switch {
	case !meet || base.Level != "" && less.Level != "" && base.Level != less.Level:
	case base.Currency != less.Currency:
		at.fault("pack.fault.fee-currency", "pack.fix.fee-currency", "case", b.Case)
	case base.Amount != nil && less.Amount != nil && base.Channel == less.Channel && base.Level == less.Level && *less.Amount > *base.Amount:
		at.fault("pack.fault.fee-raises", "pack.fix.fee-raises", "case", b.Case, "amount", *less.Amount, "base", *base.Amount)
	}
}

// checkVersions wants a version on every day of the procedure and no two on
// one. rel-B-P05
func (r *reader) checkVersions(s spot, p *Procedure) {
	if len(p.Versions) == 0 {
		s.fault("pack.fault.no-version", "pack.fix.no-version")
		return
	}
	if first := p.Versions[0].From; first != p.From {
		s.at("from").fault("pack.fault.first-version", "pack.fix.first-version", "from", p.From, "first", first)
	}
	last := p.Versions[len(p.Versions)-1]
	if last.To != p.To {
		r.on("%s", versionName(p.Code, last)).at("to").fault("pack.fault.last-version", "pack.fix.last-version", "to", p.To, "last", last.To)
	}
	for i := range p.Versions {
		v := &p.Versions[i]
		at := r.on("%s", versionName(p.Code, *v))
		at.need("from", v.From)
		at.span(v.Span)
		if i+1 < len(p.Versions) {
			at.follows(v.Span, p.Versions[i+1].Span)
		}
		at.cases(v)
		at.channels(v)
		at.process(v)
		for n, number := range v.Bases {
			at.at("bases[%d]", n).basis(number)
		}
		at.date("unchanged_to", v.UnchangedTo)
	}
}

// cases wants at least one case, and for each one limit, or the word that the
// law sets none. rel-B-P04
func (s spot) cases(v *Version) {
	if len(v.Cases) == 0 {
		s.fault("pack.fault.no-case", "pack.fix.no-case")
	}
	seen := map[string]bool{}
	for i, c := range v.Cases {
		at := s.at("cases[%d]", i)
		at.need("name", c.Name)
		if c.Channel != "" {
			at.oneOf("channel", c.Channel, "counter", "online", "post")
		}
		if name := c.Name + "/" + c.Channel; seen[name] {
			at.fault("pack.fault.two-limits", "pack.fix.two-limits", "case", c.Name)
		} else {
			seen[name] = true
		}
		if c.Limit != nil {
			at.limit("limit", *c.Limit)
		} else if len(v.Legs) == 0 && !at.at("limit").said() {
			at.fault("pack.fault.limit-missing", "pack.fix.limit-missing", "case", c.Name)
		}
	}
	for i, leg := range v.Legs {
		at := s.at("legs[%d]", i)
		at.need("name", leg.Name)
		at.limit("limit", leg.Limit)
		at.unit(leg.Unit, v.Span, "", "desk", "external")
	}
	if v.Extension != nil {
		s.limit("extension.ceiling", v.Extension.Ceiling)
		s.cite("extension.law", v.Extension.Law)
	}
	if v.SupplementEnd.Unit != "" {
		s.limit("supplement_end", v.SupplementEnd)
	}
}

func (s spot) channels(v *Version) {
	if len(v.Channels) == 0 {
		s.fault("pack.fault.missing", "pack.fix.missing", "key", "channels")
	}
	for i, c := range v.Channels {
		at := s.at("channels[%d]", i)
		at.oneOf("kind", c.Kind, "counter", "online", "post")
		if c.Kind == "online" {
			at.oneOf("online", c.Online, "full", "partial")
		}
	}
	for i, c := range v.Components {
		at := s.at("components[%d]", i)
		at.need("name", c.Name)
		at.oneOf("population_db", c.PopulationDB, "yes", "partial", "no")
		if c.Originals < 0 || c.Copies < 0 {
			at.fault("pack.fault.amount", "pack.fix.amount", "value", fmt.Sprint(c.Originals, c.Copies))
		}
	}
}

// process wants steps in order, each with time, that begin with reception.
func (s spot) process(v *Version) {
	if v.ProcessOurs {
		return
	}
	for i, step := range v.Process {
		at := s.at("process[%d]", i)
		at.need("action", step.Action)
		at.oneOf("role", step.Role, "receptionist", "processor", "approver", "external")
		at.oneOf("kind", step.Kind, "receive", "process", "approve", "return", "external")
		at.unit(step.Unit, v.Span, "", "desk", "external")
		if step.Hours <= 0 {
			at.at("hours").fault("pack.fault.hours", "pack.fix.hours", "value", step.Hours)
		}
		if step.Order != i+1 {
			at.at("order").fault("pack.fault.order", "pack.fix.order", "want", i+1)
		}
	}
}

// unit checks a unit code that may also be one of some words.
func (s spot) unit(code string, on Span, words ...string) {
	for _, w := range words {
		if code == w {
			return
		}
	}
	if !s.r.existed(code, on) {
		s.at("unit").fault("pack.fault.unit", "pack.fix.unit", "unit", code)
	}
}
