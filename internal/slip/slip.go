// Package slip makes the papers of the one-stop desk (giấy, phiếu): pure
// functions from facts to bytes. The same facts give the same bytes on any
// machine, so a paper can be stored as its facts and printed again years later.
//
// What a circular prescribes and may change (title, form number, paper size,
// basis) comes from the pack's dated template; what stands on every paper comes
// from the facts; the connecting words live in text and a template may replace
// them. Papers are in Vietnamese whatever the language of the screen.
package slip

import (
	"errors"
	"fmt"
	"time"

	"quay20/internal/pack"
)

// Facts are everything one paper says. Empty facts are left out, or shown as a
// dotted line where the form prescribes the field.
type Facts struct {
	Template pack.SlipTemplate `json:"template"`
	Issuer   Issuer            `json:"issuer"`
	Number   string            `json:"number,omitempty"` // "12/HDHS"
	Book     string            `json:"book,omitempty"`   // quyển số
	Serial   string            `json:"serial,omitempty"` // số thứ tự
	At       time.Time         `json:"at"`               // when the paper was issued

	Code      string   `json:"code,omitempty"`  // mã hồ sơ
	Codes     []string `json:"codes,omitempty"` // its other codes, minted elsewhere
	Channel   string   `json:"channel,omitempty"`
	Applicant Person   `json:"applicant"`           // người nộp
	Owner     *Person  `json:"owner,omitempty"`     // chủ hồ sơ; nil: the applicant
	Authority string   `json:"authority,omitempty"` // paper by which the applicant acts for the owner

	Procedure     string      `json:"procedure,omitempty"`
	ProcedureCode string      `json:"procedureCode,omitempty"`
	Request       string      `json:"request,omitempty"` // nội dung yêu cầu giải quyết
	Components    []Component `json:"components,omitempty"`
	Sets          int         `json:"sets,omitempty"`  // số bộ
	Limit         string      `json:"limit,omitempty"` // "07 ngày làm việc"
	ReceivedAt    time.Time   `json:"receivedAt,omitzero"`
	DueAt         time.Time   `json:"dueAt,omitzero"`        // zero: không có ngày hẹn trả
	DueAfterFee   bool        `json:"dueAfterFee,omitempty"` // no date yet: the limit runs from the fee
	Stages        []Stage     `json:"stages,omitempty"`
	ResultPlace   string      `json:"resultPlace,omitempty"`
	ResultWay     string      `json:"resultWay,omitempty"` // "Trực tiếp tại quầy"
	Fee           *Fee        `json:"fee,omitempty"`

	Secret        string `json:"secret,omitempty"`        // "7K3M-Q9TD"
	TrackURL      string `json:"trackUrl,omitempty"`      // goes into the QR
	LookupAddress string `json:"lookupAddress,omitempty"` // typed by people

	Reasons    []string  `json:"reasons,omitempty"`
	WhatNext   []string  `json:"whatNext,omitempty"`
	CompleteBy time.Time `json:"completeBy,omitzero"` // supplement: last moment

	Apology *Apology      `json:"apology,omitempty"`
	Stop    *Stop         `json:"stop,omitempty"`
	Control []Hand        `json:"control,omitempty"`
	Lead    string        `json:"lead,omitempty"`   // cơ quan chủ trì
	Others  []string      `json:"others,omitempty"` // cơ quan phối hợp
	Results []ResultPaper `json:"results,omitempty"`
	Taker   *Person       `json:"taker,omitempty"` // who takes the result; nil: the applicant

	Officer      string `json:"officer,omitempty"`
	OfficerPhone string `json:"officerPhone,omitempty"`
	Signer       Signer `json:"signer,omitzero"`

	Copy     int       `json:"copy,omitempty"`    // 1 kept, 2 given; 0: all the form has, one after the other
	Reprint  int       `json:"reprint,omitempty"` // 0 the original, n the n-th reprint
	Printed  time.Time `json:"printed,omitzero"`  // zero: At
	Void     string    `json:"void,omitempty"`    // number of the slip that replaces this one
	Trial    bool      `json:"-"`                 // a test print that stands for nothing
	Replaces string    `json:"replaces,omitempty"`
	Head     string    `json:"head,omitempty"`   // short hash of the journal's head at printing
	FeeNow   *FeeNow   `json:"feeNow,omitempty"` // on a reprint, if it changed since
}

// Issuer is the unit on whose behalf a paper is made (cơ quan, đơn vị).
type Issuer struct {
	Agency  string `json:"agency,omitempty"` // "CÔNG AN TỈNH LAI CHÂU"
	Unit    string `json:"unit"`             // "Quầy số 20"
	Place   string `json:"place"`            // "Lai Châu", before the date
	Address string `json:"address,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Web     string `json:"web,omitempty"`
}

// Person is a citizen or an organisation named on a paper.
type Person struct {
	Name    string `json:"name"`
	Born    string `json:"born,omitempty"` // "15/08/1990" or "1990"
	Address string `json:"address,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Email   string `json:"email,omitempty"`
	IDKind  string `json:"idKind,omitempty"` // "Căn cước", "Hộ chiếu"
	ID      string `json:"id,omitempty"`
}

