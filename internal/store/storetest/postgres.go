package storetest

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"quay20/internal/store"
)

// Making and dropping a PostgreSQL database waits for the disk, so migrated
// databases are shared by all test processes: a test claims one that nobody
// holds, by an advisory lock that ends with its connection, and has it put
// back as it was when new. A change of the migrations changes their names.

//go:embed reset.sql
var reset string

const (
	oldNames  = "quay20_t_" // of all databases that tests claim, and their templates
	keptNames = "quay20_kept_"
)

// names is the common beginning of the databases with these migrations.
var names = sync.OnceValue(func() string {
	h := sha256.New()
	h.Write([]byte(reset))
	files := store.Migrations()
	fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := fs.ReadFile(files, path)
			fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
		}
		return err
	})
	return oldNames + hex.EncodeToString(h.Sum(nil)[:5])
})

// migratedPostgres claims a migrated, empty database until the test ends.
func migratedPostgres(t testing.TB, server string) (address string) {
	t.Helper()
	conn := connect(t, server)
	if err := makeTemplate(conn, server); err != nil {
		t.Fatalf("TEST_POSTGRES: making the template: %v", err)
	}
	for n := 1; ; n++ {
		name := fmt.Sprintf("%s_%d", names(), n)
		free, err := ask[bool](conn, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name)
		if err != nil {
			t.Fatal(err)
		}
		if !free {
			continue
		}
		address := at(server, name)
		if err := renew(conn, name, address); err != nil {
			t.Fatalf("TEST_POSTGRES: %v", err)
		}
		if *keep {
			t.Cleanup(func() { keepDatabase(t, server, name) })
		}
		return address
	}
}

// connect opens a connection until the test ends.
func connect(t testing.TB, server string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), server)
	if err != nil {
		t.Fatalf("TEST_POSTGRES: %v", err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// renew makes a claimed database as it was when new.
func renew(conn *pgx.Conn, name, address string) error {
	there, err := ask[bool](conn, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name)
	if err != nil {
		return err
	}
	if there {
		if clean(address) {
			return nil
		}
		if err := order(conn, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return order(conn, "CREATE DATABASE "+name+" TEMPLATE "+names())
}

// clean reports whether what a test left could be put right.
func clean(address string) bool {
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		return false
	}
	defer conn.Close(context.Background())
	ok, err := ask[bool](conn, "SELECT storetest.reset()")
	return ok && err == nil
}

var (
	templateOnce sync.Once // each process looks once
	templateErr  error
)

// makeTemplate migrates one database for all to copy, and drops those of
// earlier migrations that nobody uses.
func makeTemplate(conn *pgx.Conn, server string) error {
	templateOnce.Do(func() { templateErr = findTemplate(conn, server) })
	return templateErr
}

func findTemplate(conn *pgx.Conn, server string) error {
	if err := order(conn, "SELECT pg_advisory_lock(2020)"); err != nil {
		return err
	}
	defer order(conn, "SELECT pg_advisory_unlock(2020)")
	there, err := ask[bool](conn, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", names())
	if err != nil || there {
		return err
	}
	dropOld(conn)
	return migrateTemplate(conn, server)
}

func migrateTemplate(conn *pgx.Conn, server string) error {
	making := names() + "_making"
	err := order(conn, "DROP DATABASE IF EXISTS "+making+" WITH (FORCE)", createEmpty(making))
	if err != nil {
		return err
	}
	clock := NewClock(Start)
	db, err := store.Open(context.Background(), at(server, making), store.Options{Now: clock.Now, Readers: 1})
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	inside, err := pgx.Connect(context.Background(), at(server, making))
	if err != nil {
		return err
	}
	err = order(inside, reset)
	inside.Close(context.Background())
	if err != nil {
		return err
	}
	return order(conn, "ALTER DATABASE "+making+" RENAME TO "+names())
}

func dropOld(conn *pgx.Conn) {
	rows, err := conn.Query(context.Background(), "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", oldNames)
	if err != nil {
		return
	}
	old, _ := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range old {
		order(conn, "DROP DATABASE "+name) // refused while in use
	}
}

// emptyPostgres makes a database that has not been migrated, until the test
// ends.
func emptyPostgres(t testing.TB, server string) (address string) {
	t.Helper()
	conn := connect(t, server)
	name := fmt.Sprintf("quay20_empty_%d_%d", os.Getpid(), emptyMade.Add(1))
	if err := order(conn, createEmpty(name)); err != nil {
		t.Fatalf("TEST_POSTGRES: %v", err)
	}
	t.Cleanup(func() {
		if err := order(conn, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return at(server, name)
}

var emptyMade atomic.Int64

func createEmpty(name string) string {
	return "CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
}

// keepDatabase takes the database of a failed test out of what tests claim.
func keepDatabase(t testing.TB, server, name string) {
	if !t.Failed() {
		return
	}
	conn, err := pgx.Connect(context.Background(), server)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	kept := fmt.Sprintf("%s%d_%s", keptNames, os.Getpid(), name[len(oldNames):])
	if err := order(conn, "ALTER DATABASE "+name+" RENAME TO "+kept); err != nil {
		t.Error(err)
	}
	t.Logf("kept: %s", at(server, kept))
}

func ask[T any](conn *pgx.Conn, query string, args ...any) (v T, err error) {
	err = conn.QueryRow(context.Background(), query, args...).Scan(&v)
	return v, err
}

func order(conn *pgx.Conn, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.Exec(context.Background(), s); err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	return nil
}

// at is the address of another database of the server.
func at(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic("TEST_POSTGRES is no address: " + err.Error())
	}
	u.Path = "/" + name
	return u.String()
}
