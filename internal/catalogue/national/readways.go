package national

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"quay20/internal/lawtime"
	"quay20/internal/pack"
)

// usual names the only case of a procedure that has none.
const usual = "Thông thường"

// How far one gets online (mức độ dịch vụ công trực tuyến).
var (
	wholly = regexp.MustCompile(`(?i)toàn trình`)
	partly = regexp.MustCompile(`(?i)trực tuyến một phần|một phần trực tuyến`)
)

// online says how far one gets online, if the name says one thing, else if the
// descriptions do; "" if nothing does.
func (d *Draft) online() string {
	for _, words := range []string{d.Procedure.Name, described(d.Ways)} {
		switch full, part := wholly.MatchString(words), partly.MatchString(words); {
		case full && !part:
			return "full"
		case part && !full:
			return "partial"
		}
	}
	return ""
}

// readWays reads the table of ways into channels, limits and fees.
func (d *Draft) readWays(law *pack.Pack) {
	cell := d.cell(keyWays)
	if cell == "" {
		return
	}
	rows, rest := ways(cell)
	d.Ways = rows
	if len(rows) == 0 {
		for _, field := range []string{"channels", "limits", "fees"} {
			d.keep(field, "national.why.table", rest)
		}
		return
	}
	v := d.Version()
	for _, w := range rows {
		c := pack.Channel{Kind: w.Channel}
		if c.Kind == "online" {
			c.Online = d.online()
		}
		if !slices.ContainsFunc(v.Channels, func(o pack.Channel) bool { return o.Kind == c.Kind }) {
			v.Channels = append(v.Channels, c)
		}
	}
	d.read("channels")
	_, known := law.Procedure(d.Procedure.Code) // then the law says how far
	if !known && slices.Contains(v.Channels, pack.Channel{Kind: "online"}) {
		d.Marks["channels"] = Mark{State: Typed, Doubt: "national.doubt.online", Text: channelWords["online"]}
	}
	if rest != "" {
		d.keep("channels", "national.why.table", rest)
	}
	d.limits()
	d.fees()
}

// placed is a case with the channels that print it.
type placed struct {
	pack.Case
	channels []string
}

func (d *Draft) limits() {
	v := d.Version()
	var cases []placed
	var kept []said
	var vague []said
	printed, doubt := false, false
	for i := range d.Ways {
		w := &d.Ways[i]
		t := w.time()
		printed = printed || w.Limit != nil || len(t.clauses) > 0
		if !t.sure {
			if w.Limit != nil || len(t.clauses) > 0 {
				kept = say(kept, w.Channel, w.sentence(t.clauses))
				d.clash(w, t)
			}
			continue
		}
		if t.doubt {
			doubt = true
			d.clashes.limits = say(d.clashes.limits, w.Channel, w.sentence(t.clauses))
		}
		if t.vague {
			vague = say(vague, w.Channel, w.sentence(t.clauses))
		}
		v.AfterFee = v.AfterFee || t.afterFee
		for _, c := range t.cases {
			cases = place(cases, c, w.Channel)
		}
		d.shared(t)
	}
	if channel, twice := overlapping(cases); twice != "" {
		kept = say(kept, channel, twice)
		d.clashes.limitRows = append(d.clashes.limitRows, channelWords[channel]+": "+twice)
	}
	v.Cases = d.cases(cases)
	mark := Mark{State: Typed}
	switch {
	case !printed:
		mark.State = Absent
	case len(kept) > 0:
		mark = Mark{State: Kept, Why: "national.why.limits", Text: sayAll(kept)}
		v.Cases, v.Legs, v.Extension = nil, nil, nil
		d.Marks["legs"], d.Marks["extension"] = Mark{State: Absent}, Mark{State: Absent}
	case doubt:
		mark.Doubt, mark.Text = "national.doubt.limits", sayAll(d.clashes.limits)
	case len(vague) > 0:
		mark.Doubt, mark.Text = "national.doubt.hours", sayAll(vague)
		d.clashes.vague = vague
	}
	d.Marks["limits"] = mark
}

// clash notes what the linter says of a limit that stays text.
func (d *Draft) clash(w *Way, t timing) {
	if t.unlike {
		d.clashes.limits = say(d.clashes.limits, w.Channel, w.sentence(t.clauses))
	} else {
		d.clashes.unread = say(d.clashes.unread, w.Channel, w.sentence(t.clauses))
	}
}

// shared takes legs and extension, which hold for all channels or for none.
func (d *Draft) shared(t timing) {
	v := d.Version()
	if len(t.legs) > 0 {
		v.Legs = t.legs
		d.read("legs")
	}
	if t.extension != nil {
		v.Extension = t.extension
		d.read("extension")
	}
}

func place(cases []placed, c pack.Case, channel string) []placed {
	for i, o := range cases {
		if o.Name == c.Name && *o.Limit == *c.Limit {
			if !slices.Contains(o.channels, channel) {
				cases[i].channels = append(o.channels, channel)
			}
			return cases
		}
	}
	return append(cases, placed{c, []string{channel}})
}

