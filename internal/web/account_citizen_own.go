package web

import (
	"encoding/json"
	"net/http"
	"slices"

	"quay20/internal/applicant"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// mostListed bounds the dossiers on an account's page.
const mostListed = 50

// dossiersOf lists the dossiers of an account or an organisation.
func (s *Server) dossiersOf(r *http.Request, owner string, lang text.Lang) (AccountPart, error) {
	part := AccountPart{Title: text.T(lang, "account.dossiers"), Empty: text.T(lang, "account.dossiers.none")}
	list, err := s.Dossiers.OfAccount(r.Context(), owner, mostListed)
	if err != nil {
		return part, err
	}
	for _, d := range list {
		name := d.Procedure
		if p, ok := s.Law.Law().Procedure(d.Procedure); ok {
			name = p.ShortName
		}
		note := text.T(lang, "account.dossiers.note", "code", string(d.Code), "day", sayShort(d.FiledAt))
		if d.Owner != nil {
			note = d.Owner.Name + " · " + note
		}
		part.Lines = append(part.Lines, AccountLine{Href: "/t/" + d.Token, Text: name, Note: note,
			Tag: Tag{Text: text.T(lang, "track.tag."+string(d.State)), Classes: tagClass(stateColours[d.State])}})
	}
	return part, nil
}

// factRows shows what fills forms in.
func factRows(lang text.Lang, a applicant.Account) SummaryList {
	p := a.Person
	var list SummaryList
	row := func(key, value string) {
		if value == "" {
			value = text.T(lang, "account.facts.none")
		}
		list.Rows = append(list.Rows, Row{Key: Said{Text: text.T(lang, key)}, Value: Said{Text: value}})
	}
	row("account.facts.name", p.Name)
	row("account.facts.born", applicant.FormatBorn(p.Born))
	sex := ""
	if p.Sex != "" {
		sex = text.T(lang, "account.sex."+string(p.Sex))
	}
	row("account.facts.sex", sex)
	number := maskNumber(p.IDNumber)
	if p.Checked.EID {
		number += " · " + text.T(lang, "account.facts.vouched")
	}
	row("account.facts.id_number", number)
	row("account.facts.address", p.Address)
	row("account.facts.village", p.Village)
	return list
}

// maskNumber shows the ends of an identity number; the rest is typed, not read.
func maskNumber(number string) string {
	if len(number) < 8 {
		return number
	}
	return number[:3] + "••••••" + number[len(number)-3:]
}

// wayRow is one way in.
type wayRow struct {
	Kind, Name, Value string
	May               bool // it can be removed
}

func wayRows(lang text.Lang, a applicant.Account) (list []wayRow) {
	add := func(kind, value string) {
		if value != "" {
			list = append(list, wayRow{Kind: kind, Name: text.T(lang, "account.way."+kind), Value: value})
		}
	}
	if a.Phone != "" {
		add("phone", applicant.FormatPhone(a.Phone))
	}
	add("email", a.Email)
	if a.EID != nil {
		add("eid", a.EID.Name)
	}
	for i := range list {
		list[i].May = len(list) > 1
	}
	return list
}

// changeForm is the form that gives the account another phone or address.
type changeForm struct {
	To   Input
	Lost Checkboxes
}

func changeFields(f *Form) changeForm {
	c := changeForm{To: f.Input("to", "account.way.new"), Lost: f.Checkboxes("lost", "account.lost.legend", Choice{Value: "1", Text: text.T(f.Lang, "account.lost")})}
	c.To.Hint = &Hint{Text: text.T(f.Lang, "account.way.new.hint")}
	c.To.Classes, c.To.Autocapitalize = "govuk-input--width-20", "none"
	c.Lost.Fieldset.Legend.Classes = "govuk-visually-hidden"
	return c
}

func consentBoxes(f *Form, a applicant.Account) Checkboxes {
	box := f.Checkboxes("yes", "account.consent.legend")
	for _, q := range applicant.Questions {
		box.Items = append(box.Items, Choice{Value: q.To, Text: text.T(f.Lang, q.Key())})
		if a.Consented(q.To) {
			box.Values = append(box.Values, q.To)
		}
	}
	return box
}

// factsPage is the form of what fills forms in.
type factsPage struct {
	*Form
	Vouched *applicant.EID
	Inputs  []Input
	Sex     *Radios
	More    []Input
}

func (a *citizenAccount) askFacts(w http.ResponseWriter, r *http.Request, by Holder) error {
	f := a.blankForm(w, r)
	p := by.Account.Person
	for name, value := range map[string]string{"name": p.Name, "born": applicant.FormatBorn(p.Born), "sex": string(p.Sex), "id_number": p.IDNumber, "address": p.Address, "village": p.Village} {
		f.Set(name, value)
	}
	return a.showFacts(w, r, by, f)
}

func (a *citizenAccount) showFacts(w http.ResponseWriter, r *http.Request, by Holder, f *Form) error {
	p := factsPage{Form: f, Vouched: by.Account.EID}
	input := func(name, auto string) Input {
		in := f.Input(name, "account.facts."+name)
		in.Autocomplete = auto
		return in
	}
	e := by.Account.EID
	if e == nil || e.Name == "" {
		p.Inputs = append(p.Inputs, input("name", "name"))
	}
	if e == nil || e.Born == "" {
		born := input("born", "bday")
		born.Classes, born.Hint = "govuk-input--width-10", &Hint{Text: text.T(f.Lang, "account.facts.born.hint")}
		p.Inputs = append(p.Inputs, born)
	}
	if e == nil || e.Sex == "" {
		sex := f.Radios("sex", "account.facts.sex", Choice{Value: "male", Text: text.T(f.Lang, "account.sex.male")}, Choice{Value: "female", Text: text.T(f.Lang, "account.sex.female")})
		sex.Classes = "govuk-radios--inline"
		p.Sex = &sex
	}
	if e == nil || e.Number == "" {
		id := input("id_number", "off")
		id.Inputmode, id.Classes, id.Hint = "numeric", "govuk-input--width-20", &Hint{Text: text.T(f.Lang, "account.facts.id_number.hint")}
		p.More = append(p.More, id)
	}
	p.More = append(p.More, input("address", "street-address"), input("village", "off"))
	return a.render(w, r, f.Status(), "account-facts", p)
}

func (a *citizenAccount) saveFacts(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	p := applicant.Person{Name: f.Text("name", 100), Born: f.Text("born", 20), Sex: applicant.Sex(f.Choice("sex", "male", "female")),
		IDNumber: f.Text("id_number", 30), Address: f.Text("address", 300), Village: f.Text("village", 200)}
	if p.IDNumber != "" {
		if id, err := applicant.ParseID(p.IDNumber); err == nil {
			p.IDKind = id.Kind
		}
	}
	if err = f.Err(); err == nil {
		_, err = a.Accounts.SaveFacts(r.Context(), by.token, p)
	}
	if f.Refused(err) {
		return a.showFacts(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return a.redirect(w, r, myPath+"?xong=facts")
}

// changePage asks for the codes that confirm another phone or address.
type changePage struct {
	*Form
	To, Second  string // masked
	Code, Other Input
	Outbox      string
}

func (a *citizenAccount) askChange(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	way, wrong := applicant.ReadWay(f.Text("to", 254))
	if p, ok := problem.As(wrong); ok {
		f.Fault("to", p.Key, p.Args...)
	}
	lost := len(f.Choices("lost", "1")) > 0
	var p applicant.Pending
	if err = f.Err(); err == nil {
		p, err = a.Accounts.AskChange(r.Context(), by.token, way, lost, a.client(r).String())
	}
	if problem.Is(err, problem.Forbidden) {
		return a.proveAgain(w, r, myPath)
	}
	if f.Refused(err) {
		return a.showMine(w, r, by, f)
	}
	if err != nil {
		return err
	}
	a.setCookie(w, tryCookie, p.Try)
	f = a.blankForm(w, r)
	f.Set("moi", p.To.Masked())
	if p.Second.Kind != "" {
		f.Set("cu", p.Second.Masked())
	}
	return a.showChange(w, r, f)
}

func (a *citizenAccount) showChange(w http.ResponseWriter, r *http.Request, f *Form) error {
	p := changePage{Form: f, To: f.Typed("moi"), Second: f.Typed("cu"), Outbox: a.outboxHref(),
		Code: codeInput(f, "code", "account.code"), Other: codeInput(f, "second", "account.code")}
	p.Code.Label.Text = text.T(f.Lang, "account.change.code", "to", p.To)
	p.Other.Label.Text = text.T(f.Lang, "account.change.code", "to", p.Second)
	return a.render(w, r, f.Status(), "account-change", p)
}

func (a *citizenAccount) change(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	f.Text("moi", 60)
	f.Text("cu", 60)
	code, second := f.Secret("code"), f.Secret("second")
	if code == "" {
		f.Fault("code", "account.err.code-empty")
	}
	if second == "" && f.Typed("cu") != "" {
		f.Fault("second", "account.err.code-empty")
	}
	if err = f.Err(); err == nil {
		_, err = a.Accounts.Change(r.Context(), by.token, lone(r, tryCookie), code, second)
	}
	if f.Refused(err) {
		return a.showChange(w, r, f)
	}
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie(tryCookie, "", -1))
	return a.redirect(w, r, myPath+"?xong=way")
}

// proveAgain sends the citizen to sign in once more, which is the fresh proof.
func (s *Server) proveAgain(w http.ResponseWriter, r *http.Request, next string) error {
	return s.redirect(w, r, enterPath+"?xong=lai&next="+next)
}

func (a *citizenAccount) drop(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	kind := f.Choice("kind", "phone", "email", "eid")
	if err = f.Err(); err == nil {
		_, err = a.Accounts.Drop(r.Context(), by.token, kind)
	}
	if problem.Is(err, problem.Forbidden) {
		return a.proveAgain(w, r, myPath)
	}
	if f.Refused(err) {
		return a.showMine(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return a.redirect(w, r, myPath+"?xong=dropped")
}

func (a *citizenAccount) consent(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	var to []string
	for _, q := range applicant.Questions {
		to = append(to, q.To)
	}
	yes := f.Choices("yes", to...)
	if err = f.Err(); err == nil {
		_, err = a.Accounts.Consent(r.Context(), by.token, yes)
	}
	if f.Refused(err) {
		return a.showMine(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return a.redirect(w, r, myPath+"?xong=consent")
}

// endSession ends one session, or all of them with this one.
func (a *citizenAccount) endSession(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	id := f.Text("session", 64)
	if err := a.Accounts.EndSession(r.Context(), by.token, id); err != nil && !problem.Is(err, problem.NotFound) {
		return err
	}
	if id == "all" || id == by.ID {
		a.cleanBrowser(w)
		return a.redirect(w, r, enterPath+"?xong=ra")
	}
	return a.redirect(w, r, myPath)
}

// export is everything that is kept about the account, as a file (rel-R17).
func (a *citizenAccount) export(w http.ResponseWriter, r *http.Request, by Holder) error {
	owner := by.Account.Owner()
	all := map[string]any{"account": by.Account}
	sessions, err := a.Accounts.Sessions(r.Context(), by.token)
	if err != nil {
		return err
	}
	var seats []map[string]any
	for _, s := range sessions {
		seats = append(seats, map[string]any{"started": s.Started, "seen": s.Seen, "how": s.How, "client": s.Client})
	}
	all["sessions"] = seats
	if a.Outbox != nil {
		sent, err := a.Outbox.About(r.Context(), owner)
		if err != nil {
			return err
		}
		var said []map[string]any
		for _, m := range sent {
			said = append(said, map[string]any{"made": m.Made, "channel": m.Channel, "to": m.To, "text": m.Masked().Body})
		}
		all["messages"] = said
	}
	if a.Dossiers != nil {
		list, err := a.Dossiers.OfAccount(r.Context(), owner, mostListed)
		if err != nil {
			return err
		}
		var filed []map[string]any
		for _, d := range list {
			filed = append(filed, map[string]any{"code": d.Code, "procedure": d.Procedure, "state": d.State, "filed_at": d.FiledAt, "filer": d.Filer, "owner": d.Owner, "request": d.Request})
		}
		all["dossiers"] = filed
	}
	for _, more := range a.hooks.exported {
		name, what, err := more(r.Context(), owner)
		if err != nil {
			return err
		}
		all[name] = what
	}
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return a.paper(w, r, "tai-khoan-"+pack.On(a.Now())+".json", "application/json", append(b, '\n'), true)
}

// closePage says what goes and what stays, and why.
type closePage struct {
	*Form
	By Holder
}

func (a *citizenAccount) askClose(w http.ResponseWriter, r *http.Request, by Holder) error {
	if !by.Fresh(a.Now()) {
		return a.proveAgain(w, r, closePath)
	}
	f := a.blankForm(w, r)
	return a.render(w, r, f.Status(), "account-close", closePage{f, by})
}

func (a *citizenAccount) close(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	if err = f.Err(); err == nil {
		err = a.Accounts.Close(r.Context(), by.token)
	}
	if problem.Is(err, problem.Forbidden) {
		return a.proveAgain(w, r, closePath)
	}
	if f.Refused(err) {
		return a.render(w, r, f.Status(), "account-close", closePage{f, by})
	}
	if err != nil {
		return err
	}
	a.cleanBrowser(w)
	return a.redirect(w, r, enterPath+"?xong=dong")
}

// doneAt reports whether the word of an address is one that a page can say.
func doneAt(r *http.Request, words []string) string {
	if done := r.URL.Query().Get("xong"); slices.Contains(words, done) {
		return done
	}
	return ""
}
