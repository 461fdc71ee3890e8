package pack

import (
	"fmt"
	"strings"
	"time"

	"quay20/internal/lawtime"
)

func (r *reader) checkUnits() {
	for _, u := range r.all.Units {
		s := r.on("unit %s", u.Key)
		s.need("code", u.Code)
		s.need("name", u.Name)
		s.need("from", u.From)
		s.span(u.Span)
		s.oneOf("level", string(u.Level), string(Province), string(Department), string(Counter), string(District), string(Commune))
		r.checkParents(s, u)
		r.checkAgency(s, u)
		r.checkDesk(s, u)
		for i, key := range u.Before {
			if r.pack.keys[key] == nil {
				s.at("before[%d]", i).fault("pack.fault.unit", "pack.fix.unit-key", "unit", key)
			}
		}
		for i, code := range u.Serves {
			if !r.lives(code, u.Span) {
				s.at("serves[%d]", i).fault("pack.fault.unit", "pack.fix.unit", "unit", code)
			}
		}
	}
	r.checkCodes()
}

// lives reports whether some unit has the code on every day of the span.
func (r *reader) lives(code string, whole Span) bool {
	var spans []Span
	for _, u := range r.pack.units[code] {
		spans = append(spans, u.Span)
	}
	return covers(whole, spans)
}

// existed reports whether some unit had the code on a day of the span.
func (r *reader) existed(code string, span Span) bool {
	for _, u := range r.pack.units[code] {
		if overlap(u.Span, span) {
			return true
		}
	}
	return false
}

// checkParents wants exactly one living parent on every day, but for the
// province.
func (r *reader) checkParents(s spot, u Unit) {
	var spans []Span
	for i, p := range u.Parents {
		at := s.at("parents[%d]", i)
		at.span(p.Span)
		parent := r.pack.keys[p.Unit]
		if parent == nil {
			at.at("unit").fault("pack.fault.unit", "pack.fix.unit-key", "unit", p.Unit)
			continue
		}
		part := within(p.Span, u.Span)
		if !covers(part, []Span{parent.Span}) {
			at.fault("pack.fault.parent-ended", "pack.fix.parent-ended", "unit", p.Unit, "to", parent.To)
		}
		for _, other := range spans {
			if overlap(other, part) {
				at.fault("pack.fault.two-parents", "pack.fix.two-parents")
			}
		}
		spans = append(spans, part)
	}
	if u.Level != Province && !covers(u.Span, spans) {
		s.at("parents").fault("pack.fault.no-parent", "pack.fix.no-parent", "unit", u.Key)
	}
}

// within cuts a span to the life of what it belongs to.
func within(span, life Span) Span {
	if span.From < life.From {
		span.From = life.From
	}
	if span.To == "" || life.To != "" && span.To > life.To {
		span.To = life.To
	}
	return span
}

// checkAgency wants exactly one agency code on every day, in the shape of the
// grammar of its time.
func (r *reader) checkAgency(s spot, u Unit) {
	var spans []Span
	for i, a := range u.Agency {
		at := s.at("agency[%d]", i)
		at.span(a.Span)
		at.need("code", a.Code)
		for _, other := range spans {
			if overlap(other, a.Span) {
				at.fault("pack.fault.two-codes", "pack.fix.two-codes")
			}
		}
		spans = append(spans, within(a.Span, u.Span))
	}
	if !covers(u.Span, spans) {
		s.at("agency").fault("pack.fault.no-code", "pack.fix.no-code", "unit", u.Key)
	}
}

// checkCodes wants no code, of units or of agencies, to mean two units on one
// day: dossier numbers would collide.
func (r *reader) checkCodes() {
	for code, units := range r.pack.units {
		for i, u := range units {
			for _, other := range units[:i] {
				if overlap(u.Span, other.Span) {
					r.on("unit %s", u.Key).at("code").fault("pack.fault.code-twice", "pack.fix.code-twice", "code", code, "unit", other.Key)
				}
			}
		}
	}
	type use struct {
		Span
		unit UnitKey
	}
	uses := map[string][]use{}
	for _, u := range r.all.Units {
		for i, a := range u.Agency {
			for _, other := range uses[a.Code] {
				if other.unit != u.Key && overlap(other.Span, a.Span) {
					r.on("unit %s", u.Key).at("agency[%d].code", i).fault("pack.fault.code-twice", "pack.fix.code-twice", "code", a.Code, "unit", other.unit)
				}
			}
			uses[a.Code] = append(uses[a.Code], use{within(a.Span, u.Span), u.Key})
		}
	}
}

func (r *reader) checkDesk(s spot, u Unit) {
	if u.Desk == nil {
		return
	}
	if len(u.Desk.Hours) == 0 {
		s.at("desk").fault("pack.fault.missing", "pack.fix.missing", "key", "hours")
	}
	for i, h := range u.Desk.Hours {
		at := s.at("desk.hours[%d]", i)
		at.span(h.Span)
		at.windows("intake", h.Intake)
		at.windows("counting", h.Counting)
		for _, d := range []time.Weekday{time.Saturday, time.Sunday} {
			if len(h.Counting[d]) > 0 {
				at.at("counting").fault("pack.fault.weekend", "pack.fix.weekend")
			}
		}
		for _, other := range u.Desk.Hours[:i] {
			if overlap(other.Span, h.Span) {
				at.fault("pack.fault.overlap", "pack.fix.overlap", "from", h.From, "to", other.To)
			}
		}
	}
}