// overlapping finds two limits of one case on one channel.
func overlapping(cases []placed) (channel, limits string) {
	for i, c := range cases {
		for _, o := range cases[:i] {
			if c.Name != o.Name {
				continue
			}
			for _, channel := range c.channels {
				if slices.Contains(o.channels, channel) {
					return channel, printedLimit(*o.Limit) + " ≠ " + printedLimit(*c.Limit) + " (" + cmp.Or(c.Name, usual) + ")"
				}
			}
		}
	}
	return "", ""
}

// printedLimit is a limit in the words of the catalogue.
func printedLimit(l lawtime.Limit) string {
	for _, word := range []string{"giờ làm việc", "ngày làm việc", "ngày", "tháng"} {
		if units[word] == l.Unit {
			return Limit{l.Amount, word}.String()
		}
	}
	return l.String()
}

var channelWords = map[string]string{"counter": "Trực tiếp", "online": "Trực tuyến", "post": "Dịch vụ bưu chính"}

// cases are the cases of the version: without channel where all channels print
// the same, else one for each.
func (d *Draft) cases(all []placed) []pack.Case {
	var cases []pack.Case
	for _, c := range all {
		c.Name = cmp.Or(c.Name, usual)
		if len(c.channels) == len(d.Version().Channels) {
			cases = append(cases, c.Case)
			continue
		}
		for _, channel := range c.channels {
			c.Channel = channel
			cases = append(cases, c.Case)
		}
	}
	return cases
}

// sentence is what a worklist shows of a way: the column, and the clauses.
func (w *Way) sentence(clauses []string) string {
	head := "–"
	if w.Limit != nil {
		head = w.Limit.String()
	}
	return strings.TrimSpace("[" + head + "] " + strings.Join(clauses, "; "))
}

func (d *Draft) fees() {
	p := &d.Procedure
	var kept []said
	printed, free := false, false
	for i := range d.Ways {
		w := &d.Ways[i]
		price := w.price()
		printed = printed || price.said
		if !price.sure {
			kept = say(kept, w.Channel, w.printed())
			for _, c := range price.clashes {
				d.clashes.fees = say(d.clashes.fees, w.Channel, w.column()+" "+c)
			}
			continue
		}
		free = free || price.free
		for _, r := range price.rules {
			if !slices.ContainsFunc(p.Fees, func(o pack.FeeRule) bool { return sameFee(o, r) && o.Channel == r.Channel }) {
				p.Fees = append(p.Fees, r)
			}
		}
	}
	if channel, twice := feesOverlap(p.Fees); twice != "" {
		kept = say(kept, channel, twice)
		d.clashes.feeRows = append(d.clashes.feeRows, channelWords[channel]+": "+twice)
	}
	p.Fees = joinChannels(p.Fees)
	switch {
	case !printed:
		p.FeeStatus = "none_listed"
	case len(kept) > 0:
		d.keep("fees", "national.why.fees", sayAll(kept))
		p.Fees, p.FeeStatus = nil, "listed"
	case free && len(p.Fees) > 0: // free on one channel, not on the other: the pack has no such status, a rule of 0 says it
		d.keep("fees", "national.why.fees-mixed", d.printedFees())
		p.Fees, p.FeeStatus = nil, "listed"
	default:
		d.read("fees")
		p.FeeStatus = "listed"
		if free || len(p.Fees) == 0 {
			p.FeeStatus = "free"
		}
	}
}

// sameFee compares all but the channel.
func sameFee(a, b pack.FeeRule) bool {
	return a.Case == b.Case && *a.Amount == *b.Amount && a.Currency == b.Currency && a.Span == b.Span && a.Kind == b.Kind
}

// feesOverlap finds two base rules of one case and channel that differ.
func feesOverlap(rules []pack.FeeRule) (channel, fees string) {
	for i, r := range rules {
		for _, o := range rules[:i] {
			if r.Kind == "base" && o.Kind == "base" && r.Case == o.Case && r.Channel == o.Channel && overlap(r.Span, o.Span) {
				return r.Channel, money(o) + " ≠ " + money(r) + " (" + cmp.Or(r.Case, usual) + ")"
			}
		}
	}
	return "", ""
}

// joinChannels makes one rule for any channel of two that counter and online share.
func joinChannels(rules []pack.FeeRule) []pack.FeeRule {
	var joined []pack.FeeRule
	for _, r := range rules {
		i := slices.IndexFunc(joined, func(o pack.FeeRule) bool { return sameFee(o, r) && o.Channel != r.Channel })
		if i >= 0 {
			joined[i].Channel = "any"
			continue
		}
		joined = append(joined, r)
	}
	return joined
}

func overlap(a, b pack.Span) bool {
	return (a.To == "" || b.From <= a.To) && (b.To == "" || a.From <= b.To)
}

// column is the fee column as printed.
func (w *Way) column() string {
	var all []string
	for _, p := range w.Prices {
		switch {
		case p.Free:
			all = append(all, "Miễn phí")
		case p.Amount == nil:
			all = append(all, "–")
		default:
			all = append(all, money(pack.FeeRule{Amount: p.Amount, Currency: p.Currency}))
		}
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func (w *Way) printed() string {
	var notes []string
	for _, p := range w.Prices {
		notes = append(notes, flat(p.Note))
	}
	return w.column() + " " + strings.Join(notes, "; ")
}

func (d *Draft) printedFees() string {
	var all []said
	for i := range d.Ways {
		all = say(all, d.Ways[i].Channel, d.Ways[i].printed())
	}
	return sayAll(all)
}
