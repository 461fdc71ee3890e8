package upload

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"time"

	"quay20/internal/problem"
	"quay20/internal/store"
)

// Piece is the length of each piece of a file but the last.
const Piece = 256 << 10

// openMost is how many files of one owner may be on their way at a time; a
// further one drops the oldest.
const openMost = 3

// Way is a file on its way in pieces. It is known by its fingerprint, the
// SHA-256 of the whole, so that a page loaded anew goes on where it was.
type Way struct {
	Sent
	Size        int64
	Fingerprint string
}

// way is what is kept of a Way beside its pieces.
type way struct {
	Name  string    `json:"name"`
	Size  int64     `json:"size"`
	Begun time.Time `json:"begun"`
}

var printShape = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (w Way) check() error {
	if err := w.Sent.check(); err != nil {
		return err
	}
	if !printShape.MatchString(w.Fingerprint) {
		return problem.New(problem.Malformed, "upload.err.piece")
	}
	return nil
}

// The pieces of a file lie in in/<owner>/<paper and fingerprint>/<offset>.
func (w Way) ownerDir() string { return "in/" + short(w.Owner) }
func (w Way) dir() string      { return w.ownerDir() + "/" + short(w.Slot+"\x00"+w.Fingerprint) }

func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

func pieceName(offset int64) string { return fmt.Sprintf("%012d", offset) }

// Begin says where a file goes on: at 0, after the pieces that arrived, or,
// if the paper has it already, with the file.
func (s *Shelf) Begin(ctx context.Context, w Way) (offset int64, have Held, err error) {
	if err := w.check(); err != nil {
		return 0, Held{}, err
	}
	if err := s.fits(w.Size); err != nil {
		return 0, Held{}, err
	}
	var now time.Time
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		have, err = same(tx, w.Sent, w.Fingerprint)
		if errors.Is(err, store.ErrNone) {
			return s.room(tx, w.Sent, 1)
		}
		return err
	})
	if err != nil || have.ID != "" {
		return w.Size, have, err
	}
	if err := s.space(ctx, 0); err != nil {
		return 0, Held{}, err
	}
	if err := s.folder.begin(w, now); err != nil {
		return 0, Held{}, unwritten(err)
	}
	offset, err = s.folder.arrived(w.dir(), w.Size)
	return offset, Held{}, err
}

// begin notes a file on its way, unless it is noted.
func (f *folder) begin(w Way, now time.Time) error {
	note := path.Join(w.dir(), "way")
	if _, err := f.root.Stat(note); err == nil {
		return nil
	}
	if err := f.few(w.ownerDir()); err != nil {
		return err
	}
	if err := f.root.MkdirAll(w.dir(), 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(way{w.Name, w.Size, now})
	if err != nil {
		return err
	}
	return f.place(w.dir(), "way", b)
}

// place writes a file under its name in one step.
func (f *folder) place(dir, name string, body []byte) error {
	fresh := path.Join(dir, "."+name+"-"+short(string(body)))
	if err := f.write(fresh, body); err != nil {
		f.root.Remove(fresh)
		return err
	}
	if err := f.root.Rename(fresh, path.Join(dir, name)); err != nil {
		return err
	}
	return f.sync(dir)
}

// few drops the oldest files on their way of an owner that has too many.
func (f *folder) few(dir string) error {
	ways, err := f.ways(dir)
	if err != nil {
		return err
	}
	for len(ways) >= openMost {
		if err := f.root.RemoveAll(ways[0].dir); err != nil {
			return err
		}
		ways = ways[1:]
	}
	return nil
}

type begun struct {
	dir string
	at  time.Time
}

// ways lists an owner's files on their way, oldest first.
func (f *folder) ways(dir string) (list []begun, err error) {
	all, err := fs.ReadDir(f.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, d := range all {
		one := begun{dir: path.Join(dir, d.Name())}
		var kept way
		if b, err := f.root.ReadFile(path.Join(one.dir, "way")); err == nil && json.Unmarshal(b, &kept) == nil {
			one.at = kept.Begun
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b begun) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.dir, b.dir)) })
	return list, err
}

