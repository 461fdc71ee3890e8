package officer

import (
	"maps"
	"slices"

	"quay20/internal/pack"
)

// Everywhere reports whether no scope bounds the capacity: the program itself
// and the operator at the console.
func (by By) Everywhere() bool { return by.Role == system || by.Role == console }

// Scope lists the units the capacity sees, in order.
func (by By) Scope() []pack.UnitKey { return slices.Sorted(maps.Keys(by.Units)) }
