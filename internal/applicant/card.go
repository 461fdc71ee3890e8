package applicant

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"quay20/internal/problem"
)

// Scan is what a scanned code turned out to be: an identity card, or one of
// our own slips, whose Token opens its dossier.
type Scan struct {
	Token    string          // of a slip; "" for a card
	Person   Person          // of a card: what could be read, the rest empty
	Fields   []problem.Field // must be typed, field names as in Person's JSON
	Warnings []problem.Field
}

// Slip reports whether the code came from one of our slips.
func (s Scan) Slip() bool { return s.Token != "" }

// longestPayload bounds a scan before anything is done with it; a card's code
// has about 130 bytes.
const longestPayload = 64 << 10

// ParseCard reads the QR code of an identity card (thẻ căn cước, CCCD), text
// of seven parts between bars: number, old number, name, birth, sex, address,
// day of issue. Parts after the seventh (relatives, on newer cards) are not
// kept. The code is not signed: it fills the form and proves nothing. A code
// that is no card is a Problem that says what it is instead.
func ParseCard(payload string) (Scan, error) {
	if len(payload) > longestPayload {
		return Scan{}, invalid("applicant.scan.other")
	}
	if !utf8.ValidString(payload) || mojibake(payload) {
		return Scan{}, invalid("applicant.scan.encoding")
	}
	payload = withoutCodes(payload)
	if token, ok := slipToken(payload); ok {
		return Scan{Token: token}, nil
	}
	if key := notCard(payload); key != "" {
		return Scan{}, invalid(key)
	}
	parts, err := cardParts(payload)
	if err != nil {
		return Scan{}, err
	}
	return readCard(parts), nil
}

// withoutCodes drops the control codes that readers add; line breaks stay, for
// they part two scans.
func withoutCodes(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unseen(r) || unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, s))
}

var slipPath = regexp.MustCompile(`/(?:t|tra-cuu|tra-cuu/[^/]+)/([0-9A-Za-z_-]{20,64})$`)

// slipToken finds the token in the address that our slips carry:
// …/t/TOKEN, …/tra-cuu/TOKEN or …/tra-cuu?t=TOKEN.
func slipToken(payload string) (string, bool) {
	u, err := url.Parse(payload)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", false
	}
	if m := slipPath.FindStringSubmatch(u.Path); m != nil {
		return m[1], true
	}
	token := u.Query().Get("t")
	return token, strings.HasSuffix(u.Path, "/tra-cuu") && slipPath.MatchString("/tra-cuu/"+token)
}

var webAddress = regexp.MustCompile(`(?i)^(https?://|www\.)`)

// notCard names other codes that people hold before the reader.
func notCard(payload string) string {
	switch {
	case payload == "":
		return "applicant.scan.empty"
	case strings.HasPrefix(payload, "000201"): // EMV, VietQR
		return "applicant.scan.payment"
	case webAddress.MatchString(payload):
		return "applicant.scan.address"
	case strings.Count(payload, "|") == 0:
		return "applicant.scan.other"
	}
	return ""
}

const cardDate = `[0-9]{8}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}`

// wholeCard finds a complete card wherever it begins, so that the rest of a
// broken scan before it does no harm.
var wholeCard = regexp.MustCompile(`([0-9]{12})\|([0-9]*)\|([^|\n]*)\|(` + cardDate + `)\|([^|\n]*)\|([^|\n]*)\|(` + cardDate + `)`)

// cardParts are the seven parts of the one card in the payload.
func cardParts(payload string) ([]string, error) {
	found := wholeCard.FindAllStringSubmatch(payload, -1)
	for _, card := range found {
		if card[1] != found[0][1] {
			return nil, invalid("applicant.scan.two")
		}
	}
	if len(found) > 0 {
		return found[0][1:], nil
	}
	lines := strings.Split(payload, "\n")
	parts := strings.Split(lines[len(lines)-1], "|")
	switch {
	case len(parts) < 7 && digits.MatchString(strings.TrimSpace(parts[0])):
		return nil, invalid("applicant.scan.part")
	case len(parts) < 7 || !cardLike(parts):
		return nil, invalid("applicant.scan.other")
	}
	return parts[:7], nil
}

var (
	digits = regexp.MustCompile(`^[0-9]{6,}$`)
	aDate  = regexp.MustCompile(`^(?:` + cardDate + `)$`)
)

// cardLike reports whether a faulty code still is a card's: a number in the
// first place or a date in one of the two places of dates.
func cardLike(parts []string) bool {
	return digits.MatchString(parts[0]) || aDate.MatchString(parts[3]) || aDate.MatchString(parts[6])
}

func readCard(parts []string) Scan {
	scan := Scan{Person: Person{Kind: Citizen, IDKind: CCCD, Source: FromQR, Checked: Checked{QR: true}}}
	p := &scan.Person
	scan.take("id_number", &p.IDNumber, parts[0], func(s string) (string, error) {
		id, err := ParseIDAs(CCCD, s)
		return id.Number, err
	})
	if old, err := ParseID(parts[1]); err == nil {
		p.OldNumber = old.Number
	}
	scan.take("name", &p.Name, parts[2], ungarbled(CleanName, "applicant.scan.name"))
	scan.take("born", &p.Born, parts[3], cardBorn)
	p.Sex = cardSex(parts[4])
	scan.take("address", &p.Address, parts[5], ungarbled(line(300), "applicant.scan.text"))
	scan.take("issued", &p.Issued, parts[6], parseDay)
	return scan
}

// take reads one part into its place, or reports that it must be typed.
func (s *Scan) take(name string, into *string, part string, parse func(string) (string, error)) {
	value, err := parse(part)
	if err == nil {
		*into = value
		return
	}
	p, _ := problem.As(err)
	s.Fields = append(s.Fields, problem.Field{Name: name, Key: p.Key, Args: p.Args})
}

// ungarbled refuses text in which a reader lost letters: it shows as ? or U+FFFD.
func ungarbled(parse func(string) (string, error), key string) func(string) (string, error) {
	return func(s string) (string, error) {
		if strings.ContainsAny(s, "?\uFFFD") {
			return "", invalid(key)
		}
		return parse(s)
	}
}

// cardBorn reads ddMMyyyy, dd/MM/yyyy, and 0000yyyy where only the year is known.
func cardBorn(s string) (string, error) {
	s = strings.TrimSpace(s)
	if y, ok := strings.CutPrefix(s, "0000"); ok && onlyYear.MatchString(y) {
		return y, nil
	}
	return ParseBorn(s)
}

func cardSex(s string) Sex {
	switch Fold(s) {
	case "nam":
		return Male
	case "nu", "n?", "n\uFFFD":
		return Female
	}
	return ""
}

// mojibake reports UTF-8 that was read as Latin-1 or Windows-1252: "Nguyá»…n".
func mojibake(s string) bool {
	raw := make([]byte, 0, len(s))
	for _, r := range s {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			if r > 0xFF {
				return false
			}
			b = byte(r)
		}
		raw = append(raw, b)
	}
	return utf8.Valid(raw) && len(raw) != utf8.RuneCount(raw)
}
