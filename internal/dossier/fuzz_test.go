package dossier

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"quay20/internal/problem"
)

// rel-B-E05, rel-K01: cleaning is bounded, cleaning twice is cleaning once, and what the
// slip prints is read back however people type it.
func FuzzTrackingInput(f *testing.F) {
	for _, s := range []string{"", " h35.20.90-20260302-0000001 ", "H35.20.90–20260302—0000001", "7k2m-9q4x", "oIl1 0000", "\x00\xff", "ﬀ", "%252e", "ß"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, secret := cleanCode(s), cleanSecret(s)
		if len(code) > 3*len(s)+3 || len(secret) > 3*len(s)+3 {
			t.Errorf("%q grew to %q and %q", s, code, secret)
		}
		if strings.ContainsAny(secret, " -OIL") || strings.ContainsAny(code, " \t–—") {
			t.Errorf("%q is not clean: %q, %q", s, code, secret)
		}
		if utf8.ValidString(s) && (cleanCode(code) != code || cleanSecret(secret) != secret) {
			t.Errorf("%q is cleaner the second time: %q, %q", s, cleanCode(code), cleanSecret(secret))
		}
		own := Key("0123456789abcdef0123456789abcdef").Secret(s)
		if cleanSecret(strings.ToLower(own[:4]+"-"+own[4:])) != own {
			t.Errorf("the secret %s is not read back", own)
		}
	})
}

// rel-B-A01, rel-B-A02, rel-K12: whatever comes in as an act is refused as a
// Problem or is what its JSON says.
func FuzzParseAct(f *testing.F) {
	for _, name := range ActNames() {
		f.Add(name, `{}`)
	}
	for _, s := range []string{``, `{`, `[]`, `null`, `{"reason":"x","reason":"y"}`, `{"received_at":"2026-03-02T01:00:00Z"}`, `{"amount":1e3}`, `{"amount":"100"}`,
		`{"amount":1} {}`, `{"amount":9223372036854775808}`, strings.Repeat(`{"items":[`, 50), "\xef\xbb\xbf{}", "{\"reason\":\"\xff\"}"} {
		f.Add("demand_payment", s)
		f.Add("withdraw", s)
	}
	for _, s := range []string{`{"reason":"x","reason":"y"}`, `{} x`, `{}}`, "{\"reason\":\"\xff\"}", `{"Reason":"x"}`, `{"received_at":""}`} {
		if _, err := ParseAct("withdraw", []byte(s)); !problem.Is(err, problem.Malformed) {
			f.Errorf("%q is taken: %v", s, err)
		}
	}
	f.Fuzz(func(t *testing.T, name, particulars string) {
		act, err := ParseAct(name, []byte(particulars))
		if err != nil {
			if _, ok := problem.As(err); !ok {
				t.Errorf("%s %q: %v is no Problem", name, particulars, err)
			}
			return
		}
		if act.Name() != name {
			t.Errorf("%s became %s", name, act.Name())
		}
		said, err := json.Marshal(act)
		if err != nil {
			t.Fatalf("%s %q cannot be written again: %v", name, particulars, err)
		}
		again, err := ParseAct(name, said)
		if err != nil || !reflect.DeepEqual(again, act) {
			t.Errorf("%s %q: written as %s, read as %+v (%v)", name, particulars, said, again, err)
		}
		if err := plain(act); err != nil {
			if p, ok := problem.As(err); !ok || len(p.Fields) == 0 {
				t.Errorf("%s %q: %v names no field", name, particulars, err)
			}
		}
	})
}

// Search words, whatever they are, become terms that both engines can look for.
func FuzzSearchTerms(f *testing.F) {
	for _, s := range []string{"", "Đặng Thị Ngọc Hoà", "25-B1 123.45", "+84 300 123 456", "a%_*(", "\u202eabc", "ﬁ", "Ả́", strings.Repeat("a", 300), "\xff\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !sayable(s) {
			return // refused before
		}
		w := squeeze(s)
		if !utf8.ValidString(w) || strings.ContainsAny(w, " .-_/\x00") || squeeze(w) != w {
			t.Errorf("%q became the term %q, then %q", s, w, squeeze(w))
		}
	})
}

// rel-B-A16: equal requests have equal hashes, others have not, and a key that
// no table can keep is refused.
func FuzzIdempotencyKey(f *testing.F) {
	f.Add("k1", "nộp lại", "nộp lai")
	f.Add(strings.Repeat("k", 201), "", "x")
	f.Add("\x00", "a\x00b", "a")
	f.Fuzz(func(t *testing.T, key, a, b string) {
		one, two := requestHash("withdraw", &Withdraw{Reason: a}), requestHash("withdraw", &Withdraw{Reason: b})
		if same := jsonOf(a) == jsonOf(b); same != (one == two) {
			t.Errorf("%q and %q: equal %v, hashes equal %v", a, b, same, one == two)
		}
		if one == requestHash("stop", &Withdraw{Reason: a}) {
			t.Error("another act has the same hash")
		}
		if err := goodKey(key); err == nil && (len(key) > 200 || !sayable(key)) || err != nil && !problem.Is(err, problem.Malformed) {
			t.Errorf("key %q: %v", key, err)
		}
	})
}

func jsonOf(s string) string { b, _ := json.Marshal(s); return string(b) }
