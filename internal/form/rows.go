package form

import (
	"strconv"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// Row is one line of a table that was pasted: an item of a repeated section.
type Row struct {
	Line    int     // 1 is the first
	Text    string  // as it was pasted
	Answers Answers // by the field's own name, "ho-ten"
	Faults  []problem.Field
}

// Columns are the fields of a repeated section as a table has them: one column
// each, in the order of the form.
func Columns(s *pack.FormSection) []pack.FormField {
	var list []pack.FormField
	for _, f := range s.Fields {
		if f.Type != "mrz" && f.Type != "files" && f.Type != "address" {
			list = append(list, f)
		}
	}
	return list
}

// rowsMost bounds a pasted table in bytes.
const rowsMost = 100 << 10

// ReadRows reads lines pasted from a spreadsheet, columns apart by tabs or
// semicolons, and judges each line alone. rel-G7, ux-C33
func ReadRows(s *pack.FormSection, law *pack.Pack, on pack.Date, text string) ([]Row, error) {
	text, err := applicant.CleanText(strings.ReplaceAll(text, "\t", ";"), rowsMost)
	if err != nil {
		return nil, err
	}
	columns := Columns(s)
	var rows []Row
	for n, line := range strings.Split(text, "\n") {
		if strings.Trim(line, "; ") == "" {
			continue
		}
		if len(rows) >= s.Most {
			return nil, invalid("form.err.rows", "most", s.Most)
		}
		row := Row{Line: n + 1, Text: line, Answers: Answers{}}
		cells := strings.Split(line, ";")
		for i, cell := range cells {
			if i < len(columns) {
				row.Answers[columns[i].ID] = choiceOf(&columns[i], strings.TrimSpace(cell))
			}
		}
		p := Place{s, 1}
		typed := Answers{}
		for id, v := range row.Answers {
			typed[p.Name()+"."+id] = v
		}
		read, faults := CheckPlace(p, law, on, typed)
		row.Faults = faults
		if len(cells) > len(columns) {
			row.Faults = append(row.Faults, problem.Field{Name: p.Name(), Key: "form.err.columns", Args: []any{"have", len(cells), "want", len(columns)}})
		}
		for id := range row.Answers {
			row.Answers[id] = read[p.Name()+"."+id]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// choiceOf is the value of a choice that is written in words: "Nam", "male", "M".
func choiceOf(f *pack.FormField, s string) string {
	for _, c := range f.Choices {
		for _, word := range []string{c.Value, c.Text, c.TextEn, c.TextEn[:min(1, len(c.TextEn))]} {
			if word != "" && applicant.Fold(word) == applicant.Fold(s) {
				return c.Value
			}
		}
	}
	return s
}

// Append adds good rows as items behind those that are there.
func Append(s *pack.FormSection, a Answers, rows []Answers) Answers {
	next := Answers{}
	for k, v := range a {
		next[k] = v
	}
	n := Items(s, a)
	for i, row := range rows {
		for id, v := range row {
			if v != "" {
				next[s.ID+"."+strconv.Itoa(n+i+1)+"."+id] = v
			}
		}
	}
	return next
}
