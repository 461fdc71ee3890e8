package filing_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/filing"
	"quay20/internal/form"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

const (
	phone  = filing.Owner("device/phone")
	laptop = filing.Owner("device/laptop")
)

// inProvince runs a test on every engine.
func inProvince(t *testing.T, fn func(t *testing.T, p *demo.Province)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { fn(t, demotest.At(t, db)) })
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// onlineNow are the procedures that can be filed online on the test's day.
func onlineNow(p *demo.Province) (codes []string) {
	on := pack.On(p.Clock.Now())
	for _, proc := range p.Law.Law().Procedures(on) {
		if _, ok := form.Of(p.Law.Law(), proc.Code, on); ok {
			codes = append(codes, proc.Code)
		}
	}
	return codes
}

// Every procedure with an online channel can be filled in and sent, with its
// own form or the general one.
func TestEveryProcedureOnlineCanBeFiled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Engine() != "sqlite" {
			return // one text for both engines
		}
		p := demotest.At(t, db)
		codes := onlineNow(p)
		if len(codes) < 100 {
			t.Fatalf("only %d procedures can be filed online", len(codes))
		}
		for i, code := range codes {
			owner := filing.Owner("device/" + code)
			sent, err := p.FileFromHome(t.Context(), owner, code)
			if err != nil {
				t.Errorf("%s: %v", code, err)
				continue
			}
			if sent.State != dossier.Filed || sent.Code == "" || sent.CheckBy.IsZero() || len(sent.Secret) != 8 {
				t.Errorf("%d %s: sent %+v", i, code, sent.Tracked)
			}
		}
	})
}

// rel-B-W06, rel-I-D3: pressing twice, at once or later, makes one dossier and
// gives the same answer.
func TestSendingTwiceMakesOneDossier(t *testing.T) {
	t.Parallel()
	inProvince(t, func(t *testing.T, p *demo.Province) {
		ctx := t.Context()
		d := must[filing.Draft](t)(p.Declare(ctx, phone, "1.004194"))
		var wg sync.WaitGroup
		codes := make([]dossier.Code, 4)
		for i := range codes {
			wg.Go(func() {
				sent, err := p.Filing.Send(ctx, phone, d.ID, d.Version, "vi")
				if err != nil {
					t.Error(err)
				}
				codes[i] = sent.Code
			})
		}
		wg.Wait()
		for _, c := range codes {
			if c == "" || c != codes[0] {
				t.Errorf("codes %v, want one", codes)
			}
		}
		if n := count(t, p, `SELECT COUNT(*) FROM dossier`); n != 1 {
			t.Errorf("%d dossiers, want 1", n)
		}
		after := must[filing.Draft](t)(p.Filing.Find(ctx, phone, d.ID))
		if !after.Sent() || len(after.Answers) > 0 {
			t.Errorf("the draft still holds what was declared: %+v", after)
		}
	})
}

