package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// Holder is the citizen behind a signed-in request.
type Holder struct {
	applicant.AccountSession
	token string
}

type holderHandler func(w http.ResponseWriter, r *http.Request, by Holder) error

// withAccount declares a route for citizens who are signed in. Nobody else sees
// what they own: a handler asks rooms by the holder's account alone. Whoever is
// not signed in does so first and comes back, with what was typed.
func (s *Server) withAccount(pattern string, h holderHandler) {
	s.declare(Route{Access: Account}, pattern, s.ofHolder(h))
}

// ofHolder asks who is signed in before a handler.
func (s *Server) ofHolder(h holderHandler) publicHandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		by, err := s.holder(r)
		if err != nil {
			return err
		}
		if by == nil {
			return s.accountFirst(w, r)
		}
		visitOf(r).holder = by
		return h(w, r, *by)
	}
}

// holder finds the citizen who is signed in, or nil. A page that works without
// an account asks it too.
func (s *Server) holder(r *http.Request) (*Holder, error) {
	token := s.holderToken(r)
	if token == "" || s.Accounts == nil {
		return nil, nil
	}
	session, err := s.Accounts.Session(r.Context(), token)
	if problem.Is(err, problem.Unauthenticated) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Holder{session, token}, nil
}

// Cookies of citizens. The device's is set by who keeps drafts for browsers
// without an account; signing out takes it away with the rest.
const (
	holderCookie = "citizen"
	tryCookie    = "try"
	deviceCookie = "device"
)

// holderToken is the cookie of the citizen's session; two of one name are none.
func (s *Server) holderToken(r *http.Request) string { return lone(r, holderCookie) }

func lone(r *http.Request, use string) string {
	found := r.CookiesNamed(cookieName(use))
	if len(found) != 1 || len(found[0].Value) > 200 {
		return ""
	}
	return found[0].Value
}

// Where citizens sign in and what is theirs (ux C35).
const (
	myPath      = "/tai-khoan"
	enterPath   = myPath + "/vao"
	codePath    = enterPath + "/ma"
	leavePath   = myPath + "/ra"
	factsPath   = myPath + "/thong-tin"
	waysPath    = myPath + "/cach-dang-nhap"
	changePath  = waysPath + "/ma"
	closePath   = myPath + "/dong"
	exportPath  = myPath + "/du-lieu"
	consentPath = myPath + "/dong-y"
	seatsPath   = myPath + "/phien"
)

// citizenAccount is the pages of accounts.
type citizenAccount struct{ *Server }

func (s *Server) citizenAccountRoutes() {
	if s.Accounts == nil {
		return
	}
	a := &citizenAccount{s}
	s.public("GET "+enterPath, a.askWay)
	s.public("POST "+enterPath, a.sendCode)
	s.public("GET "+codePath, a.askCode)
	s.public("POST "+codePath, a.enter)
	s.public("POST "+leavePath, a.leave)
	s.withAccount("GET "+myPath, a.mine)
	s.withAccount("GET "+factsPath, a.askFacts)
	s.withAccount("POST "+factsPath, a.saveFacts)
	s.withAccount("POST "+waysPath, a.askChange)
	s.withAccount("POST "+changePath, a.change)
	s.withAccount("POST "+waysPath+"/bo", a.drop)
	s.withAccount("POST "+consentPath, a.consent)
	s.withAccount("POST "+seatsPath, a.endSession)
	s.withAccount("GET "+exportPath, a.export)
	s.withAccount("GET "+closePath, a.askClose)
	a.eidRoutes()
	s.withAccount("POST "+closePath, a.close)
}

// accountFirst asks a stranger to sign in before the page asked for.
func (s *Server) accountFirst(w http.ResponseWriter, r *http.Request) error {
	f := s.blankForm(w, r)
	f.Set("next", s.pageAsked(r))
	if r.Method == http.MethodPost {
		f.Set("kept", keepable(r.PostForm).Encode())
	}
	return s.render(w, r, http.StatusUnauthorized, "account-enter", s.enterPage(w, r, f))
}

// pageAsked is the address to come back to after signing in.
func (s *Server) pageAsked(r *http.Request) string {
	if r.Method == http.MethodGet && r.URL.RawQuery != "" {
		return r.URL.Path + "?" + r.URL.RawQuery
	}
	return r.URL.Path
}

// enterPage is the door for citizens.
type enterPage struct {
	*Form
	Carried []Field
	To      Input
	Shared  Checkboxes
	Codes   bool   // codes can be sent
	EID     bool   // a provider of electronic identities is joined
	Kept    bool   // an interrupted form comes back afterwards
	Said    string // why we are here: signed out, session over
}

