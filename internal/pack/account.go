package pack

import (
	"fmt"
	"regexp"
)

// Account is where a unit's fees are paid by transfer (tài khoản thu phí, lệ
// phí), in a period. A unit without one of its own has that of the unit above.
type Account struct {
	Unit     UnitKey
	Bank     string // "Kho bạc Nhà nước", in words
	BIN      string `yaml:"bin"` // "970999", six digits: the bank in a VietQR
	Number   string // account number, as banks write it
	Holder   string // "CONG AN TINH LAI CHAU", as banks show it
	Prefix   string // "LC": opens the references of its demands
	Days     int    // how long a demand may be paid
	Invented bool   // no money can go there
	Span
	Source string
	Note   string
}

// Account is where fees of the unit are paid on the day; false if only cash is
// taken.
func (p *Pack) Account(unit UnitKey, on Date) (Account, bool) {
	for range maxDepth {
		for _, a := range p.all.Accounts {
			if a.Unit == unit && a.Holds(on) {
				return a, true
			}
		}
		above, ok := p.Parent(unit, on)
		if !ok {
			break
		}
		unit = above.Key
	}
	return Account{}, false
}

// maxDepth is more than units lie one below another.
const maxDepth = 8

// AccountNumbered is the account of a bank that has the number on the day.
func (p *Pack) AccountNumbered(bin, number string, on Date) (Account, bool) {
	for _, a := range p.all.Accounts {
		if a.BIN == bin && a.Number == number && a.Holds(on) {
			return a, true
		}
	}
	return Account{}, false
}

// Accounts are the accounts of the day.
func (p *Pack) Accounts(on Date) []Account {
	var list []Account
	for _, a := range p.all.Accounts {
		if a.Holds(on) {
			list = append(list, a)
		}
	}
	return list
}

func (r *reader) readAccounts(name string) {
	var in struct{ Accounts []Account }
	r.decode(name, &in)
	for i, a := range in.Accounts {
		r.mark(accountName(a), name, fmt.Sprintf("accounts[%d]", i))
		r.all.Accounts = append(r.all.Accounts, a)
	}
}

func accountName(a Account) string { return "account " + string(a.Unit) + "@" + a.From }

// The shapes that a VietQR and a bank's message can carry.
var (
	binShape    = regexp.MustCompile(`^[0-9]{6}$`)
	numberShape = regexp.MustCompile(`^[0-9A-Z]{4,19}$`)
	holderShape = regexp.MustCompile(`^[0-9A-Z][0-9A-Z .-]{0,69}$`)
	prefixShape = regexp.MustCompile(`^[A-Z]{2}$`)
)

func (r *reader) checkAccounts() {
	for i, a := range r.all.Accounts {
		s := r.on("%s", accountName(a))
		s.span(a.Span)
		s.need("from", a.From)
		s.need("bank", a.Bank)
		for _, f := range []struct {
			key, value string
			shape      *regexp.Regexp
			example    string
		}{
			{"bin", a.BIN, binShape, "'970999'"}, {"number", a.Number, numberShape, "'1990000020'"},
			{"holder", a.Holder, holderShape, "CONG AN TINH LAI CHAU"}, {"prefix", a.Prefix, prefixShape, "LC"},
		} {
			if !f.shape.MatchString(f.value) {
				s.at("%s", f.key).fault("pack.fault.value", "pack.fix.value", "key", f.key, "value", f.value, "example", f.example)
			}
		}
		if a.Days < 1 {
			s.at("days").fault("pack.fault.value", "pack.fix.value", "key", "days", "value", a.Days, "example", "30")
		}
		if r.pack.keys[a.Unit] == nil {
			s.at("unit").fault("pack.fault.unit", "pack.fix.unit", "unit", a.Unit)
		}
		for _, other := range r.all.Accounts[:i] {
			if (other.Unit == a.Unit || other.BIN == a.BIN && other.Number == a.Number) && overlap(other.Span, a.Span) {
				s.fault("pack.fault.overlap", "pack.fix.overlap", "from", a.From, "to", other.To)
			}
		}
	}
}
