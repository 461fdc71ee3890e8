package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"quay20/internal/lawtime"
)

// Bounds of one pack, far above any real one. rel-G5
const (
	maxFile  = 1 << 20
	maxFiles = 20_000
	maxTotal = 64 << 20
)

// year is calendar/<year>.yaml: the days of one year as first published.
type year struct {
	Year int
	Days []lawtime.CalendarDay
}

// content is a pack as its files tell it; it is what the embedded form stores.
type content struct {
	Head            Head
	Sources         []Source
	Instruments     []Instrument
	Fields          []Field
	Matters         []Matter
	Units           []Unit
	Reorganisations []Reorganisation
	Years           []year
	Notices         []Notice
	Rules           []Rules
	Slips           []SlipTemplate
	Publishing      []PublishRule
	Accounts        []Account
	Procedures      []Procedure
	Forms           []Form
	Filing          []FilingRules
	Hash            string // of all files
}

// place is where a thing stands.
type place struct{ file, path string }

// reader reads a pack's files and remembers where everything stands.
type reader struct {
	fsys   fs.FS
	all    content
	at     map[string]place // "version 1.004222@2021-07-01" → file and path
	files  map[string]*file
	hash   hash.Hash
	total  int64
	faults []Fault
	pack   *Pack             // index of everything, while checking
	texts  map[string][]byte // instead of fsys: files that are not written yet
}

// Read reads a pack and checks it whole. It returns every fault at once, each
// with file, line, what is wrong and what to do; the pack is nil if there is
// one.
func Read(fsys fs.FS) (*Pack, []Fault) {
	r := &reader{fsys: fsys, at: map[string]place{}, files: map[string]*file{}, hash: sha256.New()}
	r.readAll()
	for _, f := range r.files {
		r.faults = append(r.faults, f.faults...)
	}
	if len(r.faults) == 0 {
		r.sort()
		r.check()
	}
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, byPlace)
		return nil, r.faults
	}
	r.pack.all.Hash = hex.EncodeToString(r.hash.Sum(nil))[:16]
	r.pack.version = r.pack.all.Hash
	return r.pack, nil
}

func byPlace(a, b Fault) int {
	if c := strings.Compare(a.File, b.File); c != 0 {
		return c
	}
	return a.Line - b.Line
}

func (r *reader) readAll() {
	var names []string
	err := fs.WalkDir(r.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			r.fault(name, 1, "pack.fault.irregular", "pack.fix.irregular")
		case len(names) >= maxFiles:
			return errors.New("too many files")
		default:
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		r.fault(".", 1, "pack.fault.unreadable", "pack.fix.unreadable", "what", err.Error())
		return
	}
	slices.Sort(names)
	for _, name := range names {
		r.readFile(name)
	}
	if _, ok := r.files["pack.yaml"]; !ok {
		r.fault("pack.yaml", 1, "pack.fault.no-head", "pack.fix.no-head")
	}
}

func (r *reader) fault(file string, line int, what, remedy string, args ...any) {
	r.faults = append(r.faults, Fault{File: file, Line: line, What: what, Remedy: remedy, Args: args})
}

// readFile reads one file by the place it has in the pack.
func (r *reader) readFile(name string) {
	dir, base := path.Split(name)
	parts := strings.Split(strings.TrimSuffix(dir, "/"), "/")
	stem := strings.TrimSuffix(base, ".yaml")
	switch {
	case path.Ext(base) != ".yaml":
		r.fault(name, 1, "pack.fault.unknown-file", "pack.fix.unknown-file")
	case name == "pack.yaml":
		r.decode(name, &r.all.Head)
	case name == "sources.yaml":
		r.readSources(name)
	case name == "fields.yaml":
		r.readFields(name)
	case name == "matters.yaml":
		r.readMatters(name)
	case name == "publishing.yaml":
		r.readPublishing(name)
	case dir == "acts/":
		r.readAct(name, stem)
	case name == "organisation/reorganisations.yaml":
		r.readReorganisations(name)
	case dir == "organisation/":
		r.readUnits(name)
	case dir == "calendar/":
		r.readYear(name)
	case parts[0] == "calendar" && len(parts) == 2:
		r.readNotice(name, stem)
	case dir == "rules/":
		r.readRules(name, stem)
	case dir == "slips/":
		r.readSlips(name)
	case dir == "forms/":
		r.readForm(name, stem)
	case dir == "accounts/":
		r.readAccounts(name)
	case parts[0] == "procedures" && len(parts) == 2:
		r.readProcedure(name, parts[1], stem)
	default:
		r.fault(name, 1, "pack.fault.unknown-file", "pack.fix.unknown-file")
	}
}

