package applicant

import (
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

var (
	onlyYear    = regexp.MustCompile(`^[1-9][0-9]{3}$`)
	yearFirst   = regexp.MustCompile(`^([1-9][0-9]{3})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})$`)
	dayFirst    = regexp.MustCompile(`^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([1-9][0-9]{3})$`)
	eightDigits = regexp.MustCompile(`^([0-9]{2})([0-9]{2})([1-9][0-9]{3})$`)
	shortYear   = regexp.MustCompile(`^[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{1,2}$|^[0-9]{6}$|^[0-9]{2}$`)
)

// ParseBorn reads a birth date (ngày sinh): "07/03/1990", "7-3-1990",
// "07031990", "1990-03-07", or "1990" when only the year is known. It gives
// "1990-03-07" or "1990". A year of two digits is asked for again.
func ParseBorn(s string) (string, error) {
	if len(s) > 100 {
		return "", invalid("applicant.err.date")
	}
	s = strings.TrimSpace(norm.NFKC.String(s))
	if onlyYear.MatchString(s) {
		return s, nil
	}
	return parseDay(s)
}

// parseDay is ParseBorn for a date that must have day and month.
func parseDay(s string) (string, error) {
	if len(s) > 100 {
		return "", invalid("applicant.err.date")
	}
	s = strings.TrimSpace(norm.NFKC.String(s))
	if m := yearFirst.FindStringSubmatch(s); m != nil {
		return calendarDay(m[1], m[2], m[3])
	}
	for _, shape := range []*regexp.Regexp{dayFirst, eightDigits} {
		if m := shape.FindStringSubmatch(s); m != nil {
			return calendarDay(m[3], m[2], m[1])
		}
	}
	if shortYear.MatchString(s) {
		return "", invalid("applicant.err.date-year")
	}
	return "", invalid("applicant.err.date")
}

func calendarDay(y, m, d string) (string, error) {
	day := time.Date(atoi(y), time.Month(atoi(m)), atoi(d), 0, 0, 0, 0, time.UTC)
	if int(day.Month()) != atoi(m) || day.Day() != atoi(d) {
		return "", invalid("applicant.err.date-none", "date", d+"/"+m+"/"+y)
	}
	return day.Format(time.DateOnly), nil
}

// FormatBorn writes a birth date as people read it: "07/03/1990", "1990".
func FormatBorn(born string) string {
	if len(born) != len(time.DateOnly) {
		return born
	}
	return born[8:] + "/" + born[5:7] + "/" + born[:4]
}

// year is the year of a date or 0.
func year(date string) int {
	if len(date) < 4 {
		return 0
	}
	return atoi(date[:4])
}
