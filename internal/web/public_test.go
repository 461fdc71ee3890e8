package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// texts are the texts of each thing that a selector finds.
func texts(doc *goquery.Document, selector string) []string {
	return doc.Find(selector).Map(func(_ int, s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") })
}

func TestHomeLeadsToErrandsTrackingAndFields(t *testing.T) { // ux-C1
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/"))
		if doc.Find(`form[action="/tim"][method="get"] input[name="q"]`).Length() != 1 {
			w.t.Error("no search box")
		}
		if got := texts(doc, ".q-errands__link"); len(got) != 8 || got[0] != "Đăng ký tạm trú" {
			w.t.Errorf("the most used errands are %q", got)
		}
		if doc.Find(`main a[href="/tra-cuu"]`).Length() != 1 || doc.Find(`main a[href="/linh-vuc/cu-tru"]`).Length() != 1 {
			w.t.Error("no way to tracking or to the fields")
		}
		if got := said(doc, "main"); strings.Contains(got, "Đặt lịch") || strings.Contains(got, "Nộp phạt") {
			w.t.Error("home offers what does not exist")
		}
		doc.Find("main a").Each(func(_ int, a *goquery.Selection) {
			href, _ := a.Attr("href")
			if code := get(w.t, w.s, href).Code; code != http.StatusOK {
				w.t.Errorf("the link %s is answered %d", href, code)
			}
		})
	})
}

func TestSearchFindsHoweverItIsTyped(t *testing.T) { // ux-C2
	t.Parallel()
	inTown(t, func(w *town) {
		for typed, want := range map[string]string{
			"dang ki tam tru": "/tt/1.004194", "ddawng ky tam tru": "/tt/1.004194", "tt": "/tt/1.004194",
			"1.001456": "/tt/1.001456", "hộ chiếu": "/tt/1.001456", "làm cà vẹt": "/tt/1.013067",
		} {
			doc := page(w.t, get(w.t, w.s, "/tim?q="+url.QueryEscape(typed)))
			if got, _ := doc.Find(".q-errands__link").First().Attr("href"); got != want {
				w.t.Errorf("%q leads to %s first, want %s", typed, got, want)
			}
			if got := texts(doc, ".q-errands__why"); len(got) == 0 || got[0] == "" {
				w.t.Errorf("%q: it does not say why it was found", typed)
			}
		}
	})
}

func TestSearchLeavesOutWhatSharesOnlyACommonWord(t *testing.T) { // ux-C2
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/tim?q="+url.QueryEscape("hộ chiếu")))
		if got := texts(doc, ".q-errands__field"); len(got) == 0 || got[0] != "Quản lý xuất nhập cảnh" || slices.Contains(got, "Quản lý vũ khí, vật liệu nổ, công cụ hỗ trợ và pháo") {
			w.t.Errorf("the findings are of %q", got)
		}
	})
}

func TestSearchGroupsWhatItFinds(t *testing.T) { // ux-C2
	t.Parallel()
	inTown(t, func(w *town) {
		for typed, want := range map[string][2]string{
			"đóng phạt nguội":          {"Việc khác của công an", "Giải quyết vi phạm giao thông và nộp tiền phạt"},
			"mẫu CT01":                 {"Biểu mẫu", "CT01"},
			"tạm trú ở xã Mường So":    {"Địa danh đã thay đổi", "Xã Mường So (cũ): nay do Công an xã"},
			"xin giay dang ky ket hon": {"Việc này không làm ở công an", "Ủy ban nhân dân xã, phường (tư pháp – hộ tịch)"},
		} {
			doc := page(w.t, get(w.t, w.s, "/tim?q="+url.QueryEscape(typed)))
			if heads := texts(doc, "main h2"); !slices.Contains(heads, want[0]) || !strings.Contains(said(doc, "main"), want[1]) {
				w.t.Errorf("%q shows %q, want %q with %q", typed, heads, want[0], want[1])
			}
		}
	})
}

