package demo_test

import (
	"slices"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// rel-I-D5, rel-I-D6, rel-I-D8, rel-I-J1, rel-I-J2, rel-I-J3: districts end and communes
// merge over a simulated province, the same on both engines. Nothing is left
// with a unit that ended, no date or code moves, every slip that was ever
// handed out opens its dossier, the three counts stay equal and verify finds
// nothing.
func TestBothReorganisationsAreReplayed(t *testing.T) {
	t.Parallel()
	roots := map[pack.Date]string{}
	storetest.EachAddress(t, func(t *testing.T, address string) {
		p, played := simulate(t, address, demo.Year{Seed: 3, From: "2022-03-01", To: "2022-05-31", Dossiers: 250})
		for _, on := range []pack.Date{"2025-03-01", "2025-07-01"} {
			first, _ := time.ParseInLocation(time.DateOnly, on, pack.Zone)
			p.Clock.Set(first.Add(8 * time.Hour))
			if _, err := p.Register.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
			replay(t, p, on)
			checkWhole(t, p)
			root := head(t, p)
			if roots[on] == "" {
				roots[on] = root
			}
			if roots[on] != root {
				t.Errorf("after %s the root is %s, on the other engine %s", on, root, roots[on])
			}
		}
		checkWorkGoesOn(t, p, played)
	})
}

// replay carries one reorganisation out, twice, and compares every dossier with
// what it was.
func replay(t *testing.T, p *demo.Province, on pack.Date) {
	t.Helper()
	before := map[string]dossier.Dossier{}
	for _, d := range all(t, p.DB) {
		before[d.ID] = d
	}
	order := dossier.Reorganisation{On: on}
	nobody := func(*store.Tx) (string, error) { return "", nil }
	plan, err := p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), nobody)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Dossiers == 0 || plan.Officers == 0 || len(plan.Stuck) > 0 {
		t.Errorf("%s moves %d dossiers, %d officers; stuck %v", on, plan.Dossiers, plan.Officers, plan.Stuck)
	}
	root := head(t, p)
	if again, err := p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), nobody); err != nil || !again.Empty() || head(t, p) != root {
		t.Errorf("%s a second time: %+v %v", on, again, err)
	}
	law := p.Law.Law()
	stands := func(key pack.UnitKey) bool { u, ok := law.UnitByKey(key); return ok && u.Holds(on) }
	moved := 0
	for _, d := range all(t, p.DB) {
		was := before[d.ID]
		delete(before, d.ID)
		tracked, err := p.Register.TrackToken(ctx, demotest.Key.Token(d.ID))
		if err != nil || tracked.Code != d.Code {
			t.Errorf("the slip of %s opens %q: %v", d.Code, tracked.Code, err)
		}
		if d.Code != was.Code || !d.Clock.Due.Equal(was.Clock.Due) || d.State != was.State || d.Step != was.Step || !slices.Equal(d.Slips, was.Slips) {
			t.Errorf("%s was changed beyond where it lies", d.Code)
		}
		if !d.Open() {
			if d.Version != was.Version {
				t.Errorf("closed dossier %s was touched", d.Code)
			}
			continue
		}
		for part, key := range map[string]pack.UnitKey{"desk": d.Desk, "competent": d.Competent, "holder": d.Holder} {
			if !stands(key) {
				t.Errorf("%s of %s is %s, which is no more", part, d.Code, key)
			}
		}
		if len(d.Successions) > len(was.Successions) {
			moved++
			if tracked.Passed == nil || tracked.Passed.Why == "" || tracked.Desk.Key != d.Desk {
				t.Errorf("the page of %s does not say that it was passed on: %+v", d.Code, tracked.Passed)
			}
		}
	}
	if len(before) > 0 || moved != plan.Dossiers {
		t.Errorf("%d dossiers are gone, %d were passed on of %d", len(before), moved, plan.Dossiers)
	}
	officers, err := p.Roll.List(ctx, officer.Console(), officer.Filter{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range officers {
		if !stands(o.Unit) || slices.ContainsFunc(o.Grants, func(g officer.Grant) bool { return !stands(g.Unit) }) {
			t.Errorf("%s serves at %s with %v", o.Login, o.Unit, o.Grants)
		}
	}
}

// checkWorkGoesOn lets the officers of the new desks find what they have to,
// and hand over a result that an ended unit left.
func checkWorkGoesOn(t *testing.T, p *demo.Province, played demo.Played) {
	t.Helper()
	law, on := p.Law.Law(), pack.On(p.Clock.Now())
	at := map[pack.UnitKey]officer.By{}
	officers, err := p.Roll.List(ctx, officer.Console(), officer.Filter{Role: officer.Receptionist, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range officers {
		for _, g := range o.Grants {
			if g.Role == officer.Receptionist && g.Holds(on) {
				by := officer.Capacity(law, o, g, on)
				u, _ := law.UnitByKey(g.Unit)
				by.Desk, by.Elevated = u.Code, true
				at[g.Unit] = by
			}
		}
	}
	handed := 0
	for _, d := range all(t, p.DB) {
		heir, ok := law.Heir(d.Desk, on)
		if by, staffed := at[heir.Key]; ok && staffed {
			if found, err := p.Register.Find(ctx, string(d.Code), by); d.Code != "" && (err != nil || found.ID != d.ID) {
				t.Errorf("the desk of %s does not find %s: %v", heir.Key, d.Code, err)
			}
			if d.State == dossier.Concluded && (d.Fee.Paid || !d.Fee.Known || d.Fee.Amount == 0) && d.Unsettled() == nil {
				got, err := p.Do(ctx, by, d, &dossier.HandOver{To: d.Filer.Name, Channel: "counter"})
				if err != nil || got.State != dossier.Returned {
					t.Errorf("handing over %s at %s: %v", d.Code, d.Desk, err)
				}
				handed++
			}
		}
	}
	if handed == 0 {
		t.Error("no result was waiting to be handed over")
	}
	for _, in := range played.SignIns {
		o, err := p.Roll.Officer(ctx, officer.Console(), in.ID)
		if err != nil {
			t.Fatal(err)
		}
		by, receives := at[o.Unit]
		if !receives || in.Secret != "" || by.Officer.ID != in.ID || in.Desk == by.Desk {
			continue // stayed, or is not the one at the desk
		}
		token, _, err := p.Roll.SignIn(ctx, in.Login, in.Password, "", "127.0.0.1:1")
		if err != nil {
			t.Fatalf("%s cannot sign in: %v", in.Login, err)
		}
		if s, err := p.Roll.TakeDesk(ctx, token, by.Desk); err != nil || s.Capacities()[0].Former == "" {
			t.Errorf("%s at the desk %s: %v", in.Login, by.Desk, err)
		}
		checkWhole(t, p)
		return
	}
	t.Error("no receptionist went to another desk")
}

func head(t *testing.T, p *demo.Province) (root string) {
	t.Helper()
	err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		_, root, err = journal.Head(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}
