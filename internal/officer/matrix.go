package officer

import (
	"slices"

	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// Permission is one thing that a role may or may not do: an act by its name in
// the journal, or a page.
type Permission string

const (
	Receive           Permission = "receive"
	Accept            Permission = "accept"
	Refuse            Permission = "refuse"
	RequestSupplement Permission = "request_supplement"
	Supply            Permission = "supply"
	Assign            Permission = "assign"
	Advance           Permission = "advance"
	ReturnStep        Permission = "return_step"
	Consult           Permission = "consult"
	Transfer          Permission = "transfer"
	Pause             Permission = "pause"
	Resume            Permission = "resume"
	DemandPayment     Permission = "demand_payment"
	SettlePayment     Permission = "settle_payment"
	Extend            Permission = "extend"
	ProposeApology    Permission = "propose_apology"
	Apologise         Permission = "apologise"
	Conclude          Permission = "conclude"
	HandOver          Permission = "hand_over"
	Withdraw          Permission = "withdraw"
	Stop              Permission = "stop"
	Correct           Permission = "correct"
	Remind            Permission = "remind"
	Search            Permission = "search"
	View              Permission = "view"
	Worklist          Permission = "worklist"
	Register          Permission = "register"
	Late              Permission = "late"
	TakeDesk          Permission = "take_desk"
	Cash              Permission = "cash"
	CancelReceipt     Permission = "cancel_receipt"
	ApproveCancel     Permission = "approve_cancel"
	Reconcile         Permission = "reconcile"
	ApproveRefund     Permission = "approve_refund"
	Journal           Permission = "journal"
	SeeOfficers       Permission = "see_officers"
	Officers          Permission = "officers"
	Units             Permission = "units"
	Templates         Permission = "templates"
	Law               Permission = "law"
	Procedures        Permission = "procedures"
	Draft             Permission = "draft"
	ApproveDraft      Permission = "approve_draft"
	Publish           Permission = "publish"
	Health            Permission = "health"
)

// Matrix says which roles may do what (rel-K59). What is not in it nobody may
// do. Receptionists meet the people, processors work on the dossier, approvers
// and leaders sign; inspectors read only. Administrators keep accounts and the
// house and see no dossier.
var Matrix = map[Permission][]Role{
	Receive:           {Receptionist},
	Accept:            {Receptionist},
	Refuse:            {Receptionist},
	RequestSupplement: {Receptionist, Processor},
	Supply:            {Receptionist},
	Assign:            {Processor, Approver, Leader},
	Advance:           {Receptionist, Processor, Approver},
	ReturnStep:        {Processor, Approver, Leader},
	Consult:           {Processor, Approver},
	Transfer:          {Receptionist, Processor, Approver, Leader},
	Pause:             {Processor, Approver},
	Resume:            {Receptionist, Processor, Approver},
	DemandPayment:     {Processor, Approver},
	SettlePayment:     {Receptionist, Cashier},
	Extend:            {Approver, Leader},
	ProposeApology:    {Processor, Approver},
	Apologise:         {Approver, Leader},
	Conclude:          {Processor, Approver, Leader},
	HandOver:          {Receptionist},
	Withdraw:          {Receptionist},
	Stop:              {Approver, Leader},
	Correct:           {Receptionist},
	Remind:            {Approver, Leader},
	Search:            {Receptionist, Processor, Approver, Cashier, Inspector, Leader},
	View:              {Receptionist, Processor, Approver, Cashier, Inspector, Leader},
	Worklist:          {Receptionist, Processor, Approver, Cashier, Inspector, Leader},
	Register:          {Receptionist, Approver, Inspector, Leader},
	Late:              {Approver, Inspector, Leader},
	TakeDesk:          {Receptionist, Processor, Approver, Cashier},
	Cash:              {Receptionist, Cashier},
	CancelReceipt:     {Receptionist, Cashier},
	ApproveCancel:     {Approver, Cashier, Leader},
	Reconcile:         {Cashier},
	ApproveRefund:     {Approver, Cashier, Leader},
	Journal:           {Administrator, Inspector, Leader},
	SeeOfficers:       {Administrator, Inspector, Leader},
	Officers:          {Administrator},
	Units:             {ProcedureControl, Administrator},
	Templates:         {ProcedureControl, Administrator},
	Law:               {ProcedureControl, Administrator},
	Procedures:        {ProcedureControl, Inspector, Leader},
	Draft:             {ProcedureControl},
	ApproveDraft:      {ProcedureControl, Leader},
	Publish:           {ProcedureControl},
	Health:            {Administrator, Leader},
}

// Bounds says where a role may do less than the matrix tells; the act itself
// enforces it.
var Bounds = map[Permission]map[Role]text.Key{
	Assign:   {Processor: "officer.bound.own"},
	Conclude: {Processor: "officer.bound.approved"},
}

// Permissions lists every permission in the order of docs/access.md: the life
// of a dossier first, then pages, money and the house.
var Permissions = []Permission{
	Receive, Accept, Refuse, RequestSupplement, Supply, Assign, Advance, ReturnStep,
	Consult, Transfer, Pause, Resume, DemandPayment, SettlePayment, Extend,
	ProposeApology, Apologise, Conclude, HandOver, Withdraw, Stop, Correct, Remind,
	Search, View, Worklist, Register, Late,
	TakeDesk, Cash, CancelReceipt, ApproveCancel, Reconcile, ApproveRefund,
	Journal, SeeOfficers, Officers, Units, Templates, Law,
	Procedures, Draft, ApproveDraft, Publish, Health,
}

// RolesWithSecondFactor are the roles of those who sign, hold money or keep the
// house. Until such an officer has enrolled a second factor, they can do
// nothing else (rel-K43). Leaders sign, so they are among them.
var RolesWithSecondFactor = map[Role]bool{
	Approver: true, Cashier: true, ProcedureControl: true, Administrator: true, Leader: true,
}

// RolesWithSecondPerson are the roles whose grants wait for a second
// administrator (rel-T27).
var RolesWithSecondPerson = map[Role]bool{Administrator: true}

// FreshProof are the permissions for which an officer proves themselves again
// first, unless they did so in the last ten minutes (rel-K58).
var FreshProof = map[Permission]bool{
	Conclude: true, ApproveCancel: true, ApproveRefund: true, Officers: true, Law: true,
	ApproveDraft: true, Publish: true,
}

// Can reports whether the role of this capacity may do p. The program may do
// everything; the console what administrators may.
func (by By) Can(p Permission) bool {
	switch by.Role {
	case system:
		return true
	case console:
		return slices.Contains(Matrix[p], Administrator)
	}
	return slices.Contains(Matrix[p], by.Role)
}

// Require refuses what the role may not do, and what lies outside its scope as
// if it did not exist.
func (by By) Require(p Permission, unit pack.UnitKey) error {
	if !by.Can(p) {
		return problem.New(problem.Forbidden, "officer.err.not-allowed", "act", text.Key("officer.can."+string(p)))
	}
	if !by.Sees(unit) {
		return problem.New(problem.NotFound, "err.not-found")
	}
	return nil
}

// Fresh refuses an act that needs a fresh proof when there is none.
func (by By) Fresh(p Permission) error {
	if FreshProof[p] && !by.Elevated && by.Role != system {
		return problem.New(problem.Forbidden, "officer.err.prove-again")
	}
	return nil
}

// Word is the role's name as a text key.
func (r Role) Word() text.Key { return text.Key("officer.role." + string(r)) }

// May lists in words what a role may do, for the page "Người dùng và vai trò".
func (r Role) May() []text.Key {
	var words []text.Key
	for _, p := range Permissions {
		if slices.Contains(Matrix[p], r) {
			words = append(words, text.Key("officer.can."+string(p)))
		}
	}
	return words
}
