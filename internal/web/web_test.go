package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

const (
	testOrigin = "https://motcua.example.vn"
	testHost   = "motcua.example.vn"
)

var testNow = time.Date(2022, 11, 22, 2, 14, 5, 0, time.UTC) // 09:14:05 in Lai Châu, a Tuesday

// testServer is the pages on a fixed clock; "minh" is signed in as a
// receptionist of quầy 20, "lan" as an administrator.
func testServer(t *testing.T, change func(*Config), routes ...func(*Server)) *Server {
	t.Helper()
	c := Config{
		Origin: testOrigin, Now: func() time.Time { return testNow }, Dev: true,
		Log: slog.New(slog.NewTextHandler(logTo(t), nil)),
		SignedIn: func(_ context.Context, token string) (officer.Session, error) {
			role := map[string]officer.Role{"minh": officer.Receptionist, "lan": officer.Administrator, "ha": officer.Processor}[token]
			if role == "" {
				return officer.Session{}, problem.New(problem.Unauthenticated, "officer.err.session")
			}
			return officer.Session{Desk: "12-Q20", Officer: officer.Officer{Name: "Lò Thị Minh",
				Grants: []officer.Grant{{Role: role, Unit: "12-Q20@2022", State: officer.InForce}}}}, nil
		},
	}
	if change != nil {
		change(&c)
	}
	s := New(c)
	for _, add := range routes {
		add(s)
	}
	return s
}

type testLog struct{ strings.Builder }

func logTo(t *testing.T) *testLog {
	l := &testLog{}
	logs.Store(t.Name(), l)
	return l
}

var logs sync.Map // test name → *testLog

// logged is everything that the test's server logged.
func logged(t *testing.T) string {
	l, _ := logs.Load(t.Name())
	return l.(*testLog).String()
}

// request builds a request as a browser on our own page sends it.
func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = testHost
	if body != "" || method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", testOrigin)
	}
	return r
}

func as(r *http.Request, who string) *http.Request {
	r.AddCookie(&http.Cookie{Name: "__Host-quay20", Value: who})
	return r
}

func do(s *Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func get(t *testing.T, s *Server, target string) *httptest.ResponseRecorder {
	t.Helper()
	return do(s, request(http.MethodGet, target, ""))
}
