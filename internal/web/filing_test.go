package web

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/filing"
	declare "quay20/internal/form"
	"quay20/internal/pack"
)

// home is a person with a browser at home; cookies stay.
type home struct {
	*town
	cookies map[string]string
}

func (w *town) atHome() *home { return &home{w, map[string]string{}} }

// ask sends a request with the browser's cookies.
func (h *home) ask(r *http.Request) *httptest.ResponseRecorder {
	h.t.Helper()
	for name, v := range h.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: v})
	}
	w := httptest.NewRecorder()
	h.s.Handler().ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if h.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(h.cookies, c.Name)
		}
	}
	return w
}

func (h *home) get(path string) *goquery.Document {
	h.t.Helper()
	w := h.ask(request("GET", path, ""))
	if w.Code != http.StatusOK {
		h.t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return page(h.t, w)
}

// post sends the form that a page shows, with some fields changed, and gives the
// answer.
func (h *home) post(at string, change url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.send(h.get(at), change)
}

func (h *home) send(doc *goquery.Document, change url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	sent := doc.Find("main form").Last()
	values := url.Values{}
	sent.Find("input, select, textarea").Each(func(_ int, s *goquery.Selection) {
		name, _ := s.Attr("name")
		v, _ := s.Attr("value")
		if kind, _ := s.Attr("type"); kind == "radio" {
			if _, on := s.Attr("checked"); !on {
				return
			}
		}
		if s.Is("select") {
			v, _ = s.Find("option[selected]").Attr("value")
		}
		if s.Is("textarea") {
			v = s.Text()
		}
		values.Set(name, v)
	})
	maps.Copy(values, change)
	action, _ := sent.Attr("action")
	return h.ask(request("POST", action, values.Encode()))
}

// goes is where an answer leads to.
func (h *home) goes(w *httptest.ResponseRecorder) string {
	h.t.Helper()
	if w.Code != http.StatusSeeOther {
		h.t.Fatalf("%d, want 303: %s", w.Code, said(page(h.t, w), "main"))
	}
	return w.Header().Get("Location")
}

// begins begins a draft and gives its address.
func (h *home) begins(procedure string) string {
	h.t.Helper()
	return h.goes(h.post("/nop/"+procedure, nil))
}

// fills fills every part of a form in, page by page, as the province's answers say.
func (h *home) fills(at, procedure string) declare.Answers {
	h.t.Helper()
	on := pack.On(h.clock.Now())
	f, _ := declare.Of(h.p.Law.Law(), procedure, on)
	answers := h.p.Answers(f, on)
	for _, p := range declare.Places(f, answers) {
		if f.Cosign == nil || f.Cosign.Section != p.Section.ID {
			h.fillsIn(at, p, answers)
		}
	}
	return answers
}

// fillsIn fills one page in; it may ask for more, once or twice.
func (h *home) fillsIn(at string, p declare.Place, answers declare.Answers) {
	h.t.Helper()
	to := at + "/" + p.Name()
	for range 4 {
		typed := url.Values{}
		doc := h.get(to)
		doc.Find("main form").Last().Find("[name]").Each(func(_ int, s *goquery.Selection) {
			if name, _ := s.Attr("name"); answers[name] != "" {
				typed.Set(name, answers[name])
			}
		})
		if to = h.goes(h.send(doc, typed)); !strings.Contains(to, "?them") {
			return
		}
	}
	h.t.Fatalf("%s asks for more and more", p.Name())
}

// ux-C11, ux-C12, ux-C13, ux-C15, ux-C16, rel-B-W06: a person without an account
// fills a form in page by page, checks and sends it; pressing twice, or coming
// back later, shows the same receipt.
func TestFilingFromHome(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		h := w.atHome()
		start := h.get("/nop/1.004194")
		if !strings.Contains(said(start, ".q-box"), "khoảng 8 phút") {
			t.Errorf("C11 says %s", said(start, ".q-box"))
		}
		at := h.begins("1.004194")
		if again := h.begins("1.004194"); again != at {
			t.Errorf("pressing twice begins %s and %s", at, again)
		}
		answers := h.fills(at, "1.004194")
		tasks := h.get(at)
		if left := said(tasks, "#phan-khai + ul .govuk-tag"); left != "Chưa làm" {
			t.Errorf("left to do: %q", left)
		}
		check := h.get(at + "/kiem-tra")
		if got := said(check, "main"); !strings.Contains(got, answers["nguoi-nop.ho-ten"]) || !strings.Contains(got, "tỉnh Lai Châu") {
			t.Errorf("C15 shows %s", got)
		}
		first, second := h.send(check, nil), h.send(check, nil)
		done := h.goes(first)
		if h.goes(second) != done {
			t.Errorf("sending twice leads to %s and %s", done, h.goes(second))
		}
		sent := h.get(done)
		code := said(sent, ".govuk-panel .q-code")
		if !regexp.MustCompile(`^[0-9A-Z.]+-\d+-\d+$`).MatchString(code) || len(strings.ReplaceAll(said(sent, ".q-key"), " ", "")) != 8 {
			t.Errorf("C16 shows the code %q, the key %q", code, said(sent, ".q-key"))
		}
		if !strings.Contains(said(sent, "main"), "8 giờ làm việc") {
			t.Errorf("C16 promises nothing: %s", said(sent, "main"))
		}
		if back := h.ask(request("GET", at, "")); h.goes(back) != done {
			t.Error("the draft's address does not lead to the receipt")
		}
		if late := h.ask(request("POST", at+"/lien-he", "_seen=x")); late.Code != http.StatusConflict { // rel-B-W10
			t.Errorf("a page sent after sending: %d", late.Code)
		}
	})
}

