package demo

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Year says which year of the province is played. The same year is the same
// journal, byte for byte, on books whose chance is Chance of its seed.
type Year struct {
	Seed     uint64
	From, To pack.Date // inclusive
	Dossiers int       // accepted ones; those refused or never completed come on top

	Tell func(done, total int) // hears, now and then, how far the playing is; may be nil
}

// Played is what came of a year.
type Played struct {
	SignIns []SignIn
	Acts    map[string]int // entries of the journal by act
	Refused int            // mistakes that the program refused
	Drafts  int            // intakes begun and left open
	Offices int            // desks that received
	Count   dossier.Tally
	Levels  map[pack.Level]int // accepted dossiers by tier of the desk

	Supplements int // slips that asked for something
	Entries     int64
	Root        string
}

// Chance is chance that a seed repeats, for a store whose people never existed.
func Chance(seed uint64) func([]byte) {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	source := rand.NewChaCha8(key)
	var mu sync.Mutex // one draw at a time
	return func(b []byte) {
		mu.Lock()
		defer mu.Unlock()
		source.Read(b) // never fails
	}
}

// simulation is a year under way.
type simulation struct {
	p        *Province
	plan     Year
	law      *pack.Pack // with the late holiday, which people keep from the first
	rng      *rand.Rand
	days     []day
	offices  []*office
	staff    map[pack.UnitKey]map[officer.Role][]officer.By
	control  officer.By // keeps the law
	leader   officer.By
	deciders []pack.UnitKey // by key
	notice   pack.Notice
	ticks    []tick // of the day under way
	today    time.Time
	tills    map[string]officer.By // who took cash today
	bikes    int                   // plates given out
	refused  int
}

// Check refuses a year that cannot be played, naming every fault.
func (y Year) Check(law *pack.Pack) error {
	p := problem.New(problem.Invalid, "err.summary")
	for field, d := range map[string]pack.Date{"from": y.From, "to": y.To} {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			p.Field(field, "simulate.err.date", "value", d)
		}
	}
	if y.Dossiers < 1 || y.Dossiers > 1_000_000 {
		p.Field("dossiers", "simulate.err.dossiers", "most", 1_000_000)
	}
	if err := p.Or(); err != nil {
		return err
	}
	first, last := law.CalendarSpan()
	switch {
	case y.From < first:
		p.Field("from", "simulate.err.before", "from", y.From, "first", first)
	case y.To > last:
		p.Field("to", "simulate.err.after", "to", y.To, "last", last)
	case y.To < y.From:
		p.Field("to", "simulate.err.reversed", "from", y.From, "to", y.To)
	}
	if err := p.Or(); err != nil {
		return err
	}
	for _, u := range law.Desks(y.From) {
		if !u.Holds(y.To) {
			return p.Field("to", "simulate.err.reorganised", "unit", u.Name, "until", u.To)
		}
	}
	return nil
}

// Simulate plays the year on open, empty books whose clock stands: officers
// begin their service, people come, and everything that the desk does it does
// through the same acts as the desk. Legal timers come from Register.Sweep
// alone, as of the year's own time.
func (p *Province) Simulate(ctx context.Context, plan Year) (Played, error) {
	if plan.Tell == nil {
		plan.Tell = func(int, int) {}
	}
	if err := plan.Check(p.Law.Law()); err != nil {
		return Played{}, err
	}
	s := &simulation{p: p, plan: plan, rng: rand.New(rand.NewPCG(plan.Seed, 1)),
		staff: map[pack.UnitKey]map[officer.Role][]officer.By{}, tills: map[string]officer.By{}}
	s.today = midnight(plan.From)
	p.people = int(plan.Seed%10) * 50_000
	p.Clock.Set(s.today.Add(6 * time.Hour))
	if err := s.announce(); err != nil {
		return Played{}, err
	}
	s.calendar()
	s.open()
	comers, err := s.arrivals()
	if err != nil {
		return Played{}, err
	}
	var ins []SignIn
	err = p.DB.Together(ctx, func(ctx context.Context) (err error) {
		ins, err = s.hire(ctx, comers)
		return err
	})
	if err != nil {
		return Played{}, err
	}
	all := &stage{}
	for i, a := range comers {
		heap.Push(all, s.cast(a, i))
	}
	end := midnight(plan.To).AddDate(0, 0, 1).Add(-time.Second)
	if err := p.play(ctx, all, end, s.before, plan.Tell); err != nil {
		return Played{}, err
	}
	err = p.DB.Together(ctx, func(ctx context.Context) error { return s.before(ctx, end) })
	if err != nil {
		return Played{}, err
	}
	p.Clock.Set(end)
	if _, err := p.Register.Sweep(ctx); err != nil {
		return Played{}, err
	}
	return s.played(ctx, ins)
}

// midnight is the beginning of a day in Viet Nam.
func midnight(d pack.Date) time.Time {
	t, _ := time.ParseInLocation(time.DateOnly, d, pack.Zone)
	return t
}

