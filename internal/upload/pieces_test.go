package upload_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
)

func wayOf(name string, body []byte) upload.Way {
	return upload.Way{Sent: sent(name), Size: int64(len(body)), Fingerprint: hash(body)}
}

// piece is the part of a file that begins at an offset.
func piece(body []byte, offset int64) []byte {
	return body[offset:min(offset+upload.Piece, int64(len(body)))]
}

// large is a PDF of a few pieces.
func large(n int) []byte {
	return uploadtest.Written("", fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", n, strings.Repeat("x", n)))
}

// rel-B-U13, rel-G6: in whatever order pieces are sent, doubled, at wrong
// places or with other bytes, and whenever the connection is cut, a file
// arrives as it was or not at all, and each answer says where to go on.
func TestPiecesConverge(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		s := uploadtest.Shelf(t, db, upload.Options{})
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			body := large(rapid.IntRange(1, 3*upload.Piece).Draw(t, "size"))
			w := wayOf("giay.pdf", body)
			w.Owner = fmt.Sprintf("filing/%d", n)
			offset, _, err := s.Begin(ctx, w)
			if err != nil || offset != 0 {
				t.Fatal(offset, err)
			}
			for offset < w.Size {
				switch rapid.IntRange(0, 5).Draw(t, "what happens") {
				case 0: // the answer is lost: the page asks anew
					if offset, _, err = s.Begin(ctx, w); err != nil {
						t.Fatal(err)
					}
				case 1: // a piece comes once more
					if offset > 0 {
						if next, err := s.Arrived(ctx, w, 0, hash(piece(body, 0)), piece(body, 0)); err != nil || next != offset {
							t.Fatal(next, err)
						}
					}
				case 2: // a piece from further on
					if far := offset + upload.Piece; far < w.Size {
						if next, err := s.Arrived(ctx, w, far, hash(piece(body, far)), piece(body, far)); !problem.Is(err, problem.Conflict) || next != offset {
							t.Fatal(next, err)
						}
					}
				case 3: // damaged on its way
					spoilt := bytes.Clone(piece(body, offset))
					spoilt[0] ^= 1
					if next, err := s.Arrived(ctx, w, offset, hash(piece(body, offset)), spoilt); key(err) != "upload.err.piece" || next != offset {
						t.Fatal(next, err)
					}
				case 4: // other bytes than those that arrived
					if offset > 0 {
						other := bytes.Repeat([]byte("z"), upload.Piece)
						if _, err := s.Arrived(ctx, w, 0, hash(other), other); key(err) != "upload.err.other" {
							t.Fatal(err)
						}
					}
				default:
					if offset, err = s.Arrived(ctx, w, offset, hash(piece(body, offset)), piece(body, offset)); err != nil {
						t.Fatal(err)
					}
				}
			}
			h, err := s.Finish(ctx, w)
			if err != nil || h.SHA256 != hash(body) || h.Size != w.Size {
				t.Fatal(h, err)
			}
			if again, err := s.Finish(ctx, w); err != nil || again != h {
				t.Fatal(again, err)
			}
		})
	})
}

// rel-B-U13: a file sent on with other bytes is refused by its hash, and a page
// may begin again.
func TestOtherBytesAreRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		s := uploadtest.Shelf(t, db, upload.Options{})
		body, other := large(400<<10), large(400<<10)
		other[len(other)-500] = 'y'
		w := wayOf("giay.pdf", body)
		if _, err := s.Arrived(ctx, w, 0, hash(piece(body, 0)), piece(body, 0)); key(err) != "upload.err.begin" {
			t.Error("a piece of nothing:", err)
		}
		if _, _, err := s.Begin(ctx, w); err != nil {
			t.Fatal(err)
		}
		for _, p := range []struct {
			offset int64
			of     []byte
		}{{0, body}, {upload.Piece, other}} {
			if _, err := s.Arrived(ctx, w, p.offset, hash(piece(p.of, p.offset)), piece(p.of, p.offset)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Finish(ctx, w); key(err) != "upload.err.other" {
			t.Error(err)
		}
		if offset, _, err := s.Begin(ctx, w); err != nil || offset != 0 {
			t.Error(offset, err)
		}
		w.Size = 16 << 20
		if _, _, err := s.Begin(ctx, w); key(err) != "upload.err.big" {
			t.Error(err)
		}
	})
}

// rel-K19: one sender has few files on their way; the oldest goes.
func TestFewFilesOnTheirWay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		s, err := upload.Open(t.Context(), db, dir, upload.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i := range 6 {
			storetest.ClockOf(db).Set(storetest.Start.Add(time.Duration(i) * time.Minute))
			body := large(300<<10 + i)
			w := wayOf("giay.pdf", body)
			if _, _, err := s.Begin(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Arrived(t.Context(), w, 0, hash(piece(body, 0)), piece(body, 0)); err != nil {
				t.Fatal(err)
			}
		}
		ways, err := filepath.Glob(filepath.Join(dir, "in", "*", "*"))
		if err != nil || len(ways) != 3 {
			t.Errorf("%d on their way, %v", len(ways), err)
		}
	})
}

// rel-I-D10, rel-I-X1: wherever keeping a file stops, no row is without its
// bytes. Each step of the folder is made to fail in turn.
func TestNoRowWithoutItsBytes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		body := uploadtest.Photo(300, 200)
		l, err := upload.Examine(ctx, body, upload.Usual)
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for name, spoil := range map[string]func(dir string) error{
			"no folder to write in": func(dir string) error { return os.RemoveAll(filepath.Join(dir, "new")) },
			"a file in its place":   func(dir string) error { return os.WriteFile(filepath.Join(dir, hash(l.Body)[:2]), nil, 0o600) },
		} {
			dir := t.TempDir()
			s, err := upload.Open(ctx, db, dir, upload.Options{})
			if key(err) == "upload.err.folder" { // the database knows the first one
				if err := db.Write(ctx, func(tx *store.Tx) error {
					_, err := tx.Exec(`DELETE FROM upload_folder`)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				s, err = upload.Open(ctx, db, dir, upload.Options{})
			}
			if s == nil {
				t.Fatal(err)
			}
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Put(ctx, sent("a.jpg"), body); err == nil {
				t.Errorf("%s: it was kept all the same", name)
			}
			if list, err := s.Of(ctx, owner); err != nil || len(list) > 0 {
				t.Errorf("%s: %v, %v", name, list, err)
			}
			failed++
			s.Close()
		}
		if failed != 2 {
			t.Errorf("%d faults, want 2", failed)
		}
	})
}

// rel-K34: no bytes at all break the looking, and what is kept is one of two kinds.
func FuzzExamine(f *testing.F) {
	for _, bad := range uploadtest.Refused() {
		if len(bad.Body) < 64<<10 {
			f.Add(bad.Body)
		}
	}
	f.Add(uploadtest.Phone(40, 30, 6))
	f.Add(uploadtest.PNG(20, 20))
	f.Add(uploadtest.PDF(1))
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 1<<20 {
			return
		}
		within, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		l, err := upload.Examine(within, body, upload.Usual)
		if within.Err() != nil {
			t.Errorf("looking at %d bytes takes more than 10 s", len(body))
		}
		if err != nil {
			if _, ok := problem.As(err); !ok {
				t.Errorf("refused without a sentence: %v", err)
			}
			return
		}
		if l.Pages < 1 || l.Kind != upload.JPEG && l.Kind != upload.PDF {
			t.Errorf("%+v", l)
		}
	})
}
