package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// PackCmd is what one does with law as data.
type PackCmd struct {
	Check  PackCheck  `cmd:"" help:"Check a folder of YAML: every fault with file, line and remedy."`
	Apply  PackApply  `cmd:"" help:"Add a calendar notice to the law in force and move the dates it moves."`
	Export PackExport `cmd:"" help:"Write out what was published, as files for the next release."`
	Xref   PackXref   `cmd:"" help:"Show each article with what carries it, and those that nobody carries."`
}

// PackCheck checks a pack before anybody lives by it.
type PackCheck struct {
	Dir string `arg:"" help:"Folder of the pack: packs/laichau." type:"existingdir"`
}

func (c *PackCheck) Help() string {
	return `Examples:
  quay20 pack check packs/laichau

Exit status 1 means faults; each line is file:line: what is wrong, and what to do. packs/FORMAT.md tells the form.`
}

func (c *PackCheck) Run(std Std, lang text.Lang) error {
	p, faults := pack.Read(os.DirFS(c.Dir))
	for _, f := range faults {
		fmt.Fprintln(std.Out, f.String(lang))
	}
	if len(faults) > 0 {
		fmt.Fprintln(std.Out, text.T(lang, "cli.pack.faults", "n", len(faults)))
		return exitCode(1)
	}
	_, err := fmt.Fprintln(std.Out, text.T(lang, "cli.pack.good", "procedures", len(p.AllProcedures()), "version", p.Version()))
	return err
}

// PackExport writes published procedures out as files of the pack.
type PackExport struct {
	Dir string `arg:"" help:"Folder of the pack to write into: packs/laichau." type:"existingdir"`
}

func (c *PackExport) Help() string {
	return `Examples:
  quay20 pack export packs/laichau --data var/quay20

The files of every procedure that was published are written whole, as the law now says them. Look at the difference,
then run quay20 pack check. A release with these files passes over the publications, whose content it has.`
}

func (c *PackExport) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	files, err := h.law.Files(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := filepath.Join(c.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, files[name], 0o644); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(std.Out, text.T(lang, "cli.pack.exported", "n", len(files), "dir", c.Dir))
	return err
}

// PackApply puts a notice in force.
type PackApply struct {
	Notice string `arg:"" help:"File of the notice (YAML or JSON), or the id of one applied before: its dates are then counted again."`
}

func (c *PackApply) Help() string {
	return `Examples:
  quay20 pack apply bao-so-5.yaml
  quay20 pack apply 2026-09-10-bao-so-5

A notice adds days and edits none:
  id: 2026-09-10-bao-so-5
  announced: 2026-09-10
  title: Đóng cửa vì bão số 5
  law: nd-118-2025
  days:
    - {date: 2026-09-11, kind: closure, name: Bão số 5}
  desks: ["03408"]        # leave it out for all desks

Kinds: holiday, compensation, swap_off, swap_work (with replaces), closure. Every running dossier is counted again; each moved date is journaled and printed, so that the people concerned can be told.`
}

func (c *PackApply) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	n, err := c.notice(ctx, h, lang)
	if err != nil {
		return err
	}
	if err := h.law.Apply(ctx, n, officer.Console()); err != nil {
		return err
	}
	moved, err := h.register.Recompute(ctx, n.ID)
	if err != nil {
		return fmt.Errorf("counting again after notice %s: %w", n.ID, err)
	}
	if err := h.copies().Copy(ctx); err != nil {
		return err
	}
	return printMoved(std.Out, lang, n, moved)
}

func printMoved(out io.Writer, lang text.Lang, n pack.Notice, moved []dossier.Moved) error {
	fmt.Fprintln(out, text.T(lang, "cli.pack.applied", "notice", n.ID, "n", len(moved)))
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	for _, m := range moved {
		fmt.Fprintf(w, "  %s\t%s\t→\t%s\n", m.Dossier.Code, stamp(m.Move.Old), stamp(m.Move.New))
	}
	return w.Flush()
}

// notice reads the file, or finds the notice applied before.
func (c *PackApply) notice(ctx context.Context, h *house, lang text.Lang) (pack.Notice, error) {
	body, err := os.ReadFile(c.Notice)
	if errors.Is(err, fs.ErrNotExist) {
		applied, err := h.law.Notices(ctx)
		if err != nil {
			return pack.Notice{}, err
		}
		for _, n := range applied {
			if n.ID == c.Notice {
				return n, nil
			}
		}
		return pack.Notice{}, problem.New(problem.NotFound, "cli.err.no-notice", "notice", c.Notice)
	}
	if err != nil {
		return pack.Notice{}, fmt.Errorf("reading the notice: %w", err)
	}
	n, faults := pack.ReadNotice(filepath.Base(c.Notice), body)
	if len(faults) > 0 {
		return n, problem.New(problem.Malformed, "cli.err.notice", "file", c.Notice, "detail", faults[0].String(lang))
	}
	return n, nil
}
