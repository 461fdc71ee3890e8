package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"quay20/internal/store/storetest"
	"quay20/internal/web/webtest"
)

// TestCitizensPagesHaveNoBarrier opens every citizen's page in every state, on a
// telephone and on a screen, with scripts and without.
func TestCitizensPagesHaveNoBarrier(t *testing.T) { // ux-C1, ux-C2, ux-C3, ux-C4, ux-C17, ux-C18, ux 7
	w, base := browsed(t)
	paths := []string{"/", "/tim?q=h%E1%BB%99+chi%E1%BA%BFu", "/tim?q=xyzzyx", "/tim?q=k%E1%BA%BFt+h%C3%B4n", "/tim?q=n%E1%BB%99p+ph%E1%BA%A1t+ngu%E1%BB%99i+x%C3%A3+M%C6%B0%E1%BB%9Dng+So", "/thu-tuc", "/linh-vuc/xuat-nhap-canh", "/tt/1.004194", "/tt/1.013067",
		"/tt/LC-PC-01", "/tt/1.004194?lang=en", "/tra-cuu?lang=vi"}
	paths = append(paths, "/tt/1.001456?viec=mat&xa=Quyet+Tien", "/tt/1.004194?xa=huyen+than+uyen", "/tt/1.001456/kiem-tra", "/tt/1.013079/kiem-tra",
		"/tt/3.000347/kiem-tra?vi-sao=mat", "/tt/1.001456/chuan-bi", "/tt/1.001456/chuan-bi?viec=mat&cho-ai=nguoi-lon&xa=doan+ket",
		"/tt/1.004222/2024-01-01/thay-doi", "/tro-giup", "/kha-nang-tiep-can", "/rieng-tu", "/cookie")
	for _, state := range states {
		w.clock.Set(morning)
		paths = append(paths, "/t/"+token(w.inState(state)))
	}
	b := webtest.Browser(t, base)
	for _, path := range paths {
		if status := b.Goto(path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
		b.Width(360)
		if b.Scrolls() {
			t.Errorf("%s is wider than a telephone", path)
		}
		b.Axe()
		b.Width(1280)
		if b.Scrolls() {
			t.Errorf("%s is wider than the screen", path)
		}
	}
}

// TestACitizenFindsPreparesAndTracksWithoutScripts walks from home to the
// dossier with scripts off.
func TestACitizenFindsPreparesAndTracksWithoutScripts(t *testing.T) { // ux 3.1 steps 1, 2, 9
	w, base := browsed(t)
	d := w.inState("supplement")
	b := webtest.Browser(t, base)
	b.NoJS()
	b.Width(360)
	b.Goto("/")
	b.Click("#q")
	b.Type("dang ky xe")
	b.Enter("Enter")
	b.Follow(`.q-errands__link[href="/tt/1.013067"]`)
	b.Follow(`a[href="/tt/1.013067/kiem-tra"]`)
	b.Click(`input[value="mo-to"]`)
	b.Follow("main form button")
	b.Axe()
	b.Click(`input[value="san-co"]`)
	b.Follow("main form button")
	if got := b.Address(); got != "/tt/1.013067/chuan-bi?bien=san-co&xe=mo-to" {
		t.Errorf("the answers lead to %s", got)
	}
	if got := b.Text(".q-box__answer"); got[:len("7 ngày làm việc")] != "7 ngày làm việc" {
		t.Errorf("the chosen case takes %q", got)
	}
	b.Follow(`.q-nav__link[href="/tra-cuu"]`)
	b.Click("#code")
	b.Type(string(d.Code))
	b.Press("Tab")
	b.Type("00000000")
	if status := b.Enter("Enter"); status != http.StatusNotFound {
		t.Errorf("a wrong key is answered %d", status)
	}
	if got := b.Value("#code"); got != string(d.Code) {
		t.Errorf("the code typed is gone: %q", got)
	}
	b.Axe()
	b.Click("#secret")
	b.Press("Ctrl+a")
	b.Type(demotestSecret(d))
	if status := b.Enter("Enter"); status != http.StatusOK || b.Address() != "/t/"+token(d) {
		t.Errorf("the right key leads to %s (%d)", b.Address(), status)
	}
	if got := b.Text(".q-status__tag"); got != "Cần bổ sung" {
		t.Errorf("the page says %q", got)
	}
	b.Follow(`.q-lang a[hreflang="en"]`)
	if got := b.Text(".q-status__tag"); got != "Papers needed" {
		t.Errorf("the English page says %q", got)
	}
}

// TestTheOwnCaseByKeyboard finds a procedure, answers its questions and comes to
// the own list without a mouse.
func TestTheOwnCaseByKeyboard(t *testing.T) { // ux-C5, ux-C6, ux 7
	_, base := browsed(t)
	b := webtest.Browser(t, base)
	b.Width(360)
	b.Goto("/tim?q=ho+chieu")
	focus := func(selector string) {
		t.Helper()
		for range 60 {
			if webtest.Eval[bool](b, "document.activeElement.matches('"+selector+"')") {
				return
			}
			b.Press("Tab")
		}
		t.Fatalf("%s cannot be reached by keyboard at %s", selector, b.Address())
	}
	follow := func(selector string) {
		t.Helper()
		focus(selector)
		b.Enter("Enter")
	}
	follow(`a[href="/tt/1.001456"]`)
	follow(`a[href="/tt/1.001456/kiem-tra"]`)
	focus(`input[name="viec"]`)
	b.Press("Space")
	b.Press("Down")
	b.Press("Down")
	b.Press("Down") // lost
	follow("main form button")
	if got := b.Text("h1"); got != "Hộ chiếu làm cho ai?" {
		t.Fatalf("after the first answer: %q", got)
	}
	focus(`input[name="cho-ai"]`)
	b.Press("Space")
	follow("main form button")
	if got := b.Address(); got != "/tt/1.001456/chuan-bi?cho-ai=nguoi-lon&viec=mat" {
		t.Fatalf("the answers lead to %s", got)
	}
	focus("#giay-to-4")
	b.Press("Space")
	if !webtest.Eval[bool](b, `document.querySelector("#giay-to-4").checked`) {
		t.Error("a paper cannot be ticked by keyboard")
	}
}

// browsed is a town behind a real listener.
func browsed(t *testing.T) (*town, string) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	var w *town
	storetest.EachAddress(t, func(_ *testing.T, address string) {
		if w == nil {
			w = newTown(t, storetest.Open(t, address, storetest.NewClock(morning)), server.URL)
			handler = w.s.Handler()
		}
	})
	return w, server.URL
}

