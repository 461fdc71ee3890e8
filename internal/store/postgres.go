package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"quay20/internal/problem"
)

// postgres is the engine for a province that outgrew one machine. Several
// nodes may serve one primary: their batches of writes take turns, so that a
// write sees everything that was answered before it, as on SQLite.
type postgres struct {
	url              string
	writers, readers *pgxpool.Pool
	writer, reader   *sql.DB

	warned atomic.Bool // by the server, on the write connection
}

const (
	connectTime = 5 * time.Second  // for each host of the address
	lockTime    = 4 * time.Second  // a stranger may hold a row or a table
	silentTime  = 10 * time.Second // of the write connection at either end: then the other nodes have the turn
	readTime    = time.Minute
)

func openPostgres(ctx context.Context, url string, readers int) (_ engine, err error) {
	e := &postgres{url: url}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	e.writers, err = postgresPool(ctx, url, 1, map[string]string{
		"lock_timeout": millis(lockTime), "idle_in_transaction_session_timeout": millis(silentTime),
	}, func(_ *pgconn.PgConn, n *pgconn.Notice) {
		e.warned.Store(e.warned.Load() || n.SeverityUnlocalized == "WARNING")
	})
	if err != nil {
		return nil, err
	}
	e.writer = stdlib.OpenDBFromPool(e.writers)
	e.readers, err = postgresPool(ctx, url, readers, map[string]string{
		"lock_timeout": millis(lockTime), "default_transaction_read_only": "on", // where a query runs outside a transaction
	}, nil)
	if err != nil {
		return nil, err
	}
	e.reader = stdlib.OpenDBFromPool(e.readers)
	return e, nil
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// postgresPool keeps connections that were checked and given their settings,
// whichever host of the address they lead to. The settings come after the
// connection is made: one that only reads would not pass for the primary that
// target_session_attrs=read-write asks for.
func postgresPool(ctx context.Context, url string, size int, settings map[string]string, notice pgconn.NoticeHandler) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("reading the address: %w", err)
	}
	c.MaxConns = int32(size)
	c.ConnConfig.ConnectTimeout = cmp.Or(c.ConnConfig.ConnectTimeout, connectTime)
	c.ConnConfig.OnNotice = notice
	c.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		for name, value := range settings {
			if _, err := conn.Exec(ctx, "SELECT set_config($1, $2, false)", name, value); err != nil {
				return err
			}
		}
		return checkPostgres(ctx, conn)
	}
	return pgxpool.NewWithConfig(ctx, c)
}

// checkPostgres refuses a server that could lose an answered write or sorts
// text in another order than SQLite. The connection keeps the synchronous_commit
// that it was checked with, whatever is reloaded later. rel-I-X1
func checkPostgres(ctx context.Context, c *pgx.Conn) error {
	var fsync, pages, commit, order string
	err := c.QueryRow(ctx, `SELECT current_setting('fsync'), current_setting('full_page_writes'),
		set_config('synchronous_commit', current_setting('synchronous_commit'), false), CASE WHEN 'a' > 'B' THEN 'C' ELSE 'other' END`).
		Scan(&fsync, &pages, &commit, &order)
	if err != nil {
		return err
	}
	for _, s := range []struct{ name, have string }{
		{"fsync", fsync}, {"full_page_writes", pages}, {"synchronous_commit", commit},
	} {
		if s.have != "on" && s.have != "remote_apply" {
			return problem.New(problem.Unavailable, "store.setting.postgres", "name", s.name)
		}
	}
	if order != "C" {
		return problem.New(problem.Unavailable, "store.setting.order")
	}
	return nil
}

func (e *postgres) name() string             { return "postgres" }
func (e *postgres) query(text string) string { return text }
func (e *postgres) committed() error         { return nil }

// errUnsure says that a commit may not have reached the standby that it waited
// for: somebody broke off the wait, and the server then answers success and a
// warning.
var errUnsure = errors.New("the server warned at the commit; the standby may not have it")

// rel-F17
func (e *postgres) commit(tx *sql.Tx) error {
	e.warned.Store(false)
	if err := tx.Commit(); err != nil {
		return err
	}
	if e.warned.Load() {
		return errUnsure
	}
	return nil
}

