package form

import (
	"maps"
	"strings"
	"time"

	"quay20/internal/pack"
)

// MRZ is what the machine-readable lines of a passport say (dòng mã hộ chiếu):
// two lines of 44 signs, or of 36 on some visas and cards (ICAO 9303).
type MRZ struct {
	Text        string // both lines, one below the other
	Name        string // "KEOMANY SOMCHAI", without marks
	Number      string
	Nationality string // "LAO"
	Born        string // "1990-03-07"
	Sex         string // "male", "female" or ""
	Expires     string
}

// weights are those of the check digits.
var weights = [3]int{7, 3, 1}

func checkDigit(s string) byte {
	sum := 0
	for i := range len(s) {
		v := 0
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			v = int(c - '0')
		case c >= 'A' && c <= 'Z':
			v = int(c-'A') + 10
		}
		sum += v * weights[i%3]
	}
	return byte('0' + sum%10)
}

// ReadMRZ reads the two lines as typed or scanned; blanks and small letters do
// not matter. A wrong check digit names the part to look at again.
func ReadMRZ(typed string, on pack.Date) (MRZ, error) {
	if len(typed) > 1000 {
		return MRZ{}, invalid("form.err.mrz")
	}
	s := strings.ToUpper(strings.Join(strings.Fields(typed), ""))
	for _, r := range s {
		if !(r == '<' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') {
			return MRZ{}, invalid("form.err.mrz-sign", "sign", string(r))
		}
	}
	if len(s) != 88 && len(s) != 72 {
		return MRZ{}, invalid("form.err.mrz-length", "have", len(s))
	}
	first, second := s[:len(s)/2], s[len(s)/2:]
	if first[0] != 'P' && first[0] != 'V' {
		return MRZ{}, invalid("form.err.mrz")
	}
	for _, c := range []struct {
		part  string
		value string
		digit byte
	}{
		{"number", second[:9], second[9]},
		{"born", second[13:19], second[19]},
		{"expires", second[21:27], second[27]},
	} {
		if checkDigit(c.value) != c.digit {
			return MRZ{}, invalid("form.err.mrz-check."+c.part, "typed", c.value+string(c.digit))
		}
	}
	if len(second) == 44 && first[0] == 'P' && checkDigit(second[:10]+second[13:20]+second[21:43]) != second[43] {
		return MRZ{}, invalid("form.err.mrz-check.all")
	}
	nationality, err := ParseCountry(strings.Trim(second[10:13], "<"))
	if err != nil {
		return MRZ{}, invalid("form.err.mrz-country", "code", second[10:13])
	}
	m := MRZ{
		Text: first + "\n" + second, Nationality: nationality,
		Name: name(first[5:]), Number: strings.TrimRight(second[:9], "<"),
		Sex: map[byte]string{'M': "male", 'F': "female"}[second[20]],
	}
	var ok1, ok2 bool
	m.Born, ok1 = shortDay(second[13:19], on, false)
	m.Expires, ok2 = shortDay(second[21:27], on, true)
	if !ok1 || !ok2 || m.Number == "" || m.Name == "" {
		return MRZ{}, invalid("form.err.mrz")
	}
	return m, nil
}

// name puts the parts of a name in the order they are printed.
func name(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '<' }), " ")
}

// shortDay reads YYMMDD: a birth date lies before the day it is asked, an end
// up to fifty years behind it.
func shortDay(s string, on pack.Date, end bool) (string, bool) {
	for _, century := range []string{"20", "19"} {
		day := century + s[:2] + "-" + s[2:4] + "-" + s[4:]
		if _, err := time.Parse(time.DateOnly, day); err == nil && (end || day <= on) {
			return day, true
		}
	}
	return "", false
}

// part is a part of the lines by its name in the pack.
func (m MRZ) part(name string) string {
	return map[string]string{"name": m.Name, "number": m.Number, "nationality": m.Nationality, "born": m.Born, "sex": m.Sex, "expires": m.Expires}[name]
}

// fromMRZ fills the empty fields of a page from machine-readable lines that
// were typed there.
func fromMRZ(p Place, on pack.Date, a Answers) Answers {
	filled := maps.Clone(a)
	if filled == nil {
		filled = Answers{}
	}
	for i := range p.Section.Fields {
		if p.Section.Fields[i].Type != "mrz" {
			continue
		}
		m, err := ReadMRZ(a[p.Name()+"."+p.Section.Fields[i].ID], on)
		if err != nil {
			continue
		}
		for _, f := range p.Section.Fields {
			if name := p.Name() + "." + f.ID; f.MRZ != "" && strings.TrimSpace(a[name]) == "" {
				filled[name] = m.part(f.MRZ)
			}
		}
	}
	return filled
}