func (s *Server) enterPage(w http.ResponseWriter, r *http.Request, f *Form) enterPage {
	p := enterPage{Form: f, Codes: s.Codes, Carried: along(f, "next", "kept"), Kept: f.Typed("kept") != "",
		To: f.Input("to", "account.way"), Shared: sharedBox(f)}
	if p.EID = s.EID != nil; p.EID {
		s.allowEID(w)
	}
	p.To.Hint = &Hint{Text: text.T(f.Lang, "account.way.hint")}
	p.To.Classes, p.To.Autocomplete, p.To.Autocapitalize = "govuk-input--width-20", "username", "none"
	off := false
	p.To.Spellcheck = &off
	switch f.Typed("xong") {
	case "ra":
		p.Said = text.T(f.Lang, "account.left")
	case "het":
		p.Said = text.T(f.Lang, "account.over")
	case "lai":
		p.Said = text.T(f.Lang, "account.err.prove-first")
	case "dong":
		p.Said = text.T(f.Lang, "account.closed")
	}
	return p
}

func sharedBox(f *Form) Checkboxes {
	box := f.Checkboxes("chung", "account.shared.legend", Choice{Value: "1", Text: text.T(f.Lang, "account.shared")})
	box.Fieldset.Legend.Classes = "govuk-visually-hidden"
	box.Hint = &Hint{Text: text.T(f.Lang, "account.shared.hint")}
	return box
}

// along are fields that travel with a form unseen.
func along(f *Form, names ...string) (fields []Field) {
	for _, n := range names {
		if v := f.Typed(n); v != "" {
			fields = append(fields, Field{n, v})
		}
	}
	return fields
}

func (a *citizenAccount) askWay(w http.ResponseWriter, r *http.Request) error {
	f := a.askedForm(w, r)
	return a.render(w, r, f.Status(), "account-enter", a.enterPage(w, r, f))
}

// sendCode sends a code. What it answers is the same for a phone that has an
// account and for one that has none (rel-K50).
func (a *citizenAccount) sendCode(w http.ResponseWriter, r *http.Request) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	if !a.Codes {
		return problem.New(problem.Unavailable, "account.err.no-codes")
	}
	way, wrong := applicant.ReadWay(f.Text("to", 254))
	if p, ok := problem.As(wrong); ok {
		f.Fault("to", p.Key, p.Args...)
	}
	f.Choices("chung", "1")
	var p applicant.Pending
	if err = f.Err(); err == nil {
		p, err = a.Accounts.Ask(r.Context(), way, f.Lang, a.client(r).String())
	}
	if f.Refused(err) {
		return a.render(w, r, f.Status(), "account-enter", a.enterPage(w, r, f))
	}
	if err != nil {
		return err
	}
	a.setCookie(w, tryCookie, p.Try)
	if f.Typed("kept") != "" { // too long for an address
		return a.showCode(w, r, f, way.Masked())
	}
	return a.redirect(w, r, codePath+carriedQuery(f, "next", "chung"))
}

// citizenCodePage asks for the code that was sent.
type citizenCodePage struct {
	*Form
	Carried []Field
	To      string // masked
	Code    Input
	Outbox  string // where a trial shows the code
}

func (a *citizenAccount) showCode(w http.ResponseWriter, r *http.Request, f *Form, to string) error {
	p := citizenCodePage{Form: f, Carried: along(f, "next", "kept", "chung"), To: to, Code: codeInput(f, "code", "account.code"), Outbox: a.outboxHref()}
	return a.render(w, r, f.Status(), "account-code", p)
}

// codeInput is a field for a code: it may be pasted, and phones fill it in
// (WCAG 2.2 SC 3.3.8).
func codeInput(f *Form, name, label string) Input {
	in := f.Input(name, label)
	in.Value, in.Inputmode, in.Autocomplete, in.Classes = "", "numeric", "one-time-code", "govuk-input--width-10 q-once"
	off := false
	in.Spellcheck = &off
	return in
}

func (a *citizenAccount) askCode(w http.ResponseWriter, r *http.Request) error {
	f := a.askedForm(w, r)
	p, err := a.Accounts.Waiting(r.Context(), lone(r, tryCookie))
	if f.Refused(err) { // nothing waits: begin again
		return a.redirect(w, r, enterPath)
	}
	if err != nil {
		return err
	}
	return a.showCode(w, r, f, p.To.Masked())
}

// enter opens the session. The browser's session before ends, so that two
// citizens on one computer never share one.
func (a *citizenAccount) enter(w http.ResponseWriter, r *http.Request) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	code := f.Secret("code")
	if code == "" {
		f.Fault("code", "account.err.code-empty")
	}
	shared := len(f.Choices("chung", "1")) > 0
	try := lone(r, tryCookie)
	err = f.Err()
	var token string
	var session applicant.AccountSession
	if err == nil {
		token, session, err = a.Accounts.Enter(r.Context(), try, code, a.entry(r, f.Lang, shared))
	}
	if f.Refused(err) {
		p, _ := a.Accounts.Waiting(r.Context(), try)
		return a.showCode(w, r, f, p.To.Masked())
	}
	if err != nil {
		return err
	}
	return a.welcome(w, r, f, Holder{session, token})
}

func (s *Server) entry(r *http.Request, lang text.Lang, shared bool) applicant.Entry {
	return applicant.Entry{Client: s.client(r).String(), Shared: shared, Old: s.holderToken(r), Lang: lang}
}

