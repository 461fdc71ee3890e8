package catalogue

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/text"
)

// Purpose is what a draft will do to the catalogue.
type Purpose string

const (
	NewProcedure Purpose = "new"    // thủ tục mới
	NewVersion   Purpose = "change" // sửa đổi, bổ sung
	End          Purpose = "end"    // bãi bỏ
)

// State is how far a draft has come.
type State string

const (
	Drafting  State = "drafting"  // đang soạn
	Asked     State = "asked"     // đã trình, chờ người khác duyệt
	Approved  State = "approved"  // đã duyệt, chờ công bố
	Published State = "published" // đã công bố
	Dropped   State = "dropped"   // thôi
)

// Draft is a procedure on its way to publication (bản soạn thảo thủ tục). While
// it is drafted its words are nobody's promise; from the moment approval is
// asked they stand still and the journal holds their hash.
type Draft struct {
	ID        string // "SD-0007"
	Procedure string // code
	Kind      Purpose
	State     State
	Source    string // from where it was imported, "" if an officer began it
	Body
	Trail   []Mark
	Version int64
	Saved   time.Time
	Holder  string    // the officer who writes in it now
	Until   time.Time // how long, unless saved again

	n           int64
	body, trail string // as stored, to which the journal commits
}

// Mark is one act in the life of a draft.
type Mark struct {
	Act     string // "draft_procedure", as in the journal
	Officer string // ID
	Person  string // so that two accounts of one person are one
	Name    string
	At      time.Time
	Reason  string
}

// Body is what a draft says: the items as typed, and what they began from.
type Body struct {
	Items  Items
	Carry  pack.Procedure // what the items began from, with one version; what no item shows stays as it is here
	Unread []Unread       `json:",omitempty"`
}

// Unread is a sentence of an imported record that could not be read with
// certainty. The officer reads it and takes it off the list.
type Unread struct {
	Item Item
	Text string
	Why  text.Key `json:",omitempty"`
}

// Item is a part that a procedure must have. law: nd-63-2010/8
type Item string

const (
	ItemName       Item = "name"       // tên thủ tục
	ItemSteps      Item = "steps"      // trình tự thực hiện
	ItemChannels   Item = "channels"   // cách thức thực hiện
	ItemPapers     Item = "papers"     // thành phần, số lượng hồ sơ, mẫu đơn
	ItemLimit      Item = "limit"      // thời hạn giải quyết
	ItemApplicants Item = "applicants" // đối tượng thực hiện
	ItemAgency     Item = "agency"     // cơ quan thực hiện
	ItemResult     Item = "result"     // kết quả
	ItemFees       Item = "fees"       // phí, lệ phí
	ItemConditions Item = "conditions" // yêu cầu, điều kiện
	ItemBases      Item = "bases"      // căn cứ pháp lý
	ItemFrom       Item = "from"       // ngày áp dụng, thủ tục thay thế
)

// StatutoryItems are all items in the order of the law.
var StatutoryItems = []Item{ItemName, ItemSteps, ItemChannels, ItemPapers, ItemLimit, ItemApplicants, ItemAgency, ItemResult, ItemFees, ItemConditions, ItemBases}

// Word names the item.
func (i Item) Word() text.Key { return text.Key("publish.item." + string(i)) }

// Items are the statutory items as somebody types them. All is text, so that
// whatever was typed can be kept, also what is not yet right. Lists of
// sentences have one a line.
type Items struct {
	From  string // "01/12/2026"
	After string // codes that take over, one a line; of a procedure that ends
	Why   string // what changes, in a sentence for the other officers

	Name, ShortName, Field                       string // of a new procedure
	Steps, Applicants, Result, Conditions, Bases string
	Counter, Post                                bool
	Online                                       string // "", "full", "partial"
	FeeStatus                                    string
	AfterFee                                     bool
	CutOff                                       string // "15:00"
	Papers                                       []PaperItem
	Cases                                        []CaseItem
	Fees                                         []FeeItem
	Agencies                                     []AgencyItem
}

