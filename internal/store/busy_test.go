package store_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// rel-F14, rel-L04: a write whose turn does not come in time is refused and is not
// done later; who is in the turn is not disturbed.
func TestWriteThatWaitsTooLongIsRefusedForGood(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		t.Parallel()
		shelf(t, db)
		inside, leave := make(chan struct{}), make(chan struct{})
		slow := make(chan error, 1)
		go func() {
			slow <- db.Write(context.Background(), func(tx *store.Tx) error {
				if err := put(tx, "slow", 1); err != nil {
					return err
				}
				close(inside)
				<-leave
				return nil
			})
		}()
		<-inside
		begin := time.Now()
		err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "late", 2) })
		took := time.Since(begin)
		if p, ok := problem.As(err); !ok || p.Key != "store.queue" || p.Kind != problem.Unavailable || p.Retry == 0 {
			t.Errorf("the write that waited: %v", err)
		}
		if took < 4*time.Second || took > 8*time.Second {
			t.Errorf("it waited %v", took)
		}
		close(leave)
		if err := <-slow; err != nil {
			t.Errorf("the write in the turn: %v", err)
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "next", 3) }); err != nil {
			t.Errorf("the next: %v", err)
		}
		if got := names(t, db); got != "next slow" {
			t.Errorf("stored %q", got)
		}
	})
}

// rel-L04: however many come, only so many may wait.
func TestQueueOfWritesIsBounded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		inside, leave := make(chan struct{}), make(chan struct{})
		answers := make(chan error, 5000)
		go func() {
			answers <- db.Write(context.Background(), func(*store.Tx) error { close(inside); <-leave; return nil })
		}()
		<-inside
		var ran atomic.Int64
		for range cap(answers) - 1 {
			go func() {
				answers <- db.Write(context.Background(), func(*store.Tx) error { ran.Add(1); return nil })
			}()
		}
		refused := 0
		for refused == 0 {
			if err := <-answers; problem.Is(err, problem.Unavailable) {
				refused++
			} else {
				t.Fatalf("answered %v while the turn was taken", err)
			}
		}
		close(leave)
		for range cap(answers) - 1 {
			if err := <-answers; err != nil {
				refused++
			}
		}
		if n := int(ran.Load()); refused == 0 || n+refused+1 != cap(answers) {
			t.Errorf("%d ran and %d were refused of %d", n, refused, cap(answers))
		}
	})
}

// rel-F14: a stranger holds the lock. Nobody waits for longer than the bound,
// nothing that was refused is done later, and all goes on afterwards.
func TestStrangersLockIsWaitedForABoundedTime(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		t.Parallel()
		db := storetest.Open(t, address, storetest.NewClock(storetest.Start))
		shelf(t, db)
		release := lockedOut(t, db, address)
		begin := time.Now()
		err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "late", 2) })
		if !problem.Is(err, problem.Unavailable) {
			t.Errorf("the write: %v", err)
		}
		if took := time.Since(begin); took > 8*time.Second {
			t.Errorf("it waited %v", took)
		}
		if why := db.Trouble().Why; why != nil {
			t.Errorf("a lock is no trouble: %v", why)
		}
		release()
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "next", 3) }); err != nil {
			t.Errorf("the next: %v", err)
		}
		if got := names(t, db); got != "next" {
			t.Errorf("stored %q", got)
		}
	})
}

// lockedOut lets a stranger hold what every write needs.
func lockedOut(t *testing.T, db *store.DB, address string) (release func()) {
	t.Helper()
	if db.Engine() == "sqlite" {
		other, err := sql.Open("sqlite", "file:"+filepath.ToSlash(address)+"?_txlock=immediate")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { other.Close() })
		held, err := other.Begin()
		if err != nil {
			t.Fatal(err)
		}
		return func() { held.Rollback() }
	}
	other, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close(context.Background()) })
	held, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec(t.Context(), "LOCK TABLE shelf IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	err = db.Read(t.Context(), func(tx *store.Tx) error {
		_, err := store.One(tx, number, "SELECT COUNT(*) FROM shelf")
		return err
	})
	if p, ok := problem.As(err); !ok || p.Key != "store.silent" {
		t.Errorf("reading what is locked: %v", err)
	}
	return func() { held.Rollback(context.Background()) }
}
