package dossier_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	words "quay20/internal/text"
)

// live does one random act that is allowed to somebody now.
func live(t *testing.T, p *demo.Province, d dossier.Dossier, people []officer.By, rnd *rand.Rand) dossier.Dossier {
	w, err := p.Register.World(ctx)
	if err != nil {
		t.Error(err)
		return d
	}
	by := people[rnd.IntN(len(people))]
	names := dossier.Allowed(&d, by, w)
	if len(names) == 0 {
		return d
	}
	act, err := dossier.NewAct(names[rnd.IntN(len(names))])
	if err != nil {
		t.Error(err)
		return d
	}
	dossier.Fill(rnd.IntN, act, &d, by, w)
	after, err := p.Register.Do(ctx, d.ID, act, by, fmt.Sprint(d.ID, d.Version), d.Version)
	if _, refused := problem.As(err); err != nil && !refused {
		t.Errorf("%s of %s: %v", act.Name(), d.ID, err)
	}
	if err != nil {
		return d
	}
	return after
}

// rel-I-D8, rel-I-D2, rel-I-J3, rel-K18, rel-K20: two hundred dossiers live at random on
// the real store, sixteen at a time, with sweeps and a late holiday; whatever
// happened is a path of the machine, and verify finds nothing.
func TestRandomLivesArePathsOfTheMachine(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		leader := must[officer.By](t)(first(p.Hire(ctx, "lanhdao", "Nguyễn Văn Hùng", "Đại tá", officer.Leader, "12")))
		people := []officer.By{s.Desk, s.Desk2, s.Processor, s.Chief, s.Passport, s.PassportChief, s.Passport, s.PassportChief, leader}
		const lives = 200
		all := make([]dossier.Dossier, lives)
		ins := make([]dossier.Intake, lives)
		for i := range ins {
			ins[i] = p.Intake([]string{passport, "1.002390"}[i%2])
			if i%5 == 4 {
				ins[i].Papers, ins[i].Decision = nil, "supplement"
			}
		}
		each := func(fn func(i int)) {
			var wg sync.WaitGroup
			for k := range 16 {
				wg.Go(func() {
					for i := k; i < lives; i += 16 {
						fn(i)
					}
				})
			}
			wg.Wait()
		}
		each(func(i int) {
			var err error
			if all[i], err = p.Register.Receive(ctx, ins[i], s.Desk, fmt.Sprint("life-", i)); err != nil {
				t.Errorf("intake %d: %v", i, err)
			}
		})
		for round := range 10 {
			clock.Add(time.Duration(3+round*2) * time.Hour)
			each(func(i int) {
				all[i] = live(t, p, all[i], people, rand.New(rand.NewPCG(uint64(i), uint64(round))))
			})
			if round == 5 {
				n := pack.Notice{ID: "2026-03-10-bao-1", Announced: "2026-03-10", Title: "Nghỉ vì bão", Days: closure("2026-03-11")}
				if err := p.Law.Apply(ctx, n, officer.Console()); err != nil {
					t.Fatal(err)
				}
				must[[]dossier.Moved](t)(p.Register.Recompute(ctx, n.ID))
			}
			must[dossier.Swept](t)(p.Register.Sweep(ctx))
			for i := range all {
				all[i] = must[dossier.Dossier](t)(p.Register.Find(ctx, all[i].ID, officer.System()))
			}
		}
		reached := map[dossier.State]int{}
		for _, d := range all {
			reached[d.State]++
		}
		if len(reached) < 6 {
			t.Errorf("the lives reached only %v", reached)
		}
		verify(t, p)
	})
}

// within runs fn in a write that is undone.
func within(t *testing.T, p *demo.Province, fn func(tx *store.Tx) error) {
	t.Helper()
	undo := errors.New("undo")
	err := p.DB.Write(ctx, func(tx *store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Error(err)
	}
}

// rel-I-D8: verify names the dossier and the entry that leaves the path.
func TestVerifyFindsActsThatAreNoPath(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		for _, c := range []struct{ act, facts, why string }{
			{"hand_over", `{"state":"returned","version":2,"at_step":1}`, "does not lead"},
			{"advance", `{"state":"processing","version":2,"at_step":3}`, "step"},
			{"advance", `{"state":"processing","version":3,"at_step":2}`, "after act 1"},
			{"reopen", `{"state":"accepted","version":2,"at_step":1}`, "does not lead"},
			{"advance", `{"state":"processing","version":2,"at_step":2}`, "the dossier stands"},
		} {
			within(t, p, func(tx *store.Tx) error {
				if _, err := journal.Append(tx, journal.Entry{Act: c.act, Subject: d.Subject(), Capacity: "system", Facts: []byte(c.facts)}); err != nil {
					return err
				}
				r, err := journal.Check(tx, p.Register.Protected())
				wrong := r.Faults
				if err == nil && (len(wrong) != 1 || !strings.Contains(inWords(wrong[0]), d.ID) || !strings.Contains(inWords(wrong[0]), c.why)) {
					t.Errorf("%s %s: found %v, want %q", c.act, c.facts, wrong, c.why)
				}
				return err
			})
		}
	})
}