// A question of ours is not sent away, and one of others is, with the agency
// that is right on the day.
func TestOthersErrandsAreSentToTheirAgency(t *testing.T) { // ux-C2
	t.Parallel()
	inTown(t, func(w *town) {
		for _, ours := range []string{"đăng ký thường trú", "làm hộ chiếu", "đổi bằng lái xe", "lý lịch tư pháp", "đăng ký xe", "thẻ bảo hiểm y tế thân nhân công an", "đi nghĩa vụ công an"} {
			if doc := page(w.t, get(w.t, w.s, "/tim?q="+url.QueryEscape(ours))); doc.Find(".q-away").Length() > 0 || doc.Find(".q-errands__link").Length() == 0 {
				w.t.Errorf("%q is sent away", ours)
			}
		}
		doc := page(w.t, get(w.t, w.s, "/tim?q="+url.QueryEscape("bỏ thẻ bảo hiểm y tế vào căn cước")))
		if got := said(doc, ".q-away h2"); got != "Có thể việc này không làm ở công an" || !slices.ContainsFunc(hrefs(doc), func(h string) bool { return h == "/tt/1.014060" }) {
			w.t.Errorf("what may be ours is sent away: %q", got)
		}
		for theirs, agency := range map[string]string{"khai sinh cho con": "tư pháp – hộ tịch", "bìa đỏ": "Văn phòng Đăng ký đất đai", "dang kiem o to con": "Trung tâm Đăng kiểm", "nhập ngũ": "Ban Chỉ huy Quân sự"} {
			doc := page(w.t, get(w.t, w.s, "/tim?q="+url.QueryEscape(theirs)))
			if got := said(doc, ".q-away"); !strings.Contains(got, agency) {
				w.t.Errorf("%q says %q, want %q", theirs, got, agency)
			}
		}
	})
}

// hrefs are the addresses of the procedures found.
func hrefs(doc *goquery.Document) []string {
	return doc.Find(".q-errands__link").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("href", "") })
}

func TestBoxOffersWhatFitsSoFar(t *testing.T) { // ux-C2
	t.Parallel()
	inTown(t, func(w *town) {
		for typed, want := range map[string]string{"dang ky tam tru": "/tt/1.004194", "hộ ch": "/tt/1.001456", "khai sinh": "/tim?q="} {
			res := get(w.t, w.s, "/tim/goi-y?q="+url.QueryEscape(typed))
			var got []suggestion
			if err := json.Unmarshal(res.Body.Bytes(), &got); err != nil || len(got) == 0 || len(got) > mostSuggested || !strings.HasPrefix(got[0].Href, want) || got[0].Name == "" {
				w.t.Errorf("%q is offered %s (%v), want %s", typed, res.Body, err, want)
			}
		}
		for typed, want := range map[string]int{"": 200, "zzzzqqq": 200, strings.Repeat("a", 7000): 200, "\u202e": 422, "\x00": 422} {
			res := get(w.t, w.s, "/tim/goi-y?q="+url.QueryEscape(typed))
			if res.Code != want || want == 200 && strings.TrimSpace(res.Body.String()) != "[]" {
				w.t.Errorf("%.10q is answered %d %.100s", typed, res.Code, res.Body)
			}
		}
	})
}

func TestNothingFoundOffersWhatIsWrittenAlike(t *testing.T) { // ux-C2
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/tim?q="+url.QueryEscape("honchieuphothong")))
		if got := texts(doc, ".q-errands__link"); len(got) != 5 || !strings.Contains(strings.ToLower(got[0]), "hộ chiếu") {
			w.t.Errorf("it offers %q", got)
		}
		if !strings.Contains(said(doc, "main"), "1900 0368") {
			w.t.Error("no hotline")
		}
	})
}

func TestSearchWithoutResultOffersTheCommonErrands(t *testing.T) { // ux-C2
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/tim?q="+url.QueryEscape("xyzzyx <qwrtp>")))
		if got := said(doc, "main strong"); got != "Không tìm thấy «xyzzyx <qwrtp>»" {
			w.t.Errorf("it says %q", got)
		}
		if got := texts(doc, ".q-errands__link"); len(got) != 5 {
			w.t.Errorf("it offers %q, want 5 errands", got)
		}
		if code := get(w.t, w.s, "/tim").Code; code != http.StatusOK {
			w.t.Errorf("an empty search: %d", code)
		}
		if code := get(w.t, w.s, "/tim?q=%E2%80%AE").Code; code != http.StatusUnprocessableEntity {
			w.t.Errorf("a direction override: %d, want 422", code)
		}
		if code := get(w.t, w.s, "/tim?q="+strings.Repeat("a", 7000)).Code; code != http.StatusOK {
			w.t.Errorf("a very long question: %d", code)
		}
	})
}

