package store

import (
	"path/filepath"
	"strings"
	"testing"
)

// rel-I-X6: the WAL is folded back beside the writer and begins anew, and a
// reader who stays long puts that off but does not stop it for good.
func TestWALStaysBoundedUnderWritingAndAfterALongReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	const every = 100
	own := db.engine.(*lite)
	own.every = every // before anything is written
	if err := db.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec("CREATE TABLE shelf (n BIGINT, text TEXT)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 40_000) // ten pages
	put := func() (frames int64) {
		err := db.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec("INSERT INTO shelf (n, text) VALUES (1, $1)", text)
			return err
		})
		if err == nil {
			frames, err = own.fold(db.writer, "NOOP")
		}
		if err != nil {
			t.Fatal(err)
		}
		return frames
	}
	// begunAnew writes until the WAL is shorter than before; how long a fold
	// takes is the disk's affair.
	begunAnew := func() bool {
		last := put()
		for range 2000 {
			frames := put()
			if frames < last {
				return true
			}
			last = frames
		}
		return false
	}
	if !begunAnew() {
		t.Error("the WAL only grew")
	}
	reading, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- db.Read(t.Context(), func(tx *Tx) error {
			count := func() (int, error) {
				return One(tx, func(r Row) (n int, err error) { return n, r.Scan(&n) }, "SELECT COUNT(*) FROM shelf")
			}
			before, err := count()
			if err != nil {
				return err
			}
			close(reading)
			<-release
			if after, err := count(); err != nil || after != before {
				t.Errorf("a reader saw %d, then %d, %v", before, after, err)
			}
			return nil
		})
	}()
	<-reading
	before := put()
	for range 40 {
		if frames := put(); frames < before {
			t.Fatal("the WAL began anew under a reader")
		} else {
			before = frames
		}
	}
	if before < 3*every {
		t.Errorf("with a reader the WAL grew to %d frames only: the test holds nothing up", before)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !begunAnew() {
		t.Error("the reader gone, the WAL still only grew")
	}
}
