package slip

import (
	"strconv"
	"time"

	"quay20/internal/pack"
)

// List is a batch of dossiers handed from one unit to another (danh sách bàn
// giao hồ sơ).
type List struct {
	Template pack.SlipTemplate `json:"template"` // "handover", or none: local paper
	Issuer   Issuer            `json:"issuer"`
	Number   string            `json:"number,omitempty"`
	At       time.Time         `json:"at"`
	From     string            `json:"from"` // unit that gives
	To       string            `json:"to"`   // unit that takes
	Giver    string            `json:"giver,omitempty"`
	Taker    string            `json:"taker,omitempty"`
	Rows     []ListRow         `json:"rows"`
	Head     string            `json:"head,omitempty"`
}

// ListRow is one dossier of a List.
type ListRow struct {
	Code       string    `json:"code"`
	Procedure  string    `json:"procedure"`
	Owner      string    `json:"owner"`
	Papers     int       `json:"papers,omitempty"` // số giấy tờ
	ReceivedAt time.Time `json:"receivedAt"`
	DueAt      time.Time `json:"dueAt,omitzero"`
	Note       string    `json:"note,omitempty"`
}

// HandOver makes the hand-over list as PDF, A4 landscape.
func HandOver(l List) ([]byte, error) {
	s := layHandOver(l)
	return draw(document{title: s.title, author: l.Issuer.Unit, at: l.At}, []*sheet{s})
}

func layHandOver(l List) *sheet {
	if l.Template.Paper == "" {
		l.Template.Paper = "A4-landscape"
	}
	s := newSheet(l.Template, l.At)
	s.ownTitle("slip.title.handover")
	s.page()
	s.heading(l.Issuer, l.Number, l.At)
	s.headline(s.title, s.t("slip.list.when", "at", clock(l.At)))
	s.field("slip.list.from", l.From)
	s.field("slip.list.to", l.To)
	s.field("slip.list.count", strconv.Itoa(len(l.Rows)))
	cols := []column{{s.t("slip.no"), 5, centre}, {s.t("slip.code"), 24, left}, {s.t("slip.procedure"), 22, left},
		{s.t("slip.owner"), 15, left}, {s.t("slip.list.papers"), 7, centre}, {s.t("slip.list.received"), 12, centre},
		{s.t("slip.list.due"), 12, centre}, {s.t("slip.list.signed"), 8, left}, {s.t("slip.note"), 10, left}}
	var rows [][]string
	for i, r := range l.Rows {
		due := day(r.DueAt)
		if due == "" {
			due = s.t("slip.due.none")
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), r.Code, r.Procedure, r.Owner, count(r.Papers), day(r.ReceivedAt), due, "", r.Note})
	}
	s.table(cols, rows)
	s.sign(signature{s.t("slip.sign.giver"), s.t("slip.sign.note"), l.Giver},
		signature{s.t("slip.sign.taker"), s.t("slip.sign.note"), l.Taker})
	s.close("", l.Head)
	return s
}

// Cash is the count of a desk's cash at the end of a day (bảng kiểm quỹ).
type Cash struct {
	Template pack.SlipTemplate `json:"template"` // "cash", or none: local paper
	Issuer   Issuer            `json:"issuer"`
	Number   string            `json:"number,omitempty"`
	At       time.Time         `json:"at"`
	Rows     []CashRow         `json:"rows"`
	Notes    []Notes           `json:"notes"` // what was counted
	Reason   string            `json:"reason,omitempty"`
	Cashier  string            `json:"cashier,omitempty"`
	Checker  string            `json:"checker,omitempty"`
	Head     string            `json:"head,omitempty"`
}

// CashRow is one receipt of the day. A cancelled one keeps its number and its
// row and counts nothing.
type CashRow struct {
	Receipt   string `json:"receipt"`
	Code      string `json:"code"`
	Payer     string `json:"payer"`
	Amount    int64  `json:"amount"`
	Cancelled bool   `json:"cancelled,omitempty"`
}

// Notes are bank notes of one value (tờ, mệnh giá).
type Notes struct {
	Value int64 `json:"value"`
	Count int   `json:"count"`
}

// CashSummary makes the count of the day's cash as PDF, A4.
func CashSummary(c Cash) ([]byte, error) {
	s := layCash(c)
	return draw(document{title: s.title, author: c.Issuer.Unit, at: c.At}, []*sheet{s})
}

func layCash(c Cash) *sheet {
	if c.Template.Paper == "" {
		c.Template.Paper = "A4"
	}
	s := newSheet(c.Template, c.At)
	s.ownTitle("slip.title.cash")
	s.page()
	s.heading(c.Issuer, c.Number, c.At)
	s.headline(s.title, s.t("slip.list.when", "at", clock(c.At)))
	var rows [][]string
	var due, counted int64
	for i, r := range c.Rows {
		amount := grouped(r.Amount)
		if r.Cancelled {
			amount = s.t("slip.cash.cancelled")
		} else {
			due += r.Amount
		}
		rows = append(rows, []string{strconv.Itoa(i + 1), r.Receipt, r.Code, r.Payer, amount})
	}
	s.par(run{s.t("slip.cash.receipts") + ":", bold})
	s.table([]column{{s.t("slip.no"), 7, centre}, {s.t("slip.cash.receipt"), 18, left}, {s.t("slip.code"), 34, left},
		{s.t("slip.cash.payer"), 24, left}, {s.t("slip.cash.amount"), 17, right}},
		append(rows, []string{"", "", "", s.t("slip.cash.total"), grouped(due)}))
	rows = nil
	for _, n := range c.Notes {
		sum := n.Value * int64(n.Count)
		counted += sum
		rows = append(rows, []string{grouped(n.Value), strconv.Itoa(n.Count), grouped(sum)})
	}
	s.par(run{s.t("slip.cash.counted") + ":", bold})
	s.table([]column{{s.t("slip.cash.value"), 35, right}, {s.t("slip.cash.count"), 25, right}, {s.t("slip.cash.amount"), 40, right}},
		append(rows, []string{s.t("slip.cash.total"), "", grouped(counted)}))
	s.field("slip.cash.due", money(due, ""))
	s.field("slip.cash.in-hand", money(counted, ""))
	s.strong("slip.cash.difference", money(counted-due, ""))
	if counted != due || c.Reason != "" {
		s.field("slip.reason", c.Reason)
	}
	s.sign(signature{s.t("slip.sign.cashier"), s.t("slip.sign.note"), c.Cashier},
		signature{s.t("slip.sign.checker"), s.t("slip.sign.note"), c.Checker})
	s.close("", c.Head)
	return s
}
