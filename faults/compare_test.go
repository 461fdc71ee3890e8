package faults

import (
	"database/sql"
	"fmt"
	"net/url"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// found is what the comparison of answers with the database gave.
type found struct {
	acknowledged, lost, doubled, unanswered int
}

// look opens the node's database beside the program, for reading.
func (n *node) look() (*sql.DB, error) {
	if n.database != "" {
		return sql.Open("pgx", n.database)
	}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: n.file()}).EscapedPath()+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)")
}

// compare holds the client's file against the database, key by key: each
// acknowledged act is stored (rel-I-D1), none twice, and what the database holds
// beyond it are only acts whose answer was lost. It is cheap enough for every
// round; verify proves the rest.
func (c *client) compare(t testing.TB) found {
	t.Helper()
	db, err := c.n.look()
	must(t, err)
	defer db.Close()
	stored := map[string]string{} // key → dossier
	each(t, db, `SELECT key, dossier FROM dossier_request`, func(key, id string) {
		if _, twice := stored[key]; twice {
			t.Errorf("key %s is stored twice", key)
		}
		stored[key] = id
	})
	codes := map[string]string{}
	each(t, db, `SELECT dossier, code FROM dossier_code`, func(id, code string) { codes[id] = code })
	f := found{acknowledged: len(c.acks)}
	seen := map[string]string{} // code → dossier
	for key, a := range c.acks {
		id, ok := stored[key]
		code, there := codes[a.ID]
		switch {
		case !ok || !there:
			f.lost++
		case id != a.ID || code != a.Code:
			f.lost++
			t.Errorf("%s was answered with %s %s; stored is %s %s", a.Act, a.ID, a.Code, id, code)
		}
		if other, taken := seen[a.Code]; taken && other != a.ID {
			t.Errorf("code %s was given to two dossiers", a.Code) // rel-I-D5
		}
		seen[a.Code] = a.ID
	}
	for key := range stored {
		if _, ok := c.acks[key]; ok {
			continue
		}
		if _, ok := c.unsure[key]; ok {
			f.unanswered++
			continue
		}
		t.Errorf("an act under key %s is stored that was refused or never sent", key)
	}
	f.doubled = count(t, db, `SELECT COUNT(*) FROM dossier`) - count(t, db, `SELECT COUNT(*) FROM (SELECT DISTINCT dossier FROM dossier_request) AS d`)
	f.doubled += count(t, db, `SELECT COUNT(*) FROM journal_entry WHERE subject LIKE 'dossier/%'`) - len(stored)
	if n := count(t, db, `SELECT COUNT(*) FROM (SELECT filer FROM dossier GROUP BY filer HAVING COUNT(*) > 1) AS twice`); n > 0 {
		f.doubled += n
	}
	if gaps := count(t, db, `SELECT COALESCE(SUM(last), 0) FROM dossier_number WHERE series LIKE 'code/%'`) - count(t, db, `SELECT COUNT(*) FROM dossier_code`); gaps != 0 {
		t.Errorf("%d more numbers were taken than dossiers have codes", gaps) // rel-I-D6
	}
	if n := count(t, db, `SELECT size FROM journal_head`) - count(t, db, `SELECT COUNT(*) FROM journal_entry`); n != 0 {
		t.Errorf("the head counts %d more entries than there are", n) // rel-I-D2
	}
	if n := count(t, db, `SELECT COALESCE(SUM(last), 0) FROM payment_series`) - count(t, db, `SELECT COUNT(*) FROM payment_receipt`); n != 0 {
		t.Errorf("%d more receipt numbers were taken than receipts are there", n)
	}
	return f
}

func each(t testing.TB, db *sql.DB, query string, row func(a, b string)) {
	t.Helper()
	rows, err := db.Query(query)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var a, b string
		must(t, rows.Scan(&a, &b))
		row(a, b)
	}
	must(t, rows.Err())
}

func count(t testing.TB, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
	return n
}
