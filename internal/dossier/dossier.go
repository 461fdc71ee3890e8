// Package dossier is the life of a dossier (hồ sơ) at the one-stop desk: it is
// filed or received, checked, accepted with a date that the law computes,
// worked on step by step, concluded and handed over. Acts are values; the
// Register is the book that carries them out, one transaction each.
package dossier

import (
	"encoding/json"
	"slices"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/upload"
)

// State is where a dossier stands. National gives the ministry's number.
type State string

const (
	Filed       State = "filed"        // 1 mới đăng ký: online, not yet checked
	Accepted    State = "accepted"     // 2 được tiếp nhận
	NotAccepted State = "not_accepted" // 3 không được tiếp nhận
	Processing  State = "processing"   // 4 đang xử lý
	Supplement  State = "supplement"   // 5 yêu cầu bổ sung giấy tờ
	Payment     State = "payment"      // 6 yêu cầu thực hiện nghĩa vụ tài chính
	Withdrawn   State = "withdrawn"    // 7 công dân yêu cầu rút hồ sơ
	Stopped     State = "stopped"      // 8 dừng xử lý
	Concluded   State = "concluded"    // 9 đã xử lý xong
	Returned    State = "returned"     // 10 đã trả kết quả
)

// States lists every state in the order of the national numbers.
var States = []State{Filed, Accepted, NotAccepted, Processing, Supplement, Payment, Withdrawn, Stopped, Concluded, Returned}

// National is the number of the state in the national list of ten.
func (s State) National() int { return slices.Index(States, s) + 1 }

// Final reports whether no act leads out of the state.
func (s State) Final() bool {
	return s == NotAccepted || s == Withdrawn || s == Stopped || s == Returned
}

// Code is a dossier code (mã hồ sơ), opaque text: "000.00.20.H35-220518-0007".
type Code string

// KnownCode is a code that a dossier has had, ours or another system's.
type KnownCode struct {
	Code   Code      `json:"code"`
	Source string    `json:"source"` // "quay20", "portal", "ministry"
	At     time.Time `json:"at"`
}

// Dossier is one dossier, whole. It is stored as canonical JSON, whose hash
// every journal entry about it carries.
type Dossier struct {
	ID        string            `json:"id"`
	Code      Code              `json:"code,omitempty"` // "" until minted
	Codes     []KnownCode       `json:"codes,omitempty"`
	State     State             `json:"state"`
	Version   int64             `json:"version"` // acts so far; an update must match it
	Channel   string            `json:"channel"` // how it was filed: "counter", "online", "post"
	Procedure string            `json:"procedure"`
	LawFrom   pack.Date         `json:"law_from"` // the procedure version that holds for it
	Law       string            `json:"law"`      // version of the law in force at receipt
	Case      string            `json:"case"`     // "Thông thường"
	Request   string            `json:"request"`  // nội dung yêu cầu giải quyết
	Plate     string            `json:"plate,omitempty"`
	Filer     applicant.Person  `json:"filer"`               // người nộp
	Owner     *applicant.Person `json:"owner,omitempty"`     // chủ hồ sơ, when another person
	Authority string            `json:"authority,omitempty"` // the paper by which the filer acts for the owner
	Assisted  string            `json:"assisted,omitempty"`  // làm giúp: why an officer filled it in
	Lang      string            `json:"lang,omitempty"`
	Accounts  []string          `json:"accounts,omitempty"` // on whose page it is listed: "account/7K2M…", "organisation/…"
	Object    string            `json:"object,omitempty"`   // filed from home: what tells a person's dossiers of one procedure apart
	Declared  *Declared         `json:"declared,omitempty"` // filed from home: the form as it was filled in

	// Three places (nơi hỗ trợ, nơi tiếp nhận, cơ quan giải quyết).
	Desk      pack.UnitKey `json:"desk"`              // receives and returns
	Support   pack.UnitKey `json:"support,omitempty"` // helped to file
	Competent pack.UnitKey `json:"competent"`         // decides

	FiledAt    time.Time `json:"filed_at"`             // handed in or sent
	ReceivedAt time.Time `json:"received_at,omitzero"` // complete and valid: the clock starts
	AcceptedAt time.Time `json:"accepted_at,omitzero"`
	AcceptedBy string    `json:"accepted_by,omitempty"` // officer id

	Papers   []Paper `json:"papers"`
	Sets     int     `json:"sets"`
	ReturnBy string  `json:"return_by"` // "counter", "post", "electronic"
	ReturnTo string  `json:"return_to,omitempty"`
	Fee      Fee     `json:"fee"`

	Clock Clock `json:"clock"`

	Holder    pack.UnitKey   `json:"holder"` // the unit that has it now
	Step      int            `json:"step"`   // index into the version's process
	Assignee  string         `json:"assignee,omitempty"`
	HeldSince time.Time      `json:"held_since,omitzero"`
	Worked    []string       `json:"worked,omitempty"`  // persons (badge numbers) who did a processing step; they do not approve
	Through   []pack.UnitKey `json:"through,omitempty"` // units that have had it or were asked

	Supplements []SupplementRequest `json:"supplements,omitempty"`
	Obligations []Obligation        `json:"obligations,omitempty"`
	Consults    []Consult           `json:"consults,omitempty"`
	Proposal    *Proposal           `json:"proposal,omitempty"` // an apology waiting for its approver
	Apologies   []Apology           `json:"apologies,omitempty"`
	Refusal     *Refusal            `json:"refusal,omitempty"`
	Result      *Result             `json:"result,omitempty"`
	HandedOver  *HandedOver         `json:"handed_over,omitempty"`
	End         *End                `json:"end,omitempty"` // withdrawn or stopped
	Slips       []Slip              `json:"slips,omitempty"`
	Moves       []Move              `json:"moves,omitempty"`       // due dates moved by a notice
	Successions []Succession        `json:"successions,omitempty"` // passed on because units ended

	Reminded  time.Time `json:"reminded,omitzero"`    // the holder was last reminded
	LateSince time.Time `json:"late_since,omitzero"`  // the sweep found the due date passed
	CheckLate bool      `json:"check_late,omitempty"` // an online dossier was not answered in time
	TokenHash string    `json:"token_hash"`           // of the token in the slip's QR
	Salt      string    `json:"salt"`
}

