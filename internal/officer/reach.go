package officer

import (
	"maps"
	"slices"
	"strings"

	"quay20/internal/pack"
)

// Everywhere reports whether no scope bounds the capacity: the program itself
// and the operator at the console.
func (by By) Everywhere() bool { return by.Role == system || by.Role == console }

// Scope lists the units the capacity sees, in order: those of today, and those
// that they took over.
func (by By) Scope() []pack.UnitKey {
	return slices.Sorted(func(yield func(pack.UnitKey) bool) {
		maps.Keys(by.Units)(yield)
		maps.Keys(by.Past)(yield)
	})
}

// Sees reports whether the unit lies in the capacity's scope: a unit of today,
// or one that ended and left its papers to one of today. The program and the
// console see every unit.
func (by By) Sees(unit pack.UnitKey) bool {
	_, past := by.Past[unit]
	return by.Everywhere() || by.Units[unit] || past
}

// SeesCode is Sees for a unit of today known by its code alone, such as the
// desk taken.
func (by By) SeesCode(code string) bool {
	return by.Everywhere() || by.keyOf(code) != ""
}

// SeesThen is Sees for the unit that had the code on a day; codes are reused,
// and its successor in the code need not be its heir.
func (by By) SeesThen(code string, on pack.Date) bool {
	if by.Everywhere() {
		return true
	}
	if key := by.keyOf(code); key != "" && firstDay(key) <= on {
		return true
	}
	for u, last := range by.Past {
		if codeOf(u) == code && firstDay(u) <= on && on <= last {
			return true
		}
	}
	return false
}

// DeskKey is the unit at whose desk the officer sits; "" if at none.
func (by By) DeskKey() pack.UnitKey { return by.keyOf(by.Desk) }

// keyOf is the unit of today's scope that has the code; "" if there is none.
func (by By) keyOf(code string) pack.UnitKey {
	for u := range by.Units {
		if codeOf(u) == code {
			return u
		}
	}
	return ""
}

func codeOf(u pack.UnitKey) string {
	code, _, _ := strings.Cut(string(u), "@")
	return code
}

func firstDay(u pack.UnitKey) pack.Date {
	_, day, _ := strings.Cut(string(u), "@")
	return day
}
