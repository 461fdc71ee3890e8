package payment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
)

func camt(entries string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
<Stmt><Id>SK-2026-03-02</Id><Acct><Id><Othr><Id>9990020000</Id></Othr></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="VND">1000</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="VND">16000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
` + entries + `</Stmt></BkToCstmrStmt></Document>`
}

func credit(number, amount, message string) string {
	return `<Ntry><Amt Ccy="VND">` + amount + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2026-03-02T10:15:00+07:00</DtTm></BookgDt>
<NtryDtls><TxDtls><Refs><AcctSvcrRef>` + number + `</AcctSvcrRef></Refs><RltdPties><Dbtr><Nm>LO THI PANG</Nm></Dbtr></RltdPties><RmtInf><Ustrd>` + message + `</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
`
}

const sheet = "Số giao dịch,Ngày giao dịch,Ghi có,Ghi nợ,Nội dung\nFT1,02/03/2026 10:15:00,\"15,000\",,nop phi LC\nFT2,2026-03-02,,5000,phi dich vu\n"

func TestStatementsAreReadLineByLine(t *testing.T) {
	t.Parallel()
	s, err := payment.ParseStatement([]byte(camt(credit("FT1", "15000", "nop phi"))))
	if err != nil || s.Number != "SK-2026-03-02" || s.Account != "9990020000" || len(s.Lines) != 1 || s.Lines[0].Payer != "LO THI PANG" || s.Lines[0].Amount != 15_000 || s.Lines[0].Dated {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = payment.ParseStatement([]byte(sheet)); err != nil || len(s.Lines) != 2 || s.Came() != 15_000 || s.Went() != 5000 || !s.Lines[1].Dated || s.Lines[0].Dated {
		t.Errorf("%+v, %v", s, err)
	}
}

// rel-B-H08, rel-B-H10, rel-B-H11: a statement with a fault is refused whole, and
// its first bad line named.
func TestBadStatementsAreRefusedByLine(t *testing.T) {
	t.Parallel()
	good := credit("FT1", "15000", "nop phi")
	deep := strings.Repeat("<a>", 40)
	for name, c := range map[string]struct{ file, key, line string }{
		"nothing":          {" ", "pay.err.file-shape", ""},
		"not text":         {"\xff\xfe<", "pay.err.file-shape", ""},
		"a document type":  {strings.Replace(camt(good), "<Document", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n<Document", 1), "pay.err.doctype", "2"},
		"an entity":        {camt(credit("FT1", "15000", "&e;")), "pay.err.row", "6"},
		"too deep":         {"<Document>" + deep, "pay.err.row", "1"},
		"balance":          {camt(credit("FT1", "14000", "x")), "pay.err.balance", ""},
		"half a đồng":      {camt(credit("FT1", "15000.50", "x")), "pay.err.line-amount", "6"},
		"no number":        {camt(credit("", "15000", "x")), "pay.err.number", "6"},
		"twice":            {camt(credit("FT1", "5000", "x") + credit("FT1", "10000", "x")), "pay.err.number-twice", "8"},
		"cut off":          {camt(good)[:400], "pay.err.row", ""},
		"two statements":   {strings.Replace(camt(good), "</Stmt>", "</Stmt><Stmt></Stmt>", 1), "pay.err.one-statement", ""},
		"another layout":   {"Date;Amount\n2026-03-02;1\n", "pay.err.columns", ""},
		"a bad sum":        {strings.Replace(sheet, "5000,phi", "5k,phi", 1), "pay.err.line-amount", "3"},
		"a bad day":        {strings.Replace(sheet, "2026-03-02,", "hom nay,", 1), "pay.err.booked", "3"},
		"in and out":       {strings.Replace(sheet, ",,5000", ",1,5000", 1), "pay.err.line-amount", "3"},
		"a row too short":  {sheet + "FT3,2026-03-02\n", "pay.err.row", "4"},
		"a bell":           {strings.Replace(sheet, "dich vu", "dich\avu", 1), "pay.err.message", "3"},
		"only its head":    {sheet[:strings.Index(sheet, "\n")+1], "pay.err.file-empty", ""},
		"a slash":          {strings.Replace(sheet, "FT2", "FT/2", 1), "pay.err.number", "3"},
		"a number too big": {strings.Replace(sheet, "5000,phi", "99999999999999,phi", 1), "pay.err.line-amount", "3"},
	} {
		_, err := payment.ParseStatement([]byte(c.file))
		p, ok := problem.As(err)
		if !ok || len(p.Fields) == 0 || p.Fields[0].Key != c.key || c.line != "" && !strings.Contains(fmt.Sprint(p.Fields[0].Args...), "line"+c.line) && !strings.Contains(fmt.Sprint(p.Fields[0].Args...), "line "+c.line) {
			t.Errorf("%s: got %+v, want %s at line %s", name, err, c.key, c.line)
			if ok {
				t.Log(p.Fields)
			}
		}
	}
}

func FuzzParseStatement(f *testing.F) {
	f.Add([]byte(camt(credit("FT1", "15000", "nop phi"))))
	f.Add([]byte(sheet))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := payment.ParseStatement(file)
		if p, ok := problem.As(err); err != nil && (!ok || len(p.Fields) == 0) {
			t.Fatalf("refused without a field: %v", err)
		}
		if err == nil && len(s.Lines) == 0 {
			t.Fatal("nothing was read, and nothing refused")
		}
	})
}

// cashier may reconcile; chief is the second person.
var (
	cashier = at("12-Q20", 1, "pang", officer.Cashier)
	chief   = at("", 2, "hoa", officer.Approver)
)

// rel-B-H09: a statement taken in twice is one, and its lines count once; a faulty
// one leaves nothing behind.
func TestAStatementCountsOnce(t *testing.T) {
	each(t, func(d *drawer) {
		m := d.ask("D1", "fee", 15_000)
		file := []byte(camt(credit("FT1", "15000", m.Message())))
		if _, _, err := d.ledger.TakeStatement(d.Context(), lan, account, file); !problem.Is(err, problem.Forbidden) {
			d.Errorf("a receptionist takes statements in: %v", err)
		}
		_, h, err := d.ledger.TakeStatement(d.Context(), cashier, account, file)
		if d.must(err); h.Matched != 1 {
			d.Errorf("%+v", h)
		}
		if _, h, err = d.ledger.TakeStatement(d.Context(), cashier, account, file); err != nil || h.New != 0 {
			d.Errorf("again: %+v, %v", h, err)
		}
		list, err := d.ledger.Statements(d.Context(), cashier, 10)
		if d.must(err); len(list) != 1 || !list[0].Balanced || list[0].Came != 15_000 {
			d.Errorf("%+v", list)
		}
		if _, _, err = d.ledger.TakeStatement(d.Context(), cashier, account, []byte(camt(credit("FT2", "15000", "x")+"<Ntry>"))); err == nil {
			d.Error("a broken statement was taken in")
		}
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
			lines, err := payment.Lines(tx, "")
			if len(lines) != 1 {
				d.Errorf("%d lines", len(lines))
			}
			return err
		}))
		d.sound()
	})
}

