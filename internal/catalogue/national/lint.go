package national

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/pack"
)

// The kinds of findings. Their words are under "national.find." and
// "national.fix.".
const (
	NoRecord     = "no-record"     // a line that is no record
	CodeTwice    = "code-twice"    // two lines with one code
	NoCode       = "no-code"       // no code that the catalogue could have given
	Ended        = "ended"         // the law says that the procedure has ended
	NoLimit      = "no-limit"      // no time limit
	LimitVague   = "limit-vague"   // hours, of the day or of the desk
	LimitClash   = "limit-clash"   // column and text, or two rows, contradict each other
	LimitUnread  = "limit-unread"  // limits in the text that stay text
	NoFee        = "no-fee"        // nothing about fees
	FeeClash     = "fee-clash"     // column and note contradict each other
	FeeUnread    = "fee-unread"    // fees that stay text
	FeeUnknown   = "fee-unknown"   // there is a fee, its amount is unknown
	FeeOverlap   = "fee-overlap"   // two rules for one case, channel and day
	DiscountOver = "discount-over" // a discount that has ended is still printed
	ActOver      = "act-over"      // rests on a legal text that is no longer in force
	LevelOver    = "level-over"    // names a level of police that does not exist any more
	OtherPage    = "other-page"    // carries another procedure's page
	NameAbsent   = "name-absent"   // its text hardly names it: perhaps another procedure's
	SameText     = "same-text"     // same steps as another procedure
	OtherBody    = "other-body"    // belongs to another ministry or to local government
)

// Finding is one line of the worklist.
type Finding struct {
	Code     string `json:"code"`
	Line     int    `json:"line,omitempty"` // of the file
	Name     string `json:"name"`
	Field    string `json:"field"`
	Kind     string `json:"kind"`
	Sentence string `json:"sentence"`      // what is printed
	Law      string `json:"law,omitempty"` // citation of the rule that says so
	Args     []any  `json:"-"`             // of the words for the finding and its remedy
}

// linter collects findings about one thing.
type linter struct {
	law   *pack.Pack
	on    pack.Date
	found []Finding
}

func (l *linter) add(d *Draft, field, kind, sentence string, args ...any) {
	l.found = append(l.found, Finding{Code: d.Procedure.Code, Line: d.Line, Name: flat(d.Title()), Field: field, Kind: kind,
		Sentence: flat(short(sentence, 400)), Args: args})
}

// cite names the law behind the last finding.
func (l *linter) cite(law string) { l.found[len(l.found)-1].Law = law }

// Lint makes the worklist of a file's drafts: in the order of lines, then of
// fields. on is the day on which discounts, texts and levels are asked about.
func Lint(drafts []Draft, law *pack.Pack, on pack.Date) []Finding {
	l := &linter{law: law, on: on}
	pages := newPages(drafts, law)
	lines := map[string]int{}
	for i := range drafts {
		d := &drafts[i]
		if d.Broken != "" {
			l.add(d, "", NoRecord, d.Cells[keyPage], "why", d.Broken)
			continue
		}
		if code := d.Procedure.Code; code != "" {
			if first, twice := lines[code]; twice {
				l.add(d, "code", CodeTwice, code, "line", first)
			} else {
				lines[code] = d.Line
			}
		}
		if d.Marks["code"].State != Typed {
			l.add(d, "code", NoCode, cmp.Or(d.cell(keyCode), nothing))
		}
		if p, ok := law.Procedure(d.Procedure.Code); ok && p.To != "" && p.To < on {
			l.add(d, "code", Ended, p.Name, "to", dayWord(p.To), "after", cmp.Or(strings.Join(p.After, ", "), "–"))
		}
		pages.lint(l, d)
		l.body(d)
		l.limits(d)
		l.fees(d)
		l.discounts(d)
		l.acts(d)
		l.levels(d)
	}
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(slices.Index(Fields, a.Field), slices.Index(Fields, b.Field)))
	})
	return l.found
}

