package batch_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"quay20/internal/applicant"
	"quay20/internal/batch"
	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
)

// hotel is an organisation that sends tables.
type hotel struct {
	*testing.T
	p    *demo.Province
	book *batch.Book
	t    batch.Table
}

func atHotel(t *testing.T, fn func(*hotel)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := demotest.At(t, db)
		h := &hotel{T: t, p: p, book: batch.NewBook(db, p.Law.Law, p.Register)}
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO organisation (id, version, body) VALUES ('ORG', 1, '{}')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		h.t = batch.Table{Organisation: "ORG", Account: "ACC", Procedure: "1.001456", Desk: "12-Q20", Authority: "Giấy ủy quyền số 12/GUQ",
			Filer: applicant.Person{Kind: applicant.Citizen, Name: "Lò Thị Phương", IDKind: applicant.CCCD, IDNumber: "012190001234"},
			Owner: applicant.Person{Kind: applicant.Organisation, Name: "Công ty TNHH Chè Tam Đường", TaxCode: "6200012345", Representative: "Lò Văn Chè"}}
		fn(h)
	})
}

func (h *hotel) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *hotel) check(rows ...string) (batch.Table, []batch.Line) {
	h.Helper()
	read, err := batch.Read(csvOf(rows...))
	h.must(err)
	t, err := h.book.Check(h.Context(), h.t, read)
	h.must(err)
	_, lines, err := h.book.Find(h.Context(), "ORG", t.ID)
	h.must(err)
	return t, lines
}

func anybody(context.Context, batch.Table, pack.Date) (bool, error) { return true, nil }

// file files a table to its end, and gives its rows.
func (h *hotel) file(t batch.Table, onlyRight bool) []batch.Line {
	h.Helper()
	h.must(h.book.File(h.Context(), "ORG", t.ID, onlyRight))
	h.must(h.book.Work(h.Context(), "ORG", t.ID, anybody))
	after, lines, err := h.book.Find(h.Context(), "ORG", t.ID)
	h.must(err)
	if after.State != batch.Done {
		h.Errorf("the table is %s", after.State)
	}
	return lines
}

func (h *hotel) dossiers() []dossier.Listed {
	h.Helper()
	list, err := h.p.Register.OfAccount(h.Context(), "organisation/ORG", 1000)
	h.must(err)
	return list
}

var titles = []string{"ref", "case", "fee_case", "owner_name", "owner_born", "owner_sex", "owner_id", "owner_phone", "owner_address", "plate", "request", "return_by"}

func headerLine() string {
	var all []string
	for _, c := range titles {
		all = append(all, text.T(text.Vi, "batch.column."+c))
	}
	return strings.Join(all, ";")
}

func csvOf(rows ...string) []byte {
	return []byte(headerLine() + "\n" + strings.Join(rows, "\n") + "\n")
}

// person is a row of a passport for somebody.
func person(ref, name, id string) string {
	return ref + ";Thông thường;Lệ phí;" + name + ";7/3/1990;Nữ;" + id + ";0912 345 678;Bản Nà Đon;;Cấp hộ chiếu;Tại quầy"
}

// caseOf is the case of the tests' procedure.
func caseOf(t *testing.T, h *hotel) string {
	t.Helper()
	proc, _ := h.p.Law.Law().Procedure("1.001456")
	v, _ := proc.On(pack.On(storetest.ClockOf(h.p.DB).Now()))
	return dossier.Cases(v, "online")[0].Name
}

// real puts the procedure's own case and fee into a row.
func (h *hotel) real(row, c string) string {
	proc, _ := h.p.Law.Law().Procedure("1.001456")
	fee := proc.Fee(pack.Ask{Case: c, Channel: "online", On: pack.On(storetest.ClockOf(h.p.DB).Now())})
	name := ""
	if len(fee.Choices) > 0 {
		name = fee.Choices[0]
	}
	return strings.NewReplacer("Thông thường", c, "Lệ phí", name).Replace(row)
}

