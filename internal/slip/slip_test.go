package slip

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rsc.io/qr"

	"quay20/internal/pack"
)

var (
	update = flag.Bool("update", false, "rewrite the goldens; then read the diff")
	out    = flag.String("out", "", "folder to write the sample papers to")
)

// read gives the paper as a person reads it: line by line, a page at a time.
func read(sheets []*sheet) string {
	var b strings.Builder
	for n, s := range sheets {
		for i, page := range s.pages {
			fmt.Fprintf(&b, "== %s %s %d.%d/%d\n", s.paper, s.title, n+1, i+1, len(s.pages))
			lines := map[int][]mark{}
			boxes := 0
			for _, m := range page {
				if m.kind == 't' {
					y := int(math.Round(m.y * 4))
					lines[y] = append(lines[y], m)
				}
				if m.kind == 'b' {
					boxes++
				}
			}
			var order []int
			for y := range lines {
				order = append(order, y)
			}
			slices.Sort(order)
			for _, y := range order {
				slices.SortFunc(lines[y], func(a, b mark) int { return int(a.x*100 - b.x*100) })
				end := 0.0
				for j, m := range lines[y] {
					if j > 0 && m.x > end+4 {
						b.WriteString("  |  ")
					}
					b.WriteString(m.text)
					end = m.x + width(m.text, m.face, m.size)
				}
				b.WriteByte('\n')
			}
			if boxes > 0 {
				b.WriteString("[code to scan]\n")
			}
		}
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s reads\n%s\nwant\n%s", name, got, want)
	}
}

func save(t *testing.T, name string, b []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("making %s: %v", name, err)
	}
	if *out != "" {
		if err := os.WriteFile(filepath.Join(*out, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryPaperReadsAsItsGolden(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		sheets, err := layout(f)
		if err != nil {
			t.Fatalf("laying out %s: %v", name, err)
		}
		golden(t, name, read(sheets))
		tidy(t, name, sheets)
		if *out != "" {
			b, err := PDF(f)
			save(t, name+".pdf", b, err)
		}
	}
}

func TestListsReadAsTheirGoldens(t *testing.T) {
	t.Parallel()
	list, cash := layHandOver(sampleList()), layCash(sampleCash())
	golden(t, "handover", read([]*sheet{list}))
	golden(t, "cash", read([]*sheet{cash}))
	tidy(t, "handover", []*sheet{list})
	tidy(t, "cash", []*sheet{cash})
	check := []*sheet{layChecklist(sampleChecklist())} // ux-PR10
	golden(t, "checklist", read(check))
	tidy(t, "checklist", check)
	b, err := HandOver(sampleList())
	save(t, "handover.pdf", b, err)
	b, err = CashSummary(sampleCash())
	save(t, "cash.pdf", b, err)
	b, err = Prepare(sampleChecklist())
	save(t, "checklist.pdf", b, err)
}

// tidy fails if a mark lies outside the page or text lies over text.
func tidy(t *testing.T, name string, sheets []*sheet) {
	t.Helper()
	for _, s := range sheets {
		for i, page := range s.pages {
			var texts []mark
			for _, m := range page {
				w, h := m.w, m.h
				if m.kind == 't' {
					w, h = width(m.text, m.face, m.size), 0
					m.w = w
					texts = append(texts, m)
				}
				if m.x < s.left-0.1 || m.x+w > s.right+0.1 || m.y < s.top-0.1 || max(m.y, m.y+h) > s.height-8 {
					t.Errorf("%s page %d: %q at %.1f,%.1f leaves the page", name, i+1, m.text, m.x, m.y)
				}
			}
			for a := range texts {
				for b := range a {
					if over(texts[a], texts[b]) {
						t.Errorf("%s page %d: %q lies over %q", name, i+1, texts[a].text, texts[b].text)
					}
				}
			}
		}
	}
}

func over(a, b mark) bool {
	return a.x < b.x+b.w-0.1 && b.x < a.x+a.w-0.1 &&
		a.y-0.7*a.size < b.y+0.2*b.size && b.y-0.7*b.size < a.y+0.2*a.size
}

func TestStoredFactsGiveTheSamePaper(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		stored, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var again Facts
		if err := json.Unmarshal(stored, &again); err != nil {
			t.Fatal(err)
		}
		first, err := layout(f)
		if err != nil {
			t.Fatal(err)
		}
		second, err := layout(again)
		if err != nil {
			t.Fatal(err)
		}
		for i := range first {
			if !reflect.DeepEqual(first[i].pages, second[i].pages) {
				t.Errorf("%s laid out from stored facts differs from the first print", name)
			}
		}
		if name != "receipt-stages" && name != "control-2018" {
			continue
		}
		one, err := PDF(f)
		if err != nil {
			t.Fatal(err)
		}
		two, err := PDF(again)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s printed from stored facts differs from the first print", name)
		}
	}
}

