package upload

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"quay20/internal/problem"
)

func init() { api.DisableConfigDir() } // pdfcpu reads and writes no folder of its own

// pdfRules bound what reading a PDF may cost, and keep it off the network.
func pdfRules() *model.Configuration {
	c := model.NewDefaultConfiguration()
	c.ValidationMode = model.ValidationRelaxed
	c.ValidateLinks, c.Offline = false, true
	c.Limits.MaxStreamBytes = 64 << 20
	c.Limits.MaxDecodeBytes = 32 << 20
	c.Limits.MaxImageBytes = 256 << 20
	c.Limits.MaxImagePixels = pixelsMost
	c.Limits.MaxObjectCount = 200_000
	c.Limits.MaxObjectStreamCount = 100_000
	c.Limits.MaxObjectStreamFirst = 4 << 20
	c.Limits.MaxXRefEntries = 200_000
	c.Limits.MaxRecursionDepth = 64
	return c
}

// document judges a PDF and keeps it as it came, so that signatures in it stay
// good. What could act by itself, or hides something else, is refused.
func document(ctx context.Context, body []byte, most Limits) (Looked, error) {
	if hidden(body) {
		return Looked{}, problem.New(problem.Unsupported, "upload.err.pdf.more")
	}
	file, err := pdfcpu.ReadWithContext(ctx, bytes.NewReader(body), pdfRules())
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword), err == nil && file.Encrypt != nil, err != nil && locked(body):
		return Looked{}, problem.New(problem.Invalid, "upload.err.pdf.locked")
	case err != nil:
		return Looked{}, broken(err)
	}
	if what := active(file.XRefTable); what != "" {
		return Looked{}, problem.New(problem.Unsupported, "upload.err.pdf."+what)
	}
	if err := file.EnsurePageCount(); err != nil || file.PageCount < 1 {
		return Looked{}, broken(err)
	}
	if file.PageCount > most.Pages {
		return Looked{}, problem.New(problem.Invalid, "upload.err.pdf.pages", "n", file.PageCount, "most", most.Pages)
	}
	if err := api.ValidateContext(file); err != nil {
		return Looked{}, broken(err)
	}
	return Looked{PDF, file.PageCount, body}, nil
}

func locked(body []byte) bool { return bytes.Contains(body, []byte("/Encrypt")) }

// hidden finds what makes one file two: another beginning within the PDF's
// head, or an archive or anything else after its end.
func hidden(body []byte) bool {
	head := bytes.ToLower(body[:min(len(body), 1024)])
	for _, mark := range []string{"<html", "<script", "<svg", "<!doctype"} {
		if bytes.Contains(head, []byte(mark)) {
			return true
		}
	}
	tail := body[max(0, len(body)-(66<<10)):] // where the directory of an archive lies
	if bytes.Contains(tail, []byte("PK\x05\x06")) {
		return true
	}
	end := bytes.LastIndex(body, []byte("%%EOF"))
	return end >= 0 && len(bytes.Trim(body[end+len("%%EOF"):], "\x00\t\n\f\r ")) > 64 // what some printers add is short
}

// What a dictionary of a PDF must not have: keys, actions and types. A tree of
// scripts or attachments may be there if it is empty, as some programs write it:
// each script has JS, each attachment EF.
var (
	activeKeys = map[string]string{
		"JS": "active", "XFA": "active", "RichMediaContent": "active",
		"EF": "embedded", "Collection": "embedded",
	}
	activeActions = map[string]string{
		"JavaScript": "active", "Launch": "active", "SubmitForm": "active", "ImportData": "active", "Rendition": "active",
		"Movie": "active", "Sound": "active", "GoToE": "embedded", "RichMediaExecute": "active", "GoTo3DView": "active",
	}
	activeTypes = map[string]string{
		"EmbeddedFile": "embedded", "FileAttachment": "embedded", "RichMedia": "active", "Movie": "active", "Screen": "active", "3D": "active",
	}
)

// active finds what acts when a PDF is opened or what else lies in it; "" is
// nothing.
func active(table *model.XRefTable) string {
	for _, entry := range table.Table {
		if entry == nil || entry.Free {
			continue
		}
		if what := activeIn(entry.Object, 0); what != "" {
			return what
		}
	}
	return ""
}

func activeIn(o types.Object, depth int) string {
	if depth > 64 {
		return "active" // nobody nests so deep by accident
	}
	switch o := o.(type) {
	case types.Dict:
		return activeDict(o, depth)
	case types.StreamDict:
		return activeDict(o.Dict, depth)
	case *types.StreamDict:
		return activeDict(o.Dict, depth)
	case types.Array:
		for _, o := range o {
			if what := activeIn(o, depth+1); what != "" {
				return what
			}
		}
	}
	return ""
}

func activeDict(d types.Dict, depth int) string {
	for key, value := range d {
		if what := activeKeys[plain(key)]; what != "" {
			return what
		}
		if name, ok := value.(types.Name); ok {
			list := map[string]map[string]string{"S": activeActions, "Type": activeTypes, "Subtype": activeTypes}[plain(key)]
			if what := list[plain(string(name))]; what != "" {
				return what
			}
		}
		if what := activeIn(value, depth+1); what != "" {
			return what
		}
	}
	return ""
}

// plain is a name without the escapes that hide it: "J#53" is "JS".
func plain(name string) string {
	if !strings.Contains(name, "#") {
		return name
	}
	if s, err := types.DecodeName(name); err == nil {
		return s
	}
	return name
}

// Joined makes one PDF of a paper's files, in their order, for the desk.
func Joined(w io.Writer, files []File, bodies [][]byte) error {
	var parts []io.ReadSeeker
	for i, f := range files {
		part := bodies[i]
		if f.Kind == JPEG {
			var page bytes.Buffer
			if err := api.ImportImages(nil, &page, []io.Reader{bytes.NewReader(part)}, nil, pdfRules()); err != nil {
				return fmt.Errorf("making a page of file %s: %w", f.ID, err)
			}
			part = page.Bytes()
		}
		parts = append(parts, bytes.NewReader(part))
	}
	if len(parts) == 1 {
		_, err := io.Copy(w, parts[0])
		return err
	}
	if err := api.MergeRaw(parts, w, false, pdfRules()); err != nil {
		return fmt.Errorf("joining %d files: %w", len(files), err)
	}
	return nil
}
