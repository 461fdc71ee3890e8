package national

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/lawtime"
	"quay20/internal/pack"
)

// Limit is a time limit as printed: 3 "ngày làm việc".
type Limit struct {
	N    int    `json:"n"`
	Unit string `json:"unit"` // giờ làm việc, giờ, ngày làm việc, ngày, tháng
}

func (l Limit) String() string { return strconv.Itoa(l.N) + " " + l.Unit }

// units are the printed units that the law's clock counts. A bare "giờ" may be
// an hour of the day or of the desk: it is read as the pack's hour, in doubt.
var units = map[string]lawtime.Unit{
	"giờ":           lawtime.Hour,
	"giờ làm việc":  lawtime.Hour,
	"ngày làm việc": lawtime.WorkingDay,
	"ngày":          lawtime.Day,
	"tháng":         lawtime.Month,
}

// typed is the limit as the pack has it.
func (l Limit) typed() (lawtime.Limit, bool) {
	t := lawtime.Limit{Amount: l.N, Unit: units[strings.ToLower(l.Unit)]}
	return t, t.Check() == nil
}

const unitWords = `giờ làm việc|giờ|ngày làm việc|ngày|tháng`

var (
	limitHead = regexp.MustCompile(`^(\d{1,4}) ((?i:` + unitWords + `))`)
	limitText = regexp.MustCompile(`(?i)(^|[^\d/.,-])(\d{1,4})\s+(` + unitWords + `|phút|năm)`)
)

// limitIn reads what a match of limitHead or limitText, without its whole, says.
func limitIn(n, unit string) Limit {
	amount, _ := strconv.Atoi(n) // four digits at most
	return Limit{amount, strings.ToLower(unit)}
}

// mention is one limit that the text of a way names.
type mention struct {
	kind   mentionKind
	limit  Limit
	name   string // of a case, or the agency of a leg
	total  bool   // of an extension: the limit is the ceiling, not what is added
	clause string
}

type mentionKind int

const (
	other     mentionKind = iota // a limit of something else, or one that was not understood
	plain                        // the limit
	forCase                      // the limit of a case
	forAgency                    // the share of an agency
	extension
)

// clauseEnd ends a clause: a line, a semicolon, a full stop, or the sign of a list.
var clauseEnd = regexp.MustCompile(`\n+|;\s*|\.(?:\s+|$)|(?:^|\s+)[-+*•]\s*(\p{Lu}|\d)`)

// clauses parts a text into clauses, without the signs of lists. The clause that
// opens a list, "Đăng ký theo danh sách:", is put before each of the list.
func clauses(text string) []string {
	var all []string
	opening := ""
	add := func(s string) {
		s = strings.TrimSpace(strings.TrimLeft(flat(s), "-+*• "))
		switch {
		case s == "":
		case strings.HasSuffix(s, ":") && !strings.ContainsAny(s, "0123456789"):
			opening = s
			if generalName.MatchString(strings.TrimSpace(strings.TrimSuffix(s, ":"))) {
				opening = ""
			}
		default:
			all = append(all, strings.TrimSpace(opening+" "+s))
		}
	}
	begin := 0
	for _, m := range clauseEnd.FindAllStringSubmatchIndex(text, -1) {
		add(text[begin:m[0]])
		if strings.Contains(text[m[0]:m[1]], "-") {
			opening = "" // a new point of the outer list
		}
		begin = m[1]
		if m[2] >= 0 {
			begin = m[2]
		}
	}
	add(text[begin:])
	return all
}

