package pack_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// without is the pack's folder without its procedures.
func without(t *testing.T) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	dir := os.DirFS("../../packs/laichau")
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "procedures/") {
			return err
		}
		data, err := fs.ReadFile(dir, name)
		all[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func write(t *testing.T, law *pack.Pack, all fstest.MapFS, code string) {
	t.Helper()
	files, err := law.Files(code)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: text}
	}
}

// Every procedure of the pack, written out and read again, is the same: what an
// officer publishes can become files of the next release.
func TestProceduresWrittenOutAreTheSame(t *testing.T) {
	t.Parallel()
	law, all := laichau(t), without(t)
	for _, p := range law.AllProcedures() {
		write(t, law, all, p.Code)
	}
	again, faults := pack.Read(all)
	for _, f := range faults {
		t.Error(f.String(text.En))
	}
	if again == nil {
		t.Fatal("the pack written out has faults")
	}
	for _, p := range law.AllProcedures() {
		q, _ := again.Procedure(p.Code)
		a, _ := json.Marshal(p)
		b, _ := json.Marshal(q)
		if string(a) != string(b) {
			t.Errorf("%s came back otherwise:\n%s\n%s", p.Code, a, b)
		}
	}
}

// dearer is a publication that raises the counter fee of temporary residence
// from a day on.
func dearer(t *testing.T, law *pack.Pack, from pack.Date, amount int64) pack.Publication {
	t.Helper()
	p, ok := law.Procedure("1.004194")
	if !ok {
		t.Fatal("no such procedure")
	}
	v, ok := p.On(from)
	if !ok {
		t.Fatal("no version")
	}
	var fees []pack.FeeRule
	for _, f := range p.Fees {
		if f.Holds(from) {
			if f.Channel == "counter" && f.Kind == "base" {
				f.Amount = &amount
			}
			fees = append(fees, f)
		}
	}
	var rows []pack.Competence
	for _, c := range p.Competence {
		if c.Holds(from) {
			rows = append(rows, c)
		}
	}
	pub := p.Change(from, *v, fees, rows)
	pub.Decision, pub.Signed = "1234/QĐ-CAT", "2026-11-10"
	return pub
}

// What was published holds from its day on and leaves the days before alone;
// written out as files it is the same law, and once those are embedded the
// publication adds nothing twice.
func TestPublicationAndFileAgree(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	pub := dearer(t, law, "2026-12-01", 20_000)
	faults, err := law.Check(pub)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	next, err := law.WithPublished(pub)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := law.Procedure(pub.Code)
	p, _ := next.Procedure(pub.Code)
	for _, c := range []struct {
		on   pack.Date
		want int64
	}{{"2026-11-30", old.Fee(pack.Ask{Case: "Cá nhân, hộ gia đình", Channel: "counter", On: "2026-11-30"}).Amount}, {"2026-12-01", 20_000}} {
		if f := p.Fee(pack.Ask{Case: old.FeeCases("counter", c.on)[0], Channel: "counter", On: c.on}); f.Amount != c.want || f.Amount == 0 {
			t.Errorf("%s: %d đồng, want %d", c.on, f.Amount, c.want)
		}
	}
	if before, now := p.Fingerprint("2026-11-30"), p.Fingerprint("2026-12-01"); before == now || before != old.Fingerprint("2026-11-30") {
		t.Errorf("fingerprints %s and %s", before, now)
	}
	if law.Version() == next.Version() {
		t.Error("the law changed but not its version")
	}
	if v, _ := old.On("2026-12-01"); v.From == "2026-12-01" {
		t.Error("the pack itself was changed")
	}

	all := without(t)
	for _, p := range next.AllProcedures() {
		write(t, next, all, p.Code)
	}
	released, faults := pack.Read(all)
	if len(faults) > 0 {
		t.Fatal(faults[0].String(text.En))
	}
	again, err := released.WithPublished(pub)
	if err != nil {
		t.Fatal(err)
	}
	q, _ := again.Procedure(pub.Code)
	if len(q.Versions) != len(p.Versions) || len(q.Fees) != len(p.Fees) || q.Fingerprint("2026-12-01") != p.Fingerprint("2026-12-01") {
		t.Errorf("%d versions and %d fees, want %d and %d", len(q.Versions), len(q.Fees), len(p.Versions), len(p.Fees))
	}
}

