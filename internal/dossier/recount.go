package dossier

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store"
)

// Cell is one square of a count of dossiers.
type Cell struct {
	Desk  pack.UnitKey
	State State
	Day   pack.Date // on which it was accepted; "" if it never was
}

// Tally says how many dossiers lie in each cell.
type Tally map[Cell]int

// Sum counts the dossiers of the cells that fit.
func (t Tally) Sum(fit func(Cell) bool) int {
	n := 0
	for c, k := range t {
		if fit(c) {
			n += k
		}
	}
	return n
}

// Recount is all dossiers counted in three ways that share no table: what the
// journal tells, what the register's columns say, and what the officers of
// each desk see in the bodies within their scope.
type Recount struct {
	Journal, Register, Desks Tally

	queues []Difference // queues of a desk that differ from the dossiers seen there
}

// Difference is a place where the three counts are not the same.
type Difference struct {
	By                       string // "state", "desk", "day", "cell", "queue", "unseen"
	Name                     string
	Journal, Register, Desks int
}

// Recount counts the dossiers of all desks on one snapshot, for whoever moved
// many of them or played them: afterwards Differences must be empty. It leaves
// no trace and shows nobody's data.
func (r *Register) Recount(ctx context.Context, roll *officer.Roll) (c Recount, err error) {
	officers, err := roll.List(ctx, officer.Console(), officer.Filter{Limit: math.MaxInt})
	if err != nil {
		return c, fmt.Errorf("recounting dossiers: %w", err)
	}
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		c = Recount{Journal: Tally{}, Register: Tally{}, Desks: Tally{}}
		if err := r.replay(tx, c.Journal); err != nil {
			return err
		}
		if err := sumColumns(tx, c.Register); err != nil {
			return err
		}
		return r.askDesks(tx, officers, &c)
	})
	if err != nil {
		return c, fmt.Errorf("recounting dossiers: %w", err)
	}
	return c, nil
}

// replay counts by the journal alone. It reads it from the end: the first word
// about a dossier's state and desk is the last one said, and the last word
// about its acceptance the first.
func (r *Register) replay(tx *store.Tx, into Tally) error {
	found := map[string]Cell{}
	for next := (journal.Filter{Limit: 1000}); ; {
		entries, err := journal.List(tx, next)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Subject, "dossier/") {
				continue
			}
			t, err := tell(e)
			if err != nil {
				return fmt.Errorf("reading entry %d: %w", e.Index, err)
			}
			c := found[e.Subject]
			c.State = cmp.Or(c.State, t.State)
			c.Desk = cmp.Or(c.Desk, r.deskIn(e, t))
			if t.State == Accepted {
				c.Day = pack.On(e.At)
			}
			found[e.Subject] = c
		}
		if len(entries) < next.Limit {
			break
		}
		next.Before = entries[len(entries)-1].Index
	}
	for _, c := range found {
		into[c]++
	}
	return nil
}

// deskIn is the desk that an entry says the dossier lies at, "" if it says
// none. Journals of the first release name it by its code alone.
func (r *Register) deskIn(e journal.Entry, t told) pack.UnitKey {
	on := pack.On(e.At)
	switch {
	case t.Desk != "":
		return t.Desk
	case e.Act == "receive":
		u, _ := r.law().Unit(e.Desk, on)
		return u.Key
	case e.Act == "file":
		for _, u := range r.law().Desks(on) {
			if a, ok := r.law().AgencyCode(u.Key, on); ok && strings.HasPrefix(string(t.Code), a.Code+"-") {
				return u.Key
			}
		}
	}
	return ""
}

// sumColumns counts by the columns of the register. Whole hours are enough to
// know the day in Viet Nam.
func sumColumns(tx *store.Tx, into Tally) error {
	type row struct {
		Cell
		hour string
		n    int64
	}
	rows, err := store.All(tx, func(s store.Row) (v row, err error) {
		return v, s.Scan(&v.Desk, &v.State, &v.hour, &v.n)
	}, `SELECT desk, state, substr(accepted_at, 1, 13), COUNT(*) FROM dossier GROUP BY desk, state, substr(accepted_at, 1, 13)`)
	if err != nil {
		return fmt.Errorf("counting the register: %w", err)
	}
	for _, v := range rows {
		if v.hour != "" {
			at, err := store.ParseTime(v.hour + ":00:00.000Z")
			if err != nil {
				return err
			}
			v.Day = pack.On(at)
		}
		into[v.Cell] += int(v.n)
	}
	return nil
}