// arrived is how far the pieces reach without a gap.
func (f *folder) arrived(dir string, size int64) (int64, error) {
	for offset := int64(0); ; offset += Piece {
		info, err := f.root.Stat(path.Join(dir, pieceName(offset)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return min(offset, size), nil
		case err != nil:
			return 0, err
		case info.Size() != min(Piece, size-offset):
			return offset, nil
		case offset+Piece >= size:
			return size, nil
		}
	}
}

// Arrived takes in one piece and says where the next one begins. A piece that
// is here already changes nothing; one at a wrong place is a Conflict whose
// answer is where to go on. sum is the SHA-256 of the piece.
func (s *Shelf) Arrived(ctx context.Context, w Way, offset int64, sum string, piece []byte) (next int64, err error) {
	if err := w.check(); err != nil {
		return 0, err
	}
	var kept way
	b, err := s.folder.root.ReadFile(path.Join(w.dir(), "way"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, problem.New(problem.Conflict, "upload.err.begin")
	}
	if err != nil || json.Unmarshal(b, &kept) != nil {
		return 0, fmt.Errorf("reading about a file on its way: %w", err)
	}
	next, err = s.folder.arrived(w.dir(), kept.Size)
	if err != nil {
		return 0, err
	}
	got := sha256.Sum256(piece)
	switch {
	case hex.EncodeToString(got[:]) != sum:
		return next, problem.New(problem.Invalid, "upload.err.piece")
	case offset < 0 || offset%Piece != 0 || offset > next || offset >= kept.Size:
		return next, problem.New(problem.Conflict, "upload.err.offset")
	case int64(len(piece)) != min(Piece, kept.Size-offset):
		return next, problem.New(problem.Invalid, "upload.err.piece")
	case offset < next:
		return next, s.again(w, offset, piece)
	}
	if err := s.folder.place(w.dir(), pieceName(offset), piece); err != nil {
		return next, unwritten(err)
	}
	return s.folder.arrived(w.dir(), kept.Size)
}

// again compares a piece with the one that arrived before.
func (s *Shelf) again(w Way, offset int64, piece []byte) error {
	old, err := s.folder.root.ReadFile(path.Join(w.dir(), pieceName(offset)))
	if err != nil {
		return err
	}
	if !bytes.Equal(old, piece) {
		return problem.New(problem.Conflict, "upload.err.other")
	}
	return nil
}

// Finish joins the pieces, compares the whole with its fingerprint, and puts
// the file on the shelf. Done twice it gives the same file.
func (s *Shelf) Finish(ctx context.Context, w Way) (Held, error) {
	offset, have, err := s.Begin(ctx, w)
	if err != nil || have.ID != "" {
		return have, err
	}
	if offset < w.Size {
		return Held{}, problem.New(problem.Conflict, "upload.err.offset")
	}
	body := make([]byte, 0, w.Size)
	for at := int64(0); at < w.Size; at += Piece {
		b, err := s.folder.root.ReadFile(path.Join(w.dir(), pieceName(at)))
		if err != nil {
			return Held{}, err
		}
		body = append(body, b...)
	}
	var h Held
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != w.Fingerprint {
		err = problem.New(problem.Conflict, "upload.err.other")
	} else {
		h, err = s.Put(ctx, w.Sent, body)
	}
	if p, ok := problem.As(err); err == nil || ok && p.Kind != problem.Unavailable { // sent again it would be refused again
		if err := s.folder.root.RemoveAll(w.dir()); err != nil {
			return h, err
		}
	}
	return h, err
}

// sweepPieces takes away files on their way that began before an instant.
func (f *folder) sweepPieces(before time.Time) error {
	owners, err := fs.ReadDir(f.root.FS(), "in")
	for _, o := range owners {
		dir := "in/" + o.Name()
		ways, err := f.ways(dir)
		if err != nil {
			return err
		}
		for _, w := range ways {
			if w.at.After(before) {
				continue
			}
			if err := f.root.RemoveAll(w.dir); err != nil {
				return err
			}
		}
		f.root.Remove(dir) // stays unless it is empty
	}
	return err
}

// ParseOffset reads an offset as pages send it.
func ParseOffset(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, problem.New(problem.Malformed, "upload.err.piece")
	}
	return n, nil
}