// rel-I-M6, rel-I-J8: what does not fit is assigned by one officer; money leaves by
// two, and never more than came.
func TestExceptionsAreSettledByActs(t *testing.T) {
	each(t, func(d *drawer) {
		m := d.ask("D1", "fee", 15_000)
		told := payment.Told{Number: "FT1", Amount: 20_000, Currency: "VND", Booked: d.clock.Now(), Message: m.Reference[:10] + "0 le phi"}
		d.hear(payment.Webhook, told)
		const id = "970999/9990020000/FT1"
		c, err := d.ledger.Case(d.Context(), cashier, id)
		if d.must(err); c.State != payment.Exception || len(c.Likely) != 1 || c.Likely[0].Reference != m.Reference {
			d.Errorf("%+v", c)
		}
		d.must(d.ledger.Assign(d.Context(), cashier, id, m.Reference, "Gõ nhầm một ký tự"))
		if c, err = d.ledger.Case(d.Context(), cashier, id); err != nil || c.Reason != payment.LeftOver || c.Left() != 5000 || c.Settled != 15_000 {
			d.Errorf("after assigning: %+v, %v", c.Line, err)
		}
		back := payment.Giving{Amount: 5001, Way: "refund", Payee: "Lò Thị Pâng", Same: true, Document: "Lệnh chi 1", Reason: "Nộp thừa"}
		_, err = d.ledger.AskRefund(d.Context(), cashier, id, back)
		d.refused(err, problem.Invalid, "pay.err.left")
		back.Amount = 5000
		r, err := d.ledger.AskRefund(d.Context(), cashier, id, back)
		d.must(err)
		_, err = d.ledger.SettleRefund(d.Context(), cashier, id, r.Nth, true)
		d.refused(err, problem.Forbidden, "officer.err.second-person")
		d.sound()
		_, err = d.ledger.SettleRefund(d.Context(), chief, id, r.Nth, true)
		d.must(err)
		if c, err = d.ledger.Case(d.Context(), cashier, id); err != nil || c.State != payment.Matched || c.Refunded != 5000 || len(c.Refunds) != 1 {
			d.Errorf("after the refund: %+v, %v", c.Line, err)
		}
		back.Amount = 15_000 // the dossier was withdrawn: all of it goes back
		if r, err = d.ledger.AskRefund(d.Context(), cashier, id, back); err != nil {
			d.Fatal(err)
		}
		d.sound()
		_, err = d.ledger.SettleRefund(d.Context(), chief, id, r.Nth, true)
		d.must(err)
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
			got, err := payment.FindDemand(tx, m.Reference)
			if got.State != payment.Refunded {
				d.Errorf("the demand is %s", got.State)
			}
			return err
		}))
		if c, err = d.ledger.Case(d.Context(), cashier, id); err != nil || c.State != payment.Closed || c.Left() != 0 {
			d.Errorf("in the end: %+v, %v", c.Line, err)
		}
		d.sound()
	})
}

// rel-B-H12: where two sources differ nothing settles until a person takes the
// statement's word; both stay on record.
func TestThePersonChoosesBetweenTwoWords(t *testing.T) {
	each(t, func(d *drawer) {
		m := d.ask("D1", "fee", 15_000)
		told := payment.Told{Number: "FT1", Amount: 15_000, Currency: "VND", Booked: d.clock.Now().Add(-time.Hour), Message: m.Message()}
		statement := told
		told.Amount = 14_000
		d.hear(payment.Webhook, told)
		d.hear(payment.Statement, statement)
		const id = "970999/9990020000/FT1"
		d.must(d.ledger.Trust(d.Context(), cashier, id, "Đã đối chiếu với ngân hàng"))
		c, err := d.ledger.Case(d.Context(), cashier, id)
		if d.must(err); c.State != payment.Matched || len(c.Told) != 2 {
			d.Errorf("%+v", c)
		}
		d.hear(payment.Webhook, told) // said again, and set aside already
		if c, err = d.ledger.Case(d.Context(), cashier, id); err != nil || c.State != payment.Matched {
			d.Errorf("told again: %+v, %v", c.Line, err)
		}
		d.sound()
	})
}
