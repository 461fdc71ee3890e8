package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/text"
)

// DossierCmd is what one does with dossiers at the console, for an officer.
type DossierCmd struct {
	Acting
	JSON bool `name:"json" help:"Print JSON; errors as problem+json with exit status 2."`

	Show    DossierShow    `cmd:"" help:"Show one dossier: state, date with its proof, history, acts allowed now."`
	List    DossierList    `cmd:"" help:"Show a work list."`
	Do      DossierDo      `cmd:"" help:"Do one act on a dossier."`
	Receive DossierReceive `cmd:"" help:"Receive a dossier that a JSON file describes."`
	Slip    DossierSlip    `cmd:"" help:"Write a paper of a dossier as PDF."`
}

// DossierShow shows one dossier.
type DossierShow struct {
	Ref string `arg:"" help:"Code or id of the dossier."`
}

func (c *DossierShow) Help() string {
	return `Example:
  quay20 dossier show H35.20.90-20261120-0000003 --as minh`
}

func (c *DossierShow) Run(ctx context.Context, std Std, place *Place, lang text.Lang, all *DossierCmd) error {
	h, by, err := all.begin(ctx, std, place, officer.View, "show")
	if err != nil {
		return err
	}
	defer h.db.Close()
	d, err := h.register.View(ctx, c.Ref, by, all.Why)
	if err != nil {
		return err
	}
	return all.show(ctx, std, lang, h, d, by)
}

// begin opens the house for an officer who may do what is asked.
func (c *DossierCmd) begin(ctx context.Context, std Std, place *Place, p officer.Permission, command string) (*house, officer.By, error) {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return nil, officer.By{}, err
	}
	by, err := c.by(ctx, h, std, p, "dossier "+command)
	if err != nil {
		h.db.Close()
		return nil, by, err
	}
	return h, by, nil
}

