package api_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"quay20/internal/api"
	"quay20/internal/officer"
)

// body is a good intake as JSON, to be spoilt in one place.
func (h *house) body() string {
	h.t.Helper()
	b, err := json.Marshal(h.Intake(passport))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

func TestBrokenJSONIsRefusedWithItsPlace(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		good := h.body()
		inside := good[:len(good)-1]
		for name, c := range map[string]struct {
			body, code, field string
			status            int
		}{
			"rel-B-A01 truncated":       {good[:len(good)/2], "api.err.json", "", 400},
			"rel-B-A01 nothing":         {"", "api.err.json", "", 400},
			"rel-B-A01 trailing":        {good + "x", "api.err.json", "", 400},
			"rel-B-A01 two documents":   {good + good, "api.err.json", "", 400},
			"rel-B-A01 byte order mark": {"\ufeff" + good, "api.err.json", "", 400},
			"rel-B-A01 invalid UTF-8":   {inside + `,"request":"` + "\xff" + `"}`, "api.err.json", "", 400},
			"rel-B-A01 lone surrogate":  {inside + `,"request":"\ud800"}`, "api.err.json", "", 400},
			"rel-B-A01 depth":           {strings.Repeat("[", 10_000), "api.err.depth", "", 400},
			"rel-B-A01 unknown":         {inside + `,"nope":1}`, "api.err.unknown-field", "nope", 400},
			"rel-B-A01 other case":      {inside + `,"Request":"x"}`, "api.err.unknown-field", "Request", 400},
			"rel-B-A01 nested unknown":  {inside + `,"owner":{"name":"A","cccd":"1"}}`, "api.err.unknown-field", "owner.cccd", 400},
			"rel-K12 doubled":           {inside + `,"procedure":"1.000001"}`, "api.err.twice", "procedure", 400},
			"rel-B-A02 text":            {inside + `,"sets":"2"}`, "err.summary", "sets", 422},
			"rel-B-A02 bool":            {inside + `,"sets":true}`, "err.summary", "sets", 422},
			"rel-B-A02 fraction":        {inside + `,"sets":1.5}`, "err.summary", "sets", 422},
			"rel-B-A02 exponent":        {inside + `,"sets":1e3}`, "err.summary", "sets", 422},
			"rel-K11 huge":              {inside + `,"sets":1000000000000000000000000000000}`, "err.summary", "sets", 422},
			"rel-B-A02 list":            {`[]`, "err.summary", "", 422},
			"rel-B-A04 too large":       {inside + `,"request":"` + strings.Repeat("a", 256<<10) + `"}`, "api.err.too-large", "", 413},
			"rel-G10 control":           {inside + `,"request":"a\u0007b"}`, "err.summary", "request", 422},
			"rel-G10 direction":         {inside + `,"request":"a\u202eb"}`, "err.summary", "request", 422},
			"rel-B-W08 a megabyte less": {inside + `,"request":"` + strings.Repeat("ơ", 11_000) + `"}`, "err.summary", "request", 422},
			"rel-B-W13 thousand fields": {"{" + many(1000) + "}", "api.err.unknown-field", "f0", 400},
			"rel-B-W13 one 1000 times":  {`{"case":"` + strings.Repeat(`","case":"`, 1000) + `"}`, "api.err.twice", "case", 400},
		} {
			got := desk.post("/dossiers", c.body)
			if got.Code != c.status || got.text("code") != c.code {
				t.Errorf("%s: %d %.300s, want %d %s", name, got.Code, got.Body, c.status, c.code)
				continue
			}
			if c.field != "" && got.text("errors.0.field") != c.field {
				t.Errorf("%s: names %s, want %s", name, got.text("errors.0.field"), c.field)
			}
			if got.Body.Len() > 2000 {
				t.Errorf("%s: the answer has %d bytes", name, got.Body.Len()) // rel-G2
			}
		}
		if n := desk.get("/dossiers?queue=desk").want(200, ""); n.field("dossiers.0") != nil {
			t.Errorf("something was stored: %s", n.Body) // rel-G3
		}
	})
}

func many(n int) string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":1`, i)
	}
	return strings.Join(fields, ",")
}

