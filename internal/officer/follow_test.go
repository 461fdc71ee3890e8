package officer_test

import (
	"slices"
	"testing"
	"time"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

const (
	quyetTien = pack.UnitKey("03388@2022-01-01") // its code is Đoàn Kết's today
	oldDoan   = pack.UnitKey("03389@2022-01-01")
)

// merged is the heir of the communes that were merged into Đoàn Kết.
func merged(u pack.UnitKey) (pack.UnitKey, bool) {
	return doanKet, u == quyetTien || u == oldDoan
}

// Officers go to the heir with their roles: two grants that meet are one, what
// has run out or lies elsewhere stays, and a second call changes nothing. Their
// sessions end, for the desk at which they sat is no more.
func TestOfficersFollowTheirUnit(t *testing.T) {
	each(t, func(h *house) {
		h.clock.Set(time.Date(2025, 6, 30, 1, 0, 0, 0, time.UTC))
		first := h.first()
		o, code, err := h.roll.Add(h.Context(), first, h.person("pang", quyetTien))
		h.must(err)
		grant := func(role officer.Role, unit pack.UnitKey, to pack.Date) officer.Grant {
			g, err := h.roll.Grant(h.Context(), h.fresh(), o.ID, officer.Grant{Role: role, Unit: unit, To: to, Reason: "Phân công"})
			h.must(err)
			return g
		}
		grant(officer.Receptionist, quyetTien, "")
		grant(officer.Receptionist, oldDoan, "")
		grant(officer.Receptionist, quyetTien, "2025-06-30") // runs out before
		elsewhere := grant(officer.Receptionist, quay20, "")
		token, _, err := h.roll.SignIn(h.Context(), "pang", code, "", here)
		h.must(err)
		token, _, err = h.roll.SetPassword(h.Context(), token, "", good)
		h.must(err)
		_, err = h.roll.TakeDesk(h.Context(), token, "03388")
		h.must(err)

		h.clock.Set(time.Date(2025, 6, 30, 17, 5, 0, 0, time.UTC)) // five past midnight
		before, err := h.roll.Officer(h.Context(), officer.Console(), o.ID)
		h.must(err)
		for _, want := range []int{1, 0} {
			n, err := h.roll.Follow(h.Context(), officer.Console(), []officer.Officer{before}, merged, "CB-0001", "Sắp xếp")
			h.must(err)
			if n != want {
				h.Errorf("%d officers moved, want %d", n, want)
			}
		}
		_, err = h.roll.Session(h.Context(), token)
		h.refused(err, problem.Unauthenticated, "officer.err.session")
		after, err := h.roll.Officer(h.Context(), officer.Console(), o.ID)
		h.must(err)
		var roles []string
		for _, g := range after.Grants {
			if g.Holds("2025-07-01") {
				roles = append(roles, string(g.Role)+"@"+string(g.Unit))
			}
			if g.ID != elsewhere.ID && g.Unit == doanKet && g.Former != quyetTien {
				h.Errorf("grant %s came from %q", g.ID, g.Former)
			}
		}
		slices.Sort(roles)
		if after.Unit != doanKet || !slices.Equal(roles, []string{"receptionist@03388@2025-07-01", "receptionist@12-Q20@2025-03-01"}) {
			h.Errorf("serves at %s as %v", after.Unit, roles)
		}
		h.must(h.db.Read(h.Context(), func(tx *store.Tx) error {
			r, err := journal.Check(tx, officer.Protected())
			if !r.OK() {
				h.Errorf("verify: %v", r.Faults)
			}
			return err
		}))
	})
}

// A code of the past means its bearer of the day, and is seen by whoever keeps
// its papers, not by who bears the code now.
func TestAReusedCodeIsSeenByWhoKeepsItsPapers(t *testing.T) {
	by := officer.By{Role: officer.Approver,
		Units: map[pack.UnitKey]bool{"03508@2025-07-01": true},
		Past:  map[pack.UnitKey]pack.Date{"03618@2022-01-01": "2025-06-30"}}
	for _, c := range []struct {
		code string
		on   pack.Date
		want bool
	}{
		{"03508", "2025-07-01", true}, {"03508", "2025-06-30", false}, // of another unit then
		{"03618", "2025-06-30", true}, {"03618", "2025-07-01", false}, {"03618", "2021-12-31", false}, {"12", "2025-07-01", false},
	} {
		if got := by.SeesThen(c.code, c.on); got != c.want {
			t.Errorf("%s on %s: %v", c.code, c.on, got)
		}
	}
	if by.SeesCode("03618") || !by.SeesCode("03508") || !by.Sees("03618@2022-01-01") || by.Sees("03618@2025-07-01") {
		t.Error("the new bearer of a code is taken for the old one")
	}
}
