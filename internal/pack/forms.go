package pack

import (
	"cmp"
	"slices"
	"strings"

	"quay20/internal/lawtime"
)

// Form is an online form (biểu mẫu điện tử) in a period: the facts that a
// statutory form asks, in our words. It names the procedures it is for; one
// that names none is the general form, which every other procedure with an
// online channel has.
type Form struct {
	ID string // "tam-tru"
	Span
	Title      string
	TitleEn    string
	Procedures []string // "1.004194"
	Stands     string   // the paper that the filled form is, by the beginning of the component's form: "CT01"
	Minutes    int      // how long it takes to fill in
	Object     string   // the field that tells a person's dossiers apart: "xe.bien-so"; "" whose dossier it is
	Many       bool     // a person may have several at a time
	Bilingual  bool     // asked in Vietnamese and English side by side
	Purpose    string   // why the facts are asked; a section may say its own. rel-R01
	Basis      []string // the instruments that ask them, by number
	Cosign     *Cosign
	Sections   []FormSection
	Verified   bool
	Source     []string
	Note       string
}

// Cosign says that another party has to confirm before the form is sent (đồng ký).
type Cosign struct {
	Title   string // "Bên bán, cho, tặng xe xác nhận"
	TitleEn string
	Number  string // the field with the identity number of who confirms: "ben-ban.so-giay-to"
	Section string // the section that the other party answers
	Proof   string // its field that has to be that number: "ben-ban-xac-nhan.so-giay-to"
	Law     string
}

// FormSection is a part of a form that is asked on one page, once or for each
// of several persons or things.
type FormSection struct {
	ID      string // "cho-o"
	Title   string
	TitleEn string
	Help    string
	HelpEn  string
	Use     string // takes the fields of this section of the general form
	When    []FormWhen
	Most    int // above 0: asked for each, at most so many
	Least   int
	Item    string // "Người đi cùng", one of them
	ItemEn  string
	Purpose string
	Fields  []FormField
}

// FormField is one fact.
type FormField struct {
	ID        string // "ho-ten"
	Type      string // one of FieldTypes
	Label     string
	LabelEn   string
	Hint      string
	HintEn    string
	Optional  bool
	When      []FormWhen
	Choices   []FormChoice
	Usual     string // the choice that is ticked until another one is
	Min       int64  // of a number or money
	Max       int64  // of a number or money; of a text its longest length
	Past      bool   // a day up to today
	Future    bool   // a day from today on
	Local     bool   // an address in the province
	Fact      string // what it is for the dossier: "filer.name"
	MRZ       string // which part of a passport's machine-readable lines it is: "number"
	Component string // for files: the paper, by name
	Purpose   string
	Class     string // "basic", "sensitive"; "" is basic
	Verified  bool
}

// FormWhen is a condition: the field has one of the values. A bare field is of
// the same section, and in a repeated one of the same item.
type FormWhen struct {
	Field string // "loai", "nguoi-nop.loai"
	Is    []string
}

// FormChoice is one of the answers of a choice.
type FormChoice struct {
	Value, Text, TextEn string
}

// FieldTypes are the types of fields, each with its own grammar.
var FieldTypes = []string{"name", "organisation", "line", "text", "phone", "email", "plate", "tax-code", "personal-number", "id-number",
	"passport", "birth", "date", "number", "money", "choice", "yes-no", "address", "nationality", "mrz", "files"}

// FormFacts are what fields may be for the dossier.
var FormFacts = []string{"filer.kind", "filer.name", "filer.born", "filer.sex", "filer.id_number", "filer.address", "filer.phone", "filer.email",
	"filer.tax_code", "filer.representative", "owner.other", "owner.kind", "owner.name", "owner.born", "owner.sex", "owner.id_number", "owner.address",
	"owner.phone", "owner.tax_code", "owner.representative", "authority", "request", "plate"}

// MRZParts are the parts of a passport's machine-readable lines that fields may be.
var MRZParts = []string{"name", "number", "nationality", "born", "sex", "expires"}

