package national_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"quay20/internal/catalogue/national"
	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/text"
	"quay20/packs"
)

// today is the day on which the tests ask the law.
const today = "2026-11-24"

// own are the records that the project wrote, with the faults of the real ones.
const own = "testdata/records.jsonl"

func laichau(t testing.TB) *pack.Pack {
	t.Helper()
	law, err := packs.LaiChau()
	if err != nil {
		t.Fatal(err)
	}
	return law
}

func read(t testing.TB, name string) []national.Draft {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	drafts, err := national.Read(bytes.NewReader(body), laichau(t), today)
	if err != nil {
		t.Fatal(err)
	}
	return drafts
}

func draft(t testing.TB, drafts []national.Draft, code string) *national.Draft {
	t.Helper()
	for i := range drafts {
		if drafts[i].Procedure.Code == code {
			return &drafts[i]
		}
	}
	t.Fatalf("no draft of %s", code)
	return nil
}

// cases prints limits as "2 working_day: name [channel]".
func cases(d *national.Draft) []string {
	var all []string
	for _, c := range d.Version().Cases {
		s := c.Limit.String() + ": " + c.Name
		if c.Channel != "" {
			s += " [" + c.Channel + "]"
		}
		all = append(all, s)
	}
	return all
}

// fees prints rules as "50000 VND any base: case, from to, basis".
func fees(d *national.Draft) []string {
	var all []string
	for _, f := range d.Procedure.Fees {
		all = append(all, fmt.Sprintf("%d %s %s %s %s..%s %s", *f.Amount, f.Currency, f.Channel, f.Kind, f.From, f.To, f.Basis))
	}
	return all
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is\n  %v, want\n  %v", what, got, want)
	}
}

func marked(t *testing.T, d *national.Draft, field string, state national.State) {
	t.Helper()
	if m := d.Marks[field]; m.State != state {
		t.Errorf("%s of %s is %s (%s), want %s", field, d.Procedure.Code, m.State, m.Text, state)
	}
}

// kinds are the kinds of findings of a code, or of a line without one.
func kinds(found []national.Finding, code string) []string {
	var all []string
	for _, f := range found {
		if f.Code == code {
			all = append(all, f.Kind)
		}
	}
	return all
}

func has(t *testing.T, found []national.Finding, code, kind string) {
	t.Helper()
	if !slices.Contains(kinds(found, code), kind) {
		t.Errorf("%s has the findings %v, want %s among them", code, kinds(found, code), kind)
	}
}

// Each of the five shapes is looked at on a record of our own and, where the
// national file is present, on the real one.

// severalLimits is 1.012575: a column of "2 Ngày" over limits of 2 and 7 working
// days by case, with a clock that waits for the fee.
func severalLimits(t *testing.T, drafts []national.Draft, code, first, second string) {
	d := draft(t, drafts, code)
	want(t, "limits", cases(d), []string{"2 working_day: " + first, "7 working_day: " + second})
	marked(t, d, "limits", national.Typed)
	if d.Marks["limits"].Doubt == "" {
		t.Error("the column's unit is not the text's, and no doubt is marked")
	}
	if !d.Version().AfterFee {
		t.Error("the clock does not wait for the fee")
	}
	has(t, national.Lint(drafts, laichau(t), today), code, national.LimitClash)
}

func TestLimitsByCase(t *testing.T) {
	t.Parallel()
	severalLimits(t, read(t, own), "9.900001", "Thẻ màu xanh", "Thẻ màu đỏ, thẻ có ảnh")
}

