package catalogue

import (
	"strconv"
	"strings"
	"time"

	"quay20/internal/pack"
	"quay20/internal/problem"
)

// Light is the outcome of a check.
type Light string

const (
	Green Light = "green"
	Amber Light = "amber" // may pass with a reason and a name
	Red   Light = "red"   // holds the draft back
)

// Check is one thing that the gate looks at, with what it found.
type Check struct {
	Name  string // "items", "bases"; its words are publish.gate.<name>
	Light Light
	Found []Found
}

// Found is one finding, with the item and the input where it is mended.
type Found struct {
	Light Light
	Item  Item
	Field string
	Key   string
	Args  []any

	Remedy string // text key with the same arguments, if there is one
}

// Gate is everything that a machine can check before publication (kiểm tra
// trước khi công bố), in a fixed order.
type Gate []Check

// Red counts what holds the draft back, Amber what needs a reason.
func (g Gate) Red() int   { return g.count(Red) }
func (g Gate) Amber() int { return g.count(Amber) }

func (g Gate) count(l Light) (n int) {
	for _, c := range g {
		for _, f := range c.Found {
			if f.Light == l {
				n++
			}
		}
	}
	return n
}

// checks are the gate's checks in the order in which officers read them.
var checks = []string{"items", "typed", "limits", "papers", "fees", "bases", "agency", "dates", "versions", "unread", "rules"}

// judge collects findings by check.
type judge struct {
	law    *pack.Pack
	d      Draft
	c      Content
	signed pack.Date
	today  pack.Date
	found  map[string][]Found
}

// Gate checks the draft against the law as of today. signed is the day of the
// decision, "" while there is none.
func (d Draft) Gate(law *pack.Pack, signed, today pack.Date) Gate {
	c, faults := d.Content()
	j := &judge{law: law, d: d, c: c, signed: signed, today: today, found: map[string][]Found{}}
	for _, f := range faults {
		if d.Kind != End || f.Item == ItemFrom {
			j.say("typed", Red, f.Item, f.Field, f.Key, f.Args...)
		}
	}
	if d.Kind != End {
		j.items()
		j.papers()
		j.fees()
		j.bases()
		j.agency()
	}
	j.dates()
	for _, u := range d.Unread {
		j.say("unread", Red, u.Item, "unread", "publish.found.unread", "text", short(u.Text))
	}
	if len(faults) == 0 {
		j.rules()
	}
	var gate Gate
	for _, name := range checks {
		c := Check{Name: name, Light: Green, Found: j.found[name]}
		for _, f := range c.Found {
			if f.Light == Red || c.Light == Green {
				c.Light = f.Light
			}
		}
		gate = append(gate, c)
	}
	return gate
}

func (j *judge) say(check string, l Light, item Item, field, key string, args ...any) {
	j.found[check] = append(j.found[check], Found{Light: l, Item: item, Field: field, Key: key, Args: args})
}

func short(s string) string {
	if r := []rune(s); len(r) > 160 {
		return string(r[:159]) + "…"
	}
	return s
}

// items wants every part that the law asks of a procedure. law: nd-63-2010/8
func (j *judge) items() {
	in, v := j.d.Items, j.c.Version
	for _, part := range []struct {
		item   Item
		field  string
		filled bool
	}{
		{ItemName, "name", j.c.Procedure.Name != ""},
		{ItemName, "field", j.c.Procedure.Field != ""},
		{ItemSteps, "steps", len(lines(in.Steps)) > 0},
		{ItemChannels, "channel-counter", len(v.Channels) > 0},
		{ItemPapers, "add-paper", len(v.Components) > 0},
		{ItemLimit, "add-case", len(v.Cases) > 0},
		{ItemApplicants, "applicants", len(lines(in.Applicants)) > 0},
		{ItemAgency, "add-agency", len(j.c.Competence) > 0},
		{ItemResult, "result", len(lines(in.Result)) > 0},
		{ItemBases, "bases", len(v.Bases) > 0},
	} {
		if !part.filled {
			j.say("items", Red, part.item, part.field, "publish.found.empty", "item", part.item.Word())
		}
	}
	for i, c := range v.Cases {
		if c.Limit == nil && !c.Same && len(v.Legs) == 0 {
			j.say("limits", Amber, ItemLimit, rowField("case", i, "unit"), "publish.found.no-limit", "case", c.Name)
		}
	}
}

