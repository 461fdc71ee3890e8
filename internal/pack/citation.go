package pack

import (
	"fmt"
	"slices"
	"strings"

	"quay20/internal/lawtime"
)

// Cites reports whether the pack defines a citation: an instrument ("nd-118-2025")
// or an article of it ("nd-118-2025/17"), with any clause of that article
// ("nd-118-2025/17.2").
func (p *Pack) Cites(citation string) bool {
	id, article, whole := strings.Cut(citation, "/")
	act, ok := p.acts[id]
	if !ok || !whole {
		return ok
	}
	return slices.ContainsFunc(act.Articles, func(a Article) bool {
		return article == a.No || strings.HasPrefix(article, a.No+".")
	})
}

// Citations are all that the pack defines: each instrument and each listed
// article, sorted.
func (p *Pack) Citations() []string {
	var all []string
	for _, act := range p.all.Instruments {
		all = append(all, act.ID)
		for _, a := range act.Articles {
			all = append(all, act.ID+"/"+a.No)
		}
	}
	slices.Sort(all)
	return all
}

// Caption is the caption of a cited article, or the instrument's name.
func (p *Pack) Caption(citation string) (string, bool) {
	id, article, _ := strings.Cut(citation, "/")
	act, ok := p.acts[id]
	if !ok {
		return "", false
	}
	for _, a := range act.Articles {
		if article == a.No || strings.HasPrefix(article, a.No+".") {
			return a.Caption, true
		}
	}
	return act.Name, true
}

// Words names a citation for people: "Điều 17.2 Nghị định 118/2025/NĐ-CP".
func (p *Pack) Words(citation string) string {
	id, article, whole := strings.Cut(citation, "/")
	act, ok := p.acts[id]
	if !ok {
		return citation
	}
	name := fmt.Sprintf("%s %s", act.Type, act.Number)
	switch {
	case !whole:
		return name
	case article[0] >= '0' && article[0] <= '9':
		return fmt.Sprintf("Điều %s %s", article, name)
	default:
		return fmt.Sprintf("Phụ lục %s", name)
	}
}

// Uses are the places of the pack that rest on each citation, for quay20 pack
// xref: "rules 2025-07-01 supplement_resume", "1.004222 from 2026-07-01".
func (p *Pack) Uses() map[string][]string {
	uses := map[string][]string{}
	use := func(law, format string, args ...any) {
		if law != "" {
			uses[law] = append(uses[law], fmt.Sprintf(format, args...))
		}
	}
	days := func(listed []lawtime.CalendarDay) {
		for _, d := range listed {
			use(d.Law, "calendar %s", d.Date)
		}
	}
	for _, y := range p.all.Years {
		days(y.Days)
	}
	for _, n := range p.Notices() {
		use(n.Law, "notice %s", n.ID)
		days(n.Days)
	}
	for _, r := range p.all.Rules {
		for name, law := range r.Laws {
			use(law, "rules %s %s", r.From, name)
		}
	}
	for _, s := range p.all.Slips {
		use(s.Law, "slip %s from %s", s.Kind, s.From)
	}
	for _, proc := range p.sorted {
		for _, row := range proc.Competence {
			use(row.Law, "%s competence %s from %s", proc.Code, row.Level, row.From)
		}
		for _, v := range proc.Versions {
			for _, c := range v.Cases {
				if c.Limit != nil {
					use(c.Limit.Law, "%s from %s", proc.Code, v.From)
				}
			}
		}
	}
	for _, places := range uses {
		slices.Sort(places)
	}
	return uses
}
