package main

import (
	"context"
	"fmt"
	"time"

	"quay20/internal/backup"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store"
	"quay20/internal/text"
)

// BackupCmd writes backups.
type BackupCmd struct {
	Write BackupWrite `cmd:"" default:"withargs" help:"Write a backup to a new file."`
	Key   BackupKey   `cmd:"" help:"Make the recovery key, which opens backups when the server is lost."`
}

func (c *BackupCmd) Help() string {
	return `Examples:
  quay20 backup key
  quay20 backup /mnt/other-disk/quay20-2026-05-08.backup

The desk goes on working meanwhile. The file is encrypted: it opens with the recovery key, and with DATA/keys/backup.key of the server that wrote it.`
}

// BackupKey makes the recovery key.
type BackupKey struct{}

func (c *BackupKey) Help() string {
	return `Example:
  quay20 backup key --data /srv/quay20

The key is shown once and not kept: print it or write it down, twice, and lock it away far from the server; what is printed is also a file for restore --identity. Who has it and a backup can read everything; without it nobody can restore once the server is lost. A new call makes a new key for backups from then on; older backups still open with the older key.`
}

func (c *BackupKey) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	secret, public, err := backup.Recovery(place.keys())
	if err != nil {
		return err
	}
	err = h.db.Write(ctx, func(tx *store.Tx) error {
		console := officer.Console()
		return backup.NoteKey(tx, public, console.Officer.ID, console.Capacity())
	})
	if err != nil {
		return err
	}
	return h.say(ctx, std, "# "+text.T(lang, "backup.key")+"\n"+secret)
}

// BackupWrite writes one backup.
type BackupWrite struct {
	File string `arg:"" help:"The file to write; it must not be there." type:"path"`
}

func (c *BackupWrite) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	head, err := h.backups(place).Make(ctx, c.File)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, text.T(lang, "backup.made", "file", c.File, "kb", (head.Size+1023)/1024,
		"rows", head.Rows, "entries", head.Entries, "last", hourWords(head.Last), "root", head.Root))
	return err
}

// backups is the house as far as backups concern it.
func (h *house) backups(p *Place) backup.House {
	return backup.House{DB: h.db, Keys: h.keys, Folder: p.folder(), Mark: signInsFile}
}

func hourWords(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.In(pack.Zone).Format("15:04:05 02/01/2006")
}

// check lets all rooms look at a house that was brought back on the side.
func check(lang text.Lang) backup.Check {
	return func(ctx context.Context, s backup.Side) (backup.Found, error) {
		h, err := furnish(ctx, s)
		if err != nil {
			return backup.Found{}, err
		}
		v, err := h.verify(ctx, lang)
		found := backup.Found{Entries: v.Size, Root: v.Root, Subjects: v.Subjects}
		for _, f := range v.Faults {
			found.Faults = append(found.Faults, f.Text)
		}
		return found, err
	}
}
