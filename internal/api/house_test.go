package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"quay20/internal/api"
	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// house is a province behind the API, used by HTTP only.
type house struct {
	*demo.Province
	t    testing.TB
	api  http.Handler
	keys int
}

func open(t testing.TB, db *store.DB) *house {
	t.Helper()
	p := demotest.At(t, db)
	h := &house{Province: p, t: t}
	h.api = api.New(api.Config{
		DB: db, Law: p.Law, Roll: p.Roll, Dossiers: p.Register, Ledger: p.Ledger, Origin: "https://motcua.example.vn", Now: p.Clock.Now,
	})
	return h
}

// lite is a house on SQLite, for what does not depend on the engine.
func lite(t *testing.T, fn func(h *house)) {
	t.Helper()
	t.Parallel()
	fn(open(t, storetest.Open(t, filepath.Join(t.TempDir(), "quay20.db"), storetest.NewClock(storetest.Start))))
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// field reads a place of the JSON answer, "errors.0.field".
func (a answer) field(at string) any {
	var v any
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
		a.t.Fatalf("answer %d is no JSON: %v: %s", a.Code, err, a.Body)
	}
	for name := range strings.SplitSeq(at, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			i, _ := strconv.Atoi(name)
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a answer) text(at string) string { return fmt.Sprint(a.field(at)) }

// want fails the test unless the answer has the status and, if not "", the code.
func (a answer) want(status int, code string) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("status %d, want %d: %.600s", a.Code, status, a.Body)
	}
	if status >= 400 {
		if media := a.Header().Get("Content-Type"); media != "application/problem+json" {
			a.t.Errorf("refused with Content-Type %q", media)
		}
		if a.text("type") != "about:blank" || a.field("status") != float64(status) || a.text("title") == "" {
			a.t.Errorf("problem is not whole: %s", a.Body)
		}
	}
	if code != "" && a.text("code") != code {
		a.t.Fatalf("code %v, want %s: %s", a.field("code"), code, a.Body)
	}
	return a
}

// caller is somebody with or without a token.
type caller struct {
	h     *house
	token string
}

type header = map[string]string

func (c *caller) do(method, path string, body any, headers ...header) answer {
	c.h.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.h.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	r := httptest.NewRequest(method, "/api/v1"+path, reader)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	c.h.keys++
	r.Header.Set("Idempotency-Key", fmt.Sprintf("key-%d", c.h.keys))
	r.Header.Set("Accept-Language", "en")
	for _, more := range headers {
		for name, value := range more {
			r.Header.Del(name)
			if value != "" {
				r.Header.Set(name, value)
			}
		}
	}
	w := httptest.NewRecorder()
	c.h.api.ServeHTTP(w, r)
	return answer{w, c.h.t}
}

func (c *caller) get(path string) answer            { c.h.t.Helper(); return c.do("GET", path, nil) }
func (c *caller) post(path string, body any) answer { c.h.t.Helper(); return c.do("POST", path, body) }
func (c *caller) act(ref string, version any, act string, particulars any) answer {
	c.h.t.Helper()
	return c.do("POST", "/dossiers/"+ref+"/acts", map[string]any{"act": act, "particulars": particulars}, header{"If-Match": fmt.Sprintf(`"%v"`, version)})
}

const password = "một câu dài chỉ để thử nghiệm"

// hire puts an officer on the roll and signs them in over HTTP, from start
// code to second factor, and to the desk if the unit is one.
func (h *house) hire(login string, role officer.Role, unit string) *caller {
	h.t.Helper()
	_, code, err := h.Hire(h.t.Context(), login, "Lò Thị Minh", "Đại úy", role, unit)
	if err != nil {
		h.t.Fatal(err)
	}
	c := &caller{h: h}
	c.token = c.post("/sessions", api.SignIn{Login: login, Password: code}).want(201, "").text("token")
	c.token = c.post("/sessions/current/password", api.Password{Current: code, New: password}).want(200, "").text("token")
	if officer.RolesWithSecondFactor[role] {
		secret := c.post("/sessions/current/factor", nil).want(200, "").text("secret")
		c.token = c.post("/sessions/current/factor/confirmation", api.Code{Code: h.code(secret)}).want(200, "").text("token")
	}
	if u, ok := h.Law.Law().Unit(unit, "2026-05-08"); ok && u.Desk != nil && slices.Contains(officer.Matrix[officer.TakeDesk], role) {
		c.post("/sessions/current/desk", api.Desk{Desk: unit}).want(200, "")
	}
	return c
}

// code is the present code of a second factor; the clock goes on, so that the
// next one is another.
func (h *house) code(secret string) string {
	h.t.Helper()
	at := h.Clock.Now()
	code, err := officer.Code(secret, at)
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

func (h *house) nobody() *caller { return &caller{h: h} }

// passport is a procedure that PA08 decides and quầy 20 receives.
const passport = "1.001456"

// receive takes a walk-in in by HTTP and gives its id.
func (h *house) receive(c *caller, with ...func(*dossier.Intake)) answer {
	h.t.Helper()
	in := h.Intake(passport)
	for _, change := range with {
		change(&in)
	}
	return c.post("/dossiers", in)
}

func (h *house) later(d time.Duration) { h.Clock.Set(h.Clock.Now().Add(d)) }

// keyOf is the tracking key of test provinces.
func keyOf(*house) dossier.Key { return demotest.Key }
