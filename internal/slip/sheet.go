package slip

import (
	"fmt"
	"strings"
	"time"

	"quay20/internal/pack"
	"quay20/internal/text"
)

// millimetre in points.
const millimetre = 72 / 25.4

// sheet is a paper being laid out: pages of marks and a place to go on writing.
// All lengths are points, y grows downwards.
type sheet struct {
	paper          string // "A4", "A5", "A4-landscape"
	width, height  float64
	left, right    float64 // edges of the text
	top, bottom    float64
	base, small    float64 // sizes of running text, of tables and notes
	leading, gap   float64 // height of a line and space after a paragraph, in sizes
	signing        float64 // height left to sign in
	y              float64
	pages          [][]mark
	title, subject string
	words          map[string]string // the template's own labels
	form           string            // "Mẫu số 01 · Thông tư …"
	copyOf         string            // "Liên 2: giao cho người nộp hồ sơ"
	printed        time.Time
	banners        []string // on top of every page
	void           bool
}

// mark is one thing drawn: text with its baseline at x, y; a line to x+w, y+h;
// or a filled box.
type mark struct {
	kind       byte // 't', 'l', 'b'
	x, y, w, h float64
	face       face
	size       float64 // of text; thickness of a line
	text       string
	grey       bool
}

// run is a stretch of text in one face.
type run struct {
	text string
	face face
}

func newSheet(t pack.SlipTemplate, printed time.Time) *sheet {
	s := &sheet{paper: t.Paper, words: t.Words, printed: printed}
	margin := 11 * millimetre
	switch t.Paper {
	case "A4":
		s.width, s.height, s.base, s.small = 210*millimetre, 297*millimetre, 13, 12
		margin = 20 * millimetre
	case "A4-landscape":
		s.width, s.height, s.base, s.small = 297*millimetre, 210*millimetre, 12, 11
		margin = 15 * millimetre
	default:
		s.paper = "A5"
		s.width, s.height, s.base, s.small = 148*millimetre, 210*millimetre, 11, 10.5
	}
	s.left, s.right = margin, s.width-margin
	s.top, s.bottom = 8*millimetre, s.height-15*millimetre
	s.leading, s.gap, s.signing = 1.24, 0.12, 15*millimetre
	s.form = strings.Join(filled(t.Form, t.Basis), " · ")
	s.title = t.Title
	return s
}

// tighten sets the paper closer, in two steps, which often saves a second page.
// Letters stay large enough to read, and lines far enough apart for the marks
// over Ễ.
func (s *sheet) tighten(step int) {
	if step == 0 {
		return
	}
	s.leading, s.gap, s.signing = 1.18, 0.06, 13*millimetre
	if s.paper == "A5" {
		s.left, s.right = 9*millimetre, s.width-9*millimetre
		s.top, s.bottom = 6*millimetre, s.height-12*millimetre
	}
	if step == 1 {
		return
	}
	s.leading, s.gap, s.signing = 1.14, 0.02, 10*millimetre
	switch s.paper {
	case "A4":
		s.base = 12
	case "A5":
		s.base, s.small = 10.5, 10
	}
}

func filled(parts ...string) []string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return some
}

// t words key; the template's own label for it goes first, under the key
// without "slip.".
func (s *sheet) t(key string, args ...any) string {
	own, ok := s.words[strings.TrimPrefix(key, "slip.")]
	if !ok {
		return text.T(text.Vi, key, args...)
	}
	for i := 0; i+1 < len(args); i += 2 {
		own = strings.ReplaceAll(own, fmt.Sprintf("{%v}", args[i]), fmt.Sprint(args[i+1]))
	}
	return own
}

func (s *sheet) put(m mark) {
	last := len(s.pages) - 1
	s.pages[last] = append(s.pages[last], m)
}

