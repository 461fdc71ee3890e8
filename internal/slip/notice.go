package slip

import (
	"errors"
	"strings"
	"time"

	"rsc.io/qr"

	"quay20/internal/pack"
)

// Notice is what hangs on the wall of a desk (bản niêm yết thủ tục): one
// procedure, or all of a field as a booklet. law: nd-63-2010/17
type Notice struct {
	Paper      string // "A4", "A3"
	Agency     string // "CÔNG AN TỈNH LAI CHÂU"
	Desk       string // "Quầy số 20"; "" for any
	Hours      string // of the desk
	Phone      string
	Field      string // title of a booklet; "" for one procedure
	At         time.Time
	Procedures []NoticeProcedure
}

// NoticeProcedure is one procedure on a wall, in the order of the page that
// people know from their telephone.
type NoticeProcedure struct {
	Name, Code, Official string
	Since                string // "Áp dụng từ 01/12/2026"
	Decision             string // "Quyết định 1234/QĐ-CAT"
	Coming               string // that it changes soon, and when
	Facts                []NoticePart
	Parts                []NoticePart
	Address              string // with the fingerprint, goes into the QR
	Typed                string // what people type
	Fingerprint          string
}

// NoticePart is a heading with its lines; Facts have one line each.
type NoticePart struct {
	Title string
	Lines []string
}

// NoticeSheet makes the sheets as PDF, A4 or A3; every procedure begins a page.
func NoticeSheet(n Notice) ([]byte, error) {
	s, err := layNotice(n)
	if err != nil {
		return nil, err
	}
	return draw(document{title: s.title, author: n.Agency, at: n.At}, []*sheet{s})
}

func layNotice(n Notice) (*sheet, error) {
	if len(n.Procedures) == 0 {
		return nil, errors.New("a notice sheet without procedures")
	}
	s := newSheet(pack.SlipTemplate{Paper: "A4"}, n.At)
	if n.Paper == "A3" { // the same page, larger: read from further away
		s.paper, s.width, s.height, s.base, s.small = "A3", 297*millimetre, 420*millimetre, 18, 16.5
		s.left, s.right, s.top, s.bottom = 26*millimetre, 271*millimetre, 11*millimetre, 400*millimetre
	}
	s.title = s.t("slip.notice.title")
	if n.Field != "" {
		s.title += ": " + n.Field
		s.booklet(n)
	}
	for _, p := range n.Procedures {
		s.noticeOf(n, p)
	}
	s.close("", "")
	return s, nil
}

// booklet is the first page: whose it is, and what is inside.
func (s *sheet) booklet(n Notice) {
	s.page()
	s.par(run{n.Agency, regular})
	if n.Desk != "" {
		s.par(run{n.Desk, bold})
	}
	s.y += 4
	s.headline(strings.ToUpper(s.t("slip.notice.title")), "")
	s.balanced(n.Field, bold, s.left, s.right, s.base+4)
	s.y += s.base
	s.about(n)
	rows := make([][]string, 0, len(n.Procedures))
	for _, p := range n.Procedures {
		rows = append(rows, []string{p.Code, p.Name, p.Since, p.Fingerprint})
	}
	s.table([]column{{s.t("slip.notice.code"), 15, left}, {s.t("slip.procedure"), 47, left}, {s.t("slip.notice.since"), 22, left}, {s.t("slip.notice.mark"), 16, left}}, rows)
}

func (s *sheet) about(n Notice) {
	if n.Hours != "" {
		s.option("slip.notice.hours", n.Hours)
	}
	s.option("slip.notice.phone", n.Phone)
}

// noticeOf is one procedure: its name and QR, the four answers asked first, then
// every item of the law.
func (s *sheet) noticeOf(n Notice, p NoticeProcedure) {
	s.subject = p.Name
	s.pages = append(s.pages, nil)
	s.y = s.top + s.base
	side := 30 * millimetre
	if s.paper == "A3" {
		side = 44 * millimetre
	}
	top, edge := s.y, s.right-side-14
	if code, err := qr.Encode(p.Address, qr.M); err == nil {
		s.boxes(code.Size, code.Size, code.Black, s.right-side, top, side, side)
	}
	under := top + side + 3
	const size = 9
	for _, l := range wrap([]run{{s.t("slip.notice.scan"), italic}}, size, side) {
		s.line(centre, l, s.right-side, s.right, under, size)
		under += size * 1.2
	}
	s.line(centre, []run{{p.Fingerprint, mono}}, s.right-side, s.right, under, size+1)
	under += size * 1.6

	head := func(text string, f face, size float64) { s.aligned(left, []run{{text, f}}, s.left, edge, size) }
	head(n.Agency, regular, s.small)
	if n.Desk != "" && n.Field == "" {
		head(n.Desk, bold, s.small)
	}
	s.y += s.base * 0.3
	head(strings.ToUpper(s.t("slip.notice.title")), bold, s.small)
	s.y += s.base * 0.3
	head(p.Name, bold, s.base+7)
	if p.Official != "" && p.Official != p.Name {
		head(p.Official, italic, s.small)
	}
	head(s.t("slip.notice.number", "code", p.Code), regular, s.small)
	head(strings.Join(filled(p.Since, p.Decision), ", "), bold, s.small)
	s.y = max(s.y, under) + s.base*0.4
	if p.Coming != "" {
		from := s.y
		s.y += 4
		s.aligned(left, []run{{p.Coming, bold}}, s.left+6, s.right-6, s.base)
		s.y += 3
		s.box(s.left, from, s.right-s.left, s.y-from, 1)
		s.y += s.base * 0.4
	}
	var rows [][]string
	for _, f := range p.Facts {
		rows = append(rows, []string{f.Title, strings.Join(f.Lines, "\n")})
	}
	s.facts(rows)
	if n.Field == "" {
		s.about(n)
	}
	for _, part := range p.Parts {
		if len(part.Lines) == 0 {
			continue
		}
		s.need(s.base * s.leading * 2.4) // a heading never stands alone at the foot
		s.y += s.base * 0.35
		s.par(run{part.Title, bold})
		s.list(part.Lines)
	}
	s.y += s.base * 0.3
	s.par(run{s.t("slip.notice.address", "address", p.Typed), italic})
}

// facts are the four answers asked first, in a frame, the answers large.
func (s *sheet) facts(rows [][]string) {
	const pad = 5
	split := s.left + (s.right-s.left)*0.3
	from := s.y
	for _, row := range rows {
		top := s.y + pad
		left0 := wrap([]run{{row[0], regular}}, s.small, split-s.left-2*pad)
		answer := wrap([]run{{row[1], bold}}, s.base+1, s.right-split-2*pad)
		for i, l := range left0 {
			s.line(left, l, s.left+pad, split-pad, top+float64(i)*s.small*s.leading, s.small)
		}
		for i, l := range answer {
			s.line(left, l, split+pad, s.right-pad, top+float64(i)*(s.base+1)*s.leading-1, s.base+1)
		}
		s.y = top + max(float64(len(left0))*s.small, float64(len(answer))*(s.base+1))*s.leading + 1
		s.put(mark{kind: 'l', x: s.left, y: s.y, w: s.right - s.left, size: 0.5})
	}
	s.put(mark{kind: 'l', x: s.left, y: from, w: s.right - s.left, size: 0.5})
	for _, x := range []float64{s.left, split, s.right} {
		s.put(mark{kind: 'l', x: x, y: from, h: s.y - from, size: 0.5})
	}
	s.y += s.base * 0.5
}
