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
	for {
		rows, err := store.All(tx, scanStored, `SELECT id, version, state, step, procedure, channel, desk, holder, assignee, paused, filer, filed_at,
			accepted_at, due_at, risk_at, concluded_at, ended_at, timer_at, token, body FROM dossier WHERE id > $1 ORDER BY id LIMIT 200`, after)
		if err != nil {
			return fmt.Errorf("reading dossiers to verify: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, s := range rows {
			after = s.id
			state, err := r.stateOf(tx, s)
			if err != nil {
				return err
			}
			if err := yield("dossier/"+s.id, state); err != nil {
				return err
			}
		}
	}
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
	var c [16]string
	err := row.Scan(&s.id, &version, &c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &paused, &c[7], &c[8], &c[9], &c[10], &c[11], &c[12], &c[13], &c[14], &c[15], &s.body)
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
	c := columns(&d, s.body, World{Law: r.law()})
	texts := make([]string, 0, 16)
	for _, v := range append(slices.Clone(c[2:9]), c[10:19]...) {
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
		{"codes", `SELECT code FROM dossier_code WHERE dossier = $1`, ix.codes},
		{"units", `SELECT unit FROM dossier_unit WHERE dossier = $1`, ix.units},
		{"search terms", `SELECT term FROM dossier_term WHERE dossier = $1`, ix.terms},
	} {
		have, err := store.All(tx, column, part.query, d.ID)
		if err != nil {
			return "", err
		}
		if !same(have, part.want) {
			return part.name + " differ from the body", nil
		}
	}
	for _, k := range d.Slips {
		facts, err := store.One(tx, column, `SELECT facts FROM dossier_slip WHERE dossier = $1 AND kind = $2 AND number = $3`, d.ID, k.Kind, k.Number)
		if errors.Is(err, store.ErrNone) || err == nil && hash(facts) != k.Hash {
			return "slip " + k.Number + " differs from what was issued", nil
		}
		if err != nil {
			return "", err
		}
	}
	return s.body, nil
}

// same compares two lists without regard to order.
func same(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// Gaps lists the series of dossier codes whose numbers are not exactly 1…n.
// rel-I-D6
func (r *Register) Gaps(tx *store.Tx) ([]string, error) {
	type series struct {
		name, day string
		last      int64
	}
	list, err := store.All(tx, func(row store.Row) (s series, err error) {
		err = row.Scan(&s.name, &s.day, &s.last)
		return s, err
	}, `SELECT series, period, last FROM dossier_number WHERE series >= 'code/' AND series < 'code0' ORDER BY series, period`)
	if err != nil {
		return nil, fmt.Errorf("reading number series: %w", err)
	}
	var gaps []string
	for _, s := range list {
		agency := strings.TrimPrefix(s.name, "code/")
		prefix := agency + "-" + strings.ReplaceAll(s.day, "-", "") + "-"
		if rules, _ := r.law().Rules(s.day); rules.CodeGrammar == "2018" {
			prefix = agency + "-" + strings.ReplaceAll(s.day, "-", "")[2:] + "-"
		}
		codes, err := store.All(tx, column, `SELECT code FROM dossier_code WHERE code >= $1 AND code < $2 ORDER BY code`, prefix, prefix+"~")
		if err != nil {
			return nil, err
		}
		if int64(len(codes)) != s.last {
			gaps = append(gaps, fmt.Sprintf("%s %s: %d numbers given, %d codes", agency, s.day, s.last, len(codes)))
		}
	}
	return gaps, nil
}
