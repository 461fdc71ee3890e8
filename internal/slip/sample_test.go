package slip

import (
	"maps"
	"time"

	"quay20/internal/pack"
)

// All people, numbers and addresses are invented.

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func template(kind, set, form, title, paper string) pack.SlipTemplate {
	basis := map[string]string{
		"2018": "Thông tư 01/2018/TT-VPCP", "2025": "Thông tư 03/2025/TT-VPCP, Phụ lục I", "police": "Bộ Công an", "": "",
	}[set]
	return pack.SlipTemplate{Kind: kind, Set: set, Form: form, Title: title, Paper: paper, Basis: basis}
}

// base are the facts that most papers share.
func base(t pack.SlipTemplate) Facts {
	f := Facts{
		Template: t,
		Issuer: Issuer{
			Agency: "CÔNG AN TỈNH LAI CHÂU", Unit: "Phòng Quản lý xuất nhập cảnh – Quầy số 20", Place: "Lai Châu",
			Address: "Tầng 1, nhà B, khu hành chính tỉnh", Phone: "0213 000 0020",
		},
		Book: "02/2026", Serial: "118", At: at("2026-11-26T09:31:00+07:00"),
		Code: "H35.20-20261126-0000012", Channel: "counter",
		Applicant: Person{
			Name: "Lò Thị Ngọc Yến", Born: "15/08/1990", Address: "Tổ 7, phường Đoàn Kết, tỉnh Lai Châu",
			Phone: "0912 000 678", Email: "ngocyen@example.vn", IDKind: "Căn cước", ID: "012190000678",
		},
		Procedure: "Cấp hộ chiếu phổ thông ở trong nước (thực hiện tại cấp tỉnh)", ProcedureCode: "1.001456",
		Components: []Component{
			{Name: "Tờ khai đề nghị cấp hộ chiếu phổ thông (Mẫu TK01)", Originals: 1},
			{Name: "Ảnh chân dung cỡ 4 cm × 6 cm, phông nền trắng", Originals: 2},
			{Name: "Hộ chiếu phổ thông cấp lần gần nhất còn giá trị sử dụng", Originals: 1, Copies: 1, Note: "Trả lại khi nhận hộ chiếu mới"},
		},
		Sets: 1, Limit: "08 ngày làm việc",
		ReceivedAt: at("2026-11-26T09:30:00+07:00"), DueAt: at("2026-12-08T09:30:00+07:00"),
		ResultPlace: "Quầy số 20", ResultWay: "Trực tiếp tại quầy",
		Fee:    &Fee{Amount: 200_000, Receipt: "0000418"},
		Secret: "7K3M-Q9TD", TrackURL: "https://quay20.example.vn/t/4T9XQ2M8ZK6B1NE7RJ5WC3HDVA", LookupAddress: "quay20.example.vn/tra-cuu",
		Officer: "Giàng A Sính", OfficerPhone: "0213 000 0021", Head: "a1b2c3d4e5",
	}
	if t.Set == "2018" {
		f.Code, f.Book = "000.00.20.H35-221122-0037", "01/2022"
		f.At = at("2022-11-22T09:31:00+07:00")
		f.ReceivedAt, f.DueAt = at("2022-11-22T09:30:00+07:00"), at("2022-12-02T09:30:00+07:00")
	}
	return f
}

func spoil(f Facts, change func(*Facts)) Facts {
	change(&f)
	return f
}

