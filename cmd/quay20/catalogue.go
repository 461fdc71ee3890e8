package main

import (
	"cmp"
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

	"quay20/internal/catalogue"
	"quay20/internal/catalogue/national"
	"quay20/internal/officer"
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
	Out  string `help:"Folder to be made, with the drafts as files of a pack and a report." placeholder:"DIR"`
	On   string `help:"The day whose law is asked; today if left out." placeholder:"2026-05-08"`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *CatalogueImport) Help() string {
	return `Examples:
  quay20 catalogue import --from national records.jsonl
  quay20 catalogue import --from national records.jsonl --out drafts
  quay20 catalogue import --from national records.jsonl --data var/quay20

Every line becomes a draft. What cannot be read with certainty stays text and is marked; nothing is guessed. The table says, for each field, of how many records it was read (and of how many of these the page contradicts itself), kept as text, absent.

With --out the drafts become files in the pack's form, which begin on the day after --on, because the pages print no day: in complete/ those that pack check and the worklist find nothing wrong with, in open/ the others. report.tsv has each field of each draft, worklist.tsv what is to do.
With --data (or QUAY20_DATA) and no --out they go into the book of drafts, where an officer finishes them and another approves; a record that was imported before changes no draft that somebody has written in.

Exit status 0 means that every line was a record, 1 that some were not (they are listed with their lines), 2 that the command or the file was refused.`
}

// imported is what an import prints with --json.
type imported struct {
	Records  int              `json:"records"`
	Broken   int              `json:"broken"`
	Fields   []national.Count `json:"fields"`
	Complete int              `json:"complete,omitempty"` // of the files written
	Open     int              `json:"open,omitempty"`
	Stored   int              `json:"stored,omitempty"` // in the book of drafts, new or changed
	Same     int              `json:"same,omitempty"`
	Skipped  int              `json:"skipped,omitempty"`
}

func (c *CatalogueImport) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	on, err := lawDay(c.On, std.Now)
	if err != nil {
		return err
	}
	var h *house
	var law *pack.Pack
	if c.Out == "" && place.named() {
		if h, err = place.open(ctx, std.Now); err != nil {
			return err
		}
		defer h.db.Close()
		law = h.law.Law()
	} else if law, err = packs.LaiChau(); err != nil {
		return fmt.Errorf("reading the law: %w", err)
	}
	drafts, err := readNational(c.File, law, on)
	if err != nil {
		return err
	}
	sum := imported{Records: len(drafts), Fields: national.Tally(drafts)}
	for _, d := range drafts {
		if d.Broken != "" {
			sum.Broken++
		}
	}
	found := national.Lint(drafts, law, on)
	switch {
	case c.Out != "":
		err = folder{c.Out, lang}.write(&sum, drafts, found, law, on)
	case h != nil:
		err = storeDrafts(ctx, h, &sum, drafts, found, on)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(std.Out, sum)
	} else {
		err = c.print(std.Out, lang, sum, drafts, h != nil)
	}
	if err == nil && sum.Broken > 0 {
		return exitCode(1)
	}
	return err
}

func (c *CatalogueImport) print(out io.Writer, lang text.Lang, sum imported, drafts []national.Draft, stored bool) error {
	for _, d := range drafts {
		if d.Broken != "" {
			fmt.Fprintln(out, text.T(lang, "cli.catalogue.broken", "line", d.Line, "why", d.Broken))
		}
	}
	fmt.Fprintln(out, text.T(lang, "cli.catalogue.records", "n", sum.Records, "broken", sum.Broken))
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, tabbed(lang, "cli.catalogue.head"))
	for _, f := range sum.Fields {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", text.T(lang, national.FieldWord(f.Field)), f.Read, f.Doubt, f.Text, f.Absent)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	switch {
	case c.Out != "":
		fmt.Fprintln(out, text.T(lang, "cli.catalogue.written", "dir", c.Out, "complete", sum.Complete, "open", sum.Open))
	case stored:
		fmt.Fprintln(out, text.T(lang, "cli.catalogue.stored", "n", sum.Stored, "same", sum.Same, "skipped", sum.Skipped))
	}
	return nil
}

// tabbed is the head of a table.
func tabbed(lang text.Lang, key string) string {
	return strings.ReplaceAll(text.T(lang, key), "|", "\t")
}

