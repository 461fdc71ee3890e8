package demo

import (
	"context"
	"fmt"
	"slices"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/filing"
	"quay20/internal/form"
	"quay20/internal/pack"
)

// Answers fill a form in, as an invented person does who takes the first of
// every choice.
func (p *Province) Answers(f *pack.Form, on pack.Date) form.Answers {
	who, other := p.Person(), p.Person()
	a := form.Answers{}
	for range f.Sections { // what is answered may ask for more
		for i := range f.Sections {
			s := &f.Sections[i]
			place := form.Place{Section: s}
			if s.Most > 0 {
				place.Item = 1
			}
			for j := 0; j < len(s.Fields); j++ {
				for _, q := range form.Questions(place, a) {
					if _, done := a[q.Name]; !done {
						p.reply(q, a, who, other, on)
					}
				}
			}
		}
	}
	if c := f.Cosign; c != nil {
		a[c.Proof] = a[c.Number]
	}
	return a
}

// reply answers one question.
func (p *Province) reply(q form.Question, a form.Answers, who, other applicant.Person, on pack.Date) {
	facts := map[string]string{
		"filer.kind": string(who.Kind), "filer.name": who.Name, "filer.born": who.Born, "filer.sex": string(who.Sex), "filer.id_number": who.IDNumber,
		"filer.phone": who.Phone, "owner.other": form.No, "return_by": "counter", "filled": form.Self,
	}
	p.people++
	n := p.people
	v, told := facts[q.Field.Fact]
	switch q.Field.Type {
	case "choice":
		if !told {
			v = q.Field.Choices[0].Value
		}
	case "address":
		communes := p.Law.Law().Communes(on)
		a[q.Name+form.Commune] = communes[n%len(communes)].Code
		a[q.Name+form.Village] = fmt.Sprintf("Bản Nà %d", n%90+1)
		return
	case "number", "money":
		v = fmt.Sprint(max(q.Field.Min, min(12, max(q.Field.Max, 12))))
	case "yes-no":
		if !told {
			v = form.No
		}
	default:
		if !told {
			v = sample(q.Field, other, n, on)
		}
	}
	if v != "" {
		a[q.Name] = v
	}
}

// sample is a valid answer of a type. Numbers and plates use ranges that are
// given to nobody.
func sample(f *pack.FormField, who applicant.Person, n int, on pack.Date) string {
	switch f.Type {
	case "name":
		return who.Name
	case "organisation":
		return fmt.Sprintf("Công ty TNHH Thử nghiệm %d", n)
	case "line":
		return cut(fmt.Sprintf("Mẫu %d", n), f.Max)
	case "text":
		return fmt.Sprintf("Đề nghị giải quyết việc số %d", n)
	case "phone":
		return who.Phone
	case "plate":
		return fmt.Sprintf("25-Z9 %03d.%02d", n/100%1000, n%100)
	case "personal-number", "id-number":
		return who.IDNumber
	case "passport":
		return fmt.Sprintf("Q%07d", n)
	case "birth":
		return "1990-03-07"
	case "date":
		return on
	case "nationality":
		return "LAO"
	}
	return ""
}

func cut(s string, most int64) string {
	if r := []rune(s); most > 0 && int64(len(r)) > most {
		return string(r[:most])
	}
	return s
}

// Declare fills a draft in to its end; who the other party is confirms it, too.
func (p *Province) Declare(ctx context.Context, owner filing.Owner, procedure string) (filing.Draft, error) {
	d, err := p.Filing.Begin(ctx, owner, procedure)
	if err != nil {
		return d, err
	}
	on := pack.On(p.Clock.Now())
	f, ok := form.Of(p.Law.Law(), procedure, on)
	if !ok {
		return d, fmt.Errorf("%s is not filed online", procedure)
	}
	answers := p.Answers(f, on)
	for _, place := range form.Places(f, answers) {
		if f.Cosign != nil && f.Cosign.Section == place.Section.ID {
			continue
		}
		own := form.Answers{}
		for _, q := range form.Questions(place, answers) {
			for _, name := range q.Inputs() {
				own[name] = answers[name]
			}
		}
		saved, faults, err := p.Filing.Save(ctx, owner, d.ID, filing.Change{Place: place.Name(), Answers: own, Seen: filing.Mark(place, d.Answers)})
		if err != nil || len(faults) > 0 {
			return d, fmt.Errorf("%s, %s: %v %w", procedure, place.Name(), faults, err)
		}
		d = saved
	}
	if f.Cosign == nil {
		return p.Filing.Find(ctx, owner, d.ID)
	}
	d, secret, err := p.Filing.Link(ctx, owner, d.ID)
	if err != nil {
		return d, err
	}
	section, _ := f.Section(f.Cosign.Section)
	faults, err := p.Filing.Confirm(ctx, d.ID, secret, d.Version, form.Within(section, answers))
	if err != nil || len(faults) > 0 {
		return d, fmt.Errorf("%s, the other party: %v %w", procedure, faults, err)
	}
	return p.Filing.Find(ctx, owner, d.ID)
}

// FileFromHome sends an online dossier as people do: draft, form, sending.
func (p *Province) FileFromHome(ctx context.Context, owner filing.Owner, procedure string) (dossier.Sent, error) {
	d, err := p.Declare(ctx, owner, procedure)
	if err != nil {
		return dossier.Sent{}, err
	}
	return p.Filing.Send(ctx, owner, d.ID, d.Version, "vi")
}

// filedFromHome are a few procedures that people file from home.
var filedFromHome = []string{"1.004194", "1.001456", "1.010041", "1.013082"}

// fromHome leaves drafts on a device that nobody has, and dossiers that were
// sent from it.
func (p *Province) fromHome(ctx context.Context) error {
	if p.Filing == nil {
		return nil
	}
	const owner = filing.Owner("device/demo")
	open := slices.DeleteFunc(slices.Clone(filedFromHome), func(code string) bool {
		_, ok := form.Of(p.Law.Law(), code, pack.On(p.Clock.Now()))
		return !ok
	})
	for i, code := range open {
		if i%2 == 0 {
			if _, err := p.FileFromHome(ctx, owner, code); err != nil {
				return err
			}
			continue
		}
		if _, err := p.Declare(ctx, owner, code); err != nil {
			return err
		}
	}
	return nil
}
