package payment

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Sheet is a bank's statement as its file tells it (sao kê).
type Sheet struct {
	Format  string // "camt.053", "csv"
	Number  string // the bank's; of a CSV, the hash of the file
	Account string // "" if the file names none
	Opening *int64 // đồng; nil if it tells none
	Closing *int64
	Lines   []Told
	rowOf   []int // line of the file in which each stands
}

// MaxStatement is the most that a statement file may weigh.
const MaxStatement = 16 << 20

// ParseStatement reads a statement file: XML is camt.053, everything else CSV in
// the layout of Columns. The first line that is wrong is named, and nothing of the
// file is given (rel-B-H10, rel-B-H11).
func ParseStatement(file []byte) (Sheet, error) {
	if len(file) > MaxStatement {
		return Sheet{}, badStatement("pay.err.file-large", "most", MaxStatement>>20)
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\ufeff")))
	if len(text) == 0 || !utf8.Valid(text) {
		return Sheet{}, badStatement("pay.err.file-shape")
	}
	read := parseCSV
	if text[0] == '<' {
		read = parseCamt
	}
	s, err := read(text)
	if err != nil {
		return Sheet{}, err
	}
	seen := map[string]bool{}
	for i := range s.Lines {
		t := &s.Lines[i]
		if err := t.check(s.rowOf[i]); err != nil {
			return Sheet{}, err
		}
		if seen[t.Number] {
			return Sheet{}, badStatement("pay.err.number-twice", "line", s.rowOf[i], "number", t.Number)
		}
		seen[t.Number] = true
	}
	if len(s.Lines) == 0 {
		return Sheet{}, badStatement("pay.err.file-empty")
	}
	return s, s.balance()
}

func badStatement(key string, args ...any) error {
	return problem.New(problem.Invalid, "err.summary").Field("file", key, args...)
}

// Came and Went are the sums of what came in and went out.
func (s Sheet) Came() (n int64) { return s.sum(false) }
func (s Sheet) Went() (n int64) { return s.sum(true) }

func (s Sheet) sum(outgoing bool) (n int64) {
	for _, t := range s.Lines {
		if t.Outgoing == outgoing && t.Currency == "VND" {
			n += t.Amount
		}
	}
	return n
}

// balance holds a statement back whose lines do not lead from its opening balance
// to its closing one (rel-B-H08).
func (s Sheet) balance() error {
	if s.Opening == nil || s.Closing == nil || *s.Opening+s.Came()-s.Went() == *s.Closing {
		return nil
	}
	return badStatement("pay.err.balance", "opening", Dong(*s.Opening), "sum", Dong(s.Came()-s.Went()), "closing", Dong(*s.Closing))
}

// Columns are the columns of a CSV statement, each with the names that its head
// may have. Those before "currency" must be there.
var Columns = []struct {
	Name  string
	Known []string
}{
	{"number", []string{"number", "so giao dich", "ma giao dich", "so gd", "so tham chieu"}},
	{"booked", []string{"booked", "ngay giao dich", "thoi gian", "ngay gio", "ngay hach toan"}},
	{"in", []string{"in", "ghi co", "so tien ghi co", "credit"}},
	{"out", []string{"out", "ghi no", "so tien ghi no", "debit"}},
	{"message", []string{"message", "noi dung", "dien giai", "mo ta"}},
	{"currency", []string{"currency", "loai tien"}},
	{"payer", []string{"payer", "nguoi chuyen", "ten doi ung"}},
	{"reverses", []string{"reverses", "hoan giao dich", "gd bi hoan"}},
}

// mustHave is how many of Columns must be there.
const mustHave = 5

func parseCSV(text []byte) (Sheet, error) {
	sum := sha256.Sum256(text)
	s := Sheet{Format: "csv", Number: hex.EncodeToString(sum[:8])}
	r := csv.NewReader(bytes.NewReader(text))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		r.Comma = ';'
	}
	head, err := r.Read()
	if err != nil {
		return s, badStatement("pay.err.file-shape")
	}
	at := map[string]int{}
	for i, h := range head {
		for _, c := range Columns {
			if _, twice := at[c.Name]; !twice && slices.Contains(c.Known, fold(h)) {
				at[c.Name] = i
			}
		}
	}
	var missing []string
	for _, c := range Columns[:mustHave] {
		if _, ok := at[c.Name]; !ok {
			missing = append(missing, c.Known[min(1, len(c.Known)-1)])
		}
	}
	if len(missing) > 0 {
		return s, badStatement("pay.err.columns", "missing", strings.Join(missing, ", "))
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		line := 0
		if len(row) > 0 {
			line, _ = r.FieldPos(0)
		}
		if err != nil || len(s.Lines) >= maxLines {
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				line = bad.Line
			}
			return s, badStatement("pay.err.row", "line", line)
		}
		cell := func(name string) string {
			if i, ok := at[name]; ok {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		t := Told{Number: cell("number"), Currency: cmp.Or(strings.ToUpper(cell("currency")), "VND"), Message: cell("message"), Payer: cell("payer"), Reverses: cell("reverses")}
		in, okIn := dongOf(cell("in"))
		out, okOut := dongOf(cell("out"))
		if !okIn || !okOut || in > 0 && out > 0 {
			return s, badStatement("pay.err.line-amount", "line", line)
		}
		t.Amount, t.Outgoing = in+out, out > 0
		var ok bool
		if t.Booked, t.Dated, ok = bookedOf(cell("booked")); !ok {
			return s, badStatement("pay.err.booked", "line", line)
		}
		s.Lines, s.rowOf = append(s.Lines, t), append(s.rowOf, line)
	}
}

// fold makes names of columns alike: no diacritics, small, single blanks.
func fold(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToLower(unmarked(s)), "_", " ")), " ")
}