// decode reads the file name into v and reports whether it was well formed.
func (r *reader) decode(name string, v any) bool {
	f := &file{name: name, lines: map[string]int{}}
	r.files[name] = f
	text, err := r.text(name)
	if err != nil {
		f.fault(1, "pack.fault.unreadable", "pack.fix.unreadable", "what", err.Error())
		return false
	}
	fmt.Fprintf(r.hash, "%s %d\n", name, len(text))
	r.hash.Write(text)
	f.decode(text, v)
	return len(f.faults) == 0
}

func (r *reader) text(name string) ([]byte, error) {
	if text, ok := r.texts[name]; ok {
		return text, nil
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	r.total += int64(len(text))
	if len(text) > maxFile || r.total > maxTotal {
		return nil, errors.New("too large")
	}
	return text, err
}

// mark remembers where a thing stands. A second thing of the same name is a
// fault.
func (r *reader) mark(thing, name, path string) {
	if old, twice := r.at[thing]; twice {
		r.fault(name, r.files[name].lines[path], "pack.fault.twice", "pack.fix.twice",
			"thing", thing, "file", old.file, "line", r.files[old.file].lines[old.path])
		return
	}
	r.at[thing] = place{name, path}
}

// named adds a fault if a file is not called what its content says.
func (r *reader) named(name, stem, want string) {
	if stem != want {
		r.fault(name, 1, "pack.fault.name", "pack.fix.name", "want", want+".yaml")
	}
}

func (r *reader) readSources(name string) {
	var in struct{ Sources []Source }
	r.decode(name, &in)
	for i, s := range in.Sources {
		r.mark("source "+s.ID, name, fmt.Sprintf("sources[%d]", i))
	}
	r.all.Sources = in.Sources
}

func (r *reader) readFields(name string) {
	var in struct{ Fields []Field }
	r.decode(name, &in)
	for i, f := range in.Fields {
		r.mark("field "+f.Slug, name, fmt.Sprintf("fields[%d]", i))
	}
	r.all.Fields = in.Fields
}

func (r *reader) readMatters(name string) {
	var in struct{ Matters []Matter }
	r.decode(name, &in)
	for i, m := range in.Matters {
		r.mark("matter "+m.Code, name, fmt.Sprintf("matters[%d]", i))
	}
	r.all.Matters = in.Matters
}

func (r *reader) readPublishing(name string) {
	var in struct{ Publishing []PublishRule }
	r.decode(name, &in)
	for i, rule := range in.Publishing {
		r.mark("publishing "+rule.From, name, fmt.Sprintf("publishing[%d]", i))
	}
	r.all.Publishing = in.Publishing
}

func (r *reader) readAct(name, stem string) {
	var act Instrument
	if !r.decode(name, &act) {
		return
	}
	r.named(name, stem, act.ID)
	r.mark("act "+act.ID, name, "")
	r.mark("act number "+act.Number, name, "number")
	r.all.Instruments = append(r.all.Instruments, act)
}

func (r *reader) readUnits(name string) {
	var in struct{ Units []Unit }
	r.decode(name, &in)
	for i, u := range in.Units {
		u.Key = UnitKey(u.Code + "@" + u.From)
		r.mark("unit "+string(u.Key), name, fmt.Sprintf("units[%d]", i))
		r.all.Units = append(r.all.Units, u)
	}
}

func (r *reader) readReorganisations(name string) {
	var in struct{ Reorganisations []Reorganisation }
	r.decode(name, &in)
	for i, e := range in.Reorganisations {
		r.mark("reorganisation "+e.On, name, fmt.Sprintf("reorganisations[%d]", i))
	}
	r.all.Reorganisations = in.Reorganisations
}

func (r *reader) readYear(name string) {
	var y year
	if !r.decode(name, &y) {
		return
	}
	r.mark(fmt.Sprintf("year %d", y.Year), name, "")
	r.named(name, strings.TrimSuffix(path.Base(name), ".yaml"), fmt.Sprint(y.Year))
	r.all.Years = append(r.all.Years, y)
}

func (r *reader) readNotice(name, stem string) {
	var n Notice
	if !r.decode(name, &n) {
		return
	}
	r.mark("notice "+n.ID, name, "")
	r.named(name, stem, n.ID)
	r.all.Notices = append(r.all.Notices, n)
}

func (r *reader) readRules(name, stem string) {
	var rules Rules
	if !r.decode(name, &rules) {
		return
	}
	r.mark("rules "+rules.From, name, "")
	r.named(name, stem, rules.From)
	r.all.Rules = append(r.all.Rules, rules)
}

func (r *reader) readSlips(name string) {
	var in struct{ Slips []SlipTemplate }
	r.decode(name, &in)
	for i, s := range in.Slips {
		r.mark(slipName(s), name, fmt.Sprintf("slips[%d]", i))
		r.all.Slips = append(r.all.Slips, s)
	}
}

func slipName(s SlipTemplate) string { return "slip " + s.Kind + "@" + s.From }

// readProcedure reads a file of procedures/<code>/: procedure.yaml, fees.yaml,
// guide.yaml or a version <from>.yaml.
func (r *reader) readProcedure(name, code, stem string) {
	p := r.procedure(code)
	switch stem {
	case "procedure":
		if r.decode(name, p) {
			r.mark("procedure "+p.Code, name, "")
			r.named(name, code, p.Code)
		}
	case "fees":
		var in struct{ Fees []FeeRule }
		r.decode(name, &in)
		p.Fees = in.Fees
		r.mark("fees "+code, name, "")
	case "guide":
		p.Guide = &Guide{}
		r.decode(name, p.Guide)
		r.mark("guide "+code, name, "")
	default:
		var v Version
		if !r.decode(name, &v) {
			return
		}
		r.mark(versionName(code, v), name, "")
		r.named(name, stem, v.From)
		p.Versions = append(p.Versions, v)
	}
}

func versionName(code string, v Version) string { return "version " + code + "@" + v.From }

// procedure is the procedure whose folder is being read; files come in order of
// name, so a folder's files follow each other.
func (r *reader) procedure(folder string) *Procedure {
	thing := "folder " + folder
	if _, ok := r.at[thing]; !ok {
		r.at[thing] = place{"procedures/" + folder, ""}
		r.all.Procedures = append(r.all.Procedures, Procedure{Code: folder})
	}
	return &r.all.Procedures[len(r.all.Procedures)-1]
}

// sort puts dated things in order of time and closes each by the next.
func (r *reader) sort() {
	c := &r.all
	c.sortForms()
	slices.SortFunc(c.Rules, func(a, b Rules) int { return strings.Compare(a.From, b.From) })
	slices.SortFunc(c.Reorganisations, func(a, b Reorganisation) int { return strings.Compare(a.On, b.On) })
	for i := range c.Rules {
		if i+1 < len(c.Rules) && c.Rules[i].To == "" {
			c.Rules[i].To = before(c.Rules[i+1].From)
		}
	}
	for i := range c.Procedures {
		c.Procedures[i].sort()
	}
}

// sort puts a procedure's versions in order of time and closes each by the next.
func (p *Procedure) sort() {
	slices.SortFunc(p.Versions, func(a, b Version) int { return strings.Compare(a.From, b.From) })
	for i := range p.Versions {
		v := &p.Versions[i]
		switch {
		case v.To != "":
		case i+1 < len(p.Versions):
			v.To = before(p.Versions[i+1].From)
		default:
			v.To = p.To
		}
	}
}
