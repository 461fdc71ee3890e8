package applicant_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/journal"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// tea is a company of the demo kind; no such tax code is given out.
var tea = applicant.Person{Kind: applicant.Organisation, Name: "Công ty TNHH Chè Tam Đường", TaxCode: "6200012345", Representative: "Lò Văn Chè"}

// works is a company with its manager signed in, and a second account.
type works struct {
	*desk
	companies      *applicant.Companies
	c              applicant.Company
	manager, other string // tokens
	otherID        string
}

func atWorks(t *testing.T, fn func(*works)) {
	t.Helper()
	atDesk(t, func(d *desk) {
		w := &works{desk: d, companies: applicant.NewCompanies(d.db)}
		var s applicant.AccountSession
		w.other, s = d.enter(way("phone", "+84987654321"))
		w.otherID = s.Account.ID
		w.manager, _ = d.enter(way("phone", phoneOf))
		var err error
		w.c, err = w.companies.Found(d.Context(), w.manager, tea)
		d.must(err)
		fn(w)
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
			r, err := journal.Check(tx, applicant.AccountsProtected(), applicant.CompaniesProtected())
			if err == nil && !r.OK() {
				d.Errorf("verify: %+v", r.Faults)
			}
			return err
		}))
	})
}

func (w *works) invite() string {
	w.Helper()
	secret, err := w.companies.Invite(w.Context(), w.manager, w.c.ID, way("phone", "+84987654321"), applicant.Filer)
	w.must(err)
	return secret
}

// rel-K46, rel-K61: an invitation works once, for whom it was meant; an
// organisation that is not one's own does not exist.
func TestInvitationIsForOnePersonOnce(t *testing.T) {
	atWorks(t, func(w *works) {
		ctx := w.Context()
		if _, err := w.companies.Find(ctx, w.otherID, w.c.ID); !problem.Is(err, problem.NotFound) {
			w.Errorf("a stranger finds the organisation: %v", err)
		}
		secret := w.invite()
		thief, _ := w.enter(way("phone", "+84911111111"))
		_, err := w.companies.Join(ctx, thief, secret)
		w.refused(err, "business.err.invitation")
		won := 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := w.companies.Join(ctx, w.other, secret); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if won != 1 {
			w.Errorf("joined %d times", won)
		}
		old := w.invite()
		w.clock.Add(8 * 24 * time.Hour)
		token, _ := w.enter(way("phone", "+84987654321"))
		_, err = w.companies.Join(ctx, token, old)
		w.refused(err, "business.err.invitation")
	})
}

// A power of attorney holds for its procedures and days, until it is revoked or
// its bearer leaves.
func TestAuthorityHoldsForItsProceduresAndDays(t *testing.T) {
	atWorks(t, func(w *works) {
		ctx := w.Context()
		_, err := w.companies.Join(ctx, w.other, w.invite())
		w.must(err)
		paper := applicant.Authority{Account: w.otherID, Paper: "12/GUQ", Signed: "2026-03-01", From: "2026-03-02", To: "2026-03-31", Procedures: []string{"1.004194"}}
		_, err = w.companies.Grant(ctx, w.other, w.c.ID, paper)
		w.refused(err, "business.err.manager")
		bad := paper
		bad.Paper, bad.From, bad.To, bad.Account = "", "2026-03-02", "2026-02-01", "nobody"
		_, err = w.companies.Grant(ctx, w.manager, w.c.ID, bad)
		for _, key := range []string{"business.err.paper", "business.err.to", "business.err.member"} {
			w.refused(err, key)
		}
		c, err := w.companies.Grant(ctx, w.manager, w.c.ID, paper)
		w.must(err)
		for _, x := range []struct {
			procedure, on string
			want          bool
		}{{"1.004194", "2026-03-02", true}, {"1.004194", "2026-03-31", true}, {"1.004194", "2026-03-01", false}, {"1.004194", "2026-04-01", false}, {"1.001456", "2026-03-10", false}} {
			a, got := c.May(w.otherID, x.procedure, x.on)
			if got != x.want {
				w.Errorf("%s on %s: %v", x.procedure, x.on, got)
			}
			if got && !strings.Contains(a.Words(c), "12/GUQ") {
				w.Errorf("the dossier would say %q", a.Words(c))
			}
		}
		if _, ok := c.May(c.Members[0].Account, "1.004194", "2026-03-10"); ok {
			w.Error("the manager files without any authority")
		}
		c, err = w.companies.Revoke(ctx, w.manager, w.c.ID, c.Authorities[0].ID)
		w.must(err)
		if _, ok := c.May(w.otherID, "1.004194", "2026-03-10"); ok {
			w.Error("a revoked authority holds")
		}
		_, err = w.companies.Grant(ctx, w.manager, w.c.ID, applicant.Authority{Account: w.otherID, Legal: true, From: "2026-03-02"})
		w.must(err)
		c, err = w.companies.Remove(ctx, w.manager, w.c.ID, w.otherID)
		w.must(err)
		if _, ok := c.May(w.otherID, "1.004194", "2026-03-10"); ok {
			w.Error("who left may still file")
		}
		w.clock.Add(11 * time.Minute)
		_, err = w.companies.Invite(ctx, w.manager, w.c.ID, way("phone", "+84987654321"), applicant.Filer)
		w.refused(err, "account.err.prove-first")
	})
}

// The last manager cannot leave users behind; a closing account leaves its
// organisations, and one that it leaves empty is erased.
func TestLastManagerStaysWhileThereAreUsers(t *testing.T) {
	atWorks(t, func(w *works) {
		ctx := w.Context()
		_, err := w.companies.Join(ctx, w.other, w.invite())
		w.must(err)
		_, err = w.companies.Remove(ctx, w.manager, w.c.ID, w.c.Members[0].Account)
		w.refused(err, "business.err.last-manager")
		w.refused(w.book.Close(ctx, w.manager), "business.err.last-manager")
		_, err = w.companies.Remove(ctx, w.other, w.c.ID, w.otherID) // anybody may leave
		w.must(err)
		w.must(w.book.Close(ctx, w.manager))
		w.must(w.db.Read(ctx, func(tx *store.Tx) error {
			body, err := store.One(tx, func(r store.Row) (s string, err error) { return s, r.Scan(&s) }, `SELECT body FROM organisation`)
			if strings.Contains(body, "Tam Đường") || strings.Contains(body, "6200012345") {
				w.Errorf("the organisation is still there: %s", body)
			}
			return err
		}))
	})
}

func TestOrganisationSaysWhatIsWrongWithIt(t *testing.T) {
	atWorks(t, func(w *works) {
		_, err := w.companies.Found(w.Context(), w.manager, applicant.Person{Kind: applicant.Organisation, TaxCode: "12"})
		for _, key := range []string{"applicant.err.organisation-empty", "applicant.err.tax-code", "applicant.err.representative-empty"} {
			w.refused(err, key)
		}
		_, err = w.companies.Found(w.Context(), w.manager, applicant.Person{Kind: applicant.Citizen, Name: "Lò Văn Chè"})
		w.refused(err, "applicant.err.kind")
	})
}
