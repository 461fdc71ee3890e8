package payment_test

import (
	"testing"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
)

// A receipt, and the list of those to cancel, stay within the officer's scope.
func TestReceiptsAreReadInScopeOnly(t *testing.T) {
	each(t, func(d *drawer) {
		r := d.take(lan, fee(15_000))
		got, err := d.ledger.Receipt(d.Context(), lan, r.Number)
		d.must(err)
		if got != r {
			d.Errorf("got %+v", got)
		}
		far := hoa
		far.Units = map[pack.UnitKey]bool{"03388@2025-07-01": true}
		_, err = d.ledger.Receipt(d.Context(), far, r.Number)
		d.refused(err, problem.NotFound, "payment.err.no-receipt")
		waiting := func(by officer.By) []payment.Receipt {
			list, err := d.ledger.Waiting(d.Context(), by)
			d.must(err)
			return list
		}
		if n := len(waiting(hoa)); n != 0 {
			d.Errorf("%d wait before anybody asked", n)
		}
		_, err = d.ledger.AskCancel(d.Context(), lan, r.Number, "Thu nhầm")
		d.must(err)
		if n := len(waiting(hoa)); n != 1 {
			d.Errorf("%d wait, want 1", n)
		}
		if n := len(waiting(far)); n != 0 {
			d.Errorf("%d of another unit are shown", n)
		}
		if _, err := d.ledger.Waiting(d.Context(), lan); err == nil {
			d.Error("a receptionist sees what waits for approval")
		}
	})
}
