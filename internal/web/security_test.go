package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

// notes is a small page with a form, as a page of a room would be.
type notes struct {
	kept  []string
	calls int
}

func (n *notes) routes(s *Server) {
	show := func(w http.ResponseWriter, r *http.Request, f *Form) error {
		p := kitStates(f, s.Now())
		p.Inputs = []Input{f.Input("name", "kit.demo.name")}
		return s.render(w, r, f.Status(), "kit", p)
	}
	post := func(w http.ResponseWriter, r *http.Request) error {
		n.calls++
		f, err := s.postedForm(w, r)
		if err != nil {
			return err
		}
		name := f.Need("name", 100, "err.phone")
		if err = f.Err(); f.Refused(err) {
			return show(w, r, f)
		}
		n.kept = append(n.kept, name)
		return s.redirect(w, r, "/note")
	}
	s.public("GET /note", func(w http.ResponseWriter, r *http.Request) error { return show(w, r, s.blankForm(w, r)) })
	s.public("POST /note", post)
	s.desk("GET /desk", AnyOfficer, func(w http.ResponseWriter, r *http.Request, _ Visitor) error { return show(w, r, s.blankForm(w, r)) })
	s.desk("GET /desk/intake", officer.Receive, func(w http.ResponseWriter, r *http.Request, _ Visitor) error { return show(w, r, s.blankForm(w, r)) })
	s.desk("POST /desk/intake", officer.Receive, func(w http.ResponseWriter, r *http.Request, _ Visitor) error { return post(w, r) })
	s.public("GET "+SignInPath, func(w http.ResponseWriter, r *http.Request) error { return show(w, r, s.blankForm(w, r)) })
	s.public("POST "+SignInPath, func(w http.ResponseWriter, r *http.Request) error {
		f, err := s.postedForm(w, r)
		if err != nil {
			return err
		}
		s.setSession(w, f.Text("login", 50))
		return s.afterSignIn(w, r, f, f.Text("login", 50))
	})
	s.public("GET /panic", func(http.ResponseWriter, *http.Request) error { panic("boiler") })
	s.public("GET /fault", func(http.ResponseWriter, *http.Request) error { return errors.New("reading dossier: disk gone") })
	s.public("GET /busy", func(http.ResponseWriter, *http.Request) error {
		return &problem.Problem{Kind: problem.TooMany, Key: "web.method", Retry: 90 * time.Second}
	})
}

var hidden = regexp.MustCompile(`name="(_token|_key|kept|next|_kept|name)"[^>]* value="([^"]*)"`)

// hiddenFields are the named inputs of a page with their values.
func hiddenFields(body string) url.Values {
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		if !v.Has(m[1]) {
			v.Set(m[1], strings.NewReplacer("&amp;", "&", "&#43;", "+").Replace(m[2]))
		}
	}
	return v
}

func TestUndeclaredRouteIsNotServed(t *testing.T) { // rel-K60, rel-I-P1
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	if w := get(t, s, "/desk/nowhere"); w.Code != 404 {
		t.Errorf("undeclared path answered %d", w.Code)
	}
	for _, r := range s.Routes() {
		if r.Access == Desk && len(r.Roles) == 0 || r.Access == Public && strings.HasPrefix(r.Pattern, "/desk") && r.Pattern != SignInPath {
			t.Errorf("route %s %s has access %s, roles %v", r.Method, r.Pattern, r.Access, r.Roles)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a desk route without a permission was declared")
		}
	}()
	s.desk("GET /x", "nobody", func(http.ResponseWriter, *http.Request, Visitor) error { return nil })
}

func TestDeskRouteAsksForSessionAndPermission(t *testing.T) { // rel-K59, rel-A13
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	for _, c := range []struct {
		who  string
		path string
		want int
	}{
		{"", "/desk/intake", 401}, {"minh", "/desk/intake", 200}, {"lan", "/desk/intake", 403}, {"lan", "/desk", 200},
		{"minhx", "/desk/intake", 401}, {strings.Repeat("m", 300), "/desk/intake", 401},
	} {
		r := request("GET", c.path, "")
		if c.who != "" {
			as(r, c.who)
		}
		if w := do(s, r); w.Code != c.want {
			t.Errorf("%q at %s: %d, want %d", c.who, c.path, w.Code, c.want)
		}
	}
	if w := do(s, as(as(request("GET", "/desk", ""), "minh"), "lan")); w.Code != 401 {
		t.Errorf("two session cookies: %d, want 401", w.Code)
	}
}

