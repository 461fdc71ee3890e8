package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"quay20/internal/problem"
)

// oldest SQLite that keeps every commit when several connections write ahead.
var oldest = [3]int{3, 51, 3}

// lite is the embedded engine: one file, one write connection, many readers,
// and one connection that folds the WAL back while the others go on.
type lite struct {
	path                   string
	writer, reader, folder *sql.DB

	every   int64      // frames after which the WAL is folded back
	frames  int64      // of the WAL after the last fold; the writer's own
	folding chan error // the fold under way, nil if there is none; the writer's own
}

// Frames are pages of 4 KiB. SQLite folds by itself every 1,000 frames, in the
// commit of whoever comes by then, which all who wait with it feel.
const (
	foldEvery = 4_000
	foldPause = 20 // milliseconds that the writer waits for readers, to begin the WAL anew
)

func openLite(ctx context.Context, path string, readers int) (engine, error) {
	e := &lite{path: path, every: foldEvery}
	var err error
	if e.writer, err = litePool(path, 1, 5_000, "_txlock=immediate", "_pragma=wal_autocheckpoint(0)"); err != nil {
		return nil, err
	}
	if e.folder, err = litePool(path, 1, foldPause, "_pragma=wal_autocheckpoint(0)"); err != nil {
		return nil, errors.Join(err, e.close())
	}
	if e.reader, err = litePool(path, readers, 5_000, "_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *lite) turn(ctx context.Context) (release func(), err error) {
	return takeTurn(ctx, turnFile(e.path))
}

// turnFile is the file on which programs take turns to make, migrate or replace
// the database.
func turnFile(path string) string { return path + ".lock" }

// takeTurn holds an exclusive lock on an empty file beside the database until
// release. The file stays: one that is removed while others wait for it
// excludes nobody.
func takeTurn(ctx context.Context, path string) (release func(), err error) {
	db, err := sql.Open("sqlite", address(path, "_pragma=busy_timeout(60000)", "_txlock=exclusive"))
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("waiting for another program to open it: %w", err)
	}
	return func() {
		tx.Rollback()
		db.Close()
	}, nil
}

// litePool keeps connections that wait so many milliseconds for a lock.
func litePool(path string, size, patience int, more ...string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(address(path, append([]string{
		"_pragma=busy_timeout(" + strconv.Itoa(patience) + ")", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)",
		"_pragma=foreign_keys(ON)", "_pragma=temp_store(MEMORY)", // savepoints undo from memory, not from a file
		"_pragma=journal_size_limit(" + strconv.Itoa(2*foldEvery*4096) + ")"}, more...)...))
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(checked{c})
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

func address(path string, settings ...string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(settings, "&")
}

// checked reads the settings back on every connection that it opens, and
// keeps prepared statements on it.
type checked struct{ driver.Connector }

func (c checked) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	prepared := &preparing{rawConn: conn.(rawConn), kept: map[string]*keptStmt{}}
	if err := checkLite(ctx, prepared); err != nil {
		conn.Close()
		return nil, err
	}
	return prepared, nil
}

// checkLite refuses a connection that could lose an answered write. rel-I-X1
func checkLite(ctx context.Context, c driver.QueryerContext) error {
	version, err := ask(ctx, c, "SELECT sqlite_version()")
	if err != nil {
		return err
	}
	if !atLeast(version, oldest) {
		return problem.New(problem.Unavailable, "store.setting.version", "have", version,
			"want", fmt.Sprintf("%d.%d.%d", oldest[0], oldest[1], oldest[2]))
	}
	for _, s := range []struct{ name, want string }{
		{"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"},
	} {
		have, err := ask(ctx, c, "PRAGMA "+s.name)
		if err != nil {
			return err
		}
		if have != s.want {
			return problem.New(problem.Unavailable, "store.setting.sqlite",
				"name", s.name, "have", have, "want", s.want)
		}
	}
	return nil
}

// ask gives the one value that a query answers.
func ask(ctx context.Context, c driver.QueryerContext, query string) (string, error) {
	rows, err := c.QueryContext(ctx, query, nil)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	v := make([]driver.Value, 1)
	if err := rows.Next(v); err != nil {
		return "", fmt.Errorf("reading %s: %w", query, err)
	}
	return fmt.Sprint(v[0]), nil
}

func atLeast(version string, want [3]int) bool {
	parts := strings.SplitN(version, ".", 3)
	for i, w := range want {
		have := 0
		if i < len(parts) {
			have, _ = strconv.Atoi(parts[i])
		}
		if have != w {
			return have > w
		}
	}
	return true
}