func rowField(kind string, i int, name string) string {
	return kind + "-" + strconv.Itoa(i+1) + "-" + name
}

// papers wants each paper to belong to a case that somebody can choose.
func (j *judge) papers() {
	cases := map[string]bool{"": true}
	for _, c := range j.c.Version.Cases {
		cases[c.Name] = true
	}
	for _, f := range j.c.Fees {
		cases[f.Case] = true
	}
	was := map[string]bool{} // groups that the papers had before, "Trẻ em dưới 14 tuổi"
	for _, old := range j.d.version().Components {
		was[old.Case] = true
	}
	seen := map[string]bool{}
	for i, x := range j.c.Version.Components {
		if !cases[x.Case] && !was[x.Case] {
			j.say("papers", Amber, ItemPapers, rowField("paper", i, "case"), "publish.found.paper-case", "paper", x.Name, "case", x.Case)
		}
		if x.Originals+x.Copies == 0 && x.Mandatory {
			j.say("papers", Amber, ItemPapers, rowField("paper", i, "originals"), "publish.found.paper-count", "paper", x.Name)
		}
		if key := x.Case + "\x00" + x.Name; x.Name != "" && seen[key] {
			j.say("papers", Red, ItemPapers, rowField("paper", i, "name"), "publish.found.paper-twice", "paper", x.Name)
		} else {
			seen[key] = true
		}
	}
}

// fees wants each amount to rest on a text that is in force.
func (j *judge) fees() {
	switch j.c.Procedure.FeeStatus {
	case "none_listed":
		j.say("fees", Amber, ItemFees, "fee-status", "publish.found.fee-silent")
	case "free":
		if len(j.c.Fees) > 0 {
			j.say("fees", Red, ItemFees, "fee-status", "publish.found.fee-free")
		}
	case "listed":
		if len(j.c.Fees) == 0 {
			j.say("fees", Red, ItemFees, "add-fee", "publish.found.fee-none")
		}
	}
	for i, f := range j.c.Fees {
		if f.Amount == nil {
			j.say("fees", Amber, ItemFees, rowField("fee", i, "amount"), "publish.found.fee-amount", "case", f.Case)
		}
		if f.Basis == "" {
			j.say("fees", Red, ItemFees, rowField("fee", i, "basis"), "publish.found.fee-basis", "case", f.Case)
			continue
		}
		j.inForce("fees", ItemFees, rowField("fee", i, "basis"), f.Basis)
	}
}

// bases wants every legal text to be known and in force on the day.
func (j *judge) bases() {
	for _, number := range j.c.Version.Bases {
		j.inForce("bases", ItemBases, "bases", number)
	}
}

func (j *judge) inForce(check string, item Item, field, number string) {
	act, ok := j.law.InstrumentByNumber(number)
	switch {
	case !ok:
		j.say(check, Red, item, field, "publish.found.basis-unknown", "number", number)
	case j.c.From != "" && act.From > j.c.From:
		j.say(check, Red, item, field, "publish.found.basis-early", "number", number, "day", dayTyped(act.From))
	case j.c.From != "" && act.To != "" && act.To < j.c.From:
		after := act.ReplacedBy
		if by, ok := j.law.Instrument(act.ReplacedBy); ok {
			after = by.Number
		}
		if after == "" {
			j.say(check, Red, item, field, "publish.found.basis-over", "number", number, "day", dayTyped(act.To))
		} else {
			j.say(check, Red, item, field, "publish.found.basis-replaced", "number", number, "day", dayTyped(act.To), "by", after)
		}
	}
}

// agency wants somebody to decide on the day, so that no dossier is without a
// path.
func (j *judge) agency() {
	for i, row := range j.c.Competence {
		if row.Receives == "" {
			j.say("agency", Red, ItemAgency, rowField("agency", i, "receives"), "publish.found.agency-name")
		}
		if row.Level == pack.Province && row.Unit == "" {
			j.say("agency", Red, ItemAgency, rowField("agency", i, "unit"), "publish.found.agency-unit")
		}
	}
}

