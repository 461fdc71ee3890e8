package dossier_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// asked is one call: an intake, good or spoiled, or a look for a number.
type asked struct {
	look int64 // the number looked for; 0 is an intake
	bad  bool
}

// answered is what came of it: the number given, or whether the number is known.
type answered struct {
	n     int64
	found bool
}

// desk counter: a good intake gives the next number, a spoiled one none, and a
// number is known exactly from when it was given.
var counter = porcupine.Model{
	Init: func() any { return int64(0) },
	Step: func(state, input, output any) (bool, any) {
		last, in, out := state.(int64), input.(asked), output.(answered)
		switch {
		case in.look > 0:
			return out.found == (in.look <= last), last
		case in.bad:
			return out.n == 0, last
		}
		return out.n == last+1, last + 1
	},
}

// rel-I-D5, rel-I-D6, rel-K20: what eight desks at two nodes saw can be put into
// one order in which numbers count up and are known as soon as they are given.
func TestCodesAreLinearisable(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		clock := storetest.NewClock(at("2026-03-02 08:00"))
		db := storetest.Open(t, address, clock)
		p := demotest.At(t, db)
		s := demotest.Hire(t, p)
		nodes := []*dossier.Register{p.Register, dossier.NewRegister(storetest.Open(t, address, clock), p.Law.Law, demotest.Key)}
		var ins [8][12]dossier.Intake
		for i := range ins {
			for j := range ins[i] {
				ins[i][j] = p.Intake(passport)
			}
		}
		began := time.Now()
		var mu sync.Mutex // guards history
		var history []porcupine.Operation
		var wg sync.WaitGroup
		for i := range ins {
			wg.Go(func() {
				for j, in := range ins[i] {
					ask := asked{}
					if j%3 == 1 {
						ask.look = int64(i*2 + j)
					}
					if ask.bad = j%3 == 2; ask.bad {
						in.Filer.Name = ""
					}
					call := time.Since(began)
					got := answers(t, nodes[(i+j)%2], s, ask, in, fmt.Sprint(i, "/", j))
					done := porcupine.Operation{ClientId: i, Input: ask, Call: int64(call), Output: got, Return: int64(time.Since(began))}
					mu.Lock()
					history = append(history, done)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if !porcupine.CheckOperations(counter, history) {
			t.Error("no order of these calls explains the answers")
		}
	})
}

func answers(t *testing.T, r *dossier.Register, s demotest.Staff, ask asked, in dossier.Intake, key string) answered {
	if ask.look > 0 {
		_, err := r.Find(ctx, fmt.Sprintf("H35.20.90-20260302-%07d", ask.look), s.Desk)
		if err != nil && !problem.Is(err, problem.NotFound) {
			t.Error(err)
		}
		return answered{found: err == nil}
	}
	d, err := r.Receive(ctx, in, s.Desk, key)
	if (err != nil) != ask.bad {
		t.Error(err)
	}
	var n int64
	if err == nil {
		fmt.Sscanf(string(d.Code), "H35.20.90-20260302-%d", &n)
	}
	return answered{n: n}
}

// tables lists our tables with every row, as one text, leaving out the trap.
func tables(t *testing.T, db *store.DB) string {
	t.Helper()
	var all string
	err := db.Read(ctx, func(tx *store.Tx) error {
		all = ""
		for _, name := range tableNames(t, tx) {
			columns, err := store.All(tx, text, `SELECT name FROM pragma_table_info('`+name+`')`)
			if err != nil {
				return err
			}
			row := "''"
			for _, c := range columns {
				row += ` || '|' || COALESCE(` + c + `, '')`
			}
			rows, err := store.All(tx, text, `SELECT `+row+` AS r FROM `+name+` ORDER BY r`)
			if err != nil {
				return err
			}
			all += fmt.Sprintln(name, len(rows), rows)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func tableNames(t *testing.T, tx *store.Tx) []string {
	t.Helper()
	names, err := store.All(tx, text, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'trap' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func text(row store.Row) (s string, err error) { err = row.Scan(&s); return s, err }

// trap makes the k-th changed row of a write fail, whichever table it is in.
func trap(t *testing.T, db *store.DB) (set func(k int)) {
	t.Helper()
	write := func(statements ...string) {
		t.Helper()
		err := db.Write(ctx, func(tx *store.Tx) error {
			for _, s := range statements {
				if _, err := tx.Exec(s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	make := []string{`CREATE TABLE trap (k BIGINT, n BIGINT)`, `INSERT INTO trap VALUES (0, 0)`}
	err := db.Read(ctx, func(tx *store.Tx) error {
		for _, name := range tableNames(t, tx) {
			for _, verb := range []string{"INSERT", "UPDATE", "DELETE"} {
				make = append(make, `CREATE TRIGGER trap_`+name+verb+` BEFORE `+verb+` ON `+name+` BEGIN
					UPDATE trap SET n = n + 1 WHERE k > 0;
					SELECT RAISE(ABORT, 'planted') FROM trap WHERE n = k AND k > 0;
				END`)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	write(make...)
	return func(k int) { write(fmt.Sprintf(`UPDATE trap SET k = %d, n = 0`, k)) }
}

// rel-I-D2, rel-K20, rel-I-X4: whichever row of an intake or an act cannot be written, nothing
// of it is left: no dossier, number, entry, receipt, slip or job.
func TestFailureAtAnyRowLeavesNothing(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		if p.DB.Engine() != "sqlite" {
			return // the planted failure is written for one engine; the rooms do not know which
		}
		set := trap(t, p.DB)
		var d dossier.Dossier
		ask := &dossier.RequestSupplement{Items: []dossier.Item{{Paper: "Tờ khai", Reason: "Thiếu chữ ký"}}}
		in := p.Intake(passport)
		in.Pay = "cash"
		for _, do := range []struct {
			name string
			fn   func() error
			rows int // that it changes at least
		}{
			{"intake", func() (err error) { d, err = p.Register.Receive(ctx, in, s.Desk, "in"); return err }, 15},
			{"assign", func() error { return second(p.Do(ctx, s.Passport, d, &dossier.Assign{Officer: s.Passport.Officer.ID})) }, 4},
			{"supplement", func() error { return second(p.Do(ctx, s.Passport, d, ask)) }, 5},
			{"supply", func() error { return second(p.Do(ctx, s.Desk, d, &dossier.Supply{})) }, 5},
		} {
			k := 1
			for {
				before := tables(t, p.DB)
				set(k)
				err := do.fn()
				set(0)
				if err == nil {
					break
				}
				if _, ok := problem.As(err); ok {
					t.Fatalf("%s, row %d: refused instead of failed: %v", do.name, k, err)
				}
				if after := tables(t, p.DB); after != before {
					t.Fatalf("%s, row %d: something is left\nbefore %s\nafter %s", do.name, k, before, after)
				}
				k++
			}
			if k <= do.rows {
				t.Errorf("%s changed only %d rows; was the failure planted?", do.name, k-1)
			}
		}
		verify(t, p)
	})
}

func second(_ dossier.Dossier, err error) error { return err }
