package payment_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/store"
)

var account = pack.Account{Unit: quay20, Bank: "Ngân hàng mô phỏng", BIN: "970999", Number: "9990020000", Holder: "CONG AN TINH LAI CHAU", Prefix: "LC", Days: 30}

func (d *drawer) ask(dossier, item string, amount int64) (m payment.Demand) {
	d.Helper()
	d.must(d.write(func(tx *store.Tx) (err error) {
		m, err = payment.Ask(tx, officer.System(), payment.Debt{Dossier: dossier, Item: item, Amount: amount, What: "Lệ phí", Basis: "75/2022/TT-BTC"}, account)
		return err
	}))
	return m
}

func (d *drawer) hear(source payment.Source, told ...payment.Told) payment.Heard {
	d.Helper()
	h, err := d.ledger.Hear(d.Context(), officer.System(), source, account, told)
	d.must(err)
	return h
}

// said is one thing that a bank says, by one of its ways.
type said struct {
	source payment.Source
	told   payment.Told
}

// mishaps are everything that banks and payers do to a few demands: paid, paid
// twice, too little, too late, unknown and mistyped references, taken back, two
// sources that agree and two that do not, another currency, money that leaves.
func mishaps(demands []payment.Demand, start time.Time) []said {
	var all []said
	n := 0
	say := func(source payment.Source, t payment.Told) payment.Told {
		if t.Number == "" {
			n++
			t.Number = fmt.Sprintf("FT%04d", n)
		}
		if t.Currency == "" {
			t.Currency = "VND"
		}
		if t.Booked.IsZero() {
			t.Booked = start.Add(time.Duration(n) * time.Hour)
		}
		all = append(all, said{source, t})
		return t
	}
	both := func(t payment.Told) payment.Told {
		t = say(payment.Webhook, t)
		t.Dated, t.Booked = true, t.Booked.Truncate(24*time.Hour)
		say(payment.Statement, t)
		return t
	}
	pays := func(i int) payment.Told {
		return payment.Told{Amount: demands[i].Amount, Message: "CT DEN:" + demands[i].Message() + " GD 1", Payer: "LO THI PANG"}
	}
	both(pays(0))
	say(payment.Webhook, pays(1)) // paid twice
	say(payment.Webhook, pays(1))
	back := both(pays(2)) // taken back
	say(payment.Statement, payment.Told{Amount: back.Amount, Outgoing: true, Reverses: back.Number})
	back = say(payment.Webhook, pays(3)) // taken back, and paid again
	say(payment.Webhook, payment.Told{Amount: back.Amount, Outgoing: true, Reverses: back.Number})
	say(payment.Webhook, pays(3))
	less := pays(4)
	less.Amount -= 500
	both(less)
	late := pays(5)
	late.Booked = demands[5].Until.Add(time.Minute)
	say(payment.Statement, late)
	disagree := pays(6) // the statement says another sum
	disagree = say(payment.Webhook, disagree)
	disagree.Amount += 1000
	say(payment.Statement, disagree)
	typo := pays(7)
	typo.Message = "LC" + typo.Message[len("CT DEN:")+3:]
	say(payment.Webhook, typo)
	dollars := pays(7)
	dollars.Currency = "USD"
	say(payment.Webhook, dollars)
	two := pays(7)
	two.Message += demands[0].Message()
	say(payment.Webhook, two)
	say(payment.Statement, payment.Told{Amount: 12_000, Message: "tien dien", Outgoing: true})
	say(payment.Statement, payment.Told{Amount: 1, Message: "khong ghi gi"})
	say(payment.Webhook, payment.Told{Amount: 7000, Outgoing: true, Reverses: "FT9999"}) // takes back what nobody knows
	return all
}

// TestConfirmationsConverge: whatever the order in which the bank's messages and
// statements come, however often and however late, the ledger ends the same, and
// verify finds no fault. rel-I-M3, rel-I-M1, rel-I-M4, rel-F21, rel-B-H07, rel-B-H09
func TestConfirmationsConverge(t *testing.T) {
	const demands, orders = 8, 60
	each(t, func(d *drawer) {
		start := d.clock.Now()
		var want string
		rng := rand.New(rand.NewPCG(20, 8))
		for order := range orders {
			d.clock.Set(start)
			var asked []payment.Demand
			for i := range demands {
				asked = append(asked, d.ask(fmt.Sprintf("D%d-%d", order, i), "fee", int64(10_000+i*1000)))
			}
			heard := mishaps(asked, start)
			for i := range heard { // each order is a bank account's life of its own
				heard[i].told.Number = fmt.Sprintf("R%d-%s", order, heard[i].told.Number)
				if heard[i].told.Reverses != "" {
					heard[i].told.Reverses = fmt.Sprintf("R%d-%s", order, heard[i].told.Reverses)
				}
			}
			if order > 0 {
				for range len(heard) / 2 { // told again
					heard = append(heard, heard[rng.IntN(len(heard))])
				}
				rng.Shuffle(len(heard), func(i, j int) { heard[i], heard[j] = heard[j], heard[i] })
			}
			for i := 0; i < len(heard); {
				n := 1 + rng.IntN(3) // alone, or several at once where they come by one way
				batch := []payment.Told{heard[i].told}
				for i++; i < len(heard) && len(batch) < n && heard[i].source == heard[i-1].source; i++ {
					batch = append(batch, heard[i].told)
				}
				d.clock.Set(d.clock.Now().Add(time.Duration(rng.IntN(100)) * time.Hour)) // delayed past the demands' last day
				d.hear(heard[i-1].source, batch...)
				if rng.IntN(4) == 0 {
					_, err := d.ledger.Expire(d.Context())
					d.must(err)
				}
			}
			d.clock.Set(start.Add(400 * 24 * time.Hour))
			for range 2 {
				_, err := d.ledger.Expire(d.Context())
				d.must(err)
			}
			got := d.outcome(order, asked)
			if order == 0 {
				want = got
			} else if got != want {
				d.Fatalf("order %d ends as\n%s, the first as\n%s", order, got, want)
			}
		}
		d.sound()
	})
}

