package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
)

// controlled is a back room with those who keep procedures.
func controlled(b *bureau) {
	b.hire("hoa", "Vũ Thị Hoa", officer.ProcedureControl, "12")
	b.hire("hung", "Lê Văn Hùng", officer.Leader, "12")
}

// draftOf is the latest draft.
func (b *bureau) draftOf() catalogue.Draft {
	b.t.Helper()
	all, err := catalogue.NewDrafts(b.p.DB, b.p.Law).List(b.t.Context(), catalogue.Drafting, catalogue.Asked, catalogue.Approved, catalogue.Published, catalogue.Dropped)
	b.check(err)
	if len(all) == 0 {
		b.t.Fatal("no draft")
	}
	return all[0]
}

// form are the values of the page's main form as a browser would send them.
func (b *bureau) form(login, path, action string) url.Values {
	b.t.Helper()
	page := b.opened(b.get(login, path), http.StatusOK)
	values := url.Values{}
	form := page.Find(`form[action="` + action + `"]`)
	if form.Length() == 0 {
		b.t.Fatalf("%s has no form for %s: %s", path, action, page.Find("main").Text())
	}
	for _, in := range form.Find("input, select, textarea").Nodes {
		name, value, ticked, box := "", "", false, false
		for _, a := range in.Attr {
			switch a.Key {
			case "name":
				name = a.Val
			case "value":
				value = a.Val
			case "checked":
				ticked = true
			case "type":
				box = a.Val == "checkbox" || a.Val == "radio"
			}
		}
		if name == "" || box && !ticked {
			continue
		}
		switch in.Data {
		case "select":
			for o := in.FirstChild; o != nil; o = o.NextSibling {
				picked, v := false, ""
				for _, a := range o.Attr {
					picked, v = picked || a.Key == "selected", v+map[bool]string{true: a.Val}[a.Key == "value"]
				}
				if picked {
					value = v
				}
			}
		case "textarea":
			if in.FirstChild != nil {
				value = in.FirstChild.Data
			}
		}
		values.Add(name, value)
	}
	return values
}

// dearer drafts a change of the fee of temporary residence from a day on and
// leads it to the state wanted.
func (b *bureau) dearer(from, amount string, to catalogue.State) catalogue.Draft {
	b.t.Helper()
	b.led(b.post("xuyen", proceduresPath+"/new", url.Values{"kind": {"change"}, "code": {"1.004194"}, "from": {from}}))
	d := b.draftOf()
	edit := draftHref(d.ID, "edit")
	v := b.form("xuyen", edit+"?item=fees", edit)
	if v.Get("fee-1-channel") != "counter" {
		b.t.Fatalf("the first fee is %v", v)
	}
	v.Set("fee-1-amount", amount)
	b.led(b.post("xuyen", edit, v))
	if to == catalogue.Drafting {
		return b.draftOf()
	}
	v = b.form("xuyen", draftHref(d.ID, "check"), draftHref(d.ID, "ask"))
	v.Set("reason", "Theo dự thảo quyết định")
	b.led(b.post("xuyen", draftHref(d.ID, "ask"), v))
	if to == catalogue.Asked {
		return b.draftOf()
	}
	b.led(b.post("hung", draftHref(d.ID, "approve"), b.form("hung", draftHref(d.ID, ""), draftHref(d.ID, "approve"))))
	if to == catalogue.Approved {
		return b.draftOf()
	}
	v = b.form("hoa", draftHref(d.ID, ""), draftHref(d.ID, "publish"))
	v.Set("decision", "1234/QĐ-CAT")
	b.led(b.post("hoa", draftHref(d.ID, "publish"), v))
	return b.draftOf()
}