// twoAgencies is 1.002390: 3 and 2 working days at two agencies under a column of 5.
func twoAgencies(t *testing.T, drafts []national.Draft, code string) {
	d := draft(t, drafts, code)
	want(t, "limits", cases(d), []string{"5 working_day: Thông thường"})
	var legs []string
	for _, l := range d.Version().Legs {
		legs = append(legs, l.Limit.String())
		if !strings.Contains(l.Name, "uản lý xuất nhập cảnh") {
			t.Errorf("a leg is of «%s»", l.Name)
		}
	}
	want(t, "legs", legs, []string{"3 working_day", "2 working_day"})
	want(t, "fees", fees(d), []string{"200000 VND any base .. "})
	for _, field := range []string{"limits", "legs", "fees", "channels"} {
		marked(t, d, field, national.Typed)
	}
	if found := kinds(national.Lint(drafts, laichau(t), today), code); slices.Contains(found, national.LimitClash) {
		t.Errorf("5 days are 3 and 2 days, and the worklist has %v", found)
	}
}

func TestLegsOfTwoAgencies(t *testing.T) {
	t.Parallel()
	twoAgencies(t, read(t, own), "9.900002")
}

// extended is 1.003290: 4 months, extensible by at most 2, under a column of 6.
func extended(t *testing.T, drafts []national.Draft, code string) {
	d := draft(t, drafts, code)
	want(t, "limits", cases(d), []string{"4 month: Thông thường"})
	if e := d.Version().Extension; e == nil || e.Ceiling != (lawtime.Limit{Amount: 6, Unit: lawtime.Month}) {
		t.Errorf("the extension is %v, want up to 6 months in all", e)
	}
	want(t, "fees", fees(d), []string{"100 USD counter base .. "})
	marked(t, d, "extension", national.Typed)
	if found := kinds(national.Lint(drafts, laichau(t), today), code); slices.Contains(found, national.LimitClash) {
		t.Errorf("6 months are 4 and at most 2, and the worklist has %v", found)
	}
}

func TestExtensionWithCeiling(t *testing.T) {
	t.Parallel()
	extended(t, read(t, own), "9.900003")
}

// contradiction is 1.002756: a column of "3 Ngày" over "03 ngày làm việc".
func contradiction(t *testing.T, drafts []national.Draft, code string) {
	d := draft(t, drafts, code)
	want(t, "column", d.Ways[0].Limit, "3 ngày")
	want(t, "limits", cases(d), []string{"3 working_day: Thông thường"})
	if d.Marks["limits"].Doubt == "" || d.Complete(laichau(t)) {
		t.Error("column and text contradict each other, and the draft does not say that a person must decide")
	}
	want(t, "fees", fees(d), []string{"50 USD online base .. "})
	for _, f := range national.Lint(drafts, laichau(t), today) {
		if f.Code == code && f.Kind == national.LimitClash {
			if !strings.Contains(f.Sentence, "[3 ngày]") || !strings.Contains(f.Sentence, "03 ngày làm việc") {
				t.Errorf("the finding shows «%s»", f.Sentence)
			}
			return
		}
	}
	t.Error("the contradiction is not on the worklist")
}

func TestColumnAgainstText(t *testing.T) {
	t.Parallel()
	contradiction(t, read(t, own), "9.900004")
}

// discounts is 1.014063: a discount that ended on 2025-12-31 beside one that runs
// until 2026-12-31.
func discounts(t *testing.T, drafts []national.Draft, code string) {
	d := draft(t, drafts, code)
	want(t, "limits", cases(d), []string{"7 working_day: Thông thường"})
	want(t, "fees", fees(d), []string{
		"50000 VND any base .. ",
		"25000 VND online reduction 2025-01-01..2025-12-31 ",
		"25000 VND any reduction 2025-07-01..2026-12-31 64/2025/TT-BTC",
	})
	marked(t, d, "fees", national.Typed)
	var over []string
	for _, f := range national.Lint(drafts, laichau(t), today) {
		if f.Code == code && f.Kind == national.DiscountOver && f.Line == d.Line {
			over = append(over, text.T(text.En, f.Word(), f.Args...))
		}
	}
	want(t, "ended discounts", over, []string{"The discount ran until 31/12/2025 and is still printed"})
}

func TestEndedDiscount(t *testing.T) {
	t.Parallel()
	discounts(t, read(t, own), "9.900005")
}

