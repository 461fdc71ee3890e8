package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/dossier"
	"quay20/internal/pack"
)

func TestQuestionsLeadToTheOwnList(t *testing.T) { // ux-C5, ux-C6
	t.Parallel()
	inTown(t, func(w *town) {
		first := page(w.t, get(w.t, w.s, "/tt/1.001456/kiem-tra"))
		if got := said(first, "h1"); got != "Ông/bà cần việc gì?" {
			w.t.Fatalf("the first question is %q", got)
		}
		if got := texts(first, ".govuk-radios__label"); got[len(got)-1] != "Tôi không chắc" || len(got) != 5 {
			w.t.Errorf("answers %q", got)
		}
		left := get(w.t, w.s, "/tt/1.001456/kiem-tra?cau=viec")
		doc := page(w.t, left)
		if href, _ := doc.Find(".govuk-error-summary a").Attr("href"); left.Code != 422 || !strings.HasPrefix(said(doc, "title"), "Lỗi: ") || href != "#viec" || doc.Find("#viec").Length() != 1 {
			w.t.Errorf("a question without an answer: %d, %q, link %q", left.Code, said(doc, "title"), href)
		}
		second := page(w.t, get(w.t, w.s, "/tt/1.001456/kiem-tra?cau=viec&viec=mat"))
		if got, _ := second.Find(`input[type="hidden"][name="viec"]`).Attr("value"); said(second, "h1") != "Hộ chiếu làm cho ai?" || got != "mat" {
			w.t.Errorf("the second question is %q, the first answer %q", said(second, "h1"), got)
		}
		if back, _ := second.Find(".govuk-back-link").Attr("href"); back != "/tt/1.001456/kiem-tra" {
			w.t.Errorf("back leads to %s", back)
		}
		done := get(w.t, w.s, "/tt/1.001456/kiem-tra?cau=cho-ai&viec=mat&cho-ai=nguoi-lon")
		to := done.Header().Get("Location")
		if done.Code != http.StatusSeeOther || to != "/tt/1.001456/chuan-bi?cho-ai=nguoi-lon&viec=mat" {
			w.t.Fatalf("all answered leads to %s (%d)", to, done.Code)
		}
		list := page(w.t, get(w.t, w.s, to))
		papers := texts(list, ".govuk-checkboxes__label")
		if !slices.ContainsFunc(papers, func(p string) bool { return strings.HasPrefix(p, "Đơn báo mất") }) ||
			slices.ContainsFunc(papers, func(p string) bool { return strings.HasPrefix(p, "Giấy khai sinh") }) || list.Find("main h2.govuk-heading-s").Length() > 0 {
			w.t.Errorf("an adult who lost a passport brings %q", papers)
		}
		if got := texts(list, ".q-box__answer"); !strings.HasPrefix(got[1], "200.000 đồng") {
			w.t.Errorf("it costs %q, want the reduced fee of a lost passport", got[1])
		}
		if got := said(list, ".q-rules"); !strings.Contains(got, "64/2025/TT-BTC, đến hết 31/12/2026") || !strings.Contains(got, "Sau đó: 400.000 đồng") {
			w.t.Errorf("the rule of the fee: %q", got)
		}
		if got := said(list, ".q-address"); got != testOrigin+to {
			w.t.Errorf("the list is shared as %q", got)
		}
	})
}

func TestAnAnswerThatDoesNotFitSaysWhatDoes(t *testing.T) { // ux-C5
	t.Parallel()
	inTown(t, func(w *town) {
		a := get(w.t, w.s, "/tt/3.000347/kiem-tra?vi-sao=mat")
		doc := page(w.t, a)
		if href, _ := doc.Find(`main a[href="/tt/3.000348"]`).Attr("href"); a.Code != 200 || href == "" || doc.Find(".govuk-error-summary, main form").Length() > 0 {
			w.t.Errorf("%d %q", a.Code, said(doc, "main"))
		}
	})
}

