package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/text"
	"quay20/internal/upload"
)

// paperPlace is where papers are handed in as files: a filing's draft, or the
// supplement of a dossier. The page C14 is the same for both.
type paperPlace struct {
	Owner  string // on the shelf: "filing/01J…"
	Base   string // address of the pages: "/nop/01J…/giay-to"
	Back   string // where one goes when all papers are there
	Papers []askedPaper
}

// askedPaper is one paper that is asked for (thành phần hồ sơ).
type askedPaper struct {
	Key      string // "1", the last part of its address and its slot on the shelf
	Name     string
	Note     string // what is wanted of it, "Chụp cả hai mặt"
	Optional bool
	Portrait bool // a photo of a person: the phone looks at size, ground and tilt
}

func (p paperPlace) at(key string) int {
	return slices.IndexFunc(p.Papers, func(a askedPaper) bool { return a.Key == key })
}

func (p paperPlace) href(i int) string { return p.Base + "/" + p.Papers[i].Key }

// filesHandler gets the place and the index of the paper in it.
type filesHandler func(w http.ResponseWriter, r *http.Request, p paperPlace, n int) error

// paperRoutes declares C14 under a pattern, "/nop/{id}/giay-to". place finds
// out whose papers they are, or refuses: it must give no place to a visitor
// who may not see it.
func (s *Server) paperRoutes(pattern string, place func(w http.ResponseWriter, r *http.Request) (paperPlace, error)) {
	in := func(h filesHandler) publicHandler {
		return func(w http.ResponseWriter, r *http.Request) error {
			p, err := place(w, r)
			if err != nil {
				return err
			}
			n := p.at(r.PathValue("paper"))
			if n < 0 {
				return problem.New(problem.NotFound, "err.not-found")
			}
			return h(w, r, p, n)
		}
	}
	s.public("GET "+pattern+"/{paper}", in(s.showPaper))
	s.takesFiles("POST "+pattern+"/{paper}", in(s.sendPaper))
	s.public("POST "+pattern+"/{paper}/doi", in(s.changePaper))
	s.public("POST "+pattern+"/{paper}/phan", in(s.beginPieces))
	s.takesFiles("PUT "+pattern+"/{paper}/phan/{print}", in(s.takePiece))
	s.public("GET "+pattern+"/{paper}/tep/{file}", in(s.ownFile))
}

// accepted is what the file chooser offers. HEIC is left out on purpose: an
// iPhone then hands over a JPEG.
const accepted = "image/jpeg,image/png,application/pdf"

// paperPage is C14.
type paperPage struct {
	*Form
	Paper    askedPaper
	Caption  string // "Giấy tờ 2 trên 4"
	Action   string
	Pieces   string // address that takes pieces
	Accept   string
	Most     int64 // bytes of one file
	Piece    int
	Hint     string
	Label    string
	Button   string
	Fault    *Message
	Replaces *heldFile
	Files    []heldFile
	Done     string
	Missing  []askedLink
	Next     Button
	Back     BackLink
	Words    string // what the script says, as JSON
}

// heldFile is a file that is there.
type heldFile struct {
	upload.Held
	Facts   string // "1 trang, 240 kB"
	State   Tag
	Href    string // none: malware opens for nobody
	First   bool
	Replace string
}

type askedLink struct{ Name, Href string }

func (s *Server) showPaper(w http.ResponseWriter, r *http.Request, p paperPlace, n int) error {
	f := s.blankForm(w, r)
	f.Set("replaces", r.URL.Query().Get("thay"))
	return s.drawPaper(w, r, f, p, n)
}

