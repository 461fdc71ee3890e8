package applicant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// eidLife is how long the way to the e-ID provider and back may take.
const eidLife = 15 * time.Minute

// Leave keeps what is needed when the browser comes back from the e-ID
// provider. It gives what this browser must hold; with it alone Return opens
// held again, once (rel-K66).
func (b *Accounts) Leave(ctx context.Context, held, client string) (try string, err error) {
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		if err := spendClient(tx, officer.Host(client)); err != nil {
			return err
		}
		try = newToken(tx)
		return attempt{id: tokenHash(try), purpose: "eid", held: held}.insert(tx, eidLife)
	})
	return try, err
}

// Return gives back what Leave kept, once.
func (b *Accounts) Return(ctx context.Context, try string) (held string, err error) {
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		held, err = store.One(tx, scanBody, `DELETE FROM account_try WHERE id = $1 AND purpose = 'eid' AND until > $2 RETURNING held`, tokenHash(try), tx.Now)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return "", problem.New(problem.Invalid, "account.err.eid-over")
	}
	if err != nil {
		return "", fmt.Errorf("coming back from the e-ID provider: %w", err)
	}
	return held, nil
}

// EnterEID opens a session for an identity that its provider has proved. It
// leads to the account that is linked with it, or to a new one; an account with
// the same phone or address is another (rel-K49).
func (b *Accounts) EnterEID(ctx context.Context, id EID, e Entry) (token string, s AccountSession, err error) {
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		a, err := byWay(tx, "eid", id.way())
		if problem.Is(err, problem.NotFound) {
			a, err = open(tx, e.Lang, func(a *Account) { a.link(id, tx.Now) })
		} else if err == nil && !a.EID.same(id) { // the provider knows better now: another name after marriage
			a.link(id, a.EID.Since)
			err = save(tx, &a, "renew_eid", nil)
		}
		if err != nil {
			return err
		}
		token, s, err = e.admit(tx, a, "eid")
		return err
	})
	if err != nil {
		return "", AccountSession{}, err
	}
	return token, s, nil
}

// LinkEID gives an electronic identity to the account of a session that was
// proved a moment ago. One that leads to another account is refused.
func (b *Accounts) LinkEID(ctx context.Context, token string, id EID) (Account, error) {
	return b.change(ctx, token, "link_eid", nil, func(tx *store.Tx, s *AccountSession) error {
		if !s.Fresh(tx.Now) {
			return proveFirst()
		}
		s.Account.link(id, tx.Now)
		return nil
	})
}

func (a *Account) link(id EID, since time.Time) {
	id.Since = since
	a.EID = &id
	a.Person.Source = Typed
	id.fill(&a.Person)
}

func (e EID) same(id EID) bool {
	id.Since = e.Since
	return e == id
}
