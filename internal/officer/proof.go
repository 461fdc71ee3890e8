package officer

import (
	"context"
	"errors"
	"fmt"

	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Elevate proves the officer again before a sensitive act: by the code of the
// second factor, or by the password where there is none. The session goes on
// for ten minutes as Elevated, under a new token; the old one is dead
// (rel-K53, rel-K58).
func (r *Roll) Elevate(ctx context.Context, token, passwordOrCode string) (string, Session, error) {
	old, a, err := r.tryAgain(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	if old.MustChange || old.MustEnrol {
		return "", Session{}, old.ready()
	}
	var p proof
	if a.Secret != "" {
		p.step, p.good = stepOf(a.Secret, digits(passwordOrCode), a.at)
	} else if p.good, err = r.hasher.matches(ctx, a.Password, passwordOrCode); err != nil {
		return "", Session{}, err
	}
	if !p.good {
		return "", Session{}, wrongProof()
	}
	return r.renew(ctx, old, func(tx *store.Tx) error {
		if a.Secret == "" {
			return nil
		}
		won, err := useStep(tx, a.ID, p.step)
		if err == nil && !won {
			err = wrongProof()
		}
		return err
	})
}

func wrongProof() error {
	return problem.New(problem.Invalid, "err.summary").Field("proof", "officer.err.proof")
}

// tryAgain counts one try of a signed-in officer to prove themselves.
func (r *Roll) tryAgain(ctx context.Context, token string) (s Session, a attempt, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		if s, err = r.session(tx, idOf(token)); err != nil {
			return err
		}
		if err := perProof.of(s.Officer.ID).spend(tx); err != nil {
			return err
		}
		a.at = tx.Now
		a.row, err = find(tx, s.Officer.ID)
		return err
	})
	return s, a, err
}

// renew puts a session that was just proved under a new token, elevated, after
// what change does in the same transaction.
func (r *Roll) renew(ctx context.Context, old Session, change func(*store.Tx) error) (token string, s Session, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := r.session(tx, old.ID); err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		if err := giveBack(tx, []budget{perProof.of(old.Officer.ID)}); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM officer_session WHERE id = $1`, old.ID); err != nil {
			return fmt.Errorf("renewing a session: %w", err)
		}
		next := old
		next.Elevated = true
		token, s, err = r.open(tx, next)
		return err
	})
	if err != nil {
		return "", Session{}, err
	}
	return token, s, nil
}

// SetPassword changes the officer's own password. It asks for the current one,
// except after a start code, ends all other sessions, and renews this one.
func (r *Roll) SetPassword(ctx context.Context, token, current, password string) (string, Session, error) {
	s, err := r.Session(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	if err := checkPassword(password, s.Officer, s.Officer.TOTP || s.MustEnrol); err != nil {
		return "", Session{}, err
	}
	old, a, err := r.tryAgain(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	if !old.MustChange {
		right, err := r.hasher.matches(ctx, a.Password, current)
		if err != nil {
			return "", Session{}, err
		}
		if !right {
			return "", Session{}, problem.New(problem.Invalid, "err.summary").Field("current", "officer.err.current")
		}
	}
	sealed, err := r.hasher.hash(ctx, password)
	if err != nil {
		return "", Session{}, err
	}
	return r.renew(ctx, old, func(tx *store.Tx) error {
		n, err := tx.Exec(`
			UPDATE officer SET password = $1, start_code = '', start_until = '', must_change = $2, version = version + 1
			WHERE id = $3 AND version = $4`, sealed, false, a.ID, a.Version)
		if err != nil {
			return fmt.Errorf("setting a password: %w", err)
		}
		if n == 0 {
			return problem.New(problem.Stale, "officer.err.stale")
		}
		if err := endSessions(tx, a.ID, old.ID); err != nil {
			return err
		}
		return record(tx, By{Officer: a.Officer, Role: self, Desk: old.Desk}, "set_password", a.ID, "", nil)
	})
}

// EnrolTOTP begins a second factor, or a new one in place of the old. It needs
// a fresh proof, except where a role waits for the factor.
func (r *Roll) EnrolTOTP(ctx context.Context, token string) (e Enrolment, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		s, err := r.session(tx, idOf(token))
		if err != nil {
			return err
		}
		if s.MustChange {
			return s.ready()
		}
		if !s.MustEnrol && !s.Elevated {
			return problem.New(problem.Forbidden, "officer.err.prove-again")
		}
		if e, err = newEnrolment(s.Officer, r.db.Chance); err != nil {
			return fmt.Errorf("making a second factor: %w", err)
		}
		_, err = tx.Exec(`
			INSERT INTO officer_enrolment (officer, secret, until) VALUES ($1, $2, $3)
			ON CONFLICT (officer) DO UPDATE SET secret = excluded.secret, until = excluded.until`,
			s.Officer.ID, e.Secret, tx.Now.Add(enrolLife))
		return err
	})
	return e, err
}

// ConfirmTOTP ends an enrolment with a first code: from then on the factor is
// asked for. Other sessions end, and this one is renewed.
func (r *Roll) ConfirmTOTP(ctx context.Context, token, code string) (string, Session, error) {
	old, a, err := r.tryAgain(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	return r.renew(ctx, old, func(tx *store.Tx) error {
		secret, err := enrolling(tx, a.ID)
		if err != nil {
			return err
		}
		step, ok := stepOf(secret, digits(code), tx.Now)
		if !ok {
			return wrongProof()
		}
		used, err := tx.Exec(`DELETE FROM officer_enrolment WHERE officer = $1 AND secret = $2`, a.ID, secret)
		if err != nil {
			return err
		}
		if used == 0 {
			return wrongProof()
		}
		if _, err := tx.Exec(`
			INSERT INTO officer_step (officer, step) VALUES ($1, $2)
			ON CONFLICT (officer) DO UPDATE SET step = excluded.step`, a.ID, step); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE officer SET totp = $1, version = version + 1 WHERE id = $2`, secret, a.ID); err != nil {
			return fmt.Errorf("enrolling a second factor: %w", err)
		}
		if err := endSessions(tx, a.ID, old.ID); err != nil {
			return err
		}
		return record(tx, By{Officer: a.Officer, Role: self, Desk: old.Desk}, "enrol_factor", a.ID, "", nil)
	})
}

