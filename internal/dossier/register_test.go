package dossier_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// at is an instant in Viet Nam, "2026-03-02 09:15".
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, pack.Zone)
	if err != nil {
		panic(err)
	}
	return t
}

// desk runs a test at quầy 20 with the usual staff from an instant on, on each
// engine.
func desk(t *testing.T, from string, fn func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock)) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		clock := storetest.ClockOf(db)
		clock.Set(at(from))
		p := demotest.At(t, db)
		fn(t, p, demotest.Hire(t, p), clock)
	})
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

const passport = "1.001456"

// rel-I-D5, rel-I-D6: 64 writers, a third of them refused, and no gap.
func TestCodesAreGaplessUnderConcurrentIntakes(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		ins := make([]dossier.Intake, 64)
		for i := range ins {
			ins[i] = p.Intake(passport)
			if i%3 == 2 {
				ins[i].Filer.Name = ""
			}
		}
		codes := make([]string, len(ins))
		var wg sync.WaitGroup
		for i, in := range ins {
			wg.Go(func() {
				d, err := p.Register.Receive(ctx, in, s.Desk, fmt.Sprint("key-", i))
				if (err != nil) != (i%3 == 2) {
					t.Errorf("intake %d: %v", i, err)
				}
				codes[i] = string(d.Code)
			})
		}
		wg.Wait()
		seen := map[string]bool{}
		for i, c := range codes {
			if i%3 != 2 {
				seen[c] = true
			}
		}
		for n := 1; n <= 43; n++ {
			if c := fmt.Sprintf("H35.20.90-20260302-%07d", n); !seen[c] {
				t.Errorf("no dossier got %s", c)
			}
		}
		verify(t, p)
	})
}

// verify proves journal, tables, paths, capacities and numbers of a province.
func verify(t *testing.T, p *demo.Province) {
	t.Helper()
	keys := must[journal.Keys](t)(journal.LoadKeys(t.TempDir()))
	protected := append(payment.Protected(), p.Register.Protected(), gazette.Protected(), officer.Protected())
	r := must[journal.Report](t)(journal.Verify(ctx, p.DB, keys, t.TempDir(), protected...))
	for _, f := range r.Faults {
		t.Errorf("verify: %+v", f)
	}
	err := p.DB.Read(ctx, func(tx *store.Tx) error {
		faults, err := payment.Gaps(tx)
		for _, f := range faults {
			t.Error("verify:", f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rel-B-W01 and the four-row table of one call: every fault at once.
func TestIntakeNamesEveryFaultAtOnce(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		_, err := p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) {
			in.Filer.Name, in.Filer.Phone, in.Papers, in.ReturnBy = " ", "09123", nil, "drone"
		})
		q, ok := problem.As(err)
		if !ok {
			t.Fatalf("got %v, want a problem", err)
		}
		for _, want := range []string{"filer.name", "filer.phone", "papers", "return_by"} {
			if !strings.Contains(fmt.Sprint(q.Fields), want) {
				t.Errorf("no fault for %s in %v", want, q.Fields)
			}
		}
	})
}

// rel-I-D3, rel-I-D4, rel-B-A16.
func TestIdempotencyKeyShowsTheFirstResult(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		in := p.Intake(passport)
		first := must[dossier.Dossier](t)(p.Register.Receive(ctx, in, s.Desk, "k1"))
		again := must[dossier.Dossier](t)(p.Register.Receive(ctx, in, s.Desk, "k1"))
		if again.Code != first.Code || again.Version != first.Version {
			t.Errorf("the repeated call gave %s, want %s", again.Code, first.Code)
		}
		in.Request = "Khác"
		if _, err := p.Register.Receive(ctx, in, s.Desk, "k1"); !problem.Is(err, problem.Conflict) {
			t.Errorf("another body under the same key: %v, want a conflict", err)
		}
		other := p.Intake(passport)
		if d := must[dossier.Dossier](t)(p.Register.Receive(ctx, other, s.Desk2, "k1")); d.Code == first.Code {
			t.Error("another officer's key is not independent")
		}
		take := &dossier.Assign{Officer: s.Passport.Officer.ID}
		d1 := must[dossier.Dossier](t)(p.Register.Do(ctx, first.ID, take, s.Passport, "k2", 0))
		d2 := must[dossier.Dossier](t)(p.Register.Do(ctx, first.ID, take, s.Passport, "k2", 0))
		if d1.Version != d2.Version {
			t.Errorf("the act was done twice: versions %d and %d", d1.Version, d2.Version)
		}
	})
}

