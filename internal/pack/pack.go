// Package pack is law and organisation as dated data: procedures, limits,
// fees, competence, calendars, units and slips, asked "as of" a day. Code never
// asks what year it is; it asks the pack. The YAML format is in packs/FORMAT.md.
package pack

import (
	"time"

	"quay20/internal/lawtime"
)

// Date is a calendar day in Viet Nam, "2026-05-08"; dates compare as strings.
// "" means open: since always as a From, until further notice as a To. A To is
// inclusive.
type Date = string

// Zone is Asia/Ho_Chi_Minh, in which all law time is counted.
var Zone = time.FixedZone("+07", 7*60*60)

// On is the day in Viet Nam on which t falls.
func On(t time.Time) Date { return t.In(Zone).Format(time.DateOnly) }

// Span is the time in which a rule is in force.
type Span struct {
	From Date `json:"from,omitempty"`
	To   Date `json:"to,omitempty"` // inclusive
}

// Holds reports whether the span holds the day.
func (s Span) Holds(on Date) bool {
	return s.From <= on && (s.To == "" || on <= s.To)
}

// Level is a tier of the police (cấp).
type Level string

const (
	Province   Level = "province"
	Department Level = "department" // phòng of the province
	Counter    Level = "counter"    // quầy
	District   Level = "district"   // until 2025-02-28
	Commune    Level = "commune"
)

// UnitKey names a unit for ever: code and the day it began, because codes are
// reused. "03388@2025-07-01" is Phường Đoàn Kết, "03388@2022-01-01" was Quyết Tiến.
type UnitKey string

// Unit is a police unit or counter (đơn vị). A unit that receives dossiers has
// a Desk.
type Unit struct {
	Key      UnitKey `yaml:"-"` // code and first day
	Code     string  // "03388", "12-PC06", "12-Q20"; unique among the units of a day
	Name     string  // "Công an phường Đoàn Kết", as on slips
	Place    string  // "Phường Đoàn Kết"
	Level    Level
	Type     string // "phường", "xã", "phòng", "quầy"
	Span            // in force as a police unit
	Parents  []Parent
	Agency   []AgencyCode
	Before   []UnitKey // predecessors
	Serves   []string  // a counter's departments, by code: "12-PC06"
	Desk     *Desk     // nil if the unit does not receive
	Address  string
	Phone    string
	Pilot    bool // a pilot one-stop section of 2022
	Verified bool
	Source   string
	Note     string
}

// Parent says to which unit a unit belongs, and when.
type Parent struct {
	Unit UnitKey
	Span
}

// AgencyCode is the code that opens the unit's dossier codes (mã định danh).
type AgencyCode struct {
	Code string // "000.00.20.H35" (2018 grammar), "H35.20" (2025 grammar)
	Span
	Invented bool // no source gives one
	Source   string
}

// Desk is a place that receives dossiers (bộ phận một cửa). Its code is its unit's.
type Desk struct {
	Hours []DeskHours // dated
}

// DeskHours are the opening hours of a desk in a period: when it takes papers
// in and when limits count.
type DeskHours struct {
	Span
	Intake   lawtime.Hours // some desks also Saturday morning
	Counting lawtime.Hours
	Source   string
	Note     string
}

// Field is a field of procedures (lĩnh vực).
type Field struct {
	Slug       string // "cu-tru"
	Name       string // "Đăng ký, quản lý cư trú"
	Span              // when the police have it
	Owner      string // "PC06"
	Listed2022 bool   `yaml:"listed_2022"` // one of the eleven of 2022
	Note       string
}

// Instrument is a legal text (văn bản).
type Instrument struct {
	ID     string // "nd-118-2025", used in citations "nd-118-2025/17.2"
	Number string // "118/2025/NĐ-CP"
	Type   string // "Nghị định"
	Name   string
	Issued Date
	Span
	ReplacedBy string    // an ID
	Articles   []Article // those that rules, code or papers rest on
	Verified   bool      // number, subject and dates seen in a found text
	Source     string
	Note       string
}

// Article is an article of an instrument with a caption in our words (điều).
type Article struct {
	No      string // "17", "17.2", "phu-luc-1"
	Caption string // "Tiếp nhận hồ sơ"
}

