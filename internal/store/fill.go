package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Why Fill refuses what it is given.
var (
	ErrForm   = errors.New("these migrations are not known to this program")
	ErrTables = errors.New("the tables are not those that the migrations make")
)

// Filling is a new database into which rows are put.
type Filling struct {
	ctx    context.Context
	engine filler
	tables []Table
	filled map[string]bool
}

// filler is what an engine does to take in many rows fast.
type filler interface {
	engine
	bare(ctx context.Context) (dress []string, err error) // takes off what slows filling
	load(ctx context.Context, t Table, rows iter.Seq2[[]any, error]) (n int64, err error)
	whole(ctx context.Context) error // brings everything to the disk, after a check
}

// Fill makes a new database with the given migrations and lets fn put rows into
// it. What lay at that address is removed first. Until Fill has answered nil
// the database is not to be used; texts is as in Options.Migrations.
func Fill(ctx context.Context, database string, applied []int64, texts fs.FS, fn func(*Filling) error) (err error) {
	if err := Remove(ctx, database); err != nil {
		return err
	}
	open := fillLite
	if isPostgres(database) {
		open = fillPostgres
	}
	e, err := open(ctx, database)
	if err != nil {
		return fmt.Errorf("making a database to fill: %w", err)
	}
	defer func() { err = errors.Join(err, e.close()) }()
	if err := form(ctx, e, applied, texts); err != nil {
		return err
	}
	dress, err := e.bare(ctx)
	if err != nil {
		return fmt.Errorf("making a database to fill: %w", err)
	}
	f := &Filling{ctx: ctx, engine: e, filled: map[string]bool{}}
	if f.tables, err = tablesOf(ctx, e); err != nil {
		return err
	}
	writer, _ := e.pools()
	for _, t := range f.tables { // rows that migrations put there
		if _, err := writer.ExecContext(ctx, "DELETE FROM "+t.Name); err != nil {
			return fmt.Errorf("emptying table %s: %w", t.Name, err)
		}
	}
	if err := fn(f); err != nil {
		return err
	}
	for _, t := range f.tables {
		if !f.filled[t.Name] {
			return fmt.Errorf("table %s was not filled: %w", t.Name, ErrTables)
		}
	}
	for _, s := range dress {
		if _, err := writer.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	return e.whole(ctx)
}

// form runs exactly these migrations.
func form(ctx context.Context, e engine, applied []int64, texts fs.FS) error {
	writer, _ := e.pools()
	p, err := provider(e, writer, texts)
	if err != nil {
		return err
	}
	var run []int64
	for _, s := range p.ListSources() {
		if len(applied) > 0 && s.Version <= slices.Max(applied) {
			run = append(run, s.Version)
		}
	}
	if len(run) == 0 || !slices.Equal(run, applied) {
		return fmt.Errorf("migrations %v: %w", applied, ErrForm)
	}
	_, err = p.UpTo(ctx, slices.Max(applied))
	return migrating(err)
}

func tablesOf(ctx context.Context, e engine) (tables []Table, err error) {
	writer, _ := e.pools()
	raw, err := writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer raw.Rollback()
	return Tables(&Tx{raw: raw, ctx: ctx, engine: e})
}

// Table puts all rows of one table in, and gives their number. Each table of
// the database must be filled once, if only with nothing.
func (f *Filling) Table(t Table, rows iter.Seq2[[]any, error]) (int64, error) {
	i := slices.IndexFunc(f.tables, func(own Table) bool { return own.Name == t.Name })
	if i < 0 || f.filled[t.Name] || !slices.EqualFunc(f.tables[i].Columns, t.Columns, func(a, b Column) bool { return a.Name == b.Name && a.Kind == b.Kind }) {
		return 0, fmt.Errorf("table %s: %w", t.Name, ErrTables)
	}
	f.filled[t.Name] = true
	n, err := f.engine.load(f.ctx, f.tables[i], rows)
	if err != nil {
		return n, fmt.Errorf("filling table %s: %w", t.Name, err)
	}
	return n, nil
}

// fillLite opens a file that is worth nothing until it is whole, so that
// nothing waits for the disk before.
func fillLite(ctx context.Context, path string) (filler, error) {
	writer, err := sql.Open("sqlite", address(path, "_pragma=journal_mode(OFF)", "_pragma=synchronous(OFF)",
		"_pragma=foreign_keys(OFF)", "_pragma=temp_store(MEMORY)", "_pragma=cache_size(-65536)"))
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	return &lite{path: path, writer: writer}, nil
}

func (e *lite) bare(ctx context.Context) (dress []string, err error) {
	rows, err := e.writer.QueryContext(ctx, "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var off []string
	for rows.Next() {
		var kind, name, text string
		if err := rows.Scan(&kind, &name, &text); err != nil {
			return nil, err
		}
		off = append(off, "DROP "+strings.ToUpper(kind)+" "+name)
		dress = append(dress, text)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	return dress, orders(ctx, e.writer, off)
}

func orders(ctx context.Context, db *sql.DB, statements []string) error {
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	return nil
}

func (e *lite) load(ctx context.Context, t Table, rows iter.Seq2[[]any, error]) (n int64, err error) {
	raw, err := e.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer raw.Rollback()
	names, _ := t.names()
	put, err := raw.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", t.Name, strings.Join(names, ", "), strings.Repeat(", ?", len(names)-1)))
	if err != nil {
		return 0, err
	}
	defer put.Close()
	for values, err := range rows {
		if err != nil {
			return n, err
		}
		for i, c := range t.Columns {
			if text, ok := values[i].(string); ok && pressedColumns[t.Name+"."+c.Name] && len(text) > 2 && text[0] == pressedMark {
				if b, err := bytesOf(text); err == nil { // else it stays damaged
					values[i] = b
				}
			}
		}
		if _, err := put.ExecContext(ctx, values...); err != nil {
			return n, err
		}
		n++
	}
	return n, raw.Commit()
}

func (e *lite) whole(ctx context.Context) error {
	rows, err := e.writer.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return errors.New("a row refers to one that is not there")
	}
	if err := errors.Join(rows.Err(), rows.Close(), e.writer.Close()); err != nil {
		return err
	}
	return syncFile(e.path)
}

// syncFile brings a file and its name to the disk.
func syncFile(path string) error {
	for _, name := range []string{path, filepath.Dir(path)} {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// fillPostgres makes the schema that the address names. Its commits do not
// wait for the disk; the one that puts it in its place does, for all.
func fillPostgres(ctx context.Context, url string) (filler, error) {
	schema, err := schemaOf(url)
	if err != nil {
		return nil, err
	}
	e := &postgres{url: url}
	if e.writers, err = postgresPool(ctx, url, 1, nil, nil); err != nil {
		return nil, err
	}
	e.writer = stdlib.OpenDBFromPool(e.writers)
	if err := orders(ctx, e.writer, []string{"CREATE SCHEMA " + pgx.Identifier{schema}.Sanitize(), "SET synchronous_commit = off"}); err != nil {
		return nil, errors.Join(e.explain(err), e.close())
	}
	return e, nil
}

// schemaOf is the schema of an address that Beside made.
func schemaOf(url string) (string, error) {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return "", fmt.Errorf("reading the address: %w", err)
	}
	schema := c.RuntimeParams["search_path"]
	if !strings.HasPrefix(schema, schemaPrefix) {
		return "", fmt.Errorf("schema %q is none of those that stand beside the house's own", schema)
	}
	return schema, nil
}

// bare takes off references, indexes that are no constraint, and triggers.
func (e *postgres) bare(ctx context.Context) (dress []string, err error) {
	rows, err := e.writer.QueryContext(ctx, `
		SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', r.relname, c.conname),
			format('ALTER TABLE %I ADD CONSTRAINT %I %s', r.relname, c.conname, pg_get_constraintdef(c.oid))
		FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
		WHERE c.connamespace = current_schema()::regnamespace AND c.contype = 'f'
		UNION ALL
		SELECT format('DROP INDEX %I', r.relname), pg_get_indexdef(i.indexrelid)
		FROM pg_index i JOIN pg_class r ON r.oid = i.indexrelid
		WHERE r.relnamespace = current_schema()::regnamespace
			AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
		UNION ALL
		SELECT format('ALTER TABLE %I DISABLE TRIGGER USER', r.relname), format('ALTER TABLE %I ENABLE TRIGGER USER', r.relname)
		FROM pg_class r WHERE r.relnamespace = current_schema()::regnamespace AND r.relkind = 'r'
			AND EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = r.oid AND NOT t.tgisinternal)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var off []string
	for rows.Next() {
		var o, on string
		if err := rows.Scan(&o, &on); err != nil {
			return nil, err
		}
		off, dress = append(off, o), append(dress, on)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	slices.Reverse(dress) // references last
	return dress, orders(ctx, e.writer, off)
}

func (e *postgres) load(ctx context.Context, t Table, rows iter.Seq2[[]any, error]) (n int64, err error) {
	conn, err := e.writers.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	names, _ := t.names()
	next, stop := iter.Pull2(rows)
	defer stop()
	return conn.CopyFrom(ctx, pgx.Identifier{t.Name}, names, pgx.CopyFromFunc(func() ([]any, error) {
		values, err, more := next()
		if !more {
			return nil, nil
		}
		return values, err
	}))
}

func (e *postgres) whole(ctx context.Context) error {
	_, err := e.writer.ExecContext(ctx, "ANALYZE")
	return err
}
