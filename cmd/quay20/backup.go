package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"quay20/internal/backup"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
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
		return backup.NoteKey(tx, public, console())
	})
	if err != nil {
		return err
	}
	return h.say(ctx, std, "# "+text.T(lang, "backup.key", "node", h.keys.Public())+"\n"+secret)
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
	b := h.backups(place)
	if err := b.Ready(c.File); err != nil {
		return err
	}
	err = h.db.Write(ctx, func(tx *store.Tx) error { return backup.NoteBegun(tx, filepath.Base(c.File), console()) })
	if err != nil {
		return err
	}
	head, err := b.Make(ctx, c.File)
	if err != nil {
		return err
	}
	return h.say(ctx, std, text.T(lang, "backup.made", "file", c.File, "kb", (head.Size+1023)/1024,
		"rows", head.Rows, "entries", head.Entries, "last", hourWords(head.Last), "root", head.Root))
}

// console is who lets the command line act, for the journal.
func console() backup.By {
	by := officer.Console()
	return backup.By{Officer: by.Officer.ID, Capacity: by.Capacity()}
}

// Drill brings a backup back aside.
type Drill struct {
	File     string `arg:"" help:"The backup." type:"path"`
	Identity string `help:"File with the recovery key; by default DATA/keys/backup.key." placeholder:"FILE"`
}

func (c *Drill) Help() string {
	return `Examples:
  quay20 drill /mnt/other-disk/quay20-20261124-010000.backup
  quay20 drill old.backup --identity /media/key.txt

It does all that restore does but the replacing: brings the backup back into a scratch folder in DATA, compares every table, verifies the journal and the tables, and makes sure that the house goes on from there. The journal says what came of it. The desk may go on working; serve --backup-dir does this every night.`
}

func (c *Drill) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	keys, err := backup.Opener(c.Identity, place.keys())
	if err != nil {
		return err
	}
	r, err := h.backups(place).Drill(ctx, c.File, keys, place.folder(), store.Options{Now: std.Now}, check(lang))
	noted := h.db.Write(ctx, func(tx *store.Tx) error { return backup.NoteDrill(tx, r, console()) })
	if err := errors.Join(err, noted); err != nil {
		return err
	}
	return h.say(ctx, std, text.T(lang, "backup.drilled", "file", c.File, "rows", r.Rows, "entries", r.Entries,
		"seconds", fmt.Sprintf("%.1f", r.Took.Seconds()), "root", r.Root))
}

// Schedule says when serve writes backups by itself.
type Schedule struct {
	Dir    string `name:"backup-dir" env:"QUAY20_BACKUP_DIR" help:"Folder for a backup every night, best on another machine's disk; none is written if left out." placeholder:"DIR"`
	At     string `name:"backup-at" env:"QUAY20_BACKUP_AT" default:"01:00" help:"When the night's backup begins, in Viet Nam; 01:00 if left out." placeholder:"HH:MM"`
	Days   int    `name:"backup-days" env:"QUAY20_BACKUP_DAYS" default:"35" help:"Days for which each backup is kept; 35 if left out." placeholder:"N"`
	Months int    `name:"backup-months" env:"QUAY20_BACKUP_MONTHS" default:"12" help:"Months for which the last backup of the month is kept; 12 if left out." placeholder:"N"`
}

// nightly is the work of every night; nil if none was asked for.
func (c *Schedule) nightly(h *house, p *Place, std Std, name string, lang text.Lang) (*backup.Nightly, error) {
	if c.Dir == "" {
		return nil, nil
	}
	at, err := time.Parse("15:04", c.At)
	wrong := problem.New(problem.Invalid, "err.summary")
	if err != nil {
		wrong.Field("backup-at", "backup.err.at", "value", c.At)
	}
	if c.Days < 1 {
		wrong.Field("backup-days", "backup.err.days")
	}
	if c.Months < 0 {
		wrong.Field("backup-months", "backup.err.days")
	}
	return &backup.Nightly{
		House: h.backups(p), Name: name, Dir: c.Dir, Time: time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute,
		Days: c.Days, Months: c.Months, Store: store.Options{Now: std.Now}, Check: check(lang),
	}, wrong.Or()
}

// backups is the house as far as backups concern it.
func (h *house) backups(p *Place) backup.House {
	return backup.House{DB: h.db, Keys: h.keys, Folder: p.folder(), Files: p.files(), Mark: signInsFile}
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