// Component is a paper of the dossier, or one still missing (thành phần hồ sơ).
type Component struct {
	Name      string `json:"name"`
	Originals int    `json:"originals,omitempty"` // bản chính
	Certified int    `json:"certified,omitempty"` // bản chứng thực
	Copies    int    `json:"copies,omitempty"`    // bản chụp
	Note      string `json:"note,omitempty"`      // "Đã có bản số hóa"
}

// Stage is one agency's leg of an inter-agency dossier (giai đoạn).
type Stage struct {
	Name       string    `json:"name"`
	ReceivedAt time.Time `json:"receivedAt,omitzero"`
	DueAt      time.Time `json:"dueAt,omitzero"`
}

// Fee is what was or is to be paid (phí, lệ phí).
type Fee struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency,omitempty"` // "" and "VND": đồng
	Receipt  string `json:"receipt,omitempty"`  // receipt number; "" not yet paid
	Basis    string `json:"basis,omitempty"`    // "75/2022/TT-BTC"
	Reduced  bool   `json:"reduced,omitempty"`  // by a rule that ends by itself
	Until    string `json:"until,omitempty"`    // its last day, "2026-12-31"
	Per      string `json:"per,omitempty"`      // what it is for each of: "giấy"
	Count    int64  `json:"count,omitempty"`
}

// FeeNow is how the fee stands when a paper is printed again.
type FeeNow struct {
	Paid    bool
	Receipt string    // by which it is paid, or the one that was cancelled
	At      time.Time // when it was paid
}

// Apology moves an appointment (xin lỗi, gia hạn).
type Apology struct {
	OldDue  time.Time `json:"oldDue"`
	NewDue  time.Time `json:"newDue"`
	Delayer string    `json:"delayer"` // the unit that caused the delay
	Reason  string    `json:"reason"`
	Place   string    `json:"place,omitempty"` // where the result will be; "" as before
}

// Stop ends a dossier without a result (dừng giải quyết).
type Stop struct {
	AskedBy  string `json:"askedBy"`
	Stage    string `json:"stage"` // what had been done by then
	Decision string `json:"decision"`
	Paid     *Fee   `json:"paid,omitempty"`
	PaidFate string `json:"paidFate,omitempty"` // what happens to the money
}

// Hand is one hand-over within the process (giao, nhận). Result is "early",
// "on_time", "late" or "".
type Hand struct {
	Giver  string    `json:"giver"`
	Taker  string    `json:"taker"`
	Unit   string    `json:"unit"` // that took
	At     time.Time `json:"at"`
	Result string    `json:"result,omitempty"`
	Note   string    `json:"note,omitempty"`
}

// ResultPaper is a paper given to the citizen in the end (giấy tờ kết quả).
type ResultPaper struct {
	Kind     string `json:"kind"`
	Number   string `json:"number,omitempty"`
	Abstract string `json:"abstract,omitempty"`
}

// Signer is the head who signs (thủ trưởng).
type Signer struct {
	Title string `json:"title,omitempty"` // "TRƯỞNG CÔNG AN PHƯỜNG"
	Name  string `json:"name,omitempty"`
}

// ErrKind says that no form is known for a template's kind.
var ErrKind = errors.New("no such paper")

// form lays the facts out on a sheet; copies is how many copies it is made in.
type form struct {
	lay    func(*sheet, Facts)
	copies int
}

// forms are the papers by the kind of their template. Kind "return" is the
// local receipt for a result (giấy biên nhận trả kết quả).
var forms = map[string]form{
	"receipt":    {receipt, 2},
	"supplement": {supplement, 1},
	"rejection":  {rejection, 1},
	"apology":    {apology, 1},
	"stop":       {stop, 1},
	"control":    {control, 1},
	"return":     {handedOver, 2},
	"ct04":       {receipt, 2},
	"ct06":       {rejection, 1},
	"cc02":       {appointment, 2},
	"cc03":       {rejection, 1},
}

// PDF makes the paper. The same facts give the same bytes.
func PDF(f Facts) ([]byte, error) {
	sheets, err := layout(f)
	if err != nil {
		return nil, err
	}
	return draw(document{title: sheets[0].title, author: f.Issuer.Unit, at: f.printed()}, sheets)
}

// layout makes one sheet a copy.
func layout(f Facts) ([]*sheet, error) {
	as, ok := forms[f.Template.Kind]
	if !ok {
		return nil, fmt.Errorf("laying out a slip of kind %q: %w", f.Template.Kind, ErrKind)
	}
	copies := []int{f.Copy}
	if f.Copy == 0 && as.copies == 2 {
		copies = []int{1, 2}
	}
	var sheets []*sheet
	for _, c := range copies {
		f.Copy = c
		best := compose(as, f, 0)
		for step := 1; step <= 2 && len(best.pages) > 1; step++ {
			if s := compose(as, f, step); len(s.pages) < len(best.pages) {
				best = s
			}
		}
		sheets = append(sheets, best)
	}
	return sheets, nil
}

// compose lays one copy out, tightened by so many steps.
func compose(as form, f Facts, step int) *sheet {
	s := newSheet(f.Template, f.printed())
	s.tighten(step)
	s.subject = f.Code
	s.frame(f)
	as.lay(s, f)
	s.close(f.LookupAddress, f.Head)
	return s
}

func (f Facts) printed() time.Time {
	if f.Printed.IsZero() {
		return f.At
	}
	return f.Printed
}

func (f Facts) owner() Person {
	if f.Owner != nil {
		return *f.Owner
	}
	return f.Applicant
}
