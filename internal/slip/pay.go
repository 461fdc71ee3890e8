package slip

import (
	"strings"
	"time"

	"quay20/internal/pack"
	"quay20/internal/text"
)

// PayIn is what a bank's clerk or a banking program needs to pay one demand, and
// later the proof that it was paid (phiếu nộp tiền, giấy xác nhận đã nộp tiền).
type PayIn struct {
	Issuer    Issuer
	At        time.Time // when the paper is made
	Code      string    // of the dossier
	Amount    int64     // đồng
	For       string
	Case      string
	Rule      string // which rule of the fee stack applied, in words
	Basis     string
	Bank      string
	Account   string
	Holder    string
	Message   string // of the transfer
	Reference string
	Until     time.Time
	QR        string // VietQR; "" on the proof
	Invented  bool   // the account is of the demo

	Paid   time.Time // zero: not yet
	Number string    // of the bank's transaction
}

// PayInSlip makes the slip with which a demand is paid, A5.
func PayInSlip(p PayIn) ([]byte, error) { return payPaper(p, layPayIn) }

// PaidNote makes the proof that a transfer paid a demand, A5. The same facts give
// the same bytes.
func PaidNote(p PayIn) ([]byte, error) { return payPaper(p, layPaid) }

func payPaper(p PayIn, lay func(PayIn) *sheet) ([]byte, error) {
	s := lay(p)
	return draw(document{title: s.title, author: p.Issuer.Unit, at: p.At}, []*sheet{s})
}

func layPayIn(p PayIn) *sheet {
	s := payHead(p, "slip.title.pay-in")
	if p.QR != "" {
		s.y += 4
		s.need(qrSide + 10)
		top := s.y
		s.qr(p.QR, s.right-qrSide, top)
		s.aligned(left, []run{{s.t("slip.pay.scan"), regular}}, s.left, s.right-qrSide-12, s.base)
		s.y = max(s.y, top+qrSide) + 6
	}
	s.field("slip.pay.bank", p.Bank)
	s.strong("slip.pay.account", p.Account)
	s.strong("slip.pay.holder", p.Holder)
	s.strong("slip.pay.message", p.Message)
	s.field("slip.pay.until", day(p.Until))
	s.par(run{s.t("slip.pay.only"), bold})
	s.close(p.Issuer.Web, "")
	return s
}

func layPaid(p PayIn) *sheet {
	s := payHead(p, "slip.title.paid")
	s.strong("slip.pay.paid", clock(p.Paid))
	s.field("slip.pay.reference", p.Reference)
	s.field("slip.pay.number", p.Number)
	s.field("slip.pay.to", strings.Join(filled(p.Account, p.Holder, p.Bank), ", "))
	s.par(run{s.t("slip.pay.proof"), regular})
	s.close(p.Issuer.Web, "")
	return s
}

// payHead writes what both papers begin with: who asks, how much, for what and
// under which rule.
func payHead(p PayIn, title string) *sheet {
	s := newSheet(pack.SlipTemplate{Paper: "A5"}, p.At)
	s.ownTitle(title)
	if p.Invented {
		s.banners = append(s.banners, s.t("slip.pay.invented"))
	}
	s.page()
	s.heading(p.Issuer, "", p.At)
	s.headline(s.title, "")
	s.strong("slip.code", p.Code)
	s.strong("slip.pay.amount", money(p.Amount, ""))
	s.field("slip.pay.words", AmountWords(p.Amount))
	s.field("slip.pay.for", p.For)
	s.option("slip.pay.case", p.Case)
	s.option("slip.pay.rule", p.Rule)
	s.field("slip.pay.basis", p.Basis)
	return s
}

// AmountWords says an amount of đồng as receipts write it: "Một trăm linh năm
// nghìn đồng".
func AmountWords(n int64) string {
	words := numberWords(n) + " " + text.T(text.Vi, "slip.number.dong")
	first := []rune(words)
	return strings.ToUpper(string(first[0])) + string(first[1:])
}

func numberWords(n int64) string {
	say := func(key string) string { return text.T(text.Vi, "slip.number."+key) }
	if n < 0 {
		return say("minus") + " " + numberWords(-n)
	}
	if n == 0 {
		return say("0")
	}
	var parts []string
	if high := n / 1_000_000_000; high > 0 {
		parts = append(parts, numberWords(high), say("billion"))
	}
	for _, g := range []struct {
		value int64
		key   string
	}{{n / 1_000_000 % 1000, "million"}, {n / 1000 % 1000, "thousand"}, {n % 1000, ""}} {
		if g.value == 0 {
			continue
		}
		parts = append(parts, hundreds(g.value, len(parts) > 0, say))
		if g.key != "" {
			parts = append(parts, say(g.key))
		}
	}
	return strings.Join(parts, " ")
}

// hundreds says 1 to 999; whole says the hundreds even if there are none, because
// something stands before.
func hundreds(n int64, whole bool, say func(string) string) string {
	digit := func(d int64) string { return say(string(rune('0' + d))) }
	var parts []string
	h, t, u := n/100, n/10%10, n%10
	if h > 0 || whole {
		parts = append(parts, digit(h), say("hundred"))
	}
	switch {
	case t == 1:
		parts = append(parts, say("ten"))
	case t > 1:
		parts = append(parts, digit(t), say("tens"))
	case u > 0 && len(parts) > 0:
		parts = append(parts, say("odd"))
	}
	switch {
	case u == 1 && t > 1:
		parts = append(parts, say("one-after"))
	case u == 4 && t > 1:
		parts = append(parts, say("four-after"))
	case u == 5 && t > 0:
		parts = append(parts, say("five-after"))
	case u > 0:
		parts = append(parts, digit(u))
	}
	return strings.Join(parts, " ")
}
