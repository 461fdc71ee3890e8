// Package storetest runs a test on every engine: a fresh SQLite database
// always, and a fresh PostgreSQL database too when TEST_POSTGRES holds the
// address of a server (postgres://…) whose user may create databases.
package storetest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"quay20/internal/store"
)

var keep = flag.Bool("keep", false, "leave the database of a failed test and print where it is")

// Start is the time at which a test's clock begins.
var Start = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// Clock is a clock that stands still until a test sets it.
type Clock struct {
	mu sync.Mutex // guards at
	at time.Time
}

// NewClock is a clock that stands at the given time.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now is the clock's time.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

// Set moves the clock to a time, also backwards.
func (c *Clock) Set(at time.Time) { c.mu.Lock(); defer c.mu.Unlock(); c.at = at }

// Add moves the clock on.
func (c *Clock) Add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

var clocks sync.Map // *store.DB → *Clock

// ClockOf is the clock of a database that Each or EachAt opened.
func ClockOf(db *store.DB) *Clock {
	c, ok := clocks.Load(db)
	if !ok {
		panic("storetest.ClockOf: the database was not opened by storetest")
	}
	return c.(*Clock)
}

// Each runs fn on every engine, on a migrated, empty database that is removed
// afterwards, with a clock that starts at Start.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	each(t, func() *Clock { return NewClock(Start) }, fn)
}

// EachAt is Each with the test's own clock, shared by the engines.
func EachAt(t *testing.T, clock *Clock, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	each(t, func() *Clock { return clock }, fn)
}

func each(t *testing.T, clock func() *Clock, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachAddress(t, func(t *testing.T, address string) {
		fn(t, Open(t, address, clock()))
	})
}

// EachAddress runs fn on every engine with the address of a migrated, empty
// database, for tests that open it themselves.
func EachAddress(t *testing.T, fn func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, migratedLite(t)) })
	if server := os.Getenv("TEST_POSTGRES"); server != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, migratedPostgres(t, server)) })
	}
}

// EachEmpty runs fn on every engine with the address of a database that has
// not been migrated.
func EachEmpty(t *testing.T, fn func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, filepath.Join(folder(t), "quay20.db")) })
	if server := os.Getenv("TEST_POSTGRES"); server != "" {
		t.Run("postgres", func(t *testing.T) { fn(t, emptyPostgres(t, server)) })
	}
}

// Open opens a database until the test ends.
func Open(t testing.TB, address string, clock *Clock) *store.DB {
	t.Helper()
	return OpenWith(t, address, clock, nil)
}

// OpenWith is Open with the test's own chance.
func OpenWith(t testing.TB, address string, clock *Clock, chance func([]byte)) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), address, store.Options{Now: clock.Now, Readers: 4, Chance: chance})
	if err != nil {
		t.Fatal(err)
	}
	clocks.Store(db, clock)
	t.Cleanup(func() {
		clocks.Delete(db)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// template makes one migrated SQLite file for all tests of the process, since
// copying is quicker than migrating.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "quay20-template")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "t.db")
	clock := NewClock(Start)
	db, err := store.Open(context.Background(), path, store.Options{Now: clock.Now, Readers: 1})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migratedLite(t testing.TB) (path string) {
	t.Helper()
	b, err := template()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(folder(t), "quay20.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// folder is the test's own, kept if it fails and -keep is set.
func folder(t testing.TB) string {
	t.Helper()
	if !*keep {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("", "quay20-kept")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keepOrRemove(t, dir, func() error { return os.RemoveAll(dir) }) })
	return dir
}

func keepOrRemove(t testing.TB, where string, remove func() error) {
	if *keep && t.Failed() {
		t.Logf("kept: %s", where)
		return
	}
	if err := remove(); err != nil {
		t.Errorf("removing %s: %v", where, err)
	}
}
