package catalogue

import (
	"strings"

	"quay20/internal/pack"
)

// place is where words stand in a procedure.
type place int

const (
	inName place = iota
	inOfficial
	inKeyword
	inField
	inResult
	inPaper
)

// calls reports whether words there are a way to call the procedure.
func (p place) calls() bool { return p <= inKeyword }

// reading is what the index reads of a procedure or matter.
type reading struct {
	code       string
	kind       Kind
	popularity int // 1 very common to 3 rare
	keys       []string
	calls      []call
}

// call is a group of words and where they stand.
type call struct {
	words    string
	place    place
	said     []word // those that tell something
	terms    []term // of what is said
	initials string // of all words: "dktt"
}

// read reads the procedures, and the matters of the day.
func read(p *pack.Pack, procedures []*pack.Procedure, on pack.Date) []reading {
	s := splitter{}
	var all []reading
	for _, proc := range procedures {
		all = append(all, s.procedure(p, proc, on))
	}
	for _, m := range p.Matters() {
		if _, ok := m.On(on); ok {
			all = append(all, s.matter(m))
		}
	}
	return all
}

// splitter splits text and remembers each word it has folded.
type splitter map[string]word

func (s splitter) procedure(law *pack.Pack, p *pack.Procedure, on pack.Date) reading {
	r := reading{code: p.Code, kind: Procedure, popularity: p.Popularity, keys: append([]string{p.Code}, p.Aliases...)}
	s.say(&r, inName, p.Name)
	if p.ShortName != p.Name {
		s.say(&r, inName, p.ShortName)
	}
	if p.Official != p.Name {
		s.say(&r, inOfficial, p.Official)
	}
	s.say(&r, inKeyword, p.Keywords...)
	field, _ := law.Field(p.Field)
	s.say(&r, inField, field.Name)
	s.say(&r, inResult, p.Result...)
	v, ok := p.On(on)
	if !ok {
		v = &p.Versions[len(p.Versions)-1]
	}
	for _, c := range v.Cases {
		s.say(&r, inPaper, c.Name)
	}
	for _, c := range v.Components {
		form, _, _ := strings.Cut(c.Form, "(") // "CT01 (Thông tư 116/2026/TT-BCA)"
		s.say(&r, inPaper, c.Name, form)
	}
	return r
}

func (s splitter) matter(m pack.Matter) reading {
	r := reading{code: m.Code, kind: Elsewhere, popularity: 2}
	if m.Ours {
		r.kind, r.popularity = Service, 1
	}
	s.say(&r, inName, m.Name)
	s.say(&r, inKeyword, m.Words...)
	return r
}

func (s splitter) say(r *reading, at place, texts ...string) {
	for _, text := range texts {
		all := s.split(text)
		if len(all) == 0 {
			continue
		}
		c := call{words: text, place: at}
		if at.calls() {
			c.initials = initials(all)
		}
		c.said = telling(all)
		c.terms = terms(c.said)
		r.calls = append(r.calls, c)
	}
}

func (s splitter) split(text string) []word {
	var all []word
	for _, typed := range fields(text) {
		w, ok := s[typed]
		if !ok {
			w = newWord(typed)
			s[typed] = w
		}
		if w.plain != "" {
			all = append(all, w)
		}
	}
	return all
}
