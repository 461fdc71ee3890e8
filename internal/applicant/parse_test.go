package applicant_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/applicant"
)

func TestPhones(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, stored string
		kind          applicant.PhoneKind
		shown         string
	}{
		{"0912345678", "+84912345678", applicant.Mobile, "0912 345 678"},
		{"0912.345.678", "+84912345678", applicant.Mobile, "0912 345 678"},
		{"+84 912 345 678", "+84912345678", applicant.Mobile, "0912 345 678"},
		{"(+84) 0912 345 678", "+84912345678", applicant.Mobile, "0912 345 678"},
		{"84912345678", "+84912345678", applicant.Mobile, "0912 345 678"},
		{"0084912345678", "+84912345678", applicant.Mobile, "0912 345 678"},
		{"912345678", "+84912345678", applicant.Mobile, "0912 345 678"},
		{"842345678", "+84842345678", applicant.Mobile, "0842 345 678"},
		{"\uff10912345678", "+84912345678", applicant.Mobile, "0912 345 678"},
		{"02133 812 345", "+842133812345", applicant.Landline, "0213 3812 345"},
		{"+856 20 5512 3456", "+8562055123456", applicant.Foreign, "+8562055123456"},
		{"01681234567", "+841681234567", applicant.Odd, "01681234567"},
		{"091234567", "+8491234567", applicant.Odd, "091234567"},
	} {
		got, err := applicant.ParsePhone(c.typed)
		if err != nil || got != c.stored || applicant.PhoneKindOf(got) != c.kind || applicant.FormatPhone(got) != c.shown {
			t.Errorf("%q: got %q %s %q %v", c.typed, got, applicant.PhoneKindOf(got), applicant.FormatPhone(got), err)
		}
	}
	for _, typed := range []string{"", "113", "09123456789012", "8562055123456", "+", "0", "000", "+84", "091x345678", "1912345678901", "0012"} {
		if got, err := applicant.ParsePhone(typed); err == nil {
			t.Errorf("%q is taken as %q", typed, got)
		}
	}
}

func TestPlates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed, stored, shown string
		known                bool
	}{
		{"25A-123.45", "25A12345", "25A-123.45", true},
		{"25a 1234", "25A1234", "25A-1234", true},
		{"25-b1 123.45", "25B112345", "25-B1 123.45", true},
		{"25 B1-1234", "25B11234", "25B-112.34", true}, // read as a car: five digits behind one letter
		{"25AB12345", "25AB12345", "25-AB 123.45", true},
		{"25mđ1 234.56", "25MĐ123456", "25MĐ123456", true},
		{"25Ð1 123.45", "25Đ112345", "25-Đ1 123.45", true},
		{"25LD-123.45", "25LD12345", "25LD-123.45", true},
		{"80-011-NG-01", "80011NG01", "80011NG01", true},
		{"tm-12-34", "TM1234", "TM1234", true},
		{"xe cày", "XECÀY", "XECÀY", false},
	} {
		got, err := applicant.ParsePlate(c.typed)
		if err != nil || got != c.stored || applicant.FormatPlate(got) != c.shown || applicant.KnownPlate(got) != c.known {
			t.Errorf("%q: got %q %q %v %v", c.typed, got, applicant.FormatPlate(got), applicant.KnownPlate(got), err)
		}
	}
	for _, typed := range []string{"", " - . ", "25B1'12345", "25B1\x0012345", strings.Repeat("2", 16), strings.Repeat("2", 1e6)} {
		if got, err := applicant.ParsePlate(typed); err == nil {
			t.Errorf("%.20q is taken as %q", typed, got)
		}
	}
}

func TestIdentityNumbers(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]applicant.ID{
		"012190001234":      {Kind: applicant.CCCD, Number: "012190001234"},
		"012 190 001 234":   {Kind: applicant.CCCD, Number: "012190001234"},
		"\uff1012190001234": {Kind: applicant.CCCD, Number: "012190001234"},
		"045.123.456":       {Kind: applicant.CMND, Number: "045123456"},
		"c1234567":          {Kind: applicant.Passport, Number: "C1234567"},
	} {
		if got, err := applicant.ParseID(typed); err != nil || got != want {
			t.Errorf("%q: got %v %v", typed, got, err)
		}
	}
	n := applicant.ReadPersonal("012305001234")
	if n.Province != "012" || !n.KnownProvince() || n.Sex != applicant.Female || n.Year != 2005 {
		t.Errorf("012305001234 is read as %+v", n)
	}
}

