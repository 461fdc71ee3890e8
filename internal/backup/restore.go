package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Place is where a house stands, or is to stand.
type Place struct {
	Database string
	Folder   string // the data folder
	Files    string // the folder of files that people sent
	Witness  string // folder of the copied heads
	Mark     string // the file in Folder that marks a demo
	Store    store.Options
}

// Side is a house that was brought back on the side.
type Side struct {
	DB      *store.DB
	Keys    journal.Keys
	Folder  string
	Files   string
	Witness string
}

// Found is what the rooms say of a house: the journal and the tables, computed
// anew.
type Found struct {
	Entries  int64
	Root     string
	Subjects int64    // compared with the journal
	Faults   []string // in words
}

// Check lets the rooms look at a house on the side.
type Check func(ctx context.Context, s Side) (Found, error)

// beside names the database on the side, restoring its folder, and unfinished
// the file that says that a new place has only some of its files.
const (
	beside     = "restoring"
	restoring  = "restoring"
	unfinished = "restore-unfinished"
)

// Unfinished refuses a place in which a restore was cut short while it made a
// house where there was none.
func Unfinished(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, unfinished)); err == nil {
		return problem.New(problem.Unavailable, "backup.err.cut-short", "data", folder)
	}
	return nil
}

// Proof is a backup that was brought back on the side and found whole.
type Proof struct {
	*File
	Found
	Lacks *Lack // what would be lost; nil if nothing
	Side
	place Place
	done  bool
}

// Lack is what a backup does not know though it happened.
type Lack struct {
	Entries  int64
	From, To time.Time
	Where    string // who knows of it
}

// Prove makes a house of the backup beside the place, and compares it with what
// it was, with the copied heads and with what stands there. Nothing in the
// place is touched. Unless lossy is set, a backup that lacks something is
// refused. Close removes what was made.
func (p Place) Prove(ctx context.Context, b *File, keys []age.Identity, lossy bool, check Check) (proof *Proof, err error) {
	if err := p.fits(b); err != nil {
		return nil, err
	}
	made, err := p.makeFolder()
	if err != nil {
		return nil, err
	}
	proof = &Proof{File: b, place: p, Side: Side{Folder: filepath.Join(p.Folder, restoring), Witness: p.Witness}}
	defer func() {
		if err != nil {
			err = errors.Join(err, proof.Close(ctx))
			if made {
				os.Remove(p.Folder)
			}
			proof = nil
		}
	}()
	side := p
	side.Database, side.Folder = store.Beside(p.Database, beside), proof.Side.Folder
	side.Files = filepath.Join(side.Folder, sentFolder)
	if proof.Side, err = side.raise(ctx, b, keys); err != nil {
		return proof, err
	}
	if err := p.sameKeys(proof.Side.Folder); err != nil {
		return proof, err
	}
	if own, there, err := p.own(); err != nil {
		return proof, err
	} else if there { // they know the backup's, and heads that were signed since
		proof.Keys = own
	}
	if proof.Lacks, err = p.lacks(ctx, b, proof.Side); err != nil {
		return proof, err
	}
	if l := proof.Lacks; l != nil && !lossy {
		return proof, problem.New(problem.Conflict, "backup.err.older", "file", b.Path, "n", l.Entries, "from", hour(l.From), "to", hour(l.To), "where", l.Where)
	}
	if proof.Lacks != nil { // the copied heads speak of what is given up
		proof.Witness = filepath.Join(proof.Side.Folder, "none")
	}
	proof.Found, err = prove(ctx, b, proof.Side, check)
	return proof, err
}

// hour writes an instant for people.
func hour(t time.Time) string { return t.In(lawtime.Zone).Format("15:04:05 02/01/2006") }

