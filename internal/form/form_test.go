package form_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
	"quay20/packs"
)

const today = "2026-11-24"

func law(t testing.TB) *pack.Pack {
	t.Helper()
	p, err := packs.LaiChau()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// one is a form of one question.
func one(f pack.FormField) *pack.FormSection {
	f.ID, f.Label, f.LabelEn = "x", "Mục", "Question"
	return &pack.FormSection{ID: "s", Title: "Phần", Fields: []pack.FormField{f}}
}

// long is a text of n letters, each with two marks.
func long(n int) string { return strings.Repeat("ễ", n) }

// badInputs are, for every type of field, what people and attackers type and
// what they are told. rel-B-W01 to rel-B-W05, rel-B-W08, rel-G10, rel-K15
var badInputs = []struct {
	rel   string
	field pack.FormField
	typed string // at s.x, or the parts of an address
	want  string // text key
}{
	{"W01", pack.FormField{Type: "name"}, "", "form.err.empty"},
	{"W01", pack.FormField{Type: "name"}, " \t ", "form.err.empty"},
	{"W01", pack.FormField{Type: "name"}, "\u200b\ufeff", "form.err.empty"},
	{"W02", pack.FormField{Type: "name"}, long(300), "applicant.err.long"},
	{"W02", pack.FormField{Type: "name"}, "Lò Thị 2", "applicant.err.name-digit"},
	{"W02", pack.FormField{Type: "name"}, "<script>alert(1)</script>", "applicant.err.name-sign"},
	{"G10", pack.FormField{Type: "name"}, "Lò \u202eThị", "applicant.err.control"},
	{"G10", pack.FormField{Type: "name"}, "Lò \xff", "applicant.err.encoding"},
	{"W01", pack.FormField{Type: "organisation"}, "  ", "form.err.empty"},
	{"W02", pack.FormField{Type: "organisation"}, long(300), "applicant.err.long"},
	{"G10", pack.FormField{Type: "organisation"}, "Công ty \x00", "applicant.err.control"},
	{"W01", pack.FormField{Type: "line"}, "", "form.err.empty"},
	{"W08", pack.FormField{Type: "line", Max: 60}, long(61), "applicant.err.long"},
	{"W08", pack.FormField{Type: "text"}, strings.Repeat("a", 1<<20), "applicant.err.long"},
	{"W08", pack.FormField{Type: "text"}, long(10_001), "applicant.err.long"},
	{"W08", pack.FormField{Type: "text", Max: 500}, long(501), "applicant.err.long"},
	{"G10", pack.FormField{Type: "text"}, "a\u2066b", "applicant.err.control"},
	{"W05", pack.FormField{Type: "phone"}, "09a2345678", "applicant.err.phone-sign"},
	{"W05", pack.FormField{Type: "phone"}, "113", "applicant.err.phone"},
	{"K15", pack.FormField{Type: "email"}, "phuong@", "applicant.err.email"},
	{"K15", pack.FormField{Type: "email"}, "a b@example.vn", "applicant.err.email"},
	{"K15", pack.FormField{Type: "plate"}, "25-??", "applicant.err.plate"},
	{"K15", pack.FormField{Type: "tax-code"}, "62", "applicant.err.tax-code"},
	{"W04", pack.FormField{Type: "personal-number"}, "01219000123", "applicant.err.id-length"},
	{"W04", pack.FormField{Type: "personal-number"}, "0121900012345", "applicant.err.id-length"},
	{"W04", pack.FormField{Type: "personal-number"}, "O12190001234", "applicant.err.id-letter"},
	{"W04", pack.FormField{Type: "personal-number"}, "000190001234", "applicant.err.id-province"},
	{"W04", pack.FormField{Type: "personal-number"}, "012490001234", "applicant.err.id-century"},
	{"W04", pack.FormField{Type: "personal-number"}, "045123456", "applicant.err.id-length"},
	{"W04", pack.FormField{Type: "id-number"}, "0121900", "applicant.err.id-length"},
	{"W04", pack.FormField{Type: "id-number"}, "012230001234", "applicant.err.id-century"},
	{"K15", pack.FormField{Type: "passport"}, "C#1", "applicant.err.passport"},
	{"W03", pack.FormField{Type: "birth"}, "31/02/1990", "applicant.err.date-none"},
	{"W03", pack.FormField{Type: "birth"}, "25/11/2026", "applicant.err.born-future"},
	{"W03", pack.FormField{Type: "birth"}, "01/01/1850", "applicant.err.born-early"},
	{"W03", pack.FormField{Type: "birth"}, "07/03/90", "applicant.err.date-year"},
	{"W03", pack.FormField{Type: "birth"}, "2027", "applicant.err.born-future"},
	{"W03", pack.FormField{Type: "date"}, "1990", "applicant.err.date"},
	{"W03", pack.FormField{Type: "date"}, "30/02/2026", "applicant.err.date-none"},
	{"W03", pack.FormField{Type: "date"}, "27/10/26", "applicant.err.date-year"},
	{"W03", pack.FormField{Type: "date", Past: true}, "25/11/2026", "form.err.day-past"},
	{"W03", pack.FormField{Type: "date", Future: true}, "23/11/2026", "form.err.day-future"},
	{"K15", pack.FormField{Type: "number"}, "mười", "form.err.number"},
	{"A02", pack.FormField{Type: "number"}, "1e3", "form.err.number"},
	{"A02", pack.FormField{Type: "number"}, "-5", "form.err.number"},
	{"A02", pack.FormField{Type: "number"}, "1.5", "form.err.number"},
	{"K15", pack.FormField{Type: "number", Min: 1, Max: 24}, "25", "form.err.range"},
	{"K15", pack.FormField{Type: "number", Min: 1, Max: 24}, "0", "form.err.range"},
	{"C06", pack.FormField{Type: "money"}, "1,000,000", "form.err.number"},
	{"C06", pack.FormField{Type: "money"}, "1000000,5", "form.err.number"},
	{"C06", pack.FormField{Type: "money"}, "-15000", "form.err.number"},
	{"C06", pack.FormField{Type: "money"}, "1.00.000", "form.err.number"},
	{"C06", pack.FormField{Type: "money"}, "1000000000000000", "form.err.number"},
	{"W01", pack.FormField{Type: "choice", Choices: []pack.FormChoice{{Value: "a"}, {Value: "b"}}}, "", "form.err.choose"},
	{"W09", pack.FormField{Type: "choice", Choices: []pack.FormChoice{{Value: "a"}, {Value: "b"}}}, "c", "form.err.not-listed"},
	{"W01", pack.FormField{Type: "yes-no"}, "", "form.err.choose"},
	{"W09", pack.FormField{Type: "yes-no"}, "true", "form.err.not-listed"},
	{"W01", pack.FormField{Type: "nationality"}, "", "form.err.choose"},
	{"K15", pack.FormField{Type: "nationality"}, "Atlantis", "form.err.country"},
	{"K15", pack.FormField{Type: "nationality"}, "ZZZ", "form.err.country"},
	{"K15", pack.FormField{Type: "mrz"}, "P<LAOKEOMANY", "form.err.mrz-length"},
	{"K15", pack.FormField{Type: "mrz"}, "P<LAO#", "form.err.mrz-sign"},
	{"K15", pack.FormField{Type: "mrz"}, strings.Replace(goodMRZ, "Q0000017", "Q0000018", 1), "form.err.mrz-check.number"},
	{"K15", pack.FormField{Type: "mrz"}, strings.Replace(goodMRZ, "900307", "900308", 1), "form.err.mrz-check.born"},
	{"K15", pack.FormField{Type: "mrz"}, strings.Replace(goodMRZ, "300101", "300102", 1), "form.err.mrz-check.expires"},
	{"W01", pack.FormField{Type: "address"}, "", "form.err.commune"},
	{"W01", pack.FormField{Type: "address"}, "03388|", "form.err.village"},
	{"W01", pack.FormField{Type: "address"}, "khac|Bản Nà Đon", "form.err.elsewhere"},
	{"K15", pack.FormField{Type: "address"}, "99999|Bản Nà Đon", "form.err.commune-unknown"},
	{"K15", pack.FormField{Type: "address", Local: true}, "khac|Bản Nà Đon|Hà Nội", "form.err.commune-unknown"},
	{"K15", pack.FormField{Type: "address"}, "Phường Quyết Tiến|Bản Nà Đon", "form.err.commune-merged"},
	{"G10", pack.FormField{Type: "address"}, "03388|Bản \u202eNà", "applicant.err.control"},
	{"W02", pack.FormField{Type: "address"}, "03388|" + long(300), "applicant.err.long"},
}

// goodMRZ are the lines of a passport that was never issued.
var goodMRZ = mrz("P<LAOKEOMANY<<SOMCHAI", "Q0000017", "LAO", "900307", "M", "300101")

// mrz makes the lines with their check digits.
func mrz(first, number, country, born, sex, expires string) string {
	pad := func(s string, n int) string { return s + strings.Repeat("<", n-len(s)) }
	number = pad(number, 9)
	digit := func(s string) string {
		sum := 0
		for i, c := range s {
			v := 0
			switch {
			case c >= '0' && c <= '9':
				v = int(c - '0')
			case c >= 'A' && c <= 'Z':
				v = int(c-'A') + 10
			}
			sum += v * []int{7, 3, 1}[i%3]
		}
		return string(rune('0' + sum%10))
	}
	optional := pad("", 14)
	second := number + digit(number) + country + born + digit(born) + sex + expires + digit(expires) + optional + digit(optional)
	second += digit(second[:10] + second[13:20] + second[21:43])
	return pad(first, 44) + "\n" + second
}

// typedAt puts what was typed where the field looks for it.
func typedAt(f pack.FormField, typed string) form.Answers {
	if f.Type != "address" {
		return form.Answers{"s.x": typed}
	}
	parts := append(strings.Split(typed, "|"), "", "")
	return form.Answers{"s.x" + form.Commune: parts[0], "s.x" + form.Village: parts[1], "s.x" + form.Else: parts[2]}
}

// rel-B-W01 to rel-B-W05, rel-B-W08, rel-B-W09, rel-G2, rel-G10, rel-K15:
// every type of field names its fault and the remedy, in both languages, and
// keeps nothing that cannot be kept.
func TestEveryTypeOfFieldHasItsBadInputs(t *testing.T) {
	t.Parallel()
	p := law(t)
	seen := map[string]bool{"files": true} // nothing is typed into it
	for _, c := range badInputs {
		seen[c.field.Type] = true
		s := one(c.field)
		_, faults := form.CheckSection(s, p, today, typedAt(c.field, c.typed))
		if len(faults) == 0 || faults[0].Key != c.want {
			t.Errorf("rel-B-%s: %s %.40q gives %v, want %s", c.rel, c.field.Type, c.typed, faults, c.want)
			continue
		}
		if !strings.HasPrefix(faults[0].Name, "s.x") {
			t.Errorf("%s: the fault is at %s", c.want, faults[0].Name)
		}
		for _, lang := range []text.Lang{text.Vi, text.En} {
			if said := text.Field(lang, faults[0]); strings.ContainsAny(said, "[{") {
				t.Errorf("%s is worded %q", c.want, said)
			}
		}
	}
	for _, kind := range pack.FieldTypes {
		if !seen[kind] {
			t.Errorf("the type %s has no bad input here", kind)
		}
	}
}

// What can be read is put into one written form, which is read again as itself.
func TestAnswersHaveOneWrittenForm(t *testing.T) {
	t.Parallel()
	p := law(t)
	for _, c := range []struct{ kind, typed, want string }{
		{"name", "  Lo\u0300   Thị Phương ", "Lò Thị Phương"},
		{"phone", "0912 345 678", "+84912345678"},
		{"phone", "+856 20 5512 3456", "+8562055123456"},
		{"email", "Lan@Example.vn", "Lan@example.vn"},
		{"plate", "25b1 12345", "25-B1 123.45"},
		{"personal-number", "012 190 001234", "012190001234"},
		{"id-number", "045 123 456", "045123456"},
		{"passport", "c 1234567", "C1234567"},
		{"birth", "7-3-1990", "1990-03-07"},
		{"birth", "1990", "1990"},
		{"date", "27/10/2026", "2026-10-27"},
		{"number", "012", "12"},
		{"money", "1.500.000 đồng", "1500000"},
		{"money", "0", "0"},
		{"nationality", "Lào", "LAO"},
		{"nationality", "laos", "LAO"},
		{"nationality", "d", "DEU"},
		{"nationality", "GBR", "GBR"},
		{"yes-no", "co", "co"},
		{"mrz", strings.ToLower(strings.ReplaceAll(goodMRZ, "\n", " ")), goodMRZ},
		{"text", "một\r\n\r\n hai ", "một\n\nhai"},
	} {
		s := one(pack.FormField{Type: c.kind})
		read, faults := form.CheckSection(s, p, today, form.Answers{"s.x": c.typed})
		if len(faults) > 0 {
			t.Errorf("%s %q: %v", c.kind, c.typed, faults)
			continue
		}
		if c.kind != "email" && c.kind != "plate" && read["s.x"] != c.want {
			t.Errorf("%s %q is %q, want %q", c.kind, c.typed, read["s.x"], c.want)
		}
		again, faults := form.CheckSection(s, p, today, read)
		if len(faults) > 0 || again["s.x"] != read["s.x"] {
			t.Errorf("%s %q read again: %q %v", c.kind, read["s.x"], again["s.x"], faults)
		}
	}
	a := one(pack.FormField{Type: "address"})
	read, faults := form.CheckSection(a, p, today, typedAt(a.Fields[0], "phuong doan ket|Bản Nà Đon"))
	if len(faults) > 0 || read["s.x.xa"] != "03388" {
		t.Errorf("an address by name: %v %v", read, faults)
	}
	if line := form.AddressLine(p, today, read, "s.x"); line != "Bản Nà Đon, Phường Đoàn Kết, tỉnh Lai Châu" {
		t.Errorf("address line %q", line)
	}
}

// A page asks what the answers so far call for, and every fault comes at once,
// in the order of the form.
func TestConditionsAndGroups(t *testing.T) {
	t.Parallel()
	p := law(t)
	f, ok := p.Form("1.004194", today)
	if !ok || f.ID != "tam-tru" {
		t.Fatal(f, ok)
	}
	a := form.Answers{"chu-ho.la-chu-ho": "khong", "noi-tam-tru.cho-o-la": "so-huu",
		"nguoi-di-cung.1.ho-ten": "Lò Văn Páo", "nguoi-di-cung.1.duoi-18": "co", "nguoi-di-cung.2.ho-ten": "Lò 2",
		"nguoi-di-cung.99.ho-ten": "x", "la.gi": "x", "chu-ho.chu-cho-o": "không hỏi"}
	read, faults := form.Check(f, p, today, a)
	var names []string
	for _, x := range faults {
		names = append(names, x.Name)
	}
	for _, want := range []string{"chu-ho.ho-ten", "chu-ho.quan-he", "nguoi-di-cung.1.y-kien-cha-me", "nguoi-di-cung.2.ho-ten"} {
		if !slices.Contains(names, want) {
			t.Errorf("no fault at %s in %v", want, names)
		}
	}
	for _, not := range []string{"nguoi-di-cung.2.y-kien-cha-me", "chu-ho.chu-cho-o"} {
		if slices.Contains(names, not) {
			t.Errorf("%s is asked", not)
		}
	}
	for _, gone := range []string{"nguoi-di-cung.99.ho-ten", "la.gi", "chu-ho.chu-cho-o"} {
		if _, kept := read[gone]; kept {
			t.Errorf("%s is kept", gone)
		}
	}
	group, _ := f.Section("nguoi-di-cung")
	left := form.Without(group, 1, a)
	if left["nguoi-di-cung.1.ho-ten"] != "Lò 2" || form.Items(group, left) != 1 {
		t.Errorf("without the first: %v", left)
	}
}

// ux-C33: the lines of a passport fill in what was left empty, and nothing else.
func TestPassportLinesFillTheGuestIn(t *testing.T) {
	t.Parallel()
	p := law(t)
	f, _ := p.Form("1.001437", today)
	guests, _ := f.Section("khach")
	a := form.Answers{"khach.1.mrz": goodMRZ, "khach.1.ho-ten": "Keomany Somchai", "khach.1.den": "24/11/2026", "khach.1.di": "27/11/2026"}
	read, faults := form.CheckPlace(form.Place{Section: guests, Item: 1}, p, today, a)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for name, want := range map[string]string{"ho-ten": "Keomany Somchai", "so-ho-chieu": "Q0000017", "quoc-tich": "LAO", "ngay-sinh": "1990-03-07", "gioi-tinh": "male", "het-han": "2030-01-01"} {
		if got := read["khach.1."+name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// rel-R01: every field of every form has its purpose and the form its basis.
func TestEveryFieldHasItsPurpose(t *testing.T) {
	t.Parallel()
	for _, f := range law(t).Forms() {
		if len(f.Basis) == 0 {
			t.Errorf("%s has no basis", f.ID)
		}
		for _, s := range f.Sections {
			for _, field := range s.Fields {
				if field.Purpose == "" {
					t.Errorf("%s, %s.%s has no purpose", f.ID, s.ID, field.ID)
				}
			}
		}
	}
}

// Every form reads anything: the same answer each time, what it gives is read
// again as itself, and no fault lies outside the form.
func TestCheckIsStable(t *testing.T) {
	t.Parallel()
	p := law(t)
	forms := p.Forms()
	rapid.Check(t, func(rt *rapid.T) {
		f := &forms[rapid.IntRange(0, len(forms)-1).Draw(rt, "form")]
		a := form.Answers{}
		for i := range f.Sections {
			s := &f.Sections[i]
			for n := range rapid.IntRange(0, 2).Draw(rt, "items") + 1 {
				place := form.Place{Section: s, Item: min(n, s.Most)}
				for j := range s.Fields {
					q := form.Question{Section: s, Item: place.Item, Field: &s.Fields[j], Name: place.Name() + "." + s.Fields[j].ID}
					for _, name := range q.Inputs() {
						a[name] = rapid.OneOf(rapid.String(), rapid.SampledFrom(likely(q.Field))).Draw(rt, name)
					}
				}
			}
		}
		read, faults := form.Check(f, p, today, a)
		twice, again := form.Check(f, p, today, a)
		if !same(read, twice) || len(faults) != len(again) {
			rt.Fatalf("checked twice: %v %v", read, twice)
		}
		for _, x := range faults {
			if !form.Known(f, x.Name) && !slices.ContainsFunc(f.Sections, func(s pack.FormSection) bool { return s.ID == x.Name }) {
				rt.Errorf("a fault at %s", x.Name)
			}
		}
		wrong := func(list []problem.Field, name string) bool {
			return slices.ContainsFunc(list, func(x problem.Field) bool { return x.Name == name })
		}
		last, still := form.Check(f, p, today, read)
		for name, v := range read {
			if !form.Known(f, name) {
				rt.Errorf("%s is kept", name)
			}
			if !wrong(faults, name) && (last[name] != v || wrong(still, name)) {
				rt.Errorf("%s: %q is read as %q again (%v)", name, v, last[name], still)
			}
		}
	})
}

func same(a, b form.Answers) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// likely are answers that fit the type, or nearly.
func likely(f *pack.FormField) []string {
	list := []string{"", "Lò Thị Phương", "012190001234", "0912345678", "27/10/2026", "1990", "12", "1.000.000", "co", "khong", "03388", "khac", "LAO", "25-B1 123.45", goodMRZ, "C1234567"}
	for _, c := range f.Choices {
		list = append(list, c.Value)
	}
	return list
}

// rel-G5: no answer breaks the reading of passport lines.
func FuzzMRZ(f *testing.F) {
	f.Add(goodMRZ)
	f.Add("P<")
	f.Add(strings.Repeat("<", 88))
	f.Fuzz(func(t *testing.T, s string) {
		m, err := form.ReadMRZ(s, today)
		if err != nil {
			if _, ok := problem.As(err); !ok {
				t.Fatal(err)
			}
			return
		}
		if again, err := form.ReadMRZ(m.Text, today); err != nil || again != m {
			t.Errorf("%q is read as %+v, then %+v %v", s, m, again, err)
		}
	})
}

// FuzzAnswers: whatever is typed into whatever type is refused with words or
// has one written form.
func FuzzAnswers(f *testing.F) {
	for _, c := range badInputs {
		if len(c.typed) < 1000 {
			f.Add(slices.Index(pack.FieldTypes, c.field.Type), c.typed)
		}
	}
	p := law(f)
	f.Fuzz(func(t *testing.T, kind int, typed string) {
		if kind < 0 || kind >= len(pack.FieldTypes) {
			return
		}
		field := pack.FormField{Type: pack.FieldTypes[kind], Choices: []pack.FormChoice{{Value: "a"}, {Value: "b"}}}
		s := one(field)
		read, faults := form.CheckSection(s, p, today, typedAt(field, typed))
		if len(faults) > 0 {
			return
		}
		again, faults := form.CheckSection(s, p, today, read)
		if len(faults) > 0 || !same(read, again) {
			t.Errorf("%s %q is read as %v, then %v %v", field.Type, typed, read, again, faults)
		}
	})
}