// dongOf reads an amount as banks write it: "15000", "15,000", "15.000"; nothing
// is 0.
func dongOf(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	whole := strings.TrimSuffix(strings.TrimSuffix(s, ".00"), ",00")
	n, err := strconv.ParseInt(strings.NewReplacer(",", "", ".", "", " ", "").Replace(whole), 10, 64)
	return n, err == nil && n >= 0
}

// bookedOf reads when a transaction was booked, in Viet Nam's time.
func bookedOf(s string) (at time.Time, dated, ok bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "02/01/2006 15:04:05", "02/01/2006 15:04"} {
		if t, err := time.ParseInLocation(layout, s, pack.Zone); err == nil {
			return t.UTC(), false, true
		}
	}
	for _, layout := range []string{time.DateOnly, "02/01/2006"} {
		if t, err := time.ParseInLocation(layout, s, pack.Zone); err == nil {
			return t.UTC(), true, true
		}
	}
	return at, false, false
}

// entry is as much of an entry (Ntry) of camt.053 as we read.
type entry struct {
	Ref      string `xml:"NtryRef"`
	ServRef  string `xml:"AcctSvcrRef"`
	Amount   camtAmount
	Sign     string   `xml:"CdtDbtInd"`
	Reversal bool     `xml:"RvslInd"`
	Status   camtCode `xml:"Sts"`
	Booked   camtDate `xml:"BookgDt"`
	Details  []struct {
		Ref      string   `xml:"Refs>AcctSvcrRef"`
		Original string   `xml:"Refs>InstrId"`
		Message  []string `xml:"RmtInf>Ustrd"`
		Payer    string   `xml:"RltdPties>Dbtr>Nm"`
		PayerPty string   `xml:"RltdPties>Dbtr>Pty>Nm"`
	} `xml:"NtryDtls>TxDtls"`
	More string `xml:"AddtlNtryInf"`
}

type camtAmount struct {
	XMLName  xml.Name `xml:"Amt"`
	Currency string   `xml:"Ccy,attr"`
	Value    string   `xml:",chardata"`
}

type camtCode struct {
	Plain string `xml:",chardata"`
	Code  string `xml:"Cd"`
}