// samples are one of each paper, by the name of its golden.
func samples() map[string]Facts {
	all := map[string]Facts{}
	receipts := "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ"
	maps.Copy(all, map[string]Facts{
		"receipt-2018": base(template("receipt", "2018", "Mẫu số 01", receipts, "A5")),
		"receipt-2025": base(template("receipt", "2025", "Mẫu số 01", receipts, "A5")),
		"receipt-a4":   base(template("receipt", "2025", "Mẫu số 01", receipts, "A4")),
	})
	all["receipt-stages"] = spoil(base(template("receipt", "2025", "Mẫu số 01", receipts, "A5")), func(f *Facts) {
		f.Copy, f.Reprint, f.Printed, f.Replaces = 2, 1, at("2026-11-27T14:05:00+07:00"), "117"
		f.Owner = &Person{Name: "Công ty TNHH Vận tải Hoàng Liên", Address: "Số 5 đường 30/4, phường Tân Phong, tỉnh Lai Châu"}
		f.Authority = "Giấy ủy quyền số 08/GUQ ngày 20/11/2026"
		f.Codes = []string{"G01.899.108-20261126-0000917"}
		f.Stages = []Stage{
			{"Công an tỉnh tiếp nhận, thẩm tra", at("2026-11-26T09:30:00+07:00"), at("2026-12-01T09:30:00+07:00")},
			{"Cục Quản lý xuất nhập cảnh", at("2026-12-01T09:30:00+07:00"), at("2026-12-03T09:30:00+07:00")},
		}
		f.Fee = &Fee{Amount: 100_000, Basis: "64/2025/TT-BTC", Reduced: true, Until: "2026-12-31"}
		f.FeeNow = &FeeNow{Paid: true, Receipt: "0000418", At: at("2026-11-26T15:10:00+07:00")}
	})
	all["receipt-void"] = spoil(base(template("receipt", "2025", "Mẫu số 01", receipts, "A5")), func(f *Facts) {
		f.Copy, f.Void, f.DueAt, f.Fee = 1, "119", time.Time{}, nil
	})

	for set, title := range map[string]string{"2018": "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ", "2025": "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ"} {
		all["supplement-"+set] = spoil(base(template("supplement", set, "Mẫu số 02", title, "A5")), func(f *Facts) {
			f.Number = "12/HDHS"
			f.Components = []Component{{Name: "Ảnh chân dung cỡ 4 cm × 6 cm", Originals: 2, Note: "Ảnh đã nộp bị mờ"}, {Name: "Bản sao giấy khai sinh", Certified: 1}}
			f.Reasons = []string{"Ảnh đã nộp bị mờ, không nhận được khuôn mặt.", "Hồ sơ của người dưới 14 tuổi còn thiếu giấy khai sinh."}
			f.CompleteBy = f.At.AddDate(0, 0, 30)
			f.WhatNext = []string{"Nộp bổ sung tại quầy số 20 hoặc qua bưu chính công ích.", "Thời hạn được tính lại từ khi hồ sơ đủ."}
		})
		all["rejection-"+set] = spoil(base(template("rejection", set, "Mẫu số 03", "PHIẾU TỪ CHỐI TIẾP NHẬN, GIẢI QUYẾT HỒ SƠ", "A5")), func(f *Facts) {
			f.Number, f.Channel = "03/TCHS", "online"
			f.Reasons = []string{"Thủ tục thuộc thẩm quyền của Công an phường Đoàn Kết."}
			f.WhatNext = []string{"Nộp hồ sơ tại Công an phường Đoàn Kết, Tổ 1, phường Đoàn Kết."}
		})
	}
	all["apology-2018"] = apologised(template("apology", "2018", "Mẫu số 04", "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ", "A5"))
	all["apology-2025"] = apologised(template("apology", "2025", "Mẫu số 04", "VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT", "A5"))
	all["stop-2025"] = spoil(base(template("stop", "2025", "Mẫu số 05", "THÔNG BÁO DỪNG GIẢI QUYẾT HỒ SƠ", "A5")), func(f *Facts) {
		f.Number = "05/TB-DHS"
		f.Stop = &Stop{
			AskedBy: "Bà Lò Thị Ngọc Yến, đơn đề nghị ngày 30/11/2026", Stage: "Đang thẩm tra hồ sơ",
			Decision: "Dừng giải quyết hồ sơ từ ngày 01/12/2026", Paid: &Fee{Amount: 200_000, Receipt: "0000418"},
			PaidFate: "Hoàn trả tại quầy số 20 khi xuất trình biên lai",
		}
		f.Reasons = []string{"Người nộp rút hồ sơ."}
		f.Signer = Signer{"TRƯỞNG PHÒNG", "Vừ A Pó"}
	})
	all["control-2018"] = controlled(template("control", "2018", "Mẫu số 05", "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ", "A5"))
	all["control-2025"] = controlled(template("control", "2025", "Mẫu số 06", "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ", "A4"))

	residence := func(f *Facts) {
		f.Issuer = Issuer{Agency: "CÔNG AN TỈNH LAI CHÂU", Unit: "Công an phường Đoàn Kết", Place: "Đoàn Kết", Phone: "0213 000 0388"}
		f.Procedure, f.ProcedureCode, f.Limit = "Đăng ký thường trú", "1.004222", "07 ngày làm việc"
		f.Components = []Component{{Name: "Tờ khai thay đổi thông tin cư trú (Mẫu CT01)", Originals: 1}, {Name: "Hợp đồng thuê nhà", Certified: 1}}
		f.Fee, f.ResultPlace = &Fee{Amount: 20_000, Receipt: "0000033", Basis: "75/2022/TT-BTC"}, "Công an phường Đoàn Kết"
	}
	all["ct04"] = spoil(base(template("ct04", "police", "Mẫu CT04", receipts, "A5")), residence)
	all["ct06"] = spoil(spoil(base(template("ct06", "police", "Mẫu CT06", "PHIẾU TỪ CHỐI TIẾP NHẬN, GIẢI QUYẾT HỒ SƠ", "A5")), residence), func(f *Facts) {
		f.Reasons = []string{"Chỗ ở thuộc phường Tân Phong; Công an phường Đoàn Kết không có thẩm quyền."}
		f.WhatNext = []string{"Nộp hồ sơ tại Công an phường Tân Phong."}
	})
	all["cc02"] = spoil(base(template("cc02", "police", "Mẫu CC02", "GIẤY HẸN TRẢ THẺ CĂN CƯỚC", "A5")), func(f *Facts) {
		f.Procedure, f.ProcedureCode, f.Limit, f.Components, f.Fee = "Cấp đổi thẻ căn cước", "", "07 ngày làm việc", nil, &Fee{Amount: 100_000, Basis: "59/2019/TT-BTC", Receipt: "0000417", Per: "thẻ", Count: 2}
		f.Reprint, f.FeeNow = 2, &FeeNow{Receipt: "0000417"}
	})
	all["cc03"] = spoil(base(template("cc03", "police", "Mẫu CC03", "PHIẾU TỪ CHỐI GIẢI QUYẾT ĐỀ NGHỊ VỀ CĂN CƯỚC", "A5")), func(f *Facts) {
		f.Procedure, f.ProcedureCode, f.Code, f.TrackURL, f.Secret = "Cấp thẻ căn cước", "", "", "", ""
		f.Number, f.Reasons = "07/CC03", []string{"Thông tin khai chưa khớp với Cơ sở dữ liệu quốc gia về dân cư."}
	})
	all["return"] = spoil(base(pack.SlipTemplate{Kind: "return", Paper: "A5"}), func(f *Facts) {
		f.At = at("2026-12-07T15:20:00+07:00")
		f.Results = []ResultPaper{{"Hộ chiếu phổ thông", "P00000678", "Cấp cho bà Lò Thị Ngọc Yến, thời hạn 10 năm"}}
		f.Taker = &Person{Name: "Lò Văn Hặc", IDKind: "Căn cước", ID: "012085000111", Phone: "0912 000 111"}
		f.Authority = "Giấy ủy quyền ngày 05/12/2026"
	})
	return all
}