// show prints a dossier for people or programs.
func (c *DossierCmd) show(ctx context.Context, std Std, lang text.Lang, h *house, d dossier.Dossier, by officer.By) error {
	w, err := h.register.World(ctx)
	if err != nil {
		return err
	}
	acts := dossier.Allowed(&d, by, w)
	if c.JSON {
		return writeJSON(std.Out, struct {
			dossier.Dossier
			Allowed []string `json:"allowed"`
		}{d, acts})
	}
	name := d.Procedure
	if p, ok := w.Law.Procedure(d.Procedure); ok {
		name = p.Name
	}
	fmt.Fprintf(std.Out, "%s  %s\n%s\n%s\n", orNone(string(d.Code), d.ID), text.T(lang, "state."+string(d.State)), name, d.Person().Name)
	fmt.Fprintln(std.Out, text.T(lang, "cli.dossier.where", "desk", unitWords(w.Law, d.DeskAt(d.FiledAt)), "holder", unitWords(w.Law, d.Holder)))
	proof, err := d.Proof(w.Law)
	if err != nil {
		return err
	}
	for _, s := range proof.Steps {
		fmt.Fprintln(std.Out, "  "+text.T(lang, s.Key, s.Args...))
	}
	entries, err := h.register.Entries(ctx, d)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(std.Out, 2, 0, 2, ' ', 0)
	for _, e := range entries {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", stamp(e.At), text.T(lang, "act."+e.Act), e.Capacity, e.Reason)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, text.T(lang, "cli.allowed", "acts", acts))
	return err
}

func orNone(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// DossierList shows a work list.
type DossierList struct {
	Queue string `default:"unit" help:"Which one: mine, new, due_today, at_risk, late, waiting, to_sign, ready, online, desk, unit, done."`
	Limit int    `short:"n" default:"50" help:"At most so many, up to 200."`
	After string `help:"Goes on after the page that printed this." placeholder:"TOKEN"`
}

func (c *DossierList) Help() string {
	return `Examples:
  quay20 dossier list --as son --queue due_today
  quay20 dossier list --as minh --desk 12-Q20 --queue ready --json`
}

func (c *DossierList) Run(ctx context.Context, std Std, place *Place, lang text.Lang, all *DossierCmd) error {
	h, by, err := all.begin(ctx, std, place, officer.Worklist, "list")
	if err != nil {
		return err
	}
	defer h.db.Close()
	if all.Desk != "" { // only what lies with this desk
		on := pack.On(std.Now())
		desk, _ := h.law.Law().Unit(all.Desk, on)
		only := officer.Capacity(h.law.Law(), by.Officer, officer.Grant{Role: by.Role, Unit: desk.Key}, on)
		by.Units, by.Past = only.Units, only.Past
	}
	page, err := h.register.List(ctx, by, dossier.Filter{Queue: dossier.Queue(c.Queue), Limit: c.Limit, After: c.After})
	if err != nil {
		return err
	}
	if all.JSON {
		return writeJSON(std.Out, struct {
			Dossiers []dossier.Dossier `json:"dossiers"`
			Next     string            `json:"next,omitempty"`
		}{page.Dossiers, page.Next})
	}
	w := tabwriter.NewWriter(std.Out, 2, 0, 2, ' ', 0)
	for _, d := range page.Dossiers {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", orNone(string(d.Code), d.ID), d.Procedure, text.T(lang, "state."+string(d.State)), stamp(d.Promise()), d.Person().Name)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if page.Next != "" {
		fmt.Fprintln(std.Out, "--after", page.Next)
	}
	return nil
}

// DossierDo does one act.
type DossierDo struct {
	Ref     string `arg:"" help:"Code or id of the dossier."`
	Act     string `arg:"" help:"What to do: advance, conclude, hand_over …"`
	Args    string `default:"{}" help:"Particulars of the act as JSON." placeholder:"JSON"`
	Key     string `help:"Idempotency key: the same key does the act once." placeholder:"KEY"`
	Version int64  `help:"Only if the dossier is still at this version." placeholder:"N"`
}

func (c *DossierDo) Help() string {
	return `Examples:
  quay20 dossier do H35.20.90-20261120-0000003 assign --args '{"officer":"CB-0003"}' --as son
  quay20 dossier do H35.20.90-20261120-0000003 hand_over --args '{"to":"Lò Thị Pâng","channel":"counter"}' --as minh --key a1

Acts: ` + strings.Join(dossier.ActNames(), ", ") + `.
An act that the law or the state does not permit now is refused with those that are.`
}

func (c *DossierDo) Run(ctx context.Context, std Std, place *Place, lang text.Lang, all *DossierCmd) error {
	act, err := dossier.ParseAct(c.Act, []byte(c.Args))
	if err != nil {
		return err
	}
	h, by, err := all.begin(ctx, std, place, officer.View, "do "+c.Act)
	if err != nil {
		return err
	}
	defer h.db.Close()
	d, err := h.register.Do(ctx, c.Ref, act, by, c.Key, c.Version)
	if err != nil {
		return err
	}
	if err := h.copies().Copy(ctx); err != nil {
		return err
	}
	return all.show(ctx, std, lang, h, d, by)
}

// DossierReceive receives what a file describes.
type DossierReceive struct {
	File string `arg:"" help:"JSON file of the intake; - reads standard input."`
	Key  string `help:"Idempotency key: the same key receives once." placeholder:"KEY"`
}

func (c *DossierReceive) Help() string {
	return `Example:
  quay20 dossier receive ho-so.json --as yen --desk 03408

with ho-so.json like
  {"procedure": "1.004194", "filer": {"kind": "citizen", "name": "Lò Thị Pâng", "born": "1990-03-07", "sex": "female",
   "id_kind": "cccd", "id_number": "012190000001", "phone": "+84300000001"},
   "papers": [{"name": "Tờ khai thay đổi thông tin cư trú", "present": true}], "pay": "cash"}`
}

func (c *DossierReceive) Run(ctx context.Context, std Std, place *Place, lang text.Lang, all *DossierCmd) error {
	in, err := c.intake(std)
	if err != nil {
		return err
	}
	h, by, err := all.begin(ctx, std, place, officer.Receive, "receive")
	if err != nil {
		return err
	}
	defer h.db.Close()
	d, err := h.register.Receive(ctx, in, by, c.Key)
	if err != nil {
		return err
	}
	if err := h.copies().Copy(ctx); err != nil {
		return err
	}
	return all.show(ctx, std, lang, h, d, by)
}

// longestIntake bounds the file of an intake.
const longestIntake = 1 << 20

func (c *DossierReceive) intake(std Std) (dossier.Intake, error) {
	var in dossier.Intake
	from := std.In
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return in, problem.New(problem.Invalid, "cli.err.file", "file", c.File, "detail", err.Error())
		}
		defer f.Close()
		from = f
	}
	body, err := io.ReadAll(io.LimitReader(from, longestIntake+1))
	if err != nil {
		return in, fmt.Errorf("reading the intake: %w", err)
	}
	if len(body) > longestIntake {
		return in, problem.New(problem.TooLarge, "cli.err.file", "file", c.File, "detail", "more than 1 MiB")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return in, problem.New(problem.Malformed, "cli.err.file", "file", c.File, "detail", err.Error())
	}
	if d.More() {
		return in, problem.New(problem.Malformed, "cli.err.file", "file", c.File, "detail", "more than one value")
	}
	return in, nil
}

