package web

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/dossier"
	"quay20/internal/officer"
)

// relation is where an officer serves, seen from the dossiers of the test,
// which quầy 20 received and PA08 decides on.
type relation string

const (
	ownUnit   relation = "own"
	otherUnit relation = "other"
	province  relation = "province"
)

// post is an officer of the matrix.
type matrixPost struct {
	login string
	role  officer.Role
	rel   relation
}

// everyPost hires one officer for each role and relation.
func everyPost(b *bureau) []matrixPost {
	var all []matrixPost
	for _, role := range officer.Roles {
		own := "12-PA08"
		if role == officer.Receptionist || role == officer.Cashier {
			own = "12-Q20"
		}
		for _, at := range []struct {
			rel  relation
			unit string
		}{{ownUnit, own}, {otherUnit, "03408"}, {province, "12"}} {
			p := matrixPost{strings.ReplaceAll(string(role), "_", "") + "." + string(at.rel), role, at.rel}
			b.hire(p.login, "Cán bộ "+p.login, role, at.unit)
			all = append(all, p)
		}
	}
	return all
}

// everyState makes a dossier in each state that needs an officer.
func everyState(b *bureau) []dossier.Dossier {
	list := []dossier.Dossier{
		b.received(), b.do("may", b.received(), &dossier.Assign{Officer: b.staff["may"].Officer.ID}), b.toSign(),
		b.do("may", b.received(), &dossier.RequestSupplement{Items: []dossier.Item{{Paper: "Ảnh", Reason: "Mờ"}}}),
		b.do("may", b.received(), &dossier.DemandPayment{Amount: 1000, Why: "Phí", Basis: "1/TT"}),
		b.do("chin", b.toSign(), &dossier.Conclude{Outcome: "granted", Kind: "Giấy thông hành"}),
	}
	in := b.p.Intake(passportCode)
	in.Channel, in.Pay = "online", ""
	filed, err := b.p.Register.File(context.Background(), in, "12-Q20", "matrix-online-0000001")
	b.check(err)
	return append(list, filed)
}

// nowhere is an id that no dossier has.
const nowhere = "0123456789ABCDEFGHJKMNPQRS"

// params are what stands in the addresses that are not of a dossier: something
// that exists, so that only the permission decides.
func params(b *bureau) map[string]string {
	draft, err := catalogue.NewDrafts(b.p.DB, b.p.Law).Begin(context.Background(), "1.004194", catalogue.NewVersion, "2026-04-01", officer.System())
	b.check(err)
	return map[string]string{
		"{draft}": draft.ID, "{sheet}": "1.004194.pdf", "{hash}": "none", "{name...}": "none.css", "{slug}": "cu-tru", "{code}": "1.004194", "{from}": "2025-07-01", "{token}": strings.Repeat("Z", 26),
		"{id}": b.staff["may"].Officer.ID, "{grant}": "none", "{act}": "revoke", "{key}": string(b.staff["may"].Unit), "{kind}": "receipt", "{set}": "2025", "{$}": "", "{file}": nowhere, "{n}": "1", "{paper}": "1", "{print}": "none",
	}
}

var anyParam = regexp.MustCompile(`\{[^}]*\}`)

// address fills a route's pattern for one dossier.
func addressOf(t *testing.T, r Route, ref string, fill map[string]string) string {
	t.Helper()
	return anyParam.ReplaceAllStringFunc(r.Pattern, func(p string) string {
		if p == "{ref}" {
			return ref
		}
		v, ok := fill[p]
		if !ok {
			t.Fatalf("route %s %s: the matrix does not know what to put for %s", r.Method, r.Pattern, p)
		}
		return v
	})
}

