// Package upload is the shelf of files that people send with their papers (tệp
// giấy tờ đính kèm): photographs and PDFs. What comes in is known by its
// content, never by its name; photographs are made anew, PDFs are looked
// through; what is not understood is refused with the way out.
//
// Bytes lie in a folder under their hash, facts about them in a table. The
// bytes reach the disk before the row is written, so a row never lacks them; a
// crash in between leaves bytes without a row, which Sweep takes away after a
// day. Docs: adr/0032.
package upload

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"quay20/internal/job"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Kind is what a kept file is.
type Kind string

const (
	JPEG Kind = "jpeg" // every photograph, however it was sent
	PDF  Kind = "pdf"
)

// Ending is the end of a file's name, ".pdf".
func (k Kind) Ending() string {
	if k == PDF {
		return ".pdf"
	}
	return ".jpg"
}

// Type is the media type, "image/jpeg".
func (k Kind) Type() string {
	if k == PDF {
		return "application/pdf"
	}
	return "image/jpeg"
}

// State says what the virus scanner found.
type State string

const (
	Unscanned State = "unscanned" // chưa quét
	Clean     State = "clean"     // sạch
	Infected  State = "infected"  // có mã độc: nobody opens it
)

// File is what a dossier's paper keeps of a file. SHA256 is of the bytes that
// the desk holds.
type File struct {
	ID     string `json:"id"`
	Name   string `json:"name"` // "the-can-cuoc.jpg", shown words only
	Kind   Kind   `json:"kind"`
	Pages  int    `json:"pages"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Held is a file on the shelf.
type Held struct {
	File
	Owner   string // "filing/01J…", "dossier/01J…": whose it is
	Slot    string // which of the owner's papers it belongs to, "1"
	Place   int    // its place among the paper's files
	State   State
	Virus   string // what an infected file holds, as the scanner names it
	Created time.Time
}

// Sent is a file on its way in.
type Sent struct {
	Owner, Slot string
	Name        string // as the sender's machine calls it
	Replaces    string // the file it takes the place of, "" none
}

// Limits bound what the shelf takes.
type Limits struct {
	File  int64 // bytes of one file as sent
	Pages int   // of one PDF
	Files int   // of one owner
	Owner int64 // bytes of one owner
	All   int64 // bytes of all owners
	Free  int64 // bytes that stay free on the disk
}

// Usual are the limits where nothing else is set.
var Usual = Limits{File: 15 << 20, Pages: 100, Files: 20, Owner: 80 << 20, All: 200 << 30, Free: 1 << 30}

// Scanner looks for malware. It gives the name of what it found, "" if nothing.
type Scanner interface {
	Scan(ctx context.Context, body []byte) (virus string, err error)
}

// Shelf is the book of files (kệ tệp).
type Shelf struct {
	db     *store.DB
	folder *folder
	limits Limits
	scan   Scanner       // nil: none is configured
	bench  chan struct{} // one file is decoded at a time

	mu    sync.Mutex // guards what follows
	total int64      // bytes of all owners, as last counted
	asked time.Time
}

// Options says what a shelf needs beside its folder.
type Options struct {
	Limits  Limits  // zero: Usual
	Scanner Scanner // nil: files are opened unscanned
}

// Open opens the shelf whose bytes lie in a folder, made at first. A folder
// that is not this database's own is refused: a node would serve rows whose
// bytes are elsewhere.
func Open(ctx context.Context, db *store.DB, path string, o Options) (*Shelf, error) {
	if o.Limits == (Limits{}) {
		o.Limits = Usual
	}
	f, err := openFolder(path)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of files: %w", err)
	}
	s := &Shelf{db: db, folder: f, limits: o.Limits, scan: o.Scanner, bench: make(chan struct{}, 1)}
	if err := s.recognise(ctx); err != nil {
		f.close()
		return nil, err
	}
	return s, nil
}

// Close lets the folder go.
func (s *Shelf) Close() error { return s.folder.close() }

// Folder is where the bytes lie.
func (s *Shelf) Folder() string { return s.folder.path }

// Limits are those in force, for pages that tell them.
func (s *Shelf) Limits() Limits { return s.limits }

// Scans reports whether a scanner is configured; then officers open what it
// found clean only.
func (s *Shelf) Scans() bool { return s.scan != nil }

// recognise compares the folder's mark with the one that the database knows.
func (s *Shelf) recognise(ctx context.Context) error {
	mark, err := s.folder.mark()
	if err != nil {
		return fmt.Errorf("reading the mark of the folder of files: %w", err)
	}
	known, err := s.known(ctx)
	switch {
	case err != nil:
		return err
	case known == "" && s.db.Trouble().Why != nil: // read only: nothing can be noted, nothing was ever put
		return nil
	case known == "" && mark == "":
		b := make([]byte, 16)
		s.db.Chance(b)
		if mark, err = s.folder.setMark(hex.EncodeToString(b)); err != nil {
			return fmt.Errorf("marking the folder of files: %w", err)
		}
	}
	if known == "" {
		if known, err = s.note(ctx, mark); err != nil {
			return err
		}
	}
	if known != mark {
		return problem.New(problem.Unavailable, "upload.err.folder", "folder", s.folder.path)
	}
	return nil
}

func (s *Shelf) known(ctx context.Context) (mark string, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		mark, err = store.One(tx, word, `SELECT mark FROM upload_folder`)
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		return err
	})
	return mark, err
}

// note makes mark the database's own unless another node was first.
func (s *Shelf) note(ctx context.Context, mark string) (known string, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(`INSERT INTO upload_folder (mark) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM upload_folder)`, mark)
		if err != nil || n == 1 {
			known = mark
			return err
		}
		known, err = store.One(tx, word, `SELECT mark FROM upload_folder`)
		return err
	})
	return known, err
}

func word(r store.Row) (s string, err error)  { return s, r.Scan(&s) }
func number(r store.Row) (n int64, err error) { return n, r.Scan(&n) }

const columns = `id, owner, slot, place, name, kind, pages, size, sha256, state, virus, created`

func scanHeld(r store.Row) (h Held, err error) {
	err = r.Scan(&h.ID, &h.Owner, &h.Slot, &h.Place, &h.Name, &h.Kind, &h.Pages, &h.Size, &h.SHA256, &h.State, &h.Virus, store.At(&h.Created))
	return h, err
}

// Of lists an owner's files, paper by paper, each in its order.
func Of(tx *store.Tx, owner string) ([]Held, error) {
	list, err := store.All(tx, scanHeld, `SELECT `+columns+` FROM upload WHERE owner = $1 AND ended = '' ORDER BY slot, place, id`, owner)
	if err != nil {
		return nil, fmt.Errorf("reading the files of %s: %w", owner, err)
	}
	return list, nil
}

// Of lists an owner's files.
func (s *Shelf) Of(ctx context.Context, owner string) (list []Held, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		list, err = Of(tx, owner)
		return err
	})
	return list, err
}

// Hand gives all files of one owner to another, as a filing's to its dossier,
// and lists them.
func Hand(tx *store.Tx, from, to string) ([]Held, error) {
	if _, err := tx.Exec(`UPDATE upload SET owner = $1 WHERE owner = $2 AND ended = ''`, to, from); err != nil {
		return nil, fmt.Errorf("handing the files of %s to %s: %w", from, to, err)
	}
	return Of(tx, to)
}

// End ends all files of an owner. Their names go at once, their bytes a day
// later, so that a backup under way still finds them.
func End(tx *store.Tx, owner string) error {
	_, err := tx.Exec(`UPDATE upload SET ended = $1, name = '' WHERE owner = $2 AND ended = ''`, tx.Now, owner)
	if err != nil {
		return fmt.Errorf("ending the files of %s: %w", owner, err)
	}
	return nil
}

// Put looks at a file, brings it into the form in which the desk keeps it, and
// places it after the paper's other files. The same bytes for the same paper
// are kept once: sending twice changes nothing.
func (s *Shelf) Put(ctx context.Context, in Sent, body []byte) (Held, error) {
	if err := in.check(); err != nil {
		return Held{}, err
	}
	if err := s.fits(int64(len(body))); err != nil {
		return Held{}, err
	}
	sum := sha256.Sum256(body)
	sent := hex.EncodeToString(sum[:])
	h := Held{Owner: in.Owner, Slot: in.Slot, State: Unscanned}
	var old Held
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		h.ID = newID(tx.Now, tx.Chance)
		old, err = same(tx, in, sent)
		if errors.Is(err, store.ErrNone) {
			return s.room(tx, in, 1)
		}
		return err
	})
	if err != nil || old.ID != "" {
		return old, err
	}
	looked, err := s.look(ctx, body)
	if err != nil {
		return Held{}, err
	}
	kept := sha256.Sum256(looked.Body)
	h.File = File{ID: h.ID, Name: ShownName(in.Name, looked.Kind), Kind: looked.Kind, Pages: looked.Pages, Size: int64(len(looked.Body)), SHA256: hex.EncodeToString(kept[:])}
	if err := s.space(ctx, h.Size); err != nil {
		return Held{}, err
	}
	if err := s.folder.keep(h.File, looked.Body); err != nil {
		return Held{}, unwritten(err)
	}
	stored, err := s.insert(ctx, in, h, sent)
	if err == nil && stored.ID != h.ID {
		err = s.folder.drop(h.File)
	}
	return stored, err // after an error the row may be there all the same: its bytes stay, or are swept
}

// insert writes the row of bytes that are on the disk.
func (s *Shelf) insert(ctx context.Context, in Sent, h Held, sent string) (Held, error) {
	var stored Held
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		place, err := s.placed(tx, in, h.Size)
		if err != nil {
			return err
		}
		stored = h
		stored.Place, stored.Created = place, tx.Now
		n, err := tx.Exec(`
			INSERT INTO upload (`+columns+`, sent, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '')
			ON CONFLICT DO NOTHING`,
			h.ID, h.Owner, h.Slot, place, h.Name, h.Kind, h.Pages, h.Size, h.SHA256, h.State, "", tx.Now, sent)
		if err != nil {
			return fmt.Errorf("storing file %s: %w", h.ID, err)
		}
		if n == 0 { // the same file came in meanwhile
			stored, err = same(tx, in, sent)
			return err
		}
		if s.scan == nil {
			return nil
		}
		return job.Enqueue(tx, ScanWanted, h.ID)
	})
	return stored, err
}

// placed finds the place of a new file, ending the one that it replaces.
func (s *Shelf) placed(tx *store.Tx, in Sent, size int64) (int, error) {
	if in.Replaces == "" {
		if err := s.room(tx, in, size); err != nil {
			return 0, err
		}
		last, err := store.One(tx, number, `SELECT COALESCE(MAX(place), 0) FROM upload WHERE owner = $1 AND slot = $2 AND ended = ''`, in.Owner, in.Slot)
		return int(last) + 1, err
	}
	place, err := store.One(tx, number, `UPDATE upload SET ended = $1, name = '' WHERE id = $2 AND owner = $3 AND slot = $4 AND ended = '' RETURNING place`, tx.Now, in.Replaces, in.Owner, in.Slot)
	if errors.Is(err, store.ErrNone) {
		return 0, problem.New(problem.Conflict, "upload.err.replaced")
	}
	if err != nil {
		return 0, err
	}
	return int(place), s.room(tx, in, size)
}

func same(tx *store.Tx, in Sent, sent string) (Held, error) {
	return store.One(tx, scanHeld, `SELECT `+columns+` FROM upload WHERE owner = $1 AND slot = $2 AND sent = $3 AND ended = ''`, in.Owner, in.Slot, sent)
}

// room refuses what would go over the owner's bounds.
func (s *Shelf) room(tx *store.Tx, in Sent, size int64) error {
	type held struct{ files, bytes int64 }
	now, err := store.One(tx, func(r store.Row) (h held, err error) { return h, r.Scan(&h.files, &h.bytes) },
		`SELECT COUNT(*), COALESCE(SUM(size), 0) FROM upload WHERE owner = $1 AND ended = '' AND id <> $2`, in.Owner, in.Replaces)
	switch {
	case err != nil:
		return fmt.Errorf("counting the files of %s: %w", in.Owner, err)
	case now.files >= int64(s.limits.Files):
		return problem.New(problem.Invalid, "upload.err.files", "n", now.files, "most", s.limits.Files)
	case now.bytes+size > s.limits.Owner:
		return problem.New(problem.Invalid, "upload.err.owner", "mb", mega(now.bytes), "most", mega(s.limits.Owner))
	}
	return nil
}

func mega(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

// fits judges the size alone.
func (s *Shelf) fits(size int64) error {
	switch {
	case size == 0:
		return problem.New(problem.Invalid, "upload.err.empty")
	case size > s.limits.File:
		return problem.New(problem.TooLarge, "upload.err.big", "mb", mega(s.limits.File))
	}
	return nil
}

const (
	countEvery = time.Minute // how old the count of all bytes may be
	fullRetry  = 10 * time.Minute
)

// space refuses what the disk or the bound for all has no room for.
func (s *Shelf) space(ctx context.Context, size int64) error {
	free, err := s.folder.free()
	if err != nil {
		return err
	}
	total, err := s.count(ctx)
	if err != nil {
		return err
	}
	if free-size < s.limits.Free || total+size > s.limits.All {
		return &problem.Problem{Kind: problem.Unavailable, Key: "upload.err.full", Retry: fullRetry}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total += size
	return nil
}

// count is how many bytes all owners have, counted anew once a minute.
func (s *Shelf) count(ctx context.Context) (int64, error) {
	s.mu.Lock()
	total, asked := s.total, s.asked
	s.mu.Unlock()
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		if age := tx.Now.Sub(asked); !asked.IsZero() && age >= 0 && age < countEvery {
			return nil
		}
		asked = tx.Now
		total, err = store.One(tx, number, `SELECT COALESCE(SUM(size), 0) FROM upload WHERE ended = ''`)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("counting all files: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked.After(s.asked) {
		s.total, s.asked = total, asked
	}
	return s.total, nil
}

var (
	ownerShape = regexp.MustCompile(`^[a-z]{2,20}/[A-Za-z0-9._-]{1,80}$`)
	slotShape  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)
)

// check refuses what no page of ours would send.
func (in Sent) check() error {
	if !ownerShape.MatchString(in.Owner) || !slotShape.MatchString(in.Slot) {
		return problem.New(problem.NotFound, "upload.err.unknown")
	}
	return nil
}

// Remove takes a file off the shelf; one that is gone already stays gone.
func (s *Shelf) Remove(ctx context.Context, owner, id string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE upload SET ended = $1, name = '' WHERE id = $2 AND owner = $3 AND ended = ''`, tx.Now, id, owner)
		if err != nil {
			return fmt.Errorf("removing file %s: %w", id, err)
		}
		return nil
	})
}

