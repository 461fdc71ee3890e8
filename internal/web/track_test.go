package web

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"quay20/internal/dossier"
)

// ask sends C17's form.
func ask(s *Server, code, secret, from string) *httptest.ResponseRecorder {
	r := request("POST", "/tra-cuu", url.Values{"code": {code}, "secret": {secret}}.Encode())
	r.RemoteAddr = from + ":4000"
	return do(s, r)
}

func TestEachStateIsASentenceWithWhatToDo(t *testing.T) { // ux-C18, ux 5.2
	t.Parallel()
	inTown(t, func(w *town) {
		for state, want := range map[string]struct{ tag, sentence, next string }{
			"filed":        {"Đã gửi", "Hồ sơ đã gửi lúc 09 giờ 15, thứ Hai 02/03/2026. Cán bộ sẽ xem trước 09 giờ 15, thứ Ba 03/03/2026.", "Ông/bà không phải làm gì lúc này."},
			"not_accepted": {"Không tiếp nhận", "Chưa tiếp nhận được vì: Ảnh chân dung không rõ mặt; Tờ khai thiếu chữ ký.", "Chụp lại ảnh rồi nộp hồ sơ mới."},
			"accepted":     {"Đã tiếp nhận", "Đã tiếp nhận. Hẹn trả kết quả ", "Ông/bà không phải làm gì lúc này."},
			"processing":   {"Đang giải quyết", "Phòng Quản lý xuất nhập cảnh", "Ông/bà không phải làm gì lúc này."},
			"supplement":   {"Cần bổ sung", "Cần bổ sung 1 giấy tờ trước ", "Việc cần làm: bổ sung các giấy tờ ghi dưới đây."},
			"payment":      {"Cần nộp tiền", "Cần nộp 200.000 đồng để tiếp tục. Xem cách nộp.", "Việc cần làm: nộp khoản tiền ghi dưới đây."},
			"withdrawn":    {"Đã xin rút", "Đã nhận yêu cầu rút hồ sơ thứ Hai 02/03/2026.", "Ông/bà không phải làm gì lúc này."},
			"stopped":      {"Dừng giải quyết", "Hồ sơ dừng giải quyết vì: Chờ kết luận của cơ quan điều tra.", "Có thể nộp hồ sơ mới"},
			"late":         {"Đang giải quyết", "đang giải quyết chậm hơn đã hẹn. Hẹn lại ", "Ông/bà không phải làm gì lúc này."},
			"refused":      {"Đã có kết quả", "Đã giải quyết xong: không chấp thuận, vì: Đang trong thời gian chưa được xuất cảnh.", "Việc cần làm: mang giấy hẹn"},
			"concluded":    {"Đã có kết quả", "Đã có kết quả. Mời đến Quầy Công an tỉnh Lai Châu, thứ Hai đến thứ Sáu 07:00–11:30, 13:30–17:00", "Việc cần làm: mang giấy hẹn"},
			"returned":     {"Đã trả", "Đã trả kết quả ", "Ông/bà không phải làm gì lúc này."},
		} {
			w.clock.Set(morning)
			d := w.inState(state)
			doc := page(w.t, get(w.t, w.s, "/t/"+token(d)))
			if got := said(doc, ".q-status__tag"); got != want.tag {
				w.t.Errorf("%s: tag %q, want %q", state, got, want.tag)
			}
			if got := said(doc, ".q-status__sentence"); !strings.Contains(got, want.sentence) {
				w.t.Errorf("%s: sentence %q, want %q", state, got, want.sentence)
			}
			if got := said(doc, ".q-status__next"); !strings.Contains(got, want.next) {
				w.t.Errorf("%s: to do %q, want %q", state, got, want.next)
			}
			if got := doc.Find(".q-progress__stage").Length(); got != 5 {
				w.t.Errorf("%s: %d stages, want the 5 fixed ones", state, got)
			}
		}
	})
}

