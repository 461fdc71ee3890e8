package web

import (
	"html/template"
	"net/http"
)

// The parts of pages, each a template in page/part of the same name. The
// fields are named as the options of govuk-frontend, whose markup the parts
// reproduce; a test compares them with that package's own fixtures.

// Button is part "button". With Href it is a link that looks like a button.
type Button struct {
	Text, Href, Name, Value, Type, ID, Classes string
	Disabled, IsStartButton                    bool
}

// Label is the label of an input.
type Label struct {
	Text, Classes string
	IsPageHeading bool
}

// Hint helps to fill a field in, at most one sentence.
type Hint struct{ Text, ID, Classes string }

// Message is what is wrong with a field.
type Message struct{ Text, ID, Classes string }

// Group dresses the box around a field.
type Group struct{ Classes string }

// Affix stands before or after an input, "đồng".
type Affix struct{ Text, Classes string }

// Input is part "input", one line of text.
type Input struct {
	ID, Name, Value, Type, Classes, DescribedBy      string
	Autocomplete, Autocapitalize, Inputmode, Pattern string
	Label                                            Label
	Hint                                             *Hint
	ErrorMessage                                     *Message
	Prefix, Suffix                                   *Affix
	FormGroup                                        Group
	Spellcheck                                       *bool
	Disabled                                         bool
	Focus                                            bool   // the cursor is here when the page opens
	Scan                                             bool   // what a card reader types anywhere on the page lands here
	ScanButton                                       string // id of the button that then sends it, "" the form's own
}

// Textarea is part "textarea".
type Textarea struct {
	ID, Name, Value, Classes, DescribedBy, Autocomplete string
	Rows                                                int
	Label                                               Label
	Hint                                                *Hint
	ErrorMessage                                        *Message
	FormGroup                                           Group
	Spellcheck                                          *bool
}

// Legend names a group of fields.
type Legend struct {
	Text, Classes string
	IsPageHeading bool
}

// Fieldset groups fields under a legend.
type Fieldset struct {
	Legend                     *Legend
	Classes, Role, DescribedBy string
}

// Choice is one item of Radios or Checkboxes; with Divider it is only a word between items.
type Choice struct {
	Value, Text, ID, Name, Divider, Behaviour string
	Hint                                      *Hint
	Label                                     *Label
	Checked                                   *bool
	Disabled                                  bool
}

// Radios is part "radios".
type Radios struct {
	Name, IDPrefix, Value, Classes string
	Items                          []Choice
	Fieldset                       *Fieldset
	Hint                           *Hint
	ErrorMessage                   *Message
	FormGroup                      Group
}

// Checkboxes is part "checkboxes".
type Checkboxes struct {
	Name, IDPrefix, Classes, DescribedBy string
	Values                               []string
	Items                                []Choice
	Fieldset                             *Fieldset
	Hint                                 *Hint
	ErrorMessage                         *Message
	FormGroup                            Group
}

// Option is one item of Select.
type Option struct {
	Value, Text string
	Selected    *bool
	Disabled    bool
}

// Select is part "select".
type Select struct {
	ID, Name, Value, Classes, DescribedBy string
	Items                                 []Option
	Label                                 Label
	Hint                                  *Hint
	ErrorMessage                          *Message
	FormGroup                             Group
	Disabled                              bool
}

// ErrorItem is one fault; Href leads to the field.
type ErrorItem struct{ Text, Href string }

// ErrorSummary is part "error-summary"; the layout shows it by itself.
type ErrorSummary struct {
	TitleText, DescriptionText, Classes string
	ErrorList                           []ErrorItem
}

// Details is part "details", closed until asked for.
type Details struct {
	SummaryText, Text, ID, Classes string
	HTML                           template.HTML
	Open                           bool
}

// Said is a text, or ready HTML made by a formatting function.
type Said struct {
	Text, Classes string
	HTML          template.HTML
}

// Action is a link of a row, "Sửa", with words for those who cannot see the row.
type Action struct{ Href, Text, VisuallyHiddenText, Classes string }

// Actions are the links of a row.
type Actions struct {
	Items   []Action
	Classes string
}

// Row is one fact of a SummaryList.
type Row struct {
	Key, Value Said
	Actions    *Actions
	Classes    string
}

// SummaryList is part "summary-list".
type SummaryList struct {
	Rows    []Row
	Classes string
}

// AnyActions reports whether the list has a column of links.
func (l SummaryList) AnyActions() bool {
	for _, r := range l.Rows {
		if r.Actions != nil && len(r.Actions.Items) > 0 {
			return true
		}
	}
	return false
}

// Cell is a cell of a Table; Format "numeric" aligns figures.
type Cell struct {
	Text, Format, Classes string
	HTML                  template.HTML
	Colspan, Rowspan      int
}

// Table is part "table".
type Table struct {
	Caption, CaptionClasses, Classes string
	Head                             []Cell
	Rows                             [][]Cell
	FirstCellIsHeader                bool
}

