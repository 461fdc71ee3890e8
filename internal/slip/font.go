package slip

import (
	"encoding/binary"
	"strings"
	"sync"
	"unicode"

	"github.com/go-fonts/liberation/liberationmonobold"
	"github.com/go-fonts/liberation/liberationserifbold"
	"github.com/go-fonts/liberation/liberationserifitalic"
	"github.com/go-fonts/liberation/liberationserifregular"
	"golang.org/x/text/unicode/norm"
)

// face is one of the four cuts that papers use: Liberation Serif, which has
// the widths of Times New Roman, and a fixed-width face for codes.
type face int

const (
	regular face = iota
	bold
	italic
	mono
	faces
)

var ttf = [faces][]byte{
	liberationserifregular.TTF, liberationserifbold.TTF, liberationserifitalic.TTF, liberationmonobold.TTF,
}

// letters are the widths of a face's letters in em, by letter; 0 for a letter
// it has not.
type letters []float64

func (l letters) has(r rune) bool { return int(r) < len(l) && l[r] != 0 }

// advances are the letters of each face, read once.
var advances = sync.OnceValue(func() (all [faces]letters) {
	for f, b := range ttf {
		all[f] = readAdvances(b)
	}
	return all
})

// readAdvances reads the letters and their widths from a TrueType font: tables
// cmap (format 4) and hmtx.
func readAdvances(b []byte) letters {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(b[at:])) }
	table := map[string]int{}
	for i := range u16(4) {
		at := 12 + 16*i
		table[string(b[at:at+4])] = u32(at + 8)
	}
	em := float64(u16(table["head"] + 18))
	metrics := u16(table["hhea"] + 34)
	width := func(glyph int) float64 {
		return float64(u16(table["hmtx"]+4*min(glyph, metrics-1))) / em
	}

	widths := make(letters, 0x10000)
	for i := range u16(table["cmap"] + 2) {
		at := table["cmap"] + u32(table["cmap"]+4+8*i+4)
		if u16(at) != 4 {
			continue
		}
		half := u16(at + 6) // twice the number of segments
		for s := 0; s < half; s += 2 {
			last, first := u16(at+14+s), u16(at+16+half+s)
			delta, offsetAt := u16(at+16+2*half+s), at+16+3*half+s
			for c := first; c <= last && c < 0xFFFF; c++ {
				glyph := c
				if offset := u16(offsetAt); offset != 0 {
					if glyph = u16(offsetAt + offset + 2*(c-first)); glyph == 0 {
						continue
					}
				}
				if glyph = (glyph + delta) & 0xFFFF; glyph != 0 {
					widths[c] = width(glyph)
				}
			}
		}
	}
	return widths
}

// missing stands for a letter that the papers' faces do not have.
const missing = '□'

// plain keeps what people typed text: composed letters (NFC), no control
// characters, no marks that turn or hide other letters. A line break stays.
func plain(s string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\t' || r == '\r' || unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Variation_Selector):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, string(missing))))
}

// clean is plain text with a box for each letter that the face has not.
func clean(s string, f face) string {
	known := advances()[f]
	return strings.Map(func(r rune) rune {
		if r == '\n' || known.has(r) {
			return r
		}
		return missing
	}, plain(s))
}

// width is the width of cleaned text in points.
func width(s string, f face, size float64) float64 {
	known, w := advances()[f], 0.0
	for _, r := range s {
		w += known[r] * size
	}
	return w
}
