package upload

import (
	"strconv"
	"strings"

	"quay20/internal/text"
)

// Words say what the desk holds of a file: name, pages, size and the beginning
// of its hash, by which it is known.
func (f File) Words(lang text.Lang) string {
	return text.T(lang, "upload.file", "name", f.Name, "pages", f.Pages, "size", Size(lang, f.Size), "code", f.Code())
}

// Code is the beginning of the file's hash, as receipts print it.
func (f File) Code() string { return f.SHA256[:16] }

// Count says how many files and pages there are: "2 tệp, 3 trang".
func Count(lang text.Lang, files []File) string {
	pages := 0
	for _, f := range files {
		pages += f.Pages
	}
	return text.T(lang, "upload.count", "n", len(files), "pages", pages)
}

// Size is a size in words: "240 kB", "1,4 MB".
func Size(lang text.Lang, bytes int64) string {
	if bytes < 1<<20 {
		return strconv.FormatInt((bytes+1023)>>10, 10) + " kB"
	}
	s := strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64)
	if lang == text.Vi {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + " MB"
}
