package quay20_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/catalogue"
	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/notice"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
)

// unguarded are tables, or columns of them, that verify does not compare with
// the journal, and why that is right.
var unguarded = map[string]string{
	"api_request":             "answers kept for repeated calls; what they did is in the journal",
	"batch":                   "tables of dossiers that were sent, erased after a month; the dossiers are guarded",
	"batch_filed":             "rows that became dossiers; the dossiers are guarded",
	"batch_row":               "rows of tables, erased after a month",
	"organisation_invitation": "links that nobody has taken yet; gone after a week",
	"account_session":         "sessions of citizens; gone after twelve hours",
	"account_throttle":        "counts of codes asked for; gone after 90 days",
	"account_try":             "codes that were sent and not typed yet; gone after minutes",
	"notice":                  "words to people, erased in time; that the law's were sent is in the journal",
	"dossier_request":         "idempotency keys; what they did is in the journal",
	"dossier_draft":           "intakes put aside; nothing has been received",
	"dossier_guess":           "throttle of tracking; forgotten after a day",
	"dossier_slip.prints":     "counts reprints for the mark on paper; each print is an entry",
	"filing_draft":            "what people fill in at home; nothing has been filed",
	"goose_db_version":        "which migrations ran; not a fact of the field",
	"job":                     "work for later; gone when done",
	"node":                    "which programs serve; gone after a week",
	"officer_count":           "the next account number; one that is used is refused by the key",
	"officer_enrolment":       "second factors not yet confirmed; gone after minutes",
	"officer_first":           "the first administrator's code; gone when claimed",
	"officer_known":           "addresses from which an officer signed in, for the throttle",
	"officer_session":         "sessions; gone after twelve hours",
	"officer_step":            "codes used up; gone after minutes",
	"officer_throttle":        "counts of tries; gone after a day",
	"upload":                  "files of drafts and dossiers; a dossier's papers list name, pages, size and hash, which the journal guards, and verify compares the bytes",
	"upload_folder":           "which folder holds the bytes; a wrong one is refused at start",
	"store_turn":              "whose turn it is to write; no facts",

	"catalogue_draft.holder": "who writes in a draft now; gone after minutes",
}

// rel-I-J2, rel-I-J9, rel-T04: in every table of the house, a change of any
// column of a row is refused by the database, found by verify, or of no weight
// for a reason given here. A new table without protection fails.
func TestNoColumnCanBeChangedUnseen(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Engine() != "sqlite" {
			return // the schema and the checks are one text for both engines
		}
		p := lived(t, db)
		used := map[string]bool{}
		for table, columns := range schema(t, db) {
			for column, kind := range columns {
				seen, rows := noticed(t, p, table, column, kind)
				name := table + "." + column
				_, whole := unguarded[table]
				_, one := unguarded[name]
				used[table], used[name] = whole, one
				switch {
				case rows == 0 && !whole:
					t.Errorf("%s has no row in this test; make one or say why it is unguarded", table)
				case !seen && !whole && !one:
					t.Errorf("%s can be changed unseen", name)
				case seen && one:
					t.Errorf("%s is guarded; take it from the list", name)
				}
			}
		}
		for name := range unguarded {
			if !used[name] {
				t.Errorf("%s is no table or column", name)
			}
		}
	})
}

