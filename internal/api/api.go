// Package api is the desk for programs: JSON under /api/v1, through the same
// books as the pages. An operation turns a request into a value, asks one
// room, and answers with that room's facts or with the problem in RFC 9457
// form. What there is to call is described by /api/v1/openapi.json.
//
// Programs prove themselves with the token of a session in the Authorization
// header. Cookies open nothing here, so no other site's page can act through
// an officer's browser (rel-K27).
package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base32"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"quay20/internal/catalogue"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// Config is what the API needs from outside.
type Config struct {
	DB       *store.DB
	Law      *gazette.Gazette
	Roll     *officer.Roll
	Dossiers *dossier.Register
	Ledger   *payment.Ledger

	Origin         string           // "https://motcua.example.vn": where slips send the citizen
	TrustedProxies []netip.Prefix   // whose X-Forwarded-For is believed
	Now            func() time.Time // the clock, for budgets and the day asked about
	Log            *slog.Logger
	Reference      func(*http.Request) string // of a request in the log; nil makes one up
}

// Prefix is the path under which everything lies.
const Prefix = "/api/v1"

// server holds the operations. Make one with New.
type server struct {
	Config
	mux        *http.ServeMux
	operations []operation
	document   func() documents
	guessing   *guessing
	index      searching
}

// New makes the handler of everything under /api/. It panics on an operation
// that cannot work, so that a faulty release does not start.
func New(c Config) http.Handler {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Reference == nil {
		c.Reference = func(*http.Request) string { return reference() }
	}
	s := &server{Config: c, mux: http.NewServeMux(), guessing: newGuessing(), operations: operations()}
	for _, o := range s.operations {
		o.check()
		s.mux.HandleFunc(o.Method+" "+Prefix+o.Path, func(w http.ResponseWriter, r *http.Request) { s.run(o, w, r) })
	}
	s.document = sync.OnceValue(func() documents { return describe(s.operations) })
	s.mux.HandleFunc("GET "+Prefix+"/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		send(w, http.StatusOK, "application/json", s.document().json)
	})
	s.mux.HandleFunc("GET "+Prefix+"/openapi.yaml", func(w http.ResponseWriter, r *http.Request) {
		send(w, http.StatusOK, "application/yaml", s.document().yaml)
	})
	return s
}

// bodyCap is the most a request's body may weigh (rel-B-A04).
const bodyCap = 256 << 10

