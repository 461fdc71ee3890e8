package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Tx is what every SQL function takes: one transaction and its time. It is
// good only inside the function that received it.
type Tx struct {
	Now    time.Time    // UTC, whole milliseconds
	Chance func([]byte) // fills with what nobody guesses; DB.Chance

	raw    runner
	ctx    context.Context
	alive  *guard
	engine engine
	over   atomic.Bool
	pledge Pledge
	glance bool  // one statement is all there is
	open   bool  // rows are being read
	wrote  bool  // a statement may have changed something
	failed error // the first statement that failed; no other runs after it
	kept   map[any]any
	line   sender    // sends many statements at a time; nil where that is no gain
	later  []pending // not yet sent
}

// runner runs statements: in a transaction, or by themselves.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Row is what a scan function reads one row from.
type Row interface{ Scan(dest ...any) error }

var (
	errOver = errors.New("the transaction is over")
	errOpen = errors.New("a statement inside a scan function; read all rows first")
	errMore = errors.New("a second statement in a glance; use Read")
)

func (tx *Tx) end() { tx.over.Store(true) }

// Pledge is what must still hold of the database after an I/O error before
// anything is acknowledged again. When Holds answers with a Problem, something
// acknowledged is lost: the store takes no more writes and says why (rel-I-J7).
// It runs later, in a Tx of its own.
type Pledge interface{ Holds(tx *Tx) error }

// Pledge leaves a pledge; that of the last write committed counts.
func (tx *Tx) Pledge(p Pledge) { tx.pledge = p }

// Keep lets the later writes of the same commit know a value, until one of
// them is undone. It must be true of the database as this write leaves it, and
// only one write that changes it may have it: so it is kept last, and taken
// from Kept, never read beside it.
func (tx *Tx) Keep(key, value any) {
	if tx.kept != nil {
		tx.kept[key] = value
	}
}

// Kept is what was kept under the key in this commit, or nil.
func (tx *Tx) Kept(key any) any { return tx.kept[key] }

// Exec runs a statement and gives the number of rows it affected. Its
// placeholders are $1, $2, …
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if err := tx.ready(args); err != nil {
		return 0, err
	}
	tx.wrote = true
	r, err := tx.raw.ExecContext(tx.ctx, tx.engine.query(query), args...)
	if err != nil {
		return 0, tx.fail(err, query)
	}
	return r.RowsAffected()
}

// Later runs a statement that nobody waits for: it must affect so many rows, or
// the write fails with otherwise. On PostgreSQL it is sent with others when a
// later statement of the write asks for something, or at its end, which saves
// waiting for each; an error may therefore come from there.
func (tx *Tx) Later(rows int64, otherwise error, query string, args ...any) error {
	if tx.line == nil {
		n, err := tx.Exec(query, args...)
		if err == nil && n != rows {
			err = otherwise
		}
		return err
	}
	switch {
	case tx.over.Load():
		return errOver
	case tx.open:
		return errOpen
	case tx.failed != nil:
		return tx.failed
	}
	if err := tx.fit(args); err != nil {
		return err
	}
	tx.wrote = true
	tx.later = append(tx.later, pending{rows, otherwise, tx.engine.query(query), args})
	return nil
}

// sender sends statements together, and says which of them failed and how.
type sender interface {
	send(ctx context.Context, all []pending) (failed int, err error)
}

// pending is a statement that waits to be sent.
type pending struct {
	rows      int64
	otherwise error
	query     string
	args      []any
}

// errRows says that a pending statement affected other rows than it must.
var errRows = errors.New("a statement affected other rows than expected")

// flush sends what waits.
func (tx *Tx) flush() error {
	if len(tx.later) == 0 || tx.failed != nil {
		return tx.failed
	}
	all := tx.later
	tx.later = nil
	tx.alive.again()
	i, err := tx.line.send(tx.ctx, all)
	switch {
	case err == errRows:
		tx.failed = all[i].otherwise // no statement runs after it: the write is undone
		return tx.failed
	case err != nil:
		return tx.fail(err, all[i].query)
	}
	return nil
}

