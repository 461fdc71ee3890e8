package payment

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/pack"
	"quay20/internal/store"
)

// Told is what a bank says of one transaction on an account of ours (giao dịch).
type Told struct {
	Number   string // the bank's own; the same in the statement and in a message
	Amount   int64  // đồng, never negative
	Currency string // "VND"
	Outgoing bool   // money that left the account
	Reverses string // number of the transaction that this one takes back
	Booked   time.Time
	Dated    bool // the bank gave the day without the hour
	Message  string
	Payer    string
}

// Source says how the bank's word came.
type Source string

const (
	Statement Source = "statement"
	Webhook   Source = "webhook"
)

// version is one thing that was told of a transaction. Dropped ones an officer
// has set aside in favour of another.
type version struct {
	Source  Source    `json:"source"`
	Amount  int64     `json:"amount"`
	Code    string    `json:"currency"`
	Out     bool      `json:"outgoing,omitempty"`
	Back    string    `json:"reverses,omitempty"` // id of a line
	Booked  time.Time `json:"booked"`
	Dated   bool      `json:"dated,omitempty"`
	Message string    `json:"message,omitempty"`
	Payer   string    `json:"payer,omitempty"`
	Dropped bool      `json:"dropped,omitempty"`
}

// same reports whether two versions agree in what moves money.
func (v version) same(w version) bool {
	return v.Amount == w.Amount && v.Code == w.Code && v.Out == w.Out && v.Back == w.Back
}

// LineState is where a transaction stands.
type LineState string

const (
	Matched   LineState = "matched"   // it settles its demand, and nothing is left over
	Exception LineState = "exception" // a person must look, for Reason
	Closed    LineState = "closed"    // given back, or looked at
	Out       LineState = "out"       // left the account by itself
)

// Reason says why a transaction is an exception.
type Reason string

const (
	NoReference      Reason = "no-reference"
	UnknownReference Reason = "unknown-reference"
	SeveralDemands   Reason = "several"
	SourcesDisagree  Reason = "disagree"
	OtherCurrency    Reason = "currency"
	NoAmount         Reason = "amount"
	TooLittle        Reason = "less"
	TooMuch          Reason = "more"
	TooLate          Reason = "late"
	PaidTwice        Reason = "twice"
	PaidInCash       Reason = "cash"
	NothingOwed      Reason = "not-owed"
	WasRefunded      Reason = "refunded"
	OtherAccount     Reason = "account"
	WasReversed      Reason = "reversed"
	UnknownReversed  Reason = "reversal-unknown"
	LeftOver         Reason = "surplus"
	RefundBack       Reason = "refund-back" // what we sent came back
	RefundWaits      Reason = "refund-asked"
)

// Reasons lists them all.
var Reasons = []Reason{NoReference, UnknownReference, SeveralDemands, SourcesDisagree, OtherCurrency, NoAmount, TooLittle, TooMuch, TooLate,
	PaidTwice, PaidInCash, NothingOwed, WasRefunded, OtherAccount, WasReversed, UnknownReversed, LeftOver, RefundBack, RefundWaits}

// Line is one transaction on an account as all that was told of it stands now
// (dòng sao kê). What it is follows from what was told and from what officers
// decided, not from the order in which either came (rel-I-M3).
type Line struct {
	ID        string // "970999/9990020000/FT26125012345"
	BIN       string
	Account   string
	Unit      pack.UnitKey // whose account it is
	Number    string
	Amount    int64
	Currency  string
	Outgoing  bool
	Reverses  string // id of the line that it takes back
	Booked    time.Time
	Message   string
	Payer     string
	Reference string // of a demand, found in the message; "" none or several
	Known     time.Time

	State      LineState
	Reason     Reason
	Demand     string // that it settles
	Settled    int64  // of Amount, what settles the demand
	Asked      int64  // what a second person may give back
	Refunded   int64
	ReversedBy string

	Decision  string // "assign", "noted"
	DecidedBy string
	Decided   time.Time
	Note      string

	salt     string
	versions []version
	several  bool // the message names several demands
}

func (l Line) subject() string { return "line/" + l.ID }

func (l Line) whole() any {
	return struct {
		Line
		Salt     string
		Versions []version
	}{l, l.salt, l.versions}
}

