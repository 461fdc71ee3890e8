package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"quay20/internal/problem"
)

var clock = Options{Now: func() time.Time { return time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) }}

func openTest(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// rel-I-X1: every pooled connection, not only the first.
func TestSettingsHoldOnEveryConnection(t *testing.T) {
	t.Parallel()
	db := openTest(t, filepath.Join(t.TempDir(), "sổ %3F?#1.db"))
	var conns []*sql.Conn
	for _, pool := range []*sql.DB{db.writer, db.reader, db.reader, db.reader} {
		c, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
			var have string
			if err := c.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&have); err != nil || have != want {
				t.Errorf("%s is %s, %v", name, have, err)
			}
		}
	}
	for _, c := range conns {
		c.Close()
	}
}

// rel-I-X1
func TestWrongSQLiteSettingIsRefused(t *testing.T) {
	t.Parallel()
	good := []string{"_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(ON)"}
	for name, wrong := range map[string]string{
		"journal_mode": "_pragma=journal_mode(DELETE)",
		"synchronous":  "_pragma=synchronous(NORMAL)",
		"foreign_keys": "_pragma=foreign_keys(OFF)",
	} {
		settings := append([]string{}, good...)
		for i, s := range settings {
			if strings.Contains(s, name) {
				settings[i] = wrong
			}
		}
		c, err := sqlite.NewConnector(address(filepath.Join(t.TempDir(), "x.db"), settings...))
		if err != nil {
			t.Fatal(err)
		}
		_, err = checked{c}.Connect(t.Context())
		p, ok := problem.As(err)
		if !ok || p.Key != "store.setting.sqlite" || p.Args[1] != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOldSQLiteIsRefused(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"3.51.3": true, "3.51.4": true, "3.54.1": true, "4.0.0": true, "3.51.2": false, "3.40.1": false, "3.9": false, "": false,
	} {
		if atLeast(version, oldest) != want {
			t.Errorf("SQLite %q: want %v", version, want)
		}
	}
}

// rel-I-X2: a full disk answers nobody falsely, and saving goes on by itself.
func TestFullDiskStopsAnswersUntilItHasRoom(t *testing.T) {
	t.Parallel()
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"))
	put := func(n int) error {
		return db.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec("INSERT INTO shelf (n, text) VALUES ($1, $2)", n, strings.Repeat("x", 100_000))
			return err
		})
	}
	if err := db.Write(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec("CREATE TABLE shelf (n BIGINT, text TEXT)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := db.writer.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	// The engine reports a full disk as it does for a full file; the setting
	// ends with the connection.
	if err := db.writer.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages+1)).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if err := put(1); !problem.Is(err, problem.Unavailable) {
		t.Fatalf("on a full disk: %v", err)
	}
	if err := put(2); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	err := db.Read(t.Context(), func(tx *Tx) error {
		n, err := All(tx, func(r Row) (n int, err error) { return n, r.Scan(&n) }, "SELECT n FROM shelf")
		if len(n) != 1 || n[0] != 2 {
			t.Errorf("stored %v, answered 2", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// failing is a connector whose connections do not commit, as on a broken disk.
type failing struct {
	driver.Connector
	mu  sync.Mutex // guards bad
	bad bool
}

func (f *failing) set(bad bool) { f.mu.Lock(); f.bad = bad; f.mu.Unlock() }
func (f *failing) get() bool    { f.mu.Lock(); defer f.mu.Unlock(); return f.bad }

func (f *failing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &failingConn{c.(*preparing), f}, nil
}

type failingConn struct {
	*preparing
	of *failing
}

func (c *failingConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.preparing.BeginTx(ctx, o)
	return failingTx{tx, c.of}, err
}

func (c *failingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.of.get() && strings.Contains(query, "proofs") {
		return nil, errDisk
	}
	return c.preparing.ExecContext(ctx, query, args)
}

type failingTx struct {
	driver.Tx
	of *failing
}

var errDisk = errors.New("disk I/O error")

func (t failingTx) Commit() error {
	if t.of.get() {
		t.Tx.Rollback()
		return errDisk
	}
	return t.Tx.Commit()
}

// rel-I-X2, rel-I-D1: after an I/O error nothing is acknowledged until a fresh
// connection has proved that it saves.
func TestIOErrorStopsAnswersUntilAFreshConnectionSaves(t *testing.T) {
	t.Parallel()
	c, err := sqlite.NewConnector(address(filepath.Join(t.TempDir(), "y.db"),
		"_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(ON)", "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	disk := &failing{Connector: checked{c}}
	own := &lite{writer: sql.OpenDB(disk), reader: sql.OpenDB(checked{c})}
	own.writer.SetMaxOpenConns(1)
	faulty := start(own, Options{Now: clock.Now})
	defer faulty.Close()
	if err := faulty.upgrade(t.Context(), Options{Now: clock.Now}); err != nil {
		t.Fatal(err)
	}
	disk.set(true)
	for range 3 {
		err := faulty.Write(t.Context(), func(*Tx) error { return nil })
		if p, ok := problem.As(err); !ok || p.Key != "store.broken" && p.Key != "store.halted" {
			t.Errorf("on a broken disk: %v", err)
		}
	}
	disk.set(false)
	if err := faulty.Write(t.Context(), func(*Tx) error { return nil }); err != nil {
		t.Errorf("on a whole disk again: %v", err)
	}
	var proofs int
	if err := own.reader.QueryRow("SELECT proofs FROM store_turn").Scan(&proofs); err != nil || proofs < 1 {
		t.Errorf("%d proofs, %v", proofs, err)
	}
}

// Another program may hold the file: nothing is saved, and the next write is
// as good as any.
func TestLockedFileIsBusyNotBroken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path)
	if _, err := db.writer.Exec("PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", address(path, "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	held, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(*Tx) error { return nil }
	err = db.Write(t.Context(), nothing)
	if p, ok := problem.As(err); !ok || p.Key != "store.busy" || p.Retry == 0 {
		t.Errorf("while locked: %v", err)
	}
	held.Rollback()
	if err := db.Write(t.Context(), nothing); err != nil {
		t.Errorf("after: %v", err)
	}
}

func TestFileThatIsNoDatabaseIsRefusedClearly(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "none", "x.db"), clock)
	if !problem.Is(err, problem.Unavailable) {
		t.Errorf("folder missing: %v", err)
	}
}

// rel-F14: the connection that folds the WAL waits for readers for a moment, and so
// does the writer behind it.
func TestFoldingWaitsForReadersForAMomentOnly(t *testing.T) {
	t.Parallel()
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"))
	var have int
	if err := db.engine.(*lite).folder.QueryRow("PRAGMA busy_timeout").Scan(&have); err != nil || have != foldPause {
		t.Errorf("busy_timeout is %d, %v, want %d", have, err, foldPause)
	}
}