// Clock is the dossier's law time: what was asked and what came out. The proof
// is recomputed from it, never stored.
type Clock struct {
	Start       time.Time   `json:"start,omitzero"` // effective start
	Due         time.Time   `json:"due,omitzero"`   // zero: no date is promised
	Provisional bool        `json:"provisional,omitempty"`
	Pauses      []Pause     `json:"pauses,omitempty"`
	Extension   *Extension  `json:"extension,omitempty"`
	Legs        []time.Time `json:"legs,omitempty"` // instants at which legs were finished
}

// Pause is a time in which the clock stands still; the last one may be open.
type Pause struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to,omitzero"` // zero: still open
	Kind     string    `json:"kind"`        // "supplement", "financial", "inter-agency"
	Document string    `json:"document"`    // "Phiếu yêu cầu bổ sung số 3/HDHS"
}

// Extension is the one extension a limit may have (gia hạn).
type Extension struct {
	Limit    lawtime.Limit `json:"limit"`
	Reason   string        `json:"reason"`
	Approver string        `json:"approver"`
	At       time.Time     `json:"at"`
	Law      string        `json:"law,omitempty"`
}

// Paper is one component of the dossier as handed in (thành phần hồ sơ).
type Paper struct {
	Name      string `json:"name"`
	Form      string `json:"form,omitempty"`
	Originals int    `json:"originals"`
	Copies    int    `json:"copies"`
	Mandatory bool   `json:"mandatory"`
	Present   bool   `json:"present"`
	Reused    bool   `json:"reused,omitempty"` // taken from a state database instead of asked
	Note      string `json:"note,omitempty"`

	Files []upload.File `json:"files,omitempty"` // sent online; the journal guards their hashes
}

// Fee is what was due at reception and whether it was paid (lệ phí).
type Fee struct {
	Amount  int64     `json:"amount"`
	Known   bool      `json:"known"`
	Case    string    `json:"case,omitempty"`
	Basis   string    `json:"basis,omitempty"` // "75/2022/TT-BTC"
	Kind    string    `json:"kind,omitempty"`  // "base", "reduction"
	Until   pack.Date `json:"until,omitempty"` // last day of the rule; the dossier keeps its fee after it
	Per     string    `json:"per,omitempty"`   // what the rule is for each of: "giấy"
	Count   int64     `json:"count,omitempty"` // how many of them
	Paid    bool      `json:"paid"`
	PaidAt  time.Time `json:"paid_at,omitzero"`
	Receipt string    `json:"receipt,omitempty"`
	Revoked []string  `json:"revoked,omitempty"` // receipts that two persons cancelled
}

// SupplementRequest asks once for everything that is missing (yêu cầu bổ sung).
type SupplementRequest struct {
	Stage    string    `json:"stage"` // "reception", "appraisal"
	Items    []Item    `json:"items"`
	Asked    time.Time `json:"asked"`
	By       string    `json:"by"`
	Until    time.Time `json:"until,omitzero"`    // after this the dossier is closed
	Supplied time.Time `json:"supplied,omitzero"` // zero: waiting

	Sent    time.Time  `json:"sent,omitzero"` // an answer from home waits to be looked at
	Answers []Answer   `json:"answers,omitempty"`
	Back    []SentBack `json:"back,omitempty"`
}