// rel-B-P05: two versions never overlap, and a publication that cannot be is
// refused with the days.
func TestPublicationThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	good := dearer(t, law, "2026-12-01", 20_000)
	next, err := law.WithPublished(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		spoil func(*pack.Publication)
	}{
		{"the same day again", func(p *pack.Publication) { v := *p.Version; v.Conditions = []string{"Khác"}; p.Version = &v }},
		{"before its time", func(p *pack.Publication) { p.From = "2020-01-01" }},
		{"no day", func(p *pack.Publication) { p.From = "1/12/2026" }},
		{"no such procedure", func(p *pack.Publication) { p.Code = "9.999999" }},
		{"ends before a version to come", func(p *pack.Publication) { p.Version, p.From = nil, "2026-11-30" }},
		{"a known one as new", func(p *pack.Publication) { p.Procedure, p.From = &pack.Procedure{Code: p.Code}, "2026-12-02" }},
	} {
		bad := good
		c.spoil(&bad)
		if _, err := next.WithPublished(bad); err == nil {
			t.Errorf("%s: taken", c.name)
		} else if _, ok := problem.As(err); !ok {
			t.Errorf("%s: %v, want a problem", c.name, err)
		}
	}
	end := pack.Publication{Code: good.Code, From: "2027-01-01", Decision: "9/QĐ", After: []string{"1.004222"}}
	if faults, err := next.Check(end); err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	ended, err := next.WithPublished(end)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := ended.Procedure(good.Code)
	if _, ok := p.On("2026-12-31"); !ok || p.To != "2026-12-31" {
		t.Errorf("ends on %s", p.To)
	}
	if _, ok := p.On("2027-01-01"); ok {
		t.Error("in force after its end")
	}
	if _, err := ended.WithPublished(dearer(t, law, "2027-02-01", 1)); err == nil {
		t.Error("a version after the end was taken")
	}
}

// A draft obeys the rules of a file, and each fault names its place.
func TestFaultsOfAPublicationNameTheirPlace(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	for _, c := range []struct {
		name, path string
		spoil      func(*pack.Publication)
	}{
		{"unknown base", "bases[0]", func(p *pack.Publication) { p.Version.Bases = []string{"99/2099/TT-BCA"} }},
		{"impossible limit", "cases[0].limit", func(p *pack.Publication) {
			p.Version.Cases = []pack.Case{{Name: "Thông thường", Limit: &lawtime.Limit{Amount: -1, Unit: lawtime.Day}}}
		}},
		{"two limits", "cases[1]", func(p *pack.Publication) {
			p.Version.Cases = []pack.Case{{Name: "A"}, {Name: "A"}}
		}},
		{"unknown fee basis", "fees", func(p *pack.Publication) { p.Fees[0].Basis = "99/2099/TT-BTC" }},
		{"paper without a name", "components[0]", func(p *pack.Publication) { p.Version.Components = []pack.Component{{PopulationDB: "no"}} }},
	} {
		pub := dearer(t, law, "2026-12-01", 20_000)
		v := *pub.Version
		pub.Version, pub.Fees = &v, slices.Clone(pub.Fees)
		c.spoil(&pub)
		faults, err := law.Check(pub)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if !slices.ContainsFunc(faults, func(f pack.Fault) bool { return strings.HasPrefix(f.Path, c.path) }) {
			t.Errorf("%s: %+v, want a fault at %s", c.name, faults, c.path)
		}
	}
}

// A sheet on a wall is found out by its fingerprint.
func TestStaleSheetIsFoundByItsFingerprint(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	next, err := law.WithPublished(dearer(t, law, "2026-12-01", 20_000))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := next.Procedure("1.004194")
	old, now := p.Fingerprint("2026-11-30"), p.Fingerprint("2026-12-01")
	if s := p.SheetOf(old, "2026-11-30"); !s.Known || s.To != "2026-11-30" {
		t.Errorf("on its last day %+v", s)
	}
	if s := p.SheetOf(old, "2026-12-01"); !s.Known || s.To != "2026-11-30" {
		t.Errorf("stale %+v", s)
	}
	if s := p.SheetOf(now, "2026-11-30"); !s.Known || s.From != "2026-12-01" {
		t.Errorf("to come %+v", s)
	}
	if s := p.SheetOf("0000000z", "2026-11-30"); s.Known {
		t.Errorf("unknown %+v", s)
	}
}
