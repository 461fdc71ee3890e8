package catalogue

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"quay20/internal/applicant"
)

// Why says by what a procedure was found.
type Why string

const (
	ByCode     Why = "code"     // its code, or the beginning of it
	ByAlias    Why = "alias"    // the counter's alias
	ByInitials Why = "initials" // first letters of its name
	ByName     Why = "name"
	ByKeyword  Why = "keyword" // what people call it
)

// Text is the key of the words for a Why; {words} is Hit.Words.
func (w Why) Text() string { return "catalogue.why." + string(w) }

// Hit is one procedure found.
type Hit struct {
	Kind  Kind
	Code  string
	Score float64 // comparable within one search only
	Why   Why
	Words string // the name, keyword, alias or code that matched best
}

// longestQuery is how many words of a question are looked at.
const longestQuery = 40

// Search finds at most n procedures for what somebody typed, best first.
// Nothing typed, or nothing alike, finds none.
func (ix *Index) Search(q string, n int) []Hit {
	return ix.find(q, n, func(k Kind) bool { return k == Procedure })
}

// Answer is Search among procedures and matters together. If the first hit is
// Elsewhere, what was asked for is another agency's.
func (ix *Index) Answer(q string, n int) []Hit {
	return ix.find(q, n, func(Kind) bool { return true })
}

func (ix *Index) find(q string, n int, wanted func(Kind) bool) []Hit {
	q = shorten(q)
	found := newHits(ix)
	if !ix.byKey(found, q) {
		ix.byWords(found, q, n, wanted)
	}
	return found.best(n)
}

// Alias is the one procedure that the counter means by its alias or code, typed
// in full: "tt". It is false if there is none or more than one.
func (ix *Index) Alias(q string) (code string, ok bool) {
	at := ix.exact[squeeze(shorten(q))]
	if len(at) != 1 {
		return "", false
	}
	return ix.procedures[at[0]].code, true
}

// shorten keeps the beginning of a question, so that no search costs more than
// a long sentence.
func shorten(q string) string {
	const most = 400
	if len(q) > most {
		q = strings.ToValidUTF8(q[:most], "")
	}
	return q
}

// hits gathers findings; a procedure found twice keeps its better reason.
type hits struct {
	ix    *Index
	score []float64
	why   []Why
	words []string
}

func newHits(ix *Index) *hits {
	n := len(ix.procedures)
	return &hits{ix, make([]float64, n), make([]Why, n), make([]string, n)}
}

func (h *hits) add(at int, score float64, why Why, words string) {
	if score > h.score[at] {
		h.score[at], h.why[at], h.words[at] = score, why, words
	}
}

func (h *hits) best(n int) []Hit {
	var all []Hit
	for at, score := range h.score {
		if score > 0 {
			all = append(all, Hit{h.ix.procedures[at].kind, h.ix.procedures[at].code, score, h.why[at], h.words[at]})
		}
	}
	slices.SortFunc(all, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Code, b.Code))
	})
	return all[:max(0, min(n, len(all)))]
}

// Scores of the keys that people type on purpose; words stay far below.
const (
	scoreExact    = 1e6
	scoreCode     = 1e5
	scoreInitials = 1e4
)

// byKey finds what was named by code, alias or initials. It says whether that
// was a whole code, beside which nothing else can be meant.
func (ix *Index) byKey(found *hits, q string) (code bool) {
	key := squeeze(q)
	if key == "" {
		return false
	}
	for _, at := range ix.exact[key] {
		why := ByAlias
		if squeeze(ix.procedures[at].code) == key {
			why, code = ByCode, true
		}
		found.add(at, scoreExact*ix.procedures[at].prior, why, strings.TrimSpace(q))
	}
	for at, p := range ix.procedures {
		if len(key) >= 3 && codeLike(key) && strings.Contains(squeeze(p.code), key) {
			found.add(at, scoreCode*p.prior, ByCode, p.code)
		}
	}
	if len(strings.Fields(q)) == 1 {
		for _, at := range ix.initials[key] {
			found.add(at, scoreInitials*ix.procedures[at].prior, ByInitials, ix.procedures[at].phrases[0].words)
		}
	}
	return code
}

