package demo_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// simulate plays a year on an empty database whose chance is the seed's.
func simulate(t *testing.T, address string, plan demo.Year) (*demo.Province, demo.Played) {
	t.Helper()
	db := storetest.OpenWith(t, address, storetest.NewClock(storetest.Start), demo.Chance(plan.Seed))
	p := demotest.Books(t, db)
	played, err := p.Simulate(ctx, plan)
	if err != nil {
		t.Fatal(err)
	}
	return p, played
}

// spring holds Tết, the delegation of 21 May, a late holiday, and time for a
// dossier that nobody completes to be closed.
var spring = demo.Year{Seed: 1, From: "2022-01-17", To: "2022-06-17", Dossiers: 300}

// rel-I-D6, rel-I-D8, rel-I-J1, rel-I-J2, rel-I-J3: the months are
// the same on both engines, the three counts are equal, verify finds nothing,
// and everything that was to happen did.
func TestSimulatedMonthsAreWhole(t *testing.T) {
	t.Parallel()
	root := ""
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p, played := simulate(t, address, spring)
		if root == "" {
			root = played.Root
		}
		if played.Root != root {
			t.Errorf("the root is %s, on the other engine %s", played.Root, root)
		}
		for _, act := range []string{"receive", "file", "accept", "refuse", "request_supplement", "supply", "assign", "advance", "conclude", "hand_over",
			"consult", "answer_consult", "mark_late", "propose_apology", "apologise", "close_unanswered", "withdraw", "correct", "take_cash", "count_cash", "apply_notice", "recompute", "sign_in"} {
			if played.Acts[act] == 0 {
				t.Errorf("nobody did %s", act)
			}
		}
		if played.Refused == 0 || played.Supplements == 0 {
			t.Errorf("%d mistakes were refused, %d supplements asked for", played.Refused, played.Supplements)
		}
		for _, l := range []pack.Level{pack.Commune, pack.District, pack.Counter} {
			if played.Levels[l] == 0 {
				t.Errorf("nothing was accepted at a %s", l)
			}
		}
		if n := played.Count.Sum(func(c dossier.Cell) bool { return c.Day != "" }); n != spring.Dossiers {
			t.Errorf("%d dossiers were accepted, want %d", n, spring.Dossiers)
		}
		checkWhole(t, p)
		checkYear(t, p)
	})
}

