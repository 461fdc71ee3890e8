package batch

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"quay20/internal/applicant"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// Bounds of a table (rel-B-U09, rel-B-C08).
const (
	MaxBytes  = 2 << 20
	MaxRows   = 500
	maxCell   = 500 // characters
	maxParts  = 200 // files inside an xlsx
	maxUnzip  = 32 << 20
	maxColumn = 40
)

// Row is a row of a table as it was sent: one text for each column, by its key.
type Row struct {
	N      int               // as the spreadsheet numbers it; 2 is the first below the header
	Cells  map[string]string // "owner_name" → "Lò Thị Phương"
	Faults []problem.Field   // of reading: a formula, a cell too long
}

// columns of a table, in the template's order.
var columns = []string{"ref", "case", "fee_case", "owner_name", "owner_born", "owner_sex", "owner_id", "owner_phone", "owner_address", "plate", "request", "return_by"}

func header(column string) string { return text.T(text.Vi, "batch.column."+column) }

// headers are the header's words, and which column each stands for.
func headers() (words []string, of map[string]string) {
	of = map[string]string{}
	for _, c := range columns {
		words = append(words, header(c))
		of[applicant.Fold(header(c))] = c
	}
	return words, of
}

// Read reads a table: an Excel workbook, a CSV file, or rows copied from a
// spreadsheet. Cells are text; a formula is never worked out and refuses its row.
func Read(body []byte) ([]Row, error) {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, wrong("batch.err.empty")
	case len(body) > MaxBytes:
		return nil, wrong("batch.err.big", "mb", MaxBytes>>20)
	case bytes.HasPrefix(body, []byte("PK\x03\x04")):
		return workbook(body)
	case bytes.HasPrefix(body, []byte("\xd0\xcf\x11\xe0")): // .xls, or a workbook behind a password
		return nil, wrong("batch.err.old-excel")
	}
	return separated(body)
}

func wrong(key string, args ...any) error {
	return problem.New(problem.Invalid, "err.summary").Field("table", key, args...)
}

// grid are the lines of a table; what was wrong with a cell is beside it.
type grid struct {
	lines  [][]string
	odd    map[[2]int]string // line and column → text key
	number func(i int) int   // the row's number in the file
}

// rows finds the columns by their headers, in any order, and reads the lines.
func (g grid) rows() ([]Row, error) {
	words, of := headers()
	if len(g.lines) == 0 {
		return nil, wrong("batch.err.header", "want", strings.Join(words, " | "))
	}
	place := map[string]int{}
	for i, cell := range g.lines[0] {
		if strings.TrimSpace(cell) == "" || applicant.Fold(cell) == applicant.Fold(header("errors")) {
			continue // a report that was mended comes back with its column of faults
		}
		c, known := of[applicant.Fold(cell)]
		if _, twice := place[c]; !known || twice {
			return nil, wrong("batch.err.column", "column", short(cell), "want", strings.Join(words, " | "))
		}
		place[c] = i
	}
	for _, c := range columns {
		if _, ok := place[c]; !ok {
			return nil, wrong("batch.err.missing-column", "column", header(c), "want", strings.Join(words, " | "))
		}
	}
	var rows []Row
	for i, line := range g.lines[1:] {
		if !slices.ContainsFunc(line, func(s string) bool { return strings.TrimSpace(s) != "" }) {
			continue
		}
		if len(rows) == MaxRows {
			return nil, wrong("batch.err.rows", "most", MaxRows)
		}
		r := Row{N: g.number(i + 1), Cells: map[string]string{}}
		for _, c := range columns {
			at := place[c]
			if at >= len(line) {
				continue
			}
			v, key := cellText(line[at])
			if odd := g.odd[[2]int{i + 1, at}]; odd != "" {
				key = odd
			}
			if key != "" {
				r.Faults = append(r.Faults, problem.Field{Name: c, Key: key, Args: []any{"most", maxCell}})
			}
			r.Cells[c] = v
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, wrong("batch.err.no-rows")
	}
	return rows, nil
}

// cellText is a cell as text of one line, and what is wrong with it.
func cellText(s string) (v, key string) {
	v = norm.NFC.String(strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " "))
	if utf8.RuneCountInString(v) > maxCell {
		return string([]rune(v)[:maxCell]), "batch.err.cell-long"
	}
	if len(v) > 1 && v[0] == '\'' && strings.ContainsRune(dangerous, rune(v[1])) { // as our reports write it
		v = v[1:]
	}
	for _, r := range v {
		if r < ' ' {
			return "", "batch.err.cell-strange"
		}
	}
	return v, ""
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// separated reads CSV by commas, semicolons or tabs.
func separated(body []byte) ([]Row, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		return nil, wrong("batch.err.encoding", "encoding", "UTF-16")
	case !utf8.Valid(body):
		return nil, wrong("batch.err.encoding", "encoding", "Windows-1258")
	case bytes.IndexByte(body, 0) >= 0:
		return nil, wrong("batch.err.binary")
	}
	first, _, _ := bytes.Cut(body, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(body))
	r.Comma, r.FieldsPerRecord = ',', -1
	for _, comma := range []rune{';', '\t'} {
		if strings.Count(string(first), string(comma)) > strings.Count(string(first), string(r.Comma)) {
			r.Comma = comma
		}
	}
	var g grid
	var at []int
	for {
		line, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			n := 0
			var parse *csv.ParseError
			if errors.As(err, &parse) {
				n = parse.Line
			}
			return nil, wrong("batch.err.csv", "line", n)
		}
		if len(g.lines) > MaxRows+1 || len(line) > maxColumn {
			return nil, wrong("batch.err.rows", "most", MaxRows)
		}
		n, _ := r.FieldPos(0)
		g.lines, at = append(g.lines, line), append(at, n)
	}
	g.number = func(i int) int { return at[i] }
	return g.rows()
}