func apologised(t pack.SlipTemplate) Facts {
	return spoil(base(t), func(f *Facts) {
		f.Number = "21/XL-PA08"
		f.Apology = &Apology{
			OldDue: f.DueAt, NewDue: f.DueAt.AddDate(0, 0, 3), Delayer: "Phòng Quản lý xuất nhập cảnh",
			Reason: "Đường truyền tới hệ thống cấp hộ chiếu bị gián đoạn hai ngày do mưa lũ.",
		}
		f.Signer = Signer{"TRƯỞNG PHÒNG", "Vừ A Pó"}
	})
}

func controlled(t pack.SlipTemplate) Facts {
	return spoil(base(t), func(f *Facts) {
		f.Lead, f.Others = "Phòng Quản lý xuất nhập cảnh", []string{"Cục Quản lý xuất nhập cảnh"}
		f.Control = []Hand{
			{"Giàng A Sính", "Tao Thị Mỷ", "Đội Quản lý xuất nhập cảnh", f.At, "early", ""},
			{"Tao Thị Mỷ", "Vừ A Pó", "Lãnh đạo phòng", f.At.AddDate(0, 0, 2), "on_time", "Chờ tra cứu dữ liệu"},
			{"Vừ A Pó", "Giàng A Sính", "Quầy số 20", f.At.AddDate(0, 0, 4), "late", "Quá hạn 01 giờ do mất điện"},
		}
	})
}