type camtDate struct {
	Day  string `xml:"Dt"`
	Time string `xml:"DtTm"`
}

type camtBalance struct {
	Kind   string `xml:"Tp>CdOrPrtry>Cd"`
	Amount camtAmount
	Sign   string `xml:"CdtDbtInd"`
}

// Bounds of a camt.053.
const maxDepth = 32

// parseCamt reads the statement of one account, entry by entry, so that its size
// costs no more than its lines. The reader knows no entities but XML's own five
// and follows nothing; a document type is refused.
func parseCamt(text []byte) (Sheet, error) {
	s := Sheet{Format: "camt.053"}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = true
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("not UTF-8") }
	line := func() int { l, _ := d.InputPos(); return l }
	var path []string
	statements := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, badStatement("pay.err.row", "line", line())
		}
		switch t := token.(type) {
		case xml.Directive:
			return s, badStatement("pay.err.doctype", "line", line())
		case xml.StartElement:
			path = append(path, t.Name.Local)
			if len(path) > maxDepth {
				return s, badStatement("pay.err.row", "line", line())
			}
			where, at := strings.Join(path, "/"), line()
			var err error
			switch where {
			case "Document/BkToCstmrStmt/Stmt":
				statements++
				continue
			case "Document/BkToCstmrStmt/Stmt/Id":
				err = d.DecodeElement(&s.Number, &t)
			case "Document/BkToCstmrStmt/Stmt/Acct/Id/IBAN", "Document/BkToCstmrStmt/Stmt/Acct/Id/Othr/Id":
				err = d.DecodeElement(&s.Account, &t)
			case "Document/BkToCstmrStmt/Stmt/Bal":
				var b camtBalance
				if err = d.DecodeElement(&b, &t); err == nil {
					err = s.takeBalance(b)
				}
			case "Document/BkToCstmrStmt/Stmt/Ntry":
				var e entry
				if err = d.DecodeElement(&e, &t); err == nil {
					err = s.takeEntry(e, at)
				}
			default:
				continue
			}
			path = path[:len(path)-1] // DecodeElement read the end, too
			if _, known := problem.As(err); known {
				return s, err
			}
			if err != nil {
				return s, badStatement("pay.err.row", "line", at)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
	if statements != 1 {
		return s, badStatement("pay.err.one-statement", "n", statements)
	}
	s.Number = clean(s.Number)
	if !printable(s.Number, 1, 70) {
		return s, badStatement("pay.err.statement-id")
	}
	return s, nil
}

func (s *Sheet) takeBalance(b camtBalance) error {
	n, ok := wholeDong(b.Amount.Value)
	if !ok {
		return errors.New("amount")
	}
	if b.Sign == "DBIT" {
		n = -n
	}
	switch b.Kind {
	case "OPBD", "PRCD":
		s.Opening = &n
	case "CLBD":
		s.Closing = &n
	}
	return nil
}

func (s *Sheet) takeEntry(e entry, line int) error {
	if status := cmp.Or(e.Status.Code, strings.TrimSpace(e.Status.Plain)); status != "" && status != "BOOK" {
		return nil // announced, not yet booked
	}
	if len(s.Lines) >= maxLines || len(e.Details) > 1 {
		return badStatement("pay.err.several-details", "line", line)
	}
	t := Told{Number: cmp.Or(e.ServRef, e.Ref), Currency: e.Amount.Currency, Outgoing: e.Sign == "DBIT", Message: e.More}
	if len(e.Details) == 1 {
		x := e.Details[0]
		t.Number = cmp.Or(x.Ref, t.Number)
		t.Payer = cmp.Or(x.Payer, x.PayerPty)
		if len(x.Message) > 0 {
			t.Message = strings.Join(x.Message, "")
		}
		if e.Reversal {
			t.Reverses = x.Original
		}
	}
	var ok bool
	if t.Amount, ok = wholeDong(e.Amount.Value); !ok || e.Sign != "DBIT" && e.Sign != "CRDT" {
		return badStatement("pay.err.line-amount", "line", line)
	}
	if t.Booked, t.Dated, ok = bookedOf(cmp.Or(strings.TrimSpace(e.Booked.Time), strings.TrimSpace(e.Booked.Day))); !ok {
		return badStatement("pay.err.booked", "line", line)
	}
	s.Lines, s.rowOf = append(s.Lines, t), append(s.rowOf, line)
	return nil
}

// wholeDong reads XML's decimal as whole đồng: "15000", "15000.00".
func wholeDong(v string) (int64, bool) {
	whole, rest, _ := strings.Cut(strings.TrimSpace(v), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	return n, err == nil && n >= 0 && strings.Trim(rest, "0") == ""
}

// Taken is a statement that was taken in (sao kê đã nhập).
type Taken struct {
	ID       string
	BIN      string
	Account  string
	Unit     pack.UnitKey
	Number   string // the bank's
	Format   string // "camt.053", "csv"
	Balanced bool   // it told balances, and they fit its lines
	Lines    int64
	Fresh    int64 // lines not known before
	Came     int64 // đồng
	Went     int64
	Officer  string
	At       time.Time
}

func (t Taken) subject() string { return "statement/" + t.ID }
func (t Taken) whole() any      { return t }

const takenColumns = `id, bin, account, unit, number, format, balanced, lines, fresh, came, went, officer, at`

func scanTaken(r store.Row) (t Taken, err error) {
	return t, r.Scan(&t.ID, &t.BIN, &t.Account, &t.Unit, &t.Number, &t.Format, &t.Balanced, &t.Lines, &t.Fresh, &t.Came, &t.Went, &t.Officer, store.At(&t.At))
}

// TakeStatement takes a statement file in, all or nothing (nhập sao kê). A
// statement taken in again changes nothing and is no second one.
func (l *Ledger) TakeStatement(ctx context.Context, by officer.By, to pack.Account, file []byte) (t Taken, h Heard, err error) {
	if err := by.Require(officer.Reconcile, to.Unit); err != nil {
		return t, h, err
	}
	s, err := ParseStatement(file)
	if err != nil {
		return t, h, err
	}
	if s.Account != "" && strings.TrimSpace(s.Account) != to.Number {
		return t, h, badStatement("pay.err.other-account", "account", s.Account, "want", to.Number)
	}
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if h, err = hear(tx, by, Statement, to, s.Lines); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(to.BIN + "/" + to.Number + "/" + s.Format + "/" + s.Number))
		t = Taken{ID: hex.EncodeToString(sum[:10]), BIN: to.BIN, Account: to.Number, Unit: to.Unit, Number: s.Number, Format: s.Format,
			Balanced: s.Opening != nil && s.Closing != nil, Lines: int64(h.Lines), Fresh: int64(h.New), Came: s.Came(), Went: s.Went(), Officer: by.Officer.ID, At: tx.Now}
		n, err := tx.Exec(`INSERT INTO payment_statement (`+takenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
			t.ID, t.BIN, t.Account, t.Unit, t.Number, t.Format, t.Balanced, t.Lines, t.Fresh, t.Came, t.Went, t.Officer, t.At)
		if err != nil {
			return fmt.Errorf("noting a statement: %w", err)
		}
		if n == 0 {
			return nil
		}
		return note(tx, by, "take_statement", "", t, map[string]any{"number": t.Number, "lines": t.Lines, "new": t.Fresh, "came": t.Came, "went": t.Went})
	})
	return t, h, err
}

// Statements are the latest statements of accounts in the officer's scope.
func (l *Ledger) Statements(ctx context.Context, by officer.By, most int) (list []Taken, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		all, err := store.All(tx, scanTaken, `SELECT `+takenColumns+` FROM payment_statement ORDER BY at DESC, id LIMIT 500`)
		list = nil
		for _, t := range all {
			if by.Sees(t.Unit) && len(list) < most {
				list = append(list, t)
			}
		}
		return err
	})
	return list, err
}