// rel-B-A02: whole đồng, wherever money is sent.
func TestMoneyIsWholeNumbers(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		processor := h.hire("thuly", officer.Processor, "12-PA08")
		id := h.receive(desk).want(201, "").text("id")
		for _, amount := range []string{`"100"`, `true`, `null`, `1.5`, `1e3`, `9223372036854775808`, `-1`, `0`} {
			body := `{"act":"demand_payment","particulars":{"amount":` + amount + `,"why":"Phí","basis":"75/2022/TT-BTC"}}`
			got := processor.do("POST", "/dossiers/"+id+"/acts", body, header{"If-Match": "*"}).want(422, "err.summary")
			if got.text("errors.0.field") != "particulars.amount" {
				t.Errorf("amount %s: names %s", amount, got.text("errors.0.field"))
			}
			if amount != "null" {
				desk.post("/cash/counts", `{"counted":`+amount+`,"reason":""}`).want(422, "")
			}
		}
	})
}

// rel-B-W09: what the server decides is refused from outside, never used.
func TestFieldsOfTheServerAreRefused(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		good := h.body()
		for _, field := range []string{"received_at", "due", "due_at", "fee", "status", "state", "officer_id", "accepted_by", "id", "code", "version", "desk", "token_hash"} {
			got := desk.post("/dossiers", good[:len(good)-1]+`,"`+field+`":"2020-01-01"}`).want(400, "api.err.unknown-field")
			if got.text("errors.0.field") != field {
				t.Errorf("%s: names %s", field, got.text("errors.0.field"))
			}
		}
	})
}

func TestFaultsOfAnIntakeAreAllNamed(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		got := desk.post("/dossiers", map[string]any{
			"procedure": passport, "filer": map[string]any{"kind": "citizen", "name": "<script>" + strings.Repeat("x", 400), "born": "1990-02-31", "id_kind": "cccd", "id_number": "01219000"},
			"return_by": "pigeon",
		}).want(422, "err.summary")
		for _, field := range []string{"filer.name", "filer.born", "filer.id_number", "return_by", "papers"} {
			if !strings.Contains(got.Body.String(), `"field":"`+field+`"`) {
				t.Errorf("%s is not named: %s", field, got.Body)
			}
		}
		if strings.Contains(got.Body.String(), "<script>") || strings.Contains(got.Body.String(), strings.Repeat("x", 201)) {
			t.Errorf("the answer echoes what was sent: %s", got.Body) // rel-G2
		}
	})
}

func TestContentTypeAndAccept(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		good := h.body()
		for _, media := range []string{"", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json"} { // rel-B-A03
			desk.do("POST", "/dossiers", good, header{"Content-Type": media}).want(415, "api.err.content-type")
		}
		desk.do("POST", "/dossiers", good, header{"Content-Encoding": "gzip"}).want(415, "api.err.content-type")
		desk.do("GET", "/me", nil, header{"Accept": "text/html"}).want(406, "api.err.accept")
		desk.do("GET", "/me", nil, header{"Accept": "text/html, application/*;q=0.5"}).want(200, "")
		desk.do("POST", "/dossiers", good, header{"Content-Type": "application/json; charset=UTF-8"}).want(201, "")
		if media := desk.get("/me").Header().Get("Content-Type"); media != "application/json" { // rel-K29
			t.Errorf("answers are %s", media)
		}
	})
}

// rel-B-A07, rel-K25: no other method, no override, no other site.
func TestMethodsAndOrigins(t *testing.T) {
	lite(t, func(h *house) {
		who := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "CONNECT", "FOO"} {
			got := who.do(method, "/dossiers", nil).want(405, "api.err.method")
			if got.Header().Get("Allow") != "GET, POST, HEAD" {
				t.Errorf("%s: Allow is %q", method, got.Header().Get("Allow"))
			}
		}
		who.do("POST", "/me", nil, header{"X-HTTP-Method-Override": "GET"}).want(405, "api.err.method")
		who.get("/nowhere").want(404, "err.not-found")
		got := who.do("GET", "/me", nil, header{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
		for name := range got.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("answers a foreign origin with %s", name)
			}
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"} { // rel-K22
			if got.Header().Get(name) != want {
				t.Errorf("%s is %q", name, got.Header().Get(name))
			}
		}
		if !strings.Contains(got.Header().Get("Content-Security-Policy"), "sandbox") {
			t.Error("an answer opened as a page is not in a sandbox")
		}
	})
}

