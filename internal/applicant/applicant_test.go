package applicant_test

import (
	"slices"
	"strings"
	"testing"

	"quay20/internal/applicant"
	"quay20/internal/problem"
	"quay20/internal/text"
)

const today = "2026-05-08"

// valid is a person with nothing to say about; tests spoil one thing.
func valid() applicant.Person {
	return applicant.Person{
		Kind: applicant.Citizen, Name: "Lò Thị Phương", Born: "07/03/1990", Sex: applicant.Female,
		IDKind: applicant.CCCD, IDNumber: "012 190 001234", Issued: "12/05/2021",
		Address: "Tổ 5, Phường Đoàn Kết", Phone: "0912 345 678", Email: "phuong@Example.vn", Language: "vi",
	}
}

func TestCheckWritesEverythingInOneForm(t *testing.T) {
	t.Parallel()
	p := valid()
	p.Name = "  Lo\u0300   Thi\u0323 Phương "
	fields, warnings := p.Check("applicant.", today)
	if len(fields)+len(warnings) > 0 {
		t.Fatalf("fields %v, warnings %v, want none", fields, warnings)
	}
	want := valid()
	want.Born, want.Issued, want.IDNumber = "1990-03-07", "2021-05-12", "012190001234"
	want.Phone, want.Email = "+84912345678", "phuong@example.vn"
	if p != want {
		t.Errorf("got %+v\nwant %+v", p, want)
	}
	if fields, warnings := p.Check("applicant.", today); len(fields)+len(warnings) > 0 || p != want {
		t.Errorf("checking again: %v %v, %+v", fields, warnings, p)
	}
}

