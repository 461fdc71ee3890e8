package store_test

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	words "quay20/internal/text"
)

// rel-I-X3
func TestSixNodesMigrateAnEmptyDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	storetest.EachEmpty(t, func(t *testing.T, address string) {
		clock := storetest.NewClock(storetest.Start)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				db, err := store.Open(t.Context(), address, store.Options{Now: clock.Now, Readers: 1})
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		db := storetest.Open(t, address, clock)
		err := db.Read(t.Context(), func(tx *store.Tx) error {
			twice, err := store.All(tx, number, "SELECT version_id FROM goose_db_version GROUP BY version_id HAVING COUNT(*) > 1")
			if len(twice) > 0 {
				t.Errorf("migrations %v ran twice", twice)
			}
			if err != nil {
				return err
			}
			n, err := store.One(tx, number, "SELECT COUNT(*) FROM store_turn")
			if n != 1 {
				t.Errorf("%d rows in store_turn", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// rel-I-X1
func TestUnsafePostgresIsRefused(t *testing.T) {
	t.Parallel()
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		t.Skip("TEST_POSTGRES is not set")
	}
	clock := storetest.NewClock(storetest.Start)
	join := "?"
	if strings.Contains(server, "?") {
		join = "&"
	}
	for _, weak := range []string{"off", "local", "remote_write"} { // the latter two lose with the machine, or with both
		_, err := store.Open(t.Context(), server+join+"synchronous_commit="+weak, store.Options{Now: clock.Now})
		if p, ok := problem.As(err); !ok || p.Key != "store.setting.postgres" {
			t.Errorf("synchronous_commit %s: %v", weak, err)
		}
	}
	conn, err := pgx.Connect(context.Background(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	conn.Exec(t.Context(), "DROP DATABASE IF EXISTS quay20_unsorted")
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE quay20_unsorted TEMPLATE template0 ENCODING 'UTF8' ICU_LOCALE 'vi' LOCALE_PROVIDER icu LOCALE 'C'"); err != nil {
		t.Skip("the server has no other order: ", err)
	}
	defer conn.Exec(context.Background(), "DROP DATABASE quay20_unsorted WITH (FORCE)")
	config, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), strings.Replace(server, "/"+config.Database, "/quay20_unsorted", 1), store.Options{Now: clock.Now})
	if p, ok := problem.As(err); !ok || p.Key != "store.setting.order" {
		t.Errorf("Vietnamese order: %v", err)
	}
}

func TestEveryRefusalHasWords(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"store.busy", "store.queue", "store.silent", "store.broken", "store.closed", "store.unreadable", "store.unreachable",
		"store.setting.version", "store.setting.sqlite", "store.setting.postgres", "store.setting.order"} {
		if !words.Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
}

// A constraint that is checked at the commit would fail everybody's write.
func TestNoConstraintWaitsForTheCommit(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(store.Migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(store.Migrations(), path)
		if strings.Contains(strings.ToUpper(string(b)), "DEFERRABLE") {
			t.Errorf("%s has a deferrable constraint", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rel-I-X2: the write that the server's end took along is not answered as
// done; the next one opens a new connection.
func TestLostConnectionIsOpenedAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Engine() != "postgres" {
			return
		}
		shelf(t, db)
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			if err := put(tx, "lost", 1); err != nil {
				return err
			}
			_, err := tx.Exec("SELECT pg_terminate_backend(pg_backend_pid())")
			return err
		})
		if !problem.Is(err, problem.Unavailable) {
			t.Errorf("while it ended: %v", err)
		}
		if err := db.Write(t.Context(), func(tx *store.Tx) error { return put(tx, "next", 2) }); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		if got := names(t, db); got != "next" {
			t.Errorf("stored %q", got)
		}
	})
}