func (l *linter) limits(d *Draft) {
	m := d.Marks["limits"]
	if m.State == Absent {
		l.add(d, "limits", NoLimit, nothing)
		return
	}
	for _, s := range d.clashes.limits {
		l.add(d, "limits", LimitClash, s.String())
	}
	for _, s := range d.clashes.limitRows {
		l.add(d, "limits", LimitClash, s)
	}
	for _, s := range d.clashes.vague {
		l.add(d, "limits", LimitVague, s.String())
	}
	for _, s := range d.clashes.unread {
		l.add(d, "limits", LimitUnread, s.String())
	}
}

func (l *linter) fees(d *Draft) {
	switch m := d.Marks["fees"]; {
	case m.State == Absent:
		l.add(d, "fees", NoFee, nothing)
	case len(d.clashes.fees) > 0:
		for _, s := range d.clashes.fees {
			l.add(d, "fees", FeeClash, s.String())
		}
	case m.State == Kept && len(d.clashes.feeRows) == 0:
		l.add(d, "fees", FeeUnread, m.Text)
	}
	for _, s := range d.clashes.feeRows {
		l.add(d, "fees", FeeOverlap, s)
	}
}

// discounts looks at what is printed, read or not: a discount is a clause that
// ends on a day.
func (l *linter) discounts(d *Draft) {
	var seen []string
	for _, w := range d.Ways {
		for _, p := range w.Prices {
			for _, clause := range noteClauses(p.Note) {
				if _, to, ok := until(clause); ok && to < l.on && !slices.Contains(seen, clause) {
					seen = append(seen, clause)
					l.add(d, "fees", DiscountOver, clause, "to", dayWord(to))
				}
			}
		}
	}
}

func (l *linter) acts(d *Draft) {
	var seen []string
	over := func(field, number, sentence string) {
		if slices.Contains(seen, number) {
			return
		}
		seen = append(seen, number)
		if args, act, ok := l.over(number); ok {
			l.add(d, field, ActOver, sentence, args...)
			l.cite(act)
		}
	}
	for _, b := range d.Bases {
		over("bases", b.Number, b.Number+" "+b.Name)
	}
	for _, key := range []struct{ field, key string }{{"fees", keyWays}, {"papers", keyPapers}, {"steps", keySteps}} {
		for _, number := range codeText.FindAllString(d.cell(key.key), -1) {
			over(key.field, number, sentenceWith(d.cell(key.key), number))
		}
	}
}

// over says what the pack knows of the end of an instrument, and its ID.
func (l *linter) over(number string) (args []any, id string, ok bool) {
	act, known := l.law.InstrumentByNumber(number)
	if !known || act.To == "" || act.To >= l.on {
		return nil, "", false
	}
	next := "–"
	if heir, ok := l.law.Instrument(act.ReplacedBy); ok {
		next = heir.Number
	}
	return []any{"number", number, "to", dayWord(act.To), "next", next}, act.ID, true
}

// dayWord is a day as people write it, 31/12/2025.
func dayWord(d pack.Date) string {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return d
	}
	return t.Format("02/01/2006")
}

// districtText is how texts name the police of a district.
var districtText = regexp.MustCompile(`(?i)(?:công an|cấp)\s+(?:cấp\s+)?(?:huyện|quận)(?:[^\p{L}]|$)|công an\s+(?:cấp\s+)?(?:thị xã|thành phố thuộc tỉnh)(?:[^\p{L}]|$)`)

func (l *linter) levels(d *Draft) {
	law, over := l.ended(pack.District)
	if !over {
		return
	}
	for _, key := range []struct{ field, key string }{{"levels", keyLevels}, {"authority", keyAuthority}, {"handler", keyHandler}, {"address", keyAddress},
		{"steps", keySteps}, {"channels", keyWays}, {"papers", keyPapers}, {"conditions", keyConditions}} {
		printed := d.cell(key.key)
		if key.key == keyWays && len(d.Ways) > 0 {
			printed = described(d.Ways)
		}
		if at := districtText.FindString(printed); at != "" {
			l.add(d, key.field, LevelOver, sentenceWith(printed, at), "law", law)
			l.cite(law)
		}
	}
}

