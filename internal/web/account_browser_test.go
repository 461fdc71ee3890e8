package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"quay20/internal/store/storetest"
	"quay20/internal/web/webtest"
)

// A citizen signs in by the code that the trial's outbox shows, opens an
// organisation, and signs out; the back button shows nothing of them. Scripts
// are off, the screen is a telephone's, and no page has a barrier. rel-K55, rel-T20
func TestCitizenSignsInByCodeWithoutScripts(t *testing.T) { // ux-C35
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	var h *hall
	storetest.EachAddress(t, func(_ *testing.T, address string) {
		if h == nil {
			h = companyHall(newTown(t, storetest.Open(t, address, storetest.NewClock(morning)), server.URL))
			c := h.s.Config
			c.ShowOutbox = true
			h.s = New(c)
			handler = h.s.Handler()
		}
	})
	b := webtest.Browser(t, server.URL)
	b.NoJS()
	b.Width(360)
	look := func(name string) {
		t.Helper()
		if b.Scrolls() {
			t.Errorf("%s is wider than a telephone", name)
		}
		b.Axe()
		if dir := os.Getenv("TEST_PICTURES"); dir != "" {
			if err := os.WriteFile(dir+"/"+name+".png", b.Screenshot(360), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.Goto("/tai-khoan/vao")
	look("enter")
	b.Click("#to")
	b.Type("0912 345 678")
	b.Enter("Enter")
	look("code")
	reader := b.Another()
	reader.Goto("/hop-thu-di")
	if code := h.code("+84912345678"); !strings.Contains(reader.Text(".q-message__body"), code) {
		t.Error("the outbox does not show the code")
	}
	b.Click("#code")
	b.Type(h.code("+84912345678"))
	if status := b.Enter("Enter"); status != http.StatusOK || b.Address() != "/tai-khoan" {
		t.Fatalf("the code leads to %s (%d)", b.Address(), status)
	}
	look("mine")
	b.Goto("/tai-khoan/thong-tin")
	look("facts")
	b.Goto("/tai-khoan/dong")
	look("close")
	b.Goto("/to-chuc")
	look("companies")
	b.Click("#kind")
	b.Click("#name")
	b.Type("Công ty TNHH Chè Tam Đường")
	b.Click("#tax_code")
	b.Type("6200012345")
	b.Click("#representative")
	b.Type("Lò Văn Chè")
	b.Enter("Enter")
	if got := b.Text("h1"); got != "Công ty TNHH Chè Tam Đường" {
		t.Errorf("after opening an organisation the page is %q", got)
	}
	look("company")
	b.Follow(".q-holder__leave")
	if b.Goto("/tai-khoan"); b.Has(".q-holder") {
		t.Error("the account is still open after signing out")
	}
}
