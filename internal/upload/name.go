package upload

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// nameMost bounds a shown name in letters.
const nameMost = 80

// ShownName is a file's name as it may be shown: the last part of a path,
// without control characters, turned-around writing and leading dots, and with
// the ending of what the file is. It is words for people and never a path.
func ShownName(sent string, kind Kind) string {
	name := strings.ToValidUTF8(sent, "")
	if i := strings.LastIndexAny(name, `/\:`); i >= 0 {
		name = name[i+1:]
	}
	name = norm.NFC.String(strings.Map(shown, name))
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 6 {
		name = name[:i]
	}
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	if letters := []rune(name); len(letters) > nameMost {
		name = strings.TrimRight(string(letters[:nameMost]), ". ")
	}
	if name == "" {
		name = "tep"
	}
	return name + kind.Ending()
}

// shown drops what cannot be seen and keeps the rest.
func shown(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs), r == unicode.ReplacementChar:
		return -1
	case strings.ContainsRune(`<>"|?*`, r):
		return '_'
	}
	return r
}
