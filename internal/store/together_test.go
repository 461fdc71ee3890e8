package store_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// Writes of one Together see each other, undo themselves alone, and are all
// there or not at all.
func TestTogetherSharesOneCommit(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		own := errors.New("own")
		insert := func(ctx context.Context, i int, err error) error {
			return db.Write(ctx, func(tx *store.Tx) error {
				if _, err := tx.Exec(`INSERT INTO dossier_number (series, period, last) VALUES ('t', $1, 1)`, strconv.Itoa(i)); err != nil {
					return err
				}
				return err
			})
		}
		count := func(ctx context.Context) (n int64) {
			err := db.Read(ctx, func(tx *store.Tx) (err error) {
				n, err = store.One(tx, func(r store.Row) (n int64, err error) { return n, r.Scan(&n) }, `SELECT COUNT(*) FROM dossier_number`)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return n
		}
		err := db.Together(t.Context(), func(ctx context.Context) error {
			if err := insert(ctx, 1, nil); err != nil {
				t.Error(err)
			}
			if err := insert(ctx, 2, own); !errors.Is(err, own) {
				t.Errorf("the refused write said %v", err)
			}
			if err := insert(ctx, 1, nil); err == nil {
				t.Error("a second row with one key was written")
			}
			if err := insert(ctx, 3, nil); err != nil {
				t.Error(err)
			}
			if n := count(ctx); n != 2 {
				t.Errorf("inside there are %d rows, want 2", n)
			}
			if n := count(t.Context()); n != 0 {
				t.Errorf("outside there are %d rows before the commit", n)
			}
			return nil
		})
		if n := count(t.Context()); err != nil || n != 2 {
			t.Errorf("%d rows, %v; want 2", n, err)
		}
		err = db.Together(t.Context(), func(ctx context.Context) error { return errors.Join(insert(ctx, 4, nil), own) })
		if n := count(t.Context()); !errors.Is(err, own) || n != 2 {
			t.Errorf("%d rows, %v; want none of the failed ones", n, err)
		}
	})
}
