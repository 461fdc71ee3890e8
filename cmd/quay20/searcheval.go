package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"maps"

	"quay20/internal/catalogue"
	"quay20/internal/problem"
	"quay20/packs"
)

// SearchEval measures the search with questions whose answers are known.
type SearchEval struct {
	File  string `arg:"" help:"CSV with the columns query and expected_codes (parted by |); if there are id, style, expected_YYYY_MM_DD, belongs_to."`
	On    string `help:"The day whose law is asked. Left out: the procedures of all times are searched, and every expected code is right." placeholder:"2026-10-01"`
	Folds int    `help:"Also tune the weights on all parts of the questions but one, measure on that one, and so for each of so many parts." placeholder:"5"`
}

func (c *SearchEval) Help() string {
	return `The last line is the mean reciprocal rank and the share of questions with a
right answer among the first three. A question with a value in belongs_to is
another agency's: it is answered rightly if it is sent there. --folds shows what
the weights are worth on questions that they were not tuned on.

Examples:
  quay20 search-eval questions.csv
  quay20 search-eval questions.csv --on 2022-11-15
  quay20 search-eval questions.csv --folds 5`
}

func (c *SearchEval) Run(std Std) error {
	law, err := packs.LaiChau()
	if err != nil {
		return fmt.Errorf("reading the law: %w", err)
	}
	ix := catalogue.NewWholeIndex(law)
	if c.On != "" {
		if _, err := time.Parse(time.DateOnly, c.On); err != nil {
			return problem.New(problem.Invalid, "err.summary").Field("on", "cli.err.date", "value", c.On)
		}
		ix = catalogue.NewIndex(law, c.On)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	questions, err := catalogue.ReadQuestions(f, law, c.On)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	e := ix.Evaluate(questions)
	w := tabwriter.NewWriter(std.Out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "mistake\tquery\tstyle\twanted\trank\tcame")
	for _, m := range e.Mistakes {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", m.ID, m.Words, m.Style, wanted(m.Question), m.Rank, came(m.Came))
	}
	fmt.Fprintln(w, "\nstyle\tqueries\tfirst\trecall3\tmrr")
	for _, style := range slices.Sorted(maps.Keys(e.Style)) {
		printFigures(w, style, e.Style[style])
	}
	printFigures(w, "all", e.All)
	if c.Folds > 1 {
		printFigures(w, fmt.Sprintf("unseen, %d folds", c.Folds), catalogue.CrossValidation(law, c.On, questions, c.Folds))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.Out, "mrr=%.3f recall3=%.3f\n", e.All.MRR, e.All.Three)
	return err
}

func printFigures(w *tabwriter.Writer, name string, f catalogue.Figures) {
	fmt.Fprintf(w, "%s\t%d\t%.3f\t%.3f\t%.3f\n", name, f.Asked, f.First, f.Three, f.MRR)
}

func wanted(q catalogue.Question) string {
	if len(q.Codes) == 0 {
		return string(catalogue.Elsewhere)
	}
	return strings.Join(q.Codes, "|")
}

func came(hits []catalogue.Hit) string {
	var all []string
	for _, h := range hits {
		all = append(all, h.Code)
	}
	return strings.Join(all, " ")
}
