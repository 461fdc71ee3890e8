package web

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/text"
)

// vietnam is the zone of every time a person sees; it has no summer time.
var vietnam = time.FixedZone("+07", 7*60*60)

// sayHour words an instant: "16 giờ 00, thứ Sáu 25/11/2022".
func sayHour(lang text.Lang, t time.Time) string {
	t = t.In(vietnam)
	return text.T(lang, "say.hour", "clock", sayClock(lang, t), "date", sayDate(lang, t))
}

// sayDate words a day with its weekday, "thứ Sáu 25/11/2022".
func sayDate(lang text.Lang, t time.Time) string {
	t = t.In(vietnam)
	return text.T(lang, "say.date", "weekday", text.Key("say.weekday."+strconv.Itoa(int(t.Weekday()))), "day", sayDay(t))
}

// sayClock words the hour of the day, "07 giờ 00".
func sayClock(lang text.Lang, t time.Time) string {
	t = t.In(vietnam)
	return text.T(lang, "say.clock", "h", fmt.Sprintf("%02d", t.Hour()), "m", fmt.Sprintf("%02d", t.Minute()))
}

// sayDay is the day alone, "25/11/2022".
func sayDay(t time.Time) string { return t.In(vietnam).Format("02/01/2006") }

// sayShort is for narrow tables, "16:00 25/11".
func sayShort(t time.Time) string { return t.In(vietnam).Format("15:04 02/01") }

// sayMoney words whole đồng, "15.000 đồng".
func sayMoney(lang text.Lang, amount int64) string {
	return text.T(lang, "say.money", "amount", grouped(amount))
}

// many is how many dossiers a queue holds, as far as they were counted: "200+".
type many int

func (n many) String() string {
	if n > dossier.Many {
		return grouped(dossier.Many) + "+"
	}
	return grouped(int64(n))
}

// sayBytes words a size in the unit that people read it in: "12,3 GB".
func sayBytes(lang text.Lang, n int64) string {
	const kilo, mega, giga = 1 << 10, 1 << 20, 1 << 30
	switch {
	case n < mega:
		return grouped((n+kilo-1)/kilo) + " KB"
	case n < giga:
		return grouped((n+mega/2)/mega) + " MB"
	}
	s := strconv.FormatFloat(float64(n)/giga, 'f', 1, 64)
	if lang == text.Vi {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + " GB"
}

// grouped writes a number with a point each three digits, "1.250.000".
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return sign + s
}

// sayPhone groups a Vietnamese number for reading aloud, "0912 345 678";
// any other number stays as it is.
func sayPhone(p string) string {
	if len(p) != 10 || p[0] != '0' || strings.Trim(p, "0123456789") != "" {
		return p
	}
	return p[:4] + " " + p[4:7] + " " + p[7:]
}

// sayID groups the 12 digits of an identity card, "0121 9000 1234".
func sayID(id string) string {
	if len(id) != 12 {
		return id
	}
	return id[:4] + " " + id[4:8] + " " + id[8:]
}

// sayCode shows a code in a fixed-width face, in groups that never break
// inside; copying it gives the code unchanged. "000.00.06.H56-231027-0361"
// has its own groups, a look-up key gets groups of four.
func sayCode(code string) template.HTML {
	groups, class := strings.SplitAfter(code, "-"), "q-code"
	if len(groups) == 1 && !strings.ContainsAny(code, ". /") && len(code) <= 16 && len(code)%4 == 0 {
		groups, class = fours(code), "q-code q-code--split"
	}
	var b strings.Builder
	for i, part := range groups {
		if i > 0 {
			b.WriteString("<wbr>")
		}
		b.WriteString("<span>" + template.HTMLEscapeString(part) + "</span>")
	}
	return template.HTML(`<span class="` + class + `">` + b.String() + "</span>")
}

func fours(s string) []string {
	var groups []string
	for chunk := range slices.Chunk([]byte(s), 4) {
		groups = append(groups, string(chunk))
	}
	return groups
}

// Left is what remains of a dossier's time (thời hạn còn lại), as lawtime counted it.
type Left struct {
	Due         time.Time
	Days, Hours int  // working days and hours that remain, or that have passed since when Late
	Late        bool //
	Paused      bool // the clock stands
	Done        bool // concluded; Late tells whether after the due date
	Provisional bool // due beyond the published calendar
}

// badge words what is left as of now (ux 5.2): shape and words, never colour alone.
func (l Left) badge(lang text.Lang, now time.Time) Badge {
	say := func(shape, class, key string, args ...any) Badge {
		return Badge{Shape: shape, Class: class, Text: text.T(lang, key, args...)}
	}
	today := sayDay(l.Due) == sayDay(now)
	switch {
	case l.Done && l.Late:
		return say("■", "late", "left.done-late")
	case l.Done:
		return say("●", "done", "left.done")
	case l.Paused:
		return say("●", "paused", "left.paused")
	case l.Due.IsZero():
		return say("●", "paused", "left.none")
	case l.Late && l.Days > 0:
		return say("■", "late", "left.late-days", "n", l.Days)
	case l.Late:
		return say("■", "late", "left.late-hours", "n", max(l.Hours, 1))
	case today:
		return say("▲", "soon", "left.today", "clock", l.Due.In(vietnam).Format("15:04"))
	case l.Days == 0 && l.Hours == 0:
		return say("▲", "soon", "left.minutes")
	case l.Days == 0:
		return say("▲", "soon", "left.hours", "n", l.Hours)
	case l.Days == 1 && l.Hours == 0:
		return say("▲", "soon", "left.days", "n", l.Days)
	case l.Days == 1:
		return say("▲", "soon", "left.days-hours", "n", l.Days, "h", l.Hours)
	}
	if l.Hours > 0 {
		return say("●", "ok", "left.days-hours", "n", l.Days, "h", l.Hours)
	}
	return say("●", "ok", "left.days", "n", l.Days)
}
