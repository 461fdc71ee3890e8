package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
)

// tray is where the tests hand papers in: three papers of one owner, "me".
type tray struct {
	t     testing.TB
	s     *Server
	shelf *upload.Shelf
	place paperPlace
}

const trayBase = "/thu/me/giay-to"

func newTray(t *testing.T, db *store.DB, o upload.Options, origin string) *tray {
	t.Helper()
	w := &tray{t: t, shelf: uploadtest.Shelf(t, db, o), place: paperPlace{
		Owner: "filing/ME", Base: trayBase, Back: "/",
		Papers: []askedPaper{{Key: "1", Name: "Giấy khai sinh", Note: "Chụp cả hai mặt"}, {Key: "2", Name: "Ảnh chân dung 3 × 4", Portrait: true}, {Key: "3", Name: "Giấy tờ khác", Optional: true}},
	}}
	w.s = testServer(t, func(c *Config) {
		c.Origin, c.Shelf = origin, w.shelf
		if origin != testOrigin {
			c.Now = storetest.ClockOf(db).Now
		}
	}, func(s *Server) {
		s.paperRoutes("/thu/{id}/giay-to", func(_ http.ResponseWriter, r *http.Request) (paperPlace, error) {
			if r.PathValue("id") != "me" {
				return paperPlace{}, problem.New(problem.NotFound, "err.not-found")
			}
			return w.place, nil
		})
	})
	return w
}

func inTray(t *testing.T, o upload.Options, fn func(t *testing.T, w *tray)) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) { fn(t, newTray(t, db, o, testOrigin)) })
}

