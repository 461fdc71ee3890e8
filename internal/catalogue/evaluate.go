package catalogue

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"quay20/internal/pack"
)

// Question is what somebody asked, and what answers it.
type Question struct {
	ID    string
	Words string
	Style string   // "khong_dau": how it is written
	Codes []string // any one is right; none: another agency's
}

// ReadQuestions reads a table with the columns query and expected_codes, codes
// parted by |, and if there are id, style and belongs_to, which says that the
// question is another agency's. For a day it takes the column expected_YYYY_MM_DD
// if there is one, else those of expected_codes that are in force; questions
// without an answer on that day are left out.
func ReadQuestions(r io.Reader, law *pack.Pack, on pack.Date) ([]Question, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading questions: %w", err)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("reading questions: no header")
	}
	at := func(name string) int { return slices.Index(rows[0], name) }
	words, expected, away, day := at("query"), at("expected_codes"), at("belongs_to"), -1
	if on != "" {
		day = at("expected_" + strings.ReplaceAll(on, "-", "_"))
	}
	if words < 0 || expected < 0 && day < 0 && away < 0 {
		return nil, fmt.Errorf("reading questions: want the columns query and expected_codes")
	}
	cell := func(row []string, i int) string {
		if i < 0 {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	var all []Question
	for _, row := range rows[1:] {
		q := Question{ID: cell(row, at("id")), Words: row[words], Style: cell(row, at("style"))}
		switch {
		case cell(row, away) != "":
			all = append(all, q)
			continue
		case day >= 0:
			q.Codes = codes(row[day])
		default:
			q.Codes = slices.DeleteFunc(codes(cell(row, expected)), func(code string) bool { return on != "" && !inForce(law, code, on) })
		}
		if len(q.Codes) > 0 {
			all = append(all, q)
		}
	}
	return all, nil
}

func codes(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == '|' || r == ' ' })
}

func inForce(law *pack.Pack, code string, on pack.Date) bool {
	if p, ok := law.Procedure(code); ok {
		_, ok := p.On(on)
		return ok
	}
	m, _ := law.Matter(code)
	_, ok := m.On(on)
	return ok
}

// Figures are how well questions were answered: the share whose first hit is
// right, whose first three hold a right one, and the mean reciprocal rank.
type Figures struct {
	Asked             int
	First, Three, MRR float64
}

// Mistake is a question whose first hit is wrong.
type Mistake struct {
	Question
	Rank int   // of the first right hit; 0 if it is not among the first ten
	Came []Hit // the first three
}

// Evaluation is how an index answers questions.
type Evaluation struct {
	All      Figures
	Style    map[string]Figures
	Mistakes []Mistake
}

// deep is how far down a right hit is looked for.
const deep = 10

// Evaluate asks the index all questions. What it would send to another agency
// counts as a hit like any other.
func (ix *Index) Evaluate(all []Question) Evaluation {
	e := Evaluation{Style: map[string]Figures{}}
	for _, q := range all {
		hits := ix.Answer(q.Words, deep)
		rank := 1 + slices.IndexFunc(hits, q.answeredBy)
		e.All = e.All.count(rank)
		e.Style[q.Style] = e.Style[q.Style].count(rank)
		if rank != 1 {
			e.Mistakes = append(e.Mistakes, Mistake{q, rank, hits[:min(3, len(hits))]})
		}
	}
	e.All = e.All.shares()
	for style, f := range e.Style {
		e.Style[style] = f.shares()
	}
	return e
}

func (q Question) answeredBy(h Hit) bool {
	if len(q.Codes) == 0 {
		return h.Kind == Elsewhere
	}
	return slices.Contains(q.Codes, h.Code)
}

func (f Figures) count(rank int) Figures {
	f.Asked++
	if rank == 1 {
		f.First++
	}
	if rank >= 1 && rank <= 3 {
		f.Three++
	}
	if rank > 0 {
		f.MRR += 1 / float64(rank)
	}
	return f
}

func (f Figures) shares() Figures {
	n := max(1, float64(f.Asked))
	return Figures{f.Asked, f.First / n, f.Three / n, f.MRR / n}
}
