package upload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
)

const owner = "filing/01J0000000000000000000TEST"

func sent(name string) upload.Sent { return upload.Sent{Owner: owner, Slot: "1", Name: name} }

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func key(err error) string {
	if p, ok := problem.As(err); ok {
		return p.Key
	}
	return "no problem"
}

// rel-B-U01, rel-B-U03, rel-B-U04, rel-B-U05, rel-B-U06, rel-B-U08, rel-B-U09, rel-B-U10, rel-K33, rel-K34, rel-G3:
// each bad file is refused with its own sentence, and nothing of it is left.
func TestBadFilesAreRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		s, err := upload.Open(t.Context(), db, dir, upload.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, bad := range uploadtest.Refused() {
			if _, err := s.Put(t.Context(), sent(bad.Name), bad.Body); key(err) != bad.Key {
				t.Errorf("%s: %v, want %s", bad.Why, err, bad.Key)
			}
			if !text.Has(bad.Key) {
				t.Errorf("%s has no sentence", bad.Key)
			}
		}
		if list, err := s.Of(t.Context(), owner); err != nil || len(list) > 0 {
			t.Errorf("rows are left: %v, %v", list, err)
		}
		if left := bytesIn(t, dir); len(left) > 0 {
			t.Errorf("bytes are left: %v", left)
		}
	})
}

// rel-G5: refusing costs little memory, whatever the size claimed.
func TestRefusingABombCostsLittle(t *testing.T) {
	for _, bad := range uploadtest.Refused() {
		if !strings.Contains(bad.Why, "50000") && !strings.Contains(bad.Why, "without end") && !strings.Contains(bad.Why, "bomb") {
			continue
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := upload.Examine(t.Context(), bad.Body, upload.Usual)
		runtime.ReadMemStats(&after)
		if key(err) != bad.Key {
			t.Errorf("%s: %v", bad.Why, err)
		}
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 160 { // of all that was ever allocated, not at a time
			t.Errorf("%s: refusing it allocated %d MB", bad.Why, used)
		}
	}
}

// rel-B-U02, rel-B-U12, rel-K19: each bound holds, and says its numbers.
func TestBounds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		small := upload.Limits{File: 200 << 10, Pages: 5, Files: 3, Owner: 100 << 10, All: 400 << 10, Free: 1}
		s := uploadtest.Shelf(t, db, upload.Options{Limits: small})
		put := func(owner string, body []byte) error {
			_, err := s.Put(t.Context(), upload.Sent{Owner: owner, Slot: "1", Name: "a.jpg"}, body)
			return err
		}
		if err := put(owner, make([]byte, 200<<10+1)); key(err) != "upload.err.big" || !problem.Is(err, problem.TooLarge) {
			t.Error("one byte too many:", err)
		}
		for i := range 3 {
			if err := put(owner, uploadtest.Photo(100+i, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if err := put(owner, uploadtest.Photo(200, 100)); key(err) != "upload.err.files" {
			t.Error("a fourth file:", err)
		}
		if err := put("filing/b", uploadtest.Photo(900, 900)); key(err) != "upload.err.owner" {
			t.Error("more than an owner may have:", err)
		}
		if err := put("filing/c", uploadtest.PDF(6)); key(err) != "upload.err.pdf.pages" {
			t.Error("six pages:", err)
		}
		storetest.ClockOf(db).Set(storetest.Start.Add(time.Hour)) // all bytes are counted once a minute
		full := uploadtest.Shelf2(t, db, s, upload.Limits{File: 1 << 20, Pages: 5, Files: 3, Owner: 1 << 20, All: 1 << 10, Free: 1})
		if _, err := full.Put(t.Context(), upload.Sent{Owner: "filing/d", Slot: "1", Name: "a.jpg"}, uploadtest.Photo(100, 100)); key(err) != "upload.err.full" || !problem.Is(err, problem.Unavailable) {
			t.Error("more than all may have:", err)
		}
		disk := uploadtest.Shelf2(t, db, s, upload.Limits{File: 1 << 20, Pages: 5, Files: 3, Owner: 1 << 20, All: 1 << 40, Free: 1 << 60})
		if _, err := disk.Put(t.Context(), upload.Sent{Owner: "filing/d", Slot: "1", Name: "a.jpg"}, uploadtest.Photo(100, 100)); key(err) != "upload.err.full" {
			t.Error("a disk without room:", err)
		}
	})
}

// rel-B-U16, rel-K34: a photo is made anew: turned as it was held, no larger
// than needed, and without place and owner.
func TestPhotosAreMadeAnew(t *testing.T) {
	t.Parallel()
	for turn := 1; turn <= 8; turn++ {
		l, err := upload.Examine(t.Context(), uploadtest.Phone(400, 300, turn), upload.Usual)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(l.Body, []byte("GPS")) || bytes.Contains(l.Body, []byte("Exif")) {
			t.Error("EXIF is still there")
		}
		p, err := jpeg.Decode(bytes.NewReader(l.Body))
		if err != nil {
			t.Fatal(err)
		}
		want := image.Pt(400, 300)
		if turn >= 5 {
			want = image.Pt(300, 400)
		}
		if p.Bounds().Size() != want {
			t.Errorf("held as %d: %v, want %v", turn, p.Bounds().Size(), want)
		}
		// where the red corner of the sensor's picture is on the upright one
		corner := map[int][2]int{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}}[turn]
		x, y := 10+corner[0]*(want.X-20), 10+corner[1]*(want.Y-20)
		if r, g, _, _ := p.At(x, y).RGBA(); r>>8 < 150 || g>>8 > 100 {
			t.Errorf("held as %d: the corner is not at %d,%d", turn, x, y)
		}
	}
	l, err := upload.Examine(t.Context(), uploadtest.Photo(4200, 1000), upload.Usual)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(l.Body)); err != nil || c.Width != 3000 {
		t.Errorf("%d wide, %v", c.Width, err)
	}
	if l, err := upload.Examine(t.Context(), append(uploadtest.PNG(300, 300), "PK\x05\x06<script>"...), upload.Usual); err != nil || l.Kind != upload.JPEG || bytes.Contains(l.Body, []byte("script")) {
		t.Errorf("a PNG with more after its end: %v, %v", l.Kind, err)
	}
}