// lived is a province in which something stands in every protected table.
func lived(t *testing.T, db *store.DB) *demo.Province {
	t.Helper()
	ctx := t.Context()
	storetest.ClockOf(db).Set(time.Date(2025, 6, 27, 1, 0, 0, 0, time.UTC)) // the last working day of the old communes
	p := demotest.At(t, db)
	s := demotest.Hire(t, p)
	commune, _, err := p.Hire(ctx, "xa", "Lò Văn Pâng", "Đại úy", officer.Receptionist, "03388")
	if err != nil {
		t.Fatal(err)
	}
	must := func(d dossier.Dossier, err error) dossier.Dossier {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	must(p.Receive(ctx, commune, "1.004222"))
	p.Clock.Set(storetest.Start)
	order := dossier.Reorganisation{On: "2025-07-01"}
	if plan, err := p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), func(*store.Tx) (string, error) { return "", nil }); err != nil || plan.Dossiers != 1 {
		t.Fatal(plan, err)
	}
	must(p.Receive(ctx, s.Desk, "1.001456"))
	must(p.Receive(ctx, s.Desk, "1.001456"))
	owing := must(p.Receive(ctx, s.Desk, "1.001456", func(in *dossier.Intake) { in.Pay = "later" }))
	paying, err := p.Register.PayAt(ctx, owing.ID, s.Desk)
	if err != nil || len(paying.Open) != 1 {
		t.Fatal(paying, err)
	}
	account, _ := p.Law.Law().Account(owing.Desk, "2026-03-02")
	told := []payment.Told{{Number: "FT1", Amount: paying.Open[0].Amount, Currency: "VND", Booked: storetest.Start, Message: paying.Open[0].Message()}}
	if heard, err := p.Ledger.Hear(ctx, officer.System(), payment.Webhook, account, told); err != nil || heard.Matched != 1 {
		t.Fatal(heard, err)
	}
	cashier, _, err := p.Hire(ctx, "thungan", "Lý A Tính", "Đại úy", officer.Cashier, "12-Q20")
	if err != nil {
		t.Fatal(err)
	}
	sheet := "number,booked,in,out,message\nFT2,2026-03-02,7000,,khong ro\n"
	if _, _, err := p.Ledger.TakeStatement(ctx, cashier, account, []byte(sheet)); err != nil {
		t.Fatal(err)
	}
	giving := payment.Giving{Amount: 7000, Way: "return", Payee: "Lò Thị Pâng", Document: "Lệnh chi 1", Reason: "Không rõ nội dung"}
	if _, err := p.Ledger.AskRefund(ctx, cashier, account.BIN+"/"+account.Number+"/FT2", giving); err != nil {
		t.Fatal(err)
	}
	n := pack.Notice{ID: "2026-03-02-bao-1", Announced: "2026-03-02", Title: "Nghỉ vì bão",
		Days: []lawtime.CalendarDay{{Date: "2026-03-05", Kind: lawtime.Closure, Name: "Nghỉ vì bão"}}}
	if err := p.Law.Apply(ctx, n, officer.Console()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Register.Recompute(ctx, n.ID); err != nil {
		t.Fatal(err)
	}
	publish(t, p)
	openAccount(t, db)
	shift, err := p.Ledger.Shift(ctx, s.Desk)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Ledger.CountCash(ctx, s.Desk, shift.Cash(), ""); err != nil {
		t.Fatal(err)
	}
	return p
}

// publish makes a version of a procedure law from a day to come.
func publish(t *testing.T, p *demo.Province) {
	t.Helper()
	ctx := t.Context()
	drafts := catalogue.NewDrafts(p.DB, p.Law)
	writer, _, err := p.Hire(ctx, "ksttp", "Vũ Thị Hoa", "Đại úy", officer.ProcedureControl, "12")
	if err != nil {
		t.Fatal(err)
	}
	leader, _, err := p.Hire(ctx, "lanhdao.ct", "Lê Văn Hùng", "Đại tá", officer.Leader, "12")
	if err != nil {
		t.Fatal(err)
	}
	d, err := drafts.Begin(ctx, "1.004194", catalogue.NewVersion, "2026-12-01", writer)
	if err != nil {
		t.Fatal(err)
	}
	d.Items.Conditions = "Có chỗ ở hợp pháp."
	if d, err = drafts.Save(ctx, d.ID, d.Version, d.Items, nil, writer); err != nil {
		t.Fatal(err)
	}
	if d, err = drafts.Ask(ctx, d.ID, d.Version, "Thử", writer); err != nil {
		t.Fatal(err)
	}
	if d, err = drafts.Approve(ctx, d.ID, d.Version, leader); err != nil {
		t.Fatal(err)
	}
	if _, err = drafts.Publish(ctx, d.ID, d.Version, "1/QĐ-CAT", "2026-03-02", writer); err != nil {
		t.Fatal(err)
	}
}

