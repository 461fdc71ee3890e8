package applicant

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// PhoneKind says what a telephone can be used for.
type PhoneKind string

const (
	Mobile   PhoneKind = "mobile"   // di động: can be sent an SMS
	Landline PhoneKind = "landline" // cố định
	Foreign  PhoneKind = "foreign"  // nước ngoài: no SMS is sent
	Odd      PhoneKind = "odd"      // a Vietnamese number of unusual shape; somebody should look twice
)

// ParsePhone reads a telephone number and writes it in E.164: "0912 345 678",
// "84912345678" and "+84 912 345 678" are "+84912345678".
func ParsePhone(s string) (string, error) {
	phone, _, err := readPhone(s)
	return phone, err
}

// readPhone is ParsePhone with the key of a warning, if there is one.
func readPhone(s string) (phone, note string, err error) {
	digits, abroad, err := phoneDigits(s)
	if err != nil {
		return "", "", err
	}
	national, vietnamese := strings.CutPrefix(digits, "84")
	switch {
	case abroad && !vietnamese:
		phone, err = foreignPhone(digits)
		return phone, "", err
	case abroad || vietnamese && len(digits) >= 11:
		phone, err = vietnamesePhone(strings.TrimPrefix(national, "0"))
	case digits[0] == '0':
		phone, err = vietnamesePhone(digits[1:])
	case len(digits) == 9:
		phone, err = vietnamesePhone(digits)
		note = "applicant.warn.phone-zero"
	default:
		err = invalid("applicant.err.phone")
	}
	if err != nil {
		return "", "", err
	}
	if PhoneKindOf(phone) == Odd {
		note = "applicant.warn.phone-odd"
	}
	return phone, note, nil
}

// phoneDigits are the bare digits, and whether they begin with a country code.
func phoneDigits(s string) (digits string, abroad bool, err error) {
	if len(s) > 200 || !utf8.ValidString(s) {
		return "", false, invalid("applicant.err.phone")
	}
	var b strings.Builder
	for _, r := range norm.NFKC.String(s) {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '+' && b.Len() == 0:
			abroad = true
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unseen(r) || strings.ContainsRune(".()/", r):
		default:
			return "", false, invalid("applicant.err.phone-sign", "sign", string(r))
		}
	}
	digits = b.String()
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !abroad {
		digits, abroad = rest, true
	}
	if digits == "" {
		return "", false, invalid("applicant.err.phone")
	}
	return digits, abroad, nil
}

func foreignPhone(digits string) (string, error) {
	if len(digits) < 8 || len(digits) > 15 || digits[0] == '0' {
		return "", invalid("applicant.err.phone")
	}
	return "+" + digits, nil
}

func vietnamesePhone(national string) (string, error) {
	if len(national) < 8 || len(national) > 10 || national[0] == '0' {
		return "", invalid("applicant.err.phone")
	}
	return "+84" + national, nil
}

var (
	mobile   = regexp.MustCompile(`^\+84[35789][0-9]{8}$`)
	landline = regexp.MustCompile(`^\+842[0-9]{9}$`)
)

// PhoneKindOf tells the kind of a number in E.164.
func PhoneKindOf(phone string) PhoneKind {
	switch {
	case mobile.MatchString(phone):
		return Mobile
	case landline.MatchString(phone):
		return Landline
	case strings.HasPrefix(phone, "+84"):
		return Odd
	}
	return Foreign
}

// FormatPhone writes a number as people read it: "0912 345 678". ParsePhone
// reads it back.
func FormatPhone(phone string) string {
	switch PhoneKindOf(phone) {
	case Mobile:
		return "0" + phone[3:6] + " " + phone[6:9] + " " + phone[9:]
	case Landline:
		return "0" + phone[3:6] + " " + phone[6:10] + " " + phone[10:]
	case Odd:
		return "0" + phone[3:]
	}
	return phone
}

// ParsePlate reads a number plate (biển số): upper case without spaces, dots
// and dashes, "25B112345". A strange plate is not refused; ask KnownPlate and
// warn.
func ParsePlate(s string) (string, error) {
	plate, err := compact(strings.Map(eth, s))
	if err != nil {
		return "", err
	}
	if len([]rune(plate)) > 15 {
		return "", invalid("applicant.err.plate")
	}
	for _, r := range plate {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return "", invalid("applicant.err.plate")
		}
	}
	return plate, nil
}

// eth turns the Icelandic letter, which looks the same, into Đ.
func eth(r rune) rune {
	if r == 'Ð' || r == 'ð' {
		return 'Đ'
	}
	return r
}

var (
	anyPlate       = regexp.MustCompile(`^[0-9]{2}[A-ZĐ]{1,2}[0-9]{4,6}$`)
	diplomatPlate  = regexp.MustCompile(`^[0-9]{5}(NG|QT|NN)[0-9]{2}$`)
	militaryPlate  = regexp.MustCompile(`^[A-Z]{2}[0-9]{4}$`)
	carPlate       = regexp.MustCompile(`^([0-9]{2}(?:[A-ZĐ]|LD|DA|MK|CD|KT|NG|NN|QT|TĐ|HC|RM))([0-9]{4,5})$`)
	motorbikePlate = regexp.MustCompile(`^([0-9]{2})([A-ZĐ][A-ZĐ0-9])([0-9]{4,5})$`)
)

// KnownPlate reports whether the plate has a shape that is in use.
func KnownPlate(plate string) bool {
	return anyPlate.MatchString(plate) || diplomatPlate.MatchString(plate) || militaryPlate.MatchString(plate)
}

// FormatPlate writes a plate as it hangs on the vehicle: "25A-123.45",
// "25-B1 123.45". ParsePlate reads it back. One letter with five digits is
// taken for a car.
func FormatPlate(plate string) string {
	if m := carPlate.FindStringSubmatch(plate); m != nil {
		return m[1] + "-" + serial(m[2])
	}
	if m := motorbikePlate.FindStringSubmatch(plate); m != nil {
		return m[1] + "-" + m[2] + " " + serial(m[3])
	}
	return plate
}

func serial(digits string) string {
	if len(digits) == 5 {
		return digits[:3] + "." + digits[3:]
	}
	return digits
}

var email = regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)

// ParseEmail reads an address for mail; the part after @ is put in lower case.
func ParseEmail(s string) (string, error) {
	if len(s) > 400 {
		return "", invalid("applicant.err.email")
	}
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unseen(r) })
	local, domain, _ := strings.Cut(s, "@")
	if len(s) > 254 || !email.MatchString(s) || strings.HasPrefix(local, ".") ||
		strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return "", invalid("applicant.err.email")
	}
	return local + "@" + strings.ToLower(domain), nil
}

var language = regexp.MustCompile(`^[a-z]{2,3}$`)

func parseLanguage(s string) (string, error) {
	if !language.MatchString(s) {
		return "", invalid("applicant.err.language")
	}
	return s, nil
}
