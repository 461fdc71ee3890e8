package store

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"

	"quay20/internal/problem"
)

// onFailingDisk is a store whose disk fails when told to.
func onFailingDisk(t *testing.T) (*DB, *failing) {
	t.Helper()
	c, err := sqlite.NewConnector(address(filepath.Join(t.TempDir(), "z.db"),
		"_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(ON)", "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	disk := &failing{Connector: checked{c}}
	own := &lite{writer: sql.OpenDB(disk), reader: sql.OpenDB(checked{c})}
	own.writer.SetMaxOpenConns(1)
	db := start(own, Options{Now: clock.Now})
	t.Cleanup(func() { db.Close() })
	if err := db.upgrade(t.Context(), Options{Now: clock.Now}); err != nil {
		t.Fatal(err)
	}
	return db, disk
}

// rel-I-X2, rel-F05: a write that meets an error is in doubt, those after it are
// refused as not saved, people are told since when, and all of it ends with the
// proof, which the store makes without waiting for a write.
func TestTroubleIsToldUntilTheProof(t *testing.T) {
	t.Parallel()
	db, disk := onFailingDisk(t)
	nothing := func(*Tx) error { return nil }
	if why := db.Trouble().Why; why != nil {
		t.Errorf("a whole disk: %v", why)
	}
	disk.set(true)
	for _, key := range []string{"store.broken", "store.halted", "store.halted"} {
		err := db.Write(t.Context(), nothing)
		if p, ok := problem.As(err); !ok || p.Key != key || p.Retry == 0 {
			t.Errorf("on a broken disk: %v, want %s", err, key)
		}
		if trouble := db.Trouble(); trouble.Why == nil || trouble.Why.Key != "store.halted" || trouble.Since.IsZero() {
			t.Errorf("told %+v", trouble)
		}
	}
	if err := db.Read(t.Context(), nothing); err != nil {
		t.Errorf("reading meanwhile: %v", err)
	}
	disk.set(false)
	commits, stop := db.Watch()
	defer stop()
	<-commits
	if why := db.Trouble().Why; why != nil {
		t.Errorf("after the proof: %v", why)
	}
	if err := db.Write(t.Context(), nothing); err != nil {
		t.Errorf("after the proof: %v", err)
	}
}

// promise is a pledge of the test's.
type promise func() error

func (p promise) Holds(*Tx) error { return p() }

// rel-I-J7, rel-F05: when what was acknowledged last is not there after an
// error, the store takes no more writes and goes on reading.
func TestBrokenPledgeLeavesTheStoreReadOnly(t *testing.T) {
	t.Parallel()
	db, disk := onFailingDisk(t)
	var lost bool
	asked := 0
	pledge := func(answer error) func(*Tx) error {
		return func(tx *Tx) error {
			tx.Pledge(promise(func() error {
				asked++
				if lost {
					return answer
				}
				return nil
			}))
			return nil
		}
	}
	gone := problem.New(problem.Unavailable, "journal.lost", "from", 2, "to", 3)
	if err := db.Write(t.Context(), pledge(gone)); err != nil {
		t.Fatal(err)
	}
	undone := errors.New("undone")
	err := db.Write(t.Context(), func(tx *Tx) error {
		tx.Pledge(promise(func() error { t.Error("the pledge of a write that was undone is asked"); return nil }))
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	nothing := func(*Tx) error { return nil }
	fail := func() {
		disk.set(true)
		if err := db.Write(t.Context(), nothing); !problem.Is(err, problem.Unavailable) {
			t.Errorf("on a broken disk: %v", err)
		}
		disk.set(false)
	}
	fail()
	if err := db.Write(t.Context(), nothing); err != nil || asked == 0 {
		t.Errorf("a pledge that holds: %v, asked %d times", err, asked)
	}
	fail()
	lost = true
	for range 2 {
		err := db.Write(t.Context(), nothing)
		if p, ok := problem.As(err); !ok || p.Key != "journal.lost" {
			t.Errorf("a broken pledge: %v", err)
		}
	}
	if err := db.Read(t.Context(), nothing); err != nil {
		t.Errorf("reading: %v", err)
	}
	if why := db.Trouble().Why; why == nil || why.Key != "journal.lost" {
		t.Errorf("told %v", why)
	}
}