// All gives every row of a query, in its order.
func All[T any](tx *Tx, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := tx.each(query, args, func(r Row) (bool, error) {
		v, err := scan(r)
		all = append(all, v)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// One gives the first row of a query, or ErrNone.
func One[T any](tx *Tx, scan func(Row) (T, error), query string, args ...any) (T, error) {
	var one T
	err := ErrNone
	failed := tx.each(query, args, func(r Row) (bool, error) {
		one, err = scan(r)
		return false, err
	})
	if failed != nil {
		err = failed
	}
	return one, err
}

// each gives fn the rows one by one until it says false.
func (tx *Tx) each(query string, args []any, fn func(Row) (bool, error)) error {
	if err := tx.ready(args); err != nil {
		return err
	}
	tx.wrote = tx.wrote || !strings.HasPrefix(strings.TrimLeft(query, " \t\n"), "SELECT")
	rows, err := tx.raw.QueryContext(tx.ctx, tx.engine.query(query), args...)
	if err != nil {
		return tx.fail(err, query)
	}
	tx.open = true
	defer func() { tx.open = false; rows.Close() }()
	for rows.Next() {
		tx.alive.again()
		if more, err := fn(rows); err != nil || !more {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return tx.fail(err, query)
	}
	return nil
}

// ready checks that a statement may run now, after those that wait, and fits
// its arguments.
func (tx *Tx) ready(args []any) error {
	if tx.over.Load() {
		return errOver
	}
	if tx.open {
		return errOpen
	}
	if err := tx.flush(); err != nil {
		return err
	}
	if tx.glance {
		tx.failed = errMore // for the next one
	}
	tx.alive.again()
	return tx.fit(args)
}

// fit puts arguments into the forms that both engines keep alike.
func (tx *Tx) fit(args []any) error {
	for i, a := range args {
		if p, ok := a.(Pressed); ok {
			args[i] = p.Kept(tx.engine.name())
			continue
		}
		v, err := portable(a)
		if err != nil {
			tx.failed = fmt.Errorf("argument $%d: %w", i+1, err)
			return tx.failed
		}
		args[i] = v
	}
	return nil
}

// fail remembers the first failed statement: PostgreSQL runs no other after
// it, so the store does not on SQLite either.
func (tx *Tx) fail(err error, query string) error {
	tx.failed = fmt.Errorf("%w (in %s)", err, strings.Join(strings.Fields(query), " "))
	return tx.failed
}

// portable gives the one form in which both engines keep v: text, whole
// number, truth value or nothing.
func portable(v any) (any, error) {
	switch v := v.(type) {
	case nil, int64, bool:
		return v, nil
	case string:
		return v, checkText(v)
	case int:
		return int64(v), nil
	case time.Time:
		return Time(v), nil
	case driver.Valuer:
		got, err := v.Value()
		if err != nil {
			return nil, err
		}
		return portable(got)
	}
	return portableKind(reflect.ValueOf(v))
}

// portableKind does the same for named types, bytes and pointers.
func portableKind(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.String:
		return v.String(), checkText(v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint()), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			s := string(v.Bytes())
			return s, checkText(s)
		}
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return portable(v.Elem().Interface())
	}
	return nil, fmt.Errorf("%s is no text, whole number, truth value or time", v.Type())
}

// checkText refuses what PostgreSQL cannot keep, on both engines.
func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return errors.New("text with a zero byte or broken UTF-8")
	}
	return nil
}

// layout of an instant: fixed width, so that text order is time order.
const layout = "2006-01-02T15:04:05.000Z"

// Time writes an instant as the database keeps it, "2026-05-08T03:00:00.000Z";
// the zero time is "".
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}

// ParseTime reads what Time wrote.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading a stored time: %w", err)
	}
	return t, nil
}

// At scans a time column into t.
func At(t *time.Time) sql.Scanner { return instant{t} }

type instant struct{ t *time.Time }

func (i instant) Scan(src any) error {
	var err error
	switch src := src.(type) {
	case nil:
		*i.t = time.Time{}
	case string:
		*i.t, err = ParseTime(src)
	case []byte:
		*i.t, err = ParseTime(string(src))
	default:
		err = fmt.Errorf("a time is kept as text, not as %T", src)
	}
	return err
}
