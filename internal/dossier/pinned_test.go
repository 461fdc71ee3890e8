package dossier_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

func closure(days ...string) (list []lawtime.CalendarDay) {
	for _, d := range days {
		list = append(list, lawtime.CalendarDay{Date: d, Kind: lawtime.Closure, Name: "Nghỉ vì bão"})
	}
	return list
}

// rel-I-D9: a dossier that lives across the change of 2025-07-01 keeps version,
// fee, papers and the resume rule of its receipt.
func TestDossierAcrossAChangeOfLawKeepsTheOldOne(t *testing.T) {
	desk(t, "2025-06-27 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		was := d
		clock.Set(at("2025-06-30 08:00"))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: d.Papers[0].Name, Reason: "Ảnh mờ"}}}))
		clock.Set(at("2025-07-03 08:00"))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.Supply{}))
		if d.LawFrom != was.LawFrom || !reflect.DeepEqual(d.Fee, was.Fee) || len(d.Papers) != len(was.Papers) {
			t.Errorf("version %s, fee %+v, want those of receipt: %s, %+v", d.LawFrom, d.Fee, was.LawFrom, was.Fee)
		}
		w := must[dossier.World](t)(p.Register.World(ctx))
		rules, _ := w.Law.Rules("2025-06-27")
		if now, _ := w.Law.Rules("2025-07-03"); now.SupplementResume == rules.SupplementResume {
			t.Fatal("the rule did not change, so this proves nothing")
		}
		q := must[lawtime.Question](t)(w.Law.Question(passport, d.LawFrom, d.Case, "counter", "12-Q20", d.ReceivedAt))
		q.Pauses = []lawtime.Pause{{From: at("2025-06-30 08:00"), To: at("2025-07-03 08:00"), Resume: rules.SupplementResume}}
		if want := must[lawtime.Answer](t)(lawtime.Due(q)); !want.Due.Equal(d.Clock.Due) {
			t.Errorf("due %s, the old rule says %s", d.Clock.Due, want.Due)
		}
		verify(t, p)
	})
}

// rel-I-D9, rel-I-C5: a notice changes no stored dossier; an act that computes
// the date anew before the recompute ran lets the notice move it first, by an
// entry of its own.
func TestNoticeMovesADateOnlyByARecompute(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		clock.Set(at("2026-03-03 08:00"))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: d.Papers[0].Name, Reason: "Ảnh mờ"}}}))
		n := pack.Notice{ID: "2026-03-03-bao-1", Announced: "2026-03-03", Title: "Nghỉ vì bão", Days: closure("2026-03-10")}
		if err := p.Law.Apply(ctx, n, officer.Console()); err != nil {
			t.Fatal(err)
		}
		if now := must[dossier.Dossier](t)(p.Register.Find(ctx, d.ID, s.Desk)); !now.Clock.Due.Equal(d.Clock.Due) || now.Version != d.Version {
			t.Errorf("the notice alone changed the dossier: due %s, version %d", now.Clock.Due, now.Version)
		}
		clock.Set(at("2026-03-04 08:00"))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.Supply{}))
		if len(d.Moves) != 1 || d.Moves[0].Notice != n.ID {
			t.Fatalf("moves %+v, want one by %s", d.Moves, n.ID)
		}
		entries := must[[]journal.Entry](t)(p.Register.Entries(ctx, d))
		var acts []string
		for _, e := range entries {
			acts = append(acts, e.Act+" "+e.Reason)
		}
		if got := strings.Join(acts, ", "); !strings.HasSuffix(got, "recompute "+n.ID+", supply ") {
			t.Errorf("acts %s", got)
		}
		if moved := must[[]dossier.Moved](t)(p.Register.Recompute(ctx, n.ID)); len(moved) != 1 {
			t.Errorf("%d people to tell, want 1", len(moved))
		}
		verify(t, p)
	})
}

// rel-I-J10: the correction is an entry that says why; the old slip, with what
// was wrong, stays as it was issued.
func TestCorrectionLeavesTheOldReadable(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		wrong, right := d.Filer.Name, d.Filer
		right.Name = "Lò Thị Thắm"
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.Correct{Reason: "Gõ nhầm họ tên", Filer: &right}))
		old := must[slip.Facts](t)(p.Register.Print(ctx, d.ID, "receipt", d.Slips[0].Number, s.Desk, "https://motcua.example.vn"))
		if old.Applicant.Name != wrong {
			t.Errorf("the old slip names %s, want %s", old.Applicant.Name, wrong)
		}
		entries := must[[]journal.Entry](t)(p.Register.Entries(ctx, d))
		if last := entries[len(entries)-1]; len(entries) != 2 || last.Act != "correct" || last.Reason != "Gõ nhầm họ tên" {
			t.Errorf("entries %+v", entries)
		}
	})
}

