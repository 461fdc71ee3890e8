package slip

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

func sampleBook() (Book, []BookRow) {
	b := Book{
		Template: template("register", "2025", "Mẫu số 07", "SỔ THEO DÕI HỒ SƠ", "A4-landscape"),
		Issuer:   Issuer{Agency: "CÔNG AN TỈNH LAI CHÂU", Unit: "Quầy số 20", Place: "Lai Châu"},
		From:     "2026-11-01", To: "2026-11-30", At: at("2026-12-01T08:00:00+07:00"),
	}
	row := BookRow{
		Code: "H35.20-20261126-0000012", Procedure: "Cấp hộ chiếu phổ thông ở trong nước", Sets: 1, Owner: "Lò Thị Ngọc Yến",
		Address: "Tổ 7, phường Đoàn Kết", Phone: "+84912000678", Lead: "Phòng Quản lý xuất nhập cảnh",
		ReceivedAt: at("2026-11-26T09:30:00+07:00"), DueAt: at("2026-12-08T09:30:00+07:00"), ResultWay: "Trực tiếp",
	}
	rows := []BookRow{row, row, row, row}
	for i, bad := range []string{`=HYPERLINK("http://example.com","x")`, "@SUM(1+1)*cmd|' /C calc'!A0", "\t-1+1"} {
		rows[i+1].Owner, rows[i+1].Note = bad, bad
	}
	rows[3].DueAt = time.Time{}
	return b, rows
}

// rel-K08: what people typed stays text in the sheet.
func TestRegisterHoldsNoFormula(t *testing.T) {
	t.Parallel()
	b, rows := sampleBook()
	made, err := Register(b, rows)
	save(t, "register.xlsx", made, err)
	f, err := excelize.OpenReader(bytes.NewReader(made))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheet := f.GetSheetName(0)
	all, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != headRow+len(rows) {
		t.Fatalf("%d rows, want %d", len(all), headRow+len(rows))
	}
	for y, row := range all {
		for x := range row {
			cell, _ := excelize.CoordinatesToCellName(x+1, y+1)
			if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
				t.Errorf("%s holds formula %q (%v)", cell, formula, err)
			}
		}
	}
	for i, r := range rows {
		if got, want := all[headRow+i][4], plain(r.Owner); got != want {
			t.Errorf("owner of row %d is %q, want %q", i+1, got, want)
		}
	}
	if got := all[headRow][6]; got != "+84912000678" {
		t.Errorf("telephone is %q", got)
	}
	if got := all[headRow][8]; got != "26/11/2026 09:30" {
		t.Errorf("received is %q, want Viet Nam's wall clock", got)
	}
	if got := all[headRow+3][9]; got != "không có ngày hẹn trả" {
		t.Errorf("a dossier without appointment shows %q", got)
	}
}

func TestRegisterPrintsAsTheForm(t *testing.T) {
	t.Parallel()
	b, rows := sampleBook()
	made, err := Register(b, rows)
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(made))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheet := f.GetSheetName(0)
	layout, err := f.GetPageLayout(sheet)
	if err != nil || *layout.Size != 9 || *layout.Orientation != "landscape" || *layout.FitToWidth != 1 {
		t.Errorf("page layout %+v, %v", layout, err)
	}
	panes, err := f.GetPanes(sheet)
	if err != nil || !panes.Freeze || panes.YSplit != headRow {
		t.Errorf("panes %+v, %v", panes, err)
	}
	all, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, row := range all {
		lines = append(lines, strings.Join(row, "\t"))
	}
	golden(t, "register", strings.Join(lines, "\n")+"\n")
	titles := false
	for _, d := range f.GetDefinedName() {
		titles = titles || d.Name == "_xlnm.Print_Titles" && strings.Contains(d.RefersTo, "$6:$6")
	}
	if !titles {
		t.Error("the heads are not repeated on every printed page")
	}
}

func TestSameRegisterGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	b, rows := sampleBook()
	first, err := Register(b, rows)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Register(b, rows)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Error("the same register gives other bytes")
	}
}