// send sends a file by the plain form.
func (w *tray) send(paper, name string, body []byte, fields ...string) *httptest.ResponseRecorder {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		m.WriteField(fields[i], fields[i+1])
	}
	h := textproto.MIMEHeader{}
	h.Set("Content-Disposition", fmt.Sprintf(`form-data; name="tep"; filename="%s"`, strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", "%0A", "\x00", "").Replace(name)))
	h.Set("Content-Type", "image/png") // what the sender says of it is believed by nobody
	part, err := m.CreatePart(h)
	if err != nil {
		w.t.Fatal(err)
	}
	part.Write(body)
	m.Close()
	r := request(http.MethodPost, trayBase+"/"+paper, b.String())
	r.Header.Set("Content-Type", m.FormDataContentType())
	return w.do(r)
}

func (w *tray) do(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.s.Handler().ServeHTTP(rec, r)
	return rec
}

func (w *tray) held() []upload.Held {
	w.t.Helper()
	list, err := w.shelf.Of(w.t.Context(), w.place.Owner)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func parsed(t testing.TB, rec *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// rel-B-U01, rel-B-U03, rel-B-U04, rel-B-U05, rel-B-U06, rel-B-U08, rel-B-U09, rel-B-U10, rel-G1, rel-G2, rel-G4:
// through the page each bad file gets its status and its own sentence at the
// field, nothing of it is kept, and what was sent before stays. ux-C14
func TestBadFilesThroughThePage(t *testing.T) {
	inTray(t, upload.Options{}, func(t *testing.T, w *tray) {
		if rec := w.send("1", "truoc.jpg", uploadtest.Photo(300, 200)); rec.Code != http.StatusSeeOther {
			t.Fatal(rec.Code, rec.Body)
		}
		for _, bad := range uploadtest.Refused() {
			want := map[string]int{"upload.err.kind": 415, "upload.err.pdf.": 415}[bad.Key[:min(len(bad.Key), 15)]]
			switch bad.Key {
			case "upload.err.pdf.locked", "upload.err.pdf.pages":
				want = 422
			}
			if want == 0 {
				want = 422
			}
			rec := w.send("1", bad.Name, bad.Body)
			doc := parsed(t, rec)
			said := strings.TrimSpace(doc.Find("#tep-error").Text())
			if rec.Code != want || !strings.Contains(said, firstWords(bad.Key)) || !strings.HasPrefix(doc.Find("title").Text(), "Lỗi: ") {
				t.Errorf("%s: status %d want %d, said %q", bad.Why, rec.Code, want, said)
			}
			if href, _ := doc.Find(".govuk-error-summary a").Attr("href"); href != "#tep" {
				t.Errorf("%s: the summary leads to %q", bad.Why, href)
			}
		}
		if list := w.held(); len(list) != 1 {
			t.Errorf("%d files are held", len(list))
		}
	})
}

// firstWords are those of a sentence before what varies.
func firstWords(key string) string {
	s, _, _ := strings.Cut(text.T(text.Vi, key), "{")
	return strings.TrimSpace(s)
}

// rel-B-U02, rel-A03: what is too large is refused while it streams in, with
// 413; a body that lies about its length, too.
func TestTooLargeIsRefusedOnItsWay(t *testing.T) {
	inTray(t, upload.Options{Limits: upload.Limits{File: 100 << 10, Pages: 9, Files: 2, Owner: 1 << 20, All: 1 << 30, Free: 1}}, func(t *testing.T, w *tray) {
		if rec := w.send("1", "a.jpg", make([]byte, 300<<10)); rec.Code != http.StatusRequestEntityTooLarge {
			t.Error(rec.Code)
		}
		r := request(http.MethodPost, trayBase+"/1", "--x\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"a\"\r\n\r\n"+strings.Repeat("a", 400<<10)+"\r\n--x--")
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.ContentLength = -1
		if rec := w.do(r); rec.Code != http.StatusRequestEntityTooLarge {
			t.Error("without a length:", rec.Code)
		}
		for i := range 2 {
			if rec := w.send("1", "a.jpg", uploadtest.Photo(100+i, 90)); rec.Code != http.StatusSeeOther {
				t.Fatal(rec.Code)
			}
		}
		rec := w.send("2", "a.jpg", uploadtest.Photo(110, 90)) // rel-B-U12
		if said := parsed(t, rec).Find("#tep-error").Text(); rec.Code != 422 || !strings.Contains(said, "2 tệp") {
			t.Error(rec.Code, said)
		}
	})
}

// rel-B-U07, rel-K35, rel-K36, rel-K02: names with paths, marks and controls
// are words, shown escaped, and lead nowhere.
func TestNamesThroughThePage(t *testing.T) {
	inTray(t, upload.Options{}, func(t *testing.T, w *tray) {
		for i, name := range []string{"../../mat/khau", `C:\x.exe`, "con.pdf", "a\nb.jpg", "<img src=x onerror=alert(1)>.png", `a"; filename="b.html`, strings.Repeat("x", 300), "...", "\u202egpj.exe"} {
			if rec := w.send("1", name, uploadtest.Photo(100+i, 100)); rec.Code != http.StatusSeeOther {
				t.Errorf("%q: %d", name, rec.Code)
			}
		}
		doc := parsed(t, w.do(request(http.MethodGet, trayBase+"/1", "")))
		if n := doc.Find("img, .q-files__name *").Length(); n > 0 {
			t.Errorf("%d elements came out of names", n)
		}
		for _, h := range w.held() {
			if strings.ContainsAny(h.Name, "/\\:<>\"\n\u202e") || !strings.HasSuffix(h.Name, ".jpg") {
				t.Errorf("kept as %q", h.Name)
			}
			rec := w.do(request(http.MethodGet, trayBase+"/1/tep/"+h.ID, ""))
			if got := rec.Header().Get("Content-Disposition"); rec.Code != 200 || strings.ContainsAny(got, "\r\n<>\"") {
				t.Errorf("%d, %q", rec.Code, got)
			}
		}
	})
}

// rel-K22, rel-T21, rel-B-U05, rel-I-P1: a file is given only under its
// owner's address, and can run, load or frame nothing.
func TestFilesAreGivenSafely(t *testing.T) {
	inTray(t, upload.Options{}, func(t *testing.T, w *tray) {
		w.send("1", "a.jpg", uploadtest.Phone(300, 200, 6))
		w.send("1", "b.pdf", uploadtest.PDF(2))
		list := w.held()
		for i, want := range []struct{ kind, how string }{{"image/jpeg", "inline"}, {"application/pdf", "attachment"}} {
			rec := w.do(request(http.MethodGet, trayBase+"/1/tep/"+list[i].ID, ""))
			h := rec.Header()
			if rec.Code != 200 || h.Get("Content-Type") != want.kind || !strings.HasPrefix(h.Get("Content-Disposition"), want.how+";") || h.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || strings.Contains(h.Get("Content-Security-Policy"), "script-src") || h.Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v", rec.Code, h)
			}
			if bytes.Contains(rec.Body.Bytes(), []byte("GPS")) {
				t.Error("the place is still in it")
			}
		}
		for _, path := range []string{"/thu/you/giay-to/1/tep/" + list[0].ID, trayBase + "/2/tep/" + list[0].ID, trayBase + "/1/tep/" + list[0].SHA256, trayBase + "/9", "/thu/you/giay-to/1"} {
			if rec := w.do(request(http.MethodGet, path, "")); rec.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, rec.Code)
			}
		}
	})
}

