package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"quay20/internal/problem"
	"quay20/internal/text"
)

func formOf(values url.Values) *Form {
	return &Form{Lang: text.Vi, values: values, faults: noFaults()}
}

func TestEmptyFieldIsNamedOnTheSamePage(t *testing.T) { // rel-W01, rel-G1, rel-G4
	t.Parallel()
	n := &notes{}
	s := testServer(t, nil, n.routes)
	for _, v := range []string{"", "   ", "\u200b\u2060\ufeff", "\t"} {
		w := do(s, request("POST", "/note", url.Values{"name": {v}}.Encode()))
		body := w.Body.String()
		if w.Code != 422 {
			t.Errorf("%q: %d, want 422", v, w.Code)
		}
		for _, want := range []string{"<title>Lỗi: ", `<a href="#name">Nhập số điện thoại`, `id="name-error"`, `aria-describedby="name-error"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%q: page lacks %s", v, want)
			}
		}
	}
	if len(n.kept) != 0 {
		t.Error("an empty form was kept")
	}
}

func TestTypedValueComesBackAsTextNeverAlive(t *testing.T) { // rel-W02, rel-W08
	t.Parallel()
	s := testServer(t, nil, (&notes{}).routes)
	evil := strings.Repeat(`<script>alert(1)</script>"'`, 10)
	body := do(s, request("POST", "/note", url.Values{"name": {evil}}.Encode())).Body.String()
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;alert(1)") {
		t.Error("typed script is alive or lost")
	}
}

func TestUnexpectedFieldsAreNeverUsed(t *testing.T) { // rel-W09
	t.Parallel()
	n := &notes{}
	s := testServer(t, nil, n.routes)
	w := do(s, request("POST", "/note", url.Values{"name": {"Pâng"}, "due": {"2030-01-01"}, "officer_id": {"CB-1"}}.Encode()))
	if w.Code != 303 || len(n.kept) != 1 || n.kept[0] != "Pâng" {
		t.Errorf("%d, kept %v", w.Code, n.kept)
	}
}

func TestTextIsComposedAndPlain(t *testing.T) { // rel-G10
	t.Parallel()
	decomposed := "Nguye\u0302\u0303n"
	f := formOf(url.Values{"a": {decomposed}, "n": {"  Lò Thị\u00a0Pâng "}})
	if got := f.Text("a", 10); got != "Nguyễn" {
		t.Errorf("composed to %q", got)
	}
	if f.Text("n", 20) == "" || f.Err() != nil {
		t.Error("an ordinary name was refused")
	}
	for _, bad := range []string{"a\x00b", "a\u202eb", "a\u2066b", "a\x1bb", "a\nb", "a\xffb", "a\xed\xa0\x80b", "a\u2028b"} {
		f := formOf(url.Values{"a": {bad}})
		f.Text("a", 10)
		if !problem.Is(f.Err(), problem.Invalid) {
			t.Errorf("%q was taken", bad)
		}
	}
	f = formOf(url.Values{"a": {"dòng một\r\ndòng hai"}})
	if got := f.Lines("a", 100); got != "dòng một\ndòng hai" || f.Err() != nil {
		t.Errorf("lines %q, %v", got, f.Err())
	}
}

func TestLengthIsCountedAsPeopleCount(t *testing.T) { // rel-G10, rel-W02
	t.Parallel()
	f := formOf(url.Values{"a": {strings.Repeat("Ễ", 10)}, "b": {strings.Repeat("Ễ", 11)}, "c": {"a" + strings.Repeat("\u0301", 5000)}})
	if f.Text("a", 10); f.Err() != nil {
		t.Errorf("ten letters refused: %v", f.Err())
	}
	f.Text("b", 10)
	f.Text("c", 10)
	if p, ok := problem.As(f.Err()); !ok || len(p.Fields) != 2 {
		t.Errorf("faults %v, want b and c", f.Err())
	}
}

func TestTypedReaders(t *testing.T) {
	t.Parallel()
	f := formOf(url.Values{"m": {"1.250.000 đồng"}, "m2": {"15000"}, "d": {"25/11/1990"}, "i": {"7"}, "c": {"b", "a", "b"}, "r": {"x"}})
	if f.Money("m") != 1250000 || f.Money("m2") != 15000 || f.Int("i", 0, 9) != 7 || len(f.Choices("c", "a", "b")) != 2 ||
		f.Date("d").Format(time.DateOnly) != "1990-11-25" || f.Err() != nil {
		t.Errorf("good values refused: %v", f.Err())
	}
	for name, read := range map[string]func(*Form){
		"15.00":      func(f *Form) { f.Money("v") },
		"-5":         func(f *Form) { f.Money("v") },
		"1e3":        func(f *Form) { f.Money("v") },
		"31/02/1990": func(f *Form) { f.Date("v") }, // rel-W03
		"25/11/90":   func(f *Form) { f.Date("v") },
		"ten":        func(f *Form) { f.Int("v", 0, 9) },
		"12":         func(f *Form) { f.Int("v", 0, 9) },
		"z":          func(f *Form) { f.Choice("v", "a", "b") },
	} {
		f := formOf(url.Values{"v": {name}})
		read(f)
		if f.Err() == nil {
			t.Errorf("%q was taken", name)
		}
	}
	f = formOf(url.Values{"v": {"a", "b"}})
	if f.Text("v", 10); f.Err() == nil {
		t.Error("one of two values was taken")
	}
}

func TestRefusedFormShowsAllFaultsAndTakesANewKey(t *testing.T) {
	t.Parallel()
	f := formOf(url.Values{"a": {"x"}})
	f.Key = "first-key-of-the-form"
	f.Fault("a", "form.choose")
	p := problem.New(problem.Illegal, "web.method").Field("b", "form.money")
	if !f.Refused(p) || f.Status() != 409 || len(f.Summary().ErrorList) != 3 || f.Key == "first-key-of-the-form" {
		t.Errorf("status %d, summary %+v", f.Status(), f.Summary())
	}
	if f.Refused(problem.New(problem.Forbidden, "web.forbidden")) || f.Refused(nil) {
		t.Error("what is no matter of the form was shown on it")
	}
	busy := formOf(url.Values{})
	busy.Key = "first-key-of-the-form"
	if busy.Refused(problem.New(problem.Unavailable, "web.method")); busy.Key != "first-key-of-the-form" {
		t.Error("after an outage the retry must carry the same key")
	}
}

func TestVietnameseWordsForTimesAndMoney(t *testing.T) { // ux 5.1 rule 4
	t.Parallel()
	at := time.Date(2022, 11, 25, 9, 0, 0, 0, time.UTC)
	for got, want := range map[string]string{
		sayHour(text.Vi, at):        "16 giờ 00, thứ Sáu 25/11/2022",
		sayHour(text.En, at):        "16:00, Friday 25/11/2022",
		sayMoney(text.Vi, 15000):    "15.000 đồng",
		sayMoney(text.Vi, 1250000):  "1.250.000 đồng",
		sayMoney(text.Vi, 0):        "0 đồng",
		sayPhone("0912345678"):      "0912 345 678",
		sayPhone("+8521234"):        "+8521234",
		sayID("012190001234"):       "0121 9000 1234",
		string(sayCode("7K2M9QXD")): `<span class="q-code q-code--split"><span>7K2M</span><wbr><span>9QXD</span></span>`,
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for want, l := range map[string]Left{
		"● Còn 2 ngày":            {Due: at, Days: 2},
		"▲ Hết hạn hôm nay 16:00": {Due: at},
		"■ Quá hạn 1 ngày":        {Due: at, Days: 1, Late: true},
		"● Tạm dừng tính hạn":     {Due: at, Paused: true},
		"● Đã xong đúng hạn":      {Due: at, Done: true},
		"■ Đã xong, quá hạn":      {Due: at, Done: true, Late: true},
	} {
		now := at.Add(-time.Hour)
		if l.Days > 0 {
			now = at.Add(-60 * time.Hour)
		}
		if b := l.badge(text.Vi, now); b.Shape+" "+b.Text != want {
			t.Errorf("%s %s, want %s", b.Shape, b.Text, want)
		}
	}
}
