package officer_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

// rel-K39, rel-K40, rel-K41
func TestPasswords(t *testing.T) {
	each(t, func(h *house) {
		_, token := h.add(h.first(), "minh.q20", officer.Receptionist, quay20)
		cases := []struct{ password, key string }{
			{"con trâu đội", "officer.err.password-short"}, // 12 characters, no second factor
			{strings.Repeat("trâu đội nón ", 25), "officer.err.password-long"},
			{"con trâu\u0000đội nón lá", "officer.err.password-characters"},
			{"123456789012345678", "officer.err.password-easy"},
			{"aaaaaaaaaaaaaaaaaa", "officer.err.password-easy"},
			{"Công an tỉnh Lai Châu 2026", "officer.err.password-easy"},
			{"conganlaichau113113", "officer.err.password-easy"},
			{"CÔNG-AN-PHƯỜNG-ĐOÀN-KẾT", "officer.err.password-easy"},
			{"lothiminh.q20.lothiminh", "officer.err.password-easy"},
			{"Vì nước quên thân, vì dân phục vụ", "officer.err.password-easy"},
			{"matkhau matkhau 123", "officer.err.password-easy"},
			{"mùa này ngô chín vàng đồi", ""},
			{"xanhnhưtàulá chuối", ""},
			{strings.Repeat("ngựa thồ ", 7) + "x", ""}, // 64 characters
		}
		current := good
		for _, c := range cases {
			renewed, _, err := h.roll.SetPassword(h.Context(), token, current, c.password)
			if c.key != "" {
				h.refused(err, problem.Invalid, c.key)
				continue
			}
			if err != nil {
				h.Errorf("%q: %v", c.password, err)
				continue
			}
			token, current = renewed, c.password
		}
		_, _, err := h.roll.SetPassword(h.Context(), token, "sai mật khẩu", good)
		h.refused(err, problem.Invalid, "officer.err.current")
	})
}

// rel-K41: nothing is cut off, and composed and decomposed letters are one.
func TestEveryByteOfAPassphraseMatters(t *testing.T) {
	each(t, func(h *house) {
		_, token := h.add(h.first(), "minh", officer.Receptionist, quay20)
		long := strings.Repeat("núi cao ", 12) + "a"
		_, _, err := h.roll.SetPassword(h.Context(), token, good, long)
		h.must(err)
		_, _, err = h.roll.SignIn(h.Context(), "minh", long[:len(long)-1]+"b", "", here)
		h.refused(err, problem.Unauthenticated, "officer.err.sign-in")
		if _, _, err = h.roll.SignIn(h.Context(), "minh", norm.NFD.String(long), "", here); err != nil {
			h.Errorf("typed in decomposed letters: %v", err)
		}
	})
}

// rel-K39: eight characters do beside a second factor.
func TestEightCharactersDoBesideASecondFactor(t *testing.T) {
	each(t, func(h *house) {
		h.first()
		_, _, err := h.roll.SetPassword(h.Context(), h.signIn("quantri"), good, "trâu nón")
		h.must(err)
	})
}