func TestNoRecordIsDropped(t *testing.T) {
	t.Parallel()
	drafts := read(t, own)
	if len(drafts) != 25 {
		t.Fatalf("%d drafts of 25 lines", len(drafts))
	}
	for i, d := range drafts {
		if d.Line != i+1 {
			t.Errorf("draft %d is of line %d", i+1, d.Line)
		}
		if broken := i == 18 || i == 19; broken != (d.Broken != "") {
			t.Errorf("line %d: broken is %q", d.Line, d.Broken)
		}
	}
	if got := drafts[21].Cells["khoa_la"]; got != "giữ lại" {
		t.Errorf("a key that nobody knows is kept as %q", got)
	}
	if got := drafts[21].Cells["ma_thu_tuc"]; got != "9.9" {
		t.Errorf("a number is kept as %q", got)
	}
}

func TestPapersAndTextsOfARecord(t *testing.T) {
	t.Parallel()
	drafts := read(t, own)
	d := draft(t, drafts, "9.900001")
	want(t, "form", d.Papers[0].Form, "RV01/02 (Thông tư 13/2025/TT-BCA)")
	want(t, "file", d.Papers[0].File, "ToKhaiRV01.docx")
	want(t, "counts", fmt.Sprint(d.Papers[0].Originals, d.Papers[0].Copies, d.Papers[1].Originals, d.Papers[1].Copies), "1 0 0 2")

	d = draft(t, drafts, "9.900017")
	marked(t, d, "papers", national.Kept) // "1161 bản chính": 1161, 61 or 1?
	want(t, "paper with the year before its count", d.Papers[0].Originals, 1)
	want(t, "group", d.Papers[0].Case, "Người từ đủ 14 tuổi")
	want(t, "optional", d.Papers[1].Mandatory, false)
	if n := len(d.Version().Components); n != 2 {
		t.Errorf("%d papers have a count and are papers, want 2", n)
	}
	want(t, "bases", d.Version().Bases, "[02/2011/QH13 51/2019/QH14 25/2021/TT-BTC 31/2015/TT-BCA]")
	marked(t, d, "bases", national.Kept) // "193" is no number
	want(t, "limits", cases(d), []string{"8 hour: Thông thường [counter]", "1 hour: Thông thường [online]"})
	want(t, "doubt", d.Marks["limits"].Doubt, "national.doubt.hours")

	d = draft(t, drafts, "9.900005")
	want(t, "day of a circular", d.Bases[2].Issued, "2024-10-21")

	d = draft(t, drafts, "9.900018")
	if !d.Recut || len(d.Ways) != 2 || len(d.Papers) != 1 {
		t.Errorf("the torn page has %d ways and %d papers", len(d.Ways), len(d.Papers))
	}
	marked(t, d, "bases", national.Absent)

	d = draft(t, drafts, "9.900015")
	marked(t, d, "limits", national.Kept)
	marked(t, d, "fees", national.Kept)
	if len(d.Version().Cases) > 0 {
		t.Errorf("two limits for one case, and the draft took %v", cases(d))
	}
}

// The worklist of our own records: each fault once, nothing else.
func TestWorklist(t *testing.T) {
	t.Parallel()
	var got []string
	for _, f := range national.Lint(read(t, own), laichau(t), today) {
		got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Field, f.Kind))
		if f.Sentence == "" || strings.Contains(text.T(text.Vi, f.Word(), f.Args...)+text.T(text.En, f.Remedy(), f.Args...), "{") {
			t.Errorf("line %d: %s has the sentence «%s» and the words «%s»", f.Line, f.Kind, f.Sentence, text.T(text.Vi, f.Word(), f.Args...))
		}
	}
	want(t, "worklist", strings.Join(got, "\n  "), strings.Join([]string{
		"1 limits limit-clash", "4 limits limit-clash", "5 fees discount-over", "6 code other-page",
		"7 name other-page", "7 fees no-fee", "8 name other-page", "8 fees no-fee", "9 steps other-page", "10 name name-absent", "11 name other-page",
		"12 levels level-over", "12 authority level-over", "12 handler level-over", "12 channels level-over",
		"13 limits no-limit", "13 fees no-fee", "14 fees fee-clash", "14 fees fee-clash", "15 limits limit-clash", "15 fees fee-overlap",
		"16 decision other-body", "17 limits limit-vague", "17 bases act-over", "18 fees fee-clash", "19  no-record", "20  no-record",
		"21 code no-code", "21 limits no-limit", "21 fees no-fee", "22 code no-code", "22 fees fee-unread", "23 code code-twice"}, "\n  "))
}

