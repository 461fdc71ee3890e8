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

// pressedMark begins a pressed text: then come the name of its dictionary and
// a checksum, the hashes that were taken out and what zstd made of the rest. In
// SQLite these are bytes and the name has its highest bit set; as text they are
// in 85 printable characters.
const pressedMark = '~'

// Pressed is a text as a column keeps it: an argument of Exec. SQLite keeps the
// bytes in a column of texts, PostgreSQL the text; both are read alike.
type Pressed struct {
	plain string // kept as it stands, if not pressed
	bytes []byte // as SQLite keeps it
}

// String is the form that any column of texts can keep.
func (p Pressed) String() string {
	if p.bytes == nil {
		return p.plain
	}
	form := make([]byte, 2+ascii85.MaxEncodedLen(len(p.bytes)-2))
	form[0], form[1] = pressedMark, p.bytes[1]&^isBytes
	return string(form[:2+ascii85.Encode(form[2:], p.bytes[2:])])
}

// Kept is the form that the engine's column keeps.
func (p Pressed) Kept(engine string) any {
	if p.bytes != nil && engine == "sqlite" {
		return p.bytes
	}
	return p.String()
}

// isBytes is the bit by which the bytes differ from the text.
const isBytes = 0x80

// pressedColumns are those that may keep bytes in SQLite, so that a dump knows
// how to write them as text.
var pressedColumns = map[string]bool{"dossier.body": true, "dossier_slip.facts": true, "journal_entry.facts": true}

// mostPressed bounds what a pressed text may become, whatever somebody put into
// the database.
const mostPressed = 64 << 20

// book is a dictionary, made ready when it is first used.
type book struct {
	in  *zstd.Encoder
	out *zstd.Decoder
}

var books = map[Words]func() book{
	Papers:  sync.OnceValue(func() book { return open(Papers, zstd.SpeedFastest) }),
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
func Press(w Words, text string) Pressed {
	rest, hashes := takeOut(text)
	b := append(make([]byte, 0, 64+len(hashes)+len(rest)/2), pressedMark, byte(w)|isBytes, 0, 0, 0, 0)
	if hashes == nil {
		b = append(b, noneTaken)
	} else {
		b = append(append(b, byte(len(hashes)/32)), hashes...)
	}
	start := len(b)
	b = books[w]().in.EncodeAll(rest, b)
	b = append(b[:start], b[start+len(magic):]...)
	binary.BigEndian.PutUint32(b[2:], crc32.Checksum(b[6:], checks))
	if len(b) >= len(text) && text != "" && text[0] != pressedMark && checkText(text) == nil {
		return Pressed{plain: text}
	}
	return Pressed{bytes: b}
}

// ErrPressed says that a pressed text is not what Press made.
var ErrPressed = errors.New("a pressed text is damaged")

// Unpress gives the text that Press was given, from either form; a text that is
// not pressed is its own. Any changed character or byte is an error.
func Unpress(kept string) (string, error) {
	if kept == "" || kept[0] != pressedMark {
		return kept, nil
	}
	if len(kept) < 3 {
		return "", ErrPressed
	}
	known := books[Words(kept[1]&^isBytes)]
	if known == nil {
		return "", fmt.Errorf("%w: no dictionary %q; a newer release wrote it", ErrPressed, kept[1])
	}
	b, err := bytesOf(kept)
	if err != nil {
		return "", err
	}
	if b = b[2:]; len(b) < 5 || crc32.Checksum(b[4:], checks) != binary.BigEndian.Uint32(b) {
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
	frame := append(append(make([]byte, 0, len(magic)+len(b)), magic...), b...)
	rest, err := known().out.DecodeAll(frame, nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPressed, err)
	}
	if taken == noneTaken {
		return string(rest), nil
	}
	return putBack(rest, hashes)
}

// bytesOf gives the bytes of either form of a pressed text.
func bytesOf(kept string) ([]byte, error) {
	if kept[1]&isBytes != 0 {
		return []byte(kept), nil
	}
	b := make([]byte, 2+4*len(kept)) // a z stands for four bytes
	b[0], b[1] = pressedMark, kept[1]|isBytes
	n, _, err := ascii85.Decode(b[2:], []byte(kept[2:]), true)
	b = b[:2+n]
	if err != nil || (Pressed{bytes: b}).String() != kept { // the decoder passes over spaces
		return nil, ErrPressed
	}
	return b, nil
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
	for i := bytes.IndexByte(rest, place); i >= 0; i = bytes.IndexByte(rest, place) {
		text = hex.AppendEncode(append(text, rest[:i]...), hashes[:32])
		rest, hashes = rest[i+1:], hashes[32:]
	}
	return string(append(text, rest...)), nil
}

// Plain scans a column that keeps what Press gave into text.
func Plain(text *string) sql.Scanner { return plain{text} }

type plain struct{ text *string }

func (p plain) Scan(src any) (err error) {
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
