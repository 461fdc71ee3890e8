package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"quay20/internal/problem"
)

// Publication is what a decision changes in one procedure from a day on (công
// bố): a new version, a whole new procedure, or its end. Like a file of the
// pack it is only added; a mistake is mended by a later one.
// law: nd-63-2010/15
type Publication struct {
	Code     string // "1.004194"
	From     Date   // the first day of the new content, or the first day without the procedure
	Decision string // "1234/QĐ-CAT-PC06"
	Signed   Date   // the day of the decision

	Procedure *Procedure `json:",omitempty"` // of a whole new one: everything but Versions and Fees
	Version   *Version   `json:",omitempty"` // nil: the procedure ends on the day before From
	After     []string   `json:",omitempty"` // codes that take over from one that ends

	// Rows that begin on From, and those of before that stop then, named by all
	// but their To.
	Fees          []FeeRule    `json:",omitempty"`
	FeesEnd       []FeeRule    `json:",omitempty"`
	Competence    []Competence `json:",omitempty"`
	CompetenceEnd []Competence `json:",omitempty"`
}

// ID names the publication: a procedure changes once a day at most.
func (pub Publication) ID() string { return pub.Code + "@" + pub.From }

// WithPublished is the pack with publications added, in their order. The pack
// itself does not change. One that the pack's files hold already, word for
// word, is passed over, so that a release may embed what was published; one
// that does not fit is refused with a *problem.Problem.
func (p *Pack) WithPublished(list ...Publication) (*Pack, error) {
	if len(list) == 0 {
		return p, nil
	}
	all := p.all
	all.Procedures = slices.Clone(all.Procedures)
	for _, pub := range list {
		if err := all.publish(pub); err != nil {
			return nil, err
		}
	}
	q := index(all)
	q.applied, q.calendar, q.closures = p.applied, p.calendar, p.closures
	sum := sha256.New()
	fmt.Fprintln(sum, p.version)
	if err := json.NewEncoder(sum).Encode(list); err != nil {
		return nil, fmt.Errorf("hashing publications: %w", err)
	}
	q.version = hex.EncodeToString(sum.Sum(nil))[:16]
	return q, nil
}

// publish adds one publication, or says why it cannot be.
func (c *content) publish(pub Publication) error {
	refuse := func(field, key string, args ...any) error {
		return problem.New(problem.Conflict, key, args...).Field(field, key, args...)
	}
	if !isDate(pub.From) {
		return refuse("from", "pack.err.publish-date", "date", pub.From)
	}
	at := slices.IndexFunc(c.Procedures, func(p Procedure) bool { return p.Code == pub.Code })
	if at < 0 {
		if pub.Procedure == nil || pub.Version == nil || pub.Procedure.Code != pub.Code {
			return refuse("code", "pack.err.procedure", "code", pub.Code)
		}
		p := *pub.Procedure
		p.From, p.To, p.Versions, p.Fees = pub.From, "", []Version{pub.version()}, slices.Clone(pub.Fees)
		c.Procedures = append(c.Procedures, p)
		return nil
	}
	p := c.Procedures[at].clone()
	if p.holds(pub) {
		return nil
	}
	if pub.Procedure != nil {
		return refuse("code", "pack.err.publish-known", "code", pub.Code)
	}
	last := &p.Versions[len(p.Versions)-1]
	switch {
	case pub.From <= p.From:
		return refuse("from", "pack.err.publish-early", "from", day(pub.From), "first", day(p.From))
	case p.To != "" && pub.From > p.To:
		return refuse("from", "pack.err.publish-ended", "from", day(pub.From), "to", day(p.To))
	case pub.Version == nil && last.From >= pub.From:
		return refuse("from", "pack.err.publish-overlap", "from", day(pub.From), "other", day(last.From))
	case slices.ContainsFunc(p.Versions, func(v Version) bool { return v.From == pub.From }):
		return refuse("from", "pack.err.publish-overlap", "from", day(pub.From), "other", day(pub.From))
	}
	p.take(pub)
	c.Procedures[at] = p
	return nil
}

