package web

import "time"

// kitStates puts every part into every state it has, with the long names and
// stacked marks of real life. The people and numbers are invented.
func kitStates(f *Form, now time.Time) kitPage {
	yes := true
	phone := f.Input("phone", "kit.demo.phone")
	phone.Classes, phone.Inputmode, phone.Autocomplete = "govuk-input--width-10", "tel", "tel"
	name := f.Input("name", "kit.demo.name")
	name.Value, name.Hint = "NGUYỄN THỊ HỒNG THUỶ TIÊN BẰNG PHƯỢNG", &Hint{Text: "Gõ như trên thẻ căn cước"}
	fee := f.Input("fee", "kit.demo.fee")
	fee.Classes, fee.Suffix, fee.Value = "govuk-input--width-5", &Affix{Text: "đồng"}, "15.000"
	off := f.Input("off", "kit.demo.off")
	off.Disabled, off.Value = true, "H56-231027-0361"

	scan := f.Input("scan", "kit.demo.scan")
	scan.Scan, scan.Autocomplete = true, "off"

	receive := f.Radios("receive", "kit.demo.receive",
		Choice{Value: "counter", Text: "Tại quầy 20", Checked: &yes},
		Choice{Value: "post", Text: "Qua bưu điện", Hint: &Hint{Text: "Phí gửi do bưu điện thu"}},
		Choice{Divider: "hoặc"}, Choice{Value: "copy", Text: "Bản điện tử", Disabled: true})
	boxes := f.Checkboxes("consent", "kit.demo.consent",
		Choice{Value: "sms", Text: "Nhận tin nhắn"}, Choice{Value: "call", Text: "Nhận điện thoại", Checked: &yes})
	receive.Fieldset.Legend.Classes, boxes.Fieldset.Legend.Classes = "govuk-fieldset__legend--s", "govuk-fieldset__legend--s"

	page := kitPage{Form: f, Scan: scan, Queue: []string{"H56-231027-0361", "H56-231027-0362", "H56-231027-0363"}, Inputs: []Input{name, phone, fee, off}, Radios: receive, Boxes: boxes,
		Textarea: f.Textarea("reason", "kit.demo.reason"),
		Select: f.Select("field", "kit.demo.field", Option{Value: "", Text: "Chọn lĩnh vực"},
			Option{Value: "residence", Text: "Cư trú"}, Option{Value: "vehicle", Text: "Đăng ký xe"}),
		Buttons: []Button{{Text: "Tiếp nhận và in"}, {Text: "Lưu tạm", Classes: "govuk-button--secondary"},
			{Text: "Dừng giải quyết", Classes: "govuk-button--warning"}, {Text: "Đang chờ", Disabled: true}, {Text: "Bắt đầu", Href: "#", IsStartButton: true}},
		Tags: kitTags(), Badges: kitBadges(f, now),
		Back: BackLink{Href: "#"}, Crumbs: Breadcrumbs{Items: []Crumb{{"Trang chủ", "#"}, {"Cư trú", "#"}, {"Đăng ký tạm trú", ""}}},
		Banners: []Banner{{Text: "Từ 01/03/2025 thủ tục này thay đổi", TitleID: "banner-1"}, {Text: "Đã tiếp nhận hồ sơ", Type: "success", TitleID: "banner-2"}},
		Inset:   Inset{Text: "Công an không gọi điện yêu cầu chuyển tiền."},
		Panel:   Panel{TitleText: "Đã tiếp nhận hồ sơ", HTML: sayCode("000.00.06.H56-231027-0361"), HeadingLevel: 2},
		Details: Details{SummaryText: "Vì sao hẹn ngày này?", Text: "Ba ngày làm việc, tính từ 09 giờ 12, thứ Ba 22/11/2022."},
	}
	page.addLists(now)
	page.addOwn(f, now)
	return page
}

func kitTags() []Tag {
	return []Tag{{"Mới đăng ký", tagClass("grey")}, {"Được tiếp nhận", tagClass("blue")}, {"Đang xử lý", tagClass("teal")},
		{"Yêu cầu bổ sung giấy tờ", tagClass("amber")}, {"Yêu cầu thực hiện nghĩa vụ tài chính", tagClass("purple")},
		{"Dừng xử lý", tagClass("red")}, {"Đã xử lý xong", tagClass("green")}, {"Đã trả kết quả", ""}}
}

func kitBadges(f *Form, now time.Time) []Badge {
	due := now.Add(70 * time.Hour)
	lefts := []Left{{Due: due, Days: 2}, {Due: due, Days: 1, Hours: 3}, {Due: due, Hours: 5}, {Due: now, Hours: 1},
		{Due: due, Days: 1, Late: true}, {Due: due, Hours: 2, Late: true}, {Due: due, Paused: true}, {Due: due, Done: true}, {Due: due, Done: true, Late: true}, {}}
	var badges []Badge
	for _, l := range lefts {
		badges = append(badges, l.badge(f.Lang, now))
	}
	return badges
}

