package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"quay20/internal/demo"
	"quay20/internal/store"
)

// sink takes rows in bulk. It is faster than the program, and less careful: a
// crash while filling loses the database.
type sink interface {
	add(table string, values []any) error
	flush() error
	exec(query string, args ...any) error
	one(query string, into ...any) error
	each(query string, tell func(a, b string, n int64)) error
	close() error
}

func isPostgres(database string) bool { return strings.HasPrefix(database, "postgres") }

func openSink(ctx context.Context, database string) (sink, error) {
	if isPostgres(database) {
		return openCopy(ctx, database)
	}
	return openInsert(ctx, database)
}

// insert is SQLite: one connection, one transaction without a journal, several
// rows to a statement, the triggers off until close. Indexes stay, so that
// their pages are as full as the desk's own writing would leave them.
type insert struct {
	ctx      context.Context
	db       *sql.DB
	conn     *sql.Conn
	triggers []string
	tables   map[string]*waiting

	batch []pending      // not yet handed to the goroutine that writes
	queue chan []pending // closed by flush
	ended chan error
}

// pending is a row on its way.
type pending struct {
	table  string
	values []any
}

// waiting are rows of one table.
type waiting struct {
	full    *sql.Stmt
	columns int
	most    int
	values  []any
}

func openInsert(ctx context.Context, path string) (*insert, error) {
	db, err := openLite(path)
	if err != nil {
		return nil, err
	}
	s := &insert{ctx: ctx, db: db, tables: map[string]*waiting{}}
	if s.conn, err = db.Conn(ctx); err != nil {
		return nil, err
	}
	if s.triggers, err = column(ctx, s.conn, `SELECT sql FROM sqlite_master WHERE type = 'trigger'`); err != nil {
		return nil, err
	}
	names, err := column(ctx, s.conn, `SELECT name FROM sqlite_master WHERE type = 'trigger'`)
	if err != nil {
		return nil, err
	}
	for _, q := range []string{"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -1500000"} {
		if err := s.exec(q); err != nil {
			return nil, err
		}
	}
	for _, name := range names {
		if err := s.exec("DROP TRIGGER " + name); err != nil {
			return nil, err
		}
	}
	s.begin()
	return s, s.exec("BEGIN IMMEDIATE")
}

// begin starts the goroutine that writes, while the caller makes more rows.
func (s *insert) begin() {
	s.queue, s.ended = make(chan []pending, 4), make(chan error, 1)
	go func() {
		var failed error
		for batch := range s.queue {
			for _, p := range batch {
				if failed == nil {
					failed = s.write(p.table, p.values)
				}
			}
		}
		s.ended <- failed
	}()
}

func (s *insert) add(table string, values []any) error {
	keep(values, "sqlite")
	if s.batch = append(s.batch, pending{table, values}); len(s.batch) < 1000 {
		return nil
	}
	s.queue <- s.batch
	s.batch = nil
	return nil
}

// mostValues bounds the values of one statement.
const mostValues = 300

func (s *insert) write(table string, values []any) error {
	w := s.tables[table]
	if w == nil {
		w = &waiting{columns: len(values), most: max(1, mostValues/len(values))}
		var err error
		if w.full, err = s.conn.PrepareContext(s.ctx, insertText(table, len(values), w.most)); err != nil {
			return err
		}
		s.tables[table] = w
	}
	w.values = append(w.values, values...)
	if len(w.values) < w.columns*w.most {
		return nil
	}
	if _, err := w.full.ExecContext(s.ctx, w.values...); err != nil {
		return fmt.Errorf("filling %s: %w", table, err)
	}
	w.values = w.values[:0]
	return nil
}

func insertText(table string, columns, rows int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
	return `INSERT INTO "` + table + `" VALUES ` + strings.TrimSuffix(strings.Repeat(one+", ", rows), ", ")
}

// keep gives pressed texts the form that the engine keeps.
func keep(values []any, engine string) {
	for i, v := range values {
		if p, ok := v.(store.Pressed); ok {
			values[i] = p.Kept(engine)
		}
	}
}

