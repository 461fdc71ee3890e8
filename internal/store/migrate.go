package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
)

// migrations of all rooms, NNNN_<room>.sql. They go forward only, and the
// release before must still run after them.
//
//go:embed migrations/*.sql
var migrations embed.FS

// upgrade brings the database to the newest form, after a rehearsal if an
// earlier release left it. It may run twice, and from several nodes one after
// the other (rel-I-X3).
func (db *DB) upgrade(ctx context.Context, o Options) error {
	p, err := provider(db.engine, db.writer, o.Migrations)
	if err != nil {
		return err
	}
	if err := db.legible(ctx); err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil || !pending {
		return migrating(err)
	}
	version, err := p.GetDBVersion(ctx)
	if err != nil {
		return migrating(err)
	}
	if version > 0 && o.Rehearse != nil {
		if err := o.Rehearse(ctx, db); err != nil {
			return err
		}
	}
	_, err = p.Up(ctx)
	return migrating(err)
}

// legible refuses a database whose list of migrations is spoilt: goose would
// take it for a new one.
func (db *DB) legible(ctx context.Context) error {
	var n int
	err := db.writer.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+gooseTable).Scan(&n)
	if err == nil || db.engine.fault(err) == ordinary { // a new database has no such table
		return nil
	}
	return fmt.Errorf("reading the list of migrations: %w", err)
}

func migrating(err error) error {
	if err != nil {
		err = fmt.Errorf("migrating: %w", err)
	}
	return err
}

func provider(e engine, writer *sql.DB, texts fs.FS) (*goose.Provider, error) {
	own, err := textsFor(e.name(), texts)
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	if e.name() == "postgres" {
		dialect = goose.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, writer, own, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("reading the migrations: %w", err)
	}
	return p, nil
}

// textsFor gives the migrations in the words of one engine: lines from
// "-- engine: sqlite" to "-- engine: any" are for SQLite alone, and likewise
// for postgres. Only what neither can say alike is written twice.
func textsFor(engine string, texts fs.FS) (fs.FS, error) {
	if texts == nil {
		texts = migrations
	}
	own := fstest.MapFS{}
	names, err := fs.Glob(texts, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(texts, name)
		if err != nil {
			return nil, err
		}
		_, base, _ := strings.Cut(name, "/")
		own[base] = &fstest.MapFile{Data: []byte(wordsFor(engine, string(text)))}
	}
	if len(own) == 0 {
		return nil, errors.New("no migrations are embedded")
	}
	return own, nil
}

func wordsFor(engine, text string) string {
	var own strings.Builder
	mine := true
	for line := range strings.Lines(text) {
		if of, is := strings.CutPrefix(strings.TrimSpace(line), "-- engine: "); is {
			mine = of == "any" || of == engine
			continue
		}
		if mine {
			own.WriteString(line)
		}
	}
	return own.String()
}

// Migrations are the texts of all migrations of this release.
func Migrations() fs.FS { return migrations }
