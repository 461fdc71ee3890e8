package applicant

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/problem"
)

// longestName is the most user-perceived characters a name may have.
const longestName = 200

func invalid(key string, args ...any) error { return problem.New(problem.Invalid, key, args...) }

// CleanName reads a person's full name (họ, chữ đệm và tên): NFC, spaces
// collapsed. It refuses digits, signs that no name has, control and bidi
// characters, and more than 200 characters.
func CleanName(s string) (string, error) {
	name, err := CleanLine(s, longestName)
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", invalid("applicant.err.name-empty")
	}
	letters := 0
	for _, r := range name {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsNumber(r):
			return "", invalid("applicant.err.name-digit")
		case !unicode.IsMark(r) && !strings.ContainsRune(" '’ʼ-.,·()", r):
			return "", invalid("applicant.err.name-sign", "sign", string(r))
		}
	}
	if letters == 0 {
		return "", invalid("applicant.err.name-empty")
	}
	return name, nil
}

// CleanLine reads one line of free text: NFC, spaces and line breaks collapsed
// to single spaces, zero-width characters dropped. Control and bidi characters
// and more than max user-perceived characters are refused.
func CleanLine(s string, max int) (string, error) {
	s, err := admit(s, max)
	if err != nil {
		return "", err
	}
	return within(strings.Join(strings.Fields(s), " "), max)
}

// CleanText is CleanLine for text of several lines, which stay lines.
func CleanText(s string, max int) (string, error) {
	s, err := admit(s, max)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	return within(strings.Trim(strings.Join(lines, "\n"), "\n"), max)
}

func line(max int) func(string) (string, error) {
	return func(s string) (string, error) { return CleanLine(s, max) }
}

// roomy is the most bytes a user-perceived character may take on average; it
// bounds heaps of combining marks.
const roomy = 8

// admit refuses what no text may hold and brings the rest to NFC. Text far
// above its length is refused before it is walked through.
func admit(s string, max int) (string, error) {
	if len(s) > max*roomy+1024 {
		return "", invalid("applicant.err.long", "max", max)
	}
	if !utf8.ValidString(s) {
		return "", invalid("applicant.err.encoding")
	}
	for _, r := range s {
		if bidi(r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return "", invalid("applicant.err.control")
		}
	}
	s = strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(s), nil
}

func within(s string, max int) (string, error) {
	if Length(s) > max || len(s) > max*roomy {
		return "", invalid("applicant.err.long", "max", max)
	}
	return s, nil
}

// Length counts user-perceived characters: the runes of the NFC form that are
// no combining marks. That is exact for every script written here; an emoji
// made of several runes counts as several.
func Length(s string) int {
	n := 0
	for _, r := range norm.NFC.String(s) {
		if !unicode.IsMark(r) && !unseen(r) {
			n++
		}
	}
	return n
}

// bidi reports marks that turn the direction of text and can disguise it.
func bidi(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// unseen reports characters without width, such as U+200B and U+FEFF.
func unseen(r rune) bool { return unicode.Is(unicode.Cf, r) && !bidi(r) }

// blank reports a value in which a person sees nothing.
func blank(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsSpace(r) && !unseen(r) }) < 0
}

// Initials are the folded first letters of the words: "dktt" for Đăng ký tạm trú.
func Initials(name string) string {
	var b strings.Builder
	for _, w := range words(Fold(name)) {
		r, _ := utf8.DecodeRuneInString(w)
		b.WriteRune(r)
	}
	return b.String()
}

// MaskName shows a name where everybody can read it: "L. T. P." for Lò Thị Phương.
func MaskName(name string) string {
	var parts []string
	for _, w := range words(norm.NFC.String(name)) {
		r, _ := utf8.DecodeRuneInString(w)
		parts = append(parts, string(unicode.ToUpper(r))+".")
	}
	return strings.Join(parts, " ")
}

// Mask hides a number but for its last three digits: "•••••••••234". Numbers
// under six signs are hidden whole.
func Mask(s string) string {
	r := []rune(s)
	shown := 3
	if len(r) < 6 {
		shown = 0
	}
	return strings.Repeat("•", len(r)-shown) + string(r[len(r)-shown:])
}

// words are the runs of letters, marks and digits.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
}

// SortKey orders people as Vietnamese lists do: by given name (tên), then by
// the rest from the family name on; letters in the order of the alphabet
// (a ă â … d đ e ê …), then tones (ngang, huyền, hỏi, ngã, sắc, nặng). Keys
// compare as bytes, in Go and in both databases.
func SortKey(name string) string {
	w := words(norm.NFC.String(name))
	if len(w) == 0 {
		return ""
	}
	var b strings.Builder
	last := len(w) - 1
	sortWord(&b, w[last])
	for _, word := range w[:last] {
		sortWord(&b, word)
	}
	return b.String()
}

// sortWord writes letters as pairs ("a0", "a1" for ă), then the tone, so that
// a shorter word and a lower tone come first, and hoà stands with hòa.
func sortWord(b *strings.Builder, word string) {
	var tones []byte
	for _, r := range word {
		base, shape, tone := letter(r)
		if base == 0 {
			continue
		}
		b.WriteRune(base)
		b.WriteByte('0' + shape)
		if tone > 0 {
			tones = append(tones, '0'+tone)
		}
	}
	b.WriteByte('!')
	b.Write(tones)
	b.WriteByte(' ')
}

var (
	toneOrder  = map[rune]byte{'\u0300': 1, '\u0309': 2, '\u0303': 3, '\u0301': 4, '\u0323': 5}
	shapeOrder = map[string]byte{"a\u0306": 1, "a\u0302": 2, "e\u0302": 1, "o\u0302": 1, "o\u031b": 2, "u\u031b": 1}
)

// letter takes a letter apart: "ậ" is a, second shape (â), tone nặng. A lone
// mark has base 0.
func letter(r rune) (base rune, shape, tone byte) {
	for _, part := range norm.NFD.String(string(unicode.ToLower(r))) {
		switch {
		case part == 'đ' || part == 'ð':
			base, shape = 'd', 1
		case !unicode.IsMark(part):
			base = part
		case toneOrder[part] > 0:
			tone = toneOrder[part]
		default:
			shape = shapeOrder[string(base)+string(part)]
		}
	}
	return base, shape, tone
}
