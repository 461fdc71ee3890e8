package store_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

func TestVitalsNameTheEngineItsSizeAndWhatKeepsAnsweredWrites(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		v, err := db.Vitals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(v.Engine, "SQLite 3.") && !strings.HasPrefix(v.Engine, "PostgreSQL ") {
			t.Errorf("engine %q", v.Engine)
		}
		if v.Copy != store.NoCopy { // the server of the tests has no standby; rel-F17 has
			t.Errorf("a copy is kept %s", v.Copy)
		}
		if v.Bytes <= 0 || len(v.Settings) != 3 {
			t.Errorf("size %d, settings %v", v.Bytes, v.Settings)
		}
	})
}

// Whoever watches over the house learns how many writes shared each commit.
func TestCommitsAreTold(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		commits, writes := 0, 0
		db.OnCommit(func(n int, took time.Duration) { // on the writer, before Write answers
			commits, writes = commits+1, writes+n
			if took < 0 {
				t.Errorf("a commit took %v", took)
			}
		})
		for i := range 3 {
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				if i == 2 {
					return store.ErrNone // undone alone: nothing to commit
				}
				_, err := tx.Exec(`INSERT INTO dossier_number (series, period, last) VALUES ('t', $1, 1)`, strconv.Itoa(i))
				return err
			})
			if (err != nil) != (i == 2) {
				t.Fatal(err)
			}
		}
		if writes < 2 || commits < 2 || writes < commits {
			t.Errorf("told of %d commits with %d writes, want those of the two that were saved", commits, writes)
		}
	})
}
