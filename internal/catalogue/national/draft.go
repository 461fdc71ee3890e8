package national

import (
	"cmp"
	"io"
	"regexp"
	"slices"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/pack"
	"quay20/internal/text"
)

// State says how much of a field was read.
type State string

const (
	Typed  State = "read"   // read with certainty into a type
	Kept   State = "text"   // there is something, kept as it is printed
	Absent State = "absent" // the page has nothing
)

// Mark is how one field of a draft came about.
type Mark struct {
	State State
	Doubt text.Key // typed, but the page contradicts itself; a person decides
	Why   text.Key // why it stays text
	Text  string   // what is kept, or what the doubt is about
}

// Fields are the fields of a draft, in the order of reports.
var Fields = []string{"code", "name", "decision", "levels", "field", "applicants", "authority", "handler", "delegate", "partner",
	"address", "related", "steps", "channels", "limits", "legs", "extension", "fees", "papers", "bases", "conditions", "results"}

// Draft is a procedure as far as a record could be read. What it holds is what
// the pack holds; Marks say how sure it is, and the record keeps the rest.
type Draft struct {
	Record
	Procedure pack.Procedure // with one version, without dates: the page prints none
	Levels    []string       // central, province, district, commune
	Decision  string         // "1383/QĐ-BCA"
	Authority []string       // who decides
	Handler   []string       // who does the work
	Ways      []Way
	Papers    []Paper
	Bases     []Basis
	Marks     map[string]Mark
	Recut     bool // the tables were cut out of the page again
	clashes   clashes
}

// clashes are what the linter wants to know about the reading.
type clashes struct {
	limits    []said   // column and text contradict each other
	unread    []said   // limits that stay text
	vague     []said   // hours of which nobody knows whether they are the desk's
	fees      []said   // column and note contradict each other
	limitRows []string // rows that contradict each other
	feeRows   []string
}

// said is a text and the channels that print it.
type said struct {
	channels []string
	text     string
}

func (s said) String() string { return strings.Join(s.channels, ", ") + ": " + s.text }

// say adds what a channel prints to what others print.
func say(all []said, channel, words string) []said {
	for i, s := range all {
		if s.text == words {
			if !slices.Contains(s.channels, channelWords[channel]) {
				all[i].channels = append(s.channels, channelWords[channel])
			}
			return all
		}
	}
	return append(all, said{[]string{channelWords[channel]}, words})
}

func sayAll(all []said) string {
	var texts []string
	for _, s := range all {
		texts = append(texts, s.String())
	}
	return strings.Join(texts, " | ")
}

// Version is the draft's version.
func (d *Draft) Version() *pack.Version { return &d.Procedure.Versions[0] }

// Title names a draft for people, also one without a code.
func (d *Draft) Title() string {
	return cmp.Or(d.Procedure.Name, flat(short(d.Cells[keyPage], 80)), "–")
}

// Complete reports whether everything that a version must say was read without
// doubt. Of a procedure that the law knows, the law says the rest. Whether the
// pack takes it is for the pack's own check.
func (d *Draft) Complete(law *pack.Pack) bool {
	need := []string{"code", "name", "channels", "limits", "fees", "papers", "bases"}
	if _, known := law.Procedure(d.Procedure.Code); !known {
		need = append(need, "levels", "field", "authority")
	}
	return d.Broken == "" && !slices.ContainsFunc(need, func(field string) bool {
		m := d.Marks[field]
		return m.State != Typed || m.Doubt != ""
	})
}

// Read reads a file of records, JSON lines, into drafts, one for each line that
// is not blank, in order. law is asked for fields and departments. The error is
// a problem.Problem if the file is beyond the bounds.
func Read(in io.Reader, law *pack.Pack, on pack.Date) ([]Draft, error) {
	all, err := records(in)
	if err != nil {
		return nil, err
	}
	drafts := make([]Draft, len(all))
	for i, r := range all {
		drafts[i] = draft(r, law, on)
	}
	return drafts, nil
}

func draft(r Record, law *pack.Pack, on pack.Date) Draft {
	d := Draft{Record: r, Marks: map[string]Mark{}, Procedure: pack.Procedure{CodeKind: "national", Versions: make([]pack.Version, 1)}}
	for _, field := range Fields {
		d.Marks[field] = Mark{State: Absent}
	}
	if r.Broken != "" {
		return d
	}
	d.Record, d.Recut = r.recut()
	d.names(law, on)
	d.agencies(law, on)
	d.texts()
	d.readWays(law)
	d.readPapers()
	d.readBases()
	return d
}

// keep marks a field as kept text.
func (d *Draft) keep(field string, why text.Key, kept string) {
	d.Marks[field] = Mark{State: Kept, Why: why, Text: kept}
}