// rel-B-A13, rel-K27: only a living bearer token opens anything; a cookie never.
func TestOnlyALivingBearerTokenOpens(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		token := desk.token
		for name, value := range map[string]string{
			"none": "", "random": "Bearer " + strings.Repeat("x", 43), "cut": "Bearer " + token[:42], "longer": "Bearer " + token + "x",
			"basic": "Basic " + token, "bare": token, "empty": "Bearer ",
		} {
			got := h.nobody().do("GET", "/me", nil, header{"Authorization": value, "Cookie": "__Host-quay20=" + token}).want(401, "")
			if got.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s: no WWW-Authenticate", name)
			}
		}
		desk.do("DELETE", "/sessions/current", nil).want(204, "")
		desk.get("/me").want(401, "")
	})
}

func TestWrongSignInsLookAlike(t *testing.T) {
	lite(t, func(h *house) {
		h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		a := h.nobody().post("/sessions", api.SignIn{Login: "tiepnhan", Password: "sai"}).want(401, "officer.err.sign-in")
		b := h.nobody().post("/sessions", api.SignIn{Login: "khongco", Password: "sai"}).want(401, "officer.err.sign-in")
		if a.Body.String() != b.Body.String() { // rel-K50
			t.Errorf("known %s, unknown %s", a.Body, b.Body)
		}
		for range 40 {
			if got := h.nobody().post("/sessions", api.SignIn{Login: "tiepnhan", Password: "sai"}); got.Code == 429 {
				if got.Header().Get("Retry-After") == "" {
					t.Error("429 without Retry-After")
				}
				return
			}
		}
		t.Error("forty wrong passwords are not slowed down")
	})
}

// rel-B-E05, rel-K50, rel-B-A10: guesses are alike, and counted by the true peer.
func TestGuessesAtTrackingAreSlowedDown(t *testing.T) {
	lite(t, func(h *house) {
		desk := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		d := h.receive(desk).want(201, "")
		right := api.Look{Code: d.text("code"), Secret: keyOf(h).Secret(d.text("id"))}
		typed := api.Look{Code: " " + strings.ToLower(right.Code), Secret: strings.ToLower(right.Secret[:4]) + " " + right.Secret[4:]}
		h.nobody().post("/track", typed).want(200, "")
		wrong := h.nobody().post("/track", api.Look{Code: right.Code, Secret: "00000000"}).want(404, "")
		unknown := h.nobody().post("/track", api.Look{Code: "000.00.20.H35-260302-9999", Secret: "00000000"}).want(404, "")
		if wrong.Body.String() != unknown.Body.String() {
			t.Errorf("wrong key %s, unknown code %s", wrong.Body, unknown.Body)
		}
		for i := range 3 {
			h.nobody().do("GET", "/track/"+strings.Repeat("0", 26), nil, header{"X-Forwarded-For": fmt.Sprintf("203.0.113.%d", i)}).want(404, "")
		}
		got := h.nobody().post("/track", right).want(429, "api.err.too-many")
		if got.Header().Get("Retry-After") != "60" {
			t.Errorf("Retry-After is %q", got.Header().Get("Retry-After"))
		}
	})
}

func TestClientAddressBelievesOnlyOurProxies(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"203.0.113.7:1", "198.51.100.1", "203.0.113.7"},
		{"10.0.0.1:1", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:1", "203.0.113.9, 10.0.0.2", "203.0.113.9"},
		{"10.0.0.1:1", "nonsense", "10.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := api.ClientAddress(r, trusted).String(); got != c.want {
			t.Errorf("%s for %s is %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestPathsThatNobodyAsksFor(t *testing.T) {
	lite(t, func(h *house) {
		who := h.hire("tiepnhan", officer.Receptionist, "12-Q20")
		for _, path := range []string{"/dossiers/..%2f..%2fetc", "/dossiers/%00", "/dossiers/%c0%af", "//dossiers", "/dossiers/../me", "/dossiers/" + strings.Repeat("x", 5000), "/dossiers?procedure=%00", "/dossiers?procedure=%ff"} { // rel-B-A11
			if got := who.get(path); got.Code != 404 && got.Code != 400 {
				t.Errorf("%s: %d %s", path, got.Code, got.Body)
			}
		}
	})
}