// page begins a new page with its banners.
func (s *sheet) page() {
	s.pages = append(s.pages, nil)
	s.y = s.top
	if s.void {
		s.put(mark{kind: 'l', x: s.left, y: s.top, w: s.right - s.left, h: s.bottom - s.top, size: 1.5, grey: true})
		s.put(mark{kind: 'l', x: s.left, y: s.bottom, w: s.right - s.left, h: s.top - s.bottom, size: 1.5, grey: true})
	}
	about := s.form
	if len(s.pages) > 1 {
		about = strings.Join(filled(s.subject, s.t("slip.continued")), " · ")
	}
	const size = 8.5
	s.line(left, []run{{s.copyOf, bold}}, s.left, s.right, s.y, size)
	s.aligned(right, []run{{about, italic}}, s.left+width(s.copyOf, bold, size)+10, s.right, size)
	if len(s.banners) > 0 {
		s.y += 2
		from := s.y
		s.y += 3
		s.aligned(centre, []run{{strings.Join(s.banners, "\n"), bold}}, s.left+6, s.right-6, s.base)
		s.y += 3
		s.box(s.left, from, s.right-s.left, s.y-from, 1)
	}
	s.y += 4
}

// need turns the page unless h points are left on it.
func (s *sheet) need(h float64) {
	if s.y+h > s.bottom {
		s.page()
	}
}

func (s *sheet) box(x, y, w, h, thick float64) {
	s.put(mark{kind: 'l', x: x, y: y, w: w, size: thick})
	s.put(mark{kind: 'l', x: x, y: y + h, w: w, size: thick})
	s.put(mark{kind: 'l', x: x, y: y, h: h, size: thick})
	s.put(mark{kind: 'l', x: x + w, y: y, h: h, size: thick})
}

type align int

const (
	left align = iota
	centre
	right
)

// aligned writes runs between x0 and x1, wrapped, turning pages as needed.
func (s *sheet) aligned(a align, runs []run, x0, x1, size float64) {
	lines := wrap(runs, size, x1-x0)
	if len(lines) <= 3 {
		s.need(float64(len(lines)) * size * s.leading)
	}
	for _, line := range lines {
		s.need(size * s.leading)
		s.line(a, line, x0, x1, s.y, size)
		s.y += size * s.leading
	}
}

// line writes one line whose top is y.
func (s *sheet) line(a align, line []run, x0, x1, y, size float64) {
	x := x0
	if a != left {
		w := 0.0
		for _, r := range line {
			w += width(r.text, r.face, size)
		}
		x = x1 - w
		if a == centre {
			x = x0 + (x1-x0-w)/2
		}
	}
	for _, r := range line {
		if strings.TrimSpace(r.text) != "" {
			s.put(mark{kind: 't', x: x, y: y + size*0.95, face: r.face, size: size, text: r.text})
		}
		x += width(r.text, r.face, size)
	}
}

// balanced writes a heading, centred, in as few lines as it needs, all about
// as long.
func (s *sheet) balanced(text string, f face, x0, x1, size float64) {
	runs, w := []run{{text, f}}, x1-x0
	lines := wrap(runs, size, w)
	for len(lines) > 1 && w > size && len(wrap(runs, size, w-2)) == len(lines) {
		w -= 2
	}
	middle := (x0 + x1) / 2
	s.aligned(centre, runs, middle-w/2, middle+w/2, size)
}

// par writes a paragraph of running text.
func (s *sheet) par(runs ...run) {
	s.aligned(left, runs, s.left, s.right, s.base)
	s.y += s.base * s.gap
}

// field writes a field the form prescribes; an empty one is a dotted line.
func (s *sheet) field(key, value string) {
	if strings.TrimSpace(value) == "" {
		value = s.t("slip.dots")
	}
	s.par(run{s.t(key) + ": ", regular}, run{value, regular})
}

// strong is field with its value in bold.
func (s *sheet) strong(key, value string) {
	if strings.TrimSpace(value) == "" {
		s.field(key, value)
		return
	}
	s.par(run{s.t(key) + ": ", regular}, run{value, bold})
}

