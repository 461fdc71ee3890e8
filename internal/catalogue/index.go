// Package catalogue is the list of administrative procedures as people look
// for them (danh mục thủ tục hành chính). It finds the procedures in force on
// a day however they are asked for: by code, by the counter's short alias, by
// initials, by their name with or without marks, by what people call them,
// with typing slips. What is no procedure or another agency's is found beside
// them, so that people are told where to go.
package catalogue

import (
	"math"
	"slices"
	"strings"
	"sync"

	"quay20/internal/pack"
)

// Index finds procedures in force on one day. It lies in memory, is never
// changed and may be used by many at once.
type Index struct {
	weights
	entries    []procedure         // procedures, then matters
	exact      map[string][]int    // alias or code as typed → entries
	initials   map[string][]int    // "dktt" → entries
	said       map[string][]int    // "ca vet", the telling words of a call → entries
	terms      map[string]*entry   // words, pairs and their sounds
	vocabulary []known             // the words among the terms, sorted
	sounds     map[string][]string // sound of a word → words of the vocabulary
	usual      map[string]string   // word without marks → as it is mostly written, "" without
	places     gazetteer
	average    float64 // length of an average entry
	written    func() []written
}

// procedure is what the index keeps of a procedure or matter.
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
	known []int // its telling words, each once, as places in the vocabulary
	mass  float64
}

// entry is where a term stands.
type entry struct {
	rarity float64 // inverse document frequency
	in     []posting
	word   int // place in the vocabulary, -1 for a pair or a sound
}

type posting struct {
	at    int     // index in entries
	times float64 // weighted number of times
}

// known is a word of the vocabulary.
type known struct {
	word    string
	letters letters
	rarity  float64
}

// NewIndex reads the procedures and matters of the day.
func NewIndex(p *pack.Pack, on pack.Date) *Index {
	return newIndex(read(p, p.Procedures(on), on), newGazetteer(p), tuned)
}

// NewWholeIndex reads the procedures of all times. Matters are those of the
// day up to which the pack goes: what is ours by now is nobody else's.
func NewWholeIndex(p *pack.Pack) *Index {
	return newIndex(read(p, p.AllProcedures(), p.Head().AsOf), newGazetteer(p), tuned)
}

// newIndex files what was read, each word by its weight.
func newIndex(all []reading, known gazetteer, w weights) *Index {
	ix := &Index{
		weights: w, places: known,
		exact: map[string][]int{}, initials: map[string][]int{}, said: map[string][]int{},
		terms: map[string]*entry{}, sounds: map[string][]string{}, usual: usual(all),
	}
	said := make([][][]word, len(all))
	for i, r := range all {
		said[i] = ix.add(r)
	}
	ix.finish()
	for i, calls := range said {
		ix.call(i, all[i].calls, calls)
	}
	ix.written = sync.OnceValue(ix.spell) // few questions find nothing
	return ix
}

// usual says how each word is mostly written.
func usual(all []reading) map[string]string {
	times, most := map[word]int{}, map[string]string{} // a word's sound follows from its letters
	for _, r := range all {
		for _, c := range r.calls {
			for _, w := range c.said {
				times[w]++
			}
		}
	}
	for w, n := range times {
		now, known := most[w.plain]
		then := times[word{w.plain, now, w.heard}]
		if !known || n > then || n == then && w.marked < now {
			most[w.plain] = w.marked
		}
	}
	return most
}

// add files one reading under its words and gives the telling words of its calls.
func (ix *Index) add(r reading) (said [][]word) {
	at := len(ix.entries)
	ix.entries = append(ix.entries, procedure{code: r.code, kind: r.kind, prior: ix.prior(r)})
	for _, key := range r.keys {
		file(ix.exact, squeeze(key), at)
	}
	count := map[string]float64{}
	for _, c := range r.calls {
		for _, t := range c.terms {
			times := ix.place(c.place) * ix.kind(t.kind)
			count[t.key] += times
			ix.entries[at].length += times
		}
		if c.place.calls() {
			said = append(said, c.said)
			file(ix.said, plainOf(c.said), at)
			if len(c.initials) > 1 {
				file(ix.initials, c.initials, at)
			}
		}
	}
	for term, times := range count {
		e := ix.terms[term]
		if e == nil {
			e = &entry{word: -1}
			ix.terms[term] = e
		}
		e.in = append(e.in, posting{at, times})
	}
	return said
}

// call keeps the ways in which an entry is called as places in the vocabulary.
func (ix *Index) call(at int, calls []call, said [][]word) {
	p := &ix.entries[at]
	for _, c := range calls {
		if !c.place.calls() {
			continue
		}
		one := phrase{words: c.words, name: c.place != inKeyword}
		for _, w := range said[0] {
			if n := ix.terms[w.plain].word; !slices.Contains(one.known, n) {
				one.known = append(one.known, n)
				one.mass += ix.vocabulary[n].rarity
			}
		}
		p.phrases = append(p.phrases, one)
		said = said[1:]
	}
}

func file(under map[string][]int, key string, at int) {
	if key != "" && !slices.Contains(under[key], at) {
		under[key] = append(under[key], at)
	}
}

// finish reckons what depends on all entries together.
func (ix *Index) finish() {
	n := float64(len(ix.entries))
	var words []string
	for key, e := range ix.terms {
		with := float64(len(e.in))
		e.rarity = math.Log(1 + (n-with+0.5)/(with+0.5))
		if !strings.ContainsAny(key, termMarks) {
			words = append(words, key)
		}
	}
	slices.Sort(words)
	for place, w := range words {
		e := ix.terms[w]
		e.word = place
		ix.vocabulary = append(ix.vocabulary, known{w, lettersOf(w), e.rarity})
		ix.sounds[sound(w)] = append(ix.sounds[sound(w)], w)
	}
	for i := range ix.entries {
		ix.average += ix.entries[i].length / n
	}
}

// rarity is the inverse document frequency of a term. One that stands nowhere
// is as rare as can be.
func (ix *Index) rarity(term string) float64 {
	if e := ix.terms[term]; e != nil {
		return e.rarity
	}
	return math.Log(2*float64(len(ix.entries)) + 2)
}
