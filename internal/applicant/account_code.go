package applicant

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"quay20/internal/notice"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

const (
	codeLife  = 10 * time.Minute
	codeTries = 5
)

// Way is a phone or an e-mail address to which codes go.
type Way struct {
	Kind  string // "phone", "email"
	Value string // "+84912345678", "phuong@example.vn"
}

// ReadWay reads what somebody typed to sign in: a mobile phone or an e-mail
// address. No code goes to a landline or abroad.
func ReadWay(s string) (Way, error) {
	if strings.Contains(s, "@") {
		mail, err := ParseEmail(s)
		return Way{"email", strings.ToLower(mail)}, err
	}
	if blank(s) {
		return Way{}, problem.New(problem.Invalid, "account.err.way-empty")
	}
	phone, err := ParsePhone(s)
	if err == nil && PhoneKindOf(phone) != Mobile {
		err = problem.New(problem.Invalid, "account.err.way-mobile")
	}
	return Way{"phone", phone}, err
}

func (w Way) channel() notice.Channel {
	if w.Kind == "email" {
		return notice.Email
	}
	return notice.SMS
}

// Masked shows as much of a way as its owner needs to know it again.
func (w Way) Masked() string { return notice.MaskTo(w.Value) }

// way is where the account's codes go; ok is false if it signs in by its
// electronic identity alone.
func (a Account) way(kind string) (w Way, ok bool) {
	switch {
	case kind == "phone" && a.Phone != "":
		return Way{"phone", a.Phone}, true
	case kind == "email" && a.Email != "":
		return Way{"email", strings.ToLower(a.Email)}, true
	}
	return Way{}, false
}

// Pending is a code that was sent and not typed yet.
type Pending struct {
	Try    string // for the browser that asked, and no other (rel-K48)
	To     Way
	Second Way // where the second code went, when a way changes; Kind "" is nowhere
}

// attempt is a row of account_try.
type attempt struct {
	id, purpose, account string
	way                  Way
	code, second, held   string
}

func (t attempt) insert(tx *store.Tx, life time.Duration) error {
	_, err := tx.Exec(`INSERT INTO account_try (id, purpose, account, kind, value, code, second, held, wrong, made, until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)`,
		t.id, t.purpose, t.account, t.way.Kind, t.way.Value, t.code, t.second, t.held, tx.Now, tx.Now.Add(life))
	if err != nil {
		return fmt.Errorf("keeping a try: %w", err)
	}
	return nil
}

// sealed is a code as the database keeps it. What the browser holds goes into
// the hash, so that the database alone does not give a six-digit code away.
func sealed(try, place, code string) string {
	sum := sha256.Sum256([]byte("quay20 code\x00" + try + "\x00" + place + "\x00" + code))
	return hex.EncodeToString(sum[:])
}

// newCode is six digits, each as likely as the other (rel-K47).
func newCode(tx *store.Tx) string {
	for {
		b := make([]byte, 4)
		tx.Chance(b)
		if n := binary.BigEndian.Uint32(b); n < 4_294_000_000 { // a multiple of a million
			return fmt.Sprintf("%06d", n%1_000_000)
		}
	}
}

// send puts a code on its way.
func send(tx *store.Tx, to Way, words text.Key, code string, lang text.Lang, about string) error {
	return notice.Send(tx, notice.Message{To: to.Value, Channel: to.channel(), Text: words, Args: []any{"code", code}, Lang: lang,
		About: about, Secret: code, UseBy: tx.Now.Add(codeLife)})
}

// Ask sends a one-time code to a phone or an e-mail address, whether an account
// has it or not: who gets the code signs in or opens an account with it, and
// nobody else learns which (rel-K50).
func (b *Accounts) Ask(ctx context.Context, to Way, lang text.Lang, client string) (p Pending, err error) {
	client = officer.Host(client)
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		if err := spend(tx, to, client); err != nil {
			return err
		}
		about := ""
		if a, err := byWay(tx, to.Kind, to.Value); err == nil {
			about = a.Owner()
		} else if !problem.Is(err, problem.NotFound) {
			return err
		}
		try, code := newToken(tx), newCode(tx)
		p = Pending{Try: try, To: to}
		if err := (attempt{id: tokenHash(try), purpose: "sign-in", way: to, code: sealed(try, "first", code)}).insert(tx, codeLife); err != nil {
			return err
		}
		return send(tx, to, "notice.code", code, lang, about)
	})
	return p, err
}

