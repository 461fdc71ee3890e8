package api_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"quay20/internal/api"
	"quay20/internal/officer"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// A whole life by HTTP alone: two units, a supplement, a second person, money,
// papers, and the citizen who follows it.
func TestJourneyFromIntakeToHandOver(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := open(t, db)
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		processor := h.hire("thuly", officer.Processor, "12-PA08")
		chief := h.hire("chihuy", officer.Approver, "12-PA08")

		in := h.receive(desk).want(201, "")
		id, code := in.text("id"), in.text("code")
		if at := in.Header().Get("Location"); at != "/api/v1/dossiers/"+id {
			t.Errorf("Location is %q", at)
		}
		if in.text("state") != "accepted" || in.field("national_state") != 2.0 || in.text("due_at") == "" || in.field("fee.paid") != true {
			t.Fatalf("received as %s", in.Body)
		}
		if in.text("due_at")[19:] != "+07:00" {
			t.Errorf("due at %s, want +07:00", in.text("due_at"))
		}

		d := processor.get("/dossiers/"+code+"?reason=Th%E1%BB%A5%20l%C3%BD").want(200, "")
		me := processor.get("/me").want(200, "").text("officer")
		d = processor.act(id, d.field("version"), "assign", map[string]any{"officer": me}).want(200, "")
		d = processor.act(id, d.field("version"), "request_supplement", map[string]any{
			"items": []map[string]string{{"paper": "Ảnh chân dung", "reason": "Ảnh mờ"}},
		}).want(200, "")
		if d.text("state") != "supplement" || d.field("paused") != true {
			t.Fatalf("after asking for papers: %s", d.Body)
		}
		h.later(5 * time.Minute)
		d = desk.act(id, d.field("version"), "supply", nil).want(200, "")
		d = h.finish(processor, chief, d)
		if d.text("state") != "concluded" {
			t.Fatalf("after the last step: %s", d.Body)
		}

		d = desk.act(id, d.field("version"), "hand_over", map[string]any{"to": d.text("filer.name"), "channel": "counter"}).want(200, "")
		if d.text("state") != "returned" || d.field("national_state") != 10.0 {
			t.Fatalf("after handing over: %s", d.Body)
		}
		h.papers(desk, id)
		h.followed(id, code, d)
	})
}

// finish carries a dossier to its end, each step by who may do it.
func (h *house) finish(processor, chief *caller, d answer) answer {
	h.t.Helper()
	for range 8 {
		if d.text("state") == "concluded" {
			break
		}
		id, done := d.text("id"), false
		for _, who := range []*caller{processor, chief} {
			seen := who.get("/dossiers/"+id).want(200, "")
			allowed := fmt.Sprint(seen.field("allowed"))
			for _, act := range []string{"conclude", "advance"} {
				if done || !bytes.Contains([]byte(allowed), []byte(act)) {
					continue
				}
				var with any
				if act == "conclude" {
					with = map[string]any{"outcome": "granted", "kind": "Hộ chiếu", "number": "001/KQ"}
				}
				next := who.act(id, seen.field("version"), act, with)
				if next.Code == 200 {
					d, done = next, true
				}
			}
		}
		if !done {
			h.t.Fatalf("nobody can go on: %s", d.Body)
		}
	}
	return d
}

// papers prints what was issued, the control slip and the register.
func (h *house) papers(desk *caller, id string) {
	h.t.Helper()
	list := desk.get("/dossiers/"+id+"/slips").want(200, "")
	kind, number := list.text("slips.0.kind"), list.text("slips.0.number")
	for _, w := range []*httptest.ResponseRecorder{
		desk.post("/dossiers/"+id+"/slips/"+kind+"/"+number, nil).want(200, "").ResponseRecorder,
		desk.post("/dossiers/"+id+"/control", nil).want(200, "").ResponseRecorder,
	} {
		if w.Header().Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF")) {
			h.t.Errorf("printed %s: %.20q", w.Header().Get("Content-Type"), w.Body)
		}
	}
	book := desk.get("/register?desk=12-Q20&from=2026-03-01&to=2026-03-31").want(200, "")
	if !bytes.HasPrefix(book.Body.Bytes(), []byte("PK")) {
		h.t.Errorf("the register is no Excel file: %.20q", book.Body)
	}
	if n := desk.get("/dossiers/"+id+"/entries").want(200, ""); n.text("entries.0.act") != "receive" {
		h.t.Errorf("the history begins with %s", n.text("entries.0.act"))
	}
	if n := desk.get("/dossiers/"+id+"/views").want(200, ""); n.field("entries.0") == nil {
		h.t.Error("nobody has looked at the dossier")
	}
	if n := desk.get("/dossiers/"+id+"/receipts").want(200, ""); n.field("receipts.0.amount") == nil {
		h.t.Errorf("no receipt: %s", n.Body)
	}
	if n := desk.get("/dossiers/"+id+"/proof").want(200, ""); n.text("proof.0.kind") != "start" {
		h.t.Errorf("the proof begins with %s", n.text("proof.0.kind"))
	}
}

// followed is the dossier as the citizen sees it, with key and with QR.
func (h *house) followed(id, code string, d answer) {
	h.t.Helper()
	key := keyOf(h)
	seen := h.nobody().post("/track", api.Look{Code: code, Secret: key.Secret(id)}).want(200, "")
	if seen.text("state") != "returned" || seen.text("returned_at") == "" {
		h.t.Errorf("the citizen sees %s", seen.Body)
	}
	again := h.nobody().get("/track/"+key.Token(id)).want(200, "")
	if again.Body.String() != seen.Body.String() {
		h.t.Error("code and QR open different views")
	}
	for _, private := range []string{d.text("filer.name"), d.text("filer.id_number"), d.text("filer.phone"), d.text("filer.address")} {
		if bytes.Contains(seen.Body.Bytes(), []byte(private)) {
			h.t.Errorf("the public view shows %q", private)
		}
	}
}

