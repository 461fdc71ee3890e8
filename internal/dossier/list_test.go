package dossier_test

import (
	"fmt"
	"testing"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store/storetest"
)

// withoutLimit is a procedure of PX01 for which the law sets no limit.
const withoutLimit = "1.004205"

// What has no due date stands behind what has one, over the pages too.
func TestListPutsWhatHasNoDueDateLast(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, _ demotest.Staff, clock *storetest.Clock) {
		u, _ := p.Law.Law().Unit("12-PX01", "2026-03-02")
		by, _, err := p.Hire(ctx, "toanha", "Lò Văn Hà", "Thiếu tá", officer.Receptionist, "12-PX01")
		if err != nil {
			t.Fatal(err)
		}
		var dated, undated []string
		for i, proc := range []string{withoutLimit, "1.004030", withoutLimit, "1.004030", withoutLimit} {
			clock.Set(at(fmt.Sprintf("2026-03-02 09:%02d", i)))
			d := must[dossier.Dossier](t)(p.Receive(ctx, by, proc))
			if d.Clock.Due.IsZero() != (proc == withoutLimit) {
				t.Fatalf("%s is due %s", proc, d.Clock.Due)
			}
			if d.Clock.Due.IsZero() {
				undated = append(undated, d.ID)
			} else {
				dated = append(dated, d.ID)
			}
		}
		want := fmt.Sprint(append(dated, undated...))
		for size := 1; size <= 6; size++ {
			var got []string
			for after := ""; ; {
				page := must[dossier.Page](t)(p.Register.List(ctx, by, dossier.Filter{Queue: dossier.OfDesk, Unit: u.Key, Limit: size, After: after}))
				for _, d := range page.Dossiers {
					got = append(got, d.ID)
				}
				if after = page.Next; after == "" {
					break
				}
			}
			if fmt.Sprint(got) != want {
				t.Errorf("pages of %d: %v, want %s", size, got, want)
			}
		}
	})
}

// A dossier is given only to who works on it that day: active, and processor,
// approver or leader for the unit that holds it.
func TestAssignRefusesWhoDoesNotWorkThere(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		leader, _, err := p.Hire(ctx, "lanhdao", "Giàng A Phương", "Đại tá", officer.Leader, "12")
		if err != nil {
			t.Fatal(err)
		}
		gone, _, err := p.Hire(ctx, "nghihuu", "Lý Thị Chấn", "Đại úy", officer.Processor, "12-PA08")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Roll.Disable(ctx, officer.Console(), gone.Officer.ID, "Nghỉ hưu"); err != nil {
			t.Fatal(err)
		}
		late, _, err := p.Hire(ctx, "thaythe", "Mào Văn Sáng", "Đại úy", officer.Receptionist, "12-PA08")
		if err != nil {
			t.Fatal(err)
		}
		g := must[officer.Grant](t)(p.Roll.Grant(ctx, officer.Console(), late.Officer.ID, officer.Grant{Role: officer.Processor, Unit: late.Unit, From: "2026-03-03", Reason: "Thay người"}))
		if g.State == officer.Proposed {
			t.Fatal("the console's grant waits")
		}
		for name, id := range map[string]string{
			"nobody": "CB-9999", "another unit's": s.Processor.Officer.ID, "a receptionist": s.Desk.Officer.ID,
			"disabled": gone.Officer.ID, "from tomorrow": late.Officer.ID, "words": "Tẩn Thị Mẩy",
		} {
			_, err := p.Do(ctx, s.PassportChief, d, &dossier.Assign{Officer: id})
			pr, ok := problem.As(err)
			if !ok || pr.Kind != problem.Invalid || len(pr.Fields) != 1 || pr.Fields[0].Name != "officer" || pr.Fields[0].Key != "err.officer-unfit" {
				t.Errorf("%s: %v, want a problem at the field officer", name, err)
			}
		}
		for name, to := range map[string]officer.By{"processor": s.Passport, "approver": s.PassportChief, "leader": leader} {
			var err error
			if d, err = p.Do(ctx, s.PassportChief, d, &dossier.Assign{Officer: to.Officer.ID}); err != nil || d.Assignee != to.Officer.ID {
				t.Errorf("%s: given to %q, %v", name, d.Assignee, err)
			}
		}
	})
}