// Of is the place of the row that an item began from, counted from one; 0 is a
// row typed anew.

// PaperItem is one paper.
type PaperItem struct {
	Of                            int
	Name, Form, Originals, Copies string
	Mandatory                     bool
	PopulationDB, Case, Note      string
}

// CaseItem is one case with its limit; Unit "none" says that the law sets none.
type CaseItem struct {
	Of                          int
	Name, Amount, Unit, Channel string
	Same                        bool
	Note                        string
}

// FeeItem is one rule of the fee stack.
type FeeItem struct {
	Of                                                       int
	Case, Channel, Level, Amount, Kind, Per, Basis, To, Note string
}

// AgencyItem says who decides at one level.
type AgencyItem struct {
	Of                           int
	Level, Unit, Receives, Scope string
}

// Fault is something typed that cannot be taken as it stands.
type Fault struct {
	Item  Item
	Field string // "paper-2-copies", the input's name
	Key   string
	Args  []any
}

// Content is what a draft's items mean.
type Content struct {
	From       pack.Date
	After      []string
	Procedure  pack.Procedure // without versions and fees
	Version    pack.Version
	Fees       []pack.FeeRule
	Competence []pack.Competence
}

// ContentOf is what a procedure says on a day.
func ContentOf(p *pack.Procedure, on pack.Date) Content {
	c := Content{From: on, Procedure: *p}
	c.Procedure.Versions, c.Procedure.Fees, c.Procedure.Competence = nil, nil, nil
	if v, ok := p.On(on); ok {
		c.Version = *v
	}
	for _, f := range p.Fees {
		if f.Holds(on) {
			c.Fees = append(c.Fees, f)
		}
	}
	for _, row := range p.Competence {
		if row.Holds(on) {
			c.Competence = append(c.Competence, row)
		}
	}
	return c
}

// Begin is the body of a draft that begins from what a procedure says.
func Begin(c Content) Body {
	carry := c.Procedure
	if c.Version.ProcessOurs { // ours follows from the first case's limit, which may change
		c.Version.Process, c.Version.ProcessOurs = nil, false
	}
	carry.Versions, carry.Fees, carry.Competence = []pack.Version{c.Version}, c.Fees, c.Competence
	return Body{Items: itemsOf(c), Carry: carry}
}

func itemsOf(c Content) Items {
	p, v := c.Procedure, c.Version
	in := Items{
		Name: p.Name, ShortName: p.ShortName, Field: p.Field, FeeStatus: p.FeeStatus,
		Steps: typed(StepsOf(c)), Applicants: typed(p.ApplicantsIn(&v)), Result: typed(p.ResultIn(&v)),
		Conditions: typed(v.Conditions), Bases: typed(v.Bases), AfterFee: v.AfterFee,
	}
	if v.CutOff > 0 {
		in.CutOff = fmt.Sprintf("%02d:%02d", v.CutOff/60, v.CutOff%60)
	}
	for _, ch := range v.Channels {
		switch ch.Kind {
		case "counter":
			in.Counter = true
		case "post":
			in.Post = true
		case "online":
			in.Online = ch.Online
		}
	}
	for i, x := range v.Components {
		in.Papers = append(in.Papers, PaperItem{Of: i + 1, Name: x.Name, Form: x.Form, Originals: strconv.Itoa(x.Originals), Copies: strconv.Itoa(x.Copies),
			Mandatory: x.Mandatory, PopulationDB: x.PopulationDB, Case: x.Case, Note: x.Note})
	}
	for i, x := range v.Cases {
		row := CaseItem{Of: i + 1, Name: x.Name, Unit: "none", Channel: x.Channel, Same: x.Same, Note: x.Note}
		if x.Limit != nil {
			row.Amount, row.Unit = strconv.Itoa(x.Limit.Amount), string(x.Limit.Unit)
		}
		in.Cases = append(in.Cases, row)
	}
	for i, x := range c.Fees {
		row := FeeItem{Of: i + 1, Case: x.Case, Channel: x.Channel, Level: string(x.Level), Kind: x.Kind, Per: x.Per, Basis: x.Basis, To: dayTyped(x.To), Note: x.Note}
		if x.Amount != nil {
			row.Amount = strconv.FormatInt(*x.Amount, 10)
		}
		in.Fees = append(in.Fees, row)
	}
	for i, x := range c.Competence {
		in.Agencies = append(in.Agencies, AgencyItem{Of: i + 1, Level: string(x.Level), Unit: x.Unit, Receives: x.Receives, Scope: x.Scope})
	}
	return in
}