// law: nq-190-2025-qh15. A level and a text end on a day: the same records are in
// order before it.
func TestWorklistOfAnotherDay(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	drafts := read(t, own)
	before := national.Lint(drafts, law, "2025-02-28")
	for _, kind := range []string{national.LevelOver, national.DiscountOver, national.ActOver} {
		if slices.ContainsFunc(before, func(f national.Finding) bool { return f.Kind == kind }) {
			t.Errorf("%s is on the worklist of a day when it was in order", kind)
		}
	}
	has(t, national.Lint(drafts, law, "2025-03-01"), "9.900012", national.LevelOver)
	has(t, national.Lint(drafts, law, "2026-04-01"), "9.900017", national.ActOver)
}

// What the worklist says of the built-in pack is true: each finding is checked
// against the pack by other means.
func TestWorklistOfThePack(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	found := national.LintPack(law, today)
	if len(found) == 0 {
		t.Fatal("a pack with unknown fees has no findings")
	}
	for _, f := range found {
		p, ok := law.Procedure(f.Code)
		if !ok {
			t.Fatalf("%s is not in the pack", f.Code)
		}
		v, _ := p.On(today)
		switch f.Kind {
		case national.NoFee:
			if fee := p.Fee(pack.Ask{On: today}); p.FeeStatus != "none_listed" && (fee.Rule != nil || len(fee.Choices) > 0) {
				t.Errorf("%s has a fee: %+v", f.Code, fee)
			}
		case national.FeeUnknown:
			if !slices.ContainsFunc(p.Fees, func(r pack.FeeRule) bool { return r.Holds(today) && r.Amount == nil }) {
				t.Errorf("%s knows all its fees", f.Code)
			}
		case national.ActOver:
			act, ok := law.Instrument(f.Law)
			if !ok || act.To == "" || act.To >= today {
				t.Errorf("%s: %s is in force", f.Code, f.Law)
			}
			named := slices.Contains(v.Bases, act.Number) || slices.ContainsFunc(p.Fees, func(r pack.FeeRule) bool { return r.Basis == act.Number }) ||
				slices.ContainsFunc(v.Components, func(c pack.Component) bool { return strings.Contains(c.Form, act.Number) })
			if !named {
				t.Errorf("%s does not rest on %s", f.Code, act.Number)
			}
		default:
			t.Errorf("%s: %s is new here; write how one sees that it is true", f.Code, f.Kind)
		}
	}
}

// A pack that is spoiled is found out.
func TestWorklistOfASpoiledPack(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	p, _ := law.Procedure("1.002390")
	v, _ := p.On(today) // shared with nobody: laichau decodes anew
	v.Legs[0].Limit.Amount = 4
	v.Steps = append(v.Steps, "Nộp tại Công an cấp huyện")
	v.Cases = slices.Clone(v.Cases)
	n := int64(1)
	p.Fees = append(p.Fees, pack.FeeRule{Case: p.Fees[1].Case, Channel: p.Fees[1].Channel, Kind: p.Fees[1].Kind, Amount: &n, Currency: "VND", Span: pack.Span{From: "2026-05-01"}})
	found := kinds(national.LintPack(law, today), "1.002390")
	for _, kind := range []string{national.LimitClash, national.LevelOver, national.FeeOverlap} {
		if !slices.Contains(found, kind) {
			t.Errorf("the findings are %v, want %s among them", found, kind)
		}
	}
}

