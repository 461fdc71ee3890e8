package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
)

// asked is a dossier filed from home that the desk asked to complete.
func (b *bureau) asked() (dossier.Dossier, string) {
	b.t.Helper()
	in := b.p.Intake(passportCode)
	in.Channel, in.Pay = "online", ""
	d, err := b.p.Register.File(context.Background(), in, "12-Q20", "supplement-000000001")
	b.check(err)
	d = b.do("minh", d, &dossier.RequestSupplement{Items: []dossier.Item{
		{Paper: in.Papers[0].Name, Reason: "Ảnh bị mờ, không đọc được chữ", Todo: "Chụp lại ở chỗ sáng"},
		{Paper: "Giấy xác nhận của cơ quan", Reason: "Chưa có"},
	}})
	return d, "/t/" + token(d)
}

func (b *bureau) attach(d dossier.Dossier, slot string, body []byte) upload.File {
	b.t.Helper()
	h, err := b.s.Shelf.Put(context.Background(), upload.Sent{Owner: d.SupplementOwner(), Slot: slot, Name: "anh.jpg"}, body)
	b.check(err)
	return h.File
}

func (b *bureau) sends(path string, notes ...string) *httptest.ResponseRecorder {
	v := url.Values{}
	for i, n := range notes {
		v.Set("answer."+dossier.SlotOf(i), n)
	}
	return do(b.s, request(http.MethodPost, path+"/gui-bo-sung", v.Encode()+"&_=1"))
}

// A supplement is answered from home item by item; the desk looks, asks once
// more for what is still wrong, and takes it in; the files are the dossier's.
// rel-B-W06
func TestSupplementIsAnsweredFromHome(t *testing.T) { // ux-C19
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d, path := b.asked()
		if n := page(b.t, get(b.t, b.s, path)).Find(`a[href="` + path + `/bo-sung"]`).Length(); n != 1 {
			b.t.Errorf("tracking has %d links to answering", n)
		}
		doc := page(b.t, get(b.t, b.s, path+"/bo-sung"))
		if got := texts(doc, ".q-asked h2"); len(got) != 2 || got[1] != "Giấy xác nhận của cơ quan" {
			b.t.Fatalf("asked for %q", got)
		}
		if code := get(b.t, b.s, path+"/bo-sung/1").Code; code != http.StatusOK {
			b.t.Errorf("the page for files is answered %d", code)
		}

		rec := b.sends(path, "", "Cơ quan đã giải thể năm 2019") // the first has no file
		doc = page(b.t, rec)
		if rec.Code != http.StatusUnprocessableEntity || doc.Find(`.govuk-error-summary a[href="#answer.1"]`).Length() != 1 {
			b.t.Errorf("without a file it is answered %d: %s", rec.Code, texts(doc, ".govuk-error-summary"))
		}
		if got := strings.TrimSpace(doc.Find(`textarea[name="answer.2"]`).Text()); got != "Cơ quan đã giải thể năm 2019" {
			b.t.Errorf("what was typed became %q", got)
		}

		photo := b.attach(d, "1", uploadtest.Photo(400, 300))
		for range 2 { // pressed twice
			if rec := b.sends(path, "", "Cơ quan đã giải thể năm 2019"); rec.Code != http.StatusSeeOther {
				b.t.Fatalf("sending is answered %d %s", rec.Code, rec.Body)
			}
		}
		if d = b.now(d); d.Version != 3 || d.Answered() == nil || d.State != dossier.Supplement {
			b.t.Fatalf("version %d, state %s, answered %v", d.Version, d.State, d.Answered())
		}
		if held, _ := b.s.Shelf.Of(context.Background(), d.FilesOwner()); len(held) != 1 || held[0].ID != photo.ID {
			b.t.Errorf("the dossier's files are %v", held)
		}
		counts, err := b.p.Register.Counts(context.Background(), b.staff["minh"].By, dossier.Online)
		b.check(err)
		if counts[dossier.Online] != 1 {
			b.t.Errorf("%d dossiers from home wait at the desk", counts[dossier.Online])
		}
		own := page(b.t, get(b.t, b.s, path+"/bo-sung"))
		if !strings.Contains(said(own, "main"), "Đã gửi lúc") || own.Find(`a[href="`+path+`/gui-bo-sung"]`).Length() != 0 {
			b.t.Errorf("after sending the page says %q", said(own, "main"))
		}

		desk := b.get("minh", dossierHref(&d)).Body.String()
		if !strings.Contains(desk, dossierHref(&d)+"/tep/"+photo.ID) {
			b.t.Error("the desk does not see the photo")
		}
		if rec := b.get("minh", dossierHref(&d)+"/tep/"+photo.ID); rec.Code != http.StatusOK {
			b.t.Errorf("the desk opens the photo with %d", rec.Code)
		}
		act := page(b.t, b.get("minh", dossierHref(&d)+"/do/send_back"))
		if got := texts(act, "main"); len(got) == 0 || !strings.Contains(got[0], "Giấy xác nhận của cơ quan") {
			b.t.Errorf("the form to send back says %q", got)
		}
		d = b.do("minh", d, &dossier.SendBack{Items: []dossier.Item{{Paper: d.Waiting().Items[0].Paper, Reason: "Vẫn mờ"}}})
		doc = page(b.t, get(b.t, b.s, path+"/bo-sung"))
		if got := texts(doc, ".q-asked h2"); len(got) != 1 || !strings.Contains(said(doc, "main"), "Vẫn mờ") {
			b.t.Errorf("asked again for %q", got)
		}
		second := b.attach(d, "1", uploadtest.Photo(500, 300))
		if rec := b.sends(path, ""); rec.Code != http.StatusSeeOther {
			b.t.Fatalf("sending again is answered %d", rec.Code)
		}
		d = b.do("minh", b.now(d), &dossier.Supply{Pay: "later"})
		if d.State != dossier.Accepted || len(d.Papers[0].Files) != 1 || d.Papers[0].Files[0].ID != second.ID {
			b.t.Errorf("state %s, files %v", d.State, d.Papers[0].Files)
		}
		b.check(b.p.DB.Read(context.Background(), func(tx *store.Tx) error {
			report, err := journal.Check(tx, b.p.Register.Protected())
			if !report.OK() {
				b.t.Error("verify finds", report.Faults)
			}
			return err
		}))
	})
}

