package pack_test

import (
	"net/url"
	"slices"
	"testing"
	"testing/fstest"

	"quay20/internal/pack"
)

// ux-C5: what the answers given so far make of the papers, the limit and the fee.
func TestGuideNarrowsToOnesOwnCase(t *testing.T) {
	t.Parallel()
	const child, person, lost = "Người chưa đủ 14 tuổi, người mất năng lực hành vi", "Người chưa đủ 14 tuổi chưa có số định danh", "Hộ chiếu còn giá trị bị mất"
	for answers, want := range map[string]struct {
		next, fee string
		yes, no   []string
	}{
		"":                                {next: "viec"},
		"viec=lan-dau":                    {next: "cho-ai", fee: "Cấp mới", no: []string{lost}},
		"viec=mat":                        {next: "cho-ai", fee: "Cấp lại do hỏng hoặc mất", yes: []string{lost}},
		"viec=mat&cho-ai=nguoi-lon":       {fee: "Cấp lại do hỏng hoặc mất", yes: []string{lost}, no: []string{child, person}},
		"viec=lan-dau&cho-ai=tre-chua-so": {fee: "Cấp mới", yes: []string{person, child}, no: []string{lost}},
		"viec=lan-dau&cho-ai=khong-chac":  {fee: "Cấp mới", no: []string{lost}},
		"viec=khong-chac":                 {next: "cho-ai"},
		"viec=chuyen-khac":                {next: "viec"}, // no such answer
		"cho-ai=nguoi-lon":                {next: "viec", no: []string{child, person}},
	} {
		passport, _ := laichau(t).Procedure("1.001456")
		v, _ := passport.On("2026-11-24")
		q, _ := url.ParseQuery(answers)
		n := passport.GuideOn(v).Narrow(q.Get)
		next := ""
		if n.Next != nil {
			next = n.Next.Key
		}
		slices.Sort(n.No)
		slices.Sort(want.no)
		if next != want.next || n.Fee != want.fee || !slices.Equal(n.Yes, want.yes) || !slices.Equal(n.No, want.no) {
			t.Errorf("%s: next %q, fee %q, yes %q, no %q", answers, next, n.Fee, n.Yes, n.No)
		}
	}
}

func TestGuideStopsWhereTheProcedureDoesNotFit(t *testing.T) {
	t.Parallel()
	exchange, _ := laichau(t).Procedure("3.000347")
	v, _ := exchange.On("2026-11-24")
	n := exchange.GuideOn(v).Narrow(url.Values{"vi-sao": {"mat"}}.Get)
	if n.Next != nil || n.Stop == nil || n.Stop.Instead != "3.000348" {
		t.Errorf("%+v", n)
	}
}

// Where a version does not know what the guide names, the guide is silent.
func TestGuideIsSilentBesideAnotherContent(t *testing.T) {
	t.Parallel()
	for _, p := range laichau(t).AllProcedures() {
		for i := range p.Versions {
			v := &p.Versions[i]
			g := p.GuideOn(v)
			if g != nil && v.To != "" && v.To < g.From {
				t.Errorf("%s: the guide of %s speaks in the version of %s", p.Code, g.From, v.From)
			}
		}
	}
	p := &pack.Procedure{Guide: &pack.Guide{From: "2026-01-01", Questions: []pack.Question{{Key: "a", Answers: []pack.Answer{{Key: "x", Case: "Không còn"}}}}}}
	if g := p.GuideOn(&pack.Version{Span: pack.Span{From: "2026-07-01"}, Cases: []pack.Case{{Name: "Thông thường"}}}); g != nil {
		t.Error("the guide names a case that the version does not know")
	}
}

func TestFaultsOfAGuideAreNamed(t *testing.T) {
	t.Parallel()
	const guide = "procedures/1.000001/guide.yaml"
	right := "from: 2025-07-01\nquestions:\n  - key: viec\n    ask: Việc gì?\n    answers:\n      - {key: a, say: A}\n      - {key: b, say: B}\n"
	for fault, spoilt := range map[string]string{
		"":              right,
		"guide-key":     "from: 2025-07-01\nquestions:\n  - key: phi\n    ask: Việc gì?\n    answers:\n      - {key: a, say: A}\n      - {key: b, say: B}\n",
		"guide-answers": "from: 2025-07-01\nquestions:\n  - key: viec\n    ask: Việc gì?\n    answers:\n      - {key: a, say: A}\n",
		"guide-case":    "from: 2025-07-01\nquestions:\n  - key: viec\n    ask: Việc gì?\n    answers:\n      - {key: a, say: A, fee: Không có}\n      - {key: b, say: B}\n",
		"guide-version": "from: 2001-07-01\nsteps: [Một bước.]\n",
		"guide-steps":   "from: 2025-07-01\nsteps: [a, b, c, d, e, f, g]\n",
		"procedure":     "from: 2025-07-01\nquestions:\n  - key: viec\n    ask: Việc gì?\n    answers:\n      - {key: a, say: A, stop: Không, instead: '9.999999'}\n      - {key: b, say: B}\n",
	} {
		files := mini(t)
		files[guide] = &fstest.MapFile{Data: []byte(spoilt)}
		_, faults := pack.Read(files)
		if fault == "" && len(faults) > 0 || fault != "" && !has(faults, "pack.fault."+fault) {
			t.Errorf("want fault %q, have%s", fault, words(faults))
		}
	}
}