// prove lets the rooms look at a house on the side, and compares what they find
// with what the backup says of itself.
func prove(ctx context.Context, b *File, s Side, check Check) (Found, error) {
	f, err := check(ctx, s)
	switch {
	case err != nil:
		return f, err
	case len(f.Faults) > 0:
		return f, problem.New(problem.Invalid, "backup.err.faults", "file", b.Path, "n", len(f.Faults), "first", f.Faults[0])
	case f.Root != b.Root || f.Entries != b.Entries:
		return f, problem.New(problem.Invalid, "backup.err.head", "file", b.Path, "have", f.Entries, "want", b.Entries)
	}
	return f, nil
}

// fits refuses a backup that does not belong in the place. rel-R14
func (p Place) fits(b *File) error {
	own, there, err := p.own()
	if err != nil || !there {
		return err
	}
	_, err = os.Stat(filepath.Join(p.Folder, p.Mark))
	switch demo := err == nil; {
	case demo && !b.Demo:
		return problem.New(problem.Conflict, "backup.err.real", "data", p.Folder)
	case !demo && b.Demo:
		return problem.New(problem.Conflict, "backup.err.demo", "data", p.Folder)
	case !own.Knows(b.Node, b.Entries):
		return problem.New(problem.Conflict, "backup.err.other", "data", p.Folder, "node", b.Node, "own", own.Public())
	}
	return nil
}

// own are the journal's keys of the place, if it has any.
func (p Place) own() (keys journal.Keys, there bool, err error) {
	if _, err := os.Stat(filepath.Join(p.Folder, "keys", "journal.key")); errors.Is(err, fs.ErrNotExist) {
		return keys, false, nil
	}
	keys, err = journal.LoadKeys(filepath.Join(p.Folder, "keys"))
	return keys, err == nil, err
}

// makeFolder makes the data folder if there is none.
func (p Place) makeFolder() (made bool, err error) {
	if _, err := os.Stat(p.Folder); err == nil {
		return false, nil
	}
	if err := os.MkdirAll(p.Folder, 0o700); err != nil {
		return false, fmt.Errorf("making the data folder: %w", err)
	}
	return true, nil
}

// raise makes a house of the backup at a place where nothing of worth lies, in
// the form of this release, and compares every table with what it was.
func (p Place) raise(ctx context.Context, b *File, keys []age.Identity) (s Side, err error) {
	s = Side{Folder: p.Folder, Files: p.Files, Witness: p.Witness}
	if err := os.RemoveAll(p.Folder); err != nil { // an earlier try
		return s, err
	}
	if err := os.MkdirAll(filepath.Join(p.Folder, "keys"), 0o700); err != nil {
		return s, err
	}
	if err := roomFor(p.Folder, 3*b.Content); err != nil { // what a database with its indexes takes at most
		return s, err
	}
	was, err := p.unpack(ctx, b, keys)
	if err != nil {
		return s, err
	}
	if err := p.compare(ctx, was); err != nil {
		return s, err
	}
	if s.Keys, err = journal.LoadKeys(filepath.Join(p.Folder, "keys")); err != nil {
		return s, err
	}
	if s.Keys.Public() != b.Node {
		return s, altered(b.Path)
	}
	s.DB, err = store.Open(ctx, p.Database, p.Store) // migrates what an earlier release wrote
	return s, err
}

// roomFor refuses to begin what the disk has no room for.
func roomFor(folder string, bytes int64) error {
	free, _, err := store.Disk(folder)
	if err != nil {
		return nil // then the disk itself will say so
	}
	const mega = 1 << 20
	need := bytes + 16*mega
	if free < need {
		return problem.New(problem.Unavailable, "backup.err.room", "folder", folder, "free", free/mega, "need", need/mega)
	}
	return nil
}

