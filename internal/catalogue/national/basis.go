package national

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"quay20/internal/pack"
)

// Basis is a legal text that a procedure rests on (căn cứ pháp lý).
type Basis struct {
	Number string // "17/2024/TT-BCA"; "" if the page prints no whole number
	Name   string
	Issued pack.Date // from the name; "" if it does not say
	Text   string    // as printed, where no number was read
}

// codeText is the number of an instrument. Its end has to be known by its
// issuers, because the next cell follows without a blank.
var codeText = regexp.MustCompile(`\d{1,5}/(?:19|20)\d{2}/(?:QH\d{2}|UBTVQH\d{2}|PL-UBTVQH\d{2}|(?:TTLT|TT|NĐ|QĐ|NQ|CT|VBHN)[-_](?:CP|TTg|TTG|UBND|HĐND|HĐTP|VPCP|QH\d{2}|UBTVQH\d{2}|BCA|BTC|BTP|BYT|BNV|BXD|BGTVT|BQP|BGDĐT|BLĐTBXH|BTTTT|BKHCN|BKHĐT|BCT|BNNPTNT|BTNMT|BNG|BVHTTDL|NHNN|TTCP|VKSNDTC|TANDTC)(?:[-_](?:BCA|BTC|BTP|BYT|BNV|BXD|BGTVT|BQP|BGDĐT|BLĐTBXH|BTTTT|BKHCN|BCT|BNG|VKSNDTC|TANDTC))*)`)

// numberIn is the number of the first instrument that a text names, "" if none.
func numberIn(s string) string {
	return strings.ReplaceAll(codeText.FindString(s), "_", "-")
}

var (
	typeWord = regexp.MustCompile(`(?:Luật|Thông tư liên tịch|Thông tư|Nghị định|Nghị quyết|Quyết định|Pháp lệnh)(?: số)?:?\s*$`)
	dayText  = regexp.MustCompile(`ngày (\d{1,2})(?:/| tháng )(\d{1,2})(?:/| năm )(\d{4})`)
)

// bases takes the table of legal texts apart. A row ends with its number, which
// stands at once before the next row's name, or at once after its own.
func bases(cell string) (rows []Basis, whole bool) {
	cell = strings.TrimSpace(strings.TrimPrefix(cell, basesHead))
	whole = true
	begin := 0
	for _, at := range codeText.FindAllStringIndex(cell, -1) {
		at, sure := ownDigits(cell, at)
		if at[0] < begin || !endsRow(cell, begin, at) {
			continue
		}
		if !sure {
			rows, begin, whole = append(rows, Basis{Text: flat(cell[begin:at[1]])}), at[1], false
			continue
		}
		rows = append(rows, basis(cell[begin:at[0]], cell[at[0]:at[1]]))
		begin = at[1]
	}
	if rest := strings.TrimSpace(cell[begin:]); rest != "" {
		rows, whole = append(rows, Basis{Text: flat(rest)}), false
	}
	return rows, whole
}

// endsRow tells a row's number from one that its name mentions.
func endsRow(cell string, begin int, at []int) bool {
	after := cell[at[1]:]
	if after == "" || strings.HasPrefix(after, "\n") {
		return true
	}
	glued := at[0] > begin && !strings.ContainsAny(cell[at[0]-1:at[0]], " \n(“\"")
	first := []rune(after)[0]
	switch {
	case strings.ContainsRune(" ,.;:()/”\"-_", first):
		return false
	case first >= '0' && first <= '9':
		return false // the number of the row itself follows
	default:
		return glued || strings.ToUpper(string(first)) == string(first)
	}
}

func basis(name, number string) Basis {
	b := Basis{Number: strings.ReplaceAll(number, "_", "-")}
	name = flat(name)
	if m := dayText.FindStringSubmatchIndex(name); m != nil && strings.Contains(name[:m[0]], number) && codeText.FindString(name) == number {
		b.Issued, _ = date(name[m[2]:m[3]], name[m[4]:m[5]], name[m[6]:m[7]])
	}
	b.Name = strings.TrimSpace(typeWord.ReplaceAllString(name, ""))
	if b.Name == "" {
		b.Name = name
	}
	return b
}

// date is a day as printed, 7 9 2023; false if there is no such day.
func date(day, month, year string) (pack.Date, bool) {
	d := fmt.Sprintf("%s-%02s-%02s", year, month, day)
	_, err := time.Parse(time.DateOnly, d)
	return d, err == nil
}

// ownDigits cuts the digits of a year off the number that it is run together
// with, "năm 201102/2011/QH13"; false if nobody can say which digits are whose.
func ownDigits(cell string, at []int) ([]int, bool) {
	begin := at[0]
	for begin > 0 && cell[begin-1] >= '0' && cell[begin-1] <= '9' {
		begin--
	}
	if strings.HasSuffix(cell[:begin], "QH") && at[0]-begin < 3 {
		begin += 2 // of the National Assembly's number before it
	}
	digits := strings.IndexByte(cell[begin:], '/')
	switch run := cell[begin : begin+digits]; {
	case len(run) <= 4:
		return []int{begin, at[1]}, true
	case yearFirst.MatchString(run):
		return []int{begin + 4, at[1]}, true
	default:
		return at, false
	}
}

var yearFirst = regexp.MustCompile(`^(?:19|20)\d{2}\d{1,4}$`)
