package applicant

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/pack"
)

// ID is an identity paper's kind and number.
type ID struct {
	Kind   IDKind
	Number string
}

// ParseID reads the number of an identity paper and tells its kind by its
// shape: 12 digits a card, 9 an old CMND, letters before digits a passport.
func ParseID(s string) (ID, error) { return ParseIDAs("", s) }

// ParseIDAs reads the number of a paper of the given kind; "" lets the shape
// decide. Spaces, dots and dashes do not count.
func ParseIDAs(kind IDKind, s string) (ID, error) {
	number, err := compact(s)
	if err != nil {
		return ID{}, err
	}
	switch kind {
	case "":
		return idByShape(number)
	case CCCD:
		return personalID(number)
	case CMND:
		return oldID(number)
	case Passport:
		return passport(number)
	}
	return ID{}, invalid("applicant.err.id-kind")
}

var (
	passportShape = regexp.MustCompile(`^[A-Z]{1,3}[0-9]{5,9}$`)
	passportSigns = regexp.MustCompile(`^[A-Z0-9]{5,20}$`)
)

func idByShape(number string) (ID, error) {
	switch {
	case passportShape.MatchString(number):
		return passport(number)
	case len(number) == 9:
		return oldID(number)
	}
	return personalID(number)
}

func personalID(number string) (ID, error) {
	if err := digitsOnly(number); err != nil {
		return ID{}, err
	}
	if len(number) != 12 {
		return ID{}, invalid("applicant.err.id-length", "have", len(number))
	}
	if number[:3] == "000" {
		return ID{}, invalid("applicant.err.id-province", "digits", number[:3])
	}
	return ID{CCCD, number}, nil
}

func oldID(number string) (ID, error) {
	if err := digitsOnly(number); err != nil {
		return ID{}, err
	}
	if len(number) != 9 {
		return ID{}, invalid("applicant.err.id-old-length", "have", len(number))
	}
	return ID{CMND, number}, nil
}

func passport(number string) (ID, error) {
	if !passportSigns.MatchString(number) {
		return ID{}, invalid("applicant.err.passport")
	}
	return ID{Passport, number}, nil
}

func digitsOnly(number string) error {
	for i, r := range []rune(number) {
		if r < '0' || '9' < r {
			return invalid("applicant.err.id-letter", "sign", string(r), "at", i+1)
		}
	}
	return nil
}

// compact brings a number or code to upper case without spaces, dots, dashes.
func compact(s string) (string, error) {
	if len(s) > 400 {
		return "", invalid("applicant.err.long", "max", 100)
	}
	if !utf8.ValidString(s) {
		return "", invalid("applicant.err.encoding")
	}
	bad := false
	s = strings.Map(func(r rune) rune {
		bad = bad || bidi(r) || unicode.IsControl(r) && !unicode.IsSpace(r)
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unseen(r) || r == '.' {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
	if bad {
		return "", invalid("applicant.err.control")
	}
	if s == "" {
		return "", invalid("applicant.err.id-empty")
	}
	return strings.ToUpper(s), nil
}

// Personal is what a 12-digit personal number says of its bearer (số định danh
// cá nhân). It has no check digit. law: nd-137-2015
type Personal struct {
	Province string // "012": where the birth was registered; codes stay after mergers
	Sex      Sex    // by the fourth digit
	Year     int    // of birth, by the fourth to sixth digits
}

// ReadPersonal takes a 12-digit number apart.
func ReadPersonal(number string) Personal {
	century, sex := int(number[3]-'0'), Male
	if century%2 == 1 {
		sex = Female
	}
	return Personal{number[:3], sex, 1900 + century/2*100 + atoi(number[4:6])}
}

// cardAges are the birthdays at which a card ends (độ tuổi đổi thẻ). One issued
// in the two years before such a day goes on to the next. law: luat-26-2023
var cardAges = []int{14, 25, 40, 60}

// cardEnds is the day on which a card ends, or "" for one that does not end or
// whose dates are not known.
func cardEnds(born, issued pack.Date) pack.Date {
	birth, err := time.Parse(time.DateOnly, born)
	if err != nil || issued == "" {
		return ""
	}
	for _, age := range cardAges {
		if issued < birth.AddDate(age-2, 0, 0).Format(time.DateOnly) {
			return birth.AddDate(age, 0, 0).Format(time.DateOnly)
		}
	}
	return ""
}

// lastCMND is the last day of the 9-digit cards. law: luat-26-2023
const lastCMND pack.Date = "2024-12-31"

const provinces = ` 001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034
 035 036 037 038 040 042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075
 077 079 080 082 083 084 086 087 089 091 092 093 094 095 096 `

// KnownProvince reports whether the first digits are a Vietnamese province;
// other codes are countries, of which no list is kept.
func (p Personal) KnownProvince() bool { return strings.Contains(provinces, p.Province) }

var taxCode = regexp.MustCompile(`^([0-9]{10})([0-9]{3})?$|^[0-9]{12}$`)

// ParseTaxCode reads a tax code (mã số thuế): 10 digits, 10 and 3 for a
// branch, or the 12-digit personal number of a household business.
func ParseTaxCode(s string) (string, error) {
	code, err := compact(s)
	if err != nil {
		return "", err
	}
	parts := taxCode.FindStringSubmatch(code)
	if parts == nil {
		return "", invalid("applicant.err.tax-code")
	}
	if parts[2] != "" {
		return parts[1] + "-" + parts[2], nil
	}
	return code, nil
}

// atoi is for strings already known to be digits.
func atoi(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