// An answer that waits keeps the dossier open past its day, and has hours in
// which the desk must look; one that comes too late is refused. rel-I-D4
func TestAnswerStopsTheClosingAndStartsTheDesksHours(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d, path := b.asked()
		until := d.Waiting().Until
		b.attach(d, "1", uploadtest.PDF(1))
		b.clock.Set(until.Add(-time.Hour))
		if rec := b.sends(path, "", "Không có"); rec.Code != http.StatusSeeOther {
			b.t.Fatal(rec.Code)
		}
		b.clock.Set(until.AddDate(0, 0, 20))
		_, err := b.p.Register.Sweep(context.Background())
		b.check(err)
		if d = b.now(d); d.State != dossier.Supplement || !d.CheckLate {
			b.t.Errorf("state %s, late %v", d.State, d.CheckLate)
		}
		again := d.Waiting().Until
		d = b.do("minh", d, &dossier.SendBack{Items: d.Waiting().Items[:1]})
		if !d.Waiting().Until.After(again) {
			b.t.Error("asked again, the person has no time to answer")
		}
		b.clock.Set(d.Waiting().Until)
		rec := b.sends(path, "Ở nhà")
		if to := rec.Header().Get("Location"); to != path+"/bo-sung" || !strings.Contains(said(page(b.t, get(b.t, b.s, to)), "main"), "Đã hết hạn") {
			b.t.Errorf("too late it is answered %d %s", rec.Code, to)
		}
		_, err = b.p.Register.Sweep(context.Background())
		b.check(err)
		if d = b.now(d); d.State != dossier.Stopped {
			b.t.Errorf("state %s", d.State)
		}
	})
}

// What is not asked for is not taken, and nobody but the program answers for a
// citizen.
func TestOnlyWhatIsAskedIsAnswered(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d, _ := b.asked()
		w, err := b.p.Register.World(context.Background())
		b.check(err)
		act := &dossier.AnswerSupplement{Answers: []dossier.Answer{{Paper: "Giấy khác", Note: "x"}}}
		if err := act.Allowed(&d, b.staff["minh"].By, w); !problem.Is(err, problem.Forbidden) {
			b.t.Error("an officer may answer for a citizen:", err)
		}
		p, _ := problem.As(act.Check(&d, b.staff["minh"].By, w))
		if p == nil || len(p.Fields) != 3 {
			b.t.Errorf("faults %v", p)
		}
		if slices.Contains(dossier.Allowed(&d, b.staff["minh"].By, w), "send_back") {
			b.t.Error("what was not answered can be sent back")
		}
		for _, path := range []string{"/t/" + strings.Repeat("0", 26) + "/bo-sung", "/t/x/gui-bo-sung"} {
			if code := get(b.t, b.s, path).Code; code != http.StatusNotFound {
				b.t.Errorf("%s is answered %d", path, code)
			}
		}
	})
}
