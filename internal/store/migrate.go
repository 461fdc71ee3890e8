package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrations of all rooms, NNNN_<room>.sql. They go forward only, and the
// release before must still run after them.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the database to the newest form. It may run twice, and from
// several nodes at once (rel-I-X3).
func migrate(ctx context.Context, e engine, turn lock.SessionLocker) error {
	texts, err := textsFor(e.name())
	if err != nil {
		return err
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if turn != nil {
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(turn))
	}
	writer, _ := e.pools()
	p, err := goose.NewProvider(dialect, writer, texts, options...)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

// textsFor gives the migrations in the words of one engine: lines from
// "-- engine: sqlite" to "-- engine: any" are for SQLite alone, and likewise
// for postgres. Only what neither can say alike is written twice.
func textsFor(engine string) (fs.FS, error) {
	own := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations, name)
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

// Migrations are the texts of all migrations, for package storetest, which
// must know when they change.
func Migrations() fs.FS { return migrations }
