package web

import (
	"net/http"
	"slices"
	"strings"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

// Access says who may reach a route at all.
type Access string

const (
	Public  Access = "public"  // anybody
	Desk    Access = "desk"    // an officer who is signed in and holds the permission
	Account Access = "account" // a citizen who is signed in; what is not theirs does not exist
)

// Route is one declared route. The table of all routes is the function half of
// the authorisation matrix (rel-K60, rel-I-P1); the rooms judge the object half.
type Route struct {
	Method, Pattern string // "GET", "/tra-cuu"
	Access          Access
	Permission      officer.Permission // for Desk
	Roles           []officer.Role     // who holds the permission
	Files           bool               // its body is a file
}

// AnyOfficer is the permission of desk pages that every signed-in officer may
// open: the desk's home, one's own account, signing out.
const AnyOfficer officer.Permission = "any-officer"

func rolesWith(p officer.Permission) []officer.Role {
	if p == AnyOfficer {
		return officer.Roles
	}
	return officer.Matrix[p]
}

// register declares the routes. A page's own file has a func (s *Server)
// <page>Routes() that is called here.
func (s *Server) register() {
	s.systemRoutes()
	s.trustRoutes()
	s.citizenRoutes()
	s.adminRoutes()
	s.officeRoutes()
	s.accountRoutes()
	s.counterRoutes()
	s.citizenAccountRoutes()
	s.outboxRoutes()
	s.businessRoutes()
	s.filingRoutes()
	s.publishRoutes()
	s.lintRoutes()
}

// Routes returns the table of all declared routes.
func (s *Server) Routes() []Route { return slices.Clone(s.routes) }

type publicHandler func(w http.ResponseWriter, r *http.Request) error
type deskHandler func(w http.ResponseWriter, r *http.Request, by Visitor) error

// public declares a route that anybody may open, "GET /tra-cuu".
func (s *Server) public(pattern string, h publicHandler) {
	s.declare(Route{Access: Public}, pattern, h)
}

// desk declares a route for signed-in officers of whom a capacity holds p. A
// permission that nobody holds is a fault at start. The scope, which units an
// officer may see, is judged by the room that owns the object.
func (s *Server) desk(pattern string, p officer.Permission, h deskHandler) {
	if len(rolesWith(p)) == 0 {
		panic("web: route " + pattern + " asks for the permission " + string(p) + ", which no role holds")
	}
	s.declare(Route{Access: Desk, Permission: p, Roles: rolesWith(p)}, pattern, func(w http.ResponseWriter, r *http.Request) error {
		by, err := s.signedIn(r)
		if err != nil {
			return err
		}
		visitOf(r).by = &by
		if err := by.may(p); err != nil {
			return err
		}
		return h(w, r, by)
	})
}

// may refuses a page that none of the officer's capacities opens, and every
// page but AnyOfficer's until password and second factor are set up.
func (v Visitor) may(p officer.Permission) error {
	switch {
	case p == AnyOfficer:
		return nil
	case v.MustChange:
		return problem.New(problem.Forbidden, "officer.err.password-first")
	case v.MustEnrol:
		return problem.New(problem.Forbidden, "officer.err.factor-first")
	case !slices.ContainsFunc(v.Capacities(), func(g officer.Grant) bool { return slices.Contains(officer.Matrix[p], g.Role) }):
		return problem.New(problem.Forbidden, "web.forbidden")
	}
	return nil
}

// mayAny reports whether one of the permissions opens a page.
func (v Visitor) mayAny(any []officer.Permission) bool {
	return slices.ContainsFunc(any, func(p officer.Permission) bool { return v.may(p) == nil })
}

// declare is the only way to the mux, so an undeclared route cannot be served.
func (s *Server) declare(route Route, pattern string, h publicHandler) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		panic("web: route wants METHOD /path, have " + pattern)
	}
	route.Method, route.Pattern = method, path
	s.routes = append(s.routes, route)
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		visitOf(r).pattern = r.Pattern
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// served reports whether a page is declared at path, so that navigation never
// leads to a page that does not exist.
func (s *Server) served(path string) bool {
	return slices.ContainsFunc(s.routes, func(r Route) bool {
		return r.Method == http.MethodGet && (r.Pattern == path || r.Pattern == path+"{$}")
	})
}