// read marks a field as read.
func (d *Draft) read(field string) { d.Marks[field] = Mark{State: Typed} }

// The code of a procedure of the national catalogue, and the number of the
// decision that announced it.
var (
	codeShape     = regexp.MustCompile(`^\d\.\d{6}$`)
	decisionShape = regexp.MustCompile(`^\d{1,5}(?:/\d{4})?/QĐ-\p{Lu}[\p{Lu}\d-]*$`)
)

var levels = []struct{ printed, level string }{{"cấp bộ", "central"}, {"cấp tỉnh", "province"}, {"cấp huyện", "district"}, {"cấp xã", "commune"}}

// applicants are the kinds of people that the catalogue knows; their names hold
// commas of their own.
var applicants = []string{"Công dân Việt Nam", "Cán bộ, công chức, viên chức", "Người nước ngoài", "Người Việt Nam định cư ở nước ngoài",
	"Doanh nghiệp có vốn đầu tư nước ngoài", "Doanh nghiệp", "Hợp tác xã", "Tổ chức (không bao gồm doanh nghiệp, HTX)", "Tổ chức nước ngoài"}

func (d *Draft) names(law *pack.Pack, on pack.Date) {
	p := &d.Procedure
	if code := d.cell(keyCode); codeShape.MatchString(code) {
		p.Code = code
		d.read("code")
	} else if code != "" {
		d.keep("code", "national.why.code", code)
	}
	if name := strings.TrimRight(flat(d.cell(keyName)), " ."); name != "" {
		p.Name, p.ShortName, p.Official = name, name, name
		d.read("name")
	}
	if s := d.cell(keyDecision); decisionShape.MatchString(s) {
		d.Decision, d.Version().PublishedBy = s, s
		d.read("decision")
	} else if s != "" {
		d.keep("decision", "national.why.decision", s)
	}
	if s := d.cell(keyLevels); s != "" {
		d.read("levels")
		for _, part := range strings.Split(s, ",") {
			i := slices.IndexFunc(levels, func(l struct{ printed, level string }) bool { return l.printed == strings.ToLower(flat(part)) })
			if i < 0 {
				d.keep("levels", "national.why.word", s)
				break
			}
			d.Levels = append(d.Levels, levels[i].level)
		}
	}
	if s := d.cell(keyField); s != "" {
		i := slices.IndexFunc(law.Fields(on), func(f pack.Field) bool { return applicant.Fold(f.Name) == applicant.Fold(s) })
		if i < 0 {
			d.keep("field", "national.why.field", s)
		} else {
			p.Field = law.Fields(on)[i].Slug
			d.read("field")
		}
	}
	if s := d.cell(keyApplicants); s != "" {
		d.read("applicants")
		for rest := s; rest != ""; {
			i := slices.IndexFunc(applicants, func(a string) bool { return strings.HasPrefix(rest, a) })
			if i < 0 {
				p.Applicants = nil
				d.keep("applicants", "national.why.word", s)
				break
			}
			p.Applicants = append(p.Applicants, applicants[i])
			rest = strings.TrimLeft(strings.TrimPrefix(rest, applicants[i]), ", ")
		}
	}
}

// nextAgency is where one name of an agency ends and the next begins: the
// names hold commas of their own.
var nextAgency = regexp.MustCompile(`,\s+(?:Cục|Công an|Công An|Phòng|Bộ|Bảo hiểm|Ủy ban|Uỷ ban|UBND|Trung tâm|Chủ tịch|Thanh tra|Sở|Văn phòng)\s`)

func agencies(s string) []string {
	var all []string
	s = flat(s)
	begin := 0
	for _, at := range nextAgency.FindAllStringIndex(s, -1) {
		if at[0] >= begin {
			all = append(all, strings.TrimSpace(s[begin:at[0]]))
			begin = at[0] + 1
		}
	}
	if last := strings.TrimSpace(s[begin:]); last != "" {
		all = append(all, last)
	}
	return all
}

func (d *Draft) agencies(law *pack.Pack, on pack.Date) {
	d.Authority, d.Handler = agencies(d.cell(keyAuthority)), agencies(d.cell(keyHandler))
	if len(d.Handler) > 0 {
		d.read("handler")
	}
	for field, key := range map[string]string{"delegate": keyDelegate, "partner": keyPartner, "address": keyAddress, "related": keyRelated} {
		if s := d.cell(key); s != "" {
			d.keep(field, "national.why.form", s)
		}
	}
	if len(d.Authority)+len(d.Handler) == 0 {
		return
	}
	printed := strings.Join(append(slices.Clone(d.Authority), d.Handler...), ", ")
	var unnamed []string
	for _, level := range d.Levels {
		row, ok := d.competence(level, law, on)
		if ok {
			d.Procedure.Competence = append(d.Procedure.Competence, row)
		} else if level != "central" {
			unnamed = append(unnamed, level)
		}
	}
	switch {
	case len(unnamed) > 0 || len(d.Procedure.Competence) == 0:
		d.keep("authority", "national.why.authority", printed)
	default:
		d.read("authority")
	}
}

