package pack_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"quay20/internal/pack"
	"quay20/internal/text"
)

// mini is a small pack without a fault, in memory, to be spoilt.
func mini(t *testing.T) fstest.MapFS {
	t.Helper()
	from, files := os.DirFS("testdata/mini"), fstest.MapFS{}
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(from, name)
		files[name] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func words(faults []pack.Fault) string {
	var b strings.Builder
	for _, f := range faults {
		b.WriteString("\n  " + f.String(text.En))
	}
	return b.String()
}

func TestMiniPackHasNoFaults(t *testing.T) {
	t.Parallel()
	if p, faults := pack.Read(mini(t)); p == nil || len(faults) > 0 {
		t.Fatal(words(faults))
	}
}

const (
	version  = "procedures/1.000001/2025-07-01.yaml"
	oldest   = "procedures/1.000001/2022-01-01.yaml"
	cover    = "procedures/1.000001/procedure.yaml"
	feeStack = "procedures/1.000001/fees.yaml"
	units    = "organisation/units.yaml"
	ends     = "organisation/reorganisations.yaml"
	days     = "calendar/2026.yaml"
	notice   = "calendar/2026/2026-04-10-nghi-bu.yaml"
	rules    = "rules/2025-07-01.yaml"
	slips    = "slips/slips.yaml"
)

// spoilt are packs with one thing wrong: in file, old becomes new, and the
// fault named stands on the line that says at, or on that of old.
var spoilt = []struct {
	name, file, old, new, at, fault string
}{
	// rel-B-P04 limit missing, 0, negative, two units at once
	{"P04 no limit", oldest, "    limit: 3 working_day\n", "", "- name: Thông thường", "limit-missing"},
	{"P04 limit of zero", oldest, "limit: 3 working_day", "limit: 0 working_day", "", "limit"},
	{"P04 negative limit", oldest, "limit: 3 working_day", "limit: -3 working_day", "", "limit"},
	{"P04 limit left empty", oldest, "limit: 3 working_day", "limit:", "", "value"},
	{"P04 days and working days at once", oldest, "limit: 3 working_day", "limit: 3 day working_day", "", "value"},
	{"P04 two limits for one case", oldest, "name: Phức tạp", "name: Thông thường", "", "two-limits"},
	{"P04 the key limit twice", oldest, "limit: 3 working_day", "limit: 3 working_day\n    limit: 3 day", "limit: 3 day", "twice-key"},
	{"P04 Vietnamese unit", oldest, "limit: 3 working_day", "limit: 3 ngày", "", "value"},
	{"P04 absurd limit", oldest, "limit: 3 working_day", "limit: 99999 working_day", "", "limit"},
	{"P04 hours counted next-day", oldest, "limit: 3 working_day", "limit: 3 hour next-day", "", "limit"},
	// rel-B-P05 validity
	{"P05 overlap of versions", oldest, "from: 2022-01-01", "from: 2022-01-01\nto: 2025-07-01", "to: 2025-07-01", "overlap"},
	{"P05 hole between versions", oldest, "from: 2022-01-01", "from: 2022-01-01\nto: 2025-06-01", "to: 2025-06-01", "hole"},
	{"P05 end before start", feeStack, "from: 2023-02-05", "from: 2023-02-05\n    to: 2023-01-01", "to: 2023-01-01", "backwards"},
	{"P05 no such day", oldest, "from: 2022-01-01", "from: 2022-01-01\nunchanged_to: 2025-02-30", "unchanged_to: 2025-02-30", "date"},
	{"P05 first version later than the procedure", cover, "from: 2022-01-01", "from: 2021-01-01", "", "first-version"},
	{"P05 procedure ends after its last version", cover, "from: 2022-01-01", "from: 2022-01-01\nto: 2020-12-31", "to: 2020-12-31", "backwards"},
	{"P05 hole between rules", "rules/2018-06-21.yaml", "from: 2018-06-21", "from: 2018-06-21\nto: 2025-01-01", "to: 2025-01-01", "hole"},
	{"P05 slips overlap", slips, "to: 2025-06-30", "to: 2025-12-31", "- kind: receipt\n    set: '2025'", "overlap"},
	// rel-B-P06 calendar
	{"P06 holiday on a make-up day", days, "date: 2026-04-30", "date: 2026-01-10", "", "holiday-on-make-up"},
	{"P06 Tết short of a day", days, "date: 2026-02-20\n    kind: holiday", "date: 2026-02-20\n    kind: compensation", "year: 2026", "tet-missing"},
	{"P06 fixed holiday missing", days, "date: 2026-09-02", "date: 2026-09-03", "year: 2026", "holiday-missing"},
	{"P06 day listed twice", days, "date: 2026-05-01", "date: 2026-04-30", "", "day-twice"},
	{"P06 day of another year", days, "date: 2026-05-01", "date: 2025-05-01", "", "other-year"},
	{"P06 make-up day for nothing", days, "replaces: 2026-01-02", "replaces: 2026-01-05", "date: 2026-01-10", "replaces"},
	{"P06 make-up day in the week", days, "date: 2026-01-10", "date: 2026-01-12", "", "make-up-weekday"},
	{"P06 unknown kind of day", days, "kind: swap_off", "kind: nghi", "", "word"},
	{"P06 notice repeats a day", notice, "date: 2026-04-27", "date: 2026-04-30", "", "day-twice"},
	{"P06 notice for an unknown desk", notice, "title:", "desks: ['99999']\ntitle:", "desks:", "unit"},
	// rel-B-P07 dangling references
	{"P07 unknown legal basis", oldest, "75/2022/TT-BTC", "76/2022/TT-BTC", "", "basis"},
	{"P07 unknown fee basis", feeStack, "basis: 75/2022/TT-BTC", "basis: 99/2022/TT-BTC", "", "basis"},
	{"P07 unknown article", version, "law: nd-118-2025/17", "law: nd-118-2025/99", "", "citation"},
	{"P07 unknown instrument in rules", rules, "nd-118-2025/17.2", "nd-119-2025/17.2", "", "citation"},
	{"P07 unknown department", "procedures/1.000002/procedure.yaml", "unit: PA08", "unit: PA09", "", "unit"},
	{"P07 unknown unit of a leg", "procedures/1.000002/2022-01-01.yaml", "unit: 12-PA08", "unit: 12-PA99", "", "unit"},
	{"P07 unknown field", cover, "field: cu-tru", "field: cu-chu", "", "field"},
	{"P07 unknown successor", "procedures/1.000002/procedure.yaml", "- '1.000001'", "- '1.999999'", "", "procedure"},
	{"P07 unknown field of a slip", slips, "- cu-tru", "- cu-chu", "", "field"},
	{"P07 slip set without slips", slips, "set: '2018'", "set: '2025'", "", "no-slips"},
	{"P07 nobody competent for a time", cover, "  - level: commune\n    from: 2022-01-01", "  - level: commune\n    from: 2023-01-01", "competence:", "nobody"},
	{"P07 fees listed but not there", "procedures/1.000002/procedure.yaml", "fee_status: none_listed", "fee_status: listed", "", "no-fees"},
	// fees
	{"two fees of a kind on one day", feeStack, "channel: online", "channel: counter", "- case: Một người\n    channel: counter\n    amount: 7000", "fee-twice"},
	{"reduction without an end", feeStack, "kind: base", "kind: reduction", "- case: Một người\n    channel: counter\n    amount: 15000", "reduction"},
	{"unknown level of a fee", feeStack, "channel: online", "channel: online\n    level: ward", "level: ward", "word"},
	{"reduction above its base", feeStack, "fees:", "fees:\n  - {case: Một người, channel: online, amount: 8000, currency: VND, from: 2023-02-05, to: 2023-06-30, kind: reduction}", "- case: Một người\n    channel: online", "fee-raises"},
	{"reduction in another currency", feeStack, "fees:", "fees:\n  - {case: Một người, channel: any, amount: 1, currency: USD, from: 2023-02-05, to: 2023-06-30, kind: reduction}", "- case: Một người\n    channel: counter", "fee-currency"},
	{"negative fee", feeStack, "amount: 7000", "amount: -7000", "", "amount"},
	{"fee with a dot", feeStack, "amount: 7000", "amount: 7.5", "", "type"},
	// organisation
	{"parent that ended", units, "        to: 2025-02-28\n      - unit: 12@2022-01-01\n        from: 2025-03-01", "", "- unit: 105@2022-01-01", "parent-ended"},
	{"time without a parent", units, "        from: 2025-03-01\n    agency", "        from: 2025-05-01\n    agency", "parents:\n      - unit: 105", "no-parent"},
	{"two parents at once", units, "        from: 2025-03-01\n    agency", "        from: 2025-02-01\n    agency", "- unit: 12@2022-01-01\n        from: 2025-02-01", "two-parents"},
	{"unknown parent", units, "unit: 105@2022-01-01", "unit: 106@2022-01-01", "", "unit"},
	{"agency code twice on a day", units, "code: 000.02.20.H35", "code: 000.01.20.H35", "", "code-twice"},
	{"time without agency code", units, "        from: 2025-09-15", "        from: 2025-10-01", "agency:\n      - code: 001.60", "no-code"},
	{"two agency codes at once", units, "        from: 2025-09-15", "        from: 2025-09-01", "- code: H35.21.01", "two-codes"},
	{"unit code twice on a day", units, "code: 12-PA08", "code: 12-PC06", "- code: 12-PC06\n    name: Phòng PA08", "twice"},
	{"desk windows overlap", units, "intake: mon-fri 07:00-11:30 13:30-17:00; sat 07:00-11:30", "intake: mon-fri 07:00-13:30 11:30-17:00", "", "windows"},
	{"desk hours overlap in time", units, "        - to: 2025-02-28", "        - to: 2025-03-28", "- from: 2025-03-01\n          intake", "overlap"},
	{"counting on Saturday", units, "counting: mon-fri 07:00-11:30 13:30-17:00", "counting: mon-sat 07:00-11:30", "", "weekend"},
	{"heir of a unit that goes on", ends, "of: 105@2022-01-01", "of: 12-PA08@2022-01-01", "", "not-ended"},
	{"heir of nobody", ends, "of: 105@2022-01-01", "of: 106@2022-01-01", "", "unit"},
	{"heir that has not begun", ends, "to: [12-PC06@2022-01-01]", "to: [03388@2025-07-01]", "", "heir"},
	{"no heir", ends, "to: [12-PC06@2022-01-01]", "to: []", "- of: 105", "missing"},
	{"papers kept where nobody receives", ends, "desk: 03388@2022-01-01", "desk: 12-PA08@2022-01-01", "", "heir-desk"},
	{"reorganisation without a title", ends, "title: Bỏ công an cấp huyện", "title: ''", "- on: 2025-03-01", "missing"},
	{"reorganisation by no law", ends, ": nd-118-2025", ": nd-999-2025", "law:", "citation"},
	{"counter serves nobody", units, "- 12-PC06", "- 12-PC66", "", "unit"},
	// procedures
	{"process step without time", version, "hours: 2\n", "hours: 0\n", "", "hours"},
	{"process out of order", version, "order: 2", "order: 3", "", "order"},
	{"unknown role", version, "role: processor", "role: boss", "", "word"},
	{"alias twice", "procedures/1.000002/procedure.yaml", "popularity: 1", "popularity: 1\naliases: [tt]", "aliases:", "alias-twice"},
	{"version in a file of another day", version, "from: 2025-07-01", "from: 2025-07-02", "from: 2025-07-02", "name"},
	// matters
	{"matter that is a procedure", "matters.yaml", "code: ho-tich", "code: '1.000002'", "code:", "matter-procedure"},
	{"matter without a word", "matters.yaml", "words: [khai sinh, kết hôn]", "words: []", "- code", "missing"},
	{"two agencies on one day", "matters.yaml", "from: 2025-07-01", "from: 2025-06-30", "- name: Ủy ban nhân dân xã", "overlap"},
	{"matter of nobody", "matters.yaml", "name: Ủy ban nhân dân xã, phường\n", "name: ''\n", "- name: ''", "missing"},
	// the file itself
	{"unknown key", oldest, "channels:", "chanels:", "", "unknown-key"},
	{"broken YAML", oldest, "channels:\n", "channels: [\n", "channels: [", "syntax"},
	{"anchor", oldest, "cases:", "cases: &c", "", "alias"},
	{"number where text belongs", units, "code: '105'", "code: 105", "", "type"},
	{"decomposed letters", oldest, "Thông thường", "Tho\u0302ng thường", "", "nfc"},
	{"hidden character", oldest, "Thông thường", "Thông\u202e thường", "", "hidden"},
	{"not UTF-8", oldest, "Thông thường", "Th\xf4ng", "from:", "utf8"},
	{"time of day", oldest, "cases:", "cut_off: '25:00'\ncases:", "cut_off:", "value"},
	{"unknown format", "pack.yaml", "schema: 1", "schema: 2", "", "schema"},
}

// rel-B-P04 rel-B-P05 rel-B-P06 rel-B-P07
func TestOneSpoiltThingIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	for _, c := range spoilt {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := mini(t)
			before := string(files[c.file].Data)
			if !strings.Contains(before, c.old) {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			after := strings.Replace(before, c.old, c.new, 1)
			files[c.file] = &fstest.MapFile{Data: []byte(after)}
			p, faults := pack.Read(files)
			if p != nil {
				t.Fatal("accepted")
			}
			place := strings.Index(before, c.old)
			if c.at != "" {
				place = strings.Index(after, c.at)
			}
			line := 1 + strings.Count(after[:place], "\n")
			found := slices.ContainsFunc(faults, func(f pack.Fault) bool {
				return f.What == "pack.fault."+c.fault && (f.Line == line && f.File == c.file || c.fault == "name" || c.fault == "no-slips")
			})
			if !found {
				t.Errorf("no fault %s at %s:%d; have%s", c.fault, c.file, line, words(faults))
			}
		})
	}
}

