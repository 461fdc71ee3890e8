package gazette_test

import (
	"context"
	"errors"
	"testing"

	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/packs"
)

func storm(id string) pack.Notice {
	return pack.Notice{ID: id, Announced: "2026-03-02", Title: "Nghỉ vì bão", Law: "",
		Days: []lawtime.CalendarDay{{Date: "2026-03-05", Kind: lawtime.Closure, Name: "Nghỉ vì bão"}}}
}

func open(t *testing.T, db *store.DB) *gazette.Gazette {
	t.Helper()
	law, err := packs.LaiChau()
	if err != nil {
		t.Fatal(err)
	}
	g, err := gazette.Open(context.Background(), db, law)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func entries(t *testing.T, db *store.DB) (list []journal.Entry) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) (err error) {
		list, err = journal.List(tx, journal.Filter{Limit: 100})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// rel-T23, rel-K58: who may not keep the law, or has not proved themselves just
// now, changes nothing; neither does a notice with faults or one that is there.
func TestRefusedNoticeChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g := open(t, db)
		before := g.Law().Version()
		keeper := officer.By{Officer: officer.Officer{ID: "CB-1"}, Role: officer.ProcedureControl}
		for _, c := range []struct {
			name string
			by   officer.By
			n    pack.Notice
		}{
			{"receptionist", officer.By{Officer: officer.Officer{ID: "CB-2"}, Role: officer.Receptionist, Elevated: true}, storm("a")},
			{"no fresh proof", keeper, storm("a")},
			{"nothing said", officer.Console(), pack.Notice{}},
			{"impossible day", officer.Console(), pack.Notice{ID: "b", Announced: "2026-03-02", Title: "x", Days: []lawtime.CalendarDay{{Date: "2026-02-30", Kind: lawtime.Closure}}}},
		} {
			err := g.Apply(t.Context(), c.n, c.by)
			if _, ok := problem.As(err); !ok {
				t.Errorf("%s: %v, want a problem", c.name, err)
			}
		}
		if g.Law().Version() != before || len(entries(t, db)) != 0 {
			t.Error("a refused notice changed the law or the journal")
		}
		if err := g.Apply(t.Context(), storm("a"), officer.Console()); err != nil {
			t.Fatal(err)
		}
		if err := g.Apply(t.Context(), storm("a"), officer.Console()); err != nil {
			t.Errorf("the same notice again: %v", err)
		}
		other := storm("a")
		other.Title = "Khác"
		if err := g.Apply(t.Context(), other, officer.Console()); !problem.Is(err, problem.Conflict) {
			t.Errorf("another notice under its name: %v", err)
		}
		if list := entries(t, db); len(list) != 1 || list[0].Act != "apply_notice" || g.Law().Version() == before {
			t.Errorf("entries %+v", list)
		}
	})
}

// rel-I-J2, rel-I-J9: a notice changed, moved, dated back or added behind the
// program's back is found.
func TestVerifyFindsChangedNotices(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g := open(t, db)
		if err := g.Apply(t.Context(), storm("a"), officer.Console()); err != nil {
			t.Fatal(err)
		}
		keys, err := journal.LoadKeys(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		found := func() bool {
			t.Helper()
			r, err := journal.Verify(t.Context(), db, keys, t.TempDir(), gazette.Protected())
			if err != nil {
				t.Fatal(err)
			}
			return !r.OK()
		}
		if found() {
			t.Fatal("found something in an untouched gazette")
		}
		for _, c := range [][2]string{
			{`UPDATE gazette_notice SET body = replace(body, '2026-03-05', '2026-03-06')`, `UPDATE gazette_notice SET body = replace(body, '2026-03-06', '2026-03-05')`},
			{`UPDATE gazette_notice SET seq = seq + 1`, `UPDATE gazette_notice SET seq = seq - 1`},
			{`UPDATE gazette_notice SET applied = '2026-01' || substr(applied, 8)`, `UPDATE gazette_notice SET applied = '2026-03' || substr(applied, 8)`},
			{`INSERT INTO gazette_notice (id, seq, body, applied) VALUES ('b', 2, '{}', '')`, `DELETE FROM gazette_notice WHERE id = 'b'`},
			{`DELETE FROM gazette_notice`, ``},
		} {
			run(t, db, c[0])
			if !found() {
				t.Errorf("not found: %s", c[0])
			}
			if c[1] == "" {
				continue
			}
			run(t, db, c[1])
			if found() {
				t.Errorf("still found after %s", c[1])
			}
		}
	})
}

func run(t *testing.T, db *store.DB, statement string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Exec(statement)
		if err == nil && n == 0 {
			err = errors.New("changed nothing")
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// A second node sees the notice after a refresh, and so does one opened later.
func TestNoticeReachesOtherNodes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		g, other := open(t, db), open(t, db)
		if err := g.Apply(t.Context(), storm("a"), officer.Console()); err != nil {
			t.Fatal(err)
		}
		if err := other.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if v := g.Law().Version(); other.Law().Version() != v || open(t, db).Law().Version() != v {
			t.Error("the nodes hold different laws")
		}
	})
}
