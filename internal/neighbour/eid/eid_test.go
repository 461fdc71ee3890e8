package eid

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"quay20/internal/applicant"
	"quay20/internal/neighbour/eid/eidtest"
	"quay20/internal/problem"
)

const back = "http://127.0.0.1:8020/tai-khoan/vao/tra-loi"

func config(issuer string) Config {
	return Config{Issuer: issuer, ClientID: eidtest.ClientID, Secret: eidtest.Secret, Redirect: back, Levels: []string{eidtest.Level},
		Number: eidtest.Number, Now: time.Now}
}

func open(t *testing.T, c Config) *Provider {
	t.Helper()
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func begin(t *testing.T, p *Provider) (address, hold string) {
	t.Helper()
	address, hold, err := p.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return address, hold
}

// wants fails unless err is the neutral refusal that says why to the log alone.
func wants(t *testing.T, what string, err error, why string) {
	t.Helper()
	p, ok := problem.As(err)
	if !ok || p.Kind != problem.Invalid || !strings.Contains(err.Error(), why) {
		t.Errorf("%s: %v, want a refusal: %s", what, err, why)
	}
}

// rel-K66, rel-K67: a citizen signs in at a real provider, once.
func TestCitizenSignsInAtTheProvider(t *testing.T) {
	t.Parallel()
	server := eidtest.Start(t, back)
	p := open(t, config(server.Issuer))
	address, hold := begin(t, p)
	q, _ := url.Parse(address)
	for name, want := range map[string]string{"code_challenge_method": "S256", "response_type": "code", "prompt": "login", "client_id": eidtest.ClientID} {
		if got := q.Query().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	answer := eidtest.SignIn(t, address, "eid-phuong").Query()
	id, err := p.End(t.Context(), hold, answer)
	if err != nil {
		t.Fatal(err)
	}
	if want := (applicant.EID{Issuer: server.Issuer, Subject: "eid-phuong", Name: "Lò Thị Phương", Born: "1990-03-07", Sex: applicant.Female, Number: "012190001234"}); id != want {
		t.Errorf("%+v, want %+v", id, want)
	}
	_, err = p.End(t.Context(), hold, answer)
	wants(t, "a code used twice", err, "the code was not taken")
}

// rel-B-A12, rel-K66: what comes back spoiled signs nobody in.
func TestSpoiledAnswersAreRefused(t *testing.T) {
	t.Parallel()
	server := eidtest.Start(t, back)
	p := open(t, config(server.Issuer))
	for what, c := range map[string]struct {
		hold   func(*held)
		answer func(url.Values)
		why    string
	}{
		"no state":              {answer: func(q url.Values) { q.Del("state") }, why: "state differs"},
		"another's state":       {answer: func(q url.Values) { q.Set("state", "x") }, why: "state differs"},
		"two states":            {answer: func(q url.Values) { q.Add("state", "x") }, why: "state differs"},
		"another issuer":        {answer: func(q url.Values) { q.Set("iss", "https://other.example.vn") }, why: "another issuer"},
		"no issuer":             {answer: func(q url.Values) { q.Del("iss") }, why: "another issuer"},
		"begun elsewhere":       {hold: func(h *held) { h.Issuer = "https://other.example.vn" }, why: "another issuer"},
		"another browser's key": {hold: func(h *held) { h.Verifier = oauth2.GenerateVerifier() }, why: "the code was not taken"},
		"another nonce":         {hold: func(h *held) { h.Nonce = "x" }, why: "nonce differs"},
		"a made-up code":        {answer: func(q url.Values) { q.Set("code", "x") }, why: "the code was not taken"},
		"no code":               {answer: func(q url.Values) { q.Del("code") }, why: "no code"},
		"begun after the token": {hold: func(h *held) { h.At = h.At.Add(time.Hour) }, why: "another time"},
	} {
		address, hold := begin(t, p)
		answer := eidtest.SignIn(t, address, "eid-phuong").Query()
		if c.hold != nil {
			var h held
			if err := json.Unmarshal([]byte(hold), &h); err != nil {
				t.Fatal(err)
			}
			c.hold(&h)
			b, _ := json.Marshal(h)
			hold = string(b)
		}
		if c.answer != nil {
			c.answer(answer)
		}
		_, err := p.End(t.Context(), hold, answer)
		wants(t, what, err, c.why)
	}
	address, hold := begin(t, p)
	_, err := p.End(t.Context(), hold, eidtest.SignIn(t, address, "none").Query())
	if got, ok := problem.As(err); !ok || got.Key != "account.err.eid-denied" {
		t.Errorf("the citizen said no: %v", err)
	}
	address, hold = begin(t, p)
	_, err = p.End(t.Context(), hold, eidtest.SignIn(t, address, "eid-odd").Query())
	wants(t, "a number that is no text", err, "claim national_id")
}

// rel-K65, rel-K67, rel-B-A12: a real token, judged by who it is not for, at
// another time, or after somebody changed it, is refused.
func TestTokenIsJudgedWhole(t *testing.T) {
	t.Parallel()
	server := eidtest.Start(t, back)
	p := open(t, config(server.Issuer))
	address, hold := begin(t, p)
	var h held
	if err := json.Unmarshal([]byte(hold), &h); err != nil {
		t.Fatal(err)
	}
	answer := eidtest.SignIn(t, address, "eid-phuong").Query()
	d, err := p.discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.oauth(d).Exchange(oidc.ClientContext(t.Context(), p.client), answer.Get("code"), oauth2.VerifierOption(h.Verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw := got.Extra("id_token").(string)
	if _, err := p.read(oidc.ClientContext(t.Context(), p.client), d, raw, h); err != nil {
		t.Fatal(err)
	}
	part := strings.Split(raw, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + part[1] + "."
	hmac := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + part[1] + "." + part[2]
	b, _ := base64.RawURLEncoding.DecodeString(part[1])
	other := part[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(b), "eid-phuong", "eid-pao", 1))) + "." + part[2]
	for what, c := range map[string]struct {
		raw    string
		change func(*Provider)
		why    string
	}{
		"no signature":       {raw: none, why: "identity token"},
		"signed by a secret": {raw: hmac, why: "identity token"},
		"another subject":    {raw: other, why: "identity token"},
		"cut short":          {raw: raw[:len(raw)-10], why: "identity token"},
		"no token":           {raw: "x", why: "identity token"},
		"for another party":  {change: func(p *Provider) { p.ClientID = "other" }, why: "identity token"},
		"two hours later":    {change: func(p *Provider) { p.Now = func() time.Time { return time.Now().Add(2 * time.Hour) } }, why: "expired"},
		"an hour earlier":    {change: func(p *Provider) { p.Now = func() time.Time { return time.Now().Add(-time.Hour) } }, why: "another time"},
		"a level too low":    {change: func(p *Provider) { p.Levels = []string{"level-3"} }, why: "level"},
	} {
		q := open(t, config(server.Issuer))
		if c.change != nil {
			c.change(q)
		}
		if c.raw == "" {
			c.raw = raw
		}
		_, err := q.read(oidc.ClientContext(t.Context(), q.client), d, c.raw, h)
		wants(t, what, err, c.why)
	}
	late := open(t, config(server.Issuer)) // a clock that is a minute off does no harm
	late.Now = func() time.Time { return time.Now().Add(-time.Minute) }
	if _, err := late.read(oidc.ClientContext(t.Context(), late.client), d, raw, h); err != nil {
		t.Errorf("a minute of skew: %v", err)
	}
}

// A provider that changes its keys, or was down at first, still signs in; one
// that is down is said to be.
func TestProviderChangesKeysAndComesBack(t *testing.T) {
	t.Parallel()
	server := eidtest.Start(t, back)
	p := open(t, config(server.Issuer))
	signIn := func() error {
		address, hold, err := p.Begin(t.Context())
		if err != nil {
			return err
		}
		_, err = p.End(t.Context(), hold, eidtest.SignIn(t, address, "eid-pao").Query())
		return err
	}
	if err := signIn(); err != nil {
		t.Fatal(err)
	}
	server.Restart(t)
	if err := signIn(); err != nil {
		t.Errorf("after new keys: %v", err)
	}
	server.Stop()
	down := open(t, config(server.Issuer))
	if _, _, err := down.Begin(t.Context()); !problem.Is(err, problem.Unavailable) {
		t.Errorf("a provider that is down: %v", err)
	}
	server.Restart(t)
	if _, _, err := down.Begin(t.Context()); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

// rel-K13: no address but the provider's is asked, whatever it says.
func TestOnlyTheProvidersHostsAreAsked(t *testing.T) {
	t.Parallel()
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer elsewhere.Close()
	var issuer string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q}`, issuer, issuer+"/auth", elsewhere.URL+"/token", elsewhere.URL+"/keys")
	}))
	defer server.Close()
	issuer = server.URL
	p := open(t, config(issuer))
	_, hold := begin(t, p)
	var h held
	if err := json.Unmarshal([]byte(hold), &h); err != nil {
		t.Fatal(err)
	}
	if _, err := p.End(t.Context(), hold, url.Values{"state": {h.State}, "code": {"x"}}); err == nil || asked != 0 {
		t.Errorf("%d requests went elsewhere: %v", asked, err)
	}
}

func TestConfigurationThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(*Config){
		"plain http": func(c *Config) { c.Issuer = "http://eid.example.vn" }, "no issuer": func(c *Config) { c.Issuer = "" },
		"no client": func(c *Config) { c.ClientID = "" }, "plain way back": func(c *Config) { c.Redirect = "http://motcua.example.vn/x" },
	} {
		c := config("https://eid.example.vn")
		spoil(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}