// rel-A08, rel-K27: a form of several parts and a piece come from our own pages only.
func TestFilesComeFromOurPagesOnly(t *testing.T) {
	inTray(t, upload.Options{}, func(t *testing.T, w *tray) {
		for name, change := range map[string]func(r *http.Request){
			"another site": func(r *http.Request) {
				r.Header.Set("Sec-Fetch-Site", "cross-site")
				r.Header.Set("Origin", "https://a.example")
			},
			"nobody says":     func(r *http.Request) { r.Header.Del("Sec-Fetch-Site"); r.Header.Del("Origin") },
			"of another kind": func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
		} {
			for _, r := range []*http.Request{request(http.MethodPost, trayBase+"/1", "--x\r\nContent-Disposition: form-data; name=\"tep\"; filename=\"a\"\r\n\r\na\r\n--x--"), request(http.MethodPut, trayBase+"/1/phan/"+strings.Repeat("a", 64)+"?tu=0", "a")} {
				r.Header.Set("Content-Type", map[string]string{"POST": "multipart/form-data; boundary=x", "PUT": "application/octet-stream"}[r.Method])
				change(r)
				if rec := w.do(r); rec.Code != 403 && rec.Code != 415 {
					t.Errorf("%s: %s is answered with %d", name, r.Method, rec.Code)
				}
			}
		}
		if n := len(w.held()); n > 0 {
			t.Errorf("%d files are held", n)
		}
	})
}

// ux-C14: files are replaced, moved and removed, and the page says what is
// still missing and where it goes on.
func TestOnePaperAtATime(t *testing.T) {
	inTray(t, upload.Options{}, func(t *testing.T, w *tray) {
		page := func(path string) *goquery.Document {
			t.Helper()
			rec := w.do(request(http.MethodGet, path, ""))
			if rec.Code != 200 {
				t.Fatal(path, rec.Code)
			}
			return parsed(t, rec)
		}
		doc := page(trayBase + "/1")
		if got := doc.Find("ul.govuk-list--bullet li").Text(); !strings.Contains(got, "Ảnh chân dung") || strings.Contains(got, "khác") || strings.Contains(got, "khai sinh") {
			t.Errorf("missing: %q", got)
		}
		if rec := w.send("1", "", nil); rec.Code != 422 {
			t.Error("no file chosen:", rec.Code)
		}
		w.send("1", "mat-truoc.jpg", uploadtest.Photo(300, 200))
		w.send("1", "mat-sau.jpg", uploadtest.Photo(310, 200))
		list := w.held()
		do := func(what, id string) {
			t.Helper()
			if rec := w.do(request(http.MethodPost, trayBase+"/1/doi", url.Values{"file": {id}, "doi": {what}}.Encode())); rec.Code != http.StatusSeeOther {
				t.Fatal(what, rec.Code)
			}
		}
		do("len", list[1].ID)
		if got := page(trayBase + "/1").Find(".q-files__name").First().Text(); got != "mat-sau.jpg" {
			t.Errorf("first is %q", got)
		}
		if got := page(trayBase + "/1?thay=" + list[0].ID).Find("label[for=tep]").Text(); !strings.Contains(got, "mat-truoc.jpg") {
			t.Errorf("the label says %q", got)
		}
		if rec := w.send("1", "mat-truoc-2.jpg", uploadtest.Photo(320, 200), "replaces", list[0].ID); rec.Code != http.StatusSeeOther || !strings.Contains(rec.Header().Get("Location"), "thay") {
			t.Error(rec.Code, rec.Header())
		}
		do("xoa", list[1].ID)
		if list = w.held(); len(list) != 1 || list[0].Name != "mat-truoc-2.jpg" {
			t.Errorf("%+v", list)
		}
		w.send("2", "chan-dung.png", uploadtest.PNG(300, 400))
		doc = page(trayBase + "/1?xong=gui")
		if doc.Find("ul.govuk-list--bullet li").Length() != 0 || !strings.Contains(doc.Find("[role=status]").First().Text(), "Đã nhận") {
			t.Error(doc.Find("main").Text())
		}
		if href, _ := doc.Find("a.govuk-button").Attr("href"); href != "/" {
			t.Errorf("it goes on to %q", href)
		}
	})
}