// PageLink is one number of a Pagination, or its gap.
type PageLink struct {
	Number            any
	Href              string
	Current, Ellipsis bool
}

// PageStep leads to the page before or after.
type PageStep struct{ Href, Text, LabelText string }

// Pagination is part "pagination".
type Pagination struct {
	Items          []PageLink
	Previous, Next *PageStep
	LandmarkLabel  string
	Classes        string
}

// Block reports whether only previous and next are shown.
func (p Pagination) Block() bool { return len(p.Items) == 0 && (p.Previous != nil || p.Next != nil) }

// Tag is part "tag"; tagClass gives the class of a colour.
type Tag struct{ Text, Classes string }

// Inset is part "inset-text".
type Inset struct {
	Text, ID, Classes string
	HTML              template.HTML
}

// Crumb is one step of Breadcrumbs; without Href it is the page itself.
type Crumb struct{ Text, Href string }

// Breadcrumbs is part "breadcrumbs".
type Breadcrumbs struct {
	Items              []Crumb
	Classes, LabelText string
	CollapseOnMobile   bool
}

// BackLink is part "back-link".
type BackLink struct{ Text, Href, Classes string }

// Panel is part "panel": what was done, big.
type Panel struct {
	TitleText, Text, Classes string
	HTML                     template.HTML
	HeadingLevel             int
}

// SkipLink is part "skip-link".
type SkipLink struct{ Text, Href, Classes string }

// Banner is part "notification-banner"; Type "success" is said aloud at once.
type Banner struct {
	Text, TitleText, TitleID, Type, Role, Classes string
	HTML                                          template.HTML
}

// Own parts.

// Status is part "status": where a dossier is, as a sentence (ux 5.2). Next
// is what the person has to do, if anything.
type Status struct {
	Tag      Tag
	Sentence string
	Next     string
	Action   *Button
}

// Stage is one of the fixed stages of a Progress.
type Stage struct {
	Text    string
	Note    string // "25/11/2022"
	Done    bool
	Current bool
}

// Progress is part "progress": the fixed stages and where we are.
type Progress struct{ Stages []Stage }

// Event is one entry of a Timeline.
type Event struct {
	Title, When, By, Text string
	Law                   string
	HTML                  template.HTML
}

// Timeline is part "timeline", newest first.
type Timeline struct{ Events []Event }

// Paper is one line of a Checklist.
type Paper struct {
	Value, Text, Note string // "ct01", "Tờ khai CT01", "bản chính"
	Checked           bool
	NotApplicable     bool // shown, not to be ticked
	Required          bool
}

// Checklist is part "checklist": rows toggled by their digit, all by *.
type Checklist struct {
	Name         string // form field of the ticks
	Legend       string
	Papers       []Paper
	ErrorMessage *Message
}

// ID is the id of the first box, which the error summary links to.
func (c Checklist) ID() string { return fieldID(c.Name) }

// KeyHelp is a key and what it does, "Ctrl+Enter", "Tiếp nhận và in".
type KeyHelp struct{ Key, Text string }

// Keys is part "keys", the legend of keys at the foot of a desk page.
type Keys struct{ Keys []KeyHelp }

// Identity is part "identity", the bar over a dossier (ux P2).
type Identity struct {
	Code, Name, Procedure, Holder string
	Tag                           Tag
	Badge                         Badge
}

// Box is part "box": the few facts asked first (ux C4: how long, how much, where, what).
type Box struct{ Facts []Fact }

// Fact is one answer of a Box.
type Fact struct{ Question, Answer, Note string }

// Badge is part "badge": what remains of the time, in words and shape, never
// by colour alone.
type Badge struct {
	Shape string // ● in time, ▲ soon, ■ late
	Text  string // "Còn 2 ngày"
	Class string // "ok", "soon", "late", "paused", "done"
}

// Field is a hidden field.
type Field struct{ Name, Value string }

// kitPage shows every part in its states (/_kit).
type kitPage struct {
	*Form
	Scan      Input
	Scanned   string
	Queue     []string
	Inputs    []Input
	Textarea  Textarea
	Select    Select
	Radios    Radios
	Boxes     Checkboxes
	Buttons   []Button
	Tags      []Tag
	Badges    []Badge
	Rows      SummaryList
	Table     Table
	Pages     []Pagination
	Details   Details
	Status    []Status
	Progress  Progress
	Timeline  Timeline
	Checklist Checklist
	Keys      Keys
	Identity  Identity
	Box       Box
	Panel     Panel
	Banners   []Banner
	Inset     Inset
	Crumbs    Breadcrumbs
	Back      BackLink
}

func (s *Server) kit(w http.ResponseWriter, r *http.Request) error {
	f := s.blankForm(w, r)
	if r.URL.Query().Has("fault") {
		f.Set("phone", "0912 345")
		f.Fault("phone", "err.phone")
		f.Fault("receive", "form.choose")
		f.Fault("papers", "form.choose")
	}
	page := kitStates(f, s.Now())
	page.Scanned = r.URL.Query().Get("scan")
	return s.render(w, r, f.Status(), "kit", page)
}
