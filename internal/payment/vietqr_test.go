package payment_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"quay20/internal/payment"
	"quay20/internal/problem"
)

// sampleQR was put together by hand from the tables of EMVCo and NAPAS; its sum
// was computed by another program (Python's binascii.crc_hqx).
const (
	sampleQR  = "00020101021238540010A00000072701240006970999011099900200000208QRIBFTTA53037045405150005802VN62190815LC7K3MQ9TD4 PHI6304"
	sampleSum = "F7AB"
)

// TestVietQRSaysWhatIsPaid: the payload's every part is where the format wants
// it.
func TestVietQRSaysWhatIsPaid(t *testing.T) {
	t.Parallel()
	q := payment.QR{BIN: "970999", Account: "9990020000", Amount: 15_000, Purpose: "LC7K3MQ9TD4 PHI"}
	got, err := q.Payload()
	if err != nil {
		t.Fatal(err)
	}
	if got[:len(got)-4] != sampleQR {
		t.Errorf("got\n%s, want\n%s", got[:len(got)-4], sampleQR)
	}
	if sum := got[len(got)-4:]; sum != sampleSum {
		t.Errorf("sum is %s, want %s", sum, sampleSum)
	}
	open, err := payment.QR{BIN: "970436", Account: "0011001932418"}.Payload()
	if err != nil || !strings.HasPrefix(open, "000201010211") || strings.Contains(open, "5405") {
		t.Error(open, err)
	}
}

// rel-C-Q01: what is no VietQR of ours is refused by the part that is wrong.
func TestVietQRRefusesWhatWasChanged(t *testing.T) {
	t.Parallel()
	good := payment.QR{BIN: "970999", Account: "9990020000", Amount: 15_000, Purpose: "LC7K3MQ9TD4 PHI"}
	payload, err := good.Payload()
	if err != nil {
		t.Fatal(err)
	}
	resum := func(s string) string { return s[:len(s)-4] + payment.CRC(s[:len(s)-4]) }
	cases := []struct{ name, payload, field, key string }{
		{"nothing", "", "shape", "pay.qr.err.shape"},
		{"a link", "https://example.vn/pay?amount=15000", "crc", "pay.qr.err.crc"},
		{"another amount", strings.Replace(payload, "540515000", "540595000", 1), "crc", "pay.qr.err.crc"},
		{"a small sum", payload[:len(payload)-4] + strings.ToLower(payload[len(payload)-4:]), "crc", "pay.qr.err.crc"},
		{"cut off", payload[:len(payload)-9] + payload[len(payload)-8:], "crc", "pay.qr.err.crc"},
		{"another network", resum(strings.Replace(payload, "A000000727", "A000000728", 1)), "shape", "pay.qr.err.not-vietqr"},
		{"to a card", resum(strings.Replace(payload, "QRIBFTTA", "QRIBFTTC", 1)), "shape", "pay.qr.err.not-vietqr"},
		{"dollars", resum(strings.Replace(payload, "5303704", "5303840", 1)), "currency", "pay.qr.err.currency"},
		{"another land", resum(strings.Replace(payload, "5802VN", "5802LA", 1)), "currency", "pay.qr.err.currency"},
		{"amount 0", resum(strings.Replace(payload, "540515000", "540500000", 1)), "amount", "payment.err.amount"},
		{"a comma", resum(strings.Replace(payload, "540515000", "540515,00", 1)), "amount", "payment.err.amount"},
		{"static with an amount", resum(strings.Replace(payload, "010212", "010211", 1)), "shape", "pay.qr.err.shape"},
		{"a length too long", resum(strings.Replace(payload, "0815LC", "0899LC", 1)), "shape", "pay.qr.err.shape"},
		{"a tag twice", resum(strings.Replace(payload, "5802VN", "5802VN5802VN", 1)), "shape", "pay.qr.err.shape"},
		{"bank of letters", resum(strings.Replace(payload, "0006970999", "000697099A", 1)), "bin", "pay.qr.err.bin"},
		{"a Vietnamese letter", strings.Replace(payload, "PHI", "PHÍ", 1), "shape", "pay.qr.err.shape"},
		{"a megabyte", strings.Repeat(payload, 10_000), "shape", "pay.qr.err.shape"},
	}
	for _, c := range cases {
		q, err := payment.ParseQR(c.payload)
		p, ok := problem.As(err)
		if !ok || p.Fields[0].Name != c.field || p.Fields[0].Key != c.key || q != (payment.QR{}) {
			t.Errorf("%s: got %+v, %v; want %s at %s", c.name, q, err, c.key, c.field)
		}
	}
	for name, bad := range map[string]payment.QR{
		"no bank": {Account: "1", Amount: 1}, "long account": {BIN: "970999", Account: strings.Repeat("1", 20)},
		"negative": {BIN: "970999", Account: "1", Amount: -1}, "long purpose": {BIN: "970999", Account: "1", Purpose: strings.Repeat("A", 26)},
		"diacritics": {BIN: "970999", Account: "1", Purpose: "PHÍ"},
	} {
		if got, err := bad.Payload(); err == nil {
			t.Errorf("%s: wrote %s", name, got)
		}
	}
}

// Every payload that we make is read again as what was asked, and any one letter
// changed is found.
func TestVietQRIsReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := payment.QR{
			BIN: rapid.StringMatching(`[0-9]{6}`).Draw(t, "bin"), Account: rapid.StringMatching(`[0-9A-Z]{1,19}`).Draw(t, "account"),
			Amount: rapid.Int64Range(0, 10_000_000_000).Draw(t, "amount"), Purpose: rapid.StringMatching(`[ -~]{0,25}`).Draw(t, "purpose"),
		}
		payload, err := q.Payload()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := payment.ParseQR(payload); err != nil || got != q {
			t.Fatalf("%s is read as %+v, %v; want %+v", payload, got, err, q)
		}
		i := rapid.IntRange(0, len(payload)-1).Draw(t, "at")
		c := byte(rapid.IntRange(' ', '~').Draw(t, "letter"))
		if c == payload[i] {
			return
		}
		if got, err := payment.ParseQR(payload[:i] + string(c) + payload[i+1:]); err == nil {
			t.Fatalf("a changed letter is read as %+v", got)
		}
	})
}

func FuzzParseQR(f *testing.F) {
	f.Add(sampleQR + sampleSum)
	f.Add("000201")
	f.Fuzz(func(t *testing.T, s string) {
		q, err := payment.ParseQR(s)
		if err != nil {
			if p, ok := problem.As(err); !ok || len(p.Fields) == 0 {
				t.Fatalf("refused without a field: %v", err)
			}
			return
		}
		again, err := q.Payload()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := payment.ParseQR(again); err != nil || back != q {
			t.Fatalf("%q: %+v, then %+v, %v", s, q, back, err)
		}
	})
}
