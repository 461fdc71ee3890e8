package officer_test

import (
	"slices"
	"testing"
	"time"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// rel-T27, rel-I-J8, rel-T26: an administrator's grant waits for a second
// administrator, who is another person, not another account.
func TestAdministratorsGrantWaitsForASecondPerson(t *testing.T) {
	each(t, func(h *house) {
		first := h.first()
		_, second := h.add(first, "second", officer.Administrator, province) // nobody to wait for yet
		third, _, err := h.roll.Add(h.Context(), h.fresh(), h.person("third", province))
		h.must(err)
		g, err := h.roll.Grant(h.Context(), h.fresh(), third.ID, officer.Grant{Role: officer.Administrator, Unit: province, Reason: "Trực đêm"})
		h.must(err)
		if g.State != officer.Proposed {
			h.Fatalf("the grant is %s, want proposed", g.State)
		}
		h.refused(h.roll.Confirm(h.Context(), h.fresh(), g.ID), problem.Forbidden, "officer.err.second-person")

		// The proposer's own second account is no second person.
		twin := h.person("twin", province)
		twin.Person = first.Officer.Person
		o, start, err := h.roll.Add(h.Context(), h.as(second, officer.Administrator), twin)
		h.must(err)
		tg, err := h.roll.Grant(h.Context(), h.as(second, officer.Administrator), o.ID, officer.Grant{Role: officer.Administrator, Unit: province, Reason: "Máy dự phòng"})
		h.must(err)
		h.refused(h.roll.Confirm(h.Context(), h.fresh(), tg.ID), problem.Forbidden, "officer.err.own-account")
		h.must(h.roll.Confirm(h.Context(), officer.Console(), tg.ID))
		token, _, err := h.roll.SignIn(h.Context(), "twin", start, "", here)
		h.must(err)
		token, _, err = h.roll.SetPassword(h.Context(), token, "", good)
		h.must(err)
		byTwin := h.as(h.enrol("twin", token), officer.Administrator)
		h.refused(h.roll.Confirm(h.Context(), byTwin, g.ID), problem.Forbidden, "officer.err.second-person")

		h.must(h.roll.Confirm(h.Context(), h.as(second, officer.Administrator), g.ID))
		h.refused(h.roll.Confirm(h.Context(), h.as(second, officer.Administrator), g.ID), problem.Stale, "officer.err.stale")
	})
}

func TestNobodyGrantsOrResetsTheirOwnAccount(t *testing.T) {
	each(t, func(h *house) {
		by := h.first()
		_, err := h.roll.Grant(h.Context(), by, by.Officer.ID, officer.Grant{Role: officer.Approver, Unit: quay20, Reason: "Tự phân"})
		h.refused(err, problem.Forbidden, "officer.err.own-account")
		_, err = h.roll.ResetFactor(h.Context(), by, by.Officer.ID)
		h.refused(err, problem.Forbidden, "officer.err.own-account")
		h.refused(h.roll.Disable(h.Context(), by, by.Officer.ID, "Thử"), problem.Forbidden, "officer.err.own-account")
	})
}

// rel-K45, rel-K51: recovery keeps the factor, or a second person resets it.
func TestRecoveryKeepsTheSecondFactorOrResetsItByASecondPerson(t *testing.T) {
	each(t, func(h *house) {
		id, token := h.add(h.first(), "duyet", officer.Approver, quay20)
		start, err := h.roll.ResetPassword(h.Context(), h.fresh(), id)
		h.must(err)
		_, err = h.roll.Session(h.Context(), token)
		h.refused(err, problem.Unauthenticated, "officer.err.session")
		_, _, err = h.roll.SignIn(h.Context(), "duyet", start, "", here)
		h.refused(err, problem.Unauthenticated, "officer.err.sign-in")
		_, _, err = h.roll.SignIn(h.Context(), "duyet", start, h.code("duyet"), here)
		h.must(err)

		start, err = h.roll.ResetFactor(h.Context(), h.fresh(), id)
		h.must(err)
		_, s, err := h.roll.SignIn(h.Context(), "duyet", start, "", here)
		h.must(err)
		if !s.MustChange || !s.MustEnrol {
			h.Errorf("after a reset: must change %v, must enrol %v; want both", s.MustChange, s.MustEnrol)
		}
	})
}

// rel-I-P2: administrators keep the accounts of their own units only.
func TestAdministratorsOfAUnitKeepOnlyItsAccounts(t *testing.T) {
	each(t, func(h *house) {
		far, _ := h.add(h.first(), "minh", officer.Receptionist, quay20)
		_, token := h.add(h.fresh(), "xa", officer.Administrator, doanKet)
		by := h.as(token, officer.Administrator)
		list, err := h.roll.List(h.Context(), by, officer.Filter{})
		h.must(err)
		if len(list) != 1 || list[0].Login != "xa" {
			h.Errorf("sees %d officers, want only their own unit's", len(list))
		}
		_, err = h.roll.Officer(h.Context(), by, far)
		h.refused(err, problem.NotFound, "err.not-found")
		h.refused(h.roll.Disable(h.Context(), by, far, "Thử"), problem.NotFound, "err.not-found")
		_, _, err = h.roll.Add(h.Context(), by, h.person("moi", quay20))
		h.refused(err, problem.Invalid, "officer.err.unit")
		own, _, err := h.roll.Add(h.Context(), by, h.person("moi", doanKet))
		h.must(err)
		_, err = h.roll.Grant(h.Context(), by, own.ID, officer.Grant{Role: officer.Leader, Unit: province, Reason: "Vượt quyền"})
		h.refused(err, problem.Invalid, "officer.err.unit")
	})
}

func TestOtherRolesCannotKeepAccounts(t *testing.T) {
	each(t, func(h *house) {
		id, token := h.add(h.first(), "minh", officer.Receptionist, quay20)
		by := h.as(token, officer.Receptionist)
		_, _, err := h.roll.Add(h.Context(), by, h.person("ma", quay20))
		h.refused(err, problem.Forbidden, "officer.err.not-allowed")
		_, err = h.roll.Grant(h.Context(), by, id, officer.Grant{Role: officer.Leader, Unit: quay20, Reason: "Thử"})
		h.refused(err, problem.Forbidden, "officer.err.not-allowed")
		_, err = h.roll.List(h.Context(), by, officer.Filter{})
		h.refused(err, problem.Forbidden, "officer.err.not-allowed")
	})
}

// rel-K58: a session signed in long ago proves itself again first.
func TestKeepingAccountsNeedsAFreshProof(t *testing.T) {
	each(t, func(h *house) {
		by := h.first()
		by.Elevated = false
		_, _, err := h.roll.Add(h.Context(), by, h.person("minh", quay20))
		h.refused(err, problem.Forbidden, "officer.err.prove-again")
	})
}

func TestFaultyOfficerIsRefusedWithEveryFault(t *testing.T) {
	each(t, func(h *house) {
		by := h.first()
		_, _, err := h.roll.Add(h.Context(), by, officer.New{Login: "Lò Minh", Name: "\u202eLò", Unit: oldUnit})
		p, ok := problem.As(err)
		if !ok || len(p.Fields) != 4 {
			h.Fatalf("got %v, want faults of login, person, name and unit", err)
		}
		n := h.person("minh", quay20)
		o, _, err := h.roll.Add(h.Context(), by, n)
		h.must(err)
		_, _, err = h.roll.Add(h.Context(), by, n)
		h.refused(err, problem.Conflict, "officer.err.login-taken")
		n.Name = "Lò Thị Minh Châu"
		_, err = h.roll.Change(h.Context(), by, o.ID, o.Version, n)
		h.must(err)
		_, err = h.roll.Change(h.Context(), by, o.ID, o.Version, n)
		h.refused(err, problem.Stale, "officer.err.stale")
		_, err = h.roll.Grant(h.Context(), by, o.ID, officer.Grant{Role: "king", Unit: "nowhere", From: "2026-13-01", To: "2026-01-01"})
		if p, ok := problem.As(err); !ok || len(p.Fields) != 5 {
			h.Errorf("got %v, want faults of role, unit, from, to and reason", err)
		}
		for _, id := range []string{"", "CB-9999", "\xff\x00"} {
			_, err = h.roll.Officer(h.Context(), by, id)
			h.refused(err, problem.NotFound, "officer.err.unknown")
		}
	})
}

// rel-I-J9, rel-T27: an account changed behind the program's back is found.
func TestVerifyFindsAccountsChangedInTheDatabase(t *testing.T) {
	each(t, func(h *house) {
		h.add(h.first(), "minh", officer.Receptionist, quay20)
		sql := func(text string) {
			h.Helper()
			h.must(h.db.Write(h.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(text)
				return err
			}))
		}
		for _, c := range []struct{ what, change, undo string }{
			{"a ghost officer",
				`INSERT INTO officer (id, login, person, name, title, unit, active, password, start_code, start_until, must_change, totp, created, version)
				 SELECT 'CB-0666', 'ghost', 'x', name, title, unit, active, password, '', '', must_change, totp, created, version FROM officer WHERE id = 'CB-0001'`,
				`DELETE FROM officer WHERE id = 'CB-0666'`},
			{"an account opened again", `UPDATE officer SET must_change = NOT must_change WHERE id = 'CB-0002'`,
				`UPDATE officer SET must_change = NOT must_change WHERE id = 'CB-0002'`},
			{"a role taken by oneself", `UPDATE officer_grant SET role = 'leader' WHERE officer = 'CB-0002'`,
				`UPDATE officer_grant SET role = 'receptionist' WHERE officer = 'CB-0002'`},
			{"one letter of a name", `UPDATE officer SET name = 'Lo Thị Minh' WHERE id = 'CB-0002'`,
				`UPDATE officer SET name = 'Lò Thị Minh' WHERE id = 'CB-0002'`},
			{"a password of another", `UPDATE officer SET password = (SELECT password FROM officer WHERE id = 'CB-0001') WHERE id = 'CB-0002'`, ""},
			{"a grant wiped out", `DELETE FROM officer_grant WHERE officer = 'CB-0002'`, ""},
		} {
			if c.undo != "" {
				if r := h.verify(); !r.OK() {
					h.Fatalf("before %s: %+v", c.what, r.Faults)
				}
			}
			sql(c.change)
			if r := h.verify(); r.OK() {
				h.Errorf("%s: verify finds nothing", c.what)
			}
			if c.undo != "" {
				sql(c.undo)
			}
		}
	})
}