func TestWithoutQuestionsTheListOfCasesIsAsked(t *testing.T) { // ux-C5
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/tt/1.013079/kiem-tra"))
		if doc.Find(`input[name="truong-hop"]`).Length() < 2 || doc.Find(`input[name="giay"]`).Length() != 1 {
			w.t.Fatalf("the lists: %q", said(doc, "main"))
		}
		const boxes = "/tt/1.013079/chuan-bi?chon=1&truong-hop=Bi%E1%BB%83n+s%E1%BB%91+xe"
		without := texts(page(w.t, get(w.t, w.s, boxes)), ".govuk-checkboxes__label")
		with := texts(page(w.t, get(w.t, w.s, boxes+"&giay=Xe+c%E1%BA%A3i+t%E1%BA%A1o")), ".govuk-checkboxes__label")
		if len(with) <= len(without) {
			w.t.Errorf("a rebuilt car needs %q, another %q", with, without)
		}
		for _, p := range w.p.Law.Law().Procedures("2026-03-02") {
			v, _ := p.On("2026-03-02")
			special := slices.ContainsFunc(v.Components, func(c pack.Component) bool { return c.Case != "" })
			if len(v.Cases) == 1 && !special && len(p.FeeCases("", "2026-03-02")) < 2 && p.Guide == nil {
				if a := get(w.t, w.s, "/tt/"+p.Code+"/kiem-tra"); a.Header().Get("Location") != "/tt/"+p.Code+"/chuan-bi" {
					w.t.Errorf("%s has no cases and asks for one: %d", p.Code, a.Code)
				}
				return
			}
		}
		w.t.Error("every procedure has cases")
	})
}

func TestTheListIsPrintedAndKept(t *testing.T) { // ux-C6, ux-PR10
	t.Parallel()
	inTown(t, func(w *town) {
		pdf := get(w.t, w.s, "/tt/1.001456/chuan-bi.pdf?viec=mat&cho-ai=nguoi-lon")
		if pdf.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(pdf.Body.String(), "%PDF") {
			w.t.Errorf("the PDF is %s", pdf.Header().Get("Content-Type"))
		}
		a := get(w.t, w.s, "/tt/1.001456/chuan-bi.html?viec=mat&cho-ai=nguoi-lon")
		doc := page(w.t, a)
		if !strings.HasPrefix(a.Header().Get("Content-Disposition"), "attachment") || !strings.Contains(said(doc, "body"), "Đơn báo mất") {
			w.t.Errorf("saved as %q: %q", a.Header().Get("Content-Disposition"), said(doc, "body"))
		}
		if n := doc.Find("script, link, img, iframe, [src], form").Length(); n > 0 {
			w.t.Errorf("the saved list asks %d things of the network", n)
		}
		if body, _ := doc.Find("body").Html(); strings.Contains(body, "{") || strings.Contains(body, "[prepare.") {
			w.t.Error("the saved list has unfilled words")
		}
	})
}

