package national

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/pack"
)

// pricing is what one way says about fees.
type pricing struct {
	rules   []pack.FeeRule
	free    bool
	said    bool     // the page has some information
	sure    bool     // column and note were understood and agree
	clashes []string // clauses of the note that contradict the column
}

var (
	moneyText  = regexp.MustCompile(`(?i)(\d[\d.,]*)\s?(đồng|đ|vnđ|vnd|usd|việt nam đồng)(?:[^\p{L}]|$)(?:\s*/?\s*)`)
	perText    = regexp.MustCompile(`^[^\p{L}]{0,2}(\p{L}[^.,;:()/]{0,40})`)
	untilText  = regexp.MustCompile(`(?i)(?:từ\s+(?:ngày\s+)?(\d{1,2})/(\d{1,2})/(\d{4})\s+)?(?:áp dụng\s+)?đến\s+(?:hết\s+)?(?:ngày\s+)?(\d{1,2})/(\d{1,2})/(\d{4})`)
	discount   = regexp.MustCompile(`(?i)(bằng|giảm còn|giảm xuống còn|còn|giảm)\s+(\d{1,3})\s?%`)
	exempt     = regexp.MustCompile(`(?i)miễn|giảm|không (?:phải )?(?:thu|nộp)|trừ (?:trường hợp|các)`)
	percent    = regexp.MustCompile(`(\d{1,3})\s?%`)
	tariff     = regexp.MustCompile(`(?i)mức\s+(?:thu|phí)|theo\s+quy\s+định|thông\s+tư|nghị\s+quyết`)
	carrier    = regexp.MustCompile(`(?i)bưu chính|chuyển phát|đơn vị cung cấp dịch vụ`)
	noFee      = regexp.MustCompile(`(?i)^(?:không|miễn phí|không (?:thu|mất) (?:phí|lệ phí|phí, lệ phí))[ .,;]*$`)
	onlineText = regexp.MustCompile(`(?i)trực\s+tuy[eếể]`)
	channelIs  = regexp.MustCompile(`(?i)^(?:trường hợp )?(?:công dân |tổ chức, cá nhân )?nộp (?:hồ sơ )?(?:trực tiếp|trực tuyến|qua cổng dịch vụ công(?: trực tuyến)?)(?: thu)?$`)
	feeWord    = regexp.MustCompile(`(?i)^(?:-|\+)?\s*(?:phí|lệ phí|mức (?:thu|phí)|thu)\s*:?\s*$`)
	trailing   = regexp.MustCompile(`(?i)\s*(?:thu|mức thu(?: là)?|là|phí|lệ phí)?\s*[:,-]?\s*$`)
)

// price puts column and note together for one channel.
func (w *Way) price() pricing {
	channel := w.Channel
	if channel == "post" {
		channel = "counter" // post pays as the counter does
	}
	p := pricing{sure: true}
	for _, price := range w.Prices {
		if price.Amount == nil && price.Note == "" {
			continue
		}
		p.said = true
		if price.Free && w.Channel == "post" && carrier.MatchString(price.Note) {
			continue // the carrier's price is not a fee
		}
		rules, free, ok := price.read(channel)
		p.rules, p.free, p.sure = append(p.rules, rules...), p.free || free, p.sure && ok
		if !ok {
			p.clashes = append(p.clashes, price.clash()...)
		}
	}
	return p
}

// clash are the clauses of a note that cannot be true together with the column.
func (p Price) clash() []string {
	var all []string
	for _, clause := range noteClauses(p.Note) {
		if untilText.MatchString(clause) && percent.MatchString(clause) {
			continue
		}
		for _, m := range moneyText.FindAllStringSubmatch(clause, -1) {
			n, ok := amount(m[1])
			if ok && p.Amount != nil && (n != *p.Amount || currency(m[2]) != p.Currency) && !slices.Contains(all, clause) {
				all = append(all, clause)
			}
		}
		if p.Free && len(all) == 0 && tariff.MatchString(clause) && !noFee.MatchString(clause) {
			all = append(all, clause)
		}
	}
	if p.Amount != nil && p.names() {
		return nil // one of several amounts is the column's: no contradiction
	}
	return all
}

// names reports whether the note names the amount of the column.
func (p Price) names() bool {
	for _, m := range moneyText.FindAllStringSubmatch(p.Note, -1) {
		if n, ok := amount(m[1]); ok && n == *p.Amount && currency(m[2]) == p.Currency {
			return true
		}
	}
	return false
}

func currency(word string) string {
	if strings.EqualFold(word, "usd") {
		return "USD"
	}
	return "VND"
}

// remark is in brackets within a note: until when, or by what. Its full stops
// and semicolons part no clauses.
var (
	remark  = regexp.MustCompile(`\(([^()]*)\)`)
	oneLine = strings.NewReplacer(";", ",", "\n", " ", ". ", ", ")
)

func noteClauses(note string) []string {
	return clauses(remark.ReplaceAllStringFunc(note, func(s string) string {
		return "(" + oneLine.Replace(strings.TrimRight(s[1:len(s)-1], ". ")) + ")"
	}))
}

// share is what a discount leaves of the fee, in hundredths: "bằng 50%" leaves
// 50, "giảm 30%" leaves 70. False if the clause says it in another way.
func share(clause string) (int64, bool) {
	m := discount.FindStringSubmatch(clause)
	if m == nil || len(percent.FindAllString(clause, 2)) > 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil || n > 100 {
		return 0, false
	}
	if strings.EqualFold(m[1], "giảm") {
		n = 100 - n
	}
	return n, true
}

