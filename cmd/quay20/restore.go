package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"quay20/internal/backup"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// Restore brings a backup back.
type Restore struct {
	File     string `arg:"" help:"The backup." type:"path"`
	Identity string `help:"File with the recovery key; by default DATA/keys/backup.key." placeholder:"FILE"`
	Reason   string `help:"Why, for the journal." placeholder:"REASON"`
	Vouch
	Lossy bool `help:"Replace although this backup lacks acts that happened; the journal says so."`
}

func (c *Restore) Help() string {
	return `Examples:
  quay20 restore night.backup --data /srv/quay20 --identity /media/key.txt --reason "Hỏng đĩa ngày 08/5" --second quantri=123456
  quay20 restore night.backup --data /srv/quay20 --database postgres://quay20@db/quay20 --reason "Chuyển sang PostgreSQL" --second quantri=123456

Stop the server first. The backup is brought back on the side and proven before anything is replaced: every table and hash, the journal from its first entry, the copied heads in --witness, the tables against the journal. What stood there is kept beside it under the name that is printed. A backup that lacks acts that happened is refused unless --lossy is given. quay20 drill does all of this but the replacing.`
}

func (c *Restore) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	if strings.TrimSpace(c.Reason) == "" {
		return problem.New(problem.Invalid, "err.summary").Field("reason", "backup.err.reason")
	}
	if err := store.Alone(ctx, place.database()); err != nil {
		return err
	}
	file, err := backup.Open(c.File)
	if err != nil {
		return err
	}
	keys, err := backup.Opener(c.Identity, place.keys())
	if err != nil {
		return err
	}
	proof, err := place.house(std).Prove(ctx, file, keys, c.Lossy, check(lang))
	if err != nil {
		return err
	}
	defer proof.Close(ctx)
	fmt.Fprintln(std.Out, text.T(lang, "backup.proven", "file", c.File, "rows", file.Rows, "entries", file.Entries,
		"last", hourWords(file.Last), "subjects", proof.Subjects, "root", file.Root, "node", file.Node))
	kept, err := proof.Install(ctx, func(tx *store.Tx) error {
		second, err := c.second(tx)
		if err != nil {
			return err
		}
		if err := officer.EndAllSessions(tx); err != nil {
			return err
		}
		return proof.Note(tx, console(), second, c.Reason)
	})
	if err != nil {
		return err
	}
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	if l := proof.Lacks; l != nil {
		fmt.Fprintln(std.Out, text.T(lang, "backup.lossy", "n", l.Entries, "from", hourWords(l.From), "to", hourWords(l.To)))
	}
	return h.say(ctx, std, text.T(lang, "backup.restored", "data", place.folder(), "kept", cmp.Or(kept, "–")))
}

// house is the place as far as backups concern it.
func (p *Place) house(std Std) backup.Place {
	return backup.Place{Database: p.database(), Folder: p.folder(), Files: p.files(), Witness: p.witness(), Mark: signInsFile, Store: store.Options{Now: std.Now}}
}
