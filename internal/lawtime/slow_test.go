package lawtime_test

import (
	"slices"
	"time"

	"quay20/internal/lawtime"
)

// slow is law time again by its definitions alone: a table of all minutes from
// 2022 to 2027, open or not, walked one minute or one day at a time.
type slow struct {
	open   []bool // by minutes since 2022-01-01
	cutOff int
	full   int
}

const dayMinutes = 24 * 60

var firstDay = at("2022-01-01T00:00")

func minute(t time.Time) int { return int(t.Sub(firstDay) / time.Minute) }

func newSlow(c lawtime.Clock) slow {
	byDate := map[string]lawtime.CalendarDay{}
	for _, l := range listed {
		byDate[l.Date] = l
	}
	s := slow{make([]bool, 6*366*dayMinutes), c.CutOff, 0}
	for d := 0; d < len(s.open)/dayMinutes; d++ {
		date := firstDay.AddDate(0, 0, d)
		weekday := date.Weekday()
		switch l, is := byDate[date.Format(time.DateOnly)]; {
		case is && l.Kind == lawtime.SwapWork:
			weekday = must(time.Parse(time.DateOnly, l.Replaces)).Weekday()
		case is || weekday == time.Saturday || weekday == time.Sunday:
			continue
		}
		for m := range dayMinutes {
			for _, w := range c.Hours[weekday] {
				if w.Open <= m && m < w.Close {
					s.open[d*dayMinutes+m] = true
				}
			}
		}
	}
	for d := range 14 { // two weeks hold every weekday
		s.full = max(s.full, s.opened((3+d)*dayMinutes, (4+d)*dayMinutes))
	}
	return s
}

// opened counts the open minutes of [from, to).
func (s slow) opened(from, to int) (n int) {
	for m := from; m < to; m++ {
		if s.open[m] {
			n++
		}
	}
	return n
}

func (s slow) counts(day int) bool { return s.opened(day*dayMinutes, (day+1)*dayMinutes) > 0 }

func (s slow) start(m int, receipt bool) int {
	if receipt && s.cutOff > 0 && m%dayMinutes >= s.cutOff {
		m += dayMinutes - m%dayMinutes
	}
	for !s.open[m] {
		m++
	}
	return m
}

// walk goes on until so many open minutes outside the pauses have passed.
func (s slow) walk(m, work int, pauses []slowPause) int {
	for ; work > 0; m++ {
		if s.open[m] && !slices.ContainsFunc(pauses, func(p slowPause) bool { return p.from <= m && m < p.to }) {
			work--
		}
	}
	return m
}

type slowPause struct {
	from, to int
	restart  bool
}

// leg counts one limit with exactly these pauses.
func (s slow) leg(l lawtime.Limit, start int, pauses []slowPause) int {
	if l.Unit == lawtime.Hour {
		return s.walk(start, 60*l.Amount, pauses)
	}
	if l.Unit == lawtime.WorkingDay && l.Count != lawtime.NextDay {
		return s.walk(start, s.full*l.Amount, pauses)
	}
	day, left := start/dayMinutes, l.Amount
	if l.Unit == lawtime.Month {
		from := firstDay.AddDate(0, 0, day)
		to := time.Date(from.Year(), from.Month()+time.Month(l.Amount), 1, 0, 0, 0, 0, lawtime.Zone)
		month := to.Month()
		for to.Day() < from.Day() && to.AddDate(0, 0, 1).Month() == month {
			to = to.AddDate(0, 0, 1)
		}
		left = minute(to)/dayMinutes - day
	}
	if l.Unit == lawtime.SameDay {
		left = 0
		for _, p := range pauses {
			day = max(day, s.start(p.to, false)/dayMinutes)
		}
	}
	for left > 0 {
		day++
		paused := slices.ContainsFunc(pauses, func(p slowPause) bool {
			return max(p.from, start)/dayMinutes < day && day <= p.to/dayMinutes
		})
		if !paused && (l.Unit != lawtime.WorkingDay || s.counts(day)) {
			left--
		}
	}
	for !s.counts(day) {
		day++
	}
	m := (day + 1) * dayMinutes
	for !s.open[m-1] {
		m--
	}
	return m
}

func (s slow) due(received int, legs []lawtime.Leg, pauses []slowPause) int {
	m := received
	for i, leg := range legs {
		start := s.start(m, i == 0)
		var held []slowPause
		m = s.leg(leg.Limit, start, nil)
		for n, p := range pauses {
			if p.from >= m || p.to <= start {
				continue
			}
			if p.restart {
				return s.due(p.to, legs, pauses[n+1:])
			}
			held = append(held, p)
			m = s.leg(leg.Limit, start, held)
		}
	}
	return m
}

// union joins overlapping pauses two at a time until none overlap.
func union(pauses []lawtime.Pause) []slowPause {
	var all []slowPause
	for _, p := range pauses {
		all = append(all, slowPause{minute(p.From), minute(p.To), p.Resume == lawtime.Restart})
	}
again:
	for i, a := range all {
		for j, b := range all[:i] {
			if a.from < b.to && b.from < a.to {
				all[j] = slowPause{min(a.from, b.from), max(a.to, b.to), a.restart || b.restart}
				all = slices.Delete(all, i, i+1)
				goto again
			}
		}
	}
	slices.SortFunc(all, func(a, b slowPause) int { return a.from - b.from })
	return all
}