// openAccount opens a citizen's account with a code.
func openAccount(t *testing.T, db *store.DB) {
	t.Helper()
	accounts := applicant.NewAccounts(db)
	asked, err := accounts.Ask(t.Context(), applicant.Way{Kind: "phone", Value: "+84912345678"}, text.Vi, "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	sent, err := notice.NewOutbox(db).Last(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := accounts.Enter(t.Context(), asked.Try, sent[0].Secret, applicant.Entry{Client: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	company := applicant.Person{Kind: applicant.Organisation, Name: "Công ty TNHH Chè Tam Đường", TaxCode: "6200012345", Representative: "Lò Văn Chè"}
	if _, err := applicant.NewCompanies(db).Found(t.Context(), token, company); err != nil {
		t.Fatal(err)
	}
}

// schema lists the columns of every table with their types.
func schema(t *testing.T, db *store.DB) map[string]map[string]string {
	t.Helper()
	tables := map[string]map[string]string{}
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		clear(tables)
		type column struct{ table, name, kind string }
		all, err := store.All(tx, func(row store.Row) (c column, err error) {
			err = row.Scan(&c.table, &c.name, &c.kind)
			return c, err
		}, `SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`)
		for _, c := range all {
			if tables[c.table] == nil {
				tables[c.table] = map[string]string{}
			}
			tables[c.table][c.name] = c.kind
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// noticed spoils one column of one row in a write that is undone, and reports
// whether the database or a check noticed, and how many rows there were.
func noticed(t *testing.T, p *demo.Province, table, column, kind string) (seen bool, rows int64) {
	t.Helper()
	spoiled := `COALESCE(` + column + `, '') || 'x'`
	switch kind {
	case "BIGINT", "INTEGER":
		spoiled = column + ` + 1`
	case "BOOLEAN":
		spoiled = `NOT ` + column
	}
	undo := errors.New("undo")
	err := p.DB.Write(t.Context(), func(tx *store.Tx) (err error) {
		if rows, err = store.One(tx, func(r store.Row) (n int64, err error) { return n, r.Scan(&n) }, `SELECT COUNT(*) FROM `+table); err != nil || rows == 0 {
			return err
		}
		key, err := keyOf(tx, table)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE ` + table + ` SET ` + column + ` = ` + spoiled + ` WHERE (` + key + `) = (SELECT ` + key + ` FROM ` + table + ` ORDER BY ` + key + ` LIMIT 1)`); err != nil {
			seen = true // the database refuses
			return undo
		}
		seen, err = disputed(tx, p)
		if err != nil {
			return err
		}
		return undo
	})
	if err != nil && !errors.Is(err, undo) && !seen {
		t.Errorf("%s.%s: %v", table, column, err)
	}
	return seen, rows
}

// keyOf names the columns that find one row of a table.
func keyOf(tx *store.Tx, table string) (string, error) {
	names, err := store.All(tx, func(r store.Row) (s string, err error) { return s, r.Scan(&s) },
		`SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk`, table)
	if err == nil && len(names) == 0 {
		return "rowid", nil
	}
	return strings.Join(names, ", "), err
}

// disputed reports whether any check of verify finds a fault in the tables as
// they stand in this transaction.
func disputed(tx *store.Tx, p *demo.Province) (bool, error) {
	report, err := journal.Check(tx, append(payment.Protected(), p.Register.Protected(), gazette.Protected(), gazette.Published(), catalogue.Protected(), officer.Protected(), applicant.AccountsProtected(), applicant.CompaniesProtected())...)
	return err != nil || !report.OK(), nil // a row that cannot be read is a fault, too
}
