package pack

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"quay20/internal/lawtime"
	"quay20/internal/problem"
)

// Calendar is the working calendar of the whole province: the years as first
// published, then every notice for all desks in order of announcement.
func (p *Pack) Calendar() lawtime.Calendar { return p.calendar }

// CalendarFor is the calendar of one desk: the province's, with the days that
// notices list for this desk only.
func (p *Pack) CalendarFor(desk UnitKey) lawtime.Calendar {
	if c, ok := p.closures[desk]; ok {
		return c
	}
	return p.calendar
}

// CalendarSpan are the first and the last day that published calendars cover.
// A due date beyond the last is provisional.
func (p *Pack) CalendarSpan() (from, to Date) { return p.all.span() }

func (c content) span() (from, to Date) {
	if len(c.Years) == 0 {
		return "", ""
	}
	first, last := c.Years[0].Year, c.Years[0].Year
	for _, y := range c.Years {
		first, last = min(first, y.Year), max(last, y.Year)
	}
	return fmt.Sprintf("%04d-01-01", first), fmt.Sprintf("%04d-12-31", last)
}

// Notices are the notices in force: those of the pack and those applied since,
// by announcement.
func (p *Pack) Notices() []Notice {
	return slices.SortedStableFunc(slices.Values(slices.Concat(p.all.Notices, p.applied)), byAnnouncement)
}

func byAnnouncement(a, b Notice) int {
	if c := strings.Compare(a.Announced, b.Announced); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// With is the pack with notices added (quay20 pack apply). The pack itself does
// not change. Nothing is edited: a notice whose ID is already in force, or whose
// days do not fit the calendar, is refused with a *problem.Problem.
func (p *Pack) With(notices ...Notice) (*Pack, error) {
	q := *p
	for _, n := range notices {
		if err := q.fits(n); err != nil {
			return nil, err
		}
		q.applied = append(slices.Clip(q.applied), n)
	}
	if err := q.count(); err != nil {
		return nil, err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, p.version)
	if err := json.NewEncoder(sum).Encode(notices); err != nil {
		return nil, fmt.Errorf("hashing notices: %w", err)
	}
	q.version = hex.EncodeToString(sum.Sum(nil))[:16]
	return &q, nil
}

// fits refuses a notice that no person could have meant.
func (p *Pack) fits(n Notice) error {
	e := problem.New(problem.Invalid, "pack.err.notice", "id", n.ID)
	if n.ID == "" || slices.ContainsFunc(p.Notices(), func(old Notice) bool { return old.ID == n.ID }) {
		e.Field("id", "pack.err.notice-id", "id", n.ID)
	}
	if !isDate(n.Announced) {
		e.Field("announced", "pack.err.notice-date", "date", n.Announced)
	}
	if len(n.Days) == 0 {
		e.Field("days", "pack.err.notice-days")
	}
	if n.Law != "" && !p.Cites(n.Law) {
		e.Field("law", "pack.err.notice-law", "law", n.Law)
	}
	for _, d := range n.Days {
		if d.Law != "" && !p.Cites(d.Law) {
			e.Field("days", "pack.err.notice-law", "law", d.Law)
		}
		if len(n.Desks) > 0 && d.Kind != lawtime.Closure {
			e.Field("days", "pack.err.notice-closure", "date", d.Date)
		}
	}
	for _, code := range n.Desks {
		if len(p.units[code]) == 0 {
			e.Field("desks", "pack.err.notice-desk", "code", code)
		}
	}
	return e.Or()
}

// ReadNotice reads a notice file (calendar/<year>/<announced>-<number>.yaml)
// before it is applied, as strictly as a file of the pack.
func ReadNotice(name string, text []byte) (Notice, []Fault) {
	var n Notice
	f := &file{name: name, lines: map[string]int{}}
	if len(text) > maxFile {
		f.fault(1, "pack.fault.unreadable", "pack.fix.unreadable", "what", "too large")
		return n, f.faults
	}
	f.decode(text, &n)
	return n, f.faults
}

// count makes the calendars of the years and notices.
func (p *Pack) count() error {
	from, to := p.CalendarSpan()
	var days []lawtime.CalendarDay
	for _, y := range p.all.Years {
		days = append(days, y.Days...)
	}
	base, err := lawtime.NewCalendar(days, from, to)
	if err != nil {
		return fmt.Errorf("calendar: %w", err)
	}
	notices := p.Notices()
	for _, n := range notices {
		if len(n.Desks) > 0 {
			continue
		}
		if base, err = base.With(n.days()...); err != nil {
			return unfit(n, err)
		}
	}
	p.calendar, p.closures = base, map[UnitKey]lawtime.Calendar{}
	for _, n := range notices {
		if err := p.close(n); err != nil {
			return unfit(n, err)
		}
	}
	return nil
}

// days are the days of the notice; a day without an article of its own rests on
// the notice's.
func (n Notice) days() []lawtime.CalendarDay {
	days := slices.Clone(n.Days)
	for i := range days {
		days[i].Law = cmp.Or(days[i].Law, n.Law)
	}
	return days
}

// close adds the days of a notice for single desks to those desks' calendars. A
// code names the unit that has it on the day listed.
func (p *Pack) close(n Notice) error {
	for _, code := range n.Desks {
		for _, d := range n.days() {
			u, ok := p.Unit(code, d.Date)
			if !ok {
				return unknownUnit(code, d.Date)
			}
			c, err := p.CalendarFor(u.Key).With(d)
			if err != nil {
				return err
			}
			p.closures[u.Key] = c
		}
	}
	return nil
}

// unfit words why a notice's days cannot be added to the calendar.
func unfit(n Notice, err error) error {
	e := problem.New(problem.Invalid, "pack.err.notice", "id", n.ID)
	var day *lawtime.Error
	if errors.As(err, &day) {
		return e.Field("days", day.Key, day.Args...)
	}
	if p, ok := problem.As(err); ok {
		return e.Field("desks", p.Key, p.Args...)
	}
	return err
}
