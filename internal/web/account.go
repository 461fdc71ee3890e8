package web

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"

	"rsc.io/qr"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

// account is an officer's own door: signing in and out, the password, the
// second factor, and the sessions that are open (ux O1).
type account struct{ *Server }

func (s *Server) accountRoutes() {
	if s.Roll == nil {
		return
	}
	a := &account{s}
	s.public("GET "+SignInPath, a.signIn)
	s.public("POST "+SignInPath, a.enter)
	s.public("POST /desk/sign-out", a.leave)
	s.desk("GET "+accountPath, AnyOfficer, a.show)
	s.desk("POST "+accountPath+"/password", AnyOfficer, a.setPassword)
	s.desk("POST "+accountPath+"/factor", AnyOfficer, a.enrol)
	s.desk("POST "+accountPath+"/factor/code", AnyOfficer, a.confirm)
	s.desk("GET "+accountPath+"/prove", AnyOfficer, a.proveAgain)
	s.desk("POST "+accountPath+"/prove", AnyOfficer, a.prove)
	s.desk("POST "+accountPath+"/sessions", AnyOfficer, a.endSessions)
}

const accountPath = "/desk/account"

// signInPage is the door itself.
type signInPage struct {
	*Form
	SignIn *SignIn
}

func (a *account) signIn(w http.ResponseWriter, r *http.Request) error {
	f := a.askedForm(w, r)
	return a.render(w, r, f.Status(), "sign-in", signInPage{f, a.signInForm(f)})
}

// enter opens a session. A wrong login, password or code is one and the same
// answer; what was typed into an interrupted form comes back (rel-W07).
func (a *account) enter(w http.ResponseWriter, r *http.Request) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	login, password, code := f.Text("login", 100), f.Secret("password"), f.Secret("code")
	err = f.Err()
	var token string
	var session officer.Session
	if err == nil {
		token, session, err = a.Roll.SignIn(r.Context(), login, password, code, a.client(r).String())
	}
	if p, ok := problem.As(err); ok && p.Kind == problem.Unauthenticated {
		err = problem.New(problem.Invalid, "err.summary").Field("login", p.Key, p.Args...)
	}
	if f.Refused(err) {
		return a.render(w, r, f.Status(), "sign-in", signInPage{f, a.signInForm(f)})
	}
	if err != nil {
		return err
	}
	a.setSession(w, token)
	switch {
	case session.MustChange || session.MustEnrol:
		return a.redirect(w, r, accountPath)
	case session.Desk != "" || f.Typed("kept") != "" || f.Next("/desk") != "/desk":
	case holds(session, officer.TakeDesk):
		return a.redirect(w, r, takePath)
	case !holds(session, officer.Worklist):
		return a.redirect(w, r, adminPath)
	}
	return a.afterSignIn(w, r, f, token)
}

// holds reports whether one of the officer's capacities has the permission.
func holds(s officer.Session, p officer.Permission) bool {
	_, err := s.For(p, "")
	return err == nil
}

// leave ends the session; a session that is over already is left all the same.
func (a *account) leave(w http.ResponseWriter, r *http.Request) error {
	if err := a.Roll.SignOut(r.Context(), a.sessionToken(r)); err != nil && !problem.Is(err, problem.Unauthenticated) {
		return err
	}
	a.endSession(w)
	return a.redirect(w, r, SignInPath)
}

// accountPage is the officer's own account.
type accountPage struct {
	*Form
	By                     Visitor
	Roles                  string
	Current, Password, Two Input
	MustChange, MustEnrol  bool
	HasFactor, MayEnrol    bool
	Sessions               []openSession
}

// openSession is one place where the account is signed in.
type openSession struct {
	officer.Session
	Here bool
}

func (a *account) show(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return a.showAccount(w, r, by, a.blankForm(w, r))
}

func (a *account) showAccount(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	list, err := a.Roll.Sessions(r.Context(), a.sessionToken(r))
	if err != nil {
		return err
	}
	p := accountPage{
		Form: f, By: by, Roles: rolesSaid(f.Lang, by.Capacities()), MustChange: by.MustChange, MustEnrol: by.MustEnrol, HasFactor: by.Officer.TOTP,
		MayEnrol: by.MustEnrol || by.Elevated,
		Current:  f.Input("current", "account.current"), Password: f.Input("password", "account.password"), Two: f.Input("password_again", "account.password-again"),
	}
	for i, in := range []*Input{&p.Current, &p.Password, &p.Two} {
		in.Type, in.Value, in.Classes, in.Autocomplete = "password", "", "govuk-input--width-20", "new-password"
		if i == 0 {
			in.Autocomplete = "current-password"
		}
	}
	p.Password.Hint = &Hint{Text: a.say(r, "account.password.hint")}
	for _, s := range list {
		p.Sessions = append(p.Sessions, openSession{s, s.ID == by.ID})
	}
	return a.render(w, r, f.Status(), "account", p)
}