// clone is a procedure whose lists may be changed.
func (p *Procedure) clone() Procedure {
	q := *p
	q.Versions, q.Fees, q.Competence, q.After = slices.Clone(p.Versions), slices.Clone(p.Fees), slices.Clone(p.Competence), slices.Clone(p.After)
	return q
}

// take changes a procedure as the publication says.
func (p *Procedure) take(pub Publication) {
	if pub.Version == nil {
		p.To, p.After = before(pub.From), append(p.After, pub.After...)
		p.Versions[len(p.Versions)-1].To = p.To
		return
	}
	v := pub.version()
	at := slices.IndexFunc(p.Versions, func(old Version) bool { return old.From > v.From })
	if at < 0 {
		at, v.To = len(p.Versions), p.To
	} else {
		v.To = before(p.Versions[at].From)
	}
	p.Versions[at-1].To = before(v.From)
	p.Versions = slices.Insert(p.Versions, at, v)
	for _, end := range pub.FeesEnd {
		for i := range p.Fees {
			if same(p.Fees[i].undated(), end.undated()) && p.Fees[i].From == end.From {
				p.Fees[i].To = before(pub.From)
			}
		}
	}
	for _, f := range pub.Fees { // behind the one that it replaces, so that lists keep their order
		at, near := len(p.Fees), false
		for i, old := range p.Fees {
			if old.Case == f.Case && (old.Channel == f.Channel || !near) {
				at, near = i+1, old.Channel == f.Channel
			}
		}
		p.Fees = slices.Insert(p.Fees, at, f)
	}
	if len(pub.Fees) > 0 {
		p.FeeStatus = "listed"
	}
	for _, end := range pub.CompetenceEnd {
		for i := range p.Competence {
			if same(p.Competence[i].undated(), end.undated()) && p.Competence[i].From == end.From {
				p.Competence[i].To = before(pub.From)
			}
		}
	}
	p.Competence = append(p.Competence, pub.Competence...)
}

// version is the new version as a file would give it: it names the decision.
func (pub Publication) version() Version {
	v := *pub.Version
	v.From, v.To, v.PublishedBy = pub.From, "", pub.Decision
	return v
}

// holds reports whether the procedure says already what the publication says.
func (p *Procedure) holds(pub Publication) bool {
	if pub.Version == nil {
		return p.To == before(pub.From)
	}
	v, ok := p.VersionFrom(pub.From)
	return ok && same(v.plain(), pub.version().plain()) &&
		!slices.ContainsFunc(pub.Fees, func(f FeeRule) bool {
			return !slices.ContainsFunc(p.Fees, func(g FeeRule) bool { return g.From == f.From && same(f.undated(), g.undated()) })
		}) &&
		!slices.ContainsFunc(pub.Competence, func(f Competence) bool {
			return !slices.ContainsFunc(p.Competence, func(g Competence) bool { return g.From == f.From && same(f.undated(), g.undated()) })
		})
}

// plain is a version as its file says it: without what the pack works out.
func (v Version) plain() Version {
	v.To = ""
	if v.ProcessOurs {
		v.Process, v.ProcessOurs = nil, false
	}
	return v
}

func (r FeeRule) undated() FeeRule       { r.Span = Span{}; return r }
func (c Competence) undated() Competence { c.Span = Span{}; return c }

// same compares two values by what they say; an empty list is none.
func same(a, b any) bool { return bytes.Equal(written(a), written(b)) }

func written(v any) []byte {
	text, err := Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("pack: %T has a form that no file has: %v", v, err)) // only a new field type can do this
	}
	return text
}