var (
	generalName = regexp.MustCompile(`(?i)^(?:thời hạn|thời gian|thời hạn giải quyết|thời gian giải quyết|thời hạn thực hiện)$`)
	startsPlain = regexp.MustCompile(`(?i)^(?:(?:thời hạn|thời gian)(?: giải quyết| thực hiện)?\s*:?\s*)?(?:là\s+)?(?:trong\s+(?:thời\s+(?:hạn|gian)|vòng)\s+)?(?:không\s+quá\s+|chậm\s+nhất\s+|tối\s+đa\s+|là\s+)*$`)
	afterCount  = regexp.MustCompile(`(?i)^[,:]?\s*(?:\([^)]*\)[,.]?\s*)?(?:$|(?:kể\s+)?từ\s+(?:ngày|khi|lúc)\s+(?:cơ quan\s+|công an\s+|[^,.;]{0,60}?)?(?:nhận|tiếp nhận)\b)`)
	whichCase   = regexp.MustCompile(`(?i)(?:đối\s+)?với\s+(?:các\s+)?trường\s+hợp\s+(.+)$`)
	caseFirst   = regexp.MustCompile(`(?i)^(?:\+\s*)?(.{4,300}?)\s*:\s*(?:trong\s+(?:thời\s+(?:hạn|gian)|vòng)\s+)?(?:không\s+quá\s+|chậm\s+nhất\s+|tối\s+đa\s+)*$`)
	caseThen    = regexp.MustCompile(`(?i)^(?:đối\s+với\s+|với\s+)?(?:các\s+)?trường\s+hợp\s+(.{4,300}?)\s+thì\s+(?:thời\s+hạn\s+[^.;:]{0,60}\s)?(?:trong\s+(?:thời\s+(?:hạn|gian)|vòng)\s+)?(?:không\s+quá\s+|chậm\s+nhất\s+|tối\s+đa\s+|là\s+)*$`)
	longer      = regexp.MustCompile(`(?i)kéo\s+dài|gia\s+hạn`)
	addedTime   = regexp.MustCompile(`(?i)kéo\s+dài\s+thêm|gia\s+hạn\s+(?:thêm|một\s+lần|giải\s+quyết\s+một\s+lần)`)
	wholeTime   = regexp.MustCompile(`(?i)kéo\s+dài\s+hơn`)
	atMost      = regexp.MustCompile(`(?i)không\s+quá\s+$`)
	agencyFirst = regexp.MustCompile(`((?:Phòng|Cục|Công an|Sở|UBND|Ủy ban nhân dân|Uỷ ban nhân dân|Bộ|Trung tâm|Bảo hiểm xã hội|Văn phòng|Thanh tra)\s[^;:()]{0,150}?),?\s*(?:xem xét|chuyển|có trách nhiệm|thẩm định|thẩm tra|tiếp nhận|giải quyết|gửi|thực hiện|thông báo|kiểm tra|phải|trình|ban hành|trả lời|:)`)
	inBrackets  = regexp.MustCompile(`\(([^()]*?\d+\s+(?:giờ|ngày|tháng)[^()]*;[^()]*)\)`)
	shareOf     = regexp.MustCompile(`(?i)^\s*([^:]{2,120}):\s*(\d{1,4})\s+(` + unitWords + `)\s*$`)
	feeClock    = regexp.MustCompile(`(?i)(?:tính|kể)\s+từ\s+(?:ngày|khi)[^.;]{0,120}(?:hoàn thành việc nộp|đã nộp|nộp xong|hoàn thành nghĩa vụ nộp)\s+(?:tiền\s+)?(?:phí|lệ phí)`)
)

// elsewhere is an agency that is not of the province's police.
var elsewhere = regexp.MustCompile(`^(?:Cục|Bộ|Sở|UBND|Ủy ban|Uỷ ban|Bảo hiểm|Văn phòng)`)

