package slip

import (
	"testing"
	"time"
)

func TestAmountsAreSaidAsReceiptsWriteThem(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "Không đồng", 5: "Năm đồng", 15: "Mười lăm đồng", 21: "Hai mươi mốt đồng", 105: "Một trăm linh năm đồng", 1000: "Một nghìn đồng",
		15_000: "Mười lăm nghìn đồng", 200_000: "Hai trăm nghìn đồng", 1_005_000: "Một triệu không trăm linh năm nghìn đồng",
		54_321_115: "Năm mươi tư triệu ba trăm hai mươi mốt nghìn một trăm mười lăm đồng", 2_000_000_000: "Hai tỷ đồng",
		1_001_000_000: "Một tỷ không trăm linh một triệu đồng", 10_000_000_001: "Mười tỷ không trăm linh một đồng",
	} {
		if got := AmountWords(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func samplePay() PayIn {
	return PayIn{
		Issuer: Issuer{Agency: "CÔNG AN TỈNH LAI CHÂU", Unit: "Quầy Công an tỉnh Lai Châu", Place: "Lai Châu", Web: "motcua.example.vn/tra-cuu"},
		At:     time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), Code: "H35.20.90-20260302-0001", Amount: 105_000, For: "Cấp hộ chiếu phổ thông",
		Case: "Cấp mới", Rule: "Mức thu thường", Basis: "25/2021/TT-BTC", Bank: "Ngân hàng mô phỏng (không có thật)", Account: "9990020000",
		Holder: "CONG AN TINH LAI CHAU", Message: "LC7K3MQ9TD4 LE PHI", Reference: "LC7K3MQ9TD4", Until: time.Date(2026, 4, 1, 16, 59, 0, 0, time.UTC),
		QR: "00020101021238540010A000000727", Invented: true,
	}
}

func TestPaymentPapersSayAllThatABankClerkNeeds(t *testing.T) { // ux-PR11
	t.Parallel()
	p := samplePay()
	in := layPayIn(p)
	golden(t, "pay-in", read([]*sheet{in}))
	tidy(t, "pay-in", []*sheet{in})
	b, err := PayInSlip(p)
	save(t, "pay-in.pdf", b, err)
	p.QR, p.Paid, p.Number = "", p.At.Add(-time.Hour), "FT26061000123"
	paid := layPaid(p)
	golden(t, "paid", read([]*sheet{paid}))
	tidy(t, "paid", []*sheet{paid})
	b, err = PaidNote(p)
	save(t, "paid.pdf", b, err)
}
