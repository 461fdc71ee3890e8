package officer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/journal"
	"quay20/internal/pack"
	"quay20/internal/store"
)

// underWay is how long a request that began before a grant ended may still end
// after it.
const underWay = time.Minute

// capacities gives who looks, for verify, whether the officer of an entry held
// its capacity at that time (rel-I-J3).
func capacities(tx *store.Tx) (func(journal.Entry) []journal.Fault, error) {
	grants, err := store.All(tx, scanGrant, `SELECT `+grantColumns+` FROM officer_grant ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading the grants: %w", err)
	}
	officers, err := store.All(tx, scanRow, `SELECT `+columns+` FROM officer ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading the roll: %w", err)
	}
	held := map[string][]grantRow{}
	for _, o := range officers {
		held[o.ID] = nil
	}
	for _, g := range grants {
		held[g.Officer] = append(held[g.Officer], g)
	}
	return func(e journal.Entry) []journal.Fault {
		if founded(e, held) {
			return nil
		}
		return []journal.Fault{{Index: e.Index, Key: "officer.fault.unfounded", Args: []any{"entry", e.Index}}}
	}, nil
}

func founded(e journal.Entry, held map[string][]grantRow) bool {
	switch by := Console(); {
	case e.Officer == "":
		return e.Capacity == System().Capacity()
	case e.Officer == by.Officer.ID:
		return e.Capacity == by.Capacity()
	}
	grants, known := held[e.Officer]
	if e.Capacity == string(self) {
		return known
	}
	return slices.ContainsFunc(grants, func(g grantRow) bool { return g.gave(e.Capacity, e.At) })
}

// gave reports whether the grant gave this capacity at a time of the past:
// confirmed before, not yet revoked, within its days.
func (g grantRow) gave(capacity string, at time.Time) bool {
	role, code, _ := strings.Cut(capacity, "@")
	if string(g.Role) != role || codeOf(g.Unit) != code || g.State != InForce && g.State != Revoked {
		return false
	}
	since := g.ProposedAt
	if !g.SettledAt.IsZero() {
		since = g.SettledAt
	}
	day := func(d time.Duration) bool { return pack.Span{From: g.From, To: g.To}.Holds(pack.On(at.Add(d))) }
	return !at.Before(since) && (day(0) || day(-underWay)) &&
		(g.RevokedAt.IsZero() || at.Before(g.RevokedAt.Add(underWay)))
}