// welcome gives the browser its new session and goes on: to what a part of the
// house asks first, to the interrupted form, or to the page asked for.
func (s *Server) welcome(w http.ResponseWriter, r *http.Request, f *Form, by Holder) error {
	s.setCookie(w, holderCookie, by.token)
	http.SetCookie(w, cookie(tryCookie, "", -1))
	next := f.Next(myPath)
	kept, err := url.ParseQuery(f.Typed("kept"))
	if err == nil && len(kept) > 0 {
		page := keptPage{Form: s.blankForm(w, r), Action: next, Fields: append([]Field{{keptField, "1"}}, fieldsOf(kept)...)}
		return s.render(w, r, http.StatusOK, "kept", page)
	}
	for _, first := range s.hooks.entered {
		to, err := first(r, by, next)
		if err != nil {
			return err
		}
		if to != "" {
			next = to
			break
		}
	}
	return s.redirect(w, r, next)
}

// leave signs out and leaves nothing of the citizen in the browser, so that the
// next one at the same computer begins clean (rel-T20). It works without a
// session, too.
func (a *citizenAccount) leave(w http.ResponseWriter, r *http.Request) error {
	if token := a.holderToken(r); token != "" {
		if err := a.Accounts.SignOut(r.Context(), token); err != nil {
			return err
		}
	}
	a.cleanBrowser(w)
	return a.redirect(w, r, enterPath+"?xong=ra")
}

// cleanBrowser takes from the browser what belongs to a citizen.
func (s *Server) cleanBrowser(w http.ResponseWriter) {
	for _, use := range []string{holderCookie, tryCookie, deviceCookie, "form"} {
		http.SetCookie(w, cookie(use, "", -1))
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
}

// AccountPart is a list on the account's page that another part of the house
// fills: drafts, dossiers.
type AccountPart struct {
	Title, Empty string // worded
	Lines        []AccountLine
}

// AccountLine is one thing of the citizen's.
type AccountLine struct {
	Href, Text, Note string
	Tag              Tag
}

// Parts of the house that the account's pages ask.
type accountHooks struct {
	// entered are asked in turn once a citizen is signed in; next is where they
	// would go. One that has something to ask first, such as whose the drafts on
	// this device are, gives its page's address.
	entered []func(r *http.Request, by Holder, next string) (to string, err error)
	// mine fill the account's page.
	mine []func(ctx context.Context, by Holder, lang text.Lang) (AccountPart, error)
	// exported add to the file of all that is kept about the account, by name.
	exported []func(ctx context.Context, owner string) (name string, what any, err error)
}

// myPage is C35.
type myPage struct {
	*Form
	By       Holder
	Parts    []AccountPart
	Facts    SummaryList
	Ways     []wayRow
	New      changeForm
	Consents Checkboxes
	Sessions []seat
	EID      bool // an electronic identity can be linked
	Done     string
}

// seat is one place where the account is signed in.
type seat struct {
	applicant.AccountSession
	Here bool
}

func (a *citizenAccount) mine(w http.ResponseWriter, r *http.Request, by Holder) error {
	return a.showMine(w, r, by, a.blankForm(w, r))
}

func (a *citizenAccount) showMine(w http.ResponseWriter, r *http.Request, by Holder, f *Form) error {
	p := myPage{Form: f, By: by, Facts: factRows(f.Lang, by.Account), Ways: wayRows(f.Lang, by.Account), New: changeFields(f)}
	p.Consents = consentBoxes(f, by.Account)
	if p.EID = a.EID != nil && by.Account.EID == nil; p.EID {
		a.allowEID(w)
	}
	sessions, err := a.Accounts.Sessions(r.Context(), by.token)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		p.Sessions = append(p.Sessions, seat{s, s.ID == by.ID})
	}
	if a.Dossiers != nil {
		got, err := a.dossiersOf(r, by.Account.Owner(), f.Lang)
		if err != nil {
			return err
		}
		p.Parts = append(p.Parts, got)
	}
	for _, part := range a.hooks.mine {
		got, err := part(r.Context(), by, p.Lang)
		if err != nil {
			return err
		}
		p.Parts = append(p.Parts, got)
	}
	if done := doneAt(r, accountDone); done != "" {
		p.Done = a.say(r, "account.done."+done)
	}
	return a.render(w, r, f.Status(), "account-mine", p)
}

// accountDone are what the account's page can say was done.
var accountDone = []string{"facts", "way", "consent", "dropped", "linked"}

// clears is after how many seconds a page about the citizen leaves the screen:
// never, except on a computer that others use too, where nobody may be sitting
// any more.
func (h Holder) clears() int {
	if !h.Shared {
		return 0
	}
	return int(applicant.SharedIdle / time.Second)
}

// outboxHref is where a trial shows the messages it would send, "" elsewhere.
func (s *Server) outboxHref() string {
	if s.ShowOutbox {
		return outboxPath
	}
	return ""
}
