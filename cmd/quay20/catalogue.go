package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"quay20/internal/catalogue/national"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
	"quay20/packs"
)

// CatalogueCmd is what one does with the list of procedures.
type CatalogueCmd struct {
	Import CatalogueImport `cmd:"" help:"Read records of the national catalogue into drafts, and say what was read."`
	Lint   CatalogueLint   `cmd:"" help:"Say what is wrong with records or with the law, as a worklist."`
}

// CatalogueImport reads records into drafts.
type CatalogueImport struct {
	File string `arg:"" help:"File of records, one JSON object a line." type:"existingfile"`
	From string `required:"" enum:"national" help:"Where the records come from: national." placeholder:"national"`
	Out  string `help:"Folder to be made, with the drafts and a report; without it the table is only printed." placeholder:"DIR"`
	On   string `help:"The day whose law is asked; today if left out." placeholder:"2026-05-08"`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *CatalogueImport) Help() string {
	return `Examples:
  quay20 catalogue import --from national records.jsonl
  quay20 catalogue import --from national records.jsonl --out drafts

Every line becomes a draft. What cannot be read with certainty stays text and is marked; nothing is guessed.

Exit status 0 means that every line was a record, 1 that some were not (they are listed with their lines), 2 that the command or the file was refused.`
}

// imported is what an import prints with --json.
type imported struct {
	Records int              `json:"records"`
	Broken  int              `json:"broken"`
	Fields  []national.Count `json:"fields"`
}

func (c *CatalogueImport) Run(std Std, lang text.Lang) error {
	law, err := packs.LaiChau()
	if err != nil {
		return fmt.Errorf("reading the law: %w", err)
	}
	on, err := lawDay(c.On, std.Now)
	if err != nil {
		return err
	}
	drafts, err := readNational(c.File, law, on)
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := writeReport(c.Out, drafts, lang); err != nil {
			return err
		}
	}
	sum := imported{Records: len(drafts), Fields: national.Tally(drafts)}
	for _, d := range drafts {
		if d.Broken != "" {
			sum.Broken++
		}
	}
	if c.JSON {
		err = writeJSON(std.Out, sum)
	} else {
		err = printImported(std.Out, lang, sum, drafts)
	}
	if err == nil && sum.Broken > 0 {
		return exitCode(1)
	}
	return err
}

func printImported(out io.Writer, lang text.Lang, sum imported, drafts []national.Draft) error {
	for _, d := range drafts {
		if d.Broken != "" {
			fmt.Fprintln(out, text.T(lang, "cli.catalogue.broken", "line", d.Line, "why", d.Broken))
		}
	}
	fmt.Fprintln(out, text.T(lang, "cli.catalogue.records", "n", sum.Records, "broken", sum.Broken))
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ReplaceAll(text.T(lang, "cli.catalogue.head"), "|", "\t"))
	for _, f := range sum.Fields {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", text.T(lang, national.FieldWord(f.Field)), f.Read, f.Doubt, f.Text, f.Absent)
	}
	return w.Flush()
}

// lawDay is the day asked about, today if none is given.
func lawDay(on string, now func() time.Time) (pack.Date, error) {
	if on == "" {
		return pack.On(now()), nil
	}
	if _, err := time.Parse(time.DateOnly, on); err != nil {
		return "", problem.New(problem.Invalid, "err.summary").Field("on", "cli.err.date", "value", on)
	}
	return on, nil
}

func readNational(name string, law *pack.Pack, on pack.Date) ([]national.Draft, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading the records: %w", err)
	}
	defer file.Close()
	drafts, err := national.Read(file, law, on)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return drafts, nil
}

// writeReport makes the folder with one line for each field of each draft. A
// folder that is there already is not touched: it may hold somebody's work.
func writeReport(dir string, drafts []national.Draft, lang text.Lang) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, os.ErrExist) {
			return problem.New(problem.Invalid, "cli.err.catalogue-out", "dir", dir)
		}
		return fmt.Errorf("making the folder of drafts: %w", err)
	}
	var report strings.Builder
	report.WriteString("\ufeff" + strings.ReplaceAll(text.T(lang, "cli.catalogue.report"), "|", "\t") + "\n")
	for _, d := range drafts {
		for _, field := range national.Fields {
			m := d.Marks[field]
			why := m.Why
			if m.Doubt != "" {
				why = m.Doubt
			}
			if d.Broken != "" {
				why = d.Broken
			}
			row := []string{strconv.Itoa(d.Line), d.Procedure.Code, d.Title(), text.T(lang, national.FieldWord(field)), string(m.State), "", m.Text}
			if why != "" {
				row[5] = text.T(lang, string(why))
			}
			report.WriteString(strings.Join(cells(row), "\t") + "\n")
		}
	}
	return os.WriteFile(filepath.Join(dir, "report.tsv"), []byte(report.String()), 0o644)
}

