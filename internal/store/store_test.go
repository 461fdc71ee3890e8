package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) } // rel-I-X5

func write(t *testing.T, db *store.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shelf gives a table to write on.
func shelf(t *testing.T, db *store.DB) {
	t.Helper()
	write(t, db, "CREATE TABLE shelf (name TEXT PRIMARY KEY, n BIGINT NOT NULL, good BOOLEAN NOT NULL, at TEXT NOT NULL)")
}

func put(tx *store.Tx, name string, n int) error {
	_, err := tx.Exec("INSERT INTO shelf (name, n, good, at) VALUES ($1, $2, $3, $4)", name, n, true, tx.Now)
	return err
}

func text(r store.Row) (s string, err error)  { return s, r.Scan(&s) }
func number(r store.Row) (n int64, err error) { return n, r.Scan(&n) }

func names(t *testing.T, db *store.DB) string {
	t.Helper()
	var all []string
	err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
		all, err = store.All(tx, text, "SELECT name FROM shelf ORDER BY name")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "ấm", 7) })
		if err != nil {
			t.Fatal(err)
		}
		err = db.Read(t.Context(), func(tx *store.Tx) error {
			_, err := store.One(tx, func(r store.Row) (string, error) {
				var name string
				var n int
				var good bool
				var at time.Time
				err := r.Scan(&name, &n, &good, store.At(&at))
				if name != "ấm" || n != 7 || !good || !at.Equal(storetest.Start) {
					t.Errorf("read %s %d %v %v", name, n, good, at)
				}
				return name, err
			}, "SELECT name, n, good, at FROM shelf WHERE good AND at = $2 AND n = $1", 7, storetest.Start)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestPlaceholdersMayComeInAnyOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		write(t, db, "INSERT INTO shelf (n, name, good, at) VALUES ($2, $1, FALSE, $1)", "x", 3)
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			n, err := store.One(tx, number, "SELECT n FROM shelf WHERE n = $2 AND name = $1", "x", 3)
			if n != 3 {
				t.Errorf("n = %d", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestNoRowIsErrNone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			_, err := store.One(tx, text, "SELECT name FROM shelf WHERE n = $1", 1)
			return err
		})
		if !errors.Is(err, store.ErrNone) {
			t.Errorf("got %v", err)
		}
	})
}

// rel-I-D2, rel-I-X4
func TestFailedWriteUndoesItselfAlone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		refused := errors.New("refused")
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				err := db.Write(t.Context(), func(tx *store.Tx) error {
					if err := put(tx, fmt.Sprintf("%02d", i), i); err != nil {
						return err
					}
					switch i % 4 {
					case 1:
						return refused
					case 2:
						panic("dropped")
					case 3:
						return put(tx, fmt.Sprintf("%02d", i), i) // the same again
					}
					return nil
				})
				if i%4 == 0 && err != nil || i%4 != 0 && err == nil {
					t.Errorf("write %d: %v", i, err)
				}
				if i%4 == 1 && !errors.Is(err, refused) {
					t.Errorf("write %d: %v", i, err)
				}
				if i%4 == 2 && !strings.Contains(err.Error(), "dropped") {
					t.Errorf("write %d: %v", i, err)
				}
			})
		}
		all.Wait()
		want := "00 04 08 12 16 20 24 28 32 36 40 44 48 52 56 60"
		if got := names(t, db); got != want {
			t.Errorf("stored %s, want %s", got, want)
		}
	})
}

func TestWriteThatGoesOnAfterAFailedStatementIsUndone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			put(tx, "a", 1)
			put(tx, "a", 1)
			return nil
		})
		if err == nil {
			t.Error("answered as written")
		}
		if got := names(t, db); got != "" {
			t.Errorf("stored %q", got)
		}
	})
}

func TestGoroutineThatEndsInsideAWriteDoesNotStopTheWriter(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			db.Write(context.Background(), func(tx *store.Tx) error {
				put(tx, "gone", 1)
				new(testing.T).SkipNow() // as t.Fatal does
				return nil
			})
		}()
		<-ended
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "next", 2) }); err != nil {
			t.Fatal(err)
		}
		if got := names(t, db); got != "next" {
			t.Errorf("stored %q", got)
		}
	})
}

func TestCancelledBeforeItsTurnAWriteDoesNotRun(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		begun, hold, held := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			held <- db.Write(context.Background(), func(tx *store.Tx) error {
				close(begun)
				<-hold
				return put(tx, "first", 1)
			})
		}()
		<-begun
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			left <- db.Write(ctx, func(tx *store.Tx) error { return put(tx, "second", 2) })
		}()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(hold)
		if err := <-held; err != nil {
			t.Error(err)
		}
		if got := names(t, db); got != "first" {
			t.Errorf("stored %q", got)
		}
	})
}

