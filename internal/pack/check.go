package pack

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"quay20/internal/lawtime"
)

// check looks for everything that well-formed files can still get wrong. The
// files of one kind check each other through an index of the whole pack.
func (r *reader) check() {
	r.pack = index(r.all)
	r.checkHead()
	r.checkActs()
	r.checkFields()
	r.checkMatters()
	r.checkUnits()
	r.checkReorganisations()
	r.checkCalendar()
	r.checkRules()
	r.checkSlips()
	r.checkPublishing()
	r.checkAccounts()
	r.checkProcedures()
	r.checkForms()
}

// spot is a place in a file at which a fault may be found.
type spot struct {
	r *reader
	place
}

// on is the spot of a thing that was marked.
func (r *reader) on(thing string, args ...any) spot {
	return spot{r, r.at[fmt.Sprintf(thing, args...)]}
}

// at is the spot of something inside, "cases[%d].limit".
func (s spot) at(path string, args ...any) spot {
	s.path = join(s.path, fmt.Sprintf(path, args...))
	return s
}

// fault adds a fault on the line of the spot, or of what it would stand in.
func (s spot) fault(what, remedy string, args ...any) {
	s.r.fault(s.file, s.line(), what, remedy, args...)
}

// said reports whether the file has a value there.
func (s spot) said() bool {
	_, ok := s.r.files[s.file].lines[s.path]
	return ok
}

