package dossier_test

import (
	"fmt"
	"strings"
	"testing"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/problem"
	"quay20/internal/store/storetest"
)

// rel-K19, rel-K11: what fits exactly is taken, one more is refused and named.
func TestLimitsHoldAtTheLimitAndOneAbove(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		text := func(n int) string { return strings.Repeat("ệ", n) }
		papers := func(n int) (list []dossier.Paper) {
			for i := range n {
				list = append(list, dossier.Paper{Name: fmt.Sprint("Giấy tờ ", i), Present: true})
			}
			return list
		}
		intake := func(spoil func(*dossier.Intake)) error {
			return second(p.Receive(ctx, s.Desk, passport, spoil))
		}
		keyed := func(key string) error { return second(p.Register.Receive(ctx, p.Intake(passport), s.Desk, key)) }
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		for _, c := range []struct {
			name       string
			limit, one error
		}{
			{"request", intake(func(in *dossier.Intake) { in.Request = text(2000) }), intake(func(in *dossier.Intake) { in.Request = text(2001) })},
			{"papers", intake(func(in *dossier.Intake) { in.Papers = append(in.Papers, papers(100-len(in.Papers))...) }),
				intake(func(in *dossier.Intake) { in.Papers = append(in.Papers, papers(101-len(in.Papers))...) })},
			{"sets", intake(func(in *dossier.Intake) { in.Sets = 100 }), intake(func(in *dossier.Intake) { in.Sets = 101 })},
			{"key", keyed(strings.Repeat("k", 200)), keyed(strings.Repeat("k", 201))},
			{"note", second(p.Do(ctx, s.PassportChief, d, &dossier.Remind{Note: text(2000)})), second(p.Do(ctx, s.PassportChief, d, &dossier.Remind{Note: text(2001)}))},
			{"amount", second(p.Do(ctx, s.Passport, d, &dossier.DemandPayment{Amount: 1, Why: "Lệ phí", Basis: "x"})), second(p.Do(ctx, s.Passport, d, &dossier.DemandPayment{Amount: -1 << 63, Why: "x", Basis: "x"}))},
		} {
			if c.limit != nil {
				t.Errorf("%s at the limit: %v", c.name, c.limit)
			}
			if _, ok := problem.As(c.one); !ok {
				t.Errorf("%s one above: %v, want a problem", c.name, c.one)
			}
		}
	})
}

// rel-B-W08: what nobody can type reaches no table, no journal and no
// line, and the refusal names the field; composed and decomposed letters are one.
func TestTextThatNobodyCanTypeIsRefused(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Request = "Ho\u0323c ba\u0323" }))
		if d.Request != "Học bạ" {
			t.Errorf("stored %q, want the composed form", d.Request)
		}
		for _, bad := range []string{"a\x00b", "a\x1b[31m", "\u202eabc", "\xff\xfe"} {
			for field, err := range map[string]error{
				"reason":      second(p.Do(ctx, s.Desk, d, &dossier.Withdraw{Reason: bad, Money: "Trả lại"})),
				"request":     second(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Request = bad })),
				"filer.email": second(p.Receive(ctx, s.Desk, passport, func(in *dossier.Intake) { in.Filer.Email = bad })),
				"why":         second(p.Register.View(ctx, d.ID, s.Desk, bad)),
			} {
				q, ok := problem.As(err)
				if !ok || len(q.Fields) == 0 || q.Fields[0].Name != field {
					t.Errorf("%q as %s: %v", bad, field, err)
				}
			}
			if _, err := p.Register.Find(ctx, bad, s.Desk); !problem.Is(err, problem.NotFound) {
				t.Errorf("%q as a code: %v", bad, err)
			}
			if _, err := p.Register.Track(ctx, bad, bad); !problem.Is(err, problem.NotFound) {
				t.Errorf("%q as a tracking code: %v", bad, err)
			}
			if _, err := p.Register.TrackToken(ctx, bad); !problem.Is(err, problem.NotFound) {
				t.Errorf("%q as a token: %v", bad, err)
			}
			if list, err := p.Register.Search(ctx, s.Desk, bad, "tra cứu", 10); err != nil && !problem.Is(err, problem.Invalid) || len(list) > 0 {
				t.Errorf("%q as a search: %v", bad, err)
			}
			if _, err := p.Register.Receive(ctx, p.Intake(passport), s.Desk, bad); !problem.Is(err, problem.Malformed) && bad != "\u202eabc" {
				t.Errorf("%q as a key: %v", bad, err)
			}
		}
		verify(t, p)
	})
}
