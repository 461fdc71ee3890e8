package payment_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

const quay20 = pack.UnitKey("12-Q20@2025-03-01")

// drawer is a ledger in a test, with the officers of one desk.
type drawer struct {
	*testing.T
	db     *store.DB
	clock  *storetest.Clock
	ledger *payment.Ledger
}

func each(t *testing.T, fn func(d *drawer)) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := &drawer{t, db, storetest.ClockOf(db), payment.NewLedger(db)}
		d.must(db.Write(t.Context(), func(tx *store.Tx) error {
			for i, person := range []string{"lan", "pang", "hoa", "lan"} {
				if _, err := tx.Exec(`
					INSERT INTO officer (id, login, person, name, title, unit, active, password, start_code, start_until, must_change, totp, created, version)
					VALUES ($1, $2, $3, 'Tên', '', $4, $5, '', '', '', $5, '', $6, 1)`,
					id(i), id(i), person, quay20, true, tx.Now); err != nil {
					return err
				}
			}
			return nil
		}))
		fn(d)
	})
}

func id(i int) string { return fmt.Sprintf("CB-%04d", i+1) }

// The people of the desk; twin is a second account of lan.
var (
	lan  = at("12-Q20", 0, "lan", officer.Receptionist)
	pang = at("12-Q20", 1, "pang", officer.Cashier)
	hoa  = at("", 2, "hoa", officer.Approver)
	twin = at("", 3, "lan", officer.Approver)
)

func at(desk string, i int, person string, role officer.Role) officer.By {
	return officer.By{
		Officer: officer.Officer{ID: id(i), Person: person, Active: true}, Role: role, Unit: quay20, Desk: desk,
		Units: map[pack.UnitKey]bool{quay20: true}, Elevated: true,
	}
}

func (d *drawer) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *drawer) refused(err error, kind problem.Kind, key string) {
	d.Helper()
	p, ok := problem.As(err)
	if !ok {
		d.Fatalf("got %v, want the problem %s", err, key)
	}
	got := p.Key
	if len(p.Fields) > 0 {
		got = p.Fields[0].Key
	}
	if p.Kind != kind || got != key {
		d.Errorf("got %v, want %s: %s", p, kind, key)
	}
}

func fee(amount int64) payment.Fee {
	return payment.Fee{Dossier: "D1", Amount: amount, Basis: "75/2022/TT-BTC", Case: "Nộp trực tiếp", Payer: "Lò Thị Pâng"}
}

func (d *drawer) take(by officer.By, f payment.Fee) (r payment.Receipt) {
	d.Helper()
	d.must(d.db.Write(d.Context(), func(tx *store.Tx) (err error) {
		r, err = payment.Take(tx, by, f)
		return err
	}))
	return r
}

func (d *drawer) write(fn func(tx *store.Tx) error) error { return d.db.Write(d.Context(), fn) }

func TestReceiptSaysWhatWasPaidForWhatUnderWhichRule(t *testing.T) {
	each(t, func(d *drawer) {
		r := d.take(lan, fee(15_000))
		if r.Number != "12-Q20-26-0000001" || r.Series != "12-Q20-26" || r.Book() != 1 {
			d.Errorf("got number %s, series %s, book %d", r.Number, r.Series, r.Book())
		}
		var found payment.Receipt
		var entries []journal.Entry
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) (err error) {
			if found, err = payment.Find(tx, r.Number); err != nil {
				return err
			}
			entries, err = journal.Of(tx, "receipt/"+r.Number)
			return err
		}))
		if found != r {
			d.Errorf("read back %+v, want %+v", found, r)
		}
		if len(entries) != 1 || entries[0].Act != "take_cash" || entries[0].Capacity != "receptionist@12-Q20" || entries[0].Desk != "12-Q20" {
			d.Errorf("journal: %+v", entries)
		}
		if len(entries) == 1 && strings.Contains(string(entries[0].Facts), "Pâng") {
			d.Error("the journal names the payer")
		}
	})
}

