package dossier_test

import (
	"context"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

var ctx = context.Background()

// TestPassportFromDeskToHandOver walks one dossier through its whole life.
func TestPassportFromDeskToHandOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := demotest.At(t, db)
		s := demotest.Hire(t, p)
		clock := storetest.ClockOf(db)
		clock.Set(time.Date(2026, 3, 2, 9, 15, 0, 0, time.FixedZone("", 7*3600)))
		d, err := p.Receive(ctx, s.Desk, "1.001456")
		if err != nil {
			t.Fatal(err)
		}
		t.Log(d.Code, d.Clock.Due, d.State, d.Holder, d.Slips)
		crew := demo.Crew{Desk: s.Desk, Processor: s.Passport, Chief: s.PassportChief}
		if d, err = p.Work(ctx, d, crew, 10, func() { clock.Add(3 * time.Hour) }); err != nil {
			t.Fatal(err)
		}
		clock.Add(24 * time.Hour)
		if d, err = p.Do(ctx, s.Desk, d, &dossier.HandOver{To: d.Filer.Name, Channel: "counter"}); err != nil {
			t.Fatal(err)
		}
		if d.State != dossier.Returned {
			t.Errorf("state %s, want returned", d.State)
		}
	})
}