func enrolling(tx *store.Tx, officer string) (string, error) {
	secret, err := store.One(tx, func(r store.Row) (s string, err error) { return s, r.Scan(&s) },
		`SELECT secret FROM officer_enrolment WHERE officer = $1 AND until > $2`, officer, tx.Now)
	if errors.Is(err, store.ErrNone) {
		return "", problem.New(problem.Illegal, "officer.err.enrol-again")
	}
	return secret, err
}

// First makes the one-time code for the first administrator, which cmd prints
// on the console; "" once the roll has an officer. There is no account that
// comes with the program (rel-K42).
func (r *Roll) First(ctx context.Context) (code string, err error) {
	empty := false
	count := func(tx *store.Tx) error {
		n, err := store.One(tx, number, `SELECT COUNT(*) FROM officer`)
		empty = n == 0
		return err
	}
	// A house with officers writes nothing here: it must start on a disk that is
	// full or fails.
	if err := r.db.Read(ctx, count); err != nil || !empty {
		return "", err
	}
	code, sealed := startCode(r.db.Chance)
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		if err := count(tx); err != nil || !empty {
			code = ""
			return err
		}
		_, err = tx.Exec(`
			INSERT INTO officer_first (id, code, until) VALUES ('first', $1, $2)
			ON CONFLICT (id) DO UPDATE SET code = excluded.code, until = excluded.until`,
			sealed, tx.Now.Add(startLife))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("making the first administrator's code: %w", err)
	}
	return code, nil
}

// Claim enters the first administrator with the code from the console: an
// account at the province with a password of its own, signed in. Their first
// act is to enrol a second factor.
func (r *Roll) Claim(ctx context.Context, code string, n New, password, clientAddr string) (token string, s Session, err error) {
	n = n.clean()
	var on pack.Date
	if on, err = r.claimable(ctx, code); err != nil {
		return "", Session{}, err
	}
	root, ok := r.scopes.province(on)
	if !ok {
		return "", Session{}, errors.New("the law in force has no province")
	}
	if n.Unit == "" {
		n.Unit = root.Key
	}
	if err := r.check(n, Console(), on); err != nil {
		return "", Session{}, err
	}
	if err := checkPassword(password, Officer{Login: n.Login, Name: n.Name, Person: n.Person}, true); err != nil {
		return "", Session{}, err
	}
	sealed, err := r.hasher.hash(ctx, password)
	if err != nil {
		return "", Session{}, err
	}
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		used, err := tx.Exec(`DELETE FROM officer_first WHERE code = $1 AND until > $2`, sealCode(code), tx.Now)
		if err != nil {
			return err
		}
		if used == 0 {
			return wrongClaim()
		}
		o, err := insert(tx, n, "")
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE officer SET password = $1, start_until = '', must_change = $2 WHERE id = $3`, sealed, false, o.ID); err != nil {
			return err
		}
		g := Grant{Role: Administrator, Unit: root.Key, From: on, Reason: "first administrator", State: InForce, ProposedBy: Console().Officer.ID}
		if g.ID, err = insertGrant(tx, o.ID, g); err != nil {
			return err
		}
		if err := record(tx, Console(), "claim_roll", o.ID, "", facts(g)); err != nil {
			return err
		}
		token, s, err = r.open(tx, Session{Officer: o, Client: Host(clientAddr), Started: tx.Now})
		return err
	})
	if err != nil {
		return "", Session{}, err
	}
	return token, s, nil
}

// claimable checks the console code before any work is done for it; its 80 bits
// need no throttle.
func (r *Roll) claimable(ctx context.Context, code string) (on pack.Date, err error) {
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		on = pack.On(tx.Now)
		_, err := store.One(tx, number, `SELECT 1 FROM officer_first WHERE code = $1 AND until > $2`, sealCode(code), tx.Now)
		if errors.Is(err, store.ErrNone) {
			return wrongClaim()
		}
		return err
	})
	return on, err
}

func wrongClaim() error {
	return problem.New(problem.Invalid, "err.summary").Field("code", "officer.err.claim")
}