// Change is the publication that makes a procedure say what is wanted from a day
// on: rows of fees and competence that want does not have any more end, new
// ones begin. Rows that begin later stay.
func (p *Procedure) Change(from Date, v Version, fees []FeeRule, competence []Competence) Publication {
	pub := Publication{Code: p.Code, From: from, Version: &v}
	for _, old := range p.Fees {
		if old.Holds(from) && !slices.ContainsFunc(fees, func(f FeeRule) bool { return same(f.undated(), old.undated()) && f.To == old.To }) {
			pub.FeesEnd = append(pub.FeesEnd, old)
		}
	}
	for _, f := range fees {
		if !slices.ContainsFunc(p.Fees, func(old FeeRule) bool {
			return old.Holds(from) && same(f.undated(), old.undated()) && f.To == old.To
		}) {
			f.From = from
			pub.Fees = append(pub.Fees, f)
		}
	}
	for _, old := range p.Competence {
		if old.Holds(from) && !slices.ContainsFunc(competence, func(c Competence) bool { return same(c.undated(), old.undated()) }) {
			pub.CompetenceEnd = append(pub.CompetenceEnd, old)
		}
	}
	for _, c := range competence {
		if !slices.ContainsFunc(p.Competence, func(old Competence) bool { return old.Holds(from) && same(c.undated(), old.undated()) }) {
			c.From, c.To = from, ""
			pub.Competence = append(pub.Competence, c)
		}
	}
	return pub
}

// Check reads a publication as strictly as the files that it becomes, and names
// every fault with the place in them. A publication that does not fit at all is
// refused with a *problem.Problem, as WithPublished does.
func (p *Pack) Check(pub Publication) ([]Fault, error) {
	q, err := p.WithPublished(pub)
	if err != nil {
		return nil, err
	}
	texts, err := q.Files(pub.Code)
	if err != nil {
		return nil, err
	}
	r := &reader{all: q.all, at: map[string]place{}, files: map[string]*file{}, hash: sha256.New(), texts: texts}
	r.all.Procedures = slices.DeleteFunc(slices.Clone(q.all.Procedures), func(old Procedure) bool { return old.Code == pub.Code })
	for name := range texts {
		dir, base, _ := strings.Cut(strings.TrimPrefix(name, "procedures/"), "/")
		r.readProcedure(name, dir, strings.TrimSuffix(base, ".yaml"))
	}
	for _, f := range r.files {
		r.faults = append(r.faults, f.faults...)
	}
	if len(r.faults) == 0 {
		one := &r.all.Procedures[len(r.all.Procedures)-1]
		one.sort()
		r.pack = index(r.all)
		r.checkProcedure(one, r.pack.aliases(pub.Code))
	}
	for i := range r.faults {
		r.faults[i].Path = r.pathOf(r.faults[i])
	}
	slices.SortStableFunc(r.faults, byPlace)
	return r.faults, nil
}

// pathOf is the place of a fault by its line: the last thing that begins at or
// above it.
func (r *reader) pathOf(f Fault) string {
	best, at := "", 0
	if known, ok := r.files[f.File]; ok {
		for path, line := range known.lines {
			if line <= f.Line && (line > at || line == at && len(path) > len(best)) {
				best, at = path, line
			}
		}
	}
	return best
}

// aliases are the words typed at the counter, but for one procedure's.
func (p *Pack) aliases(but string) map[string]string {
	all := map[string]string{}
	for _, proc := range p.sorted {
		if proc.Code == but {
			continue
		}
		for _, alias := range proc.Aliases {
			all[alias] = proc.Code
		}
	}
	return all
}