// mentions are the limits that the text of a way names.
func mentions(text string) []mention {
	var all []mention
	text = inBrackets.ReplaceAllStringFunc(text, func(shares string) string {
		var found []mention
		for _, share := range strings.Split(strings.Trim(shares, "()"), ";") {
			m := shareOf.FindStringSubmatch(share)
			if m == nil {
				return shares
			}
			found = append(found, mention{forAgency, limitIn(m[2], m[3]), flat(m[1]), false, flat(share)})
		}
		all = append(all, found...)
		return ""
	})
	for _, clause := range clauses(text) {
		found := limitText.FindAllStringSubmatchIndex(clause, -1)
		for i, at := range found {
			from, to := at[4], at[7]
			begin, end := 0, len(clause)
			if i > 0 {
				begin = found[i-1][7]
			}
			if i+1 < len(found) {
				end = found[i+1][4]
			}
			m := mention{limit: limitIn(clause[at[4]:at[5]], clause[at[6]:at[7]]), clause: clause}
			m.read(clause[begin:from], clause[to:end], len(found))
			all = append(all, m)
		}
	}
	return all
}

// read finds out what a limit is of, from the words before and after it.
func (m *mention) read(before, after string, inClause int) {
	around := before + after
	if units[m.limit.Unit] == "" {
		return
	}
	if longer.MatchString(before) {
		switch {
		case !atMost.MatchString(before):
		case addedTime.MatchString(before):
			m.kind = extension
		case wholeTime.MatchString(before):
			m.kind, m.total = extension, true
		}
		return
	}
	if inClause > 1 {
		return // which of them is meant for what is a guess
	}
	if c := caseFirst.FindStringSubmatch(before); c != nil && !generalName.MatchString(strings.TrimSpace(c[1])) && !startsPlain.MatchString(before) {
		if afterCount.MatchString(after) || strings.TrimSpace(after) == "" {
			m.kind, m.name = forCase, caseName(c[1])
		}
		return
	}
	if c := caseThen.FindStringSubmatch(before); c != nil {
		m.kind, m.name = forCase, caseName(c[1])
		return
	}
	if a := agencyFirst.FindStringSubmatch(around); a != nil {
		m.kind, m.name = forAgency, strings.TrimSpace(a[1])
		return
	}
	if !startsPlain.MatchString(strings.TrimSpace(before)) && !startsPlain.MatchString(before) {
		return
	}
	if c := whichCase.FindStringSubmatch(after); c != nil {
		m.kind, m.name = forCase, caseName(c[1])
		return
	}
	if afterCount.MatchString(after) {
		m.kind = plain
	}
}

func caseName(s string) string {
	s = strings.Trim(flat(s), " .;:,")
	for _, lead := range []string{"Thời hạn giải quyết: ", "Thời hạn giải quyết ", "Trường hợp ", "trường hợp ", "Đối với trường hợp ", "Đối với "} {
		s = strings.TrimPrefix(s, lead)
	}
	return s
}

// timing is what the header and the text of one way say about time.
type timing struct {
	cases     []pack.Case
	legs      []pack.Leg
	extension *pack.Extension
	afterFee  bool
	sure      bool     // column and text were understood and agree on the amount
	doubt     bool     // they agree on the amount, not on the unit
	vague     bool     // a bare "giờ": of the day or of the desk
	unlike    bool     // they were understood and do not agree
	clauses   []string // the clauses with limits
}

// time puts header and text together. What the text says in so many words goes
// before the header, if the header's amount is one that the text explains.
func (w *Way) time() (t timing) {
	said := mentions(w.Text)
	t.afterFee = feeClock.MatchString(w.Text)
	by := map[mentionKind][]mention{}
	for _, m := range said {
		if !slices.ContainsFunc(by[m.kind], func(o mention) bool { return o.limit == m.limit && o.name == m.name }) {
			by[m.kind] = append(by[m.kind], m)
		}
		if !slices.Contains(t.clauses, m.clause) {
			t.clauses = append(t.clauses, m.clause)
		}
	}
	if len(by[forAgency]) == 1 && len(by[plain])+len(by[forCase]) == 0 { // the only agency has the whole limit
		m := by[forAgency][0]
		m.name = ""
		by[plain], by[forAgency] = []mention{m}, nil
	}
	switch {
	case len(said) == 0, len(said) == 1 && w.Limit != nil && said[0].limit == *w.Limit && said[0].kind == other:
		t.headerAlone(w)
	case len(by[other]) > 0:
	case len(by[forAgency]) > 1:
		t.shares(w, by[forAgency], by[plain], len(by[forCase])+len(by[extension]))
	case len(by[forAgency]) > 0:
	case len(by[forCase]) > 0:
		t.branches(w, append(by[forCase], by[plain]...), len(by[plain]) > 1 || len(by[extension]) > 0)
	case len(by[plain]) == 1 && len(by[extension]) <= 1:
		t.oneLimit(w, by[plain][0], by[extension])
	}
	return t
}