func TestAPageOfADossierHoldsNothingOfItsPerson(t *testing.T) { // rel-I-P5, rel-K77
	t.Parallel()
	inTown(t, func(w *town) {
		for _, state := range states {
			w.clock.Set(morning)
			d := w.inState(state)
			tracked, err := w.p.Register.TrackToken(w.t.Context(), token(d))
			if err != nil {
				w.t.Fatal(err)
			}
			data, err := json.Marshal(tracked)
			if err != nil {
				w.t.Fatal(err)
			}
			vi, en := get(w.t, w.s, "/t/"+token(d)), get(w.t, w.s, "/t/"+token(d)+"?lang=en")
			for where, text := range map[string]string{"page": vi.Body.String(), "English page": en.Body.String(), "facts": string(data)} {
				for _, secret := range secrets {
					if strings.Contains(text, secret) {
						w.t.Errorf("%s: the %s holds %q", state, where, secret)
					}
				}
			}
			if got := said(page(w.t, vi), ".govuk-summary-list__value"); !strings.Contains(got, "T. T. M. Q.") {
				w.t.Errorf("%s: no initials in %q", state, got)
			}
		}
	})
}

// TestTrackedIsAnAllowList fails when a fact is added to what citizens see, so
// that somebody asks whether it may be.
func TestTrackedIsAnAllowList(t *testing.T) { // rel-I-P5
	t.Parallel()
	want := strings.Fields(`Code State Procedure Title Case Initials Filed CheckBy Received Due Promise Provisional Paused Apology Passed Unit Desk
		ReturnBy Items Until Answered Sent Pages Owed OwedFor Owes Paid FeeDue FeeFirst Reasons Next End Outcome Concluded Returned ReturnedTo Proof Events Token Left HasLeft`)
	var have []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[dossier.Tracked]()) {
		if f.IsExported() { // what is not exported no template can show
			have = append(have, f.Name)
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("the public view of a dossier has\n%v\nand was agreed to have\n%v", have, want)
	}
}

