package pack_test

import (
	"slices"
	"testing"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/pack"
)

// rel-B-W11: a place is found by the name it has or had, and leads to who
// receives there now.
func TestPlacesOfAllTimesLeadToTodaysCommunes(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for asked, want := range map[string][]string{
		"phường Đoàn Kết": {"Phường Đoàn Kết"},
		"doan ket":        {"Phường Đoàn Kết"},
		"Quyết Tiến":      {"Phường Đoàn Kết"}, // a ward until 2025
		"xyz":             nil,
	} {
		var got []string
		for _, u := range p.Localities(asked, applicant.Fold) {
			for _, c := range p.CommunesOf(u, "2026-11-24") {
				if !slices.Contains(got, c.Place) {
					got = append(got, c.Place)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is %q now, want %q", asked, got, want)
		}
	}
	districts := p.Localities("huyện Than Uyên", applicant.Fold)
	if len(districts) != 1 || len(p.CommunesOf(districts[0], "2026-11-24")) < 3 {
		t.Errorf("the district of Than Uyên is %v", districts)
	}
}

func TestDeskOpensByItsHoursAndTheCalendar(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, pack.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	desk, _ := p.Unit("03388", "2026-04-27")
	for from, want := range map[string]string{
		"2026-11-25 08:00": "2026-11-25 08:00", // open
		"2026-11-25 12:00": "2026-11-25 13:30", // lunch
		"2026-11-23 18:00": "2026-11-25 07:00", // evening, then the culture day
		"2026-04-24 18:00": "2026-04-25 07:00", // Saturday: papers are taken in, limits do not count
		"2026-04-25 12:00": "2026-04-28 07:00", // Sunday, then the compensation day of 27 April
	} {
		got, ok := p.NextOpening(desk.Key, at(from))
		if !ok || !got.Equal(at(want)) {
			t.Errorf("after %s it opens %s, want %s", from, got, want)
		}
	}
	if o, ok := p.Opening(desk.Key, "2026-04-27"); !ok || o.Off == nil || len(o.Windows) > 0 {
		t.Errorf("the compensation day: %+v", o)
	}
}
