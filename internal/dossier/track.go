package dossier

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Key makes the secrets of slips from dossier ids, so that none is stored. It
// must have at least 32 bytes.
type Key []byte

func (k Key) derive(use, id string) []byte {
	m := hmac.New(sha256.New, k)
	m.Write([]byte(use + "/" + id))
	return m.Sum(nil)
}

// Secret is what the slip prints beside the code: 8 Crockford characters, 40 bits.
func (k Key) Secret(id string) string { return crockford.EncodeToString(k.derive("secret", id)[:5]) }

// Token opens tracking from the slip's QR: 26 characters, 128 bits.
func (k Key) Token(id string) string { return crockford.EncodeToString(k.derive("token", id)[:16]) }

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
	Unit        pack.Unit // that has it now
	Desk        pack.Unit // where the result will be
	ReturnBy    string
	Items       []Item    // what is missing, when waiting for a supplement
	Until       time.Time // until when
	Owed        int64     // đồng, when waiting for payment
	OwedFor     string
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
}

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
	var t Tracked
	var failure error
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		locked, err := lockedOut(tx, code)
		if err != nil {
			return err
		}
		d, err := seenByAll(tx, code)
		if err != nil {
			return err
		}
		right := subtle.ConstantTimeCompare([]byte(secret), []byte(r.key.Secret(d.ID))) == 1
		switch {
		case locked:
			failure = problem.New(problem.TooMany, "err.track-locked")
		case d.ID == "" || !right:
			failure = untracked()
		default:
			t = r.tracked(d, World{tx.Now, r.law()})
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	if failure != nil && problem.Is(failure, problem.NotFound) {
		if err := r.noteGuess(ctx, code); err != nil {
			return t, err
		}
	}
	return t, failure
}

// TrackToken opens a dossier by the token in the slip's QR.
func (r *Register) TrackToken(ctx context.Context, token string) (Tracked, error) {
	var t Tracked
	token = cleanSecret(token)
	if len(token) != 26 {
		return t, untracked()
	}
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		d, err := store.One(tx, scan, `SELECT body FROM dossier WHERE token = $1`, hash(token))
		if errors.Is(err, store.ErrNone) {
			return untracked()
		}
		if err != nil {
			return err
		}
		t = r.tracked(d, World{tx.Now, r.law()})
		return nil
	})
	return t, err
}

func untracked() *problem.Problem { return problem.New(problem.NotFound, "err.not-tracked") }

// seenByAll finds a dossier by code for tracking; an unknown code gives an
// empty dossier, so that both take the same work.
func seenByAll(tx *store.Tx, code string) (Dossier, error) {
	d, err := store.One(tx, scan, `SELECT d.body FROM dossier_code c JOIN dossier d ON d.id = c.dossier WHERE c.code = $1`, code)
	if errors.Is(err, store.ErrNone) {
		return Dossier{}, nil
	}
	return d, err
}

func lockedOut(tx *store.Tx, code string) (bool, error) {
	fails, err := store.One(tx, number, `SELECT fails FROM dossier_guess WHERE code = $1 AND since > $2`, hash(code), tx.Now.Add(-guessLock))
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	return fails >= guesses, err
}

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
		ReturnBy: d.ReturnBy, End: d.End, Token: r.key.Token(d.ID),
	}
	if p, ok := w.Law.Procedure(d.Procedure); ok {
		t.Title = p.Name
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
	if s := d.Waiting(); s != nil && d.State == Supplement {
		t.Items, t.Until = s.Items, s.Until
	}
	if o := d.Unsettled(); o != nil {
		t.Owed, t.OwedFor = o.Amount, o.Why
	}
	if !d.AcceptedAt.IsZero() && !d.State.Final() && d.Fee.Known && !d.Fee.Paid {
		t.FeeDue, t.FeeFirst = d.Fee.Amount, d.feeFirst(w)
	}
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