// rel-B-W01 to rel-B-W05, rel-G2, rel-G4: each bad input comes back on
// its page with status 422, the fault at the field and in the summary, and
// everything typed still there.
func TestBadInputsComeBackOnThePage(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		h := w.atHome()
		at := h.begins("1.001437")
		for _, c := range []struct{ rel, section, field, typed string }{
			{"W01", "nguoi-nop", "nguoi-nop.so-giay-to", " "},
			{"W04", "nguoi-nop", "nguoi-nop.so-giay-to", "01219000123"},
			{"W05", "lien-he", "lien-he.dien-thoai", "09a2345678"},
			{"W05", "lien-he", "lien-he.dien-thoai", "113"},
			{"K15", "lien-he", "lien-he.thu", "lan@"},
			{"K15", "lien-he", "lien-he.noi-o.xa", "99999"},
			{"W02", "noi-luu-tru", "noi-luu-tru.ten", strings.Repeat("ễ", 300)},
			{"W02", "khach.1", "khach.1.ho-ten", "<script>alert(1)</script>"},
			{"W03", "khach.1", "khach.1.ngay-sinh", "31/02/1990"},
			{"W03", "khach.1", "khach.1.den", "27/10/26"},
			{"K15", "khach.1", "khach.1.so-ho-chieu", "C#1"},
			{"K15", "khach.1", "khach.1.quoc-tich", "Atlantis"},
			{"K15", "khach.1", "khach.1.mrz", "P<LAO"},
			{"W08", "khach.1", "khach.1.phong", strings.Repeat("<b>", 200)},
			{"W09", "khach.1", "khach.1.gioi-tinh", "other"},
		} {
			got := h.post(at+"/"+c.section, url.Values{c.field: {c.typed}})
			if got.Code != http.StatusUnprocessableEntity {
				t.Errorf("rel-B-%s %s %.30q: %d", c.rel, c.field, c.typed, got.Code)
				continue
			}
			doc := page(t, got)
			link := doc.Find(`.govuk-error-summary a[href="#` + fieldID(c.field) + `"]`)
			box := doc.Find(`[name="` + c.field + `"]`)
			if link.Length() != 1 || box.Length() == 0 || doc.Find("#"+strings.ReplaceAll(fieldID(c.field), ".", `\.`)+"-error").Length() != 1 {
				t.Errorf("rel-B-%s %s: %d links, %d boxes", c.rel, c.field, link.Length(), box.Length())
			}
			if !strings.HasPrefix(said(doc, "title"), "Lỗi: ") || doc.Find("main script").Length() > 0 {
				t.Errorf("rel-B-%s: title %q", c.rel, said(doc, "title"))
			}
			kept, _ := box.Attr("value")
			if box.Is("textarea") {
				kept = box.Text()
			}
			if !box.Is("select") && !box.Is(`[type="radio"]`) && kept != c.typed {
				t.Errorf("rel-B-%s %s: %.30q is lost, the page has %.30q", c.rel, c.field, c.typed, kept)
			}
		}
	})
}

