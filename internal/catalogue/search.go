package catalogue

import (
	"cmp"
	"maps"
	"regexp"
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

// wholeCode is a national code; one that is not in force means nothing else.
var wholeCode = regexp.MustCompile(`^\s*[0-9]\.[0-9]{6}\s*$`)

func (ix *Index) find(q string, n int, wanted func(Kind) bool) []Hit {
	q = shorten(q)
	found := newHits(ix)
	if !ix.byKey(found, q) && !wholeCode.MatchString(q) {
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
	return ix.entries[at[0]].code, true
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
	n := len(ix.entries)
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
			all = append(all, Hit{h.ix.entries[at].kind, h.ix.entries[at].code, score, h.why[at], h.words[at]})
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
		if squeeze(ix.entries[at].code) == key {
			why, code = ByCode, true
		}
		found.add(at, scoreExact*ix.entries[at].prior, why, strings.TrimSpace(q))
	}
	for at, p := range ix.entries {
		if len(key) >= 3 && codeLike(key) && strings.Contains(squeeze(p.code), key) {
			found.add(at, scoreCode*p.prior, ByCode, p.code)
		}
	}
	if len(strings.Fields(q)) == 1 {
		for _, at := range ix.initials[key] {
			found.add(at, scoreInitials*ix.entries[at].prior, ByInitials, ix.entries[at].phrases[0].words)
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
	for _, at := range asked.exactly {
		score[at] *= exactly
	}
	for at := range score {
		score[at] *= ix.entries[at].prior
		if !wanted(ix.entries[at].kind) {
			score[at] = 0
		}
	}
	least := nth(score, n) / (1 + ix.Fit + ix.Whole)
	for at, s := range score {
		if s == 0 || s < least {
			continue // no fit could lift it among the first n
		}
		best, fit := ix.nearest(asked, ix.entries[at].phrases)
		why := ByKeyword
		if best.name {
			why = ByName
		}
		found.add(at, s*(1+fit), why, best.words)
	}
}

// exactly is how much more an entry counts that is called just as was asked.
const exactly = 1.5

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
	score := make([]float64, len(ix.entries))
	for _, key := range slices.Sorted(maps.Keys(asked.weights)) {
		e := ix.terms[key]
		for _, p := range e.in {
			long := 1 - ix.B + ix.B*ix.entries[p.at].length/ix.average
			score[p.at] += asked.weights[key] * e.rarity * p.times * (ix.K + 1) / (p.times + ix.K*long)
		}
	}
	return score
}

// Alike finds at most n procedures that are called by words written like a
// question that found nothing, letter by letter: "Có phải ông/bà tìm".
func (ix *Index) Alike(q string, n int) []Hit {
	const least = 0.35
	var typed [1 << 15]bool
	asked := trigrams(shorten(q))
	for _, t := range asked {
		typed[t] = true
	}
	found := newHits(ix)
	for _, w := range ix.written() {
		both := 0
		for _, t := range w.trigrams {
			if typed[t] {
				both++
			}
		}
		if like := 2 * float64(both) / float64(max(1, len(asked)+len(w.trigrams))); like >= least {
			found.add(w.at, like*ix.entries[w.at].prior, ByName, w.words)
		}
	}
	return found.best(n)
}

// written is a way to call a procedure, as letters.
type written struct {
	at       int
	words    string
	trigrams []uint16
}

// spell takes all ways to call a procedure apart into letters.
func (ix *Index) spell() (all []written) {
	for at, p := range ix.entries {
		for _, call := range p.phrases {
			if p.kind == Procedure {
				all = append(all, written{at, call.words, trigrams(call.words)})
			}
		}
	}
	return all
}

// trigrams are the groups of three letters of a text, each once; a letter is
// its last five bits.
func trigrams(s string) []uint16 {
	s = applicant.Fold(s)
	var all []uint16
	for i := 0; i+3 <= len(s); i++ {
		t := uint16(s[i]&31)<<10 | uint16(s[i+1]&31)<<5 | uint16(s[i+2]&31)
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}

// nearest is the phrase most like the question, and by how much that lifts its
// procedure: a phrase that is much of the question, and one that stands in it
// whole. Of equals the first is taken: names stand before keywords.
func (ix *Index) nearest(asked question, phrases []phrase) (phrase, float64) {
	best, most := phrase{}, -1.0
	for _, p := range phrases {
		shared := 0.0
		for _, w := range p.known {
			shared += ix.vocabulary[w].rarity * asked.words[w]
		}
		if shared == 0 {
			continue
		}
		whole := shared / p.mass
		lift := ix.Fit*min(1, 2*shared/(asked.mass+p.mass)) + ix.Whole*whole*whole*min(1, shared/asked.mass)
		if lift > most+1e-9 {
			best, most = p, lift
		}
	}
	if most < 0 {
		return phrases[0], 0
	}
	return best, most
}
