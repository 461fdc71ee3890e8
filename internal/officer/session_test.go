package officer_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

// rel-K42
func TestFreshRollHasNoAccountAndOneFirstAdministrator(t *testing.T) {
	each(t, func(h *house) {
		_, _, err := h.roll.SignIn(h.Context(), "admin", "admin", "", here)
		h.refused(err, problem.Unauthenticated, "officer.err.sign-in")
		code, err := h.roll.First(h.Context())
		h.must(err)
		_, _, err = h.roll.Claim(h.Context(), "0000-0000-0000-0000", h.person("a0", ""), good, here)
		h.refused(err, problem.Invalid, "officer.err.claim")
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				n := officer.New{Login: fmt.Sprintf("a%d", i+1), Person: fmt.Sprint(i), Name: "Lò Văn Pâng"}
				if _, _, err := h.roll.Claim(h.Context(), code, n, good, here); err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			h.Errorf("%d claims won, want exactly 1", won.Load())
		}
		again, err := h.roll.First(h.Context())
		h.must(err)
		if again != "" {
			h.Error("a roll with an officer still gives a first administrator's code")
		}
	})
}

// rel-K43
func TestWhoNeedsASecondFactorCanOnlyEnrol(t *testing.T) {
	each(t, func(h *house) {
		code, err := h.roll.First(h.Context())
		h.must(err)
		token, s, err := h.roll.Claim(h.Context(), code, h.person("quantri", ""), good, here)
		h.must(err)
		_, err = s.As(officer.Administrator, "")
		h.refused(err, problem.Forbidden, "officer.err.factor-first")
		_, _, err = h.roll.Elevate(h.Context(), token, good)
		h.refused(err, problem.Forbidden, "officer.err.factor-first")
		renewed := h.enrol("quantri", token)
		by := h.as(renewed, officer.Administrator)
		if by.Capacity() != "administrator@12" || !by.Sees(doanKet) || !by.Sees(oldUnit) || by.Units[oldUnit] {
			h.Errorf("capacity %s, sees Đoàn Kết %v, sees what a unit of the past left %v, as one of today %v", by.Capacity(), by.Sees(doanKet), by.Sees(oldUnit), by.Units[oldUnit])
		}
	})
}

// rel-K44
func TestStartCodeServesOneSignInWithinADay(t *testing.T) {
	each(t, func(h *house) {
		admin := h.first()
		_, start, err := h.roll.Add(h.Context(), admin, h.person("minh", quay20))
		h.must(err)
		token, s, err := h.roll.SignIn(h.Context(), "minh", start, "", here)
		h.must(err)
		if !s.MustChange || s.Elevated {
			h.Errorf("after a start code: must change %v, elevated %v", s.MustChange, s.Elevated)
		}
		_, err = s.As(officer.Receptionist, "")
		h.refused(err, problem.Forbidden, "officer.err.password-first")
		_, _, err = h.roll.SignIn(h.Context(), "minh", start, "", here)
		h.refused(err, problem.Unauthenticated, "officer.err.sign-in")
		_, _, err = h.roll.SetPassword(h.Context(), token, "", "ngắn quá")
		h.refused(err, problem.Invalid, "officer.err.password-short")
		_, _, err = h.roll.SetPassword(h.Context(), token, "", good)
		h.must(err)
		h.signIn("minh")

		_, late, err := h.roll.Add(h.Context(), h.fresh(), h.person("pang", quay20))
		h.must(err)
		h.clock.Add(24 * time.Hour)
		_, _, err = h.roll.SignIn(h.Context(), "pang", late, "", here)
		h.refused(err, problem.Unauthenticated, "officer.err.sign-in")
	})
}

// fresh is the first administrator, just signed in.
func (h *house) fresh() officer.By {
	h.Helper()
	return h.as(h.signIn("quantri"), officer.Administrator)
}