func TestChangesComeOnlyFromOurPages(t *testing.T) { // rel-K27, rel-A08
	t.Parallel()
	n := &notes{}
	s := testServer(t, nil, n.routes)
	page := get(t, s, "/note")
	fields := hiddenFields(page.Body.String())
	cookie := page.Result().Cookies()[0]
	try := func(change func(r *http.Request, v url.Values)) int {
		v := url.Values{"name": {"Pâng"}}
		r := httptest.NewRequest("POST", "/note", nil)
		change(r, v)
		r2 := httptest.NewRequest("POST", "/note", strings.NewReader(v.Encode()))
		r2.Host, r2.Header = testHost, r.Header
		r2.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return do(s, r2).Code
	}
	set := func(k, v string) func(*http.Request, url.Values) {
		return func(r *http.Request, _ url.Values) { r.Header.Set(k, v) }
	}
	for _, c := range []struct {
		name   string
		change func(*http.Request, url.Values)
		want   int
	}{
		{"same origin", set("Sec-Fetch-Site", "same-origin"), 303},
		{"typed address", set("Sec-Fetch-Site", "none"), 303},
		{"cross site", set("Sec-Fetch-Site", "cross-site"), 403},
		{"sibling host", set("Sec-Fetch-Site", "same-site"), 403},
		{"our origin", set("Origin", testOrigin), 303},
		{"foreign origin", set("Origin", "https://evil.example"), 403},
		{"null origin", set("Origin", "null"), 403},
		{"no headers, no token", func(*http.Request, url.Values) {}, 403},
		{"no headers, token without cookie", func(_ *http.Request, v url.Values) { v.Set("_token", fields.Get("_token")) }, 403},
		{"no headers, token and cookie", func(r *http.Request, v url.Values) { r.AddCookie(cookie); v.Set("_token", fields.Get("_token")) }, 303},
		{"no headers, token cut short", func(r *http.Request, v url.Values) { r.AddCookie(cookie); v.Set("_token", fields.Get("_token")[:40]) }, 403},
		{"no headers, token of another session", func(r *http.Request, v url.Values) {
			r.AddCookie(cookie)
			r.AddCookie(&http.Cookie{Name: "__Host-quay20", Value: "minh"})
			v.Set("_token", fields.Get("_token"))
		}, 403},
	} {
		if got := try(c.change); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if len(n.kept) != 4 {
		t.Errorf("kept %d notes, want 4", len(n.kept))
	}
}

func TestTokensOfOnePageDiffer(t *testing.T) {
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	a, b := hiddenFields(get(t, s, "/note").Body.String()), hiddenFields(get(t, s, "/note").Body.String())
	if a.Get("_token") == b.Get("_token") || a.Get("_key") == b.Get("_key") || a.Get("_key") == "" {
		t.Error("two renderings share a token or an idempotency key")
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) { // rel-K24, rel-K25, rel-K26
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	post := request("POST", "/note", strings.Repeat("a", bodyCap+1))
	foreign := request("GET", "/note", "")
	foreign.Header.Set("Origin", "https://evil.example")
	answers := map[string]*httptest.ResponseRecorder{"413": do(s, post), "foreign": do(s, foreign)}
	for _, p := range []string{"/note", "/nowhere", "/panic", "/fault", "/desk", "/healthz", "/note?" + strings.Repeat("a", urlCap)} {
		answers[p[:min(len(p), 20)]] = get(t, s, p)
	}
	for p, w := range answers {
		h := w.Header()
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'nonce-"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy lacks %s", p, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %s", p, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || !strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age=63072000") {
			t.Errorf("%s (%d): headers %v", p, w.Code, h)
		}
		if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", p, h)
		}
		if w.Body.Len() > 0 && h.Get("Content-Type") == "" {
			t.Errorf("%s: no content type", p)
		}
	}
	if strings.Contains(get(t, s, "/note").Header().Get("Content-Security-Policy"), answers["/note"].Header().Get("Content-Security-Policy")) {
		t.Error("two answers share a nonce")
	}
	for _, bad := range []string{" style=\"", " onclick=", "<script>"} {
		if strings.Contains(answers["/note"].Body.String(), bad) {
			t.Errorf("page holds %q", bad)
		}
	}
}

func TestEveryCookieIsOurHostsAlone(t *testing.T) { // rel-K23
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	var all []*http.Cookie
	all = append(all, get(t, s, "/note?lang=en").Result().Cookies()...)
	all = append(all, do(s, request("POST", SignInPath, "login=minh")).Result().Cookies()...)
	if len(all) < 4 {
		t.Fatalf("only %d cookies seen", len(all))
	}
	for _, c := range all {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %s", c)
		}
	}
}

