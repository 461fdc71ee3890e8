package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"quay20/internal/backup"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// KeysCmd is about the node's keys.
type KeysCmd struct {
	Show   KeysShow   `cmd:"" help:"Print the public halves of the journal's keys, to be kept elsewhere."`
	Change KeysChange `cmd:"" help:"Give the node new keys, when somebody may have seen the old ones."`
}

// KeysShow prints what others need to check copied heads and backups.
type KeysShow struct{}

func (c *KeysShow) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	if err := place.exists(ctx, std.Now); err != nil {
		return err
	}
	keys, err := journal.LoadKeys(place.keys())
	if err != nil {
		return err
	}
	fmt.Fprintln(std.Out, text.T(lang, "keys.current", "key", keys.Public()))
	for _, old := range keys.Retired() {
		fmt.Fprintln(std.Out, text.T(lang, "keys.retired", "key", old))
	}
	return nil
}

// KeysChange replaces every key in DATA/keys.
type KeysChange struct {
	Reason string `help:"Why, for the journal." placeholder:"REASON"`
	Vouch
}

func (c *KeysChange) Help() string {
	return `Example:
  quay20 keys change --data /srv/quay20 --reason "Máy chủ cũ bị mất" --second quantri=123456

For when a server, a disk or a copy of DATA/keys got into other hands, or as often as the house's rules say. Stop the server first. New are the key that signs the journal's heads, the one behind the slips' secrets, the one behind forms, and the one with which this server opens its backups. Slips that people hold go on opening their dossiers, kept backups go on opening, and heads signed so far go on proving; what a stolen key signs from now on counts for nothing.

Afterwards make a new recovery key (quay20 backup key), copy DATA/keys to the other servers of the same database, write down what quay20 keys show prints, and start again. Officers' passwords are not keys: quay20 user reset. A run that was cut short is run again.`
}

func (c *KeysChange) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	if strings.TrimSpace(c.Reason) == "" {
		return problem.New(problem.Invalid, "err.summary").Field("reason", "backup.err.reason")
	}
	if err := place.exists(ctx, std.Now); err != nil {
		return err
	}
	if err := store.Alone(ctx, place.database()); err != nil {
		return err
	}
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	old := h.keys.Public()
	err = h.db.Write(ctx, func(tx *store.Tx) error {
		second, err := c.second(tx)
		if err != nil {
			return err
		}
		return noteKeys(tx, "change_keys", c.Reason, map[string]string{"from": old, "second": second})
	})
	if err != nil {
		return err
	}
	if err := h.copies().Copy(ctx); err != nil { // the last head that the old key signs
		return err
	}
	if err := h.changeKeys(ctx); err != nil {
		return err
	}
	err = h.db.Write(ctx, func(tx *store.Tx) error {
		return noteKeys(tx, "keys_changed", "", map[string]string{"from": old, "to": h.keys.Public()})
	})
	if err != nil {
		return err
	}
	return h.say(ctx, std, text.T(lang, "keys.changed", "key", h.keys.Public()))
}

func noteKeys(tx *store.Tx, act, reason string, facts map[string]string) error {
	b, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	by := officer.Console()
	_, err = journal.Append(tx, journal.Entry{Officer: by.Officer.ID, Capacity: by.Capacity(), Act: act, Subject: "node/keys", Reason: reason, Facts: b})
	if err != nil {
		return fmt.Errorf("journaling the change of keys: %w", err)
	}
	return nil
}

// changeKeys replaces the files of the keys, the journal's last: as long as it
// is the old one, the change can be begun anew.
func (h *house) changeKeys(ctx context.Context) error {
	var size int64
	err := h.db.Read(ctx, func(tx *store.Tx) (err error) {
		size, _, err = journal.Head(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the head of the journal: %w", err)
	}
	folder := filepath.Join(h.folder, "keys")
	slips, err := secretKey(filepath.Join(folder, "tracking.key"))
	if err != nil {
		return err
	}
	fresh := func() []byte { b := make([]byte, dossier.KeySize); rand.Read(b); return b }
	err = errors.Join(
		replaceKey(filepath.Join(folder, "tracking.key"), append(fresh(), slips...)),
		replaceKey(filepath.Join(folder, "forms.key"), fresh()),
		backup.ChangeOwn(folder),
	)
	if err != nil {
		return fmt.Errorf("keeping new keys: %w", err)
	}
	h.keys, err = journal.ChangeKeys(folder, size)
	return err
}

// replaceKey puts a new key in a file's place, whole.
func replaceKey(path string, b []byte) error {
	next := strings.TrimSuffix(path, ".key") + ".next"
	os.Remove(next) // of a run that was cut short
	if err := writeKey(next, b); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