// FilingRules bound online filing (nộp trực tuyến) from a day on.
type FilingRules struct {
	Span
	DraftLife  lawtime.Limit // a draft that nobody touched is erased
	ResumeLife lawtime.Limit // a code to go on with on another device
	Drafts     int           // most drafts of one owner
	Law        string
	Verified   bool
	Note       string
}

// Form is the form with which a procedure is filed online on the day: its own,
// or the general one.
func (p *Pack) Form(procedure string, on Date) (*Form, bool) {
	var general *Form
	for i := range p.all.Forms {
		f := &p.all.Forms[i]
		switch {
		case !f.Holds(on):
		case slices.Contains(f.Procedures, procedure):
			return f, true
		case len(f.Procedures) == 0:
			general = f
		}
	}
	return general, general != nil
}

// FormFrom is the form that began on that day, as a dossier stores it.
func (p *Pack) FormFrom(id string, from Date) (*Form, bool) {
	for i := range p.all.Forms {
		if f := &p.all.Forms[i]; f.ID == id && f.From == from {
			return f, true
		}
	}
	return nil, false
}

// Forms are all forms of all times.
func (p *Pack) Forms() []Form { return slices.Clone(p.all.Forms) }

// Filing are the bounds of online filing on the day.
func (p *Pack) Filing(on Date) (FilingRules, bool) {
	for _, r := range slices.Backward(p.all.Filing) {
		if r.Holds(on) {
			return r, true
		}
	}
	return FilingRules{}, false
}

// Online reports whether the version may be filed online.
func (v *Version) Online() bool {
	return slices.ContainsFunc(v.Channels, func(c Channel) bool { return c.Kind == "online" })
}

// Communes are the communes of the day, by place.
func (p *Pack) Communes(on Date) []Unit {
	list := slices.DeleteFunc(p.Units(on), func(u Unit) bool { return u.Level != Commune })
	slices.SortStableFunc(list, func(a, b Unit) int { return strings.Compare(a.Place, b.Place) })
	return list
}

// Section is the section of that id.
func (f *Form) Section(id string) (*FormSection, bool) {
	i := slices.IndexFunc(f.Sections, func(s FormSection) bool { return s.ID == id })
	if i < 0 {
		return nil, false
	}
	return &f.Sections[i], true
}

// lend gives the sections that use one of the general form its fields, and
// every field its purpose. A section asks what the general one of its first
// day asks.
func (c *content) lend() {
	general := map[string]*FormSection{}
	for i := range c.Forms {
		for j := range c.Forms[i].Sections {
			if s := &c.Forms[i].Sections[j]; len(c.Forms[i].Procedures) == 0 && general[s.ID] == nil {
				general[s.ID] = s
			}
		}
	}
	for i := range c.Forms {
		f := &c.Forms[i]
		for j := range f.Sections {
			s := &f.Sections[j]
			if g := general[s.Use]; g != nil && len(s.Fields) == 0 {
				s.Fields = slices.Clone(g.Fields)
				s.Title, s.TitleEn = cmp.Or(s.Title, g.Title), cmp.Or(s.TitleEn, g.TitleEn)
				s.Help, s.HelpEn = cmp.Or(s.Help, g.Help), cmp.Or(s.HelpEn, g.HelpEn)
				s.Purpose = cmp.Or(s.Purpose, g.Purpose)
				if s.When == nil {
					s.When = g.When
				}
			}
			for k := range s.Fields {
				s.Fields[k].Purpose = cmp.Or(s.Fields[k].Purpose, s.Purpose, f.Purpose)
			}
		}
	}
}

// EndedCommunes are the communes that ended before the day.
func (p *Pack) EndedCommunes(on Date) []Unit {
	var list []Unit
	for i := range p.all.Units {
		if u := &p.all.Units[i]; u.Level == Commune && u.To != "" && u.To < on {
			list = append(list, *u)
		}
	}
	return list
}
