package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"quay20/internal/store"
)

// Texts as the rooms press them, and such as nobody expects.
func someText() *rapid.Generator[string] {
	hash := rapid.Custom(func(t *rapid.T) string {
		b := rapid.SliceOfN(rapid.Byte(), 32, 33).Draw(t, "hash")
		return hex.EncodeToString(b)
	})
	part := rapid.OneOf(rapid.String(), hash, rapid.SampledFrom([]string{
		`{"id":"01J","state":"accepted","papers":[{"name":"Tờ khai","present":true}]}`, "~", "~1", "\x00", "\x01", "receptionist@12-Q20", strings.Repeat("dài ", 3000)}))
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), "") })
}

// rel-I-J9: a pressed text is what was pressed, fits into a column of both
// engines, and any changed character of it is noticed.
func TestPressedTextsComeBackOrAreRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		text := someText().Draw(r, "text")
		w := rapid.SampledFrom([]store.Words{store.Papers, store.Entries}).Draw(r, "words")
		pressed := store.Press(w, text)
		kept := pressed.String()
		if rapid.Bool().Draw(r, "bytes") {
			if b, ok := pressed.Kept("sqlite").([]byte); ok {
				kept = string(b)
			}
		} else if strings.ContainsRune(kept, 0) || !utf8.ValidString(kept) {
			r.Fatalf("%q cannot be kept", kept)
		}
		if back, err := store.Unpress(kept); err != nil || back != text {
			r.Fatalf("%q came back as %q, %v", text, back, err)
		}
		if !strings.HasPrefix(kept, "~") {
			if kept != text {
				r.Fatalf("%q is kept as %q", text, kept)
			}
			return
		}
		b := []byte(kept)
		at := rapid.IntRange(1, len(b)).Draw(r, "at")
		what := rapid.SampledFrom([]byte("~!z x\t\x7f0")).Draw(r, "what")
		if at < len(b) {
			if b[at] == what {
				return
			}
			b[at] = what
		} else {
			b = append(b, what)
		}
		if back, err := store.Unpress(string(b)); !errors.Is(err, store.ErrPressed) {
			r.Fatalf("%q became %q and was read as %q, %v", kept, b, back, err)
		}
	})
}

// What a release has pressed with a dictionary is read with it for ever.
func TestDictionariesNeverChange(t *testing.T) {
	t.Parallel()
	known := map[string]string{
		"1.zdict": "2f4b5fb5fb8288ba99ec3288f6813da4c28df908b44f212b93bd0298a8791da8",
		"2.zdict": "df98e498396c8e9e5defb7c79084a2d178741e88a2f13811067d1722127b0f41",
	}
	files, err := os.ReadDir("words")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join("words", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if got := hex.EncodeToString(sum[:]); known[f.Name()] != got {
			t.Errorf("%s has the hash %s, not %q: a new dictionary needs a new name", f.Name(), got, known[f.Name()])
		}
		delete(known, f.Name())
	}
	for name := range known {
		t.Errorf("%s is gone, and with it what was pressed", name)
	}
	for _, kept := range []string{
		"~1#.r;bruj*X9`Y4s!e)[CDJ-k[Gp\"k!0/5171,(IA3ZuA'_kS>lB]6P)D?3];$Q\"O*",
		"~2GJBZ.ruj-YFTDIf!e)7Z_mF;o+CQfDDJ-k[Gp\"k!0/5171,(IA3c8Wi\\ufiO4T?m$BNuN,#6",
	} {
		if text, err := store.Unpress(kept); err != nil || text != "~ Công an tỉnh Lai Châu, ngày 24/11/2026: đã nhận" {
			t.Errorf("%s is read as %q, %v", kept, text, err)
		}
	}
}

func FuzzUnpress(f *testing.F) {
	f.Add(store.Press(store.Papers, `{"id":"1"}`).String())
	f.Add("~2!!!!!!")
	f.Fuzz(func(t *testing.T, kept string) {
		text, err := store.Unpress(kept)
		if err != nil {
			return
		}
		if back, err := store.Unpress(store.Press(store.Papers, text).String()); err != nil || back != text {
			t.Errorf("%q came back as %q, %v", text, back, err)
		}
	})
}
