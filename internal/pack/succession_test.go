package pack_test

import (
	"slices"
	"testing"

	"quay20/internal/pack"
)

// Whoever ended with an heir in the pack has one on every later day, and
// merged communes go where they were merged, whatever became of their codes.
func TestEndedUnitsHaveTheHeirsOfTheDay(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for _, c := range []struct {
		of   pack.UnitKey
		on   pack.Date
		want pack.UnitKey
	}{
		{"03388@2022-01-01", "2025-06-30", "03388@2022-01-01"}, // still stands
		{"03388@2022-01-01", "2025-07-01", "03388@2025-07-01"}, // Quyết Tiến is in Đoàn Kết
		{"03389@2022-01-01", "2025-07-01", "03388@2025-07-01"}, // and so is the old Đoàn Kết
		{"03387@2022-01-01", "2025-07-01", "03408@2025-07-01"},
		{"105@2022-01-01", "2025-02-28", "105@2022-01-01"},
		{"105@2022-01-01", "2025-03-01", "03387@2022-01-01"},
		{"105@2022-01-01", "2025-07-01", "03408@2025-07-01"}, // twice passed on
		{"12-Q20@2022-01-01", "2026-01-05", "12-Q20@2025-03-01"},
		{"12-PC01@2022-01-01", "2025-03-01", ""}, // the pack knows nobody
		{"03388@2025-07-01", "2025-03-01", ""},   // not yet begun
		{"no@2022-01-01", "2025-03-01", ""},
	} {
		if u, ok := p.Heir(c.of, c.on); u.Key != c.want || ok != (c.want != "") {
			t.Errorf("heir of %s on %s is %q, want %q", c.of, c.on, u.Key, c.want)
		}
	}
	for _, u := range p.Ended("2025-07-01") {
		heir, ok := p.Heir(u.Key, "2025-07-01")
		if ok && (!heir.Holds("2025-07-01") || u.Desk != nil && heir.Desk == nil) {
			t.Errorf("%s is kept by %s, which has no desk then", u.Key, heir.Key)
		}
		if !ok && u.Level != pack.Department {
			t.Errorf("nobody keeps %s", u.Key)
		}
	}
	if n := len(p.Ended("2025-07-01")); n != 8+1+18+104 {
		t.Errorf("%d units ended until July 2025", n)
	}
}

// What a district decided goes to the department that is competent for it, or
// that keeps its field where the district's own procedure ended with it.
func TestDistrictsTasksGoToWhoIsCompetent(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	districts := 0
	for _, proc := range p.AllProcedures() {
		of := slices.ContainsFunc(p.Deciders(proc.Code, "2022-06-01"), func(u pack.Unit) bool { return u.Level == pack.District })
		if _, ok := p.Decides("105@2022-01-01", proc.Code, "2025-03-01"); of && !ok {
			t.Errorf("nobody decides what districts decided: %s %s", proc.Code, proc.ShortName)
		}
		if of {
			districts++
		}
	}
	if districts == 0 {
		t.Error("districts decided nothing")
	}
	for code, want := range map[string]pack.UnitKey{
		"1.013067": "12-PC08@2025-03-01", "LC-PC-01": "12-PC07@2025-03-01", "LC-CC-01": "12-PC06@2025-03-01", "1.010385": "12-PA08@2025-03-01",
	} {
		if u, _ := p.Decides("105@2022-01-01", code, "2025-03-01"); u.Key != want {
			t.Errorf("%s goes to %q, want %s", code, u.Key, want)
		}
	}
	if u, ok := p.Decides("03389@2022-01-01", "LC-CC-01", "2025-07-01"); !ok || u.Key != "03388@2025-07-01" {
		t.Errorf("a merged commune's only heir is %q", u.Key)
	}
	if u, ok := p.Decides("12-PC01@2022-01-01", "LC-CC-01", "2025-07-01"); ok {
		t.Errorf("%s decides for a unit without heir", u.Key)
	}
}