// TestSearchBoxOffersWhileTyping types into the box with scripts on: arrows
// choose, Enter opens, Escape closes, and a line that is cut harms nothing.
func TestSearchBoxOffersWhileTyping(t *testing.T) { // ux-C1, ux-C2, ux 4.5
	_, base := browsed(t)
	b := webtest.Browser(t, base)
	b.Width(360)
	b.Goto("/")
	b.Click("#q")
	b.Type("dang ky tam tru")
	b.Wait(".q-suggest__option")
	if got := b.Text(".q-suggest__option"); !strings.HasPrefix(got, "Đăng ký tạm trú") {
		t.Errorf("it offers %q first", got)
	}
	if b.Scrolls() {
		t.Error("the offers are wider than a telephone")
	}
	b.Axe()
	b.Press("Down")
	if got := webtest.Eval[string](b, `document.activeElement.getAttribute("aria-activedescendant")`); got != "q-suggestion-0" {
		t.Errorf("the chosen offer is %q", got)
	}
	b.Axe()
	b.Press("Escape")
	if !webtest.Eval[bool](b, `document.querySelector(".q-suggest").hidden && document.activeElement.value === "dang ky tam tru"`) {
		t.Error("Escape does not close the offers, or takes what was typed")
	}
	b.Press("Space")
	b.Type("cho")
	b.Wait(".q-suggest__option")
	b.Press("Down")
	if status := b.Enter("Enter"); status != http.StatusOK || !strings.HasPrefix(b.Address(), "/tt/") {
		t.Errorf("Enter leads to %s (%d)", b.Address(), status)
	}

	b.Goto("/tim?q=khai+sinh")
	b.Axe()
	webtest.Eval[bool](b, `(window.fetch = () => Promise.reject(new Error("cut")), true)`)
	b.Click("#q")
	b.Press("Ctrl+a")
	b.Type("ho chieu")
	if status := b.Enter("Enter"); status != http.StatusOK || b.Address() != "/tim?q=ho+chieu" {
		t.Errorf("with the line cut the form leads to %s (%d)", b.Address(), status)
	}
}
