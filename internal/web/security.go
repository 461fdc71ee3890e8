package web

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"quay20/internal/problem"
	"quay20/internal/text"
)

// What a request may weigh before anything is read from it (rel-A11, rel-W13).
const (
	urlCap    = 8 << 10
	queryCap  = 100
	bodyCap   = 256 << 10
	fieldCap  = 500
	reportCap = 16 << 10
)

const (
	healthPath = "/healthz"      // whether work can be done and saved here
	livePath   = "/healthz/live" // whether the program answers
	reportPath = "/csp-report"
	apiPrefix  = "/api/"
)

// visit is what one request carries on its way: who, in which language, and
// what was answered. It is also the ResponseWriter, so that the log knows.
type visit struct {
	http.ResponseWriter
	ref     string // "7K2M-9QXD", told to the person when something breaks
	nonce   string
	lang    text.Lang
	pattern string
	by      *Visitor
	holder  *Holder
	status  int
	size    int
	keep    func(*sharedPage) // keeps the page for the next who asks; nil: no
}

type visitKey struct{}

func visitOf(r *http.Request) *visit { return r.Context().Value(visitKey{}).(*visit) }

func (v *visit) WriteHeader(status int) {
	if v.status == 0 {
		v.status = status
	}
	v.ResponseWriter.WriteHeader(status)
}

func (v *visit) Write(b []byte) (int, error) {
	v.status = cmp.Or(v.status, http.StatusOK)
	n, err := v.ResponseWriter.Write(b)
	v.size += n
	return n, err
}

func (v *visit) Unwrap() http.ResponseWriter { return v.ResponseWriter }

// Handler is all pages behind all guards.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// serve answers one request, logs it in one line without personal data (no
// path values, no query, no address), and turns a panic into a page.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	begun := s.Now()
	v := &visit{ResponseWriter: w, ref: reference(), nonce: random(16), lang: text.Vi, pattern: "none"}
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.broken(v, r, p)
		}
		s.over(r, v, s.Now().Sub(begun))
	}()
	s.headers(v, v.nonce)
	if err := s.gate(r); err != nil {
		s.fail(v, r, err)
		return
	}
	v.lang = s.language(v, r)
	s.dispatch(v, r)
}

// Answer is one request that is over.
type Answer struct {
	Route  string // "GET /tra-cuu"; "none" if no route is declared
	Status int
	Took   time.Duration
}

// over logs the request and tells who counts.
func (s *Server) over(r *http.Request, v *visit, took time.Duration) {
	s.Log.InfoContext(r.Context(), "request", "ref", v.ref, "method", known(r.Method), "route", v.pattern,
		"status", v.status, "bytes", v.size, "ms", float64(took.Microseconds())/1000)
	if s.Answered != nil {
		s.Answered(Answer{v.pattern, v.status, took})
	}
}

// Reference is the number under which the log tells of a request.
func Reference(r *http.Request) string { return visitOf(r).ref }

// broken logs a panic once and shows the page of a fault (rel-I-X4).
func (s *Server) broken(v *visit, r *http.Request, p any) {
	s.Log.ErrorContext(r.Context(), "panic", "ref", v.ref, "route", v.pattern, "panic", p, "stack", string(debug.Stack()))
	if v.status == 0 {
		s.showFault(v, r)
		return
	}
	panic(http.ErrAbortHandler) // half an answer is out: cut the connection
}

// dispatch leads to the API, the closed sign, or the pages.
func (s *Server) dispatch(v *visit, r *http.Request) {
	switch {
	case s.API != nil && strings.HasPrefix(r.URL.Path, apiPrefix):
		v.pattern = "api"
		s.API.ServeHTTP(v, r)
		v.pattern = cmp.Or(r.Pattern, v.pattern)
	case s.closed(v, r):
	default:
		s.page(v, r)
	}
}

// page checks where a change comes from, then serves the declared route.
func (s *Server) page(v *visit, r *http.Request) {
	if slices.Contains(unsafe, r.Method) && r.URL.Path != reportPath {
		if err := s.judgePost(v, r); err != nil {
			s.fail(v, r, err)
			return
		}
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.unrouted(v, r)
		return
	}
	s.mux.ServeHTTP(v, r)
}

// unrouted learns from the mux whether the path exists for another method,
// and shows the page for it (rel-A07).
func (s *Server) unrouted(v *visit, r *http.Request) {
	probe := &probe{header: http.Header{}}
	s.mux.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		v.Header().Set("Allow", probe.header.Get("Allow"))
		s.fail(v, r, refusal{http.StatusMethodNotAllowed, "web.method"})
		return
	}
	s.fail(v, r, problem.New(problem.NotFound, "err.not-found"))
}

