package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"quay20/internal/api"
	"quay20/internal/applicant"
	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/web"
)

// written is a log that several write to.
type written struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.Write(b)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// planted is what must not be seen again: each value is unlike any other text
// of the program.
type planted struct {
	name, number, phone, token, login string
}

func plant(n int) planted {
	b := make([]byte, 32)
	rand.Read(b)
	return planted{
		name: fmt.Sprintf("Pờ Mờ Lử Xý%c%c", 'a'+n/26, 'a'+n%26), number: fmt.Sprintf("0121907%05d", n), phone: fmt.Sprintf("09137%05d", n),
		token: base64.RawURLEncoding.EncodeToString(b), login: fmt.Sprintf("lu.xy.%d", n),
	}
}

func (p planted) values() []string { return []string{p.name, p.number, p.phone, p.token, p.login} }

// crawler goes through every route and leaves planted values everywhere.
type crawler struct {
	t       *testing.T
	base    string
	planted []planted
	secrets []string // of the house: real tokens, codes, keys of slips
	sent    int
}

// next is a fresh planting; after forty they come again.
func (c *crawler) next() planted {
	c.sent++
	return c.planted[c.sent%len(c.planted)]
}

var patternPart = regexp.MustCompile(`\{[^}]*\}`)

// ask sends one request to a route: with the planted values in its address,
// query, form or JSON, and heads.
func (c *crawler) ask(method, pattern, ref, token string, asJSON bool) {
	c.t.Helper()
	p := c.next()
	at := patternPart.ReplaceAllStringFunc(pattern, func(part string) string {
		switch part {
		case "{$}":
			return ""
		case "{ref}":
			if ref != "" {
				return ref
			}
		case "{token}":
			return p.token
		}
		return url.PathEscape(p.name)
	})
	form := url.Values{}
	for i, name := range []string{"q", "name", "filer.name", "filer.id_number", "filer.phone", "login", "password", "code", "secret", "reason", "note", "scan", "proof", p.token} {
		form.Set(name, p.values()[i%5])
	}
	form.Set("version", "1")
	body, media := form.Encode(), "application/x-www-form-urlencoded"
	if asJSON {
		b, err := json.Marshal(map[string]any{"login": p.login, "password": p.token, "name": p.name, "code": p.number, p.phone: p.name})
		must(c.t, err)
		body, media = string(b), "application/json"
	}
	if method == http.MethodGet && (!asJSON || c.sent%2 == 0) { // the API refuses names that it does not know
		at, body = at+"?"+form.Encode(), ""
	}
	r, err := http.NewRequest(method, c.base+at, strings.NewReader(body))
	must(c.t, err)
	r.Header.Set("Content-Type", media)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("User-Agent", p.name)
	r.Header.Set("Referer", c.base+"/"+p.token)
	r.Header.Set("X-Forwarded-For", p.number)
	r.Header.Set("If-Match", "*")
	r.Header.Set("Idempotency-Key", p.token)
	if token == "" {
		token = p.token
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Cookie", "__Host-quay20="+token+"; other="+p.token)
	res, err := http.DefaultTransport.RoundTrip(r)
	must(c.t, err)
	_, err = io.Copy(io.Discard, res.Body)
	must(c.t, err)
	res.Body.Close()
}

// rel-T25, rel-K75: what people type, their numbers and the tokens they hold
// are in no line of the log and in no figure, whichever route they go through,
// while all is well, while the database breaks, and while nothing can be saved.
func TestLogsAndFiguresTellOfNoPerson(t *testing.T) {
	t.Parallel()
	log, clock := &written{}, demo.NewClock(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))
	data := filepath.Join(t.TempDir(), "node")
	std := Std{Out: io.Discard, Err: log, Now: clock.Now}
	listener := &Listener{Listen: freeAddress(t), Metrics: freeAddress(t), LogLevel: "debug"}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	h, err := (&Place{Data: data}).make(ctx, clock.Now)
	must(t, err)
	defer h.db.Close()
	ready, ended := make(chan string, 1), make(chan error, 1)
	logger := keepLog(slog.NewJSONHandler(log, listener.logOptions()))
	go func() {
		ended <- listener.serve(ctx, std, h, logger, func(address string) error { ready <- address; return nil })
	}()
	c := &crawler{t: t}
	for n := range 40 {
		c.planted = append(c.planted, plant(n))
	}
	select {
	case c.base = <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	d, visitors := c.house(ctx, h, clock, data)
	routes := web.New(listener.config(h, std, c.base, slog.New(slog.DiscardHandler))).Routes()
	crawl := func() {
		for _, v := range visitors {
			for _, r := range routes {
				c.ask(r.Method, r.Pattern, d.ID, v.token(c), false)
			}
			for _, r := range api.Routes() {
				c.ask(r.Method, api.Prefix+r.Path, string(d.Code), v.token(c), true)
			}
		}
		c.ask("GET", "/{nowhere}", "", "", false)
		c.ask("GET", "/api/v1/{nowhere}", "", "", true)
	}
	crawl()
	sound := string(fetch(t, "http://"+listener.Metrics+"/metrics"))
	for _, table := range []string{"dossier_code", "dossier", "dossier_draft", "payment_receipt", "gazette_notice", "job"} { // every look at them breaks
		must(t, h.db.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec("ALTER TABLE " + table + " RENAME TO " + table + "_gone")
			return err
		}))
	}
	crawl()
	h.db.ReadOnly(problem.New(problem.Unavailable, "store.halted"))
	crawl()
	figures := string(fetch(t, "http://"+listener.Metrics+"/metrics"))
	stop()
	must(t, <-ended)

	said := log.String()
	if n := strings.Count(said, `"msg":"request"`); n != c.sent {
		t.Errorf("%d requests, %d lines of them in the log", c.sent, n)
	}
	for _, route := range []string{`route="GET /tra-cuu"`, `route="POST /api/v1/dossiers"`, `route="none"`, `route="POST /desk/intake"`} {
		if !strings.Contains(figures, route) {
			t.Errorf("the figures do not count %s", route)
		}
	}
	for _, figure := range []string{"store_asked 1", "store_saves 1", "store_writes_waiting 0", "store_bytes [1-9]", `store_standby{copy="none"} 1`, "journal_entries [1-9]", "sessions [1-9]",
		`jobs{state="open"} `, "commit_seconds_count [1-9]", "commit_writes_sum [1-9]", "sweep_timestamp_seconds [1-9]",
		"journal_copied_timestamp_seconds [1-9]", `disk_free_bytes{folder="data"} [1-9]`, "store_wal_bytes ", "backup_timestamp_seconds 0"} {
		if !regexp.MustCompile("(?m)^quay20_" + figure).MatchString(sound) {
			t.Errorf("the figures do not tell %s", figure)
		}
	}
	for _, figure := range []string{"store_asked 0", "store_saves 0"} { // the rest is told all the same
		if !strings.Contains(figures, "\nquay20_"+figure) {
			t.Errorf("the figures of a broken house do not tell %s", figure)
		}
	}
	if !strings.Contains(said, `"msg":"request broke"`) {
		t.Error("no request broke, so nothing is known of what the log tells then")
	}
	for _, p := range c.planted {
		c.secrets = append(c.secrets, p.values()...)
	}
	if len(c.secrets) < 200 {
		t.Errorf("only %d values were planted", len(c.secrets))
	}
	for _, value := range c.secrets {
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), fmt.Sprintf("%+q", value)} {
			form = strings.Trim(form, `"`)
			if strings.Contains(said, form) {
				t.Errorf("the log tells %q: %s", value, lineWith(said, form))
			}
			if strings.Contains(figures, form) {
				t.Errorf("the figures tell %q: %s", value, lineWith(figures, form))
			}
		}
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

