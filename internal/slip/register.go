package slip

import (
	"bytes"
	"fmt"
	"time"

	"github.com/xuri/excelize/v2"

	"quay20/internal/pack"
	"quay20/internal/text"
)

// Book is the dossier register of a desk in a period (sổ theo dõi hồ sơ), form
// 06 of 2018 and 07 of 2025.
type Book struct {
	Template pack.SlipTemplate `json:"template"`
	Issuer   Issuer            `json:"issuer"`
	From     pack.Date         `json:"from"` // first day of the period
	To       pack.Date         `json:"to"`   // last day, inclusive
	At       time.Time         `json:"at"`   // when it was made
}

// BookRow is one dossier in the register.
type BookRow struct {
	Code       string    `json:"code"`
	Procedure  string    `json:"procedure"`
	Sets       int       `json:"sets"`
	Owner      string    `json:"owner"`
	Address    string    `json:"address,omitempty"`
	Phone      string    `json:"phone,omitempty"`
	Lead       string    `json:"lead,omitempty"` // cơ quan chủ trì giải quyết
	ReceivedAt time.Time `json:"receivedAt"`
	DueAt      time.Time `json:"dueAt,omitzero"`
	ReturnedAt time.Time `json:"returnedAt,omitzero"`
	ResultWay  string    `json:"resultWay,omitempty"` // phương thức nhận kết quả
	ReturnedBy string    `json:"returnedBy,omitempty"`
	TakenBy    string    `json:"takenBy,omitempty"`
	Note       string    `json:"note,omitempty"`
}

// bookColumns are the columns of the form, with their widths in letters.
var bookColumns = []struct {
	key   string
	width float64
	date  bool
}{
	{"slip.no", 6, false}, {"slip.code", 27, false}, {"slip.book.procedure", 38, false}, {"slip.book.sets", 9, false},
	{"slip.owner", 24, false}, {"slip.address", 30, false}, {"slip.phone", 14, false}, {"slip.book.lead", 22, false},
	{"slip.list.received", 17, true}, {"slip.list.due", 17, true}, {"slip.book.returned", 17, true}, {"slip.book.way", 18, false},
	{"slip.book.returned-by", 20, false}, {"slip.book.taken-by", 20, false}, {"slip.book.signed", 12, false}, {"slip.note", 20, false},
}

// headRow is the row of the column heads.
const headRow = 6

// Register makes the register as an Excel file: one sheet, heads frozen and
// repeated on every printed page, A4 landscape. Cells hold text or dates, never
// formulas, whatever people have typed.
func Register(b Book, rows []BookRow) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	out, err := writeBook(f, b, rows)
	if err != nil {
		return nil, fmt.Errorf("writing the register of %s: %w", b.Issuer.Unit, err)
	}
	return out, nil
}

func writeBook(f *excelize.File, b Book, rows []BookRow) ([]byte, error) {
	name := text.T(text.Vi, "slip.book.sheet")
	if err := setUpBook(f, name, b, len(rows)); err != nil {
		return nil, err
	}
	styles, err := bookStyles(f)
	if err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	if err := writeBookHead(w, styles, b); err != nil {
		return nil, err
	}
	for i, r := range rows {
		at := fmt.Sprintf("A%d", headRow+1+i)
		if err := w.SetRow(at, bookRow(styles, i+1, r)); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

type bookStyle struct{ strong, title, plain, head, text, number, date int }

func bookStyles(f *excelize.File) (s bookStyle, err error) {
	thin := []excelize.Border{
		{Type: "left", Style: 1, Color: "000000"}, {Type: "right", Style: 1, Color: "000000"},
		{Type: "top", Style: 1, Color: "000000"}, {Type: "bottom", Style: 1, Color: "000000"},
	}
	font := func(size float64, bold bool) *excelize.Font {
		return &excelize.Font{Family: "Times New Roman", Size: size, Bold: bold}
	}
	wrapped := func(h string) *excelize.Alignment {
		return &excelize.Alignment{Horizontal: h, Vertical: "top", WrapText: true}
	}
	day := "dd/mm/yyyy hh:mm"
	const asText = 49 // "@": what is typed over a cell stays text too
	for _, want := range []struct {
		id    *int
		style excelize.Style
	}{
		{&s.strong, excelize.Style{Font: font(12, true)}},
		{&s.plain, excelize.Style{Font: font(12, false)}},
		{&s.title, excelize.Style{Font: font(15, true), Alignment: &excelize.Alignment{Horizontal: "center"}}},
		{&s.head, excelize.Style{Font: font(11, true), Border: thin, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}}},
		{&s.text, excelize.Style{Font: font(11, false), Border: thin, NumFmt: asText, Alignment: wrapped("left")}},
		{&s.number, excelize.Style{Font: font(11, false), Border: thin, Alignment: wrapped("center")}},
		{&s.date, excelize.Style{Font: font(11, false), Border: thin, CustomNumFmt: &day, Alignment: wrapped("center")}},
	} {
		if *want.id, err = f.NewStyle(&want.style); err != nil {
			return s, err
		}
	}
	return s, nil
}

// setUpBook names the sheet and tells how it prints.
func setUpBook(f *excelize.File, name string, b Book, rows int) error {
	if err := f.SetSheetName("Sheet1", name); err != nil {
		return err
	}
	a4, landscape, wide, high := 9, "landscape", 1, 0
	if err := f.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &high}); err != nil {
		return err
	}
	fit := true
	if err := f.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	margin := 0.4
	if err := f.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: &margin, Right: &margin, Top: &margin, Bottom: &margin}); err != nil {
		return err
	}
	foot := "&C" + text.T(text.Vi, "slip.page") + " &P/&N"
	if err := f.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: foot}); err != nil {
		return err
	}
	last, _ := excelize.ColumnNumberToName(len(bookColumns))
	for _, d := range []excelize.DefinedName{
		{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!$%d:$%d", name, headRow, headRow), Scope: name},
		{Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("'%s'!$A$1:$%s$%d", name, last, headRow+rows), Scope: name},
	} {
		if err := f.SetDefinedName(&d); err != nil {
			return err
		}
	}
	made := b.At.UTC().Format(time.RFC3339)
	return f.SetDocProps(&excelize.DocProperties{Title: b.Template.Title, Creator: "quay20", LastModifiedBy: "quay20", Created: made, Modified: made, Language: "vi-VN"})
}

