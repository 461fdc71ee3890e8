package catalogue

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/pack"
	"quay20/internal/text"
)

// Change is what becomes of one line of an item.
type Change struct {
	Sign     string // "" unchanged, "+" added, "−" removed, "±" changed
	Old, New string
}

// Difference is what becomes of one item.
type Difference struct {
	Item    Item
	Changes []Change
	Same    bool
}

// Compare says item by item what changes against what the law in force says on
// the day before the draft takes effect (so sánh).
func (d Draft) Compare(law *pack.Pack, lang text.Lang) []Difference {
	c, _ := d.Content()
	var old Content
	if p, ok := law.Procedure(d.Procedure); ok {
		day := c.From
		if _, ok := p.On(day); !ok {
			day = p.Versions[len(p.Versions)-1].From
		}
		old = ContentOf(p, day)
	}
	var all []Difference
	for _, item := range StatutoryItems {
		var was, now []string
		if old.Version.From != "" {
			was = old.Lines(item, law, lang)
		}
		if d.Kind != End {
			now = c.Lines(item, law, lang)
		}
		diff := Difference{Item: item, Changes: changes(was, now)}
		diff.Same = !slices.ContainsFunc(diff.Changes, func(c Change) bool { return c.Sign != "" })
		all = append(all, diff)
	}
	return all
}

// changes pairs the lines of two texts: by their longest common part, and what
// was taken out with what was put in at the same place.
func changes(was, now []string) []Change {
	long := make([][]int, len(was)+1)
	for i := range long {
		long[i] = make([]int, len(now)+1)
	}
	for i := len(was) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			if was[i] == now[j] {
				long[i][j] = long[i+1][j+1] + 1
			} else {
				long[i][j] = max(long[i+1][j], long[i][j+1])
			}
		}
	}
	var list []Change
	var out, in []string
	pair := func() {
		for k := range max(len(out), len(in)) {
			switch {
			case k >= len(in):
				list = append(list, Change{Sign: "−", Old: out[k]})
			case k >= len(out):
				list = append(list, Change{Sign: "+", New: in[k]})
			default:
				list = append(list, Change{Sign: "±", Old: out[k], New: in[k]})
			}
		}
		out, in = nil, nil
	}
	for i, j := 0, 0; i < len(was) || j < len(now); {
		switch {
		case i < len(was) && j < len(now) && was[i] == now[j]:
			pair()
			list = append(list, Change{Old: was[i], New: now[j]})
			i, j = i+1, j+1
		case j == len(now) || i < len(was) && long[i+1][j] >= long[i][j+1]:
			out = append(out, was[i])
			i++
		default:
			in = append(in, now[j])
			j++
		}
	}
	pair()
	return list
}

// Lines is an item in words, one line for each thing it says.
func (c Content) Lines(item Item, law *pack.Pack, lang text.Lang) (said []string) {
	say := func(key string, args ...any) string { return text.T(lang, key, args...) }
	p, v := c.Procedure, c.Version
	switch item {
	case ItemName:
		field, _ := law.Field(p.Field)
		return filled(cmp.Or(p.Official, p.Name), field.Name)
	case ItemSteps:
		return StepsOf(c)
	case ItemChannels:
		for _, ch := range v.Channels {
			key := "procedure.channel." + ch.Kind
			if ch.Online != "" {
				key += "-" + ch.Online
			}
			said = append(said, say(key))
		}
		if v.CutOff > 0 {
			said = append(said, say("publish.line.cut-off", "clock", clockTyped(v.CutOff)))
		}
	case ItemPapers:
		for _, x := range v.Components {
			said = append(said, paperLine(x, say))
		}
	case ItemLimit:
		for _, x := range v.Cases {
			said = append(said, limitLine(v, x, say))
		}
		for _, leg := range v.Legs {
			said = append(said, leg.Name+": "+limitWords(leg.Limit.Amount, string(leg.Limit.Unit), say))
		}
		if v.AfterFee {
			said = append(said, say("procedure.after-fee"))
		}
	case ItemApplicants:
		return p.ApplicantsIn(&v)
	case ItemAgency:
		for _, row := range c.Competence {
			said = append(said, strings.Join(filled(row.Receives, row.Scope), ": "))
		}
	case ItemResult:
		return p.ResultIn(&v)
	case ItemFees:
		for _, f := range c.Fees {
			said = append(said, feeLine(f, say))
		}
		if len(c.Fees) == 0 {
			said = append(said, say("publish.fee-status."+cmp.Or(p.FeeStatus, "none_listed")))
		}
	case ItemConditions:
		return v.Conditions
	case ItemBases:
		for _, number := range v.Bases {
			if act, ok := law.InstrumentByNumber(number); ok {
				number = act.Type + " " + number + ": " + act.Name
			}
			said = append(said, number)
		}
	}
	return said
}

