package dossier

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Key makes the secrets of slips from dossier ids, so that none is stored: 32
// bytes. A house that changed its key keeps the earlier ones behind it, for the
// slips that people hold.
type Key []byte

// KeySize is how long one key is.
const KeySize = 32

func (k Key) derive(use, id string) []byte {
	m := hmac.New(sha256.New, k[:KeySize])
	m.Write([]byte(use + "/" + id))
	return m.Sum(nil)
}

// Secret is what the slip prints beside the code: 8 Crockford characters, 40 bits.
func (k Key) Secret(id string) string { return crockford.EncodeToString(k.derive("secret", id)[:5]) }

// Token opens tracking from the slip's QR: 26 characters, 128 bits.
func (k Key) Token(id string) string { return crockford.EncodeToString(k.derive("token", id)[:16]) }

// of is the key under which a dossier was received: the one whose token it
// knows the hash of, or the mark.
func (k Key) of(id, token string) Key {
	for at := KeySize; at < len(k); at += KeySize {
		if earlier := k[at:]; tokenMark(hash(earlier.Token(id))) == tokenMark(token) {
			return earlier
		}
	}
	return k
}

// Tracked is what a citizen with a valid slip sees: these facts and no others.
type Tracked struct {
	Code        Code
	State       State
	Procedure   string // code
	Title       string // name of the procedure
	Case        string
	Initials    string // "L. T. P."
	Filed       time.Time
	CheckBy     time.Time // until when an online dossier must be answered
	Received    time.Time
	Due         time.Time
	Promise     time.Time
	Provisional bool
	Paused      string // kind of the pause, "" none
	Apology     *Apology
	Passed      *PassedOn // while it is open
	Unit        pack.Unit // that has it now
	Desk        pack.Unit // where the result will be
	ReturnBy    string
	Items       []Item    // what is missing, when waiting for a supplement
	Answered    time.Time // when it was sent from home, if it waits to be looked at
	Until       time.Time // until when
	Sent        int       // files that the desk holds
	Pages       int       // of them
	Owed        int64     // đồng, when waiting for payment
	OwedFor     string
	Owes        bool     // something may be paid now
	Paid        bool     // a transfer or cash has paid something
	FeeDue      int64    // đồng of the fee not yet paid, 0 none
	FeeFirst    bool     // the limit runs only from the fee
	Reasons     []string // refused
	Next        string
	End         *End
	Outcome     string
	Concluded   time.Time
	Returned    time.Time
	ReturnedTo  string // initials of who took the result
	Proof       []lawtime.Step
	Events      []Event
	Token       string
	Left        lawtime.Left
	HasLeft     bool

	forms *forms // nil if the view is not kept
}

// PassedOn tells that a unit ended and who took the dossier over from it.
type PassedOn struct {
	From pack.Unit // the one on the slip, or where it lay before
	To   pack.Unit
	At   time.Time
	Why  string
}

// Form gives the view in writing, made once for as long as the view is kept.
// key names the form; what is made may depend on nothing but the view without
// its Left, and the key.
func (t *Tracked) Form(key string, make func() ([]byte, error)) ([]byte, error) {
	if t.forms == nil {
		return make()
	}
	if b, ok := t.forms.Load(key); ok {
		return b.([]byte), nil
	}
	b, err := make()
	if err == nil {
		t.forms.Store(key, b)
	}
	return b, err
}

type forms = sync.Map

// Event is one line of the public history.
type Event struct {
	At  time.Time
	Key string // text key
}

// guesses bound how often a wrong secret may be tried on one code before only
// the QR or the desk opens it, and how long that lasts.
const (
	guesses   = 10
	guessLock = 24 * time.Hour
)

// Track opens a dossier by code and secret. A wrong secret and an unknown code
// are the same: not found. After ten failures the code needs the QR or the
// desk for a day. law: nd-63-2010/18
func (r *Register) Track(ctx context.Context, code, secret string) (Tracked, error) {
	code, secret = cleanCode(code), cleanSecret(secret)
	if code == "" || len(code) > 60 || len(secret) > 40 || !sayable(code) {
		return Tracked{}, untracked()
	}
	var s sighted
	var locked bool
	err := r.db.Glance(ctx, func(tx *store.Tx) (err error) {
		s, locked, err = sightOf(tx, code)
		return err
	})
	if err != nil {
		return Tracked{}, fmt.Errorf("looking for a dossier to track: %w", err)
	}
	right := subtle.ConstantTimeCompare([]byte(secret), []byte(r.key.of(s.id, s.token).Secret(s.id))) == 1
	switch {
	case locked:
		return Tracked{}, problem.New(problem.TooMany, "err.track-locked")
	case s.id == "" || !right:
		if err := r.noteGuess(ctx, code); err != nil {
			return Tracked{}, err
		}
		return Tracked{}, untracked()
	}
	return r.view(ctx, s)
}

