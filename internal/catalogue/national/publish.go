package national

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"quay20/internal/catalogue"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// Over is the draft laid over what the law says on the day from which it should
// hold: where the page was not read, or says nothing, the law's own words stay.
// Discounts that have ended by then are left out. Of a procedure that the law
// does not know it is what was read.
func (d *Draft) Over(law *pack.Pack, from pack.Date) pack.Procedure {
	p := d.Procedure
	v := *d.Version()
	v.Note = text.T(text.Vi, "national.note", "line", d.Line)
	v.Channels = slices.Clone(v.Channels)
	p.Fees = slices.DeleteFunc(slices.Clone(p.Fees), func(r pack.FeeRule) bool { return r.To != "" && r.To < from })
	for i := range p.Fees {
		if p.Fees[i].From <= from {
			p.Fees[i].From = ""
		}
		p.Fees[i].Case = cmp.Or(p.Fees[i].Case, usual)
	}
	if known, ok := law.Procedure(p.Code); ok {
		d.under(&p, &v, catalogue.ContentOf(known, from))
	}
	p.Versions = []pack.Version{v}
	return p
}

// under puts the law's words where the page has none that were read.
func (d *Draft) under(p *pack.Procedure, v *pack.Version, now catalogue.Content) {
	unread := func(field string) bool { return d.Marks[field].State != Typed }
	said := now.Procedure
	p.Name, p.ShortName, p.Official, p.Field, p.Popularity = said.Name, said.ShortName, said.Official, said.Field, said.Popularity
	p.Keywords, p.Aliases = said.Keywords, said.Aliases
	if unread("limits") {
		v.Cases, v.Legs, v.Extension, v.AfterFee = now.Version.Cases, now.Version.Legs, now.Version.Extension, now.Version.AfterFee
	}
	v.CutOff, v.SupplementEnd = now.Version.CutOff, now.Version.SupplementEnd
	if !now.Version.ProcessOurs {
		v.Process = now.Version.Process
	}
	for i, c := range v.Channels {
		for _, old := range now.Version.Channels {
			if c.Kind == old.Kind {
				v.Channels[i] = old // the page does not say how far one gets online
			}
		}
	}
	if unread("channels") {
		v.Channels = now.Version.Channels
	}
	if unread("papers") {
		v.Components = now.Version.Components
	}
	if unread("bases") {
		v.Bases = now.Version.Bases
	}
	if unread("steps") {
		v.Steps = now.Version.Steps
	}
	if unread("conditions") {
		v.Conditions = now.Version.Conditions
	}
	if unread("fees") {
		p.Fees, p.FeeStatus = now.Fees, said.FeeStatus
	} else {
		read := p.Fees
		p.Fees = nil
		for _, r := range read {
			if r = asNow(r, now.Fees); !slices.Contains(p.Fees, r) {
				p.Fees = append(p.Fees, r)
			}
		}
	}
	if unread("authority") {
		p.Competence = now.Competence
	}
	p.Competence = slices.Clone(p.Competence)
	for i, c := range p.Competence {
		for _, old := range now.Competence {
			if c.Level == old.Level && c.Unit == old.Unit {
				p.Competence[i] = old
			}
		}
	}
	if unread("applicants") {
		p.Applicants = said.ApplicantsIn(&now.Version)
	}
	if unread("results") {
		p.Result = said.ResultIn(&now.Version)
	}
}

// asNow is a rule in the law's words, if the law has the same rule now: pages do
// not name the cases that desks know.
func asNow(r pack.FeeRule, now []pack.FeeRule) pack.FeeRule {
	names := map[string]bool{}
	for _, old := range now {
		if old.Amount != nil && *old.Amount == *r.Amount && old.Currency == r.Currency && old.Kind == r.Kind && (old.Channel == r.Channel || old.Channel == "any") && old.To == r.To {
			return old
		}
		names[old.Case] = true
	}
	if len(names) == 1 && (r.Case == "" || r.Case == usual) {
		r.Case = now[0].Case
	}
	return r
}

