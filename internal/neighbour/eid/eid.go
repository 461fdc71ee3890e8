// Package eid speaks OpenID Connect with the provider of electronic identities
// (định danh điện tử): it sends a citizen there to sign in, and judges what comes
// back. Authorization code with PKCE; state, nonce and issuer are bound to the
// browser that left; the identity token is checked for signature, algorithm,
// issuer, audience and times. What the provider says of a person is taken as the
// provider's word, nothing else: no address in it is ever fetched.
package eid

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"quay20/internal/applicant"
	"quay20/internal/problem"
)

// Config is the provider and how it knows us.
type Config struct {
	Issuer   string   // "https://eid.example.vn", as its tokens name it
	ClientID string   // our name there
	Secret   string   // "" for a public client
	Redirect string   // where it sends citizens back to
	Hosts    []string // further hosts that its endpoints may lie on; the issuer's own always may
	Scopes   []string // besides openid and profile
	Levels   []string // acr values that count as proof; none takes any
	Number   string   // the claim that holds the personal number; "" is "national_id"
	Now      func() time.Time
}

// skew is how far the provider's clock may be from ours.
const skew = 2 * time.Minute

// stale is how long ago the citizen may have proved who they are: a session that
// somebody else left at the provider on this computer must not sign in.
const stale = 5 * time.Minute

// algorithms that an identity token may be signed with.
var algorithms = []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.EdDSA}

// Provider is the provider of electronic identities.
type Provider struct {
	Config
	client *http.Client
	hosts  []string

	mu    sync.Mutex // guards found
	found *discovered
}

// discovered is what the provider says of itself.
type discovered struct {
	*oidc.Provider
	namesIssuer bool // it says in each answer who it is (RFC 9207)
}

// New checks the configuration; the provider is asked at first use, so that the
// house starts while it is down.
func New(c Config) (*Provider, error) {
	p := &Provider{Config: c}
	for _, address := range []string{c.Issuer, c.Redirect} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
			return nil, fmt.Errorf("%q is no https address", address)
		}
		p.hosts = append(p.hosts, u.Host)
	}
	p.hosts = append(p.hosts[:1], c.Hosts...)
	if c.ClientID == "" || c.Now == nil {
		return nil, errors.New("an e-ID provider needs our client id and a clock")
	}
	p.Number = cmp.Or(c.Number, "national_id")
	p.client = &http.Client{
		Timeout: 10 * time.Second,
		Transport: guarded{p.hosts, &http.Transport{
			DialContext:     (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 5 * time.Second,
			ResponseHeaderTimeout: 8 * time.Second, IdleConnTimeout: time.Minute, MaxConnsPerHost: 8,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p, nil
}

// Close lets go of idle connections.
func (p *Provider) Close() { p.client.CloseIdleConnections() }

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// guarded lets requests out to the provider's hosts alone and cuts long answers
// (rel-K13, rel-F20).
type guarded struct {
	hosts []string
	*http.Transport
}

func (g guarded) CloseIdleConnections() { g.Transport.CloseIdleConnections() }

func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !slices.Contains(g.hosts, r.URL.Host) || r.URL.Scheme != "https" && !loopback(r.URL.Hostname()) {
		return nil, fmt.Errorf("%s is no host of the e-ID provider", r.URL.Host)
	}
	resp, err := g.Transport.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, 1<<20)
	}
	return resp, err
}

// Origins are the web origins that a form may lead to on its way to the provider.
func (p *Provider) Origins() []string {
	u, err := url.Parse(p.Issuer)
	if err != nil {
		return nil
	}
	list := make([]string, len(p.hosts))
	for i, h := range p.hosts {
		list[i] = u.Scheme + "://" + h
	}
	return list
}

// errDown says that the provider does not answer; the desk and codes still work.
func errDown(err error) error {
	return fmt.Errorf("asking the e-ID provider: %w: %w", &problem.Problem{Kind: problem.Unavailable, Key: "account.err.eid-down", Retry: time.Minute}, err)
}

// refused is the one answer to whatever is wrong with a sign-in; why is for the
// log (rel-B-A12).
func refused(why string, errs ...error) error {
	return fmt.Errorf("e-ID sign-in refused: %s: %w", why, errors.Join(append(errs, problem.New(problem.Invalid, "account.err.eid"))...))
}

// discover asks the provider once who it is.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	limited, done := context.WithTimeout(ctx, 15*time.Second)
	defer done()
	// Keys are asked for again when one is unknown, long after this request.
	keeps := oidc.ClientContext(context.WithoutCancel(limited), p.client)
	got, err := oidc.NewProvider(keeps, p.Issuer)
	if err != nil {
		return nil, errDown(err)
	}
	var more struct {
		NamesIssuer bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := got.Claims(&more); err != nil {
		return nil, errDown(err)
	}
	p.found = &discovered{got, more.NamesIssuer}
	return p.found, nil
}

// held is what must be known again when the browser comes back.
type held struct {
	State, Nonce, Verifier string
	Issuer                 string // so that two providers cannot be mixed up
	At                     time.Time
}

// Begin gives the address to send a citizen to, and what to hold until they come
// back, by their browser alone.
func (p *Provider) Begin(ctx context.Context) (address, hold string, err error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	h := held{State: chance(), Nonce: chance(), Verifier: oauth2.GenerateVerifier(), Issuer: p.Issuer, At: p.Now()}
	b, err := json.Marshal(h)
	if err != nil {
		return "", "", err
	}
	more := []oauth2.AuthCodeOption{oidc.Nonce(h.Nonce), oauth2.S256ChallengeOption(h.Verifier),
		oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", fmt.Sprint(int(stale/time.Second)))}
	if len(p.Levels) > 0 {
		more = append(more, oauth2.SetAuthURLParam("acr_values", p.Levels[0]))
	}
	return p.oauth(d).AuthCodeURL(h.State, more...), string(b), nil
}

func chance() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (p *Provider) oauth(d *discovered) *oauth2.Config {
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: d.Endpoint(), RedirectURL: p.Redirect,
		Scopes: append([]string{oidc.ScopeOpenID, "profile"}, p.Scopes...)}
}

