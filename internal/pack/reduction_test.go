package pack_test

import (
	"testing"

	"quay20/internal/pack"
)

// The reductions of the identity-card fees replace the fee of the same service,
// so nobody is offered the full fee beside the reduced one.
func TestReducedCardFeeReplacesTheFullOne(t *testing.T) {
	t.Parallel()
	p := laichau(t)
	const exchange, again = "Cấp đổi thẻ căn cước (khoản 1 Điều 24 Luật Căn cước)", "Cấp lại thẻ căn cước (khoản 2 Điều 24 Luật Căn cước)"
	const before = "Đổi thẻ (hư hỏng, đổi thông tin, theo yêu cầu)"
	for _, c := range []struct {
		proc, name string
		on         pack.Date
		amount     int64
	}{
		{"2.001195", before, "2023-06-30", 50_000},
		{"2.001195", before, "2023-07-01", 25_000}, // 44/2023/TT-BTC
		{"2.001195", before, "2024-01-02", 50_000},
		{"2.001195", before, "2024-10-20", 25_000}, // 43/2024/TT-BTC
		{"2.001195", exchange, "2024-10-21", 25_000},
		{"2.001195", exchange, "2025-05-01", 50_000},
		{"2.001195", exchange, "2025-07-01", 25_000}, // 64/2025/TT-BTC
		{"2.001194", again, "2025-06-30", 70_000},
		{"2.001194", again, "2025-07-01", 35_000},
		{"1.014063", exchange, "2026-08-17", 25_000},
		{"1.014064", again, "2026-08-17", 35_000},
		{"LC-CC-01", before, "2023-12-31", 25_000},
		{"LC-CC-01", exchange, "2024-12-31", 25_000},
		{"LC-CC-11", exchange, "2026-10-01", 25_000},
		{"LC-CC-11", again, "2026-12-31", 35_000},
		{"LC-CC-11", again, "2027-01-01", 70_000},
	} {
		proc, ok := p.Procedure(c.proc)
		if !ok {
			t.Fatal(c.proc)
		}
		fee := proc.Fee(pack.Ask{Case: c.name, Channel: "counter", On: c.on})
		if !fee.Known || int64(fee.Amount) != c.amount {
			t.Errorf("%s, %s on %s costs %v, want %d", c.proc, c.name, c.on, fee.Amount, c.amount)
		}
		for _, other := range proc.FeeCases("counter", c.on) {
			if other == "Đổi thẻ" || other == "Cấp đổi thẻ căn cước" || other == "Cấp lại thẻ căn cước" {
				t.Errorf("%s offers %q on %s beside the fee that it reduces", c.proc, other, c.on)
			}
		}
	}
}
