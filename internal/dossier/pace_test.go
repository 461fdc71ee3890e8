package dossier_test

import (
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/store/storetest"
)

// ux-C4: the real time is working time, without the time in which the citizen
// was waited for; fewer than five dossiers tell nothing, older than a year no
// more.
func TestPaceIsTheWorkingTimeOfTheLastYear(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		do := must[dossier.Dossier](t)
		at := func(day, hour int) time.Time {
			return time.Date(2026, 3, day, hour, 0, 0, 0, time.FixedZone("", 7*3600))
		}
		sweep := func() {
			t.Helper()
			if _, err := p.Register.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		crew := demo.Crew{Desk: s.Desk, Processor: s.Passport, Chief: s.PassportChief}
		conclude := func(d dossier.Dossier, to time.Time) {
			t.Helper()
			if d = do(p.Work(ctx, d, crew, 10, func() { clock.Set(to) })); d.State != dossier.Concluded {
				t.Fatal(d.State)
			}
		}
		var list []dossier.Dossier
		for range 6 {
			list = append(list, do(p.Receive(ctx, s.Desk, passport)))
		}
		conclude(list[0], at(2, 10)) // 2 working hours
		waits := do(p.Do(ctx, s.Passport, list[1], &dossier.Assign{Officer: s.Passport.Officer.ID}))
		waits = do(p.Do(ctx, s.Passport, waits, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: waits.Papers[0].Name, Reason: "Ảnh mờ"}}}))
		conclude(list[2], at(3, 8))
		conclude(list[3], at(4, 8))
		sweep()
		if pace, ok := p.Register.Pace(passport); ok {
			t.Errorf("three dossiers tell %+v", pace)
		}
		conclude(list[4], at(5, 8))
		clock.Set(at(5, 10))
		waits = do(p.Do(ctx, s.Desk, waits, &dossier.Supply{}))
		conclude(list[5], at(6, 8))
		conclude(waits, at(6, 8)) // 32 working hours, of which 24 waiting
		clock.Set(at(6, 10))
		sweep()
		if pace, ok := p.Register.Pace(passport); !ok || pace != (dossier.Pace{N: 6, Half: 8 * time.Hour, Most: 32 * time.Hour}) {
			t.Errorf("%v %+v", ok, pace)
		}
		other := dossier.NewRegister(p.DB, p.Law.Law, nil)
		if _, err := other.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if pace, _ := other.Pace(passport); pace.N != 6 {
			t.Errorf("a program that starts learns %+v", pace)
		}
		clock.Set(at(6, 10).AddDate(1, 0, 0))
		sweep()
		if pace, ok := p.Register.Pace(passport); ok {
			t.Errorf("after a year %+v", pace)
		}
	})
}