// rel-B-W09, rel-B-W10, rel-B-W13, rel-A13: fields that a page does not have are
// not used, parts that are not asked are refused, and a cookie that we did not
// make opens nothing.
func TestFilingTakesOnlyWhatItAsks(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		h := w.atHome()
		at := h.begins("1.004194")
		h.post(at+"/lien-he", url.Values{"lien-he.dien-thoai": {"0912 345 678"}, "received_at": {"2026-01-01"}, "nguoi-nop.ho-ten": {"Chen Vào"}, "status": {"accepted"}})
		list, err := w.p.Filing.Own(context.Background(), h.s.device(request2(h)))
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if got := slices.Sorted(maps.Keys(list[0].Answers)); !slices.Equal(got, []string{"lien-he.dien-thoai"}) {
			t.Errorf("kept %v", got)
		}
		many := url.Values{"lien-he.dien-thoai": {"1", "2"}}
		if got := h.post(at+"/lien-he", many); got.Code != http.StatusBadRequest {
			t.Errorf("a field sent twice: %d", got.Code)
		}
		if got := h.ask(request("GET", at+"/khong-co", "")); got.Code != http.StatusNotFound {
			t.Errorf("an unknown part: %d", got.Code)
		}
		if got := h.ask(request("GET", at+"/nguoi-di-cung.7", "")); got.Code != http.StatusNotFound {
			t.Errorf("an item far behind: %d", got.Code)
		}
		if got := h.post(at+"/kiem-tra", nil); got.Code != http.StatusUnprocessableEntity || page(t, got).Find(`.govuk-error-summary a[href^="`+at+`/nguoi-nop"]`).Length() == 0 {
			t.Errorf("sending what is not finished: %d %s", got.Code, said(page(t, got), ".govuk-error-summary"))
		}
		for _, value := range []string{"", "x", "abc.def", strings.Repeat("a", 500), h.cookies[cookieName(deviceCookie)] + "0"} {
			thief := w.atHome()
			thief.cookies[cookieName(deviceCookie)] = value
			if got := thief.ask(request("GET", at, "")); got.Code != http.StatusNotFound {
				t.Errorf("cookie %.20q: %d", value, got.Code)
			}
		}
	})
}

// request2 is a request with the browser's cookies.
func request2(h *home) *http.Request {
	r := request("GET", "/nop", "")
	for name, v := range h.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: v})
	}
	return r
}

// ux-C12, rel-B-W07, rel-B-W12: a code opens the draft on another device, where
// nothing is lost; two windows on one page are both shown.
func TestGoingOnElsewhere(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		phone, laptop := w.atHome(), w.atHome()
		at := phone.begins("1.004194")
		phone.post(at+"/lien-he", url.Values{"lien-he.dien-thoai": {"0912 345 678"}})
		phone.goes(phone.ask(request("POST", at+"/ma-tiep", "x=1")))
		code := said(phone.get(at), ".q-key")
		if got := laptop.post("/nop/tiep", url.Values{"ma": {"AAAA-BBBB-CCCC-DDDD"}}); got.Code != http.StatusNotFound {
			t.Errorf("a wrong code: %d", got.Code)
		}
		if to := laptop.goes(laptop.post("/nop/tiep", url.Values{"ma": {code}})); to != at {
			t.Errorf("the code leads to %s", to)
		}
		contact := laptop.get(at + "/lien-he")
		if v, _ := contact.Find(`[name="lien-he.dien-thoai"]`).Attr("value"); v != "0912 345 678" {
			t.Errorf("the number is %q there", v)
		}
		if got := phone.ask(request("GET", at, "")); got.Code != http.StatusNotFound {
			t.Errorf("the telephone still opens it: %d", got.Code)
		}
		laptop.send(contact, url.Values{"lien-he.dien-thoai": {"0987 654 321"}})
		late := laptop.send(contact, url.Values{"lien-he.dien-thoai": {"0901 222 333"}})
		if late.Code != http.StatusPreconditionFailed {
			t.Fatalf("the second window: %d", late.Code)
		}
		both := said(page(t, late), "table")
		if !strings.Contains(both, "0987 654 321") || !strings.Contains(both, "0901 222 333") {
			t.Errorf("shown are %s", both)
		}
	})
}

// Both parties of a transfer declare: the second reads, proves to be who was
// named, confirms; a change afterwards voids it.
func TestBothPartiesConfirm(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		h, other := w.atHome(), w.atHome()
		at := h.begins("1.013076")
		answers := h.fills(at, "1.013076")
		if got := h.post(at+"/kiem-tra", nil); got.Code != http.StatusUnprocessableEntity {
			t.Errorf("sending without the other party: %d", got.Code)
		}
		h.goes(h.post(at+"/dong-ky", nil))
		link := strings.TrimPrefix(said(h.get(at+"/dong-ky"), ".q-key"), testOrigin)
		shown := other.get(link)
		if !strings.Contains(said(shown, "main"), answers["nguoi-nop.ho-ten"]) {
			t.Errorf("the other party reads %s", said(shown, "main"))
		}
		own := url.Values{"ben-ban-xac-nhan.so-giay-to": {"012190009999"}, "ben-ban-xac-nhan.ngay-sinh": {"1990"}, "ben-ban-xac-nhan.dung": {"dung"}}
		if got := other.send(shown, own); got.Code != http.StatusUnprocessableEntity {
			t.Errorf("a stranger confirms: %d", got.Code)
		}
		own.Set("ben-ban-xac-nhan.so-giay-to", answers["ben-ban.so-giay-to"])
		other.goes(other.send(other.get(link), own))
		h.post(at+"/chuyen-quyen", url.Values{"chuyen-quyen.chung-tu": {"Hợp đồng khác"}})
		if got := h.post(at+"/kiem-tra", nil); got.Code != http.StatusUnprocessableEntity {
			t.Errorf("sending what was changed after the confirmation: %d", got.Code)
		}
		other.goes(other.send(other.get(link), own))
		h.goes(h.post(at+"/kiem-tra", nil))
		if got := other.ask(request("GET", link, "")); got.Code != http.StatusNotFound {
			t.Errorf("the link after sending: %d", got.Code)
		}
	})
}

