// Package catalogue is the list of administrative procedures as people look
// for them (danh mục thủ tục hành chính). It finds the procedures in force on
// a day however they are asked for: by code, by the counter's short alias, by
// initials, by their name with or without marks, by what people call them,
// with typing slips.
package catalogue

import (
	"maps"
	"math"
	"slices"
	"strings"

	"quay20/internal/pack"
)

// Index finds procedures in force on one day. It lies in memory, is never
// changed and may be used by many at once.
type Index struct {
	procedures []procedure         // and matters
	exact      map[string][]int    // alias or code as typed → procedures
	initials   map[string][]int    // "dktt" → procedures
	terms      map[string]*entry   // words, pairs and their sounds
	vocabulary []known             // the words among the terms, sorted
	sounds     map[string][]string // sound of a word → words of the vocabulary
	average    float64             // length of an average procedure
}

// procedure is what the index keeps of one.
type procedure struct {
	code    string
	kind    Kind
	phrases []phrase
	length  float64
	prior   float64 // common procedures come before rare ones
}

// Kind says what was found.
type Kind string

const (
	Procedure Kind = "procedure"
	Service   Kind = "service"   // of the police, outside the catalogue
	Elsewhere Kind = "elsewhere" // another agency's
)

// phrase is one way to call a procedure: its name or what people say.
type phrase struct {
	words string // as written in the pack
	name  bool
	plain []string // its folded words, each once
	known []int    // the same as places in the vocabulary
}

// entry is where a term stands.
type entry struct {
	rarity float64 // inverse document frequency
	in     []posting
	word   int // place in the vocabulary, -1 for a pair or a sound
}

type posting struct {
	at    int     // index in procedures
	times float64 // weighted number of times
}

// known is a word of the vocabulary.
type known struct {
	word    string
	letters letters
	rarity  float64
}

// How much a word counts by the place it stands in.
const (
	inName     = 3.0
	inOfficial = 1.5
	inKeyword  = 2.0
	inField    = 0.5
	inResult   = 0.5
)

// NewIndex reads the procedures in force on the day.
func NewIndex(p *pack.Pack, on pack.Date) *Index {
	fields := map[string]string{}
	for _, f := range p.Fields(on) {
		fields[f.Slug] = f.Name
	}
	return newIndex(p.Procedures(on), matters(p, on), fields)
}

func matters(p *pack.Pack, on pack.Date) []pack.Matter {
	return slices.DeleteFunc(p.Matters(), func(m pack.Matter) bool {
		_, ok := m.On(on)
		return !ok
	})
}

// NewWholeIndex reads the procedures of all times. Matters are those of the
// day up to which the pack goes: what is ours by now is nobody else's.
func NewWholeIndex(p *pack.Pack) *Index {
	fields := map[string]string{}
	for _, proc := range p.AllProcedures() {
		f, _ := p.Field(proc.Field)
		fields[f.Slug] = f.Name
	}
	return newIndex(p.AllProcedures(), matters(p, p.Head().AsOf), fields)
}

func newIndex(procedures []*pack.Procedure, matters []pack.Matter, fields map[string]string) *Index {
	ix := &Index{
		exact: map[string][]int{}, initials: map[string][]int{},
		terms: map[string]*entry{}, sounds: map[string][]string{},
	}
	for _, p := range procedures {
		ix.add(p, fields[p.Field])
	}
	for _, m := range matters {
		ix.addMatter(m)
	}
	ix.finish()
	return ix
}

func (ix *Index) addMatter(m pack.Matter) {
	at := len(ix.procedures)
	kind := Elsewhere
	if m.Ours {
		kind = Service
	}
	ix.procedures = append(ix.procedures, procedure{code: m.Code, kind: kind, prior: 1})
	count := map[string]float64{}
	ix.say(at, count, m.Name, inName)
	for _, k := range m.Words {
		ix.say(at, count, k, inKeyword)
	}
	ix.post(at, count)
}

func (ix *Index) add(p *pack.Procedure, field string) {
	at := len(ix.procedures)
	ix.procedures = append(ix.procedures, procedure{code: p.Code, kind: Procedure, prior: 1.06 - 0.03*float64(p.Popularity)})
	for _, key := range append([]string{p.Code}, p.Aliases...) {
		ix.file(ix.exact, squeeze(key), at)
	}
	count := map[string]float64{}
	ix.say(at, count, p.Name, inName)
	if p.ShortName != p.Name {
		ix.say(at, count, p.ShortName, inName)
	}
	if p.Official != p.Name {
		ix.say(at, count, p.Official, inOfficial)
	}
	for _, k := range p.Keywords {
		ix.say(at, count, k, inKeyword)
	}
	tally(count, field, inField)
	for _, r := range p.Result {
		tally(count, r, inResult)
	}
	ix.post(at, count)
}

// post files the terms of a procedure.
func (ix *Index) post(at int, count map[string]float64) {
	for _, term := range slices.Sorted(maps.Keys(count)) {
		e := ix.terms[term]
		if e == nil {
			e = &entry{word: -1}
			ix.terms[term] = e
		}
		e.in = append(e.in, posting{at, count[term]})
		ix.procedures[at].length += count[term]
	}
}

// say adds one way to call the procedure.
func (ix *Index) say(at int, count map[string]float64, words string, weight float64) {
	if words == "" {
		return
	}
	tally(count, words, weight)
	p := &ix.procedures[at]
	var set []string
	for _, w := range telling(split(words)) {
		if !slices.Contains(set, w.plain) {
			set = append(set, w.plain)
		}
	}
	p.phrases = append(p.phrases, phrase{words: words, name: weight != inKeyword, plain: set})
	if short := initialsOf(words); len(short) > 1 {
		ix.file(ix.initials, short, at)
	}
}

func (ix *Index) file(under map[string][]int, key string, at int) {
	if key != "" && !slices.Contains(under[key], at) {
		under[key] = append(under[key], at)
	}
}

func tally(count map[string]float64, words string, weight float64) {
	for _, t := range terms(telling(split(words))) {
		count[t.key] += weight * t.weight
	}
}

// finish reckons what depends on all procedures together.
func (ix *Index) finish() {
	n := float64(len(ix.procedures))
	for _, key := range slices.Sorted(maps.Keys(ix.terms)) {
		e := ix.terms[key]
		with := float64(len(e.in))
		e.rarity = math.Log(1 + (n-with+0.5)/(with+0.5))
		if strings.ContainsAny(key, termMarks) {
			continue
		}
		e.word = len(ix.vocabulary)
		ix.vocabulary = append(ix.vocabulary, known{key, lettersOf(key), e.rarity})
		ix.sounds[sound(key)] = append(ix.sounds[sound(key)], key)
	}
	for i := range ix.procedures {
		p := &ix.procedures[i]
		ix.average += p.length / n
		for j, call := range p.phrases {
			for _, w := range call.plain {
				p.phrases[j].known = append(p.phrases[j].known, ix.terms[w].word)
			}
		}
	}
}

// rarity is the inverse document frequency of a term. One that stands nowhere
// is as rare as can be.
func (ix *Index) rarity(term string) float64 {
	if e := ix.terms[term]; e != nil {
		return e.rarity
	}
	return math.Log(2*float64(len(ix.procedures)) + 2)
}
