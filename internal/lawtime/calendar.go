package lawtime

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Zone is Asia/Ho_Chi_Minh, in which all law time is counted.
var Zone = time.FixedZone("+07", 7*60*60)

// Error is a question that law time refuses, by text key.
type Error struct {
	Key  string // "lawtime.err.amount"
	Args []any  // alternating name, value, all strings
}

func (e *Error) Error() string { return fmt.Sprintf("%s %v", e.Key, e.Args) }

func refuse(key string, args ...any) *Error { return &Error{"lawtime.err." + key, args} }

// day is a day in Zone, counted from 1970-01-01.
type day int

func dayOf(t time.Time) day {
	s := t.Unix() + 7*60*60
	if s < 0 {
		s -= 24*60*60 - 1
	}
	return day(s / (24 * 60 * 60))
}

func parseDay(date string) (day, error) {
	t, err := time.ParseInLocation(time.DateOnly, date, Zone)
	if err != nil {
		return 0, refuse("date", "date", date)
	}
	return dayOf(t), nil
}

// at is the instant so many minutes after the day's midnight.
func (d day) at(minutes int) time.Time {
	return time.Unix(int64(d)*24*60*60-7*60*60+int64(minutes)*60, 0).In(Zone)
}

func (d day) weekday() time.Weekday { return time.Weekday((int(d)%7 + 11) % 7) } // 1970-01-01 was a Thursday

func (d day) weekend() bool { return d.weekday() == time.Saturday || d.weekday() == time.Sunday }

// addMonths keeps the day of the month, clamped to the month's last day.
// law: luat-91-2015/148
func (d day) addMonths(n int) day {
	t := d.at(0)
	last := time.Date(t.Year(), t.Month()+time.Month(n)+1, 0, 0, 0, 0, 0, Zone)
	return dayOf(last) - day(last.Day()-min(t.Day(), last.Day()))
}

// Calendar says which days count (lịch làm việc). It grows by notices and is
// never edited. The zero Calendar knows weekends only, so all it says is
// provisional.
type Calendar struct {
	first, last day
	listed      map[day][]CalendarDay // in order of listing; the last one rules
	makeUp      map[day]day           // swapped day off → the day worked for it
}

// NewCalendar makes a calendar from the days published for from to to, both
// inclusive. Its errors name the faulty day.
func NewCalendar(days []CalendarDay, from, to string) (Calendar, error) {
	first, err := parseDay(from)
	if err != nil {
		return Calendar{}, err
	}
	last, err := parseDay(to)
	if err != nil {
		return Calendar{}, err
	}
	if last < first {
		return Calendar{}, refuse("calendar-span", "from", from, "to", to)
	}
	return Calendar{first: first, last: last}.With(days...)
}

// With is the calendar with the days of a notice added. A later listing of the
// same date rules (a storm closes a make-up day), and Listed keeps both. One
// notice lists a date once, and none turns a day off into a working day.
func (c Calendar) With(days ...CalendarDay) (Calendar, error) {
	before := c.listed
	c.listed, c.makeUp = maps.Clone(c.listed), maps.Clone(c.makeUp)
	if c.listed == nil {
		c.listed, c.makeUp = map[day][]CalendarDay{}, map[day]day{}
	}
	for _, listing := range days {
		d, err := parseDay(listing.Date)
		if err != nil {
			return Calendar{}, err
		}
		if now := c.listed[d]; len(now) > len(before[d]) {
			if (now[len(now)-1].Kind == SwapWork) != (listing.Kind == SwapWork) {
				return Calendar{}, refuse("holiday-on-make-up", "date", listing.Date)
			}
			return Calendar{}, refuse("duplicate-day", "date", listing.Date)
		}
		if err := c.check(listing, d); err != nil {
			return Calendar{}, err
		}
		c.listed[d] = append(slices.Clip(c.listed[d]), listing)
	}
	return c, c.checkSwaps(days)
}

// check refuses a listing that cannot be; a make-up day is noted in makeUp.
func (c Calendar) check(listing CalendarDay, d day) error {
	switch listing.Kind {
	case Holiday, Compensation, SwapOff, Closure:
		return nil
	case SwapWork:
	default:
		return refuse("day-kind", "date", listing.Date, "kind", string(listing.Kind))
	}
	if listing.Replaces == "" {
		return refuse("no-replaces", "date", listing.Date)
	}
	off, err := parseDay(listing.Replaces)
	if err != nil {
		return err
	}
	if len(c.listed[d]) > 0 || !d.weekend() {
		return refuse("make-up-day", "date", listing.Date)
	}
	if _, twice := c.makeUp[off]; twice || off.weekend() {
		return refuse("replaces", "date", listing.Date, "replaces", listing.Replaces)
	}
	c.makeUp[off] = d
	return nil
}

// checkSwaps refuses a make-up day whose day off is not listed as swapped.
func (c Calendar) checkSwaps(days []CalendarDay) error {
	for _, listing := range days {
		isSwap := func(l CalendarDay) bool { return l.Kind == SwapOff }
		if listing.Kind == SwapWork && !slices.ContainsFunc(c.Listed(listing.Replaces), isSwap) {
			return refuse("replaces", "date", listing.Date, "replaces", listing.Replaces)
		}
	}
	return nil
}

// Counting reports whether limits count on date (ngày làm việc): Monday to
// Friday that is no listed day off, and make-up days.
func (c Calendar) Counting(date string) bool {
	d, err := parseDay(date)
	return err == nil && c.counting(d)
}

// Why is the listing that rules on date, if the date is listed.
func (c Calendar) Why(date string) (CalendarDay, bool) {
	all := c.Listed(date)
	if len(all) == 0 {
		return CalendarDay{}, false
	}
	return all[len(all)-1], true
}

// Listed are all listings of date, oldest first.
func (c Calendar) Listed(date string) []CalendarDay {
	d, err := parseDay(date)
	if err != nil {
		return nil
	}
	return slices.Clone(c.listed[d])
}

// ruling is the listing that rules on d; its Kind is "" if d is not listed.
func (c Calendar) ruling(d day) CalendarDay {
	if all := c.listed[d]; len(all) > 0 {
		return all[len(all)-1]
	}
	return CalendarDay{}
}

func (c Calendar) counting(d day) bool {
	if kind := c.ruling(d).Kind; kind != "" {
		return kind == SwapWork
	}
	return !d.weekend()
}
