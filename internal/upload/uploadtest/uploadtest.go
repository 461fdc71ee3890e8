// Package uploadtest makes files as people send them, good and bad.
package uploadtest

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"quay20/internal/store"
	"quay20/internal/upload"
)

// Shelf opens a shelf in a test's own folder.
func Shelf(t testing.TB, db *store.DB, o upload.Options) *upload.Shelf {
	t.Helper()
	s, err := upload.Open(t.Context(), db, t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Picture is a sheet with lines of writing, red in its upper left corner.
func Picture(w, h int) *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{250, 250, 245, 255}
			switch {
			case x < w/4 && y < h/4:
				c = color.RGBA{200, 30, 30, 255}
			case y%24 < 6 && x%9 < 6:
				c = color.RGBA{20, 20, 60, 255}
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

// Photo is a JPEG of w by h points.
func Photo(w, h int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, Picture(w, h), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// PNG is a PNG of w by h points.
func PNG(w, h int) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, Picture(w, h)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Place is what a camera wrote beside a photo of Phone: where it was and whose it is.
const Place = "GPS 22.386 N 103.458 E, may cua Lo Thi Thu"

// Phone is a photo as a phone writes it that was held in an orientation, 1 to
// 8, with EXIF that says where.
func Phone(w, h, orientation int) []byte {
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, uint16(orientation))
	tiff = append(tiff, "\x00\x00\x00\x00\x00\x00"+Place...)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	photo := Photo(w, h)
	out := append([]byte{}, photo[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	out = append(out, segment...)
	return append(out, photo[2:]...)
}

// PDF is a document of so many pages.
func PDF(pages int) []byte {
	return document(func(p *fpdf.Fpdf) {
		for i := range pages {
			p.AddPage()
			p.SetFont("Helvetica", "", 12)
			p.Cell(40, 10, fmt.Sprintf("Trang %d", i+1))
		}
	})
}

func document(fill func(p *fpdf.Fpdf)) []byte {
	p := fpdf.New("P", "mm", "A4", "")
	p.SetCatalogSort(true)
	fill(p)
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Written is a PDF of one page written by hand, with more objects and a
// catalogue entry.
func Written(catalogue string, objects ...string) []byte {
	all := append([]string{
		"<< /Type /Catalog /Pages 2 0 R " + catalogue + " >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << >> >>",
	}, objects...)
	var b strings.Builder
	b.WriteString("%PDF-1.7\n")
	var at []int
	for i, o := range all {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	begin := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(all)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(all)+1, begin)
	return []byte(b.String())
}

// EICAR is the harmless text that every scanner takes for a virus, made when
// asked for so that no scanner takes our own source for one.
func EICAR() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}` + "$EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*")
}

// Ill is a PDF that a scanner finds EICAR in.
func Ill() []byte { return Written("", "("+strings.ReplaceAll(string(EICAR()), `\`, `\\`)+")") }

// Bad is a file that is refused, and why.
type Bad struct {
	Why  string // the case
	Name string // as the sender calls it
	Body []byte
	Key  string // of the sentence
}

// Refused are the bad files of reliability B-U01 to U10.
func Refused() []Bad {
	const k = "upload.err.kind."
	photo, doc := Photo(640, 480), PDF(1)
	return []Bad{
		{"0 bytes", "anh.jpg", nil, "upload.err.empty"},
		{"an EXE called PDF", "to-khai.pdf", []byte("MZ\x90\x00\x03" + strings.Repeat("\x00", 200)), k + "program"},
		{"a ZIP called PDF", "to-khai.pdf", packed("a.txt", "a"), k + "archive"},
		{"HTML called PDF", "to-khai.pdf", []byte("<!DOCTYPE html><html><script>alert(1)</script></html>"), k + "markup"},
		{"a text called PDF", "to-khai.pdf", []byte("Kính gửi Công an tỉnh"), k + "other"},
		{"HTML called PNG", "anh.png", []byte("\n <html><body onload=alert(1)>"), k + "markup"},
		{"SVG", "anh.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), k + "markup"},
		{"XML", "anh.xml", []byte(`<?xml version="1.0"?><a/>`), k + "markup"},
		{"MHT", "trang.mht", []byte("MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n"), k + "markup"},
		{"a Word document", "don.docx", packed("[Content_Types].xml", "<Types/>"), k + "office"},
		{"an old Word document", "don.doc", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 100)), k + "office"},
		{"a bomb in a ZIP", "bom.zip", packed("a", strings.Repeat("\x00", 8<<20)), k + "archive"},
		{"GIF", "anh.gif", picture(), k + "picture"},
		{"WebP", "anh.webp", []byte("RIFF\x24\x00\x00\x00WEBPVP8 " + strings.Repeat("\x00", 30)), k + "picture"},
		{"BMP", "anh.bmp", []byte("BM" + strings.Repeat("\x00", 60)), k + "picture"},
		{"TIFF", "anh.tif", []byte("II*\x00\x08\x00\x00\x00"), k + "picture"},
		{"HEIC", "IMG_0001.HEIC", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), k + "heic"},
		{"a film", "phim.mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isom"), k + "video"},
		{"a damaged JPEG", "anh.jpg", append(bytes.Clone(photo[:300]), 0xff, 0xff, 0xff, 0, 1, 2), "upload.err.broken"},
		{"a JPEG cut short", "anh.jpg", photo[:len(photo)/2], "upload.err.broken"},
		{"a PNG cut short", "anh.png", PNG(640, 480)[:900], "upload.err.broken"},
		{"a PDF cut short", "giay.pdf", doc[:len(doc)/3], "upload.err.broken"},
		{"a PDF without pages", "giay.pdf", []byte("%PDF-1.7\n%%EOF\n"), "upload.err.broken"},
		{"a PNG of 50000 x 50000", "anh.png", claims(50000, 50000), "upload.err.pixels"},
		{"a PNG of more than an int of points", "anh.png", claims(1<<31-1, 1<<31-1), "upload.err.broken"},
		{"a JPEG of 50000 x 50000", "anh.jpg", jpegClaims(50000, 50000), "upload.err.pixels"},
		{"a PNG that unpacks without end", "anh.png", pngBomb(), "upload.err.pixels"},
		{"PDF with JavaScript", "giay.pdf", document(func(p *fpdf.Fpdf) { p.AddPage(); p.SetJavascript("app.alert(1)") }), "upload.err.pdf.active"},
		{"PDF with JavaScript under a hidden name", "giay.pdf", Written("/OpenAction 4 0 R", "<< /S /J#61vaScript /J#53 (app.alert(1)) >>"), "upload.err.pdf.active"},
		{"PDF that starts a program", "giay.pdf", Written("/OpenAction 4 0 R", "<< /S /Launch /F (cmd.exe) >>"), "upload.err.pdf.active"},
		{"PDF with a dynamic form", "giay.pdf", Written("/AcroForm << /Fields [] /XFA 4 0 R >>", "<< /Length 0 >>\nstream\n\nendstream"), "upload.err.pdf.active"},
		{"PDF with a file inside", "giay.pdf", document(func(p *fpdf.Fpdf) {
			p.AddPage()
			p.SetAttachments([]fpdf.Attachment{{Content: []byte("MZ"), Filename: "a.exe"}})
		}), "upload.err.pdf.embedded"},
		{"PDF with a password", "giay.pdf", document(func(p *fpdf.Fpdf) { p.SetProtection(0, "mat-khau", "chu"); p.AddPage() }), "upload.err.pdf.locked"},
		{"PDF locked against printing", "giay.pdf", document(func(p *fpdf.Fpdf) { p.SetProtection(fpdf.CnProtectCopy, "", "chu"); p.AddPage() }), "upload.err.pdf.locked"},
		{"PDF of 101 pages", "giay.pdf", PDF(101), "upload.err.pdf.pages"},
		{"PDF whose objects unpack without end", "giay.pdf", pdfBomb(), "upload.err.broken"},
		{"PDF and ZIP in one", "giay.pdf", append(bytes.Clone(doc), packed("a.exe", "MZ")...), "upload.err.pdf.more"},
		{"PDF and web page in one", "giay.pdf", append([]byte("%PDF-1.7\n<html><script>alert(1)</script></html>\n"), doc...), "upload.err.pdf.more"},
		{"PDF and program in one", "giay.pdf", append(bytes.Clone(doc), []byte(strings.Repeat("MZ\x90", 100))...), "upload.err.pdf.more"},
		{"PDF after something else", "giay.pdf", append([]byte("GIF89a"), doc...), k + "picture"},
	}
}

func packed(name, body string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		panic(err)
	}
	w.Write([]byte(body))
	z.Close()
	return b.Bytes()
}

func picture() []byte {
	var b bytes.Buffer
	p := image.NewPaletted(image.Rect(0, 0, 4, 4), []color.Color{color.White, color.Black})
	if err := gif.Encode(&b, p, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// claims is a PNG whose head claims a size.
func claims(w, h int) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = binary.BigEndian.AppendUint32(head, uint32(h))
	return append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", append(head, 8, 2, 0, 0, 0))...)
}

// pngBomb is a whole PNG of some kilobytes that is 60,000 points wide and high.
func pngBomb() []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(make([]byte, 4<<20))
	w.Close()
	out := append(claims(60000, 60000), chunk("IDAT", z.Bytes())...)
	return append(out, chunk("IEND", nil)...)
}

func chunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// jpegClaims is a JPEG whose frame claims a size.
func jpegClaims(w, h int) []byte {
	b := Photo(16, 16)
	i := bytes.Index(b, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(b[i+5:], uint16(h))
	binary.BigEndian.PutUint16(b[i+7:], uint16(w))
	return b
}

// pdfBomb is a PDF whose object stream unpacks to 128 MB.
func pdfBomb() []byte {
	var z bytes.Buffer
	w, _ := zlib.NewWriterLevel(&z, zlib.BestCompression)
	w.Write([]byte("1 0 2 100 3 200 "))
	zeros := bytes.Repeat([]byte(" "), 1<<20)
	for range 128 {
		w.Write(zeros)
	}
	w.Close()
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	at := b.Len()
	fmt.Fprintf(&b, "4 0 obj\n<< /Type /ObjStm /N 3 /First 16 /Filter /FlateDecode /Length %d >>\nstream\n", z.Len())
	b.Write(z.Bytes())
	b.WriteString("\nendstream\nendobj\n")
	table := b.Len()
	rows := []byte{0, 0, 0, 0, 255, 2, 0, 0, 4, 0, 2, 0, 0, 4, 1, 2, 0, 0, 4, 2, 1, 0, byte(at >> 8), byte(at), 0, 1, byte(table >> 16), byte(table >> 8), byte(table), 0}
	fmt.Fprintf(&b, "5 0 obj\n<< /Type /XRef /Size 6 /W [1 3 1] /Root 1 0 R /Length %d >>\nstream\n", len(rows))
	b.Write(rows)
	fmt.Fprintf(&b, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", table)
	return b.Bytes()
}

// Shelf2 opens the folder of a shelf once more, with other limits.
func Shelf2(t testing.TB, db *store.DB, s *upload.Shelf, l upload.Limits) *upload.Shelf {
	t.Helper()
	other, err := upload.Open(t.Context(), db, s.Folder(), upload.Options{Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return other
}