// TrackToken opens a dossier by the token in the slip's QR.
func (r *Register) TrackToken(ctx context.Context, token string) (Tracked, error) {
	token = cleanSecret(token)
	if len(token) != 26 {
		return Tracked{}, untracked()
	}
	var s sighted
	err := r.db.Glance(ctx, func(tx *store.Tx) (err error) {
		s, err = store.One(tx, func(row store.Row) (s sighted, err error) { return s, row.Scan(&s.id, &s.version) },
			`SELECT id, version FROM dossier WHERE token = $1`, tokenMark(hash(token)))
		s.now = tx.Now
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return Tracked{}, untracked()
	}
	if err != nil {
		return Tracked{}, fmt.Errorf("looking for a dossier to track: %w", err)
	}
	return r.view(ctx, s)
}

// sighted is a dossier as the index knows it now.
type sighted struct {
	id      string
	token   string // mark of the QR's
	version int64
	now     time.Time
}

// sightOf finds a dossier by code for tracking, and whether the code is locked
// after too many guesses. An unknown code gives an empty id, so that both take
// the same work.
func sightOf(tx *store.Tx, code string) (s sighted, locked bool, err error) {
	var fails int64
	s.now = tx.Now
	_, err = store.One(tx, func(row store.Row) (struct{}, error) {
		return struct{}{}, row.Scan(&s.id, &s.token, &s.version, &fails)
	},
		`SELECT COALESCE(d.id, ''), COALESCE(d.token, ''), COALESCE(d.version, 0), COALESCE(g.fails, 0) FROM (SELECT 1 AS one) o
		LEFT JOIN dossier_code c ON c.code = $1 LEFT JOIN dossier d ON d.id = c.dossier
		LEFT JOIN dossier_guess g ON g.code = $2 AND g.since > $3`, code, hash(code), tx.Now.Add(-guessLock))
	return s, fails >= guesses, err
}

// view gives what the citizen sees of the dossier. Of a version that was looked
// at lately, under the same law, it is at hand; another is made from the
// dossier as it is now.
func (r *Register) view(ctx context.Context, s sighted) (Tracked, error) {
	law := r.law()
	if v, ok := r.views.get(s.id); ok && v.version == s.version && v.law == law {
		return v.at(s.now), nil
	}
	var v *view
	err := r.db.Glance(ctx, func(tx *store.Tx) error {
		d, err := find(tx, s.id)
		if err != nil {
			return err
		}
		v = &view{d.Version, law, r.tracked(d, World{tx.Now, law}), Dossier{State: d.State, Desk: d.Desk, Clock: d.Clock}}
		v.forms = new(forms)
		return nil
	})
	if err != nil {
		return Tracked{}, err
	}
	r.views.put(s.id, v)
	return v.Tracked, nil
}

// view is a kept view and what tells whether it is still true.
type view struct {
	version int64
	law     *pack.Pack
	Tracked
	clock Dossier // what Left is computed from
}

// at is the view now.
func (v *view) at(now time.Time) Tracked {
	t := v.Tracked
	t.Left, t.HasLeft = v.clock.Left(v.law, now)
	return t
}

// views keeps the views that were asked for lately, by dossier id: at least
// the last viewsKept, at most twice as many. A view weighs some kilobytes.
type views struct {
	mu         sync.Mutex // guards the rest
	young, old map[string]*view
}

const viewsKept = 2000

func (k *views) get(id string) (*view, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v, ok := k.young[id]; ok {
		return v, true
	}
	v, ok := k.old[id]
	if ok {
		k.add(id, v)
	}
	return v, ok
}

func (k *views) put(id string, v *view) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.add(id, v)
}

func (k *views) add(id string, v *view) {
	if k.young == nil || len(k.young) >= viewsKept {
		k.old, k.young = k.young, make(map[string]*view, viewsKept/8)
	}
	k.young[id] = v
}

func untracked() *problem.Problem { return problem.New(problem.NotFound, "err.not-tracked") }

