package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/batch"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// business is the pages of organisations (tài khoản tổ chức): their users, who
// may act for them, and tables of dossiers.
type business struct{ *Server }

const (
	companiesPath = "/to-chuc"
	joinPath      = "/tham-gia/" // and the secret of an invitation
)

func (s *Server) businessRoutes() {
	if s.Accounts == nil || s.Companies == nil || s.Batches == nil {
		return
	}
	b := &business{s}
	s.withAccount("GET "+companiesPath, b.list)
	s.withAccount("POST "+companiesPath, b.found)
	s.withAccount("GET "+companiesPath+"/{org}", b.show)
	s.withAccount("POST "+companiesPath+"/{org}/moi", b.ofCompany(b.invite))
	s.withAccount("POST "+companiesPath+"/{org}/bo", b.ofCompany(b.remove))
	s.withAccount("POST "+companiesPath+"/{org}/uy-quyen", b.ofCompany(b.grant))
	s.withAccount("POST "+companiesPath+"/{org}/thu-hoi", b.ofCompany(b.revoke))
	s.withAccount("GET "+joinPath+"{secret}", b.askJoin)
	s.withAccount("POST "+joinPath+"{secret}", b.join)
	b.batchRoutes()
	s.hooks.mine = append(s.hooks.mine, b.part)
	s.hooks.exported = append(s.hooks.exported, func(ctx context.Context, owner string) (string, any, error) {
		list, err := s.Companies.Of(ctx, strings.TrimPrefix(owner, "account/"))
		return "organisations", list, err
	})
}

func companyPath(c applicant.Company) string { return companiesPath + "/" + c.ID }

// part lists the citizen's organisations on their account's page.
func (b *business) part(ctx context.Context, by Holder, lang text.Lang) (AccountPart, error) {
	part := AccountPart{Title: text.T(lang, "business.title")}
	list, err := b.Companies.Of(ctx, by.Account.ID)
	for _, c := range list {
		m, _ := c.Member(by.Account.ID)
		part.Lines = append(part.Lines, AccountLine{Href: companyPath(c), Text: c.Person.Name, Note: text.T(lang, "business.role."+string(m.Role))})
	}
	part.Lines = append(part.Lines, AccountLine{Href: companiesPath, Text: text.T(lang, "business.new")})
	return part, err
}

// companiesPage lists the organisations and opens a new one.
type companiesPage struct {
	*Form
	List   []AccountLine
	Kind   Radios
	Inputs []Input
}

func (b *business) list(w http.ResponseWriter, r *http.Request, by Holder) error {
	return b.showList(w, r, by, b.blankForm(w, r))
}

func (b *business) showList(w http.ResponseWriter, r *http.Request, by Holder, f *Form) error {
	list, err := b.Companies.Of(r.Context(), by.Account.ID)
	if err != nil {
		return err
	}
	p := companiesPage{Form: f, Kind: f.Radios("kind", "business.kind", Choice{Value: "organisation", Text: text.T(f.Lang, "business.kind.organisation")},
		Choice{Value: "household_business", Text: text.T(f.Lang, "business.kind.household_business")})}
	for _, c := range list {
		p.List = append(p.List, AccountLine{Href: companyPath(c), Text: c.Person.Name, Note: c.Person.TaxCode})
	}
	for _, name := range []string{"name", "tax_code", "representative", "address", "phone"} {
		in := f.Input(name, "business."+name)
		if name == "tax_code" || name == "phone" {
			in.Classes, in.Inputmode = "govuk-input--width-20", "numeric"
		}
		p.Inputs = append(p.Inputs, in)
	}
	return b.render(w, r, f.Status(), "business-list", p)
}