// workbook reads the first sheet of an Excel file that is no bomb.
func workbook(body []byte) ([]Row, error) {
	if err := safeZip(body); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(body), excelize.Options{UnzipSizeLimit: maxUnzip, UnzipXMLSizeLimit: maxUnzip})
	if err != nil {
		return nil, wrong("batch.err.excel")
	}
	defer f.Close()
	sheet := f.GetSheetList()[0]
	lines, err := f.Rows(sheet)
	if err != nil {
		return nil, wrong("batch.err.excel")
	}
	defer lines.Close()
	g := grid{odd: map[[2]int]string{}, number: func(i int) int { return i + 1 }}
	blank := 0
	for lines.Next() {
		line, err := lines.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, wrong("batch.err.excel")
		}
		if len(line) > maxColumn {
			return nil, wrong("batch.err.column", "column", short(line[maxColumn]), "want", strings.Join(line[:1], ""))
		}
		if blank++; len(line) > 0 {
			blank = 0
		}
		if len(g.lines) > MaxRows+1+blank || blank > 1000 {
			return nil, wrong("batch.err.rows", "most", MaxRows)
		}
		g.lines = append(g.lines, line)
	}
	for i, line := range g.lines {
		for j := range line {
			if err := g.look(f, sheet, i, j); err != nil {
				return nil, wrong("batch.err.excel")
			}
		}
	}
	return g.rows()
}

// look notes a formula, and writes a cell that Excel keeps as a day as people do.
func (g grid) look(f *excelize.File, sheet string, i, j int) error {
	name, err := excelize.CoordinatesToCellName(j+1, i+1)
	if err != nil {
		return err
	}
	formula, err := f.GetCellFormula(sheet, name)
	if err != nil {
		return err
	}
	if formula != "" {
		g.odd[[2]int{i, j}] = "batch.err.formula"
		return nil
	}
	serial, err := strconv.ParseFloat(g.lines[i][j], 64)
	if err != nil || serial < 1 || serial > 100_000 {
		return nil
	}
	style, err := f.GetCellStyle(sheet, name)
	if err != nil {
		return err
	}
	if !isDay(f, style) {
		return nil
	}
	day, err := excelize.ExcelDateToTime(serial, false)
	if err != nil {
		return nil // it stays a number, which no field takes for a day
	}
	g.lines[i][j] = day.Format("02/01/2006")
	return nil
}

// isDay reports whether a style shows a number as a day.
func isDay(f *excelize.File, id int) bool {
	style, err := f.GetStyle(id)
	if err != nil || style == nil {
		return false
	}
	if style.CustomNumFmt != nil {
		format := strings.ToLower(*style.CustomNumFmt)
		return strings.Contains(format, "d") && strings.Contains(format, "y")
	}
	return style.NumFmt >= 14 && style.NumFmt <= 17 || style.NumFmt == 22 || style.NumFmt >= 27 && style.NumFmt <= 36
}

// safeZip refuses a workbook that unpacks into too much, holds too many parts or
// odd names, before anything is unpacked.
func safeZip(body []byte) error {
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return wrong("batch.err.excel")
	}
	var sum uint64
	for _, part := range z.File {
		if sum += part.UncompressedSize64; sum > maxUnzip || len(z.File) > maxParts {
			return wrong("batch.err.bomb")
		}
		if strings.Contains(part.Name, "..") || strings.HasPrefix(part.Name, "/") || strings.Contains(strings.ToLower(part.Name), "vbaproject") {
			return wrong("batch.err.macro")
		}
		// What a part says of its size is not believed.
		r, err := part.Open()
		if err != nil {
			return wrong("batch.err.excel")
		}
		n, err := io.Copy(io.Discard, io.LimitReader(r, int64(part.UncompressedSize64)+1))
		r.Close()
		if err != nil || uint64(n) > part.UncompressedSize64 {
			return wrong("batch.err.bomb")
		}
	}
	return nil
}

