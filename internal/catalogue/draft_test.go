package catalogue_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// Every version of every procedure of the pack goes through the editor and comes
// out as it was: nothing that an editor does not show is lost.
func TestNothingIsLostInTheEditor(t *testing.T) {
	t.Parallel()
	law := shipped(t)
	for _, p := range law.AllProcedures() {
		for _, v := range p.Versions {
			want := catalogue.ContentOf(p, v.From)
			_, faults := catalogue.Begin(want).Content()
			if len(faults) != 1 || faults[0].Field != "from" {
				t.Errorf("%s from %s: %+v", p.Code, v.From, faults)
			}
			body := catalogue.Begin(want)
			t0, _ := time.Parse(time.DateOnly, v.From)
			body.Items.From = t0.Format("02/01/2006")
			got, faults := body.Content()
			if len(faults) > 0 {
				t.Errorf("%s from %s: %+v", p.Code, v.From, faults)
			}
			want.Version.To, want.Version.UnchangedTo = "", ""
			if want.Version.ProcessOurs {
				want.Version.ProcessOurs, want.Version.Process = false, nil
			}
			if a, b := written(t, want), written(t, got); a != b {
				t.Errorf("%s from %s came out otherwise:\n%s\n%s", p.Code, v.From, a, b)
			}
		}
	}
}