func (s *Server) drawPaper(w http.ResponseWriter, r *http.Request, f *Form, p paperPlace, n int) error {
	all, err := s.Shelf.Of(r.Context(), p.Owner)
	if err != nil {
		return err
	}
	asked, lang, limits := p.Papers[n], visitOf(r).lang, s.Shelf.Limits()
	page := paperPage{
		Form: f, Paper: asked, Action: p.href(n), Pieces: p.href(n) + "/phan", Accept: accepted, Most: limits.File, Piece: upload.Piece,
		Caption: s.say(r, "papers.caption", "n", n+1, "all", len(p.Papers)),
		Hint:    s.say(r, "papers.hint", "mb", limits.File>>20, "pages", limits.Pages, "files", limits.Files),
		Label:   s.say(r, "papers.choose"), Button: s.say(r, "papers.send"),
		Fault: f.message("tep"), Back: BackLink{Text: s.say(r, "papers.back"), Href: p.Back},
		Words: s.paperWords(r),
	}
	for _, h := range all {
		if h.Slot != asked.Key {
			continue
		}
		held := heldFile{Held: h, Facts: s.say(r, "papers.facts", "pages", h.Pages, "size", upload.Size(lang, h.Size)),
			First: len(page.Files) == 0, Replace: p.href(n) + "?thay=" + h.ID + "#tep"}
		if h.State != upload.Infected {
			held.Href = p.href(n) + "/tep/" + h.ID
		}
		if s.Shelf.Scans() || h.State == upload.Infected {
			held.State = scanTag(lang, h.State)
		}
		page.Files = append(page.Files, held)
		if h.ID == f.Typed("replaces") {
			page.Replaces = &held
			page.Label, page.Button = s.say(r, "papers.choose-instead", "name", h.Name), s.say(r, "papers.replace-now")
		}
	}
	page.Missing = p.missing(all, n)
	page.Next = Button{Text: s.say(r, "papers.all-there"), Href: p.Back}
	if len(page.Missing) > 0 {
		page.Next = Button{Text: s.say(r, "papers.next", "name", page.Missing[0].Name), Href: page.Missing[0].Href}
	}
	if done := r.URL.Query().Get("xong"); slices.Contains([]string{"gui", "thay", "xoa"}, done) && f.clean() {
		page.Done = s.say(r, "papers.done."+done)
	}
	return s.render(w, r, f.Status(), "papers", page)
}

// missing lists the papers that must still come, from the one after n on.
func (p paperPlace) missing(all []upload.Held, n int) (list []askedLink) {
	for i := range p.Papers {
		at := (n + 1 + i) % len(p.Papers)
		a := p.Papers[at]
		if at != n && !a.Optional && !slices.ContainsFunc(all, func(h upload.Held) bool { return h.Slot == a.Key && h.State != upload.Infected }) {
			list = append(list, askedLink{a.Name, p.href(at)})
		}
	}
	return list
}

func scanTag(lang text.Lang, state upload.State) Tag {
	colour := map[upload.State]string{upload.Unscanned: "grey", upload.Clean: "green", upload.Infected: "red"}[state]
	return Tag{Text: text.T(lang, "upload.state."+string(state)), Classes: tagClass(colour)}
}

// paperWords are the sentences of the page's script.
func (s *Server) paperWords(r *http.Request) string {
	words := map[string]string{}
	for _, key := range []string{"camera", "use", "use-anyway", "other", "preview", "sending", "cut", "stopped", "resume", "joining",
		"dark", "blurred", "small", "tilted", "ground", "shape", "heic", "big"} {
		words[key] = s.say(r, "papers.script."+key, "mb", s.Shelf.Limits().File>>20)
	}
	b, _ := json.Marshal(words) // strings cannot fail
	return string(b)
}

// sendPaper takes one file from a plain form.
func (s *Server) sendPaper(w http.ResponseWriter, r *http.Request, p paperPlace, n int) error {
	f, err := s.postedForm(w, r)
	if err != nil {
		return err
	}
	in := upload.Sent{Owner: p.Owner, Slot: p.Papers[n].Key, Replaces: f.Text("replaces", 40)}
	body, err := chosenFile(r, &in)
	if err == nil {
		_, err = s.Shelf.Put(r.Context(), in, body)
	}
	if err == nil {
		return s.redirect(w, r, p.href(n)+"?xong="+doneWord(in.Replaces))
	}
	fault, ok := problem.As(err)
	if !ok {
		return err
	}
	if fault.Kind != problem.Unavailable || !f.Refused(fault) { // else nothing is wrong with the file
		f.Fault("tep", fault.Key, fault.Args...)
		f.faults.Kind = fault.Kind
	}
	return s.drawPaper(w, r, f, p, n)
}

func doneWord(replaces string) string {
	if replaces != "" {
		return "thay"
	}
	return "gui"
}

// chosenFile reads the one file of a form.
func chosenFile(r *http.Request, in *upload.Sent) ([]byte, error) {
	file, head, err := r.FormFile("tep")
	if errors.Is(err, http.ErrMissingFile) {
		return nil, problem.New(problem.Invalid, "papers.err.none")
	}
	if err != nil {
		return nil, problem.New(problem.Malformed, "web.malformed")
	}
	defer file.Close()
	in.Name = head.Filename
	if in.Name == "" && head.Size == 0 {
		return nil, problem.New(problem.Invalid, "papers.err.none")
	}
	return io.ReadAll(file)
}

