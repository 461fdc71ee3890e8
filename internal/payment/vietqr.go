package payment

import (
	"fmt"
	"strconv"
	"strings"

	"quay20/internal/problem"
)

// QR is what a VietQR asks a banking program to pay: a transfer to an account,
// in whole đồng. Its text is the merchant-presented QR of EMVCo with the
// template of NAPAS, which every bank in Viet Nam reads.
type QR struct {
	BIN     string // bank, six digits
	Account string
	Amount  int64  // đồng; 0 lets the payer type it
	Purpose string // message of the transfer, ASCII, at most 25 characters
}

// The tags and fixed values of a VietQR.
const (
	tagVersion  = "00"
	tagMethod   = "01"
	tagNapas    = "38"
	tagCurrency = "53"
	tagAmount   = "54"
	tagCountry  = "58"
	tagMore     = "62"
	tagCRC      = "63"

	napas      = "A000000727"
	toAccount  = "QRIBFTTA" // a transfer to an account, not to a card
	dong       = "704"      // ISO 4217
	tagPurpose = "08"       // within tagMore
	maxPurpose = 25
	maxQR      = 512 // far above any payload
)

// Payload writes the QR's text, tag by tag, closed by its check sum.
func (q QR) Payload() (string, error) {
	method := "12" // for one payment
	if q.Amount == 0 {
		method = "11"
	}
	if err := q.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(tlv(tagVersion, "01") + tlv(tagMethod, method))
	b.WriteString(tlv(tagNapas, tlv("00", napas)+tlv("01", tlv("00", q.BIN)+tlv("01", q.Account))+tlv("02", toAccount)))
	b.WriteString(tlv(tagCurrency, dong))
	if q.Amount > 0 {
		b.WriteString(tlv(tagAmount, strconv.FormatInt(q.Amount, 10)))
	}
	b.WriteString(tlv(tagCountry, "VN"))
	if q.Purpose != "" {
		b.WriteString(tlv(tagMore, tlv(tagPurpose, q.Purpose)))
	}
	b.WriteString(tagCRC + "04")
	return fmt.Sprintf("%s%04X", b.String(), crc(b.String())), nil
}

// check refuses what the format cannot carry.
func (q QR) check() error {
	p := problem.New(problem.Invalid, "err.summary")
	if len(q.BIN) != 6 || !digits(q.BIN) {
		p.Field("bin", "pay.qr.err.bin")
	}
	if len(q.Account) == 0 || len(q.Account) > 19 || !alphanumeric(q.Account) {
		p.Field("account", "pay.qr.err.account")
	}
	if q.Amount < 0 || q.Amount > most {
		p.Field("amount", "payment.err.amount")
	}
	if len(q.Purpose) > maxPurpose || strings.ContainsFunc(q.Purpose, func(r rune) bool { return r < ' ' || r > '~' }) {
		p.Field("purpose", "pay.qr.err.purpose", "most", maxPurpose)
	}
	return p.Or()
}

// ParseQR reads a VietQR and checks every part of it. What is no VietQR, or one
// that somebody changed, is refused by the part that is wrong.
func ParseQR(payload string) (QR, error) {
	var q QR
	if len(payload) > maxQR || len(payload) < 8 || strings.ContainsFunc(payload, func(r rune) bool { return r < ' ' || r > '~' }) {
		return q, badQR("shape", "pay.qr.err.shape")
	}
	sum := payload[len(payload)-8:]
	if sum[:4] != tagCRC+"04" || sum[4:] != fmt.Sprintf("%04X", crc(payload[:len(payload)-4])) {
		return q, badQR("crc", "pay.qr.err.crc")
	}
	top, ok := split(payload)
	if !ok {
		return q, badQR("shape", "pay.qr.err.shape")
	}
	merchant, ok1 := split(top[tagNapas])
	to, ok2 := split(merchant["01"])
	more, ok3 := split(top[tagMore])
	switch {
	case !ok1 || !ok2 || !ok3 || !strings.HasPrefix(payload, tlv(tagVersion, "01")):
		return q, badQR("shape", "pay.qr.err.shape")
	case merchant["00"] != napas || merchant["02"] != toAccount:
		return q, badQR("shape", "pay.qr.err.not-vietqr")
	case top[tagCurrency] != dong || top[tagCountry] != "VN":
		return q, badQR("currency", "pay.qr.err.currency")
	}
	q = QR{BIN: to["00"], Account: to["01"], Purpose: more[tagPurpose]}
	method := "11"
	if amount, given := top[tagAmount]; given {
		var err error
		method = "12"
		if q.Amount, err = strconv.ParseInt(amount, 10, 64); err != nil || q.Amount < 1 || strconv.FormatInt(q.Amount, 10) != amount {
			return QR{}, badQR("amount", "payment.err.amount")
		}
	}
	if top[tagMethod] != method {
		return QR{}, badQR("shape", "pay.qr.err.shape")
	}
	if err := q.check(); err != nil {
		return QR{}, err
	}
	return q, nil
}

func badQR(field, key string) error {
	return problem.New(problem.Invalid, "err.summary").Field(field, key)
}

// tlv is one element: tag, length in bytes, value.
func tlv(tag, value string) string { return fmt.Sprintf("%s%02d%s", tag, len(value), value) }

// split reads elements side by side; a tag that comes twice is refused. Of
// nothing it makes nothing.
func split(s string) (map[string]string, bool) {
	parts := map[string]string{}
	for len(s) > 0 {
		if len(s) < 4 || !digits(s[:4]) {
			return nil, false
		}
		tag, n := s[:2], int(s[2]-'0')*10+int(s[3]-'0')
		if _, twice := parts[tag]; twice || n == 0 || len(s) < 4+n {
			return nil, false
		}
		parts[tag], s = s[4:4+n], s[4+n:]
	}
	return parts, true
}

// crc is CRC-16/CCITT-FALSE, which closes every EMVCo payload.
func crc(s string) uint16 {
	sum := uint16(0xFFFF)
	for i := range len(s) {
		sum ^= uint16(s[i]) << 8
		for range 8 {
			if sum&0x8000 != 0 {
				sum = sum<<1 ^ 0x1021
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

func digits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func alphanumeric(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') })
}