func count(t *testing.T, p *demo.Province, query string) (n int64) {
	t.Helper()
	err := p.DB.Read(context.Background(), func(tx *store.Tx) (err error) {
		n, err = store.One(tx, func(row store.Row) (n int64, err error) { return n, row.Scan(&n) }, query)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What was declared is with the dossier, in one written form, for the desk.
func TestTheDeskSeesWhatWasDeclared(t *testing.T) {
	t.Parallel()
	inProvince(t, func(t *testing.T, p *demo.Province) {
		ctx := t.Context()
		d := must[filing.Draft](t)(p.Declare(ctx, phone, "1.004194"))
		sent := must[dossier.Sent](t)(p.Filing.Send(ctx, phone, d.ID, d.Version, "vi"))

		got := must[dossier.Dossier](t)(p.Register.Find(ctx, string(sent.Code), must[officerBy](t)(clerkOf(p, sent))))

		if got.Declared == nil || got.Declared.Form != "tam-tru" || got.Declared.By != form.Self {
			t.Fatalf("declared %+v", got.Declared)
		}
		for name, v := range d.Answers {
			if got.Declared.Answers[name] != v {
				t.Errorf("%s is %q, declared was %q", name, got.Declared.Answers[name], v)
			}
		}
		if got.Filer.IDNumber != d.Answers["nguoi-nop.so-giay-to"] || got.Filer.Phone == "" || got.Filer.Address == "" {
			t.Errorf("filer %+v", got.Filer)
		}
	})
}

// rel-G9, rel-K61: a draft is its owner's alone; another's is as unknown as none.
func TestADraftIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	inProvince(t, func(t *testing.T, p *demo.Province) {
		ctx := t.Context()
		d := must[filing.Draft](t)(p.Declare(ctx, phone, "1.004194"))
		_, none := p.Filing.Find(ctx, laptop, "00000000000000000000000000")
		for name, try := range map[string]func(owner filing.Owner) error{
			"find": func(o filing.Owner) error { _, err := p.Filing.Find(ctx, o, d.ID); return err },
			"save": func(o filing.Owner) error {
				_, _, err := p.Filing.Save(ctx, o, d.ID, filing.Change{Place: "lien-he"})
				return err
			},
			"code": func(o filing.Owner) error { _, _, err := p.Filing.Code(ctx, o, d.ID); return err },
			"send": func(o filing.Owner) error { _, err := p.Filing.Send(ctx, o, d.ID, d.Version, "vi"); return err },
		} {
			for _, o := range []filing.Owner{laptop, ""} {
				if err := try(o); err == nil || err.Error() != none.Error() {
					t.Errorf("%s by %q: %v, want %v", name, o, err, none)
				}
			}
		}
		if err := p.Filing.Drop(ctx, laptop, d.ID); err != nil {
			t.Error(err)
		}
		must[filing.Draft](t)(p.Filing.Find(ctx, phone, d.ID))
	})
}

// A code goes on on another device, once, for its time.
func TestACodeMovesADraftOnce(t *testing.T) {
	t.Parallel()
	inProvince(t, func(t *testing.T, p *demo.Province) {
		ctx := t.Context()
		d := must[filing.Draft](t)(p.Declare(ctx, phone, "1.004194"))
		_, old, err := p.Filing.Code(ctx, phone, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, code, err := p.Filing.Code(ctx, phone, d.ID)
		if err != nil || code == old || len(code) != 16 {
			t.Fatal(old, code, err)
		}
		if _, err := p.Filing.Continue(ctx, laptop, old); !problem.Is(err, problem.NotFound) {
			t.Errorf("the earlier code: %v", err)
		}
		moved := must[filing.Draft](t)(p.Filing.Continue(ctx, laptop, " "+code[:4]+"-"+code[4:8]+" "+code[8:]))
		if moved.ID != d.ID || moved.Owner != laptop || len(moved.Answers) != len(d.Answers) {
			t.Errorf("moved %+v", moved)
		}
		if _, err := p.Filing.Find(ctx, phone, d.ID); !problem.Is(err, problem.NotFound) {
			t.Errorf("the first device still has it: %v", err)
		}
		if _, err := p.Filing.Continue(ctx, phone, code); !problem.Is(err, problem.NotFound) {
			t.Errorf("a used code: %v", err)
		}
		_, code, err = p.Filing.Code(ctx, laptop, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		p.Clock.Set(p.Clock.Now().AddDate(0, 0, 7))
		if _, err := p.Filing.Continue(ctx, phone, code); !problem.Is(err, problem.NotFound) {
			t.Errorf("a code after a week: %v", err)
		}
	})
}

// rel-R24, rel-K19: a draft is erased 30 days after its last change, no sooner;
// one owner has at most as many as the rules allow.
func TestDraftsEnd(t *testing.T) {
	t.Parallel()
	inProvince(t, func(t *testing.T, p *demo.Province) {
		ctx := t.Context()
		d := must[filing.Draft](t)(p.Declare(ctx, phone, "1.004194"))
		p.Clock.Set(d.At.AddDate(0, 0, 30).Add(-time.Second))
		if n := must[int](t)(p.Filing.Sweep(ctx)); n != 0 {
			t.Errorf("%d erased too early", n)
		}
		p.Clock.Set(d.At.AddDate(0, 0, 30))
		if n := must[int](t)(p.Filing.Sweep(ctx)); n != 1 {
			t.Errorf("%d erased, want 1", n)
		}
		if n := count(t, p, `SELECT COUNT(*) FROM filing_draft`); n != 0 {
			t.Errorf("%d rows left", n)
		}
		codes := onlineNow(p)
		for i := range 21 {
			_, err := p.Filing.Begin(ctx, laptop, codes[i])
			if i < 20 && err != nil {
				t.Fatal(i, err)
			}
			if i == 20 && !problem.Is(err, problem.TooMany) {
				t.Errorf("draft 21: %v", err)
			}
		}
	})
}

// rel-B-W12: two windows on one page never overwrite each other; on two pages
// both are kept.
func TestTwoWindowsNeverOverwrite(t *testing.T) {
	t.Parallel()
	inProvince(t, func(t *testing.T, p *demo.Province) {
		ctx := t.Context()
		d := must[filing.Draft](t)(p.Declare(ctx, phone, "1.004194"))
		f, _ := form.Of(p.Law.Law(), "1.004194", pack.On(p.Clock.Now()))
		contact, _ := filing.At(f, "lien-he", d.Answers)
		seen := filing.Mark(contact, d.Answers)
		change := func(number string) form.Answers {
			a := form.Within(contact.Section, d.Answers)
			a["lien-he.dien-thoai"] = number
			return a
		}
		if _, faults, err := p.Filing.Save(ctx, phone, d.ID, filing.Change{Place: "lien-he", Answers: change("0912 345 678"), Seen: seen}); err != nil || len(faults) > 0 {
			t.Fatal(faults, err)
		}
		_, _, err := p.Filing.Save(ctx, phone, d.ID, filing.Change{Place: "lien-he", Answers: change("0987 654 321"), Seen: seen})
		if !problem.Is(err, problem.Stale) {
			t.Errorf("the second window: %v", err)
		}
		now := must[filing.Draft](t)(p.Filing.Find(ctx, phone, d.ID))
		if now.Answers["lien-he.dien-thoai"] != "+84912345678" {
			t.Errorf("kept %q", now.Answers["lien-he.dien-thoai"])
		}
		if _, err := p.Filing.Send(ctx, phone, d.ID, d.Version, "vi"); !problem.Is(err, problem.Stale) {
			t.Errorf("sending what was not seen: %v", err)
		}
	})
}

// One open dossier per person, procedure and object; the owner is led to it,
// nobody else learns of it. rel-G9
func TestOneOpenDossierPerMatter(t *testing.T) {
	t.Parallel()
	inProvince(t, func(t *testing.T, p *demo.Province) {
		ctx := t.Context()
		d := must[filing.Draft](t)(p.Declare(ctx, phone, "1.004194"))
		again := func(owner filing.Owner, change func(form.Answers)) error {
			a := form.Answers{}
			for k, v := range d.Answers {
				a[k] = v
			}
			change(a)
			next, err := p.Filing.Begin(ctx, owner, "1.004194")
			if err != nil {
				t.Fatal(err)
			}
			f, _ := form.Of(p.Law.Law(), "1.004194", pack.On(p.Clock.Now()))
			for _, place := range form.Places(f, a) {
				own := form.Answers{}
				for _, q := range form.Questions(place, a) {
					for _, name := range q.Inputs() {
						own[name] = a[name]
					}
				}
				if next, _, err = p.Filing.Save(ctx, owner, next.ID, filing.Change{Place: place.Name(), Answers: own, Seen: filing.Mark(place, next.Answers)}); err != nil {
					t.Fatal(err)
				}
			}
			_, err = p.Filing.Send(ctx, owner, next.ID, next.Version, "vi")
			return err
		}
		must[dossier.Sent](t)(p.Filing.Send(ctx, phone, d.ID, d.Version, "vi"))
		err := again(phone, func(form.Answers) {})
		if o, ok := err.(*filing.Open); !ok || o.Draft != d.ID {
			t.Errorf("the same person and place: %v", err)
		}
		err = again(laptop, func(form.Answers) {})
		if o, ok := err.(*filing.Open); !ok || o.Draft != "" {
			t.Errorf("from another device: %v", err)
		}
		if err := again("device/third", func(a form.Answers) { a["noi-tam-tru.cho-o.thon"] = "Bản khác" }); err != nil {
			t.Errorf("another place: %v", err)
		}
		if err := again("device/fourth", func(a form.Answers) { a["nguoi-nop.so-giay-to"] = "012190009999" }); err != nil {
			t.Errorf("another person: %v", err)
		}
	})
}

type officerBy = officer.By

// clerkOf is an officer of the desk that a dossier was sent to.
func clerkOf(p *demo.Province, sent dossier.Sent) (officer.By, error) {
	by, _, err := p.Hire(context.Background(), "tiepnhan", "Lò Văn Nhận", "Đại úy", officer.Receptionist, sent.Desk.Code)
	return by, err
}
