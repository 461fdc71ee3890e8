package applicant

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quay20/internal/problem"
	"quay20/internal/store"
)

// Lives of a citizen's session (rel-K54).
const (
	accountIdle     = 30 * time.Minute
	accountAbsolute = 12 * time.Hour
	accountFresh    = 10 * time.Minute // of a proof, for acts that change who can sign in
	accountSeen     = 20 * time.Second // idleness is measured to within this
	mostSessions    = 10               // an eleventh ends the oldest
	tokenLength     = 43
)

// SharedIdle is after how long without a request a session on a shared computer
// is over.
const SharedIdle = 5 * time.Minute

// AccountSession is one sign-in of a citizen (phiên đăng nhập).
type AccountSession struct {
	ID      string // SHA-256 of the token; names the session, opens nothing
	Account Account
	How     string // "phone", "email", "eid": how they signed in
	Shared  bool   // on a computer that others use too
	Started time.Time
	Seen    time.Time
	Proved  time.Time // when they last proved who they are
	Client  string    // address it was opened from
}

// Fresh reports whether the citizen proved who they are a moment ago.
func (s AccountSession) Fresh(now time.Time) bool { return now.Sub(s.Proved) < accountFresh }

func (s AccountSession) alive(now time.Time) bool {
	idle := accountIdle
	if s.Shared {
		idle = SharedIdle
	}
	return now.Sub(s.Seen) < idle && now.Sub(s.Started) < accountAbsolute
}

func noSession() error { return problem.New(problem.Unauthenticated, "account.err.session") }

// newToken is what a browser holds: 256 bits of chance. The database knows its
// hash alone.
func newToken(tx *store.Tx) string {
	b := make([]byte, 32)
	tx.Chance(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// beginSession makes a session; nothing else does (rel-K38). Who calls it has judged a
// proof. Every proof makes a new token (rel-K53).
func beginSession(tx *store.Tx, s AccountSession) (token string, _ AccountSession, err error) {
	token = newToken(tx)
	s.ID, s.Seen, s.Proved = tokenHash(token), tx.Now, tx.Now
	if s.Started.IsZero() {
		s.Started = tx.Now
	}
	if _, err := tx.Exec(`DELETE FROM account_session WHERE account = $1 AND id NOT IN (
		SELECT id FROM account_session WHERE account = $2 ORDER BY started DESC, id LIMIT $3)`, s.Account.ID, s.Account.ID, mostSessions-1); err != nil {
		return "", s, fmt.Errorf("ending old sessions: %w", err)
	}
	if _, err := tx.Exec(`INSERT INTO account_session (id, account, how, shared, started, seen, proved, client) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.ID, s.Account.ID, s.How, s.Shared, s.Started, s.Seen, s.Proved, s.Client); err != nil {
		return "", s, fmt.Errorf("opening a session: %w", err)
	}
	return token, s, nil
}

const sessionColumns = `s.id, s.how, s.shared, s.started, s.seen, s.proved, s.client, a.body`

func scanSession(r store.Row) (s AccountSession, err error) {
	var body string
	if err = r.Scan(&s.ID, &s.How, &s.Shared, store.At(&s.Started), store.At(&s.Seen), store.At(&s.Proved), &s.Client, &body); err == nil {
		err = json.Unmarshal([]byte(body), &s.Account)
	}
	return s, err
}

// session is the living session of an id, with the account as it is now.
func session(tx *store.Tx, id string) (AccountSession, error) {
	s, err := store.One(tx, scanSession, `SELECT `+sessionColumns+` FROM account_session s JOIN account a ON a.id = s.account WHERE s.id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return s, noSession()
	}
	if err != nil {
		return s, fmt.Errorf("reading a session: %w", err)
	}
	if s.Account.State != Open || !s.alive(tx.Now) {
		return AccountSession{}, noSession()
	}
	return s, nil
}

// Session is the session of a token as of now. One that is over, cut or made up
// is Unauthenticated (rel-B-A13).
func (b *Accounts) Session(ctx context.Context, token string) (s AccountSession, err error) {
	if len(token) != tokenLength {
		return s, noSession()
	}
	var now time.Time
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		now = tx.Now
		s, err = session(tx, tokenHash(token))
		return err
	})
	if err != nil || now.Sub(s.Seen) < accountSeen {
		return s, err
	}
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE account_session SET seen = $1 WHERE id = $2 AND seen < $3`, tx.Now, s.ID, tx.Now)
		return err
	})
	if err != nil && !problem.Is(err, problem.Unavailable) { // what can be read is read while nothing can be saved
		return AccountSession{}, fmt.Errorf("keeping a session awake: %w", err)
	}
	return s, nil
}

// SignOut ends the session of a token; one that is over stays so.
func (b *Accounts) SignOut(ctx context.Context, token string) error {
	return b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM account_session WHERE id = $1`, tokenHash(token))
		return err
	})
}

// Sessions lists the account's living sessions, newest first (rel-K57).
func (b *Accounts) Sessions(ctx context.Context, token string) (list []AccountSession, err error) {
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		own, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		all, err := store.All(tx, scanSession, `SELECT `+sessionColumns+` FROM account_session s JOIN account a ON a.id = s.account
			WHERE s.account = $1 ORDER BY s.started DESC, s.id`, own.Account.ID)
		list = nil
		for _, s := range all {
			if s.alive(tx.Now) {
				list = append(list, s)
			}
		}
		return err
	})
	return list, err
}

// EndSession ends one of the account's sessions by its ID; "all" ends every one,
// this one too.
func (b *Accounts) EndSession(ctx context.Context, token, id string) error {
	return b.db.Write(ctx, func(tx *store.Tx) error {
		own, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		n, err := tx.Exec(`DELETE FROM account_session WHERE account = $1 AND (id = $2 OR $3)`, own.Account.ID, id, id == "all")
		if err != nil {
			return fmt.Errorf("ending a session: %w", err)
		}
		if n == 0 {
			return problem.New(problem.NotFound, "err.not-found")
		}
		return nil
	})
}

// Sweep forgets sessions, tries and counts that say nothing any more.
func (b *Accounts) Sweep(ctx context.Context) error {
	return b.db.Write(ctx, func(tx *store.Tx) error {
		for _, q := range []struct {
			text   string
			before time.Time
		}{
			{`DELETE FROM account_session WHERE seen < $1`, tx.Now.Add(-accountIdle - accountSeen)},
			{`DELETE FROM account_session WHERE started < $1`, tx.Now.Add(-accountAbsolute)},
			{`DELETE FROM account_try WHERE until < $1`, tx.Now},
			{`DELETE FROM account_throttle WHERE since < $1`, tx.Now.Add(-longestBudget)},
			{`DELETE FROM organisation_invitation WHERE until < $1`, tx.Now},
		} {
			if _, err := tx.Exec(q.text, q.before); err != nil {
				return fmt.Errorf("forgetting what is over: %w", err)
			}
		}
		return nil
	})
}