// checkWhole fails the test unless the three counts and verify find nothing.
func checkWhole(t *testing.T, p *demo.Province) {
	t.Helper()
	count, err := p.Register.Recount(ctx, p.Roll)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range count.Differences() {
		t.Errorf("%+v", d)
	}
	keys, err := journal.LoadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	report, err := journal.Verify(ctx, p.DB, keys, t.TempDir(), append(payment.Protected(), p.Register.Protected(), officer.Protected(), gazette.Protected())...)
	if err != nil || !report.OK() {
		t.Errorf("verify: %v %v", report.Faults, err)
	}
	err = p.DB.Read(ctx, func(tx *store.Tx) error {
		gaps, err := payment.Gaps(tx)
		if len(gaps) > 0 {
			t.Errorf("verify: %v", gaps)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// checkYear looks at every dossier and entry: nobody works while the desks are
// closed, legal timers are the system's alone, and motorbikes are registered
// where they are to be on the day.
func checkYear(t *testing.T, p *demo.Province) {
	t.Helper()
	law := p.Law.Law()
	byDesk, bikes, officers := map[string]map[string]bool{}, 0, 0
	for _, e := range entries(t, p) {
		day := pack.On(e.At)
		if e.Desk != "" && (!law.Calendar().Counting(day) && e.At.In(pack.Zone).Weekday() != time.Saturday || day == "2022-02-02") {
			t.Errorf("%s at %s on %s, a closed day", e.Act, e.Desk, day)
		}
		if e.Act == "mark_late" || e.Act == "close_unanswered" || e.Act == "mark_unchecked" {
			if e.Officer != "" {
				t.Errorf("%s by %s", e.Act, e.Officer)
			}
		}
		if e.Act == "receive" {
			if byDesk[e.Desk] == nil {
				byDesk[e.Desk] = map[string]bool{}
			}
			byDesk[e.Desk][e.Officer] = true
			officers = max(officers, len(byDesk[e.Desk]))
		}
	}
	if officers < 2 {
		t.Error("no desk has several officers")
	}
	for _, d := range all(t, p.DB) {
		proc, _ := law.Procedure(d.Procedure)
		if proc.Field != "dang-ky-xe" {
			continue
		}
		desk, _ := law.UnitByKey(d.Desk)
		if _, err := law.Competent(d.Procedure, desk.Code, pack.On(d.FiledAt)); err != nil {
			t.Errorf("%s at %s on %s: %v", d.Procedure, desk.Code, pack.On(d.FiledAt), err)
		}
		bike := strings.Contains(strings.ToLower(d.Fee.Case), "mô tô")
		switch day := pack.On(d.FiledAt); {
		case desk.Level == pack.Commune && day < "2022-05-21":
			t.Errorf("%s registers vehicles on %s", desk.Code, day)
		case desk.Level == pack.Commune:
			bikes++
		case desk.Level == pack.Counter && bike && day >= "2022-05-21":
			t.Errorf("%s registers a motorbike on %s", desk.Code, day)
		}
	}
	if bikes == 0 {
		t.Error("no commune registers motorbikes after the delegation")
	}
}

func entries(t *testing.T, p *demo.Province) (list []journal.Entry) {
	t.Helper()
	err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = journal.List(tx, journal.Filter{Limit: 100_000})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// The same seed gives the same journal, byte for byte, and another one
// another. The seeds are new in every run.
func TestTheSameSeedGivesTheSameProvince(t *testing.T) {
	t.Parallel()
	week := demo.Year{From: "2022-03-07", To: "2022-03-18", Dossiers: 10}
	roots := map[string]uint64{}
	for range 3 {
		week.Seed = rand.Uint64()
		var first []journal.Entry
		for again := range 2 {
			storetest.EachAddress(t, func(t *testing.T, address string) {
				p, played := simulate(t, address, week)
				if again == 0 && first == nil {
					if other, there := roots[played.Root]; there {
						t.Errorf("seeds %d and %d give one root", other, week.Seed)
					}
					roots[played.Root], first = week.Seed, entries(t, p)
				}
				if now := entries(t, p); len(now) != len(first) {
					t.Errorf("seed %d: %d entries, then %d", week.Seed, len(first), len(now))
				}
				if roots[played.Root] != week.Seed {
					t.Errorf("seed %d gives another root the second time; see %v", week.Seed, differing(first, entries(t, p)))
				}
				checkWhole(t, p)
			})
		}
	}
}

// differing is the first entry in which two journals differ.
func differing(a, b []journal.Entry) journal.Entry {
	for i := 1; i <= min(len(a), len(b)); i++ {
		x, y := a[len(a)-i], b[len(b)-i]
		if x.State != y.State || x.Act != y.Act || string(x.Facts) != string(y.Facts) {
			return y
		}
	}
	return journal.Entry{}
}

func TestImpossibleYearsAreRefusedByField(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := demotest.Books(t, db)
		for _, c := range []struct{ from, to, field string }{
			{"2022-10-31", "2022-01-01", "to"}, {"2021-12-31", "2022-01-31", "from"}, {"2022-01-01", "2031-01-01", "to"},
			{"1/1/2022", "2022-01-31", "from"}, {"2022-01-01", "2022-01-32", "to"}, {"2025-02-03", "2025-03-14", "to"},
		} {
			_, err := p.Simulate(ctx, demo.Year{From: c.from, To: c.to, Dossiers: 5})
			if q, ok := problem.As(err); !ok || len(q.Fields) != 1 || q.Fields[0].Name != c.field {
				t.Errorf("%s to %s: %v, want a fault at %s", c.from, c.to, err, c.field)
			}
		}
		for _, n := range []int{0, -1, 1_000_001} {
			if _, err := p.Simulate(ctx, demo.Year{From: "2022-01-10", To: "2022-01-14", Dossiers: n}); !problem.Is(err, problem.Invalid) {
				t.Errorf("%d dossiers: %v", n, err)
			}
		}
		if _, err := p.Simulate(ctx, demo.Year{From: "2022-01-08", To: "2022-01-08", Dossiers: 400}); !problem.Is(err, problem.Invalid) {
			t.Errorf("four hundred dossiers on a Saturday: %v", err)
		}
		if len(entries(t, p)) > 0 {
			t.Error("a refused year left entries")
		}
	})
}
