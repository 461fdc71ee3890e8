package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

func TestProcedurePageHasEveryItemInItsOrder(t *testing.T) { // ux-C4, ux 2.1.1
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/tt/1.004194"))
		if got := said(doc, "h1"); got != "Đăng ký tạm trú" {
			w.t.Errorf("heading %q", got)
		}
		want := []string{"Giấy tờ cần có (thành phần, số lượng hồ sơ)", "Các bước làm (trình tự thực hiện)", "Nộp ở đâu, nộp thế nào (cách thức thực hiện)",
			"Ai làm được (đối tượng thực hiện)", "Điều kiện (yêu cầu, điều kiện)", "Cơ quan giải quyết (cơ quan thực hiện)",
			"Biểu mẫu (tên mẫu đơn, tờ khai)", "Căn cứ pháp lý"}
		if got := texts(doc, "main h2"); !slices.Equal(got, want) {
			w.t.Errorf("headings\n%q, want\n%q", got, want)
		}
		questions, answers := texts(doc, ".q-box__question"), texts(doc, ".q-box__answer")
		if !slices.Equal(questions, []string{"Bao lâu có kết quả (thời hạn giải quyết)", "Mất bao nhiêu tiền (phí, lệ phí)", "Nộp ở đâu", "Được nhận gì (kết quả thực hiện)"}) {
			w.t.Errorf("the box asks %q", questions)
		}
		if !strings.HasPrefix(answers[0], "3 ngày làm việc") || !strings.Contains(answers[1], "15.000 đồng") {
			w.t.Errorf("the box answers %q", answers)
		}
		if got := texts(doc, "table:first-of-type thead th"); len(got) < 3 {
			w.t.Errorf("the table of channels has the heads %q", got)
		}
		if got := said(doc, ".q-papers"); !strings.Contains(got, "Tờ khai thay đổi thông tin cư trú") || !strings.Contains(got, "1 bản chính") {
			w.t.Errorf("papers: %q", got)
		}
		if got := texts(doc, "main h3"); !slices.Contains(got, "Chỉ khi: Đơn vị đóng quân Công an, Quân đội") {
			w.t.Errorf("papers of special cases are not apart: %q", got)
		}
		if doc.Find("main details[open]").Length() > 0 && said(doc, "details[open] summary") == "Căn cứ pháp lý" {
			w.t.Error("the legal basis is open")
		}
		if n := doc.Find("main ol li").Length(); n < 3 || n > 6 {
			w.t.Errorf("%d steps, want at most 6", n)
		}
	})
}

func TestEveryProcedureOfEveryTimeHasItsPage(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		for _, p := range w.p.Law.Law().AllProcedures() {
			paths := []string{"/tt/" + url.PathEscape(p.Code)}
			for i, v := range p.Versions {
				paths = append(paths, paths[0]+"/"+v.From)
				if i > 0 {
					paths = append(paths, paths[0]+"/"+v.From+"/thay-doi")
				}
			}
			paths = append(paths, paths[0]+"/chuan-bi")
			for _, path := range paths {
				a := get(w.t, w.s, path)
				if a.Code != 200 {
					w.t.Errorf("%s: %d", path, a.Code)
					continue
				}
				doc := page(w.t, a)
				if got := said(doc, "main"); strings.Contains(got, "[procedure.") || strings.Contains(got, "[lawtime.") || strings.Contains(got, "{") {
					w.t.Errorf("%s has unfilled words", path)
				}
				if n := doc.Find(".q-box__answer").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.TrimSpace(s.Text()) == "" }).Length(); n > 0 {
					w.t.Errorf("%s leaves %d of the four questions without answer", path, n)
				}
			}
		}
	})
}

func TestProcedureIsReadAsOfADay(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		for path, want := range map[string]struct{ notice, version string }{
			"/tt/1.004194":                 {"Từ 01/07/2026, thủ tục này thay đổi. Xem bản mới", "Áp dụng từ 01/07/2025 đến 30/06/2026"},
			"/tt/1.004194?ngay=2022-11-22": {"Đang xem nội dung của ngày 22/11/2022. Xem bản hiện hành", "Áp dụng từ 01/07/2021"},
			"/tt/1.004194/2026-07-01":      {"Bản này áp dụng từ 01/07/2026.", "Áp dụng từ 01/07/2026"},
			"/tt/1.004194/2021-07-01":      {"Đây không phải bản đang áp dụng. Xem bản hiện hành", "Áp dụng từ 01/07/2021"},
			"/tt/LC-PC-01":                 {"Thủ tục này không còn áp dụng sau ngày 30/06/2025. Thay bằng:", "đến 30/06/2025"},
			"/tt/2.000569":                 {"Thủ tục này không còn áp dụng sau ngày 28/02/2025.", "đến 28/02/2025"},
			"/tt/LC-CC-11":                 {"Bản này áp dụng từ 18/08/2026.", "Áp dụng từ 18/08/2026"},
			"/tt/2.000200":                 {"Thủ tục này áp dụng đến hết ngày 17/08/2026. Sau đó thay bằng:", "đến 17/08/2026"},
			"/tt/LC-PC-01?ngay=2022-11-22": {"Đang xem nội dung của ngày 22/11/2022.", "Áp dụng từ 10/01/2021"},
			"/tt/1.004194?ngay=2019-01-01": {"Bản này áp dụng từ 01/07/2021.", "Áp dụng từ 01/07/2021"},
		} {
			doc := page(w.t, get(w.t, w.s, path))
			if got := said(doc, ".q-notice"); !strings.Contains(got, want.notice) {
				w.t.Errorf("%s says %q, want %q", path, got, want.notice)
			}
			if got := said(doc, ".q-version"); !strings.Contains(got, want.version) {
				w.t.Errorf("%s: %q, want %q", path, got, want.version)
			}
		}
		for path, want := range map[string]int{"/tt/9.999999": 404, "/tt/1.004194/2020-01-01": 404, "/tt/1.004194?ngay=hom-nay": 422} {
			if got := get(w.t, w.s, path).Code; got != want {
				w.t.Errorf("%s: %d, want %d", path, got, want)
			}
		}
	})
}

