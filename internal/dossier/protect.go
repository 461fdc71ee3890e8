package dossier

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"quay20/internal/journal"
	"quay20/internal/store"
)

// Protected lets verify compare every stored dossier with the last journal
// entry about it: its body by hash, and everything taken from the body —
// columns, codes, units, terms, slips — with what the body gives. rel-I-J2, rel-I-J9
func (r *Register) Protected() journal.Protected {
	return journal.Protected{Prefix: "dossier/", Each: r.each}
}

func (r *Register) each(tx *store.Tx, yield func(subject, state string) error) error {
	after := ""
	var codes, terms int
	for {
		rows, err := store.All(tx, scanStored, `SELECT id, version, state, step, procedure, channel, desk, holder, assignee, paused, filer, filed_at,
			accepted_at, due_at, risk_at, concluded_at, ended_at, timer_at, asked, token, body FROM dossier WHERE id > $1 ORDER BY id LIMIT 200`, after)
		if err != nil {
			return fmt.Errorf("reading dossiers to verify: %w", err)
		}
		if len(rows) == 0 {
			return strays(tx, codes, terms, yield)
		}
		for _, s := range rows {
			after = s.id
			state, err := r.stateOf(tx, s)
			if err != nil {
				return err
			}
			if d, err := parse(s.body); err == nil {
				ix := d.index()
				codes, terms = codes+len(ix.codes), terms+len(ix.terms)
			}
			if err := yield("dossier/"+s.id, state); err != nil {
				return err
			}
		}
	}
}

// strays reports codes and search terms that were put in beside those the
// dossiers have.
func strays(tx *store.Tx, codes, terms int, yield func(subject, state string) error) error {
	for table, want := range map[string]int{"dossier_code": codes, "dossier_term": terms} {
		n, err := store.One(tx, number, `SELECT COUNT(*) FROM `+table)
		if err != nil {
			return fmt.Errorf("counting %s: %w", table, err)
		}
		if int(n) != want {
			if err := yield("dossier/"+table, fmt.Sprintf("%d rows, want %d", n, want)); err != nil {
				return err
			}
		}
	}
	return nil
}

// stored is a dossier's row as it lies in the table.
type stored struct {
	id      string
	columns string // all but the body, as one text
	body    string
}

func scanStored(row store.Row) (stored, error) {
	var s stored
	var version int64
	var paused bool
	var c [17]string
	err := row.Scan(&s.id, &version, &c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &paused, &c[7], &c[8], &c[9], &c[10], &c[11], &c[12], &c[13], &c[14], &c[15], &c[16], &s.body)
	if body, failed := store.Unpress(s.body); failed == nil { // else it stays unreadable
		s.body = body
	}
	s.columns = fmt.Sprint(s.id, version, paused, strings.Join(c[:], "\x00"))
	return s, err
}

// stateOf is the canonical state of a stored dossier, or a word
// saying which part of it was changed behind the program's back.
func (r *Register) stateOf(tx *store.Tx, s stored) (string, error) {
	d, err := parse(s.body)
	if err != nil {
		return "unreadable", nil
	}
	c := columns(&d, World{Law: r.law()})
	texts := make([]string, 0, 17)
	for _, v := range append(slices.Clone(c[2:9]), c[10:20]...) {
		texts = append(texts, v.(string))
	}
	if fmt.Sprint(c[0], c[1], c[9], strings.Join(texts, "\x00")) != s.columns {
		return "columns differ from the body", nil
	}
	ix := d.index()
	for _, part := range []struct {
		name, query string
		want        []string
	}{
		{"units", `SELECT unit FROM dossier_unit WHERE dossier = $1`, ix.units},
		{"slips", `SELECT kind || ' ' || number FROM dossier_slip WHERE dossier = $1`, slipNames(&d)},
		{"moved dates", `SELECT notice FROM dossier_move WHERE dossier = $1`, moveNames(&d)},
		{"desks before", `SELECT desk FROM dossier_passed WHERE dossier = $1`, d.formerDesks()},
	} {
		have, err := store.All(tx, column, part.query, d.ID)
		if err != nil {
			return "", err
		}
		if !same(have, part.want) {
			return part.name + " differ from the body", nil
		}
	}
	for _, part := range []struct {
		name, table string
		want        []string
	}{{"codes", "dossier_code WHERE code", ix.codes}, {"search terms", "dossier_term WHERE term", ix.terms}} {
		n, err := countPairs(tx, part.table, part.want, d.ID)
		if err != nil {
			return "", err
		}
		if n != len(part.want) {
			return part.name + " differ from the body", nil
		}
	}
	for _, k := range d.Slips {
		facts, err := store.One(tx, pressed, `SELECT facts FROM dossier_slip WHERE dossier = $1 AND kind = $2 AND number = $3`, d.ID, k.Kind, k.Number)
		if errors.Is(err, store.ErrNone) || errors.Is(err, store.ErrPressed) || err == nil && hash(facts) != k.Hash {
			return "slip " + k.Number + " differs from what was issued", nil
		}
		if err != nil {
			return "", err
		}
	}
	return s.body, nil
}

// countPairs says how many of the values stand beside the dossier. The tables
// are kept by value, not by dossier, so that a write touches one index only.
func countPairs(tx *store.Tx, from string, values []string, id string) (int, error) {
	if len(values) == 0 {
		return 0, nil
	}
	args := []any{id}
	marks := make([]string, len(values))
	for i, v := range values {
		args = append(args, v)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	n, err := store.One(tx, number, `SELECT COUNT(*) FROM `+from+` IN (`+strings.Join(marks, ", ")+`) AND dossier = $1`, args...)
	return int(n), err
}

func slipNames(d *Dossier) []string {
	var names []string
	for _, k := range d.Slips {
		names = append(names, k.Kind+" "+k.Number)
	}
	return names
}

func moveNames(d *Dossier) []string {
	var names []string
	for _, m := range d.Moves {
		names = append(names, m.Notice)
	}
	return names
}

// same compares two lists without regard to order.
func same(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