func (a *account) setPassword(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	current, password, again := f.Secret("current"), f.Secret("password"), f.Secret("password_again")
	if password != again {
		f.Fault("password_again", "account.err.again")
	}
	err = f.Err()
	var token string
	if err == nil {
		token, _, err = a.Roll.SetPassword(r.Context(), a.sessionToken(r), current, password)
	}
	return a.renewed(w, r, by, f, token, err)
}

// renewed goes on with the session's new token, or shows the account again.
func (a *account) renewed(w http.ResponseWriter, r *http.Request, by Visitor, f *Form, token string, err error) error {
	if f.Refused(err) {
		return a.showAccount(w, r, by, f)
	}
	if err != nil {
		return err
	}
	a.setSession(w, token)
	return a.redirect(w, r, accountPath)
}

// factorPage shows the secret of a second factor once, as picture and as text.
type factorPage struct {
	*Form
	Picture template.URL // of the QR, "" when only the code is asked again
	Secret  string
	Code    Input
}

// enrol begins a second factor. It needs a fresh proof, except where a role
// waits for it.
func (a *account) enrol(w http.ResponseWriter, r *http.Request, by Visitor) error {
	e, err := a.Roll.EnrolTOTP(r.Context(), a.sessionToken(r))
	if problem.Is(err, problem.Forbidden) && !by.MustChange {
		return a.redirect(w, r, accountPath+"/prove?next="+accountPath)
	}
	if err != nil {
		return err
	}
	code, err := qr.Encode(e.URL, qr.M)
	if err != nil {
		return err
	}
	code.Scale = 5
	picture := template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code.PNG()))
	return a.showFactor(w, r, a.blankForm(w, r), picture, e.Secret)
}

func (a *account) showFactor(w http.ResponseWriter, r *http.Request, f *Form, picture template.URL, secret string) error {
	p := factorPage{Form: f, Picture: picture, Secret: secret, Code: a.proofInput(f, "account.factor.code")}
	return a.render(w, r, f.Status(), "factor", p)
}

// proofInput is where a one-time code or the password is typed.
func (a *account) proofInput(f *Form, label string) Input {
	in := f.Input("proof", label)
	in.Value, in.Autocomplete, in.Classes, in.Focus = "", "one-time-code", "govuk-input--width-20", true
	return in
}

func (a *account) confirm(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	code := f.Secret("proof")
	err = f.Err()
	var token string
	if err == nil {
		token, _, err = a.Roll.ConfirmTOTP(r.Context(), a.sessionToken(r), code)
	}
	if problem.Is(err, problem.Invalid) && f.Refused(err) {
		return a.showFactor(w, r, f, "", "")
	}
	return a.renewed(w, r, by, f, token, err)
}

// provePage asks for a fresh proof before a sensitive act.
type provePage struct {
	*Form
	Next  string
	Proof Input
}

func (a *account) proveAgain(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return a.showProve(w, r, by, a.askedForm(w, r))
}

func (a *account) showProve(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	label := "account.prove.password"
	if by.Officer.TOTP {
		label = "account.prove.code"
	}
	p := provePage{Form: f, Next: f.Next(accountPath), Proof: a.proofInput(f, label)}
	if !by.Officer.TOTP {
		p.Proof.Type, p.Proof.Autocomplete = "password", "current-password"
	}
	return a.render(w, r, f.Status(), "prove", p)
}

func (a *account) prove(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	proof := f.Secret("proof")
	err = f.Err()
	var token string
	if err == nil {
		token, _, err = a.Roll.Elevate(r.Context(), a.sessionToken(r), proof)
	}
	if f.Refused(err) {
		return a.showProve(w, r, by, f)
	}
	if err != nil {
		return err
	}
	a.setSession(w, token)
	return a.redirect(w, r, f.Next(accountPath))
}

// endSessions ends one of the officer's own sessions, or all the others.
func (a *account) endSessions(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	list, err := a.Roll.Sessions(r.Context(), a.sessionToken(r))
	if err != nil {
		return err
	}
	chosen := f.Text("session", 100)
	for _, s := range list {
		if s.ID == by.ID || chosen != "others" && s.ID != chosen {
			continue
		}
		if err := a.Roll.End(r.Context(), a.sessionToken(r), s.ID); err != nil && !problem.Is(err, problem.NotFound) {
			return err
		}
	}
	if chosen != "others" && !slices.ContainsFunc(list, func(s officer.Session) bool { return s.ID == chosen }) {
		return problem.New(problem.NotFound, "err.not-found")
	}
	return a.redirect(w, r, accountPath)
}
