package applicant

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold makes the one key by which words are searched, on every engine: lower
// case, no marks, đ and its look-alikes as d, spaces collapsed. "ĐẶNG  Hoà",
// "đặng hòa" and their decomposed forms give "dang hoa". Folding twice changes
// nothing.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.IsMark(r) || unseen(r):
			continue
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(foldLetter(r))
	}
	return b.String()
}

func foldLetter(r rune) rune {
	switch r = unicode.ToLower(r); r {
	case 'đ', 'ð', 'ɖ':
		return 'd'
	}
	return r
}

// Telex guesses what somebody meant whose Vietnamese keyboard was off and
// whose Telex keys stayed in the text: "ddawng kys" gives "dang ky". The
// guesses are folded, likeliest first, without Fold(s) itself: first only the
// words that are no Vietnamese syllable are changed, then all words.
func Telex(s string) []string {
	typed := strings.Fields(Fold(s))
	careful, bold := slices.Clone(typed), slices.Clone(typed)
	for i, w := range typed {
		bold[i] = untelex(w)
		if !syllable(w) {
			careful[i] = bold[i]
		}
	}
	seen := []string{strings.Join(typed, " ")}
	for _, guess := range [][]string{careful, bold} {
		if g := strings.Join(guess, " "); !slices.Contains(seen, g) {
			seen = append(seen, g)
		}
	}
	return seen[1:]
}

// VNI guesses what a folded word was to be whose VNI keys stayed in the text:
// "d9a8ng" is "dang". Words that are no syllable without their digits, such as
// "kt3", and single letters with a digit, such as "a1", stay as they are.
func VNI(w string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= '1' && r <= '9' {
			return -1
		}
		return r
	}, w)
	if len(plain) > 1 && syllable(plain) {
		return plain
	}
	return w
}

// untelex drops the keys that Telex spends on marks, if a syllable remains.
func untelex(w string) string {
	var b []byte
	vowel := false
	for i := 0; i < len(w); i++ {
		c := w[i]
		switch {
		case c == 'd' && i > 0 && w[i-1] == 'd':
			continue
		case vowel && strings.IndexByte("aeo", c) >= 0 && b[len(b)-1] == c:
			continue
		case c == 'w' && vowel:
			continue
		case c == 'w':
			c = 'u'
		case vowel && strings.IndexByte("sfrxjz", c) >= 0:
			continue
		}
		b = append(b, c)
		vowel = vowel || strings.IndexByte("aeiouy", c) >= 0
	}
	if plain := string(b); syllable(plain) {
		return plain
	}
	return w
}

var (
	onsets = strings.Fields("b c ch d g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x")
	rhymes = strings.Fields(`a ac ach ai am an ang anh ao ap at au ay
		e ec ech em en eng enh eo ep et eu
		i ia ich iec iem ien ieng iep iet ieu im in inh ip it iu
		o oa oac oach oai oam oan oang oanh oao oap oat oay oc oe oen oeo oet oi om on ong ooc oong op ot
		u ua uan uang uat uay uc ue uech uenh ui um un ung uo uoc uoi uom uon uong uop uot uou up ut uu
		uy uya uych uyen uyet uynh uyp uyt uyu
		y ych yem yen yet yeu yn ynh yt`)
	syllables = allSyllables()
)

func allSyllables() map[string]bool {
	all := map[string]bool{}
	for _, rhyme := range rhymes {
		all[rhyme] = true
		for _, onset := range onsets {
			all[onset+rhyme] = true
		}
	}
	return all
}

// syllable reports whether a folded word can be a Vietnamese syllable.
func syllable(w string) bool { return syllables[w] }