func TestADossierPageIsKeptByNobody(t *testing.T) { // rel-K77, rel-K24
	t.Parallel()
	inTown(t, func(w *town) {
		a := get(w.t, w.s, "/t/"+token(w.received()))
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow, noarchive",
			"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "ETag": ""} {
			if got := a.Header().Get(name); got != want {
				w.t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if a := get(w.t, w.s, "/t/00000000000000000000000000"); a.Code != 404 || a.Header().Get("Referrer-Policy") != "no-referrer" {
			w.t.Errorf("an unknown token is answered %d with policy %q", a.Code, a.Header().Get("Referrer-Policy"))
		}
		robots := get(w.t, w.s, "/robots.txt").Body.String()
		for _, line := range []string{"Disallow: /t/", "Disallow: /desk"} {
			if !strings.Contains(robots, line) {
				w.t.Errorf("robots.txt has no line %q", line)
			}
		}
	})
}

func TestCodeAndKeyOpenTheDossierThatTheQROpens(t *testing.T) { // ux-C17
	t.Parallel()
	inTown(t, func(w *town) {
		d := w.received()
		key := demotestSecret(d)
		slips := map[string][2]string{
			"as printed":                   {string(d.Code), key[:4] + "-" + key[4:]},
			"small letters":                {strings.ToLower(string(d.Code)), strings.ToLower(key)},
			"blanks for dashes":            {strings.ReplaceAll(string(d.Code), "-", " "), key[:4] + " " + key[4:]},
			"O for 0 and I for 1 (B-E05)":  {strings.NewReplacer("0", "O", "1", "I").Replace(string(d.Code)), strings.NewReplacer("0", "o", "1", "l").Replace(key)},
			"long dashes and outer blanks": {" " + strings.ReplaceAll(string(d.Code), "-", "–") + " ", " " + key + " "},
		}
		for how, typed := range slips {
			a := ask(w.s, typed[0], typed[1], "198.51.100.7")
			if a.Code != 303 || a.Header().Get("Location") != "/t/"+token(d) {
				w.t.Errorf("%s: answered %d to %q: %s", how, a.Code, a.Header().Get("Location"), said(page(w.t, a), ".govuk-error-summary"))
			}
		}
	})
}

// changing is what differs between two answers to the same form.
var changing = regexp.MustCompile(`nonce="[^"]*"|name="_(?:token|key)" value="[^"]*"|(?:_token|_key)=[^&"]*`)

func TestUnknownCodeAndWrongKeyLookAlike(t *testing.T) { // rel-K50, rel-T13
	t.Parallel()
	inTown(t, func(w *town) {
		d := w.received()
		wrong := ask(w.s, string(d.Code), "00000000", "198.51.100.7")
		unknown := ask(w.s, "H35.20.90-20260302-9999999", "00000000", "198.51.100.8")
		plain := func(a *httptest.ResponseRecorder, code string) string {
			return strings.ReplaceAll(changing.ReplaceAllString(a.Body.String(), ""), code, "CODE")
		}
		if wrong.Code != unknown.Code || wrong.Code != 404 {
			w.t.Errorf("status %d for a wrong key, %d for an unknown code, want 404 twice", wrong.Code, unknown.Code)
		}
		if a, b := plain(wrong, string(d.Code)), plain(unknown, "H35.20.90-20260302-9999999"); a != b {
			w.t.Errorf("the pages differ:\n%s\n%s", a, b)
		}
		for name := range wrong.Header() {
			if name == "Content-Length" || name == "Content-Security-Policy" || name == "Set-Cookie" {
				continue
			}
			if a, b := wrong.Header().Get(name), unknown.Header().Get(name); a != b {
				w.t.Errorf("header %s: %q and %q", name, a, b)
			}
		}
		doc := page(w.t, unknown)
		if got := said(doc, ".q-notice"); !strings.Contains(got, "Những chỗ hay gõ nhầm") {
			w.t.Errorf("no help with typing slips: %q", got)
		}
		if v, _ := doc.Find("#code").Attr("value"); v != "H35.20.90-20260302-9999999" {
			w.t.Errorf("the code typed is not kept: %q", v)
		}
	})
}

func TestFiveWrongTriesWaitAMinute(t *testing.T) { // ux-C17, rel-B-E05, rel-K21
	t.Parallel()
	inTown(t, func(w *town) {
		d := w.received()
		for i := range 5 {
			if a := ask(w.s, fmt.Sprintf("H35.20.90-20260302-%07d", 5000+i), "00000000", "198.51.100.7"); a.Code != 404 {
				w.t.Fatalf("try %d: %d, want 404", i+1, a.Code)
			}
		}
		a := ask(w.s, string(d.Code), demotestSecret(d), "198.51.100.7")
		if a.Code != 429 || a.Header().Get("Retry-After") != "60" {
			w.t.Errorf("sixth try: %d, Retry-After %q, want 429 and 60", a.Code, a.Header().Get("Retry-After"))
		}
		if got := said(page(w.t, a), ".govuk-error-summary"); !strings.Contains(got, "Đợi 1 phút") {
			w.t.Errorf("the page does not say how long to wait: %q", got)
		}
		if a := ask(w.s, string(d.Code), demotestSecret(d), "198.51.100.8"); a.Code != 303 {
			w.t.Errorf("another address is held up too: %d", a.Code)
		}
		w.clock.Add(time.Minute)
		if a := ask(w.s, string(d.Code), demotestSecret(d), "198.51.100.7"); a.Code != 303 {
			w.t.Errorf("after a minute: %d, want 303", a.Code)
		}
	})
}

func TestRightTriesCostNothing(t *testing.T) { // rel-L07
	t.Parallel()
	inTown(t, func(w *town) {
		d := w.received()
		for i := range 20 {
			if a := ask(w.s, string(d.Code), demotestSecret(d), "198.51.100.7"); a.Code != 303 {
				w.t.Fatalf("right try %d: %d, want 303", i+1, a.Code)
			}
		}
	})
}

func TestTenWrongKeysLockACodeForTheDayButNotItsQR(t *testing.T) { // rel-B-E05, rel-T13
	t.Parallel()
	inTown(t, func(w *town) {
		d := w.received()
		for i := range 10 {
			if a := ask(w.s, string(d.Code), "00000000", fmt.Sprintf("198.51.100.%d", i+1)); a.Code != 404 {
				w.t.Fatalf("try %d: %d, want 404", i+1, a.Code)
			}
		}
		a := ask(w.s, string(d.Code), demotestSecret(d), "198.51.100.99")
		if a.Code != 429 {
			w.t.Errorf("the eleventh try, with the right key: %d, want 429", a.Code)
		}
		if got := said(page(w.t, a), ".govuk-error-summary"); !strings.Contains(got, "Quét mã QR trên giấy hẹn") {
			w.t.Errorf("the page does not name the QR: %q", got)
		}
		if a := get(w.t, w.s, "/t/"+token(d)); a.Code != 200 {
			w.t.Errorf("the QR: %d, want 200", a.Code)
		}
	})
}

func TestForwardedAddressesDoNotDodgeTheBudget(t *testing.T) { // rel-B-A10
	t.Parallel()
	inTown(t, func(w *town) {
		last := 0
		for i := range 6 {
			r := request("POST", "/tra-cuu", url.Values{"code": {fmt.Sprintf("X-%d", i)}, "secret": {"00000000"}}.Encode())
			r.RemoteAddr = "198.51.100.7:4000"
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
			last = do(w.s, r).Code
		}
		if last != 429 {
			w.t.Errorf("sixth try behind invented addresses: %d, want 429", last)
		}
	})
}

func TestBudgetsHoldAgainstManyAddresses(t *testing.T) { // rel-T13
	t.Parallel()
	g := newGuessing()
	passed := 0
	for n := range 200 {
		for range 50 {
			if _, wait := g.try(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), morning); wait == 0 {
				passed++
			}
		}
	}
	if passed != triesAll {
		t.Errorf("200 addresses made %d tries in one instant, the budget of all is %d", passed, triesAll)
	}
	if _, wait := newGuessing().try(netip.MustParseAddr("2001:db8::1"), morning); wait != 0 {
		t.Errorf("a first try waits %s", wait)
	}
}