// described is what a table of ways says in words.
func described(ways []Way) string {
	var all []string
	for _, w := range ways {
		all = append(all, channelWords[w.Channel]+": "+w.Text)
	}
	return strings.Join(all, "\n")
}

// ended reports whether the law has no unit of a level on the day, though it had
// some, and by which instrument they ended.
func (l *linter) ended(level pack.Level) (law string, over bool) {
	for _, u := range l.law.Units(l.on) {
		if u.Level == level {
			return "", false
		}
	}
	for _, e := range l.law.Reorganisations() {
		for _, s := range e.Successions {
			if u, ok := l.law.UnitByKey(s.Of); ok && u.Level == level && e.On <= l.on {
				return e.Law, true
			}
		}
	}
	return "", false
}

// sentenceWith is the sentence of a text that holds some words.
func sentenceWith(text, words string) string {
	at := strings.Index(text, words)
	if at < 0 {
		return words
	}
	begin := strings.LastIndexAny(text[:at], "\n;")
	if dot := strings.LastIndex(text[:at], ". "); dot > begin {
		begin = dot
	}
	end := len(text)
	if stop := strings.IndexAny(text[at+len(words):], "\n;"); stop >= 0 {
		end = at + len(words) + stop
	}
	if dot := strings.Index(text[at+len(words):end], ". "); dot >= 0 {
		end = at + len(words) + dot + 1
	}
	const before, after = 160, 160 // letters; cells are run together and can be one long sentence
	left, right := []rune(text[begin+1:at]), []rune(text[at:end])
	lead, tail := "", ""
	if len(left) > before {
		left, lead = left[len(left)-before:], "…"
	}
	if len(right) > after {
		right, tail = right[:after], "…"
	}
	return lead + flat(string(left)+string(right)) + tail
}

// Whose a procedure is, by the agencies that a page names and by who decided it.
var (
	policeText  = regexp.MustCompile(`(?i)công an|cảnh sát|xuất nhập cảnh|an ninh|trung tâm dữ liệu quốc gia|cục (?:hồ sơ|chính sách|tổ chức|khoa học|y tế)`)
	decidedBy   = regexp.MustCompile(`/QĐ-(\p{Lu}+)`)
	policeBases = regexp.MustCompile(`BCA|QH\d`)
)

// body looks for procedures of other ministries and of local government that are
// filed under the police.
func (l *linter) body(d *Draft) {
	if m := decidedBy.FindStringSubmatch(d.cell(keyDecision)); m != nil && m[1] != "BCA" {
		l.add(d, "decision", OtherBody, d.cell(keyDecision))
		return
	}
	who := append(slices.Clone(d.Authority), d.Handler...)
	if len(who) > 0 && !slices.ContainsFunc(who, policeText.MatchString) {
		l.add(d, "authority", OtherBody, strings.Join(who, ", "))
		return
	}
	if len(who) == 0 && d.Marks["field"].State == Kept && !policeText.MatchString(d.cell(keyField)) &&
		!slices.ContainsFunc(d.Bases, func(b Basis) bool { return policeBases.MatchString(b.Number) }) {
		l.add(d, "field", OtherBody, d.cell(keyField))
	}
}

// pages compares texts with names, to find records that carry the text of
// another procedure.
type pages struct {
	law    *pack.Pack
	rarity map[string]float64  // of a pair of words among the names of file and pack
	bodies map[string][]*Draft // by their steps
}

func newPages(drafts []Draft, law *pack.Pack) *pages {
	p := &pages{law: law, rarity: map[string]float64{}, bodies: map[string][]*Draft{}}
	seen := map[string]bool{}
	add := func(name string) {
		plain := applicant.Fold(name)
		if seen[plain] {
			return
		}
		seen[plain] = true
		for pair := range pairs(name) {
			p.rarity[pair]++
		}
	}
	for _, proc := range law.AllProcedures() {
		add(cmp.Or(proc.Official, proc.Name))
	}
	for i := range drafts {
		d := &drafts[i]
		add(d.Procedure.Name)
		if key := bodyKey(d); key != "" {
			p.bodies[key] = append(p.bodies[key], d)
		}
	}
	for pair, n := range p.rarity {
		p.rarity[pair] = 1 / n
	}
	return p
}

