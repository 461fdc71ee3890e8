package dossier_test

import (
	"testing"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// The three counts agree on what was done, and each disagrees when its own
// source alone is changed: journal, column, scope index, body.
func TestRecountFindsWhatOneSourceAloneSays(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) {
			in.Decision, in.Reasons = "refuse", []string{"Không thuộc thẩm quyền."}
		}))
		in := p.Intake(passport)
		in.Channel = "online"
		must[dossier.Dossier](t)(p.Register.File(ctx, in, "12-Q20", "k"))
		count := func() (dossier.Recount, []dossier.Difference) {
			c := must[dossier.Recount](t)(p.Register.Recount(ctx, p.Roll))
			return c, c.Differences()
		}
		c, differ := count()
		if len(differ) > 0 {
			t.Fatalf("untouched: %+v", differ)
		}
		cell := dossier.Cell{Desk: d.Desk, State: dossier.Accepted, Day: "2026-03-02"}
		for _, tally := range []dossier.Tally{c.Journal, c.Register, c.Desks} {
			if n := tally.Sum(func(dossier.Cell) bool { return true }); n != 3 || tally[cell] != 1 {
				t.Errorf("counted %v", tally)
			}
		}
		exec := func(query string, args ...any) {
			if err := p.DB.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(query, args...); return err }); err != nil {
				t.Fatal(err)
			}
		}
		for _, spoil := range []struct{ by, query, undo string }{
			{"state", `UPDATE dossier SET state = 'stopped' WHERE id = $1`, `UPDATE dossier SET state = 'accepted' WHERE id = $1`},
			{"desk", `UPDATE dossier SET desk = '12-QDKX@2025-03-01' WHERE id = $1`, `UPDATE dossier SET desk = '` + string(d.Desk) + `' WHERE id = $1`},
			{"day", `UPDATE dossier SET accepted_at = '2026-03-03T01:00:00.000Z' WHERE id = $1`, `UPDATE dossier SET accepted_at = '` + store.Time(d.AcceptedAt) + `' WHERE id = $1`},
			{"desk", `DELETE FROM dossier_unit WHERE dossier = $1 AND unit = '` + string(d.Desk) + `'`, `INSERT INTO dossier_unit (dossier, unit) VALUES ($1, '` + string(d.Desk) + `')`},
			{"queue", `UPDATE dossier SET state = 'returned' WHERE id = $1`, `UPDATE dossier SET state = 'accepted' WHERE id = $1`},
		} {
			exec(spoil.query, d.ID)
			if _, differ := count(); !has(differ, spoil.by) {
				t.Errorf("%s: found %+v, want a difference by %s", spoil.query, differ, spoil.by)
			}
			exec(spoil.undo, d.ID)
		}
		if err := p.Roll.Disable(ctx, officer.Console(), s.Desk.Officer.ID, "nghỉ việc"); err != nil {
			t.Fatal(err)
		}
		if err := p.Roll.Disable(ctx, officer.Console(), s.Desk2.Officer.ID, "nghỉ việc"); err != nil {
			t.Fatal(err)
		}
		if _, differ := count(); !has(differ, "unseen") {
			t.Errorf("nobody at the desk: found %+v", differ)
		}
		if err := p.DB.Write(ctx, func(tx *store.Tx) error {
			_, err := journal.Append(tx, journal.Entry{Act: "advance", Subject: d.Subject(), Capacity: "system", Facts: []byte(`{"state":"processing","version":2}`)})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, differ := count(); !has(differ, "state") {
			t.Errorf("an entry that nothing follows: found %+v", differ)
		}
	})
}

func has(differ []dossier.Difference, by string) bool {
	for _, d := range differ {
		if d.By == by {
			return true
		}
	}
	return false
}
