package webtest_test

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"quay20/internal/web/webtest"
)

// desk is a small page like ours: a form, a script of its own, a strict policy.
const desk = `<!doctype html><html lang="vi"><head><title>Quầy</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main>
<h1>Tiếp nhận   hồ sơ</h1>
<form method="post" action="/intake">
<label for="scan">Quét thẻ</label><input id="scan" name="scan" autofocus>
<label for="phone">Điện thoại</label><input id="phone" name="phone">
<button>Lưu</button></form>
<p id="note" hidden>Đã đọc thẻ</p>
<a href="/saved">Xem</a>
</main><script src="/desk.js"></script></body></html>`

const script = `
document.getElementById("scan").addEventListener("keydown", e => {
	if (e.key !== "Enter" || e.ctrlKey) return;
	e.preventDefault();
	document.getElementById("note").hidden = false;
	document.getElementById("phone").focus();
});
addEventListener("keydown", e => { if (e.ctrlKey && e.key === "Enter") document.forms[0].submit(); });`

func pages(t *testing.T, body string) string {
	mux := http.NewServeMux()
	page := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	saved := "<!doctype html><html lang=vi><title>Đã lưu</title><main><h1>Đã lưu</h1></main>"
	mux.HandleFunc("GET /desk", page(200, body))
	mux.HandleFunc("GET /saved", page(200, saved))
	mux.HandleFunc("GET /desk.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, script)
	})
	mux.HandleFunc("POST /intake", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("phone") == "" {
			page(422, saved)(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "phone", Value: r.FormValue("phone")})
		http.Redirect(w, r, "/saved?phone="+r.FormValue("phone"), http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestKeysOfOneIntakeAreCounted(t *testing.T) {
	t.Parallel()
	p := webtest.Browser(t, pages(t, desk))
	if status := p.Goto("/desk"); status != 200 {
		t.Fatalf("page answers %d", status)
	}
	if got := p.Text("h1"); got != "Tiếp nhận hồ sơ" {
		t.Errorf("heading is %q", got)
	}
	p.Scan("001200000000||NGUYỄN VĂN MẪU")
	p.Wait("#note")
	p.Type("0912")
	if status := p.Enter("Ctrl+Enter"); status != 200 {
		t.Errorf("saving answers %d", status)
	}
	if got := p.Address(); got != "/saved?phone=0912" {
		t.Errorf("saving leads to %s", got)
	}
	if keys, clicks := p.Hands(); keys != 6 || clicks != 0 {
		t.Errorf("counted %d keys and %d clicks, want 4 digits, Ctrl and Enter", keys, clicks)
	}
}

func TestWithoutScriptsTheFormStillWorks(t *testing.T) {
	t.Parallel()
	p := webtest.Browser(t, pages(t, desk))
	p.NoJS()
	p.Goto("/desk")
	p.Click("#scan")
	p.Press("x", "Tab")
	if status := p.Enter("Enter"); status != 422 {
		t.Errorf("the empty telephone answers %d", status)
	}
	p.Goto("/desk")
	p.Click("#phone")
	p.Type("7")
	if got := p.Value("#phone"); got != "7" {
		t.Errorf("telephone holds %q", got)
	}
	if status := p.Follow("button"); status != 200 || p.Text("h1") != "Đã lưu" {
		t.Errorf("saving answers %d with %q", status, p.Text("h1"))
	}
	p.Axe()
}

func TestAxeFindsAMissingLabel(t *testing.T) {
	t.Parallel()
	p := webtest.Browser(t, pages(t, desk))
	p.Goto("/desk")
	p.Axe()

	p = webtest.Browser(t, pages(t, strings.ReplaceAll(desk, `<label for="phone">Điện thoại</label>`, "")))
	p.Goto("/desk")
	if found := p.Barriers(); len(found) != 1 || !strings.HasPrefix(found[0], "label ") {
		t.Errorf("without the label of the telephone axe finds %q", found)
	}
}

func TestRefusedInlineScriptAndScriptErrorAreComplaints(t *testing.T) {
	t.Parallel()
	body := strings.ReplaceAll(desk, "</main>", `<script>document.title = "x"</script></main>`)
	body = strings.ReplaceAll(body, `id="scan"`, `id="renamed"`)
	p := webtest.Browser(t, pages(t, body))
	p.Goto("/desk")
	p.Wait("h1")
	found := strings.Join(p.Complaints(), "\n")
	if !strings.Contains(found, "Content Security Policy") {
		t.Errorf("the inline script that the policy refuses is no complaint: %q", found)
	}
	if !strings.Contains(found, "script error") {
		t.Errorf("the broken script is no complaint: %q", found)
	}
}

func TestPictureHasTheWidthAskedFor(t *testing.T) {
	t.Parallel()
	p := webtest.Browser(t, pages(t, desk))
	p.Goto("/desk")
	picture, err := png.Decode(bytes.NewReader(p.Screenshot(360)))
	if err != nil {
		t.Fatal(err)
	}
	if got := picture.Bounds().Dx(); got != 360 {
		t.Errorf("picture is %d wide", got)
	}
	if p.Scrolls() {
		t.Error("the page is wider than a telephone")
	}
	if p.Has("#nothing") || !p.Has("#note") {
		t.Error("Has is wrong about what is there")
	}
}

func TestAnotherPersonSharesNoCookies(t *testing.T) {
	t.Parallel()
	p := webtest.Browser(t, pages(t, desk))
	p.Goto("/desk")
	p.Click("#phone")
	p.Type("5")
	p.Follow("button")
	other := p.Another()
	other.Goto("/saved")
	if got := webtest.Eval[string](other, "document.cookie"); got != "" {
		t.Errorf("another person has the cookie %q", got)
	}
	if got := webtest.Eval[string](p, "document.cookie"); got != "phone=5" {
		t.Errorf("the first person has the cookie %q", got)
	}
}
