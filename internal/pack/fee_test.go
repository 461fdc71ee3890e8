package pack_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quay20/internal/pack"
)

func dong(n int64) *int64 { return &n }

// stack is a small stack of fee rules with everything that rules may differ in.
func stack() *pack.Procedure {
	rule := func(kind, name, channel string, level pack.Level, amount *int64, from, to pack.Date) pack.FeeRule {
		return pack.FeeRule{Kind: kind, Case: name, Channel: channel, Level: level, Amount: amount, Currency: "VND", Span: pack.Span{From: from, To: to}}
	}
	p := &pack.Procedure{FeeStatus: "listed", Fees: []pack.FeeRule{
		rule("base", "Một thẻ", "any", "", dong(50_000), "2024-01-01", ""),
		rule("reduction", "Một thẻ", "online", "", dong(25_000), "2025-01-01", "2025-12-31"), // halved online
		rule("reduction", "Một thẻ", "any", "", dong(40_000), "2025-07-01", "2026-03-31"),
		rule("reduction", "Một thẻ", "counter", "commune", dong(10_000), "2026-05-01", "2026-05-31"),
		rule("base", "Giấy", "counter", "", dong(8_000), "2024-01-01", "2026-12-31"),
		rule("base", "Giấy", "any", "", dong(6_000), "2024-01-01", ""),
		rule("base", "Giấy", "counter", "commune", dong(5_000), "2024-01-01", "2026-12-31"),
		rule("base", "Chưa rõ", "any", "", nil, "2024-01-01", ""),
		rule("reduction", "Chưa rõ", "any", "", dong(1_000), "2025-01-01", "2025-01-31"),
	}}
	p.Fees[4].Per, p.Fees[5].Per = "giấy", "giấy"
	return p
}

// The fee of a day, and until when: each row is a boundary of the stack.
func TestFeeIsThatOfTheStackOnTheDay(t *testing.T) {
	t.Parallel()
	const unknown = -1
	for _, c := range []struct {
		name, channel string
		level         pack.Level
		count         int64
		on            pack.Date
		amount        int64
		until         pack.Date
		next          int64 // 0: nothing known
	}{
		{"Một thẻ", "counter", "province", 0, "2024-12-31", 50_000, "2025-06-30", 40_000},
		{"Một thẻ", "online", "province", 0, "2024-12-31", 50_000, "2024-12-31", 25_000},
		{"Một thẻ", "online", "province", 0, "2025-01-01", 25_000, "2025-12-31", 40_000}, // first day
		{"Một thẻ", "online", "province", 0, "2025-08-01", 25_000, "2025-12-31", 40_000}, // the lowest of two
		{"Một thẻ", "online", "province", 0, "2025-12-31", 25_000, "2025-12-31", 40_000}, // last day
		{"Một thẻ", "online", "province", 0, "2026-01-01", 40_000, "2026-03-31", 50_000}, // over by itself
		{"Một thẻ", "online", "province", 0, "2026-04-01", 50_000, "", 0},
		{"Một thẻ", "counter", "commune", 0, "2026-05-31", 10_000, "2026-05-31", 50_000},
		{"Một thẻ", "post", "commune", 0, "2026-05-31", 10_000, "2026-05-31", 50_000}, // post pays as the counter
		{"Một thẻ", "counter", "province", 0, "2026-05-31", 50_000, "", 0},
		{"Giấy", "counter", "province", 3, "2026-06-01", 24_000, "2026-12-31", 18_000}, // for each of three; the channel goes before any
		{"Giấy", "counter", "commune", 3, "2026-06-01", 5_000, "2026-12-31", 18_000},   // for the dossier; the level goes before every level
		{"Giấy", "online", "commune", 2, "2026-06-01", 12_000, "", 0},
		{"Chưa rõ", "counter", "province", 0, "2025-01-31", 1_000, "2025-01-31", unknown},
		{"Chưa rõ", "counter", "province", 0, "2025-02-01", unknown, "", 0},
	} {
		f := stack().Fee(pack.Ask{Case: c.name, Channel: c.channel, Level: c.level, Count: c.count, On: c.on})
		amount := func(f *pack.Fee) int64 {
			switch {
			case f == nil:
				return 0
			case !f.Known:
				return unknown
			}
			return f.Amount
		}
		if got := amount(&f); got != c.amount || f.Until != c.until || amount(f.Next) != c.next {
			t.Errorf("%s %s %s on %s: %d until %q then %d, want %d until %q then %d",
				c.name, c.channel, c.level, c.on, got, f.Until, amount(f.Next), c.amount, c.until, c.next)
		}
	}
}

