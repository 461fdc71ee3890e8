package officer_test

import (
	"sync"
	"testing"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/packs"
)

// Units of the day on which the test clock starts.
const (
	province = pack.UnitKey("12@2022-01-01")
	quay20   = pack.UnitKey("12-Q20@2025-03-01")
	doanKet  = pack.UnitKey("03388@2025-07-01")
	oldUnit  = pack.UnitKey("03388@2022-01-01")
)

const (
	good = "bốn con trâu đội nón lá" // a good password
	here = "10.20.1.7:50123"
)

var law = sync.OnceValue(func() *pack.Pack {
	p, err := packs.LaiChau()
	if err != nil {
		panic(err)
	}
	return p
})

// house is a roll in a test, with what its people know.
type house struct {
	*testing.T
	db      *store.DB
	clock   *storetest.Clock
	roll    *officer.Roll
	secrets map[string]string // login → second factor
	badge   int
}

func each(t *testing.T, fn func(h *house)) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := &house{T: t, db: db, clock: storetest.ClockOf(db), secrets: map[string]string{}}
		h.roll = h.another()
		fn(h)
	})
}

// another is a second roll on the same database: a restart, or another node.
func (h *house) another() *officer.Roll {
	return officer.NewRoll(h.db, law, officer.Options{Work: officer.Work{Memory: 64, Passes: 1}})
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// refused checks the kind and key of a problem; of a field if it has fields.
func (h *house) refused(err error, kind problem.Kind, key string) {
	h.Helper()
	p, ok := problem.As(err)
	if !ok {
		h.Fatalf("got %v, want the problem %s", err, key)
	}
	got := p.Key
	if len(p.Fields) > 0 {
		got = p.Fields[0].Key
	}
	if p.Kind != kind || got != key {
		h.Errorf("got %v, want %s: %s", p, kind, key)
	}
}

// code is the second-factor code of a login in a step of its own.
func (h *house) code(login string) string {
	h.Helper()
	secret, ok := h.secrets[login]
	if !ok {
		return ""
	}
	h.clock.Add(30 * time.Second)
	return h.codeNow(secret)
}

func (h *house) codeNow(secret string) string {
	h.Helper()
	code, err := officer.Code(secret, h.clock.Now())
	h.must(err)
	return code
}

// person is a new officer of a person of their own.
func (h *house) person(login string, unit pack.UnitKey) officer.New {
	h.badge++
	return officer.New{Login: login, Person: "124-" + string(rune('0'+h.badge)), Name: "Lò Thị Minh", Title: "Thượng úy", Unit: unit}
}

// first is the first administrator, ready to work.
func (h *house) first() officer.By {
	h.Helper()
	code, err := h.roll.First(h.Context())
	h.must(err)
	token, _, err := h.roll.Claim(h.Context(), code, h.person("quantri", ""), good, here)
	h.must(err)
	return h.as(h.enrol("quantri", token), officer.Administrator)
}

// enrol sets up a second factor.
func (h *house) enrol(login, token string) (renewed string) {
	h.Helper()
	e, err := h.roll.EnrolTOTP(h.Context(), token)
	h.must(err)
	h.secrets[login] = e.Secret
	renewed, _, err = h.roll.ConfirmTOTP(h.Context(), token, h.code(login))
	h.must(err)
	return renewed
}

// add enters an officer with a role, password set and second factor enrolled
// where the role asks for it.
func (h *house) add(admin officer.By, login string, role officer.Role, unit pack.UnitKey) (id, token string) {
	h.Helper()
	o, start, err := h.roll.Add(h.Context(), admin, h.person(login, unit))
	h.must(err)
	_, err = h.roll.Grant(h.Context(), admin, o.ID, officer.Grant{Role: role, Unit: unit, Reason: "Phân công"})
	h.must(err)
	token, _, err = h.roll.SignIn(h.Context(), login, start, "", here)
	h.must(err)
	token, s, err := h.roll.SetPassword(h.Context(), token, "", good)
	h.must(err)
	if s.MustEnrol {
		token = h.enrol(login, token)
	}
	return o.ID, token
}

func (h *house) signIn(login string) (token string) {
	h.Helper()
	token, _, err := h.roll.SignIn(h.Context(), login, good, h.code(login), here)
	h.must(err)
	return token
}

func (h *house) session(token string) officer.Session {
	h.Helper()
	s, err := h.roll.Session(h.Context(), token)
	h.must(err)
	return s
}

func (h *house) as(token string, role officer.Role) officer.By {
	h.Helper()
	by, err := h.session(token).As(role, "")
	h.must(err)
	return by
}