// Procedure is one administrative procedure through time (thủ tục hành chính).
type Procedure struct {
	Code       string // "1.004222" national, "LC-XX-nn" ours
	CodeKind   string // "national", "local"
	Name       string
	ShortName  string
	Official   string // name as published
	Field      string // slug
	Popularity int    // 1 very common to 3 rare
	Applicants []string
	Result     []string
	Span
	Before     []string // codes of the same service before a renumbering
	After      []string
	Keywords   []string  // what people say
	Aliases    []string  // typed at the counter, without marks: "tt", "dktt"
	FeeStatus  string    // "listed", "free", "none_listed"
	Fees       []FeeRule `yaml:"-"` // fees.yaml
	Competence []Competence
	Versions   []Version `yaml:"-"` // <from>.yaml, in order of time
	Guide      *Guide    `yaml:"-"` // guide.yaml: our own words
	Verified   bool
	Source     []string
	Note       string
}

// Version is a procedure's content in one period. Versions of a procedure
// never overlap.
type Version struct {
	Span
	Applicants    []string // who may apply, where it differs from the procedure's own list
	Result        []string // what it gives, where that differs
	Cases         []Case
	Channels      []Channel
	Components    []Component
	Bases         []string // instrument numbers as published, "55/2021/TT-BCA"
	Conditions    []string
	Steps         []string      // trình tự thực hiện, in plain words
	Process       []Step        // internal process; never empty
	ProcessOurs   bool          `yaml:"-"` // the process is our 10/60/20/10 default
	Legs          []Leg         // inter-agency legs; empty: one leg with the case's limit
	CutOff        int           `yaml:"cut_off,clock"` // minutes after midnight; intake after it counts from the next counting day; 0 none
	AfterFee      bool          // the clock starts only when the fee is paid (vehicles)
	SupplementEnd lawtime.Limit // time to complete before the dossier is closed; zero: the rules' default
	Extension     *Extension
	Verified      bool
	Source        []string
	Note          string
	UnchangedTo   Date   // content before this day is assumed unchanged
	PublishedBy   string // "8258/QĐ-BCA-QLXNC", the decision that announced it
	VerifiedAsOf  string // "2026-07"
}

// Case is a variant of a procedure with its own limit (trường hợp).
type Case struct {
	Name    string         // "Thông thường"
	Limit   *lawtime.Limit // nil: the law sets no number
	Channel string         // "" any, else only this channel
	Same    bool           // result at once, the same day (trả ngay)
	Note    string
}

// Leg is one agency's share of an inter-agency limit (liên thông).
type Leg struct {
	Name  string // "Công an tỉnh tiếp nhận, thẩm tra"
	Unit  string // unit code; "" the competent unit, "desk" the receiving desk, or "external"
	Limit lawtime.Limit
}

// Extension lets a limit be extended once, up to a ceiling.
type Extension struct {
	Ceiling lawtime.Limit
	Law     string
}

// Channel is a way to file (cách thức nộp).
type Channel struct {
	Kind   string // "counter", "online", "post"
	Online string // "full", "partial"
}

// Component is a paper of the dossier (thành phần hồ sơ).
type Component struct {
	Name         string
	Form         string // "CT01"
	Originals    int
	Copies       int
	Mandatory    bool
	PopulationDB string // "yes", "partial", "no": already in the population database
	Case         string // "" every case
	Note         string
}

// Step is a step of the internal process (bước xử lý).
type Step struct {
	Order  int
	Place  string  // "Đội quản lý cư trú, căn cước PC06", in words
	Role   string  // "receptionist", "processor", "approver", "external"
	Unit   string  // unit code; "" the competent unit; "desk" the receiving desk
	Hours  float64 // working hours
	Action string  // "Tiếp nhận, kiểm tra hồ sơ"
	Kind   string  // "receive", "process", "approve", "return", "external"
}

// Competence says who decides (thẩm quyền).
type Competence struct {
	Level Level
	Span
	Unit     string   // "PC06": the deciding department, for Province; "" otherwise
	Units    []string // only these unit codes, for instance communes that qualify; empty all
	Scope    string   // what that level takes, in words
	Receives string   // as published: "Phòng Quản lý xuất nhập cảnh (PA08)"
	Law      string
	Verified bool
	Source   []string
	Note     string
}

// FeeRule is one dated rule of the fee stack (phí, lệ phí).
type FeeRule struct {
	Case     string
	Channel  string // "any", "counter", "online"
	Level    Level  // "commune": only where a unit of that level decides; "" every level
	Amount   *int64 // đồng; nil: there is a fee, its amount is unknown
	Currency string // "VND", "USD"
	Per      string // "lần": the dossier; "người", "giấy", "khẩu/chiếc": each of them
	Basis    string // "75/2022/TT-BTC"
	Span
	Kind     string // "base", "reduction"
	Verified bool
	Source   string
	Note     string
}