func TestManyAddressesOfOneHouseholdAreOne(t *testing.T) { // rel-T13
	t.Parallel()
	g := newGuessing()
	passed := 0
	for n := range 100 {
		if _, wait := g.try(netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%x", n+1)), morning); wait == 0 {
			passed++
		}
	}
	if passed != triesEach {
		t.Errorf("100 addresses of one /64 made %d tries, want %d", passed, triesEach)
	}
}

func TestBudgetsForgetAddressesThatWaited(t *testing.T) {
	t.Parallel()
	g := newGuessing()
	for n := range remembers + 10 {
		g.of(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), morning)
	}
	if len(g.each) > remembers {
		t.Errorf("%d addresses are remembered, want at most %d", len(g.each), remembers)
	}
}

func TestEmptyTrackFormNamesBothFields(t *testing.T) { // rel-B-W01
	t.Parallel()
	inTown(t, func(w *town) {
		a := ask(w.s, " ", "\u200b", "198.51.100.7")
		doc := page(w.t, a)
		if a.Code != 422 || doc.Find(`.govuk-error-summary a[href="#code"]`).Length() != 1 || doc.Find(`.govuk-error-summary a[href="#secret"]`).Length() != 1 {
			w.t.Errorf("%d: %s", a.Code, said(doc, ".govuk-error-summary"))
		}
		if got := said(doc, "title"); !strings.HasPrefix(got, "Lỗi: ") {
			w.t.Errorf("title %q does not begin with the fault", got)
		}
	})
}

func TestProofOfTheDateNamesItsArticles(t *testing.T) { // ux-C18
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/t/"+token(w.inState("supplement"))))
		proof := doc.Find(".q-proof li")
		if proof.Length() < 3 {
			w.t.Fatalf("the proof has %d sentences", proof.Length())
		}
		if got := said(doc, ".q-proof"); strings.Contains(got, "{") || strings.Contains(got, "[") {
			w.t.Errorf("the proof has unfilled words: %s", got)
		}
		if got := said(doc, ".q-papers__paper"); !strings.Contains(got, "Ảnh bị mờ, không thấy rõ mặt.") || !strings.Contains(got, "Chụp lại ở chỗ sáng, nền trắng.") {
			w.t.Errorf("the missing paper is %q", got)
		}
	})
}

func TestALateDossierApologises(t *testing.T) { // ux-C18, ux-P8
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/t/"+token(w.inState("late"))))
		if got := said(doc, ".govuk-inset-text"); !strings.Contains(got, "Xin lỗi ông/bà") || !strings.Contains(got, "Máy in hộ chiếu hỏng.") {
			w.t.Errorf("apology: %q", got)
		}
		if got := said(doc, ".q-badge"); !strings.Contains(got, "Quá hạn") {
			w.t.Errorf("badge: %q", got)
		}
	})
}

func TestHistoryIsNewestFirst(t *testing.T) { // ux-C18
	t.Parallel()
	inTown(t, func(w *town) {
		doc := page(w.t, get(w.t, w.s, "/t/"+token(w.inState("supplement"))))
		want := []string{"Yêu cầu bổ sung giấy tờ, dừng tính thời hạn", "Đã tiếp nhận", "Đã nhận được hồ sơ gửi đến"}
		if got := texts(doc, ".q-timeline__title"); !slices.Equal(got, want) {
			w.t.Errorf("history %q, want %q", got, want)
		}
	})
}
