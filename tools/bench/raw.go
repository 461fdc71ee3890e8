package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// table is one table of the measured database and its rows.
type table struct {
	name    string
	columns int
	rows    [][]any
}

// rawMost is how many intakes the raw runs write at most.
const rawMost = 20_000

// raw writes again, into a fresh file with the same tables, indexes and
// triggers, exactly the rows that the measured program wrote, with the same
// driver and settings, and nothing else: group intakes to a commit.
func raw(ctx context.Context, from, to string, group int, each time.Duration) (result, error) {
	source, err := openLite(from)
	if err != nil {
		return result{}, err
	}
	defer source.Close()
	tables, n, err := rowsOf(ctx, source)
	if err != nil {
		return result{}, err
	}
	target, err := emptyCopy(ctx, source, to)
	if err != nil {
		return result{}, err
	}
	defer target.Close()
	return replay(ctx, target, tables, n, group, each)
}

func openLite(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate") // without foreign keys: rows are taken table by table
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// emptyCopy makes the same tables without rows.
func emptyCopy(ctx context.Context, source *sql.DB, to string) (*sql.DB, error) {
	texts, err := column(ctx, source, `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose%'
		ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END`)
	if err != nil {
		return nil, err
	}
	target, err := openLite(to)
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		if _, err := target.ExecContext(ctx, text); err != nil {
			return nil, fmt.Errorf("copying tables: %w", err)
		}
	}
	return target, nil
}

// asked is a database, or one connection to it.
type asked interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func column(ctx context.Context, db asked, query string, args ...any) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// rowsOf reads the first rows of every table that grew with the intakes, in
// the order in which they were written.
func rowsOf(ctx context.Context, db *sql.DB) (tables []table, intakes int, err error) {
	var total int
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM dossier`).Scan(&total); err != nil {
		return nil, 0, err
	}
	intakes = min(total, rawMost)
	names, err := column(ctx, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose%' ORDER BY name`)
	if err != nil {
		return nil, 0, err
	}
	for _, name := range names {
		var count int
		if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM "`+name+`"`).Scan(&count); err != nil {
			return nil, 0, err
		}
		if count < total/2 {
			continue
		}
		t, err := readTable(ctx, db, name, count*intakes/total)
		if err != nil {
			return nil, 0, err
		}
		tables = append(tables, t)
	}
	return tables, intakes, nil // by name: dossier stands before what refers to it
}

func readTable(ctx context.Context, db *sql.DB, name string, most int) (table, error) {
	t := table{name: name}
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`SELECT * FROM "%s" ORDER BY rowid LIMIT %d`, name, most))
	if err != nil {
		rows, err = db.QueryContext(ctx, fmt.Sprintf(`SELECT * FROM "%s" LIMIT %d`, name, most)) // without rowid
	}
	if err != nil {
		return t, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return t, err
	}
	t.columns = len(names)
	for rows.Next() {
		values := make([]any, t.columns)
		places := make([]any, t.columns)
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return t, err
		}
		t.rows = append(t.rows, values)
	}
	return t, rows.Err()
}

// replay writes intakes, group to a commit, until the time or the rows end.
func replay(ctx context.Context, db *sql.DB, tables []table, intakes, group int, each time.Duration) (result, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	statements := make([]*sql.Stmt, len(tables))
	for i, t := range tables {
		marks := strings.TrimSuffix(strings.Repeat("?, ", t.columns), ", ")
		if statements[i], err = conn.PrepareContext(ctx, fmt.Sprintf(`INSERT OR IGNORE INTO "%s" VALUES (%s)`, t.name, marks)); err != nil {
			return result{}, err
		}
	}
	begun, used, done := time.Now(), ownCPU(), 0
	var times []time.Duration
	for done < intakes && time.Since(begun) < each {
		one := time.Now()
		if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return result{}, err
		}
		for last := min(done+group, intakes); done < last; done++ {
			for i, t := range tables {
				for _, row := range t.rows[len(t.rows)*done/intakes : len(t.rows)*(done+1)/intakes] {
					if _, err := statements[i].ExecContext(ctx, row...); err != nil {
						return result{}, fmt.Errorf("writing %s: %w", t.name, err)
					}
				}
			}
		}
		if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
			return result{}, err
		}
		times = append(times, time.Since(one))
	}
	if done == 0 {
		return result{}, errors.New("no intake was written: nothing to compare with")
	}
	slices.Sort(times)
	return result{
		Rate: float64(done) / time.Since(begun).Seconds(), P50: times[len(times)/2], P99: times[len(times)*99/100],
		CPU: (ownCPU() - used) / time.Duration(done),
	}, nil
}

// emptyDatabase makes a database on the server for the length of the run.
func emptyDatabase(ctx context.Context, server string) (address string, drop func(), err error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := "quay20_bench_" + strings.ToLower(rand.Text()[:10])
	if _, err := admin.ExecContext(ctx, `CREATE DATABASE `+name+` TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'`); err != nil {
		admin.Close()
		return "", nil, fmt.Errorf("making a database: %w", err)
	}
	u, err := url.Parse(server)
	if err != nil {
		admin.Close()
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		admin.ExecContext(context.WithoutCancel(ctx), `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
		admin.Close()
	}, nil
}