// codeLike reports whether a key can be part of a code: it holds a digit.
func codeLike(key string) bool { return strings.ContainsAny(key, "0123456789") }

// byWords scores procedures by the words, pairs and phrases they share with q.
func (ix *Index) byWords(found *hits, q string, n int, wanted func(Kind) bool) {
	asked := ix.ask(q)
	score := ix.bm25(asked)
	for at := range score {
		score[at] *= ix.procedures[at].prior
		if !wanted(ix.procedures[at].kind) {
			score[at] = 0
		}
	}
	least := nth(score, n) / (1 + weighFit)
	for at, s := range score {
		if s == 0 || s < least {
			continue // no fit could lift it among the first n
		}
		best, fit := ix.nearest(asked, ix.procedures[at].phrases)
		why := ByKeyword
		if best.name {
			why = ByName
		}
		found.add(at, s*(1+weighFit*fit), why, best.words)
	}
}

// weighFit is how much more a procedure counts one of whose phrases is just
// what was asked.
const weighFit = 1.0

// nth is the n-th greatest score.
func nth(score []float64, n int) float64 {
	if n < 1 || n > len(score) {
		return 0
	}
	sorted := slices.Sorted(slices.Values(score))
	return sorted[len(sorted)-n]
}

// bm25 is the usual measure over the weighted terms (Robertson's BM25F).
func (ix *Index) bm25(asked question) []float64 {
	const k, b = 1.2, 0.4
	score := make([]float64, len(ix.procedures))
	for _, key := range slices.Sorted(maps.Keys(asked.weights)) {
		e := ix.terms[key]
		for _, p := range e.in {
			long := 1 - b + b*ix.procedures[p.at].length/ix.average
			score[p.at] += asked.weights[key] * e.rarity * p.times * (k + 1) / (p.times + k*long)
		}
	}
	return score
}

// nearest is the phrase most like the question, and how alike they are, 0 to
// 1. Of equals the first is taken: names stand before keywords.
func (ix *Index) nearest(asked question, phrases []phrase) (phrase, float64) {
	best, fit := phrase{}, -1.0
	for _, p := range phrases {
		shared, whole := 0.0, asked.mass
		for _, w := range p.known {
			whole += ix.vocabulary[w].rarity
			shared += ix.vocabulary[w].rarity * asked.words[w]
		}
		if f := 2 * shared / whole; f > fit+1e-9 {
			best, fit = p, f
		}
	}
	return best, min(1, fit)
}

// question is what somebody typed, as weighted terms of the index.
type question struct {
	weights map[string]float64
	words   []float64 // the weights of the words alone, by place in the vocabulary
	mass    float64   // rarity of the words typed, together
}

// ask turns a question into terms: its words, corrected where the catalogue
// does not know them, and what they stand for.
func (ix *Index) ask(q string) question {
	typed := split(q)
	if len(typed) > longestQuery {
		typed = typed[:longestQuery]
	}
	typed = ix.undoTelex(typed)
	asked := question{weights: map[string]float64{}, words: make([]float64, len(ix.vocabulary))}
	told := telling(slices.Clone(typed))
	for _, w := range told {
		asked.mass += ix.rarity(w.plain)
	}
	ix.put(&asked, told, 1)
	ix.correct(&asked, told)
	for _, meant := range stands(typed) {
		ix.put(&asked, telling(plainWords(meant)), weighSynonym)
	}
	return asked
}

const weighSynonym = 0.8

