package demo

import (
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
)

// Plan says which province is built. The same plan makes the same province.
type Plan struct {
	Seed  uint64
	Until time.Time             // the present; everything happened before it
	Tell  func(done, total int) // hears how far the building is; may be nil
}

// weeks is how far back the dossiers of a demo begin.
const weeks = 4

// Build makes the province of a plan on open books whose clock stands: it puts
// officers on the roll, then lets about eighty dossiers live through the last
// weeks, each act at its hour and by who may do it.
func (p *Province) Build(ctx context.Context, plan Plan) ([]SignIn, error) {
	if plan.Tell == nil {
		plan.Tell = func(int, int) {}
	}
	p.people = int(plan.Seed%1000) * 100
	begin, err := p.firstDay(plan.Until)
	if err != nil {
		return nil, err
	}
	p.Clock.Set(begin)
	if err := p.Open(ctx); err != nil {
		return nil, err
	}
	if err := p.Promote(ctx, p.admin.Officer.ID, officer.Administrator, p.province()); err != nil {
		return nil, err
	}
	who, list, err := p.hire(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.play(ctx, p.casts(who, plan, begin.Add(15*time.Minute)), plan.Until, p.mornings(), plan.Tell); err != nil {
		return nil, err
	}
	p.Clock.Set(plan.Until)
	if err := p.fromHome(ctx); err != nil {
		return nil, err
	}
	if err := p.publications(ctx, who); err != nil {
		return nil, err
	}
	if _, err := p.Register.Sweep(ctx); err != nil {
		return nil, err
	}
	return list, nil
}

// firstDay is the opening of quầy 20 on the first counting day of the weeks
// that are told; before it the officers begin their service.
func (p *Province) firstDay(until time.Time) (time.Time, error) {
	law, day := p.Law.Law(), until.AddDate(0, 0, -7*weeks)
	u, ok := law.Unit("12-Q20", pack.On(day))
	if !ok {
		return time.Time{}, fmt.Errorf("there is no quầy 20 on %s", pack.On(day))
	}
	clock, ok := law.Clock(u.Key, nil, pack.On(day))
	if !ok {
		return time.Time{}, fmt.Errorf("quầy 20 has no hours on %s", pack.On(day))
	}
	return clock.NextOpening(day).Truncate(time.Hour), nil
}

// cast is one dossier's story under way.
type cast struct {
	p     *Province
	crew  Crew
	unit  string // code of the deciding unit
	code  string // procedure
	clock lawtime.Clock
	by    staff
	rng   *rand.Rand
	d     dossier.Dossier
	beats []beat
	again bool      // the beat under way comes once more
	at    time.Time // of the next beat
	order int

	// Of a simulation alone.
	sim   *simulation
	shop  *office          // where it is handed in
	come  applicant.Person // who comes
	draft string
}

// beat is one thing that happens in a story, so many working hours after the
// one before.
type beat struct {
	hours int
	do    func(context.Context, *cast) error
	wait  func(*cast) int // working minutes, instead of hours
}

// casts hands the stories out over the weeks, evenly over working hours.
func (p *Province) casts(who staff, plan Plan, begin time.Time) *stage {
	law, on := p.Law.Law(), pack.On(begin)
	all := &stage{}
	stories := stories(who)
	for i, s := range stories {
		desk := s.crew.Desk.Desk
		u, _ := law.Unit(desk, on)
		clock, _ := law.Clock(u.Key, nil, on)
		c := &cast{p: p, crew: s.crew, unit: s.unit, code: s.procedure, clock: clock, by: who,
			rng: rand.New(rand.NewPCG(plan.Seed, uint64(i))), beats: s.beats, order: i}
		span := int(clock.Worked(begin, plan.Until) / time.Minute)
		start := span*(i*37%len(stories))/len(stories) + c.rng.IntN(40) // neighbours in the list do not begin together
		if s.back > 0 {
			start = max(0, span-s.back)
		}
		c.at = c.after(begin, start)
		heap.Push(all, c)
	}
	return all
}

// after is the instant so many working minutes of the desk later, when it is
// open.
func (c *cast) after(from time.Time, minutes int) time.Time {
	t, left := c.clock.NextOpening(from), time.Duration(minutes)*time.Minute
	for left > 0 {
		closing := t.Add(time.Minute) // of a make-up day, whose hours are another day's
		m := t.Hour()*60 + t.Minute()
		for _, w := range c.clock.Hours[t.Weekday()] {
			if w.Open <= m && m < w.Close {
				closing = time.Date(t.Year(), t.Month(), t.Day(), 0, w.Close, 0, 0, t.Location())
			}
		}
		if rest := closing.Sub(t); rest > left {
			t, left = t.Add(left), 0
		} else {
			t, left = c.clock.NextOpening(closing), left-rest
		}
	}
	return c.clock.NextOpening(t.Add(time.Duration(c.rng.IntN(60)) * time.Second))
}

// atOnce is how many beats share a commit.
const atOnce = 250

// play lets every beat happen in the order of time, until the present. before
// is told the time of each beat and does what else comes first.
func (p *Province) play(ctx context.Context, all *stage, until time.Time, before func(context.Context, time.Time) error, tell func(done, total int)) error {
	total := all.Len()
	for all.Len() > 0 {
		err := p.DB.Together(ctx, func(ctx context.Context) error {
			for n := 0; n < atOnce && all.Len() > 0; n++ {
				if err := p.beat(ctx, all, until, before); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		tell(total-all.Len(), total)
	}
	return nil
}

// beat plays what comes next.
func (p *Province) beat(ctx context.Context, all *stage, until time.Time, before func(context.Context, time.Time) error) error {
	c := (*all)[0]
	if c.at.After(until) || len(c.beats) == 0 {
		heap.Pop(all)
		return nil
	}
	if err := before(ctx, c.at); err != nil {
		return err
	}
	p.Clock.Set(later(p.Clock.Now(), c.at))
	c.again = false
	if err := c.beats[0].do(ctx, c); err != nil {
		return fmt.Errorf("demo story %d (%s) at %s: %w", c.order, c.code, c.at.Format(time.DateTime), err)
	}
	if !c.again {
		c.beats = c.beats[1:]
	}
	if len(c.beats) > 0 {
		c.at = c.after(c.at, c.minutes(c.beats[0]))
	}
	heap.Fix(all, 0)
	return nil
}

// minutes are the working minutes until a beat.
func (c *cast) minutes(b beat) int {
	if b.wait != nil {
		return b.wait(c)
	}
	return b.hours*60 + c.rng.IntN(45)
}

// mornings keeps the legal timers each morning.
func (p *Province) mornings() func(context.Context, time.Time) error {
	morning := time.Time{}
	return func(ctx context.Context, at time.Time) error {
		day := at.Truncate(24 * time.Hour) // 07:00 here
		if !day.After(morning) {
			return nil
		}
		morning = day
		p.Clock.Set(later(p.Clock.Now(), day))
		_, err := p.Register.Sweep(ctx)
		return err
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// stage is a heap of stories by the time of their next beat.
type stage []*cast

func (s stage) Len() int { return len(s) }
func (s stage) Less(i, j int) bool {
	if s[i].at.Equal(s[j].at) {
		return s[i].order < s[j].order
	}
	return s[i].at.Before(s[j].at)
}
func (s stage) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *stage) Push(x any)   { *s = append(*s, x.(*cast)) }
func (s *stage) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}
