package officer

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"quay20/internal/problem"
)

// Lengths in characters. There are no composition rules and no forced changes
// (rel-K39, rel-K41).
const (
	shortest       = 15 // password alone
	shortestFactor = 8  // password beside a second factor
	longest        = 256
)

// Work is what one password check costs; it is written into each hash.
type Work struct {
	Memory uint32 // KiB
	Passes uint32
}

// DefaultWork keeps a guess expensive and two checks at once below 64 MiB.
var DefaultWork = Work{Memory: 19 * 1024, Passes: 2}

// hasher checks passwords a few at a time, so that a flood of sign-ins cannot
// take the machine's memory (rel-G5).
type hasher struct {
	work   Work
	slots  chan struct{} // checks under way
	queue  chan struct{} // checks under way or waiting
	dummy  string        // what an unknown account is checked against
	chance func([]byte)  // for salts
}

func newHasher(w Work, chance func([]byte)) *hasher {
	if w == (Work{}) {
		w = DefaultWork
	}
	h := &hasher{work: w, slots: make(chan struct{}, 2), queue: make(chan struct{}, 64), chance: chance}
	h.dummy = h.seal(rand.Text())
	return h
}

// do runs fn when a slot is free.
func (h *hasher) do(ctx context.Context, fn func()) error {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return &problem.Problem{Kind: problem.Unavailable, Key: "officer.err.busy", Retry: 5 * time.Second}
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	fn()
	return nil
}

// hash seals a password for the roll.
func (h *hasher) hash(ctx context.Context, password string) (sealed string, err error) {
	err = h.do(ctx, func() { sealed = h.seal(password) })
	return sealed, err
}

// matches checks a password against a seal, and does the same work when there
// is none, so that unknown accounts answer like known ones (rel-K50).
func (h *hasher) matches(ctx context.Context, sealed, password string) (ok bool, err error) {
	known := sealed != ""
	if !known {
		sealed = h.dummy
	}
	err = h.do(ctx, func() { ok = opens(sealed, password) })
	return ok && known, err
}

const sealForm = "argon2id$m=%d,t=%d,p=1$%s$%s"

func (h *hasher) seal(password string) string {
	w, salt := h.work, make([]byte, 16)
	h.chance(salt)
	key := argon2.IDKey([]byte(plain(password)), salt, w.Passes, w.Memory, 1, 32)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf(sealForm, w.Memory, w.Passes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func opens(sealed, password string) bool {
	var w Work
	parts := strings.Split(sealed, "$")
	if len(parts) != 4 || parts[0] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[1], "m=%d,t=%d,p=1", &w.Memory, &w.Passes); err != nil {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[2])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[3])
	if err1 != nil || err2 != nil || len(want) != 32 {
		return false
	}
	got := argon2.IDKey([]byte(plain(password)), salt, w.Passes, w.Memory, 1, 32)
	return subtle.ConstantTimeCompare(got, want) == 1
}

// plain makes composed and decomposed Vietnamese letters the same password.
func plain(password string) string { return norm.NFC.String(password) }

// startCode makes a code for one sign-in (mã khởi tạo), "7KQ2-…" of 80 bits.
// It is random, so that its SHA-256 keeps it as well as a slow hash would.
func startCode(chance func([]byte)) (code, sealed string) {
	const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	random := make([]byte, 16)
	chance(random)
	var b strings.Builder
	for i, r := range random {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(crockford[r%32])
	}
	return b.String(), sealCode(b.String())
}

func sealCode(code string) string {
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	sum := sha256.Sum256([]byte(code))
	return "sha256$" + hex.EncodeToString(sum[:])
}

//go:embed common.txt
var commonText string

var common = func() map[string]bool {
	all := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(commonText))
	for lines.Scan() {
		if w := lines.Text(); w != "" && w[0] != '#' {
			all[fold(w)] = true
		}
	}
	return all
}()

// checkPassword says what is wrong with a new password, if anything.
func checkPassword(password string, o Officer, withFactor bool) error {
	p := problem.New(problem.Invalid, "err.summary")
	least := shortest
	if withFactor {
		least = shortestFactor
	}
	password = plain(password)
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		p.Field("password", "officer.err.password-characters")
	case n < least:
		p.Field("password", "officer.err.password-short", "n", least)
	case n > longest:
		p.Field("password", "officer.err.password-long", "n", longest)
	case easy(password, o):
		p.Field("password", "officer.err.password-easy")
	}
	return p.Or()
}

// easy reports whether a guesser would come to the password early: a common
// password, one character again and again, or nothing but common words, local
// words, the officer's own names and digits (rel-K40).
func easy(password string, o Officer) bool {
	left := fold(password)
	if common[left] {
		return true
	}
	own := map[string]bool{}
	for _, w := range strings.FieldsFunc(o.Login+" "+o.Name+" "+o.Person, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		own[fold(w)] = true
	}
	own[fold(o.Login)] = true
	return remainder(left, own) < 4
}

// remainder is how many different characters are left of a folded password when
// every known word and every digit is taken away, longest words first.
func remainder(s string, own map[string]bool) int {
	runes := []rune(s)
	kinds := map[rune]bool{}
	for i := 0; i < len(runes); {
		j := min(len(runes), i+24)
		for ; j > i+1; j-- {
			if w := string(runes[i:j]); common[w] || own[w] {
				break
			}
		}
		if j == i+1 && !unicode.IsDigit(runes[i]) {
			kinds[runes[i]] = true
		}
		i = j
	}
	return len(kinds)
}

// fold strips marks, case, spaces and signs: "Công An" and "cong-an" are one
// word to a guesser.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == 'đ':
			b.WriteRune('d')
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}