// dates wants the change to come after today, and the decision early enough.
func (j *judge) dates() {
	from := j.c.From
	if from == "" {
		return
	}
	if from <= j.today {
		j.say("dates", Red, ItemFrom, "from", "publish.found.past", "day", dayTyped(from))
		return
	}
	rule, ok := j.law.PublishLead(from)
	signed := j.signed
	if signed == "" {
		signed = j.today
	}
	if earliest := plusDays(signed, rule.Days); ok && from < earliest {
		j.say("dates", Amber, ItemFrom, "from", "publish.found.lead", "days", rule.Days, "law", j.law.Words(rule.Law), "earliest", dayTyped(earliest))
	}
}

func plusDays(d pack.Date, n int) pack.Date {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return d
	}
	return t.AddDate(0, 0, n).Format(time.DateOnly)
}

// rules holds the draft to the rules of a file of the pack: no two versions on a
// day, one limit per case, one fee rule per case and channel, units that exist.
func (j *judge) rules() {
	pub, _ := j.d.Publication(j.law, "", "")
	faults, err := j.law.Check(pub)
	if p, ok := problem.As(err); ok {
		j.say("versions", Red, ItemFrom, "from", p.Key, p.Args...)
		return
	}
	if err != nil {
		j.say("rules", Red, ItemName, "name", "publish.found.unreadable", "what", err.Error())
		return
	}
	if j.d.Kind == NewVersion {
		p, _ := j.law.Procedure(j.d.Procedure)
		next, _ := j.law.WithPublished(pub) // Check has done so before
		q, _ := next.Procedure(j.d.Procedure)
		if p.Fingerprint(j.c.From) == q.Fingerprint(j.c.From) {
			j.say("versions", Red, ItemFrom, "from", "publish.found.no-change")
		}
		if later := nextVersion(p, j.c.From); later != "" {
			j.say("versions", Amber, ItemFrom, "from", "publish.found.before", "day", dayTyped(later))
		}
	}
	for _, f := range faults {
		item, field := placeOf(f.Path)
		j.found["rules"] = append(j.found["rules"], Found{Red, item, field, f.What, f.Args, f.Remedy})
	}
}

// nextVersion is the first day of the version that will follow one from a day.
func nextVersion(p *pack.Procedure, from pack.Date) pack.Date {
	for _, v := range p.Versions {
		if v.From > from {
			return v.From
		}
	}
	return ""
}

// places joins places in a pack's files to items and their inputs.
var places = []struct {
	path  string
	item  Item
	row   string
	field string
}{
	{"components", ItemPapers, "paper", "name"}, {"cases", ItemLimit, "case", "name"}, {"legs", ItemLimit, "case", "name"},
	{"fees", ItemFees, "", "add-fee"}, {"competence", ItemAgency, "", "add-agency"}, {"bases", ItemBases, "", "bases"},
	{"channels", ItemChannels, "", "channel-counter"}, {"conditions", ItemConditions, "", "conditions"}, {"steps", ItemSteps, "", "steps"},
	{"applicants", ItemApplicants, "", "applicants"}, {"result", ItemResult, "", "result"}, {"from", ItemFrom, "", "from"}, {"to", ItemFrom, "", "from"},
	{"field", ItemName, "", "field"}, {"fee_status", ItemFees, "", "fee-status"}, {"after", ItemFrom, "", "after"},
}

// placeOf is the item and input for a place such as "cases[0].limit".
func placeOf(path string) (Item, string) {
	for _, p := range places {
		rest, ok := strings.CutPrefix(path, p.path)
		if !ok || rest != "" && !strings.ContainsAny(rest[:1], "[.") {
			continue
		}
		if p.row == "" {
			return p.item, p.field
		}
		digits, _, _ := strings.Cut(strings.TrimPrefix(rest, "["), "]")
		n, _ := strconv.Atoi(digits) // "" is the first
		return p.item, rowField(p.row, n, p.field)
	}
	return ItemName, "name"
}
