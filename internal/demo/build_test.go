package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
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

var (
	ctx   = context.Background()
	until = time.Date(2026, 11, 20, 10, 30, 0, 0, pack.Zone)
)

// build makes a province and gives all its dossiers.
func build(t *testing.T, db *store.DB, seed uint64) (*demo.Province, []demo.SignIn, []dossier.Dossier) {
	t.Helper()
	p := demotest.Books(t, db)
	ins, err := p.Build(ctx, demo.Plan{Seed: seed, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	return p, ins, all(t, db)
}

// all gives every dossier of a database.
func all(t *testing.T, db *store.DB) (list []dossier.Dossier) {
	t.Helper()
	err := db.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(row store.Row) (d dossier.Dossier, err error) {
			var body string
			if err := row.Scan(store.Plain(&body)); err != nil {
				return d, err
			}
			return d, json.Unmarshal([]byte(body), &d)
		}, `SELECT body FROM dossier ORDER BY filed_at, id`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// told is what a dossier looks like whatever random names it got.
func told(all []dossier.Dossier) []string {
	var lines []string
	for _, d := range all {
		lines = append(lines, fmt.Sprint(d.Code, d.State, d.Procedure, d.Filer.Name, d.FiledAt, d.Clock.Due, d.Version))
	}
	slices.Sort(lines)
	return lines
}

func TestTheSamePlanMakesTheSameProvince(t *testing.T) {
	t.Parallel()
	var first, other []string
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		_, _, all := build(t, db, 1)
		lines := told(all)
		if first == nil {
			first = lines
		}
		if !slices.Equal(lines, first) {
			t.Error("the same plan made another province on another database")
		}
	})
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if first == nil || other != nil {
			return
		}
		_, _, all := build(t, db, 1)
		if other = told(all); !slices.Equal(other, first) {
			t.Error("the same plan made another province the second time")
		}
	})
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, _, all := build(t, db, 2); slices.Equal(told(all), first) {
			t.Error("another seed made the same province")
		}
	})
}

// TestTheProvinceHasOneOfEverything also holds rel-I-D6 and rel-I-J1 over a
// month of acts.
func TestTheProvinceHasOneOfEverything(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p, _, all := build(t, db, 1)
		if len(all) < 80 {
			t.Errorf("%d dossiers", len(all))
		}
		count := map[string]int{}
		for _, d := range all {
			for _, thing := range seen(&d) {
				count[thing]++
			}
		}
		for _, s := range dossier.States {
			if s != dossier.Accepted && count[string(s)] == 0 { // accepted ones are soon assigned
				t.Errorf("no dossier is %s", s)
			}
		}
		for _, thing := range []string{"late", "late without apology", "apology in time", "supplied", "paid", "consult open", "consult answered",
			"transferred", "corrected", "refused after acceptance", "online waiting", "two legs", "another owner", "by post", "fee open", "due today"} {
			if count[thing] == 0 {
				t.Errorf("no dossier: %s", thing)
			}
		}
		checkNumbers(t, db, p)
		checkHours(t, db, p)
	})
}

// seen names what is remarkable about a dossier.
func seen(d *dossier.Dossier) []string {
	things := []string{string(d.State)}
	is := func(yes bool, thing string) {
		if yes {
			things = append(things, thing)
		}
	}
	is(!d.LateSince.IsZero(), "late")
	is(!d.LateSince.IsZero() && len(d.Apologies) == 0, "late without apology")
	is(len(d.Apologies) > 0 && d.Apologies[0].InTime, "apology in time")
	is(len(d.Supplements) > 0 && d.Waiting() == nil, "supplied")
	is(len(d.Obligations) > 0 && d.Unsettled() == nil, "paid")
	is(d.Asked() != nil, "consult open")
	is(len(d.Consults) > 0 && d.Asked() == nil, "consult answered")
	is(d.Competent == "12-PC08@2025-03-01" && d.Procedure == "2.001402", "transferred")
	is(slices.ContainsFunc(d.Slips, func(s dossier.Slip) bool { return s.Voided != "" }), "corrected")
	is(d.Result != nil && d.Result.Outcome == "refused", "refused after acceptance")
	is(d.State == dossier.Filed && d.Channel == "online", "online waiting")
	is(d.Procedure == "1.002390", "two legs")
	is(d.Owner != nil, "another owner")
	is(d.ReturnBy == "post", "by post")
	is(d.Fee.Amount > 0 && !d.Fee.Paid && d.Open(), "fee open")
	is(d.Open() && pack.On(d.Clock.Due) == pack.On(until), "due today")
	return things
}

func checkNumbers(t *testing.T, db *store.DB, p *demo.Province) {
	t.Helper()
	keys, err := journal.LoadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	report, err := journal.Verify(ctx, db, keys, t.TempDir(), p.Register.Protected(), officer.Protected())
	if err != nil || !report.OK() {
		t.Errorf("the journal: %v %v", report.Faults, err)
	}
}

// checkHours: nobody acts outside the hours of a desk.
func checkHours(t *testing.T, db *store.DB, p *demo.Province) {
	t.Helper()
	law := p.Law.Law()
	err := db.Read(ctx, func(tx *store.Tx) error {
		entries, err := journal.List(tx, journal.Filter{Limit: 10_000})
		for _, e := range entries {
			u, _ := law.Unit("12-Q20", pack.On(e.At))
			clock, _ := law.Clock(u.Key, nil, pack.On(e.At))
			if e.Desk != "" && !clock.Open(e.At) {
				t.Errorf("%s %s at %s, %s", e.Act, e.Desk, e.At.In(pack.Zone).Format(time.DateTime), e.At.Weekday())
			}
			if e.At.After(until) {
				t.Errorf("%s at %s lies in the future", e.Act, e.At)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryOfficerOfTheDemoCanSignIn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p, ins, _ := build(t, db, 1)
		roles := map[officer.Role]int{}
		for _, in := range ins {
			code := ""
			if in.Secret != "" {
				var err error
				if code, err = officer.Code(in.Secret, p.Clock.Now()); err != nil {
					t.Fatal(err)
				}
			}
			token, s, err := p.Roll.SignIn(ctx, in.Login, in.Password, code, "127.0.0.1:9")
			if err != nil {
				t.Errorf("%s cannot sign in: %v", in.Login, err)
				continue
			}
			if s.MustChange || s.MustEnrol {
				t.Errorf("%s must still set up the account", in.Login)
			}
			for _, g := range s.Capacities() {
				roles[g.Role]++
			}
			if in.Desk != "" {
				if _, err := p.Roll.TakeDesk(ctx, token, in.Desk); err != nil {
					t.Errorf("%s cannot take desk %s: %v", in.Login, in.Desk, err)
				}
			}
		}
		for _, r := range officer.Roles {
			if roles[r] == 0 || r == officer.Administrator && roles[r] < 2 {
				t.Errorf("%d officers are %s", roles[r], r)
			}
		}
	})
}
