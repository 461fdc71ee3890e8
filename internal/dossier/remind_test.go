package dossier_test

import (
	"strings"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/problem"
	"quay20/internal/store/storetest"
)

func TestHolderIsRemindedOnceADayAndOnlyByWhoMayRemind(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		if _, err := p.Do(ctx, s.Passport, d, &dossier.Remind{}); !problem.Is(err, problem.Forbidden) {
			t.Errorf("a processor reminded: %v", err)
		}
		d = must[dossier.Dossier](t)(p.Do(ctx, s.PassportChief, d, &dossier.Remind{Note: "Gấp"}))
		if d.Reminded.IsZero() {
			t.Error("the dossier does not say that its holder was reminded")
		}
		if _, err := p.Do(ctx, s.PassportChief, d, &dossier.Remind{}); !problem.Is(err, problem.Illegal) {
			t.Errorf("a second reminder on the same day gave %v, want illegal", err)
		}
		clock.Set(at("2026-03-03 08:00"))
		must[dossier.Dossier](t)(p.Do(ctx, s.PassportChief, d, &dossier.Remind{}))
		verify(t, p)
	})
}

func TestDossiersOfOnePersonAreFoundAlikeInScopeOnly(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		first := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		second := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) {
			in.Filer, in.Again = first.Filer, "Nộp lại"
		}))
		alike := must[[]dossier.Dossier](t)(p.Register.Alike(ctx, s.Desk, second))
		if len(alike) != 1 || alike[0].ID != first.ID {
			t.Errorf("alike are %d dossiers, want the first one", len(alike))
		}
		if alike = must[[]dossier.Dossier](t)(p.Register.Alike(ctx, s.Processor, second)); len(alike) != 0 {
			t.Errorf("an officer of another unit sees %d dossiers of the person, want none", len(alike))
		}
	})
}

// rel-T02: a clock stopped on the last day is marked, an earlier stop is not.
func TestClockStoppedOnTheLastDayIsMarkedInTheJournal(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		ask := &dossier.RequestSupplement{Items: []dossier.Item{{Paper: "Ảnh", Reason: "Mờ"}}}
		early := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		last := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		early = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, early, ask))
		clock.Set(last.Clock.Due.Add(-time.Minute))
		last = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, last, ask))
		for d, want := range map[string]bool{early.ID: false, last.ID: true} {
			entries := must[[]journal.Entry](t)(p.Register.Entries(ctx, must[dossier.Dossier](t)(p.Register.Find(ctx, d, s.Passport))))
			if got := strings.Contains(string(entries[len(entries)-1].Facts), `"last_day":true`); got != want {
				t.Errorf("the stop is marked %v, want %v", got, want)
			}
		}
	})
}
