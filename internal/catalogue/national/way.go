package national

import (
	"regexp"
	"strconv"
	"strings"
)

// Way is a row of the table of ways to file (cách thức thực hiện).
type Way struct {
	Channel string // counter, online, post
	Limit   *Limit // of the column; nil if the page has none
	Prices  []Price
	Text    string // the description
}

// Price is what the fee column prints, with the note in brackets after it.
type Price struct {
	Amount   *int64 // nil: the page has no information
	Free     bool   // "Miễn phí"; the amount is then 0
	Currency string // VND, USD
	Note     string
}

var channels = map[string]string{"Trực tiếp": "counter", "Trực tuyến": "online", "Dịch vụ bưu chính": "post"}

var (
	rowHead   = regexp.MustCompile(`(Trực tiếp|Trực tuyến|Dịch vụ bưu chính)(\d{1,4} (?:Giờ làm việc|Giờ|Ngày làm việc|Ngày|Tháng)|Không có thông tin)(?:\d[\d.,]* ?(?:Việt Nam Đồng|VNĐ|VND|USD)|Miễn phí|Không có thông tin)`)
	priceHead = regexp.MustCompile(`^(?:(\d[\d.,]*) ?(Việt Nam Đồng|VNĐ|VND|USD)|Miễn phí|Không có thông tin)`)
)

// ways takes the table of ways apart. What does not fit its grammar is the rest.
func ways(cell string) (rows []Way, rest string) {
	cell = strings.TrimSpace(strings.TrimPrefix(cell, waysHead))
	heads := rowHead.FindAllStringSubmatchIndex(cell, -1)
	if len(heads) == 0 {
		return nil, cell
	}
	rest = strings.TrimSpace(cell[:heads[0][0]])
	for i, at := range heads {
		end := len(cell)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		w := Way{Channel: channels[cell[at[2]:at[3]]]}
		if m := limitHead.FindStringSubmatch(cell[at[4]:at[5]]); m != nil {
			l := limitIn(m[1], m[2])
			w.Limit = &l
		}
		w.Prices, w.Text = prices(cell[at[5]:end])
		rows = append(rows, w)
	}
	return rows, rest
}

// prices reads the fee column, which stands before the description.
func prices(s string) (all []Price, description string) {
	for {
		m := priceHead.FindStringSubmatchIndex(s)
		if m == nil {
			return all, strings.TrimSpace(s)
		}
		price := Price{Currency: "VND"}
		switch {
		case m[2] >= 0:
			if s[m[4]:m[5]] == "USD" {
				price.Currency = "USD"
			}
			if n, ok := amount(s[m[2]:m[3]]); ok {
				price.Amount = &n
			}
		case s[m[0]:m[1]] != nothing:
			price.Free, price.Amount = true, new(int64)
		}
		s = s[m[1]:]
		if strings.HasPrefix(s, "(") {
			if end := closing(s); end > 0 {
				price.Note, s = strings.TrimSpace(s[1:end]), s[end+1:]
			} else {
				price.Note, s = strings.TrimSpace(s[1:]), "" // nobody knows where the note ends
				return append(all, Price{Note: price.Note, Currency: price.Currency}), ""
			}
		}
		all = append(all, price)
	}
}

// point is the sign of a list, "a)", which closes no bracket.
var point = regexp.MustCompile(`(?:^\(|[\s;.:])[a-hđ1-9]\)$`)

// closing is where the bracket that opens s closes, or -1.
func closing(s string) int {
	depth := 0
	for i, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && !point.MatchString(s[max(i-3, 0):i+1]):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

var thousands = regexp.MustCompile(`^\d{1,3}(?:([.,])\d{3})(?:[.,]\d{3})*$`)

// amount reads "200,000", "200.000" and "40". A fraction is not read.
func amount(s string) (int64, bool) {
	s = strings.TrimRight(s, ".,")
	if strings.ContainsAny(s, ".,") && !thousands.MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.NewReplacer(".", "", ",", "").Replace(s), 10, 64)
	return n, err == nil && n <= 1_000_000_000_000
}
