package officer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"time"

	"quay20/internal/problem"
	"quay20/internal/store"
)

// rule is how many failures one key may have before it must wait, and how the
// wait grows. A key that rests for forget starts afresh.
type rule struct {
	name   string
	free   int64
	first  time.Duration
	most   time.Duration
	forget time.Duration
}

// Budgets of sign-in (rel-K37). They are kept in the store, so that a restart
// gives no new guesses. An address from which the account has signed in before
// has a budget of its own, which strangers cannot use up: so the owner is never
// locked out for good.
var (
	perAccount = rule{"account", 5, 30 * time.Second, 24 * time.Hour, 7 * 24 * time.Hour}
	perPair    = rule{"pair", 5, 30 * time.Second, time.Hour, 24 * time.Hour}
	perAddress = rule{"address", 30, 10 * time.Second, 15 * time.Minute, time.Hour}
	perSubnet  = rule{"subnet", 200, 10 * time.Second, 5 * time.Minute, time.Hour}
	perAll     = rule{"all", 2000, time.Second, 10 * time.Second, 10 * time.Minute}
	perProof   = rule{"proof", 5, 30 * time.Second, time.Hour, 24 * time.Hour}
)

// budget is a rule for one account, address or the like.
type budget struct {
	rule
	id string
}

func (r rule) of(parts ...string) budget {
	sum := sha256.Sum256([]byte(r.name + "\x00" + strings.Join(parts, "\x00")))
	return budget{r, hex.EncodeToString(sum[:])}
}

// budgets are what a try to sign in counts against.
func budgets(login, client string, known bool) []budget {
	pair := perPair.of(login, client)
	if known {
		return []budget{pair}
	}
	return []budget{perAccount.of(login), perAddress.of(client), perSubnet.of(Subnet(client)), perAll.of()}
}

// spend counts a try before it is judged, so that parallel tries are all
// counted. It refuses when a budget must wait; the refused try is not counted.
func spend(tx *store.Tx, all []budget) error {
	for _, b := range all {
		if err := b.spend(tx); err != nil {
			return err
		}
	}
	return nil
}

func (b budget) spend(tx *store.Tx) error {
	fails, err := store.One(tx, number, `
		INSERT INTO officer_throttle (id, fails, until, last) VALUES ($1, 1, '', $2)
		ON CONFLICT (id) DO UPDATE SET last = excluded.last, until = '',
			fails = CASE WHEN officer_throttle.last < $3 THEN 1 ELSE officer_throttle.fails + 1 END
		WHERE officer_throttle.until <= excluded.last
		RETURNING fails`, b.id, tx.Now, tx.Now.Add(-b.forget))
	if errors.Is(err, store.ErrNone) {
		return b.wait(tx)
	}
	if err != nil || fails < b.free {
		return err
	}
	wait := b.most
	if over := fails - b.free; over < 20 {
		wait = min(b.most, b.first<<over)
	}
	_, err = tx.Exec(`UPDATE officer_throttle SET until = $1 WHERE id = $2`, tx.Now.Add(wait), b.id)
	return err
}

func (b budget) wait(tx *store.Tx) error {
	var until time.Time
	_, err := store.One(tx, func(r store.Row) (bool, error) { return true, r.Scan(store.At(&until)) },
		`SELECT until FROM officer_throttle WHERE id = $1`, b.id)
	if err != nil {
		return err
	}
	wait := until.Sub(tx.Now)
	return &problem.Problem{
		Kind: problem.TooMany, Key: "officer.err.wait", Retry: wait,
		Args: []any{"minutes", int64((wait + time.Minute - 1) / time.Minute)},
	}
}

// giveBack undoes what a good try cost: account and pair start afresh, what is
// shared with others gets this one try back.
func giveBack(tx *store.Tx, all []budget) error {
	for _, b := range all {
		query := `UPDATE officer_throttle SET fails = fails - 1, until = '' WHERE id = $1 AND fails > 0`
		if b.name == perAccount.name || b.name == perPair.name || b.name == perProof.name {
			query = `DELETE FROM officer_throttle WHERE id = $1`
		}
		if _, err := tx.Exec(query, b.id); err != nil {
			return err
		}
	}
	return nil
}

// isKnown reports whether the account has signed in from this address in the
// last 90 days.
func isKnown(tx *store.Tx, login, client string) (bool, error) {
	_, err := store.One(tx, number, `SELECT 1 FROM officer_known WHERE id = $1 AND last >= $2`,
		perPair.of(login, client).id, tx.Now.AddDate(0, 0, -90))
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	return err == nil, err
}

func makeKnown(tx *store.Tx, login, client string) error {
	_, err := tx.Exec(`
		INSERT INTO officer_known (id, last) VALUES ($1, $2)
		ON CONFLICT (id) DO UPDATE SET last = excluded.last`, perPair.of(login, client).id, tx.Now)
	return err
}

// sweep forgets throttles and sessions that no longer say anything.
func sweep(tx *store.Tx) error {
	if _, err := tx.Exec(`DELETE FROM officer_throttle WHERE last < $1 AND until < $2`,
		tx.Now.Add(-perAccount.forget), tx.Now); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM officer_session WHERE seen < $1 OR started < $2`,
		tx.Now.Add(-idle-seenEvery), tx.Now.Add(-absolute))
	return err
}

// Host is whose address it is, without the port; an IPv6 customer has a /64.
func Host(client string) string {
	if at, err := netip.ParseAddrPort(client); err == nil {
		client = at.Addr().Unmap().String()
	}
	ip, err := netip.ParseAddr(client)
	if err != nil {
		return client
	}
	if ip = ip.Unmap(); ip.Is6() {
		p, _ := ip.Prefix(64)
		return p.String()
	}
	return ip.String()
}

// Subnet is the network of a Host that its neighbours share.
func Subnet(host string) string {
	bits := 24
	ip, err := netip.ParseAddr(host)
	if err != nil {
		p, err := netip.ParsePrefix(host)
		if err != nil {
			return host
		}
		ip, bits = p.Addr(), 48
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return host
	}
	return p.String()
}

func number(r store.Row) (n int64, err error) { return n, r.Scan(&n) }
