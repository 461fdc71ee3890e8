package dossier_test

import (
	"testing"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
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