// Item is one paper that is missing or wrong, why, and what to do.
type Item struct {
	Paper  string `json:"paper"`
	Reason string `json:"reason"`
	Todo   string `json:"todo,omitempty"`
}

// Obligation is money asked during processing (nghĩa vụ tài chính).
type Obligation struct {
	Amount  int64     `json:"amount"`
	Why     string    `json:"why"`
	Basis   string    `json:"basis"`
	Asked   time.Time `json:"asked"`
	By      string    `json:"by"`
	Settled time.Time `json:"settled,omitzero"`
	Receipt string    `json:"receipt,omitempty"`
}

// Consult is a question to another unit; the clock goes on (lấy ý kiến).
type Consult struct {
	Unit     pack.UnitKey `json:"unit"`
	Question string       `json:"question"`
	Asked    time.Time    `json:"asked"`
	By       string       `json:"by"`
	Answer   string       `json:"answer,omitempty"`
	Answered time.Time    `json:"answered,omitzero"`
}

// Proposal is an apology that an officer puts before the approver.
type Proposal struct {
	Reason string    `json:"reason"`
	Unit   string    `json:"unit"` // which unit caused the delay
	NewDue time.Time `json:"new_due"`
	By     string    `json:"by"`
	Person string    `json:"person"` // behind By; the same one does not approve
	At     time.Time `json:"at"`
}

// Apology is a promise moved in the open (xin lỗi và hẹn lại): the legal due
// date stays, lateness is still counted against it.
type Apology struct {
	OldDue time.Time `json:"old_due"`
	NewDue time.Time `json:"new_due"`
	Reason string    `json:"reason"`
	Unit   string    `json:"unit"`
	By     string    `json:"by"` // approver
	At     time.Time `json:"at"`
	InTime bool      `json:"in_time"` // before the old due date passed
}

