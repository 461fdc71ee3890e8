package store_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// rel-I-D2: writes run in the order of their Now, which is the one that the
// work ahead was given, however long that work takes.
func TestWorkAheadHasTheTimeOfItsTurn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		clock := storetest.ClockOf(db)
		var mu sync.Mutex // guards order
		var order []time.Time
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				var ahead time.Time
				err := db.WriteAhead(t.Context(), func(now time.Time) {
					clock.Add(time.Millisecond)
					ahead = now
				}, func(tx *store.Tx) error {
					if !tx.Now.Equal(ahead) {
						t.Errorf("ahead %s, in turn %s", ahead, tx.Now)
					}
					mu.Lock()
					defer mu.Unlock()
					order = append(order, tx.Now)
					return put(tx, strings.Repeat("x", i+1), i)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for i := range order[1:] {
			if order[i+1].Before(order[i]) {
				t.Errorf("a write of %s ran after one of %s", order[i+1], order[i])
			}
		}
	})
}

// rel-I-X4: work ahead that breaks is its caller's error; the writes behind it
// go on.
func TestBrokenWorkAheadHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		behind := make(chan error, 1)
		err := db.WriteAhead(t.Context(), func(time.Time) {
			go func() {
				behind <- db.Write(context.Background(), func(tx *store.Tx) error { return put(tx, "behind", 2) })
			}()
			panic("broken")
		}, func(tx *store.Tx) error { return put(tx, "never", 1) })
		if err == nil || !strings.Contains(err.Error(), "broken") {
			t.Errorf("got %v", err)
		}
		if err := <-behind; err != nil {
			t.Error(err)
		}
		if got := names(t, db); got != "behind" {
			t.Errorf("stored %q", got)
		}
	})
}

// rel-I-D2: what one write keeps for the next of its commit is forgotten when
// it is undone. Held together by a first write, the three share a commit.
func TestKeptIsForgottenWithTheWriteThatKeptIt(t *testing.T) {
	t.Parallel()
	type key struct{}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		undo := errors.New("undo")
		begun, hold := make(chan struct{}), make(chan struct{})
		var once sync.Once
		var all sync.WaitGroup
		all.Go(func() {
			db.Write(t.Context(), func(tx *store.Tx) error {
				once.Do(func() { close(begun) })
				<-hold
				tx.Keep(key{}, "first")
				return put(tx, "first", 1)
			})
		})
		<-begun
		refused := make(chan struct{})
		all.Go(func() {
			ahead := func(time.Time) { close(refused) } // it has its place in the queue
			err := db.WriteAhead(t.Context(), ahead, func(tx *store.Tx) error {
				if err := put(tx, "second", 2); err != nil {
					return err
				}
				tx.Keep(key{}, "second")
				return undo
			})
			if !errors.Is(err, undo) {
				t.Errorf("answered %v", err)
			}
		})
		<-refused
		var last any
		all.Go(func() {
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				last = tx.Kept(key{})
				return put(tx, "third", 3)
			})
			if err != nil {
				t.Error(err)
			}
		})
		close(hold)
		all.Wait()
		if last == "second" {
			t.Error("a write was given what an undone one kept")
		}
		if got := names(t, db); got != "first third" {
			t.Errorf("stored %q", got)
		}
	})
}

func TestGlanceIsOneQuery(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		write(t, db, "INSERT INTO shelf (name, n, good, at) VALUES ('a', 1, $1, '')", true)
		err := db.Glance(t.Context(), func(tx *store.Tx) error {
			n, err := store.One(tx, number, "SELECT n FROM shelf")
			if err != nil || n != 1 {
				t.Errorf("read %d, %v", n, err)
			}
			if _, err := store.One(tx, number, "SELECT n FROM shelf"); err == nil {
				t.Error("a second query ran, perhaps on another snapshot")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Glance(t.Context(), func(tx *store.Tx) error { return put(tx, "b", 2) })
		if err == nil || names(t, db) != "a" {
			t.Errorf("a glance wrote: %v, %q", err, names(t, db))
		}
	})
}

// More writes wait than one commit takes: each is answered, none is dropped.
func TestMoreWritesThanACommitTakesAreAllAnswered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		const many = 1000
		held, release := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() {
			if err := db.Write(t.Context(), func(*store.Tx) error { close(held); <-release; return nil }); err != nil {
				t.Error(err)
			}
		})
		<-held
		var answered atomic.Int64
		for range many {
			all.Go(func() {
				if err := db.Write(t.Context(), func(tx *store.Tx) error { return nil }); err != nil {
					t.Error(err)
				}
				answered.Add(1)
			})
		}
		for db.Waiting() < many {
			runtime.Gosched()
		}
		close(release)
		all.Wait()
		if answered.Load() != many {
			t.Errorf("%d of %d answered", answered.Load(), many)
		}
	})
}
