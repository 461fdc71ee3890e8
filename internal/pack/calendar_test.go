package pack_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// law: luat-45-2019/112 law: nq-28-2026-qh16/2
func TestCalendarHoldsYearsAndLaterNotices(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for date, counts := range map[string]bool{
		"2022-05-03": false, "2024-04-29": false, "2024-05-04": true, "2025-04-26": true, "2025-05-02": false,
		"2026-01-10": true, "2026-04-27": false, "2026-11-24": false, "2026-11-25": true, "2026-11-21": false,
	} {
		if p.Calendar().Counting(date) != counts {
			t.Errorf("%s counts: %v", date, !counts)
		}
	}
	if day, ok := p.Calendar().Why("2026-11-24"); !ok || day.Law != "nq-28-2026-qh16/2" {
		t.Errorf("24 November 2026: %v", day)
	}
	if from, to := p.CalendarSpan(); from != "2022-01-01" || to != "2026-12-31" {
		t.Errorf("calendars cover %s to %s", from, to)
	}
}

var storm = pack.Notice{
	ID: "2026-09-10-bao", Announced: "2026-09-10", Title: "Đóng cửa vì bão", Law: "nd-118-2025",
	Days:  []lawtime.CalendarDay{{Date: "2026-09-11", Kind: lawtime.Closure, Name: "Bão"}},
	Desks: []string{"03388"},
}

// rel-I-C5: a notice adds, nothing is edited; the pack without it still answers
// as before.
func TestNoticeMakesAnotherPackAndLeavesTheOld(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	q, err := p.With(storm)
	if err != nil {
		t.Fatal(err)
	}
	open := func(p *pack.Pack, desk pack.UnitKey) bool { return p.CalendarFor(desk).Counting("2026-09-11") }
	if open(q, "03388@2025-07-01") || !open(q, "03390@2025-07-01") || !q.Calendar().Counting("2026-09-11") {
		t.Error("the storm must close one desk and no other")
	}
	if !open(p, "03388@2025-07-01") || len(p.Notices()) == len(q.Notices()) {
		t.Error("the old pack changed")
	}
	if why, _ := q.CalendarFor("03388@2025-07-01").Why("2026-09-11"); why.Law != storm.Law || storm.Law == "" {
		t.Errorf("the closed day rests on %q, want the notice's %q", why.Law, storm.Law)
	}
	if p.Version() == q.Version() {
		t.Error("the version does not tell the notice")
	}
	again, err := p.With(storm)
	if err != nil || again.Version() != q.Version() {
		t.Errorf("same law, other version: %v", err)
	}
	holiday := pack.Notice{ID: "2026-11-01-x", Announced: "2026-11-01", Title: "Nghỉ",
		Days: []lawtime.CalendarDay{{Date: "2026-11-23", Kind: lawtime.Holiday, Name: "Nghỉ"}}}
	r, err := q.With(holiday)
	if err != nil || open(r, "03388@2025-07-01") || r.CalendarFor("03388@2025-07-01").Counting("2026-11-23") {
		t.Errorf("a later notice for all must reach the closed desk too: %v", err)
	}
}

// rel-B-P06
func TestImpossibleNoticeIsRefusedByField(t *testing.T) {
	t.Parallel()
	p, err := laichau(t).With(storm)
	if err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(*pack.Notice){
		"id":        func(n *pack.Notice) { n.ID = storm.ID },
		"announced": func(n *pack.Notice) { n.Announced = "10/09/2026" },
		"law":       func(n *pack.Notice) { n.Law = "nd-1-1900/1" },
		"desks":     func(n *pack.Notice) { n.Desks = []string{"99999"} },
		"days":      func(n *pack.Notice) { n.Days = nil },
		"days ":     func(n *pack.Notice) { n.Days[0].Kind = lawtime.Holiday },
		"days   ":   func(n *pack.Notice) { n.Days[0].Law = "nd-1-1900/1" },
		"days  ":    func(n *pack.Notice) { n.Desks, n.Days[0].Kind = nil, lawtime.SwapWork },
		"desks ":    func(n *pack.Notice) { n.Desks, n.Days[0].Date = []string{"105"}, "2026-09-18" }, // ended in 2025
	} {
		n := storm
		n.ID, n.Days = "2026-09-17-bao", []lawtime.CalendarDay{{Date: "2026-09-18", Kind: lawtime.Closure, Name: "Bão"}}
		spoil(&n)
		_, err := p.With(n)
		e, ok := problem.As(err)
		if !ok || len(e.Fields) == 0 || e.Fields[0].Name != strings.TrimSpace(field) {
			t.Errorf("%q: %v", field, err)
		}
	}
}

