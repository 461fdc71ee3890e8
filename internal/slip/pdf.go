package slip

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// document is what a PDF says of itself. It names no citizen.
type document struct {
	title, author string
	at            time.Time
}

var family = [faces]struct{ name, style string }{
	{"serif", ""}, {"serif", "B"}, {"serif", "I"}, {"mono", "B"},
}

// draw turns laid-out sheets into a PDF. Dates inside are the paper's own, in
// UTC because the format's writer drops the zone, so the bytes never vary.
func draw(d document, sheets []*sheet) ([]byte, error) {
	p := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: sheets[0].width, Ht: sheets[0].height}})
	p.SetCatalogSort(true)
	p.SetCreationDate(d.at.UTC())
	p.SetModificationDate(d.at.UTC())
	p.SetTitle(d.title, true)
	p.SetAuthor(d.author, true)
	p.SetProducer("quay20", true)
	p.SetLang("vi-VN")
	p.SetMargins(0, 0, 0)
	p.SetAutoPageBreak(false, 0)
	for f := range faces {
		if uses(sheets, f) {
			p.AddUTF8FontFromBytes(family[f].name, family[f].style, ttf[f])
		}
	}
	for _, s := range sheets {
		for _, page := range s.pages {
			p.AddPage()
			for _, m := range page {
				drawMark(p, m)
			}
		}
	}
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return nil, fmt.Errorf("writing %q as PDF: %w", d.title, err)
	}
	return b.Bytes(), nil
}

func uses(sheets []*sheet, f face) bool {
	for _, s := range sheets {
		for _, page := range s.pages {
			for _, m := range page {
				if m.kind == 't' && m.face == f {
					return true
				}
			}
		}
	}
	return false
}

func drawMark(p *fpdf.Fpdf, m mark) {
	switch m.kind {
	case 't':
		p.SetFont(family[m.face].name, family[m.face].style, m.size)
		p.Text(m.x, m.y, m.text)
	case 'l':
		grey := 0
		if m.grey {
			grey = 190
		}
		p.SetDrawColor(grey, grey, grey)
		p.SetLineWidth(m.size)
		p.Line(m.x, m.y, m.x+m.w, m.y+m.h)
	case 'b':
		p.Rect(m.x, m.y, m.w, m.h, "F")
	}
}