// Received is the money that came in and stayed, in đồng.
func (l Line) Received() int64 {
	if l.Outgoing || l.ReversedBy != "" || l.Currency != "VND" {
		return 0
	}
	return l.Amount
}

// Left is what neither settles a demand nor was given back or asked for.
func (l Line) Left() int64 { return l.Received() - l.Settled - l.Refunded - l.Asked }

// Sources are the ways by which the transaction was told.
func (l Line) Sources() []Source {
	var list []Source
	for _, v := range l.versions {
		if !slices.Contains(list, v.Source) {
			list = append(list, v.Source)
		}
	}
	slices.Sort(list)
	return list
}

const lineColumns = `id, bin, account, unit, number, amount, currency, outgoing, reverses, booked, message, payer, salt, reference, said, known,
	state, reason, demand, settled, asked, refunded, reversed_by, decision, decided_by, decided, note`

func scanLine(r store.Row) (l Line, err error) {
	var said string
	err = r.Scan(&l.ID, &l.BIN, &l.Account, &l.Unit, &l.Number, &l.Amount, &l.Currency, &l.Outgoing, &l.Reverses, store.At(&l.Booked), &l.Message,
		&l.Payer, &l.salt, &l.Reference, &said, store.At(&l.Known), &l.State, &l.Reason, &l.Demand, &l.Settled, &l.Asked, &l.Refunded,
		&l.ReversedBy, &l.Decision, &l.DecidedBy, store.At(&l.Decided), &l.Note)
	if err == nil {
		err = json.Unmarshal([]byte(said), &l.versions)
	}
	l.several = l.Reason == SeveralDemands
	return l, err
}

func (l Line) columns() ([]any, error) {
	said, err := json.Marshal(l.versions)
	return []any{l.ID, l.BIN, l.Account, l.Unit, l.Number, l.Amount, l.Currency, l.Outgoing, l.Reverses, l.Booked, l.Message, l.Payer, l.salt,
		l.Reference, string(said), l.Known, l.State, l.Reason, l.Demand, l.Settled, l.Asked, l.Refunded, l.ReversedBy, l.Decision, l.DecidedBy,
		l.Decided, l.Note}, err
}

func findLine(tx *store.Tx, id string) (Line, error) {
	l, err := store.One(tx, scanLine, `SELECT `+lineColumns+` FROM payment_line WHERE id = $1`, id)
	if err != nil && !errors.Is(err, store.ErrNone) {
		err = fmt.Errorf("reading bank transaction %s: %w", id, err)
	}
	return l, err
}

// hear adds what was told, once, and lets what holds follow from all of it: of
// versions that differ in money none holds before a person has chosen, and the
// statement's is shown.
func (l *Line) hear(v version) {
	for _, w := range l.versions {
		if w.Dropped = v.Dropped; w == v { // told before, in force or set aside
			return
		}
	}
	l.versions = append(l.versions, v)
	slices.SortFunc(l.versions, func(a, b version) int {
		return cmp.Or(strings.Compare(string(a.Source), string(b.Source)), a.Booked.Compare(b.Booked), cmp.Compare(a.Amount, b.Amount),
			strings.Compare(a.line(), b.line()))
	})
	l.hold()
}

// line is a version as text, for an order that does not depend on its coming.
func (v version) line() string {
	return fmt.Sprintf("%s %t %s %t %s %s", v.Code, v.Out, v.Back, v.Dated, v.Message, v.Payer)
}

func (l *Line) hold() {
	l.Message, l.Payer = "", ""
	first, dated := true, true
	for _, v := range l.versions {
		if v.Dropped {
			continue
		}
		if first { // "statement" sorts before "webhook"
			l.Amount, l.Currency, l.Outgoing, l.Reverses = v.Amount, v.Code, v.Out, v.Back
		}
		if first || dated && !v.Dated || dated == v.Dated && v.Booked.Before(l.Booked) {
			l.Booked, dated = v.Booked, v.Dated
		}
		first = false
		l.Message, l.Payer = fuller(l.Message, v.Message), fuller(l.Payer, v.Payer)
	}
}

// fuller is the longer of two texts, in an order of their own if both are as long.
func fuller(a, b string) string {
	if len(b) > len(a) || len(b) == len(a) && b > a {
		return b
	}
	return a
}