func writeBookHead(w *excelize.StreamWriter, s bookStyle, b Book) error {
	for i, c := range bookColumns {
		if err := w.SetColWidth(i+1, i+1, c.width); err != nil {
			return err
		}
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, XSplit: 2, YSplit: headRow, TopLeftCell: fmt.Sprintf("C%d", headRow+1), ActivePane: "bottomRight"}); err != nil {
		return err
	}
	title := b.Template.Title
	if title == "" {
		title = text.T(text.Vi, "slip.title.register")
	}
	period := text.T(text.Vi, "slip.book.period", "from", written(b.From), "to", written(b.To))
	for i, line := range []struct {
		style int
		text  string
	}{
		{s.plain, b.Issuer.Agency}, {s.strong, b.Issuer.Unit}, {s.title, title}, {s.title, period},
	} {
		at := fmt.Sprintf("A%d", i+1)
		if err := w.SetRow(at, []any{excelize.Cell{StyleID: line.style, Value: plain(line.text)}}); err != nil {
			return err
		}
		if line.style != s.title {
			continue
		}
		end, _ := excelize.CoordinatesToCellName(len(bookColumns), i+1)
		if err := w.MergeCell(at, end); err != nil {
			return err
		}
	}
	form := text.T(text.Vi, "slip.book.form", "form", b.Template.Form, "basis", b.Template.Basis)
	if err := w.SetRow("A5", []any{excelize.Cell{StyleID: s.plain, Value: plain(form)}}); err != nil {
		return err
	}
	heads := make([]any, len(bookColumns))
	for i, c := range bookColumns {
		heads[i] = excelize.Cell{StyleID: s.head, Value: text.T(text.Vi, c.key)}
	}
	return w.SetRow(fmt.Sprintf("A%d", headRow), heads, excelize.RowOpts{Height: 45})
}

func bookRow(s bookStyle, n int, r BookRow) []any {
	none := text.T(text.Vi, "slip.due.none")
	word := func(v string) any { return excelize.Cell{StyleID: s.text, Value: plain(v)} }
	date := func(t time.Time, zero string) any {
		if t.IsZero() {
			return word(zero)
		}
		// Excel has no zones: the wall clock of Viet Nam is written as it reads.
		l := t.In(pack.Zone)
		return excelize.Cell{StyleID: s.date, Value: time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)}
	}
	return []any{
		excelize.Cell{StyleID: s.number, Value: n}, word(r.Code), word(r.Procedure), excelize.Cell{StyleID: s.number, Value: r.Sets},
		word(r.Owner), word(r.Address), word(r.Phone), word(r.Lead),
		date(r.ReceivedAt, ""), date(r.DueAt, none), date(r.ReturnedAt, ""), word(r.ResultWay),
		word(r.ReturnedBy), word(r.TakenBy), word(""), word(r.Note),
	}
}

// written turns "2026-05-08" into "08/05/2026".
func written(d pack.Date) string {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return d
	}
	return t.Format("02/01/2006")
}
