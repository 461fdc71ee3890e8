package catalogue

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"unicode"

	"quay20/internal/applicant"
)

// word is one word of a name or a question.
type word struct {
	plain  string // folded: "dang"
	marked string // with its marks, wherever the tone was put; "" if typed without
}

// split takes text apart into words.
func split(s string) []word {
	var all []word
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	}) {
		plain := applicant.Fold(w)
		if plain == "" {
			continue
		}
		marked := ""
		if len(plain) != len(w) {
			marked = applicant.SortKey(w)
		}
		all = append(all, word{plain, marked})
	}
	return all
}

func plainWords(s string) []word {
	var all []word
	for _, w := range strings.Fields(s) {
		all = append(all, word{plain: w})
	}
	return all
}

// telling leaves out the words that say nothing about a procedure.
func telling(words []word) []word { return slices.DeleteFunc(words, word.empty) }

// empty asks for the word as it was typed: "cần" says nothing, "căn" does.
func (w word) empty() bool {
	if w.marked != "" {
		return empty[w.marked]
	}
	return empty[w.plain]
}

// is reports whether a typed word is the known one; marks count if both have them.
func (w word) is(known word) bool {
	return w.plain == known.plain && (w.marked == "" || w.marked == known.marked)
}

// term is a key of the index and how much it counts.
type term struct {
	key    string
	weight float64
}

// The signs that part the kinds of terms; words hold none of them.
const (
	pairMark   = " "
	soundMark  = "~"
	markedMark = "!"
	termMarks  = pairMark + soundMark + markedMark
)

// How much the kinds of terms count beside a plain word.
const (
	weighPair   = 1.0
	weighSound  = 0.6
	weighMarked = 0.5
)

// terms are the keys under which words stand in the index: each word, the word
// with its marks, each pair of neighbours, and the sound of the pair, in which
// ch and tr, s and x, d, gi and r are the same.
func terms(words []word) []term {
	var all []term
	for i, w := range words {
		all = append(all, term{w.plain, 1})
		if w.marked != "" {
			all = append(all, term{w.marked, weighMarked})
		}
		if i > 0 {
			before := words[i-1].plain
			all = append(all, term{before + pairMark + w.plain, weighPair},
				term{sound(before) + soundMark + sound(w.plain), weighSound})
		}
	}
	return all
}

// sound is how a folded word is heard by those who mix up letters.
func sound(w string) string {
	for _, pair := range [][2]string{
		{"ngh", "ng"}, {"gh", "g"}, {"gi", "d"}, {"tr", "ch"}, {"qu", "cu"}, {"ph", "f"},
		{"x", "s"}, {"r", "d"}, {"k", "c"}, {"l", "n"}, {"z", "d"}, {"j", "d"}, {"y", "i"},
	} {
		if rest, ok := strings.CutPrefix(w, pair[0]); ok && rest != "" {
			w = pair[1] + rest
			break
		}
	}
	return strings.ReplaceAll(w, "y", "i")
}

// squeeze is a code or alias as the index files it: "1.004222", "dktt".
func squeeze(s string) string { return strings.ReplaceAll(applicant.Fold(s), " ", "") }

// initialsOf gives "dktt" for Đăng ký tạm trú.
func initialsOf(s string) string { return applicant.Initials(s) }

//go:embed synonyms.tsv
var synonymText string

// synonym is a way of speaking and what it stands for.
type synonym struct {
	said  []word
	meant []string // one or more phrases, folded
}

// synonyms are filed by their first word, folded; empty are the words that say
// nothing, as they are typed.
var synonyms, empty = readSynonyms(synonymText)

func readSynonyms(text string) (map[string][]synonym, map[string]bool) {
	all, none := map[string][]synonym{}, map[string]bool{}
	for l := range strings.Lines(text) {
		left, meant, ok := strings.Cut(strings.TrimSpace(l), "\t")
		if !ok || strings.HasPrefix(left, "#") {
			continue
		}
		said := split(left)
		switch meant {
		case "--":
			none[said[0].plain] = true
			fallthrough
		case "-":
			none[cmp.Or(said[0].marked, said[0].plain)] = true
			continue
		}
		s := synonym{said: said}
		for m := range strings.SplitSeq(meant, "|") {
			s.meant = append(s.meant, applicant.Fold(m))
		}
		all[said[0].plain] = append(all[said[0].plain], s)
	}
	return all, none
}
