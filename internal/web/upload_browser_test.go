package web

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"quay20/internal/store/storetest"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
	"quay20/internal/web/webtest"
)

// onThePhone is the tray behind a real listener that counts pieces.
func onThePhone(t *testing.T) (w *tray, page *webtest.Page, pieces *atomic.Int64) {
	t.Helper()
	if os.Getenv("TEST_CHROMIUM") == "" {
		t.Skip("set TEST_CHROMIUM to the path of a Chromium, or use make test")
	}
	pieces = new(atomic.Int64)
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			pieces.Add(1)
		}
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	storetest.EachAddress(t, func(_ *testing.T, address string) {
		if w == nil {
			w = newTray(t, storetest.Open(t, address, storetest.NewClock(storetest.Start)), upload.Options{}, server.URL)
			handler = w.s.Handler()
		}
	})
	page = webtest.Browser(t, server.URL)
	page.Width(360)
	return w, page, pieces
}

// grainy is a photo that does not pack well, as a camera's.
func grainy(w, h int) []byte {
	p := uploadtest.Picture(w, h)
	chance := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < len(p.Pix); i += 4 {
		p.Pix[i+1] -= byte(chance.IntN(24))
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 84}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// waitFor looks until it is so.
func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	for begun := time.Now(); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 40*time.Second {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// shoot keeps a picture of the page where SHOTS names a folder.
func shoot(t *testing.T, page *webtest.Page, name string) {
	t.Helper()
	if dir := os.Getenv("SHOTS"); dir != "" {
		for _, width := range []int{1280, 360} {
			if err := os.WriteFile(filepath.Join(dir, name+"-"+map[int]string{360: "360", 1280: "1280"}[width]+".png"), page.Screenshot(width), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// rel-B-U13, rel-F26: at 360 px on a slow line that is cut twice, with the page
// loaded anew in between, a photo of some megabytes arrives whole, and no piece
// that had arrived is sent again. ux-C14, ux 3.1 step 5
func TestAPhotoArrivesOverALineThatIsCutTwice(t *testing.T) {
	w, page, pieces := onThePhone(t)
	photo := grainy(2000, 1500)
	if len(photo) < 4*upload.Piece || len(photo) > 1_400_000 {
		t.Fatalf("the photo has %d bytes", len(photo))
	}
	page.Goto(trayBase + "/1")
	page.Axe()
	shoot(t, page, "c14-empty")
	begin := func() {
		t.Helper()
		page.Choose("#tep", "giay-khai-sinh.jpg", photo)
		page.Wait("[data-preview] canvas")
		if got := page.Text("form[data-papers] > button[type=submit]"); !strings.Contains(got, "ùng ảnh này") {
			t.Errorf("the button says %q", got)
		}
	}
	begin()
	page.Axe()
	shoot(t, page, "c14-preview")
	page.Line(200, 100)
	page.Click("form[data-papers] > button[type=submit]")
	waitFor(t, "the first piece", func() bool { return pieces.Load() >= 1 })
	page.Line(0, 0) // the first cut
	waitFor(t, "the page to say so", func() bool { return strings.Contains(page.Text("[data-told]"), "Mất kết nối") })
	if page.Scrolls() {
		t.Error("the page is wider than the telephone")
	}
	shoot(t, page, "c14-cut")
	had := pieces.Load()
	page.Line(200, 100)
	waitFor(t, "it to go on", func() bool { return pieces.Load() > had })

	page.Line(4000, 0)
	page.Goto(trayBase + "/1") // loaded anew in the middle
	if got := page.Text("[data-told]"); !strings.Contains(got, "giay-khai-sinh.jpg") {
		t.Errorf("the page does not know of the file begun: %q", got)
	}
	page.Line(200, 100)
	begin()
	page.Click("form[data-papers] > button[type=submit]")
	waitFor(t, "a piece after the page was loaded", func() bool { return strings.Contains(page.Text("[data-told]"), "Đang gửi") })
	page.Line(0, 0) // the second cut
	waitFor(t, "the page to say so", func() bool { return strings.Contains(page.Text("[data-told]"), "Mất kết nối") })
	page.Line(4000, 0)
	page.Wait(".q-files__name")
	list := w.held()
	if len(list) != 1 || list[0].Name != "giay-khai-sinh.jpg" || list[0].Pages != 1 {
		t.Fatalf("%+v", list)
	}
	whole := int64(len(photo)+upload.Piece-1) / upload.Piece
	if sent := pieces.Load(); sent > whole+4 { // a cut may lose the answer to a piece that arrived
		t.Errorf("%d pieces were sent for %d", sent, whole)
	}
	page.Axe()
	shoot(t, page, "c14-held")
	if got := page.Text("h2 + ul.govuk-list--bullet"); !strings.Contains(got, "Ảnh chân dung") {
		t.Errorf("missing: %q", got)
	}
}

// ux-C14: without scripts the same page takes, refuses, replaces and removes.
func TestPapersWithoutScripts(t *testing.T) {
	w, page, _ := onThePhone(t)
	page.NoJS()
	page.Goto(trayBase + "/1")
	send := "form[enctype] > button[type=submit]"
	page.Choose("#tep", "bia.pdf", []byte("<html>"))
	if status := page.Follow(send); status != http.StatusUnsupportedMediaType {
		t.Errorf("a web page is answered with %d", status)
	}
	page.Axe()
	shoot(t, page, "c14-fault")
	page.Choose("#tep", "mat-truoc.jpg", uploadtest.Photo(1200, 900))
	page.Follow(send)
	page.Choose("#tep", "to-khai.pdf", uploadtest.PDF(2))
	page.Follow(send)
	if list := w.held(); len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	page.Axe()
	page.Follow(".q-files__file:nth-child(2) button[value=len]")
	if got := page.Text(".q-files__name"); got != "to-khai.pdf" {
		t.Errorf("first is %q", got)
	}
	page.Follow(".q-files__file:nth-child(1) .q-files__acts > a")
	page.Choose("#tep", "to-khai-moi.pdf", uploadtest.PDF(3))
	page.Follow(send)
	page.Follow(".q-files__file:nth-child(2) button[value=xoa]")
	if list := w.held(); len(list) != 1 || list[0].Name != "to-khai-moi.pdf" || list[0].Pages != 3 {
		t.Errorf("%+v", list)
	}
	if page.Scrolls() {
		t.Error("the page is wider than the telephone")
	}
}

// plainPhoto is a portrait: a head before a ground of one grey.
func plainPhoto(w, h int, ground, head uint8, sharp bool) []byte {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := ground
			dx, dy := float64(x-w/2)/float64(w)*2.6, float64(y-h/2)/float64(h)*2.2
			switch r := dx*dx + dy*dy; {
			case !sharp: // the edge runs out
				c = uint8(float64(ground) + (float64(head)-float64(ground))/(1+r*r))
			case r < 1 && (x/6+y/6)%2 == 0:
				c = head + 60
			case r < 1:
				c = head
			}
			p.SetRGBA(x, y, color.RGBA{c, c, c, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 92}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// rel-B-U15: the phone says when a photo is dark, blurred, on its side or before
// a dark ground, and the sender may use it all the same.
func TestThePhoneLooksAtPhotos(t *testing.T) {
	w, page, _ := onThePhone(t)
	for _, c := range []struct {
		why, paper string
		photo      []byte
		says       []string
	}{
		{"a sharp sheet", "1", uploadtest.Photo(1600, 1200), nil},
		{"a dark one", "1", plainPhoto(1200, 1600, 20, 10, true), []string{"tối"}},
		{"a blurred one", "1", plainPhoto(1200, 1600, 220, 90, false), []string{"mờ"}},
		{"a small one", "1", uploadtest.Photo(600, 400), []string{"nhỏ"}},
		{"a good portrait", "2", plainPhoto(900, 1200, 230, 120, true), nil},
		{"a portrait on its side", "2", plainPhoto(1200, 900, 230, 120, true), []string{"nằm ngang"}},
		{"a portrait before a dark wall", "2", plainPhoto(900, 1200, 70, 160, true), []string{"Nền"}},
	} {
		page.Goto(trayBase + "/" + c.paper)
		page.Choose("#tep", "anh.jpg", c.photo)
		page.Wait("[data-preview] canvas")
		if page.Has("[data-preview] .q-notice") != (len(c.says) > 0) {
			t.Errorf("%s: doubts %v", c.why, page.Has("[data-preview] .q-notice"))
		}
		for _, word := range c.says {
			if got := page.Text("[data-preview]"); !strings.Contains(got, word) {
				t.Errorf("%s: it says %q, want %q", c.why, got, word)
			}
		}
		if c.why == "a portrait on its side" {
			shoot(t, page, "c14-doubt")
			page.Axe()
			page.Follow("form[data-papers] > button[type=submit]")
			if list := w.held(); len(list) != 1 {
				t.Errorf("%s: it cannot be used all the same: %+v", c.why, list)
			}
		}
	}
}