// rel-B-W01 to rel-B-W05, rel-G10, rel-K15: each bad input is named by field
// and reason, and stays as typed.
func TestCheckBlocks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rel   string
		spoil func(*applicant.Person)
		field string
		key   string
	}{
		{"W01", func(p *applicant.Person) { p.Name = "" }, "name", "applicant.err.name-empty"},
		{"W01", func(p *applicant.Person) { p.Name = " \t\u00a0 " }, "name", "applicant.err.name-empty"},
		{"W01", func(p *applicant.Person) { p.Name = "\u200b\ufeff\u200d" }, "name", "applicant.err.name-empty"},
		{"W01", func(p *applicant.Person) { p.Kind = "" }, "kind", "applicant.err.kind"},
		{"W01", func(p *applicant.Person) { p.IDNumber = "" }, "id_number", "applicant.err.id-empty"},
		{"W01", func(p *applicant.Person) { p.IDKind, p.IDNumber = "", "\u200b" }, "id_number", "applicant.err.id-empty"},
		{"W02", func(p *applicant.Person) { p.Name = strings.Repeat("ễ", 300) }, "name", "applicant.err.long"},
		{"W02", func(p *applicant.Person) { p.Name = "Lò Thị 2" }, "name", "applicant.err.name-digit"},
		{"W02", func(p *applicant.Person) { p.Name = "<script>alert(1)</script>" }, "name", "applicant.err.name-sign"},
		{"W02", func(p *applicant.Person) { p.Name = "a" + strings.Repeat("\u0301", 5000) }, "name", "applicant.err.long"},
		{"W03", func(p *applicant.Person) { p.Born = "31/02/1990" }, "born", "applicant.err.date-none"},
		{"W03", func(p *applicant.Person) { p.Born = "09/05/2026" }, "born", "applicant.err.born-future"},
		{"W03", func(p *applicant.Person) { p.Born = "01/01/1850" }, "born", "applicant.err.born-early"},
		{"W03", func(p *applicant.Person) { p.Born = "07/03/90" }, "born", "applicant.err.date-year"},
		{"W03", func(p *applicant.Person) { p.Born = "2027" }, "born", "applicant.err.born-future"},
		{"W04", func(p *applicant.Person) { p.IDNumber = "01219000123" }, "id_number", "applicant.err.id-length"},
		{"W04", func(p *applicant.Person) { p.IDNumber = "0121900012345" }, "id_number", "applicant.err.id-length"},
		{"W04", func(p *applicant.Person) { p.IDNumber = "O12190001234" }, "id_number", "applicant.err.id-letter"},
		{"W04", func(p *applicant.Person) { p.IDNumber = "000190001234" }, "id_number", "applicant.err.id-province"},
		{"W04", func(p *applicant.Person) { p.IDNumber = "012490001234" }, "id_number", "applicant.err.id-century"},
		{"W04", func(p *applicant.Person) { p.IDNumber = "012230001234" }, "id_number", "applicant.err.id-century"},
		{"W05", func(p *applicant.Person) { p.Phone = "09a2345678" }, "phone", "applicant.err.phone-sign"},
		{"W05", func(p *applicant.Person) { p.Phone = "113" }, "phone", "applicant.err.phone"},
		{"G10", func(p *applicant.Person) { p.Name = "Lò \u202eThị" }, "name", "applicant.err.control"},
		{"G10", func(p *applicant.Person) { p.Address = "Tổ\x00 5" }, "address", "applicant.err.control"},
		{"G10", func(p *applicant.Person) { p.Address = "Tổ \xff5" }, "address", "applicant.err.encoding"},
		{"G10", func(p *applicant.Person) { p.Village = strings.Repeat("b", 1_000_000) }, "village", "applicant.err.long"},
		{"K15", func(p *applicant.Person) { p.IDKind = "id" }, "id_number", "applicant.err.id-kind"},
		{"K15", func(p *applicant.Person) { p.IDKind, p.IDNumber = "id", "" }, "id_kind", "applicant.err.id-kind"},
		{"K15", func(p *applicant.Person) { p.Sex = "x" }, "sex", "applicant.err.sex"},
		{"K15", func(p *applicant.Person) { p.Language = "tiếng Mông" }, "language", "applicant.err.language"},
		{"K15", func(p *applicant.Person) { p.Email = "phuong@" }, "email", "applicant.err.email"},
		{"K15", func(p *applicant.Person) { p.IDKind, p.IDNumber = applicant.Passport, "C#1" }, "id_number", "applicant.err.passport"},
		{"K15", func(p *applicant.Person) { p.OldNumber = "1234" }, "old_number", "applicant.err.id-length"},
		{"Q02", func(p *applicant.Person) { p.Issued = "09/05/2026" }, "issued", "applicant.err.issued-future"},
		{"Q02", func(p *applicant.Person) { p.Issued = "01/01/1989" }, "issued", "applicant.err.issued-early"},
		{"Q02", func(p *applicant.Person) { p.Issued = "2021" }, "issued", "applicant.err.date"},
		{"W01", func(p *applicant.Person) { p.Kind, p.Name, p.Representative = applicant.Organisation, "", "Páo" }, "name", "applicant.err.organisation-empty"},
		{"W01", func(p *applicant.Person) { p.Kind = applicant.Organisation }, "representative", "applicant.err.representative-empty"},
		{"K15", func(p *applicant.Person) {
			p.Kind, p.Representative, p.TaxCode = applicant.Household, "Giàng A Páo", "62"
		}, "tax_code", "applicant.err.tax-code"},
	} {
		p := valid()
		c.spoil(&p)
		fields, _ := p.Check("owner.", today)
		if len(fields) != 1 || fields[0].Name != "owner."+c.field || fields[0].Key != c.key {
			t.Errorf("rel-B-%s: got %v, want %s %s", c.rel, fields, c.field, c.key)
		}
		for _, f := range fields {
			worded(t, f)
		}
	}
}

