package payment

import "fmt"

// CRC is the sum that closes a payload, for tests that spoil one.
func CRC(s string) string { return fmt.Sprintf("%04X", crc(s)) }
