package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
	"quay20/packs"
)

// Search finds procedures however people call them.
type Search struct {
	Query string `arg:"" help:"What is looked for, with or without marks: \"lam ho chieu\"."`
	On    string `help:"The day whose law is asked; today if left out." placeholder:"2026-05-08"`
	Limit int    `short:"n" default:"10" help:"At most so many."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

func (c *Search) Help() string {
	return `Examples:
  quay20 search "làm hộ chiếu"
  quay20 search "dang ky xe" --on 2022-05-21
  quay20 search dktt --json`
}

// match is a finding, as --json prints it.
type match struct {
	Kind  string  `json:"kind"` // procedure, service (of the police, no procedure), elsewhere (another agency's)
	Code  string  `json:"code"`
	Name  string  `json:"name"`
	Score float64 `json:"score"`
	Why   string  `json:"why"`

	Agency string `json:"agency,omitempty"` // who does it, unless it is a procedure
}

func (c *Search) Run(std Std, lang text.Lang) error {
	on := pack.On(std.Now())
	if c.On != "" {
		if _, err := time.Parse(time.DateOnly, c.On); err != nil {
			return problem.New(problem.Invalid, "err.summary").Field("on", "cli.err.date", "value", c.On)
		}
		on = c.On
	}
	law, err := packs.LaiChau()
	if err != nil {
		return fmt.Errorf("reading the law: %w", err)
	}
	found := []match{}
	for _, hit := range catalogue.NewIndex(law, on).Answer(c.Query, max(1, c.Limit)) {
		m := match{Kind: string(hit.Kind), Code: hit.Code, Score: hit.Score, Why: text.T(lang, hit.Why.Text(), "words", hit.Words)}
		if p, ok := law.Procedure(hit.Code); ok {
			m.Name = p.Name
		} else if matter, ok := law.Matter(hit.Code); ok {
			agency, _ := matter.On(on)
			m.Name, m.Agency = matter.Name, agency.Name
			m.Why = text.T(lang, "catalogue.kind."+m.Kind, "agency", agency.Name)
		}
		found = append(found, m)
	}
	if c.JSON {
		return writeJSON(std.Out, found)
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(std.Out, text.T(lang, "cli.search.none", "query", c.Query, "on", on))
		return err
	}
	w := tabwriter.NewWriter(std.Out, 2, 0, 2, ' ', 0)
	for _, m := range found {
		fmt.Fprintf(w, "%s\t%s\t%s\n", m.Code, m.Name, m.Why)
	}
	return w.Flush()
}