// call sends a bare request to a route as an officer: forms carry their token
// and key and nothing else.
func (b *bureau) call(login string, r Route, target string) (status int, body, said string) {
	b.t.Helper()
	w := b.get(login, target)
	switch {
	case r.Files:
		w = b.postFile(login, target)
	case r.Method == http.MethodPost:
		w = b.post(login, target, url.Values{"version": {"1"}})
	}
	if c := b.staff[login]; c != nil {
		if _, err := b.p.Roll.Session(context.Background(), c.token); err != nil { // the route ended the session
			b.clock.Add(31 * time.Second)
			b.again(login)
		}
	}
	body = w.Body.String()
	if w.Code >= 400 {
		said = mainOf(body)
	}
	return w.Code, body, said
}

// postFile posts an empty form that may carry files.
func (b *bureau) postFile(login, target string) *httptest.ResponseRecorder {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	r := request(http.MethodPost, target, "")
	b.cookies(r, login)
	b.check(form.WriteField(tokenField, b.s.formToken(nil, r)))
	b.check(form.WriteField(keyField, random(16)))
	b.check(form.Close())
	r = request(http.MethodPost, target, body.String())
	r.Header.Set("Content-Type", form.FormDataContentType())
	b.cookies(r, login)
	return do(b.s, r)
}

// mainOf is what an error page says, without what differs from one rendering
// to the next.
func mainOf(body string) string {
	_, rest, _ := strings.Cut(body, "<main")
	said, _, _ := strings.Cut(rest, "</main>")
	return hidden.ReplaceAllString(said, "")
}

// severalOpen are routes that one permission of several opens; the handler judges.
var severalOpen = map[string][]officer.Permission{
	"/desk/receipts": {officer.CancelReceipt, officer.ApproveCancel},
	"/desk/bank":     {officer.Reconcile, officer.ApproveRefund}, "/desk/bank/line": {officer.Reconcile, officer.ApproveRefund},
}

// opens reports whether the table lets the role in.
func (r Route) opens(role officer.Role) bool {
	several, ok := severalOpen[r.Pattern]
	if !ok {
		return slices.Contains(r.Roles, role)
	}
	return slices.ContainsFunc(several, func(p officer.Permission) bool { return slices.Contains(officer.Matrix[p], role) })
}

// aimed lists the routes that lead to one dossier.
func aimed(r Route) bool { return strings.Contains(r.Pattern, "{ref}") }

// rel-I-P1, rel-K60, rel-K61, rel-B-A06: for every route, role and relation the
// answer is the one of the declared table; what lies outside the scope answers
// as what does not exist.
func TestEveryRouteAnswersEveryRoleAsTheTableDeclares(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		posts, dossiers := everyPost(b), everyState(b)
		fill, cases := params(b), 0
		for _, r := range b.s.Routes() {
			if r.Access != Desk {
				continue
			}
			if len(r.Roles) == 0 || !slices.Equal(r.Roles, rolesWith(r.Permission)) {
				t.Errorf("route %s %s does not carry the roles of %s", r.Method, r.Pattern, r.Permission)
			}
			if status, _, _ := b.call("", r, addressOf(t, r, dossiers[0].ID, fill)); status != http.StatusUnauthorized {
				t.Errorf("%s %s answers a stranger %d, want 401", r.Method, r.Pattern, status)
			}
			for _, p := range posts {
				cases += b.judge(t, r, p, dossiers, fill)
			}
		}
		t.Logf("%d cases", cases)
	})
}

