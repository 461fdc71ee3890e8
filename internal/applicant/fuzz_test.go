package applicant_test

import (
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/applicant"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// refused checks that an error is for people and has words.
func refused(t *testing.T, err error) {
	t.Helper()
	p, ok := problem.As(err)
	if !ok || p.Kind != problem.Invalid || !text.Has(p.Key) {
		t.Errorf("refusal without words: %v", err)
	}
}

// again checks parse(format(x)) = x for a parser.
func again(t *testing.T, typed string, parse func(string) (string, error), format func(string) string) {
	t.Helper()
	x, err := parse(typed)
	if err != nil {
		refused(t, err)
		return
	}
	if y, err := parse(format(x)); err != nil || y != x {
		t.Errorf("%q is %q, written %q, read back %q %v", typed, x, format(x), y, err)
	}
}

func same(s string) string { return s }

func FuzzPhone(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) { again(t, s, applicant.ParsePhone, applicant.FormatPhone) })
}

func FuzzPlate(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) { again(t, s, applicant.ParsePlate, applicant.FormatPlate) })
}

func FuzzBorn(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) { again(t, s, applicant.ParseBorn, applicant.FormatBorn) })
}

func FuzzEmail(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) { again(t, s, applicant.ParseEmail, same) })
}

func FuzzTaxCode(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) { again(t, s, applicant.ParseTaxCode, same) })
}

func FuzzIdentityNumber(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		id, err := applicant.ParseID(s)
		if err != nil {
			refused(t, err)
			return
		}
		if got, err := applicant.ParseID(id.Number); err != nil || got != id {
			t.Errorf("%q is %v, read back %v %v", s, id, got, err)
		}
		if id.Kind == applicant.CCCD {
			applicant.ReadPersonal(id.Number)
		}
	})
}

func FuzzName(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		again(t, s, applicant.CleanName, same)
		again(t, s, func(s string) (string, error) { return applicant.CleanLine(s, 300) }, same)
		again(t, s, func(s string) (string, error) { return applicant.CleanText(s, 300) }, same)
		if name, err := applicant.CleanName(s); err == nil {
			if !norm.NFC.IsNormalString(name) || applicant.Length(name) > 200 {
				t.Errorf("%q is kept as %q", s, name)
			}
			applicant.SortKey(name)
			applicant.MaskName(name)
		}
	})
}

func FuzzFold(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		key := applicant.Fold(s)
		if got := applicant.Fold(key); got != key {
			t.Errorf("%q folds to %q, that to %q", s, key, got)
		}
		if utf8.ValidString(s) {
			if got := applicant.Fold(norm.NFD.String(s)); got != key {
				t.Errorf("%q folds to %q, decomposed to %q", s, key, got)
			}
		}
		for _, guess := range applicant.Telex(s) {
			if guess == key || applicant.Fold(guess) != guess {
				t.Errorf("%q: guess %q is no new folded text", s, guess)
			}
		}
	})
}

func FuzzCard(f *testing.F) {
	f.Fuzz(func(t *testing.T, payload string) {
		scan, err := applicant.ParseCard(payload)
		if err != nil {
			refused(t, err)
			if scan.Slip() || scan.Person != (applicant.Person{}) {
				t.Errorf("a refused code fills %+v", scan)
			}
			return
		}
		for _, part := range scan.Fields {
			if part.Name == "" || !text.Has(part.Key) {
				t.Errorf("fault without field or words: %v", part)
			}
		}
		p := scan.Person
		for _, s := range []string{p.Name, p.Address, p.OldNumber} {
			if !norm.NFC.IsNormalString(s) || !utf8.ValidString(s) {
				t.Errorf("%q is no NFC text", s)
			}
		}
		p.Check("", today)
	})
}