// Each row becomes a dossier that names who filed, whose it is and under what
// authority; nothing is filed before somebody says so.
func TestRowsBecomeDossiers(t *testing.T) {
	atHotel(t, func(h *hotel) {
		c := caseOf(t, h)
		row := func(s string) string { return h.real(s, c) }
		table, lines := h.check(row(person("1", "Giàng Thị Mỷ", "012190005678")), row("2;Thông thường;Lệ phí;;;;;;;;Cấp hộ chiếu;"))
		if n := batch.Count(lines); n[batch.Right] != 2 {
			t.Fatalf("%v: %s %s", n, lines[0].Says(text.Vi), lines[1].Says(text.Vi))
		}
		if n := len(h.dossiers()); n != 0 {
			t.Fatalf("%d dossiers before anybody said so", n)
		}
		h.file(table, false)
		list := h.dossiers()
		if len(list) != 2 {
			t.Fatalf("%d dossiers", len(list))
		}
		for _, d := range list {
			if d.Filer.Name != "Lò Thị Phương" || d.Authority != h.t.Authority || d.Owner == nil || d.Channel != "online" || d.State != dossier.Filed {
				t.Errorf("%+v", d.Dossier)
			}
		}
		owners := []string{list[0].Owner.Name, list[1].Owner.Name}
		slices.Sort(owners)
		if !slices.Equal(owners, []string{"Công ty TNHH Chè Tam Đường", "Giàng Thị Mỷ"}) {
			t.Errorf("owners %v", owners)
		}
	})
}

// rel-B-C07, rel-T13: rows that are in the file twice, were filed before, or come in the
// same file again make no second dossier.
func TestTableSentTwiceMakesNoDoubles(t *testing.T) {
	atHotel(t, func(h *hotel) {
		c := caseOf(t, h)
		row := func(s string) string { return h.real(s, c) }
		a, b := row(person("", "Giàng Thị Mỷ", "012190005678")), row(person("NV-2", "Vàng A Sính", "012090005679"))
		table, lines := h.check(a, b, a)
		if n := batch.Count(lines); n[batch.Right] != 2 || n[batch.Wrong] != 1 {
			t.Fatalf("%v", n)
		}
		h.file(table, true)
		h.must(h.book.File(h.Context(), "ORG", table.ID, true)) // pressed twice
		h.must(h.book.Work(h.Context(), "ORG", table.ID, anybody))
		again, lines := h.check(a, b, row(person("NV-3", "Tẩn Thị Lai", "012190005680")))
		if n := batch.Count(lines); n[batch.Already] != 2 || n[batch.Right] != 1 || lines[0].Code == "" {
			t.Fatalf("%v", n)
		}
		h.file(again, false)
		if n := len(h.dossiers()); n != 3 {
			t.Errorf("%d dossiers, want 3", n)
		}
	})
}

// Nothing is filed while a row is wrong, unless the right ones are chosen; each
// fault stands at its column.
func TestWrongRowsHoldTheTableBack(t *testing.T) {
	atHotel(t, func(h *hotel) {
		c := caseOf(t, h)
		row := func(s string) string { return h.real(s, c) }
		table, lines := h.check(row(person("1", "Giàng Thị Mỷ", "012190005678")),
			"2;Không có;Lệ phí;Vàng A Sính;31/4/1990;nam nữ;0121;12;;;;Bay", row(person("3", "Tẩn Thị Lai", "012190005680")))
		said := lines[1].Says(text.Vi)
		for _, column := range []string{"case", "owner_born", "owner_sex", "owner_id", "owner_phone", "return_by"} {
			if !strings.Contains(said, text.T(text.Vi, "batch.column."+column)+": ") {
				t.Errorf("column %s: %s", column, said)
			}
		}
		err := h.book.File(h.Context(), "ORG", table.ID, false)
		if p, ok := problem.As(err); !ok || p.Key != "batch.err.wrong-rows" {
			t.Errorf("a table with a wrong row: %v", err)
		}
		if n := len(h.dossiers()); n != 0 {
			t.Fatalf("%d dossiers", n)
		}
		if n := batch.Count(h.file(table, true)); n[batch.Filed] != 2 || n[batch.Wrong] != 1 {
			t.Errorf("%v", n)
		}
	})
}