func (h *house) verify() journal.Report {
	h.Helper()
	keys, err := journal.LoadKeys(h.TempDir())
	h.must(err)
	r, err := journal.Verify(h.Context(), h.db, keys, h.TempDir(), officer.Protected())
	h.must(err)
	return r
}

// rel-I-J3
func TestEntriesInACapacityNobodyHeldAreFound(t *testing.T) {
	each(t, func(h *house) {
		id, token := h.add(h.first(), "minh", officer.Receptionist, quay20)
		note := func(officer, capacity string) (index int64) {
			h.Helper()
			h.must(h.db.Write(h.Context(), func(tx *store.Tx) error {
				e, err := journal.Append(tx, journal.Entry{Officer: officer, Capacity: capacity, Act: "receive", Subject: "dossier/1"})
				index = e.Index
				return err
			}))
			return index
		}
		note(id, "receptionist@12-Q20")
		note("", "system")
		h.must(h.roll.Revoke(h.Context(), h.fresh(), h.session(token).Officer.Grants[0].ID, "Hết phân công"))
		h.clock.Add(2 * time.Minute)
		want := []int64{
			note(id, "receptionist@12-Q20"), // after the revocation
			note(id, "approver@12-Q20"),     // never held
			note(id, "receptionist@03388"),  // elsewhere
			note("CB-0999", "receptionist@12-Q20"),
			note(id, "system"),
			note("", "receptionist@12-Q20"),
		}
		var got []int64
		h.must(h.db.Read(h.Context(), func(tx *store.Tx) (err error) {
			r, err := journal.Check(tx, officer.Protected())
			for _, f := range r.Faults {
				if f.Key == "officer.fault.unfounded" {
					got = append(got, f.Index)
				}
			}
			return err
		}))
		if !slices.Equal(got, want) {
			h.Errorf("unfounded entries %v, want %v", got, want)
		}
	})
}
