package slip

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"quay20/internal/pack"
)

func sampleNotice(paper string) Notice {
	long := strings.Repeat("Người đến làm việc tại nơi ở hợp pháp ngoài phạm vi đơn vị hành chính cấp xã nơi đã đăng ký thường trú. ", 3)
	one := NoticeProcedure{
		Name: "Đăng ký tạm trú", Code: "1.004194", Official: "Đăng ký tạm trú (thực hiện tại Công an cấp xã)", Since: "Áp dụng từ 01/12/2026", Decision: "theo 1234/QĐ-CAT",
		Coming: "Từ 01/02/2027 thủ tục này thay đổi.",
		Facts: []NoticePart{{"Bao lâu có kết quả (thời hạn giải quyết)", []string{"3 ngày làm việc"}}, {"Mất bao nhiêu tiền (phí, lệ phí)", []string{"Nộp trực tiếp: 20.000 đồng. Nộp trực tuyến: 7.000 đồng."}},
			{"Nộp ở đâu", []string{"Công an xã, phường"}}, {"Được nhận gì (kết quả thực hiện)", []string{"Thông báo kết quả (CT08)"}}},
		Parts: []NoticePart{{"Trình tự thực hiện", []string{"Ông/bà chuẩn bị giấy tờ theo danh sách.", "Ông/bà nộp hồ sơ ở bộ phận một cửa.", "Cán bộ kiểm tra và trao giấy hẹn."}},
			{"Thành phần, số lượng hồ sơ, mẫu đơn", []string{"Tờ khai thay đổi thông tin cư trú, Mẫu CT01, 1 bản chính", "Giấy tờ chứng minh chỗ ở hợp pháp, 1 bản sao"}},
			{"Yêu cầu, điều kiện", []string{long, long}}, {"Kết quả thực hiện", nil},
			{"Căn cứ pháp lý", []string{"Luật 68/2020/QH14: Cư trú", "Thông tư 75/2022/TT-BTC: Lệ phí đăng ký cư trú"}}},
		Address: "https://motcua.example.vn/tt/1.004194?ban=7k3m9qtd", Typed: "motcua.example.vn/tt/1.004194", Fingerprint: "7k3m9qtd",
	}
	return Notice{Paper: paper, Agency: "CÔNG AN TỈNH LAI CHÂU", Desk: "Công an phường Đoàn Kết", Hours: "thứ Hai đến thứ Sáu 07:00–11:30, 13:30–17:00", Phone: "0213 000 000",
		At: time.Date(2026, 11, 25, 8, 30, 0, 0, pack.Zone), Procedures: []NoticeProcedure{one}}
}

// ux-PR9: what hangs on the wall reads like the page, in both sizes and as a
// booklet.
func TestNoticeSheetsReadAsTheirGoldens(t *testing.T) {
	t.Parallel()
	book := sampleNotice("A4")
	book.Field = "Đăng ký, quản lý cư trú"
	second := book.Procedures[0]
	second.Name, second.Code, second.Coming, second.Fingerprint = "Khai báo tạm vắng", "1.003677", "", "0b1c2d3e"
	book.Procedures = append(book.Procedures, second)
	for name, n := range map[string]Notice{"notice-a4": sampleNotice("A4"), "notice-a3": sampleNotice("A3"), "notice-booklet": book} {
		s, err := layNotice(n)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, read([]*sheet{s}))
		tidy(t, name, []*sheet{s})
		first, err := NoticeSheet(n)
		save(t, name+".pdf", first, err)
		if again, err := NoticeSheet(n); err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s is not the same twice: %v", name, err)
		}
	}
	if _, err := NoticeSheet(Notice{}); err == nil {
		t.Error("an empty sheet was made")
	}
}
