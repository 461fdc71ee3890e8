package backup

import (
	"encoding/json"
	"fmt"

	"quay20/internal/journal"
	"quay20/internal/store"
)

// subject is what all entries about backups speak of.
const subject = "node/backup"

// The acts of the journal.
const (
	actKey      = "backup_key"
	actRestored = "backup_restored"
)

func note(tx *store.Tx, e journal.Entry, facts any) error {
	b, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	e.Subject, e.Facts = subject, b
	if e.Capacity == "" {
		e.Capacity = "system"
	}
	if _, err := journal.Append(tx, e); err != nil {
		return fmt.Errorf("journaling %s: %w", e.Act, err)
	}
	return nil
}

// NoteKey journals that a recovery key was made.
func NoteKey(tx *store.Tx, public, officer, capacity string) error {
	return note(tx, journal.Entry{Act: actKey, Officer: officer, Capacity: capacity}, map[string]string{"public": public})
}

// Note journals the restore in the restored house itself, so that it stays
// visible what was brought back, who did it, and what was given up.
func (p *Proof) Note(tx *store.Tx, officer, capacity, second, reason string) error {
	facts := map[string]any{"made": store.Time(p.Made), "hash": p.Hash, "entries": p.Entries, "root": p.Root, "second": second}
	if l := p.Lacks; l != nil {
		facts["lost"], facts["lost_from"], facts["lost_to"] = l.Entries, store.Time(l.From), store.Time(l.To)
	}
	return note(tx, journal.Entry{Act: actRestored, Officer: officer, Capacity: capacity, Reason: reason}, facts)
}
