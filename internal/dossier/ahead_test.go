package dossier_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store/storetest"
)

// rel-I-D9: whatever is done ahead of the writer's turn comes out as if it were
// done in it: body, papers and journal, byte by byte, for every procedure.
func TestDossierMadeAheadIsTheOneMadeInTurn(t *testing.T) {
	desk(t, "2026-03-02 16:58", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		made, ahead := 0, 0
		for _, proc := range p.Law.Law().Procedures("2026-03-02") {
			for k, spoil := range []func(*dossier.Intake){
				func(*dossier.Intake) {},
				func(in *dossier.Intake) { in.Pay = "later" },
				func(in *dossier.Intake) { in.Papers, in.Decision = nil, "supplement" },
				func(in *dossier.Intake) { in.Decision, in.Reasons = "refuse", []string{"Không đúng nơi nộp"} },
				func(in *dossier.Intake) {
					owner := p.Person()
					in.Owner, in.Authority, in.Codes = &owner, "Giấy ủy quyền", []dossier.KnownCode{{Code: "BCA-1", Source: "ministry"}}
				},
			} {
				in := p.Intake(proc.Code)
				spoil(&in)
				u, _ := p.Law.Law().Unit(string(s.Desk.Desk), "2026-03-02")
				in.Desk = u.Key
				ways, papers, err := p.Register.WaysOf(ctx, in, s.Desk)
				if err != nil {
					continue // not received at this desk, or nothing to supplement
				}
				made, ahead = made+1, ahead+papers
				if ways[0] != ways[1] {
					t.Errorf("%s, way %d: in turn\n%s\nahead\n%s", proc.Code, k, ways[0], ways[1])
				}
			}
		}
		if made < 20 || ahead < 20 {
			t.Errorf("only %d intakes with %d papers compared", made, ahead)
		}
	})
}

// rel-I-D9: a law that changes between the work ahead and the turn is the one
// that counts.
func TestLawThatChangesBeforeTheTurnCounts(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, _ *storetest.Clock) {
		old := p.Law.Law()
		closed, err := old.With(pack.Notice{ID: "2026-03-02-bao-1", Announced: "2026-03-02", Title: "Nghỉ vì bão", Days: closure("2026-03-04")})
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		changing := dossier.NewRegister(p.DB, func() *pack.Pack {
			if asked++; asked == 1 {
				return old
			}
			return closed
		}, demotest.Key)
		d := must[dossier.Dossier](t)(changing.Receive(ctx, p.Intake(passport), s.Desk, "key"))
		before := must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, passport))
		if d.Law != closed.Version() || !d.Clock.Due.After(before.Clock.Due) {
			t.Errorf("law %s, due %s; under the old law %s", d.Law, d.Clock.Due, before.Clock.Due)
		}
	})
}

// rel-I-P5: what a citizen sees is what the dossier says now, after every act,
// also one done at another node and under another law, whatever was kept.
func TestKeptViewIsTheViewOfNow(t *testing.T) {
	desk(t, "2026-03-02 08:00", func(t *testing.T, p *demo.Province, s demotest.Staff, clock *storetest.Clock) {
		people := []officer.By{s.Desk, s.Desk2, s.Processor, s.Chief, s.Passport, s.PassportChief}
		other := *p // another node on the same database
		other.Register = dossier.NewRegister(p.DB, p.Law.Law, demotest.Key)
		const lives = 12
		all := make([]dossier.Dossier, lives)
		for i := range all {
			all[i] = must[dossier.Dossier](t)(p.Receive(ctx, s.Desk, []string{passport, "1.002390"}[i%2]))
		}
		changed, forms := 0, 0
		seen := map[string]string{}
		look := func(d dossier.Dossier) {
			fresh := dossier.NewRegister(p.DB, p.Law.Law, demotest.Key)
			want := must[dossier.Tracked](t)(fresh.Track(ctx, string(d.Code), demotest.Key.Secret(d.ID)))
			for range 2 {
				byCode := must[dossier.Tracked](t)(p.Register.Track(ctx, string(d.Code), demotest.Key.Secret(d.ID)))
				byToken := must[dossier.Tracked](t)(p.Register.TrackToken(ctx, demotest.Key.Token(d.ID)))
				for _, have := range []dossier.Tracked{byCode, byToken} {
					if have, want := said(t, have), said(t, want); have != want {
						t.Errorf("kept\n%s\nnow\n%s", have, want)
					}
					form, err := have.Form("test", func() ([]byte, error) { forms++; return []byte(have.State), nil })
					if err != nil || string(form) != string(want.State) {
						t.Errorf("form %q, %v, want %q", form, err, want.State)
					}
				}
			}
			if now := said(t, want); now != seen[d.ID] {
				seen[d.ID] = now
				changed++
			}
		}
		for round := range 12 {
			clock.Add(time.Duration(3+round) * time.Hour)
			if round == 6 {
				n := pack.Notice{ID: "2026-03-10-bao-1", Announced: "2026-03-10", Title: "Nghỉ vì bão", Days: closure("2026-03-11")}
				if err := p.Law.Apply(ctx, n, officer.Console()); err != nil {
					t.Fatal(err)
				}
			}
			for i := range all {
				look(all[i])
				at := p
				if round%2 == 1 {
					at = &other
				}
				all[i] = live(t, at, all[i], people, rand.New(rand.NewPCG(uint64(i), uint64(round))))
				look(all[i])
			}
		}
		if changed < 2*lives || forms == 0 {
			t.Errorf("only %d views differed from the one before, %d forms", changed, forms)
		}
	})
}

func said(t *testing.T, v dossier.Tracked) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