// StepsOf are the version's own steps, else the five that the one-stop rules
// give every dossier. law: nd-118-2025/17
func StepsOf(c Content) []string {
	if len(c.Version.Steps) > 0 {
		return c.Version.Steps
	}
	return usualSteps(c)
}

func usualSteps(c Content) []string {
	var who []string
	for _, row := range c.Competence {
		if row.Receives != "" && !slices.Contains(who, row.Receives) {
			who = append(who, row.Receives)
		}
	}
	say := func(key string, args ...any) string { return text.T(text.Vi, "procedure.step."+key, args...) }
	return []string{say("prepare"), say("file"), say("receive"),
		say("decide", "unit", cmp.Or(strings.Join(who, ", "), say("unit"))), say("collect")}
}

func typed(lines []string) string { return strings.Join(lines, "\n") }

// dayTyped is a day as officers type it.
func dayTyped(d pack.Date) string {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return ""
	}
	return t.Format("02/01/2006")
}

// dayRead reads a day as officers type it.
func dayRead(s string) (pack.Date, bool) {
	for _, layout := range []string{"2/1/2006", "2-1-2006", "2.1.2006", time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// clean is a text without what nobody sees, in composed letters, one space
// between words.
func clean(s string) string { return strings.Join(strings.Fields(visible(s)), " ") }

func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "")))
}