// rel-I-D3: a key is remembered for 30 days, and then forgotten by the sweep.
func TestIdempotencyKeysAreForgottenAfterThirtyDays(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		in := p.Intake(passport)
		first := must[dossier.Dossier](t)(p.Register.Receive(ctx, in, s.Desk, "k1"))
		clock.Set(at("2026-04-01 07:59"))
		must[dossier.Dossier](t)(p.Register.Receive(ctx, p.Intake(passport), s.Desk, "k2"))
		must[dossier.Swept](t)(p.Register.Sweep(ctx))
		if again := must[dossier.Dossier](t)(p.Register.Receive(ctx, in, s.Desk, "k1")); again.ID != first.ID {
			t.Errorf("within 30 days the repeated call gave %s, want %s", again.Code, first.Code)
		}
		clock.Set(at("2026-04-01 08:01"))
		must[dossier.Swept](t)(p.Register.Sweep(ctx))
		var keys []string
		err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
			keys, err = store.All(tx, func(r store.Row) (s string, err error) { return s, r.Scan(&s) }, `SELECT key FROM dossier_request`)
			return err
		})
		if err != nil || !slices.Equal(keys, []string{"k2"}) {
			t.Errorf("after 30 days %v are remembered, %v; want k2", keys, err)
		}
	})
}

// A supplement stops the clock: before 2025-07-01 the date shifts, from that
// day the limit starts again. law: nd-118-2025/17
func TestSupplementMovesTheDateByTheLawOfReceipt(t *testing.T) {
	for _, c := range []struct{ name, received, asked, supplied, due, moved string }{
		{"2022 shifts", "2022-06-06 08:00", "2022-06-07 08:00", "2022-06-09 08:00", "2022-06-15 17:00", "2022-06-17 17:00"},
		{"2026 restarts", "2026-08-03 08:00", "2026-08-04 08:00", "2026-08-06 08:00", "2026-08-13 08:00", "2026-08-18 08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			desk(t, c.received, func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
				d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
				first := d.Clock.Due
				clock.Set(at(c.asked))
				d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: d.Papers[0].Name, Reason: "Ảnh mờ"}}}))
				if d.State != dossier.Supplement || !d.Paused() || d.Running() {
					t.Fatalf("after the request: state %s, paused %v", d.State, d.Paused())
				}
				if _, err := p.Do(ctx, s.Passport, d, &dossier.Advance{}); !problem.Is(err, problem.Illegal) {
					t.Errorf("working while paused: %v, want illegal", err)
				}
				clock.Set(at(c.supplied))
				d = must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.Supply{}))
				t.Log("first", first.In(pack.Zone), "then", d.Clock.Due.In(pack.Zone))
				if d.State != dossier.Processing || d.Paused() {
					t.Errorf("after the supply: state %s, paused %v", d.State, d.Paused())
				}
				w := must[dossier.World](t)(p.Register.World(ctx))
				q := must[lawtime.Question](t)(w.Law.Question(passport, d.LawFrom, d.Case, "counter", "12-Q20", d.ReceivedAt))
				rules, _ := w.Law.Rules(pack.On(d.ReceivedAt))
				q.Pauses = []lawtime.Pause{{From: at(c.asked), To: at(c.supplied), Resume: rules.SupplementResume}}
				if want := must[lawtime.Answer](t)(lawtime.Due(q)); !want.Due.Equal(d.Clock.Due) {
					t.Errorf("due %s, law time says %s", d.Clock.Due, want.Due)
				}
				if _, err := p.Do(ctx, s.Passport, d, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: "x", Reason: "y"}}}); !problem.Is(err, problem.Illegal) {
					t.Errorf("a second request during appraisal: %v, want illegal", err)
				}
				if len(d.Slips) != 3 || d.Slips[0].Voided != d.Slips[2].Number {
					t.Errorf("slips %+v, want receipt (void), supplement, receipt", d.Slips)
				}
				verify(t, p)
			})
		})
	}
}