func TestBirthDates(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"07/03/1990": "1990-03-07", "7-3-1990": "1990-03-07", "7.3.1990": "1990-03-07", "07 03 1990": "1990-03-07",
		"07031990": "1990-03-07", "1990-03-07": "1990-03-07", " 1990 ": "1990", "29/02/2024": "2024-02-29",
	} {
		if got, err := applicant.ParseBorn(typed); err != nil || got != want {
			t.Errorf("%q: got %q %v", typed, got, err)
		}
	}
	for typed, want := range map[string]string{
		"29/02/2023": "applicant.err.date-none", "00/01/1990": "applicant.err.date-none", "13/13/1990": "applicant.err.date-none",
		"7/3/90": "applicant.err.date-year", "070390": "applicant.err.date-year", "90": "applicant.err.date-year",
		"mùa xuân": "applicant.err.date", "03/1990": "applicant.err.date", "": "applicant.err.date", "0000": "applicant.err.date",
	} {
		if _, err := applicant.ParseBorn(typed); key(err) != want {
			t.Errorf("%q: got %v, want %s", typed, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"  Nguyễn\u00a0 Văn   A ":           "Nguyễn Văn A",
		norm.NFD.String("Đặng Thị Hoà"):     "Đặng Thị Hoà",
		"Páo":                               "Páo",
		"H’Hen Niê":                         "H’Hen Niê",
		"Lý\u200b A\ufeff":                  "Lý A",
		strings.Repeat("ễ", 200):            strings.Repeat("ễ", 200),
		strings.Repeat("e\u0302\u0303", 90): strings.Repeat("ễ", 90),
	} {
		if got, err := applicant.CleanName(typed); err != nil || got != want {
			t.Errorf("%q: got %q %v", typed, got, err)
		}
	}
	if _, err := applicant.CleanName("- ."); key(err) != "applicant.err.name-empty" {
		t.Errorf("a name without letters: %v", err)
	}
}

func TestTextKeepsItsLines(t *testing.T) {
	t.Parallel()
	got, err := applicant.CleanText("\n Thiếu  CT01 \r\n\tvà ảnh<b>\n", 100)
	if err != nil || got != "Thiếu CT01\nvà ảnh<b>" {
		t.Errorf("got %q %v", got, err)
	}
	if _, err := applicant.CleanText(strings.Repeat("a", 10_001), 10_000); key(err) != "applicant.err.long" {
		t.Errorf("10,001 characters: %v (rel-B-W08)", err)
	}
}

func TestEmails(t *testing.T) {
	t.Parallel()
	if got, err := applicant.ParseEmail(" Lan.Anh+q20@Mail.Example.VN "); err != nil || got != "Lan.Anh+q20@mail.example.vn" {
		t.Errorf("got %q %v", got, err)
	}
	for _, typed := range []string{"", "lan", "lan@", "@x.vn", "lan@x", "a b@x.vn", "lan@x.vn\r\nBcc: y@x.vn", ".a@x.vn", "a..b@x.vn", "lan@-x.vn", "lan@x.1"} {
		if got, err := applicant.ParseEmail(typed); err == nil {
			t.Errorf("%q is taken as %q", typed, got)
		}
	}
}

func TestFoldMakesOneKey(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"ĐẶNG  Hoà": "dang hoa", "đặng hòa": "dang hoa", "Ðặng hoa": "dang hoa",
		norm.NFD.String("Đường thuỷ"): "duong thuy", "\u00a0A\tb\u200b\n": "a b", "": "", "CT01": "ct01",
	} {
		if got := applicant.Fold(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func TestTelexIsUndone(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"ddawng ky":              {"dang ky"},
		"ddawng kys tajm trus":   {"dang ky tam tru"},
		"thuwowngf trus":         {"thuong tru"},
		"Nguyeenx Thij Phuwowng": {"nguyen thi phuong"},
		"cawn cuwowcs":           {"can cuoc"},
		"xoong":                  {"xong"},
		"đăng ký xe":             {},
		"giaays pheps laiys xe":  {"giay phep laiys xe"},
		"passport abc":           {},
	} {
		if got := applicant.Telex(typed); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{applicant.Initials("Đăng ký tạm trú"), "dktt"},
		{applicant.MaskName("Lò Thị Phương"), "L. T. P."},
		{applicant.MaskName("đỗ"), "Đ."},
		{applicant.Mask("012190001234"), "•••••••••234"},
		{applicant.Mask("12345"), "•••••"},
		{applicant.Mask(""), ""},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

func TestPeopleSortByGivenNameThenFamilyName(t *testing.T) {
	t.Parallel()
	want := []string{
		"Lò Văn An", "Vàng Thị An", "Lò Thị Ánh", "Lê Văn Ăm", "Trần Ân", "Phàn Dao", "Lù Đào",
		"Lò Hoa", "Lò Hòa", "Lò Hóa", "Lò Hoạ", "Páo", "Lý A Páo", "Giàng Thu", "Giàng Thư",
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(applicant.SortKey(a), applicant.SortKey(b)) })
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if applicant.SortKey("LÒ HÒA") != applicant.SortKey(norm.NFD.String("lò hoà")) {
		t.Error("hoà and hòa part")
	}
}