func sampleList() List {
	l := List{
		Issuer: Issuer{Agency: "CÔNG AN TỈNH LAI CHÂU", Unit: "Quầy số 20", Place: "Lai Châu"}, Number: "88/BG",
		At: at("2026-11-26T16:45:00+07:00"), From: "Quầy số 20", To: "Phòng Quản lý xuất nhập cảnh",
		Giver: "Giàng A Sính", Taker: "Tao Thị Mỷ", Head: "a1b2c3d4e5",
	}
	for i := range 3 {
		l.Rows = append(l.Rows, ListRow{
			Code: "H35.20-20261126-000001" + string(rune('1'+i)), Procedure: "Cấp hộ chiếu phổ thông ở trong nước", Owner: "Lò Thị Ngọc Yến",
			Papers: 3 + i, ReceivedAt: at("2026-11-26T09:30:00+07:00"), DueAt: at("2026-12-08T09:30:00+07:00"),
		})
	}
	l.Rows[2].DueAt = time.Time{}
	return l
}

func sampleChecklist() Checklist {
	return Checklist{
		Agency: "CÔNG AN TỈNH LAI CHÂU", Place: "Lai Châu", At: at("2026-11-26T09:31:00+07:00"),
		Procedure: "Cấp hộ chiếu phổ thông ở trong nước (thực hiện tại cấp tỉnh)", ProcedureCode: "1.001456",
		Own: []string{"Hộ chiếu còn hạn bị mất", "Người từ đủ 14 tuổi trở lên"}, Limit: "8 ngày làm việc", Fee: "200.000 đồng",
		FeeRules: []string{"Mức giảm theo Thông tư 64/2025/TT-BTC, đến hết 31/12/2026. Sau đó: 400.000 đồng."},
		Where:    []string{"Phòng Quản lý xuất nhập cảnh (PA08)"}, Desks: []string{"Công an phường Đoàn Kết", "Quầy Công an tỉnh Lai Châu"},
		Groups: []CheckGroup{
			{Papers: []CheckPaper{
				{"Tờ khai đề nghị cấp hộ chiếu phổ thông trong nước", "1 bản chính. Mẫu TK01/TK01a (Thông tư 31/2023/TT-BCA)"},
				{"Ảnh 4x6 cm phông trắng, mới chụp trong 06 tháng", "1 bản chính. Nộp trực tuyến dùng tệp ảnh."},
				{"Đơn báo mất hoặc thông báo đã tiếp nhận đơn", "1 bản chính"},
			}},
			{Title: "Chỉ khi: Người chưa đủ 14 tuổi chưa có số định danh", Papers: []CheckPaper{{"Giấy khai sinh hoặc trích lục khai sinh", "1 bản sao, nếu có"}}},
		},
		Version: "Áp dụng từ 15/08/2023", Checked: "Đối chiếu tháng 7/2026",
		Address: "https://quay20.example.vn/tt/1.001456/chuan-bi?cho-ai=nguoi-lon&viec=mat",
	}
}

func sampleCash() Cash {
	return Cash{
		Issuer: Issuer{Agency: "CÔNG AN TỈNH LAI CHÂU", Unit: "Quầy số 20", Place: "Lai Châu"},
		At:     at("2026-11-26T17:00:00+07:00"), Cashier: "Giàng A Sính", Checker: "Vừ A Pó",
		Rows: []CashRow{
			{"0000418", "H35.20-20261126-0000012", "Lò Thị Ngọc Yến", 200_000, false},
			{"0000419", "H35.20-20261126-0000013", "Tẩn Láo Tả", 200_000, true},
			{"0000420", "H35.20-20261126-0000014", "Phùng Văn Ơn", 50_000, false},
		},
		Notes:  []Notes{{200_000, 1}, {20_000, 2}},
		Reason: "Thiếu 10.000 đồng tiền lẻ trả lại, đã lập biên bản.",
	}
}
