package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	texttemplate "text/template"
	"text/template/parse"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// pages are the page templates. What a page needs is put together when it is
// first shown: a template copies every part that it is given, and all pages in
// both languages with all parts took nine tenths of the program's memory and a
// quarter of a second at each start.
type pages struct {
	st    *static
	parts map[string]*parse.Tree            // layouts and parts, by the name they define
	own   map[string]map[string]*parse.Tree // what each page's file defines

	mu   sync.Mutex // guards made
	made map[pageIn]*template.Template
}

type pageIn struct {
	name string
	lang text.Lang
}

func loadPages(files fs.FS, st *static) (*pages, error) {
	p := &pages{st: st, own: map[string]map[string]*parse.Tree{}, made: map[pageIn]*template.Template{}}
	names, err := fs.Glob(files, "page/*.html")
	if err != nil {
		return nil, err
	}
	if p.parts, err = trees(files, st, "page/layout*.html", "page/part/*.html"); err != nil {
		return nil, err
	}
	for _, file := range names {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if strings.HasPrefix(name, "layout") {
			continue
		}
		if p.own[name], err = trees(files, st, file); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// trees parses files and gives what they define.
func trees(files fs.FS, st *static, patterns ...string) (map[string]*parse.Tree, error) {
	all, err := texttemplate.New("").Funcs(texttemplate.FuncMap(words(text.Vi, st))).ParseFS(files, patterns...)
	if err != nil {
		return nil, err
	}
	defined := map[string]*parse.Tree{}
	for _, t := range all.Templates() {
		if t.Tree != nil {
			defined[t.Name()] = t.Tree
		}
	}
	return defined, nil
}

// find gives a page's template, nil if there is no such page.
func (p *pages) find(name string, lang text.Lang) (*template.Template, error) {
	own, ok := p.own[name]
	if !ok {
		return nil, errors.New("no such page")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.made[pageIn{name, lang}]; t != nil {
		return t, nil
	}
	t := template.New("").Funcs(words(lang, p.st))
	needed := map[string]bool{}
	var add func(name string) error
	add = func(name string) error {
		tree := own[name]
		if tree == nil {
			tree = p.parts[name]
		}
		if tree == nil || needed[name] {
			return nil // a missing one is told by whoever executes it
		}
		needed[name] = true
		if _, err := t.AddParseTree(name, tree.Copy()); err != nil {
			return err
		}
		for _, used := range uses(tree.Root) {
			if err := add(used); err != nil {
				return err
			}
		}
		return nil
	}
	for _, root := range append(slices.Collect(maps.Keys(own)), "layout", "layout-desk") {
		if err := add(root); err != nil {
			return nil, err
		}
	}
	p.made[pageIn{name, lang}] = t
	return t, nil
}

// uses lists the templates that a node calls.
func uses(n parse.Node) (names []string) {
	branch := func(b *parse.BranchNode) {
		names = append(names, uses(b.List)...)
		names = append(names, uses(b.ElseList)...)
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, one := range n.Nodes {
				names = append(names, uses(one)...)
			}
		}
	case *parse.TemplateNode:
		names = append(names, n.Name)
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	}
	return names
}

// words are the functions of templates, bound to a language.
func words(lang text.Lang, st *static) template.FuncMap {
	return template.FuncMap{
		"t":       func(key any, args ...any) string { return text.T(lang, fmt.Sprint(key), args...) },
		"lang":    func() string { return string(lang) },
		"asset":   st.url,
		"hour":    func(t time.Time) string { return sayHour(lang, t) },
		"date":    func(t time.Time) string { return sayDate(lang, t) },
		"clock":   func(t time.Time) string { return sayClock(lang, t) },
		"day":     sayDay,
		"short":   sayShort,
		"iso":     func(t time.Time) string { return t.In(vietnam).Format(time.RFC3339) },
		"money":   func(amount int64) string { return sayMoney(lang, amount) },
		"phone":   sayPhone,
		"id":      sayID,
		"code":    func(c any) template.HTML { return sayCode(fmt.Sprint(c)) },
		"left":    func(l Left, now time.Time) Badge { return l.badge(lang, now) },
		"digit":   digits,
		"join":    join,
		"itemID":  itemID,
		"yes":     func(b *bool) bool { return b != nil && *b },
		"checked": checked,
		"button":  func(key string) Button { return Button{Text: text.T(lang, key)} },
		"link":    func(key, href string) Button { return Button{Text: text.T(lang, key), Href: href} },
		"tag":     func(txt, colour string) Tag { return Tag{Text: txt, Classes: tagClass(colour)} },
		"skip":    func() SkipLink { return SkipLink{Text: text.T(lang, "kit.skip")} },

		"about": about, "onfault": onFault, "described": described, "boxDescribed": boxDescribed,
		"labelled": labelled, "hasActions": hasActions,
	}
}

// digits is the key that toggles the i-th line of a checklist; lines beyond
// the ninth have none.
func digits(i int) string {
	if i >= 9 {
		return ""
	}
	return strconv.Itoa(i + 1)
}

// join puts the non-empty parts together with spaces: classes, ids.
func join(parts ...string) string { return strings.Join(strings.Fields(strings.Join(parts, " ")), " ") }

// itemID is the id of the i-th choice; the first has the field's own id, so
// that an error summary can link to it.
func itemID(own, prefix string, i int) string {
	switch {
	case own != "":
		return own
	case i == 0:
		return prefix
	}
	return prefix + "-" + strconv.Itoa(i+1)
}

// checked reports whether a choice is ticked: by itself, or because its value
// is the chosen one, a string, or among the chosen, a []string.
func checked(own *bool, value string, chosen any) bool {
	if own != nil {
		return *own
	}
	switch c := chosen.(type) {
	case string:
		return c != "" && c == value
	case []string:
		return slices.Contains(c, value)
	}
	return false
}

// fieldHead is what part "group-head" needs of any field.
type fieldHead struct {
	ID           string
	Hint         *Hint
	ErrorMessage *Message
}

func about(id string, h *Hint, m *Message) fieldHead { return fieldHead{id, h, m} }

func onFault(m *Message, class string) string {
	if m == nil {
		return ""
	}
	return class
}

// described lists the ids that explain a field: its own, hint, fault.
func described(own, id string, h *Hint, m *Message) string {
	var hint, fault string
	if h != nil {
		hint = id + "-hint"
	}
	if m != nil {
		fault = id + "-error"
	}
	return join(own, hint, fault)
}

// boxDescribed is described for one tick box, which without a fieldset
// carries the group's explanations itself.
func boxDescribed(group Checkboxes, c Choice, id string) string {
	ids := ""
	if group.Fieldset == nil {
		ids = described(group.DescribedBy, cmp.Or(group.IDPrefix, group.Name), group.Hint, group.ErrorMessage)
	}
	if c.Hint != nil {
		ids = join(ids, id+"-item-hint")
	}
	return ids
}

func labelled(l *Label) string {
	if l == nil {
		return ""
	}
	return l.Classes
}

func hasActions(a *Actions) bool { return a != nil && len(a.Items) > 0 }

// tagClass is the class of a tag's colour: grey, blue, teal, amber, purple,
// red, green, or "" for plain black.
func tagClass(colour string) string {
	if colour == "" {
		return ""
	}
	return "govuk-tag--" + colour
}

// view is what a layout sees; the page's own struct is D.
type view struct {
	D        any
	Lang     text.Lang
	Other    string // address of this page in the other language
	Nonce    string
	Path     string
	Summary  *ErrorSummary
	By       *Visitor
	Holder   *Holder // the citizen who is signed in, on pages that ask
	Unit     string  // "Quầy 20 · Công an tỉnh Lai Châu"
	Roles    string  // "Tiếp nhận, Thu phí"
	Nav      []NavItem
	Now      time.Time
	Signout  string // form token of the sign-out button
	Refresh  int    // seconds after which a shared computer's screen clears itself; 0 never
	HasFinds bool   // the global search exists
	Warning  string // what every desk must know now
	Service  bool   // a public page on which more is done than reading
}

// NavItem is one link of the navigation.
type NavItem struct {
	Key, Href string
	Current   bool
	need      officer.Permission
	or        []officer.Permission // any of these opens it too
}

var publicNav = []NavItem{
	{Key: "nav.home", Href: "/"},
	{Key: "nav.procedures", Href: "/thu-tuc"},
	{Key: "nav.track", Href: "/tra-cuu"},
	{Key: "nav.account", Href: myPath},
}

// deskNav is the desk's navigation; an officer sees what exists and the
// capacity may open.
var deskNav = []NavItem{
	{Key: "nav.desk", Href: "/desk", need: officer.TakeDesk, or: []officer.Permission{officer.Worklist}},
	{Key: "nav.intake", Href: "/desk/intake", need: officer.Receive},
	{Key: "nav.work", Href: "/desk/work", need: officer.Worklist},
	{Key: "nav.sign", Href: "/desk/sign", need: signs},
	{Key: "nav.late", Href: "/desk/late", need: officer.Late},
	{Key: "nav.bank", Href: bankPath, need: officer.Reconcile, or: []officer.Permission{officer.ApproveRefund}},
	{Key: "nav.publish", Href: proceduresPath, need: officer.Procedures},
	{Key: "nav.admin", Href: "/desk/admin", need: officer.SeeOfficers, or: []officer.Permission{officer.Units, officer.Health}},
	{Key: "nav.journal", Href: "/desk/journal", need: officer.Journal},
}

// navigation keeps the items that are served and that the visitor may open.
func (s *Server) navigation(items []NavItem, by *Visitor, at string) []NavItem {
	var nav []NavItem
	best := -1
	for _, it := range items {
		if !s.served(it.Href) || by != nil && !by.mayAny(append(it.or, it.need)) {
			continue
		}
		under := at == it.Href || it.Href != "/" && strings.HasPrefix(at, it.Href+"/")
		if under && (best < 0 || len(it.Href) > len(nav[best].Href)) {
			best = len(nav)
		}
		nav = append(nav, it)
	}
	if best >= 0 {
		nav[best].Current = true
	}
	return nav
}

// reads reports whether a public page is only read: it needs less style, and a
// first visit stays light (ux 7).
func reads(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{"", "tim", "thu-tuc", "linh-vuc", "tt", "tro-giup", "kha-nang-tiep-can", "rieng-tu", "cookie"}, first)
}

// searchPath is the desk's one search for everything (ux O11).
const searchPath = "/desk/search"

func (s *Server) viewOf(w http.ResponseWriter, r *http.Request, data any) view {
	v := visitOf(r)
	out := view{D: data, Lang: v.lang, Other: otherLang(r.URL, v.lang), Nonce: v.nonce, Path: r.URL.Path, Now: s.Now(), By: v.by, Holder: v.holder}
	if f, ok := data.(interface{ Summary() *ErrorSummary }); ok {
		out.Summary = f.Summary()
	}
	if v.by == nil {
		out.Nav = s.navigation(publicNav, nil, r.URL.Path)
		out.Service = !reads(r.URL.Path)
		if v.holder != nil {
			out.Signout = s.formToken(w, r)
			out.Refresh = v.holder.clears()
		}
		return out
	}
	out.Nav = s.navigation(deskNav, v.by, r.URL.Path)
	out.HasFinds = s.served(searchPath) && v.by.may(officer.Search) == nil
	out.Signout = s.formToken(w, r)
	out.Warning = s.warning(v.lang)
	out.Roles = rolesSaid(v.lang, v.by.Capacities())
	out.Unit = v.by.Desk
	if s.UnitName != nil && v.by.Desk != "" {
		out.Unit = s.UnitName(v.by.Desk)
	}
	return out
}

func rolesSaid(lang text.Lang, grants []officer.Grant) string {
	var said []string
	for _, g := range grants {
		if r := text.T(lang, "web.role."+string(g.Role)); !slices.Contains(said, r) {
			said = append(said, r)
		}
	}
	return strings.Join(said, ", ")
}

func otherLang(u *url.URL, lang text.Lang) string {
	q := u.Query()
	q.Set("lang", string(text.En))
	if lang == text.En {
		q.Set("lang", string(text.Vi))
	}
	return u.Path + "?" + q.Encode()
}

// language is what ?lang= asks for, kept in a cookie, else the cookie's, else
// Vietnamese.
func (s *Server) language(w http.ResponseWriter, r *http.Request) text.Lang {
	asked := text.Lang(r.URL.Query().Get("lang"))
	if asked == text.Vi || asked == text.En {
		http.SetCookie(w, cookie("lang", string(asked), 365*24*60*60))
		return asked
	}
	if c, err := r.Cookie(cookieName("lang")); err == nil && c.Value == string(text.En) {
		return text.En
	}
	return text.Vi
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render writes the page named name. data is a struct made for the page; when
// it embeds *Form, the faults stand on top and the title begins "Lỗi: ".
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) error {
	if f, ok := data.(interface{ Problem() *problem.Problem }); ok {
		retryAfter(w, f.Problem())
	}
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	if err := s.draw(b, w, r, name, data); err != nil {
		return err
	}
	return s.answer(w, r, status, b.Bytes())
}

// draw fills b with the page named name.
func (s *Server) draw(b *bytes.Buffer, w http.ResponseWriter, r *http.Request, name string, data any) error {
	pages, err := s.pages()
	if err != nil {
		return err
	}
	tmpl, err := pages.find(name, visitOf(r).lang)
	if err != nil {
		return fmt.Errorf("rendering page %s: %w", name, err)
	}
	layout := "layout"
	if visitOf(r).by != nil {
		layout = "layout-desk"
	}
	b.Reset()
	if err := tmpl.ExecuteTemplate(b, layout, s.viewOf(w, r, data)); err != nil {
		return fmt.Errorf("rendering page %s: %w", name, err)
	}
	return nil
}

// answer sends a page, compressed if the browser takes it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	s.describe(w, r)
	if len(body) > gzipFrom && takesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		body = zipped(body)
	}
	return send(w, r, status, body)
}

func (s *Server) describe(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(visitOf(r).lang))
	h.Add("Vary", "Accept-Encoding")
}

// send writes an answer whose size is known.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	w.Write(body) // the reader may have gone; there is nobody to tell
	return nil
}

// shared lets browsers keep a public page until they have asked whether it
// changed. Pages with anything personal stay no-store, which is the default.
func shared(w http.ResponseWriter) { w.Header().Set("Cache-Control", "private, no-cache") }

// redirect sends the browser on to a page of ours after a change.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, inside(to, "/"), http.StatusSeeOther)
	return nil
}

// paper answers with a paper to look at and print; with download it is saved.
// It cannot run anything and cannot be framed (rel-K22).
func (s *Server) paper(w http.ResponseWriter, r *http.Request, name, kind string, body []byte, download bool) error {
	how := "inline"
	if download {
		how = "attachment"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", how+"; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Security-Policy", "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	return send(w, r, http.StatusOK, body)
}
