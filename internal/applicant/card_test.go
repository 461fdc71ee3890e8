package applicant_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/applicant"
)

const card = "012190001234|045123456|Lò Thị Phương|07031990|Nữ|Tổ 5, Phường Đoàn Kết, Lai Châu|12052021"

var onCard = applicant.Person{
	Kind: applicant.Citizen, Name: "Lò Thị Phương", Born: "1990-03-07", Sex: applicant.Female,
	IDKind: applicant.CCCD, IDNumber: "012190001234", OldNumber: "045123456", Issued: "2021-05-12",
	Address: "Tổ 5, Phường Đoàn Kết, Lai Châu", Source: applicant.FromQR, Checked: applicant.Checked{QR: true},
}

func TestCardIsReadInEveryShape(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"as printed":                      card,
		"Enter and line feed of a reader": card + "\r\n",
		"dates with bars":                 strings.NewReplacer("07031990", "07/03/1990", "12052021", "12/05/2021").Replace(card),
		"decomposed letters":              norm.NFD.String(card),
		"relatives on the card of 2024":   card + "||Lò Văn Xôm|012060000001|Tòng Thị Inh|012161000002|",
		"control codes (rel-B-Q03)":       "\x02" + strings.ReplaceAll(card, "Thị", "\x1dThị") + "\x03",
		"early Enter before (rel-B-Q04)":  "01219000\n" + card,
		"broken scan before (rel-B-Q04)":  "012190001234|0451234" + card,
		"scanned twice (rel-B-Q04)":       card + card,
		"byte order mark":                 "\ufeff" + card,
	} {
		got, err := applicant.ParseCard(payload)
		if err != nil || got.Slip() || len(got.Fields)+len(got.Warnings) > 0 || got.Person != onCard {
			t.Errorf("%s: got %+v %v", name, got, err)
		}
	}
}

// rel-B-Q01, rel-B-Q04, rel-B-Q07: what is no complete card fills nothing and says what it is.
func TestOtherCodesFillNothing(t *testing.T) {
	t.Parallel()
	other := strings.Replace(card, "012190001234", "012090009999", 1)
	for _, c := range []struct{ rel, payload, key string }{
		{"Q01", "", "applicant.scan.empty"},
		{"Q01", " \r\n", "applicant.scan.empty"},
		{"Q01", "8934567890123", "applicant.scan.other"},
		{"Q01", "a|b|c|d|e|f|g", "applicant.scan.other"},
		{"Q01", "https://example.vn/menu", "applicant.scan.address"},
		{"Q01", "https://example.vn/tra-cuu/short", "applicant.scan.address"},
		{"Q01", "00020101021238540010A00000072701240006970436", "applicant.scan.payment"},
		{"Q01", "012190001234|045123456|Lò Thị Phương|07031990|Nữ|Tổ 5", "applicant.scan.part"},
		{"Q03", strings.Repeat("x", 1<<20), "applicant.scan.other"},
		{"Q04", "012190001234|0451", "applicant.scan.part"},
		{"Q04", card + other, "applicant.scan.two"},
		{"Q04", card + "\n" + other, "applicant.scan.two"},
		{"Q07", "012190001234||L\xf2 Th\xe1|07031990|N|T|12052021", "applicant.scan.encoding"},
		{"Q07", latin1(card), "applicant.scan.encoding"},
	} {
		got, err := applicant.ParseCard(c.payload)
		if key(err) != c.key || got.Person != (applicant.Person{}) || got.Slip() {
			t.Errorf("rel-B-%s %.40q: got %+v %v, want %s", c.rel, c.payload, got, err, c.key)
		}
	}
}

// latin1 is s as a reader sends it that takes the bytes for letters.
func latin1(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// rel-B-Q02, rel-B-Q03, rel-B-Q07: a faulty part is named, the others are filled.
func TestFaultyPartsAreNamedAndTheRestIsKept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rel, old, new string
		field, key    string
	}{
		{"Q02", "012190001234", "01219000123", "id_number", "applicant.err.id-length"},
		{"Q02", "07031990", "31021990", "born", "applicant.err.date-none"},
		{"Q02", "07031990", "", "born", "applicant.err.date"},
		{"Q02", "12052021", "12132021", "issued", "applicant.err.date-none"},
		{"Q03", "Lò Thị Phương", `Lò "<b>`, "name", "applicant.err.name-sign"},
		{"Q03", "Lò Thị Phương", strings.Repeat("Lò ", 5000), "name", "applicant.err.long"},
		{"Q03", "Lò Thị Phương", "Lò \u202eThị", "name", "applicant.err.control"},
		{"Q07", "Lò Thị Phương", "L? Th? Phương", "name", "applicant.scan.name"},
		{"Q07", "Lò Thị Phương", "L\uFFFD Thị", "name", "applicant.scan.name"},
		{"Q07", "Tổ 5", "T? 5", "address", "applicant.scan.text"},
	} {
		got, err := applicant.ParseCard(strings.Replace(card, c.old, c.new, 1))
		if err != nil || len(got.Fields) != 1 || got.Fields[0].Name != c.field || got.Fields[0].Key != c.key {
			t.Errorf("rel-B-%s %.30q: got %v %v, want %s %s", c.rel, c.new, got.Fields, err, c.field, c.key)
			continue
		}
		worded(t, got.Fields[0])
		if kept := got.Person; kept.OldNumber != onCard.OldNumber || kept.Sex != onCard.Sex {
			t.Errorf("rel-B-%s %.30q: the good parts are lost: %+v", c.rel, c.new, kept)
		}
	}
}

func TestOnlyTheYearOfBirthIsTaken(t *testing.T) {
	t.Parallel()
	got, err := applicant.ParseCard(strings.Replace(card, "07031990", "00001990", 1))
	if err != nil || got.Person.Born != "1990" {
		t.Errorf("got %q %v", got.Person.Born, err)
	}
}

// rel-B-Q08
func TestOwnSlipIsRecognised(t *testing.T) {
	t.Parallel()
	const token = "9F2KQ7Z1X8C4V6B3N5M0A1S2D3"
	for _, payload := range []string{
		"https://motcua.example.vn/t/" + token, "https://motcua.example.vn/tra-cuu/" + token, "http://127.0.0.1:8020/tra-cuu?t=" + token + "\r\n",
		"https://motcua.example.vn/vi/tra-cuu/" + token, "https://motcua.example.vn/tra-cuu/qr/" + token,
	} {
		got, err := applicant.ParseCard(payload)
		if err != nil || !got.Slip() || got.Token != token || got.Person != (applicant.Person{}) {
			t.Errorf("%q: got %+v %v", payload, got, err)
		}
	}
}