// announce prepares the late holiday of the year: a storm closes all desks on a
// Thursday of its second half, announced two days before. A year of less than
// four weeks has none.
func (s *simulation) announce() (err error) {
	s.law = s.p.Law.Law()
	begin, end := midnight(s.plan.From), midnight(s.plan.To)
	if end.Sub(begin) < 28*24*time.Hour {
		return nil
	}
	d := begin.Add(end.Sub(begin) * 5 / 8)
	for cal := s.law.Calendar(); d.Weekday() != time.Thursday || !cal.Counting(pack.On(d)) || !cal.Counting(pack.On(d.AddDate(0, 0, -2))); {
		if d = d.AddDate(0, 0, 1); d.After(end) {
			return nil
		}
	}
	on := pack.On(d.AddDate(0, 0, -2))
	s.notice = pack.Notice{ID: on + "-bao-so-4", Announced: on, Title: "Tạm nghỉ để phòng, chống bão số 4",
		Days: []lawtime.CalendarDay{{Date: pack.On(d), Kind: lawtime.Closure, Name: "Nghỉ phòng, chống bão số 4"}}}
	s.law, err = s.law.With(s.notice)
	return err
}

// tick is something that happens at its hour whoever comes.
type tick struct {
	at time.Time
	do func(context.Context) error
}

// before lets everything happen whose hour comes before the next beat: the
// sweep every quarter of an hour of office time and in the night, the counts of
// the tills, the notice of the day.
func (s *simulation) before(ctx context.Context, at time.Time) error {
	for {
		if len(s.ticks) == 0 {
			if s.today.After(at) {
				return nil
			}
			s.ticks = s.hours(s.today)
			s.today = s.today.AddDate(0, 0, 1)
		}
		t := s.ticks[0]
		if t.at.After(at) {
			return nil
		}
		s.ticks = s.ticks[1:]
		s.p.Clock.Set(later(s.p.Clock.Now(), t.at))
		if err := t.do(ctx); err != nil {
			return fmt.Errorf("simulating %s: %w", t.at.Format(time.DateTime), err)
		}
	}
}

// hours are the ticks of a day.
func (s *simulation) hours(day time.Time) []tick {
	sweep := func(ctx context.Context) error {
		_, err := s.p.Register.Sweep(ctx)
		return err
	}
	ticks := []tick{{day.Add(time.Minute), sweep}}
	if s.law.Calendar().Counting(pack.On(day)) || day.Weekday() == time.Saturday {
		for at := day.Add(7 * time.Hour); at.Before(day.Add(17*time.Hour + time.Minute)); at = at.Add(15 * time.Minute) {
			ticks = append(ticks, tick{at, sweep})
			if at.Equal(day.Add(8*time.Hour)) && pack.On(day) == s.notice.Announced {
				ticks = append(ticks, tick{at.Add(5 * time.Minute), s.apply})
			}
		}
		ticks = append(ticks, tick{day.Add(17*time.Hour + 5*time.Minute), s.countTills})
	}
	return append(ticks, tick{day.Add(21 * time.Hour), sweep})
}

// apply puts the late holiday in force and counts the running dossiers anew, as
// the job that comes with the notice does.
func (s *simulation) apply(ctx context.Context) error {
	if err := s.p.Law.Apply(ctx, s.notice, s.control); err != nil {
		return err
	}
	_, err := s.p.Register.Recompute(ctx, s.notice.ID)
	return err
}

// countTills ends the day of everybody who took cash: one drawer in fifty does
// not agree.
func (s *simulation) countTills(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(s.tills)) {
		by := s.tills[id]
		shift, err := s.p.Ledger.Shift(ctx, by)
		if err != nil {
			return err
		}
		cash, why := shift.Cash(), ""
		switch {
		case cash < 0:
			cash, why = 0, "Trả lại tiền biên lai hủy, lấy từ quỹ hôm trước."
		case s.rng.IntN(50) == 0 && cash >= 5000:
			cash, why = cash-2000, "Trả thừa tiền lẻ cho người nộp."
		}
		if _, err := s.p.Ledger.CountCash(ctx, by, cash, why); err != nil {
			return err
		}
		s.p.Clock.Set(s.p.Clock.Now().Add(2 * time.Second))
	}
	clear(s.tills)
	return nil
}

// played sums up the year.
func (s *simulation) played(ctx context.Context, ins []SignIn) (Played, error) {
	out := Played{SignIns: ins, Acts: map[string]int{}, Refused: s.refused, Levels: map[pack.Level]int{}}
	for _, o := range s.offices {
		if len(o.desk) == 0 {
			continue
		}
		out.Offices++
		for _, by := range o.desk {
			open, err := s.p.Register.Drafts(ctx, by)
			if err != nil {
				return out, err
			}
			out.Drafts += len(open)
		}
	}
	count, err := s.p.Register.Recount(ctx, s.p.Roll)
	if err != nil {
		return out, err
	}
	out.Count = count.Register
	accepted := 0
	for c, n := range count.Register {
		if c.Day != "" {
			u, _ := s.law.UnitByKey(c.Desk)
			out.Levels[u.Level] += n
			accepted += n
		}
	}
	if accepted != s.plan.Dossiers {
		return out, fmt.Errorf("the simulation accepted %d dossiers, not %d", accepted, s.plan.Dossiers)
	}
	err = s.p.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if out.Entries, out.Root, err = journal.Head(tx); err != nil {
			return err
		}
		for next := (journal.Filter{Limit: 1000}); ; {
			entries, err := journal.List(tx, next)
			if err != nil || len(entries) == 0 {
				return err
			}
			for _, e := range entries {
				out.Acts[e.Act]++
				if bytes.Contains(e.Facts, []byte(`"slip":"supplement `)) {
					out.Supplements++
				}
			}
			next.Before = entries[len(entries)-1].Index
		}
	})
	return out, err
}