func TestForeignHostIsRefusedAndNeverLinked(t *testing.T) { // rel-A09, rel-K30
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	for host, want := range map[string]int{testHost: 200, testHost + ":443": 200, "MOTCUA.example.vn": 200, "evil.example": 421,
		testHost + ":8443": 421, "": 421, testHost + ".evil.example": 421, "localhost": 421} {
		r := request("GET", "/note", "")
		r.Host = host
		if w := do(s, r); w.Code != want {
			t.Errorf("host %q: %d, want %d", host, w.Code, want)
		}
	}
	r := request("GET", "/note", "")
	for _, h := range []string{"X-Forwarded-Host", "X-Forwarded-Server", "X-Original-URL", "X-Rewrite-URL"} {
		r.Header.Set(h, "evil.example")
	}
	r.Header.Set("Forwarded", "host=evil.example;proto=http")
	if w := do(s, r); w.Code != 200 || strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), "evil") {
		t.Error("a forwarding header changed the page")
	}
	dev := testServer(t, func(c *Config) { c.Origin = "http://127.0.0.1:8020" }, (&notes{}).routes)
	r = request("GET", "/note", "")
	r.Host = "localhost:8020"
	if w := do(dev, r); w.Code != 200 || w.Header().Get("Strict-Transport-Security") != "" {
		t.Errorf("loopback origin by its other name: %d", w.Code)
	}
}

func TestPlainHTTPOriginIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "https") {
			t.Errorf("start said %v", p)
		}
	}()
	testServer(t, func(c *Config) { c.Origin = "http://motcua.example.vn" })
}

