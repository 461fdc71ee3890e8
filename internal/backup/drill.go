package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"quay20/internal/journal"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Drill brings a backup of this house back into a scratch folder, always as an
// embedded database, which asks nothing of the server where the house lies
// (diễn tập khôi phục). It compares every table with what it was when the
// backup was made, lets the rooms verify, and makes sure that the house goes on
// from there. The scratch folder is empty again afterwards.
func (h House) Drill(ctx context.Context, path string, keys []age.Identity, scratch string, o store.Options, check Check) (r Run, err error) {
	r = Run{At: o.Now(), File: filepath.Base(path)}
	defer func() {
		r.Took = o.Now().Sub(r.At)
		r.Problem = plain(err)
	}()
	b, err := Open(path)
	if err != nil {
		return r, err
	}
	r.Bytes, r.Rows, r.Entries, r.Root, r.Made = b.Size+page, b.Rows, b.Entries, b.Root, b.Made
	if !h.Keys.Knows(b.Node, b.Entries) {
		return r, problem.New(problem.Conflict, "backup.err.other", "data", h.Folder, "node", b.Node, "own", h.Keys.Public())
	}
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return r, err
	}
	folder, err := os.MkdirTemp(scratch, drillBegin+"*")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	aside := Place{Database: filepath.Join(folder, "quay20.db"), Folder: filepath.Join(folder, "data"),
		Files: filepath.Join(folder, "data", sentFolder), Witness: filepath.Join(folder, "witness"), Mark: h.Mark, Store: o}
	side, err := aside.raise(ctx, b, keys)
	if err != nil {
		return r, err
	}
	if _, err = prove(ctx, b, side, check); err == nil {
		err = h.extends(ctx, b)
	}
	return r, errors.Join(err, side.DB.Close())
}

const drillBegin = "drill-" // of folders in scratch

// extends makes sure that the house's journal goes on from the backup's.
func (h House) extends(ctx context.Context, b *File) error {
	return h.DB.Read(ctx, func(tx *store.Tx) error {
		if root, err := journal.RootAt(tx, b.Entries); err != nil || root != b.Root {
			return fmt.Errorf("%w (%w)", problem.New(problem.Conflict, "backup.err.not-past", "file", b.Path, "entries", b.Entries), err)
		}
		return nil
	})
}

// plain is what of an error can be told to people.
func plain(err error) *problem.Problem {
	if err == nil {
		return nil
	}
	if p, ok := problem.As(err); ok {
		return p
	}
	return problem.New(problem.Unavailable, "backup.err.unknown", "detail", err.Error())
}

// Run is one backup or one drill, as the journal tells of it.
type Run struct {
	At      time.Time // when it began
	Took    time.Duration
	File    string // its name
	Made    time.Time
	Bytes   int64
	Rows    int64
	Entries int64
	Root    string
	Problem *problem.Problem // why it failed; nil if it did not
}
