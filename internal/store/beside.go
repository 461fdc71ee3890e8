package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"quay20/internal/problem"
)

// schemaPrefix begins the names of schemas that stand beside the house's own.
const schemaPrefix = "quay20_"

// Beside is the address of a second database near the first, for a copy that
// is proven before it takes its place: another file in the same folder, or
// another schema of the same PostgreSQL database. name is a word.
func Beside(database, name string) string {
	if !isPostgres(database) {
		return database + "." + name
	}
	u, err := url.Parse(database)
	if err != nil {
		return database // opening it says what is wrong
	}
	q := u.Query()
	q.Set("search_path", schemaPrefix+name)
	u.RawQuery = q.Encode()
	return u.String()
}

// Remove removes a database that Beside named, if it is there.
func Remove(ctx context.Context, database string) error {
	if !isPostgres(database) {
		var errs []error
		for _, end := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
			if err := os.Remove(database + end); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	schema, err := schemaOf(database)
	if err != nil {
		return err
	}
	return onPostgres(ctx, database, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{schema}.Sanitize()+" CASCADE")
		return err
	})
}

func onPostgres(ctx context.Context, url string, fn func(pgx.Tx) error) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return (&postgres{}).explain(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginFunc(ctx, conn, fn)
}

// Alone refuses while any program has the database open.
func Alone(ctx context.Context, database string) error {
	if isPostgres(database) {
		return onPostgres(ctx, database, func(tx pgx.Tx) error { return alone(ctx, tx) })
	}
	return setDown(ctx, database)
}

// Replace puts the database beside, name, in the place of the house's own,
// which it keeps beside under another name, if there was one. At every instant
// one of the two stands there whole. It refuses while any program has the old
// one open (rel-F13).
func Replace(ctx context.Context, database, name, kept string) (old bool, err error) {
	if isPostgres(database) {
		return true, replacePostgres(ctx, database, schemaPrefix+name, schemaPrefix+kept)
	}
	return replaceLite(ctx, database, Beside(database, name), Beside(database, kept))
}

// replaceLite gives the old file a second name and then the new one its first.
func replaceLite(ctx context.Context, path, side, kept string) (old bool, err error) {
	release, err := takeTurn(ctx, turnFile(path))
	if err != nil {
		return false, err
	}
	defer release()
	if err := errors.Join(setDown(ctx, path), setDown(ctx, side)); err != nil {
		return false, err
	}
	err = os.Link(path, kept)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("keeping the old database: %w", err)
	}
	old = err == nil
	if err := syncDir(filepath.Dir(path)); err != nil {
		return old, err
	}
	if err := os.Rename(side, path); err != nil {
		return old, fmt.Errorf("putting the new database in its place: %w", err)
	}
	if err := os.Remove(turnFile(side)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return old, err
	}
	return old, syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// setDown folds a database into its one file, which SQLite does only for who
// is alone with it. What a damaged one leaves beside its file is moved away,
// so that it is not taken for the new one's.
func setDown(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := sql.Open("sqlite", address(path, "_pragma=busy_timeout(2000)", "_pragma=synchronous(FULL)"))
	if err != nil {
		return err
	}
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	err = errors.Join(err, db.Close())
	if (&lite{}).fault(err) == busy || err == nil && mode != "delete" {
		return problem.New(problem.Conflict, "store.in-use", "who", path)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, end := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Rename(path+end, path+".damaged"+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// replacePostgres renames both schemas in one transaction. The lock of those
// who migrate keeps programs from opening the database meanwhile.
func replacePostgres(ctx context.Context, url, side, kept string) error {
	return onPostgres(ctx, url, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(lockNumber)); err != nil {
			return err
		}
		if err := alone(ctx, tx); err != nil {
			return err
		}
		for _, s := range []string{
			"SET LOCAL synchronous_commit = on",
			"ALTER SCHEMA public RENAME TO " + pgx.Identifier{kept}.Sanitize(),
			"ALTER SCHEMA " + pgx.Identifier{side}.Sanitize() + " RENAME TO public",
		} {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
}

// alone refuses while others are connected to the database. A connection that
// was just closed may be listed a little longer.
func alone(ctx context.Context, tx pgx.Tx) error {
	var others []string
	for range 20 {
		rows, err := tx.Query(ctx, `
			SELECT DISTINCT COALESCE(NULLIF(application_name, ''), usename::text, '?') || ' ' || COALESCE(host(client_addr), 'local')
			FROM pg_stat_activity, pg_stat_clear_snapshot()
			WHERE datname = current_database() AND pid <> pg_backend_pid()
				AND usesysid IS NOT NULL AND COALESCE(backend_type, 'client backend') = 'client backend'`)
		if err != nil {
			return err
		}
		if others, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(others) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return problem.New(problem.Conflict, "store.in-use", "who", strings.Join(others, ", "))
}
