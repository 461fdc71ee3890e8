package web

import (
	"fmt"
	"net/http"
	"testing"

	declare "quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/web/webtest"
)

// writes fills one page of a form in as a person does who reads it from the top,
// and goes on; it may ask for more.
func writes(b *webtest.Page, to string, answers declare.Answers) string {
	for range 4 {
		b.Goto(to)
		if b.Scrolls() {
			panic(to + " is wider than a telephone")
		}
		b.Axe()
		for name, v := range answers {
			if webtest.Eval[int](b, fmt.Sprintf(`document.getElementsByName(%q).length`, name)) == 0 {
				continue
			}
			kind := webtest.Eval[string](b, fmt.Sprintf(`document.getElementsByName(%q)[0].type`, name))
			switch kind {
			case "radio":
				b.Click(fmt.Sprintf(`input[name=%q][value=%q]`, name, v))
			case "select-one":
				webtest.Eval[bool](b, fmt.Sprintf(`(document.getElementsByName(%q)[0].value = %q, true)`, name, v))
			default:
				b.Click(fmt.Sprintf(`[name=%q]`, name))
				b.Press("Ctrl+a")
				b.Type(v)
			}
		}
		b.Follow("main form:last-of-type button[type=submit]")
		if to = b.Address(); len(to) < 5 || to[len(to)-5:] != "?them" {
			return to
		}
	}
	return to
}

// ux-C11 to ux-C16, ux 3.1 step 5: a person fills a form in on a telephone,
// leaves it, goes on on another device with scripts off, sends it and presses
// again; every page is without a barrier.
func TestFilingOnATelephoneAndOnAnotherDevice(t *testing.T) {
	w, base := browsed(t)
	on := pack.On(w.clock.Now())
	f, _ := declare.Of(w.p.Law.Law(), "1.010041", on)
	answers := w.p.Answers(f, on)
	places := declare.Places(f, answers)
	b := webtest.Browser(t, base)
	b.Width(360)
	b.Goto("/nop/1.010041")
	b.Axe()
	b.Follow("main form button")
	at := b.Address()
	b.Axe()
	for _, p := range places[:2] {
		writes(b, at+"/"+p.Name(), answers)
	}
	b.Goto(at)
	b.Follow("#ma-tiep ~ form button")
	code := b.Text(".q-key")
	b.Axe()

	o := b.Another()
	o.NoJS()
	o.Width(360)
	o.Goto("/nop/tiep")
	o.Axe()
	o.Click("#ma")
	o.Type(code)
	if status := o.Enter("Enter"); status != http.StatusOK || o.Address() != at {
		t.Fatalf("the code leads to %s (%d)", o.Address(), status)
	}
	if status := b.Goto(at); status != http.StatusNotFound {
		t.Errorf("the telephone still opens it: %d", status)
	}
	for _, p := range places[2:] {
		writes(o, at+"/"+p.Name(), answers)
	}
	o.Goto(at + "/kiem-tra")
	if o.Scrolls() {
		t.Error("C15 is wider than a telephone")
	}
	o.Axe()
	o.Follow("main form button")
	if got := o.Address(); got != at+"/da-gui" {
		t.Fatalf("sending leads to %s: %s", got, o.Text("main"))
	}
	o.Axe()
	code = o.Text(".govuk-panel .q-code")
	if status := o.Goto(at + "/kiem-tra"); status != http.StatusOK || o.Address() != at+"/da-gui" || o.Text(".govuk-panel .q-code") != code {
		t.Errorf("coming back leads to %s, %s", o.Address(), o.Text(".govuk-panel .q-code"))
	}
	o.Goto("/nop")
	o.Axe()
}

// ux-C33: the pages for hosts of foreigners have no barrier on a telephone.
func TestPagesForHostsHaveNoBarrier(t *testing.T) {
	_, base := browsed(t)
	b := webtest.Browser(t, base)
	b.Width(360)
	b.Goto("/en/temporary-residence?lang=en")
	b.Axe()
	b.Follow("main form button")
	at := b.Address()
	for _, path := range []string{"/khach", "/khach.1", "/dong/khach", "/noi-luu-tru", "/xoa"} {
		if status := b.Goto(at + path); status != http.StatusOK || b.Scrolls() {
			t.Errorf("%s: %d, wide %v", path, status, b.Scrolls())
		}
		b.Axe()
	}
	b.Goto(at + "/khach.1")
	b.Follow("main form button") // with every fault on it
	b.Axe()
	if got := b.Text("main h1"); got != "Khách / Guest 1" {
		t.Errorf("the page is called %q", got)
	}
}