// option writes a field only if there is something to say.
func (s *sheet) option(key, value string) {
	if strings.TrimSpace(value) != "" {
		s.field(key, value)
	}
}

// list writes each item behind a dash.
func (s *sheet) list(items []string) {
	indent := s.base * 0.9
	for _, item := range items {
		s.need(s.base * s.leading)
		s.line(left, []run{{"-", regular}}, s.left, s.right, s.y, s.base)
		s.aligned(left, []run{{item, regular}}, s.left+indent, s.right, s.base)
		s.y += s.base * s.gap
	}
}

// styled is one letter on its way to a line.
type styled struct {
	r    rune
	face face
	w    float64
}

// wrap breaks runs into lines no wider than w: at spaces, at line breaks, and
// inside a word only if the word is wider than a line.
func wrap(runs []run, size, w float64) [][]run {
	var all []styled
	for _, r := range runs {
		known := advances()[r.face]
		for _, c := range clean(r.text, r.face) {
			all = append(all, styled{c, r.face, known[c] * size})
		}
	}
	var lines [][]run
	start, space, have := 0, -1, 0.0
	for i := 0; i < len(all); i++ {
		c := all[i]
		if c.r == '\n' {
			lines = append(lines, join(all[start:i]))
			start, space, have = i+1, -1, 0
			continue
		}
		if have+c.w > w+0.01 && c.r != ' ' && i > start {
			end := i
			if space > start {
				end = space
			}
			lines = append(lines, join(all[start:end]))
			for start = end; start < len(all) && all[start].r == ' '; start++ {
			}
			i, space, have = start-1, -1, 0
			continue
		}
		if c.r == ' ' {
			space = i
		}
		have += c.w
	}
	return append(lines, join(all[start:]))
}

// join puts letters of one face together again.
func join(line []styled) []run {
	for len(line) > 0 && line[len(line)-1].r == ' ' {
		line = line[:len(line)-1]
	}
	var runs []run
	var b strings.Builder
	for i, c := range line {
		b.WriteRune(c.r)
		if i+1 == len(line) || line[i+1].face != c.face {
			runs = append(runs, run{b.String(), c.face})
			b.Reset()
		}
	}
	return runs
}

// column of a table; share is its part of the width.
type column struct {
	head  string
	share float64
	align align
}

// cell is the wrapped text of one cell.
type cell [][]run

// table writes rows under a head that is repeated on every page. A row stays
// together unless it is longer than a page.
func (s *sheet) table(cols []column, rows [][]string) {
	const pad = 3
	total, x := 0.0, []float64{s.left}
	for _, c := range cols {
		total += c.share
	}
	for _, c := range cols {
		x = append(x, x[len(x)-1]+(s.right-s.left)*c.share/total)
	}
	if len(rows) == 0 {
		rows = [][]string{make([]string, len(cols))}
	}
	step := s.small * s.leading
	split := func(texts []string, f face) ([]cell, int) {
		cells, most := make([]cell, len(cols)), 1
		for i := range cols {
			cells[i] = wrap([]run{{texts[i], f}}, s.small, x[i+1]-x[i]-2*pad)
			most = max(most, len(cells[i]))
		}
		return cells, most
	}
	write := func(cells []cell, from, to int, heading bool) {
		h := float64(to-from)*step + 2*pad - 2
		for i, c := range cells {
			a := cols[i].align
			if heading {
				a = centre
			}
			for n := from; n < min(to, len(c)); n++ {
				s.line(a, c[n], x[i]+pad, x[i+1]-pad, s.y+pad-1.5+float64(n-from)*step, s.small)
			}
			s.put(mark{kind: 'l', x: x[i], y: s.y, h: h, size: 0.5})
		}
		s.put(mark{kind: 'l', x: s.right, y: s.y, h: h, size: 0.5})
		s.put(mark{kind: 'l', x: s.left, y: s.y, w: s.right - s.left, size: 0.5})
		s.y += h
		s.put(mark{kind: 'l', x: s.left, y: s.y, w: s.right - s.left, size: 0.5})
	}
	heads := make([]string, len(cols))
	for i, c := range cols {
		heads[i] = c.head
	}
	head, headLines := split(heads, bold)
	fits := func(lines int) int { return min(lines, int((s.bottom-s.y-2*pad)/step)) }

	s.y += 1.5
	s.need(float64(headLines+2)*step + 4*pad)
	write(head, 0, headLines, true)
	for _, row := range rows {
		cells, lines := split(row, regular)
		for from := 0; from < lines; {
			n := fits(lines - from)
			fresh := int((s.bottom - s.top - 40 - 4*pad) / step)
			if n < lines-from && (n < 1 || lines-from <= fresh-headLines) {
				s.page()
				write(head, 0, headLines, true)
				n = max(1, fits(lines-from))
			}
			write(cells, from, from+n, false)
			from += n
		}
	}
	s.y += s.base * 0.4
}