// unpack brings files and tables back and gives the sums they had.
func (p Place) unpack(ctx context.Context, b *File, keys []age.Identity) (was []Sum, err error) {
	r, done, err := b.content(keys)
	if err != nil {
		return nil, err
	}
	defer done()
	err = store.Fill(ctx, p.Database, b.Applied, p.Store.Migrations, func(f *store.Filling) error {
		for {
			kind, err := r.ReadByte()
			switch {
			case err != nil:
				return err
			case kind == recLast:
				return nil
			case kind == recFile:
				err = p.unpackFile(r)
			case kind == recTable:
				var t store.Table
				if t, err = r.table(); err != nil {
					return err
				}
				var sum Sum
				_, err = f.Table(t, r.rows(t, &sum))
				was = append(was, sum)
			default:
				err = errContent
			}
			if err != nil {
				return err
			}
		}
	})
	switch {
	case errors.Is(err, store.ErrTables):
		return nil, fmt.Errorf("%w (%w)", problem.New(problem.Unsupported, "backup.err.form", "file", b.Path, "detail", err.Error()), err)
	case errors.Is(err, store.ErrForm):
		return nil, fmt.Errorf("%w (%w)", problem.New(problem.Unsupported, "backup.err.newer", "file", b.Path, "form", slices.Max(append(b.Applied, 0))), err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, errContent):
		return nil, fmt.Errorf("%w (%w)", altered(b.Path), err)
	}
	return was, err
}

func (p Place) unpackFile(r reader) error {
	name, content, err := r.file()
	if err != nil {
		return err
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) || name != p.Mark && !strings.HasPrefix(name, "keys/") && !strings.HasPrefix(name, sentFolder) {
		return fmt.Errorf("file %q: %w", name, errContent)
	}
	path := p.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return keepFile(path, content)
}

// path is where a file of a backup lies in the place.
func (p Place) path(name string) string {
	if sent, ok := strings.CutPrefix(name, sentFolder); ok {
		return filepath.Join(p.Files, filepath.FromSlash(sent))
	}
	return filepath.Join(p.Folder, filepath.FromSlash(name))
}

// compare takes the sums of the tables anew.
func (p Place) compare(ctx context.Context, was []Sum) error {
	asIs := p.Store
	asIs.AsIs = true
	db, err := store.Open(ctx, p.Database, asIs)
	if err != nil {
		return err
	}
	err = db.Read(ctx, func(tx *store.Tx) error {
		is, err := Sums(tx)
		if err == nil && !slices.Equal(is, was) {
			err = problem.New(problem.Invalid, "backup.err.tables", "tables", strings.Join(differing(was, is), ", "))
		}
		return err
	})
	return errors.Join(err, db.Close())
}

// differing names the tables of which two lists of sums do not say the same.
func differing(was, is []Sum) (names []string) {
	for _, s := range was {
		if !slices.Contains(is, s) {
			names = append(names, s.Table)
		}
	}
	for _, s := range is {
		if !slices.ContainsFunc(was, func(w Sum) bool { return w.Table == s.Table }) {
			names = append(names, s.Table)
		}
	}
	return names
}

// sameKeys refuses a backup whose keys are not those of the place: what they
// signed and sealed would not open any more. A place that changed its keys
// keeps the earlier ones behind the new ones.
func (p Place) sameKeys(side string) error {
	return eachFile(side, func(name string) error {
		have, err := os.ReadFile(filepath.Join(p.Folder, name))
		if errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(name, ".key") || name == filepath.Join("keys", "journal.key") || name == filepath.Join("keys", "forms.key") {
			return nil // fits has asked the one, the other opens nothing that lasts
		}
		if err != nil {
			return err
		}
		want, err := os.ReadFile(filepath.Join(side, name))
		if err == nil && !bytes.HasSuffix(have, want) {
			err = problem.New(problem.Conflict, "backup.err.other-key", "file", filepath.Join(p.Folder, name))
		}
		return err
	})
}

// eachFile gives the names of all files in a folder and its folders.
func eachFile(folder string, fn func(name string) error) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return fn(name)
	})
}