func TestSeriesBeginsAnewForEachDeskAndYear(t *testing.T) {
	each(t, func(d *drawer) {
		d.clock.Set(time.Date(2026, 12, 31, 16, 59, 59, 0, time.UTC)) // 23:59:59 here
		d.take(lan, fee(1))
		other := lan
		other.Desk = "03388"
		if r := d.take(other, fee(1)); r.Number != "03388-26-0000001" {
			d.Errorf("another desk: %s", r.Number)
		}
		if r := d.take(lan, fee(1)); r.Number != "12-Q20-26-0000002" {
			d.Errorf("the last second of the year: %s", r.Number)
		}
		d.clock.Add(time.Second)
		if r := d.take(lan, fee(1)); r.Number != "12-Q20-27-0000001" {
			d.Errorf("the first second of the year: %s", r.Number)
		}
	})
}

func TestFaultyFeeIsRefusedWithEveryFaultAndBurnsNoNumber(t *testing.T) {
	each(t, func(d *drawer) {
		err := d.write(func(tx *store.Tx) error {
			_, err := payment.Take(tx, lan, payment.Fee{Amount: -5, Payer: "\u202e"})
			return err
		})
		if p, ok := problem.As(err); !ok || len(p.Fields) != 4 {
			d.Errorf("got %v, want faults of amount, dossier, basis and payer", err)
		}
		for _, c := range []struct {
			by   officer.By
			kind problem.Kind
			key  string
		}{{hoa, problem.Forbidden, "officer.err.not-allowed"}, {at("", 0, "lan", officer.Receptionist), problem.Illegal, "payment.err.desk"}} {
			d.refused(d.write(func(tx *store.Tx) error { _, err := payment.Take(tx, c.by, fee(1)); return err }), c.kind, c.key)
		}
		if r := d.take(lan, fee(1)); r.Serial != 1 {
			d.Errorf("first receipt is number %d", r.Serial)
		}
	})
}

