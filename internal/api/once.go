package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"quay20/internal/problem"
	"quay20/internal/store"
)

// requestLife is how long an idempotency key is remembered (rel-I-D3).
const requestLife = 30 * 24 * time.Hour

// request is an idempotency key as it is kept.
type request struct {
	body, state, answer string
}

const (
	begun = "begun" // the act may or may not have been done
	done  = "done"
)

// once carries out an act that its room does not guard by itself. The key is
// claimed before the act and the answer kept after it, so a repeated request
// gets the first answer and never a second act. After a crash between the two
// the caller is told to look (rel-I-D4).
func (c *call) once(in any, act func() (any, error)) error {
	body, err := marshal(in)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(c.op.ID + "\x00" + c.r.URL.Path + "\x00" + string(body)))
	hash := hex.EncodeToString(sum[:])
	old, err := c.claim(hash)
	if err != nil {
		return err
	}
	switch {
	case old == nil:
		return c.first(act)
	case old.body != hash:
		return problem.New(problem.Conflict, "err.key-reused")
	case old.state != done:
		return problem.New(problem.Conflict, "api.err.key-unfinished")
	case old.answer == "" && c.op.status() != 204:
		return problem.New(problem.Conflict, "api.err.key-done")
	}
	if old.answer == "" {
		return c.answer(nothing{})
	}
	send(c.w, c.op.status(), c.op.media(), []byte(old.answer))
	return nil
}

// first does the act under a key that was just claimed. A refused act leaves
// the key free, for nothing happened.
func (c *call) first(act func() (any, error)) error {
	out, err := act()
	if err != nil {
		return errors.Join(err, c.free(err))
	}
	kept := ""
	if k, ok := out.(keepable); ok {
		b, err := marshal(k.keep())
		if err != nil {
			return err
		}
		kept = string(b)
	}
	if err := c.settle(kept); err != nil {
		return err
	}
	return c.answer(out)
}

// keepable is an answer that may be kept and shown again, without its secrets.
type keepable interface{ keep() any }

// claim takes the key for the caller; if it was taken before, it gives what is
// known of it. Keys of different officers never meet (rel-B-A16).
func (c *call) claim(hash string) (old *request, err error) {
	err = c.DB.Write(c.ctx(), func(tx *store.Tx) error {
		old = nil
		if _, err := tx.Exec(`DELETE FROM api_request WHERE at < $1`, tx.Now.Add(-requestLife)); err != nil {
			return fmt.Errorf("forgetting old keys: %w", err)
		}
		n, err := tx.Exec(`INSERT INTO api_request (officer, key, body, state, answer, at) VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT DO NOTHING`,
			c.session.Officer.ID, c.key, hash, begun, tx.Now)
		if err != nil {
			return fmt.Errorf("claiming a key: %w", err)
		}
		if n == 1 {
			return nil
		}
		found, err := store.One(tx, func(row store.Row) (r request, err error) {
			err = row.Scan(&r.body, &r.state, &r.answer)
			return r, err
		}, `SELECT body, state, answer FROM api_request WHERE officer = $1 AND key = $2`, c.session.Officer.ID, c.key)
		old = &found
		return err
	})
	return old, err
}

func (c *call) settle(answer string) error {
	return c.DB.Write(c.ctx(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE api_request SET state = $1, answer = $2 WHERE officer = $3 AND key = $4`, done, answer, c.session.Officer.ID, c.key)
		return err
	})
}

// free gives the key back after a refusal. Another fault leaves it claimed:
// nobody knows whether the act was done.
func (c *call) free(err error) error {
	if _, refused := problem.As(err); !refused {
		return nil
	}
	return c.DB.Write(c.ctx(), func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM api_request WHERE officer = $1 AND key = $2 AND state = $3`, c.session.Officer.ID, c.key, begun)
		return err
	})
}
