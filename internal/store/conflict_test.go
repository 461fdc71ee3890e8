package store_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// rel-I-D1, rel-K20: a real deadlock (40P01) with a stranger on the server undoes the
// whole batch; it runs again and is answered once.
func TestDeadlockedWriteRunsAgain(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address, storetest.NewClock(storetest.Start))
		if db.Engine() != "postgres" {
			return // one writer cannot deadlock
		}
		stranger := strangerWith(t, db, address)
		if _, err := stranger.Exec(t.Context(), "SET deadlock_timeout = '1min'"); err != nil {
			t.Fatal(err) // our side must be the one that finds out
		}
		turn, err := stranger.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer turn.Rollback(context.Background())
		if _, err := turn.Exec(t.Context(), "UPDATE shelf SET n = n + 10 WHERE name = 'theirs'"); err != nil {
			t.Fatal(err)
		}
		runs := 0
		var theirs sync.WaitGroup
		err = db.Write(t.Context(), func(tx *store.Tx) error {
			runs++
			if _, err := tx.Exec("UPDATE shelf SET n = n + 1 WHERE name = 'ours'"); err != nil {
				return err
			}
			if runs == 1 {
				theirs.Go(func() {
					if _, err := turn.Exec(context.Background(), "UPDATE shelf SET n = n + 10 WHERE name = 'ours'"); err != nil {
						t.Error("the stranger:", err)
					}
					if err := turn.Commit(context.Background()); err != nil {
						t.Error("the stranger:", err)
					}
				})
			}
			_, err := tx.Exec("UPDATE shelf SET n = n + 1 WHERE name = 'theirs'")
			return err
		})
		theirs.Wait()
		expect(t, db, err, runs)
	})
}

// rel-I-D1, rel-K20: a serialization failure (40001), told by the server, undoes the
// batch and it runs again.
func TestUnserializableWriteRunsAgain(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address, storetest.NewClock(storetest.Start))
		if db.Engine() != "postgres" {
			return
		}
		stranger := strangerWith(t, db, address)
		runs := 0
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			runs++
			if runs == 1 {
				if _, err := stranger.Exec(t.Context(), "UPDATE shelf SET n = n + 10"); err != nil {
					return err
				}
				if _, err := tx.Exec("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"); err == nil {
					t.Error("no serialization failure")
				}
				return nil
			}
			_, err := tx.Exec("UPDATE shelf SET n = n + 1")
			return err
		})
		expect(t, db, err, runs)
	})
}

// strangerWith lays out two rows and opens another program's connection.
func strangerWith(t *testing.T, db *store.DB, address string) *pgx.Conn {
	t.Helper()
	shelf(t, db)
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		if err := put(tx, "ours", 1); err != nil {
			return err
		}
		return put(tx, "theirs", 2)
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// expect holds that both changes are there, ours once.
func expect(t *testing.T, db *store.DB, err error, runs int) {
	t.Helper()
	if err != nil || runs < 2 {
		t.Errorf("answered %v after %d runs, want success after a second one", err, runs)
	}
	err = db.Read(t.Context(), func(tx *store.Tx) error {
		sum, err := store.One(tx, number, "SELECT SUM(n) FROM shelf")
		if sum != 1+2+2*10+2 {
			t.Errorf("the shelf holds %d, want %d: each change once", sum, 1+2+2*10+2)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