func TestCancelledOnceBegunAWriteIsCarriedThrough(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *store.Tx) error {
			cancel()
			return put(tx, "kept", 1)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(t, db); got != "kept" {
			t.Errorf("stored %q", got)
		}
	})
}

// rel-I-D1, rel-I-D2: what is answered is stored, in the order of answers.
func TestSixtyFourWritersNumberWithoutGaps(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		const writers, each = 64, 5
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				for j := range each {
					err := db.Write(t.Context(), func(tx *store.Tx) error {
						n, err := store.One(tx, number, "SELECT COALESCE(MAX(n), 0) + 1 FROM shelf")
						if err != nil {
							return err
						}
						if err := put(tx, fmt.Sprintf("%d/%d", i, j), int(n)); err != nil {
							return err
						}
						if (i+j)%3 == 0 {
							return errors.New("refused")
						}
						return nil
					})
					if ok := (i+j)%3 != 0; ok != (err == nil) {
						t.Errorf("%d/%d: %v", i, j, err)
					}
				}
			})
		}
		all.Wait()
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			used, err := store.All(tx, number, "SELECT n FROM shelf ORDER BY n")
			for i, n := range used {
				if n != int64(i+1) {
					t.Fatalf("number %d in place %d", n, i+1)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTwoNodesNumberWithoutGaps(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		clock := storetest.NewClock(storetest.Start)
		nodes := []*store.DB{storetest.Open(t, address, clock), storetest.Open(t, address, clock)}
		shelf(t, nodes[0])
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				for j := range 5 {
					err := nodes[i%2].Write(t.Context(), func(tx *store.Tx) error {
						n, err := store.One(tx, number, "SELECT COALESCE(MAX(n), 0) + 1 FROM shelf")
						if err != nil {
							return err
						}
						return put(tx, fmt.Sprintf("%d/%d", i, j), int(n))
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		err := nodes[0].Read(t.Context(), func(tx *store.Tx) error {
			n, err := store.One(tx, number, "SELECT MAX(n) FROM shelf")
			if n != 80 {
				t.Errorf("80 writes gave the numbers up to %d", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestReadSeesOneSnapshot(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			before, err := store.One(tx, number, "SELECT COUNT(*) FROM shelf")
			if err != nil {
				return err
			}
			write(t, db, "INSERT INTO shelf (name, n, good, at) VALUES ('x', 1, TRUE, '')")
			after, err := store.One(tx, number, "SELECT COUNT(*) FROM shelf")
			if before != after {
				t.Errorf("%d rows, then %d in the same read", before, after)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestReadCannotWrite(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		if err := db.Read(t.Context(), func(tx *store.Tx) error { return put(tx, "x", 1) }); err == nil {
			t.Error("a read wrote")
		}
	})
}

func TestTransactionIsOverAfterItsFunction(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		var kept *store.Tx
		db.Write(t.Context(), func(tx *store.Tx) error { kept = tx; return nil })
		if err := put(kept, "late", 1); err == nil {
			t.Error("a transaction wrote after its end")
		}
	})
}

func TestTextThatOneEngineCannotKeepIsRefusedByBoth(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		for _, bad := range []string{"a\x00b", "\xff"} {
			if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, bad, 1) }); err == nil {
				t.Errorf("%q was kept", bad)
			}
		}
	})
}

type colour string
type count int32

func TestNamedTypesAreKeptAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		shelf(t, db)
		red := colour("red")
		write(t, db, "INSERT INTO shelf (name, n, good, at) VALUES ($1, $2, $3, $4)", &red, count(4), false, []byte("now"))
		if got := names(t, db); got != "red" {
			t.Errorf("stored %q", got)
		}
	})
}

func TestTimeIsWholeMillisecondsUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 8, 10, 0, 0, 1_999_999, time.FixedZone("", 7*3600))
	storetest.EachAt(t, storetest.NewClock(at), func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			if got := store.Time(tx.Now); got != "2026-05-08T03:00:00.001Z" {
				t.Errorf("now is %s", got)
			}
			if back, err := store.ParseTime(store.Time(tx.Now)); err != nil || !back.Equal(tx.Now) {
				t.Errorf("%v read back as %v, %v", tx.Now, back, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if zero, err := store.ParseTime(store.Time(time.Time{})); !zero.IsZero() || err != nil {
		t.Errorf("the zero time came back as %v, %v", zero, err)
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		nothing := func(*store.Tx) error { return nil }
		if err := db.Write(t.Context(), nothing); !problem.Is(err, problem.Unavailable) {
			t.Errorf("write: %v", err)
		}
		if err := db.Read(t.Context(), nothing); !problem.Is(err, problem.Unavailable) {
			t.Errorf("read: %v", err)
		}
	})
}