// Fee is what a dossier costs and which rule says so.
type Fee struct {
	Amount   int64
	Known    bool // false: a fee exists but the sources give no amount
	Currency string
	Rule     *FeeRule // nil: no fee listed
	Replaced *FeeRule // the base rule that a reduction replaced
	Until    Date     // last day on which Rule decides; "": until further notice
	Next     *Fee     // what holds after Until; nil: nothing known
	Choices  []string // the fee cases of that day, if Ask.Case named none of several
	Levels   []Level  // the levels on which it depends, if Ask.Level named none
}

// Ask is the question for a fee.
type Ask struct {
	Case    string
	Channel string // "counter", "online", "post"
	Level   Level  // of the unit that decides, as FeeLevel gives it
	Count   int64  // of what the rule is per; 0 is one
	On      Date
}

// Rules are the one-stop rules in force on a day (cơ chế một cửa).
type Rules struct {
	Span
	AnyDesk                bool          // any desk may receive for the competent unit
	OnlineCheck            lawtime.Limit // answer an online dossier: 8 hour
	PaperSupplement        lawtime.Limit // supplement slip for a paper dossier: 1 working_day
	SupplementResume       lawtime.Resume
	FinancialResume        lawtime.Resume
	AgencyResume           lawtime.Resume
	SupplementsAtReception int // most requests at reception
	SupplementsAtAppraisal int
	SupplementEnd          lawtime.Limit     // default time to complete
	Apologies              int               // most re-appointments
	ApologyLead            lawtime.Limit     // before the due date
	SameDayCutOff          int               `yaml:"same_day_cut_off,clock"` // minutes after midnight, 900
	CodeGrammar            string            // "2018", "2025": named generators of dossier codes
	SlipSet                string            // "2018", "2025"
	Laws                   map[string]string // rule name → citation
	Verified               bool
	Note                   string
}

// PublishRule says how many days before it takes effect a province must decide
// that a procedure changes (công bố trước ngày có hiệu lực).
type PublishRule struct {
	Span
	Days     int
	Law      string // "nd-63-2010/15"
	Verified bool
	Note     string
}

// SlipTemplate is a statutory paper in a period (mẫu giấy).
type SlipTemplate struct {
	Kind  string // "receipt", "supplement", "rejection", "apology", "stop", "control", "register", "return", "handover", "cash", "ct04", "ct06", "cc02", "cc03"
	Set   string // "2018", "2025", "police"
	Form  string // "Mẫu số 01", "CT04"
	Title string // "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ"
	Paper string // "A5", "A4", "A4-landscape"
	Span
	Fields   []string          // procedure fields (slugs) for which it replaces the general form; empty all
	Replaces string            // the general kind it replaces there: "receipt"
	Basis    string            // "Thông tư 03/2025/TT-VPCP, Phụ lục I"
	Law      string            // "tt-03-2025-vpcp/phu-luc-1"
	Words    map[string]string // labels that differ from the slip's defaults
	Verified bool
	Note     string
}

// Notice adds days or units to the law in force; nothing is edited (thông báo).
type Notice struct {
	ID        string // "2026-09-10-bao-so-5"
	Announced Date
	Title     string
	Law       string
	Days      []lawtime.CalendarDay
	Desks     []string // unit codes the days are for; empty all
}

// Matter is what people look for and what is no procedure of the catalogue
// (việc ngoài danh mục thủ tục): another agency's errand, or with Ours a service
// of the police such as paying a fine, which the law keeps out of the procedures.
type Matter struct {
	Code     string   // "ho-tich"; of ours as the sources call it, "LC-GT-01"
	Name     string   // "Khai sinh, kết hôn và giấy tờ hộ tịch khác"
	Ours     bool     // the police do it
	Advice   string   // what to do, a sentence or two
	Words    []string // what people say
	Agencies []Agency // who does it, dated; at other times nobody is sent there
	Verified bool
	Source   string
	Note     string
}

// Agency is who does a matter in a period.
type Agency struct {
	Name string // "Ủy ban nhân dân xã, phường (tư pháp – hộ tịch)"
	Span
}

// Source is where facts of the pack were seen (nguồn).
type Source struct {
	ID    string
	Title string
	Kind  string // "official-mirror", "secondary", "recalled"
}

// Head is pack.yaml: what the pack is.
type Head struct {
	Schema   int
	Name     string
	Province string // "12"
	Place    string // "Lai Châu"
	Police   string // "Công an tỉnh Lai Châu"
	AsOf     Date
}
