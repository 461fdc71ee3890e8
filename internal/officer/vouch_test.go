package officer_test

import (
	"errors"
	"testing"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// rel-I-J6, rel-K46: an administrator vouches with a code of now, once; nobody
// else does, and afterwards everybody signs in again.
func TestOnlyAnAdministratorVouchesForTheConsole(t *testing.T) {
	each(t, func(h *house) {
		vouchers := func() (there bool) {
			h.must(h.db.Read(h.Context(), func(tx *store.Tx) (err error) {
				there, err = officer.Vouchers(tx)
				return err
			}))
			return there
		}
		if vouchers() {
			h.Error("an empty roll has somebody to vouch")
		}
		first := h.first()
		h.add(h.fresh(), "duyet", officer.Approver, quay20)
		if !vouchers() {
			h.Error("nobody could vouch, though there is an administrator")
		}
		vouch := func(login, code string) error {
			return h.db.Write(h.Context(), func(tx *store.Tx) error {
				o, err := officer.Vouch(tx, login, code)
				if err == nil && o.ID != first.Officer.ID {
					err = errors.New("somebody else vouched: " + o.ID)
				}
				return err
			})
		}
		h.refused(vouch("quantri", "000000"), problem.Forbidden, "officer.err.vouch")
		h.refused(vouch("nobody", "000000"), problem.Forbidden, "officer.err.vouch")
		h.refused(vouch("duyet", h.code("duyet")), problem.Forbidden, "officer.err.vouch")
		code := h.code("quantri")
		h.must(vouch("quantri", code))
		h.refused(vouch("quantri", code), problem.Forbidden, "officer.err.vouch")
		token := h.signIn("quantri")
		h.must(h.db.Write(h.Context(), officer.EndAllSessions))
		_, err := h.roll.Session(h.Context(), token)
		h.refused(err, problem.Unauthenticated, "officer.err.session")
	})
}
