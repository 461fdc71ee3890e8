package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/text"
)

const templatesPath = adminPath + "/templates"

// templateRoutes declares the papers with their dates (ux A3).
func (a *admin) templateRoutes() {
	a.desk("GET "+templatesPath, officer.Templates, a.templates)
	a.desk("GET "+templatesPath+"/{kind}/{set}/{from}", officer.Templates, a.testPrint)
}

// templatesPage lists the papers of all times; those in force come first.
type templatesPage struct {
	Now, Other []templateRow
}

type templateRow struct {
	Form, Title, Set, Paper, When, Basis, Law, Note string
	Unverified                                      bool
	Href                                            string
}

func (a *admin) templates(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	law, on := a.today()
	lang := visitOf(r).lang
	var p templatesPage
	for _, t := range law.Slips() {
		row := templateRow{Form: t.Form, Title: t.Title, Set: text.T(lang, "admin.set."+t.Set), Paper: strings.ReplaceAll(t.Paper, "-landscape", " "+text.T(lang, "admin.landscape")),
			When: spanWords(lang, t.Span), Basis: t.Basis, Note: t.Note, Unverified: !t.Verified, Href: templateHref(t)}
		if t.Law != "" {
			row.Law = law.Words(t.Law)
		}
		if t.Holds(on) {
			p.Now = append(p.Now, row)
		} else {
			p.Other = append(p.Other, row)
		}
	}
	return a.render(w, r, http.StatusOK, "templates", p)
}

func templateHref(t pack.SlipTemplate) string {
	return templatesPath + "/" + url.PathEscape(t.Kind) + "/" + url.PathEscape(t.Set) + "/" + url.PathEscape(t.From)
}

// testPrint makes one paper with invented facts, marked as a trial on each.
func (a *admin) testPrint(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	for _, t := range a.Law.Law().Slips() {
		if t.Kind != r.PathValue("kind") || t.Set != r.PathValue("set") || t.From != r.PathValue("from") {
			continue
		}
		if t.Kind == "register" {
			body, err := slip.Register(slip.Book{Template: t, Issuer: trialIssuer(), From: "2026-01-05", To: "2026-01-05", At: a.Now()}, []slip.BookRow{trialBook()})
			if err != nil {
				return err
			}
			return a.paper(w, r, "in-thu.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body, true)
		}
		body, err := trial(t, a.Now())
		if err != nil {
			return err
		}
		return a.paper(w, r, "in-thu.pdf", "application/pdf", body, false)
	}
	return problem.New(problem.NotFound, "err.not-found")
}

func trial(t pack.SlipTemplate, now time.Time) ([]byte, error) {
	switch t.Kind {
	case "handover":
		return slip.HandOver(slip.List{Template: t, Issuer: trialIssuer(), Number: "01", At: now, From: "Quầy số 20", To: "Phòng thử nghiệm", Giver: "Nguyễn Văn Thử", Taker: "Trần Thị Thử",
			Rows: []slip.ListRow{{Code: "TEST-0001", Procedure: "Thủ tục in thử", Owner: "Lò Thị In Thử", Papers: 3, ReceivedAt: now, DueAt: now.AddDate(0, 0, 7)}}})
	case "cash":
		return slip.CashSummary(slip.Cash{Template: t, Issuer: trialIssuer(), Number: "01", At: now, Cashier: "Nguyễn Văn Thử", Checker: "Trần Thị Thử",
			Rows:  []slip.CashRow{{Receipt: "0000001", Code: "TEST-0001", Payer: "Lò Thị In Thử", Amount: 200_000}},
			Notes: []slip.Notes{{Value: 200_000, Count: 1}}})
	}
	return slip.PDF(trialFacts(t, now))
}

func trialIssuer() slip.Issuer {
	return slip.Issuer{Agency: "IN THỬ", Unit: "Quầy số 20", Place: "Lai Châu", Address: "Địa chỉ in thử", Phone: "0213 000 0000"}
}

// trialFacts fills every field of every paper with what belongs to nobody.
func trialFacts(t pack.SlipTemplate, now time.Time) slip.Facts {
	due := now.AddDate(0, 0, 7)
	test := text.T(text.Vi, "admin.trial")
	return slip.Facts{
		Template: t, Issuer: trialIssuer(), Number: "01/IN-THU", Book: "01", Serial: "1", At: now, Void: test, Code: "TEST-0001",
		Applicant: slip.Person{Name: "Lò Thị In Thử", Born: "15/08/1990", Address: "Bản In Thử, phường Đoàn Kết, tỉnh Lai Châu", Phone: "0300 000 000", IDKind: "Căn cước", ID: "000000000000"},
		Procedure: "Thủ tục in thử: Ữ Ặ Ỗ Ễ Ộ Ợ ự ẵ ỹ", ProcedureCode: "0.000000", Request: test, Channel: "counter",
		Components: []slip.Component{{Name: "Tờ khai (in thử)", Originals: 1}, {Name: "Giấy tờ kèm theo (in thử)", Originals: 1, Copies: 2, Note: test}},
		Sets:       1, Limit: "05 ngày làm việc", ReceivedAt: now, DueAt: due, ResultPlace: "Quầy số 20", ResultWay: "Trực tiếp tại quầy",
		Fee: &slip.Fee{Amount: 200_000, Receipt: "0000001"}, Secret: "TEST-TEST", TrackURL: "https://example.invalid/in-thu", LookupAddress: "example.invalid/tra-cuu",
		Reasons: []string{"Lý do thứ nhất (in thử)", "Lý do thứ hai (in thử)"}, WhatNext: []string{"Việc cần làm tiếp (in thử)"}, CompleteBy: due,
		Apology: &slip.Apology{OldDue: now, NewDue: due, Delayer: "Phòng thử nghiệm", Reason: test},
		Stop:    &slip.Stop{AskedBy: "Người nộp hồ sơ", Stage: "Đang xử lý", Decision: "01/QĐ-IN-THU", Paid: &slip.Fee{Amount: 200_000, Receipt: "0000001"}, PaidFate: test},
		Control: []slip.Hand{{Giver: "Nguyễn Văn Thử", Taker: "Trần Thị Thử", Unit: "Phòng thử nghiệm", At: now, Result: "on_time", Note: test}},
		Lead:    "Phòng thử nghiệm", Others: []string{"Cơ quan phối hợp (in thử)"},
		Results: []slip.ResultPaper{{Kind: "Kết quả in thử", Number: "01/KQ", Abstract: test}}, Taker: &slip.Person{Name: "Lò Thị In Thử"},
		Officer: "Nguyễn Văn Thử", OfficerPhone: "0213 000 0000", Signer: slip.Signer{Title: "TRƯỞNG PHÒNG", Name: "Trần Thị Thử"},
	}
}

func trialBook() slip.BookRow {
	day := time.Date(2026, 1, 5, 8, 0, 0, 0, vietnam)
	return slip.BookRow{Code: "TEST-0001", Procedure: "Thủ tục in thử", Sets: 1, Owner: "Lò Thị In Thử", ReceivedAt: day, DueAt: day.AddDate(0, 0, 7)}
}