func TestNoticeFileIsReadAsStrictlyAsThePack(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/mini/" + notice)
	if err != nil {
		t.Fatal(err)
	}
	n, faults := pack.ReadNotice("n.yaml", file)
	if len(faults) > 0 || n.ID != "2026-04-10-nghi-bu" || len(n.Days) != 1 {
		t.Errorf("%+v %v", n, faults)
	}
	_, faults = pack.ReadNotice("n.yaml", append(file, "edits: [2026-01-01]\n"...))
	if len(faults) != 1 || faults[0].What != "pack.fault.unknown-key" || faults[0].Line != 8 {
		t.Errorf("%+v", faults)
	}
}

func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, pack.Zone)
	if err != nil {
		panic(err)
	}
	return t
}

// The whole way from a receipt to a due date, by the law of that day.
func TestQuestionGathersTheLawOfTheReceipt(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for _, c := range []struct {
		proc, name, desk, received, due string
	}{
		{"1.004194", "", "03388", "2022-11-15 09:00", "2022-11-18 09:00"},                            // 3 working days
		{"1.004194", "", "03388", "2025-12-31 09:00", "2026-01-07 09:00"},                            // over 1 and 2 January
		{"1.004194", "", "03387", "2022-11-12 08:00", "2022-11-16 17:00"},                            // Saturday at a pilot desk counts from Monday
		{"1.002390", "", "12-Q20", "2026-11-23 09:00", "2026-12-01 09:00"},                           // legs 3 + 2, over 24 November
		{"1.001456", "", "12-Q20", "2026-02-12 15:00", "2026-03-03 15:00"},                           // 8 working days over Tết
		{"3.000333", "", "12-Q20", "2026-10-02 10:00", "2026-10-12 17:00"},                           // 10 days, at closing
		{"1.010041", "Cần xác minh", "03388", "2026-10-05 09:00", "2026-10-08 09:00"},                // a case
		{"1.010041", "Thông tin có sẵn trong CSDL", "03388", "2026-10-05 10:00", "2026-10-05 16:00"}, // 4 hours over lunch
		{"2.001159", "", "03388", "2026-10-05 14:30", "2026-10-05 15:30"},                            // at once
		{"2.001159", "", "03388", "2026-10-05 15:30", "2026-10-05 16:30"},                            // also after 15:00: the law names an hour
		{"1.001010", "", "12-PA08", "2026-03-31 09:00", "2026-09-30 17:00"},                          // 6 months, clamped
	} {
		q, err := p.Question(c.proc, "", c.name, "counter", c.desk, at(c.received))
		if err != nil {
			t.Errorf("%s at %s: %v", c.proc, c.desk, err)
			continue
		}
		a, err := lawtime.Due(q)
		if err != nil || !a.Due.Equal(at(c.due)) {
			t.Errorf("%s received %s is due %s (%v), want %s", c.proc, c.received, a.Due.Format("2006-01-02 15:04"), err, c.due)
		}
		if q.Law == "" || !p.Cites(q.Law) {
			t.Errorf("%s rests on %q", c.proc, q.Law)
		}
	}
}

// A dossier keeps the version under which it was received.
func TestQuestionAnswersByTheVersionOfTheDossier(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	q, err := p.Question("1.010041", "2021-07-01", "Thông tin có sẵn trong CSDL", "counter", "03388", at("2022-11-15 09:00"))
	if err != nil || q.Legs[0].Limit.String() != "1 working_day" {
		t.Errorf("%v %v", q.Legs, err)
	}
	for key, ask := range map[string]func() (lawtime.Question, error){
		"pack.err.version": func() (lawtime.Question, error) {
			return p.Question("1.004194", "2020-01-01", "", "counter", "03388", at("2022-11-15 09:00"))
		},
		"pack.err.case": func() (lawtime.Question, error) {
			return p.Question("1.004194", "", "Khẩn", "counter", "03388", at("2022-11-15 09:00"))
		},
		"pack.err.no-limit": func() (lawtime.Question, error) {
			return p.Question("1.004045", "", "", "counter", "12-PX01", at("2022-11-15 09:00"))
		},
		"pack.err.not-a-desk": func() (lawtime.Question, error) {
			return p.Question("1.004194", "", "", "counter", "12-PK02", at("2022-11-15 09:00"))
		},
		"pack.err.unit": func() (lawtime.Question, error) {
			return p.Question("1.004194", "", "", "counter", "105", at("2026-10-05 09:00"))
		},
	} {
		_, err := ask()
		if e, ok := problem.As(err); !ok || e.Key != key {
			t.Errorf("%v, want %s", err, key)
		}
	}
}

// Legs of different units have no one limit, yet a due date.
func TestLegsAloneLimitAProcedure(t *testing.T) {
	t.Parallel()
	proc, _ := laichau(t).Procedure("1.015027")
	v, _ := proc.On("2026-10-01")
	c, _ := v.Case("", "counter")
	if c.Limit != nil || !v.Limited(c) || len(v.Legs) != 3 {
		t.Errorf("%+v", v)
	}
}