// rel-I-C7, rel-I-J5: clocks that step change no date and no order.
func TestStepsOfTheClockMoveNoDateAndNoEntryBack(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		clock.Set(at("2026-03-03 09:00"))
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		due := d.Clock.Due
		for _, step := range []string{"2026-03-02 09:00", "2026-03-04 09:00", "2026-03-03 09:05"} {
			clock.Set(at(step))
			d = must[dossier.Dossier](t)(p.Do(ctx, s.PassportChief, d, &dossier.Assign{Officer: s.Passport.Officer.ID}))
			if !d.Clock.Due.Equal(due) {
				t.Errorf("a clock at %s moved the date to %s", step, d.Clock.Due)
			}
		}
		var last time.Time
		for _, e := range must[[]journal.Entry](t)(p.Register.Entries(ctx, d)) {
			if e.At.Before(last) {
				t.Errorf("entry %d at %s, before %s", e.Index, e.At, last)
			}
			last = e.At
		}
		verify(t, p)
	})
}

// inZone names the variable under which the test runs itself on a host in
// another time zone.
const inZone = "QUAY20_TEST_ZONE"

// rel-I-C7, rel-I-C1: the same acts on hosts in other time zones, or in none that
// exists, give the same dossier and the same slip.
func TestHostTimeZoneChangesNothing(t *testing.T) {
	if os.Getenv(inZone) != "" {
		tellLife(t)
		return
	}
	t.Parallel()
	var want string
	for _, zone := range []string{"UTC", "America/New_York", "Asia/Ho_Chi_Minh", "No/Where"} {
		c := exec.Command(os.Args[0], "-test.run=^TestHostTimeZoneChangesNothing$")
		c.Env = append(os.Environ(), "TZ="+zone, inZone+"=1", "TEST_POSTGRES=")
		out, err := c.Output()
		_, told, found := bytes.Cut(out, []byte("life: "))
		if err != nil || !found {
			t.Fatalf("%s: %v\n%s", zone, err, out)
		}
		got, _, _ := strings.Cut(string(told), "\n")
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", zone, got, want)
		}
	}
}

// tellLife prints what a short life looks like on this host.
func tellLife(t *testing.T) {
	storetest.EachAt(t, storetest.NewClock(at("2026-04-29 23:30").In(time.Local)), func(t *testing.T, db *store.DB) {
		p := demotest.At(t, db)
		s := demotest.Hire(t, p)
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		p.Clock.Set(at("2026-05-05 00:15").In(time.Local))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: d.Papers[0].Name, Reason: "Ảnh mờ"}}}))
		p.Clock.Set(at("2026-05-06 08:15").In(time.Local))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.Supply{}))
		w := must[dossier.World](t)(p.Register.World(ctx))
		proof := must[lawtime.Answer](t)(d.Proof(w.Law))
		f := must[slip.Facts](t)(p.Register.Print(ctx, d.ID, "receipt", "", s.Desk, "https://motcua.example.vn"))
		f.Secret, f.TrackURL, f.Head = "", "", ""
		d.ID, d.Salt, d.TokenHash = "", "", ""
		for i := range d.Slips {
			d.Slips[i].Hash = ""
		}
		all, err := json.Marshal([]any{d, proof.Due.UTC(), fmt.Sprint(len(proof.Steps)), f})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("life: %s\n", all)
	})
}

// rel-T01, rel-K82: no act and no intake has a place for a time of receipt; the only
// times that people give are the new date of an apology and, of a code that
// another system gave, a claim that is overwritten. When a transfer was booked the
// program alone says.
func TestNoActTakesATimeFromPeople(t *testing.T) {
	moment := reflect.TypeFor[time.Time]()
	var times func(name string, typ reflect.Type) []string
	times = func(name string, typ reflect.Type) (found []string) {
		switch {
		case typ == moment:
			return []string{name}
		case typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice:
			return times(name, typ.Elem())
		case typ.Kind() == reflect.Struct:
			for i := range typ.NumField() {
				if typ.Field(i).Tag.Get("json") == "-" {
					continue // no door takes it; a room sets it
				}
				found = append(found, times(name+"."+typ.Field(i).Name, typ.Field(i).Type)...)
			}
		}
		return found
	}
	got := times("Intake", reflect.TypeFor[dossier.Intake]())
	for _, name := range dossier.ActNames() {
		act := must[dossier.Act](t)(dossier.NewAct(name))
		got = append(got, times(name, reflect.TypeOf(act))...)
		for _, field := range []string{"received_at", "at", "accepted_at", "filed_at", "due", "now", "state", "version", "fee", "officer_id", "by"} {
			if _, err := dossier.ParseAct(name, []byte(`{"`+field+`": "2026-03-01T01:00:00Z"}`)); !problem.Is(err, problem.Malformed) {
				t.Errorf("%s takes %s: %v", name, field, err)
			}
		}
	}
	if want := "Intake.Codes.At propose_apology.NewDue apologise.NewDue confirm_payment.Booked"; strings.Join(got, " ") != want {
		t.Errorf("times that people give: %v, want %s", got, want)
	}
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) {
			in.Codes = []dossier.KnownCode{{Code: "G01.899-1", Source: "ministry", At: clock.Now().Add(-240 * time.Hour)}}
		}))
		for _, c := range d.Codes {
			if !c.At.Equal(clock.Now()) {
				t.Errorf("code %s is of %s, want the server's time", c.Code, c.At)
			}
		}
		_, err := p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Filer = d.Filer })
		if !problem.Is(err, problem.Conflict) {
			t.Errorf("the same person again within a week: %v, want to be asked why", err)
		}
	})
}
