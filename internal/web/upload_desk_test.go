package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/store"
	"quay20/internal/text"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
)

// finder is a scanner that finds EICAR, unless it is away.
type finder struct{ away error }

func (f *finder) Scan(_ context.Context, body []byte) (string, error) {
	if bytes.Contains(body, []byte("EICAR-STANDARD")) {
		return "Eicar-Signature", f.away
	}
	return "", f.away
}

// handedIn receives a dossier one of whose papers lists files.
func (b *bureau) handedIn(bodies ...[]byte) (dossier.Dossier, []upload.File) {
	b.t.Helper()
	ctx := context.Background()
	var files []upload.File
	for i, body := range bodies {
		h, err := b.s.Shelf.Put(ctx, upload.Sent{Owner: "filing/A", Slot: "1", Name: fmt.Sprintf("trang %d.jpg", i+1)}, body)
		b.check(err)
		files = append(files, h.File)
	}
	d := b.received(func(in *dossier.Intake) {
		in.Papers = append(in.Papers, dossier.Paper{Name: "Ảnh chụp giấy tờ", Originals: 1, Present: true, Files: files})
	})
	b.check(b.p.DB.Write(ctx, func(tx *store.Tx) error {
		_, err := upload.Hand(tx, "filing/A", d.FilesOwner())
		return err
	}))
	return d, files
}

// rel-I-P1, rel-I-P4, rel-K22, rel-K61, rel-T21: an officer opens a file of a
// dossier in scope, once it was scanned; each view is in the journal without
// the file's name; nobody else finds it.
func TestOfficersOpenFilesOfTheirDossiersOnly(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		ctx := context.Background()
		scan := &finder{}
		shelf, err := upload.Open(ctx, b.p.DB, b.s.Shelf.Folder(), upload.Options{Scanner: scan})
		b.check(err)
		defer shelf.Close()
		b.s.Shelf = shelf
		d, files := b.handedIn(uploadtest.Photo(400, 300), uploadtest.PDF(2), uploadtest.Ill())
		file := func(f upload.File) string { return dossierHref(&d) + "/tep/" + f.ID }

		rec := b.get("minh", file(files[0]))
		if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" || !strings.Contains(rec.Body.String(), "chưa được quét") {
			t.Error("before the scan:", rec.Code)
		}
		scan.away = errors.New("away")
		if shelf.ScanRest(ctx) == nil {
			t.Error("the scanner is away and nobody says so")
		}
		scan.away = nil
		b.check(shelf.ScanRest(ctx))

		for i, want := range []string{"image/jpeg", "application/pdf"} {
			rec := b.get("minh", file(files[i]))
			if rec.Code != 200 || rec.Header().Get("Content-Type") != want || !strings.Contains(rec.Header().Get("Content-Security-Policy"), "sandbox") || rec.Body.Len() != int(files[i].Size) {
				t.Error(rec.Code, rec.Header())
			}
		}
		if rec := b.get("minh", file(files[2])); rec.Code != http.StatusConflict || strings.Contains(rec.Body.String(), "%PDF") {
			t.Error("with malware:", rec.Code)
		}
		page := b.get("minh", dossierHref(&d)).Body.String()
		for _, want := range []string{"3 tệp, 4 trang", "trang 1.jpg (1 trang, ", files[0].SHA256[:16], text.T(text.Vi, "upload.state.clean"), text.T(text.Vi, "upload.state.infected")} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		if strings.Contains(page, file(files[2])) {
			t.Error("the page leads to malware")
		}

		b.hire("xa", "Vàng Thị Sua", officer.Receptionist, "03388") // of another unit
		for who, path := range map[string]string{"xa": file(files[0]), "minh": dossierHref(&d) + "/tep/" + strings.Repeat("0", 26), "may": dossierHref(&d) + "/giay-to/1"} {
			if rec := b.get(who, path); rec.Code != http.StatusNotFound && rec.Code != http.StatusForbidden {
				t.Errorf("%s: %s is answered with %d", who, path, rec.Code)
			}
		}
		if rec := b.get("", file(files[0])); rec.Code == 200 {
			t.Error("nobody is signed in and it opens")
		}

		views, err := b.p.Register.Views(ctx, d)
		b.check(err)
		opened := 0
		for _, e := range views {
			if e.Act == "open_file" {
				opened++
			}
			if strings.Contains(e.Reason+string(e.Facts), "trang 1") {
				t.Error("the journal knows the name of a file")
			}
		}
		if opened != 4 { // each that was asked for, opened or not
			t.Errorf("%d views are in the journal, want 4", opened)
		}
		b.check(b.p.DB.Read(ctx, func(tx *store.Tx) error {
			found, err := journal.Of(tx, "upload/"+files[2].ID)
			if len(found) != 1 || found[0].Act != "infected" {
				t.Errorf("of the malware the journal says %v", found)
			}
			return err
		}))
	})
}

// All files of a paper come to the desk as one PDF, photographs among them, and
// the receipt lists what the desk holds: name, pages, size, hash.
func TestPhotosOfAPaperAreJoined(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d, files := b.handedIn(uploadtest.Photo(400, 300), uploadtest.PDF(2), uploadtest.Photo(300, 400))
		n := len(d.Papers)
		rec := b.get("minh", fmt.Sprintf("%s/giay-to/%d", dossierHref(&d), n))
		l, err := upload.Examine(context.Background(), rec.Body.Bytes(), upload.Usual)
		if rec.Code != 200 || err != nil || l.Kind != upload.PDF || l.Pages != 4 {
			t.Errorf("%d, %+v %v", rec.Code, l.Pages, err)
		}
		if !strings.HasPrefix(rec.Header().Get("Content-Disposition"), "attachment;") {
			t.Error(rec.Header())
		}
		seen := b.p.Register.Public(d, dossier.World{Now: b.clock.Now(), Law: b.p.Law.Law()})
		if list := (tracked{seen, text.Vi, b.p.Law.Law(), b.clock.Now()}).facts(); !slices.ContainsFunc(list.Rows, func(r Row) bool { return r.Value.Text == "3 tệp, 4 trang" }) {
			t.Errorf("the tracking page says %v", list.Rows)
		}
		facts, err := b.p.Register.Print(context.Background(), string(d.Code), "receipt", "", b.staff["minh"].By, testOrigin)
		b.check(err)
		note := facts.Components[len(facts.Components)-1].Note
		for _, f := range files {
			if !strings.Contains(note, f.Words(text.Vi)) {
				t.Errorf("the receipt says %q, without %q", note, f.Words(text.Vi))
			}
		}
	})
}