// rel-B-U07, rel-K35, rel-K36: a name is words for people; it names no path,
// hides nothing and says what the file is.
func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ảnh thẻ.png":                 "ảnh thẻ.jpg",
		"../../etc/passwd":            "passwd.jpg",
		`C:\x`:                        "x.jpg",
		"con.pdf":                     "con.jpg",
		"a\x00b\nc.jpg":               "ab c.jpg",
		"...":                         "tep.jpg",
		"":                            "tep.jpg",
		".htaccess":                   "htaccess.jpg",
		"a\u202egpj.exe":              "agpj.jpg",
		"<script>.jpg":                "_script_.jpg",
		`a";filename="b.exe`:          "a_;filename=_b.jpg",
		strings.Repeat("ố", 300):      strings.Repeat("ố", 80) + ".jpg",
		"to-khai.v2.pdf":              "to-khai.v2.jpg",
		"\xff\xfe.jpg":                "jpg.jpg",
		"Giấy khai sinh bản sao.jpeg": "Giấy khai sinh bản sao.jpg",
	} {
		if got := upload.ShownName(name, upload.JPEG); got != want {
			t.Errorf("%q is shown as %q, want %q", name, got, want)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("../a\x00.pdf")
	f.Add("ố\u202e.jpg")
	f.Fuzz(func(t *testing.T, name string) {
		got := upload.ShownName(name, upload.PDF)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "/\\:\x00\r\n\"<>") || strings.HasPrefix(got, ".") || utf8.RuneCountInString(got) > 90 || !strings.HasSuffix(got, ".pdf") {
			t.Errorf("%q is shown as %q", name, got)
		}
		if again := upload.ShownName(got, upload.PDF); again != got {
			t.Errorf("%q is shown as %q and then as %q", name, got, again)
		}
	})
}

