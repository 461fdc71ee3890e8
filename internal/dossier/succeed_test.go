package dossier

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quay20/internal/applicant"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/packs"
)

// drawn is an open dossier received at any desk of a day before the units end,
// for a procedure that the desk takes in, after some acts.
func drawn(t *rapid.T, law *pack.Pack) (Dossier, time.Time) {
	start := time.Date(2022, 3, 7, 1, 30, 0, 0, time.UTC).AddDate(0, 0, 7*rapid.IntRange(0, 170).Draw(t, "week")) // a Monday
	w := World{Now: start, Law: law}
	on := pack.On(w.Now)
	people := crew(law, on)
	desk := rapid.SampledFrom(law.Desks(on)).Draw(t, "desk")
	procs := law.Receivable(desk.Code, on)
	if len(procs) == 0 {
		t.Skip("a desk that takes nothing in")
	}
	proc := rapid.SampledFrom(procs).Draw(t, "procedure")
	in := Intake{Procedure: proc.Code, Desk: desk.Key, Decision: "accept", Again: "Nộp riêng",
		Filer: applicant.Person{Kind: applicant.Citizen, Name: "Lò Thị Phương", Address: "Bản Mới", Phone: "0300000001", IDKind: applicant.NoPaper}}
	v, _ := proc.On(on)
	in.Case = v.Cases[0].Name
	if fees := proc.FeeCases("counter", on); len(fees) > 1 {
		in.FeeCase = fees[0]
	}
	for _, c := range v.Components {
		in.Papers = append(in.Papers, Paper{Name: c.Name, Present: true})
	}
	d, e, err := Receive(in, people[0], w)
	if err != nil || e.Clock && d.setClock(law) != nil {
		t.Skip("not to be had there")
	}
	for range rapid.IntRange(0, 6).Draw(t, "acts") {
		w.Now = w.Now.Add(time.Duration(rapid.IntRange(0, 60*10).Draw(t, "minutes")) * time.Minute)
		by := people[rapid.IntRange(0, len(people)-1).Draw(t, "by")]
		names := slices.DeleteFunc(Allowed(&d, by, w), func(n string) bool {
			return n == "withdraw" || n == "stop" || n == "hand_over" || n == "refuse" || n == "correct"
		})
		if len(names) == 0 {
			continue
		}
		act, _ := NewAct(rapid.SampledFrom(names).Draw(t, "act"))
		Fill(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }, act, &d, by, w)
		if act.Check(&d, by, w) == nil && act.Apply(&d, by, w).Clock {
			if err := d.setClock(law); err != nil {
				t.Fatal(err)
			}
		}
	}
	return d, w.Now
}

// Whatever its story, an open dossier is passed on whole: nothing of it is left
// with a unit that ended, code, state, papers and due date stay, the date comes
// out the same when it is counted again, and a second passing finds nothing.
// rel-I-D9
func TestNothingIsLeftWithAUnitThatEnded(t *testing.T) {
	t.Parallel()
	law, err := packs.LaiChau()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		d, now := drawn(t, law)
		if d.State.Final() {
			t.Skip("closed")
		}
		for _, day := range []pack.Date{"2025-03-01", "2025-07-01"} {
			first, _ := time.ParseInLocation(time.DateOnly, day, pack.Zone)
			if first.Before(now) {
				continue
			}
			w := World{first.Add(8 * time.Hour), law}
			act := &Succeed{Before: day, Reason: "Sắp xếp"}
			standing := func(key pack.UnitKey) bool { u, ok := law.UnitByKey(key); return ok && u.Holds(day) }
			left := slices.ContainsFunc(d.parts(w), func(p part) bool { return !standing(p.unit) })
			if moves := act.Allowed(&d, officer.System(), w) == nil; moves != left {
				t.Fatalf("left with an ended unit: %v, to be passed on: %v", left, moves)
			}
			if !left {
				continue
			}
			if err := act.Check(&d, officer.System(), w); err != nil {
				t.Fatalf("%s at %s: %v", d.Procedure, d.Desk, err)
			}
			was := d
			before, err := parse(d.body())
			if err != nil {
				t.Fatal(err)
			}
			e := act.Apply(&d, officer.System(), w)
			check(t, "succeed", was.State, &d, e, w)
			for _, p := range d.parts(w) {
				if !standing(p.unit) {
					t.Fatalf("%s stays with %s", p.name, p.unit)
				}
			}
			for _, p := range before.parts(w) {
				if !slices.Contains(d.Units(), p.unit) {
					t.Fatalf("%s, which had it, is forgotten", p.unit)
				}
			}
			if u, _ := law.UnitByKey(d.Desk); u.Desk == nil {
				t.Fatalf("the result is to be had at %s, which is no desk", d.Desk)
			}
			if act.Allowed(&d, officer.System(), w) == nil {
				t.Fatal("it can be passed on twice")
			}
			if again, err := d.Proof(law); err != nil || !again.Due.Equal(before.Clock.Due) {
				t.Fatalf("counted again it is due %v, was %v: %v", again.Due, before.Clock.Due, err)
			}
			if got := d.DeskAt(d.FiledAt); got != before.DeskAt(before.FiledAt) {
				t.Fatalf("received at %s, before at %s", got, before.DeskAt(before.FiledAt))
			}
			stays := func(d Dossier) string {
				d.Desk, d.Competent, d.Holder, d.Assignee, d.HeldSince = "", "", "", "", time.Time{}
				d.Through, d.Consults, d.Successions = nil, nil, nil
				return d.body()
			}
			if stays(d) != stays(before) {
				t.Fatalf("more was changed than where it lies:\n%s\n%s", stays(before), stays(d))
			}
		}
	})
}