func (b *business) found(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := b.postedForm(w, r)
	if err != nil {
		return err
	}
	person := applicant.Person{Kind: applicant.Kind(f.Choice("kind", "organisation", "household_business")), Name: f.Text("name", 200),
		TaxCode: f.Text("tax_code", 30), Representative: f.Text("representative", 100), Address: f.Text("address", 300), Phone: f.Text("phone", 30)}
	var c applicant.Company
	if err = f.Err(); err == nil {
		c, err = b.Companies.Found(r.Context(), by.token, person)
	}
	if f.Refused(err) {
		return b.showList(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return b.redirect(w, r, companyPath(c))
}

// companyPage is one organisation.
type companyPage struct {
	*Form
	Company   applicant.Company
	Base      string
	Facts     SummaryList
	Parts     []AccountPart
	Members   []memberLine
	Papers    []authorityLine
	Manager   bool
	MayFile   bool
	Link      string // of an invitation, shown once
	To        Input
	Role      Radios
	Attorney  Select
	Legal     Checkboxes
	Paper     Input
	Days      []Input
	Procedure Input
}

type memberLine struct {
	applicant.Member
	RoleWords string
	Me        bool
}

type authorityLine struct {
	ID, Who, Words, For, Days string
	Over                      bool
}

// company finds one of the citizen's organisations; any other does not exist
// (rel-K61).
func (b *business) company(r *http.Request, by Holder) (applicant.Company, error) {
	return b.Companies.Find(r.Context(), by.Account.ID, r.PathValue("org"))
}

// ofCompany takes a form for an organisation of which the citizen is a member.
func (b *business) ofCompany(h func(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form) error) func(http.ResponseWriter, *http.Request, Holder) error {
	return func(w http.ResponseWriter, r *http.Request, by Holder) error {
		f, err := b.postedForm(w, r)
		if err != nil {
			return err
		}
		c, err := b.company(r, by)
		if err != nil {
			return err
		}
		return h(w, r, by, c, f)
	}
}

func (b *business) show(w http.ResponseWriter, r *http.Request, by Holder) error {
	c, err := b.company(r, by)
	if err != nil {
		return err
	}
	return b.showCompany(w, r, by, c, b.blankForm(w, r), "")
}

func (b *business) showCompany(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form, link string) error {
	m, _ := c.Member(by.Account.ID)
	p := companyPage{Form: f, Company: c, Base: companyPath(c), Manager: m.Role == applicant.Manager, Link: link}
	row := func(key, value string) {
		if value != "" {
			p.Facts.Rows = append(p.Facts.Rows, Row{Key: Said{Text: text.T(f.Lang, key)}, Value: Said{Text: value}})
		}
	}
	row("business.tax_code", c.Person.TaxCode)
	row("business.representative", c.Person.Representative)
	row("business.address", c.Person.Address)
	on := pack.On(b.Now())
	name := map[string]string{}
	attorneys := []Option{{Value: "", Text: text.T(f.Lang, "business.choose")}}
	for _, m := range c.Members {
		name[m.Account] = m.Name
		p.Members = append(p.Members, memberLine{m, text.T(f.Lang, "business.role."+string(m.Role)), m.Account == by.Account.ID})
		attorneys = append(attorneys, Option{Value: m.Account, Text: m.Name})
	}
	for _, a := range slices.Backward(c.Authorities) {
		line := authorityLine{ID: a.ID, Who: name[a.Account], Words: a.Words(c), For: strings.Join(a.Procedures, ", "), Days: dayWords(a.From), Over: !a.Revoked.IsZero() || a.To != "" && a.To < on}
		if line.For == "" {
			line.For = text.T(f.Lang, "business.authority.all")
		}
		if a.To != "" {
			line.Days += " – " + dayWords(a.To)
		}
		p.Papers = append(p.Papers, line)
		p.MayFile = p.MayFile || a.Account == by.Account.ID && !line.Over && a.From <= on
	}
	tables, err := b.Batches.Of(r.Context(), c.ID)
	if err != nil {
		return err
	}
	sent := AccountPart{Title: text.T(f.Lang, "batch.tables"), Empty: text.T(f.Lang, "batch.tables.none")}
	for _, t := range tables {
		sent.Lines = append(sent.Lines, AccountLine{Href: companyPath(c) + "/bang/" + t.ID, Text: b.procedureName(t.Procedure),
			Note: sayShort(t.Made), Tag: Tag{Text: text.T(f.Lang, "batch.state."+string(t.State)), Classes: tagClass(tableColours[t.State])}})
	}
	p.Parts = append(p.Parts, sent)
	filed, err := b.dossiersOf(r, c.Owner(), f.Lang)
	if err != nil {
		return err
	}
	filed.Empty = text.T(f.Lang, "business.dossiers.none")
	p.Parts = append(p.Parts, filed)
	p.To = f.Input("to", "business.invite.to")
	p.To.Classes = "govuk-input--width-20"
	p.Role = f.Radios("role", "business.invite.role", Choice{Value: "filer", Text: text.T(f.Lang, "business.role.filer")}, Choice{Value: "manager", Text: text.T(f.Lang, "business.role.manager")})
	p.Attorney = f.Select("account", "business.authority.who", attorneys...)
	p.Legal = f.Checkboxes("legal", "business.authority.kind", Choice{Value: "1", Text: text.T(f.Lang, "business.authority.is-legal")})
	p.Legal.Fieldset.Legend.Classes = "govuk-visually-hidden"
	p.Paper = f.Input("paper", "business.authority.number")
	p.Paper.Classes = "govuk-input--width-20"
	for _, name := range []string{"signed", "from", "until"} {
		in := f.Input(name, "business.authority."+name)
		in.Classes, in.Hint = "govuk-input--width-10", &Hint{Text: text.T(f.Lang, "business.day.hint")}
		p.Days = append(p.Days, in)
	}
	p.Procedure = f.Input("procedures", "business.authority.procedures")
	p.Procedure.Hint = &Hint{Text: text.T(f.Lang, "business.authority.procedures.hint")}
	return b.render(w, r, f.Status(), "business", p)
}

var tableColours = map[batch.State]string{batch.Checked: "amber", batch.Filing: "blue", batch.Done: "green"}

func (s *Server) procedureName(code string) string {
	if p, ok := s.Law.Law().Procedure(code); ok {
		return p.ShortName
	}
	return code
}

// acted goes back to the organisation after an act, or shows it with the faults.
func (b *business) acted(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form, err error) error {
	switch {
	case problem.Is(err, problem.Forbidden):
		return b.proveAgain(w, r, companyPath(c))
	case f.Refused(err):
		return b.showCompany(w, r, by, c, f, "")
	case err != nil:
		return err
	}
	return b.redirect(w, r, companyPath(c))
}

func (b *business) invite(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form) error {
	way, wrong := applicant.ReadWay(f.Text("to", 254))
	if p, ok := problem.As(wrong); ok {
		f.Fault("to", p.Key, p.Args...)
	}
	role := f.Choice("role", "manager", "filer")
	var secret string
	err := f.Err()
	if err == nil {
		secret, err = b.Companies.Invite(r.Context(), by.token, c.ID, way, applicant.CompanyRole(role))
	}
	if err != nil {
		return b.acted(w, r, by, c, f, err)
	}
	return b.showCompany(w, r, by, c, b.blankForm(w, r), b.Origin+joinPath+secret)
}

func (b *business) remove(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form) error {
	account := f.Text("account", 40)
	err := f.Err()
	if err == nil {
		_, err = b.Companies.Remove(r.Context(), by.token, c.ID, account)
	}
	if err == nil && account == by.Account.ID {
		return b.redirect(w, r, companiesPath)
	}
	return b.acted(w, r, by, c, f, err)
}

func (b *business) grant(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form) error {
	day := func(name string) pack.Date {
		if t := f.Date(name); !t.IsZero() {
			return t.Format(time.DateOnly)
		}
		return ""
	}
	a := applicant.Authority{Account: f.Text("account", 40), Legal: f.Flag("legal"), Paper: f.Text("paper", 60), Signed: day("signed"), From: day("from"), To: day("until")}
	for _, code := range strings.FieldsFunc(f.Text("procedures", 500), func(r rune) bool { return strings.ContainsRune(",; ", r) }) {
		if _, ok := b.Law.Law().Procedure(code); !ok {
			f.Fault("procedures", "business.err.procedure", "code", code)
			break
		}
		a.Procedures = append(a.Procedures, code)
	}
	err := f.Err()
	if err == nil {
		_, err = b.Companies.Grant(r.Context(), by.token, c.ID, a)
	}
	return b.acted(w, r, by, c, f, err)
}

func (b *business) revoke(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form) error {
	id := f.Text("authority", 40)
	err := f.Err()
	if err == nil {
		_, err = b.Companies.Revoke(r.Context(), by.token, c.ID, id)
	}
	return b.acted(w, r, by, c, f, err)
}

// joinPage asks before an invitation is taken: opening a link changes nothing.
type joinPage struct {
	*Form
	Path string
}

func (b *business) askJoin(w http.ResponseWriter, r *http.Request, by Holder) error {
	f := b.blankForm(w, r)
	return b.render(w, r, f.Status(), "business-join", joinPage{f, joinPath + url.PathEscape(r.PathValue("secret"))})
}

func (b *business) join(w http.ResponseWriter, r *http.Request, by Holder) error {
	c, err := b.Companies.Join(r.Context(), by.token, r.PathValue("secret"))
	if err != nil {
		return err
	}
	return b.redirect(w, r, companyPath(c))
}