// Files are the files of one procedure as the pack has it now, by their place
// in a pack (quay20 pack export).
func (p *Pack) Files(code string) (map[string][]byte, error) {
	proc, ok := p.procs[code]
	if !ok {
		return nil, problem.New(problem.NotFound, "pack.err.procedure", "code", code)
	}
	files := map[string][]byte{}
	put := func(name string, v any) error {
		text, err := Marshal(v)
		if err != nil {
			return fmt.Errorf("writing %s of %s: %w", name, code, err)
		}
		files["procedures/"+code+"/"+name] = text
		return nil
	}
	if err := put("procedure.yaml", proc); err != nil {
		return nil, err
	}
	if len(proc.Fees) > 0 {
		if err := put("fees.yaml", struct{ Fees []FeeRule }{proc.Fees}); err != nil {
			return nil, err
		}
	}
	if proc.Guide != nil {
		if err := put("guide.yaml", proc.Guide); err != nil {
			return nil, err
		}
	}
	for i, v := range proc.Versions {
		if i+1 < len(proc.Versions) && v.To == before(proc.Versions[i+1].From) || i+1 == len(proc.Versions) && v.To == proc.To {
			v.To = "" // the next version, or the procedure, says so
		}
		if v.ProcessOurs {
			v.Process = nil
		}
		if err := put(v.From+".yaml", v); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// fingerprintLength is short enough for a QR on a wall and a line of type.
const fingerprintLength = 8

var fingerprintLetters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Fingerprint names what a procedure says on a day (dấu vân tay nội dung), for
// sheets on walls: two days have the same one if everything that is shown to
// people is the same on both.
func (p *Procedure) Fingerprint(on Date) string {
	said := struct {
		Procedure  Procedure
		Version    Version
		Fees       []FeeRule
		Competence []Competence
	}{Procedure: Procedure{Code: p.Code, Name: p.Name, ShortName: p.ShortName, Official: p.Official, Field: p.Field,
		Applicants: p.Applicants, Result: p.Result, FeeStatus: p.FeeStatus}}
	if v, ok := p.On(on); ok {
		said.Version = v.plain()
		said.Version.From, said.Version.UnchangedTo, said.Version.PublishedBy, said.Version.VerifiedAsOf = "", "", "", ""
		said.Version.Verified, said.Version.Source, said.Version.Note, said.Version.Process = false, nil, "", nil
	}
	for _, f := range p.Fees {
		if f.Holds(on) {
			f = f.undated()
			f.Verified, f.Source = false, ""
			said.Fees = append(said.Fees, f)
		}
	}
	for _, c := range p.Competence {
		if c.Holds(on) {
			c = c.undated()
			c.Verified, c.Source, c.Note = false, nil, ""
			said.Competence = append(said.Competence, c)
		}
	}
	sum := sha256.Sum256(written(said))
	return fingerprintLetters.EncodeToString(sum[:])[:fingerprintLength]
}

// Changes are the days on which what the procedure says changes, in order: its
// first day, every new version, fee and competence, and the day after its last.
func (p *Procedure) Changes() []Date { return p.ChangesIn(Span{}) }

// ChangesIn are those of the changes that fall into a span.
func (p *Procedure) ChangesIn(span Span) []Date {
	var days []Date
	add := func(day Date) {
		if day >= p.From && (p.To == "" || day <= after(p.To)) && span.Holds(day) {
			days = append(days, day)
		}
	}
	both := func(s Span) {
		add(s.From)
		if s.To != "" {
			add(after(s.To))
		}
	}
	add(p.From)
	for _, v := range p.Versions {
		both(v.Span)
	}
	for _, f := range p.Fees {
		both(f.Span)
	}
	for _, c := range p.Competence {
		both(c.Span)
	}
	slices.Sort(days)
	return slices.DeleteFunc(slices.Compact(days), func(day Date) bool {
		return day != p.From && p.Fingerprint(day) == p.Fingerprint(before(day))
	})
}

// Sheet is what became of the content of a sheet on a wall.
type Sheet struct {
	Known bool // it is what the procedure says on some day
	From  Date // the first day of its content, the latest such time
	To    Date // the last; "" until further notice
}

// SheetOf finds by its fingerprint when a sheet's content holds: now, if it
// holds today, else the time nearest before, else the next to come.
func (p *Procedure) SheetOf(fingerprint string, today Date) Sheet {
	var found Sheet
	changes := p.Changes()
	for i, from := range changes {
		if p.Fingerprint(from) != fingerprint {
			continue
		}
		s := Sheet{Known: true, From: from}
		if i+1 < len(changes) {
			s.To = before(changes[i+1])
		}
		if !found.Known || from <= today {
			found = s
		}
	}
	return found
}
