package payment_test

import (
	"testing"

	"go.uber.org/goleak"
)

// rel-I-X5: no test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
