package backup_test

import (
	"context"
	"slices"
	"testing"

	"quay20/internal/backup"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// A release with a good migration upgrades a copy and then the house; one with
// a bad migration says why and leaves the house as it was, for the release
// before. rel-F13
func TestUpgradeIsRehearsedOnACopy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ migration, want string }{
		"good":          {"CREATE TABLE more (id TEXT PRIMARY KEY);\nINSERT INTO more (id) VALUES ('a');\n", ""},
		"wrong words":   {"ALTER TABLE nothing ADD COLUMN x TEXT;\n", "backup.err.rehearsal"},
		"fails halfway": {"CREATE TABLE more (id TEXT PRIMARY KEY);\nINSERT INTO more (id) VALUES ('a'), ('a');\n", "backup.err.rehearsal"},
		"loses rows":    {"DELETE FROM dossier_code;\n", "backup.err.rehearsal-rows"},
		"drops a table": {"DROP TABLE dossier_code;\n", "backup.err.rehearsal-rows"},
		"spoils a fact": {"UPDATE dossier SET due_at = '2030-01-01T00:00:00.000Z';\n", "backup.err.rehearsal-faults"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.EachEmpty(t, func(t *testing.T, address string) {
				n := stand(t, address)
				was := n.applied(t)
				before := picture(t, n)
				o := n.place.Store
				o.Migrations = with(t, "9000_more.sql", "-- +goose Up\n"+c.migration)
				side := backup.Side{Keys: n.House.Keys, Folder: n.place.Folder, Files: n.place.Files}
				rehearsed := 0
				rehearse := backup.Rehearse(address, o, side, check)
				o.Rehearse = func(ctx context.Context, old *store.DB) error { rehearsed++; return rehearse(ctx, old) }
				db, err := store.Open(t.Context(), address, o)
				if rehearsed != 1 {
					t.Errorf("rehearsed %d times", rehearsed)
				}
				if c.want == "" {
					must(t, err)
					must(t, db.Close())
					if is := n.applied(t); !slices.Equal(is, append(was, 9000)) {
						t.Errorf("migrations %v", is)
					}
					again, err := store.Open(t.Context(), address, o)
					must(t, err)
					must(t, again.Close())
					if rehearsed != 1 {
						t.Error("rehearsed again though nothing was pending")
					}
				} else {
					refused(t, err, c.want)
					if after := picture(t, n); after != before || !slices.Equal(n.applied(t), was) {
						t.Errorf("the house was touched:\n%s\nwas\n%s", after, before)
					}
					n.receive(t) // and works on
				}
				o.AsIs = true
				if left, err := store.Open(t.Context(), store.Beside(address, "rehearsal"), o); err == nil {
					if err := left.Read(t.Context(), func(tx *store.Tx) error { _, err := store.Applied(tx); return err }); err == nil {
						t.Error("the copy is left behind")
					}
					must(t, left.Close())
				}
			})
		})
	}
}

func (n *node) applied(t *testing.T) (versions []int64) {
	t.Helper()
	must(t, n.db.Read(t.Context(), func(tx *store.Tx) (err error) {
		versions, err = store.Applied(tx)
		return err
	}))
	return versions
}