// Waiting tells where the code of a try went, while it can still be typed.
func (b *Accounts) Waiting(ctx context.Context, try string) (p Pending, err error) {
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		_, err := store.One(tx, func(r store.Row) (bool, error) {
			return true, r.Scan(&p.To.Kind, &p.To.Value)
		}, `SELECT kind, value FROM account_try WHERE id = $1 AND until > $2 AND purpose = 'sign-in'`, tokenHash(try), tx.Now)
		return err
	})
	p.Try = try
	if errors.Is(err, store.ErrNone) {
		return p, codeOver()
	}
	return p, err
}

func codeOver() error {
	return problem.New(problem.Invalid, "err.summary").Field("code", "account.err.code-over")
}

// wrongCode says how often one may still try.
func wrongCode(field string, left int64) error {
	if left <= 0 {
		return codeOver()
	}
	return problem.New(problem.Invalid, "err.summary").Field(field, "account.err.code", "left", left)
}

// Digits are the digits of a code as people type or paste it, "123 456".
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s[:min(len(s), 100)])
}

// judge counts one guess and compares it; a right one is used up. It must run in
// the transaction that acts on it. refused is for the person and must not undo
// the count, so it is no error of the transaction (rel-K46, rel-B-A14).
func judge(tx *store.Tx, try, purpose, first, second string) (t attempt, refused, err error) {
	if len(try) != tokenLength {
		return t, codeOver(), nil
	}
	var wrong int64
	t, err = store.One(tx, func(r store.Row) (t attempt, err error) {
		return t, r.Scan(&t.id, &t.purpose, &t.account, &t.way.Kind, &t.way.Value, &t.code, &t.second, &wrong)
	}, `UPDATE account_try SET wrong = wrong + 1 WHERE id = $1 AND purpose = $2 AND wrong < $3 AND until > $4 AND code <> ''
		RETURNING id, purpose, account, kind, value, code, second, wrong`, tokenHash(try), purpose, codeTries, tx.Now)
	if errors.Is(err, store.ErrNone) {
		return t, codeOver(), nil
	}
	if err != nil {
		return t, nil, fmt.Errorf("judging a code: %w", err)
	}
	good := subtle.ConstantTimeCompare([]byte(sealed(try, "first", Digits(first))), []byte(t.code))
	good2 := 1
	if t.second != "" {
		good2 = subtle.ConstantTimeCompare([]byte(sealed(try, "second", Digits(second))), []byte(t.second))
	}
	if good&good2 != 1 {
		field := "code"
		if good == 1 {
			field = "second"
		}
		return t, wrongCode(field, codeTries-wrong), nil
	}
	n, err := tx.Exec(`DELETE FROM account_try WHERE id = $1`, t.id)
	if err == nil && n == 0 {
		refused = codeOver()
	}
	return t, refused, err
}

// Entry is how a citizen comes in.
type Entry struct {
	Client string    // address
	Shared bool      // on a computer that others use too
	Old    string    // token of the session that this browser had; it ends
	Lang   text.Lang // of a new account
}

// Enter opens a session with the code of a try, and an account if the phone or
// address has none yet.
func (b *Accounts) Enter(ctx context.Context, try, code string, e Entry) (token string, s AccountSession, err error) {
	var refused error
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		t, no, err := judge(tx, try, "sign-in", code, "")
		if refused = no; err != nil || no != nil {
			return err
		}
		a, err := byWay(tx, t.way.Kind, t.way.Value)
		if problem.Is(err, problem.NotFound) {
			a, err = open(tx, e.Lang, func(a *Account) {
				a.set(t.way)
			})
		}
		if err != nil {
			return err
		}
		if err := makeKnown(tx, t.way, officer.Host(e.Client)); err != nil {
			return err
		}
		token, s, err = e.admit(tx, a, t.way.Kind)
		return err
	})
	if err = cmp.Or(err, refused); err != nil {
		return "", AccountSession{}, err
	}
	return token, s, nil
}