// read gives the fee rules of a price; ok is false if they are not certain.
func (p Price) read(channel string) (rules []pack.FeeRule, free, ok bool) {
	base := pack.FeeRule{Channel: channel, Amount: p.Amount, Currency: p.Currency, Kind: "base"}
	noted := noteClauses(p.Note)
	if p.Free {
		all := !slices.ContainsFunc(noted, func(c string) bool { return !noFee.MatchString(c) })
		return nil, all, all
	}
	if p.Amount == nil {
		return nil, false, false
	}
	named := false // the note names the amount of the column
	for _, clause := range noted {
		r := base
		r.Basis = numberIn(clause)
		money := moneyText.FindAllStringSubmatchIndex(clause, -1)
		from, to, dated := until(clause)
		if percent.MatchString(clause) {
			left, sure := share(clause)
			if !sure || !dated || len(money) > 0 || *p.Amount*left%100 != 0 {
				return nil, false, false
			}
			part := *p.Amount * left / 100
			r.Amount, r.From, r.To, r.Kind, r.Note = &part, from, to, "reduction", clause
			if onlineText.MatchString(clause) {
				r.Channel = "online"
			}
			rules = append(rules, r)
			continue
		}
		switch len(money) {
		case 0:
			digits := strings.ContainsAny(clause, "0123456789") && !dated && !codeText.MatchString(clause)
			if digits || exempt.MatchString(clause) {
				return nil, false, false // an amount, or an exception, in words of its own
			}
			if label := strings.Trim(clause, " .;:/"); !named && len(noted) == 1 && label != "" && !strings.HasPrefix(clause, "/") && r.Basis == "" {
				r.Case = label
				rules, named = append(rules, r), true
			} else if strings.HasPrefix(clause, "/") {
				base.Per = strings.Trim(clause, "/ .")
			}
		case 1:
			at := money[0]
			n, fine := amount(clause[at[2]:at[3]])
			if !fine {
				return nil, false, false
			}
			r.Amount, r.Currency = &n, currency(clause[at[4]:at[5]])
			if same := n == *p.Amount && r.Currency == p.Currency; same {
				named = true
			}
			if m := perText.FindStringSubmatch(clause[min(at[1], len(clause)):]); m != nil && strings.Contains(clause[at[5]:], "/") {
				r.Per = m[1]
			}
			r.Case = label(clause[:at[0]])
			if dated {
				r.From, r.To, r.Note = from, to, clause
				if slices.ContainsFunc(rules, func(o pack.FeeRule) bool { return o.Case == r.Case && o.Kind == "base" && *o.Amount > n }) {
					r.Kind = "reduction"
				}
			}
			rules = append(rules, r)
		default:
			return nil, false, false
		}
	}
	if !named && slices.ContainsFunc(rules, func(r pack.FeeRule) bool { return r.Kind == "base" }) {
		return nil, false, false // the column prints an amount that the note does not know
	}
	if !named {
		rules = append([]pack.FeeRule{base}, rules...)
	}
	reduceBase(rules)
	return rules, false, distinct(rules)
}

// reduceBase gives a reduction without a case the case that it reduces, if
// there is only one.
func reduceBase(rules []pack.FeeRule) {
	var cases []string
	for _, r := range rules {
		if r.Kind == "base" && !slices.Contains(cases, r.Case) {
			cases = append(cases, r.Case)
		}
	}
	for i := range rules {
		if rules[i].Kind == "reduction" && rules[i].Case == "" && len(cases) == 1 {
			rules[i].Case = cases[0]
		}
	}
}

// distinct reports whether no two base rules are for the same case.
func distinct(rules []pack.FeeRule) bool {
	for i, r := range rules {
		for _, o := range rules[:i] {
			if r.Kind == "base" && o.Kind == "base" && r.Case == o.Case && *r.Amount != *o.Amount {
				return false
			}
		}
	}
	return true
}

// label is the case that stands before an amount, "" if it says nothing that the
// channel does not say.
func label(s string) string {
	s = strings.TrimSpace(strings.TrimLeft(s, "-+ "))
	if feeWord.MatchString(s) || channelIs.MatchString(strings.TrimSpace(s)) {
		return ""
	}
	s = strings.TrimSpace(trailing.ReplaceAllString(s, ""))
	s = strings.Trim(s, " .;:,")
	if feeWord.MatchString(s) || channelIs.MatchString(s) {
		return ""
	}
	return caseName(s)
}

// until reads "từ 01/01/2025 đến hết ngày 31/12/2025".
func until(s string) (from, to pack.Date, ok bool) {
	m := untilText.FindStringSubmatch(s)
	if m == nil {
		return "", "", false
	}
	if m[3] != "" {
		if from, ok = date(m[1], m[2], m[3]); !ok {
			return "", "", false
		}
	}
	to, ok = date(m[4], m[5], m[6])
	return from, to, ok && from <= to
}

// money is an amount for people: "50.000 VND".
func money(r pack.FeeRule) string {
	if r.Amount == nil {
		return "–"
	}
	digits := strconv.FormatInt(*r.Amount, 10)
	var grouped strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			grouped.WriteByte('.')
		}
		grouped.WriteRune(c)
	}
	return grouped.String() + " " + r.Currency
}