// rel-K46, rel-B-A14: a code works once, also when many use it at the same time.
func TestCodeOfTheSecondFactorWorksOnceInParallel(t *testing.T) {
	each(t, func(h *house) {
		h.first()
		h.clock.Add(30 * time.Second)
		code := h.codeNow(h.secrets["quantri"])
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			roll := h.roll
			if i%2 == 1 {
				roll = h.another()
			}
			wg.Go(func() {
				client := fmt.Sprintf("10.20.%d.1", i)
				if _, _, err := roll.SignIn(h.Context(), "quantri", good, code, client); err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			h.Errorf("%d of 50 parallel sign-ins with one code won, want 1", won.Load())
		}
		h.clock.Add(30 * time.Second)
		_, _, err := h.roll.SignIn(h.Context(), "quantri", good, code, "10.20.60.1")
		if err == nil {
			h.Error("a used code works again in the step after")
		}
	})
}

// rel-K46: a telephone that is ahead uses up the steps before its own.
func TestCodeOfAnEarlierStepIsUsedUpWithALaterOne(t *testing.T) {
	each(t, func(h *house) {
		h.first()
		h.clock.Add(time.Minute)
		now := h.codeNow(h.secrets["quantri"])
		ahead, err := officer.Code(h.secrets["quantri"], h.clock.Now().Add(30*time.Second))
		h.must(err)
		_, _, err = h.roll.SignIn(h.Context(), "quantri", good, ahead, here)
		h.must(err)
		_, _, err = h.roll.SignIn(h.Context(), "quantri", good, now, here)
		h.refused(err, problem.Unauthenticated, "officer.err.sign-in")
	})
}

// rel-B-A14, rel-K48: five wrong codes and the next must wait.
func TestFiveWrongCodesMustWait(t *testing.T) {
	each(t, func(h *house) {
		h.first()
		for range 5 {
			_, _, err := h.roll.SignIn(h.Context(), "quantri", good, "000000", "10.9.9.9")
			h.refused(err, problem.Unauthenticated, "officer.err.sign-in")
		}
		_, _, err := h.roll.SignIn(h.Context(), "quantri", good, h.codeNow(h.secrets["quantri"]), "10.9.9.9")
		h.refused(err, problem.TooMany, "officer.err.wait")
	})
}

// rel-K37, rel-T19: guesses are throttled across restarts, and the owner still
// signs in from their own desk.
func TestGuessesAreFewAcrossRestartsAndTheOwnerStillEnters(t *testing.T) {
	each(t, func(h *house) {
		_, token := h.add(h.first(), "minh", officer.Receptionist, quay20)
		h.must(h.roll.SignOut(h.Context(), token))
		judged := 0
		for i := range 600 {
			h.clock.Add(25 * time.Second)
			roll := h.roll
			if i%100 == 0 {
				h.roll = h.another()
			}
			_, _, err := roll.SignIn(h.Context(), "minh", fmt.Sprint("guess ", i), "", fmt.Sprintf("10.66.%d.%d", i/250, i%250))
			if problem.Is(err, problem.Unauthenticated) {
				judged++
			} else if p, ok := problem.As(err); !ok || p.Kind != problem.TooMany || p.Retry <= 0 {
				h.Fatalf("guess %d: %v", i, err)
			}
			if i%200 == 199 {
				h.signIn("minh")
			}
		}
		if judged > 20 {
			h.Errorf("%d guesses were judged in four hours, want at most 20", judged)
		}
		_, _, err := h.roll.SignIn(h.Context(), "minh", good, "", "10.77.0.1")
		h.refused(err, problem.TooMany, "officer.err.wait")
		start, err := h.roll.ResetPassword(h.Context(), h.fresh(), h.idOf("minh"))
		h.must(err)
		if _, _, err = h.roll.SignIn(h.Context(), "minh", start, "", "10.77.0.1"); err != nil {
			h.Errorf("after a reset: %v", err)
		}
	})
}

func (h *house) idOf(login string) string {
	h.Helper()
	list, err := h.roll.List(h.Context(), officer.Console(), officer.Filter{})
	h.must(err)
	for _, o := range list {
		if o.Login == login {
			return o.ID
		}
	}
	h.Fatalf("no officer %s", login)
	return ""
}

// rel-K50
func TestUnknownDisabledAndKnownAccountsAnswerAlike(t *testing.T) {
	each(t, func(h *house) {
		id, _ := h.add(h.first(), "minh", officer.Receptionist, quay20)
		_, _, known := h.roll.SignIn(h.Context(), "minh", "sai mật khẩu rồi", "", "10.1.1.1")
		h.must(h.roll.Disable(h.Context(), h.fresh(), id, "Chuyển công tác"))
		_, _, disabled := h.roll.SignIn(h.Context(), "minh", good, "", "10.1.2.1")
		for _, login := range []string{"nobody", "", "x' OR 1=1 --", "\xff\x00", "MINH "} {
			_, _, err := h.roll.SignIn(h.Context(), login, good, "", "10.1.3.1")
			if fmt.Sprint(err) != fmt.Sprint(known) || fmt.Sprint(err) != fmt.Sprint(disabled) {
				h.Errorf("%q: %v; known: %v; disabled: %v", login, err, known, disabled)
			}
		}
	})
}

// rel-I-P3, rel-K56, rel-K64
func TestRevocationAndDisablingShowOnTheNextRequestOfEveryNode(t *testing.T) {
	each(t, func(h *house) {
		other := h.another()
		id, token := h.add(h.first(), "minh", officer.Receptionist, quay20)
		s, err := other.Session(h.Context(), token)
		h.must(err)
		if _, err := s.For(officer.Receive, quay20); err != nil {
			h.Fatal(err)
		}
		h.must(h.roll.Revoke(h.Context(), h.fresh(), s.Officer.Grants[0].ID, "Hết phân công"))
		for _, roll := range []*officer.Roll{h.roll, other} {
			s, err := roll.Session(h.Context(), token)
			h.must(err)
			_, err = s.For(officer.Receive, quay20)
			h.refused(err, problem.Forbidden, "officer.err.not-allowed")
		}
		h.must(h.roll.Disable(h.Context(), h.fresh(), id, "Nghỉ hưu"))
		for _, roll := range []*officer.Roll{h.roll, other} {
			_, err := roll.Session(h.Context(), token)
			h.refused(err, problem.Unauthenticated, "officer.err.session")
		}
	})
}

func TestGrantOfAReplacementEndsWithItsLastDay(t *testing.T) {
	each(t, func(h *house) {
		id, token := h.add(h.first(), "minh", officer.Processor, doanKet)
		_, err := h.roll.Grant(h.Context(), h.fresh(), id, officer.Grant{
			Role: officer.Receptionist, Unit: doanKet, From: "2026-03-03", To: "2026-03-03", Reason: "Thay đồng chí nghỉ ốm",
		})
		h.must(err)
		_, err = h.session(token).As(officer.Receptionist, "")
		h.refused(err, problem.Forbidden, "officer.err.no-capacity")
		h.clock.Add(24 * time.Hour)
		token = h.signIn("minh")
		h.as(token, officer.Receptionist)
		h.clock.Add(24 * time.Hour)
		_, err = h.session(h.signIn("minh")).As(officer.Receptionist, "")
		h.refused(err, problem.Forbidden, "officer.err.no-capacity")
	})
}

// rel-I-P6, rel-K53, rel-K55: a session id planted before sign-in opens nothing, and
// every change of privilege kills the old one.
func TestSessionIDsChangeAndOldOnesAreDead(t *testing.T) {
	each(t, func(h *house) {
		h.first()
		dead := map[string]bool{}
		renew := func(old, renewed string) string {
			h.Helper()
			dead[old] = true
			if dead[renewed] {
				h.Fatal("a token came twice")
			}
			for token := range dead {
				_, err := h.roll.Session(h.Context(), token)
				h.refused(err, problem.Unauthenticated, "officer.err.session")
			}
			h.session(renewed)
			return renewed
		}
		token := h.signIn("quantri")
		h.clock.Add(11 * time.Minute)
		if h.session(token).Elevated {
			h.Error("still elevated eleven minutes after the sign-in")
		}
		elevated, s, err := h.roll.Elevate(h.Context(), token, h.code("quantri"))
		h.must(err)
		if !s.Elevated {
			h.Error("not elevated after a proof")
		}
		token = renew(token, elevated)
		changed, _, err := h.roll.SetPassword(h.Context(), token, good, good+" mới")
		h.must(err)
		token = renew(token, changed)
		token = renew(token, h.enrol("quantri", token))
		h.must(h.roll.SignOut(h.Context(), token))
		_, err = h.roll.Session(h.Context(), token)
		h.refused(err, problem.Unauthenticated, "officer.err.session")
	})
}

// rel-K52, rel-B-A13
func TestMadeUpCutAndStretchedTokensOpenNothing(t *testing.T) {
	each(t, func(h *house) {
		h.first()
		token := h.signIn("quantri")
		flipped := "A" + token[1:]
		if token[0] == 'A' {
			flipped = "B" + token[1:]
		}
		for _, bad := range []string{"", "x", token[:len(token)-1], token + "A", token + token, flipped, h.session(token).ID, "\xff\x00"} {
			_, err := h.roll.Session(h.Context(), bad)
			h.refused(err, problem.Unauthenticated, "officer.err.session")
		}
	})
}

// rel-K54
func TestSessionsEndWhenIdleAndAfterTwelveHours(t *testing.T) {
	each(t, func(h *house) {
		h.first()
		token := h.signIn("quantri")
		start := h.clock.Now()
		for h.clock.Now().Sub(start) < 11*time.Hour+50*time.Minute {
			h.clock.Add(14 * time.Minute)
			h.session(token)
		}
		h.clock.Set(start.Add(12 * time.Hour))
		_, err := h.roll.Session(h.Context(), token)
		h.refused(err, problem.Unauthenticated, "officer.err.session")

		token = h.signIn("quantri")
		h.clock.Add(15 * time.Minute)
		_, err = h.roll.Session(h.Context(), token)
		h.refused(err, problem.Unauthenticated, "officer.err.session")
	})
}

// rel-K57
func TestOwnSessionsAreSeenAndEnded(t *testing.T) {
	each(t, func(h *house) {
		id, first := h.add(h.first(), "minh", officer.Receptionist, quay20)
		second := h.signIn("minh")
		list, err := h.roll.Sessions(h.Context(), second)
		h.must(err)
		if len(list) != 2 || list[0].Client != "10.20.1.7" {
			h.Fatalf("got %+v, want two sessions from 10.20.1.7", list)
		}
		strange := h.session(h.signIn("quantri")).ID
		h.refused(h.roll.End(h.Context(), second, strange), problem.NotFound, "err.not-found")
		h.must(h.roll.End(h.Context(), second, h.session(first).ID))
		_, err = h.roll.Session(h.Context(), first)
		h.refused(err, problem.Unauthenticated, "officer.err.session")
		h.must(h.roll.EndAll(h.Context(), h.fresh(), id))
		_, err = h.roll.Session(h.Context(), second)
		h.refused(err, problem.Unauthenticated, "officer.err.session")
		for range 7 {
			second = h.signIn("minh")
		}
		list, err = h.roll.Sessions(h.Context(), second)
		h.must(err)
		if len(list) != 5 {
			h.Errorf("%d sessions at once, want at most 5", len(list))
		}
	})
}

func TestDeskIsTakenOnlyWithinTheScope(t *testing.T) {
	each(t, func(h *house) {
		_, token := h.add(h.first(), "minh", officer.Receptionist, quay20)
		_, err := h.roll.TakeDesk(h.Context(), token, "03388")
		h.refused(err, problem.NotFound, "err.not-found")
		_, err = h.roll.TakeDesk(h.Context(), token, "no-desk")
		h.refused(err, problem.NotFound, "officer.err.desk")
		s, err := h.roll.TakeDesk(h.Context(), token, "12-Q20")
		h.must(err)
		by, err := s.For(officer.Receive, quay20)
		h.must(err)
		if by.Desk != "12-Q20" || by.Capacity() != "receptionist@12-Q20" {
			h.Errorf("desk %q, capacity %s", by.Desk, by.Capacity())
		}
		if _, err := h.session(token).For(officer.Receive, doanKet); !problem.Is(err, problem.NotFound) {
			h.Errorf("a unit outside the scope: %v, want not found", err)
		}
		if _, err := h.session(token).For(officer.Conclude, quay20); !problem.Is(err, problem.Forbidden) {
			h.Errorf("an act of another role: %v, want forbidden", err)
		}
	})
}