// bodyKey is the steps of a draft as one compares them; "" if it has too few.
func bodyKey(d *Draft) string {
	const few = 100
	if key := applicant.Fold(d.cell(keySteps)); len(key) >= few {
		return key
	}
	return ""
}

func plainWords(s string) []string {
	return strings.FieldsFunc(applicant.Fold(s), func(r rune) bool { return r < 'a' && (r < '0' || r > '9') || r > 'z' })
}

// where is what names add in brackets about the level: "(thực hiện tại cấp xã)".
var where = regexp.MustCompile(`\([^)]*(?:cấp|tại)[^)]*\)`)

// pairs are the pairs of neighbouring words, without marks.
func pairs(s string) map[string]bool {
	set := map[string]bool{}
	words := plainWords(where.ReplaceAllString(s, " "))
	for i := 1; i < len(words); i++ {
		set[words[i-1]+" "+words[i]] = true
	}
	return set
}

// covered is how much of a name a text holds, rare pairs of words counting more.
func (p *pages) covered(name, text map[string]bool) float64 {
	var all, held float64
	for pair := range name {
		all += p.rarity[pair]
		if text[pair] {
			held += p.rarity[pair]
		}
	}
	if all == 0 {
		return 1
	}
	return held / all
}

// alike is the share of a's words that b has.
func alike(a, b string) float64 {
	words, n := plainWords(a), 0
	for _, w := range words {
		if slices.Contains(plainWords(b), w) {
			n++
		}
	}
	return float64(n) / float64(max(len(words), 1))
}

var (
	pageCode = regexp.MustCompile(`Mã thủ tục ?(\d\.\d{6})`)
	anyCode  = regexp.MustCompile(`(?:^|[^\d.])(\d\.\d{6})(?:[^\d.]|$)`)
)

// strange is how little of its name a text may hold. Six of seven random pairs
// of a name and a text of the national catalogue stay below; of the records with
// their own text five in two hundred do.
const strange = 0.15

func (p *pages) lint(l *linter, d *Draft) {
	code, name := d.Procedure.Code, d.Procedure.Name
	if m := pageCode.FindStringSubmatch(d.Cells[keyPage]); m != nil && code != "" && m[1] != code {
		l.add(d, "code", OtherPage, "Mã thủ tục "+m[1], "other", m[1])
		return
	}
	if known, ok := p.law.Procedure(code); ok {
		const unlike = 0.4
		if alike(name, known.Official+" "+known.Name) < unlike && alike(known.Name, name) < unlike {
			l.add(d, "name", OtherPage, name, "other", "«"+known.Name+"»")
			return
		}
	}
	printed := strings.Join([]string{d.cell(keySteps), d.cell(keyWays), d.cell(keyPapers), d.cell(keyConditions), d.cell(keyResults)}, " \n")
	if m := anyCode.FindStringSubmatch(printed); m != nil && m[1] != code {
		l.add(d, "steps", OtherPage, sentenceWith(printed, m[1]), "other", m[1])
		return
	}
	for _, o := range p.bodies[bodyKey(d)] {
		if o.Line == d.Line || o.Procedure.Code == code {
			continue
		}
		if applicant.Fold(o.Procedure.Name) == applicant.Fold(name) {
			l.add(d, "name", OtherPage, name, "other", o.Procedure.Code)
			return
		}
		l.add(d, "steps", SameText, short(flat(d.cell(keySteps)), 160), "other", o.Procedure.Code+" «"+flat(o.Procedure.Name)+"»")
		break
	}
	p.nameAbsent(l, d, pairs(printed))
}

// nameAbsent looks for a text that hardly holds the words of its name.
func (p *pages) nameAbsent(l *linter, d *Draft, text map[string]bool) {
	const few = 60 // pairs; less is no text
	if own := p.covered(pairs(d.Procedure.Name), text); len(text) >= few && own < strange {
		l.add(d, "name", NameAbsent, short(flat(d.cell(keySteps)), 200), "percent", int(own*100))
	}
}
