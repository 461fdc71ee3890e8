package pack

import (
	"slices"
	"time"

	"quay20/internal/lawtime"
)

// Opening is when a desk takes papers in on a day (giờ nhận hồ sơ): the windows
// of its intake hours, or why it is closed. Unlike counting, it knows desks that
// open on Saturday.
type Opening struct {
	Windows []lawtime.Window
	Off     *lawtime.CalendarDay // the listed day off that closes it
}

// Opening is the desk's opening on the day; false if it does not receive then.
func (p *Pack) Opening(desk UnitKey, on Date) (Opening, bool) {
	hours, ok := p.DeskHours(desk, on)
	t, err := time.Parse(time.DateOnly, on)
	if !ok || err != nil {
		return Opening{}, false
	}
	day, listed := p.CalendarFor(desk).Why(on)
	switch {
	case listed && day.Kind == lawtime.SwapWork:
		if off, err := time.Parse(time.DateOnly, day.Replaces); err == nil {
			t = off
		}
	case listed:
		return Opening{Off: &day}, true
	}
	return Opening{Windows: hours.Intake[t.Weekday()]}, true
}

// NextOpening is the first instant at or after t at which the desk takes papers
// in; false if there is none within two months.
func (p *Pack) NextOpening(desk UnitKey, t time.Time) (time.Time, bool) {
	t = t.In(Zone)
	for n := range 60 {
		day := time.Date(t.Year(), t.Month(), t.Day()+n, 0, 0, 0, 0, Zone)
		o, _ := p.Opening(desk, On(day))
		for _, w := range o.Windows {
			if end := day.Add(time.Duration(w.Close) * time.Minute); t.Before(end) {
				if open := day.Add(time.Duration(w.Open) * time.Minute); open.After(t) {
					return open, true
				}
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// Localities are the communes and districts of all times whose name, without
// its kind, fold makes equal to the asked one: what people call the place they
// live in, also by a name that is no more.
func (p *Pack) Localities(name string, fold func(string) string) []Unit {
	var found []Unit
	want := fold(name)
	for _, u := range p.all.Units {
		if u.Level != Commune && u.Level != District || u.Place == "" {
			continue
		}
		full := fold(u.Place)
		bare := full
		for _, kind := range localityKinds {
			if rest, ok := cutWords(full, fold(kind)); ok {
				bare = rest
			}
		}
		if want == full || want == bare {
			found = append(found, u)
		}
	}
	return found
}

var localityKinds = []string{"phường", "xã", "thị trấn", "huyện", "thành phố", "thị xã"}

func cutWords(s, first string) (string, bool) {
	if len(s) > len(first)+1 && s[:len(first)] == first && s[len(first)] == ' ' {
		return s[len(first)+1:], true
	}
	return s, false
}

// CommunesOf are the communes of the day in which the place lies now: the unit
// itself, its heirs, or for a district those of its communes.
func (p *Pack) CommunesOf(u Unit, on Date) []Unit {
	parts := []UnitKey{u.Key}
	if u.Level == District {
		parts = nil
		for _, c := range p.children[u.Key] {
			if c.unit.Level == Commune {
				parts = append(parts, c.unit.Key)
			}
		}
	}
	var now []Unit
	for _, key := range parts {
		for _, heir := range p.Heirs(key, on) {
			if heir.Level == Commune && !slices.ContainsFunc(now, func(x Unit) bool { return x.Key == heir.Key }) {
				now = append(now, heir)
			}
		}
	}
	return now
}
