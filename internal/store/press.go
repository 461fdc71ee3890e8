package store

import (
	"bytes"
	"database/sql"
	"embed"
	"encoding/ascii85"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Words names a dictionary that pressed texts share (từ điển nén). A dictionary
// never changes and never goes away: what was pressed with it must stay
// readable. A better one is a new file and a new name; docs/adr/0023.
type Words byte

const (
	Papers  Words = '1' // bodies of dossiers, facts of their papers
	Entries Words = '2' // what the journal says beside who, when, what and of what
)

//go:embed words
var words embed.FS

// pressed begins a pressed text: then come the name of its dictionary and, in
// 85 printable characters, a checksum, the hashes that were taken out and what
// zstd made of the rest.
const pressed = '~'

// mostPressed bounds what a pressed text may become, whatever somebody put into
// the database.
const mostPressed = 64 << 20

// book is a dictionary, made ready when it is first used.
type book struct {
	in  *zstd.Encoder
	out *zstd.Decoder
}

var books = map[Words]func() book{
	Papers:  sync.OnceValue(func() book { return open(Papers, zstd.SpeedDefault) }),
	Entries: sync.OnceValue(func() book { return open(Entries, zstd.SpeedFastest) }),
}

func open(w Words, level zstd.EncoderLevel) book {
	text, err := words.ReadFile("words/" + string(w) + ".zdict")
	if err != nil {
		panic("a dictionary is not embedded: " + err.Error())
	}
	in, err := zstd.NewWriter(nil, zstd.WithEncoderDict(text), zstd.WithEncoderLevel(level),
		zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(min(2, runtime.NumCPU())))
	if err != nil {
		panic("a dictionary cannot be used: " + err.Error())
	}
	out, err := zstd.NewReader(nil, zstd.WithDecoderDicts(text), zstd.WithDecoderMaxMemory(mostPressed), zstd.WithDecoderConcurrency(0))
	if err != nil {
		panic("a dictionary cannot be used: " + err.Error())
	}
	return book{in, out}
}

// magic begins every frame of zstd; it is not kept.
var magic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// noneTaken says that the hashes of a text stand where they stood.
const noneTaken = 0xff

var checks = crc32.MakeTable(crc32.Castagnoli)

// Press gives a text in the form in which a column keeps it: shorter, if it has
// much in common with the dictionary's words. Whatever has a meaning of its
// own, a hash above all, is taken of the text, never of this form.
func Press(w Words, text string) string {
	rest, hashes := takeOut(text)
	b := make([]byte, 4, 64+len(hashes)+len(rest)/2)
	if hashes == nil {
		b = append(b, noneTaken)
	} else {
		b = append(append(b, byte(len(hashes)/32)), hashes...)
	}
	start := len(b)
	b = books[w]().in.EncodeAll(rest, b)
	b = append(b[:start], b[start+len(magic):]...)
	binary.BigEndian.PutUint32(b, crc32.Checksum(b[4:], checks))
	form := make([]byte, 2+ascii85.MaxEncodedLen(len(b)))
	form[0], form[1] = pressed, byte(w)
	form = form[:2+ascii85.Encode(form[2:], b)]
	if len(form) >= len(text) && text != "" && text[0] != pressed && checkText(text) == nil {
		return text
	}
	return string(form)
}

// ErrPressed says that a pressed text is not what Press made.
var ErrPressed = errors.New("a pressed text is damaged")

// Unpress gives the text that Press was given; a text that is not pressed is
// its own. Any changed character of the pressed form is an error.
func Unpress(kept string) (string, error) {
	if kept == "" || kept[0] != pressed {
		return kept, nil
	}
	if len(kept) < 3 {
		return "", ErrPressed
	}
	known := books[Words(kept[1])]
	if known == nil {
		return "", fmt.Errorf("%w: no dictionary %q; a newer release wrote it", ErrPressed, kept[1])
	}
	b := make([]byte, 4*len(kept)) // a z stands for four bytes
	n, _, err := ascii85.Decode(b, []byte(kept[2:]), true)
	b = b[:n]
	if err != nil || n < 5 || crc32.Checksum(b[4:], checks) != binary.BigEndian.Uint32(b) || !spelt(b, kept[2:]) {
		return "", ErrPressed
	}
	taken, b := b[4], b[5:]
	var hashes []byte
	if taken != noneTaken {
		if len(b) < 32*int(taken) {
			return "", ErrPressed
		}
		hashes, b = b[:32*int(taken)], b[32*int(taken):]
	}
	rest, err := known().out.DecodeAll(append(bytes.Clone(magic), b...), nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPressed, err)
	}
	if taken == noneTaken {
		return string(rest), nil
	}
	return putBack(rest, hashes)
}

// spelt reports whether b is written in just this way: the decoder passes over
// spaces.
func spelt(b []byte, form string) bool {
	own := make([]byte, ascii85.MaxEncodedLen(len(b)))
	return string(own[:ascii85.Encode(own, b)]) == form
}

// place stands where a hash was taken out.
const place = '\x01'

// takeOut takes the SHA-256 hashes out of a text, which nothing can shorten
// but to write them as bytes. It gives none if the text cannot be put together
// again, or has none.
func takeOut(text string) (rest, hashes []byte) {
	if strings.IndexByte(text, place) >= 0 {
		return []byte(text), nil
	}
	rest = make([]byte, 0, len(text))
	var hash [32]byte
	done, digits := 0, 0
	for i := range len(text) {
		if c := text[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'f' {
			digits++
		} else {
			digits = 0
		}
		if digits == 64 {
			if len(hashes)/32 == noneTaken-1 {
				return []byte(text), nil
			}
			hex.Decode(hash[:], []byte(text[i-63:i+1])) // digits all
			hashes = append(hashes, hash[:]...)
			rest = append(append(rest, text[done:i-63]...), place)
			done, digits = i+1, 0
		}
	}
	return append(rest, text[done:]...), hashes
}

func putBack(rest, hashes []byte) (string, error) {
	if bytes.Count(rest, []byte{place}) != len(hashes)/32 {
		return "", ErrPressed
	}
	text := make([]byte, 0, len(rest)+2*len(hashes))
	for _, c := range rest {
		if c == place {
			text = hex.AppendEncode(text, hashes[:32])
			hashes = hashes[32:]
			continue
		}
		text = append(text, c)
	}
	return string(text), nil
}

// Pressed scans a column that keeps what Press gave into text.
func Pressed(text *string) sql.Scanner { return pressing{text} }

type pressing struct{ text *string }

func (p pressing) Scan(src any) (err error) {
	switch src := src.(type) {
	case string:
		*p.text, err = Unpress(src)
	case []byte:
		*p.text, err = Unpress(string(src))
	default:
		err = fmt.Errorf("a pressed text is kept as text, not as %T", src)
	}
	return err
}