func TestFeeThatDependsOnTheLevelAsksForIt(t *testing.T) {
	t.Parallel()
	f := stack().Fee(pack.Ask{Case: "Giấy", Channel: "counter", On: "2026-06-01"})
	if f.Known || !slices.Equal(f.Levels, []pack.Level{pack.Commune}) {
		t.Errorf("%+v", f)
	}
	if pack.FeeLevel(pack.Counter) != pack.Province || pack.FeeLevel(pack.Department) != pack.Province || pack.FeeLevel(pack.Commune) != pack.Commune {
		t.Error("a counter's fees are not the province's")
	}
}

// Of any stack that the check lets through: one answer a day and channel, by a
// rule of the day; a reduction never raises; nothing of a rule after its last
// day; until its Until the answer stays, and the day after it is another.
func TestAnyStackAnswersOnceAndEndsByItself(t *testing.T) { // rel-I-L1
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawStack(t)
		on := drawDay(t, "on")
		ask := pack.Ask{
			Case: "A", Channel: rapid.SampledFrom([]string{"counter", "online", "post"}).Draw(t, "channel"),
			Level: rapid.SampledFrom([]pack.Level{pack.Province, pack.Commune}).Draw(t, "level"), Count: rapid.Int64Range(0, 5).Draw(t, "count"), On: on,
		}
		f := p.Fee(ask)
		if again := p.Fee(ask); again.Rule != f.Rule || again.Amount != f.Amount {
			t.Fatal("two answers to one question")
		}
		if r := f.Rule; r != nil {
			if !r.Holds(on) || r.Level != "" && r.Level != ask.Level || r.Channel == "online" != (ask.Channel == "online") && r.Channel != "any" {
				t.Fatalf("%+v answers %+v", r, ask)
			}
			if r.To != "" && (f.Until == "" || f.Until > r.To) {
				t.Fatalf("a rule that ends %s is said to hold until %q", r.To, f.Until)
			}
		}
		bases := &pack.Procedure{FeeStatus: "listed", Fees: slices.DeleteFunc(slices.Clone(p.Fees), func(r pack.FeeRule) bool { return r.Kind == "reduction" })}
		if full := bases.Fee(ask); full.Known && full.Rule != nil && (!f.Known || f.Amount > full.Amount) {
			t.Fatalf("%d with reductions, %d without", f.Amount, full.Amount)
		}
		ask.On = f.Until
		if f.Until != "" && p.Fee(ask).Rule != f.Rule {
			t.Fatalf("another rule holds on %s, the last day", f.Until)
		}
		if ask.On = tomorrow(f.Until); f.Until != "" && p.Fee(ask).Rule == f.Rule {
			t.Fatalf("the same rule holds after %s", f.Until)
		}
	})
}

// drawStack draws up to eight rules without two of one kind for one question.
func drawStack(t *rapid.T) *pack.Procedure {
	p := &pack.Procedure{FeeStatus: "listed"}
	for range rapid.IntRange(0, 8).Draw(t, "rules") {
		r := pack.FeeRule{
			Case: "A", Currency: "VND", Kind: rapid.SampledFrom([]string{"base", "reduction"}).Draw(t, "kind"),
			Channel: rapid.SampledFrom([]string{"any", "counter", "online"}).Draw(t, "for"),
			Level:   rapid.SampledFrom([]pack.Level{"", pack.Province, pack.Commune}).Draw(t, "at"),
			Span:    pack.Span{From: drawDay(t, "from")},
		}
		if r.Kind == "reduction" || rapid.Bool().Draw(t, "known") {
			r.Amount = dong(rapid.Int64Range(0, 100_000).Draw(t, "amount"))
		}
		if r.Kind == "reduction" || rapid.Bool().Draw(t, "ends") {
			if r.To = drawDay(t, "to"); r.To < r.From {
				r.From, r.To = r.To, r.From
			}
		}
		if !slices.ContainsFunc(p.Fees, func(o pack.FeeRule) bool {
			return o.Kind == r.Kind && o.Channel == r.Channel && o.Level == r.Level && (o.To == "" || r.From <= o.To) && (r.To == "" || o.From <= r.To)
		}) {
			p.Fees = append(p.Fees, r)
		}
	}
	return p
}

func drawDay(t *rapid.T, label string) pack.Date {
	return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 40).Draw(t, label)).Format(time.DateOnly)
}

func tomorrow(d pack.Date) pack.Date {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}