// A discount is what the words say: "bằng 30%" leaves 30 of 100, "giảm 30%" 70.
// What they say in another way, or an exemption, keeps the fee as text.
func TestDiscountsAndExemptions(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	for note, fee := range map[string]string{
		"10.000 đồng/lần; Từ ngày 01/01/2026 đến hết ngày 31/12/2026 thu bằng 30% mức trên": "10000 3000",
		"10.000 đồng/lần; Từ ngày 01/01/2026 đến hết ngày 31/12/2026 giảm 30% mức trên":     "10000 7000",
		"10.000 đồng/lần; Từ ngày 01/01/2026 đến hết ngày 31/12/2026 giảm còn 30% mức trên": "10000 3000",
		"10.000 đồng/lần; Từ ngày 01/01/2026 đến hết ngày 31/12/2026 thu thêm 30% mức trên": "",
		"10.000 đồng/lần; Nộp trực tuyến giảm 30%":                                          "",
		"10.000 đồng/lần; Người có công được miễn":                                          "",
		"Trường hợp làm lại: 20.000 đồng/lần; Trường hợp khác: 10.000 đồng/lần":             "20000 10000",
		"Trường hợp làm lại: 20.000 đồng/lần; Trường hợp khác: 30.000 đồng/lần":             "",
		"Áp dụng đến hết ngày 31/12/2026: 10.000 đồng/lần; từ 15.000 đồng đến 20.000 đồng":  "",
		"/lần": "10000",
	} {
		record := `{"ma_thu_tuc": "9.930001", "cach_thuc_thuc_hien": "Hình thức nộpThời gianPhí, lệ phíMô tảTrực tiếp2 Ngày10,000 Việt Nam Đồng(` + note + `)"}`
		drafts, err := national.Read(strings.NewReader(record), law, today)
		if err != nil {
			t.Fatal(err)
		}
		var amounts []string
		for _, f := range drafts[0].Procedure.Fees {
			amounts = append(amounts, fmt.Sprint(*f.Amount))
		}
		if got := strings.Join(amounts, " "); got != fee {
			t.Errorf("«%s» is read as %q, want %q", note, got, fee)
		}
		if kept := drafts[0].Marks["fees"].State == national.Kept; kept != (fee == "") {
			t.Errorf("«%s» is %s", note, drafts[0].Marks["fees"].State)
		}
	}
}

