package main

import (
	"context"
	"fmt"

	"quay20/internal/journal"
	"quay20/internal/store"
	"quay20/internal/text"
	"quay20/internal/upload"
)

// Verify looks for changes of the past.
type Verify struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *Verify) Help() string {
	return `Examples:
  quay20 verify --data /srv/quay20 --witness /mnt/other-disk/witness
  quay20 verify --json

It reads the whole journal, compares it with every signed head in --witness and with the present tables, looks for gaps in the numbers of dossiers and receipts, and compares the bytes of every file that people sent with its hash. The desk may go on working meanwhile. Exit status 1 means that something was found; each line says where.`
}

// verdict is what --json prints.
type verdict struct {
	OK       bool      `json:"ok"`
	Size     int64     `json:"entries"`
	Root     string    `json:"root"`
	Copied   int64     `json:"entries_covered_by_witness"`
	Heads    int       `json:"heads_checked"`
	Subjects int64     `json:"subjects_compared"`
	Faults   []finding `json:"faults"`
	Losses   []string  `json:"accepted_losses,omitempty"`
	More     int       `json:"more_faults,omitempty"`
}

// finding is one thing that is wrong. Entry is 0 if it is no single entry.
type finding struct {
	Entry int64  `json:"entry,omitempty"`
	Code  string `json:"code"`
	Text  string `json:"text"`
}

func (c *Verify) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.look(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	v, err := h.verdict(ctx, lang)
	if err != nil {
		return err
	}
	if err := c.print(std, lang, v); err != nil {
		return err
	}
	if !v.OK {
		return exitCode(1)
	}
	return nil
}

// verdict makes every check there is, of the house and of its copied heads.
func (h *house) verdict(ctx context.Context, lang text.Lang) (verdict, error) {
	v, err := h.verify(ctx, lang)
	if err != nil {
		return v, err
	}
	if v.Size > 0 && v.Copied == 0 {
		v.OK = false
		v.Faults = append(v.Faults, finding{Code: "cli.no-witness", Text: text.T(lang, "cli.no-witness", "dir", h.witness)})
	}
	spoilt, err := h.spoilt(ctx)
	if err != nil {
		return v, err
	}
	for _, where := range spoilt {
		v.OK = false
		v.Faults = append(v.Faults, finding{Code: "store.spoilt", Text: text.T(lang, "store.spoilt", "where", where)})
	}
	if v.Losses, err = h.losses(ctx, lang); err != nil {
		return v, err
	}
	return v, nil
}

// verify makes every check of the house.
func (h *house) verify(ctx context.Context, lang text.Lang) (v verdict, err error) {
	report, err := journal.Verify(ctx, h.db, h.keys, h.witness, h.protected()...)
	if err != nil {
		return v, fmt.Errorf("verifying: %w", err)
	}
	v = verdict{Size: report.Size, Root: report.Root, Copied: report.Copied, Heads: report.Heads, Subjects: report.Subjects, Faults: []finding{}, More: report.More}
	for _, f := range report.Faults {
		v.Faults = append(v.Faults, finding{f.Index, f.Key, text.T(lang, f.Key, f.Args...)})
	}
	unguarded, err := h.unguarded(ctx)
	if err != nil {
		return v, err
	}
	for _, name := range unguarded {
		v.Faults = append(v.Faults, finding{Code: "cli.unguarded", Text: text.T(lang, "cli.unguarded", "name", name)})
	}
	sent, err := upload.Verify(ctx, h.db, h.files)
	if err != nil {
		return v, err
	}
	for _, f := range sent {
		v.Faults = append(v.Faults, finding{Code: f.Key, Text: text.T(lang, f.Key, "path", f.Path)})
	}
	v.OK = len(v.Faults) == 0
	return v, nil
}

// spoilt are damaged places in the file of an embedded database. A damaged index
// hides rows from those who look through it, and no hash tells.
func (h *house) spoilt(ctx context.Context) (places []string, err error) {
	err = h.db.Read(ctx, func(tx *store.Tx) error {
		places, err = store.Spoilt(tx)
		return err
	})
	return places, err
}

// unguarded are triggers against changes of the past that somebody took away
// (rel-I-J4).
func (h *house) unguarded(ctx context.Context) (names []string, err error) {
	err = h.db.Read(ctx, func(tx *store.Tx) error {
		names, err = store.Unguarded(tx)
		return err
	})
	return names, err
}

func (c *Verify) print(std Std, lang text.Lang, v verdict) error {
	if c.JSON {
		return writeJSON(std.Out, v)
	}
	for _, f := range v.Faults {
		fmt.Fprintln(std.Out, f.Text)
	}
	if v.More > 0 {
		fmt.Fprintln(std.Out, text.T(lang, "cli.more-faults", "n", v.More))
	}
	for _, loss := range v.Losses {
		fmt.Fprintln(std.Out, loss)
	}
	key := "cli.verified"
	if !v.OK {
		key = "cli.not-verified"
	}
	fmt.Fprintln(std.Out, text.T(lang, key, "entries", v.Size, "root", v.Root, "subjects", v.Subjects, "copied", v.Copied))
	return nil
}
