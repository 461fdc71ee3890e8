package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"quay20/internal/store"
)

// MarkFile is the file in the shelf's folder that says whose it is.
const MarkFile = "mark"

// Path is where the bytes lie below the shelf's folder.
func (f File) Path() string { return nameOf(f) }

// Kept gives every file that is held, in the order of its id, without names.
// yield may ask tx for nothing.
func Kept(tx *store.Tx, yield func(File) error) error {
	for last := ""; ; {
		list, err := store.All(tx, func(r store.Row) (f File, err error) { return f, r.Scan(&f.ID, &f.Size, &f.SHA256) },
			`SELECT id, size, sha256 FROM upload WHERE id > $1 AND ended = '' ORDER BY id LIMIT 1000`, last)
		if err != nil {
			return fmt.Errorf("reading the files that are held: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		for _, f := range list {
			if err := yield(f); err != nil {
				return err
			}
		}
		last = list[len(list)-1].ID
	}
}

// Fault is a file whose bytes are not those of its row.
type Fault struct {
	Key  string // of the sentence: missing or changed
	Path string // below the shelf's folder
}

// Verify compares the bytes of every held file with its row (rel-I-D10).
func Verify(ctx context.Context, db *store.DB, folder string) (faults []Fault, err error) {
	err = db.Read(ctx, func(tx *store.Tx) error {
		return Kept(tx, func(f File) error {
			key, err := compare(filepath.Join(folder, filepath.FromSlash(f.Path())), f.SHA256)
			if key != "" {
				faults = append(faults, Fault{key, f.Path()})
			}
			return err
		})
	})
	return faults, err
}

func compare(path, want string) (fault string, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "upload.fault.missing", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil || hex.EncodeToString(sum.Sum(nil)) != want {
		return "upload.fault.changed", nil // also what the disk cannot read any more
	}
	return "", nil
}
