package web

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"net/http"
	"strings"
	"sync"
	"time"
)

// renderShared writes a public page without anything personal. The browser
// keeps it and asks each time whether it changed; a page that did not is
// answered by a few bytes. Behind kept, the house keeps it too.
func (s *Server) renderShared(w http.ResponseWriter, r *http.Request, name string, data any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	if err := s.draw(b, w, r, name, data); err != nil {
		return err
	}
	page := newSharedPage(b.String(), visitOf(r).nonce, w.Header().Get("Link"))
	if keep := visitOf(r).keep; keep != nil {
		page.pack()
		keep(page)
	}
	return s.showShared(w, r, page)
}

// sharedPage is a page that everybody gets alike but for the nonce of their
// own answer's security policy, cut where a nonce stands.
type sharedPage struct {
	parts  []string
	packed [][]byte // each part as deflate blocks; nil: not packed
	etag   string
	link   string
}

func newSharedPage(body, nonce, link string) *sharedPage {
	p := &sharedPage{parts: strings.Split(body, nonce), link: link}
	sum := sha256.Sum256([]byte(strings.Join(p.parts, "")))
	p.etag = `W/"` + hex.EncodeToString(sum[:12]) + `"`
	return p
}

func (s *Server) showShared(w http.ResponseWriter, r *http.Request, p *sharedPage) error {
	shared(w)
	h := w.Header()
	h.Set("ETag", p.etag)
	if p.link != "" {
		h.Set("Link", p.link)
	}
	if strings.Contains(r.Header.Get("If-None-Match"), p.etag) {
		h.Del("Content-Security-Policy") // the kept page has the nonce of the policy it came with
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	nonce := visitOf(r).nonce
	if p.packed == nil || !takesGzip(r) {
		return s.answer(w, r, http.StatusOK, []byte(strings.Join(p.parts, nonce)))
	}
	s.describe(w, r)
	h.Set("Content-Encoding", "gzip")
	return send(w, r, http.StatusOK, p.zip(nonce))
}

// pack compresses the parts once. Each may refer to those before it, but not to
// a nonce, which it knows only as zeros, and no page has any. RFC 1951
func (p *sharedPage) pack() {
	const window = 32 << 10
	nonce := string(make([]byte, len(random(16))))
	var before string
	for i, part := range p.parts {
		var out bytes.Buffer
		z, _ := flate.NewWriterDict(&out, flate.DefaultCompression, []byte(before[max(0, len(before)-window):])) // fails for unknown levels only
		z.Write([]byte(part))                                                                                    // a bytes.Buffer takes everything
		if i < len(p.parts)-1 {
			z.Flush()
		} else {
			z.Close()
		}
		p.packed = append(p.packed, out.Bytes())
		before += part + nonce
	}
}

// zip is the page as a gzip file with the nonces in stored blocks. RFC 1952
func (p *sharedPage) zip(nonce string) []byte {
	n := len(nonce)
	stored := append([]byte{0, byte(n), byte(n >> 8), ^byte(n), ^byte(n >> 8)}, nonce...)
	out := make([]byte, 0, p.size()+len(p.parts)*len(stored)+18)
	out = append(out, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)
	var sum, size uint32
	for i, part := range p.parts {
		if i > 0 {
			out = append(out, stored...)
			sum, size = crc32.Update(sum, crc32.IEEETable, []byte(nonce)), size+uint32(n)
		}
		out = append(out, p.packed[i]...)
		sum, size = crc32.Update(sum, crc32.IEEETable, []byte(part)), size+uint32(len(part))
	}
	out = binary.LittleEndian.AppendUint32(out, sum)
	return binary.LittleEndian.AppendUint32(out, size)
}

func (p *sharedPage) size() (n int) {
	for _, b := range p.packed {
		n += len(b)
	}
	return n
}

// keptMost bounds what the pages kept for one minute may take, in bytes.
const keptMost = 8 << 20

// keptPages are the shared pages of this minute, by language and address. What
// a page says may go with the law and the clock, so both end them all; whatever
// the law changes at midnight stands on the page at midnight.
type keptPages struct {
	mu     sync.Mutex // guards the rest
	law    string
	minute int64
	pages  map[string]*sharedPage
	size   int
}

func (k *keptPages) find(law string, now time.Time, key string) *sharedPage {
	k.mu.Lock()
	defer k.mu.Unlock()
	if minute := now.Unix() / 60; law != k.law || minute != k.minute {
		k.law, k.minute, k.pages, k.size = law, minute, map[string]*sharedPage{}, 0
	}
	return k.pages[key]
}

// keep keeps a page unless the minute in which it was begun is over.
func (k *keptPages) keep(law string, begun time.Time, key string, p *sharedPage) {
	k.mu.Lock()
	defer k.mu.Unlock()
	size := len(key) + p.size()
	for _, part := range p.parts {
		size += len(part)
	}
	if law == k.law && begun.Unix()/60 == k.minute && k.size+size <= keptMost {
		k.pages[key] = p
		k.size += size
	}
}

// kept answers from what it kept of a handler that shows a shared page. The
// page may depend on language, address, law and minute, on nothing else.
func (c *citizen) kept(h publicHandler) publicHandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if c.Dev && c.Files != nil {
			return h(w, r) // templates may change at any time
		}
		law, now := c.Law.Law().Version(), c.Now()
		key := string(visitOf(r).lang) + r.URL.RequestURI()
		if p := c.shared.find(law, now, key); p != nil {
			return c.showShared(w, r, p)
		}
		visitOf(r).keep = func(p *sharedPage) { c.shared.keep(law, now, key, p) }
		return h(w, r)
	}
}