// Sentences about time as they are written, one a row.
func TestSentencesAboutTime(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	for _, c := range []struct{ column, sentence, limits string }{
		{"5 Ngày làm việc", "", "5 working_day: Thông thường"},
		{"5 Ngày làm việc", "Nộp tại quầy. Nghỉ thứ 7.", "5 working_day: Thông thường"},
		{"5 Ngày làm việc", "- Thời hạn giải quyết: 05 ngày làm việc.", "5 working_day: Thông thường"},
		{"5 Ngày làm việc", "Trong thời hạn 05 ngày làm việc kể từ ngày nhận đủ hồ sơ, Công an cấp xã trả lời.", "5 working_day: Thông thường"},
		{"7 Ngày làm việc", "- 03 ngày làm việc đối với trường hợp có sẵn ảnh;\n- 07 ngày làm việc đối với trường hợp phải chụp ảnh.", "3 working_day: có sẵn ảnh, 7 working_day: phải chụp ảnh"},
		{"7 Ngày làm việc", "Đối với trường hợp có sẵn ảnh thì trong thời hạn 07 ngày làm việc kể từ ngày tiếp nhận hồ sơ, cán bộ trả thẻ.", "7 working_day: có sẵn ảnh"},
		{"45 Ngày", "Không quá 30 ngày, kể từ ngày nhận đủ hồ sơ; vụ việc phức tạp thì có thể kéo dài hơn nhưng không quá 45 ngày.", "30 day: Thông thường up to 45 day"},
		{"1 Tháng", "Không quá 01 tháng kể từ ngày nhận đủ hồ sơ; trường hợp cần thiết có thể gia hạn thêm nhưng không quá 01 tháng.", "1 month: Thông thường up to 2 month"},
		// what does not add up, or is said of something else, is nobody's limit
		{"4 Ngày làm việc", "Thời hạn giải quyết: 05 ngày làm việc.", ""},
		{"7 Ngày", "07 ngày làm việc, kể từ ngày nhận đủ hồ sơ (Sở Nội vụ: 03 ngày; UBND cấp xã: 04 ngày)", ""},
		{"3 Ngày làm việc", "Trong thời hạn 03 ngày làm việc kể từ ngày nhận đủ hồ sơ, Phòng Cảnh sát giao thông chuyển hồ sơ. Cục Cảnh sát giao thông xem xét trong thời hạn 02 ngày làm việc.", ""},
		{"5 Ngày làm việc", "05 ngày làm việc kể từ khi nhận hồ sơ phải kiểm tra; trong 10 ngày tiếp theo phải trả lời.", ""},
		{"9 Ngày", "Không quá 03 ngày với trường hợp mới; Không quá 05 ngày với trường hợp cũ.", ""},
	} {
		record := `{"ma_thu_tuc": "9.930001", "cach_thuc_thuc_hien": ` + fmt.Sprintf("%q", "Hình thức nộpThời gianPhí, lệ phíMô tảTrực tiếp"+c.column+"Miễn phí"+c.sentence) + `}`
		drafts, err := national.Read(strings.NewReader(record), law, today)
		if err != nil {
			t.Fatal(err)
		}
		d := &drafts[0]
		got := strings.Join(cases(d), ", ")
		if e := d.Version().Extension; e != nil {
			got += " up to " + e.Ceiling.String()
		}
		if got != c.limits {
			t.Errorf("[%s] %s\n  is read as %q, want %q", c.column, c.sentence, got, c.limits)
		}
		if kept := d.Marks["limits"].State == national.Kept; kept != (c.limits == "") {
			t.Errorf("[%s] %s is %s", c.column, c.sentence, d.Marks["limits"].State)
		}
	}
}

// The count of papers is run together with the name before it.
func TestCountsOfPapers(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	for table, want := range map[string]string{
		"Đơn1 bản chính":                           "Đơn 1+0",
		"Đơn0 bản chính,12 bản sao":                "Đơn 0+12",
		"Ảnh4 bản sao":                             "Ảnh 0+4",
		"Đơn1 bản chínhẢnh2 bản chính,1 bản sao":   "Đơn 1+0, Ảnh 2+1",
		"Tờ khai ngày 25/6/20242 bản chính":        "Tờ khai ngày 25/6/2024 2+0",
		"Giấy gồm 01 bản sao và ảnh1 bản chính":    "Giấy gồm 01 bản sao và ảnh 1+0",
		"Theo Nghị định 1161 bản chính":            "?",
		"Đơn99999999999999999999 bản sao":          "?",
		"Đơn1 bản chính,99999999999999999 bản sao": "?",
		"Đơn": "?",
		"Đơn1 bản chínhLưu ý: mang bút0 bản chính": "Đơn 1+0",
	} {
		record := `{"ma_thu_tuc": "9.930001", "thanh_phan_ho_so": "--Tên giấy tờMẫu đơn, tờ khaiSố lượng` + table + `"}`
		drafts, err := national.Read(strings.NewReader(record), law, today)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, c := range drafts[0].Version().Components {
			all = append(all, fmt.Sprintf("%s %d+%d", c.Name, c.Originals, c.Copies))
		}
		got := strings.Join(all, ", ")
		if drafts[0].Marks["papers"].State == national.Kept {
			got = "?"
		}
		if got != want {
			t.Errorf("«%s» is read as %q, want %q", table, got, want)
		}
	}
}