// changePaper removes a file or moves it forward.
func (s *Server) changePaper(w http.ResponseWriter, r *http.Request, p paperPlace, n int) error {
	f, err := s.postedForm(w, r)
	if err != nil {
		return err
	}
	id, what := f.Text("file", 40), f.Choice("doi", "xoa", "len")
	if err := f.Err(); err != nil {
		return err
	}
	switch what {
	case "xoa":
		if err := s.Shelf.Remove(r.Context(), p.Owner, id); err != nil {
			return err
		}
		return s.redirect(w, r, p.href(n)+"?xong=xoa")
	case "len":
		if err := s.Shelf.Forward(r.Context(), p.Owner, id); err != nil {
			return err
		}
	}
	return s.redirect(w, r, p.href(n))
}

// pieceAnswer is what the script is told.
type pieceAnswer struct {
	Offset int64  `json:"offset"`          // where the next piece begins
	Done   string `json:"done,omitempty"`  // where to go: the file is on the shelf
	Error  string `json:"error,omitempty"` // in words
	Again  bool   `json:"again,omitempty"` // sending on may help
}

// beginPieces answers where a file goes on ("bat-dau"), and joins one that has
// arrived ("xong").
func (s *Server) beginPieces(w http.ResponseWriter, r *http.Request, p paperPlace, n int) error {
	f, err := s.postedForm(w, r)
	if err != nil {
		return err
	}
	size, err := upload.ParseOffset(f.Typed("co"))
	way := upload.Way{Sent: upload.Sent{Owner: p.Owner, Slot: p.Papers[n].Key, Name: f.Typed("ten"), Replaces: f.Text("replaces", 40)}, Size: size, Fingerprint: f.Typed("dau")}
	a := pieceAnswer{Offset: size}
	var have upload.Held
	switch {
	case err != nil:
	case f.Choice("buoc", "bat-dau", "xong") == "xong":
		have, err = s.Shelf.Finish(r.Context(), way)
	default:
		a.Offset, have, err = s.Shelf.Begin(r.Context(), way)
	}
	if err == nil && have.ID != "" {
		a.Done = p.href(n) + "?xong=" + doneWord(way.Replaces)
	}
	return s.tellPiece(w, r, a, err)
}

// takePiece takes in one piece.
func (s *Server) takePiece(w http.ResponseWriter, r *http.Request, p paperPlace, n int) error {
	offset, err := upload.ParseOffset(r.URL.Query().Get("tu"))
	if err != nil {
		return s.tellPiece(w, r, pieceAnswer{}, err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, upload.Piece))
	if err != nil {
		return s.tellPiece(w, r, pieceAnswer{}, problem.New(problem.Invalid, "upload.err.piece"))
	}
	way := upload.Way{Sent: upload.Sent{Owner: p.Owner, Slot: p.Papers[n].Key}, Fingerprint: r.PathValue("print")}
	next, err := s.Shelf.Arrived(r.Context(), way, offset, r.Header.Get("Piece-Sha256"), body)
	return s.tellPiece(w, r, pieceAnswer{Offset: next}, err)
}

// tellPiece answers the script; what is wrong is said in words.
func (s *Server) tellPiece(w http.ResponseWriter, r *http.Request, a pieceAnswer, err error) error {
	status := http.StatusOK
	if err != nil {
		fault, ok := problem.As(err)
		if !ok {
			return err
		}
		retryAfter(w, fault)
		status, a.Error = fault.Status(), text.Problem(visitOf(r).lang, fault)
		a.Again = fault.Kind == problem.Unavailable || fault.Key == "upload.err.offset" || fault.Key == "upload.err.piece" || fault.Key == "upload.err.begin"
	}
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return send(w, r, status, b)
}

// ownFile shows a file to whoever sent it.
func (s *Server) ownFile(w http.ResponseWriter, r *http.Request, p paperPlace, n int) error {
	h, body, err := s.Shelf.Look(r.Context(), p.Owner, r.PathValue("file"))
	if err != nil {
		return err
	}
	if h.Slot != p.Papers[n].Key {
		return problem.New(problem.NotFound, "upload.err.unknown")
	}
	return s.giveFile(w, r, h.Name, h.Kind, body)
}