func (s spot) line() int {
	f, ok := s.r.files[s.file]
	if !ok {
		return 1
	}
	for path := s.path; path != ""; {
		if line, ok := f.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

var ruleType = reflect.TypeFor[Rules]()

func isDate(d Date) bool {
	_, err := time.Parse(time.DateOnly, d)
	return err == nil
}

// date checks a day that may be left out.
func (s spot) date(key string, d Date) {
	if d != "" && !isDate(d) {
		s.at("%s", key).fault("pack.fault.date", "pack.fix.date", "key", key, "value", d)
	}
}

// span checks the days of something in force. rel-B-P05
func (s spot) span(span Span) {
	s.date("from", span.From)
	s.date("to", span.To)
	if span.From != "" && span.To != "" && span.To < span.From {
		s.at("to").fault("pack.fault.backwards", "pack.fix.backwards", "from", span.From, "to", span.To)
	}
}

// need checks that a text is there.
func (s spot) need(key, value string) {
	if strings.TrimSpace(value) == "" {
		s.fault("pack.fault.missing", "pack.fix.missing", "key", key)
	}
}

// oneOf checks a word from a closed list.
func (s spot) oneOf(key, value string, words ...string) {
	if !slices.Contains(words, value) {
		s.at("%s", key).fault("pack.fault.word", "pack.fix.word", "key", key, "value", value, "words", words)
	}
}

// limit checks a time limit. rel-B-P04
func (s spot) limit(key string, l lawtime.Limit) {
	if l.Check() != nil {
		s.at("%s", key).fault("pack.fault.limit", "pack.fix.limit", "value", fmt.Sprintf("%d %s %s", l.Amount, l.Unit, l.Count))
	}
	s.cite(key+".law", l.Law)
}

// cite checks that a citation is defined. rel-B-P07
func (s spot) cite(key, citation string) {
	if citation != "" && !s.r.pack.Cites(citation) {
		s.at("%s", key).fault("pack.fault.citation", "pack.fix.citation", "law", citation)
	}
}

// basis checks that an instrument is known by its number. rel-B-P07
func (s spot) basis(number string) {
	if _, ok := s.r.pack.numbers[number]; number != "" && !ok {
		s.fault("pack.fault.basis", "pack.fix.basis", "number", number)
	}
}

// overlap reports whether two spans share a day.
func overlap(a, b Span) bool {
	return (a.To == "" || b.From <= a.To) && (b.To == "" || a.From <= b.To)
}

// covers reports whether the spans, in any order, hold every day of whole.
func covers(whole Span, parts []Span) bool {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, func(a, b Span) int { return strings.Compare(a.From, b.From) })
	next := whole.From
	for _, part := range parts {
		if part.From > next {
			return false
		}
		if part.To == "" || whole.To != "" && part.To >= whole.To {
			return true
		}
		if part.To >= next {
			next = after(part.To)
		}
	}
	return false
}

func (r *reader) checkHead() {
	s := spot{r, place{"pack.yaml", ""}}
	h := r.all.Head
	if h.Schema != 1 {
		s.at("schema").fault("pack.fault.schema", "pack.fix.schema", "schema", h.Schema)
	}
	s.need("name", h.Name)
	s.need("province", h.Province)
	s.need("police", h.Police)
	s.date("as_of", h.AsOf)
}

func (r *reader) checkActs() {
	for _, act := range r.all.Instruments {
		s := r.on("act %s", act.ID)
		s.need("number", act.Number)
		s.need("name", act.Name)
		s.span(act.Span)
		s.date("issued", act.Issued)
		if act.ReplacedBy != "" && r.pack.acts[act.ReplacedBy] == nil {
			s.at("replaced_by").fault("pack.fault.citation", "pack.fix.citation", "law", act.ReplacedBy)
		}
		for i, a := range act.Articles {
			s.at("articles[%d]", i).need("no", a.No)
			s.at("articles[%d]", i).need("caption", a.Caption)
		}
	}
}

func (r *reader) checkFields() {
	for i, f := range r.all.Fields {
		s := spot{r, place{"fields.yaml", fmt.Sprintf("fields[%d]", i)}}
		s.need("name", f.Name)
		s.span(f.Span)
		s.department("owner", f.Owner)
	}
}

func (r *reader) checkMatters() {
	for _, m := range r.all.Matters {
		s := r.on("matter %s", m.Code)
		s.need("code", m.Code)
		s.need("name", m.Name)
		s.need("advice", m.Advice)
		if len(m.Words) == 0 {
			s.fault("pack.fault.missing", "pack.fix.missing", "key", "words")
		}
		if len(m.Agencies) == 0 {
			s.fault("pack.fault.missing", "pack.fix.missing", "key", "agencies")
		}
		for i, a := range m.Agencies {
			at := s.at("agencies[%d]", i)
			at.need("name", a.Name)
			at.span(a.Span)
			if i > 0 && overlap(m.Agencies[i-1].Span, a.Span) {
				at.fault("pack.fault.overlap", "pack.fix.overlap", "from", a.From, "to", m.Agencies[i-1].To)
			}
		}
		if r.pack.procs[m.Code] != nil {
			s.at("code").fault("pack.fault.matter-procedure", "pack.fix.matter-procedure", "code", m.Code)
		}
	}
}

func (r *reader) checkPublishing() {
	for i, rule := range r.all.Publishing {
		s := r.on("publishing %s", rule.From)
		s.span(rule.Span)
		s.need("law", rule.Law)
		s.cite("law", rule.Law)
		if i+1 < len(r.all.Publishing) {
			s.follows(rule.Span, r.all.Publishing[i+1].Span)
		}
		if rule.Days < 1 {
			s.at("days").fault("pack.fault.amount", "pack.fix.amount", "value", rule.Days)
		}
	}
}

// department checks a short department code, "PC06". rel-B-P07
func (s spot) department(key, short string) {
	if code := s.r.pack.department(short); len(s.r.pack.units[code]) == 0 {
		s.at("%s", key).fault("pack.fault.unit", "pack.fix.unit", "unit", code)
	}
}

func (r *reader) checkRules() {
	for i, rules := range r.all.Rules {
		s := r.on("rules %s", rules.From)
		s.span(rules.Span)
		if i+1 < len(r.all.Rules) {
			s.follows(rules.Span, r.all.Rules[i+1].Span)
		}
		s.limit("online_check", rules.OnlineCheck)
		s.limit("paper_supplement", rules.PaperSupplement)
		s.limit("supplement_end", rules.SupplementEnd)
		s.limit("apology_lead", rules.ApologyLead)
		for key, resume := range map[string]lawtime.Resume{"supplement_resume": rules.SupplementResume,
			"financial_resume": rules.FinancialResume, "agency_resume": rules.AgencyResume} {
			s.oneOf(key, string(resume), string(lawtime.Shift), string(lawtime.Restart))
		}
		s.oneOf("code_grammar", rules.CodeGrammar, "2018", "2025")
		s.oneOf("slip_set", rules.SlipSet, "2018", "2025")
		if !slices.ContainsFunc(r.all.Slips, func(t SlipTemplate) bool { return t.Set == rules.SlipSet && overlap(t.Span, rules.Span) }) {
			s.at("slip_set").fault("pack.fault.no-slips", "pack.fix.no-slips", "set", rules.SlipSet)
		}
		known := keys(ruleType)
		for name, law := range rules.Laws {
			if _, ok := known[name]; !ok {
				s.at("laws.%s", name).fault("pack.fault.unknown-key", "pack.fix.unknown-key", "key", name)
			}
			s.cite("laws."+name, law)
		}
	}
	if len(r.all.Rules) == 0 {
		r.fault("rules", 1, "pack.fault.none", "pack.fix.none", "what", "rules/")
	}
}

// follows checks that the next one begins on the day after this one ends. rel-B-P05
func (s spot) follows(this, next Span) {
	switch {
	case this.To == "" || this.To >= next.From:
		s.at("to").fault("pack.fault.overlap", "pack.fix.overlap", "from", next.From, "to", this.To)
	case after(this.To) != next.From:
		s.at("to").fault("pack.fault.hole", "pack.fix.hole", "from", next.From, "to", this.To)
	}
}

func (r *reader) checkSlips() {
	for i, t := range r.all.Slips {
		s := r.on("%s", slipName(t))
		s.span(t.Span)
		s.need("title", t.Title)
		s.need("form", t.Form)
		s.oneOf("paper", t.Paper, "A5", "A4", "A4-landscape")
		s.oneOf("set", t.Set, "2018", "2025", "police")
		s.cite("law", t.Law)
		for n, slug := range t.Fields {
			if _, ok := r.pack.Field(slug); !ok {
				s.at("fields[%d]", n).fault("pack.fault.field", "pack.fix.field", "field", slug)
			}
		}
		for _, other := range r.all.Slips[:i] {
			if other.Kind == t.Kind && overlap(other.Span, t.Span) {
				s.fault("pack.fault.overlap", "pack.fix.overlap", "from", t.From, "to", other.To)
			}
		}
	}
}