// rel-B-P06: a year without calendar cannot be used.
func TestMissingYearIsAFault(t *testing.T) {
	t.Parallel()
	files := mini(t)
	older := strings.ReplaceAll(string(files[days].Data), "2026", "2024")
	files["calendar/2024.yaml"] = &fstest.MapFile{Data: []byte(older)}
	if _, faults := pack.Read(files); !has(faults, "pack.fault.year-missing") {
		t.Error("accepted", words(faults))
	}
	delete(files, days)
	delete(files, "calendar/2024.yaml")
	delete(files, notice)
	if _, faults := pack.Read(files); !has(faults, "pack.fault.none") {
		t.Error("accepted", words(faults))
	}
}

func has(faults []pack.Fault, what string) bool {
	return slices.ContainsFunc(faults, func(f pack.Fault) bool { return f.What == what })
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	files := mini(t)
	for _, name := range []string{oldest, version} {
		files[name].Data = []byte(strings.Replace(string(files[name].Data), "channels:", "chanels:", 1))
	}
	if _, faults := pack.Read(files); len(faults) != 2 {
		t.Errorf("%d faults, want 2:%s", len(faults), words(faults))
	}
}

// rel-B-P03: links, strange files and files beyond any real size are refused;
// nothing outside the folder is ever opened.
func TestStrangeFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]*fstest.MapFile{
		"acts/link.yaml":             {Data: []byte("x"), Mode: fs.ModeSymlink},
		"acts/readme.txt":            {Data: []byte("x")},
		"somewhere/else.yaml":        {Data: []byte("x")},
		"acts/tt-75-2022-btc-2.yaml": {Data: []byte(strings.Repeat("# x\n", 300_000))},
		"rules/empty.yaml":           {},
	} {
		files := mini(t)
		files[name] = file
		if p, faults := pack.Read(files); p != nil || faults[0].File != name {
			t.Errorf("%s: %s", name, words(faults))
		}
	}
}

var key = regexp.MustCompile(`\{[a-z]+\}`)

func TestFaultsAreWordedInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, c := range spoilt {
		files := mini(t)
		files[c.file].Data = []byte(strings.Replace(string(files[c.file].Data), c.old, c.new, 1))
		_, faults := pack.Read(files)
		for _, f := range faults {
			for _, lang := range []text.Lang{text.Vi, text.En} {
				if s := f.String(lang); strings.Contains(s, "[pack.") || key.MatchString(s) {
					t.Errorf("%s: %s", c.name, s)
				}
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	seed, err := os.ReadFile("testdata/mini/" + version)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte("from: 2025-07-01\ncases: &a [*a]\n"))
	f.Add([]byte("? [a, b]\n: {c: !!binary x}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		files := mini(&testing.T{})
		files[version] = &fstest.MapFile{Data: text}
		if p, faults := pack.Read(files); (p == nil) != (len(faults) > 0) {
			t.Error("neither a pack nor a fault")
		}
	})
}