func TestRepeatedIntakeShowsTheFirst(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		in := h.Intake(passport)
		key := header{"Idempotency-Key": "one"}
		first := desk.do("POST", "/dossiers", in, key).want(201, "")
		again := desk.do("POST", "/dossiers", in, key).want(201, "") // rel-I-D3
		if first.Body.String() != again.Body.String() {
			t.Errorf("first %s, then %s", first.Body, again.Body)
		}
		in.Request = "Khác"
		desk.do("POST", "/dossiers", in, key).want(409, "err.key-reused") // rel-B-A16

		other := h.hire("tiepnhan2", officer.Receptionist, "12-Q20")
		if second := other.do("POST", "/dossiers", h.Intake(passport), key).want(201, ""); second.text("id") == first.text("id") {
			t.Error("two officers share an idempotency key")
		}
		desk.do("POST", "/dossiers", in, header{"Idempotency-Key": ""}).want(400, "api.err.key")
		desk.do("POST", "/dossiers", in, header{"Idempotency-Key": string(bytes.Repeat([]byte("k"), 10_000))}).want(400, "api.err.key")
	})
}

func TestOnlineDossierIsFiledAndAccepted(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		in := h.Intake(passport)
		in.Pay = ""
		body := api.Online{Desk: "12-Q20", Intake: in}
		key := header{"Idempotency-Key": "portal-1"}
		d := desk.do("POST", "/dossiers/online", body, key).want(201, "")
		if d.text("state") != "filed" || d.text("code") == "" {
			t.Fatalf("filed as %s", d.Body)
		}
		if again := desk.do("POST", "/dossiers/online", body, key).want(201, ""); again.text("id") != d.text("id") {
			t.Error("the portal's repeat made a second dossier")
		}
		desk.act(d.text("id"), d.field("version"), "accept", nil).want(200, "")
		far := h.hire("xa", officer.Receptionist, "03388")
		far.post("/dossiers/online", body).want(404, "err.not-found")
	})
}

func TestActNeedsTheVersionSeen(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		d := h.receive(desk).want(201, "")
		path := "/dossiers/" + d.text("id") + "/acts"
		body := map[string]any{"act": "withdraw", "particulars": map[string]any{"reason": "Đổi ý", "money": "Trả lại"}}
		desk.do("POST", path, body).want(428, "api.err.if-match")
		desk.do("POST", path, body, header{"If-Match": `"9"`}).want(412, "err.changed-meanwhile")
		desk.do("POST", path, body, header{"If-Match": `1`}).want(400, "api.err.if-match")
		desk.do("POST", path, body, header{"If-Match": `"1"`}).want(200, "")
		illegal := desk.do("POST", path, body, header{"If-Match": "*"}).want(409, "err.act-not-now")
		if illegal.text("allowed.0") != "add_code" || illegal.field("allowed.1") != nil {
			t.Errorf("a withdrawn dossier allows %v", illegal.field("allowed"))
		}
	})
}

func TestUnchangedDossierIsNotLookedAtAgain(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		id := h.receive(desk).want(201, "").text("id")
		tag := desk.get("/dossiers/"+id).want(200, "").Header().Get("ETag")
		if same := desk.do("GET", "/dossiers/"+id, nil, header{"If-None-Match": tag}); same.Code != 304 || same.Body.Len() != 0 {
			t.Errorf("unchanged: %d %s", same.Code, same.Body)
		}
		if n := desk.get("/dossiers/"+id+"/views").want(200, ""); n.field("entries.1") != nil {
			t.Errorf("an unchanged dossier was looked at twice: %s", n.Body) // rel-I-P4
		}
	})
}

func TestListGoesOnWithItsToken(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		for range 3 {
			h.receive(desk).want(201, "")
		}
		first := desk.get("/dossiers?queue=desk&limit=2").want(200, "")
		next := first.text("next")
		if rest := desk.get("/dossiers?queue=desk&limit=2&after="+next).want(200, ""); rest.field("dossiers.1") != nil || rest.field("dossiers.0") == nil {
			t.Errorf("second page: %s", rest.Body)
		}
		// rel-B-A05
		spoilt := []byte(next)
		spoilt[5] ^= 1
		desk.get("/dossiers?queue=desk&after="+string(spoilt)).want(400, "err.page-token")
		other := h.hire("tiepnhan2", officer.Receptionist, "12-Q20")
		other.get("/dossiers?queue=desk&after="+next).want(400, "err.page-token")
		desk.get("/dossiers?queue=created%3Bdrop").want(422, "")
		desk.get("/dossiers?sort=cccd").want(400, "api.err.unknown-field")
		desk.get("/dossiers?queue=desk&limit=-1").want(422, "")
		desk.get("/dossiers?queue=desk&limit=99999999999999999999").want(422, "")
		desk.get("/dossiers?queue=desk&queue=late").want(400, "api.err.twice")
		if n := desk.get("/dossiers/counts").want(200, ""); n.field("queues.desk") != 3.0 {
			t.Errorf("counts: %s", n.Body)
		}
	})
}

func TestSearchIsJournaledWithItsReason(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		d := h.receive(desk).want(201, "")
		code := d.text("code")
		desk.post("/dossiers/search", api.Search{Q: code}).want(422, "err.summary")
		found := desk.post("/dossiers/search", api.Search{Q: code, Reason: "Người dân hỏi"}).want(200, "")
		if found.text("dossiers.0.id") != d.text("id") {
			t.Errorf("found %s", found.Body)
		}
	})
}