// storeDrafts puts every record with a code into the book of drafts; of two
// records with one code the first.
func storeDrafts(ctx context.Context, h *house, sum *imported, drafts []national.Draft, found []national.Finding, on pack.Date) error {
	book, law := catalogue.NewDrafts(h.db, h.law), h.law.Law()
	seen := map[string]bool{}
	for i := range drafts {
		d := &drafts[i]
		if d.Procedure.Code == "" || seen[d.Procedure.Code] {
			sum.Skipped++
			continue
		}
		seen[d.Procedure.Code] = true
		_, changed, err := book.Import(ctx, d.Imported(law, on, found), officer.Console())
		if err != nil {
			return fmt.Errorf("storing line %d: %w", d.Line, err)
		}
		if changed {
			sum.Stored++
		} else {
			sum.Same++
		}
	}
	return h.copies().Copy(ctx)
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

// folder is where drafts are written for an officer to open.
type folder struct {
	dir  string
	lang text.Lang
}

// write makes the folder. One that is there already is not touched: it may hold
// somebody's work.
func (f folder) write(sum *imported, drafts []national.Draft, found []national.Finding, law *pack.Pack, on pack.Date) error {
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		if errors.Is(err, os.ErrExist) {
			return problem.New(problem.Invalid, "cli.err.catalogue-out", "dir", f.dir)
		}
		return fmt.Errorf("making the folder of drafts: %w", err)
	}
	todo := map[int]bool{}
	for _, one := range found {
		todo[one.Line] = true
	}
	unfit, seen := map[int]string{}, map[string]bool{}
	for i := range drafts {
		d := &drafts[i]
		files, faults, err := d.Files(law, dayAfter(on))
		var place string
		switch p, fits := problem.As(err); {
		case err == nil && len(faults) == 0 && d.Complete(law) && !todo[d.Line]:
			place = "complete"
			sum.Complete++
		case err == nil:
			place = "open"
			sum.Open++
			unfit[d.Line] = faultWords(f.lang, faults)
		case fits:
			sum.Open++
			unfit[d.Line] = text.Problem(f.lang, p)
			continue
		default:
			return fmt.Errorf("drafting line %d: %w", d.Line, err)
		}
		if seen[d.Procedure.Code] {
			place = filepath.Join(place, "line-"+strconv.Itoa(d.Line))
		}
		seen[d.Procedure.Code] = true
		for name, body := range files {
			if err := putFile(filepath.Join(f.dir, place, filepath.FromSlash(name)), body); err != nil {
				return err
			}
		}
	}
	if err := f.report(drafts, unfit); err != nil {
		return err
	}
	return f.worklist(found)
}

func putFile(name string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("writing a draft: %w", err)
	}
	return os.WriteFile(name, body, 0o644)
}

// faultWords are what the pack's check says of a draft.
func faultWords(lang text.Lang, faults []pack.Fault) string {
	var all []string
	for _, fault := range faults {
		all = append(all, fault.String(lang))
	}
	return strings.Join(all, " | ")
}

func dayAfter(on pack.Date) pack.Date {
	t, err := time.Parse(time.DateOnly, on)
	if err != nil {
		return on
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}

// report has a line for each field of each draft.
func (f folder) report(drafts []national.Draft, unfit map[int]string) error {
	rows := [][]string{}
	for _, d := range drafts {
		line := strconv.Itoa(d.Line)
		for _, field := range national.Fields {
			m := d.Marks[field]
			why := cmp.Or(d.Broken, m.Doubt, m.Why)
			row := []string{line, d.Procedure.Code, d.Title(), text.T(f.lang, national.FieldWord(field)), string(m.State), "", m.Text}
			if why != "" {
				row[5] = text.T(f.lang, string(why))
			}
			rows = append(rows, row)
		}
		if why := unfit[d.Line]; why != "" {
			rows = append(rows, []string{line, d.Procedure.Code, d.Title(), "pack check", "", text.T(f.lang, "cli.catalogue.unfit", "why", why), ""})
		}
	}
	return f.table("report.tsv", "cli.catalogue.report", rows)
}

func (f folder) worklist(found []national.Finding) error {
	rows := [][]string{}
	for _, one := range found {
		rows = append(rows, []string{strconv.Itoa(one.Line), one.Code, one.Name, fieldWord(f.lang, one.Field), text.T(f.lang, one.Word(), one.Args...), one.Sentence, text.T(f.lang, one.Remedy(), one.Args...)})
	}
	return f.table("worklist.tsv", "cli.catalogue.worklist", rows)
}

// table writes a table that a spreadsheet opens, with the mark by which it knows
// the letters.
func (f folder) table(name, head string, rows [][]string) error {
	var out strings.Builder
	out.WriteString("\ufeff" + tabbed(f.lang, head) + "\n")
	for _, row := range rows {
		out.WriteString(strings.Join(cells(row), "\t") + "\n")
	}
	return os.WriteFile(filepath.Join(f.dir, name), []byte(out.String()), 0o644)
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

// named reports whether a place was asked for, by flag or by environment.
func (p *Place) named() bool { return p.Data != "" || p.Database != "" }

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
	if c.File == "" && place.named() {
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
		fmt.Fprintf(w, "  %s\t%s\t%d\n", kind, text.T(lang, national.KindWord(kind)), counts[kind])
	}
	return w.Flush()
}

func fieldWord(lang text.Lang, field string) string {
	if field == "" {
		return "–"
	}
	return text.T(lang, national.FieldWord(field))
}
