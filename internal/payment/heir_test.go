package payment_test

import (
	"testing"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
)

// A unit that gets its code within the year begins a series of its own, and in
// the next year's the code is enough. Receipts of the code's former bearer are
// seen by who keeps its papers alone. rel-I-M7
func TestNewBearerOfACodeBeginsItsOwnSeries(t *testing.T) {
	each(t, func(d *drawer) {
		sits := func(unit pack.UnitKey, past map[pack.UnitKey]pack.Date) officer.By {
			by := at("03388", 0, "lan", officer.Receptionist)
			by.Unit, by.Units, by.Past = unit, map[pack.UnitKey]bool{unit: true}, past
			return by
		}
		d.clock.Set(time.Date(2025, 6, 30, 2, 0, 0, 0, time.UTC))
		old := d.take(sits("03388@2022-01-01", nil), fee(15_000))
		d.clock.Set(time.Date(2025, 7, 1, 2, 0, 0, 0, time.UTC))
		heir := sits("03388@2025-07-01", map[pack.UnitKey]pack.Date{"03388@2022-01-01": "2025-06-30"})
		stranger := sits("03388@2025-07-01", nil)
		first := d.take(heir, fee(15_000))
		d.clock.Set(time.Date(2026, 1, 5, 2, 0, 0, 0, time.UTC))
		next := d.take(heir, fee(15_000))
		for number, r := range map[string]payment.Receipt{"03388-25-0000001": old, "03388.0701-25-0000001": first, "03388-26-0000001": next} {
			if r.Number != number {
				d.Errorf("receipt %s, want %s", r.Number, number)
			}
		}
		_, err := d.ledger.Receipt(d.Context(), heir, old.Number)
		d.must(err)
		_, err = d.ledger.Receipt(d.Context(), stranger, old.Number)
		d.refused(err, problem.NotFound, "payment.err.no-receipt")
		_, err = d.ledger.AskCancel(d.Context(), stranger, old.Number, "Thu nhầm")
		d.refused(err, problem.NotFound, "payment.err.no-receipt")
		d.noGaps()
	})
}
