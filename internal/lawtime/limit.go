package lawtime

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// most is the longest limit of each unit that is counted, ten years, so that
// no input makes the count run on.
var most = map[Unit]int{Hour: 29_200, WorkingDay: 3_650, Day: 3_650, Month: 120, SameDay: 1}

// ParseLimit reads "3 working_day": an amount and one of hour, working_day,
// day, month. The same day is not an amount and is not read.
func ParseLimit(s string) (Limit, error) {
	amount, unit, two := strings.Cut(s, " ")
	n, err := strconv.ParseUint(amount, 10, 31)
	if err != nil || !two {
		return Limit{}, refuse("limit", "limit", s)
	}
	l := Limit{Amount: int(n), Unit: Unit(unit)}
	if l.Unit == SameDay {
		return Limit{}, refuse("unit", "unit", unit)
	}
	return l, l.Check()
}

// String is the form that ParseLimit reads.
func (l Limit) String() string { return fmt.Sprintf("%d %s", l.Amount, l.Unit) }

// Check refuses an amount below 1 or above ten years, an unknown unit, and a
// pair of unit and count that does not exist.
func (l Limit) Check() error {
	top, known := most[l.Unit]
	if !known {
		return refuse("unit", "unit", string(l.Unit))
	}
	if l.Amount < 1 || l.Amount > top {
		return refuse("amount", "n", strconv.Itoa(l.Amount), "most", strconv.Itoa(top), "unit", unitKey(Limit{Amount: top, Unit: l.Unit}))
	}
	switch count := l.count(); {
	case count == Instant && (l.Unit == Hour || l.Unit == WorkingDay):
	case count == NextDay && l.Unit != Hour:
	default:
		return refuse("count", "unit", string(l.Unit), "count", string(l.Count))
	}
	return nil
}

// count is how the limit is counted, by default by its unit.
func (l Limit) count() Count {
	if l.Unit == Day || l.Unit == Month || l.Unit == SameDay {
		return cmp.Or(l.Count, NextDay)
	}
	return cmp.Or(l.Count, Instant)
}
