package web

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/xuri/excelize/v2"

	"quay20/internal/applicant"
	"quay20/internal/batch"
	"quay20/internal/dossier"
	"quay20/internal/pack"
	"quay20/internal/text"
	"quay20/internal/upload"
)

// inOffice is a hall with organisations and files.
func inOffice(t *testing.T, fn func(*hall)) {
	t.Helper()
	t.Parallel()
	inTown(t, func(w *town) { fn(companyHall(w)) })
}

func companyHall(w *town) *hall {
	return furnished(w, func(c *Config) {
		shelf, err := upload.Open(w.t.Context(), w.p.DB, w.t.TempDir(), upload.Options{})
		if err != nil {
			w.t.Fatal(err)
		}
		c.Companies, c.Batches, c.Shelf = applicant.NewCompanies(w.p.DB), batch.NewBook(w.p.DB, w.p.Law.Law, w.p.Register), shelf
	})
}

// manager signs in, tells their name and opens an organisation in which they
// may file.
func (h *hall) manager(g *guest) (doc *goquery.Document, base string) {
	h.t.Helper()
	doc = h.signIn(g, g.get("/tai-khoan/thong-tin"), "0912 345 678")
	g.send(doc, "/tai-khoan/thong-tin", url.Values{"name": {"Lò Thị Phương"}, "id_number": {"012190001234"}})
	doc = g.send(g.get("/to-chuc"), "/to-chuc", url.Values{"kind": {"organisation"}, "name": {"Công ty TNHH Chè Tam Đường"}, "tax_code": {"6200 012 345"}, "representative": {"Lò Văn Chè"}})
	g.wants(doc, "h1", "Công ty TNHH Chè Tam Đường")
	by, err := h.s.Accounts.Session(context.Background(), g.cookies[cookieName(holderCookie)])
	if err != nil {
		h.t.Fatal(err)
	}
	list, err := h.s.Companies.Of(context.Background(), by.Account.ID)
	if err != nil || len(list) != 1 {
		h.t.Fatalf("%d organisations, %v", len(list), err)
	}
	base = "/to-chuc/" + list[0].ID
	doc = g.send(doc, base+"/uy-quyen", url.Values{"account": {by.Account.ID}, "paper": {"12/GUQ"}, "signed": {"1/3/2026"}, "from": {"1/3/2026"}, "procedures": {"1.001456"}})
	g.wants(doc, "main", "Giấy ủy quyền số 12/GUQ ngày 01/03/2026")
	return doc, base
}