func filled(words ...string) []string {
	return slices.DeleteFunc(words, func(s string) bool { return s == "" })
}

func clockTyped(minutes int) string {
	two := func(n int) string { return strconv.Itoa(n/10) + strconv.Itoa(n%10) }
	return two(minutes/60) + ":" + two(minutes%60)
}

func paperLine(x pack.Component, say func(string, ...any) string) string {
	words := []string{x.Name}
	if x.Form != "" {
		words = append(words, say("procedure.papers.form", "form", x.Form))
	}
	if x.Originals > 0 {
		words = append(words, say("procedure.papers.originals", "n", x.Originals))
	}
	if x.Copies > 0 {
		words = append(words, say("procedure.papers.copies", "n", x.Copies))
	}
	if !x.Mandatory {
		words = append(words, say("procedure.papers.if-any"))
	}
	if x.PopulationDB == "yes" {
		words = append(words, say("publish.line.in-database"))
	}
	line := strings.Join(words, ", ")
	if x.Case != "" {
		line = say("publish.line.case", "case", x.Case) + ": " + line
	}
	return strings.Join(filled(line, x.Note), ". ")
}

func limitLine(v pack.Version, x pack.Case, say func(string, ...any) string) string {
	limit := say("procedure.limit.none")
	switch {
	case x.Limit != nil:
		limit = limitWords(x.Limit.Amount, string(x.Limit.Unit), say)
	case x.Same:
		limit = say("procedure.limit.same-day")
	case len(v.Legs) > 0:
		return x.Name
	}
	name := x.Name
	if x.Channel != "" {
		name += " (" + say("procedure.channel."+x.Channel) + ")"
	}
	return strings.Join(filled(name+": "+limit, x.Note), ". ")
}

func limitWords(n int, unit string, say func(string, ...any) string) string {
	return say(cmp.Or(map[string]string{"hour": "limit.hour", "working_day": "limit.working_day", "day": "limit.day", "month": "limit.month"}[unit], "limit.none"), "n", n)
}

func feeLine(f pack.FeeRule, say func(string, ...any) string) string {
	amount := say("procedure.fee.unknown")
	if f.Amount != nil {
		amount = say("say.money", "amount", grouped(*f.Amount))
		if f.Currency == "USD" {
			amount = say("procedure.fee.usd", "amount", grouped(*f.Amount))
		}
		if f.Per != "" && f.Per != "lần" {
			amount += "/" + f.Per
		}
	}
	head := f.Case
	if f.Channel != "any" && f.Channel != "" {
		head += " (" + say("publish.channel."+f.Channel) + ")"
	}
	if f.Level != "" {
		head += " (" + say("publish.level."+string(f.Level)) + ")"
	}
	line := head + ": " + amount
	if f.Kind == "reduction" {
		line += ", " + say("publish.line.reduction")
	}
	if f.Basis != "" {
		line += ", " + say("publish.line.basis", "number", f.Basis)
	}
	if f.To != "" {
		line += ", " + say("publish.line.until", "day", dayTyped(f.To))
	}
	return strings.Join(filled(line, f.Note), ". ")
}

func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}