// judge compares one row of the table, for one officer, with what is answered.
func (b *bureau) judge(t *testing.T, r Route, p matrixPost, dossiers []dossier.Dossier, fill map[string]string) (cases int) {
	who := fmt.Sprintf("%s %s as %s", r.Method, r.Pattern, p.login)
	if !r.opens(p.role) {
		if status, _, _ := b.call(p.login, r, addressOf(t, r, dossiers[0].ID, fill)); status != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", who, status)
		}
		return 1
	}
	if !aimed(r) {
		status, body, _ := b.call(p.login, r, addressOf(t, r, "", fill))
		if status == http.StatusUnauthorized || status >= 500 || status == http.StatusForbidden && r.Method == http.MethodGet && !anyParam.MatchString(r.Pattern) {
			t.Errorf("%s: %d", who, status)
		}
		b.leaks(t, who, p, dossiers, body)
		return 1
	}
	absent, _, unknown := b.call(p.login, r, addressOf(t, r, nowhere, fill))
	cases++
	if absent == http.StatusSeeOther || absent == http.StatusConflict { // first a desk must be taken
		for _, d := range dossiers {
			if status, _, said := b.call(p.login, r, addressOf(t, r, d.ID, fill)); status != absent || said != unknown {
				t.Errorf("%s: a dossier that exists answers %d, an unknown one %d", who, status, absent)
			}
		}
		return cases + len(dossiers)
	}
	if absent != http.StatusNotFound {
		t.Errorf("%s: an unknown dossier answers %d, want 404", who, absent)
	}
	for _, d := range dossiers {
		if r.Method == http.MethodPost && p.rel != otherUnit && strings.Contains(r.Pattern, "/do/") {
			continue // whether the act is allowed is asked of its form, which changes nothing
		}
		status, body, said := b.call(p.login, r, addressOf(t, r, d.ID, fill))
		cases++
		if p.rel == otherUnit {
			if status != absent || said != unknown {
				t.Errorf("%s: a dossier of other units answers %d %q, an unknown one %d %q", who, status, said, absent, unknown)
			}
			b.leaks(t, who, p, dossiers, body)
			continue
		}
		b.within(t, who, r, p, d, status)
	}
	return cases
}

// within judges an answer about a dossier in the officer's scope.
func (b *bureau) within(t *testing.T, who string, r Route, p matrixPost, d dossier.Dossier, status int) {
	t.Helper()
	maybe := slices.ContainsFunc([]string{"/compare", "/slips", "/control", "/{file}", "/{n}"}, func(end string) bool { return strings.HasSuffix(r.Pattern, end) }) // not every dossier has it
	if status == http.StatusUnauthorized || status >= 500 || status == http.StatusNotFound && !maybe {
		t.Errorf("%s on a dossier %s: %d", who, d.State, status)
	}
	_, name, isAct := strings.Cut(r.Pattern, "/do/")
	if !isAct || r.Method != http.MethodGet {
		return
	}
	world, err := b.p.Register.World(context.Background())
	b.check(err)
	d = b.now(d)
	allowed := slices.Contains(dossier.Allowed(&d, b.staff[p.login].By, world), name)
	if allowed != (status == http.StatusOK || status == http.StatusSeeOther) {
		t.Errorf("%s on a dossier %s: allowed %v, the form answers %d", who, d.State, allowed, status)
	}
}

// leaks fails when an officer of other units reads of a dossier (rel-I-P2,
// rel-K63).
func (b *bureau) leaks(t *testing.T, who string, p matrixPost, dossiers []dossier.Dossier, body string) {
	t.Helper()
	if p.rel != otherUnit {
		return
	}
	for _, d := range dossiers {
		for _, fact := range []string{d.Filer.Name, d.Filer.IDNumber, sayID(d.Filer.IDNumber), string(d.Code)} {
			if fact != "" && strings.Contains(body, fact) {
				t.Errorf("%s: reads %q of a dossier of other units", who, fact)
			}
		}
	}
}

// rel-K64, rel-I-P3: a revoked role opens nothing at the next request.
func TestRevokedRoleOpensNothingAtTheNextRequest(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		if w := b.get("may", "/desk/dossiers/"+d.ID); w.Code != 200 {
			t.Fatalf("before: %d", w.Code)
		}
		o, err := b.p.Roll.Officer(context.Background(), officer.Console(), b.staff["may"].Officer.ID)
		b.check(err)
		b.check(b.p.Roll.Revoke(context.Background(), officer.Console(), o.Grants[0].ID, "Chuyển công tác"))
		for _, path := range []string{"/desk/dossiers/" + d.ID, "/desk/work", "/desk/dossiers/" + d.ID + "/do/advance"} {
			if w := b.get("may", path); w.Code != 403 {
				t.Errorf("%s answers %d after the role was revoked, want 403", path, w.Code)
			}
		}
	})
}