func (e *lite) name() string                    { return "sqlite" }
func (e *lite) begin(*sql.Tx) error             { return nil }
func (e *lite) commit(tx *sql.Tx) error         { return tx.Commit() }
func (e *lite) unit() *sql.TxOptions            { return nil }
func (e *lite) snapshot() *sql.TxOptions        { return nil }
func (e *lite) line(*sql.Conn) sender           { return nil }
func (e *lite) pools() (writer, reader *sql.DB) { return e.writer, e.reader }

// silence is unlimited: the engine is in this program.
func (e *lite) silence() (write, read time.Duration) { return 0, 0 }

// committed folds the WAL back when it has grown: first beside the writer, then,
// with the writer waiting, what was written meanwhile, so that the WAL begins
// anew. A reader who stays longer than foldPause puts that off until the WAL
// has grown as much again.
func (e *lite) committed() error {
	select {
	case err := <-e.folding:
		e.folding = nil
		if err == nil {
			e.frames, err = e.fold(e.folder, "RESTART")
		}
		return err
	default:
	}
	if e.folding != nil || e.folder == nil {
		return nil
	}
	frames, err := e.fold(e.writer, "NOOP")
	if err != nil || frames < e.frames+e.every {
		return err
	}
	ended := make(chan error, 1)
	e.folding = ended
	go func() {
		_, err := e.fold(e.folder, "PASSIVE")
		ended <- err
	}()
	return nil
}

// fold runs a checkpoint and says how many frames the WAL has after it.
func (e *lite) fold(db *sql.DB, how string) (frames int64, err error) {
	var held, folded int64
	err = db.QueryRow("PRAGMA wal_checkpoint("+how+")").Scan(&held, &frames, &folded)
	if err != nil && e.fault(err) != busy {
		return 0, fmt.Errorf("folding the WAL back: %w", err)
	}
	if how == "RESTART" && err == nil && held == 0 {
		frames = 0
	}
	return frames, nil
}

var (
	dollar = regexp.MustCompile(`\$(\d+)`)
	asked  sync.Map // query → the same with ?1 for $1
)

// query writes ?1 for $1, which in SQLite is a name.
func (e *lite) query(text string) string {
	if known, ok := asked.Load(text); ok {
		return known.(string)
	}
	own := dollar.ReplaceAllString(text, "?$1")
	asked.Store(text, own)
	return own
}

// Primary result codes of SQLite.
const (
	liteBusy, liteLocked, liteNoMemory, liteReadOnly = 5, 6, 7, 8
	liteIO, liteCorrupt, liteFull, liteCannotOpen    = 10, 11, 13, 14
	liteNoDatabase                                   = 26
)

func (e *lite) fault(err error) fault {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, sql.ErrConnDone) {
			return broken
		}
		return ordinary
	}
	switch lite.Code() & 0xff {
	case liteBusy, liteLocked:
		return busy
	case liteNoMemory, liteReadOnly, liteIO, liteCorrupt, liteFull, liteCannotOpen, liteNoDatabase:
		return broken
	}
	return ordinary
}

// corrupt reports whether SQLite found that a page is not what it must be.
func corrupt(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && (lite.Code()&0xff == liteCorrupt || lite.Code()&0xff == liteNoDatabase)
}

// explain adds what a person can do about a database that does not open.
func (e *lite) explain(err error) error {
	if p, ok := problem.As(err); ok {
		return p
	}
	switch e.fault(err) {
	case busy:
		return fmt.Errorf("%w (%w)", unavailable("store.busy"), err)
	case broken:
		return fmt.Errorf("%w (%w)", unavailable("store.unreadable"), err)
	}
	return err
}

// fresh drops the write connection and moves everything from the WAL into the
// database file. After a failed fsync the system may hold pages to be clean
// that never reached the disk; writing them again is the only proof.
func (e *lite) fresh(ctx context.Context) error {
	conn, err := e.writer.Conn(ctx)
	if err == nil {
		conn.Raw(func(any) error { return driver.ErrBadConn })
		conn.Close()
	}
	var held, frames, moved int
	err = e.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&held, &frames, &moved)
	if err != nil {
		return err
	}
	if held != 0 {
		return errors.New("folding the WAL back: a reader holds it")
	}
	return nil
}

func (e *lite) close() error {
	var errs []error
	if e.folding != nil {
		errs = append(errs, <-e.folding)
	}
	for _, db := range []*sql.DB{e.reader, e.folder, e.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}