func written(t *testing.T, c catalogue.Content) string {
	t.Helper()
	c.After = nil
	text, err := pack.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type desk struct {
	db                     *store.DB
	law                    *gazette.Gazette
	drafts                 *catalogue.Drafts
	writer, second, leader officer.By
}

func person(id string, role officer.Role) officer.By {
	return officer.By{Officer: officer.Officer{ID: id, Person: "900-" + id, Name: "Cán bộ " + id}, Role: role, Elevated: true}
}

func newDesk(t *testing.T, db *store.DB) *desk {
	t.Helper()
	storetest.ClockOf(db).Set(time.Date(2026, 11, 10, 1, 0, 0, 0, time.UTC))
	law, err := gazette.Open(t.Context(), db, shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	return &desk{db, law, catalogue.NewDrafts(db, law),
		person("CB-1", officer.ProcedureControl), person("CB-2", officer.ProcedureControl), person("CB-3", officer.Leader)}
}

// dearer is a draft that raises the counter fee of temporary residence.
func (d *desk) dearer(t *testing.T, from pack.Date, amount string) catalogue.Draft {
	t.Helper()
	draft, err := d.drafts.Begin(t.Context(), "1.004194", catalogue.NewVersion, from, d.writer)
	if err != nil {
		t.Fatal(err)
	}
	items := draft.Items
	items.Fees = slices.Clone(items.Fees)
	for i := range items.Fees {
		if items.Fees[i].Channel == "counter" {
			items.Fees[i].Amount = amount
		}
	}
	draft, err = d.drafts.Save(t.Context(), draft.ID, draft.Version, items, nil, d.writer)
	if err != nil {
		t.Fatal(err)
	}
	return draft
}

func (d *desk) entries(t *testing.T) (acts []string) {
	t.Helper()
	err := d.db.Read(t.Context(), func(tx *store.Tx) error {
		acts = nil
		list, err := journal.List(tx, journal.Filter{Limit: 100})
		for _, e := range list {
			acts = append(acts, e.Act)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return acts
}

func (d *desk) fee(on pack.Date) int64 {
	p, _ := d.law.Law().Procedure("1.004194")
	return p.Fee(pack.Ask{Case: p.FeeCases("counter", on)[0], Channel: "counter", On: on}).Amount
}

// rel-I-J8, rel-T26, rel-B-P05: a draft is written by one and approved by another
// person, published whole on a decision, holds from its day on and leaves the
// days before alone.
func TestDraftBecomesLawOnlyThroughASecondPerson(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := t.Context()
		draft := d.dearer(t, "2026-12-01", "20.000")
		if _, err := d.drafts.Approve(ctx, draft.ID, draft.Version, d.second); !problem.Is(err, problem.Illegal) {
			t.Errorf("approved before it was asked: %v", err)
		}
		draft, err := d.drafts.Ask(ctx, draft.ID, draft.Version, "Theo dự thảo quyết định", d.writer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.drafts.Save(ctx, draft.ID, draft.Version, draft.Items, nil, d.writer); !problem.Is(err, problem.Illegal) {
			t.Errorf("changed after approval was asked: %v", err)
		}
		twin := d.writer
		twin.Officer.ID = "CB-9" // another account of the same person
		for name, by := range map[string]officer.By{"the writer": d.writer, "the writer's other account": twin, "a receptionist": person("CB-4", officer.Receptionist)} {
			if _, err := d.drafts.Approve(ctx, draft.ID, draft.Version, by); !problem.Is(err, problem.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		stale := d.leader
		stale.Elevated = false
		if _, err := d.drafts.Approve(ctx, draft.ID, draft.Version, stale); !problem.Is(err, problem.Forbidden) {
			t.Errorf("approved without a fresh proof: %v", err)
		}
		if _, err := d.drafts.Publish(ctx, draft.ID, draft.Version, "1/QĐ-CAT", "2026-11-10", d.writer); !problem.Is(err, problem.Illegal) {
			t.Errorf("published before it was approved: %v", err)
		}
		if draft, err = d.drafts.Approve(ctx, draft.ID, draft.Version, d.leader); err != nil {
			t.Fatal(err)
		}
		if _, err := d.drafts.Publish(ctx, draft.ID, draft.Version, "", "2026-11-31", d.writer); !problem.Is(err, problem.Invalid) {
			t.Errorf("published without a decision: %v", err)
		}
		before, old := d.law.Law().Version(), d.fee("2026-12-01")
		if draft, err = d.drafts.Publish(ctx, draft.ID, draft.Version, "1/QĐ-CAT", "2026-11-10", d.writer); err != nil {
			t.Fatal(err)
		}
		if draft.State != catalogue.Published || d.law.Law().Version() == before {
			t.Errorf("state %s", draft.State)
		}
		if d.fee("2026-11-30") != old || d.fee("2026-12-01") != 20_000 {
			t.Errorf("fee %d, then %d", d.fee("2026-11-30"), d.fee("2026-12-01"))
		}
		if acts := d.entries(t); !slices.Equal(acts, []string{"draft_procedure", "ask_procedure", "approve_procedure", "publish_procedure", "publish_procedure"}) &&
			len(acts) != 5 {
			t.Errorf("journal %v", acts)
		}
		files, err := d.law.Files(ctx)
		if err != nil || len(files) == 0 || files["procedures/1.004194/2026-12-01.yaml"] == nil {
			t.Errorf("%d files for the next release: %v", len(files), err)
		}
		// the same day again is refused, also if the other draft was approved
		again := d.dearer(t, "2026-12-02", "30.000")
		again.Items.From = "01/12/2026"
		if again, err = d.drafts.Save(ctx, again.ID, again.Version, again.Items, nil, d.writer); err != nil {
			t.Fatal(err)
		}
		if _, err := d.drafts.Ask(ctx, again.ID, again.Version, "x", d.writer); !problem.Is(err, problem.Illegal) {
			t.Errorf("two versions on one day: %v", err)
		}
		// a second node and a later start have it too
		other, err := gazette.Open(ctx, db, shipped(t))
		if err != nil || other.Law().Version() != d.law.Law().Version() {
			t.Errorf("another node: %v", err)
		}
	})
}

// Two who write in one draft never overwrite each other, and nothing typed is
// lost: who comes second is told and keeps what they typed.
func TestTwoEditorsOfADraft(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := t.Context()
		draft := d.dearer(t, "2026-12-01", "hai mươi nghìn")
		if draft.Items.Fees[0].Amount != "hai mươi nghìn" {
			t.Errorf("what was typed is gone: %+v", draft.Items.Fees)
		}
		seen, mine, err := d.drafts.Open(ctx, draft.ID, d.second)
		if err != nil || mine || seen.Holder != d.writer.Officer.ID {
			t.Fatalf("the second writes too: %v %v %s", err, mine, seen.Holder)
		}
		var taken catalogue.Taken
		if _, err := d.drafts.Save(ctx, draft.ID, seen.Version, seen.Items, nil, d.second); !errors.As(err, &taken) {
			t.Errorf("saved over the first: %v", err)
		}
		clock := storetest.ClockOf(db)
		clock.Set(clock.Now().Add(6 * time.Minute))
		if seen, mine, err = d.drafts.Open(ctx, draft.ID, d.second); err != nil || !mine {
			t.Fatalf("not free after five minutes: %v", err)
		}
		saved, err := d.drafts.Save(ctx, draft.ID, seen.Version, seen.Items, nil, d.second)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.drafts.Save(ctx, draft.ID, draft.Version, draft.Items, nil, d.writer); !errors.As(err, &taken) || taken.Draft.Version != saved.Version {
			t.Errorf("the first saved over the second: %v", err)
		}
		if err := d.drafts.Leave(ctx, draft.ID, d.second); err != nil {
			t.Fatal(err)
		}
		// whoever wrote in it does not approve it, however little
		for i := range saved.Items.Fees {
			saved.Items.Fees[i].Amount = "20000"
		}
		if saved, err = d.drafts.Save(ctx, draft.ID, saved.Version, saved.Items, nil, d.writer); err != nil {
			t.Fatal(err)
		}
		if saved, err = d.drafts.Ask(ctx, draft.ID, saved.Version, "x", d.writer); err != nil {
			t.Fatal(err)
		}
		if _, err := d.drafts.Approve(ctx, draft.ID, saved.Version, d.second); !problem.Is(err, problem.Forbidden) {
			t.Errorf("a writer approved: %v", err)
		}
	})
}

// An imported record becomes a draft once, and is never pushed over an officer's
// work.
func TestImportedProcedureBecomesADraft(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx := t.Context()
		in := catalogue.Imported{Source: "dvcqg/1.999001", Procedure: pack.Procedure{Code: "1.999001", Name: "Thủ tục nhập", Field: "cu-tru", FeeStatus: "none_listed",
			Result: []string{"Giấy xác nhận"}, Versions: []pack.Version{{Cases: []pack.Case{{Name: "Thông thường"}}, Bases: []string{"68/2020/QH14"}}}},
			Unread: []catalogue.Unread{{Item: catalogue.ItemFees, Text: "Giảm 10% đến hết năm"}}}
		draft, changed, err := d.drafts.Import(ctx, in, officer.Console())
		if err != nil || !changed || draft.Kind != catalogue.NewProcedure {
			t.Fatal(draft, changed, err)
		}
		if gate := draft.Gate(d.law.Law(), "", "2026-11-10"); gate.Red() == 0 {
			t.Error("an unread sentence passes the gate")
		}
		if _, changed, err = d.drafts.Import(ctx, in, officer.Console()); err != nil || changed {
			t.Error("the same again changed something", err)
		}
		in.Procedure.Name = "Thủ tục nhập lần hai"
		if draft, changed, err = d.drafts.Import(ctx, in, officer.Console()); err != nil || !changed || draft.Items.Name != in.Procedure.Name {
			t.Error("a corrected record did not replace the draft", err)
		}
		draft.Items.Name = "Tên cán bộ sửa"
		if draft, err = d.drafts.Save(ctx, draft.ID, draft.Version, draft.Items, draft.Unread, d.writer); err != nil {
			t.Fatal(err)
		}
		in.Procedure.Name = "Lần ba"
		if draft, changed, err = d.drafts.Import(ctx, in, officer.Console()); err != nil || changed || draft.Items.Name != "Tên cán bộ sửa" {
			t.Error("an officer's work was overwritten", err)
		}
		if _, _, err := d.drafts.Import(ctx, in, d.leader); !problem.Is(err, problem.Forbidden) {
			t.Error("a leader imported", err)
		}
		all, err := d.drafts.List(ctx, catalogue.Drafting)
		if err != nil || len(all) != 1 {
			t.Error(all, err)
		}
	})
}

// rel-I-J2: a draft that waits for approval, or a publication, changed behind the
// program's back is found.
func TestVerifyFindsChangedDrafts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		draft := d.dearer(t, "2026-12-01", "20.000")
		if _, err := d.drafts.Ask(t.Context(), draft.ID, draft.Version, "x", d.writer); err != nil {
			t.Fatal(err)
		}
		keys, err := journal.LoadKeys(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		found := func() bool {
			t.Helper()
			r, err := journal.Verify(t.Context(), db, keys, t.TempDir(), catalogue.Protected(), gazette.Published())
			if err != nil {
				t.Fatal(err)
			}
			return !r.OK()
		}
		if found() {
			t.Fatal("found something in an untouched draft")
		}
		for _, set := range []string{`body = replace(body, '20.000', '2.000')`, `state = 'approved'`, `kind = 'end'`} {
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE catalogue_draft SET ` + set)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if !found() {
				t.Errorf("not found: %s", set)
			}
		}
	})
}