// lines are the sentences of a list, one a line.
func lines(s string) []string {
	var list []string
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r", "\n"), "\n") {
		if line = clean(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// meaning collects faults while items are read.
type meaning struct {
	faults []Fault
	item   Item
}

func (m *meaning) fault(field, key string, args ...any) {
	m.faults = append(m.faults, Fault{m.item, field, key, args})
}

func (m *meaning) count(field, typed string) int {
	typed = clean(typed)
	if typed == "" {
		return 0
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 0 || n > 999 {
		m.fault(field, "publish.err.count", "value", typed)
		return 0
	}
	return n
}

// Content reads the items. What cannot be read is a fault; the rest is taken.
func (b Body) Content() (Content, []Fault) {
	m, in := &meaning{}, b.Items
	c := Content{Procedure: b.Carry, After: lines(in.After)}
	c.Procedure.Versions, c.Procedure.Fees, c.Procedure.Competence = nil, nil, nil
	if len(b.Carry.Versions) > 0 {
		c.Version = b.Carry.Versions[0]
	}
	m.item = ItemFrom
	from, ok := dayRead(in.From)
	if !ok {
		m.fault("from", "publish.err.day", "value", clean(in.From))
	}
	c.From = from
	p, v := &c.Procedure, &c.Version
	p.Name, p.ShortName, p.Field = clean(in.Name), cmp.Or(clean(in.ShortName), clean(in.Name)), in.Field
	p.FeeStatus = in.FeeStatus
	v.From, v.To, v.UnchangedTo = from, "", ""
	if steps := lines(in.Steps); len(v.Steps) > 0 || !slices.Equal(steps, usualSteps(Content{Competence: b.Carry.Competence})) {
		v.Steps = steps
	}
	v.Conditions, v.Bases, v.AfterFee = lines(in.Conditions), lines(in.Bases), in.AfterFee
	v.Applicants, v.Result = own(lines(in.Applicants), &p.Applicants), own(lines(in.Result), &p.Result)
	m.channels(v, in)
	m.papers(v, b)
	m.cases(v, b)
	c.Fees, c.Competence = m.fees(b, from), m.agencies(b)
	return c, m.faults
}

// own is a version's own list where it differs from the procedure's. A new
// procedure, which carries no list, takes it as the procedure's.
func own(said []string, procedure *[]string) []string {
	if slices.Equal(said, *procedure) {
		return nil
	}
	if len(*procedure) == 0 {
		*procedure = said
		return nil
	}
	return said
}

func (m *meaning) channels(v *pack.Version, in Items) {
	m.item = ItemChannels
	if in.CutOff != "" {
		t, err := time.Parse("15:04", clean(in.CutOff))
		if err != nil {
			m.fault("cut-off", "publish.err.clock", "value", clean(in.CutOff))
		}
		v.CutOff = t.Hour()*60 + t.Minute()
	} else {
		v.CutOff = 0
	}
	want := map[string]bool{"counter": in.Counter, "post": in.Post, "online": in.Online != ""}
	var list []pack.Channel
	for _, ch := range v.Channels { // in the order there was
		if want[ch.Kind] {
			list = append(list, ch)
		}
		want[ch.Kind] = want[ch.Kind] && !slices.ContainsFunc(list, func(x pack.Channel) bool { return x.Kind == ch.Kind })
	}
	for _, kind := range []string{"counter", "online", "post"} {
		if want[kind] {
			list = append(list, pack.Channel{Kind: kind})
		}
	}
	for i := range list {
		if list[i].Kind == "online" {
			list[i].Online = in.Online
		}
	}
	v.Channels = list
}

// from gives the row that an item began from.
func from[T any](list []T, of int) (row T) {
	if of > 0 && of <= len(list) {
		return list[of-1]
	}
	return row
}

func (b Body) version() pack.Version {
	if len(b.Carry.Versions) == 0 {
		return pack.Version{}
	}
	return b.Carry.Versions[0]
}

func (m *meaning) papers(v *pack.Version, b Body) {
	m.item, v.Components = ItemPapers, nil
	for i, row := range b.Items.Papers {
		field := func(name string) string { return fmt.Sprintf("paper-%d-%s", i+1, name) }
		x := from(b.version().Components, row.Of)
		x.Name, x.Form, x.Case, x.Note = clean(row.Name), clean(row.Form), clean(row.Case), clean(row.Note)
		x.Originals, x.Copies = m.count(field("originals"), row.Originals), m.count(field("copies"), row.Copies)
		x.Mandatory, x.PopulationDB = row.Mandatory, row.PopulationDB
		v.Components = append(v.Components, x)
	}
}

func (m *meaning) cases(v *pack.Version, b Body) {
	m.item, v.Cases = ItemLimit, nil
	for i, row := range b.Items.Cases {
		x := from(b.version().Cases, row.Of)
		x.Name, x.Channel, x.Same, x.Note = clean(row.Name), row.Channel, row.Same, clean(row.Note)
		if row.Unit == "none" {
			x.Limit = nil
		} else {
			limit := lawtime.Limit{Unit: lawtime.Unit(row.Unit)}
			if x.Limit != nil {
				limit.Count, limit.Law = x.Limit.Count, x.Limit.Law
				if x.Limit.Unit != limit.Unit {
					limit.Count = ""
				}
			}
			limit.Amount = m.count(fmt.Sprintf("case-%d-amount", i+1), row.Amount)
			x.Limit = &limit
		}
		v.Cases = append(v.Cases, x)
	}
}

func (m *meaning) fees(b Body, day pack.Date) (list []pack.FeeRule) {
	m.item = ItemFees
	for i, row := range b.Items.Fees {
		field := func(name string) string { return fmt.Sprintf("fee-%d-%s", i+1, name) }
		x := from(b.Carry.Fees, row.Of)
		x.Case, x.Channel, x.Level, x.Kind, x.Per, x.Basis, x.Note = clean(row.Case), row.Channel, pack.Level(row.Level), row.Kind, clean(row.Per), clean(row.Basis), clean(row.Note)
		x.Currency = cmp.Or(x.Currency, "VND")
		x.Amount = m.amount(field("amount"), row.Amount)
		if x.To = ""; clean(row.To) != "" {
			to, ok := dayRead(row.To)
			if !ok {
				m.fault(field("to"), "publish.err.day", "value", clean(row.To))
			} else if to < day {
				m.fault(field("to"), "publish.err.fee-over", "day", dayTyped(to), "from", dayTyped(day))
			}
			x.To = to
		}
		if x.From = day; row.Of > 0 {
			x.From = from(b.Carry.Fees, row.Of).From
		}
		list = append(list, x)
	}
	return list
}

// amount reads đồng as people type them: "20000", "20.000", "20.000 đ".
func (m *meaning) amount(field, typed string) *int64 {
	typed = clean(typed)
	if typed == "" {
		return nil
	}
	plain := strings.NewReplacer(".", "", ",", "", " ", "", "đồng", "", "đ", "").Replace(typed)
	n, err := strconv.ParseInt(plain, 10, 64)
	if err != nil || n < 0 || n > 1_000_000_000 {
		m.fault(field, "publish.err.amount", "value", typed)
		return nil
	}
	return &n
}

func (m *meaning) agencies(b Body) (list []pack.Competence) {
	m.item = ItemAgency
	for _, row := range b.Items.Agencies {
		x := from(b.Carry.Competence, row.Of)
		x.Level, x.Unit, x.Receives, x.Scope = pack.Level(row.Level), clean(row.Unit), clean(row.Receives), clean(row.Scope)
		list = append(list, x)
	}
	return list
}

// Publication is what the draft would publish under a decision.
func (d Draft) Publication(law *pack.Pack, decision string, signed pack.Date) (pack.Publication, []Fault) {
	c, faults := d.Content()
	pub := pack.Publication{Code: d.Procedure, From: c.From}
	switch d.Kind {
	case End:
		pub.After, faults = c.After, slices.DeleteFunc(faults, func(f Fault) bool { return f.Item != ItemFrom })
	case NewProcedure:
		p := c.Procedure
		for i := range c.Competence {
			c.Competence[i].From = c.From
		}
		p.Code, p.Competence, p.From, p.To = d.Procedure, c.Competence, c.From, ""
		p.CodeKind, p.Popularity = cmp.Or(p.CodeKind, codeKind(d.Procedure)), cmp.Or(p.Popularity, 2)
		for i := range c.Fees {
			c.Fees[i].From = c.From
		}
		pub.Procedure, pub.Version, pub.Fees = &p, &c.Version, c.Fees
	default:
		p, ok := law.Procedure(d.Procedure)
		if !ok {
			return pub, append(faults, Fault{ItemName, "name", "pack.err.procedure", []any{"code", d.Procedure}})
		}
		pub = p.Change(c.From, c.Version, c.Fees, c.Competence)
	}
	pub.Decision, pub.Signed = decision, signed
	if pub.Version != nil && signed != "" {
		pub.Version.Verified, pub.Version.VerifiedAsOf, pub.Version.Source = true, signed[:len("2026-11")], nil
	}
	return pub, faults
}

// codeKind tells a code of the national catalogue from one of the province.
func codeKind(code string) string {
	if code != "" && code[0] >= '0' && code[0] <= '9' {
		return "national"
	}
	return "local"
}

// last is the latest mark of an act.
func (d Draft) last(act string) (Mark, bool) {
	for _, m := range slices.Backward(d.Trail) {
		if m.Act == act {
			return m, true
		}
	}
	return Mark{}, false
}

// writers are those who wrote the words as they stand, and asked for approval.
func (d Draft) writers() []officer.Officer {
	var all []officer.Officer
	for _, m := range d.Trail {
		if m.Act == actBegin || m.Act == actJoin || m.Act == actAsk {
			all = append(all, officer.Officer{ID: m.Officer, Person: m.Person})
		}
	}
	return all
}