// cells makes texts fit into the cells of a table that a spreadsheet opens: no
// tabs and lines, and no text that it would take for a formula.
func cells(row []string) []string {
	for i, s := range row {
		s = strings.Join(strings.Fields(s), " ")
		if s != "" && strings.ContainsAny(s[:1], "=+-@") {
			s = "'" + s
		}
		row[i] = s
	}
	return row
}

// CatalogueLint makes the worklist.
type CatalogueLint struct {
	File string `arg:"" optional:"" help:"File of records; left out: the law of --data, or the law that is built in."`
	On   string `help:"The day that is asked about; today if left out." placeholder:"2026-05-08"`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *CatalogueLint) Help() string {
	return `Examples:
  quay20 catalogue lint records.jsonl
  quay20 catalogue lint --data var/quay20
  quay20 catalogue lint --on 2026-10-01 --json

Each finding has the procedure's code, the field, what is wrong, the sentence concerned and the remedy.

Exit status 0 means that nothing was found, 1 that the list has findings, 2 that the command or the file was refused.`
}

// listed is a finding as --json prints it.
type listed struct {
	national.Finding
	Found  string `json:"found"`
	Remedy string `json:"remedy"`
}

func (c *CatalogueLint) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	on, err := lawDay(c.On, std.Now)
	if err != nil {
		return err
	}
	found, err := c.find(ctx, std, place, on)
	if err != nil {
		return err
	}
	all := make([]listed, 0, len(found))
	for _, f := range found {
		all = append(all, listed{f, text.T(lang, f.Word(), f.Args...), text.T(lang, f.Remedy(), f.Args...)})
	}
	if c.JSON {
		err = writeJSON(std.Out, all)
	} else {
		err = printFindings(std.Out, lang, all)
	}
	if err == nil && len(all) > 0 {
		return exitCode(1)
	}
	return err
}

// find asks the file's records, the law of a place, or the law built in.
func (c *CatalogueLint) find(ctx context.Context, std Std, place *Place, on pack.Date) ([]national.Finding, error) {
	if c.File == "" && (place.Data != "" || place.Database != "") {
		h, err := place.open(ctx, std.Now)
		if err != nil {
			return nil, err
		}
		defer h.db.Close()
		return national.LintPack(h.law.Law(), on), nil
	}
	law, err := packs.LaiChau()
	if err != nil {
		return nil, fmt.Errorf("reading the law: %w", err)
	}
	if c.File == "" {
		return national.LintPack(law, on), nil
	}
	drafts, err := readNational(c.File, law, on)
	if err != nil {
		return nil, err
	}
	return national.Lint(drafts, law, on), nil
}

func printFindings(out io.Writer, lang text.Lang, all []listed) error {
	counts, kinds := map[string]int{}, []string{}
	for _, f := range all {
		where := f.Code
		if f.Line > 0 {
			where = strings.TrimSpace(f.Code + " " + text.T(lang, "cli.catalogue.line", "line", f.Line))
		}
		fmt.Fprintln(out, text.T(lang, "cli.catalogue.finding", "where", where, "name", f.Name, "field", fieldWord(lang, f.Field), "found", f.Found, "kind", f.Kind))
		fmt.Fprintln(out, "  «"+f.Sentence+"»")
		fmt.Fprintln(out, "  → "+f.Remedy)
		if counts[f.Kind]++; counts[f.Kind] == 1 {
			kinds = append(kinds, f.Kind)
		}
	}
	fmt.Fprintln(out, text.T(lang, "cli.catalogue.found", "n", len(all)))
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	for _, kind := range kinds {
		fmt.Fprintf(w, "  %s\t%d\n", kind, counts[kind])
	}
	return w.Flush()
}

func fieldWord(lang text.Lang, field string) string {
	if field == "" {
		return "–"
	}
	return text.T(lang, national.FieldWord(field))
}
