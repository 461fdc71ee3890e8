package lawtime_test

import (
	"flag"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quay20/internal/lawtime"
)

// Each property is tried on this many questions.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "2500"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}

var (
	drawn     = drawDesks()
	deskNames = slices.Sorted(maps.Keys(drawn))
	slows     = drawSlows()
)

// drawDesks are the desks of the tables and one with odd hours.
func drawDesks() map[string]lawtime.Clock {
	all := maps.Clone(desks)
	odd := desks["cut-off"]
	odd.CutOff = 10 * 60
	odd.Hours[time.Monday] = []lawtime.Window{{Open: 450, Close: 451}, {Open: 480, Close: 720}, {Open: 720, Close: 1439}}
	odd.Hours[time.Wednesday] = nil
	all["odd"] = odd
	return all
}

func drawSlows() map[string]slow {
	all := map[string]slow{}
	for name, c := range drawn {
		all[name] = newSlow(c)
	}
	return all
}

// drawReceived is near Tết and swapped days half of the time.
func drawReceived(t *rapid.T) time.Time {
	day := firstDay.AddDate(0, 0, rapid.IntRange(0, 1825).Draw(t, "day"))
	if rapid.Bool().Draw(t, "near a listed day") {
		near := rapid.SampledFrom(listed).Draw(t, "listed").Date
		if day = at(near+"T00:00").AddDate(0, 0, rapid.IntRange(-9, 2).Draw(t, "from it")); day.Before(firstDay) {
			day = firstDay
		}
	}
	return day.Add(time.Duration(drawMinute(t)) * time.Minute)
}

// drawMinute is an opening or closing half of the time.
func drawMinute(t *rapid.T) int {
	if rapid.Bool().Draw(t, "edge") {
		return rapid.SampledFrom([]int{0, 420, 600, 690, 810, 900, 1020, 1439}).Draw(t, "minute")
	}
	return rapid.IntRange(0, 1439).Draw(t, "minute")
}

func drawLimit(t *rapid.T) lawtime.Limit {
	switch rapid.IntRange(0, 5).Draw(t, "unit") {
	case 0:
		return lawtime.Limit{Amount: rapid.IntRange(1, 40).Draw(t, "hours"), Unit: lawtime.Hour}
	case 1:
		return lawtime.Limit{Amount: rapid.IntRange(1, 12).Draw(t, "working days"), Unit: lawtime.WorkingDay}
	case 2:
		return lawtime.Limit{Amount: rapid.IntRange(1, 12).Draw(t, "working days"), Unit: lawtime.WorkingDay, Count: lawtime.NextDay}
	case 3:
		return lawtime.Limit{Amount: rapid.IntRange(1, 20).Draw(t, "days"), Unit: lawtime.Day}
	case 4:
		return lawtime.Limit{Amount: 1, Unit: lawtime.SameDay}
	}
	return lawtime.Limit{Amount: rapid.IntRange(1, 3).Draw(t, "months"), Unit: lawtime.Month}
}

func drawPause(t *rapid.T, received time.Time) lawtime.Pause {
	from := received.Add(time.Duration(rapid.IntRange(-600, 15*dayMinutes).Draw(t, "pause from")) * time.Minute)
	length := rapid.IntRange(1, 300).Draw(t, "minutes")
	if rapid.Bool().Draw(t, "long") {
		length = rapid.IntRange(300, 8*dayMinutes).Draw(t, "minutes")
	}
	return lawtime.Pause{From: from, To: from.Add(time.Duration(length) * time.Minute),
		Resume: rapid.SampledFrom([]lawtime.Resume{"", lawtime.Shift, lawtime.Restart}).Draw(t, "resume")}
}

// drawPlain is a question of one leg without pauses, and its slow desk.
func drawPlain(t *rapid.T) (lawtime.Question, slow) {
	desk := rapid.SampledFrom(deskNames).Draw(t, "desk")
	return lawtime.Question{Received: drawReceived(t), Clock: drawn[desk], Legs: []lawtime.Leg{{Limit: drawLimit(t)}}}, slows[desk]
}

func drawQuestion(t *rapid.T) (lawtime.Question, slow) {
	q, s := drawPlain(t)
	for range rapid.IntRange(0, 2).Draw(t, "more legs") {
		q.Legs = append(q.Legs, lawtime.Leg{Limit: drawLimit(t)})
	}
	for range rapid.IntRange(0, 4).Draw(t, "pauses") {
		p := drawPause(t, q.Received)
		if n := len(q.Pauses); n > 0 && rapid.IntRange(0, 3).Draw(t, "touching") == 0 {
			length := p.To.Sub(p.From)
			p.From = q.Pauses[n-1].To
			p.To = p.From.Add(length)
		}
		q.Pauses = append(q.Pauses, p)
	}
	return q, s
}

