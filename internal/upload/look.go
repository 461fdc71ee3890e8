package upload

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"quay20/internal/problem"
)

// Looked is what looking at a file gave: what it is and the bytes to keep.
type Looked struct {
	Kind  Kind
	Pages int
	Body  []byte
}

const (
	lookTime  = 20 * time.Second // for one file; then it is refused
	benchTime = 40 * time.Second // for the files before it
	busyRetry = 20 * time.Second
)

// look decodes one file at a time and for a bounded time. A decoder that does
// not end keeps the bench, so that there is never a second one.
func (s *Shelf) look(ctx context.Context, body []byte) (Looked, error) {
	wait := time.NewTimer(benchTime)
	defer wait.Stop()
	select {
	case s.bench <- struct{}{}:
	case <-ctx.Done():
		return Looked{}, ctx.Err()
	case <-wait.C:
		return Looked{}, &problem.Problem{Kind: problem.Unavailable, Key: "upload.err.busy", Retry: busyRetry}
	}
	type answer struct {
		Looked
		err error
	}
	within, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	done := make(chan answer, 1)
	go func() {
		defer func() { <-s.bench }()
		l, err := Examine(within, body, s.limits)
		done <- answer{l, err}
	}()
	select {
	case a := <-done:
		return a.Looked, a.err
	case <-within.Done():
		if ctx.Err() != nil {
			return Looked{}, ctx.Err()
		}
		return Looked{}, problem.New(problem.Invalid, "upload.err.slow")
	}
}

// Examine judges a file by its content and brings it into the form that is
// kept. What it refuses is a Problem.
func Examine(ctx context.Context, body []byte, most Limits) (l Looked, err error) {
	defer func() {
		if p := recover(); p != nil { // a decoder's own fault
			l, err = Looked{}, fmt.Errorf("%w (%v)", problem.New(problem.Invalid, "upload.err.broken"), p)
		}
	}()
	switch kind := sniff(body); kind {
	case "":
		return Looked{}, problem.New(problem.Invalid, "upload.err.empty")
	case "jpeg", "png":
		return photograph(body, kind)
	case "pdf":
		return document(ctx, body, most)
	default:
		return Looked{}, problem.New(problem.Unsupported, "upload.err.kind."+kind)
	}
}

// sniff names what the bytes are: "jpeg", "png", "pdf", or one of the kinds
// that are refused, each with its own sentence; "" if there are none.
func sniff(b []byte) string {
	switch {
	case len(b) == 0:
		return ""
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return "jpeg"
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return "png"
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return "pdf"
	case heif(b):
		return "heic"
	case isPicture(b):
		return "picture"
	case bytes.HasPrefix(b, []byte("PK\x03\x04")), bytes.HasPrefix(b, []byte("PK\x05\x06")):
		return archive(b)
	case begins(b, "Rar!", "7z\xbc\xaf\x27\x1c", "\x1f\x8b", "BZh", "\xfd7zXZ", "\x28\xb5\x2f\xfd"):
		return "archive"
	case begins(b, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "{\\rtf"):
		return "office"
	case begins(b, "MZ", "\x7fELF", "#!", "\xca\xfe\xba\xbe", "\xcf\xfa\xed\xfe", "dex\n"):
		return "program"
	case video(b):
		return "video"
	case markup(b):
		return "markup"
	}
	return "other"
}

func begins(b []byte, any ...string) bool {
	for _, s := range any {
		if bytes.HasPrefix(b, []byte(s)) {
			return true
		}
	}
	return false
}

// brand is the main brand of an ISO base media file: "heic", "mp42".
func brand(b []byte) string {
	if len(b) < 12 || string(b[4:8]) != "ftyp" {
		return ""
	}
	return string(b[8:12])
}

// heif reports whether the bytes are a photograph as newer phones keep it.
func heif(b []byte) bool {
	switch brand(b) {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif":
		return true
	}
	return false
}

func video(b []byte) bool {
	return brand(b) != "" || begins(b, "\x1aE\xdf\xa3", "ID3", "OggS") || len(b) > 12 && string(b[:4]) == "RIFF"
}

// isPicture finds pictures of kinds that are not taken.
func isPicture(b []byte) bool {
	webp := len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP"
	return webp || begins(b, "GIF8", "BM", "II*\x00", "MM\x00*", "8BPS", "\x00\x00\x01\x00")
}

// archive tells office documents from other archives by the first names in
// them, without unpacking anything.
func archive(b []byte) string {
	head := b[:min(len(b), 4096)]
	for _, mark := range []string{"[Content_Types].xml", "word/", "xl/", "ppt/", "mimetypeapplication/vnd.oasis"} {
		if bytes.Contains(head, []byte(mark)) {
			return "office"
		}
	}
	return "archive"
}

// markup finds what a browser would read as a page or a drawing.
func markup(b []byte) bool {
	head := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(b[:min(len(b), 1024)], []byte("\xef\xbb\xbf")), " \t\r\n\f"))
	return bytes.HasPrefix(head, []byte("<")) || bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<script")) || bytes.HasPrefix(head, []byte("mime-version:"))
}