// Publication is the draft as it would change the law from a day on.
func (d *Draft) Publication(law *pack.Pack, from pack.Date) pack.Publication {
	p := d.Over(law, from)
	v := p.Versions[0]
	var pub pack.Publication
	if known, ok := law.Procedure(p.Code); ok {
		if !slices.Equal(p.Applicants, known.ApplicantsIn(&v)) {
			v.Applicants = p.Applicants
		}
		if !slices.Equal(p.Result, known.ResultIn(&v)) {
			v.Result = p.Result
		}
		pub = known.Change(from, v, p.Fees, p.Competence)
	} else {
		fees, competence := slices.Clone(p.Fees), slices.Clone(p.Competence)
		for i := range fees {
			fees[i].From = max(fees[i].From, from)
		}
		for i := range competence {
			competence[i].From = from
		}
		const rare = 3
		p.Versions, p.Fees, p.Competence, p.Popularity = nil, nil, competence, rare
		pub = pack.Publication{Code: p.Code, From: from, Procedure: &p, Version: &v, Fees: fees}
	}
	pub.Decision = d.Decision
	return pub
}

// Files are the files by which the draft would change the pack from a day on:
// those that are new and those that grow. The faults are what the pack's check
// finds in them; a draft with any, or one that is not Complete, waits for a
// person. The error is a problem.Problem if the draft fits the law in no way,
// because it has no code or the law has a version of that day.
func (d *Draft) Files(law *pack.Pack, from pack.Date) (map[string][]byte, []pack.Fault, error) {
	if d.Procedure.Code == "" {
		return nil, nil, problem.New(problem.Invalid, "national.find.no-code")
	}
	pub := d.Publication(law, from)
	faults, err := law.Check(pub)
	if err != nil {
		return nil, nil, err
	}
	changed, err := law.WithPublished(pub)
	if err != nil {
		return nil, nil, err
	}
	files, err := changed.Files(pub.Code)
	if err != nil {
		return nil, nil, err
	}
	if _, ok := law.Procedure(pub.Code); ok {
		old, err := law.Files(pub.Code)
		if err != nil {
			return nil, nil, err
		}
		for name, body := range old {
			if bytes.Equal(files[name], body) {
				delete(files, name)
			}
		}
	}
	return files, faults, nil
}

// items says in which item of a draft an officer finds a field.
var items = map[string]catalogue.Item{
	"": catalogue.ItemName, "code": catalogue.ItemName, "name": catalogue.ItemName, "field": catalogue.ItemName, "decision": catalogue.ItemBases,
	"levels": catalogue.ItemAgency, "authority": catalogue.ItemAgency, "handler": catalogue.ItemAgency, "delegate": catalogue.ItemAgency, "partner": catalogue.ItemAgency,
	"applicants": catalogue.ItemApplicants, "address": catalogue.ItemChannels, "related": catalogue.ItemName, "steps": catalogue.ItemSteps,
	"channels": catalogue.ItemChannels, "limits": catalogue.ItemLimit, "legs": catalogue.ItemLimit, "extension": catalogue.ItemLimit, "fees": catalogue.ItemFees,
	"papers": catalogue.ItemPapers, "bases": catalogue.ItemBases, "conditions": catalogue.ItemConditions, "results": catalogue.ItemResult,
}

// Imported is the draft for the book of drafts: what was read, laid over the law
// of the day, and each sentence that a person has to look at, with the worklist's
// findings on this line.
func (d *Draft) Imported(law *pack.Pack, on pack.Date, found []Finding) catalogue.Imported {
	in := catalogue.Imported{Source: "dvcqg/" + d.Procedure.Code, Procedure: d.Over(law, on)}
	for _, field := range Fields {
		m := d.Marks[field]
		switch {
		case m.Doubt != "":
			in.Unread = append(in.Unread, catalogue.Unread{Item: items[field], Text: m.Text, Why: m.Doubt})
		case m.State == Kept:
			in.Unread = append(in.Unread, catalogue.Unread{Item: items[field], Text: m.Text, Why: m.Why})
		}
	}
	for _, f := range found {
		if f.Line == d.Line && !marked(f.Kind) {
			in.Unread = append(in.Unread, catalogue.Unread{Item: items[f.Field], Text: strings.TrimSpace(text.T(text.Vi, f.Word(), f.Args...) + ": " + f.Sentence)})
		}
	}
	return in
}

// marked reports whether a finding only repeats what the draft's marks say.
func marked(kind string) bool {
	return slices.Contains([]string{LimitClash, LimitUnread, LimitVague, FeeClash, FeeUnread, FeeOverlap}, kind)
}