// put adds the terms that the index knows, each with its greatest weight.
func (ix *Index) put(asked *question, words []word, weight float64) {
	for _, t := range terms(words) {
		e := ix.terms[t.key]
		if e == nil {
			continue
		}
		heavier := max(asked.weights[t.key], weight*t.weight)
		asked.weights[t.key] = heavier
		if e.word >= 0 {
			asked.words[e.word] = heavier
		}
	}
}

// stands are the phrases that the words stand for in everyday speech.
func stands(words []word) []string {
	var all []string
	for i, w := range words {
		for _, s := range synonyms[w.plain] {
			if says(words[i:], s.said) {
				all = append(all, s.meant...)
			}
		}
	}
	return all
}

func says(words, said []word) bool {
	if len(words) < len(said) {
		return false
	}
	for i, s := range said {
		if !words[i].is(s) {
			return false
		}
	}
	return true
}

// undoTelex replaces words that the catalogue does not know by what the Telex
// keys in them would have made.
func (ix *Index) undoTelex(words []word) []word {
	for i, w := range words {
		if ix.terms[w.plain] != nil || synonyms[w.plain] != nil || w.empty() {
			continue
		}
		if guess := applicant.Telex(w.plain); len(guess) > 0 {
			words[i] = word{plain: guess[0]}
		}
	}
	return words
}

// correct adds near words for those that the catalogue does not know, alone
// and in pairs with their neighbours. The last word may still be being typed.
func (ix *Index) correct(asked *question, words []word) {
	for i, w := range words {
		if ix.terms[w.plain] != nil || synonyms[w.plain] != nil {
			continue
		}
		near := ix.near(w.plain)
		if len(near) == 0 && i == len(words)-1 {
			near = ix.beginning(w.plain)
		}
		for _, n := range near {
			fixed := slices.Clone(words[max(0, i-1):min(len(words), i+2)])
			fixed[min(i, 1)] = word{plain: n}
			ix.put(asked, fixed, weighNear)
		}
	}
}

const weighNear = 0.6

// near are words of the vocabulary that sound the same, else those within one
// slip of typing, or two in a long word.
func (ix *Index) near(w string) []string {
	if same := ix.sounds[sound(w)]; len(same) > 0 {
		return same
	}
	slips := 0
	switch {
	case len(w) >= 8:
		slips = 2
	case len(w) >= 3:
		slips = 1
	}
	var near []string
	have := lettersOf(w)
	for _, v := range ix.vocabulary {
		if len(v.word) >= 2 && slips > 0 && have.apart(v.letters) <= 2*slips && within(w, v.word, slips) {
			near = append(near, v.word)
		}
	}
	return near
}

// beginning are the words that begin with a word cut short.
func (ix *Index) beginning(w string) []string {
	from, _ := slices.BinarySearchFunc(ix.vocabulary, w, func(k known, w string) int { return strings.Compare(k.word, w) })
	var all []string
	for _, k := range ix.vocabulary[from:] {
		if !strings.HasPrefix(k.word, w) {
			break
		}
		all = append(all, k.word)
	}
	return all
}

// letters is the set of letters of a word, a quick look before a slow one.
type letters uint64

func lettersOf(w string) letters {
	var set letters
	for i := range len(w) {
		set |= 1 << (w[i] & 63)
	}
	return set
}

// apart counts the letters that only one of the words has; a slip of typing
// makes at most two.
func (l letters) apart(other letters) int { return bits.OnesCount64(uint64(l ^ other)) }

// within reports whether b comes from a by at most n letters put in, left out,
// changed, or swapped with their neighbour.
func within(a, b string, n int) bool {
	switch {
	case a == b:
		return true
	case n == 0 || len(a)-len(b) > n || len(b)-len(a) > n:
		return false
	case a == "" || b == "":
		return true
	case a[0] == b[0]:
		return within(a[1:], b[1:], n)
	}
	swapped := len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0]
	return within(a[1:], b[1:], n-1) || within(a[1:], b, n-1) || within(a, b[1:], n-1) ||
		swapped && within(a[2:], b[2:], n-1)
}