// sheet is a workbook of rows for the passport procedure, cells by column.
func (h *hall) sheet(rows ...map[string]string) []byte {
	h.t.Helper()
	proc, _ := h.p.Law.Law().Procedure("1.001456")
	on := pack.On(h.clock.Now())
	v, _ := proc.On(on)
	c := dossier.Cases(v, "online")[0].Name
	fee := ""
	if choices := proc.Fee(pack.Ask{Case: c, Channel: "online", On: on}).Choices; len(choices) > 0 {
		fee = choices[0]
	}
	body, err := batch.Template("1.001456", proc.ShortName, nil, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	titles, err := f.GetRows("Ho so")
	if err != nil {
		h.t.Fatal(err)
	}
	for i, r := range rows {
		r["case"], r["fee_case"] = c, fee
		for column, v := range r {
			for j, title := range titles[0] {
				if title == text.T(text.Vi, "batch.column."+column) {
					cell, _ := excelize.CoordinatesToCellName(j+1, i+2)
					if err := f.SetCellStr("Ho so", cell, v); err != nil {
						h.t.Fatal(err)
					}
				}
			}
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		h.t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends a form with a file, as a browser does.
func (g *guest) upload(target string, fields map[string]string, file []byte) *goquery.Document {
	g.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, v := range fields {
		if err := m.WriteField(name, v); err != nil {
			g.Fatal(err)
		}
	}
	part, err := m.CreateFormFile("file", "../../bang.xlsx")
	if err != nil {
		g.Fatal(err)
	}
	part.Write(file)
	m.Close()
	r := request(http.MethodPost, target, b.String())
	r.Host = g.s.origin.Host
	r.Header.Set("Content-Type", m.FormDataContentType())
	for name, value := range g.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	g.last = do(g.s, r)
	if to := g.last.Header().Get("Location"); to != "" {
		return g.get(to)
	}
	return page(g.T, g.last)
}

// A table with faults is reported row by row and files nothing; mended, it files
// each row once, and sent again it files nothing more.
func TestTableIsReportedThenFiled(t *testing.T) {
	inOffice(t, func(h *hall) {
		g := h.guest()
		_, base := h.manager(g)
		good := map[string]string{"ref": "NV-1", "owner_name": "Giàng Thị Mỷ", "owner_id": "012190005678", "owner_born": "7/3/1990", "request": "Cấp hộ chiếu"}
		bad := map[string]string{"ref": "=cmd|x", "owner_name": "Vàng A Sính", "owner_id": "0121", "request": "Cấp hộ chiếu"}
		fields := map[string]string{"thu-tuc": "1.001456", "desk": "12-Q20"}
		doc := g.upload(base+"/nop", fields, h.sheet(good, bad))
		g.wants(doc, "main", "1 dòng đúng, 1 dòng sai")
		g.wants(doc, "tbody tr:first-child", "Số giấy tờ tùy thân: ")
		at := doc.Find("form[action*='/bang/']").AttrOr("action", "")
		g.get(at + "/bao-cao")
		f, err := excelize.OpenReader(bytes.NewReader(g.last.Body.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if v, _ := f.GetCellValue("Ho so", "B3"); v != "'=cmd|x" { // rel-K08
			t.Errorf("the report would be worked out: %q", v)
		}
		doc = g.send(doc, at, url.Values{"which": {"all"}})
		g.wants(doc, "main", "1 dòng còn sai")
		list, err := h.p.Register.OfAccount(context.Background(), "organisation/"+strings.TrimPrefix(base, "/to-chuc/"), 10)
		if err != nil || len(list) != 0 {
			t.Fatalf("%d dossiers were filed, %v", len(list), err)
		}
		bad["owner_id"], bad["ref"] = "012090005679", "NV-2"
		for i := range 2 {
			h.clock.Add(time.Minute)
			doc = g.upload(base+"/nop", fields, h.sheet(good, bad))
			if i == 1 {
				g.wants(doc, "main", "2 dòng đã nộp trước đây")
				break
			}
			at = doc.Find("form[action*='/bang/']").AttrOr("action", "")
			doc = g.send(doc, at, url.Values{"which": {"all"}})
			g.wants(doc, "main", "Đang nộp")
			parts := strings.Split(at, "/")
			err := h.s.Batches.Work(context.Background(), parts[2], parts[4], func(context.Context, batch.Table, pack.Date) (bool, error) { return true, nil })
			if err != nil {
				t.Fatal(err)
			}
			g.wants(g.get(at), "main", "Đã nộp 2 hồ sơ")
		}
		doc = g.get(base)
		g.wants(doc, "main", "Giàng Thị Mỷ")
		if n := doc.Find("a[href^='/t/']").Length(); n != 2 {
			t.Errorf("%d dossiers on the organisation's page", n)
		}
	})
}

// rel-K61: for a citizen who is no member the organisation, its tables and
// reports do not exist; a user without authority files nothing.
func TestOrganisationIsItsMembersAlone(t *testing.T) {
	inOffice(t, func(h *hall) {
		g := h.guest()
		doc, base := h.manager(g)
		doc = g.send(doc, base+"/moi", url.Values{"to": {"0987 654 321"}, "role": {"filer"}})
		link, err := url.Parse(strings.TrimSpace(doc.Find("code").Text()))
		if err != nil || link.Path == "" {
			t.Fatalf("no link: %v", err)
		}
		table := g.upload(base+"/nop", map[string]string{"thu-tuc": "1.001456", "desk": "12-Q20"}, h.sheet(map[string]string{"owner_name": "Giàng Thị Mỷ", "owner_id": "012190005678"}))
		at := table.Find("form[action*='/bang/']").AttrOr("action", "")
		if at == "" {
			t.Fatal(table.Find("main").Text())
		}
		stranger := h.guest()
		h.signIn(stranger, stranger.get("/tai-khoan"), "0911 111 111")
		for _, path := range []string{base, base + "/nop", base + "/mau?thu-tuc=1.001456", at, at + "/bao-cao"} {
			if stranger.get(path); stranger.last.Code != http.StatusNotFound {
				t.Errorf("a stranger at %s: %d", path, stranger.last.Code)
			}
		}
		stranger.send(stranger.get(link.Path), link.Path, nil)
		if stranger.last.Code != http.StatusNotFound {
			t.Errorf("a stranger takes the invitation: %d", stranger.last.Code)
		}
		guest := h.guest()
		doc = h.signIn(guest, guest.get(link.Path), "0987 654 321")
		doc = guest.send(doc, link.Path, nil)
		guest.wants(doc, "h1", "Công ty TNHH Chè Tam Đường")
		guest.wants(doc, "main", "chưa có ủy quyền")
		guest.send(guest.get(at), at, url.Values{"which": {"all"}})
		if guest.last.Code != http.StatusConflict {
			t.Errorf("a user without authority files: %d", guest.last.Code)
		}
		guest.ask(http.MethodPost, base+"/moi", url.Values{"to": {"0911111111"}, "role": {"manager"}})
		if guest.last.Code != http.StatusConflict {
			t.Errorf("a filer invites: %d", guest.last.Code)
		}
	})
}