// piecewise sends pieces as the page's script does.
func (w *tray) begin(step, name string, body []byte) (int, pieceAnswer) {
	sum := sha256.Sum256(body)
	form := url.Values{"buoc": {step}, "ten": {name}, "co": {fmt.Sprint(len(body))}, "dau": {hex.EncodeToString(sum[:])}}
	return w.told(w.do(request(http.MethodPost, trayBase+"/1/phan", form.Encode())))
}

func (w *tray) put(body []byte, offset int, piece []byte) (int, pieceAnswer) {
	whole, part := sha256.Sum256(body), sha256.Sum256(piece)
	r := request(http.MethodPut, fmt.Sprintf("%s/1/phan/%x?tu=%d", trayBase, whole, offset), string(piece))
	r.Header.Set("Content-Type", "application/octet-stream")
	r.Header.Set("Piece-Sha256", hex.EncodeToString(part[:]))
	return w.told(w.do(r))
}

func (w *tray) told(rec *httptest.ResponseRecorder) (int, pieceAnswer) {
	w.t.Helper()
	var a pieceAnswer
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		w.t.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	return rec.Code, a
}

// rel-B-U13, rel-G6: pieces through the page: cut, doubled, at a wrong place,
// finished twice; a bad file that came in pieces is refused with its sentence.
func TestPiecesThroughThePage(t *testing.T) {
	inTray(t, upload.Options{}, func(t *testing.T, w *tray) {
		body := uploadtest.Written("", fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", 600<<10, strings.Repeat("x", 600<<10)))
		if code, a := w.begin("bat-dau", "to-khai.pdf", body); code != 200 || a.Offset != 0 {
			t.Fatal(code, a)
		}
		if code, a := w.put(body, 0, body[:upload.Piece]); code != 200 || a.Offset != upload.Piece {
			t.Fatal(code, a)
		}
		if code, a := w.put(body, 2*upload.Piece, body[2*upload.Piece:]); code != 409 || a.Offset != upload.Piece || !a.Again {
			t.Error("at a wrong place:", code, a)
		}
		if code, a := w.begin("bat-dau", "to-khai.pdf", body); code != 200 || a.Offset != upload.Piece { // the page was loaded anew
			t.Error("loaded anew:", code, a)
		}
		if code, a := w.begin("xong", "to-khai.pdf", body); code != 409 || a.Error == "" {
			t.Error("too early:", code, a)
		}
		for _, at := range []int{upload.Piece, upload.Piece, 2 * upload.Piece} {
			if code, a := w.put(body, at, body[at:min(at+upload.Piece, len(body))]); code != 200 {
				t.Fatal(code, a)
			}
		}
		for range 2 {
			if code, a := w.begin("xong", "to-khai.pdf", body); code != 200 || !strings.HasPrefix(a.Done, trayBase+"/1?") {
				t.Error(code, a)
			}
		}
		if list := w.held(); len(list) != 1 || list[0].Name != "to-khai.pdf" || list[0].Size != int64(len(body)) {
			t.Errorf("%+v", list)
		}
		bad := []byte("<html><script>alert(1)</script></html>")
		w.begin("bat-dau", "a.pdf", bad)
		w.put(bad, 0, bad)
		if code, a := w.begin("xong", "a.pdf", bad); code != 415 || a.Error != text.T(text.Vi, "upload.err.kind.markup") || a.Again {
			t.Error(code, a)
		}
		if code, _ := w.put(body, 0, make([]byte, upload.Piece+1)); code != 422 {
			t.Error("a piece that is too long:", code)
		}
	})
}