// giveFile answers with a file that people sent. A photograph, which we made
// anew, is shown; a PDF is saved, for what opens it is not ours. Neither can
// run, load or frame anything (rel-K22, rel-K36, rel-T21).
func (s *Server) giveFile(w http.ResponseWriter, r *http.Request, name string, kind upload.Kind, body []byte) error {
	how := "attachment"
	if kind == upload.JPEG {
		how = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", kind.Type())
	h.Set("Content-Disposition", how+"; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	return send(w, r, http.StatusOK, body)
}

func (o *office) fileRoutes() {
	if o.Shelf == nil {
		return
	}
	o.desk("GET "+dossierPath+"{ref}/tep/{file}", officer.View, o.deskFile)
	o.desk("GET "+dossierPath+"{ref}/giay-to/{n}", officer.View, o.deskPaper)
}

// deskFile opens one file of a dossier for an officer who has it before them;
// the view is journaled with the file's code (rel-I-P4, rel-T21).
func (o *office) deskFile(w http.ResponseWriter, r *http.Request, by Visitor) error {
	v, err := o.concerned(r, by)
	if err != nil {
		return err
	}
	owner, file, err := o.Dossiers.OpenFile(r.Context(), r.PathValue("ref"), r.PathValue("file"), v.by)
	if err != nil {
		return err
	}
	_, body, err := o.Shelf.Open(r.Context(), owner, file)
	if err != nil {
		return err
	}
	return o.giveFile(w, r, file.Name, file.Kind, body)
}

// deskPaper gives all files of a paper as one PDF.
func (o *office) deskPaper(w http.ResponseWriter, r *http.Request, by Visitor) error {
	v, err := o.concerned(r, by)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil {
		return problem.New(problem.NotFound, "err.not-found")
	}
	owner, files, err := o.Dossiers.OpenFiles(r.Context(), r.PathValue("ref"), n-1, v.by)
	if err != nil {
		return err
	}
	var bodies [][]byte
	for _, f := range files {
		_, body, err := o.Shelf.Open(r.Context(), owner, f)
		if err != nil {
			return err
		}
		bodies = append(bodies, body)
	}
	var joined bytes.Buffer
	if err := upload.Joined(&joined, files, bodies); err != nil {
		return err
	}
	return o.giveFile(w, r, fileName(string(v.Code), "giay-to", strconv.Itoa(n))+".pdf", upload.PDF, joined.Bytes())
}

// concerned finds the dossier for whoever has it before them; others open the
// dossier first and say why.
func (o *office) concerned(r *http.Request, by Visitor) (casefile, error) {
	v, err := o.find(r, by, officer.View, r.PathValue("ref"))
	if err == nil && !concerns(&v.Dossier, v.by) && v.by.Role != officer.Inspector {
		err = problem.New(problem.Forbidden, "web.forbidden")
	}
	return v, err
}

// paperFiles are the files of one paper on the desk's page of a dossier.
type paperFiles struct {
	Name, Count, Joined string
	Files               []fileLink
}

type fileLink struct {
	Words, Href string // no Href: it does not open
	Tag         Tag
}

// files lists the files of the dossier's papers, and what the scanner said.
func (o *office) files(r *http.Request, v *casefile) ([]paperFiles, error) {
	papers := v.Papers
	if s := v.Answered(); s != nil {
		for _, x := range s.Answers {
			papers = append(papers[:len(papers):len(papers)], dossier.Paper{Name: v.say("answer.files", "paper", x.Paper), Files: x.Files})
		}
	}
	if !slices.ContainsFunc(papers, func(p dossier.Paper) bool { return len(p.Files) > 0 }) || o.Shelf == nil {
		return nil, nil
	}
	held, err := o.Shelf.Of(r.Context(), v.FilesOwner())
	if err != nil {
		return nil, err
	}
	states := map[string]upload.State{}
	for _, h := range held {
		states[h.ID] = h.State
	}
	var list []paperFiles
	for n, p := range papers {
		one := paperFiles{Name: p.Name, Count: upload.Count(v.lang, p.Files)}
		for _, f := range p.Files {
			link := fileLink{Words: f.Words(v.lang), Href: dossierHref(&v.Dossier) + "/tep/" + f.ID, Tag: scanTag(v.lang, states[f.ID])}
			if states[f.ID] == upload.Infected {
				link.Href = ""
			}
			one.Files = append(one.Files, link)
		}
		if len(p.Files) > 1 && n < len(v.Papers) {
			one.Joined = fmt.Sprintf("%s/giay-to/%d", dossierHref(&v.Dossier), n+1)
		}
		if len(p.Files) > 0 {
			list = append(list, one)
		}
	}
	return list, nil
}

// mediaType is the media type of a request's body.
func mediaType(r *http.Request) string {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return strings.ToLower(kind)
}
