package officer

import (
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"quay20/internal/store"
)

const period = 30 * time.Second // of one code

// Enrolment is a second factor about to be set up: the officer scans the URL or
// types the secret into their telephone, then confirms with a first code.
type Enrolment struct {
	Secret string // base32
	URL    string // otpauth://totp/…
}

func newEnrolment(o Officer, chance func([]byte)) (Enrolment, error) {
	secret := make([]byte, 20)
	chance(secret)
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "quay20", AccountName: o.Login, Secret: secret})
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Secret: key.Secret(), URL: key.URL()}, nil
}

// Code is the second-factor code of a secret at a time, as the officer's
// telephone shows it.
func Code(secret string, at time.Time) (string, error) {
	return codeAt(secret, at.Unix()/int64(period/time.Second))
}

func codeAt(secret string, step int64) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// stepOf finds the time step whose code this is: the step of now, or one beside
// it for a telephone whose clock is off. ok is false if there is none.
func stepOf(secret, code string, now time.Time) (step int64, ok bool) {
	for d := int64(-1); d <= 1; d++ {
		s := now.Unix()/int64(period/time.Second) + d
		want, err := codeAt(secret, s)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// useStep uses up a time step: true once for each step and officer, also among
// parallel calls, and never for a step before one already used (rel-K46).
func useStep(tx *store.Tx, officer string, step int64) (bool, error) {
	n, err := tx.Exec(`
		INSERT INTO officer_step (officer, step) VALUES ($1, $2)
		ON CONFLICT (officer) DO UPDATE SET step = excluded.step
		WHERE officer_step.step < excluded.step`, officer, step)
	if err != nil {
		return false, fmt.Errorf("using up a code: %w", err)
	}
	return n == 1, nil
}