// Refusal says why a dossier was not accepted (từ chối tiếp nhận).
type Refusal struct {
	Reasons []string  `json:"reasons"`
	Next    string    `json:"next,omitempty"` // what the citizen can do
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Result is the outcome of an accepted dossier.
type Result struct {
	Outcome    string    `json:"outcome"` // "granted", "refused"
	Kind       string    `json:"kind"`    // "Thông báo kết quả"
	Number     string    `json:"number,omitempty"`
	Reasons    []string  `json:"reasons,omitempty"` // when refused
	Electronic bool      `json:"electronic,omitempty"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
}

// HandedOver is the proof that the result reached a person.
type HandedOver struct {
	To        string    `json:"to"`
	IDNumber  string    `json:"id_number,omitempty"`
	Authority string    `json:"authority,omitempty"` // when not the filer
	Channel   string    `json:"channel"`             // "counter", "post", "electronic"
	By        string    `json:"by"`
	At        time.Time `json:"at"`
}

// End is how a dossier ended without a result.
type End struct {
	AskedBy string    `json:"asked_by"` // "citizen", "authority", "deadline"
	Reason  string    `json:"reason"`
	Stage   string    `json:"stage"`
	Money   string    `json:"money,omitempty"` // what happens to money already paid
	By      string    `json:"by,omitempty"`
	At      time.Time `json:"at"`
}

// Slip is one paper that was issued; its facts are kept beside the dossier.
type Slip struct {
	Kind   string    `json:"kind"`   // "receipt", "supplement", …
	Number string    `json:"number"` // "12/HDHS"; of its own series
	At     time.Time `json:"at"`
	Hash   string    `json:"hash"`             // of its facts
	Voided string    `json:"voided,omitempty"` // number of the slip that replaces it
}

// Move is a due date that a notice moved.
type Move struct {
	Notice string    `json:"notice"`
	Old    time.Time `json:"old"`
	New    time.Time `json:"new"`
	At     time.Time `json:"at"`
}

// Succession is the passing of a dossier to who took over from a unit that ended
// (bàn giao do sắp xếp tổ chức). Code, papers and dates stay as they are.
type Succession struct {
	At       time.Time `json:"at"`
	Why      string    `json:"why"` // "Sắp xếp 106 xã, phường, thị trấn của tỉnh thành 38 xã, phường"
	Law      string    `json:"law,omitempty"`
	Passages []Passage `json:"passages"`
}

// Passage is one part that went from a unit to another.
type Passage struct {
	Part string       `json:"part"` // "desk", "competent", "holder", "consult"
	From pack.UnitKey `json:"from"`
	To   pack.UnitKey `json:"to"`
}

// Passed is the passage of a part; false if it stayed.
func (s Succession) Passed(part string) (Passage, bool) {
	i := slices.IndexFunc(s.Passages, func(p Passage) bool { return p.Part == part })
	if i < 0 {
		return Passage{}, false
	}
	return s.Passages[i], true
}

// DeskAt is the desk at which the dossier lay at an instant. What the law
// counted there, such as the time of receipt, goes on being counted there.
func (d *Dossier) DeskAt(at time.Time) pack.UnitKey {
	for _, s := range d.Successions {
		if p, ok := s.Passed("desk"); ok && at.Before(s.At) {
			return p.From
		}
	}
	return d.Desk
}

// Subject is the dossier's name in the journal.
func (d *Dossier) Subject() string { return "dossier/" + d.ID }

// body is the canonical JSON of the dossier.
func (d *Dossier) body() string {
	b, err := json.Marshal(d)
	if err != nil {
		panic("dossier cannot be written as JSON: " + err.Error())
	}
	return string(b)
}

// Paused reports whether the clock stands still now.
func (d *Dossier) Paused() bool {
	n := len(d.Clock.Pauses)
	return n > 0 && d.Clock.Pauses[n-1].To.IsZero()
}

// Running reports whether the law counts time against the dossier now.
func (d *Dossier) Running() bool {
	return (d.State == Accepted || d.State == Processing) && !d.Paused() && !d.Clock.Start.IsZero()
}

// Open reports whether the dossier still needs work or a hand-over.
func (d *Dossier) Open() bool { return !d.State.Final() }

// Promise is the date the citizen was last given: the due date, or the date of
// the latest apology.
func (d *Dossier) Promise() time.Time {
	if n := len(d.Apologies); n > 0 && d.Apologies[n-1].NewDue.After(d.Clock.Due) {
		return d.Apologies[n-1].NewDue
	}
	return d.Clock.Due
}

// Person is whose dossier it is: the owner, or the filer.
func (d *Dossier) Person() applicant.Person {
	if d.Owner != nil {
		return *d.Owner
	}
	return d.Filer
}

// Grade says early, on time or late, by date; an open dossier is graded as of at.
func (d *Dossier) Grade(at time.Time) string {
	if d.Result != nil {
		at = d.Result.At
	}
	return lawtime.Grade(d.Clock.Due, at)
}

// Waiting is the supplement request that is not yet answered, or nil.
func (d *Dossier) Waiting() *SupplementRequest {
	for i := range d.Supplements {
		if d.Supplements[i].Supplied.IsZero() {
			return &d.Supplements[i]
		}
	}
	return nil
}

// Unsettled is the obligation that is not yet paid, or nil.
func (d *Dossier) Unsettled() *Obligation {
	for i := range d.Obligations {
		if d.Obligations[i].Settled.IsZero() {
			return &d.Obligations[i]
		}
	}
	return nil
}

// Asked is the consultation that is not yet answered, or nil.
func (d *Dossier) Asked() *Consult {
	for i := range d.Consults {
		if d.Consults[i].Answered.IsZero() {
			return &d.Consults[i]
		}
	}
	return nil
}

// Units are all units that have a part in the dossier; who serves in one of
// them may see it.
func (d *Dossier) Units() []pack.UnitKey {
	var units []pack.UnitKey
	for _, u := range append([]pack.UnitKey{d.Desk, d.Support, d.Competent, d.Holder}, d.Through...) {
		if u != "" && !slices.Contains(units, u) {
			units = append(units, u)
		}
	}
	return units
}

// pass hands the dossier to a unit.
func (d *Dossier) pass(to pack.UnitKey, at time.Time) {
	if to != d.Holder {
		d.through(to)
		d.Assignee = ""
	}
	d.Holder, d.HeldSince = to, at
}

// through notes that a unit has had the dossier or was asked.
func (d *Dossier) through(unit pack.UnitKey) {
	if !slices.Contains(d.Through, unit) {
		d.Through = append(d.Through, unit)
	}
}

// pause stops the clock.
func (d *Dossier) pause(kind, document string, at time.Time) {
	d.Clock.Pauses = append(d.Clock.Pauses, Pause{From: at, Kind: kind, Document: document})
}

// resume lets the clock go on. A pause that would be empty leaves no trace.
func (d *Dossier) resume(at time.Time) {
	n := len(d.Clock.Pauses)
	if n == 0 || !d.Clock.Pauses[n-1].To.IsZero() {
		return
	}
	if !at.After(d.Clock.Pauses[n-1].From) {
		d.Clock.Pauses = d.Clock.Pauses[:n-1]
		return
	}
	d.Clock.Pauses[n-1].To = at
}