// Filing that was cut short goes on where it stopped; one whose sender lost the
// authority meanwhile files nothing more.
func TestFilingGoesOnAndAsksForTheAuthority(t *testing.T) {
	atHotel(t, func(h *hotel) {
		c := caseOf(t, h)
		var rows []string
		for i := range 6 {
			rows = append(rows, h.real(person(fmt.Sprint(i), "Giàng Thị Mỷ", fmt.Sprintf("0121900056%02d", i)), c))
		}
		table, _ := h.check(rows...)
		h.must(h.book.File(h.Context(), "ORG", table.ID, false))
		asked := 0
		stop := func(ctx context.Context, t batch.Table, on pack.Date) (bool, error) {
			if asked++; asked == 3 {
				return false, fmt.Errorf("the lights go out")
			}
			return asked < 6, nil
		}
		if err := h.book.Work(h.Context(), "ORG", table.ID, stop); err == nil {
			t.Fatal("the lights stayed on")
		}
		if n := len(h.dossiers()); n != 2 {
			t.Fatalf("%d dossiers before the lights went out", n)
		}
		h.must(h.book.Work(h.Context(), "ORG", table.ID, stop))
		_, lines, err := h.book.Find(h.Context(), "ORG", table.ID)
		h.must(err)
		if n := batch.Count(lines); n[batch.Filed] != 4 || n[batch.Wrong] != 2 || len(h.dossiers()) != 4 {
			t.Errorf("%v, %d dossiers", n, len(h.dossiers()))
		}
	})
}

// rel-B-C01, rel-B-C02, rel-B-C03, rel-B-C08: tables that cannot be read are
// refused whole, for the reason.
func TestTablesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	good := person("1", "Giàng Thị Mỷ", "012190005678")
	many := strings.Repeat(good+"\n", batch.MaxRows+1)
	for what, c := range map[string]struct{ body, key string }{
		"nothing":          {" \n", "batch.err.empty"},
		"a missing column": {strings.Replace(string(csvOf(good)), "Giới tính;", "", 1), "batch.err.missing-column"},
		"a column twice":   {strings.Replace(string(csvOf(good)), "Giới tính", "Ngày sinh", 1), "batch.err.column"},
		"an odd column":    {strings.Replace(string(csvOf(good)), "Giới tính", "Cân nặng", 1), "batch.err.column"},
		"no rows":          {headerLine(), "batch.err.no-rows"},
		"too many rows":    {headerLine() + "\n" + many, "batch.err.rows"},
		"a bad quote":      {string(csvOf(`1;"a"b;c`)), "batch.err.csv"},
		"UTF-16":           {"\xff\xfeM\x00", "batch.err.encoding"},
		"Windows-1258":     {string(csvOf("1;Gi\xe0ng")), "batch.err.encoding"},
		"a zero byte":      {string(csvOf("1;a\x00b")), "batch.err.binary"},
		"an old workbook":  {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "batch.err.old-excel"},
		"too big":          {strings.Repeat("x", batch.MaxBytes+1), "batch.err.big"},
		"a broken zip":     {"PK\x03\x04garbage", "batch.err.excel"},
		"another zip":      {string(zipOf(t, "a.txt", []byte("x"))), "batch.err.excel"},
		"a bomb":           {string(zipOf(t, "xl/worksheets/sheet1.xml", make([]byte, 40<<20))), "batch.err.bomb"},
		"macros":           {string(zipOf(t, "xl/vbaProject.bin", []byte("x"))), "batch.err.macro"},
		"a climbing name":  {string(zipOf(t, "../../etc/passwd", []byte("x"))), "batch.err.macro"},
	} {
		_, err := batch.Read([]byte(c.body))
		p, ok := problem.As(err)
		if !ok || len(p.Fields) != 1 || p.Fields[0].Key != c.key {
			t.Errorf("%s: %v, want %s", what, err, c.key)
		}
	}
}

func zipOf(t *testing.T, name string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Columns may stand in any order and be separated as spreadsheets do.
func TestColumnsInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, comma := range []string{";", ",", "\t"} {
		body := strings.ReplaceAll(string(csvOf("7;x;y;Giàng Thị Mỷ")), ";", comma)
		rows, err := batch.Read([]byte("\ufeff" + body))
		if err != nil || len(rows) != 1 || rows[0].Cells["owner_name"] != "Giàng Thị Mỷ" || rows[0].N != 2 {
			t.Errorf("%q: %+v, %v", comma, rows, err)
		}
	}
	lines := strings.Split(headerLine(), ";")
	lines[0], lines[3] = lines[3], lines[0]
	rows, err := batch.Read([]byte(strings.Join(lines, ";") + "\nGiàng Thị Mỷ;x;y;7\n"))
	if err != nil || rows[0].Cells["owner_name"] != "Giàng Thị Mỷ" || rows[0].Cells["ref"] != "7" {
		t.Errorf("%+v, %v", rows, err)
	}
}