// End judges what the provider sent back and gives the identity. hold is what
// Begin gave for the same browser.
func (p *Provider) End(ctx context.Context, hold string, answer url.Values) (id applicant.EID, err error) {
	var h held
	if err := json.Unmarshal([]byte(hold), &h); err != nil {
		return id, refused("nothing was held")
	}
	d, err := p.discover(ctx)
	if err != nil {
		return id, err
	}
	if err := h.matches(p, d, answer); err != nil {
		return id, err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.client)
	token, err := p.oauth(d).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(h.Verifier))
	var retrieve *oauth2.RetrieveError
	if errors.As(err, &retrieve) {
		return id, refused("the code was not taken: " + retrieve.ErrorCode)
	}
	if err != nil {
		return id, errDown(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return id, refused("no identity token")
	}
	known, err := p.read(oidc.ClientContext(ctx, p.client), d, raw, h)
	if err != nil {
		return id, err
	}
	return p.person(ctx, d, known, token)
}

// matches binds the answer to the browser that left.
func (h held) matches(p *Provider, d *discovered, answer url.Values) error {
	switch iss := answer.Get("iss"); {
	case len(answer["state"]) != 1 || subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(h.State)) != 1:
		return refused("state differs")
	case h.Issuer != p.Issuer, iss != "" && iss != p.Issuer, iss == "" && d.namesIssuer:
		return refused("another issuer answered")
	case answer.Get("error") == "access_denied":
		return problem.New(problem.Invalid, "account.err.eid-denied")
	case answer.Get("error") != "":
		return refused("the provider says " + answer.Get("error"))
	case answer.Get("code") == "":
		return refused("no code")
	}
	return nil
}

// claims are what we read of a token; a value of another type is refused.
type claims struct {
	Expiry   int64  `json:"exp"`
	Issued   int64  `json:"iat"`
	Before   int64  `json:"nbf"`
	AuthTime int64  `json:"auth_time"`
	Party    string `json:"azp"`
	Level    string `json:"acr"`
}

// read judges an identity token.
func (p *Provider) read(ctx context.Context, d *discovered, raw string, h held) (*oidc.IDToken, error) {
	verifier := d.VerifierContext(ctx, &oidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: algorithms, SkipExpiryCheck: true})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, refused("identity token", err)
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return nil, refused("claims", err)
	}
	now, at := p.Now(), func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	switch {
	case token.Subject == "" || len(token.Subject) > 255:
		return nil, refused("no subject")
	case c.Expiry == 0 || now.After(at(c.Expiry).Add(skew)):
		return nil, refused("expired")
	case c.Issued == 0 || at(c.Issued).After(now.Add(skew)) || at(c.Issued).Before(h.At.Add(-skew)):
		return nil, refused("issued at another time")
	case c.Before != 0 && at(c.Before).After(now.Add(skew)):
		return nil, refused("not yet good")
	case c.AuthTime == 0 || at(c.AuthTime).Before(h.At.Add(-stale-skew)):
		return nil, refused("proved too long ago")
	case len(token.Audience) > 1 && c.Party != p.ClientID, c.Party != "" && c.Party != p.ClientID:
		return nil, refused("for another party")
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(h.Nonce)) != 1:
		return nil, refused("nonce differs")
	case len(p.Levels) > 0 && !slices.Contains(p.Levels, c.Level):
		return nil, refused("level " + c.Level)
	}
	return token, nil
}

// person puts together what the provider vouches for, from the identity token
// and, where it keeps them there, from its userinfo.
func (p *Provider) person(ctx context.Context, d *discovered, token *oidc.IDToken, access *oauth2.Token) (id applicant.EID, err error) {
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(access.AccessToken); err != nil {
			return id, refused("access token", err)
		}
	}
	facts := map[string]any{}
	if d.UserInfoEndpoint() != "" {
		info, err := d.UserInfo(ctx, oauth2.StaticTokenSource(access))
		if err != nil {
			return id, errDown(err)
		}
		if info.Subject != token.Subject {
			return id, refused("userinfo of another subject")
		}
		if err := info.Claims(&facts); err != nil {
			return id, refused("userinfo", err)
		}
	}
	if err := token.Claims(&facts); err != nil {
		return id, refused("claims", err)
	}
	return p.identity(token.Subject, facts)
}

// identity reads the facts in the written forms that dossiers keep.
func (p *Provider) identity(subject string, facts map[string]any) (id applicant.EID, err error) {
	said := func(name string, read func(string) (string, error)) string {
		v, ok := facts[name]
		if !ok || err != nil {
			return ""
		}
		s, ok := v.(string)
		if ok {
			s, err = read(s)
		}
		if !ok || err != nil {
			err = refused("claim "+name, err)
		}
		return s
	}
	id = applicant.EID{Issuer: p.Issuer, Subject: subject, Name: said("name", applicant.CleanName), Born: said("birthdate", applicant.ParseBorn),
		Number: said(p.Number, func(s string) (string, error) {
			n, err := applicant.ParseIDAs(applicant.CCCD, s)
			return n.Number, err
		})}
	if sex := said("gender", func(s string) (string, error) { return s, nil }); sex == "male" || sex == "female" {
		id.Sex = applicant.Sex(sex)
	}
	if err == nil && id.Name == "" {
		err = refused("no name")
	}
	return id, err
}