// A paper dossier that lacks something has a slip number but no code, until
// everything is there.
func TestIncompleteWalkInGetsItsCodeWhenComplete(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Papers, in.Decision = nil, "supplement" }))
		if d.Code != "" || d.State != dossier.Supplement || d.Slips[0].Number != "1/HDHS" {
			t.Fatalf("code %q, state %s, slips %v", d.Code, d.State, d.Slips)
		}
		if n := len(d.Supplements[0].Items); n == 0 {
			t.Error("the missing papers were not named")
		}
		if d.Running() {
			t.Error("the clock runs before acceptance")
		}
		clock.Add(26 * time.Hour)
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.Supply{Pay: "cash"}))
		if d.State != dossier.Accepted || d.Code != "H35.20.90-20260303-0000001" {
			t.Errorf("state %s, code %s", d.State, d.Code)
		}
		if !d.ReceivedAt.Equal(clock.Now()) {
			t.Errorf("the clock starts %s, want now", d.ReceivedAt)
		}
		refused := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) {
			in.Decision, in.Reasons = "refuse", []string{"Không thuộc đối tượng"}
		}))
		if refused.Code != "" || refused.State.National() != 3 {
			t.Errorf("refused: code %q, national state %d", refused.Code, refused.State.National())
		}
		verify(t, p)
	})
}

func TestOnlineDossierIsNumberedAtFilingAndAnsweredInEightHours(t *testing.T) {
	desk(t, "2026-03-02 15:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		in := p.Intake(passport)
		in.Channel, in.Case, in.FeeCase = "online", "", ""
		proc, _ := p.Law.Law().Procedure(passport)
		v, _ := proc.On("2026-03-02")
		in.Case = dossier.Cases(v, "online")[0].Name
		if fees := proc.FeeCases("online", "2026-03-02"); len(fees) > 1 {
			in.FeeCase = fees[0]
		}
		d := must[dossier.Dossier](t)(p.Register.File(ctx, in, "12-Q20", "f1"))
		if d.Code == "" || d.State != dossier.Filed {
			t.Fatalf("code %q, state %s", d.Code, d.State)
		}
		w := must[dossier.World](t)(p.Register.World(ctx))
		if got := w.CheckUntil(&d); !got.Equal(at("2026-03-03 15:00")) {
			t.Errorf("must be answered by %s, want 15:00 the next day", got.In(pack.Zone))
		}
		clock.Set(at("2026-03-03 15:00"))
		must[dossier.Swept](t)(p.Register.Sweep(ctx))
		if d = must[dossier.Dossier](t)(p.Register.Find(ctx, d.ID, s.Desk)); d.CheckLate {
			t.Error("late at the very instant")
		}
		clock.Add(time.Minute)
		if did := must[dossier.Swept](t)(p.Register.Sweep(ctx)); did["mark_unchecked"] != 1 {
			t.Errorf("swept %v", did)
		}
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.Accept{}))
		if !d.CheckLate || d.State != dossier.Accepted {
			t.Errorf("check late %v, state %s", d.CheckLate, d.State)
		}
		if did := must[dossier.Swept](t)(p.Register.Sweep(ctx)); len(did) != 0 {
			t.Errorf("a second sweep did %v", did)
		}
		verify(t, p)
	})
}

func TestDossierNobodyCompletesIsClosed(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: d.Papers[0].Name, Reason: "Ảnh mờ"}}}))
		clock.Set(d.Supplements[0].Until.Add(-time.Second))
		if did := must[dossier.Swept](t)(p.Register.Sweep(ctx)); len(did) != 0 {
			t.Errorf("closed too early: %v", did)
		}
		clock.Set(d.Supplements[0].Until)
		if did := must[dossier.Swept](t)(p.Register.Sweep(ctx)); did["close_unanswered"] != 1 {
			t.Errorf("swept %v", did)
		}
		if d = must[dossier.Dossier](t)(p.Register.Find(ctx, string(d.Code), s.Desk)); d.State != dossier.Stopped || d.End.AskedBy != "deadline" {
			t.Errorf("state %s, end %+v", d.State, d.End)
		}
		verify(t, p)
	})
}