// rel-B-C04, rel-B-C05, rel-B-C09, rel-K08: cells of a workbook are texts, a day
// is read as people write it, a formula is never worked out; the report works
// out nothing either, and comes back as it was.
func TestWorkbookCellsAreTexts(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	defer f.Close()
	for i, c := range append([]string{}, titles...) {
		name, _ := excelize.CoordinatesToCellName(i+1, 1)
		if err := f.SetCellStr("Sheet1", name, text.T(text.Vi, "batch.column."+c)); err != nil {
			t.Fatal(err)
		}
	}
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		f.SetCellStr("Sheet1", "A2", "=1+1"), f.SetCellStr("Sheet1", "D2", "Giàng Thị Mỷ"),
		f.SetCellFloat("Sheet1", "E2", 33202, -1, 64), f.SetCellStyle("Sheet1", "E2", "E2", day),
		f.SetCellFormula("Sheet1", "G2", "A2&\"0\""), f.SetCellInt("Sheet1", "H2", 912345678),
		f.SetCellStr("Sheet1", "A3", "+2"), f.SetCellFloat("Sheet1", "E3", 33202, -1, 64), f.SetCellStr("Sheet1", "D3", "Vàng A Sính"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := batch.Read(b.Bytes())
	if err != nil || len(rows) != 2 {
		t.Fatalf("%+v, %v", rows, err)
	}
	r := rows[0]
	if r.Cells["ref"] != "=1+1" || r.Cells["owner_born"] != "25/11/1990" || r.Cells["owner_phone"] != "912345678" {
		t.Errorf("%+v", r.Cells)
	}
	if len(r.Faults) != 1 || r.Faults[0].Name != "owner_id" || r.Faults[0].Key != "batch.err.formula" {
		t.Errorf("the formula: %+v", r.Faults)
	}
	if rows[1].Cells["owner_born"] != "33202" {
		t.Errorf("a bare number is taken for a day: %q", rows[1].Cells["owner_born"])
	}
	report, err := batch.Report([]batch.Line{{Row: r, State: batch.Wrong}, {Row: rows[1], State: batch.Wrong}}, text.Vi)
	if err != nil {
		t.Fatal(err)
	}
	g, err := excelize.OpenReader(bytes.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for _, cell := range []string{"A2", "B2", "B3"} {
		formula, err := g.GetCellFormula("Ho so", cell)
		v, err2 := g.GetCellValue("Ho so", cell)
		if err != nil || err2 != nil || formula != "" || strings.ContainsAny(v[:1], "=+-@") {
			t.Errorf("%s is %q, formula %q", cell, v, formula)
		}
	}
	if v, _ := g.GetCellValue("Ho so", "A2"); !strings.Contains(v, "công thức") {
		t.Errorf("the report says %q", v)
	}
	again, err := batch.Read(report)
	if err != nil || again[0].Cells["ref"] != "=1+1" || again[1].Cells["ref"] != "+2" {
		t.Errorf("the report comes back as %+v, %v", again, err)
	}
}

// The template can be filled in and sent as it is.
func TestTemplateIsReadBack(t *testing.T) {
	t.Parallel()
	body, err := batch.Template("1.001456", "Cấp hộ chiếu", []string{"Thông thường", "Trẻ em"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := batch.Read(body); !isKey(err, "batch.err.no-rows") {
		t.Errorf("the empty template: %v", err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.SetCellStr("Ho so", "D2", "Giàng Thị Mỷ"); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := batch.Read(b.Bytes()); err != nil || len(rows) != 1 {
		t.Errorf("%+v, %v", rows, err)
	}
}

func isKey(err error, key string) bool {
	p, ok := problem.As(err)
	return ok && len(p.Fields) == 1 && p.Fields[0].Key == key
}
