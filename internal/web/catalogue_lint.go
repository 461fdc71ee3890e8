package web

import (
	"net/http"
	"slices"

	"quay20/internal/catalogue/national"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/text"
)

const lintPath = proceduresPath + "/lint"

// lintRoutes declares the worklist of the law in force, for those who keep the
// procedures (kiểm soát thủ tục).
func (s *Server) lintRoutes() {
	if s.Law != nil && s.Roll != nil {
		s.desk("GET "+lintPath, officer.Procedures, s.lint)
	}
}

// lintPage is the worklist: what is wrong with the procedures in force, by
// procedure.
type lintPage struct {
	Lead  string
	Kinds []lintKind
	Procs []lintProc
}

// lintKind is one filter.
type lintKind struct {
	Words, Href string
	Current     bool
}

// lintProc is a procedure and what was found in it.
type lintProc struct {
	Code, Name, Href string
	Found            []lintFound
}

type lintFound struct {
	Field, Found, Sentence, Remedy, Law string
}

// lint shows the worklist, all of it or one kind (?kind=act-over).
func (s *Server) lint(w http.ResponseWriter, r *http.Request, by Visitor) error {
	if _, err := by.For(officer.Procedures, ""); err != nil {
		return err
	}
	lang, law, now := visitOf(r).lang, s.Law.Law(), s.Now()
	all := national.LintPack(law, pack.On(now))
	kind := r.URL.Query().Get("kind")
	p := lintPage{Lead: text.T(lang, "lint.none", "day", sayDay(now)), Kinds: lintKinds(lang, all, kind)}
	codes := map[string]bool{}
	for _, f := range all {
		codes[f.Code] = true
		if kind != "" && f.Kind != kind {
			continue
		}
		if n := len(p.Procs); n == 0 || p.Procs[n-1].Code != f.Code {
			p.Procs = append(p.Procs, lintProc{Code: f.Code, Name: f.Name, Href: proceduresPath + "/of/" + f.Code})
		}
		last := &p.Procs[len(p.Procs)-1]
		one := lintFound{Field: text.T(lang, national.FieldWord(f.Field)), Found: text.T(lang, f.Word(), f.Args...),
			Sentence: f.Sentence, Remedy: text.T(lang, f.Remedy(), f.Args...)}
		if f.Law != "" {
			one.Law = law.Words(f.Law)
		}
		last.Found = append(last.Found, one)
	}
	if len(all) > 0 {
		p.Lead = text.T(lang, "lint.lead", "day", sayDay(now), "n", len(all), "procedures", len(codes))
	}
	return s.render(w, r, http.StatusOK, "lint", p)
}

// lintKinds are the filters: all, then each kind that was found.
func lintKinds(lang text.Lang, all []national.Finding, current string) []lintKind {
	counts, kinds := map[string]int{}, []string{}
	for _, f := range all {
		if counts[f.Kind]++; counts[f.Kind] == 1 {
			kinds = append(kinds, f.Kind)
		}
	}
	slices.SortFunc(kinds, func(a, b string) int { return counts[b] - counts[a] })
	filters := []lintKind{{text.T(lang, "lint.kind", "kind", text.Key("lint.all"), "n", len(all)), lintPath, counts[current] == 0}}
	for _, kind := range kinds {
		words := text.T(lang, "lint.kind", "kind", text.Key(national.KindWord(kind)), "n", counts[kind])
		filters = append(filters, lintKind{words, lintPath + "?kind=" + kind, kind == current})
	}
	return filters
}
