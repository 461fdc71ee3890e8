package officer

import (
	"sync"

	"quay20/internal/pack"
)

// scope is what a grant's root holds on a day.
type scope struct {
	units map[pack.UnitKey]bool      // it and every unit under it
	past  map[pack.UnitKey]pack.Date // units that they took over, with their last days
}

// scopes knows which units lie below which on a day. The law in force and the
// day seldom change, so each answer is kept until they do.
type scopes struct {
	law func() *pack.Pack

	mu   sync.Mutex // guards what follows
	of   *pack.Pack
	on   pack.Date
	kept map[pack.UnitKey]scope
}

// at is the scope of a root on the day. The caller must not change the answer.
func (s *scopes) at(root pack.UnitKey, on pack.Date) scope {
	law := s.law()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != law || s.on != on {
		s.of, s.on, s.kept = law, on, map[pack.UnitKey]scope{}
	}
	sc, ok := s.kept[root]
	if !ok {
		sc = scopeOf(law, root, on)
		s.kept[root] = sc
	}
	return sc
}

func scopeOf(law *pack.Pack, root pack.UnitKey, on pack.Date) scope {
	sc := scope{map[pack.UnitKey]bool{}, map[pack.UnitKey]pack.Date{}}
	for _, u := range law.Under(root, on) {
		sc.units[u] = true
	}
	if len(sc.units) == 0 {
		return sc
	}
	for _, u := range law.Ended(on) {
		if heir, ok := law.Heir(u.Key, on); ok && sc.units[heir.Key] {
			sc.past[u.Key] = u.To
		}
	}
	return sc
}

// Capacity is an officer acting by one of their grants on the day, for who
// builds it from the roll and the law: the console, the demo, tests.
func Capacity(law *pack.Pack, o Officer, g Grant, on pack.Date) By {
	sc := scopeOf(law, g.Unit, on)
	return By{Officer: o, Role: g.Role, Unit: g.Unit, Units: sc.units, Past: sc.past}
}

// stands reports whether there is such a unit on the day.
func (s *scopes) stands(key pack.UnitKey, on pack.Date) bool {
	u, ok := s.law().UnitByKey(key)
	return ok && u.Holds(on)
}

// desk finds the desk of the day with this unit code.
func (s *scopes) desk(code string, on pack.Date) (pack.Unit, bool) {
	u, ok := s.law().Unit(code, on)
	return u, ok && u.Desk != nil
}

// province is the unit that belongs to no other.
func (s *scopes) province(on pack.Date) (pack.Unit, bool) {
	for _, u := range s.law().Units(on) {
		if u.Level == pack.Province {
			return u, true
		}
	}
	return pack.Unit{}, false
}