// hire puts on the roll whoever the comers will need, and those who keep the
// house; all can sign in as in the demo.
func (s *simulation) hire(ctx context.Context, comers []comer) ([]SignIn, error) {
	p := s.p
	if err := p.Open(ctx); err != nil {
		return nil, err
	}
	if err := p.Promote(ctx, p.admin.Officer.ID, officer.Administrator, p.province()); err != nil {
		return nil, err
	}
	admin, err := p.ready(ctx, p.admin.Officer.ID, p.adminCode)
	if err != nil {
		return nil, err
	}
	ins := []SignIn{}
	take := func(login, title string, role officer.Role, unit pack.Unit) (officer.By, error) {
		by, code, err := p.Hire(ctx, login, s.name(p.badges), title, role, unit.Code)
		if err != nil {
			return by, err
		}
		in, err := p.ready(ctx, by.Officer.ID, code)
		ins = append(ins, in)
		if s.staff[unit.Key] == nil {
			s.staff[unit.Key] = map[officer.Role][]officer.By{}
		}
		s.staff[unit.Key][role] = append(s.staff[unit.Key][role], by)
		return by, err
	}
	for _, post := range s.posts(comers) {
		for i := range post.n {
			by, err := take(fmt.Sprintf("%s%d.%s", logins[post.role], i+1, post.unit.Code[max(0, len(post.unit.Code)-5):]), titles[post.role], post.role, post.unit)
			if err != nil {
				return nil, err
			}
			if o := s.officeOf(post.unit.Key); o != nil && post.role == officer.Receptionist {
				o.desk = append(o.desk, by)
			}
		}
	}
	head, _ := s.law.UnitByKey(p.province())
	for _, post := range posts[len(posts)-4:] { // procedure control, inspector, leader, second administrator
		by, err := take(post.login, post.title, post.role, head)
		if err != nil {
			return nil, err
		}
		switch post.role {
		case officer.ProcedureControl:
			s.control = by
		case officer.Leader:
			s.leader = by
		}
	}
	return append(ins, admin), nil
}

var (
	logins = map[officer.Role]string{officer.Receptionist: "tn", officer.Processor: "tl", officer.Approver: "ch", officer.Cashier: "tp"}
	titles = map[officer.Role]string{officer.Receptionist: "Thượng úy", officer.Processor: "Đại úy", officer.Approver: "Thiếu tá", officer.Cashier: "Trung úy"}
)

// position is how many officers of a role a unit has.
type position struct {
	unit pack.Unit
	role officer.Role
	n    int
}

// posts are the positions that the comers need, desks of the province first.
func (s *simulation) posts(comers []comer) []position {
	desks, deciders := map[*office]bool{}, map[pack.UnitKey]bool{}
	for _, a := range comers {
		desks[a.at] = true
		if u, err := s.decider(a); err == nil {
			deciders[u.Key] = true
		}
	}
	var list []position
	for _, o := range s.offices {
		if desks[o] {
			list = append(list, position{o.unit, officer.Receptionist, o.counters})
			if o.unit.Level == pack.Counter {
				list = append(list, position{o.unit, officer.Cashier, 1})
			}
		}
	}
	s.deciders = slices.Sorted(maps.Keys(deciders))
	for _, key := range s.deciders {
		u, _ := s.law.UnitByKey(key)
		processors, chiefs := 1, 1
		if o := s.officeOf(key); u.Level == pack.Department || o != nil && o.counters > 1 {
			processors, chiefs = 3, 2
		}
		list = append(list, position{u, officer.Processor, processors}, position{u, officer.Approver, chiefs})
	}
	slices.SortStableFunc(list, func(a, b position) int { return cmp.Compare(rank[a.unit.Level], rank[b.unit.Level]) })
	return list
}

var rank = map[pack.Level]int{pack.Counter: 0, pack.Department: 1, pack.District: 2, pack.Commune: 3}

// name invents an officer's name.
func (s *simulation) name(n int) string {
	return families[n*7%len(families)] + " " + middles[n*3%len(middles)] + " " + givens[(n*4+n/15)%len(givens)]
}

// world is what acts are judged by now.
func (p *Province) world() dossier.World { return dossier.World{Now: p.Clock.Now(), Law: p.Law.Law()} }