// lacks finds what the copied heads, or the database that stands in the place,
// know and the backup does not. rel-T05, rel-I-J7
func (p Place) lacks(ctx context.Context, b *File, s Side) (*Lack, error) {
	var lack *Lack
	newest, found, err := s.Keys.Newest(p.Witness)
	if err != nil {
		return nil, fmt.Errorf("reading the copied heads: %w", err)
	}
	if found {
		if err := journal.Extends(ctx, s.DB, s.Keys, p.Witness); err != nil {
			if _, ok := problem.As(err); !ok {
				return nil, err
			}
			lack = &Lack{max(newest.Size-b.Entries, 1), b.Last, newest.At, newest.Where}
		}
	}
	size, last, known := p.stands(ctx, b)
	if size > 0 && (size > b.Entries || !known) && (lack == nil || size-b.Entries > lack.Entries) {
		lack = &Lack{max(size-b.Entries, 1), b.Last, last, p.Folder}
	}
	return lack, nil
}

// stands looks at the database that stands in the place: how far its journal
// reaches, and whether it goes on from the backup's. One that cannot be read
// says nothing; that may be why there is a restore.
func (p Place) stands(ctx context.Context, b *File) (size int64, last time.Time, known bool) {
	if _, err := os.Stat(p.Database); err != nil && !strings.Contains(p.Database, "://") {
		return 0, last, false
	}
	asIs := p.Store
	asIs.AsIs = true
	db, err := store.Open(ctx, p.Database, asIs)
	if err != nil {
		return 0, last, false
	}
	defer db.Close()
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		if size, _, err = journal.Head(tx); err != nil || size == 0 {
			return err
		}
		if last, err = lastEntry(tx); err != nil || size < b.Entries {
			return err
		}
		root, err := journal.RootAt(tx, b.Entries)
		known = err == nil && root == b.Root
		return nil
	})
	if err != nil {
		return 0, last, false
	}
	return size, last, known || size < b.Entries
}

// Install puts the proven house into its place, and keeps beside it what stood
// there. last writes the entry that tells of it into the house's journal. A
// stop at any point leaves the old house or the new one; doing it again ends
// it. rel-F13
func (p *Proof) Install(ctx context.Context, last func(*store.Tx) error) (kept string, err error) {
	// To the millisecond: a restore that was killed and one done again may share a second.
	kept = "before_" + strings.ReplaceAll(p.place.Store.Now().In(lawtime.Zone).Format("20060102_150405.000"), ".", "_")
	if err := p.DB.Write(ctx, last); err != nil {
		return "", err
	}
	if err := p.DB.Close(); err != nil {
		return "", err
	}
	p.DB = nil
	if err := p.place.bring(p.Folder); err != nil {
		return "", fmt.Errorf("bringing the keys back: %w", err)
	}
	old, err := store.Replace(ctx, p.place.Database, beside, kept)
	if err != nil {
		return "", err
	}
	p.done = true
	if p.Lacks != nil {
		if err := journal.Supersede(p.place.Witness, kept); err != nil {
			return "", fmt.Errorf("putting the copied heads aside: %w", err)
		}
	}
	if err := os.Remove(filepath.Join(p.place.Folder, unfinished)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if !old {
		return "", nil
	}
	return kept, nil
}

// bring copies the files that the place does not have. Where there was no house
// it is marked as unfinished first.
func (p Place) bring(side string) error {
	if _, err := os.Stat(filepath.Join(p.Folder, "keys", "journal.key")); errors.Is(err, fs.ErrNotExist) {
		if err := keepFile(filepath.Join(p.Folder, unfinished), nil); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(p.Folder, "keys"), 0o700); err != nil {
			return err
		}
	}
	return eachFile(side, func(name string) error {
		to := p.path(filepath.ToSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		content, err := os.ReadFile(filepath.Join(side, name))
		if err != nil {
			return err
		}
		return keepFile(to, content)
	})
}

// Close removes what stands on the side.
func (p *Proof) Close(ctx context.Context) error {
	var errs []error
	if p.DB != nil {
		errs = append(errs, p.DB.Close())
	}
	errs = append(errs, os.RemoveAll(p.Folder))
	if !p.done {
		errs = append(errs, store.Remove(context.WithoutCancel(ctx), store.Beside(p.place.Database, beside)))
	}
	return errors.Join(errs...)
}