func fetch(t *testing.T, address string) []byte {
	t.Helper()
	res, err := http.Get(address)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return b
}

// visitor is somebody at a browser: an officer, or nobody with an account.
type visitor struct {
	h                      *house
	clock                  *demo.Clock
	login, factor, session string
}

const visitorsPassword = "mua lua chin tren ruong bac thang"

// token is that of a living session: one that a route has ended is made anew.
func (v *visitor) token(c *crawler) string {
	ctx := context.Background()
	if v.login == "" || v.h.db.Trouble().Why != nil {
		return v.session
	}
	if _, err := v.h.roll.Session(ctx, v.session); err == nil {
		return v.session
	}
	code := ""
	if v.factor != "" {
		v.clock.Set(v.clock.Now().Add(31 * time.Second)) // a code is good for once
		var err error
		code, err = officer.Code(v.factor, v.clock.Now())
		must(c.t, err)
	}
	session, _, err := v.h.roll.SignIn(ctx, v.login, visitorsPassword, code, "192.0.2.7:1")
	must(c.t, err)
	v.session, c.secrets = session, append(c.secrets, session)
	return session
}

// house makes officers with sessions and a dossier of a planted person.
func (c *crawler) house(ctx context.Context, h *house, clock *demo.Clock, data string) (dossier.Dossier, []*visitor) {
	t := c.t
	province := &demo.Province{DB: h.db, Law: h.law, Roll: h.roll, Register: h.register, Ledger: h.ledger, Clock: clock}
	must(t, province.Open(ctx))
	visitors := []*visitor{{h: h}}
	var desk officer.By
	for i, post := range []struct {
		role officer.Role
		unit string
	}{{officer.Receptionist, "12-Q20"}, {officer.Approver, "12-PA08"}, {officer.Administrator, "12"}, {officer.Inspector, "12"}} {
		p := c.planted[i]
		by, code, err := province.Hire(ctx, p.login, p.name, "Đại úy", post.role, post.unit)
		must(t, err)
		token, _, err := h.roll.SignIn(ctx, p.login, code, "", "192.0.2.7:1")
		must(t, err)
		token, s, err := h.roll.SetPassword(ctx, token, "", visitorsPassword)
		must(t, err)
		v := &visitor{h: h, clock: clock, login: p.login}
		if s.MustEnrol {
			e, err := h.roll.EnrolTOTP(ctx, token)
			must(t, err)
			first, err := officer.Code(e.Secret, clock.Now())
			must(t, err)
			token, _, err = h.roll.ConfirmTOTP(ctx, token, first)
			must(t, err)
			v.factor = e.Secret
			c.secrets = append(c.secrets, e.Secret)
		}
		if i == 0 {
			desk = by
			_, err := h.roll.TakeDesk(ctx, token, by.Desk)
			must(t, err)
		}
		v.session, c.secrets = token, append(c.secrets, code, token, visitorsPassword)
		visitors = append(visitors, v)
	}
	p := c.planted[9]
	d, err := province.Receive(ctx, desk, "1.001456", func(in *dossier.Intake) {
		in.Filer.Name, in.Filer.IDKind, in.Filer.IDNumber, in.Filer.Phone = p.name, applicant.CCCD, "012190012345", p.phone
	})
	must(t, err)
	b, err := os.ReadFile(filepath.Join(data, "keys", "tracking.key"))
	must(t, err)
	key := dossier.Key(b)
	c.secrets = append(c.secrets, string(d.Code), d.ID, "012190012345", key.Secret(d.ID), key.Token(d.ID), "192.0.2.7")
	return d, visitors
}
