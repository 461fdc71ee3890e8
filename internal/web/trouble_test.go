package web

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

// rel-I-J7, rel-I-X2, rel-F05: while nothing can be saved every desk page says so,
// a form comes back with what was typed and when to try again, and pages that
// only read go on.
func TestDeskThatCannotSaveSaysSo(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		b.s.DB = b.p.DB
		v := b.filled()
		if w := b.get("/healthz"); w.Code != 200 {
			t.Errorf("in good health it answers %d %q", w.Code, w.Body)
		}
		b.p.DB.ReadOnly(problem.New(problem.Unavailable, "journal.behind", "from", 12, "to", 14, "where", "head.note"))
		doc := b.doc(b.get("/desk"), 200)
		if got := said(doc, ".q-warning"); !strings.Contains(got, "chỉ còn cho đọc từ") || !strings.Contains(got, "thiếu các mục 12 đến 14") {
			t.Errorf("the desk's head says %q", got)
		}
		w := b.post(intakePath, v)
		if w.Header().Get("Retry-After") != "300" {
			t.Errorf("Retry-After is %q", w.Header().Get("Retry-After"))
		}
		doc = b.doc(w, 503)
		if got := said(doc, ".govuk-error-summary"); !strings.Contains(got, "thiếu các mục 12 đến 14") {
			t.Errorf("the form says %q", got)
		}
		if again := typed(doc); again.Get("filer.phone") == "" || again.Get("filer.id_number") == "" || again.Get(keyField) != v.Get(keyField) {
			t.Errorf("what was typed is lost, or the key: %v", again)
		}
		b.clock.Add(time.Minute) // by now the session would be noted as seen
		for _, page := range []string{"/desk", "/desk/work", "/desk/register", "/thu-tuc", "/tra-cuu"} {
			if w := b.get(page); w.Code != 200 {
				t.Errorf("%s answers %d", page, w.Code)
			}
		}
		if w := b.get("/healthz"); w.Code != 503 || w.Body.String() != "cannot save: journal.behind\n" {
			t.Errorf("health answers %d %q", w.Code, w.Body)
		}
		if w := b.get("/healthz/live"); w.Code != 200 {
			t.Errorf("alive, it answers %d", w.Code)
		}
		b.none()
	})
}

// rel-F14, rel-L04: a house that is too busy even to see who asks answers 503 with
// everything that was typed; sent again, the form is done once.
func TestBusyHouseKeepsWhatWasTyped(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Set("filer.note", `Chị nói: "gấp" & <b>thật</b>`)
		knows := b.s.SignedIn
		b.s.SignedIn = func(context.Context, string) (officer.Session, error) {
			return officer.Session{}, &problem.Problem{Kind: problem.Unavailable, Key: "store.busy", Retry: 5 * time.Second}
		}
		w := b.post(intakePath, v)
		if w.Header().Get("Retry-After") != "5" {
			t.Errorf("Retry-After is %q", w.Header().Get("Retry-After"))
		}
		doc := b.doc(w, 503)
		if got := said(doc, "h1"); got != "Hệ thống đang bận" {
			t.Errorf("the page is headed %q", got)
		}
		form := doc.Find(`main form[method=post]`)
		again := url.Values{}
		form.Find("input").Each(func(_ int, e *goquery.Selection) { again.Add(e.AttrOr("name", ""), e.AttrOr("value", "")) })
		if form.AttrOr("action", "") != intakePath || again.Get(tokenField) == "" {
			t.Errorf("the form goes to %q with %v", form.AttrOr("action", ""), again)
		}
		for name := range v {
			if name != tokenField && !slices.Equal(again[name], v[name]) {
				t.Errorf("%s was %q and is %q", name, v[name], again[name])
			}
		}
		secret := url.Values{"login": {"minh"}, "password": {password}}
		if body := b.post(SignInPath, secret).Body.String(); strings.Contains(body, password) {
			t.Error("a password came back")
		}
		b.s.SignedIn = knows
		again.Del("filer.note") // no field of this form
		first, second := b.goes(b.post(intakePath, again)), b.goes(b.post(intakePath, again))
		if first != second {
			t.Errorf("sent twice, it leads to %s and %s", first, second)
		}
		b.only()
	})
}