// rel-B-W04, rel-B-W05, rel-B-Q06, rel-K17: what only looks wrong is said and not refused.
func TestCheckWarns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spoil func(*applicant.Person)
		field string
		key   string
	}{
		{func(p *applicant.Person) { p.Born = "1991" }, "id_number", "applicant.warn.id-born"},
		{func(p *applicant.Person) { p.Sex = applicant.Male }, "id_number", "applicant.warn.id-sex"},
		{func(p *applicant.Person) { p.IDNumber = "301190001234" }, "id_number", "applicant.warn.id-province"},
		{func(p *applicant.Person) { p.IDKind, p.IDNumber = applicant.NoPaper, "" }, "id_number", "applicant.warn.no-paper"},
		{func(p *applicant.Person) { p.Issued = "06/03/2013" }, "issued", "applicant.warn.card-ended"},
		{func(p *applicant.Person) { p.IDKind, p.IDNumber = applicant.CMND, "045123456" }, "id_number", "applicant.warn.cmnd-ended"},
		{func(p *applicant.Person) { p.Phone = "+856 20 5512 3456" }, "phone", "applicant.warn.phone-foreign"},
		{func(p *applicant.Person) { p.Phone = "091234567" }, "phone", "applicant.warn.phone-odd"},
		{func(p *applicant.Person) { p.Phone = "01681234567" }, "phone", "applicant.warn.phone-odd"},
		{func(p *applicant.Person) { p.Phone = "912345678" }, "phone", "applicant.warn.phone-zero"},
	} {
		p := valid()
		c.spoil(&p)
		fields, warnings := p.Check("", today)
		if len(fields) > 0 || len(warnings) != 1 || warnings[0].Name != c.field || warnings[0].Key != c.key {
			t.Errorf("got %v and %v, want only the warning %s %s", fields, warnings, c.field, c.key)
		}
		for _, f := range warnings {
			worded(t, f)
		}
	}
}

// rel-B-Q06: a card ends at 25, 40 and 60, unless it was new two years before.
func TestCardEndsByAge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		issued, on string
		ended      bool
	}{
		{"2013-03-06", "2015-03-06", false}, {"2013-03-06", "2015-03-07", true},
		{"2013-03-07", "2026-05-08", false}, {"2013-03-07", "2030-03-07", true},
		{"2048-03-07", "2099-01-01", false},
	} {
		p := valid()
		p.Issued = c.issued
		if _, warnings := p.Check("", c.on); (len(warnings) > 0) != c.ended {
			t.Errorf("card of %s on %s: %v, want ended %v", c.issued, c.on, warnings, c.ended)
		}
	}
}

func TestCheckSaysEverythingAtOnceInFormOrder(t *testing.T) {
	t.Parallel()
	p := applicant.Person{Kind: applicant.Citizen, Born: "31/02/1990", IDNumber: "12", Phone: "12", Email: "@"}
	fields, _ := p.Check("", today)
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	if want := []string{"name", "born", "id_number", "phone", "email"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if p.Born != "31/02/1990" || p.Phone != "12" {
		t.Errorf("what was typed is lost: %+v", p)
	}
}

func TestOrganisationHasDigitsTaxCodeAndRepresentative(t *testing.T) {
	t.Parallel()
	p := applicant.Person{
		Kind: applicant.Organisation, Name: "Công ty TNHH 27/7 “Nà Đon” & Bạn",
		TaxCode: "6200012345 001", Representative: "Giàng A Páo",
	}
	if fields, warnings := p.Check("", today); len(fields)+len(warnings) > 0 {
		t.Fatalf("fields %v, warnings %v, want none", fields, warnings)
	}
	if p.TaxCode != "6200012345-001" {
		t.Errorf("tax code is %q", p.TaxCode)
	}
}

// worded reports a finding that has no words, or words with a gap.
func worded(t *testing.T, f problem.Field) {
	t.Helper()
	for _, lang := range []text.Lang{text.Vi, text.En} {
		if s := text.Field(lang, f); strings.ContainsAny(s, "[{") {
			t.Errorf("%s: words are %q", f.Key, s)
		}
	}
}

func key(err error) string {
	if p, ok := problem.As(err); ok {
		return p.Key
	}
	return ""
}