// DossierSlip writes a paper.
type DossierSlip struct {
	Ref    string `arg:"" help:"Code or id of the dossier."`
	Kind   string `arg:"" help:"Which paper: receipt, supplement, rejection, apology, stop, return, control."`
	Number string `help:"Number of the paper; the newest of its kind if left out." placeholder:"N"`
	Output string `short:"o" required:"" help:"File to write; it must not exist." placeholder:"FILE"`
	Origin string `env:"QUAY20_ORIGIN" default:"http://127.0.0.1:8020" help:"Public address for the QR." placeholder:"URL"`
}

func (c *DossierSlip) Help() string {
	return `Examples:
  quay20 dossier slip H35.20.90-20261120-0000003 receipt -o giay-hen.pdf --as minh --origin https://motcua.example.vn
  quay20 dossier slip H35.20.90-20261120-0000003 control -o phieu-kiem-soat.pdf --as dat

A second print bears the mark of a copy.`
}

func (c *DossierSlip) Run(ctx context.Context, std Std, place *Place, lang text.Lang, all *DossierCmd) error {
	if err := checkOrigin(c.Origin); err != nil {
		return err
	}
	h, by, err := all.begin(ctx, std, place, officer.View, "slip")
	if err != nil {
		return err
	}
	defer h.db.Close()
	facts, err := c.facts(ctx, h, by)
	if err != nil {
		return err
	}
	body, err := slip.PDF(facts)
	if err != nil {
		return fmt.Errorf("drawing slip %s: %w", c.Kind, err)
	}
	f, err := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return problem.New(problem.Invalid, "cli.err.file", "file", c.Output, "detail", err.Error())
	}
	_, err = f.Write(body)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", c.Output, err)
	}
	_, err = fmt.Fprintln(std.Out, text.T(lang, "cli.dossier.slip", "file", c.Output))
	return err
}

func (c *DossierSlip) facts(ctx context.Context, h *house, by officer.By) (slip.Facts, error) {
	if c.Kind != "control" {
		return h.register.Print(ctx, c.Ref, c.Kind, c.Number, by, c.Origin)
	}
	names := map[string]string{}
	list, err := h.roll.List(ctx, officer.Console(), officer.Filter{Limit: 100_000})
	if err != nil {
		return slip.Facts{}, err
	}
	for _, o := range list {
		names[o.ID] = o.Name
	}
	return h.register.Control(ctx, c.Ref, by, func(id string) string { return names[id] })
}
