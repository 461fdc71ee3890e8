package pack_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
	"quay20/packs"
)

var shipped = sync.OnceValues(packs.LaiChau)

func laichau(t *testing.T) *pack.Pack {
	t.Helper()
	p, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The province's data counts 220 procedures, of which three are the handling of
// violations and no procedures in law. law: nd-63-2010/1
func TestPackHoldsTheWholeCatalogueWithoutViolations(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	if n := len(p.AllProcedures()); n != 217 {
		t.Errorf("%d procedures", n)
	}
	for _, c := range []struct {
		on                        pack.Date
		procedures, units, fields int
	}{
		{"2022-11-15", 118 - 3, 135, 13}, // the data's counts; eleven fields of 2022, electronic identity, traffic
		{"2024-06-01", 124 - 3, 135, 13},
		{"2025-09-01", 190 - 3, 1 + 10 + 2 + 38, 16},
		{"2026-10-01", 175 - 3, 1 + 10 + 2 + 38, 16},
	} {
		if n := len(p.Procedures(c.on)); n != c.procedures {
			t.Errorf("%s: %d procedures, want %d", c.on, n, c.procedures)
		}
		if n := len(p.Units(c.on)); n != c.units {
			t.Errorf("%s: %d units, want %d", c.on, n, c.units)
		}
		if n := len(p.Fields(c.on)); n != c.fields {
			t.Errorf("%s: %d fields, want %d", c.on, n, c.fields)
		}
	}
	listed := slices.DeleteFunc(p.Fields("2022-11-15"), func(f pack.Field) bool { return !f.Listed2022 })
	if len(listed) != 11 {
		t.Errorf("%d fields listed in 2022, want 11", len(listed))
	}
	for _, proc := range p.AllProcedures() {
		for _, f := range proc.Fees {
			if f.Kind != "base" && f.Kind != "reduction" {
				t.Errorf("%s has a fee of kind %s", proc.Code, f.Kind)
			}
		}
	}
}

// The same code is another unit after the merger.
func TestReusedCodeNamesTheUnitOfTheDay(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for on, want := range map[pack.Date]string{"2022-11-15": "Phường Quyết Tiến", "2025-06-30": "Phường Quyết Tiến", "2025-07-01": "Phường Đoàn Kết"} {
		if u, ok := p.Unit("03388", on); !ok || u.Place != want {
			t.Errorf("03388 on %s is %q, want %s", on, u.Place, want)
		}
	}
	old, ok := p.UnitByKey("03388@2022-01-01")
	if !ok || old.To != "2025-06-30" {
		t.Errorf("the ended unit is lost: %v", old)
	}
	if after := p.After(old.Key); len(after) != 1 || after[0].Key != "03388@2025-07-01" {
		t.Errorf("successors of Quyết Tiến: %v", after)
	}
}

// Districts' police stopped four months before the communes merged.
func TestCommunesReportToTheProvinceOnceDistrictsAreGone(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for on, want := range map[pack.Date]string{"2025-02-28": "105", "2025-03-01": "12"} {
		if parent, _ := p.Parent("03387@2022-01-01", on); parent.Code != want {
			t.Errorf("on %s Tân Phong belongs to %s, want %s", on, parent.Code, want)
		}
	}
	for _, c := range []struct {
		root pack.UnitKey
		on   pack.Date
		want int
	}{
		{"12@2022-01-01", "2022-11-15", 135}, {"105@2022-01-01", "2022-11-15", 8},
		{"12@2022-01-01", "2025-05-01", 1 + 10 + 2 + 106}, {"12@2022-01-01", "2026-10-01", 51},
		{"105@2022-01-01", "2025-03-01", 0}, {"12-PC08@2025-03-01", "2026-10-01", 2},
	} {
		if n := len(p.Under(c.root, c.on)); n != c.want {
			t.Errorf("%d units under %s on %s, want %d", n, c.root, c.on, c.want)
		}
	}
}

var shapes = map[string]*regexp.Regexp{
	"2018": regexp.MustCompile(`^\d{3}\.\d{2}\.\d{2}\.H35$`),
	"2025": regexp.MustCompile(`^H35(\.\d{2}){1,3}$`),
}

// Dossier numbers would collide if two units had one code on one day.
func TestAgencyCodesAreUniqueAndOfTheGrammarOfTheDay(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for _, on := range []pack.Date{"2022-01-01", "2022-11-15", "2024-02-29", "2025-02-28", "2025-03-01", "2025-06-30", "2025-07-01", "2025-09-14", "2025-09-15", "2026-12-31"} {
		rules, ok := p.Rules(on)
		if !ok {
			t.Fatalf("no rules on %s", on)
		}
		seen := map[string]pack.UnitKey{}
		for _, u := range p.Units(on) {
			a, ok := p.AgencyCode(u.Key, on)
			if !ok || !shapes[rules.CodeGrammar].MatchString(a.Code) || !a.Invented {
				t.Errorf("%s on %s: %v", u.Key, on, a)
			}
			if seen[a.Code] != "" {
				t.Errorf("%s on %s: %s and %s", a.Code, on, seen[a.Code], u.Key)
			}
			seen[a.Code] = u.Key
		}
	}
}

func TestDesksAreThoseThatReceive(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for on, want := range map[pack.Date]int{"2022-11-15": 106 + 8 + 2 + 9, "2026-10-01": 38 + 2 + 9} {
		if n := len(p.Desks(on)); n != want {
			t.Errorf("%d desks on %s, want %d", n, on, want)
		}
	}
	saturday := func(desk pack.UnitKey, on pack.Date) bool {
		h, ok := p.DeskHours(desk, on)
		if !ok || len(h.Counting[time.Saturday]) > 0 {
			t.Errorf("%s on %s: %v", desk, on, h)
		}
		return len(h.Intake[time.Saturday]) > 0
	}
	for _, c := range []struct {
		desk pack.UnitKey
		on   pack.Date
		want bool
	}{
		{"03387@2022-01-01", "2022-11-15", true}, // a pilot of 2022
		{"03386@2022-01-01", "2022-11-15", false}, {"03386@2022-01-01", "2025-03-01", true},
		{"03388@2025-07-01", "2026-10-01", true}, {"12-Q20@2022-01-01", "2022-11-15", false},
	} {
		if got := saturday(c.desk, c.on); got != c.want {
			t.Errorf("%s takes in on Saturday on %s: %v", c.desk, c.on, got)
		}
	}
}

// law: tt-15-2022-bca
func TestMotorbikesMoveToCommunesOn20220521(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	_, err := p.Competent("1.013067", "03387", "2022-05-20")
	refusal, ok := problem.As(err)
	if !ok || refusal.Kind != problem.Invalid { // rel-B-W11: names rule, date and where to go
		t.Fatalf("the commune receives a day too early: %v", err)
	}
	said := text.Problem(text.Vi, refusal)
	for _, want := range []string{"20/05/2022", "Phường Tân Phong", "phường Tân Phong", "PC08", "Công an huyện, thành phố"} {
		if !strings.Contains(strings.ToLower(said), strings.ToLower(want)) {
			t.Errorf("%q does not name %q", said, want)
		}
	}
	row, err := p.Competent("1.013067", "03387", "2022-05-21")
	if err != nil || row.Level != pack.Commune || row.Verified {
		t.Errorf("on the day itself: %v %v", row, err)
	}
	if _, err := p.Competent("1.013067", "03386", "2022-05-21"); err == nil {
		t.Error("a commune that is not assumed to qualify receives")
	}
	if _, err := p.Competent("1.013067", "105", "2022-05-20"); err != nil {
		t.Error(err)
	}
	cars := func(c pack.Competence) bool { return strings.HasPrefix(c.Scope, "Ô tô") }
	for on, want := range map[pack.Date]bool{"2022-05-20": false, "2022-05-21": true} {
		if slices.ContainsFunc(p.Competences("1.013067", "105", on), cars) != want {
			t.Errorf("a district registers cars on %s: %v", on, !want)
		}
	}
	if _, err := p.Competent("1.013067", "03390", "2025-07-01"); err != nil {
		t.Error(err)
	}
}

// rel-B-W11
func TestProcedureOutOfForceIsRefusedWithItsSuccessor(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for _, c := range []struct {
		code, unit string
		on         pack.Date
		key        string
	}{
		{"2.000200", "12-PC06", "2026-08-18", "pack.err.replaced"},
		{"3.000333", "12-PV06", "2025-02-28", "pack.err.not-yet"},
		{"LC-CC-02", "03388", "2024-07-01", "pack.err.no-longer"},
		{"9.999999", "03388", "2024-07-01", "pack.err.procedure"},
		{"1.004194", "03387", "2025-07-01", "pack.err.unit"},
		{"1.001456", "03388", "2022-11-15", "pack.err.not-competent"},
	} {
		_, err := p.Competent(c.code, c.unit, c.on)
		if e, ok := problem.As(err); !ok || e.Key != c.key {
			t.Errorf("%s at %s on %s: %v, want %s", c.code, c.unit, c.on, err, c.key)
		} else if s := text.Problem(text.Vi, e); strings.Contains(s, "{") || strings.HasPrefix(s, "[") {
			t.Error(s)
		}
	}
}

// Place of receipt and place of decision are two facts. law: nd-118-2025/17
func TestDossierIsRoutedToTheUnitThatDecides(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for _, c := range []struct {
		code, desk, want string
		on               pack.Date
		decides, key     string
	}{
		{"1.001456", "12-Q20", "", "2022-11-15", "12-PA08@2022-01-01", ""},    // counter for a department
		{"1.001456", "12-Q20", "", "2026-10-01", "12-PA08@2025-03-01", ""},    // the department of the day
		{"1.013067", "12-QDKX", "", "2022-11-15", "12-PC08@2022-01-01", ""},   // the vehicle counter
		{"1.004194", "03388", "", "2022-11-15", "03388@2022-01-01", ""},       // decides itself
		{"1.001456", "03388", "", "2026-10-01", "12-PA08@2025-03-01", ""},     // any desk, one decider
		{"1.004194", "12-Q20", "03388", "2026-10-01", "03388@2025-07-01", ""}, // any desk, decider named
		{"1.004194", "03390", "03388", "2026-10-01", "03388@2025-07-01", ""},  // another commune's dossier
		{"1.004194", "12-Q20", "", "2026-10-01", "", "pack.err.choose-unit"},  // 38 could decide
		{"1.001456", "03388", "", "2022-11-15", "", "pack.err.not-competent"}, // before 2025-07-01 only who decides
		{"1.004194", "03390", "03388", "2022-11-15", "", "pack.err.not-competent"},
		{"1.004194", "12-Q20", "12-PC06", "2026-10-01", "", "pack.err.not-competent"}, // named one cannot
	} {
		u, err := p.Route(c.code, c.desk, c.want, c.on)
		e, _ := problem.As(err)
		switch {
		case c.key == "" && (err != nil || u.Key != pack.UnitKey(c.decides)):
			t.Errorf("%s at %s on %s: %s %v, want %s", c.code, c.desk, c.on, u.Key, err, c.decides)
		case c.key != "" && (e == nil || e.Key != c.key):
			t.Errorf("%s at %s on %s: %s %v, want %s", c.code, c.desk, c.on, u.Key, err, c.key)
		}
	}
}

// Somebody receives every procedure on every day it is in force.
func TestEveryProcedureHasADeskEveryDay(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for _, on := range []pack.Date{"2022-01-01", "2022-11-15", "2023-08-15", "2025-02-28", "2025-03-01", "2025-07-01", "2026-10-01"} {
		desks := p.Desks(on)
		for _, proc := range p.Procedures(on) {
			if !slices.ContainsFunc(desks, func(u pack.Unit) bool { return len(p.Competences(proc.Code, u.Code, on)) > 0 }) {
				t.Errorf("nobody receives %s %s on %s", proc.Code, proc.ShortName, on)
			}
			if len(p.Deciders(proc.Code, on)) == 0 {
				t.Errorf("nobody decides %s on %s", proc.Code, on)
			}
		}
	}
}

// law: tt-75-2022-btc
func TestFeeStackSaysWhichRuleApplies(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	unknown := int64(-1)
	for _, c := range []struct {
		code, name, channel string
		on                  pack.Date
		amount              int64
		basis, replaced     string
	}{
		{"1.004222", "Đăng ký thường trú", "counter", "2022-11-15", unknown, "", ""},                   // the province's resolution was not found
		{"1.004222", "Đăng ký thường trú", "counter", "2023-02-05", 20_000, "75/2022/TT-BTC", ""},      // by channel
		{"1.004222", "Đăng ký thường trú", "online", "2023-02-05", 10_000, "75/2022/TT-BTC", ""},       //
		{"1.004222", "", "post", "2023-02-05", 20_000, "75/2022/TT-BTC", ""},                           // post pays as the counter
		{"1.001456", "Cấp mới", "counter", "2022-06-30", 160_000, "120/2021/TT-BTC", "25/2021/TT-BTC"}, // a reduction for all, last day
		{"1.001456", "Cấp mới", "counter", "2022-07-01", 200_000, "25/2021/TT-BTC", ""},                // and gone
		{"1.001456", "Cấp mới", "online", "2024-03-01", 180_000, "63/2023/TT-BTC", "25/2021/TT-BTC"},   // online only
		{"1.001456", "Cấp mới", "counter", "2024-03-01", 200_000, "25/2021/TT-BTC", ""},                //
		{"1.001456", "Cấp mới", "online", "2024-07-01", 160_000, "43/2024/TT-BTC", "25/2021/TT-BTC"},   // lowest of two
		{"1.001456", "Cấp mới", "online", "2025-08-01", 100_000, "64/2025/TT-BTC", "25/2021/TT-BTC"},   //
		{"2.000200", "", "counter", "2024-08-01", 0, "59/2019/TT-BTC", ""},                             // a rule that says nothing is paid
		{"1.001437", "", "online", "2026-10-01", 0, "", ""},                                            // free by law
	} {
		proc, ok := p.Procedure(c.code)
		if !ok {
			t.Fatal(c.code)
		}
		fee := proc.Fee(pack.Ask{Case: c.name, Channel: c.channel, On: c.on})
		if c.amount == unknown {
			if fee.Known || fee.Rule == nil {
				t.Errorf("%s on %s: %v, want a rule without amount", c.code, c.on, fee)
			}
			continue
		}
		if !fee.Known || fee.Amount != c.amount || basis(fee.Rule) != c.basis || basis(fee.Replaced) != c.replaced {
			t.Errorf("%s %s on %s: %d by %q for %q, want %d by %q for %q", c.code, c.channel, c.on,
				fee.Amount, basis(fee.Rule), basis(fee.Replaced), c.amount, c.basis, c.replaced)
		}
	}
}

func basis(r *pack.FeeRule) string {
	if r == nil {
		return ""
	}
	return r.Basis
}

func TestFeeOfSeveralCasesAsksWhichOne(t *testing.T) {
	t.Parallel()
	proc, _ := laichau(t).Procedure("1.004194")
	fee := proc.Fee(pack.Ask{Case: "Thông thường", Channel: "counter", On: "2026-10-01"})
	if fee.Known || !slices.Equal(fee.Choices, []string{"Cá nhân, hộ gia đình", "Theo danh sách"}) {
		t.Errorf("%+v", fee)
	}
	if fee := proc.Fee(pack.Ask{Case: fee.Choices[1], Channel: "online", On: "2026-10-01"}); fee.Amount != 5_000 {
		t.Errorf("%+v", fee)
	}
}

// A fee is never invented: every rule of every day answers with itself.
func TestFeeIsAlwaysThatOfItsRule(t *testing.T) {
	t.Parallel()
	for _, proc := range laichau(t).AllProcedures() {
		for _, on := range []pack.Date{"2022-03-01", "2023-09-01", "2024-08-01", "2025-08-01", "2026-10-01"} {
			for _, channel := range []string{"counter", "online", "post"} {
				for _, name := range proc.FeeCases(channel, on) {
					fee := proc.Fee(pack.Ask{Case: name, Channel: channel, On: on})
					if fee.Rule == nil || !fee.Rule.Holds(on) || fee.Rule.Case != name ||
						fee.Known != (fee.Rule.Amount != nil) || fee.Known && fee.Amount != *fee.Rule.Amount {
						t.Errorf("%s %s %s %s: %+v", proc.Code, name, channel, on, fee)
					}
				}
			}
		}
	}
}

// law: nd-118-2025/17 law: tt-03-2025-vpcp/phu-luc-1
func TestRulesAndSlipsChangeOnTheirDays(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for _, c := range []struct {
		on              pack.Date
		resume          lawtime.Resume
		grammar, form04 string
		stop, anyDesk   bool
	}{
		{"2022-11-15", lawtime.Shift, "2018", "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ", false, false},
		{"2025-06-30", lawtime.Shift, "2018", "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ", false, false},
		{"2025-07-01", lawtime.Restart, "2018", "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ", false, true},
		{"2025-09-14", lawtime.Restart, "2018", "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ", false, true},
		{"2025-09-15", lawtime.Restart, "2025", "VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT", true, true},
	} {
		rules, ok := p.Rules(c.on)
		apology, _ := p.Slip("apology", "gplx", c.on)
		_, stop := p.Slip("stop", "gplx", c.on)
		if !ok || rules.SupplementResume != c.resume || rules.FinancialResume != lawtime.Shift || rules.AgencyResume != lawtime.Shift ||
			rules.CodeGrammar != c.grammar || rules.AnyDesk != c.anyDesk || apology.Title != c.form04 || stop != c.stop {
			t.Errorf("%s: %+v, %s, stop %v", c.on, rules, apology.Title, stop)
		}
		if apology.Set != rules.SlipSet {
			t.Errorf("%s: slip of %s, rules say %s", c.on, apology.Set, rules.SlipSet)
		}
	}
	for _, c := range []struct {
		kind, field string
		on          pack.Date
		form        string
	}{
		{"receipt", "cu-tru", "2022-11-15", "CT04"}, {"rejection", "cu-tru", "2026-10-01", "CT06"}, {"ct04", "cu-tru", "2026-10-01", "CT04"},
		{"receipt", "can-cuoc", "2024-06-30", "Mẫu số 01"}, {"receipt", "can-cuoc", "2024-07-01", "CC02"}, {"rejection", "can-cuoc", "2024-07-01", "CC03"},
		{"supplement", "cu-tru", "2022-11-15", "Mẫu số 02"}, {"control", "dang-ky-xe", "2022-11-15", "Mẫu số 05"}, {"control", "dang-ky-xe", "2026-10-01", "Mẫu số 06"},
	} {
		if s, ok := p.Slip(c.kind, c.field, c.on); !ok || s.Form != c.form {
			t.Errorf("%s for %s on %s is %s, want %s", c.kind, c.field, c.on, s.Form, c.form)
		}
	}
}

func TestEveryProcessStartsWithReceptionAndFitsTheLimit(t *testing.T) {
	t.Parallel()
	for _, proc := range laichau(t).AllProcedures() {
		for i := range proc.Versions {
			v := &proc.Versions[i]
			if len(v.Process) == 0 || v.Process[0].Kind != "receive" {
				t.Errorf("%s from %s: %v", proc.Code, v.From, v.Process)
			}
			for _, c := range v.Cases {
				sum := 0.0
				for _, s := range v.ProcessFor(c) {
					sum += s.Hours
				}
				want := pack.WorkingHours(c.Limit)
				if diff := sum - want; diff > 1 || diff < -1 {
					t.Errorf("%s %s: steps take %.2f hours, the limit is %.2f", proc.Code, c.Name, sum, want)
				}
			}
		}
	}
	proc, _ := laichau(t).Procedure("1.010038") // 5 working days, no process in the data
	v, _ := proc.On("2026-10-01")
	var hours []float64
	for _, s := range v.Process {
		hours = append(hours, s.Hours)
	}
	if !v.ProcessOurs || !slices.Equal(hours, []float64{4, 24, 8, 4}) {
		t.Errorf("10/60/20/10 %% of 40 hours are %v", hours)
	}
}

func TestCitationsOfArticlesAreThoseListed(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	for citation, want := range map[string]bool{
		"nd-118-2025": true, "nd-118-2025/17": true, "nd-118-2025/17.2": true, "nd-118-2025/170": false,
		"nd-118-2026": false, "luat-91-2015/147": true, "luat-45-2019/112": true, "tt-01-2018-vpcp/19": true,
	} {
		if p.Cites(citation) != want {
			t.Errorf("Cites(%s) is %v", citation, !want)
		}
	}
	if w := p.Words("nd-118-2025/17.2"); w != "Điều 17.2 Nghị định 118/2025/NĐ-CP" {
		t.Error(w)
	}
	for _, c := range p.Citations() {
		if !p.Cites(c) {
			t.Errorf("%s is listed but not defined", c)
		}
	}
	uses := p.Uses()
	for law, places := range uses {
		if !p.Cites(law) {
			t.Errorf("%s in %v is not defined", law, places)
		}
	}
	if !slices.Contains(uses["nq-28-2026-qh16/2"], "calendar 2026-11-24") || !slices.Contains(uses["luat-68-2020/28"], "1.004194 from 2026-07-01") {
		t.Errorf("%v", uses)
	}
}
