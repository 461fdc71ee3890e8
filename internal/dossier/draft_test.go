package dossier_test

import (
	"encoding/json"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/problem"
	"quay20/internal/store/storetest"
)

// rel-B-W12: the second of two pages that save one draft is refused; a draft is
// its officer's own, and a month old one is gone.
func TestDraftsAreOnesOwnAndNeverOverwritten(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Draft](t)(p.Register.SaveDraft(ctx, s.Desk, "", 0, json.RawMessage(`{"q":["tt"]}`)))
		must[dossier.Draft](t)(p.Register.SaveDraft(ctx, s.Desk, d.ID, d.Version, json.RawMessage(`{"q":["a"]}`)))
		if _, err := p.Register.SaveDraft(ctx, s.Desk, d.ID, d.Version, json.RawMessage(`{"q":["b"]}`)); !problem.Is(err, problem.Stale) {
			t.Errorf("the second page got %v", err)
		}
		if _, err := p.Register.SaveDraft(ctx, s.Processor, "", 0, json.RawMessage(`{}`)); err == nil {
			t.Error("who may not receive saved a draft")
		}
		if _, err := p.Register.Draft(ctx, s.Desk2, d.ID); !problem.Is(err, problem.NotFound) {
			t.Errorf("another officer's draft: %v", err)
		}
		if kept := must[dossier.Draft](t)(p.Register.Draft(ctx, s.Desk, d.ID)); string(kept.Body) != `{"q":["a"]}` {
			t.Errorf("kept %s", kept.Body)
		}
		clock.Add(30 * 24 * time.Hour)
		must[dossier.Swept](t)(p.Register.Sweep(ctx))
		if list := must[[]dossier.Draft](t)(p.Register.Drafts(ctx, s.Desk)); len(list) != 0 {
			t.Errorf("%d old drafts left", len(list))
		}
	})
}

// ux-O4: a person's earlier dossiers are found by the number alone, within the
// officer's scope.
func TestEarlierDossiersOfAPersonStayInScope(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		found := func(number string) int {
			return len(must[[]dossier.Dossier](t)(p.Register.Earlier(ctx, s.Desk, number, 5)))
		}
		if n := found(d.Filer.IDNumber); n != 1 {
			t.Errorf("found %d by the number", n)
		}
		if n := found(d.Filer.IDNumber[:9]); n != 0 {
			t.Errorf("found %d by the beginning of the number", n)
		}
		commune, _, err := p.Hire(ctx, "xa", "Giàng A Xa", "Đại úy", "receptionist", "03388")
		if err != nil {
			t.Fatal(err)
		}
		if list := must[[]dossier.Dossier](t)(p.Register.Earlier(ctx, commune, d.Filer.IDNumber, 5)); len(list) != 0 {
			t.Error("another unit's dossier is shown")
		}
	})
}