// rel-I-M7: 64 officers take cash at once, a third of the intakes around it is
// undone; the numbers have no gap and none comes twice.
func TestReceiptNumbersAreGaplessUnder64Writers(t *testing.T) {
	each(t, func(d *drawer) {
		undone := errors.New("the intake was refused")
		var mu sync.Mutex
		var serials []int64
		var wg sync.WaitGroup
		for g := range 64 {
			wg.Go(func() {
				for i := range 6 {
					var r payment.Receipt
					err := d.write(func(tx *store.Tx) (err error) {
						if r, err = payment.Take(tx, lan, fee(int64(1000*g+i+1))); err != nil {
							return err
						}
						if (g+i)%3 == 0 {
							return undone
						}
						return nil
					})
					if errors.Is(err, undone) {
						continue
					}
					if err != nil {
						d.Error(err)
						return
					}
					mu.Lock()
					serials = append(serials, r.Serial)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		slices.Sort(serials)
		for i, s := range serials {
			if s != int64(i+1) {
				d.Fatalf("number %d stands where %d should; %d receipts", s, i+1, len(serials))
			}
		}
		if len(serials) != 64*6*2/3 {
			d.Errorf("%d receipts, want %d", len(serials), 64*6*2/3)
		}
		d.noGaps()
	})
}

func (d *drawer) noGaps() {
	d.Helper()
	var gaps []journal.Fault
	d.must(d.db.Read(d.Context(), func(tx *store.Tx) (err error) {
		gaps, err = payment.Gaps(tx)
		return err
	}))
	if len(gaps) > 0 {
		d.Errorf("gaps: %v", gaps)
	}
}

// rel-T11, rel-I-J8
func TestCancelNeedsASecondPersonAndThePaper(t *testing.T) {
	each(t, func(d *drawer) {
		r := d.take(lan, fee(15_000))
		_, err := d.ledger.Cancel(d.Context(), hoa, r.Number, true)
		d.refused(err, problem.Illegal, "payment.err.not-now")
		_, err = d.ledger.AskCancel(d.Context(), pang, r.Number, " ")
		d.refused(err, problem.Invalid, "payment.err.reason")
		_, err = d.ledger.AskCancel(d.Context(), pang, r.Number, "Thu nhầm mức phí")
		d.must(err)
		_, err = d.ledger.Cancel(d.Context(), pang, r.Number, true) // asked for it
		d.refused(err, problem.Forbidden, "officer.err.second-person")
		_, err = d.ledger.Cancel(d.Context(), twin, r.Number, true) // took the money, other account
		d.refused(err, problem.Forbidden, "officer.err.second-person")
		_, err = d.ledger.Cancel(d.Context(), hoa, r.Number, false)
		d.refused(err, problem.Invalid, "payment.err.paper")
		_, err = d.ledger.Cancel(d.Context(), lan, r.Number, true) // a receptionist approves nothing
		d.refused(err, problem.Forbidden, "officer.err.not-allowed")
		stale := hoa
		stale.Elevated = false
		_, err = d.ledger.Cancel(d.Context(), stale, r.Number, true)
		d.refused(err, problem.Forbidden, "officer.err.prove-again")
		far := hoa
		far.Units = map[pack.UnitKey]bool{"03388@2025-07-01": true}
		_, err = d.ledger.Cancel(d.Context(), far, r.Number, true)
		d.refused(err, problem.NotFound, "payment.err.no-receipt")
		got, err := d.ledger.Cancel(d.Context(), hoa, r.Number, true)
		d.must(err)
		if got.State != payment.Cancelled || got.CancelBy != id(1) || got.CancelledBy != id(2) {
			d.Errorf("got %+v", got)
		}
		_, err = d.ledger.AskCancel(d.Context(), lan, r.Number, "Lần nữa")
		d.refused(err, problem.Illegal, "payment.err.not-now")
		d.noGaps()
	})
}

func TestReceiptThatIsKeptStands(t *testing.T) {
	each(t, func(d *drawer) {
		r := d.take(lan, fee(15_000))
		_, err := d.ledger.AskCancel(d.Context(), lan, r.Number, "Đổi ý")
		d.must(err)
		got, err := d.ledger.KeepReceipt(d.Context(), hoa, r.Number, "Không có lý do hủy")
		d.must(err)
		if got != r {
			d.Errorf("kept receipt is %+v, want %+v", got, r)
		}
	})
}

// rel-T11: whatever happens at a desk, the drawer holds receipts less approved
// cancels, and the desk's drawers sum up.
func TestCashIsReceiptsLessApprovedCancels(t *testing.T) {
	each(t, func(d *drawer) {
		rnd := rand.New(rand.NewPCG(20, 26))
		cash := map[string]int64{} // day/officer → đồng
		var open, asked []payment.Receipt
		for range 3 {
			day := pack.On(d.clock.Now())
			for range 25 {
				by := []officer.By{lan, pang}[rnd.IntN(2)]
				switch n := rnd.IntN(10); {
				case n < 6 || len(open) == 0:
					r := d.take(by, fee(1000*int64(rnd.IntN(200)+1)))
					cash[day+r.Officer] += r.Amount
					open = append(open, r)
				case n < 8:
					i := rnd.IntN(len(open))
					r, err := d.ledger.AskCancel(d.Context(), by, open[i].Number, "Thu nhầm")
					d.must(err)
					open, asked = slices.Delete(open, i, i+1), append(asked, r)
				case len(asked) > 0:
					i := rnd.IntN(len(asked))
					if rnd.IntN(4) == 0 {
						r, err := d.ledger.KeepReceipt(d.Context(), hoa, asked[i].Number, "Biên lai đúng")
						d.must(err)
						open = append(open, r)
					} else {
						r, err := d.ledger.Cancel(d.Context(), hoa, asked[i].Number, true)
						d.must(err)
						cash[day+r.CancelBy] -= r.Amount
					}
					asked = slices.Delete(asked, i, i+1)
				}
			}
			for _, by := range []officer.By{lan, pang} {
				s, err := d.ledger.Shift(d.Context(), by)
				d.must(err)
				if s.Cash() != cash[day+by.Officer.ID] {
					d.Errorf("%s, %s: drawer %d, want %d", day, by.Officer.ID, s.Cash(), cash[day+by.Officer.ID])
				}
			}
			d.clock.Add(24 * time.Hour)
		}
		d.noGaps()
		if r := d.verify(); !r.OK() {
			d.Errorf("verify: %+v", r.Faults)
		}
	})
}

func (d *drawer) verify() journal.Report {
	d.Helper()
	keys, err := journal.LoadKeys(d.TempDir())
	d.must(err)
	r, err := journal.Verify(d.Context(), d.db, keys, d.TempDir(), payment.Protected()...)
	d.must(err)
	return r
}

func TestCashCountRecordsADifferenceWithItsReason(t *testing.T) {
	each(t, func(d *drawer) {
		d.take(lan, fee(15_000))
		d.take(lan, fee(50_000))
		_, err := d.ledger.CountCash(d.Context(), lan, 60_000, "")
		d.refused(err, problem.Invalid, "payment.err.difference")
		_, err = d.ledger.CountCash(d.Context(), lan, -1, "x")
		d.refused(err, problem.Invalid, "payment.err.counted")
		c, err := d.ledger.CountCash(d.Context(), lan, 60_000, "Trả nhầm tiền thừa")
		d.must(err)
		if c.Difference() != -5_000 {
			d.Errorf("difference %d, want -5000", c.Difference())
		}
		again, err := d.ledger.CountCash(d.Context(), lan, 65_000, "")
		d.must(err)
		var last payment.Count
		var ok bool
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) (err error) {
			last, ok, err = payment.LastCount(tx, "12-Q20", id(0), "2026-03-02")
			return err
		}))
		if !ok || last != again || last.Nth != 2 {
			d.Errorf("the last count is %+v, want the second", last)
		}
	})
}

// rel-I-J9
func TestVerifyFindsMoneyChangedInTheDatabase(t *testing.T) {
	each(t, func(d *drawer) {
		d.take(lan, fee(15_000))
		d.take(lan, fee(20_000))
		for _, c := range []struct{ change, undo string }{
			{`UPDATE payment_receipt SET amount = 5000 WHERE serial = 1`, `UPDATE payment_receipt SET amount = 15000 WHERE serial = 1`},
			{`UPDATE payment_receipt SET state = 'cancelled' WHERE serial = 1`, `UPDATE payment_receipt SET state = 'valid' WHERE serial = 1`},
			{`DELETE FROM payment_receipt WHERE serial = 2`, ``},
		} {
			if r := d.verify(); !r.OK() {
				d.Fatalf("before %s: %+v", c.change, r.Faults)
			}
			d.must(d.write(func(tx *store.Tx) error { _, err := tx.Exec(c.change); return err }))
			if r := d.verify(); r.OK() {
				d.Errorf("%s: verify finds nothing", c.change)
			}
			if c.undo != "" {
				d.must(d.write(func(tx *store.Tx) error { _, err := tx.Exec(c.undo); return err }))
			}
		}
		var gaps []journal.Fault
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) (err error) { gaps, err = payment.Gaps(tx); return err }))
		if len(gaps) != 1 {
			d.Errorf("gaps %v, want the deleted receipt's", gaps)
		}
	})
}

func TestDongIsGroupedByThousands(t *testing.T) {
	for amount, want := range map[int64]string{
		0: "0 đồng", 999: "999 đồng", 15_000: "15.000 đồng", 1_234_567: "1.234.567 đồng", -5_000: "-5.000 đồng", -123_456: "-123.456 đồng",
	} {
		if got := payment.Dong(amount); got != want {
			t.Errorf("Dong(%d) = %q, want %q", amount, got, want)
		}
	}
}