// probe keeps the head of an answer and forgets its body.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }

// headers are on every answer, errors too (rel-K24, rel-K26). The referrer
// policy is not no-referrer, because browsers then send Origin: null on our
// own forms.
func (s *Server) headers(w http.ResponseWriter, nonce string) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'self'; img-src 'self' data:; "+
		"font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "+
		"frame-ancestors 'none'; report-uri "+reportPath)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if s.origin.Scheme == "https" {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// gate refuses what no page of ours would ever be asked.
func (s *Server) gate(r *http.Request) error {
	switch {
	case len(r.RequestURI) > urlCap:
		return refusal{http.StatusRequestURITooLong, "web.url-long"}
	case !cleanPath(r.URL.Path) || strings.Count(r.URL.RawQuery, "&") >= queryCap || !utf8.ValidString(r.URL.RawQuery):
		return problem.New(problem.Malformed, "web.malformed")
	case !s.ourHost(r.Host) && !healthy(r.URL.Path):
		return refusal{http.StatusMisdirectedRequest, "web.misdirected"}
	}
	return nil
}

var (
	unsafe  = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	methods = append([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, unsafe...)
)

// known keeps made-up method names out of the log.
func known(method string) string {
	if slices.Contains(methods, method) {
		return method
	}
	return "other"
}

// cleanPath reports whether p is a plain path: no climbing, no backslash, no
// doubled slash, no control or broken character.
func cleanPath(p string) bool {
	if !strings.HasPrefix(p, "/") || !utf8.ValidString(p) || strings.ContainsFunc(p, forbidden) || strings.Contains(p, `\`) {
		return false
	}
	return path.Clean(p) == strings.TrimSuffix(p, "/") || p == "/"
}

// ourHost compares the Host header with the configured origin (rel-A09). On a
// loopback origin the other loopback names are ours as well.
func (s *Server) ourHost(host string) bool {
	if strings.EqualFold(host, s.origin.Host) {
		return true
	}
	name, port := splitHost(host)
	ourName, ourPort := splitHost(s.origin.Host)
	standard := map[string]string{"https": "443", "http": "80"}[s.origin.Scheme]
	if cmp.Or(port, standard) != cmp.Or(ourPort, standard) {
		return false
	}
	return strings.EqualFold(name, ourName) || loopback(name) && loopback(ourName)
}

func splitHost(host string) (name, port string) {
	if n, p, err := net.SplitHostPort(host); err == nil {
		return n, p
	}
	return strings.Trim(host, "[]"), ""
}

func loopback(name string) bool {
	ip, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && ip.IsLoopback()
}

// judgePost lets a change in only from our own pages (rel-K27): browsers tell
// by Sec-Fetch-Site or Origin; one that sends neither must bring the token of
// a form we gave it (rel-A08). The body is capped before it is parsed.
func (s *Server) judgePost(w http.ResponseWriter, r *http.Request) error {
	if s.isForFiles(r) {
		return s.judgeFiles(w, r)
	}
	if s.cross.Check(r) != nil {
		return problem.New(problem.Forbidden, "web.cross-origin")
	}
	if err := parseBody(w, r); err != nil {
		return err
	}
	told := r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
	if !told && !s.tokenFits(r, r.PostForm.Get(tokenField)) {
		return problem.New(problem.Forbidden, "web.cross-origin")
	}
	return nil
}

const tokenField = "_token"

// formToken is proof that a form came from us to this browser. It is masked
// anew each time, so that compression tells nothing about it.
func (s *Server) formToken(w http.ResponseWriter, r *http.Request) string {
	mac := s.tokenMAC(s.formCookie(w, r), s.sessionToken(r))
	pad := make([]byte, len(mac))
	rand.Read(pad)
	return base64.RawURLEncoding.EncodeToString(append(pad, xor(mac, pad)...))
}

func (s *Server) tokenFits(r *http.Request, token string) bool {
	c, err := r.Cookie(cookieName("form"))
	b, err2 := base64.RawURLEncoding.DecodeString(token)
	if err != nil || err2 != nil || len(b) != 2*sha256.Size {
		return false
	}
	got := xor(b[sha256.Size:], b[:sha256.Size])
	return hmac.Equal(got, s.tokenMAC(c.Value, s.sessionToken(r)))
}

func (s *Server) tokenMAC(parts ...string) []byte {
	m := hmac.New(sha256.New, s.Secret)
	m.Write([]byte("form-token\x00" + strings.Join(parts, "\x00")))
	return m.Sum(nil)
}

func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range a {
		out[i] = a[i] ^ b[i]
	}
	return out
}

// formCookie is the browser's own random value that its form tokens are bound to.
func (s *Server) formCookie(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(cookieName("form")); err == nil && len(c.Value) == len(random(16)) {
		return c.Value
	}
	value := random(16)
	s.setCookie(w, "form", value)
	r.AddCookie(&http.Cookie{Name: cookieName("form"), Value: value}) // a second form on this page finds it
	return value
}

// cookieName is "__Host-quay20" and "__Host-quay20-<use>": a name that
// browsers take only from this very host, Secure and for the whole site.
// Chromium and Firefox take it on http://127.0.0.1 and localhost as well.
func cookieName(use string) string {
	if use == "" {
		return "__Host-quay20"
	}
	return "__Host-quay20-" + use
}

func (s *Server) setCookie(w http.ResponseWriter, use, value string) {
	http.SetCookie(w, cookie(use, value, 0))
}

// cookie is one of ours: for this host only, not for scripts, not from other
// sites (rel-K23).
func cookie(use, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(use), Value: value, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// setSession gives the browser the token of a new session; it lives as long
// as the browser, the roll decides how long the session lives.
func (s *Server) setSession(w http.ResponseWriter, token string) { s.setCookie(w, "", token) }

// endSession takes the session's token away from the browser.
func (s *Server) endSession(w http.ResponseWriter) { http.SetCookie(w, cookie("", "", -1)) }

// sessionToken is the session cookie; two of one name are none (rel-A13).
func (s *Server) sessionToken(r *http.Request) string {
	found := r.CookiesNamed(cookieName(""))
	if len(found) != 1 || len(found[0].Value) > 200 {
		return ""
	}
	return found[0].Value
}

// signedIn finds the officer of the request, or says that nobody is signed in.
func (s *Server) signedIn(r *http.Request) (Visitor, error) {
	nobody := problem.New(problem.Unauthenticated, "web.session-ended")
	token := s.sessionToken(r)
	if token == "" || s.SignedIn == nil {
		return Visitor{}, nobody
	}
	session, err := s.SignedIn(r.Context(), token)
	if problem.Is(err, problem.Unauthenticated) || problem.Is(err, problem.NotFound) {
		return Visitor{}, nobody
	}
	return Visitor{session}, err
}

// client is the address a budget is counted on: the peer, or, when the peer
// is a trusted proxy, the right-most address that is not (rel-A10, rel-K31).
func (s *Server) client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
	}
	return addr
}

func (s *Server) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// inside returns next when it is a plain path of ours, else otherwise
// (rel-K28). It never leads to another site, the API, or out of the desk.
func inside(next, otherwise string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > 2000 || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!cleanPath(u.Path) || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, forbidden) || strings.Contains(next, `\`) ||
		strings.HasPrefix(u.Path, apiPrefix) || strings.HasPrefix(u.Path, staticPrefix) {
		return otherwise
	}
	u.Fragment = ""
	return u.String()
}

// reference is what a person reads out on the telephone, "7K2M-9QXD".
func reference() string {
	b := make([]byte, 5)
	rand.Read(b)
	s := crockford.EncodeToString(b)
	return s[:4] + "-" + s[4:]
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// random is n random bytes as text.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// healthy reports the paths that monitors ask, by whatever name and at any time.
func healthy(path string) bool { return path == healthPath || path == livePath }

// closed shows X3 while planned work goes on. Health and static files stay.
func (s *Server) closed(v *visit, r *http.Request) bool {
	if s.Downtime == nil || healthy(r.URL.Path) || strings.HasPrefix(r.URL.Path, staticPrefix) {
		return false
	}
	until, closed := s.Downtime()
	if !closed {
		return false
	}
	wait := max(until.Sub(s.Now()), time.Minute)
	s.fail(v, r, &problem.Problem{Kind: problem.Unavailable, Key: "web.downtime",
		Args: []any{"until", sayHour(v.lang, until)}, Retry: wait})
	return true
}

// tooLong reports whether err means that the body was above its cap.
func tooLong(err error) bool {
	var over *http.MaxBytesError
	return errors.As(err, &over)
}
