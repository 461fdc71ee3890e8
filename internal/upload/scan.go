package upload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// ScanWanted asks for the virus scan of one file, by its id.
const ScanWanted job.Kind = "upload-scan"

// Scan lets the scanner look at a file and notes what it found. A file that is
// gone needs none; one that was scanned keeps what was found.
func (s *Shelf) Scan(ctx context.Context, id string) error {
	if s.scan == nil {
		return nil // it was switched off meanwhile
	}
	var h Held
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		h, err = store.One(tx, scanHeld, `SELECT `+columns+` FROM upload WHERE id = $1 AND state = 'unscanned' AND ended = ''`, id)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	body, err := s.folder.read(h.File)
	if err != nil {
		return err
	}
	virus, err := s.scan.Scan(ctx, body)
	if err != nil {
		return fmt.Errorf("scanning file %s: %w", id, err)
	}
	return s.db.Write(ctx, func(tx *store.Tx) error { return found(tx, h, virus) })
}

// found notes what the scanner found; malware is an entry of the journal.
func found(tx *store.Tx, h Held, virus string) error {
	state := Clean
	if virus != "" {
		state = Infected
	}
	n, err := tx.Exec(`UPDATE upload SET state = $1, virus = $2 WHERE id = $3 AND state = 'unscanned'`, state, virus, h.ID)
	if err != nil || n == 0 || state == Clean {
		return err
	}
	facts, err := json.Marshal(map[string]string{"virus": virus, "sha256": h.SHA256})
	if err != nil {
		return err
	}
	_, err = journal.Append(tx, journal.Entry{Act: "infected", Subject: "upload/" + h.ID, Facts: facts})
	return err
}

// ScanRest asks anew for the scan of files that nobody scanned, as when the
// scanner was configured later or was away for long.
func (s *Shelf) ScanRest(ctx context.Context) error {
	if s.scan == nil {
		return nil
	}
	var ids []string
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		ids, err = store.All(tx, word, `SELECT id FROM upload WHERE state = 'unscanned' AND ended = '' ORDER BY id LIMIT 200`)
		return err
	})
	for _, id := range ids {
		if err != nil {
			break
		}
		err = s.Scan(ctx, id)
	}
	if problem.Is(err, problem.Unavailable) {
		return nil // the scanner is away; the next round asks again
	}
	return err
}
