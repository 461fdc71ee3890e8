package national

import (
	"cmp"
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
	remarks   = regexp.MustCompile(`(?i)^[*+\-\s]*(?:lưu ý|ghi chú)(?:[^\p{L}]|$)`)
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
			c := counts(table, at)
			if !c.ends {
				continue
			}
			p := Paper{Component: pack.Component{Originals: c.originals, Copies: c.copies}, Counted: c.sure}
			p.name(table[begin:at[0]+c.ofName], title)
			if !c.sure {
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

// column is what the count column of a paper says.
type column struct {
	originals, copies int
	ends              bool // the row; false: the count is within a name
	sure              bool // somebody can say which digits are the count's, where a name ends with a number
	ofName            int  // so many of the digits are the name's
}

func counts(table string, at []int) (c column) {
	group := func(n int) string {
		if at[n] < 0 {
			return ""
		}
		return table[at[n]:at[n+1]]
	}
	if at[1] < len(table) && strings.ContainsAny(table[at[1]:at[1]+1], " ,.;)") {
		return c
	}
	run := cmp.Or(group(2), group(6))
	c.ends, c.sure = true, true
	switch {
	case len(run) == 1:
	case len(run) == 5 && yearBefore.MatchString(table[:at[0]+len(run)]): // "ngày 25/6/20241 bản chính"
		c.ofName = 4
	default:
		return column{ends: run[0] != '0'}
	}
	c.originals = int(run[c.ofName] - '0')
	if group(2) == "" {
		c.originals, c.copies = 0, c.originals
	}
	if more := group(4); more != "" {
		const many = 1000
		var err error
		c.copies, err = strconv.Atoi(more)
		c.sure = err == nil && c.copies < many
	}
	return c
}

var yearBefore = regexp.MustCompile(`\d{1,2}/\d{1,2}/(?:19|20)\d{3}$`)

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
