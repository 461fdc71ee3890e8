package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/applicant"
	"quay20/internal/neighbour/eid"
	"quay20/internal/neighbour/eid/eidtest"
	"quay20/internal/notice"
	"quay20/internal/officer"
	"quay20/internal/store/storetest"
)

// guest is a browser of a citizen: it keeps cookies and sends forms as they stand.
type guest struct {
	*testing.T
	s       *Server
	cookies map[string]string
	last    *httptest.ResponseRecorder
}

func (g *guest) ask(method, target string, form url.Values) *goquery.Document {
	g.Helper()
	r := request(method, target, form.Encode())
	r.Host = g.s.origin.Host
	if method == http.MethodPost {
		r.Header.Set("Origin", g.s.Origin)
	}
	for name, value := range g.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	g.last = do(g.s, r)
	for _, c := range g.last.Result().Cookies() {
		if g.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(g.cookies, c.Name)
		}
	}
	if to := g.last.Header().Get("Location"); g.last.Code == http.StatusSeeOther && strings.HasPrefix(to, "/") {
		return g.get(to)
	}
	return page(g.T, g.last)
}

func (g *guest) get(target string) *goquery.Document {
	g.Helper()
	return g.ask(http.MethodGet, target, nil)
}

// send fills in and sends the form of the page whose action is given.
func (g *guest) send(doc *goquery.Document, action string, fill url.Values) *goquery.Document {
	g.Helper()
	form := doc.Find(`form[action="` + action + `"]`).First()
	if form.Length() == 0 {
		g.Fatalf("no form leads to %s: %s", action, doc.Find("main").Text())
	}
	v := url.Values{}
	form.Find("input[type=hidden]").Each(func(_ int, in *goquery.Selection) {
		v.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	for name, values := range fill {
		v[name] = values
	}
	return g.ask(http.MethodPost, action, v)
}

func (g *guest) wants(doc *goquery.Document, selector, part string) {
	g.Helper()
	if got := doc.Find(selector).Text(); !strings.Contains(got, part) {
		g.Errorf("%s says %q, want %q (status %d)", selector, got, part, g.last.Code)
	}
}

// hall is the pages of accounts over a province.
type hall struct {
	*town
	clock *storetest.Clock
}

func inHall(t *testing.T, fn func(*hall)) {
	t.Helper()
	t.Parallel()
	inTown(t, func(w *town) { fn(furnished(w, func(*Config) {})) })
}

// furnished gives a town its accounts.
func furnished(w *town, change func(*Config)) *hall {
	c := w.s.Config
	c.Accounts, c.Outbox, c.Codes = applicant.NewAccounts(w.p.DB), notice.NewOutbox(w.p.DB), true
	change(&c)
	w.s = New(c)
	return &hall{w, w.clock}
}

func (h *hall) guest() *guest { return &guest{h.t, h.s, map[string]string{}, nil} }

// code is the last one that was sent to somebody.
func (h *hall) code(to string) string {
	h.t.Helper()
	list, err := h.s.Outbox.Last(context.Background(), 50)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range list {
		if m.To == to && m.Secret != "" {
			return m.Secret
		}
	}
	h.t.Fatalf("no code went to %s", to)
	return ""
}

// signIn signs a guest in with a phone, from the page that stands open.
func (h *hall) signIn(g *guest, doc *goquery.Document, phone string) *goquery.Document {
	h.t.Helper()
	h.clock.Add(time.Second)
	doc = g.send(doc, "/tai-khoan/vao", url.Values{"to": {phone}})
	parsed, err := applicant.ParsePhone(phone)
	if err != nil {
		h.t.Fatal(err)
	}
	return g.send(doc, "/tai-khoan/vao/ma", url.Values{"code": {" " + h.code(parsed)[:3] + " " + h.code(parsed)[3:]}})
}

// ux-C35: sign in by a code that may be pasted with spaces, come back to the page
// asked for, sign out; nothing is left for the next citizen at the same computer
// (rel-T20, rel-K55).
func TestCitizenSignsInAndLeavesNothingBehind(t *testing.T) {
	inHall(t, func(h *hall) {
		g := h.guest()
		doc := g.get("/tai-khoan/thong-tin")
		if g.last.Code != http.StatusUnauthorized {
			t.Errorf("a stranger gets %d", g.last.Code)
		}
		doc = h.signIn(g, doc, "0912 345 678")
		g.wants(doc, "h1", "Thông tin của tôi")
		doc = g.send(doc, "/tai-khoan/thong-tin", url.Values{"name": {"Lò Thị Phương"}, "born": {"31/4/1990"}, "address": {"Bản Nà Đon"}})
		g.wants(doc, ".govuk-error-summary", "")
		if g.last.Code != http.StatusUnprocessableEntity || doc.Find("#name").AttrOr("value", "") != "Lò Thị Phương" {
			t.Errorf("a wrong birth: %d, name %q", g.last.Code, doc.Find("#name").AttrOr("value", ""))
		}
		doc = g.send(doc, "/tai-khoan/thong-tin", url.Values{"name": {"Lò Thị Phương"}, "born": {"7/3/1990"}, "address": {"Bản Nà Đon"}})
		g.wants(doc, ".govuk-summary-list", "Lò Thị Phương")
		g.wants(doc, ".q-holder", "Lò Thị Phương")
		if cc := g.last.Header().Get("Cache-Control"); cc != "no-store" {
			t.Errorf("the account's page is kept: %q", cc)
		}
		old := g.cookies[cookieName(holderCookie)]
		g.cookies[cookieName(deviceCookie)] = "device"
		doc = g.send(doc, "/tai-khoan/ra", nil)
		g.wants(doc, "main", "đã đăng xuất")
		for _, use := range []string{holderCookie, tryCookie, deviceCookie} {
			if g.cookies[cookieName(use)] != "" {
				t.Errorf("the cookie %s is left", use)
			}
		}
		g.cookies[cookieName(holderCookie)] = old
		if g.get("/tai-khoan"); g.last.Code != http.StatusUnauthorized {
			t.Errorf("the old session opens the account: %d", g.last.Code)
		}
		next := h.guest()
		doc = h.signIn(next, next.get("/tai-khoan"), "0987 654 321")
		if strings.Contains(doc.Text(), "Phương") {
			t.Error("the next citizen sees the one before")
		}
	})
}

// rel-K50: whether a phone has an account is told to nobody.
func TestDoorAnswersAlikeForKnownAndUnknownPhones(t *testing.T) {
	inHall(t, func(h *hall) {
		known := h.guest()
		h.signIn(known, known.get("/tai-khoan/vao"), "0912 345 678")
		h.clock.Add(time.Hour)
		var said []string
		for _, phone := range []string{"0912 345 678", "0987 654 678"} {
			g := h.guest()
			doc := g.send(g.get("/tai-khoan/vao"), "/tai-khoan/vao", url.Values{"to": {phone}})
			said = append(said, fmt.Sprint(g.last.Code, doc.Find("main").Text(), len(g.last.Result().Cookies())))
		}
		if said[0] != said[1] {
			t.Errorf("known: %s\nunknown: %s", said[0], said[1])
		}
	})
}

// rel-W07: a form sent after the session ended comes back with what was typed.
func TestFormComesBackAfterSigningInAgain(t *testing.T) {
	inHall(t, func(h *hall) {
		g := h.guest()
		doc := h.signIn(g, g.get("/tai-khoan/thong-tin"), "0912 345 678")
		h.clock.Add(31 * time.Minute)
		doc = g.send(doc, "/tai-khoan/thong-tin", url.Values{"name": {"Lò Thị Phương"}, "address": {"Bản Nà Đon"}})
		if g.last.Code != http.StatusUnauthorized {
			t.Fatalf("after the session ended: %d", g.last.Code)
		}
		doc = h.signIn(g, doc, "0912 345 678")
		doc = g.send(doc, "/tai-khoan/thong-tin", nil)
		if got := doc.Find("#address").AttrOr("value", ""); got != "Bản Nà Đon" {
			t.Errorf("the address typed is gone: %q", got)
		}
	})
}

// rel-W01, rel-K48: what is wrong at the door is said at its field.
func TestDoorSaysWhatIsWrong(t *testing.T) {
	inHall(t, func(h *hall) {
		g := h.guest()
		for typed, want := range map[string]string{"": "Nhập số điện thoại", "0213 3876 543": "không nhận được tin nhắn", "12": ""} {
			doc := g.send(g.get("/tai-khoan/vao"), "/tai-khoan/vao", url.Values{"to": {typed}})
			g.wants(doc, "#to-error", want)
			if g.last.Code != http.StatusUnprocessableEntity || doc.Find("#to").AttrOr("value", "") != typed {
				t.Errorf("%q: %d", typed, g.last.Code)
			}
		}
		doc := g.send(g.get("/tai-khoan/vao"), "/tai-khoan/vao", url.Values{"to": {"0912345678"}})
		doc = g.send(doc, "/tai-khoan/vao/ma", url.Values{"code": {"000000"}})
		g.wants(doc, "#code-error", "Còn 4 lần thử")
		if doc.Find("#code").AttrOr("autocomplete", "") != "one-time-code" || doc.Find("#code").AttrOr("value", "") != "" {
			t.Error("the field of the code cannot be filled in by the phone, or shows the code")
		}
	})
}

// Both phones confirm a change of phone; a stranger's form cannot.
func TestPhoneIsChangedOnItsPage(t *testing.T) {
	inHall(t, func(h *hall) {
		g := h.guest()
		doc := h.signIn(g, g.get("/tai-khoan"), "0912 345 678")
		h.clock.Add(time.Second)
		doc = g.send(doc, "/tai-khoan/cach-dang-nhap", url.Values{"to": {"0987 654 321"}})
		g.wants(doc, "main", "••• 321")
		doc = g.send(doc, "/tai-khoan/cach-dang-nhap/ma", url.Values{"code": {h.code("+84987654321")}, "second": {"111"}})
		g.wants(doc, "#second-error", "Còn 4 lần thử")
		doc = g.send(doc, "/tai-khoan/cach-dang-nhap/ma", url.Values{"code": {h.code("+84987654321")}, "second": {h.code("+84912345678")}})
		g.wants(doc, "main", "Đã đổi cách đăng nhập")
		g.wants(doc, "main", "0987 654 321")
	})
}

// rel-R17, rel-R19, rel-K58: the data of an account are given whole, and to
// nobody else; closing asks for a fresh proof and erases them.
func TestDataAreGivenAndErased(t *testing.T) {
	inHall(t, func(h *hall) {
		g := h.guest()
		doc := h.signIn(g, g.get("/tai-khoan/thong-tin"), "0912 345 678")
		g.send(doc, "/tai-khoan/thong-tin", url.Values{"name": {"Lò Thị Phương"}})
		by, err := h.s.Accounts.Session(context.Background(), g.cookies[cookieName(holderCookie)])
		if err != nil {
			t.Fatal(err)
		}
		in := h.p.Intake("1.001456")
		in.Channel, in.Pay, in.Accounts = "online", "", []string{by.Account.Owner()}
		d := h.must(h.p.Register.File(context.Background(), in, "12-Q20", "account-test-00000001"))
		other := h.guest()
		doc = h.signIn(other, other.get("/tai-khoan"), "0987 654 321")
		if strings.Contains(doc.Text(), string(d.Code)) {
			t.Error("another account lists the dossier")
		}
		g.wants(g.get("/tai-khoan"), "main", string(d.Code))
		g.get("/tai-khoan/du-lieu")
		var all map[string]any
		if err := json.Unmarshal(g.last.Body.Bytes(), &all); err != nil {
			t.Fatal(err)
		}
		for _, fact := range []string{"Lò Thị Phương", "+84912345678", string(d.Code), "dossiers", "sessions", "messages"} {
			if !strings.Contains(g.last.Body.String(), fact) {
				t.Errorf("the data lack %s", fact)
			}
		}
		h.clock.Add(11 * time.Minute)
		doc = g.get("/tai-khoan/dong")
		g.wants(doc, "main", "đăng nhập lại")
		doc = h.signIn(g, doc, "0912 345 678")
		doc = g.send(doc, "/tai-khoan/dong", nil)
		g.wants(doc, "main", "Tài khoản đã đóng")
		doc = h.signIn(g, doc, "0912 345 678")
		if strings.Contains(doc.Text(), "Phương") || strings.Contains(doc.Text(), string(d.Code)) {
			t.Error("the closed account is back")
		}
	})
}

// rel-K66, rel-K49: e-ID at a real provider, through our pages: sign in, come
// back where one was going; another browser's answer and a second use open nothing.
func TestCitizenSignsInByElectronicIdentity(t *testing.T) {
	t.Parallel()
	server := eidtest.Start(t, EIDBack(testOrigin))
	inTown(t, func(w *town) {
		w.clock.Set(time.Now().UTC().Truncate(time.Millisecond)) // the provider's tokens are of now
		h := furnished(w, func(c *Config) {
			p, err := eid.New(eid.Config{Issuer: server.Issuer, ClientID: eidtest.ClientID, Secret: eidtest.Secret, Redirect: EIDBack(c.Origin), Levels: []string{eidtest.Level}, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Close)
			c.EID = p
		})
		g := h.guest()
		doc := g.get("/tai-khoan/thong-tin")
		if csp := g.last.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' "+server.Issuer) {
			t.Errorf("the policy keeps the form from the provider: %s", csp)
		}
		g.send(doc, "/tai-khoan/vao/dinh-danh", nil)
		back := eidtest.SignIn(t, g.last.Header().Get("Location"), "eid-phuong")
		thief := h.guest()
		thief.get(back.RequestURI())
		if thief.last.Code != http.StatusUnprocessableEntity || thief.cookies[cookieName(holderCookie)] != "" {
			t.Errorf("another browser comes in with the answer: %d", thief.last.Code)
		}
		doc = g.get(back.RequestURI())
		g.wants(doc, "h1", "Thông tin của tôi")
		g.wants(doc, "main", "Lò Thị Phương")
		doc = g.get("/tai-khoan")
		g.wants(doc, "main", "đã xác thực bằng định danh điện tử")
		g.get(back.RequestURI())
		if g.last.Code != http.StatusUnprocessableEntity {
			t.Errorf("the answer opens twice: %d", g.last.Code)
		}
		phone := h.guest()
		doc = h.signIn(phone, phone.get("/tai-khoan"), "0912 345 678")
		phone.send(doc, "/tai-khoan/vao/dinh-danh", nil)
		doc = phone.get(eidtest.SignIn(t, phone.last.Header().Get("Location"), "eid-pao").RequestURI())
		phone.wants(doc, "main", "Đã gắn định danh điện tử")
		phone.wants(doc, "main", "Giàng A Páo")
	})
}

// An administrator sees that a code was sent, not the code (rel-R09).
func TestOutboxHidesCodesFromAdministrators(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		c := b.s.Config
		c.Accounts, c.Outbox, c.Codes = applicant.NewAccounts(b.p.DB), notice.NewOutbox(b.p.DB), true
		b.s = New(c)
		if _, err := c.Accounts.Ask(context.Background(), applicant.Way{Kind: "phone", Value: "+84912345678"}, "vi", "203.0.113.7"); err != nil {
			t.Fatal(err)
		}
		list, err := c.Outbox.Last(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		b.hire("quantri1", "Chẻo Văn Trị", officer.Administrator, "12")
		w := b.get("quantri1", "/desk/admin/outbox")
		if w.Code != 200 || strings.Contains(w.Body.String(), list[0].Secret) || strings.Contains(w.Body.String(), "912345678") || !strings.Contains(w.Body.String(), "••••••") {
			t.Errorf("%d %s", w.Code, mainOf(w.Body.String()))
		}
		if w := get(t, b.s, "/hop-thu-di"); w.Code != 404 {
			t.Errorf("the open outbox is served outside a trial: %d", w.Code)
		}
	})
}

// An outbox with its codes is never shown to the world.
func TestOpenOutboxIsForThisMachineAlone(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("the codes would be shown at a public address")
		}
	}()
	testServer(t, func(c *Config) { c.ShowOutbox = true })
}