func TestVersionsAreLinkedAndKeepTheirAddress(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		a := get(w.t, w.s, "/tt/1.004194")
		doc := page(w.t, a)
		before, _ := doc.Find(`.q-version a[rel="prev"]`).Attr("href")
		after, _ := doc.Find(`.q-version a[rel="next"]`).Attr("href")
		if before != "/tt/1.004194/2024-01-01" || after != "/tt/1.004194/2026-07-01" {
			w.t.Errorf("before %q, after %q", before, after)
		}
		if got := a.Header().Get("Link"); got != "<"+testOrigin+`/tt/1.004194/2025-07-01>; rel="canonical"` {
			w.t.Errorf("permanent address %q", got)
		}
	})
}

func TestChoosingACaseChangesTimePapersAndFee(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		answers := func(query url.Values) []string {
			return texts(page(w.t, get(w.t, w.s, "/tt/1.013066?"+query.Encode())), ".q-box__answer")
		}
		plain := answers(nil)
		if !strings.HasPrefix(plain[0], "2 ngày làm việc") || !strings.Contains(plain[1], "Tùy trường hợp") {
			w.t.Errorf("without a choice: %q", plain)
		}
		auction := answers(url.Values{"truong-hop": {"Biển số trúng đấu giá, định danh"}})
		if !strings.HasPrefix(auction[0], "7 ngày làm việc") {
			w.t.Errorf("auctioned plate: %q, want 7 ngày làm việc", auction[0])
		}
		car := answers(url.Values{"phi": {"Ô tô con đến 9 chỗ — khu vực II (toàn tỉnh Lai Châu)"}})
		if !strings.Contains(car[1], "đồng") || strings.Contains(car[1], "tùy") {
			w.t.Errorf("the fee of a car: %q", car[1])
		}
		if odd := answers(url.Values{"truong-hop": {"không có"}, "phi": {"<script>"}}); !slices.Equal(odd, plain) {
			w.t.Errorf("a case that does not exist gives %q", odd)
		}
		doc := page(w.t, get(w.t, w.s, "/tt/1.013066?truong-hop="+url.QueryEscape("Biển số trúng đấu giá, định danh")))
		if got, _ := doc.Find(`input[name="truong-hop"][checked]`).Attr("value"); !strings.HasPrefix(got, "Biển số trúng đấu giá") {
			w.t.Errorf("the chosen case is not shown as chosen: %q", got)
		}
		if m, _ := doc.Find(".q-choose").Attr("method"); m != "get" || doc.Find(".q-choose button").Length() != 1 {
			w.t.Error("the choice is no plain form")
		}
	})
}

func TestFeesDifferByChannelInTheTable(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/tt/1.004194"))
		rows := texts(doc, "main table tbody tr")
		if len(rows) < 2 || !strings.Contains(rows[0], "15.000 đồng") || !strings.Contains(rows[1], "7.000 đồng") || strings.Contains(rows[1], "15.000") {
			w.t.Errorf("channels: %q", rows)
		}
	})
}

func TestInterAgencyLimitNamesItsLegs(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		if got := texts(page(w.t, get(w.t, w.s, "/tt/1.002390")), ".q-box__answer"); !strings.HasPrefix(got[0], "3 ngày làm việc + 2 ngày làm việc") {
			w.t.Errorf("it takes %q, want 3 + 2", got[0])
		}
	})
}

func TestCompetenceAndDesksAreThoseOfTheDay(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		then := said(page(w.t, get(w.t, w.s, "/tt/1.004194?ngay=2024-11-22")), "main")
		now := said(page(w.t, get(w.t, w.s, "/tt/1.004194")), "main")
		if !strings.Contains(now, "Công an phường Đoàn Kết") || strings.Contains(then, "Có thể nộp ở bất kỳ bộ phận một cửa nào") {
			w.t.Error("desks or the any-desk rule are not those of the day")
		}
		if !strings.Contains(now, "Có thể nộp ở bất kỳ bộ phận một cửa nào trong tỉnh") {
			w.t.Error("the any-desk rule of 2025 is not told")
		}
	})
}

func TestEnglishPageSaysWhichWordsAreVietnamese(t *testing.T) { // ux 4.5
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/tt/1.004194?lang=en"))
		if got, _ := doc.Find("html").Attr("lang"); got != "en" {
			w.t.Errorf("page language %q", got)
		}
		if got, _ := doc.Find("h1").Attr("lang"); got != "vi" {
			w.t.Errorf("the name's language %q", got)
		}
		if got := texts(doc, ".q-box__question"); got[0] != "How long it takes (time limit)" {
			w.t.Errorf("the box asks %q", got)
		}
	})
}
