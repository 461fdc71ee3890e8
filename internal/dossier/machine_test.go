package dossier

import (
	"cmp"
	"flag"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quay20/internal/applicant"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/packs"
)

// crew are officers who, together, may do everything everywhere.
func crew(law *pack.Pack, on pack.Date) []officer.By {
	root, _ := law.Unit("12", on)
	units := map[pack.UnitKey]bool{}
	for _, u := range law.Under(root.Key, on) {
		units[u] = true
	}
	var list []officer.By
	for i, role := range []officer.Role{officer.Receptionist, officer.Processor, officer.Approver, officer.Leader, officer.Cashier} {
		list = append(list, officer.By{Officer: officer.Officer{ID: fmt.Sprint("CB-", i), Name: "Lò Văn Pâng"}, Role: role, Unit: root.Key, Units: units, Elevated: true})
	}
	return append(list, officer.System())
}

// Fill gives an act good particulars; pick chooses one of n.
func Fill(pick func(n int) int, a Act, d *Dossier, by officer.By, w World) {
	switch a := a.(type) {
	case *Refuse:
		a.Reasons = []string{"Không thuộc thẩm quyền"}
	case *RequestSupplement:
		a.Items = []Item{{Paper: "Tờ khai", Reason: "Thiếu chữ ký"}}
	case *Assign:
		a.Officer = by.Officer.ID
	case *ReturnStep:
		a.Reason = "Thiếu ý kiến"
	case *Conclude:
		a.Outcome, a.Kind, a.Reasons = []string{"granted", "refused"}[pick(2)], "Thông báo", []string{"Không đủ điều kiện"}
	case *AskUnit:
		a.Unit, a.Question = "12-PV01", "Có ý kiến gì không?"
	case *AnswerUnit:
		a.Answer = "Không"
	case *Transfer:
		a.Unit, a.Reason = []string{"12-PC06", "12-PA08"}[pick(2)], "Đúng thẩm quyền"
	case *DemandPayment:
		a.Amount, a.Why, a.Basis = 100_000, "Lệ phí", "25/2021/TT-BTC"
	case *AwaitAgency:
		a.Agency, a.Document = "Sở Tư pháp", "12/CV"
	case *AgencyAnswered:
		a.Document = "34/CV"
	case *Extend:
		a.Amount, a.Unit, a.Reason = 1, lawtime.WorkingDay, "Phức tạp"
	case *ProposeApology:
		a.Reason, a.Unit, a.NewDue = "Quá tải", "PC06", later(d.Clock.Due, w.Now).Add(48*time.Hour)
	case *Apologise:
		a.Reason, a.Unit, a.NewDue = "Quá tải", "PC06", later(d.Clock.Due, w.Now).Add(48*time.Hour)
	case *HandOver:
		a.To, a.Channel = d.Filer.Name, "counter"
	case *Correct:
		a.Reason = "Gõ nhầm"
		a.Filer = &applicant.Person{Kind: applicant.Citizen, Name: "Giàng A Páo", Address: "Bản Mới", Phone: "0300000001", IDKind: applicant.NoPaper}
	case *AddCode:
		a.Code, a.Source = Code(fmt.Sprintf("G01.899-%d", len(d.Codes))), "ministry"
	case *Withdraw:
		a.Reason, a.Money = "Không cần nữa", "Trả lại"
	case *Stop:
		a.AskedBy, a.Reason, a.Money = "authority", "Có tranh chấp", "Trả lại"
	case *SettlePayment:
		a.Receipt = []string{"", "KB-12"}[pick(2)]
	case *ReopenPayment:
		a.Receipt = d.Fee.Receipt
		for _, o := range d.Obligations {
			a.Receipt = cmp.Or(a.Receipt, o.Receipt)
		}
	case *ConfirmPayment:
		if owed := d.Owes(w.Law); len(owed) > 0 {
			a.Item, a.Amount, a.Reference, a.Booked = owed[0].Item, owed[0].Amount, fmt.Sprint("LC", w.Now.Unix()), w.Now.Add(-time.Hour)
		}
	case *Succeed:
		a.Before, a.Reason = "2030-01-01", "Sắp xếp"
	case *Recompute:
		a.Notice = fmt.Sprint("tb-", len(d.Moves))
	}
}