func (t *timing) headerAlone(w *Way) {
	if w.Limit == nil {
		return
	}
	if l, ok := w.Limit.typed(); ok {
		t.cases, t.sure, t.vague = []pack.Case{{Limit: &l}}, true, w.Limit.Unit == "giờ"
	}
}

// same compares a header with an amount of the text.
func (t *timing) same(w *Way, l Limit) bool {
	if w.Limit == nil {
		return true // the page left the cell empty; the sentence stands alone
	}
	t.unlike = w.Limit.N != l.N
	t.doubt = t.doubt || w.Limit.N == l.N && w.Limit.Unit != l.Unit
	return w.Limit.N == l.N
}

func (t *timing) oneLimit(w *Way, m mention, longer []mention) {
	l, ok := m.limit.typed()
	if !ok {
		return
	}
	if len(longer) == 0 {
		if t.same(w, m.limit) {
			t.cases, t.sure = []pack.Case{{Name: m.name, Limit: &l}}, true
		}
		return
	}
	ext := longer[0]
	ceiling := ext.limit
	if !ext.total {
		ceiling.N += m.limit.N
	}
	top, ok := ceiling.typed()
	if !ok || ext.limit.Unit != m.limit.Unit || ceiling.N <= m.limit.N {
		return
	}
	if w.Limit == nil || *w.Limit == ceiling || *w.Limit == m.limit {
		t.cases, t.extension, t.sure = []pack.Case{{Limit: &l}}, &pack.Extension{Ceiling: top}, true
		return
	}
	t.unlike = true
}

// shares are the legs of an inter-agency limit. They must come to the header,
// or to the one limit that the text names for the whole.
func (t *timing) shares(w *Way, shares, whole []mention, rest int) {
	if rest > 0 || len(whole) > 1 {
		return
	}
	sum, legs := 0, []pack.Leg(nil)
	unit := shares[0].limit.Unit
	for _, m := range shares {
		l, ok := m.limit.typed()
		if !ok || m.limit.Unit != unit {
			return
		}
		sum += m.limit.N
		leg := pack.Leg{Name: m.name, Limit: l}
		if elsewhere.MatchString(m.name) {
			leg.Unit = "external"
		}
		legs = append(legs, leg)
	}
	total := Limit{sum, unit}
	if len(whole) == 1 && whole[0].limit != total {
		t.unlike = true
		return // 7 working days are not 3 days and 4 days
	}
	l, ok := total.typed()
	if ok && t.same(w, total) {
		t.legs, t.cases, t.sure = legs, []pack.Case{{Limit: &l}}, true
	}
}

// branches are limits by case. The header must be the limit of one of them.
func (t *timing) branches(w *Way, branches []mention, mixed bool) {
	if mixed {
		return
	}
	explained := w.Limit == nil
	exact := false
	for _, m := range branches {
		explained = explained || m.limit.N == w.Limit.N
		exact = exact || w.Limit != nil && m.limit == *w.Limit
		l, ok := m.limit.typed()
		if !ok {
			t.cases = nil
			return
		}
		t.cases = append(t.cases, pack.Case{Name: m.name, Limit: &l})
	}
	if !explained {
		t.cases, t.unlike = nil, true
		return
	}
	t.sure, t.doubt = true, w.Limit != nil && !exact
}
