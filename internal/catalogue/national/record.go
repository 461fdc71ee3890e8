// Package national reads the national catalogue of procedures (Cơ sở dữ liệu
// quốc gia về thủ tục hành chính), as its public pages print it, into drafts
// that a procedure-control officer finishes. What cannot be read with certainty
// stays text and is marked; nothing is guessed and no record is dropped. Its
// linter makes a worklist of what is wrong with records and with the pack.
package national

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/problem"
	"quay20/internal/text"
)

// Bounds of one file, far above the real ones. A file beyond them is refused
// whole: half a catalogue would pass for a catalogue.
const (
	MaxFile    = 128 << 20
	MaxLine    = 1 << 20
	MaxRecords = 20_000
)

// The keys of a record that the reader knows.
const (
	keyCode       = "ma_thu_tuc"
	keyName       = "ten_thu_tuc"
	keyDecision   = "so_quyet_dinh"
	keyLevels     = "cap_thuc_hien"
	keyField      = "linh_vuc"
	keyApplicants = "doi_tuong_thuc_hien"
	keyAuthority  = "co_quan_co_tham_quyen"
	keyAddress    = "dia_chi_tiep_nhan"
	keyDelegate   = "co_quan_duoc_uy_quyen"
	keyPartner    = "co_quan_phoi_hop"
	keyRelated    = "thu_tuc_lien_quan"
	keySteps      = "trinh_tu_thuc_hien"
	keyWays       = "cach_thuc_thuc_hien"
	keyPapers     = "thanh_phan_ho_so"
	keyBases      = "can_cu_phap_ly"
	keyHandler    = "co_quan_thuc_hien"
	keyConditions = "yeu_cau_dieu_kien"
	keyResults    = "ket_qua_xu_ly"
	keyPage       = "raw_text"
)

// nothing is what the pages print in an empty cell.
const nothing = "Không có thông tin"

// Record is one line of the file: the cells of a page as they were printed.
type Record struct {
	Line   int               // 1 is the first
	Cells  map[string]string // key → text, composed letters
	Broken text.Key          // why the line is no record; "" for a record
}

// cell is the text of a cell, "" if the page says that it has none.
func (r Record) cell(key string) string {
	printed := strings.TrimSpace(r.Cells[key])
	if printed == nothing {
		return ""
	}
	return printed
}

// records reads all lines. The error is a problem.Problem if the file is beyond
// the bounds.
func records(in io.Reader) ([]Record, error) {
	lines := &lineReader{in: bufio.NewReaderSize(in, 1<<16)}
	var all []Record
	for {
		line, cut, err := lines.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if lines.n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(all) == MaxRecords {
			return nil, problem.New(problem.TooLarge, "national.err.records", "n", MaxRecords)
		}
		record := parse(line, cut)
		record.Line = lines.n
		all = append(all, record)
	}
}

// lineReader gives lines and never holds more than MaxLine of one.
type lineReader struct {
	in   *bufio.Reader
	n    int // lines given
	read int // bytes read
}

func (l *lineReader) next() (line []byte, cut bool, err error) {
	for {
		part, err := l.in.ReadSlice('\n')
		if l.read += len(part); l.read > MaxFile {
			return nil, false, problem.New(problem.TooLarge, "national.err.file", "mb", MaxFile>>20)
		}
		if room := MaxLine - len(line); len(part) > room {
			part, cut = part[:room], true
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, false, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, false, err
		}
		l.n++
		return line, cut, nil
	}
}

// parse reads one line. A line that is no record keeps its beginning as page
// text, so that a person can look for it.
func parse(line []byte, cut bool) Record {
	broken := func(why text.Key) Record {
		const enough = 2000
		return Record{Broken: why, Cells: map[string]string{keyPage: clean(string(line[:min(len(line), enough)]))}}
	}
	if cut {
		return broken("national.broken.long")
	}
	if !utf8.Valid(line) {
		return broken("national.broken.letters")
	}
	var cells map[string]json.RawMessage
	if err := json.Unmarshal(line, &cells); err != nil || cells == nil {
		return broken("national.broken.json")
	}
	record := Record{Cells: map[string]string{}}
	for key, raw := range cells {
		record.Cells[clean(key)] = clean(value(raw))
	}
	return record
}

// value is a JSON value as text: what is no text is kept as it was written.
func value(raw json.RawMessage) string {
	var printed string
	if json.Unmarshal(raw, &printed) == nil {
		return printed
	}
	return string(raw)
}

// spaces are the kinds of blank that pages print; a line's end is not one.
var spaces = regexp.MustCompile(`[^\S\n]+`)

// clean composes letters and takes out what nobody sees.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = norm.NFC.String(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00a0", " ", "\u200b", "", "\ufeff", "").Replace(s))
	s = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(spaces.ReplaceAllString(s, " "))
}

// flat is a text without line ends, for lists and worklists.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// The headings of the page's tables, whose cells are run together.
const (
	waysHead   = "Hình thức nộpThời gianPhí, lệ phíMô tả"
	papersHead = "Tên giấy tờMẫu đơn, tờ khaiSố lượng"
	basesHead  = "Tên văn bản pháp lýMã văn bản"
)

// recut cuts the tables out of the page again where the crawl cut them in the
// middle, because a cell held the heading of the next table.
func (r Record) recut() (Record, bool) {
	ways, papers, bases := r.Cells[keyWays], r.Cells[keyPapers], r.Cells[keyBases]
	torn := func(s string) bool { return strings.HasPrefix(s, ":") }
	if !strings.HasSuffix(ways, "(") && !torn(papers) && !torn(bases) {
		return r, false
	}
	page := r.Cells[keyPage]
	begin := strings.Index(page, waysHead)
	table := strings.Index(page, papersHead)
	if begin < 0 || table < begin {
		return r, false
	}
	end := strings.LastIndex(page[:table], "Thành phần hồ sơ")
	const basesTitle = "Căn cứ pháp lý"
	law := strings.Index(page[table:], basesTitle+basesHead)
	if law < 0 {
		law = strings.Index(page[table:], basesTitle+nothing)
	}
	if end < begin || law < 0 {
		return r, false
	}
	law += table
	after := strings.Index(page[law:], "Cơ quan thực hiện")
	if after < 0 {
		return r, false
	}
	cells := map[string]string{}
	for key, printed := range r.Cells {
		cells[key] = printed
	}
	cells[keyWays] = strings.TrimSpace(page[begin:end])
	cells[keyPapers] = strings.TrimSpace(page[end+len("Thành phần hồ sơ") : law])
	cells[keyBases] = strings.TrimSpace(page[law+len(basesTitle) : law+after])
	return Record{Line: r.Line, Cells: cells}, true
}
