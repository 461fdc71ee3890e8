// Package applicant knows who files: citizens, organisations and household
// businesses (người nộp hồ sơ). It reads what they type or what the card's QR
// says, tells what is wrong with it, all at once, and makes the keys by which
// people are found and sorted.
//
// It keeps the citizens' accounts (Accounts) and the organisations that several
// of them act for (Organisations). An account is optional: nothing at the desk
// asks for one, and a dossier keeps its own copy of the person's facts.
package applicant

import (
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// Kind says what sort of person files (đối tượng).
type Kind string

const (
	Citizen      Kind = "citizen"            // công dân
	Organisation Kind = "organisation"       // tổ chức, doanh nghiệp
	Household    Kind = "household_business" // hộ kinh doanh
)

// Sex as written on papers; "" is not stated.
type Sex string

const (
	Male   Sex = "male"   // Nam
	Female Sex = "female" // Nữ
)

// IDKind is the kind of identity paper (giấy tờ tuỳ thân).
type IDKind string

const (
	CCCD     IDKind = "cccd"     // thẻ căn cước, căn cước công dân: the 12-digit personal number
	CMND     IDKind = "cmnd"     // chứng minh nhân dân, 9 digits
	Passport IDKind = "passport" // hộ chiếu
	NoPaper  IDKind = "none"     // no paper at hand
)

// Source says how the facts came in.
type Source string

const (
	FromQR Source = "qr"
	Typed  Source = "typed"
)

// Checked holds four different facts about how the person was known. The QR
// is not signed: it fills the form, it proves nothing.
type Checked struct {
	QR       bool `json:"qr,omitempty"`       // khai báo bằng QR
	Compared bool `json:"compared,omitempty"` // đã đối chiếu thẻ: face and card compared by the officer
	Chip     bool `json:"chip,omitempty"`     // đã xác thực chip
	EID      bool `json:"eid,omitempty"`      // đã xác thực bằng định danh điện tử: number, name and birth are the provider's
}

// Person is who files or whose dossier it is (người nộp hồ sơ, chủ hồ sơ). For
// an organisation Name is the organisation's, and the identity paper, birth
// and sex are those of Representative.
type Person struct {
	Kind           Kind      `json:"kind"`
	Name           string    `json:"name"`                     // "Lò Thị Phương"; one field, one-word names are names
	Born           string    `json:"born,omitempty"`           // "1990-03-07", or "1990" when only the year is known
	Sex            Sex       `json:"sex,omitempty"`            //
	IDKind         IDKind    `json:"id_kind,omitempty"`        //
	IDNumber       string    `json:"id_number,omitempty"`      // "012190001234"
	OldNumber      string    `json:"old_number,omitempty"`     // the CMND before the card, "045123456"
	Issued         pack.Date `json:"issued,omitempty"`         // "2021-05-12"
	Address        string    `json:"address,omitempty"`        // "Tổ 5, Phường Đoàn Kết, Lai Châu"
	Village        string    `json:"village,omitempty"`        // tổ dân phố, bản, thôn: "Bản Nà Đon"
	Phone          string    `json:"phone,omitempty"`          // E.164, "+84912345678"
	Email          string    `json:"email,omitempty"`          //
	Language       string    `json:"language,omitempty"`       // spoken language, "vi", "hmn"
	TaxCode        string    `json:"tax_code,omitempty"`       // "6200012345" or "6200012345-001"
	Representative string    `json:"representative,omitempty"` // "Giàng A Páo"
	Source         Source    `json:"source,omitempty"`         //
	Checked        Checked   `json:"checked,omitzero"`         //
}

// Check finds everything that is wrong with the person on a day. fields block
// (lỗi), warnings do not (cảnh báo): an officer who has the card in hand knows
// better than a digit rule. Values that can be read are put into their one
// written form ("0912 345 678" becomes "+84912345678"); the others stay as
// typed, so that the form shows them again. Field names are the JSON names
// behind prefix.
func (p *Person) Check(prefix string, on pack.Date) (fields, warnings []problem.Field) {
	c := checking{person: p, prefix: prefix, on: on}
	c.who()
	c.birth()
	c.identity()
	c.papers()
	c.contact()
	return c.fields, c.warnings
}

// checking gathers the findings of one Check, in form order.
type checking struct {
	person           *Person
	prefix           string
	on               pack.Date
	born             string // the birth date, once it is a possible one
	fields, warnings []problem.Field
}

// read replaces a value by its one written form, or reports it. It says
// whether the value is now a good one.
func (c *checking) read(name string, value *string, parse func(string) (string, error)) bool {
	if blank(*value) {
		*value = ""
		return false
	}
	good, err := parse(*value)
	if err != nil {
		c.fail(name, err)
		return false
	}
	*value = good
	return true
}

func (c *checking) fail(name string, err error) {
	p, _ := problem.As(err)
	c.fields = append(c.fields, problem.Field{Name: c.prefix + name, Key: p.Key, Args: p.Args})
}

func (c *checking) block(name, key string, args ...any) {
	c.fields = append(c.fields, problem.Field{Name: c.prefix + name, Key: key, Args: args})
}

func (c *checking) warn(name, key string, args ...any) {
	c.warnings = append(c.warnings, problem.Field{Name: c.prefix + name, Key: key, Args: args})
}

// require is read for a value that may not be empty.
func (c *checking) require(name, missing string, value *string, parse func(string) (string, error)) {
	if blank(*value) {
		c.block(name, missing)
		return
	}
	c.read(name, value, parse)
}

func (c *checking) who() {
	p := c.person
	switch p.Kind {
	case Citizen:
		c.require("name", "applicant.err.name-empty", &p.Name, CleanName)
	case Organisation, Household:
		c.require("name", "applicant.err.organisation-empty", &p.Name, line(200))
		c.read("tax_code", &p.TaxCode, ParseTaxCode)
		c.require("representative", "applicant.err.representative-empty", &p.Representative, CleanName)
	default:
		c.block("kind", "applicant.err.kind")
	}
}

func (c *checking) birth() {
	p := c.person
	if p.Sex != "" && p.Sex != Male && p.Sex != Female {
		c.block("sex", "applicant.err.sex")
	}
	if !c.read("born", &p.Born, ParseBorn) {
		return
	}
	switch {
	case p.Born > c.on[:min(len(p.Born), len(c.on))]:
		c.block("born", "applicant.err.born-future")
	case year(p.Born) < year(c.on)-oldest:
		c.block("born", "applicant.err.born-early", "year", year(c.on)-oldest)
	default:
		c.born = p.Born
	}
}

// oldest is the greatest age that is taken for no typing slip.
const oldest = 130

func (c *checking) identity() {
	p := c.person
	if blank(p.IDNumber) {
		p.IDNumber = ""
		c.noNumber()
		return
	}
	id, err := ParseIDAs(p.IDKind, p.IDNumber)
	if err != nil {
		c.fail("id_number", err)
		return
	}
	p.IDKind, p.IDNumber = id.Kind, id.Number
	if id.Kind == CCCD {
		c.personalNumber()
	}
}

func (c *checking) noNumber() {
	p := c.person
	switch p.IDKind {
	case NoPaper:
		c.warn("id_number", "applicant.warn.no-paper")
	case "":
		if p.Kind == Citizen {
			c.block("id_number", "applicant.err.id-empty")
		}
	case CCCD, CMND, Passport:
		c.block("id_number", "applicant.err.id-empty")
	default:
		c.block("id_kind", "applicant.err.id-kind")
	}
}

// personalNumber compares the digits of the number with birth and sex. Only
// what cannot be on any day is an error: a child's sex or an old record may
// differ from the number.
func (c *checking) personalNumber() {
	p, number := c.person, ReadPersonal(c.person.IDNumber)
	switch {
	case number.Year > year(c.on):
		c.block("id_number", "applicant.err.id-century", "digits", p.IDNumber[3:6], "year", number.Year)
		return
	case !number.KnownProvince():
		c.warn("id_number", "applicant.warn.id-province", "digits", number.Province)
	}
	if y := year(c.born); y != 0 && y != number.Year {
		c.warn("id_number", "applicant.warn.id-born", "digits", p.IDNumber[3:6], "year", number.Year)
	}
	if (p.Sex == Male || p.Sex == Female) && p.Sex != number.Sex {
		c.warn("id_number", "applicant.warn.id-sex", "digit", p.IDNumber[3:4])
	}
}

func (c *checking) papers() {
	p := c.person
	c.read("old_number", &p.OldNumber, func(s string) (string, error) {
		id, err := ParseID(s)
		return id.Number, err
	})
	if p.IDKind == CMND && c.on > lastCMND {
		c.warn("id_number", "applicant.warn.cmnd-ended", "date", FormatBorn(lastCMND))
	}
	if !c.read("issued", &p.Issued, parseDay) {
		return
	}
	ends := cardEnds(c.born, p.Issued)
	switch {
	case p.Issued > c.on:
		c.block("issued", "applicant.err.issued-future")
	case p.Issued < c.born:
		c.block("issued", "applicant.err.issued-early")
	case p.IDKind == CCCD && ends != "" && ends <= c.on:
		c.warn("issued", "applicant.warn.card-ended", "date", FormatBorn(ends))
	}
}

func (c *checking) contact() {
	p := c.person
	c.read("address", &p.Address, line(300))
	c.read("village", &p.Village, line(200))
	if c.read("phone", &p.Phone, func(s string) (string, error) {
		phone, note, err := readPhone(s)
		if note != "" {
			c.warn("phone", note, "phone", FormatPhone(phone))
		}
		return phone, err
	}) && PhoneKindOf(p.Phone) == Foreign {
		c.warn("phone", "applicant.warn.phone-foreign")
	}
	c.read("email", &p.Email, ParseEmail)
	c.read("language", &p.Language, parseLanguage)
}
