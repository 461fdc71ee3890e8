package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

const staticPrefix = "/static/"

// static is every file under static/, read at start. All share one address
// that changes when any of them does: /static/<hash>/dist/public.css. A style
// sheet thus reaches its fonts by a relative address, and browsers keep
// everything for ever.
type static struct {
	hash  string
	files map[string]asset // "dist/public.css"
}

type asset struct {
	kind        string
	plain, gzip []byte
}

func loadStatic(files fs.FS) (*static, error) {
	st := &static{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(b), b)
		st.files[strings.TrimPrefix(name, "static/")] = newAsset(name, b)
		return nil
	})
	if err != nil {
		return nil, err
	}
	st.hash = hex.EncodeToString(sum.Sum(nil))[:12]
	return st, nil
}

func newAsset(name string, b []byte) asset {
	a := asset{kind: kindOf(name), plain: b}
	if compressible(a.kind) && len(b) > gzipFrom {
		a.gzip = zipped(b)
	}
	return a
}

// kindOf does not ask the machine's own table for the kinds that we use.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".webmanifest":
		return "application/manifest+json"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// url is the address of a file, "" if it is not there: pages stay usable when
// styles and scripts have not been built.
func (st *static) url(name string) string {
	if _, ok := st.files[name]; !ok {
		return ""
	}
	return staticPrefix + st.hash + "/" + name
}

// asset serves a static file. An address of an older release gets today's
// file, but may not be kept.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) error {
	st, err := s.static()
	if err != nil {
		return err
	}
	a, ok := st.files[r.PathValue("name")]
	if !ok {
		http.Error(w, "404", http.StatusNotFound)
		return nil
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	if r.PathValue("hash") == st.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `"`+st.hash+`"`)
	h.Set("Content-Type", a.kind)
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), st.hash) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body := a.plain
	if a.gzip != nil && takesGzip(r) {
		body = a.gzip
		h.Set("Content-Encoding", "gzip")
	}
	return send(w, r, http.StatusOK, body)
}

// gzipFrom is the size from which compressing pays.
const gzipFrom = 1000

func compressible(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.HasPrefix(kind, "text/") || kind == "image/svg+xml" || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "xml")
}

func takesGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") && strings.ReplaceAll(q, " ", "") != "q=0" {
			return true
		}
	}
	return false
}

var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(&out)
	z.Write(b) // a bytes.Buffer takes everything
	z.Close()
	return out.Bytes()
}
