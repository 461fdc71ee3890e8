package api_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"quay20/internal/api"
	"quay20/internal/officer"
)

// A body that each operation gets as far as judging who may.
var bodies = map[string]any{
	"/dossiers/search": api.Search{Q: "xx", Reason: "thử"},
}

var anyPlace = regexp.MustCompile(`\{[a-z]+(\.\.\.)?\}`)

// rel-I-P1, rel-K60: every route × every role is decided as the matrix says.
func TestEveryRouteObeysTheMatrix(t *testing.T) {
	lite(t, func(h *house) {
		callers := map[officer.Role]*caller{}
		for i, role := range officer.Roles {
			unit := "12-Q20"
			callers[role] = h.hire(fmt.Sprintf("vai%d", i), role, unit)
		}
		for _, o := range api.Routes() {
			path := anyPlace.ReplaceAllString(o.Path, "khong-co")
			var body any
			if o.Method == "POST" {
				body = "{}"
				if b, ok := bodies[o.Path]; ok {
					body = b
				}
			}
			nobody := h.nobody().do(o.Method, path, body)
			if (o.Access == api.Public) == (nobody.Code == 401 && o.ID != "signIn") {
				t.Errorf("%s %s: somebody without a token gets %d", o.Method, path, nobody.Code)
			}
			if o.Access != api.Granted {
				continue
			}
			for _, role := range officer.Roles {
				got := callers[role].do(o.Method, path, body, header{"If-Match": "*"})
				refused := got.Code == 403 && (got.text("code") == "officer.err.not-allowed" || got.text("code") == "officer.err.no-capacity")
				if may := slices.Contains(officer.Matrix[o.Permission], role); may == refused {
					t.Errorf("%s %s as %s: %d %s", o.Method, path, role, got.Code, got.Body)
				}
				if got.Code == 500 || got.Code == 401 {
					t.Errorf("%s %s as %s: %d %s", o.Method, path, role, got.Code, got.Body)
				}
			}
		}
	})
}

// rel-B-A06, rel-K61, rel-G9: another unit's dossier and one that is not there
// are answered alike, byte for byte, wherever a dossier is named.
func TestForeignDossierIsUnknown(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		d := h.receive(desk).want(201, "")
		far := h.hire("xa", officer.Receptionist, "03388")
		slip := "receipt/1%2FTNHS"
		for _, o := range api.Routes() {
			if !strings.Contains(o.Path, "{ref}") {
				continue
			}
			fill := func(ref string) answer {
				path := strings.NewReplacer("{ref}", ref, "{kind}/{number...}", slip).Replace(o.Path)
				var body any
				if o.ID == "actOnDossier" {
					body = map[string]any{"act": "withdraw", "particulars": map[string]any{"reason": "Thử"}}
				}
				return far.do(o.Method, path, body, header{"If-Match": `"1"`})
			}
			missing := fill("0123456789ABCDEFGHJKMNPQRS").want(404, "err.dossier-unknown")
			for _, ref := range []string{d.text("id"), d.text("code")} {
				if got := fill(ref).want(404, "err.dossier-unknown"); got.Body.String() != missing.Body.String() {
					t.Errorf("%s: foreign %s, missing %s", o.ID, got.Body, missing.Body)
				}
			}
		}
		if n := far.get("/dossiers?queue=desk").want(200, ""); n.field("dossiers.0") != nil { // rel-I-P2
			t.Errorf("listed abroad: %s", n.Body)
		}
		if n := far.post("/dossiers/search", api.Search{Q: d.text("code"), Reason: "thử"}).want(200, ""); n.field("dossiers.0") != nil {
			t.Errorf("found abroad: %s", n.Body)
		}
		if n := far.get("/dossiers/counts").want(200, ""); n.field("queues.desk") != 0.0 {
			t.Errorf("counted abroad: %s", n.Body)
		}
		far.get("/register?desk=12-Q20&from=2026-03-01&to=2026-03-02").want(404, "err.not-found")
		receipt := d.text("fee.receipt")
		far.get("/receipts/"+receipt).want(404, "payment.err.no-receipt")
		far.get("/receipts/12-Q20-26-9999999").want(404, "payment.err.no-receipt")
		desk.get("/receipts/"+receipt).want(200, "")
	})
}

// rel-K64, rel-I-P3: a revoked role is gone at the next request.
func TestRevokedRoleIsGoneAtOnce(t *testing.T) {
	lite(t, func(h *house) {
		admin := h.hire("quantri2", officer.Administrator, h.Law.Law().Head().Province)
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		roll := admin.get("/officers?role=receptionist").want(200, "")
		grant := roll.text("officers.0.grants.0.id")
		admin.post("/grants/"+grant+"/revoke", api.Reason{Reason: "Thử"}).want(204, "")
		desk.get("/dossiers").want(403, "")
	})
}