func TestDesksNearAreFoundByOldNamesToo(t *testing.T) { // ux-C4, rel-B-W11
	t.Parallel()
	inTown(t, func(w *town) {
		near := func(query string) *goquery.Selection {
			return page(w.t, get(w.t, w.s, "/tt/1.004194?"+query)).Find(".q-near")
		}
		for query, want := range map[string]string{
			"xa=doan+ket":                     "Công an phường Đoàn Kết",
			"xa=Quy%E1%BA%BFt+Ti%E1%BA%BFn":   "«Quyết Tiến» nay thuộc Phường Đoàn Kết.",
			"xa=huy%E1%BB%87n+Than+Uy%C3%AAn": "nay thuộc nhiều xã, phường",
			"xa=Atlantis":                     "Không có xã, phường nào tên «Atlantis»",
			"xa=doan+ket&lang=en":             "Decides in your commune",
		} {
			if got := strings.Join(strings.Fields(near(query).Text()), " "); !strings.Contains(got, want) {
				w.t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		for at, want := range map[string]string{
			"2026-03-02 09:15": "Đang mở cửa.", "2026-03-02 12:00": "mở lại lúc 13 giờ 30 hôm nay",
			"2026-04-27 09:00": "mở lại lúc 07 giờ 00, thứ Ba 28/04/2026", // a compensation day announced by notice
		} {
			when, err := time.ParseInLocation("2006-01-02 15:04", at, vietnam)
			if err != nil {
				w.t.Fatal(err)
			}
			w.clock.Set(when)
			if got := strings.Join(strings.Fields(near("xa=doan+ket").Text()), " "); !strings.Contains(got, want) {
				w.t.Errorf("at %s: %q, want %q", at, got, want)
			}
		}
	})
}

func TestWhatAVersionChangedIsToldInWords(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/tt/1.004222/2024-01-01/thay-doi"))
		got := said(doc, "main")
		for _, want := range []string{"Hồ sơ đã tiếp nhận trước 01/01/2024 vẫn theo bản trước", "Tờ khai thay đổi thông tin cư trú: trước là", "Thông tư 56/2021/TT-BCA", "Thông tư 66/2023/TT-BCA"} {
			if !strings.Contains(got, want) {
				w.t.Errorf("%q is not told: %q", want, got)
			}
		}
		if strings.Contains(got, "Giấy giới thiệu") {
			w.t.Error("a paper that did not change is told")
		}
		if a := get(w.t, w.s, "/tt/1.004222/2021-07-01/thay-doi"); a.Code != 404 {
			w.t.Errorf("the first version changed something: %d", a.Code)
		}
		if href, _ := page(w.t, get(w.t, w.s, "/tt/1.004222/2024-01-01")).Find(`a[href$="/thay-doi"]`).Attr("href"); href != "/tt/1.004222/2024-01-01/thay-doi" {
			w.t.Errorf("the page leads to %q", href)
		}
	})
}

func TestRealTimeStandsBesideTheLimit(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		time := func() string { return texts(page(w.t, get(w.t, w.s, "/tt/1.001456")), ".q-box__answer")[0] }
		for range 5 {
			d := w.received(func(in *dossier.Intake) { in.Filer = w.p.Person() })
			for d.State != dossier.Concluded {
				d = w.work(d, 1)
			}
		}
		if got := time(); strings.Contains(got, "Thực tế") {
			w.t.Errorf("nothing was counted yet: %q", got)
		}
		w.clock.Add(2 * 60 * 60e9)
		if _, err := w.p.Register.Sweep(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if got := time(); !strings.Contains(got, "Tính trên 5 hồ sơ") || !strings.Contains(got, "giờ làm việc") {
			w.t.Errorf("the real time: %q", got)
		}
	})
}

func TestStepsInOurWordsAreMarked(t *testing.T) { // ux-C4
	t.Parallel()
	inTown(t, func(w *town) {
		for path, ours := range map[string]bool{"/tt/1.001456": true, "/tt/1.013079": false, "/tt/1.001456/2020-07-01": false} {
			if got := page(w.t, get(w.t, w.s, path)).Find(".q-ours").Length() > 0; got != ours {
				w.t.Errorf("%s is marked as ours: %v", path, got)
			}
		}
	})
}

// What the trust pages say of cookies must be all that there are.
func TestTrustPagesTellWhatIsTrue(t *testing.T) { // ux-C36
	t.Parallel()
	inTown(t, func(w *town) {
		home := page(w.t, get(w.t, w.s, "/"))
		for _, path := range []string{"/tro-giup", "/kha-nang-tiep-can", "/rieng-tu", "/cookie"} {
			a := get(w.t, w.s, path)
			if got := said(page(w.t, a), "main"); a.Code != 200 || strings.Contains(got, "[trust.") || strings.Contains(got, " | ") {
				w.t.Errorf("%s: %d %q", path, a.Code, got)
			}
			if home.Find(`footer a[href="`+path+`"]`).Length() != 1 {
				w.t.Errorf("no page leads to %s", path)
			}
			if set := a.Result().Cookies(); len(set) > 0 {
				w.t.Errorf("%s sets %v", path, set)
			}
		}
		cookies := said(page(w.t, get(w.t, w.s, "/cookie")), "main")
		for _, use := range []string{"", "lang", "form"} {
			if !strings.Contains(cookies, cookieName(use)) {
				w.t.Errorf("%s is not named", cookieName(use))
			}
		}
	})
}