func (p *kitPage) addLists(now time.Time) {
	p.Rows = SummaryList{Rows: []Row{
		{Key: Said{Text: "Họ, chữ đệm và tên"}, Value: Said{Text: "LÒ THỊ PÂNG"}, Actions: &Actions{Items: []Action{{Href: "#", Text: "Sửa", VisuallyHiddenText: "họ tên"}}}},
		{Key: Said{Text: "Số căn cước"}, Value: Said{Text: sayID("012190001234")}},
		{Key: Said{Text: "Hẹn trả"}, Value: Said{Text: sayHour("vi", now)}},
	}}
	p.Table = Table{Caption: "Hồ sơ của tôi", CaptionClasses: "govuk-table__caption--m", FirstCellIsHeader: true,
		Head: []Cell{{Text: "Mã"}, {Text: "Người nộp"}, {Text: "Thủ tục"}, {Text: "Phí", Format: "numeric"}},
		Rows: [][]Cell{
			{{HTML: sayCode("000.00.06.H56-231027-0361")}, {Text: "LÒ THỊ PÂNG"}, {Text: "Đăng ký tạm trú"}, {Text: grouped(15000), Format: "numeric"}},
			{{HTML: sayCode("000.00.06.H56-231027-0362")}, {Text: "NGUYỄN HỮU BẰNG"}, {Text: "Cấp lại giấy chứng nhận đăng ký xe mô tô, xe gắn máy"}, {Text: grouped(1250000), Format: "numeric"}},
		}}
	p.Pages = []Pagination{
		{Previous: &PageStep{Href: "#"}, Items: []PageLink{{Number: 1, Href: "#"}, {Number: 2, Href: "#", Current: true}, {Ellipsis: true}, {Number: 9, Href: "#"}}, Next: &PageStep{Href: "#"}},
	}
}

func (p *kitPage) addOwn(f *Form, now time.Time) {
	p.Status = []Status{
		{Tag: Tag{"Đang giải quyết", tagClass("teal")}, Sentence: "Công an xã San Thàng đang giải quyết. Hẹn trả " + sayHour(f.Lang, now) + "."},
		{Tag: Tag{"Cần bổ sung", tagClass("amber")}, Sentence: "Cần bổ sung 1 giấy tờ trước " + sayDate(f.Lang, now) + ".", Next: "Mang giấy thuê nhà đến quầy 20.", Action: &Button{Text: "Xem cách bổ sung", Href: "#"}},
	}
	p.Progress = Progress{[]Stage{{Text: "Đã tiếp nhận", Note: "22/11/2022", Done: true}, {Text: "Đang giải quyết", Current: true}, {Text: "Có kết quả"}, {Text: "Đã trả"}}}
	p.Timeline = Timeline{[]Event{{Title: "Chuyển Công an xã San Thàng", When: sayHour(f.Lang, now), By: "Quầy 20", Text: "Kèm hai giấy tờ."}, {Title: "Tiếp nhận", When: sayHour(f.Lang, now)}}}
	p.Checklist = Checklist{Name: "papers", Legend: "Giấy tờ", ErrorMessage: f.message("papers"), Papers: []Paper{
		{Value: "ct01", Text: "Tờ khai CT01", Note: "bản chính", Checked: true, Required: true},
		{Value: "place", Text: "Giấy tờ chứng minh chỗ ở hợp pháp", Note: "bản sao", Required: true},
		{Value: "parent", Text: "Ý kiến của cha mẹ (chưa thành niên)", NotApplicable: true},
		{Value: "other", Text: "Giấy tờ khác"}}}
	p.Keys = Keys{[]KeyHelp{{"F8", "Quét giấy"}, {"F9", "In lại"}, {"Esc", "Lùi"}, {"Ctrl+Enter", "Tiếp nhận và in"}}}
	p.Identity = Identity{Code: "000.00.06.H56-231027-0361", Name: "LÒ THỊ PÂNG", Procedure: "Đăng ký tạm trú", Holder: "Công an xã San Thàng", Tag: Tag{"Đang xử lý", tagClass("teal")}, Badge: p.Badges[0]}
	p.Box = Box{[]Fact{{"Bao lâu có kết quả", "3 ngày làm việc", ""}, {"Mất bao nhiêu tiền", sayMoney(f.Lang, 15000), "nộp trực tuyến: " + sayMoney(f.Lang, 7000)}, {"Nộp ở đâu", "Công an cấp xã", ""}, {"Được nhận gì", "Thông báo kết quả đăng ký tạm trú", ""}}}
}