// Late is an event; the apology comes before it, once, by a second person.
func TestApologyMovesThePromiseNotTheLegalDate(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		due := d.Clock.Due
		clock.Set(due.Add(-24 * time.Hour))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.ProposeApology{Reason: "Máy in hỏng", Unit: "PA08", NewDue: due.Add(72 * time.Hour)}))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.PassportChief, d, &dossier.Apologise{}))
		if !d.Clock.Due.Equal(due) || !d.Promise().Equal(due.Add(72*time.Hour)) || !d.Apologies[0].InTime {
			t.Errorf("due %s, promise %s, in time %v", d.Clock.Due, d.Promise(), d.Apologies[0].InTime)
		}
		if d.Slips[len(d.Slips)-1].Kind != "apology" {
			t.Errorf("no apology slip: %v", d.Slips)
		}
		if _, err := p.Do(ctx, s.PassportChief, d, &dossier.Apologise{Reason: "x", Unit: "y", NewDue: due.Add(99 * time.Hour)}); !problem.Is(err, problem.Illegal) {
			t.Errorf("a second re-appointment: %v, want illegal", err)
		}
		clock.Set(due.Add(24 * time.Hour))
		if did := must[dossier.Swept](t)(p.Register.Sweep(ctx)); did["mark_late"] != 1 {
			t.Errorf("swept %v", did)
		}
		if d = must[dossier.Dossier](t)(p.Register.Find(ctx, d.ID, s.Desk)); d.Grade(clock.Now()) != "late" {
			t.Errorf("grade %s, want late", d.Grade(clock.Now()))
		}
		verify(t, p)
	})
}

// rel-I-C5: a holiday announced late moves dates only by journaled acts.
func TestLateHolidayRecomputesRunningDossiers(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		run := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		waits := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		must[dossier.Dossier](t)(p.Do(ctx, s.Passport, waits, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: "x", Reason: "y"}}}))
		clock.Set(at("2026-03-04 10:00"))
		n := pack.Notice{ID: "2026-03-04-bao-1", Announced: "2026-03-04", Title: "Thông báo 12/TB-UBND: nghỉ vì bão",
			Days: []lawtime.CalendarDay{{Date: "2026-03-05", Kind: lawtime.Closure, Name: "Nghỉ vì bão"}}}
		if err := p.Law.Apply(ctx, n, officer.Console()); err != nil {
			t.Fatal(err)
		}
		moved := must[[]dossier.Moved](t)(p.Register.Recompute(ctx, n.ID))
		if len(moved) != 2 {
			t.Fatalf("%d dossiers moved, want 2", len(moved))
		}
		got := must[dossier.Dossier](t)(p.Register.Find(ctx, run.ID, s.Desk))
		if want := run.Clock.Due.Add(24 * time.Hour); !got.Clock.Due.Equal(want) || !got.Moves[0].Old.Equal(run.Clock.Due) {
			t.Errorf("due %s, want %s; moves %+v", got.Clock.Due, want, got.Moves)
		}
		if again := must[[]dossier.Moved](t)(p.Register.Recompute(ctx, n.ID)); len(again) != 2 {
			t.Errorf("a second recompute lists %d", len(again))
		}
		entries := must[[]journal.Entry](t)(p.Register.Entries(ctx, got))
		if last := entries[len(entries)-1]; last.Act != "recompute" || last.Reason != n.ID {
			t.Errorf("last entry %s %q", last.Act, last.Reason)
		}
		verify(t, p)
	})
}