// dangerous are the beginnings that spreadsheets take for a formula (rel-K08).
const dangerous = "=+-@\t\r\x00"

// harmless writes a text so that no spreadsheet works it out.
func harmless(s string) string {
	if s != "" && strings.ContainsRune(dangerous, rune(s[0])) {
		return "'" + s
	}
	return s
}

// Template is an empty table for a procedure: columns of text, lists to choose a
// case from, and a sheet that says how to fill it in.
func Template(code, name string, cases, fees []string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	const sheet, help = "Ho so", "Huong dan"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	plain, bold, err := styles(f)
	if err != nil {
		return nil, err
	}
	last, _ := excelize.ColumnNumberToName(len(columns))
	if err := errors.Join(f.SetColStyle(sheet, "A:"+last, plain), f.SetColWidth(sheet, "A", last, 24)); err != nil {
		return nil, err
	}
	words, _ := headers()
	if err := writeLine(f, sheet, 1, words, bold); err != nil {
		return nil, err
	}
	for column, choices := range map[string][]string{"case": cases, "fee_case": fees, "owner_sex": {"Nam", "Nữ"}, "return_by": ways()} {
		if len(choices) == 0 || len(strings.Join(choices, ",")) > 250 { // Excel's own bound
			continue
		}
		letter, _ := excelize.ColumnNumberToName(slices.Index(columns, column) + 1)
		v := excelize.NewDataValidation(true)
		v.Sqref = letter + "2:" + letter + strconv.Itoa(MaxRows+1)
		if err := v.SetDropList(choices); err != nil {
			return nil, err
		}
		if err := f.AddDataValidation(sheet, v); err != nil {
			return nil, err
		}
	}
	if _, err := f.NewSheet(help); err != nil {
		return nil, err
	}
	lines := [][]string{{text.T(text.Vi, "batch.template.title", "code", code, "name", name)}, {text.T(text.Vi, "batch.template.how", "most", MaxRows)}}
	for _, c := range columns {
		lines = append(lines, []string{header(c), text.T(text.Vi, "batch.template."+c)})
	}
	for _, c := range cases {
		lines = append(lines, []string{header("case"), c})
	}
	for _, c := range fees {
		lines = append(lines, []string{header("fee_case"), c})
	}
	for i, l := range lines {
		if err := writeLine(f, help, i+1, l, plain); err != nil {
			return nil, err
		}
	}
	if err := f.SetColWidth(help, "A", "B", 60); err != nil {
		return nil, err
	}
	return bytesOf(f)
}

// Report is the table with a first column of what is wrong with each row.
func Report(rows []Line, lang text.Lang) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "Ho so"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	plain, bold, err := styles(f)
	if err != nil {
		return nil, err
	}
	words, _ := headers()
	if err := writeLine(f, sheet, 1, append([]string{header("errors")}, words...), bold); err != nil {
		return nil, err
	}
	for i, r := range rows {
		line := []string{r.Says(lang)}
		for _, c := range columns {
			line = append(line, harmless(r.Cells[c]))
		}
		if err := writeLine(f, sheet, i+2, line, plain); err != nil {
			return nil, err
		}
	}
	last, _ := excelize.ColumnNumberToName(len(columns) + 1)
	if err := errors.Join(f.SetColWidth(sheet, "A", "A", 60), f.SetColWidth(sheet, "B", last, 24)); err != nil {
		return nil, err
	}
	return bytesOf(f)
}

func styles(f *excelize.File) (plain, bold int, err error) {
	asText := 49 // "@"
	plain, err = f.NewStyle(&excelize.Style{NumFmt: asText, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return 0, 0, err
	}
	bold, err = f.NewStyle(&excelize.Style{NumFmt: asText, Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true}})
	return plain, bold, err
}

// writeLine writes cells as texts, never as formulas or numbers.
func writeLine(f *excelize.File, sheet string, row int, cells []string, style int) error {
	for i, v := range cells {
		name, err := excelize.CoordinatesToCellName(i+1, row)
		if err != nil {
			return err
		}
		if err := errors.Join(f.SetCellStr(sheet, name, v), f.SetCellStyle(sheet, name, name, style)); err != nil {
			return err
		}
	}
	return nil
}

func bytesOf(f *excelize.File) ([]byte, error) {
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