func answer(t *rapid.T, q lawtime.Question) lawtime.Answer {
	a, err := lawtime.Due(q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return a
}

func TestAgreesWithTheSlowWalker(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, s := drawQuestion(t)
		want := s.due(minute(q.Received), q.Legs, union(q.Pauses))
		if a := answer(t, q); minute(a.Due) != want {
			t.Fatalf("due %v, walked %v\n%s", a.Due, firstDay.Add(time.Duration(want)*time.Minute), strings.Join(say(a), "\n"))
		}
	})
}

// rel-I-C1, rel-I-C7: neither the zone in which times are written nor the order
// of pauses changes anything.
func TestSameQuestionSameAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, _ := drawQuestion(t)
		a := answer(t, q)
		other := q
		zone := time.FixedZone("elsewhere", 900*rapid.IntRange(-48, 48).Draw(t, "zone"))
		other.Received = q.Received.In(zone)
		other.Pauses = slices.Clone(q.Pauses)
		for i, p := range other.Pauses {
			other.Pauses[i].From, other.Pauses[i].To = p.From.In(zone), p.To.In(zone)
		}
		if b := answer(t, other); !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\n%+v", a, b)
		}
		slices.Reverse(other.Pauses)
		if b := answer(t, other); !b.Due.Equal(a.Due) {
			t.Fatalf("pauses reversed: %v, %v", a.Due, b.Due)
		}
	})
}

// rel-I-C2
func TestPauseConsumesNoWorkingTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, s := drawPlain(t)
		without := answer(t, q)
		p := drawPause(t, q.Received)
		q.Pauses = []lawtime.Pause{p}
		with := answer(t, q)

		l := q.Legs[0].Limit
		instant := l.Unit == lawtime.Hour || l.Unit == lawtime.WorkingDay && l.Count != lawtime.NextDay
		switch from := max(minute(p.From), minute(without.Start)); {
		case !p.From.Before(without.Due) || !p.To.After(without.Start):
			if !with.Due.Equal(without.Due) {
				t.Fatalf("a pause outside the count moved %v to %v", without.Due, with.Due)
			}
		case p.Resume == lawtime.Restart:
			again := q
			again.Received, again.Pauses = p.To, nil
			if want := answer(t, again).Due; !with.Due.Equal(want) {
				t.Fatalf("restart: due %v, want %v", with.Due, want)
			}
		case instant:
			want := s.walk(minute(without.Due), s.opened(from, minute(p.To)), nil)
			if minute(with.Due) != want {
				t.Fatalf("shift: due %v without, %v with %v to %v", without.Due, with.Due, p.From, p.To)
			}
		case with.Due.Before(without.Due):
			t.Fatalf("a pause made %v earlier: %v", without.Due, with.Due)
		}
	})
}

// rel-I-C3
func TestLaterReceiptAndLongerLimitAreNeverEarlier(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, _ := drawPlain(t)
		a := answer(t, q)
		afterwards := q
		afterwards.Received = q.Received.Add(time.Duration(rapid.IntRange(0, 3*dayMinutes).Draw(t, "later")) * time.Minute)
		if b := answer(t, afterwards); b.Due.Before(a.Due) {
			t.Fatalf("received %v due %v, received %v due %v", q.Received, a.Due, afterwards.Received, b.Due)
		}
		longer := q
		longer.Legs = slices.Clone(q.Legs)
		if longer.Legs[0].Limit.Unit != lawtime.SameDay { // of which there is only one
			longer.Legs[0].Limit.Amount += rapid.IntRange(0, 5).Draw(t, "longer")
		}
		if b := answer(t, longer); b.Due.Before(a.Due) {
			t.Fatalf("%v due %v, %v due %v", q.Legs[0].Limit, a.Due, longer.Legs[0].Limit, b.Due)
		}
	})
}

// rel-I-C4: a due date ends a working minute, and the proof names each day
// that did not count and no other.
func TestDueInWorkingTimeAndEachSkippedDayNamed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q, s := drawQuestion(t)
		if a := answer(t, q); !s.open[minute(a.Due)-1] {
			t.Fatalf("due %v, outside working time", a.Due)
		}
		q.Pauses = nil
		a := answer(t, q)
		skipped := map[int]bool{}
		for _, step := range a.Steps {
			for d := minute(step.From) / dayMinutes; step.Kind == lawtime.SkipStep && d < minute(step.To)/dayMinutes; d++ {
				if skipped[d] || s.counts(d) {
					t.Fatalf("%v told twice or though it counts:\n%s", step.From, strings.Join(say(a), "\n"))
				}
				skipped[d] = true
			}
		}
		for _, leg := range q.Legs {
			if leg.Limit.Unit == lawtime.Day || leg.Limit.Unit == lawtime.Month {
				return // days off inside the limit count
			}
		}
		for d := minute(q.Received) / dayMinutes; d <= minute(a.Due)/dayMinutes; d++ {
			if !s.counts(d) && !skipped[d] {
				t.Fatalf("%v is not told:\n%s", firstDay.AddDate(0, 0, d), strings.Join(say(a), "\n"))
			}
		}
	})
}