// competence is the row of the pack for one level: a commune by the name of its
// police, the province by the department that the page names.
func (d *Draft) competence(level string, law *pack.Pack, on pack.Date) (pack.Competence, bool) {
	for _, name := range append(slices.Clone(d.Authority), d.Handler...) {
		plain := applicant.Fold(name)
		switch {
		case level == "commune" && (plain == "cong an cap xa" || plain == "cong an xa"):
			return pack.Competence{Level: pack.Commune, Receives: "Công an cấp xã"}, true
		case level == "province":
			for _, u := range law.Units(on) {
				short, _, _ := strings.Cut(u.Name, " – ")
				if u.Level == pack.Department && applicant.Fold(short) == plain {
					_, unit, _ := strings.Cut(u.Code, "-")
					return pack.Competence{Level: pack.Province, Unit: unit, Receives: short + " (" + unit + ")"}, true
				}
			}
		}
	}
	return pack.Competence{}, false
}

var (
	stepText   = regexp.MustCompile(`(?i)(?:^|\n)\s*[-+*]?\s*bước\s+\d+\s*[:.]?`)
	resultEnd  = regexp.MustCompile(`Mã: ?(?:KQ\.[GH]\d{2}\.\d{5,6}|\d{3}\.\d{2}\.\d{2}\.[GH]\d{2}-KQ\d{4})`)
	resultTail = regexp.MustCompile(`(?s)Từ khóa.*$`)
)

func (d *Draft) texts() {
	v := d.Version()
	if s := d.cell(keySteps); s != "" {
		d.read("steps")
		at := stepText.FindAllStringIndex(s, -1)
		if len(at) == 0 || strings.TrimSpace(s[:at[0][0]]) != "" {
			v.Steps = lines(s)
		} else {
			for i, m := range at {
				end := len(s)
				if i+1 < len(at) {
					end = at[i+1][0]
				}
				v.Steps = append(v.Steps, flat(s[m[1]:end]))
			}
			v.Steps = slices.DeleteFunc(v.Steps, func(s string) bool { return s == "" })
		}
	}
	if s := d.cell(keyConditions); s != "" {
		v.Conditions = lines(s)
		d.read("conditions")
	}
	if s := d.cell(keyResults); s != "" {
		body := strings.TrimSpace(resultTail.ReplaceAllString(s, ""))
		at := resultEnd.FindAllStringIndex(body, -1)
		begin := 0
		for _, m := range at {
			name := strings.Trim(flat(body[begin:m[0]]), " .;")
			if name != "" {
				d.Procedure.Result = append(d.Procedure.Result, name)
			}
			begin = m[1]
		}
		if len(d.Procedure.Result) == 0 || strings.TrimSpace(body[begin:]) != "" {
			d.Procedure.Result = nil
			d.keep("results", "national.why.result", flat(body))
		} else {
			d.read("results")
		}
	}
}

func lines(s string) []string {
	var all []string
	for _, l := range strings.Split(s, "\n") {
		if l = flat(l); l != "" {
			all = append(all, l)
		}
	}
	return all
}

func (d *Draft) readPapers() {
	s := d.cell(keyPapers)
	if s == "" {
		return
	}
	rows, whole := papers(s)
	d.Papers = rows
	for _, p := range rows {
		if p.Counted && !p.noPaper() {
			d.Version().Components = append(d.Version().Components, p.Component)
		}
	}
	switch {
	case !whole:
		d.keep("papers", "national.why.papers", uncounted(rows))
	default:
		d.read("papers")
	}
}

func uncounted(rows []Paper) string {
	var all []string
	for _, p := range rows {
		if !p.Counted {
			all = append(all, p.Name)
		}
	}
	return strings.Join(all, " | ")
}

func (d *Draft) readBases() {
	s := d.cell(keyBases)
	if s == "" {
		return
	}
	rows, whole := bases(s)
	d.Bases = rows
	var kept []string
	for _, b := range rows {
		switch {
		case b.Number == "":
			kept = append(kept, b.Text)
		case !slices.Contains(d.Version().Bases, b.Number):
			d.Version().Bases = append(d.Version().Bases, b.Number)
		}
	}
	if whole {
		d.read("bases")
	} else {
		d.keep("bases", "national.why.bases", strings.Join(kept, " | "))
	}
}

func short(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}