// ServeHTTP guards, finds the operation, and turns a panic into an answer that
// names a reference and nothing else (rel-I-X4).
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler {
			panic(p)
		}
		ref := s.Reference(r)
		s.Log.ErrorContext(r.Context(), "panic", "ref", ref, "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
		s.broken(w, r, ref)
	}()
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if r.URL.Path != path.Clean(r.URL.Path) || !readable(r.URL.Path) {
		s.fail(w, r, problem.New(problem.NotFound, "err.not-found"))
		return
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.unrouted(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// readable reports text that may stand in an address: UTF-8 without control
// characters (rel-B-A11).
func readable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// unrouted tells a path that is there for other methods from one that is not
// there at all (rel-B-A07). No method override is honoured.
func (s *server) unrouted(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := s.mux.Handler(probe); pattern != "" {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		s.fail(w, r, problem.New(problem.NotFound, "err.not-found"))
		return
	}
	if slices.Contains(allow, http.MethodGet) {
		allow = append(allow, http.MethodHead)
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	s.fail(w, r, refusal{http.StatusMethodNotAllowed, "api.err.method"})
}

// call is one request to one operation.
type call struct {
	*server
	w       http.ResponseWriter
	r       *http.Request
	op      *operation
	lang    text.Lang
	token   string
	session officer.Session
	key     string // idempotency key, "" for an operation without
}

func (c *call) ctx() context.Context { return c.r.Context() }

// law is the law in force now.
func (c *call) law() *pack.Pack { return c.Law.Law() }

// today is the day in Viet Nam.
func (c *call) today() pack.Date { return pack.On(c.Now()) }

// run judges who calls and in what form, then lets the operation do its work.
func (s *server) run(o operation, w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, w: w, r: r, op: &o, lang: language(r)}
	err := c.admit()
	if err == nil {
		err = o.run(c)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// admit checks everything that is the same for all operations: who, which
// answer is wanted, the query's names, and the idempotency key.
func (c *call) admit() error {
	if c.op.Access != Public {
		if err := c.signedIn(); err != nil {
			return err
		}
	}
	if err := c.acceptable(); err != nil {
		return err
	}
	if err := c.queryNames(); err != nil {
		return err
	}
	if c.op.Key == noKey {
		return nil
	}
	key := c.r.Header.Values("Idempotency-Key")
	if len(key) != 1 || !goodKey(key[0]) {
		return problem.New(problem.Malformed, "api.err.key").Field("Idempotency-Key", "api.err.key")
	}
	c.key = key[0]
	return nil
}

// keyMost is the longest idempotency key.
const keyMost = 150

// goodKey allows visible ASCII, so that a key is the same in every log.
func goodKey(key string) bool {
	return key != "" && len(key) <= keyMost && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
}

// signedIn finds the session of the bearer token and asks whether any capacity
// may call the operation; for which unit is judged later, by the room.
func (c *call) signedIn() error {
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(c.r.Header.Values("Authorization")) != 1 {
		return problem.New(problem.Unauthenticated, "api.err.bearer")
	}
	session, err := c.Roll.Session(c.ctx(), token)
	if err != nil {
		return err
	}
	c.token, c.session = token, session
	if c.op.Access == SignedIn {
		return nil
	}
	_, err = session.For(c.op.Permission, "")
	return err
}

// acceptable refuses a caller who would not take what the operation answers.
func (c *call) acceptable() error {
	accept := c.r.Header.Get("Accept")
	if accept == "" || accept == "*/*" {
		return nil
	}
	want := c.op.media()
	kind, _, _ := strings.Cut(want, "/")
	for part := range strings.SplitSeq(accept, ",") {
		media, parameters, _ := strings.Cut(part, ";")
		media = strings.ToLower(strings.TrimSpace(media))
		if strings.ReplaceAll(strings.TrimSpace(parameters), " ", "") == "q=0" {
			continue
		}
		if media == want || media == "*/*" || media == kind+"/*" {
			return nil
		}
	}
	return refusal{http.StatusNotAcceptable, "api.err.accept"}
}

// language is the caller's, Vietnamese unless English is asked for first.
func language(r *http.Request) text.Lang {
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en") {
		return text.En
	}
	return text.Vi
}

// ClientAddress is the address that budgets count: the peer, or, when the peer
// is a trusted proxy, the right-most address that is not (rel-B-A10, rel-K31).
func ClientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	believed := func(p netip.Prefix) bool { return p.Contains(addr) }
	for i := len(hops) - 1; i >= 0 && slices.ContainsFunc(trusted, believed); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
	}
	return addr
}

func (c *call) client() netip.Addr { return ClientAddress(c.r, c.TrustedProxies) }

// reference is what a caller reads out on the telephone, "7K2M-9QXD".
func reference() string {
	b := make([]byte, 5)
	rand.Read(b)
	s := crockford.EncodeToString(b)
	return s[:4] + "-" + s[4:]
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// searching keeps the catalogue's index of the day and the law.
type searching struct {
	mu   sync.Mutex // guards the rest
	law  *pack.Pack
	on   pack.Date
	kept *catalogue.Index
}

// of is the index of a day; today's is kept.
func (s *searching) of(law *pack.Pack, on, today pack.Date) *catalogue.Index {
	if on != today {
		return catalogue.NewIndex(law, on)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || s.law != law || s.on != on {
		s.law, s.on, s.kept = law, on, catalogue.NewIndex(law, on)
	}
	return s.kept
}

// dayAsked is the query's day, today if it is left out.
func (c *call) dayAsked(name string) (pack.Date, error) {
	day := cmp.Or(c.query(name), c.today())
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", problem.New(problem.Invalid, "err.summary").Field(name, "api.err.day")
	}
	return day, nil
}