func TestIndexIsBuiltOncePerLawAndDay(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		var s shelf
		law := w.p.Law.Law()
		first := s.at(law, "2026-03-02")
		if s.at(law, "2026-03-02") != first {
			w.t.Error("the same law and day build a second index")
		}
		if s.at(law, "2026-03-03") == first {
			w.t.Error("the next day keeps the index of the day before")
		}
	})
}

func TestFieldsAreThoseOfTheDay(t *testing.T) { // ux-C3
	t.Parallel()
	inTown(t, func(w *town) {
		now := page(w.t, get(w.t, w.s, "/linh-vuc"))
		then := page(w.t, get(w.t, w.s, "/linh-vuc?ngay=2022-11-22"))
		if !slices.Contains(texts(now, ".q-fields a"), "Sát hạch, cấp giấy phép lái xe") {
			w.t.Error("driving licences, with the police since 2025, are missing")
		}
		if slices.Contains(texts(then, ".q-fields a"), "Sát hạch, cấp giấy phép lái xe") {
			w.t.Error("driving licences are shown in 2022")
		}
		if slices.Contains(texts(then, ".q-fields a"), "Bảo đảm trật tự, an toàn giao thông đường bộ") {
			w.t.Error("a field without a procedure is shown")
		}
		if got := said(then, ".q-notice"); got != "Đang xem danh mục của ngày 22/11/2022." {
			w.t.Errorf("notice %q", got)
		}
		if got := page(w.t, get(w.t, w.s, "/thu-tuc")).Find(".q-fields a").Length(); got != now.Find(".q-fields a").Length() {
			w.t.Errorf("/thu-tuc shows %d fields", got)
		}
	})
}

func TestFieldShowsItsProceduresAndWhoHandlesThem(t *testing.T) { // ux-C3
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/linh-vuc/cu-tru"))
		if got := texts(doc, ".q-errands__link"); len(got) != 13 || got[0] != "Đăng ký tạm trú" {
			w.t.Errorf("%d procedures, first %q", len(got), got[0])
		}
		if got := said(doc, "main"); !strings.Contains(got, "Đơn vị phụ trách: ") {
			w.t.Error("it does not say who handles the field")
		}
		for path, want := range map[string]int{"/linh-vuc/khong-co": 404, "/linh-vuc/gplx?ngay=2022-11-22": 404, "/linh-vuc/cu-tru?ngay=2026-02-30": 422} {
			if got := get(w.t, w.s, path).Code; got != want {
				w.t.Errorf("%s: %d, want %d", path, got, want)
			}
		}
	})
}

func TestPublicPagesAreAskedAboutAndNotSentTwice(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		for _, path := range []string{"/", "/tim?q=tam", "/thu-tuc", "/linh-vuc/cu-tru", "/tt/1.004194", "/tt/1.004194/2025-07-01"} {
			first := get(w.t, w.s, path)
			etag := first.Header().Get("ETag")
			if first.Code != 200 || etag == "" || first.Header().Get("Cache-Control") != "private, no-cache" {
				w.t.Errorf("%s: %d, ETag %q, %q", path, first.Code, etag, first.Header().Get("Cache-Control"))
				continue
			}
			if got := first.Header().Values("Set-Cookie"); len(got) > 0 {
				w.t.Errorf("%s sets %q", path, got)
			}
			again := request("GET", path, "")
			again.Header.Set("If-None-Match", etag)
			kept := do(w.s, again)
			if kept.Code != 304 || kept.Body.Len() > 0 || kept.Header().Get("Content-Security-Policy") != "" {
				w.t.Errorf("%s again: %d with %d bytes and policy %q", path, kept.Code, kept.Body.Len(), kept.Header().Get("Content-Security-Policy"))
			}
			english := request("GET", path, "")
			english.Header.Set("If-None-Match", etag)
			english.AddCookie(&http.Cookie{Name: "__Host-quay20-lang", Value: "en"})
			if got := do(w.s, english); got.Code != 200 || got.Header().Get("Content-Language") != "en" {
				w.t.Errorf("%s in English after Vietnamese: %d %s", path, got.Code, got.Header().Get("Content-Language"))
			}
		}
		w.clock.Set(morning.AddDate(0, 4, 0)) // another day, another version of the law
		stale := request("GET", "/tt/1.004194", "")
		stale.Header.Set("If-None-Match", get(w.t, w.s, "/tt/1.004194/2025-07-01").Header().Get("ETag"))
		if got := do(w.s, stale); got.Code != 200 {
			w.t.Errorf("after the change of the law: %d, want the new page", got.Code)
		}
	})
}