// noteGuess counts a failure on a code, whether the code exists or not.
func (r *Register) noteGuess(ctx context.Context, code string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(`DELETE FROM dossier_guess WHERE since <= $1`, tx.Now.Add(-guessLock)); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO dossier_guess (code, fails, since) VALUES ($1, 1, $2)
			ON CONFLICT (code) DO UPDATE SET fails = dossier_guess.fails + 1`, hash(code), tx.Now)
		return err
	})
}

// cleanCode forgives spaces, dashes of other kinds and small letters.
func cleanCode(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '\t' || r == '\u00a0':
			return -1
		case r == '–' || r == '—' || r == '‑':
			return '-'
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(s)))
}

// cleanSecret reads Crockford base32 as people type it: O is 0, I and L are 1.
func cleanSecret(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\t', '–':
			return -1
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(s)))
}

// tracked makes the public view of a dossier.
func (r *Register) tracked(d Dossier, w World) Tracked {
	t := Tracked{
		Code: d.Code, State: d.State, Procedure: d.Procedure, Case: d.Case, Initials: applicant.MaskName(d.Person().Name),
		Filed: d.FiledAt, Received: d.ReceivedAt, Due: d.Clock.Due, Promise: d.Promise(), Provisional: d.Clock.Provisional,
		ReturnBy: d.ReturnBy, End: d.End, Token: r.key.of(d.ID, d.TokenHash).Token(d.ID),
	}
	if p, ok := w.Law.Procedure(d.Procedure); ok {
		t.Title = p.Name
	}
	for _, p := range d.Papers {
		for _, f := range p.Files {
			t.Sent, t.Pages = t.Sent+1, t.Pages+f.Pages
		}
	}
	t.CheckBy = w.CheckUntil(&d)
	t.Unit, _ = w.Law.UnitByKey(d.Holder)
	t.Desk, _ = w.Law.UnitByKey(d.Desk)
	if d.Paused() {
		t.Paused = d.Clock.Pauses[len(d.Clock.Pauses)-1].Kind
	}
	if n := len(d.Apologies); n > 0 {
		t.Apology = &d.Apologies[n-1]
	}
	t.Passed = d.passedOn(w)
	if s := d.Waiting(); s != nil && d.State == Supplement {
		t.Items, t.Until, t.Answered = s.Wanted(), s.Until, s.Sent
	}
	if o := d.Unsettled(); o != nil {
		t.Owed, t.OwedFor = o.Amount, o.Why
	}
	if !d.AcceptedAt.IsZero() && !d.State.Final() && d.Fee.Known && !d.Fee.Paid {
		t.FeeDue, t.FeeFirst = d.Fee.Amount, d.feeFirst(w)
	}
	t.Owes = len(d.Owes(w.Law)) > 0
	t.Paid = d.paidAnything()
	if d.Refusal != nil {
		t.Reasons, t.Next = d.Refusal.Reasons, d.Refusal.Next
	}
	if d.Result != nil {
		t.Outcome, t.Concluded = d.Result.Outcome, d.Result.At
		if d.Result.Outcome == "refused" {
			t.Reasons = d.Result.Reasons
		}
	}
	if d.HandedOver != nil {
		t.Returned, t.ReturnedTo = d.HandedOver.At, applicant.MaskName(d.HandedOver.To)
	}
	if a, err := d.Proof(w.Law); err == nil {
		t.Proof = a.Steps
	}
	t.Left, t.HasLeft = d.Left(w.Law, w.Now)
	t.Events = d.events()
	return t
}

// passedOn words the last succession of an open dossier: from the desk that its
// slip names, if that is no more, to the unit that took over.
func (d *Dossier) passedOn(w World) *PassedOn {
	if len(d.Successions) == 0 || d.State.Final() {
		return nil
	}
	s := d.Successions[len(d.Successions)-1]
	last := s.Passages[0]
	if p, ok := s.Passed("holder"); ok {
		last = p
	}
	out := PassedOn{At: s.At, Why: s.Why}
	out.From, _ = w.Law.UnitByKey(last.From)
	out.To, _ = w.Law.UnitByKey(last.To)
	if first := d.DeskAt(d.FiledAt); first != d.Desk {
		out.From, _ = w.Law.UnitByKey(first)
	}
	return &out
}

// events is the public history, newest first.
func (d *Dossier) events() []Event {
	var list []Event
	add := func(at time.Time, key string) {
		if !at.IsZero() {
			list = append(list, Event{at, key})
		}
	}
	add(d.FiledAt, "track.event.filed")
	add(d.AcceptedAt, "track.event.accepted")
	for _, s := range d.Supplements {
		add(s.Asked, "track.event.supplement")
		add(s.Supplied, "track.event.supplied")
	}
	for _, o := range d.Obligations {
		add(o.Asked, "track.event.payment")
		add(o.Settled, "track.event.paid")
	}
	for _, a := range d.Apologies {
		add(a.At, "track.event.apology")
	}
	for _, m := range d.Moves {
		add(m.At, "track.event.moved")
	}
	for _, s := range d.Successions {
		add(s.At, "track.event.passed")
	}
	if d.Refusal != nil {
		add(d.Refusal.At, "track.event.refused")
	}
	if d.Result != nil {
		add(d.Result.At, "track.event.concluded")
	}
	if d.HandedOver != nil {
		add(d.HandedOver.At, "track.event.returned")
	}
	if d.End != nil {
		add(d.End.At, "track.event."+string(d.State))
	}
	sortEvents(list)
	return list
}

// Public is what the citizen sees of the dossier, for the officer who wants to
// know it.
func (r *Register) Public(d Dossier, w World) Tracked { return r.tracked(d, w) }