func TestPapersMadeAtTheSameTimeDoNotMix(t *testing.T) {
	t.Parallel()
	f := samples()["control-2025"]
	want, err := PDF(f)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			got, err := PDF(f)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("a paper made beside others differs: %v", err)
			}
		})
	}
	wait.Wait()
}

func TestUnknownKindIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := PDF(Facts{Template: pack.SlipTemplate{Kind: "poem"}}); err == nil {
		t.Error("a paper of unknown kind was made")
	}
}

func TestEmptyFactsStillMakeEachPaper(t *testing.T) {
	t.Parallel()
	for kind := range forms {
		sheets, err := layout(Facts{Template: pack.SlipTemplate{Kind: kind}})
		if err != nil {
			t.Fatalf("laying out an empty %s: %v", kind, err)
		}
		tidy(t, kind, sheets)
	}
}

// modules reads the drawn boxes back into a grid.
func modules(page []mark, size int) [][]bool {
	var boxes []mark
	x0, y0 := math.Inf(1), math.Inf(1)
	for _, m := range page {
		if m.kind == 'b' {
			boxes = append(boxes, m)
			x0, y0 = min(x0, m.x), min(y0, m.y)
		}
	}
	module := qrSide / float64(size)
	grid := make([][]bool, size)
	for i := range grid {
		grid[i] = make([]bool, size)
	}
	for _, m := range boxes {
		row, col := int(math.Round((m.y-y0)/module)), int(math.Round((m.x-x0)/module))
		for n := range int(math.Round(m.w / module)) {
			grid[row][col+n] = true
		}
	}
	return grid
}

