package applicant

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// budget is how often something may be asked for within a time.
type budget struct {
	name  string
	most  int64
	each  time.Duration
	parts []string // whose budget it is
}

// longestBudget is how long a browser's address is known to a phone.
const longestBudget = 90 * 24 * time.Hour

// Budgets of codes (rel-K21, rel-K37, rel-B-A14). They are kept in the store, so
// that a restart gives none back. An address from which somebody has signed in
// with a phone before has a budget of its own for it, which strangers cannot use
// up: nobody can keep the owner out by asking for codes.
func budgetsOf(to Way, client string, known bool) []budget {
	if known {
		return []budget{
			{"pair", 4, 10 * time.Minute, []string{to.Kind, to.Value, client}},
			{"pair-day", 15, 24 * time.Hour, []string{to.Kind, to.Value, client}},
		}
	}
	return append([]budget{
		{"way", 3, 10 * time.Minute, []string{to.Kind, to.Value}},
		{"way-day", 10, 24 * time.Hour, []string{to.Kind, to.Value}},
	}, budgetsOfClient(client)...)
}

func budgetsOfClient(client string) []budget {
	return []budget{
		{"client", 20, time.Hour, []string{client}},
		{"subnet", 100, time.Hour, []string{officer.Subnet(client)}},
		{"all", 3000, time.Hour, nil},
	}
}

func (b budget) id() string {
	sum := sha256.Sum256([]byte(b.name + "\x00" + strings.Join(b.parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// spend counts one code for a way, asked for from an address.
func spend(tx *store.Tx, to Way, client string) error {
	known, err := isKnown(tx, to, client)
	if err != nil {
		return err
	}
	return spendAll(tx, budgetsOf(to, client, known))
}

func spendClient(tx *store.Tx, client string) error { return spendAll(tx, budgetsOfClient(client)) }

func spendAll(tx *store.Tx, all []budget) error {
	for _, b := range all {
		if err := b.spend(tx); err != nil {
			return err
		}
	}
	return nil
}

func (b budget) spend(tx *store.Tx) error {
	over := tx.Now.Add(-b.each)
	_, err := store.One(tx, func(r store.Row) (n int64, err error) { return n, r.Scan(&n) }, `
		INSERT INTO account_throttle (id, n, since) VALUES ($1, 1, $2)
		ON CONFLICT (id) DO UPDATE SET
			n = CASE WHEN account_throttle.since <= $3 THEN 1 ELSE account_throttle.n + 1 END,
			since = CASE WHEN account_throttle.since <= $3 THEN excluded.since ELSE account_throttle.since END
		WHERE account_throttle.since <= $3 OR account_throttle.n < $4
		RETURNING n`, b.id(), tx.Now, over, b.most)
	if !errors.Is(err, store.ErrNone) {
		return err
	}
	var since time.Time
	if _, err := store.One(tx, func(r store.Row) (bool, error) { return true, r.Scan(store.At(&since)) },
		`SELECT since FROM account_throttle WHERE id = $1`, b.id()); err != nil {
		return err
	}
	wait := since.Add(b.each).Sub(tx.Now)
	return &problem.Problem{Kind: problem.TooMany, Key: "account.err.wait", Retry: wait,
		Args: []any{"minutes", int64((wait + time.Minute - 1) / time.Minute)}}
}

func knownID(to Way, client string) string {
	return budget{name: "known", parts: []string{to.Kind, to.Value, client}}.id()
}

// isKnown reports whether the way has signed in from this address in the last 90
// days.
func isKnown(tx *store.Tx, to Way, client string) (bool, error) {
	_, err := store.One(tx, func(r store.Row) (n int64, err error) { return n, r.Scan(&n) },
		`SELECT n FROM account_throttle WHERE id = $1 AND since > $2`, knownID(to, client), tx.Now.Add(-longestBudget))
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	return err == nil, err
}

func makeKnown(tx *store.Tx, to Way, client string) error {
	_, err := tx.Exec(`INSERT INTO account_throttle (id, n, since) VALUES ($1, 0, $2)
		ON CONFLICT (id) DO UPDATE SET since = excluded.since`, knownID(to, client), tx.Now)
	return err
}