func (s *insert) flush() error {
	s.queue <- s.batch
	close(s.queue)
	if err := <-s.ended; err != nil {
		return err
	}
	for table, w := range s.tables {
		if len(w.values) > 0 {
			if err := s.exec(insertText(table, w.columns, len(w.values)/w.columns), w.values...); err != nil {
				return fmt.Errorf("filling %s: %w", table, err)
			}
			w.values = w.values[:0]
		}
	}
	return nil
}

func (s *insert) exec(query string, args ...any) error {
	_, err := s.conn.ExecContext(s.ctx, query, args...)
	return err
}

func (s *insert) one(query string, into ...any) error {
	return s.conn.QueryRowContext(s.ctx, query).Scan(into...)
}

func (s *insert) each(query string, tell func(a, b string, n int64)) error {
	rows, err := s.conn.QueryContext(s.ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var a, b string
		var n int64
		if err := rows.Scan(&a, &b, &n); err != nil {
			return err
		}
		tell(a, b, n)
	}
	return rows.Err()
}

func (s *insert) close() error {
	err := s.exec("COMMIT")
	for _, q := range s.triggers {
		err = errors.Join(err, s.exec(q))
	}
	return errors.Join(err, s.exec("PRAGMA locking_mode = NORMAL"), s.exec("PRAGMA synchronous = FULL"), s.exec("PRAGMA journal_mode = WAL"), s.conn.Close(), s.db.Close())
}

// copyIn is PostgreSQL: COPY, with triggers and foreign keys off for the
// session.
type copyIn struct {
	ctx    context.Context
	conn   *pgx.Conn
	tables map[string][][]any
	rows   int
}

func openCopy(ctx context.Context, database string) (*copyIn, error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	s := &copyIn{ctx: ctx, conn: conn, tables: map[string][][]any{}}
	return s, s.exec("SET session_replication_role = replica")
}

func (s *copyIn) add(table string, values []any) error {
	keep(values, "postgres")
	s.tables[table] = append(s.tables[table], values)
	if s.rows++; s.rows < 100_000 {
		return nil
	}
	return s.flush()
}

func (s *copyIn) flush() error {
	s.rows = 0
	for table, rows := range s.tables {
		var names []string
		column := 0
		err := s.each(`SELECT column_name::text, data_type::text, 0::bigint FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name = '`+table+`' ORDER BY ordinal_position`, func(name, kind string, _ int64) {
			names = append(names, name)
			for _, row := range rows {
				if n, ok := row[column].(int64); ok && kind == "boolean" { // as SQLite keeps it
					row[column] = n != 0
				}
			}
			column++
		})
		if err != nil {
			return err
		}
		if _, err := s.conn.CopyFrom(s.ctx, pgx.Identifier{table}, names, pgx.CopyFromRows(rows)); err != nil {
			return fmt.Errorf("filling %s: %w", table, err)
		}
		delete(s.tables, table)
	}
	return nil
}

func (s *copyIn) exec(query string, args ...any) error {
	_, err := s.conn.Exec(s.ctx, query, args...)
	return err
}

func (s *copyIn) one(query string, into ...any) error {
	return s.conn.QueryRow(s.ctx, query).Scan(into...)
}

func (s *copyIn) each(query string, tell func(a, b string, n int64)) error {
	rows, err := s.conn.Query(s.ctx, query)
	if err != nil {
		return err
	}
	var a, b string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&a, &b, &n}, func() error { tell(a, b, n); return nil })
	return err
}

// close counts the tables, as the server itself would within a minute.
func (s *copyIn) close() error { return errors.Join(s.exec("ANALYZE"), s.conn.Close(s.ctx)) }

// A filled node lies as quay20 demo would keep it: keys and sign-ins in its
// folder, the copied heads beside it.
func keysOf(dir string) string    { return filepath.Join(dir, "keys") }
func witnessOf(dir string) string { return dir + "-witness" }

func keepSignIns(dir string, ins []demo.SignIn) error {
	b, err := json.Marshal(ins)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(keysOf(dir), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(keysOf(dir), "tracking.key"), trackingKey, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "demo-signins.json"), b, 0o600)
}

func readSignIns(dir string) (ins []demo.SignIn, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "demo-signins.json"))
	if err != nil {
		return nil, err
	}
	return ins, json.Unmarshal(b, &ins)
}
