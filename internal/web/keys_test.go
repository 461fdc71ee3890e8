package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"quay20/internal/officer"
	"quay20/internal/web/webtest"
)

// kitAtDesk opens the kit page at the desk in a browser; sent counts the forms
// that arrived.
func kitAtDesk(t *testing.T) (p *webtest.Page, sent *atomic.Int32) {
	t.Helper()
	sent = new(atomic.Int32)
	server := httptest.NewUnstartedServer(nil)
	s := testServer(t, func(c *Config) { c.Origin = "http://" + server.Listener.Addr().String() })
	if st, err := s.static(); err != nil || st.url("dist/desk.js") == "" {
		t.Skip("scripts are not built; run npm run build")
	}
	s.public("GET /login", func(w http.ResponseWriter, r *http.Request) error {
		s.setSession(w, "minh")
		return s.redirect(w, r, "/desk/kit")
	})
	s.desk("GET /desk/kit", AnyOfficer, func(w http.ResponseWriter, r *http.Request, _ Visitor) error { return s.kit(w, r) })
	s.desk("GET "+searchPath, officer.Search, func(w http.ResponseWriter, r *http.Request, _ Visitor) error { return s.kit(w, r) })
	s.desk("POST /desk/kit", AnyOfficer, func(w http.ResponseWriter, r *http.Request, _ Visitor) error {
		sent.Add(1)
		return s.redirect(w, r, "/desk/kit")
	})
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(server.Close)
	p = webtest.Browser(t, server.URL)
	p.Goto("/login")
	return p, sent
}

const cardQR = "012190001234||LÒ THỊ PÂNG|07031990|Nữ|Bản Nà Đoong, xã San Thàng|25042021"

func TestCardIsReadWhereverTheCursorIs(t *testing.T) { // ux 2.3.2
	t.Parallel()
	p, _ := kitAtDesk(t)
	for _, field := range []string{"name", "scan", "reason"} {
		p.Goto("/desk/kit")
		webtest.Eval[bool](p, `(e => { e.focus(); e.setSelectionRange(3, 3); return true })(document.getElementById("`+field+`"))`)
		p.Scan(cardQR)
		p.Wait("#scanned")
		if got := p.Text("#scanned"); got != cardQR {
			t.Errorf("cursor in %s: read %q", field, got)
		}
	}
	p.Goto("/desk/kit")
	webtest.Eval[bool](p, `(e => { e.focus(); e.value = ""; return true })(document.getElementById("phone"))`)
	p.Type("012190001234|")
	if p.Value("#phone") != "012190001234|" {
		t.Error("a person's own typing was taken for a card")
	}
}

func TestKeysOfTheDesk(t *testing.T) { // ux 2.9
	t.Parallel()
	p, sent := kitAtDesk(t)
	ticks := func() string {
		return webtest.Eval[string](p, `[...document.querySelectorAll("[data-checklist] input")].map(b => b.checked ? 1 : 0).join("")`)
	}
	focus := func(id string) {
		webtest.Eval[bool](p, `(document.getElementById("`+id+`").focus(), true)`)
	}
	active := func() string {
		return webtest.Eval[string](p, `document.activeElement.id || document.activeElement.tagName`)
	}
	focus("papers")
	p.Press("2")
	p.Press("3") // does not apply: stays
	if ticks() != "1100" {
		t.Errorf("after 2: ticks %s", ticks())
	}
	p.Press("*")
	if ticks() != "1101" {
		t.Errorf("after *: ticks %s", ticks())
	}
	focus("name")
	p.Type("2*")
	if ticks() != "1101" {
		t.Error("a digit typed into a field reached the checklist")
	}
	p.Press("Ctrl+k")
	if active() != "find" {
		t.Errorf("Ctrl+K went to %s", active())
	}
	webtest.Eval[bool](p, `(document.activeElement.blur(), true)`)
	p.Press("?")
	if !p.Has("#keys[open]") {
		t.Error("? did not open the key sheet")
	}
	p.Press("Escape")
	if p.Has("#keys[open]") {
		t.Error("Esc did not close the key sheet")
	}
	webtest.Eval[bool](p, `(document.activeElement.blur(), true)`) // closing the sheet may give the focus back late
	p.Press("Down", "Down", "x")
	if got := webtest.Eval[string](p, `[...document.querySelectorAll("[data-queue] tbody input")].map(b => b.checked ? 1 : 0).join("")`); got != "010" {
		t.Errorf("down, down, x in the queue: %s", got)
	}
	p.Enter("Enter")
	if !strings.HasSuffix(p.Address(), "?open=H56-231027-0362") {
		t.Errorf("Enter opened %s", p.Address())
	}
	focus("name")
	p.Enter("Ctrl+Enter")
	if sent.Load() != 1 {
		t.Errorf("Ctrl+Enter sent %d forms", sent.Load())
	}
}

func TestDoublePressSendsOneForm(t *testing.T) { // rel-W06
	t.Parallel()
	p, sent := kitAtDesk(t)
	webtest.Eval[bool](p, `(document.querySelector("form[data-primary] button").addEventListener("click", e => {
		setTimeout(() => { e.target.form.requestSubmit(); e.target.click() })
	}), true)`)
	p.Follow("form[data-primary] button")
	if sent.Load() != 1 {
		t.Errorf("%d forms were sent", sent.Load())
	}
}

func TestKitHasNoBarriersAndNoLooseWidth(t *testing.T) {
	t.Parallel()
	p, _ := kitAtDesk(t)
	p.Axe()
	for _, address := range []string{"/_kit?fault", "/desk/kit", "/offline", "/nowhere"} {
		p.Goto(address)
		for _, width := range []int{320, 360, 1280} {
			p.Width(width)
			if p.Scrolls() {
				t.Errorf("%s scrolls sideways at %d px", address, width)
			}
		}
		for _, b := range p.Barriers() {
			t.Errorf("%s: %s", address, b)
		}
	}
	if got := p.Complaints(); len(got) > 1 { // /nowhere itself is one
		t.Error(got)
	}
}