// signature is a place to sign.
type signature struct{ title, note, name string }

// sign writes places to sign side by side, never parted from each other.
func (s *sheet) sign(places ...signature) {
	w := (s.right - s.left) / float64(len(places))
	type block struct{ title, note, name [][]run }
	blocks, titles, notes, names := make([]block, len(places)), 0, 0, 0
	for i, p := range places {
		b := block{
			wrap([]run{{p.title, bold}}, s.base, w-8),
			wrap([]run{{p.note, italic}}, s.small, w-8),
			wrap([]run{{p.name, bold}}, s.base, w-8),
		}
		blocks[i] = b
		titles, notes, names = max(titles, len(b.title)), max(notes, len(b.note)), max(names, len(b.name))
	}
	step := s.base * s.leading
	nameTop := float64(titles)*step + float64(notes)*s.small*s.leading + s.signing
	s.y += 4
	s.need(nameTop + float64(names)*step)
	for i, b := range blocks {
		x0, x1 := s.left+float64(i)*w+4, s.left+float64(i+1)*w-4
		for n, l := range b.title {
			s.line(centre, l, x0, x1, s.y+float64(n)*step, s.base)
		}
		for n, l := range b.note {
			s.line(centre, l, x0, x1, s.y+float64(len(b.title))*step+float64(n)*s.small*s.leading, s.small)
		}
		for n, l := range b.name {
			s.line(centre, l, x0, x1, s.y+nameTop+float64(n)*step, s.base)
		}
	}
	s.y += nameTop + float64(names)*step
}

// close writes the foot of every page: where to look the dossier up, when it
// was printed, under which head of the journal, and the page of pages.
func (s *sheet) close(lookup, head string) {
	about := []string{s.t("slip.printed", "at", s.printed.In(pack.Zone).Format("15:04 02/01/2006"))}
	if head != "" {
		about = append(about, s.t("slip.head", "head", head))
	}
	const size = 8.5
	for i := range s.pages {
		s.pages[i] = append(s.pages[i], mark{kind: 'l', x: s.left, y: s.bottom + 5, w: s.right - s.left, size: 0.4})
		page := fmt.Sprintf("%s %d/%d", s.t("slip.page"), i+1, len(s.pages))
		edge := s.right - width(page, regular, size) - 8
		y := s.bottom + 7
		var foot [][]run
		if lookup != "" {
			foot = wrap([]run{{s.t("slip.lookup") + ": " + lookup, regular}}, size, edge-s.left)
		}
		foot = append(foot, wrap([]run{{strings.Join(about, " · "), regular}}, size, edge-s.left)...)
		on := &sheet{pages: s.pages[i : i+1]}
		on.line(right, []run{{page, regular}}, s.left, s.right, y, size)
		for n, l := range foot {
			on.line(left, l, s.left, edge, y+float64(n)*size*1.2, size)
		}
	}
}