// windows wants windows of a day in order, apart, and some in the week.
func (s spot) windows(key string, hours lawtime.Hours) {
	some := false
	for _, day := range hours {
		end := 0
		for _, w := range day {
			if w.Open < end || w.Close <= w.Open {
				s.at("%s", key).fault("pack.fault.windows", "pack.fix.windows", "window", fmt.Sprintf("%s-%s", hhmm(w.Open), hhmm(w.Close)))
			}
			end, some = w.Close, true
		}
	}
	if !some {
		s.fault("pack.fault.missing", "pack.fix.missing", "key", key)
	}
}

func hhmm(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

// tet reports whether a calendar day is one of the days of the lunar new year.
func tet(d lawtime.CalendarDay) bool {
	return d.Kind == lawtime.Holiday && strings.Contains(d.Name, "Nguyên đán")
}

// checkCalendar wants every year from the first to the last, each with the days
// that labour law fixes and five days of Tết, no day twice, and a day off for
// every day made up. rel-B-P06 law: luat-45-2019/112
func (r *reader) checkCalendar() {
	if len(r.all.Years) == 0 {
		r.fault("calendar", 1, "pack.fault.none", "pack.fix.none", "what", "calendar/")
		return
	}
	first, last := r.all.span()
	for y := first[:4]; y <= last[:4]; y = after(y + "-12-31")[:4] {
		if _, ok := r.at["year "+y]; !ok {
			r.fault("calendar/"+y+".yaml", 1, "pack.fault.year-missing", "pack.fix.year-missing", "year", y)
		}
	}
	seen := map[Date]lawtime.CalendarDay{}
	for _, y := range r.all.Years {
		s := r.on("year %d", y.Year)
		r.checkDays(s, y.Days, seen)
		r.checkFixed(s, y)
		for i, d := range y.Days {
			if !strings.HasPrefix(d.Date, fmt.Sprint(y.Year)) {
				s.at("days[%d].date", i).fault("pack.fault.other-year", "pack.fix.other-year", "date", d.Date)
			}
		}
	}
	for _, n := range r.pack.Notices() {
		s := r.on("notice %s", n.ID)
		s.need("title", n.Title)
		s.need("announced", n.Announced)
		s.date("announced", n.Announced)
		s.cite("law", n.Law)
		r.checkDays(s, n.Days, seen)
		for i, code := range n.Desks {
			if len(r.pack.units[code]) == 0 {
				s.at("desks[%d]", i).fault("pack.fault.unit", "pack.fix.unit", "unit", code)
			}
		}
	}
	r.checkSwaps(seen)
	if len(r.faults) > 0 {
		return
	}
	if err := r.pack.count(); err != nil {
		r.fault("calendar", 1, "pack.fault.calendar", "pack.fix.calendar", "what", err.Error())
	}
}

func (r *reader) checkDays(s spot, days []lawtime.CalendarDay, seen map[Date]lawtime.CalendarDay) {
	for i, d := range days {
		at := s.at("days[%d]", i)
		at.need("date", d.Date)
		at.need("name", d.Name)
		at.date("date", d.Date)
		at.date("replaces", d.Replaces)
		at.cite("law", d.Law)
		at.oneOf("kind", string(d.Kind), string(lawtime.Holiday), string(lawtime.Compensation), string(lawtime.SwapOff), string(lawtime.SwapWork), string(lawtime.Closure))
		old, twice := seen[d.Date]
		switch {
		case twice && (old.Kind == lawtime.SwapWork) != (d.Kind == lawtime.SwapWork) && d.Kind != lawtime.Closure:
			at.fault("pack.fault.holiday-on-make-up", "pack.fix.holiday-on-make-up", "date", d.Date)
		case twice && d.Kind != lawtime.Closure:
			at.fault("pack.fault.day-twice", "pack.fix.day-twice", "date", d.Date)
		}
		seen[d.Date] = d
		if t, err := time.Parse(time.DateOnly, d.Date); err == nil && d.Kind == lawtime.SwapWork && t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			at.fault("pack.fault.make-up-weekday", "pack.fix.make-up-weekday", "date", d.Date)
		}
	}
}

// checkFixed wants the holidays of every year. law: luat-45-2019/112
func (r *reader) checkFixed(s spot, y year) {
	have, newYear := map[string]bool{}, 0
	for _, d := range y.Days {
		if d.Kind == lawtime.Holiday {
			have[d.Date] = true
		}
		if tet(d) {
			newYear++
		}
	}
	for _, md := range []string{"01-01", "04-30", "05-01", "09-02"} {
		if date := fmt.Sprintf("%d-%s", y.Year, md); !have[date] {
			s.fault("pack.fault.holiday-missing", "pack.fix.holiday-missing", "date", date)
		}
	}
	if newYear < 5 {
		s.fault("pack.fault.tet-missing", "pack.fix.tet-missing", "n", newYear, "year", y.Year)
	}
}

// checkSwaps wants a swapped day off for every day made up.
func (r *reader) checkSwaps(seen map[Date]lawtime.CalendarDay) {
	for date, d := range seen {
		if d.Kind == lawtime.SwapWork && seen[d.Replaces].Kind != lawtime.SwapOff {
			r.dayOf(date).fault("pack.fault.replaces", "pack.fix.replaces", "date", date, "replaces", d.Replaces)
		}
	}
}

// dayOf is the spot of a listed day.
func (r *reader) dayOf(date Date) spot {
	for _, y := range r.all.Years {
		for i, d := range y.Days {
			if d.Date == date {
				return r.on("year %d", y.Year).at("days[%d]", i)
			}
		}
	}
	for _, n := range r.all.Notices {
		for i, d := range n.Days {
			if d.Date == date {
				return r.on("notice %s", n.ID).at("days[%d]", i)
			}
		}
	}
	return spot{r, place{"calendar", ""}}
}