// askDesks counts as an officer of each desk sees it: the bodies within the
// desk's scope, and beside them the queues of the page "Việc".
func (r *Register) askDesks(tx *store.Tx, officers []officer.Officer, c *Recount) error {
	law, on := r.law(), pack.On(tx.Now)
	desks := map[pack.UnitKey]bool{}
	for _, u := range law.Desks(on) {
		desks[u.Key] = true
	}
	for _, t := range []Tally{c.Journal, c.Register} {
		for cell := range t {
			desks[cell.Desk] = true
		}
	}
	sees := lookers(law, officers, on)
	for _, desk := range slices.Sorted(maps.Keys(desks)) {
		seen := Tally{}
		if err := bodiesOf(tx, desk, seen); err != nil {
			return err
		}
		for cell, n := range seen {
			c.Desks[cell] += n
		}
		in := func(states ...State) func(Cell) bool {
			return func(x Cell) bool { return x.Desk == desk && slices.Contains(states, x.State) }
		}
		by, staffed := sees[desk]
		if open := seen.Sum(func(x Cell) bool { return !x.State.Final() }); !staffed {
			if open > 0 { // closed ones may lie at a desk that is no more
				c.queues = append(c.queues, Difference{"unseen", string(desk), open, open, 0})
			}
			continue
		}
		for _, q := range []struct {
			queue Queue
			holds func(Cell) bool
		}{
			{OfDesk, in(Filed, Accepted, Processing, Supplement, Payment, Concluded)}, {Online, in(Filed)}, {Ready, in(Concluded)},
		} {
			n, err := count(tx, by, q.queue, math.MaxInt32)
			if err != nil {
				return err
			}
			if j, k := c.Journal.Sum(q.holds), c.Register.Sum(q.holds); j != n || k != n {
				c.queues = append(c.queues, Difference{"queue", string(desk) + " " + string(q.queue), j, k, n})
			}
		}
	}
	return nil
}

// lookers gives for each unit an officer who sees its work today, best one of
// its own, narrowed to it.
func lookers(law *pack.Pack, officers []officer.Officer, on pack.Date) map[pack.UnitKey]officer.By {
	sees := map[pack.UnitKey]officer.By{}
	for _, o := range officers {
		for _, g := range o.Grants {
			if by := (officer.By{Officer: o, Role: g.Role, Unit: g.Unit}); o.Active && g.Holds(on) && by.Can(officer.Worklist) {
				for _, u := range law.Under(g.Unit, on) {
					if old, ok := sees[u]; !ok || old.Unit != u && g.Unit == u {
						by.Units = map[pack.UnitKey]bool{u: true}
						sees[u] = by
					}
				}
			}
		}
	}
	return sees
}

// bodiesOf counts the dossiers of a desk by the scope index and the bodies.
func bodiesOf(tx *store.Tx, desk pack.UnitKey, into Tally) error {
	for after := ""; ; {
		list, err := store.All(tx, scan, `SELECT d.body FROM dossier_unit u JOIN dossier d ON d.id = u.dossier
			WHERE u.unit = $1 AND u.dossier > $2 ORDER BY u.dossier LIMIT 500`, string(desk), after)
		if err != nil {
			return fmt.Errorf("reading the dossiers of %s: %w", desk, err)
		}
		if len(list) == 0 {
			return nil
		}
		for _, d := range list {
			after = d.ID
			if d.Desk != desk {
				continue
			}
			c := Cell{Desk: desk, State: d.State}
			if !d.AcceptedAt.IsZero() {
				c.Day = pack.On(d.AcceptedAt)
			}
			into[c]++
		}
	}
}

// Differences lists where the counts differ: by state, by desk, by day of
// acceptance and in single cells, then the queues.
func (c Recount) Differences() []Difference {
	var list []Difference
	for _, by := range []struct {
		name string
		of   func(Cell) string
	}{
		{"state", func(x Cell) string { return string(x.State) }},
		{"desk", func(x Cell) string { return string(x.Desk) }},
		{"day", func(x Cell) string { return x.Day }},
		{"cell", func(x Cell) string { return fmt.Sprint(x.Desk, " ", x.Day, " ", x.State) }},
	} {
		sums := map[string]*Difference{}
		for i, t := range []Tally{c.Journal, c.Register, c.Desks} {
			for x, n := range t {
				s := sums[by.of(x)]
				if s == nil {
					s = &Difference{By: by.name, Name: by.of(x)}
					sums[s.Name] = s
				}
				*[]*int{&s.Journal, &s.Register, &s.Desks}[i] += n
			}
		}
		for _, name := range slices.Sorted(maps.Keys(sums)) {
			if s := sums[name]; s.Journal != s.Register || s.Register != s.Desks {
				list = append(list, *s)
			}
		}
	}
	return append(list, c.queues...)
}