// disagree reports whether versions in force differ in money.
func (l *Line) disagree() bool {
	var first *version
	for i := range l.versions {
		v := &l.versions[i]
		switch {
		case v.Dropped:
		case first == nil:
			first = v
		case !first.same(*v):
			return true
		}
	}
	return false
}

// debt is a debt with everything that was ever paid for it: what judge needs.
type debt struct {
	demands []*Demand // by nth
	lines   []*Line
}

// target is the demand that counts.
func (d debt) target() *Demand { return d.demands[len(d.demands)-1] }

// judge says of every transaction whether it settles the demand or why it does
// not, and gives the one that does. It looks at no clock and no order: of
// several that could settle it, the one does that an officer assigned, else the
// one that the bank booked first. Every demand is settled at most once, by one
// transaction or in cash (rel-I-M1).
func (d debt) judge() (winner *Line) {
	target := d.target()
	for _, l := range d.lines {
		l.Demand, l.Settled = "", 0
		if l.Decision == "assign" {
			l.Demand = target.Reference
		}
		l.Reason = d.against(l)
		if l.Reason != "" {
			continue
		}
		pinned := func(l *Line) bool {
			return l.Decision == "assign" || l.Asked > 0 && target.SettledBy == l.subject()
		}
		switch {
		case winner == nil, pinned(l) && !pinned(winner):
			winner = l
		case pinned(l) == pinned(winner) && cmp.Or(l.Booked.Compare(winner.Booked), strings.Compare(l.ID, winner.ID)) < 0:
			winner = l
		}
	}
	for _, l := range d.lines {
		switch {
		case l == winner:
			l.Demand, l.Settled = target.Reference, target.Amount
		case l.Reason == "":
			l.Reason = PaidTwice
		}
		l.place()
	}
	return winner
}

// against is why a transaction cannot settle the debt; "" if it can.
func (d debt) against(l *Line) Reason {
	if r := l.unfit(); r != "" {
		return r
	}
	target := d.target()
	if l.Decision != "assign" {
		named := target
		for _, m := range d.demands {
			if m.Reference == l.Reference {
				named = m
			}
		}
		switch {
		case l.BIN != named.BIN || l.Account != named.Account:
			return OtherAccount
		case l.Booked.After(named.Until):
			return TooLate
		case l.Amount < target.Amount:
			return TooLittle
		case l.Amount > target.Amount:
			return TooMuch
		}
	}
	switch {
	case target.Cash() != "":
		return PaidInCash
	case target.State == Replaced:
		return NothingOwed
	case target.State == Refunded:
		return WasRefunded
	case l.Amount < target.Amount:
		return TooLittle
	case l.Decision != "assign" && (l.Refunded > 0 || l.Asked > 0 && target.SettledBy != l.subject()):
		return PaidTwice // an officer gives it back
	}
	return ""
}

// unfit is what is wrong with a transaction whatever it pays for.
func (l *Line) unfit() Reason {
	switch {
	case l.disagree():
		return SourcesDisagree
	case l.ReversedBy != "" && !l.Outgoing:
		return WasReversed
	case l.Currency != "VND":
		return OtherCurrency
	case l.Amount <= 0:
		return NoAmount
	case l.several && l.Decision != "assign":
		return SeveralDemands
	}
	return ""
}

// place puts a judged transaction where it belongs.
func (l *Line) place() {
	switch {
	case l.Outgoing && l.Reason == "":
		l.State = Out
	case l.Asked > 0:
		l.State, l.Reason = Exception, RefundWaits
	case l.Settled > 0 && l.Left() != 0:
		l.State, l.Reason = Exception, LeftOver
	case l.Settled > 0 && l.Asked == 0:
		l.State, l.Reason = Matched, ""
	case l.Refunded > 0 && l.Asked == 0 && l.Left() == 0, l.Decision == "noted" && l.noticeOnly():
		l.State = Closed
	default:
		l.State = Exception
	}
}

// noticeOnly reports whether nothing can be done about a transaction but to know
// of it: no money of it is here.
func (l *Line) noticeOnly() bool {
	return l.Reason == WasReversed || l.Reason == UnknownReversed || l.Reason == NoAmount || l.Reason == OtherCurrency
}