func TestAdministratorEntersOfficersAndRoles(t *testing.T) {
	lite(t, func(h *house) {
		admin := h.hire("quantri2", officer.Administrator, h.Law.Law().Head().Province)
		key := header{"Idempotency-Key": "new-officer"}
		body := api.NewOfficer{Login: "moi.q20", Person: "900-777", Name: "Lò Thị Mới", Unit: "12-Q20"}
		first := admin.do("POST", "/officers", body, key).want(201, "")
		if first.text("start_code") == "" {
			t.Fatalf("no start code: %s", first.Body)
		}
		again := admin.do("POST", "/officers", body, key).want(201, "") // rel-I-D3; secrets are shown once
		if again.field("start_code") != nil || again.text("id") != first.text("id") {
			t.Errorf("repeated: %s", again.Body)
		}
		body.Name = "Người khác"
		admin.do("POST", "/officers", body, key).want(409, "err.key-reused")
		admin.post("/officers", body).want(409, "err.summary")
		id := first.text("id")
		admin.post("/officers/"+id+"/grants", api.NewGrant{Role: "king", Unit: "12-Q20", Reason: "Thử"}).want(422, "err.summary")
		admin.post("/officers/"+id+"/grants", api.NewGrant{Role: officer.Receptionist, Unit: "12-Q20", Reason: "Thử"}).want(201, "")
		admin.post("/officers/"+id+"/disable", api.Reason{Reason: "Thử"}).want(204, "")
		if code := admin.post("/officers/"+id+"/enable", api.Reason{Reason: "Thử"}).want(200, "").text("start_code"); code == "" {
			t.Error("no start code after opening the account again")
		}
		if n := admin.get("/journal?subject=officer/"+id).want(200, ""); n.text("entries.0.act") != "reset_password" {
			t.Errorf("journal: %s", n.Body)
		}
		admin.get("/dossiers").want(403, "")
	})
}

func TestJournalShowsOnlyTheScope(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		h.receive(desk).want(201, "")
		inspector := h.hire("thanhtra", officer.Inspector, "03388")
		if n := inspector.get("/journal?act=receive").want(200, ""); n.field("entries.0") != nil {
			t.Errorf("an inspector of a commune reads of quầy 20: %s", n.Body)
		}
		leader := h.hire("lanhdao", officer.Leader, h.Law.Law().Head().Province)
		n := leader.get("/journal?limit=2").want(200, "")
		if n.field("entries.1") == nil || n.field("before") == nil {
			t.Fatalf("journal: %s", n.Body)
		}
		next := leader.get("/journal?limit=2&before="+n.text("before")).want(200, "")
		if next.field("entries.0.index").(float64) >= n.field("entries.1.index").(float64) {
			t.Errorf("the second page is not older: %s", next.Body)
		}
	})
}

func TestNoticeMovesDueDates(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		d := h.receive(desk).want(201, "")
		control := h.hire("kiemsoat", officer.ProcedureControl, "12-Q20")
		notice := map[string]any{"id": "2026-03-02-bao", "announced": "2026-03-02", "title": "Nghỉ do bão", "days": []map[string]string{{"date": "2026-03-03", "kind": "closure", "name": "Bão"}}}
		key := header{"Idempotency-Key": "storm"}
		done := control.do("POST", "/notices", notice, key).want(201, "")
		if done.text("moved.0.dossier") != d.text("id") || done.text("moved.0.old") != d.text("due_at") {
			t.Errorf("moved %s", done.Body)
		}
		if again := control.do("POST", "/notices", notice, key).want(201, ""); again.Body.String() != done.Body.String() {
			t.Errorf("repeated: %s", again.Body)
		}
		if n := control.get("/notices").want(200, ""); n.text("notices.0.id") != "2026-03-02-bao" || n.field("notices.1") != nil {
			t.Errorf("notices: %s", n.Body)
		}
	})
}

func TestDrawerIsCountedAndReceiptCancelledByASecondPerson(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		receipt := h.receive(desk).want(201, "").text("fee.receipt")
		shift := desk.get("/cash/shift").want(200, "")
		cash := shift.field("cash").(float64)
		desk.post("/cash/counts", api.Drawer{Counted: int64(cash) - 1000}).want(422, "")
		if n := desk.post("/cash/counts", api.Drawer{Counted: int64(cash)}).want(201, ""); n.field("difference") != 0.0 {
			t.Errorf("count: %s", n.Body)
		}
		key := header{"Idempotency-Key": "cancel"}
		asked := desk.do("POST", "/receipts/"+receipt+"/cancel-request", api.Reason{Reason: "Thu nhầm"}, key).want(200, "")
		if asked.text("state") != "asked" {
			t.Errorf("asked: %s", asked.Body)
		}
		if again := desk.do("POST", "/receipts/"+receipt+"/cancel-request", api.Reason{Reason: "Thu nhầm"}, key).want(200, ""); again.Body.String() != asked.Body.String() {
			t.Errorf("repeated: %s", again.Body)
		}
		chief := h.hire("chihuy", officer.Approver, "12-Q20")
		chief.post("/receipts/"+receipt+"/cancel", api.Cancel{}).want(422, "err.summary")
		chief.post("/receipts/"+receipt+"/cancel", api.Cancel{PaperInHand: true}).want(200, "")
		chief.post("/receipts/"+receipt+"/keep", api.Reason{Reason: "Muộn"}).want(409, "")
	})
}

func TestPrintingTwiceNeedsTwoKeys(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		d := h.receive(desk).want(201, "")
		path := "/dossiers/" + d.text("id") + "/slips/receipt/" + d.text("slips.0.number")
		key := header{"Idempotency-Key": "print"}
		desk.do("POST", path, nil, key).want(200, "")
		desk.do("POST", path, nil, key).want(409, "api.err.key-done")
		desk.post(path, nil).want(200, "")
		desk.post("/dossiers/"+d.text("id")+"/slips/receipt/99%2FTNHS", nil).want(404, "err.slip-unknown")
	})
}
