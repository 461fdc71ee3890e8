package dossier

import (
	"cmp"
	"slices"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// Intake is what the officer at the desk writes down when somebody hands in a
// dossier, or what a citizen sends online. The time of receipt is no part of
// it: that is the server's.
type Intake struct {
	Channel   string            `json:"channel"` // "counter", "online", "post"
	Procedure string            `json:"procedure"`
	Case      string            `json:"case"`
	FeeCase   string            `json:"fee_case,omitempty"`  // where the fee knows several cases
	FeeCount  int64             `json:"fee_count,omitempty"` // of what the fee is per; 0 is one
	Request   string            `json:"request,omitempty"`
	Plate     string            `json:"plate,omitempty"`
	Filer     applicant.Person  `json:"filer"`
	Owner     *applicant.Person `json:"owner,omitempty"`
	Authority string            `json:"authority,omitempty"`
	Assisted  string            `json:"assisted,omitempty"`
	Lang      string            `json:"lang,omitempty"`
	Object    string            `json:"-"`      // set here from what was declared
	Declared  *Declared         `json:"-"`      // by room filing alone
	Papers    []Paper           `json:"papers"` // by name; what is not named was not handed in
	Sets      int               `json:"sets,omitempty"`
	ReturnBy  string            `json:"return_by,omitempty"`
	ReturnTo  string            `json:"return_to,omitempty"`
	Pay       string            `json:"pay,omitempty"`      // "cash", "later"
	Decision  string            `json:"decision,omitempty"` // "accept", "supplement", "refuse", "hold"
	Items     []Item            `json:"items,omitempty"`
	Reasons   []string          `json:"reasons,omitempty"`
	Next      string            `json:"next,omitempty"`
	Again     string            `json:"again,omitempty"` // why a second dossier of the same kind within a week
	Codes     []KnownCode       `json:"codes,omitempty"` // given by another system
	Unit      string            `json:"unit,omitempty"`  // code of the deciding unit, where several could
	Desk      pack.UnitKey      `json:"-"`
	Accounts  []string          `json:"-"`                 // of who files online; the program says it, no form does
	Support   string            `json:"support,omitempty"` // code of the unit that helped to file, when another
}

// Receive judges an intake at a desk and makes the dossier of it: accepted,
// sent back for a supplement, or refused. Every fault is named at once.
func Receive(in Intake, by officer.By, w World) (Dossier, Effect, error) {
	d, p := in.begin(w)
	if err := may("receive", by, in.Desk); err != nil {
		return d, Effect{}, err
	}
	missing := d.missing()
	switch in.Decision {
	case "", "accept":
		for _, c := range missing {
			p.Field("papers", "err.paper-missing", "paper", c.Name)
		}
	case "supplement":
		in.Items = withMissing(in.Items, missing)
		if err := (&RequestSupplement{Items: in.Items}).Check(&d, by, w); err != nil {
			join(p, err)
		}
	case "refuse":
		reasons(p, in.Reasons)
	case "hold": // came by post, to be checked within the day
		if d.Channel != "post" {
			p.Field("decision", "err.hold-post-only")
		}
	default:
		p.Field("decision", "err.choose", "field", "key:field.decision")
	}
	if in.Pay != "" && in.Pay != "cash" && in.Pay != "later" {
		p.Field("pay", "err.choose", "field", "key:field.pay")
	}
	if err := p.Or(); err != nil {
		return d, Effect{}, err
	}
	switch in.Decision {
	case "supplement":
		return d, (&RequestSupplement{Items: in.Items}).Apply(&d, by, w), nil
	case "hold":
		return d, Effect{Facts: map[string]any{"procedure": d.Procedure, "case": d.Case, "channel": d.Channel}}, nil
	case "refuse":
		return d, (&Refuse{Reasons: in.Reasons, Next: in.Next}).Apply(&d, by, w), nil
	}
	e := d.accept(by, w, in.Pay)
	return d, e, nil
}

// File makes the dossier of what was sent online: it waits to be checked, and
// its code is minted now.
func File(in Intake, w World) (Dossier, Effect, error) {
	in.Channel = "online"
	d, p := in.begin(w)
	if err := p.Or(); err != nil {
		return d, Effect{}, err
	}
	return d, Effect{Mint: true, Facts: map[string]any{"procedure": d.Procedure, "case": d.Case, "channel": "online"}}, nil
}

// begin checks the facts of an intake and lays out the dossier.
func (in *Intake) begin(w World) (Dossier, *problem.Problem) {
	on := pack.On(w.Now)
	p := invalid()
	if in.Channel == "" {
		in.Channel = "counter"
	}
	if !slices.Contains([]string{"counter", "online", "post"}, in.Channel) {
		p.Field("channel", "err.choose", "field", "key:field.channel")
	}
	p.Fields = append(p.Fields, first(in.Filer.Check("filer.", on))...)
	if in.Owner != nil {
		p.Fields = append(p.Fields, first(in.Owner.Check("owner.", on))...)
		if blank(in.Authority) {
			p.Field("authority", "err.authority-needed")
		}
	}
	for field, s := range map[string]string{"request": in.Request, "authority": in.Authority, "return_to": in.ReturnTo, "assisted": in.Assisted, "again": in.Again, "plate": in.Plate} {
		if len([]rune(s)) > maxText {
			p.Field(field, "err.too-long", "field", "key:field."+field, "most", maxText)
		}
	}
	if !blank(in.Plate) {
		if plate, err := applicant.ParsePlate(in.Plate); err == nil {
			in.Plate = plate
		} else {
			fault(p, "plate", err)
		}
	}
	v, proc := in.checkProcedure(p, w, on)
	if in.ReturnBy == "" {
		in.ReturnBy = "counter"
	}
	if !slices.Contains([]string{"counter", "post", "electronic"}, in.ReturnBy) {
		p.Field("return_by", "err.choose", "field", "key:field.return_by")
	}
	if in.ReturnBy == "post" {
		need(p, "return_to", in.ReturnTo)
	}
	if in.FeeCount < 0 || in.FeeCount > 1000 {
		p.Field("fee_count", "err.fee-count")
	}
	if in.Sets < 0 || in.Sets > 100 {
		p.Field("sets", "err.sets")
	}
	for _, c := range in.Codes {
		switch {
		case !validCode(c.Code):
			p.Field("codes", "err.code-shape")
		case w.mints(c.Code):
			p.Field("codes", "err.code-ours", "code", c.Code)
		}
	}
	in.checkDeclared(p, w, on)
	d := Dossier{
		Object: in.Object, Declared: in.Declared,
		State: Filed, Channel: in.Channel, Procedure: in.Procedure, Law: w.Law.Version(), Case: in.Case,
		Request: in.Request, Plate: in.Plate, Filer: in.Filer, Owner: in.Owner, Authority: in.Authority, Assisted: in.Assisted, Lang: in.Lang, Accounts: in.Accounts,
		Desk: in.Desk, Holder: in.Desk, HeldSince: w.Now, FiledAt: w.Now,
		Sets: max(1, in.Sets), ReturnBy: in.ReturnBy, ReturnTo: in.ReturnTo,
	}
	if in.Support != "" {
		if u, ok := w.Law.Unit(in.Support, on); ok {
			d.Support = u.Key
		} else {
			p.Field("support", "err.unit-unknown", "unit", in.Support)
		}
	}
	for _, c := range in.Codes {
		c.At = w.Now
		d.Codes = append(d.Codes, c)
	}
	if v != nil {
		d.Papers = in.papers(p, v)
		d.LawFrom = v.From
		if u, err := w.Law.Route(in.Procedure, unitCode(w.Law, in.Desk), in.Unit, on); err == nil {
			d.Competent = u.Key
		} else {
			join(p, err)
		}
		ask := pack.Ask{Case: cmp.Or(in.FeeCase, in.Case), Channel: in.Channel, Level: feeLevel(w.Law, d.Competent), Count: in.FeeCount, On: on}
		fee := proc.Fee(ask)
		if len(fee.Choices) > 0 {
			p.Field("fee_case", "err.choose", "field", "key:field.fee_case")
		}
		d.Fee = feeOf(fee, in.FeeCount)
	}
	return d, p
}

// first takes the faults of a check and leaves its warnings.
func first(faults, _ []problem.Field) []problem.Field { return faults }

// checkProcedure adds a fault unless the procedure is in force and the case is
// one of its cases; a lone case needs no naming.
func (in *Intake) checkProcedure(p *problem.Problem, w World, on pack.Date) (*pack.Version, *pack.Procedure) {
	proc, ok := w.Law.Procedure(in.Procedure)
	if !ok {
		p.Field("procedure", "err.procedure-unknown")
		return nil, nil
	}
	v, ok := proc.On(on)
	if !ok {
		p.Field("procedure", "err.procedure-not-in-force", "procedure", proc.ShortName, "from", proc.From, "to", proc.To)
		return nil, proc
	}
	cases := Cases(v, in.Channel)
	if in.Case == "" && len(cases) > 0 {
		in.Case = cases[0].Name
		if len(cases) > 1 {
			p.Field("case", "err.choose", "field", "key:field.case")
		}
		return v, proc
	}
	if len(cases) > 0 && !slices.ContainsFunc(cases, func(c pack.Case) bool { return c.Name == in.Case }) {
		p.Field("case", "err.case-unknown", "case", in.Case)
	}
	return v, proc
}

// Cases are a version's cases for a way of filing.
func Cases(v *pack.Version, channel string) []pack.Case {
	return slices.DeleteFunc(slices.Clone(v.Cases), func(c pack.Case) bool { return c.Channel != "" && c.Channel != channel })
}

// papers lays out the components the case asks for and ticks what was handed in.
func (in *Intake) papers(p *problem.Problem, v *pack.Version) []Paper {
	list := []Paper{}
	if len(in.Papers) > 100 {
		p.Field("papers", "err.too-many-papers", "most", 100)
		return list
	}
	for _, c := range v.Components {
		if c.Case != "" && c.Case != in.Case {
			continue
		}
		paper := Paper{Name: c.Name, Form: c.Form, Originals: c.Originals, Copies: c.Copies, Mandatory: c.Mandatory, Reused: c.PopulationDB == "yes"}
		if i := slices.IndexFunc(in.Papers, func(h Paper) bool { return h.Name == c.Name }); i >= 0 {
			h := in.Papers[i]
			paper.Present, paper.Note, paper.Files = h.Present, h.Note, h.Files
			if h.Originals+h.Copies > 0 {
				paper.Originals, paper.Copies = h.Originals, h.Copies
			}
		}
		paper.Reused = paper.Reused && !paper.Present
		list = append(list, paper)
	}
	for _, h := range in.Papers {
		if h.Present && !blank(h.Name) && !slices.ContainsFunc(list, func(q Paper) bool { return q.Name == h.Name }) {
			h.Mandatory, h.Reused = false, false
			list = append(list, h)
		}
	}
	for _, c := range list {
		if c.Originals < 0 || c.Copies < 0 || c.Originals > 1000 || c.Copies > 1000 || len([]rune(c.Name)) > maxText || len([]rune(c.Note)) > maxText {
			p.Field("papers", "err.paper-count", "paper", c.Name)
		}
	}
	return list
}

// missing lists the obligatory papers that were not handed in and that no
// state database gives.
func (d *Dossier) missing() []Paper {
	var list []Paper
	for _, c := range d.Papers {
		if c.Mandatory && !c.Present && !c.Reused {
			list = append(list, c)
		}
	}
	return list
}

// withMissing names every missing paper, so that nobody is asked twice.
func withMissing(items []Item, missing []Paper) []Item {
	for _, c := range missing {
		if !slices.ContainsFunc(items, func(it Item) bool { return it.Paper == c.Name }) {
			items = append(items, Item{Paper: c.Name, Reason: "Thiếu giấy tờ này."})
		}
	}
	return items
}

// join adds the faults of err, a Problem, to p.
func join(p *problem.Problem, err error) {
	q, ok := problem.As(err)
	switch {
	case !ok:
		p.Field("", "err.server")
	case len(q.Fields) == 0:
		p.Fields = append(p.Fields, problem.Field{Name: "procedure", Key: q.Key, Args: q.Args})
		p.Law = q.Law
	default:
		p.Fields = append(p.Fields, q.Fields...)
	}
}

// fault adds a parser's finding under the field's name.
func fault(p *problem.Problem, field string, err error) {
	if q, ok := problem.As(err); ok {
		p.Field(field, q.Key, q.Args...)
	}
}

// feeLevel is the level on which the fee of a dossier decided there may depend.
func feeLevel(law *pack.Pack, competent pack.UnitKey) pack.Level {
	u, _ := law.UnitByKey(competent)
	return pack.FeeLevel(u.Level)
}

// feeOf is what the dossier keeps of its fee: the amount and the rule that says
// so, for count of what the rule is per.
func feeOf(f pack.Fee, count int64) Fee {
	fee := Fee{Amount: f.Amount, Known: f.Known}
	if f.Currency != "" && f.Currency != "VND" {
		fee.Amount, fee.Known = 0, false
	}
	if f.Rule != nil {
		fee.Case, fee.Basis, fee.Kind, fee.Until = f.Rule.Case, f.Rule.Basis, f.Rule.Kind, f.Until
		if per, several := f.Rule.PerUnit(); several {
			fee.Per, fee.Count = per, max(1, count)
		}
	}
	return fee
}

// again is how long a second dossier of one person for one procedure must be
// explained.
const again = 7 * 24 * time.Hour