// ux-C33, rel-G7: a hotel pastes its guests; each row is judged alone, good ones
// enter when the host agrees, and bad ones stay to be mended. Both languages
// stand side by side.
func TestAHotelDeclaresItsGuests(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		h := w.atHome()
		at := h.goes(h.post("/en/temporary-residence?lang=en", nil))
		guest := h.get(at + "/khach.1")
		if got := said(guest, `label[for="khach.1.so-ho-chieu"]`); got != "Số hộ chiếu / Passport number" {
			t.Errorf("the label is %q", got)
		}
		pasted := "Keomany Somchai; Nam; 07/03/1990; LAO; Q0000017; 01/01/2030; 02/03/2026; 05/03/2026; 201\n" +
			"Nguyen 2; M; 1990; LAO; Q0000018; 01/01/2030; 02/03/2026; 05/03/2026\n" +
			"Li\tF\t31/02/1991\tTrung Quốc\tE1234567\t01/01/2030\t02/03/2026\t05/03/2026\n\n" +
			"Anna Berg; Female; 1985-04-30; Thụy Điển; AA1234567; 01/01/2030; 02/03/2026; 05/03/2026"
		bad := h.post(at+"/dong/khach", url.Values{"dong": {pasted}})
		if bad.Code != http.StatusUnprocessableEntity {
			t.Fatalf("rows with faults: %d", bad.Code)
		}
		doc := page(t, bad)
		if got := doc.Find("main strong").Map(func(_ int, s *goquery.Selection) string { return s.Text() }); !slices.Equal(got, []string{"Row 2:", "Row 3:"}) {
			t.Errorf("faults at %v", got)
		}
		left := doc.Find(`textarea[name="dong"]`).Text()
		if !strings.Contains(left, "Nguyen 2") || strings.Contains(left, "Keomany") {
			t.Errorf("left to mend: %q", left)
		}
		if got := said(h.get(at+"/khach"), ".q-rows"); got != "" {
			t.Errorf("rows entered before the host agreed: %s", got)
		}
		agree := doc.Find("main form").First()
		values := url.Values{}
		agree.Find("input").Each(func(_ int, s *goquery.Selection) { values.Set(s.AttrOr("name", ""), s.AttrOr("value", "")) })
		h.goes(h.ask(request("POST", agree.AttrOr("action", ""), values.Encode())))
		if got := h.get(at + "/khach").Find(".q-rows__row strong").Map(func(_ int, s *goquery.Selection) string { return s.Text() }); !slices.Equal(got, []string{"Keomany Somchai", "Anna Berg"}) {
			t.Errorf("entered are %v", got)
		}
	})
}

// rel-T20, ux-C35: who signs in is asked whose the drafts on this device are;
// only after yes do they move to the account, and the device has them no longer.
func TestDraftsOfADeviceMoveOnlyWhenTheyAreMine(t *testing.T) {
	inHall(t, func(h *hall) {
		g := h.guest()
		g.send(g.get("/nop/1.004194"), "/nop/1.004194", nil)
		asks := h.signIn(g, g.get("/tai-khoan/vao"), "0912 345 678")
		g.wants(asks, "h1", "Tờ khai trên máy này là của ông/bà?")
		g.send(asks, "/nop/nhan", url.Values{"cua-toi": {"khong"}})
		if left := g.get("/nop").Find(`main a[href^="/nop/"]`).Length(); left == 0 {
			t.Fatal("/nop shows nothing at all")
		}
		if n := len(mustOwn(t, h, h.s.device(requestOf(g)))); n != 1 {
			t.Fatalf("%d drafts on the device after no, want 1", n)
		}
		g.send(g.get("/nop/nhan"), "/nop/nhan", url.Values{"cua-toi": {"co"}})
		if n := len(mustOwn(t, h, h.s.device(requestOf(g)))); n != 0 {
			t.Errorf("%d drafts on the device after yes, want 0", n)
		}
		g.wants(g.get("/tai-khoan"), "main", "Đăng ký tạm trú")
	})
}

func requestOf(g *guest) *http.Request {
	r := request("GET", "/nop", "")
	for name, v := range g.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: v})
	}
	return r
}

func mustOwn(t *testing.T, h *hall, owner filing.Owner) []filing.Draft {
	t.Helper()
	list, err := h.p.Filing.Own(context.Background(), owner)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