// rel-I-D10: what is on the shelf is what was kept, in its paper's order.
func TestShelf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		s := uploadtest.Shelf(t, db, upload.Options{})
		put := func(in upload.Sent, body []byte) upload.Held {
			t.Helper()
			h, err := s.Put(ctx, in, body)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		a, b := put(sent("a.jpg"), uploadtest.Photo(300, 200)), put(sent("b.pdf"), uploadtest.PDF(3))
		if b.Pages != 3 || b.Kind != upload.PDF || b.SHA256 != hash(uploadtest.PDF(3)) || a.Pages != 1 {
			t.Errorf("%+v, %+v", a, b)
		}
		if again := put(sent("c.jpg"), uploadtest.Photo(300, 200)); again != a { // rel-G6
			t.Errorf("the same photo twice: %+v, %+v", a, again)
		}
		if err := s.Forward(ctx, owner, b.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Forward(ctx, owner, b.ID); err != nil { // it is the first
			t.Fatal(err)
		}
		in := sent("d.jpg")
		in.Replaces = a.ID
		c := put(in, uploadtest.Photo(320, 200))
		if _, err := s.Put(ctx, in, uploadtest.Photo(330, 200)); key(err) != "upload.err.replaced" { // rel-B-U14
			t.Error("replaced twice:", err)
		}
		list, err := s.Of(ctx, owner)
		if err != nil || len(list) != 2 || list[0].ID != b.ID || list[1].ID != c.ID || list[1].Place != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		if _, body, err := s.Look(ctx, owner, c.ID); err != nil || hash(body) != c.SHA256 {
			t.Error(err)
		}
		for _, other := range []struct{ owner, id string }{{"filing/other", c.ID}, {owner, a.ID}, {owner, "../mark"}} {
			if _, _, err := s.Look(ctx, other.owner, other.id); !problem.Is(err, problem.NotFound) {
				t.Errorf("%v: %v", other, err)
			}
		}
		if _, err := s.Put(ctx, upload.Sent{Owner: "filing/../x", Slot: "1"}, uploadtest.PDF(1)); !problem.Is(err, problem.NotFound) {
			t.Error(err)
		}
		err = db.Write(ctx, func(tx *store.Tx) error {
			moved, err := upload.Hand(tx, owner, "dossier/X")
			if len(moved) != 2 {
				t.Errorf("%+v", moved)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if h, body, err := s.Open(ctx, "dossier/X", c.File); err != nil || hash(body) != c.SHA256 || h.State != upload.Unscanned {
			t.Error(h, err)
		}
		wrong := c.File
		wrong.SHA256 = a.SHA256
		if _, _, err := s.Open(ctx, "dossier/X", wrong); err == nil {
			t.Error("a file opens that its paper does not list")
		}
		if err := db.Write(ctx, func(tx *store.Tx) error { return upload.End(tx, "dossier/X") }); err != nil {
			t.Fatal(err)
		}
		if list, err := s.Of(ctx, "dossier/X"); err != nil || len(list) != 0 {
			t.Error(list, err)
		}
	})
}

// rel-I-D10, rel-R24: bytes of files that ended go after a day, and so do
// bytes that never had a row; what is held stays.
func TestSweep(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		dir := t.TempDir()
		s, err := upload.Open(ctx, db, dir, upload.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stays, err := s.Put(ctx, sent("a.jpg"), uploadtest.Photo(300, 200))
		if err != nil {
			t.Fatal(err)
		}
		goes, err := s.Put(ctx, sent("b.jpg"), uploadtest.Photo(310, 200))
		if err != nil {
			t.Fatal(err)
		}
		way := upload.Way{Sent: sent("c.jpg"), Size: 300 << 10, Fingerprint: strings.Repeat("a", 64)}
		if _, _, err := s.Begin(ctx, way); err != nil {
			t.Fatal(err)
		}
		orphan := filepath.Join(dir, goes.SHA256[:2], goes.SHA256+"."+goes.ID[:25]+"Z")
		if err := os.WriteFile(orphan, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "new", goes.ID[:25]+"Y"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(ctx, owner, goes.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if n := len(bytesIn(t, dir)); n != 5 {
			t.Errorf("swept at once: %d left", n)
		}
		storetest.ClockOf(db).Set(storetest.Start.Add(25 * time.Hour))
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		left := bytesIn(t, dir)
		if len(left) != 1 || !strings.HasSuffix(left[0], stays.ID) {
			t.Errorf("left: %v", left)
		}
	})
}

// bytesIn lists the files of a shelf's folder, but for its mark.
func bytesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "mark" {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A node whose folder is not the database's own does not start: it would serve
// rows whose bytes lie elsewhere.
func TestAnotherFolderIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		for range 2 {
			s, err := upload.Open(t.Context(), db, dir, upload.Options{})
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
		}
		if _, err := upload.Open(t.Context(), db, t.TempDir(), upload.Options{}); key(err) != "upload.err.folder" {
			t.Error(err)
		}
	})
}

type scanner struct {
	err   error
	finds string
}

func (s *scanner) Scan(_ context.Context, body []byte) (string, error) {
	if s.finds != "" && bytes.Contains(body, []byte(s.finds)) {
		return "Eicar-Test", s.err
	}
	return "", s.err
}

// rel-B-U11, rel-K34: where a scanner is configured, an officer opens what it
// found clean; malware opens for nobody and is an entry of the journal.
func TestScan(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		scan := &scanner{err: errors.New("away"), finds: "EICAR"}
		s := uploadtest.Shelf(t, db, upload.Options{Scanner: scan})
		good, err := s.Put(ctx, sent("a.jpg"), uploadtest.Photo(300, 200))
		if err != nil {
			t.Fatal(err)
		}
		ill, err := s.Put(ctx, sent("b.pdf"), uploadtest.Ill())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Scan(ctx, good.ID); err == nil {
			t.Error("the scanner is away and nobody says so")
		}
		if _, _, err := s.Open(ctx, owner, good.File); key(err) != "upload.err.unscanned" { // it fails closed
			t.Error(err)
		}
		if _, _, err := s.Look(ctx, owner, good.ID); err != nil { // whoever sent it sees it
			t.Error(err)
		}
		scan.err = nil
		if err := s.ScanRest(ctx); err != nil {
			t.Fatal(err)
		}
		if h, _, err := s.Open(ctx, owner, good.File); err != nil || h.State != upload.Clean {
			t.Error(h, err)
		}
		for _, open := range []func() error{
			func() error { _, _, err := s.Open(ctx, owner, ill.File); return err },
			func() error { _, _, err := s.Look(ctx, owner, ill.ID); return err },
		} {
			if err := open(); key(err) != "upload.err.infected" {
				t.Error(err)
			}
		}
		scan.finds = ""
		if err := s.Scan(ctx, ill.ID); err != nil { // what was found stays found
			t.Fatal(err)
		}
		if list, _ := s.Of(ctx, owner); list[1].State != upload.Infected || list[1].Virus != "Eicar-Test" {
			t.Errorf("%+v", list[1])
		}
	})
}
