package main

import (
	"context"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/job"
	"quay20/internal/officer"
	"quay20/internal/store"
)

// rel-I-M5: the queue of a node tells the dossier that its receipt is void.
func TestCancelledReceiptReachesItsDossier(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	clock := demo.NewClock(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))
	h, err := (&Place{Data: t.TempDir() + "/data"}).make(ctx, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer h.db.Close()
	p := &demo.Province{DB: h.db, Law: h.law, Roll: h.roll, Register: h.register, Ledger: h.ledger, Clock: clock}
	if err := p.Open(ctx); err != nil {
		t.Fatal(err)
	}
	desk, _, err := p.Hire(ctx, "tiepnhan", "Lò Thị Minh", "Đại úy", officer.Receptionist, "12-Q20")
	if err != nil {
		t.Fatal(err)
	}
	head, _, err := p.Hire(ctx, "truongquay", "Mào Văn Tới", "Trung tá", officer.Leader, "12-Q20")
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.Receive(ctx, desk, "1.001456", func(in *dossier.Intake) { in.Pay = "cash" })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Ledger.AskCancel(ctx, desk, d.Fee.Receipt, "Thu nhầm"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Ledger.Cancel(ctx, head, d.Fee.Receipt, true); err != nil {
		t.Fatal(err)
	}
	q, err := h.jobs()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- q.Run(ctx) }()
	for left := 1; left > 0; time.Sleep(5 * time.Millisecond) {
		err := h.db.Read(ctx, func(tx *store.Tx) error {
			list, err := job.Waiting(tx, 10)
			left = len(list)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	stop()
	<-ended
	if d, err = h.register.Find(context.Background(), d.ID, desk); err != nil || d.Fee.Paid {
		t.Errorf("after the cancel: paid %v, %v", d.Fee.Paid, err)
	}
}
