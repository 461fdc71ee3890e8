package national

import (
	"regexp"
	"strconv"
	"strings"

	"quay20/internal/pack"
)

// Paper is a row of the table of papers (thành phần hồ sơ).
type Paper struct {
	pack.Component
	File    string // of the form as the page offers it: "NA5 (1).doc"
	Counted bool   // originals and copies were read
}

var (
	countText = regexp.MustCompile(`(\d+) bản chính(?:,(\d+) bản sao)?|(\d+) bản sao`)
	fileText  = regexp.MustCompile(`(?i)\.(?:docx?|pdf|xlsx?|rar|zip|jpe?g|png)$`)
	formText  = regexp.MustCompile(`(?i)mẫu\s+(?:số\s+)?((?:[A-ZĐ]{1,4}\d{1,3}[a-zđ]?(?:/\d+)?)|(?:\d{1,2}[a-zđ]?(?:/\d{4}/[A-ZĐ]+)?))(?:[^\p{L}\d]|$)`)
	ofAct     = regexp.MustCompile(`(?i)ban hành kèm theo (Thông tư|Nghị định|Quyết định)(?: liên tịch)?(?: số)? ?`)
	noCase    = regexp.MustCompile(`^[-\s]*$|^(?i:bao gồm:?|hồ sơ gồm:?|gồm:?|thành phần hồ sơ:?)$`)
	setOfAll  = regexp.MustCompile(`(?i)^[*+\-\s]*số lượng hồ sơ\s*:?`)
	remarks   = regexp.MustCompile(`(?i)^[*+\-\s]*(?:lưu ý|ghi chú)\b`)
	ifAny     = regexp.MustCompile(`(?i)\(nếu có\)|nếu có[.;]?$`)
)

// papers takes the table of papers apart. Whole is false if some of it has no
// count that can be read; it is then kept as the name of a paper.
func papers(cell string) (rows []Paper, whole bool) {
	whole = true
	parts := strings.Split(cell, papersHead)
	title := parts[0]
	for _, table := range parts[1:] {
		begin := 0
		for _, at := range countText.FindAllStringSubmatchIndex(table, -1) {
			if at[0] < begin {
				continue
			}
			ends, sure := endsPaper(table, at)
			if !ends {
				continue
			}
			p := Paper{Counted: sure}
			if sure {
				p.Originals, p.Copies = count(table, at, 2), count(table, at, 4)+count(table, at, 6)
			}
			p.name(table[begin:at[0]], title)
			if !sure {
				p.Name, whole = flat(table[begin:at[1]]), false
			}
			rows, begin = append(rows, p), at[1]
		}
		title = table[begin:]
	}
	if rest := strings.TrimSpace(title); rest != "" && !noCase.MatchString(rest) {
		rows, whole = append(rows, Paper{Component: pack.Component{Name: flat(rest)}}), false
	}
	return rows, whole
}

// endsPaper tells the count column from a count within a name, and says whether
// its digits are its own.
func endsPaper(table string, at []int) (ends, sure bool) {
	digits := at[2]
	if digits < 0 {
		digits = at[6]
	}
	run := table[digits : strings.IndexByte(table[digits:], ' ')+digits]
	if at[1] < len(table) && strings.ContainsAny(table[at[1]:at[1]+1], " ,.;)") {
		return false, false
	}
	if len(run) == 1 {
		return true, true
	}
	// "ngày 25/6/20241 bản chính": a year of four digits and a count of one.
	before := table[:digits]
	if dated.MatchString(before+run) && len(run) == 5 {
		return true, true
	}
	return run[0] != '0', false
}

var dated = regexp.MustCompile(`\d{1,2}/\d{1,2}/(?:19|20)\d{3}$`)

// count is the number of a group; of a number run together with a year, the last digit.
func count(table string, at []int, group int) int {
	if at[group] < 0 {
		return 0
	}
	run := table[at[group]:at[group+1]]
	n, _ := strconv.Atoi(run[max(len(run)-1, 0):])
	if len(run) <= 2 {
		n, _ = strconv.Atoi(run)
	}
	return n
}

// name parts a name from the file of its form, and finds the form's number.
func (p *Paper) name(s, title string) {
	s = flat(s)
	if m := fileName.FindStringSubmatch(s); m != nil && fileText.MatchString(s) {
		s, p.File = strings.TrimSpace(m[1]+m[3]), m[2]+m[4]
	}
	p.Name = strings.TrimSpace(strings.TrimLeft(s, "-+*• "))
	if m := formText.FindStringSubmatch(p.Name); m != nil {
		p.Form = m[1]
		if at := ofAct.FindStringSubmatchIndex(p.Name); at != nil {
			if number := numberIn(p.Name[at[1]:]); number != "" && strings.HasPrefix(p.Name[at[1]:], number) {
				p.Form += " (" + p.Name[at[2]:at[3]] + " " + number + ")"
			}
		}
	}
	if title = flat(title); !noCase.MatchString(title) {
		p.Case = strings.Trim(strings.TrimLeft(title, "-+*•0123456789. "), " :.;")
	}
	p.Mandatory = p.Originals+p.Copies > 0 && !ifAny.MatchString(p.Name)
	p.PopulationDB = "no"
}

// noPaper reports whether the row is a remark that the page prints as a paper:
// "Số lượng hồ sơ: 01 bộ", "Lưu ý".
func (p Paper) noPaper() bool { return setOfAll.MatchString(p.Name) || remarks.MatchString(p.Name) }

// fileName finds the name of a file after the name of a paper: at once after a
// full stop, a bracket or a semicolon, or where the word for a form follows a
// word at once.
var fileName = regexp.MustCompile(`(?s)^(.*(?:[;)]|[\p{Ll})]\.))([\p{L}\p{N}][^;]{0,100}\.[A-Za-z]{3,4})$|^(.*\p{Ll})((?:Mẫu|Mau|\d{1,2}-Mẫu)[^;]{0,100}\.[A-Za-z]{3,4})$`)