func TestQROfTheGivenCopyHoldsTheTrackingAddress(t *testing.T) {
	t.Parallel()
	f := samples()["receipt-2025"]
	sheets, err := layout(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, payload := range []string{f.Code, f.TrackURL} {
		want, err := qr.Encode(payload, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		got := modules(sheets[i].pages[0], want.Size)
		for y := range want.Size {
			for x := range want.Size {
				if got[y][x] != want.Black(x, y) {
					t.Fatalf("copy %d: module %d,%d differs from the QR of %s", i+1, x, y, payload)
				}
			}
		}
	}
}

// The key and the token are the citizen's; whoever reads the desk's copy must
// not be able to look like the citizen.
func TestKeptCopyShowsNoSecret(t *testing.T) {
	t.Parallel()
	f := samples()["receipt-2025"]
	sheets, err := layout(f)
	if err != nil {
		t.Fatal(err)
	}
	if kept := read(sheets[:1]); strings.Contains(kept, f.Secret) {
		t.Error("the copy kept at the desk shows the lookup key")
	}
	if given := read(sheets[1:]); !strings.Contains(given, f.Secret) {
		t.Error("the copy given to the citizen lacks the lookup key")
	}
}

func TestEveryVietnameseLetterIsInTheFaces(t *testing.T) {
	t.Parallel()
	count := 0
	for _, row := range []string{
		"aàáảãạăằắẳẵặâầấẩẫậ", "eèéẻẽẹêềếểễệ", "iìíỉĩị", "oòóỏõọôồốổỗộơờớởỡợ", "uùúủũụưừứửữự", "yỳýỷỹỵ", "đ",
	} {
		for _, r := range row + strings.ToUpper(row) {
			count++
			for f := range faces {
				if !advances()[f].has(r) {
					t.Errorf("face %d lacks %c", f, r)
				}
			}
		}
	}
	if count != 146 { // 73 with the plain vowels, in both cases
		t.Errorf("checked %d letters, want 146", count)
	}
	for f := range faces {
		for _, r := range string(missing) + "…–·×₫" {
			if !advances()[f].has(r) {
				t.Errorf("face %d lacks %c", f, r)
			}
		}
	}
}

// rel-B-W02: 300 characters, in one word and in many, never leave the paper.
func TestLongPapersRunOverPagesAndLoseNothing(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		long := strings.TrimSpace(strings.Repeat("Nguyễn Thị Hoàng Khuyên ", 13))[:300]
		long = strings.ToValidUTF8(long, "")
		f.Applicant.Name = long
		f.Applicant.Address = strings.Repeat("ĐườngRấtDàiKhôngCóDấuCách", 12)
		f.Procedure = strings.Repeat("Cấp giấy phép vận chuyển ", 12)
		f.Components = nil
		for i := range 20 {
			f.Components = append(f.Components, Component{Name: fmt.Sprintf("Giấy tờ thứ %d: %s", i+1, strings.Repeat("văn bản kèm theo ", 8)), Originals: 1})
		}
		for range 20 {
			f.Control = append(f.Control, Hand{Giver: long, Taker: long, Unit: "Đội 1", At: f.At, Result: "late", Note: "ghi chú dài ở đây"})
		}
		f.Reasons = []string{strings.Repeat("Lý do rất dài. ", 600)} // 9,000 characters
		sheets, err := layout(f)
		if err != nil {
			t.Fatal(err)
		}
		tidy(t, name, sheets)
		text := squeeze(read(sheets))
		if kind := f.Template.Kind; kind == "receipt" || kind == "supplement" || kind == "ct04" {
			if !strings.Contains(text, "Giấytờthứ20:") || len(sheets[0].pages) < 2 {
				t.Errorf("%s: paper 20 is lost", name)
			}
			for i, page := range sheets[0].pages {
				s := &sheet{pages: [][]mark{page}}
				r := read([]*sheet{s})
				if strings.Contains(r, "Giấy tờ thứ") && !strings.Contains(r, "Tên giấy tờ") {
					t.Errorf("%s page %d: table goes on without its head", name, i+1)
				}
			}
		}
		if n := strings.Count(text, "dài."); n > 0 && n != 600 {
			t.Errorf("%s: %d of 600 sentences printed", name, n)
		}
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// A row longer than a page goes on over the page instead of leaving it.
func TestOneRowLongerThanAPageIsSplit(t *testing.T) {
	t.Parallel()
	f := samples()["receipt-2025"]
	f.Components = []Component{{Name: strings.TrimSpace(strings.Repeat("chữ ", 2000)), Originals: 1}}
	sheets, err := layout(f)
	if err != nil {
		t.Fatal(err)
	}
	tidy(t, "long row", sheets)
	if n := strings.Count(read(sheets[:1]), "chữ"); n < 2000 {
		t.Errorf("%d of 2000 words printed", n)
	}
}

// rel-B-W02, rel-B-W08: what people type is text and nothing else.
func TestTypedTextIsOnlyText(t *testing.T) {
	t.Parallel()
	all := ""
	for typed, shown := range map[string]string{
		"<script>alert(1)</script>":    "<script>alert(1)</script>",
		"(Tj) ET \\) endstream endobj": "(Tj) ET \\) endstream endobj",
		"{nb} {number} %PDF %%EOF":     "{nb} {number} %PDF %%EOF",
		"Lò\x00 \x1bVăn\x07":           "Lò Văn",
		"\u202eneiht\u202c Thiên":      "neiht Thiên",
		"\u2066A\u2069\u200b\ufeffB":   "AB",
		"a\u0306\u0301i":               "ắi",
		"王 \U0001F600":                 "□ □",
		"\xff\xfe":                     "□",
	} {
		f := samples()["receipt-2025"]
		f.Applicant.Name, f.Copy = typed, 2
		all += typed
		sheets, err := layout(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(sheets); !strings.Contains(got, "Tiếp nhận hồ sơ của: "+shown+" (") {
			t.Errorf("%q is not shown as %q", typed, shown)
		}
	}
	f := samples()["receipt-2025"]
	f.Applicant.Name, f.Copy = all, 2
	b, err := PDF(f)
	if err != nil || bytes.Count(b, []byte("%%EOF")) != 1 {
		t.Errorf("%q breaks the file: %v", all, err)
	}
}

func TestTemplateReplacesWordsTitleAndSize(t *testing.T) {
	t.Parallel()
	f := samples()["receipt-2025"]
	f.Template.Words = map[string]string{"limit": "Thời hạn luật định", "void": "BỎ, xem phiếu {number}"}
	f.Template.Title, f.Template.Form, f.Template.Paper, f.Void = "GIẤY BIÊN NHẬN", "Mẫu 9", "A4", "7"
	sheets, err := layout(f)
	if err != nil {
		t.Fatal(err)
	}
	got := read(sheets)
	for _, want := range []string{"== A4 GIẤY BIÊN NHẬN", "Thời hạn luật định: 08 ngày", "BỎ, xem phiếu 7", "Mẫu 9 · "} {
		if !strings.Contains(got, want) {
			t.Errorf("the template's %q is not on the paper:\n%s", want, got)
		}
	}
}

func TestRunningTextIsLargeEnough(t *testing.T) {
	t.Parallel()
	for paper, least := range map[string]float64{"A5": 10.5, "A4": 12, "A4-landscape": 11} {
		s := newSheet(pack.SlipTemplate{Paper: paper}, time.Time{})
		for step := range 3 {
			s.tighten(step)
			if s.base < least || s.small < least-1 {
				t.Errorf("%s is set in %g and %g points, want at least %g", paper, s.base, s.small, least)
			}
		}
	}
}

func TestTimesAreReadInVietNam(t *testing.T) {
	t.Parallel()
	if got := clock(at("2026-11-26T18:05:00Z")); got != "01 giờ 05 phút, thứ Sáu ngày 27/11/2026" {
		t.Error(got)
	}
	if got := money(1_234_567, ""); got != "1.234.567 đồng" {
		t.Error(got)
	}
	if got := money(-10_000, ""); got != "-10.000 đồng" {
		t.Error(got)
	}
}

func BenchmarkReceipt(b *testing.B) {
	f := samples()["receipt-2025"]
	for b.Loop() {
		if _, err := PDF(f); err != nil {
			b.Fatal(err)
		}
	}
}

func TestLongHandOverListRepeatsItsHead(t *testing.T) {
	t.Parallel()
	l := sampleList()
	for range 5 {
		l.Rows = append(l.Rows, l.Rows...)
	}
	s := layHandOver(l)
	tidy(t, "handover", []*sheet{s})
	got := read([]*sheet{s})
	if heads := strings.Count(got, "Mã hồ sơ"); len(s.pages) < 5 || heads != len(s.pages) {
		t.Errorf("%d heads on %d pages", heads, len(s.pages))
	}
	if n := strings.Count(got, "H35.20-20261126-"); n != 96 {
		t.Errorf("%d of 96 dossiers listed", n)
	}
}
