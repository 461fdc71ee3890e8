// Package officer is the roll of those who serve (cán bộ): who they are, in
// what role (vai trò) and for which units, at which desk they sit, and how they
// prove it: sign-in, sessions and second factor.
//
// Nobody acts in their own name alone. Every act of quay20 is done by a By: an
// officer in one capacity. What a role may do is the table Matrix, published as
// docs/access.md.
package officer

import (
	"time"

	"quay20/internal/pack"
	"quay20/internal/problem"
)

// Role is what an officer does for the people who come (vai trò).
type Role string

const (
	Receptionist     Role = "receptionist"      // cán bộ tiếp nhận và trả kết quả
	Processor        Role = "processor"         // cán bộ thụ lý
	Approver         Role = "approver"          // chỉ huy đội, đơn vị: người duyệt
	Cashier          Role = "cashier"           // cán bộ thu phí
	ProcedureControl Role = "procedure_control" // cán bộ kiểm soát thủ tục
	Administrator    Role = "administrator"     // quản trị
	Inspector        Role = "inspector"         // thanh tra
	Leader           Role = "leader"            // lãnh đạo
)

// Roles lists every role an officer may be granted, in the order of the page
// "Người dùng và vai trò".
var Roles = []Role{Receptionist, Processor, Approver, Cashier, ProcedureControl, Administrator, Inspector, Leader}

// Capacities that nobody is granted.
const (
	system  Role = "system"
	console Role = "console"
	self    Role = "self" // an officer at their own account: sign-in, password, second factor
)

// StepRoles turns the role of a step in the law data into the role that signs
// in. A step of the role "external" is another agency's and has none.
var StepRoles = map[string]Role{
	"reception_officer": Receptionist, "return_officer": Receptionist, "receptionist": Receptionist,
	"case_officer": Processor, "area_officer": Processor, "processor": Processor,
	"team_lead": Approver, "unit_lead": Approver, "approver": Approver,
}

// GrantState says how far a grant has come.
type GrantState string

const (
	Proposed GrantState = "proposed" // waits for a second administrator
	InForce  GrantState = "in_force"
	Declined GrantState = "declined"
	Revoked  GrantState = "revoked"
)

// Grant gives an officer a role for a unit and the units below it, for a time
// (phân công, ủy quyền). A replacement during illness or leave is a grant with
// a To.
type Grant struct {
	ID         string // "PC-0007"
	Role       Role
	Unit       pack.UnitKey // root of the scope: this unit and its children as of the day
	From, To   pack.Date    // To "" is until further notice
	Reason     string       // "Thay đồng chí Lò Văn Pâng nghỉ phép"
	State      GrantState
	ProposedBy string // officer ID

	Former pack.UnitKey `json:",omitempty"` // the unit that ended, if the grant came with its heir
}

// Holds reports whether the grant gives its role on the day.
func (g Grant) Holds(on pack.Date) bool {
	return g.State == InForce && pack.Span{From: g.From, To: g.To}.Holds(on)
}

// Officer is one account on the roll.
type Officer struct {
	ID      string       // "CB-0012"
	Login   string       // "minh.q20"
	Person  string       // "124-356", badge number (số hiệu): the same on every account of one person
	Name    string       // "Lò Thị Minh"
	Title   string       // "Thượng úy"
	Unit    pack.UnitKey // where the officer serves
	Grants  []Grant      // proposed and in force
	Active  bool
	TOTP    bool // has a second factor
	Created time.Time
	Version int64
}

// needsFactor reports whether one of the officer's roles on the day asks for a
// second factor.
func (o Officer) needsFactor(on pack.Date) bool {
	for _, g := range o.Grants {
		if g.Holds(on) && RolesWithSecondFactor[g.Role] {
			return true
		}
	}
	return false
}

// SamePerson reports whether two accounts belong to one person.
func (o Officer) SamePerson(other Officer) bool {
	return o.ID == other.ID || o.Person != "" && o.Person == other.Person
}

// By is an officer acting now: who, in what capacity, at which desk.
type By struct {
	Officer  Officer
	Role     Role
	Unit     pack.UnitKey               // the grant's root
	Desk     string                     // unit code of the desk taken, or ""
	Units    map[pack.UnitKey]bool      // the scope as of now
	Past     map[pack.UnitKey]pack.Date // ended units whose papers the scope keeps, with their last days
	Elevated bool                       // proved themselves again in the last ten minutes

	below func(root pack.UnitKey, on pack.Date) scope
}

// System is the program acting by itself: sweeps and recomputes.
func System() By { return By{Role: system} }

// Console is the operator at the machine, for the command line. The operator
// counts as a person of their own when two are needed.
func Console() By {
	return By{Officer: Officer{ID: "console", Person: "console", Active: true}, Role: console, Elevated: true}
}

// Capacity names the role and the unit for the journal: "receptionist@12-Q20".
func (by By) Capacity() string {
	if by.Unit == "" {
		return string(by.Role)
	}
	return string(by.Role) + "@" + codeOf(by.Unit)
}

// May reports whether the officer holds the role for the unit on the day, in
// whatever capacity they act now.
func (by By) May(role Role, unit pack.UnitKey, on pack.Date) bool {
	for _, g := range by.Officer.Grants {
		if g.Role != role || !g.Holds(on) {
			continue
		}
		if g.Unit == unit || by.below != nil && by.below(g.Unit, on).units[unit] {
			return true
		}
	}
	return false
}

// SamePerson reports whether two actors are one person, whatever the account.
func (by By) SamePerson(other By) bool { return by.Officer.SamePerson(other.Officer) }

// Other refuses an act that needs a second person when first and by are one
// person (rel-I-J8).
func (by By) Other(first Officer) error {
	if by.Officer.SamePerson(first) {
		return problem.New(problem.Forbidden, "officer.err.second-person")
	}
	return nil
}