func (e Entry) admit(tx *store.Tx, a Account, how string) (string, AccountSession, error) {
	if e.Old != "" {
		if _, err := tx.Exec(`DELETE FROM account_session WHERE id = $1`, tokenHash(e.Old)); err != nil {
			return "", AccountSession{}, fmt.Errorf("ending the session before: %w", err)
		}
	}
	return beginSession(tx, AccountSession{Account: a, How: how, Shared: e.Shared, Client: officer.Host(e.Client)})
}

// set makes a way the account's; its facts follow.
func (a *Account) set(w Way) {
	switch w.Kind {
	case "phone":
		a.Phone, a.Person.Phone = w.Value, w.Value
	case "email":
		a.Email, a.Person.Email = w.Value, w.Value
	}
}

// AskChange begins to give the account another phone or e-mail address. A code
// goes to the new one, and a second to a way in that the account has: the old
// one of its kind, or with lost the other. Where the account has none, or only
// adds a way, a fresh proof stands for the second code.
func (b *Accounts) AskChange(ctx context.Context, token string, to Way, lost bool, client string) (p Pending, err error) {
	client = officer.Host(client)
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		s, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		a := s.Account
		if w, ok := a.way(to.Kind); ok && w == to {
			return problem.New(problem.Invalid, "err.summary").Field("to", "account.err.same-way")
		}
		second, needed := a.second(to.Kind, lost)
		if !needed && !s.Fresh(tx.Now) {
			return proveFirst()
		}
		if err := spend(tx, to, client); err != nil {
			return err
		}
		try, code := newToken(tx), newCode(tx)
		p = Pending{Try: try, To: to, Second: second}
		t := attempt{id: tokenHash(try), purpose: "change", account: a.ID, way: to, code: sealed(try, "first", code)}
		if needed {
			other := newCode(tx)
			t.second = sealed(try, "second", other)
			if err := send(tx, second, "notice.code-change", other, a.Lang, a.Owner()); err != nil {
				return err
			}
		}
		if err := t.insert(tx, codeLife); err != nil {
			return err
		}
		return send(tx, to, "notice.code-new", code, a.Lang, a.Owner())
	})
	return p, err
}

// second is the way that confirms a change of kind.
func (a Account) second(kind string, lost bool) (Way, bool) {
	other := "email"
	if kind == "email" {
		other = "phone"
	}
	own, has := a.way(kind)
	if has && !lost {
		return own, true
	}
	return a.way(other)
}

// Change gives the account the way that both codes confirm. All other sessions
// end, and the way that goes is told.
func (b *Accounts) Change(ctx context.Context, token, try, code, second string) (a Account, err error) {
	var refused error
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		s, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		t, no, err := judge(tx, try, "change", code, second)
		if refused = no; err != nil || no != nil {
			return err
		}
		if a = s.Account; t.account != a.ID {
			refused = codeOver()
			return nil
		}
		was, had := a.way(t.way.Kind)
		a.set(t.way)
		if err := save(tx, &a, "change_way", map[string]any{"kind": t.way.Kind}); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM account_session WHERE account = $1 AND id <> $2`, a.ID, s.ID); err != nil {
			return fmt.Errorf("ending the other sessions: %w", err)
		}
		if !had {
			return nil
		}
		return notice.Send(tx, notice.Message{To: was.Value, Channel: was.channel(), Text: "notice.way-gone", Lang: a.Lang, About: a.Owner(), Formal: true})
	})
	return a, cmp.Or(err, refused)
}

// Drop takes a way in off the account, "email" or "eid", after a fresh proof;
// the last one stays.
func (b *Accounts) Drop(ctx context.Context, token, kind string) (Account, error) {
	return b.change(ctx, token, "drop_way", map[string]any{"kind": kind}, func(tx *store.Tx, s *AccountSession) error {
		a := &s.Account
		ways := a.ways()
		switch {
		case !s.Fresh(tx.Now):
			return proveFirst()
		case ways[kind] == "":
			return problem.New(problem.NotFound, "err.not-found")
		case len(ways) == 1:
			return problem.New(problem.Illegal, "account.err.last-way")
		}
		switch kind {
		case "phone":
			a.Phone, a.Person.Phone = "", ""
		case "email":
			a.Email, a.Person.Email = "", ""
		case "eid":
			a.EID, a.Person.Checked.EID = nil, false
		}
		return nil
	})
}