func TestInterAgencyDossierHasAClockPerLeg(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, "1.002390"))
		promise := d.Clock.Due
		if want := at("2026-03-09 08:00"); !promise.Equal(want) {
			t.Errorf("3 + 2 working days are due %s, want %s", promise.In(pack.Zone), want)
		}
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.Advance{}))
		clock.Set(at("2026-03-03 08:00"))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.PassportChief, d, &dossier.Advance{Note: "Gửi Cục Quản lý xuất nhập cảnh"}))
		w := must[dossier.World](t)(p.Register.World(ctx))
		a := must[lawtime.Answer](t)(d.Proof(w.Law))
		if w.StepOf(&d).Kind != "external" || len(a.Legs) != 2 {
			t.Fatalf("step %+v, legs %+v", w.StepOf(&d), a.Legs)
		}
		if leg := a.Legs[1]; !leg.Start.Equal(at("2026-03-03 08:00")) || !leg.Due.Equal(at("2026-03-05 08:00")) {
			t.Errorf("the second leg runs %s to %s", leg.Start, leg.Due)
		}
		if !d.Clock.Due.Equal(promise) {
			t.Errorf("handing over early moved the promise to %s", d.Clock.Due)
		}
		clock.Set(at("2026-03-04 10:00"))
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.Conclude{Outcome: "granted", Kind: "Giấy phép"}))
		if d.State != dossier.Concluded {
			t.Errorf("state %s", d.State)
		}
		verify(t, p)
	})
}

// rel-K61, rel-I-P2: what lies outside the scope does not exist.
func TestOtherUnitsDossierIsNotFound(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		stranger := must[officer.By](t)(first(p.Hire(ctx, "xa", "Tao Thị Ươm", "Thượng úy", officer.Receptionist, "03478")))
		for _, ref := range []string{d.ID, string(d.Code)} {
			if _, err := p.Register.Find(ctx, ref, stranger); !problem.Is(err, problem.NotFound) {
				t.Errorf("found %s: %v", ref, err)
			}
			if _, err := p.Register.Do(ctx, ref, &dossier.Withdraw{Reason: "x"}, stranger, "", 0); !problem.Is(err, problem.NotFound) {
				t.Errorf("acted on %s: %v", ref, err)
			}
		}
		for _, q := range dossier.Queues {
			if page := must[dossier.Page](t)(p.Register.List(ctx, stranger, dossier.Filter{Queue: q})); len(page.Dossiers) != 0 {
				t.Errorf("queue %s shows %d", q, len(page.Dossiers))
			}
		}
		if list := must[[]dossier.Dossier](t)(p.Register.Search(ctx, stranger, d.Filer.IDNumber, "test", 10)); len(list) != 0 {
			t.Errorf("search found %d", len(list))
		}
	})
}

func first(by officer.By, _ string, err error) (officer.By, error) { return by, err }

func TestSearchFindsByEveryHandle(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) {
			in.Filer.Name, in.Filer.Phone, in.Plate = "Đặng Thị Ngọc Hoà", "0300 123 456", "25-B1 123.45"
		}))
		must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		for _, q := range []string{string(d.Code), "20260302-0000001", "dang thi ngoc", "Đặng Ngọc", "ngọc hòa", "dang", d.Filer.IDNumber, "0300123456", "+84 300 123 456", "25B1-123.45", "25b112345"} {
			list := must[[]dossier.Dossier](t)(p.Register.Search(ctx, s.Desk, q, "tra cứu", 10))
			if len(list) != 1 || list[0].ID != d.ID {
				t.Errorf("%q found %d dossiers", q, len(list))
			}
		}
	})
}

