package upload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"quay20/internal/store"
)

// keepFor is how long bytes stay that no living row has: a backup under way
// may still read them, and a file may be on its way to its row (rel-I-D10).
const keepFor = 24 * time.Hour

// Sweep takes away the bytes of files that ended, bytes that never had a row,
// and pieces of files that nobody sent to their end.
func (s *Shelf) Sweep(ctx context.Context) error {
	var now time.Time
	var over []File
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		over, err = store.All(tx, func(r store.Row) (f File, err error) { return f, r.Scan(&f.ID, &f.SHA256) },
			`SELECT id, sha256 FROM upload WHERE ended <> '' AND ended <= $1 ORDER BY ended LIMIT 1000`, now.Add(-keepFor))
		return err
	})
	if err != nil {
		return fmt.Errorf("looking for files that ended: %w", err)
	}
	for _, f := range over {
		if err := s.folder.drop(f); err != nil {
			return fmt.Errorf("taking file %s away: %w", f.ID, err)
		}
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		for _, f := range over {
			if _, err := tx.Exec(`DELETE FROM upload WHERE id = $1 AND ended <> ''`, f.ID); err != nil {
				return fmt.Errorf("forgetting file %s: %w", f.ID, err)
			}
		}
		return nil
	})
	return errors.Join(err, s.sweepOrphans(ctx, now), s.folder.sweepPieces(now.Add(-keepFor)))
}

// sweepOrphans takes away bytes whose row was never written: the program ended
// between the two.
func (s *Shelf) sweepOrphans(ctx context.Context, now time.Time) error {
	return s.folder.each(func(path string, f File) error {
		born, ok := bornAt(f.ID)
		if !ok || now.Sub(born) < keepFor {
			return nil
		}
		err := s.db.Read(ctx, func(tx *store.Tx) error {
			_, err := store.One(tx, word, `SELECT id FROM upload WHERE id = $1`, f.ID)
			return err
		})
		if errors.Is(err, store.ErrNone) {
			return s.folder.root.Remove(path)
		}
		return err
	})
}

// each gives every file of bytes that lies in the folder, those still being
// written among them.
func (f *folder) each(yield func(path string, file File) error) error {
	return fs.WalkDir(f.root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path == "in":
			return fs.SkipDir
		case d.IsDir() || path == MarkFile:
			return nil
		}
		if id, ok := strings.CutPrefix(path, "new/"); ok {
			return yield(path, File{ID: id})
		}
		_, name, _ := strings.Cut(path, "/")
		sum, id, ok := strings.Cut(name, ".")
		if !ok {
			return nil
		}
		return yield(path, File{ID: id, SHA256: sum})
	})
}
