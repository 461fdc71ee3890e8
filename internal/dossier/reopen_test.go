package dossier_test

import (
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/store/storetest"
)

// cancel has two persons cancel a receipt.
func cancel(t *testing.T, p *demo.Province, s demotest.Staff, number string) {
	t.Helper()
	if _, err := p.Ledger.AskCancel(ctx, s.Desk, number, "Thu nhầm mức phí"); err != nil {
		t.Fatal(err)
	}
	head, _, err := p.Hire(ctx, "truongquay"+number[len(number)-2:], "Mào Văn Tới", "Trung tá", officer.Leader, "12-Q20")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Ledger.Cancel(ctx, head, number, true); err != nil {
		t.Fatal(err)
	}
}

// rel-I-M5: a result is not given out on a receipt that was cancelled, neither
// before nor after its dossier hears of it; paid again, it is.
func TestCancelledReceiptLeavesTheDossierUnpaid(t *testing.T) {
	desk(t, "2026-03-02 09:15", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		do := must[dossier.Dossier](t)
		d := do(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Pay = "cash" }))
		due, receipt := d.Clock.Due, d.Fee.Receipt
		if receipt == "" {
			t.Fatalf("no receipt: %+v", d.Fee)
		}
		crew := demo.Crew{Desk: s.Desk, Processor: s.Passport, Chief: s.PassportChief}
		d = do(p.Work(ctx, d, crew, 10, func() { clock.Add(3 * 60 * 60e9) }))
		cancel(t, p, s, receipt)
		handOver := &dossier.HandOver{To: d.Filer.Name, Channel: "counter"}
		_, err := p.Do(ctx, s.Desk, d, handOver)
		refused(t, err, "err.unpaid") // the job has not run yet
		for range 2 {                 // a job may run twice
			if err := p.Register.Reopen(ctx, d.ID, receipt); err != nil {
				t.Fatal(err)
			}
		}
		d = do(p.Register.Find(ctx, d.ID, s.Desk))
		if d.Fee.Paid || d.Fee.Receipt != "" || len(d.Fee.Revoked) != 1 || !d.Clock.Due.Equal(due) {
			t.Errorf("after the cancel: %+v, due %v, was %v", d.Fee, d.Clock.Due, due)
		}
		_, err = p.Do(ctx, s.Desk, d, handOver)
		refused(t, err, "err.unpaid")
		d = do(p.Do(ctx, s.Desk, d, &dossier.CollectFee{}))
		if d.Fee.Receipt == receipt {
			t.Error("paid again on the cancelled receipt")
		}
		d = do(p.Do(ctx, s.Desk, d, handOver))
		cancel(t, p, s, d.Fee.Receipt) // found out after the result left: still owed
		if err := p.Register.Reopen(ctx, d.ID, d.Fee.Receipt); err != nil {
			t.Fatal(err)
		}
		d = do(p.Register.Find(ctx, d.ID, s.Desk))
		if d = do(p.Do(ctx, s.Desk, d, &dossier.CollectFee{})); d.State != dossier.Returned || !d.Fee.Paid {
			t.Errorf("owed after hand-over: %s %+v", d.State, d.Fee)
		}
		verify(t, p)
	})
}

// Money asked during processing is owed again, and the clock goes on.
func TestCancelledReceiptReopensTheObligation(t *testing.T) {
	desk(t, "2026-03-02 09:15", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		do := must[dossier.Dossier](t)
		d := do(p.Receive(ctx, s.Desk, passport))
		d = do(p.Do(ctx, s.Passport, d, &dossier.DemandPayment{Amount: 50_000, Why: "Lệ phí bổ sung", Basis: "25/2021/TT-BTC"}))
		d = do(p.Do(ctx, s.Desk, d, &dossier.SettlePayment{}))
		receipt := d.Obligations[0].Receipt
		cancel(t, p, s, receipt)
		if err := p.Register.Reopen(ctx, d.ID, receipt); err != nil {
			t.Fatal(err)
		}
		d = do(p.Register.Find(ctx, d.ID, s.Desk))
		if d.Unsettled() == nil || d.State != dossier.Processing || d.Paused() {
			t.Errorf("after the cancel: state %s, paused %v, %+v", d.State, d.Paused(), d.Obligations)
		}
		d = do(p.Do(ctx, s.Desk, d, &dossier.SettlePayment{}))
		if d.Unsettled() != nil || d.Obligations[0].Receipt == receipt || d.State != dossier.Processing {
			t.Errorf("paid again: state %s, %+v", d.State, d.Obligations)
		}
		verify(t, p)
	})
}

func refused(t *testing.T, err error, key string) {
	t.Helper()
	if p, ok := problem.As(err); !ok || p.Key != key {
		t.Errorf("got %v, want the problem %s", err, key)
	}
}

// A slip goes on saying what it said; a reprint adds how the fee stands now,
// paid since or cancelled since, and which rule asks for it.
func TestReprintSaysHowTheFeeStandsNow(t *testing.T) {
	desk(t, "2026-03-02 09:15", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		do, print := must[dossier.Dossier](t), must[slip.Facts](t)
		d := do(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Pay = "later" }))
		first := print(p.Register.Print(ctx, d.ID, "receipt", "", s.Desk, "https://motcua.example.vn"))
		if first.Fee.Receipt != "" || first.FeeNow != nil || first.Fee.Basis != d.Fee.Basis || !first.Fee.Reduced || first.Fee.Until != "2026-12-31" {
			t.Fatalf("first print: %+v, now %+v", first.Fee, first.FeeNow)
		}
		clock.Add(time.Hour)
		d = do(p.Do(ctx, s.Desk, d, &dossier.CollectFee{}))
		again := print(p.Register.Print(ctx, d.ID, "receipt", d.Slips[0].Number, s.Desk, "https://motcua.example.vn"))
		if again.Fee.Receipt != "" || again.FeeNow == nil || !again.FeeNow.Paid || again.FeeNow.Receipt != d.Fee.Receipt || !again.FeeNow.At.Equal(d.Fee.PaidAt) {
			t.Errorf("reprint after paying: %+v, now %+v", again.Fee, again.FeeNow)
		}
		cancel(t, p, s, d.Fee.Receipt)
		if err := p.Register.Reopen(ctx, d.ID, d.Fee.Receipt); err != nil {
			t.Fatal(err)
		}
		if last := print(p.Register.Print(ctx, d.ID, "receipt", d.Slips[0].Number, s.Desk, "https://motcua.example.vn")); last.FeeNow != nil {
			t.Errorf("unpaid when issued and unpaid now: %+v", last.FeeNow)
		}
		verify(t, p)
	})
}

// A slip that says paid by a receipt cancelled since says so when printed again.
func TestReprintSaysThatTheReceiptWasCancelled(t *testing.T) {
	desk(t, "2026-03-02 09:15", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Pay = "cash" }))
		receipt := d.Fee.Receipt
		must[slip.Facts](t)(p.Register.Print(ctx, d.ID, "receipt", "", s.Desk, "https://motcua.example.vn"))
		cancel(t, p, s, receipt)
		if err := p.Register.Reopen(ctx, d.ID, receipt); err != nil {
			t.Fatal(err)
		}
		f := must[slip.Facts](t)(p.Register.Print(ctx, d.ID, "receipt", d.Slips[0].Number, s.Desk, "https://motcua.example.vn"))
		if f.Fee.Receipt != receipt || f.FeeNow == nil || f.FeeNow.Paid || f.FeeNow.Receipt != receipt {
			t.Errorf("%+v, now %+v", f.Fee, f.FeeNow)
		}
	})
}