func TestClientAddressComesFromTrustedHopsOnly(t *testing.T) { // rel-A10, rel-K31
	t.Parallel()
	s := testServer(t, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for _, c := range []struct{ peer, forwarded, want string }{
		{"203.0.113.9:1", "", "203.0.113.9"},
		{"203.0.113.9:1", "198.51.100.1", "203.0.113.9"}, // not our proxy: its word counts nothing
		{"10.0.0.2:1", "198.51.100.1", "198.51.100.1"},
		{"10.0.0.2:1", "1.1.1.1, 198.51.100.1", "198.51.100.1"}, // the left part is the client's own invention
		{"10.0.0.2:1", "1.1.1.1, 198.51.100.1, 10.0.0.7", "198.51.100.1"},
		{"10.0.0.2:1", "junk", "10.0.0.2"},
		{"10.0.0.2:1", "198.51.100.1, junk", "10.0.0.2"},
		{"[2001:db8::1]:1", "", "2001:db8::1"},
		{"[::ffff:10.0.0.2]:1", "198.51.100.1", "198.51.100.1"},
	} {
		r := request("GET", "/", "")
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := s.client(r).String(); got != c.want {
			t.Errorf("peer %s forwarded %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestMethodsThatAPageDoesNotTake(t *testing.T) { // rel-A07
	t.Parallel()
	n := &notes{}
	s := testServer(t, nil, n.routes)
	for _, c := range []struct {
		method, path string
		want         int
	}{{"PUT", "/note", 405}, {"DELETE", "/note", 405}, {"TRACE", "/note", 405}, {"OPTIONS", "/note", 405}, {"BREW", "/note", 405}, {"POST", "/healthz", 405}, {"HEAD", "/note", 200}} {
		r := request(c.method, c.path, "")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		w := do(s, r)
		if w.Code != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.want)
		}
		if c.want == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
	}
	r := request("POST", "/note", "name=a")
	r.Header.Set("X-HTTP-Method-Override", "DELETE")
	if w := do(s, r); w.Code != 303 {
		t.Errorf("override header changed the method: %d", w.Code)
	}
}

func TestStrangeAddresses(t *testing.T) { // rel-A11
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	for target, want := range map[string]int{
		"/..%2fetc": 400, "/note%00": 400, "/%c0%af": 400, "//note": 400, "/note/..": 400, "/a%5cb": 400, "/note%0d%0aX:1": 400,
		"/" + strings.Repeat("a", 64<<10): 414, "/note?" + strings.Repeat("a=1&", 1000): 400, "/note?q=%zz": 200, "/note/": 404,
	} {
		r := request("GET", "/", "")
		path, query, _ := strings.Cut(target, "?")
		p, err := url.PathUnescape(path)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.RequestURI = p, path, query, target
		if w := do(s, r); w.Code != want {
			t.Errorf("%.40s: %d, want %d", target, w.Code, want)
		}
	}
}

func TestBodiesAreBoundedBeforeTheyAreRead(t *testing.T) { // rel-A03, rel-A04, rel-W13, rel-A16
	t.Parallel()
	n := &notes{}
	s := testServer(t, nil, n.routes)
	many := strings.Repeat("a=1&", 1000)
	var distinct strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&distinct, "f%d=1&", i)
	}
	for name, c := range map[string]struct {
		body, kind string
		want       int
	}{
		"one byte over the cap":    {"name=" + strings.Repeat("a", bodyCap-4), "application/x-www-form-urlencoded", 413},
		"at the cap":               {"name=" + strings.Repeat("a", bodyCap-5), "application/x-www-form-urlencoded", 422},
		"one field 1,000 times":    {many, "application/x-www-form-urlencoded", 400},
		"1,000 fields":             {distinct.String(), "application/x-www-form-urlencoded", 400},
		"broken escapes":           {"name=%zz", "application/x-www-form-urlencoded", 400},
		"JSON as text":             {`{"name":"a"}`, "text/plain", 415},
		"no content type":          {"name=a", "", 415},
		"multipart, no boundary":   {"name=a", "multipart/form-data", 415},
		"key of 10,000 characters": {"name=a&_key=" + strings.Repeat("k", 10000), "application/x-www-form-urlencoded", 400},
	} {
		r := request("POST", "/note", c.body)
		r.Header.Set("Content-Type", c.kind)
		if w := do(s, r); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	if len(n.kept) != 0 {
		t.Errorf("a refused form was kept: %v", n.kept)
	}
}

func TestSafeMethodsNeverReachAPostHandler(t *testing.T) { // rel-K27
	t.Parallel()
	n := &notes{}
	s := testServer(t, nil, n.routes)
	for _, r := range s.Routes() {
		if r.Method == "GET" && !strings.Contains(r.Pattern, "{") {
			do(s, as(request("GET", r.Pattern, ""), "minh"))
		}
	}
	if n.calls != 0 {
		t.Error("a GET changed something")
	}
}

func TestRedirectsStayInside(t *testing.T) { // rel-K28
	t.Parallel()
	for _, good := range []string{"/", "/desk", "/desk/dossiers/000.00.06.H56-231027-0361", "/tra-cuu?code=1", "/thu-tuc/1.004194", "/a?next=//evil.example", "/desk/work?queue=late&page=2"} {
		if got := inside(good, "/no"); got != good {
			t.Errorf("%q became %q", good, got)
		}
	}
	for _, bad := range []string{"", "desk", "//evil.example", "///evil.example", "////evil.example/desk", "https://evil.example", "http:evil.example", "https:/evil.example",
		`/\evil.example`, `\\evil.example`, `\/evil.example`, `/desk\..\x`, "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "mailto:a@b.example",
		"/%2e%2e/x", "/../x", "/desk/../..", "/./x", "/a//b", "/%5cevil.example", "/%09/evil.example", "/\t/evil.example", "/\n//evil.example", "/%0d%0aSet-Cookie:a", "\x00/", "/%00",
		" /desk", "@evil.example", "/:@evil.example/..", "?next=x", "#x", "/api/v1/dossiers", "/static/x/y", "//motcua.example.vn@evil.example", "/" + strings.Repeat("a", 3000), "/%zz", "/\u202e", "／／evil.example", "\u00a0//evil.example"} {
		if got := inside(bad, "/no"); got != "/no" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestPanicAndFaultShowANumberAndAreLoggedOnce(t *testing.T) { // rel-I-X4
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	for _, path := range []string{"/panic", "/fault"} {
		w := get(t, s, path)
		body := w.Body.String()
		if w.Code != 500 || strings.Contains(body, "boiler") || strings.Contains(body, "disk gone") || strings.Contains(body, "goroutine") {
			t.Errorf("%s: %d with our secrets", path, w.Code)
		}
		if !strings.Contains(body, "q-code") {
			t.Errorf("%s: no reference number", path)
		}
	}
	out := logged(t)
	if n := strings.Count(out, "level=ERROR"); n != 2 {
		t.Errorf("%d error lines, want 2:\n%s", n, out)
	}
}

func TestLogHoldsNoPersonalData(t *testing.T) {
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	get(t, s, "/note?code=000.00.06.H56-231027-0361&name=P%C3%A2ng")
	get(t, s, "/t/012190001234")
	out := logged(t)
	if strings.Contains(out, "0361") || strings.Contains(out, "012190001234") || strings.Contains(out, "192.0.2.1") {
		t.Errorf("log tells about a person:\n%s", out)
	}
	if n := strings.Count(out, "msg=request"); n != 2 {
		t.Errorf("%d request lines, want 2", n)
	}
}

func TestBusyTellsWhenToComeBack(t *testing.T) { // rel-G1
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	if w := get(t, s, "/busy"); w.Code != 429 || w.Header().Get("Retry-After") != "90" || !strings.Contains(w.Body.String(), "2 phút") {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}

func TestClosedForPlannedWorkSaysTheHour(t *testing.T) { // ux X3
	t.Parallel()
	s := testServer(t, func(c *Config) {
		c.Downtime = func() (time.Time, bool) { return time.Date(2022, 11, 22, 9, 0, 0, 0, time.UTC), true }
	}, (&notes{}).routes)
	w := get(t, s, "/note")
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "16 giờ 00, thứ Ba 22/11/2022") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(t, s, "/healthz"); w.Code != 200 {
		t.Errorf("health during planned work: %d", w.Code)
	}
}

func TestFormOutlivesItsSession(t *testing.T) { // rel-W07, ux X5
	t.Parallel()
	n := &notes{}
	s := testServer(t, nil, n.routes)
	typed := url.Values{"name": {"LÒ THỊ PÂNG & con"}, "_key": {"AAAAAAAAAAAAAAAAAAAAAA"}, "password": {"secret-word"}}
	ended := do(s, request("POST", "/desk/intake", typed.Encode()))
	if ended.Code != 401 || strings.Contains(ended.Body.String(), "secret-word") {
		t.Fatalf("session ended: %d", ended.Code)
	}
	again := hiddenFields(ended.Body.String())
	again.Set("login", "minh")
	back := do(s, request("POST", SignInPath, again.Encode()))
	fields := hiddenFields(back.Body.String())
	if back.Code != 200 || fields.Get("name") != typed.Get("name") || fields.Get("_kept") == "" {
		t.Fatalf("after signing in: %d, fields %v", back.Code, fields)
	}
	shown := do(s, as(request("POST", "/desk/intake", fields.Encode()), "minh"))
	if !strings.Contains(shown.Body.String(), `value="LÒ THỊ PÂNG &amp; con"`) || len(n.kept) != 0 {
		t.Fatalf("form came back with %d, kept %v", shown.Code, n.kept)
	}
	if w := do(s, as(request("POST", "/desk/intake", typed.Encode()), "minh")); w.Code != 303 || len(n.kept) != 1 {
		t.Errorf("sending it then: %d", w.Code)
	}
}

func TestBrowserReportsAreTakenAndForgotten(t *testing.T) { // rel-K26
	t.Parallel()
	s := testServer(t, nil)
	r := request("POST", "/csp-report", `{"csp-report":{"document-uri":"https://motcua.example.vn/t/secret"}}`)
	r.Header.Set("Content-Type", "application/csp-report")
	if w := do(s, r); w.Code != 204 || strings.Contains(logged(t), "secret") {
		t.Errorf("report: %d", w.Code)
	}
	if w := do(s, request("POST", "/csp-report", strings.Repeat("x", reportCap+1))); w.Code != 413 {
		t.Errorf("report over the cap: %d", w.Code)
	}
}

func TestPagesAreCompressedOnlyForThoseWhoAsk(t *testing.T) {
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	r := request("GET", "/note", "")
	r.Header.Set("Accept-Encoding", "br, gzip;q=1.0")
	w := do(s, r)
	z, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil || w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("not compressed: %v", err)
	}
	if b, err := io.ReadAll(z); err != nil || !bytes.Contains(b, []byte("</html>")) {
		t.Errorf("compressed page is broken: %v", err)
	}
	if w := get(t, s, "/note"); w.Header().Get("Content-Encoding") != "" {
		t.Error("compressed unasked")
	}
	r = request("GET", "/healthz", "")
	r.Header.Set("Accept-Encoding", "gzip")
	if w := do(s, r); w.Header().Get("Content-Encoding") != "" {
		t.Error("three bytes were compressed")
	}
}

func TestStaticFilesAreKeptForEverUnderTheirHash(t *testing.T) {
	t.Parallel()
	s := testServer(t, nil)
	st, err := s.static()
	if err != nil {
		t.Fatal(err)
	}
	w := get(t, s, st.url("img/favicon.svg"))
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") != "image/svg+xml" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := get(t, s, "/static/older/img/favicon.svg"); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("address of an older release: %d %v", w.Code, w.Header())
	}
	r := request("GET", st.url("img/favicon.svg"), "")
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	if w := do(s, r); w.Code != 304 {
		t.Errorf("unchanged file: %d", w.Code)
	}
	if w := get(t, s, "/static/x/../web.go"); w.Code == 200 {
		t.Error("a file outside static was served")
	}
}
