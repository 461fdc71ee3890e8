package lawtime_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/text"
)

var (
	listed   = readDays()
	national = must(lawtime.NewCalendar(listed, "2022-01-01", "2026-12-31"))
	desks    = readyDesks()
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func rows(file string) [][]string {
	f := must(os.Open("testdata/" + file))
	defer f.Close()
	return must(csv.NewReader(f).ReadAll())[1:]
}

func readDays() []lawtime.CalendarDay {
	var days []lawtime.CalendarDay
	for _, r := range rows("calendar.csv") {
		days = append(days, lawtime.CalendarDay{Date: r[0], Kind: lawtime.DayKind(r[1]), Name: r[2], Replaces: r[3], Law: r[4]})
	}
	return days
}

func readyDesks() map[string]lawtime.Clock {
	normal := lawtime.Clock{Calendar: national, Hours: lawtime.DefaultHours}
	cutOff, saturday, shortFriday := normal, normal, normal
	cutOff.CutOff = 15 * 60
	saturday.Hours[time.Saturday] = []lawtime.Window{{Open: 420, Close: 690}}
	shortFriday.Hours[time.Friday] = []lawtime.Window{{Open: 420, Close: 690}}
	return map[string]lawtime.Clock{"default": normal, "cut-off": cutOff, "saturday": saturday, "short-friday": shortFriday}
}

// at reads a local time, "2026-03-02T07:00".
func at(s string) time.Time {
	return must(time.ParseInLocation("2006-01-02T15:04", s, lawtime.Zone))
}

// ask is the question of one row of due.csv: "3 working_day/next-day+1 day",
// "from~to~resume from~to~resume".
func ask(desk, received, limits, pauses string) lawtime.Question {
	q := lawtime.Question{Received: at(received), Clock: desks[desk]}
	for s := range strings.SplitSeq(limits, "+") {
		limit, count, _ := strings.Cut(s, "/")
		l := lawtime.Limit{Amount: 1, Unit: lawtime.SameDay}
		if limit != l.String() {
			l = must(lawtime.ParseLimit(limit))
		}
		l.Count = lawtime.Count(count)
		q.Legs = append(q.Legs, lawtime.Leg{Limit: l})
	}
	for p := range strings.FieldsSeq(pauses) {
		f := strings.Split(p, "~")
		q.Pauses = append(q.Pauses, lawtime.Pause{From: at(f[0]), To: at(f[1]), Resume: lawtime.Resume(f[2])})
	}
	return q
}

func due(t *testing.T, q lawtime.Question) lawtime.Answer {
	t.Helper()
	a, err := lawtime.Due(q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// law: luat-45-2019/112, luat-91-2015/147, luat-91-2015/148
func TestDueDatesFrom2022To2026(t *testing.T) {
	t.Parallel()
	all := rows("due.csv")
	if len(all) < 90 {
		t.Fatalf("%d rows", len(all))
	}
	for _, r := range all {
		a := due(t, ask(r[0], r[1], r[2], r[3]))
		got := a.Due.Format("2006-01-02T15:04")
		if a.Provisional {
			got += " provisional"
		}
		if got != r[4] {
			t.Errorf("%s (%s %s): %s from %s on desk %s, pauses %q: due %s, want %s", r[7], r[5], r[6], r[2], r[1], r[0], r[3], got, r[4])
		}
		if zone := a.Due.Format(time.RFC3339); !strings.HasSuffix(zone, "+07:00") {
			t.Errorf("%s: due %s is not in +07:00", r[7], zone)
		}
		wellTold(t, r[7], a)
	}
}

// wellTold checks that the proof is whole: in both languages every sentence is
// worded, JSON keeps it, and the end is the due date.
func wellTold(t *testing.T, name string, a lawtime.Answer) {
	t.Helper()
	for _, s := range a.Steps {
		for _, lang := range []text.Lang{text.Vi, text.En} {
			if said := text.T(lang, s.Key, s.Args...); strings.ContainsAny(said, "{}[]") {
				t.Errorf("%s: %s says %q", name, s.Key, said)
			}
		}
	}
	var back lawtime.Answer
	if err := json.Unmarshal(must(json.Marshal(a)), &back); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	for i, s := range a.Steps {
		if b := back.Steps[i]; s.Key != b.Key || !reflect.DeepEqual(s.Args, b.Args) || !s.From.Equal(b.From) || !s.To.Equal(b.To) {
			t.Errorf("%s: JSON changed %+v to %+v", name, s, b)
		}
	}
	if last := a.Steps[len(a.Steps)-1]; a.Steps[0].Kind != lawtime.StartStep || last.Kind != lawtime.EndStep || !last.To.Equal(a.Due) {
		t.Errorf("%s: proof from %s to %s %v", name, a.Steps[0].Kind, last.Kind, last.To)
	}
}

func say(a lawtime.Answer) []string {
	var all []string
	for _, s := range a.Steps {
		all = append(all, string(s.Kind)+": "+text.T(text.Vi, s.Key, s.Args...))
	}
	return all
}

func TestProofReadsAsSentences(t *testing.T) {
	t.Parallel()
	q := ask("default", "2025-12-31T16:30", "7 working_day", "")
	q.Case = "Thông thường"
	q.Pauses = []lawtime.Pause{{From: at("2026-01-07T08:00"), To: at("2026-01-08T08:00"), Kind: "supplement", Document: "Phiếu số 12", Law: "nd-118-2025/17"}}
	a := due(t, q)
	want := []string{
		"start: Nhận đủ hồ sơ lúc 16 giờ 30, thứ Tư 31/12/2025. Thời hạn tính từ lúc đó.",
		"branch: Trường hợp: Thông thường.",
		"leg: Thời hạn: 7 ngày làm việc, cộng đủ giờ làm việc từ lúc bắt đầu.",
		"skip: Thứ Năm 01/01/2026 nghỉ lễ, tết (Tết Dương lịch): không tính.",
		"skip: Thứ Sáu 02/01/2026 nghỉ hoán đổi (làm bù thứ Bảy 10/01/2026): không tính.",
		"skip: Thứ Bảy 03/01/2026 và Chủ nhật 04/01/2026 là ngày nghỉ cuối tuần: không tính.",
		"pause: Tạm dừng từ 08 giờ 00, thứ Tư 07/01/2026 đến 08 giờ 00, thứ Năm 08/01/2026 (chờ bổ sung hồ sơ; Phiếu số 12): thời gian này không tính.",
		"branch: Thứ Bảy 10/01/2026 làm bù cho thứ Sáu 02/01/2026: tính như ngày làm việc.",
		"skip: Chủ nhật 11/01/2026 là ngày nghỉ cuối tuần: không tính.",
		"end: Hạn trả kết quả: 16 giờ 30, thứ Ba 13/01/2026.",
	}
	if got := say(a); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if law := a.Steps[3].Law; !strings.Contains(law, "Đ.112") {
		t.Errorf("the holiday names %q", law)
	}
	if law := a.Steps[6].Law; law != "nd-118-2025/17" {
		t.Errorf("the pause names %q", law)
	}
}

func TestProofTellsRestartMoveAndPauseWithoutEffect(t *testing.T) {
	t.Parallel()
	q := ask("default", "2026-04-17T09:00", "5 day", "2026-04-20T08:00~2026-04-21T18:00~restart 2026-05-20T08:00~2026-05-21T08:00~shift")
	want := []string{
		"start: Nhận đủ hồ sơ lúc 09 giờ 00, thứ Sáu 17/04/2026. Thời hạn tính từ lúc đó.",
		"pause: Tạm dừng từ 08 giờ 00, thứ Hai 20/04/2026 đến 18 giờ 00, thứ Ba 21/04/2026 (lý do khác; không ghi số giấy): sau đó thời hạn tính lại từ đầu.",
		"start: Nhận lại đủ hồ sơ lúc 18 giờ 00, thứ Ba 21/04/2026, khi đã hết giờ làm việc. Thời hạn tính lại từ đầu, từ 07 giờ 00, thứ Tư 22/04/2026.",
		"leg: Thời hạn: 5 ngày, tính từ ngày kế tiếp ngày bắt đầu, kể cả ngày nghỉ.",
		"skip: Thứ Hai 27/04/2026 nghỉ bù (Nghỉ bù Giỗ Tổ Hùng Vương (26/4 là Chủ nhật)): hạn chuyển sang ngày làm việc sau.",
		"pause: Tạm dừng từ 08 giờ 00, thứ Tư 20/05/2026 đến 08 giờ 00, thứ Năm 21/05/2026 (lý do khác; không ghi số giấy): nằm ngoài thời gian tính hạn nên không đổi hạn.",
		"end: Hạn trả kết quả: 17 giờ 00, thứ Ba 28/04/2026.",
	}
	if got := say(due(t, q)); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A real hand-over moves the next leg's own time, never the promise.
func TestHandOverMovesTheNextLegOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ finished, start, due string }{
		{"2026-03-03T09:00", "2026-03-03T09:00", "2026-03-05T09:00"}, // early
		{"2026-03-06T12:00", "2026-03-06T13:30", "2026-03-10T11:30"}, // late
		{"2026-02-27T12:00", "2026-03-05T07:00", "2026-03-06T17:00"}, // before the receipt: left out
	} {
		q := ask("default", "2026-03-02T07:00", "3 working_day+2 working_day", "")
		finished := at(c.finished)
		q.Legs[0].Name, q.Legs[1].Name, q.Legs[0].Finished = "Công an tỉnh", "Cục Quản lý xuất nhập cảnh", &finished
		a := due(t, q)
		if !a.Due.Equal(at("2026-03-06T17:00")) {
			t.Errorf("finished %s: promise moved to %v", c.finished, a.Due)
		}
		if leg := a.Legs[1]; !leg.Start.Equal(at(c.start)) || !leg.Due.Equal(at(c.due)) {
			t.Errorf("finished %s: second leg %v to %v, want %s to %s", c.finished, leg.Start, leg.Due, c.start, c.due)
		}
		wellTold(t, c.finished, a)
	}
}

func TestEachLegHasItsOwnClock(t *testing.T) {
	t.Parallel()
	q := ask("default", "2026-03-06T07:00", "1 working_day+1 working_day", "")
	short := desks["short-friday"]
	short.Hours[time.Monday] = []lawtime.Window{{Open: 480, Close: 720}} // 08:00-12:00
	q.Legs[1].Clock = &short
	// Friday 17:00; then Monday from 08:00 four hours, Tuesday from 07:00 four.
	if a := due(t, q); !a.Due.Equal(at("2026-03-10T11:00")) {
		t.Errorf("due %v", a.Due)
	}
}

func TestExtensionOnceUpToItsCeiling(t *testing.T) {
	t.Parallel()
	q := ask("default", "2026-03-02T07:00", "5 working_day", "")
	days := func(n int) lawtime.Limit { return lawtime.Limit{Amount: n, Unit: lawtime.WorkingDay} }
	granted := lawtime.Extension{Limit: days(3), Ceiling: days(8), Reason: "Cần xác minh", Approver: "Trần Văn Mẫu", At: at("2026-03-05T09:00")}
	q.Extension = &granted
	a := due(t, q)
	if !a.Due.Equal(at("2026-03-11T17:00")) {
		t.Errorf("due %v", a.Due)
	}
	if s := a.Steps[len(a.Steps)-2]; s.Kind != lawtime.ExtensionStep || !s.From.Equal(at("2026-03-06T17:00")) {
		t.Errorf("extension told as %+v", s)
	}
	wellTold(t, "extension", a)

	for key, spoil := range map[string]func(*lawtime.Extension){
		"ceiling":          func(e *lawtime.Extension) { e.Limit = days(4) },
		"extension-reason": func(e *lawtime.Extension) { e.Reason = "" },
		"extension-unit":   func(e *lawtime.Extension) { e.Ceiling.Unit = lawtime.Month },
		"amount":           func(e *lawtime.Extension) { e.Limit = days(0) },
	} {
		e := granted
		spoil(&e)
		q.Extension = &e
		_, err := lawtime.Due(q)
		refused(t, err, key)
	}
}

func refused(t *testing.T, err error, key string) {
	t.Helper()
	var e *lawtime.Error
	if !errors.As(err, &e) || e.Key != "lawtime.err."+key {
		t.Errorf("error %v, want %s", err, key)
		return
	}
	for _, lang := range []text.Lang{text.Vi, text.En} {
		if said := text.T(lang, e.Key, e.Args...); strings.ContainsAny(said, "{}[]") {
			t.Errorf("%s says %q", key, said)
		}
	}
}

func TestBadQuestionsAreRefused(t *testing.T) {
	t.Parallel()
	limit := func(n int, u lawtime.Unit, c lawtime.Count) func(*lawtime.Question) {
		return func(q *lawtime.Question) { q.Legs[0].Limit = lawtime.Limit{Amount: n, Unit: u, Count: c} }
	}
	pause := func(from, to string, r lawtime.Resume) func(*lawtime.Question) {
		return func(q *lawtime.Question) { q.Pauses = []lawtime.Pause{{From: at(from), To: at(to), Resume: r}} }
	}
	windows := func(w ...lawtime.Window) func(*lawtime.Question) {
		return func(q *lawtime.Question) { q.Clock.Hours[time.Tuesday] = w }
	}
	for _, c := range []struct {
		key   string
		spoil func(*lawtime.Question)
	}{
		{"no-limit", func(q *lawtime.Question) { q.Legs = nil }},
		{"amount", limit(0, lawtime.Day, "")},
		{"amount", limit(-3, lawtime.Hour, "")},
		{"amount", limit(3651, lawtime.WorkingDay, "")},
		{"unit", limit(3, "", "")},
		{"unit", limit(3, "week", "")},
		{"count", limit(3, lawtime.Hour, lawtime.NextDay)},
		{"count", limit(3, lawtime.Day, lawtime.Instant)},
		{"count", limit(3, lawtime.Month, lawtime.Instant)},
		{"count", limit(1, lawtime.SameDay, lawtime.Instant)},
		{"amount", limit(2, lawtime.SameDay, "")},
		{"count", limit(3, lawtime.WorkingDay, "next_day")},
		{"before-calendar", func(q *lawtime.Question) { q.Received = at("2021-12-31T23:59") }},
		{"pause-order", pause("2026-03-03T08:00", "2026-03-03T08:00", "")},
		{"pause-order", pause("2026-03-03T08:00", "2026-03-02T08:00", "")},
		{"pause-long", pause("2026-03-03T08:00", "2126-03-02T08:00", "")},
		{"resume", pause("2026-03-03T08:00", "2026-03-04T08:00", "later")},
		{"no-hours", func(q *lawtime.Question) { q.Clock.Hours = lawtime.Hours{time.Saturday: {{Open: 420, Close: 690}}} }},
		{"windows", windows(lawtime.Window{Open: 690, Close: 420})},
		{"windows", windows(lawtime.Window{Open: 420, Close: 690}, lawtime.Window{Open: 600, Close: 700})},
		{"windows", windows(lawtime.Window{Open: 420, Close: 1440})},
	} {
		q := ask("default", "2026-03-02T07:00", "3 working_day", "")
		c.spoil(&q)
		_, err := lawtime.Due(q)
		refused(t, err, c.key)
	}
}

// rel-B-P04 where it touches a single limit, rel-B-P06 where it touches a day.
func TestCalendarRefusesImpossibleDays(t *testing.T) {
	t.Parallel()
	type days = []lawtime.CalendarDay
	off := lawtime.CalendarDay{Date: "2026-01-02", Kind: lawtime.SwapOff}
	work := lawtime.CalendarDay{Date: "2026-01-10", Kind: lawtime.SwapWork, Replaces: "2026-01-02"}
	holiday := func(date string) lawtime.CalendarDay {
		return lawtime.CalendarDay{Date: date, Kind: lawtime.Holiday}
	}
	for _, c := range []struct {
		key  string
		days days
	}{
		{"date", days{holiday("2026-02-30")}},
		{"day-kind", days{{Date: "2026-01-01", Kind: "party"}}},
		{"duplicate-day", days{holiday("2026-01-01"), holiday("2026-01-01")}},
		{"holiday-on-make-up", days{off, work, holiday("2026-01-10")}},
		{"holiday-on-make-up", days{holiday("2026-01-10"), off, work}},
		{"no-replaces", days{off, {Date: "2026-01-10", Kind: lawtime.SwapWork}}},
		{"make-up-day", days{off, {Date: "2026-01-12", Kind: lawtime.SwapWork, Replaces: "2026-01-02"}}},
		{"replaces", days{work}},
		{"replaces", days{off, work, {Date: "2026-01-11", Kind: lawtime.SwapWork, Replaces: "2026-01-02"}}},
		{"replaces", days{{Date: "2026-01-10", Kind: lawtime.SwapWork, Replaces: "2026-01-04"}}},
	} {
		_, err := lawtime.NewCalendar(c.days, "2026-01-01", "2026-12-31")
		refused(t, err, c.key)
	}
	_, err := lawtime.NewCalendar(nil, "2026-12-31", "2026-01-01")
	refused(t, err, "calendar-span")
	_, err = national.With(lawtime.CalendarDay{Date: "2026-05-01", Kind: lawtime.SwapWork, Replaces: "2026-01-02"})
	refused(t, err, "make-up-day")
}

// rel-I-C5: a later notice moves a date only for who asks with the new calendar.
func TestNoticeAddsAndTheOldCalendarStays(t *testing.T) {
	t.Parallel()
	storm := lawtime.CalendarDay{Date: "2026-08-22", Kind: lawtime.Closure, Name: "Bão số 5", Law: "Thông báo 12/TB-CAT"}
	stormy := must(national.With(storm))
	q := ask("default", "2026-08-21T16:00", "1 working_day", "")
	if a := due(t, q); !a.Due.Equal(at("2026-08-22T16:00")) {
		t.Errorf("before the notice: due %v", a.Due)
	}
	q.Clock.Calendar = stormy
	a := due(t, q)
	if !a.Due.Equal(at("2026-08-24T16:00")) {
		t.Errorf("after the notice: due %v", a.Due)
	}
	if s := a.Steps[2]; s.Key != "lawtime.skip.closure" || s.Law != storm.Law {
		t.Errorf("closure told as %+v", s)
	}
	if stormy.Counting("2026-08-22") || !national.Counting("2026-08-22") {
		t.Error("the notice changed the old calendar or not the new one")
	}
	if why, ok := stormy.Why("2026-08-22"); !ok || why != storm {
		t.Errorf("why %+v", why)
	}
	if all := stormy.Listed("2026-08-22"); len(all) != 2 || all[0].Kind != lawtime.SwapWork {
		t.Errorf("both facts: %+v", all)
	}
}

func TestSecondsCount(t *testing.T) {
	t.Parallel()
	q := ask("default", "2026-03-02T11:29", "1 hour", "")
	q.Received = q.Received.Add(30 * time.Second)
	if want := at("2026-03-02T14:29").Add(30 * time.Second); !due(t, q).Due.Equal(want) {
		t.Errorf("due %v", due(t, q).Due)
	}
}

func TestLimitsAreRead(t *testing.T) {
	t.Parallel()
	if l, err := lawtime.ParseLimit("3 working_day"); err != nil || l != (lawtime.Limit{Amount: 3, Unit: lawtime.WorkingDay}) {
		t.Errorf("%+v, %v", l, err)
	}
	for s, key := range map[string]string{"": "limit", "3": "limit", "day": "limit", "-3 day": "limit", "+3 day": "limit", "3.5 hour": "limit",
		"0 day": "amount", "4000 day": "amount", "3 ngày": "unit", "3 ngày làm việc": "unit", "3  day": "unit", "1 same_day": "unit"} {
		_, err := lawtime.ParseLimit(s)
		refused(t, err, key)
	}
}

func TestClockKnowsWhenItIsOpen(t *testing.T) {
	t.Parallel()
	for when, open := range map[string]bool{"2026-03-02T07:00": true, "2026-03-02T11:30": false, "2026-03-02T17:00": false,
		"2026-03-07T08:00": false, "2026-01-10T08:00": true, "2026-11-24T08:00": false} {
		if got := desks["saturday"].Open(at(when)); got != open {
			t.Errorf("open at %s: %v", when, got)
		}
	}
}

func TestZeroCalendarIsProvisional(t *testing.T) {
	t.Parallel()
	q := ask("default", "2026-01-01T09:00", "1 hour", "")
	q.Clock.Calendar = lawtime.Calendar{}
	if a := due(t, q); !a.Provisional || !a.Due.Equal(at("2026-01-01T10:00")) {
		t.Errorf("%+v", a)
	}
}

func TestRemainingInWorkingTime(t *testing.T) {
	t.Parallel()
	c := desks["default"]
	for _, w := range []struct{ now, due, want string }{
		{"2026-03-02T08:00", "2026-03-03T11:00", "còn 1 ngày 3 giờ"},
		{"2026-03-06T16:00", "2026-03-09T08:00", "còn 2 giờ"},
		{"2026-03-02T16:15", "2026-03-02T17:00", "còn 45 phút"},
		{"2026-03-02T10:45", "2026-03-02T14:00", "còn 1 giờ 15 phút"},
		{"2026-03-04T07:00", "2026-03-02T17:00", "quá hạn 1 ngày"},
		{"2026-03-02T18:00", "2026-03-02T17:00", "quá hạn 0 phút"},
	} {
		key, args := lawtime.Remaining(c, at(w.now), at(w.due)).Words()
		if got := text.T(text.Vi, key, args...); got != w.want {
			t.Errorf("at %s, due %s: %s, want %s", w.now, w.due, got, w.want)
		}
	}
}

// rel-I-C6: late is derived from the two dates alone.
func TestGradeIsByDateInVietNam(t *testing.T) {
	t.Parallel()
	end := at("2026-03-04T11:00")
	for finished, want := range map[string]string{
		"2026-03-03T23:59": "early", "2026-03-04T00:00": "on_time", "2026-03-04T23:59": "on_time", "2026-03-05T00:00": "late",
	} {
		if got := lawtime.Grade(end.UTC(), at(finished).UTC()); got != want {
			t.Errorf("finished %s: %s, want %s", finished, got, want)
		}
	}
	if got := lawtime.Grade(time.Time{}, end); got != "on_time" {
		t.Errorf("no due date: %s", got)
	}
}

func FuzzParseLimit(f *testing.F) {
	for _, s := range []string{"3 working_day", "0 day", "-1 hour", "+2 month", "3 ngày", "3  day", "99999999999999999999 day", "٣ day", "3 day và 3 working_day"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := lawtime.ParseLimit(s)
		if err != nil {
			return
		}
		if again, err := lawtime.ParseLimit(l.String()); err != nil || again != l || l.Amount < 1 {
			t.Errorf("%q is %+v, read again %+v, %v", s, l, again, err)
		}
	})
}