// rel-B-E05, rel-K50, rel-T13.
func TestTrackingNeedsTheSecretAndIsThrottled(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		secret, token := demotest.Key.Secret(d.ID), demotest.Key.Token(d.ID)
		if len(secret) != 8 || len(token) != 26 {
			t.Fatalf("secret %q, token %q", secret, token)
		}
		sloppy := strings.ToLower(strings.ReplaceAll(secret[:4]+" - "+secret[4:], "0", "o"))
		seen := must[dossier.Tracked](t)(p.Register.Track(ctx, " "+strings.ToLower(string(d.Code)), sloppy))
		byQR := must[dossier.Tracked](t)(p.Register.TrackToken(ctx, token))
		if seen.Code != d.Code || byQR.Code != d.Code || seen.Initials == d.Filer.Name {
			t.Errorf("tracked %+v", seen)
		}
		_, wrong := p.Register.Track(ctx, string(d.Code), "AAAAAAAA")
		_, unknown := p.Register.Track(ctx, "H35.20.90-20260302-0009999", "AAAAAAAA")
		if wrong == nil || unknown == nil || wrong.Error() != unknown.Error() {
			t.Errorf("wrong secret %v, unknown code %v: must be the same", wrong, unknown)
		}
		for range 9 {
			p.Register.Track(ctx, string(d.Code), "AAAAAAAA")
			p.Register.Track(ctx, "H35.20.90-20260302-0009999", "AAAAAAAA")
		}
		for _, code := range []string{string(d.Code), "H35.20.90-20260302-0009999"} {
			if _, err := p.Register.Track(ctx, code, secret); !problem.Is(err, problem.TooMany) {
				t.Errorf("%s after ten failures: %v", code, err)
			}
		}
		if _, err := p.Register.TrackToken(ctx, token); err != nil {
			t.Errorf("the QR must still open it: %v", err)
		}
		clock.Add(25 * time.Hour)
		if _, err := p.Register.Track(ctx, string(d.Code), secret); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

func TestCorrectionVoidsTheOldSlip(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		clock.Add(time.Hour)
		right := d.Filer
		right.Name = "Lò Thị Thắm"
		d = must[dossier.Dossier](t)(p.Do(ctx, s.Desk, d, &dossier.Correct{Reason: "Gõ nhầm họ tên", Filer: &right}))
		if d.Filer.Name != right.Name || d.Slips[0].Voided != d.Slips[1].Number {
			t.Errorf("name %s, slips %+v", d.Filer.Name, d.Slips)
		}
		old := must[slip.Facts](t)(p.Register.Print(ctx, d.ID, "receipt", d.Slips[0].Number, s.Desk, "https://motcua.example.vn"))
		if old.Void != d.Slips[1].Number {
			t.Errorf("the old slip does not say that %s replaces it", d.Slips[1].Number)
		}
		if due := d.Clock.Due; !due.Equal(must[dossier.Dossier](t)(p.Register.Find(ctx, d.ID, s.Desk)).Clock.Due) {
			t.Error("the date moved")
		}
		verify(t, p)
	})
}

// rel-I-J9: a change of any column behind the program's back is found.
func TestVerifyFindsEveryChangedColumn(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		undo := errors.New("undo")
		for _, change := range []string{
			`UPDATE dossier SET due_at = '2026-12-31T03:00:00.000Z'`, `UPDATE dossier SET state = 'returned'`, `UPDATE dossier SET holder = 'x'`,
			`UPDATE dossier SET assignee = 'CB-9'`, `UPDATE dossier SET filer = ''`, `UPDATE dossier SET timer_at = ''`, `UPDATE dossier SET token = 'x'`,
			`UPDATE dossier SET body = body || 'x'`, `UPDATE dossier SET version = 2`, `UPDATE dossier SET accepted_at = ''`,
			`UPDATE dossier_code SET code = 'X'`, `DELETE FROM dossier_code`, `DELETE FROM dossier_unit`, `DELETE FROM dossier_term`,
			`UPDATE dossier_slip SET facts = facts || 'x'`, `DELETE FROM dossier_slip`,
			rewritten(t, p, `SELECT body FROM dossier`, `UPDATE dossier SET body = '%s'`, "counter", "online"),
			rewritten(t, p, `SELECT facts FROM dossier_slip`, `UPDATE dossier_slip SET facts = '%s'`, "2026", "2027"),
		} {
			err := p.DB.Write(ctx, func(tx *store.Tx) error {
				if n, err := tx.Exec(change); err != nil || n == 0 {
					return fmt.Errorf("%s changed %d rows: %w", change, n, err)
				}
				found := false
				err := p.Register.Protected().Each(tx, func(subject, state string) error {
					entries, err := journal.Of(tx, subject)
					if err != nil {
						return err
					}
					found = found || entries[len(entries)-1].State != journal.StateOf(state)
					return nil
				})
				if err != nil {
					return err
				}
				if !found {
					t.Errorf("not found: %s", change)
				}
				return undo
			})
			if !errors.Is(err, undo) {
				t.Fatal(err)
			}
		}
	})
}

