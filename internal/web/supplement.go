package web

import (
	"net/http"

	"quay20/internal/dossier"
	"quay20/internal/problem"
	"quay20/internal/text"
	"quay20/internal/upload"
)

// supplementRoutes are C19, answering a supplement request from home (bổ sung
// trực tuyến): one paper after the other, then a look at all of it. Each address
// holds the token of the slip's QR, as tracking does.
func (c *citizen) supplementRoutes() {
	if c.Shelf == nil {
		return
	}
	c.public("GET /t/{token}/bo-sung", c.supplement)
	c.public("GET /t/{token}/gui-bo-sung", c.checkSupplement)
	c.public("POST /t/{token}/gui-bo-sung", c.sendSupplement)
	c.paperRoutes("/t/{token}/bo-sung", c.supplementPapers)
}

// supplementPage is C19.
type supplementPage struct {
	*Form
	Code  dossier.Code
	Track string
	State string // what is asked and until when, or why nothing can be sent
	Open  bool   // something can be sent
	Items []supplementItem
	Next  Button
	Send  string // address of the form; "" on the first page
	Back  BackLink
}

// supplementItem is one paper that is asked for.
type supplementItem struct {
	Paper, Reason, Todo string
	Href                string // to send files for it
	Held                string // "2 tệp, 3 trang"; "" none
	Note                *Textarea
}

// asking finds what is asked by the slip's token.
func (c *citizen) asking(w http.ResponseWriter, r *http.Request) (dossier.Asking, []upload.Held, error) {
	unlisted(w)
	w.Header().Set("Referrer-Policy", "same-origin") // the forms are ours, and browsers must say so
	a, err := c.Dossiers.AskedByToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return a, nil, err
	}
	held, err := c.Shelf.Of(r.Context(), a.Dossier.SupplementOwner())
	return a, held, err
}

// supplementPapers is where the papers of a supplement are attached (C14).
func (c *citizen) supplementPapers(w http.ResponseWriter, r *http.Request) (paperPlace, error) {
	a, _, err := c.asking(w, r)
	if err != nil {
		return paperPlace{}, err
	}
	s := a.Dossier.Waiting()
	if !open(a) {
		return paperPlace{}, problem.New(problem.Illegal, "answer.err.closed")
	}
	base := "/t/" + r.PathValue("token") + "/bo-sung"
	p := paperPlace{Owner: a.Dossier.SupplementOwner(), Base: base, Back: base}
	for i, it := range s.Wanted() {
		p.Papers = append(p.Papers, askedPaper{Key: dossier.SlotOf(i), Name: it.Paper, Note: joinWords(" ", it.Reason, it.Todo)})
	}
	return p, nil
}

// open reports whether an answer can be sent now.
func open(a dossier.Asking) bool {
	return a.Dossier.State == dossier.Supplement && a.Dossier.Waiting() != nil && a.Dossier.Answered() == nil && !a.Late
}

func (c *citizen) supplement(w http.ResponseWriter, r *http.Request) error {
	a, held, err := c.asking(w, r)
	if err != nil {
		return err
	}
	p := c.supplementPage(r, c.blankForm(w, r), a, held)
	p.Back = BackLink{Text: text.T(visitOf(r).lang, "answer.back"), Href: p.Track}
	p.Next = Button{Text: text.T(visitOf(r).lang, "action.continue"), Href: p.Track + "/gui-bo-sung"}
	return c.render(w, r, http.StatusOK, "supplement", p)
}

func (c *citizen) checkSupplement(w http.ResponseWriter, r *http.Request) error {
	return c.showCheckSupplement(w, r, c.blankForm(w, r))
}

func (c *citizen) showCheckSupplement(w http.ResponseWriter, r *http.Request, f *Form) error {
	a, held, err := c.asking(w, r)
	if err != nil {
		return err
	}
	if !open(a) {
		return c.redirect(w, r, "/t/"+r.PathValue("token")+"/bo-sung")
	}
	p := c.supplementPage(r, f, a, held)
	p.Send = p.Track + "/gui-bo-sung"
	p.Back = BackLink{Text: text.T(visitOf(r).lang, "answer.back-to-papers"), Href: p.Track + "/bo-sung"}
	for i := range p.Items {
		if p.Items[i].Held != "" {
			continue
		}
		note := f.Textarea("answer."+dossier.SlotOf(i), "answer.note")
		note.Rows = 3
		p.Items[i].Note = &note
	}
	return c.render(w, r, f.Status(), "supplement", p)
}

func (c *citizen) supplementPage(r *http.Request, f *Form, a dossier.Asking, held []upload.Held) supplementPage {
	lang := visitOf(r).lang
	say := func(key string, args ...any) string { return text.T(lang, key, args...) }
	p := supplementPage{Form: f, Code: a.Dossier.Code, Track: "/t/" + r.PathValue("token"), Open: open(a)}
	s := a.Dossier.Waiting()
	switch {
	case a.Dossier.State != dossier.Supplement || s == nil:
		p.State = say("answer.none")
		return p
	case !s.Sent.IsZero():
		law, _ := c.today()
		p.State = say("answer.sent", "at", sayHour(lang, s.Sent), "until", sayHour(lang, dossier.World{Now: a.Now, Law: law}.CheckUntil(&a.Dossier)))
	case a.Late:
		p.State = say("answer.over", "until", sayHour(lang, s.Until))
	case len(s.Back) > 0:
		p.State = say("answer.again", "until", sayHour(lang, s.Until))
	default:
		p.State = say("answer.asked", "until", sayHour(lang, s.Until))
	}
	for i, it := range s.Wanted() {
		item := supplementItem{Paper: it.Paper, Reason: it.Reason, Todo: it.Todo, Href: p.Track + "/bo-sung/" + dossier.SlotOf(i)}
		var files []upload.File
		if x, ok := s.AnswerOf(it.Paper); ok && !s.Sent.IsZero() {
			files = x.Files
			if x.Note != "" {
				item.Held = "«" + x.Note + "»"
			}
		}
		for _, h := range held {
			if h.Slot == dossier.SlotOf(i) && s.Sent.IsZero() {
				files = append(files, h.File)
			}
		}
		if len(files) > 0 {
			item.Held = joinWords(" ", upload.Count(lang, files), item.Held)
		}
		p.Items = append(p.Items, item)
	}
	return p
}

// sendSupplement sends what lies there. Pressed twice, or again after a cut line,
// it was sent once. rel-B-W06
func (c *citizen) sendSupplement(w http.ResponseWriter, r *http.Request) error {
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	a, _, err := c.asking(w, r)
	if err != nil {
		return err
	}
	notes := map[string]string{}
	if s := a.Dossier.Waiting(); s != nil {
		for i := range s.Wanted() {
			notes[dossier.SlotOf(i)] = f.Lines("answer."+dossier.SlotOf(i), 2000)
		}
	}
	if err = f.Err(); err == nil {
		_, err = c.Dossiers.Answer(r.Context(), r.PathValue("token"), notes)
	}
	if err == nil {
		return c.redirect(w, r, "/t/"+r.PathValue("token")+"/bo-sung")
	}
	if !f.Refused(err) {
		return err
	}
	return c.showCheckSupplement(w, r, f)
}
