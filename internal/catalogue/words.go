package catalogue

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"quay20/internal/applicant"
)

// word is one word of a name or a question.
type word struct {
	plain  string // folded: "dang"
	marked string // with its marks, wherever the tone was put; "" if typed without
	heard  string // its sound, if it was reckoned
}

// fields takes text apart where words end.
func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
}

func newWord(typed string) word {
	w := word{plain: applicant.Fold(typed)}
	w.heard = sound(w.plain)
	if w.plain != "" && len(w.plain) != len(typed) {
		w.marked = applicant.SortKey(typed)
	}
	return w
}

// split takes text apart into words.
func split(s string) []word {
	var all []word
	for _, typed := range fields(s) {
		if w := newWord(typed); w.plain != "" {
			all = append(all, w)
		}
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
func telling(words []word) []word { return slices.DeleteFunc(slices.Clone(words), word.empty) }

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

// term is a key of the index.
type term struct {
	key  string
	kind kindOfTerm
}

type kindOfTerm int

const (
	plainTerm  kindOfTerm = iota
	markedTerm            // a word with its marks
	pairTerm              // two neighbours
	soundTerm             // how they sound
)

// The signs that part the kinds of terms; words hold none of them.
const (
	pairMark   = " "
	soundMark  = "~"
	markedMark = "!"
	termMarks  = pairMark + soundMark + markedMark
)

// terms are the keys under which words stand in the index: each word, the word
// with its marks, each pair of neighbours, and the sound of the pair, in which
// ch and tr, s and x, d, gi and r are the same.
func terms(words []word) []term {
	all := make([]term, 0, 4*len(words))
	for i, w := range words {
		all = append(all, term{w.plain, plainTerm})
		if w.marked != "" {
			all = append(all, term{w.marked, markedTerm})
		}
		if i > 0 {
			before := words[i-1].plain
			all = append(all, term{before + pairMark + w.plain, pairTerm},
				term{words[i-1].sound() + soundMark + w.sound(), soundTerm})
		}
	}
	return all
}

func (w word) sound() string {
	if w.heard == "" {
		return sound(w.plain)
	}
	return w.heard
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

// initials gives "dktt" for Đăng ký tạm trú.
func initials(words []word) string {
	var b strings.Builder
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w.plain)
		b.WriteRune(r)
	}
	return b.String()
}

//go:embed synonyms.tsv
var synonymText string

// synonym is a way of speaking and what it stands for.
type synonym struct {
	said    []word
	meant   []string // phrases, folded; none with instead: it says nothing
	instead bool     // what was said does not count
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
		s := synonym{said: said}
		switch {
		case meant == "-" && len(said) > 1:
			s.instead = true
		case meant == "-" || meant == "--":
			none[cmp.Or(said[0].marked, said[0].plain)] = true
			if meant == "--" {
				none[said[0].plain] = true
			}
			continue
		default:
			meant, s.instead = strings.CutPrefix(meant, "=")
			for m := range strings.SplitSeq(meant, "|") {
				s.meant = append(s.meant, applicant.Fold(m))
			}
		}
		all[said[0].plain] = append(all[said[0].plain], s)
	}
	return all, none
}
