// Package lawtime says when a thing is due under Vietnamese administrative law
// and proves it (thời hạn giải quyết). It is pure: the same question gives the
// same answer on any machine. Definitions: docs/lawtime.md.
package lawtime

import (
	"time"
)

// Unit is the unit of a limit (đơn vị thời hạn).
type Unit string

const (
	Hour       Unit = "hour"        // giờ làm việc: an hour inside counting windows
	WorkingDay Unit = "working_day" // ngày làm việc
	Day        Unit = "day"         // ngày (calendar day)
	Month      Unit = "month"       // tháng
	SameDay    Unit = "same_day"    // trả ngay trong ngày; the amount is 1
)

// Count says how a limit is counted; "" takes the unit's default (hours and
// working days instant, days, months and the same day next-day).
type Count string

const (
	Instant Count = "instant"
	NextDay Count = "next-day" // law: luat-91-2015/147
)

// Resume says how the clock goes on after a pause.
type Resume string

const (
	Shift   Resume = "shift"   // the paused time is not counted
	Restart Resume = "restart" // the whole limit is counted again from the resume
)

// Limit is a time limit in law (thời hạn), "3 working_day".
type Limit struct {
	Amount int    `json:"amount"`
	Unit   Unit   `json:"unit"`
	Count  Count  `json:"count,omitempty"`
	Law    string `json:"law,omitempty"` // citation, "tt-55-2021-bca/7"
}

// Window is a part of a day in minutes after midnight, [Open, Close).
type Window struct {
	Open  int `json:"open"`  // 420 is 07:00
	Close int `json:"close"` // 690 is 11:30
}

// Hours are windows per weekday, index time.Sunday to time.Saturday.
type Hours [7][]Window

// DayKind says what a listed calendar day is.
type DayKind string

const (
	Holiday      DayKind = "holiday"      // ngày nghỉ lễ, tết
	Compensation DayKind = "compensation" // nghỉ bù
	SwapOff      DayKind = "swap_off"     // nghỉ hoán đổi
	SwapWork     DayKind = "swap_work"    // làm bù
	Closure      DayKind = "closure"      // a desk closed for a day: storm, flood
)

// CalendarDay is one listed day with the notice that made it so.
type CalendarDay struct {
	Date     string  `json:"date"` // "2026-01-10"
	Kind     DayKind `json:"kind"`
	Name     string  `json:"name"`
	Replaces string  `json:"replaces,omitempty"` // SwapWork: the day off it stands for
	Law      string  `json:"law,omitempty"`
}

// Pause is a time in which the limit does not run, half-open [From, To).
type Pause struct {
	From, To time.Time
	Kind     string // "supplement", "financial", "inter-agency"
	Resume   Resume // "" is Shift
	Document string // "Phiếu yêu cầu bổ sung số 12/HDHS"
	Law      string
}
