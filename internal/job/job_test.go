package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"quay20/internal/job"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func enqueue(t testing.TB, db *store.DB, args ...string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for _, a := range args {
			if err := job.Enqueue(tx, "note", a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func waiting(t testing.TB, db *store.DB) (jobs []job.Job) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) (err error) {
		jobs, err = job.Waiting(tx, 100)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// run works on jobs until the returned function is called.
func run(t testing.TB, db *store.DB, fn func(args string) error) (stop func()) {
	t.Helper()
	q, err := job.New(db)
	if err != nil {
		t.Fatal(err)
	}
	q.Handle("note", func(_ context.Context, args json.RawMessage) error {
		var s string
		if err := json.Unmarshal(args, &s); err != nil {
			return err
		}
		return fn(s)
	})
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() { q.Run(ctx) })
	return func() { cancel(); ended.Wait() }
}

func TestJobIsDoneOnceAfterItsTransaction(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		enqueue(t, db, "before")
		done := make(chan string, 10)
		stop := run(t, db, func(s string) error { done <- s; return nil })
		if s := <-done; s != "before" {
			t.Errorf("did %s", s)
		}
		enqueue(t, db, "after")
		if s := <-done; s != "after" {
			t.Errorf("did %s", s)
		}
		stop()
		if left := waiting(t, db); len(left) != 0 || len(done) != 0 {
			t.Errorf("left %v, did %d more", left, len(done))
		}
	})
}

// rel-I-D2
func TestRefusedTransactionLeavesNoJob(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		db.Write(t.Context(), func(tx *store.Tx) error {
			if err := job.Enqueue(tx, "note", "never"); err != nil {
				t.Error(err)
			}
			return errors.New("refused")
		})
		if left := waiting(t, db); len(left) != 0 {
			t.Errorf("left %v", left)
		}
	})
}

func TestFailedJobIsTriedAgainLater(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var tries atomic.Int64
		failed, done := make(chan struct{}, 1), make(chan struct{}, 1)
		enqueue(t, db, "x")
		fn := func(string) error {
			switch tries.Add(1) {
			case 1:
				failed <- struct{}{}
				panic("no paper")
			default:
				done <- struct{}{}
				return nil
			}
		}
		stop := run(t, db, fn)
		<-failed
		stop()
		left := waiting(t, db)
		if len(left) != 1 || left[0].Tries != 1 || left[0].Failure == "" || !left[0].Due.Equal(storetest.Start.Add(time.Second)) {
			t.Fatalf("left %+v", left)
		}
		storetest.ClockOf(db).Add(time.Second)
		stop = run(t, db, fn)
		<-done
		stop()
		if left := waiting(t, db); len(left) != 0 {
			t.Errorf("left %+v", left)
		}
	})
}

func TestHopelessJobIsLeftForAPerson(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		enqueue(t, db, "x")
		tried := make(chan struct{}, 100)
		for range 12 {
			stop := run(t, db, func(string) error { tried <- struct{}{}; return errors.New("never") })
			<-tried
			stop()
			storetest.ClockOf(db).Add(7 * time.Hour)
		}
		left := waiting(t, db)
		if len(left) != 1 || !left[0].GivenUp || left[0].Tries != 12 {
			t.Fatalf("left %+v", left)
		}
		enqueue(t, db, "y", "z")
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			open, givenUp, err := job.Counts(tx)
			if open != 2 || givenUp != 1 {
				t.Errorf("%d jobs open and %d given up, want 2 and 1", open, givenUp)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return job.Again(tx, left[0].ID) }); err != nil {
			t.Fatal(err)
		}
		stop := run(t, db, func(string) error { tried <- struct{}{}; return nil })
		for range 3 {
			<-tried
		}
		stop()
		if left := waiting(t, db); len(left) != 0 {
			t.Errorf("left %+v", left)
		}
	})
}

func TestTwoNodesShareTheJobs(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		clock := storetest.NewClock(storetest.Start)
		a, b := storetest.Open(t, address, clock), storetest.Open(t, address, clock)
		many := make([]string, 40)
		for i := range many {
			many[i] = string(rune('A' + i))
		}
		enqueue(t, a, many...)
		var mu sync.Mutex
		did := map[string]int{}
		all := make(chan struct{})
		fn := func(s string) error {
			mu.Lock()
			defer mu.Unlock()
			if did[s]++; len(did) == len(many) {
				select {
				case <-all:
				default:
					close(all)
				}
			}
			return nil
		}
		stopA, stopB := run(t, a, fn), run(t, b, fn)
		<-all
		stopA()
		stopB()
		for s, n := range did {
			if n != 1 {
				t.Errorf("%s was done %d times", s, n)
			}
		}
		if left := waiting(t, a); len(left) != 0 {
			t.Errorf("left %+v", left)
		}
	})
}

func TestJobOfAnUnknownKindWaits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), func(tx *store.Tx) error { return job.Enqueue(tx, "other", nil) })
		if err != nil {
			t.Fatal(err)
		}
		enqueue(t, db, "mine")
		done := make(chan struct{}, 1)
		stop := run(t, db, func(string) error { done <- struct{}{}; return nil })
		<-done
		stop()
		if left := waiting(t, db); len(left) != 1 || left[0].Kind != "other" || left[0].Tries != 0 {
			t.Errorf("left %+v", left)
		}
	})
}
