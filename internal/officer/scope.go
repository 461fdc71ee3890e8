package officer

import (
	"sync"

	"quay20/internal/pack"
)

// scopes knows which units lie below which on a day. The law in force and the
// day seldom change, so each answer is kept until they do.
type scopes struct {
	law func() *pack.Pack

	mu   sync.Mutex // guards what follows
	of   *pack.Pack
	on   pack.Date
	kept map[pack.UnitKey]map[pack.UnitKey]bool
}

// below is the unit and every unit under it on the day. The caller must not
// change the answer.
func (s *scopes) below(root pack.UnitKey, on pack.Date) map[pack.UnitKey]bool {
	law := s.law()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of != law || s.on != on {
		s.of, s.on, s.kept = law, on, map[pack.UnitKey]map[pack.UnitKey]bool{}
	}
	scope, ok := s.kept[root]
	if !ok {
		scope = map[pack.UnitKey]bool{}
		for _, u := range law.Under(root, on) {
			scope[u] = true
		}
		s.kept[root] = scope
	}
	return scope
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