// From R1 to R7: a change is drafted, compared, checked, approved by another
// person and published; nobody approves their own words. ux-R1, ux-R2, ux-R3,
// ux-R4, ux-R5, ux-R6, ux-R7, rel-I-J8
func TestProcedureIsChangedByTwoPersons(t *testing.T) {
	inHouse(t, func(b *bureau) {
		controlled(b)
		d := b.dearer("01/04/2026", "20.000", catalogue.Asked)
		compare := b.opened(b.get("hung", draftHref(d.ID, "compare")), http.StatusOK)
		if got := compare.Find(".q-diff__line--changed").Length(); got != 1 {
			t.Errorf("%d changes are shown, want 1: %s", got, compare.Find("main").Text())
		}
		if text := compare.Find(".q-diff__line--changed").First().Text(); !strings.Contains(text, "15.000") || !strings.Contains(text, "20.000") || !strings.Contains(text, "Đổi") {
			t.Errorf("the difference reads %q", text)
		}
		own := b.opened(b.get("xuyen", draftHref(d.ID, "")), http.StatusOK)
		if own.Find(`form[action$="/approve"]`).Length() != 0 {
			t.Error("the writer is offered to approve")
		}
		if w := b.post("xuyen", draftHref(d.ID, "approve"), url.Values{"version": {"3"}}); w.Code != http.StatusForbidden {
			t.Errorf("the writer approves: %d", w.Code)
		}
		impact := b.opened(b.get("hung", draftHref(d.ID, "impact")), http.StatusOK).Find("main").Text()
		if !strings.Contains(impact, "0 hồ sơ đang giải quyết") {
			t.Errorf("what it touches: %s", impact)
		}
		b.led(b.post("hung", draftHref(d.ID, "approve"), b.form("hung", draftHref(d.ID, ""), draftHref(d.ID, "approve"))))
		v := b.form("hoa", draftHref(d.ID, ""), draftHref(d.ID, "publish"))
		if page := b.opened(b.post("hoa", draftHref(d.ID, "publish"), v), http.StatusUnprocessableEntity); page.Find("#decision-error").Length() != 1 {
			t.Error("published without a decision")
		}
		v.Set("decision", "1234/QĐ-CAT")
		b.led(b.post("hoa", draftHref(d.ID, "publish"), v))
		page := b.opened(b.get("", "/tt/1.004194"), http.StatusOK).Find("main").Text()
		if !strings.Contains(page, "01/04/2026") || !strings.Contains(page, "15.000 đồng") {
			t.Errorf("the people's page does not tell the change to come: %s", page)
		}
		for _, path := range []string{proceduresPath, proceduresPath + "/calendar", controlHref("1.004194")} {
			if text := b.opened(b.get("xuyen", path), http.StatusOK).Find("main").Text(); !strings.Contains(text, "01/04/2026") {
				t.Errorf("%s does not tell of the version to come", path)
			}
		}
	})
}

// A version takes effect at midnight of Viet Nam by itself: page, slip and fee
// change for new dossiers and not for running ones, on this node and on another.
func TestVersionTakesEffectAtMidnight(t *testing.T) {
	inHouse(t, func(b *bureau) {
		controlled(b)
		b.dearer("01/04/2026", "20.000", catalogue.Published)
		public := func() string { return b.opened(b.get("", "/tt/1.004194"), http.StatusOK).Find(".q-box").Text() }
		receive := func() dossier.Dossier {
			return b.received(func(in *dossier.Intake) {
				*in = b.p.Intake("1.004194")
				in.Unit = "03388"
			})
		}
		b.clock.Set(time.Date(2026, 3, 31, 16, 59, 59, 0, time.UTC)) // 23:59:59
		b.again("minh")
		eve := receive()
		if page := public(); !strings.Contains(page, "15.000") || strings.Contains(page, "20.000") {
			t.Errorf("on the eve the page says %s", page)
		}
		b.clock.Set(time.Date(2026, 3, 31, 17, 0, 0, 0, time.UTC)) // 00:00
		day := receive()
		if page := public(); !strings.Contains(page, "20.000") || strings.Contains(page, "15.000") {
			t.Errorf("after midnight the page says %s", page)
		}
		if eve.LawFrom == day.LawFrom || day.LawFrom != "2026-04-01" {
			t.Errorf("the dossiers are under the versions of %s and %s", eve.LawFrom, day.LawFrom)
		}
		if now := b.now(eve); now.Fee.Amount != 15_000 || now.LawFrom != eve.LawFrom || b.now(day).Fee.Amount != 20_000 {
			t.Errorf("fees %d and %d", now.Fee.Amount, b.now(day).Fee.Amount)
		}
		b.hire("doanket", "Giàng Thị Dủa", officer.Receptionist, "03388")
		home := b.opened(b.get("doanket", "/desk"), http.StatusOK).Find(".q-changes").Text()
		if !strings.Contains(home, "Hôm nay áp dụng bản mới") || !strings.Contains(home, "15.000 → 20.000") {
			t.Errorf("the desk's page says %q", home)
		}
	})
}

// imported is a record of which one sentence could not be read.
func imported() catalogue.Imported {
	return catalogue.Imported{Source: "thu/1.999001", Procedure: pack.Procedure{Code: "1.999001", Name: "Thủ tục nhập từ nguồn", Field: "cu-tru", FeeStatus: "listed", Result: []string{"Giấy xác nhận"},
		Versions: []pack.Version{{Cases: []pack.Case{{Name: "Thông thường"}}, Bases: []string{"68/2020/QH14"}}}},
		Unread: []catalogue.Unread{{Item: catalogue.ItemFees, Text: "Giảm 10% đến hết năm 2023 nếu nộp trực tuyến."}}}
}