func (e *postgres) silence() (write, read time.Duration) { return silentTime, readTime }

// begin takes the turn among the nodes' writers.
func (e *postgres) begin(tx *sql.Tx) error {
	_, err := tx.Exec("SELECT one FROM store_turn FOR UPDATE")
	return err
}

// unit is read committed: each statement sees what was committed when it
// began, and nobody else writes while this batch has the turn.
func (e *postgres) unit() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
}

func (e *postgres) snapshot() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// pipe sends statements on the writer's connection without waiting for each.
type pipe struct{ conn *sql.Conn }

func (e *postgres) line(writer *sql.Conn) sender { return pipe{writer} }

func (p pipe) send(ctx context.Context, all []pending) (failed int, err error) {
	rawErr := p.conn.Raw(func(conn any) error {
		var b pgx.Batch
		for _, s := range all {
			b.Queue(s.query, s.args...)
		}
		answers := conn.(*stdlib.Conn).Conn().SendBatch(ctx, &b)
		for failed = range all {
			var tag pgconn.CommandTag
			if tag, err = answers.Exec(); err == nil && tag.RowsAffected() != all[failed].rows {
				err = errRows
			}
			if err != nil {
				answers.Close() // what comes after does not count: the write is undone
				return nil
			}
		}
		err = answers.Close()
		return nil
	})
	if err == nil {
		err = rawErr
	}
	return failed, err
}

func (e *postgres) pools() (writer, reader *sql.DB) { return e.writer, e.reader }

func (e *postgres) fault(err error) fault {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return faultOf(said.Code)
	}
	var network net.Error
	var connecting *pgconn.ConnectError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ordinary
	case errors.As(err, &network), errors.As(err, &connecting), pgconn.SafeToRetry(err), // "conn closed"
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, sql.ErrTxDone):
		return broken
	}
	return ordinary
}

// faultOf sorts PostgreSQL's error codes, whose first two characters are the
// class.
func faultOf(code string) fault {
	switch code {
	case "40001", "40P01": // serialization failure, deadlock
		return conflict
	case "55P03", "57014": // a lock that was not to be had, a statement that somebody broke off
		return busy
	}
	switch {
	case strings.HasPrefix(code, "08"), // connection
		code == "25006", code == "25P03", // a standby; a transaction that was idle for too long
		strings.HasPrefix(code, "53"),  // disk, memory, connections
		strings.HasPrefix(code, "57P"), // shutting down
		strings.HasPrefix(code, "58"),  // input or output
		strings.HasPrefix(code, "XX"):  // corruption
		return broken
	}
	return ordinary
}

// explain adds what a person can do about a database that does not open.
func (e *postgres) explain(err error) error {
	if p, ok := problem.As(err); ok {
		return p
	}
	if e.fault(err) == broken {
		return fmt.Errorf("%w (%w)", unavailable("store.unreachable"), err)
	}
	return err
}

// fresh closes the connections; the pools open new ones when asked.
func (e *postgres) fresh(context.Context) error {
	e.writers.Reset()
	return nil
}

func (e *postgres) close() error {
	var errs []error
	for _, db := range []*sql.DB{e.reader, e.writer} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	for _, p := range []*pgxpool.Pool{e.readers, e.writers} {
		if p != nil {
			p.Close()
		}
	}
	return errors.Join(errs...)
}

// lockNumber is the number of the lock that lets one node at a time migrate or
// replace the database; it is the same for every node of a database.
const lockNumber = 20_20_20

// turn holds the lock on a connection of its own, with which it ends.
func (e *postgres) turn(ctx context.Context) (release func(), err error) {
	conn, err := pgx.Connect(ctx, e.url)
	if err != nil {
		return nil, err
	}
	release = func() { conn.Close(context.WithoutCancel(ctx)) }
	_, err = conn.Exec(ctx, `SELECT pg_advisory_lock(
		CASE current_schema() WHEN 'public' THEN $1 ELSE hashtextextended(current_schema(), $1) END)`, int64(lockNumber))
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}