// inWords is a fault in English.
func inWords(f journal.Fault) string { return words.T(words.En, f.Key, f.Args...) }

// gapsOf are the faults that verify finds in the numbers.
func gapsOf(t *testing.T, p *demo.Province) (gaps []journal.Fault) {
	t.Helper()
	err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		r, err := journal.Check(tx, p.Register.Protected())
		gaps = r.Faults
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return gaps
}

// rel-I-D6, rel-I-D7: a counter changed behind the program's back shows as
// numbers missing or out of order; a clock put back does not.
func TestNumbersOutOfOrderAreFound(t *testing.T) {
	desk(t, "2026-03-02 10:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		count := func(last int) {
			t.Helper()
			err := p.DB.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE dossier_number SET last = $1 WHERE series LIKE 'code/%'`, last)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		receive := func() dossier.Dossier { return must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport)) }
		receive()
		clock.Set(at("2026-03-02 09:00")) // an hour back
		receive()
		if gaps := gapsOf(t, p); len(gaps) != 0 {
			t.Errorf("after the clock was put back: %v", gaps)
		}
		clock.Set(at("2026-03-02 11:00"))
		count(3)
		receive()
		if gaps := gapsOf(t, p); len(gaps) != 1 || !strings.Contains(inWords(gaps[0]), "0000003") {
			t.Errorf("a number left out: %v", gaps)
		}
		count(2)
		receive()
		if gaps := gapsOf(t, p); len(gaps) != 1 || !strings.Contains(inWords(gaps[0]), "one more") {
			t.Errorf("a counter set back: %v", gaps)
		}
		count(4)
		if gaps := gapsOf(t, p); len(gaps) != 1 || !strings.Contains(inWords(gaps[0]), "0000004 was given in entry") {
			t.Errorf("numbers out of order: %v", gaps)
		}
	})
}

// rel-I-D5: a code of our own series cannot be taken in from outside, where it
// would stand in the way of the next intake.
func TestOwnSeriesIsNotTakenInFromOutside(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		next := dossier.Code(strings.Replace(string(d.Code), "0000001", "0000002", 1))
		if _, err := p.Do(ctx, s.Desk, d, &dossier.AddCode{Code: next, Source: "portal"}); !problem.Is(err, problem.Invalid) {
			t.Errorf("adding %s: %v", next, err)
		}
		_, err := p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Codes = []dossier.KnownCode{{Code: next, Source: "portal"}} })
		if !problem.Is(err, problem.Invalid) {
			t.Errorf("receiving with %s: %v", next, err)
		}
		must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.AddCode{Code: "G01.899.108-260302-0001", Source: "ministry"}))
		if d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport)); d.Code != next {
			t.Errorf("the next code is %s, want %s", d.Code, next)
		}
	})
}

// rel-I-J8, rel-T26: who worked on a dossier or proposed an apology does not
// sign it from a second account.
func TestSecondAccountIsNoSecondPerson(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		o, _, err := p.Roll.Add(ctx, officer.Console(), officer.New{Login: "hochieu.duyet", Person: s.Passport.Officer.Person,
			Name: s.Passport.Officer.Name, Title: "Đại úy", Unit: s.Passport.Unit})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Promote(ctx, o.ID, officer.Approver, s.Passport.Unit); err != nil {
			t.Fatal(err)
		}
		twin := must[officer.By](t)(p.As(ctx, o.ID, officer.Approver, "12-PA08"))
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.ProposeApology{Reason: "Quá tải", Unit: "PA08", NewDue: d.Clock.Due.Add(48 * time.Hour)}))
		if _, err := p.Do(ctx, twin, d, &dossier.Apologise{}); !problem.Is(err, problem.Forbidden) {
			t.Errorf("the proposer's second account signed the apology: %v", err)
		}
		w := must[dossier.World](t)(p.Register.World(ctx))
		for w.StepOf(&d).Kind != "approve" {
			if d.Assignee == "" {
				d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.Assign{Officer: s.Passport.Officer.ID}))
			}
			d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.Advance{}))
		}
		act := func() dossier.Act {
			if c := (&dossier.Conclude{Outcome: "granted", Kind: "Hộ chiếu"}); c.Allowed(&d, s.PassportChief, w) == nil {
				return c
			}
			return &dossier.Advance{}
		}
		if _, err := p.Do(ctx, twin, d, act()); !problem.Is(err, problem.Forbidden) {
			t.Errorf("the second account approved the person's own work: %v", err)
		}
		must[dossier.Dossier](t)(p.Do(ctx, s.PassportChief, d, act()))
		verify(t, p)
	})
}
