package lawtime

import (
	"strconv"
	"time"
)

// DefaultHours are 07:00-11:30 and 13:30-17:00, Monday to Friday.
var DefaultHours = Hours{
	time.Monday:    {{420, 690}, {810, 1020}},
	time.Tuesday:   {{420, 690}, {810, 1020}},
	time.Wednesday: {{420, 690}, {810, 1020}},
	time.Thursday:  {{420, 690}, {810, 1020}},
	time.Friday:    {{420, 690}, {810, 1020}},
}

// Clock counts limits at one desk. A day counts at a desk if the calendar
// counts it and the desk has windows on it; windows on Saturday and Sunday are
// for intake and never count.
type Clock struct {
	Calendar Calendar
	Hours    Hours // the counting windows
	CutOff   int   // minutes after midnight: a receipt at or after it starts on the next counting day; 0 none
}

// check refuses windows that overlap, run backwards or reach midnight, and a
// desk that never opens from Monday to Friday.
func (c Clock) check() error {
	for weekday, windows := range c.Hours {
		end := 0
		for _, w := range windows {
			if w.Open < end || w.Close <= w.Open || w.Close >= 24*60 {
				return refuse("windows", "wd", weekdayKey(time.Weekday(weekday)))
			}
			end = w.Close
		}
	}
	if c.FullDay() == 0 {
		return refuse("no-hours")
	}
	return nil
}

// FullDay are the minutes of a full day of the desk: of its longest weekday,
// Monday to Friday. 480 by default.
func (c Clock) FullDay() int {
	longest := 0
	for _, windows := range c.Hours[time.Monday:time.Saturday] {
		minutes := 0
		for _, w := range windows {
			minutes += w.Close - w.Open
		}
		longest = max(longest, minutes)
	}
	return longest
}

// windows are the counting windows of d. A make-up day has those of the
// weekday that it replaces.
func (c Clock) windows(d day) []Window {
	if !c.Calendar.counting(d) {
		return nil
	}
	if listing := c.Calendar.ruling(d); listing.Kind == SwapWork {
		off, _ := parseDay(listing.Replaces) // checked when listed
		d = off
	}
	return c.Hours[d.weekday()]
}

func (c Clock) counts(d day) bool { return len(c.windows(d)) > 0 }

// onOrAfter is the first counting day from d on.
func (c Clock) onOrAfter(d day) day {
	for !c.counts(d) {
		d++
	}
	return d
}

// nth is the n-th counting day after d.
func (c Clock) nth(d day, n int) day {
	for ; n > 0; n-- {
		d = c.onOrAfter(d + 1)
	}
	return d
}

// closing is the end of the last window of a counting day.
func (c Clock) closing(d day) time.Time {
	windows := c.windows(d)
	return d.at(windows[len(windows)-1].Close)
}

// Open reports whether t lies inside a counting window; a closing instant
// does not.
func (c Clock) Open(t time.Time) bool {
	return c.FullDay() > 0 && c.NextOpening(t).Equal(t)
}

// NextOpening is the first instant inside a counting window at or after t. The
// desk must have hours.
func (c Clock) NextOpening(t time.Time) time.Time {
	for d := dayOf(t); ; d++ {
		for _, w := range c.windows(d) {
			if t.Before(d.at(w.Close)) {
				return later(t.In(Zone), d.at(w.Open))
			}
		}
	}
}

// Start is the effective start for a receipt at t: the next opening, or after
// the cut-off hour that of the next counting day.
func (c Clock) Start(t time.Time) time.Time {
	if d := dayOf(t); c.CutOff > 0 && !t.Before(d.at(c.CutOff)) {
		t = (d + 1).at(0)
	}
	return c.NextOpening(t)
}

// advance is the earliest instant at which so much working time has passed
// since t, so it may be a closing instant.
func (c Clock) advance(t time.Time, work time.Duration) time.Time {
	for d := dayOf(t); work > 0; d++ {
		for _, w := range c.windows(d) {
			from, end := later(t, d.at(w.Open)), d.at(w.Close)
			if left := end.Sub(from); left >= work {
				return from.Add(work)
			} else if left > 0 {
				work -= left
			}
		}
	}
	return t
}

// Worked is the working time between from and to; 0 if to is not after from.
func (c Clock) Worked(from, to time.Time) time.Duration {
	var sum time.Duration
	first, last := dayOf(from), dayOf(to)
	for d := first; d <= last; d++ {
		for _, w := range c.windows(d) {
			if first < d && d < last { // whole days, of which a late dossier has many
				sum += time.Duration(w.Close-w.Open) * time.Minute
				continue
			}
			open, end := later(from, d.at(w.Open)), d.at(w.Close)
			if to.Before(end) {
				end = to
			}
			sum += max(0, end.Sub(open))
		}
	}
	return sum
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// Left is working time left until a due date, or passed since it.
type Left struct {
	Minutes int  // whole working minutes, never negative
	Late    bool // the due instant has passed
	FullDay int  // minutes of a full day of the desk
}

// Remaining is the working time left at now, counted at the desk's clock.
func Remaining(c Clock, now, due time.Time) Left {
	l := Left{Late: now.After(due), FullDay: c.FullDay()}
	if l.Late {
		now, due = due, now
	}
	l.Minutes = int(c.Worked(now, due) / time.Minute)
	return l
}

// Words are text key and arguments for "còn 1 ngày 3 giờ".
func (l Left) Words() (key string, args []any) {
	full := max(l.FullDay, 1)
	days, rest := l.Minutes/full, l.Minutes%full
	key = "lawtime.left."
	if l.Late {
		key = "lawtime.late."
	}
	switch hours := rest / 60; {
	case days > 0 && hours > 0:
		key += "days-hours"
	case days > 0:
		key += "days"
	case hours > 0 && rest%60 > 0:
		key += "hours-minutes"
	case hours > 0:
		key += "hours"
	default:
		key += "minutes"
	}
	return key, []any{"d", strconv.Itoa(days), "h", strconv.Itoa(rest / 60), "m", strconv.Itoa(rest % 60)}
}

// Grade is "early", "on_time" or "late", by date in Viet Nam; a dossier
// without due date is on time.
func Grade(due, finished time.Time) string {
	switch d, f := dayOf(due), dayOf(finished); {
	case due.IsZero() || f == d:
		return "on_time"
	case f < d:
		return "early"
	}
	return "late"
}
