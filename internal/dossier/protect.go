package dossier

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"quay20/internal/journal"
	"quay20/internal/store"
)

// Protected lets verify compare every stored dossier with the last journal
// entry about it: its body by hash, and everything taken from the body
// (columns, codes, units, terms, slips) with what the body gives; its acts with
// the state machine; and the numbers in all codes with their series. rel-I-J2,
// rel-I-J9, rel-I-D6, rel-I-D7, rel-I-D8
func (r *Register) Protected() journal.Protected {
	c := &checker{Register: r}
	return journal.Protected{Prefix: "dossier/", Each: c.each, Past: c.past, End: c.numbers.gaps, Sorted: true}
}

// checker is verify's walk over the dossiers.
type checker struct {
	*Register
	at      *Dossier // the one that was yielded last; nil if it is unreadable
	numbers numbers
}

func (c *checker) each(tx *store.Tx, yield func(subject, state string) error) (err error) {
	r := c.Register
	if c.numbers, err = r.numbers(tx); err != nil {
		return err
	}
	pairs := map[string]*pairs{"code": newPairs(), "term": newPairs()}
	err = r.eachStored(tx, func(s stored, state string) error {
		c.at = s.dossier
		for name, values := range map[string][]string{"code": s.index.codes, "term": s.index.terms} {
			for _, v := range values {
				pairs[name].add(v, s.id)
			}
		}
		return yield("dossier/"+s.id, state)
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"code", "term"} {
		differ, err := r.strangers(tx, name, pairs[name], yield)
		if err != nil {
			return err
		}
		c.numbers.doubtful = c.numbers.doubtful || differ
	}
	return nil
}

// eachStored gives every dossier as it is stored, and its canonical state or
// what is wrong with it.
func (r *Register) eachStored(tx *store.Tx, yield func(s stored, state string) error) error {
	for after := ""; ; {
		rows, err := store.All(tx, scanStored, `SELECT id, version, state, step, procedure, channel, desk, holder, assignee, paused, filer, filed_at,
			accepted_at, due_at, risk_at, concluded_at, ended_at, timer_at, asked, token, body FROM dossier WHERE id > $1 ORDER BY id LIMIT 200`, after)
		if err != nil {
			return fmt.Errorf("reading dossiers to verify: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		near, err := besides(tx, after, rows[len(rows)-1].id)
		if err != nil {
			return err
		}
		for _, s := range rows {
			after = s.id
			state := r.stateOf(&s, near[s.id])
			if err := yield(s, state); err != nil {
				return err
			}
		}
	}
}

// pairs are values beside dossiers, summed so that two lots are equal if their
// numbers and sums are; nobody knows the seed.
type pairs struct {
	seed maphash.Seed
	n    int
	sum  uint64
}

func newPairs() *pairs { return &pairs{seed: maphash.MakeSeed()} }

func (p *pairs) add(value, id string) {
	p.n++
	p.sum += maphash.String(p.seed, value+"\x00"+id)
}

// strangers compares a table of codes or search terms, kept by value and not by
// dossier, with what the dossiers have, and says which differ if any do.
func (r *Register) strangers(tx *store.Tx, name string, want *pairs, yield func(subject, state string) error) (differ bool, err error) {
	have := &pairs{seed: want.seed}
	table := "dossier_" + name
	for value, id := "", ""; ; {
		type pair struct{ value, id string }
		some, err := store.All(tx, func(row store.Row) (p pair, err error) { return p, row.Scan(&p.value, &p.id) },
			`SELECT `+name+`, dossier FROM `+table+` WHERE `+name+` >= $1 AND (`+name+` > $1 OR dossier > $2) ORDER BY `+name+`, dossier LIMIT 1000`, value, id)
		if err != nil {
			return false, fmt.Errorf("reading %s: %w", table, err)
		}
		for _, p := range some {
			value, id = p.value, p.id
			have.add(value, id)
		}
		if len(some) < 1000 {
			break
		}
	}
	if *have == *want {
		return false, nil
	}
	err = r.eachStored(tx, func(s stored, state string) error {
		values := map[string][]string{"code": s.index.codes, "term": s.index.terms}[name]
		n, err := countPairs(tx, table+" WHERE "+name, values, s.id)
		if err == nil && n != len(values) {
			err = yield("dossier/"+s.id, name+"s differ from the body")
		}
		return err
	})
	if err == nil && have.n != want.n {
		err = yield("dossier/"+table, fmt.Sprintf("%d rows, want %d", have.n, want.n))
	}
	return true, err
}

// stored is a dossier's row as it lies in the table.
type stored struct {
	id      string
	columns string // all but timer and body, as one text
	timer   string
	body    string
	index   indexed // what the body says it is found by
	dossier *Dossier
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
	s.timer, c[14] = c[14], ""
	s.columns = fmt.Sprint(s.id, version, paused, strings.Join(c[:], "\x00"))
	return s, err
}

// beside is what lies beside one dossier in tables kept by dossier.
type beside struct {
	lists map[string][]string
	facts map[string]string // of slips, by kind and number
}

// besides reads it for all dossiers behind one and up to another.
func besides(tx *store.Tx, after, last string) (map[string]beside, error) {
	near := map[string]beside{}
	type line struct{ dossier, value, facts string }
	for _, part := range []struct{ name, query string }{
		{"units", `SELECT dossier, unit, '' FROM dossier_unit`},
		{"slips", `SELECT dossier, kind || ' ' || number, facts FROM dossier_slip`},
		{"moved dates", `SELECT dossier, notice, '' FROM dossier_move`},
		{"desks before", `SELECT dossier, desk, '' FROM dossier_passed`},
	} {
		all, err := store.All(tx, func(row store.Row) (l line, err error) { return l, row.Scan(&l.dossier, &l.value, &l.facts) },
			part.query+` WHERE dossier > $1 AND dossier <= $2`, after, last)
		if err != nil {
			return nil, fmt.Errorf("reading the %s of dossiers: %w", part.name, err)
		}
		for _, l := range all {
			b, known := near[l.dossier]
			if !known {
				b = beside{map[string][]string{}, map[string]string{}}
				near[l.dossier] = b
			}
			b.lists[part.name] = append(b.lists[part.name], l.value)
			b.facts[l.value] = l.facts
		}
	}
	return near, nil
}

// stateOf is the canonical state of a stored dossier, or a word saying which
// part of it was changed behind the program's back.
func (r *Register) stateOf(s *stored, near beside) string {
	d, err := parse(s.body)
	if err != nil {
		return "unreadable"
	}
	s.dossier, s.index = &d, *d.index()
	w := World{Law: r.law()}
	c := columns(&d, w)
	if timer := c[17]; timer != s.timer && w.CheckUntil(&d).IsZero() { // hours to look go by the calendar, which a notice may have changed since
		return "columns differ from the body"
	}
	c[17] = ""
	texts := make([]string, 0, 17)
	for _, v := range append(slices.Clone(c[2:9]), c[10:20]...) {
		texts = append(texts, v.(string))
	}
	if fmt.Sprint(c[0], c[1], c[9], strings.Join(texts, "\x00")) != s.columns {
		return "columns differ from the body"
	}
	for name, want := range map[string][]string{
		"units": s.index.units, "slips": slipNames(&d), "moved dates": moveNames(&d), "desks before": d.formerDesks(),
	} {
		if !same(near.lists[name], want) {
			return name + " differ from the body"
		}
	}
	for _, k := range d.Slips {
		if facts, err := store.Unpress(near.facts[k.Kind+" "+k.Number]); err != nil || hash(facts) != k.Hash {
			return "slip " + k.Number + " differs from what was issued"
		}
	}
	return s.body
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