// rewritten is the statement that puts something else into a text that is kept
// pressed, pressed again as the program would.
func rewritten(t *testing.T, p *demo.Province, query, change, old, other string) string {
	t.Helper()
	var text string
	err := p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		text, err = store.One(tx, func(r store.Row) (s string, err error) { return s, r.Scan(store.Plain(&s)) }, query)
		return err
	})
	if err != nil || !strings.Contains(text, old) {
		t.Fatalf("%q has no %q, %v", text, old, err)
	}
	return fmt.Sprintf(change, strings.ReplaceAll(store.Press(store.Papers, strings.ReplaceAll(text, old, other)).String(), "'", "''"))
}

// rel-I-P4: each view leaves who, why and when.
func TestViewsAreJournaled(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		must[dossier.Dossier](t)(p.Register.View(ctx, d.ID, s.Passport, "thẩm tra"))
		views := must[[]journal.Entry](t)(p.Register.Views(ctx, d))
		if len(views) != 1 || views[0].Officer != s.Passport.Officer.ID || views[0].Reason != "thẩm tra" {
			t.Errorf("views %+v", views)
		}
	})
}

// rel-I-C5: a preview tells what a notice would move and moves nothing.
func TestPreviewMovesNothing(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		n := pack.Notice{ID: "2026-03-02-lu-1", Announced: "2026-03-02", Title: "Nghỉ vì lũ", Days: []lawtime.CalendarDay{{Date: "2026-03-05", Kind: lawtime.Closure, Name: "Nghỉ vì lũ"}}}
		moved := must[[]dossier.Moved](t)(p.Register.Preview(ctx, n))
		if len(moved) != 1 || !moved[0].Move.Old.Equal(d.Clock.Due) || !moved[0].Move.New.Equal(d.Clock.Due.Add(24*time.Hour)) {
			t.Fatalf("preview %+v", moved)
		}
		if now := must[dossier.Dossier](t)(p.Register.Find(ctx, d.ID, s.Desk)); now.Version != d.Version || len(now.Moves) != 0 {
			t.Errorf("the preview changed the dossier: %+v", now.Moves)
		}
		if err := p.Law.Apply(ctx, n, officer.Console()); err != nil {
			t.Fatal(err)
		}
		if left := must[[]dossier.Moved](t)(p.Register.Unmoved(ctx, n.ID)); len(left) != 1 {
			t.Errorf("%d left to move, want 1", len(left))
		}
		must[[]dossier.Moved](t)(p.Register.Recompute(ctx, n.ID))
		if left := must[[]dossier.Moved](t)(p.Register.Unmoved(ctx, n.ID)); len(left) != 0 {
			t.Errorf("%d left to move after the recount", len(left))
		}
		if _, err := p.Register.Preview(ctx, n); !problem.Is(err, problem.Invalid) {
			t.Errorf("previewing a notice in force: %v", err)
		}
	})
}

// rel-I-P2: only dossiers in the scope get their codes.
func TestWithinKeepsToTheScope(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		for _, c := range []struct {
			by   officer.By
			sees bool
		}{{s.Desk, true}, {s.Passport, true}, {s.Processor, false}, {officer.System(), true}, {officer.By{}, false}} {
			err := p.DB.Read(ctx, func(tx *store.Tx) error {
				codes, err := dossier.Within(tx, c.by, []string{d.ID, "NOSUCHDOSSIER"})
				if code, ok := codes[d.ID]; ok != c.sees || ok && code != d.Code || len(codes) > 1 {
					t.Errorf("%s: %v", c.by.Capacity(), codes)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A unit that is asked for its opinion finds the question in a list of its own
// until it has answered.
func TestAskedUnitHasAListOfQuestions(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		must[dossier.Dossier](t)(p.Do(ctx, s.Passport, d, &dossier.AskUnit{Unit: "12-PC06", Question: "Có ý kiến gì không?"}))
		waiting := func() int {
			page := must[dossier.Page](t)(p.Register.List(ctx, s.Processor, dossier.Filter{Queue: dossier.ToAnswer}))
			return len(page.Dossiers)
		}
		if n := waiting(); n != 1 {
			t.Errorf("%d questions wait, want 1", n)
		}
		must[dossier.Dossier](t)(p.Do(ctx, s.Processor, d, &dossier.AnswerUnit{Answer: "Không"}))
		if n := waiting(); n != 0 {
			t.Errorf("%d questions wait after the answer", n)
		}
		verify(t, p)
	})
}
