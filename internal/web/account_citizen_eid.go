package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/problem"
)

const (
	eidPath     = enterPath + "/dinh-danh"
	eidBackPath = enterPath + "/tra-loi" // where the provider sends citizens back to
)

// EIDBack is the address that the e-ID provider must know for an origin.
func EIDBack(origin string) string { return origin + eidBackPath }

func (a *citizenAccount) eidRoutes() {
	if a.EID == nil {
		return
	}
	a.public("POST "+eidPath, a.leaveForEID)
	a.public("GET "+eidBackPath, a.backFromEID)
}

// away is what is kept while a citizen is at the provider.
type away struct {
	Provider string // what the provider's answer is judged by
	Next     string
	Shared   bool
	Link     string // ID of the session that asked to link the identity, "" to sign in
	Kept     string // the interrupted form
}

// leaveForEID sends the browser to the provider.
func (a *citizenAccount) leaveForEID(w http.ResponseWriter, r *http.Request) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	trip := away{Next: f.Next(myPath), Shared: len(f.Choices("chung", "1")) > 0, Kept: f.Typed("kept")}
	if f.Flag("link") {
		by, err := a.holder(r)
		if err != nil {
			return err
		}
		if by == nil || !by.Fresh(a.Now()) {
			return a.proveAgain(w, r, myPath)
		}
		trip.Link = by.ID
	}
	if err := f.Err(); err != nil {
		return err
	}
	address, hold, err := a.EID.Begin(r.Context())
	if err != nil {
		return a.eidFailed(w, r, err)
	}
	trip.Provider = hold
	b, err := json.Marshal(trip)
	if err != nil {
		return err
	}
	try, err := a.Accounts.Leave(r.Context(), string(b), a.client(r).String())
	if err != nil {
		return err
	}
	a.setCookie(w, tryCookie, try)
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// backFromEID judges the provider's answer. What was held opens once, for the
// browser that left (rel-K66).
func (a *citizenAccount) backFromEID(w http.ResponseWriter, r *http.Request) error {
	held, err := a.Accounts.Return(r.Context(), lone(r, tryCookie))
	if err != nil {
		return a.eidFailed(w, r, err)
	}
	var trip away
	if err := json.Unmarshal([]byte(held), &trip); err != nil {
		return err
	}
	id, err := a.EID.End(r.Context(), trip.Provider, r.URL.Query())
	if err != nil {
		return a.eidFailed(w, r, err)
	}
	if trip.Link != "" {
		return a.linkEID(w, r, trip, id)
	}
	lang := visitOf(r).lang
	token, session, err := a.Accounts.EnterEID(r.Context(), id, a.entry(r, lang, trip.Shared))
	if err != nil {
		return err
	}
	f := a.blankForm(w, r)
	f.Set("next", trip.Next)
	f.Set("kept", trip.Kept)
	return a.welcome(w, r, f, Holder{session, token})
}

func (a *citizenAccount) linkEID(w http.ResponseWriter, r *http.Request, trip away, id applicant.EID) error {
	by, err := a.holder(r)
	if err != nil {
		return err
	}
	if by == nil || by.ID != trip.Link { // somebody else signed in meanwhile
		return a.proveAgain(w, r, myPath)
	}
	if _, err := a.Accounts.LinkEID(r.Context(), by.token, id); problem.Is(err, problem.Forbidden) {
		return a.proveAgain(w, r, myPath)
	} else if err != nil {
		return err
	}
	http.SetCookie(w, cookie(tryCookie, "", -1))
	return a.redirect(w, r, myPath+"?xong=linked")
}

// eidFailed shows the door again with one neutral sentence; why goes to the log.
func (a *citizenAccount) eidFailed(w http.ResponseWriter, r *http.Request, err error) error {
	p, ok := problem.As(err)
	if !ok {
		return err
	}
	a.Log.WarnContext(r.Context(), "e-ID sign-in refused", "ref", visitOf(r).ref, "why", err)
	f := a.blankForm(w, r)
	f.Refused(p)
	return a.render(w, r, f.Status(), "account-enter", a.enterPage(w, r, f))
}

// allowEID lets the forms of this page lead to the provider.
func (s *Server) allowEID(w http.ResponseWriter) {
	h := w.Header()
	origins := strings.Join(s.EID.Origins(), " ")
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "form-action 'self'", "form-action 'self' "+origins, 1))
}

// carriedQuery keeps what a form carries in an address.
func carriedQuery(f *Form, names ...string) string {
	q := url.Values{}
	for _, n := range names {
		if v := f.Typed(n); v != "" {
			q.Set(n, v)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}