func TestFirstVisitOfHomeAndProcedureIsLight(t *testing.T) { // ux 7
	t.Parallel()
	inTown(t, func(w *town) {
		for _, path := range []string{"/", "/tt/1.004194", "/tt/1.013067"} {
			total, files := 0, 1
			weigh := func(target string) *http.Response {
				r := request("GET", target, "")
				r.Header.Set("Accept-Encoding", "gzip")
				a := do(w.s, r)
				total += a.Body.Len()
				return a.Result()
			}
			weigh(path)
			doc := page(w.t, get(w.t, w.s, path))
			doc.Find(`link[rel="stylesheet"], script[src], link[rel="icon"]`).Each(func(_ int, s *goquery.Selection) {
				weigh(s.AttrOr("href", s.AttrOr("src", "")))
				files++
			})
			st, err := w.s.static()
			if err != nil {
				w.t.Fatal(err)
			}
			for name, a := range st.files {
				if strings.HasPrefix(name, "dist/fonts/") {
					total += len(a.plain)
				}
			}
			if total > 60<<10 || files > 6 {
				w.t.Errorf("%s weighs %d bytes with its letters and has %d files without them, want at most 60 KB and 6", path, total, files)
			}
		}
	})
}

func TestHoursAreWordedByRunsOfDays(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		law := w.p.Law.Law()
		for code, want := range map[string]string{
			"12-Q20": "thứ Hai đến thứ Sáu 07:00–11:30, 13:30–17:00",
			"03388":  "thứ Hai đến thứ Sáu 07:00–11:30, 13:30–17:00; thứ Bảy 07:00–11:30",
		} {
			u, _ := law.Unit(code, "2026-03-02")
			hours, _ := law.DeskHours(u.Key, "2026-03-02")
			if got := hoursWords("vi", hours.Intake); got != want {
				w.t.Errorf("%s is open %q, want %q", code, got, want)
			}
		}
	})
	if got := minuteWords(450); got != "07:30" {
		t.Errorf("450 minutes are %s", got)
	}
	if got := dayWords(time.Date(2026, 5, 18, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)); got != "18/05/2026" {
		t.Errorf("the day is %s", got)
	}
}

func TestEveryCitizensPageSpeaksBothLanguages(t *testing.T) { // ux 2 common rules
	t.Parallel()
	inTown(t, func(w *town) {
		d := w.received()
		for _, path := range []string{"/", "/tim?q=tam", "/thu-tuc", "/linh-vuc", "/linh-vuc/cu-tru", "/tt/1.004194", "/tt/1.004194/2025-07-01", "/tra-cuu", "/t/" + token(d)} {
			vi := page(w.t, get(w.t, w.s, path))
			other, _ := vi.Find(`.q-lang a[hreflang="en"]`).Attr("href")
			en := page(w.t, get(w.t, w.s, other))
			if got, _ := en.Find("html").Attr("lang"); got != "en" {
				w.t.Errorf("%s leads to %s, which speaks %q", path, other, got)
			}
			if back, _ := en.Find(`.q-lang a[hreflang="vi"]`).Attr("href"); !strings.HasPrefix(back, strings.SplitN(path, "?", 2)[0]) {
				w.t.Errorf("%s leads back to %s", other, back)
			}
			for _, doc := range []*goquery.Document{vi, en} {
				if got := said(doc, "body"); strings.Contains(got, "[") && !strings.Contains(path, "/tt/") {
					w.t.Errorf("%s lacks words: %s", path, got)
				}
				if doc.Find("h1").Length() != 1 || doc.Find("title").Text() == "" {
					w.t.Errorf("%s has no single heading or no title", path)
				}
			}
		}
	})
}
