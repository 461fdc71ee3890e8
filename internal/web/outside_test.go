package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"quay20/internal/dossier"
	"quay20/internal/officer"
)

// rel-B-A08: a form of another site, sent by a browser that tells neither
// Origin nor Sec-Fetch-Site, is refused for want of the page's token.
func TestFormOfAnotherSiteIsRefusedWithoutTheToken(t *testing.T) {
	inBureau(t, func(b *bureau) {
		r := request(http.MethodPost, takePath, url.Values{"desk": {"12-Q20"}}.Encode())
		r.Header.Del("Origin")
		r.Header.Del("Sec-Fetch-Site")
		b.cookies(r, "minh")
		if w := do(b.s, r); w.Code != http.StatusForbidden {
			t.Errorf("answered %d, want 403", w.Code)
		}
	})
}

// rel-B-A09: a foreign Host is refused, and forwarded headers change no link in
// any page.
func TestForeignHostsChangeNoLink(t *testing.T) {
	inTown(t, func(w *town) {
		d := w.received()
		for _, path := range []string{"/", "/tt/1.001456", "/tra-cuu", "/t/" + token(d)} {
			r := request(http.MethodGet, path, "")
			r.Host = "evil.example"
			if got := do(w.s, r); got.Code != http.StatusMisdirectedRequest {
				t.Errorf("%s under a foreign host is answered %d, want 421", path, got.Code)
			}
			r = request(http.MethodGet, path, "")
			for _, header := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Host"} {
				r.Header.Set(header, "host=evil.example;proto=evil")
			}
			if got := do(w.s, r); got.Code != http.StatusOK || strings.Contains(got.Body.String(), "evil") {
				t.Errorf("%s with forwarded headers is answered %d, and they show", path, got.Code)
			}
		}
	})
}

// rel-B-A15: slow heads, bodies and idle connections are cut off by the server.
func TestServerBoundsEveryWait(t *testing.T) {
	s := HTTP(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("a wait without bound: %+v", s)
	}
}

// rel-K75: a program that is not in development serves no kit, debug page,
// metrics or listing.
func TestNoDebugPagesInProduction(t *testing.T) {
	s := testServer(t, func(c *Config) { c.Dev = false })
	for _, path := range []string{"/_kit", "/dev/pages", "/debug/pprof/", "/debug/vars", "/metrics", "/static/", "/.git/config"} {
		if w := do(s, request(http.MethodGet, path, "")); w.Code != http.StatusNotFound {
			t.Errorf("%s is answered %d, want 404", path, w.Code)
		}
	}
	if w := do(s, request(http.MethodTrace, healthPath, "")); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("TRACE is answered %d, want 405", w.Code)
	}
}

// rel-K84, rel-T25: what people type, and what opens things, never stands in
// the log, whatever becomes of the request.
func TestNothingPersonalStandsInTheLog(t *testing.T) {
	inBureau(t, func(b *bureau) {
		var log bytes.Buffer
		b.s.Log = slog.New(slog.NewJSONHandler(&log, nil))
		d := b.received(func(in *dossier.Intake) { in.Filer = planted })
		login := url.Values{"login": {"minh"}, "password": {"Mật khẩu lộ 4471"}, "code": {"447199"}}
		b.post("", SignInPath, login)
		b.post("minh", intakePath, url.Values{"filer.name": {planted.Name}, "filer.id_number": {planted.IDNumber}, "filer.phone": {planted.Phone}})
		b.post("minh", "/desk/search", url.Values{"q": {planted.Name}})
		b.post("", "/tra-cuu", url.Values{"code": {string(d.Code)}, "secret": {"4471ZZZZ"}})
		b.get("", "/t/"+token(d))
		b.get("", "/tim?q="+url.QueryEscape(planted.Name))
		b.get("minh", "/desk/dossiers/"+d.ID)
		b.get("minh", "/desk/dossiers/"+url.PathEscape("\u001b[31m"+planted.Name+"\r\n{\"level\":\"ERROR\"}"))
		b.get("minh", "/khong-co?ten="+url.QueryEscape(planted.Name))
		if log.Len() == 0 {
			t.Fatal("nothing was logged at all")
		}
		for _, secret := range append(secrets, "lộ 4471", "447199", "4471ZZZZ", token(d), demotestSecret(d), b.staff["minh"].token) {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%q stands in the log", secret)
			}
		}
		for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
			if !strings.HasPrefix(line, `{"time"`) || strings.Contains(line, "\u001b") {
				t.Errorf("a line was forged: %q", line)
			}
		}
	})
}

// Who takes no desk is not sent to take one after signing in.
func TestInspectorLandsOnAPageTheyMayOpen(t *testing.T) {
	inBureau(t, func(b *bureau) {
		b.hire("mao", "Mào Văn Thanh", officer.Inspector, "12")
		w := b.post("", SignInPath, url.Values{"login": {"mao"}, "password": {testPassword}})
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != "/desk" {
			t.Errorf("signing in is answered %d and leads to %q", w.Code, to)
		}
	})
}