// outcome is what the ledger says of a life's demands and transactions, without
// the names that differ from life to life.
func (d *drawer) outcome(order int, asked []payment.Demand) string {
	d.Helper()
	var out []any
	d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
		out = nil
		nth := map[string]int{"": -1}
		for i, a := range asked {
			m, err := payment.FindDemand(tx, a.Reference)
			if err != nil {
				return err
			}
			nth[a.Reference] = i
			out = append(out, fmt.Sprintf("demand %d %s %s %s", i, m.State, trim(order, m.SettledBy), m.Settled.Sub(d.clock.Now())))
		}
		lines, err := payment.Lines(tx, fmt.Sprintf("970999/9990020000/R%d-", order))
		for _, l := range lines {
			out = append(out, fmt.Sprintf("line %s %d %s %s for %d: settles %d, left %d, back %s, booked %s", trim(order, l.ID), l.Amount, l.State, l.Reason,
				nth[l.Demand], l.Settled, l.Left(), trim(order, l.ReversedBy), l.Booked.Sub(d.clock.Now())))
		}
		return err
	}))
	b, err := json.MarshalIndent(out, "", " ")
	d.must(err)
	return string(b)
}

func trim(order int, s string) string {
	mark := fmt.Sprintf("R%d-", order)
	for i := range len(s) {
		if len(s)-i >= len(mark) && s[i:i+len(mark)] == mark {
			return s[i+len(mark):]
		}
	}
	return s
}

// sound fails on anything that verify finds.
func (d *drawer) sound() {
	d.Helper()
	d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
		report, err := journal.Check(tx, payment.Protected()...)
		for _, f := range report.Faults {
			d.Errorf("verify: %s %v", f.Key, f.Args)
		}
		return err
	}))
}

// Cash and a transfer for one debt end the same whichever comes first: it is paid
// once, and what came besides waits for a person.
func TestCashAndTransferPayOnce(t *testing.T) {
	each(t, func(d *drawer) {
		pay := func(m payment.Demand, number string) payment.Told {
			return payment.Told{Number: number, Amount: m.Amount, Currency: "VND", Booked: d.clock.Now(), Message: m.Message()}
		}
		cash := func(m payment.Demand) error {
			f := fee(m.Amount)
			f.Dossier, f.Item = m.Dossier, m.Item
			return d.write(func(tx *store.Tx) error { _, err := payment.Take(tx, lan, f); return err })
		}
		first := d.ask("D1", "fee", 15_000)
		d.must(cash(first))
		if h := d.hear(payment.Webhook, pay(first, "FT1")); h.Exceptions != 1 {
			d.Errorf("a transfer after cash: %+v", h)
		}
		second := d.ask("D2", "fee", 15_000)
		if h := d.hear(payment.Webhook, pay(second, "FT2")); h.Matched != 1 {
			d.Errorf("a transfer: %+v", h)
		}
		d.refused(cash(second), "conflict", "pay.err.paid-already")
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
			lines, err := payment.Lines(tx, "")
			if len(lines) != 2 || lines[0].Reason != payment.PaidInCash || lines[1].State != payment.Matched {
				d.Errorf("got %+v", lines)
			}
			return err
		}))
		d.sound()
	})
}

// A cancelled cash receipt lets the transfer that waited settle the debt.
func TestCancelledCashLetsTheTransferPay(t *testing.T) {
	each(t, func(d *drawer) {
		m := d.ask("D1", "fee", 15_000)
		f := fee(15_000)
		f.Item = "fee"
		r := d.take(lan, f)
		d.hear(payment.Webhook, payment.Told{Number: "FT1", Amount: 15_000, Currency: "VND", Booked: d.clock.Now(), Message: m.Message()})
		_, err := d.ledger.AskCancel(d.Context(), lan, r.Number, "Đã chuyển khoản")
		d.must(err)
		_, err = d.ledger.Cancel(d.Context(), hoa, r.Number, true)
		d.must(err)
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
			got, err := payment.FindDemand(tx, m.Reference)
			if got.State != payment.Paid || got.SettledBy != "line/970999/9990020000/FT1" {
				d.Errorf("got %s by %s", got.State, got.SettledBy)
			}
			return err
		}))
		d.sound()
	})
}