// TestNoActSequenceLeavesTheStateMachine draws acts at random times by random
// officers. rel-I-D8, rel-I-D11, rel-I-D12, rel-I-C2
func TestNoActSequenceLeavesTheStateMachine(t *testing.T) {
	t.Parallel()
	law, err := packs.LaiChau()
	if err != nil {
		t.Fatal(err)
	}
	if err := flag.Set("rapid.checks", "2000"); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := World{Law: law, Now: rapid.SampledFrom([]time.Time{
			time.Date(2022, 6, 6, 1, 30, 0, 0, time.UTC), time.Date(2025, 8, 4, 1, 0, 0, 0, time.UTC), time.Date(2026, 8, 3, 3, 0, 0, 0, time.UTC),
		}).Draw(t, "start")}
		people := crew(law, pack.On(w.Now))
		desk, _ := law.Unit("12-Q20", pack.On(w.Now))
		in := Intake{Procedure: rapid.SampledFrom([]string{"1.001456", "1.002390"}).Draw(t, "procedure"), Desk: desk.Key,
			Filer: applicant.Person{Kind: applicant.Citizen, Name: "Lò Thị Phương", Address: "Bản Mới", Phone: "0300000001", IDKind: applicant.NoPaper}}
		proc, _ := law.Procedure(in.Procedure)
		v, _ := proc.On(pack.On(w.Now))
		in.Case = v.Cases[0].Name
		if fees := proc.FeeCases("counter", pack.On(w.Now)); len(fees) > 1 {
			in.FeeCase = fees[0]
		}
		full := rapid.Bool().Draw(t, "complete")
		for _, c := range v.Components {
			in.Papers = append(in.Papers, Paper{Name: c.Name, Present: full})
		}
		in.Decision = "accept"
		if !full {
			in.Decision = rapid.SampledFrom([]string{"supplement", "refuse"}).Draw(t, "decision")
			in.Reasons = []string{"Thiếu giấy tờ"}
		}
		d, e, err := Receive(in, people[0], w)
		if full == (err != nil) && !(in.Decision == "supplement" && len(v.Components) == 0) && err != nil {
			t.Fatalf("intake: %v", err)
		}
		if err != nil {
			return
		}
		if e.Clock {
			if err := d.setClock(law); err != nil {
				t.Fatal(err)
			}
		}
		check(t, "receive", "", &d, e, w)
		receipts := 0
		for range rapid.IntRange(0, 25).Draw(t, "acts") {
			w.Now = w.Now.Add(time.Duration(rapid.IntRange(0, 60*30).Draw(t, "minutes")) * time.Minute)
			by := people[rapid.IntRange(0, len(people)-1).Draw(t, "by")]
			names := Allowed(&d, by, w)
			if d.State.Final() {
				for _, n := range names {
					owed := d.State == Returned && (len(d.Fee.Revoked) > 0 || d.Unsettled() != nil)
					if n != "add_code" && n != "reopen_payment" && n != "confirm_payment" && !(owed && (n == "collect_fee" || n == "settle_payment")) {
						t.Fatalf("%s is allowed in the final state %s", n, d.State)
					}
				}
			}
			if len(names) == 0 {
				continue
			}
			act, _ := NewAct(rapid.SampledFrom(names).Draw(t, "act"))
			Fill(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }, act, &d, by, w)
			if act.Check(&d, by, w) != nil {
				continue
			}
			before, was := d.State, d
			e := act.Apply(&d, by, w)
			if e.Cash > 0 { // as takeCash does
				receipts++
				if d.Fee.Paid && d.Fee.Receipt == "" {
					d.Fee.Receipt = fmt.Sprint("BL-", receipts)
				}
				for i := range d.Obligations {
					if o := &d.Obligations[i]; !o.Settled.IsZero() && o.Receipt == "" {
						o.Receipt = fmt.Sprint("BL-", receipts)
					}
				}
			}
			if e.Clock {
				if err := d.setClock(law); err != nil {
					t.Fatalf("%s: %v", act.Name(), err)
				}
			}
			check(t, act.Name(), before, &d, e, w)
			if !e.Clock && act.Name() != "recompute" && !d.Clock.Due.Equal(was.Clock.Due) {
				t.Fatalf("%s moved the due date without saying so", act.Name())
			}
		}
	})
}

// check holds the invariants after an act.
func check(t *rapid.T, act string, before State, d *Dossier, e Effect, w World) {
	if !leads(act, before, d.State) {
		t.Fatalf("%s moved from %q to %q", act, before, d.State)
	}
	if d.State.National() == 0 {
		t.Fatalf("state %q has no national number", d.State)
	}
	if d.Paused() && d.Running() {
		t.Fatal("the clock runs while paused")
	}
	if waits := d.State == Supplement || d.State == Payment; waits && !d.AcceptedAt.IsZero() && !d.Clock.Start.IsZero() && !d.Paused() {
		t.Fatalf("waiting for the citizen in state %s, but the clock runs", d.State)
	}
	if (d.State == Concluded || d.State.Final()) && d.Paused() {
		t.Fatalf("an open pause in state %s", d.State)
	}
	if n := d.asked("reception"); n > 1 {
		t.Fatalf("%d supplement requests at reception", n)
	}
	if n := d.asked("appraisal"); n > 1 {
		t.Fatalf("%d supplement requests at appraisal", n)
	}
	if act == "hand_over" && d.Unsettled() != nil {
		t.Fatal("handed over though money is owed")
	}
	if (d.State == Returned) != (d.HandedOver != nil) {
		t.Fatalf("state %s with hand-over %v", d.State, d.HandedOver)
	}
	if d.State == Concluded && d.Result == nil {
		t.Fatal("concluded without a result")
	}
	again, err := parse(d.body())
	if err != nil || again.body() != d.body() {
		t.Fatalf("the body is not canonical: %v", err)
	}
}
