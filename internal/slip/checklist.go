package slip

import (
	"strings"
	"time"

	"quay20/internal/pack"
)

// Checklist is what one person brings for one procedure (danh sách giấy tờ của
// tôi, PR10). It is no paper of the State: it promises nothing and is not kept.
type Checklist struct {
	Agency        string
	Place         string // "Lai Châu"
	At            time.Time
	Procedure     string
	ProcedureCode string
	Own           []string // the own case in words
	Groups        []CheckGroup
	Limit         string
	Fee           string
	FeeRules      []string
	Where         []string
	Desks         []string // near home, with address and telephone
	Version       string   // "Áp dụng từ 01/07/2026"
	Checked       string   // whether it was compared with the text published
	Address       string   // of the live list; goes into the QR
}

// CheckGroup are papers for everybody, or under a title for a case.
type CheckGroup struct {
	Title  string
	Papers []CheckPaper
}

// CheckPaper is one paper to tick, with how many of it.
type CheckPaper struct{ Name, About string }

// Prepare makes the checklist as PDF, A5.
func Prepare(c Checklist) ([]byte, error) {
	s := layChecklist(c)
	return draw(document{title: s.title, author: c.Agency, at: c.At}, []*sheet{s})
}

func layChecklist(c Checklist) *sheet {
	s := newSheet(pack.SlipTemplate{Paper: "A5"}, c.At)
	s.ownTitle("slip.title.checklist")
	s.subject = c.ProcedureCode
	s.page()
	top, edge := s.y, s.right-qrSide-12
	s.qr(c.Address, s.right-qrSide, s.y+2)
	s.aligned(left, []run{{c.Agency, regular}}, s.left, edge, s.small-1)
	s.y += 4
	s.aligned(left, []run{{s.title, bold}}, s.left, edge, s.base+3)
	s.aligned(left, []run{{c.Procedure, bold}}, s.left, edge, s.base)
	s.aligned(left, []run{{s.t("slip.checklist.scan"), italic}}, s.left, edge, s.small-1)
	s.y = max(s.y, top+qrSide+4) + 4
	s.option("slip.checklist.own", strings.Join(c.Own, "; "))
	s.option("slip.limit", c.Limit)
	s.option("slip.fee", strings.Join(append([]string{strings.TrimSuffix(c.Fee, ".")}, c.FeeRules...), ". "))
	s.option("slip.checklist.where", strings.Join(c.Where, "; "))
	for _, d := range c.Desks {
		s.par(run{"– " + d, regular})
	}
	for _, g := range c.Groups {
		s.y += 4
		title := g.Title
		if title == "" {
			title = s.t("slip.checklist.papers")
		}
		s.need(3 * s.base * s.leading)
		s.par(run{title, bold})
		for _, p := range g.Papers {
			s.tick(p)
		}
	}
	s.y += 6
	s.par(run{strings.Join(filled(c.Version, c.Checked), ". ") + ".", italic})
	s.par(run{s.t("slip.checklist.ours"), italic})
	s.aligned(left, []run{{c.Address, regular}}, s.left, s.right, s.small-1)
	s.close("", "")
	return s
}

// tick writes one paper behind a box to tick; both stay on one page.
func (s *sheet) tick(p CheckPaper) {
	const side, indent = 11, 19
	runs := []run{{p.Name, bold}}
	if p.About != "" {
		runs = append(runs, run{"\n" + p.About, regular})
	}
	s.need(float64(len(wrap(runs, s.base, s.right-s.left-indent)))*s.base*s.leading + 3)
	s.box(s.left, s.y+1.5, side, side, 1)
	s.aligned(left, runs, s.left+indent, s.right, s.base)
	s.y += 3
}