// Forward changes places with the file before it of the same paper; the first
// one stays where it is.
func (s *Shelf) Forward(ctx context.Context, owner, id string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		h, err := one(tx, owner, id)
		if err != nil {
			return err
		}
		before, err := store.One(tx, scanHeld, `SELECT `+columns+` FROM upload WHERE owner = $1 AND slot = $2 AND place < $3 AND ended = '' ORDER BY place DESC LIMIT 1`, owner, h.Slot, h.Place)
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE upload SET place = $1 WHERE id = $2`, before.Place, h.ID); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE upload SET place = $1 WHERE id = $2`, h.Place, before.ID)
		return err
	})
}

func one(tx *store.Tx, owner, id string) (Held, error) {
	h, err := store.One(tx, scanHeld, `SELECT `+columns+` FROM upload WHERE id = $1 AND owner = $2 AND ended = ''`, id, owner)
	if errors.Is(err, store.ErrNone) {
		return h, problem.New(problem.NotFound, "upload.err.unknown")
	}
	return h, err
}

// Look opens a file for whoever sent it; an infected one is opened for nobody.
func (s *Shelf) Look(ctx context.Context, owner, id string) (h Held, body []byte, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		h, err = one(tx, owner, id)
		return err
	})
	if err != nil {
		return h, nil, err
	}
	if h.State == Infected {
		return h, nil, problem.New(problem.Illegal, "upload.err.infected", "name", h.Name)
	}
	body, err = s.folder.read(h.File)
	return h, body, err
}

// scanRetry is how long an officer is told to wait for the scanner.
const scanRetry = time.Minute

// Open opens a file for an officer, as the paper lists it. Where a scanner is
// configured, it must have found the file clean.
func (s *Shelf) Open(ctx context.Context, owner string, want File) (Held, []byte, error) {
	h, body, err := s.Look(ctx, owner, want.ID)
	switch {
	case err != nil:
		return h, nil, err
	case h.State != Clean && s.scan != nil:
		return h, nil, &problem.Problem{Kind: problem.Unavailable, Key: "upload.err.unscanned", Retry: scanRetry}
	case h.SHA256 != want.SHA256:
		return h, nil, fmt.Errorf("file %s is not the one that its paper lists", h.ID)
	}
	return h, body, nil
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newID begins with the time, so that the age of bytes without a row is known.
func newID(at time.Time, chance func([]byte)) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli())<<16)[:6]
	b = append(b, make([]byte, 10)...)
	chance(b[6:])
	return crockford.EncodeToString(b)
}

// bornAt is when an id was made.
func bornAt(id string) (time.Time, bool) {
	b, err := crockford.DecodeString(id)
	if err != nil || len(b) != 16 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...)))).UTC(), true
}
