package catalogue

import (
	"math/bits"
	"slices"
	"strings"

	"quay20/internal/applicant"
)

// question is what somebody typed, as weighted terms of the index.
type question struct {
	weights map[string]float64
	words   []float64 // the weights of the words alone, by place in the vocabulary
	mass    float64   // rarity of the words typed, together
	exactly []int     // entries that are called just so
}

// longestQuery is how many words of a question are looked at.
const longestQuery = 40

// ask turns a question into terms: its words without places and without what
// says nothing, corrected where the catalogue does not know them, and what they
// stand for.
func (ix *Index) ask(q string) question {
	typed := split(q)
	if len(typed) > longestQuery {
		typed = typed[:longestQuery]
	}
	typed = ix.undoKeys(typed)
	if rest, _ := ix.places.cut(typed); len(telling(rest)) > 0 {
		typed = rest
	}
	typed, meant := ix.understand(typed)
	told := telling(typed)
	asked := question{weights: map[string]float64{}, words: make([]float64, len(ix.vocabulary)), exactly: ix.said[plainOf(told)]}
	for _, w := range told {
		asked.mass += ix.rarity(w.plain)
	}
	ix.put(&asked, told, 1)
	ix.correct(&asked, told)
	for _, m := range meant {
		ix.put(&asked, telling(plainWords(m)), ix.Synonym)
	}
	return asked
}

// put adds the terms that the index knows, each with its greatest weight.
func (ix *Index) put(asked *question, words []word, weight float64) {
	for _, t := range terms(words) {
		e := ix.terms[t.key]
		if e == nil {
			continue
		}
		heavier := max(asked.weights[t.key], weight*ix.kind(t.kind))
		asked.weights[t.key] = heavier
		if e.word >= 0 {
			asked.words[e.word] = heavier
		}
	}
}

// understand replaces what the words say in everyday speech and gives the
// phrases that they may stand for besides. Of several ways of speaking that
// begin at one word the longest counts, and nothing inside it.
func (ix *Index) understand(words []word) (kept []word, meant []string) {
	for i := 0; i < len(words); {
		s, ok := ix.longest(words[i:])
		switch {
		case !ok:
			kept = append(kept, words[i])
			i++
			continue
		case s.instead:
			for _, m := range s.meant {
				kept = append(kept, plainWords(m)...)
			}
		default:
			kept = append(kept, words[i:i+len(s.said)]...)
			meant = append(meant, s.meant...)
		}
		i += len(s.said)
	}
	return kept, meant
}

func (ix *Index) longest(words []word) (best synonym, ok bool) {
	for _, s := range synonyms[words[0].plain] {
		if len(s.said) > len(best.said) && ix.says(words, s.said) {
			best, ok = s, true
		}
	}
	return best, ok
}

// says reports whether the words begin with what is said. A single word typed
// without marks must be the one that the catalogue mostly means by its letters:
// "mat" is mất, but "roi" is not rơi.
func (ix *Index) says(words, said []word) bool {
	if len(words) < len(said) {
		return false
	}
	for i, s := range said {
		if !words[i].is(s) {
			return false
		}
	}
	usual, known := ix.usual[said[0].plain]
	return len(said) > 1 || words[0].marked != "" || !known || usual == said[0].marked
}

// undoKeys replaces words that the catalogue does not know by what the Telex or
// VNI keys in them would have made: "ddawng" and "d9a8ng" are "dang".
func (ix *Index) undoKeys(words []word) []word {
	for i, w := range words {
		if ix.knows(w) || w.empty() {
			continue
		}
		if plain := applicant.VNI(w.plain); plain != w.plain {
			words[i] = word{plain: plain}
		} else if guess := applicant.Telex(w.plain); len(guess) > 0 {
			words[i] = word{plain: guess[0]}
		}
	}
	return words
}

func (ix *Index) knows(w word) bool { return ix.terms[w.plain] != nil || synonyms[w.plain] != nil }

// correct adds what may have been meant instead of words that the catalogue
// does not know, and of words that it knows but never beside their neighbours.
// The last word may still be being typed.
func (ix *Index) correct(asked *question, words []word) {
	for i, w := range words {
		if ix.knows(w) {
			if len(w.plain) > 1 && !ix.fits(words, i, w.plain) {
				ix.instead(asked, words, i, ix.alike(w.plain))
			}
			continue
		}
		near := ix.near(w.plain)
		if len(near) == 0 && i == len(words)-1 {
			near = ix.beginning(w.plain)
		}
		if !ix.instead(asked, words, i, near) && len(w.plain) > 2 { // two letters alone may be anything
			for _, n := range near {
				ix.put(asked, []word{{plain: n}}, ix.Near)
			}
		}
	}
}

// instead adds those words that fit between their neighbours in place of the
// i-th, and says whether there are any.
func (ix *Index) instead(asked *question, words []word, i int, near []string) (any bool) {
	for _, n := range near {
		if !ix.fits(words, i, n) {
			continue
		}
		fixed := slices.Clone(words[max(0, i-1):min(len(words), i+2)])
		fixed[min(i, 1)] = word{plain: n}
		ix.put(asked, fixed, ix.Fitting)
		any = true
	}
	return any
}

// fits reports whether a word stands anywhere beside a neighbour of the i-th.
func (ix *Index) fits(words []word, i int, plain string) bool {
	return i > 0 && ix.terms[words[i-1].plain+pairMark+plain] != nil ||
		i+1 < len(words) && ix.terms[plain+pairMark+words[i+1].plain] != nil
}

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
	case len(w) >= 2:
		slips = 1
	}
	return ix.apart(w, slips)
}

// alike are other words of the vocabulary that are heard or typed for this one.
func (ix *Index) alike(w string) []string {
	all := slices.Clone(ix.sounds[sound(w)])
	if len(w) >= 3 {
		all = append(all, ix.apart(w, 1)...)
	}
	return slices.DeleteFunc(all, func(o string) bool { return o == w })
}

func (ix *Index) apart(w string, slips int) (near []string) {
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
