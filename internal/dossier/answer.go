package dossier

import (
	"context"
	"slices"
	"strconv"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/upload"
)

// Answer is what came in from home for one item of a supplement request: files,
// or words where there is no paper to send.
type Answer struct {
	Paper string        `json:"paper"`
	Files []upload.File `json:"files,omitempty"`
	Note  string        `json:"note,omitempty"`
}

// SentBack is an answer that the desk looked at and found wanting still.
type SentBack struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Items []Item    `json:"items"`
}

// Wanted are the items that are still to be answered: all that were asked for,
// or those that the desk sent back last.
func (s *SupplementRequest) Wanted() []Item {
	if n := len(s.Back); n > 0 {
		return s.Back[n-1].Items
	}
	return s.Items
}

// AnswerOf is what came in for a paper.
func (s *SupplementRequest) AnswerOf(paper string) (Answer, bool) {
	i := slices.IndexFunc(s.Answers, func(a Answer) bool { return a.Paper == paper })
	if i < 0 {
		return Answer{}, false
	}
	return s.Answers[i], true
}

// Answered is the supplement request whose answer the desk has to look at; nil
// if there is none.
func (d *Dossier) Answered() *SupplementRequest {
	if s := d.Waiting(); d.State == Supplement && s != nil && !s.Sent.IsZero() {
		return s
	}
	return nil
}

// SupplementOwner is whose the files are, on the shelf, that a person lays
// together before sending them.
func (d *Dossier) SupplementOwner() string { return "supplement/" + d.ID }

// AnswerSupplement takes in what a person sent from home for every item that is
// wanted (bổ sung trực tuyến). The dossier still waits, without being closed:
// only the desk can say that it is complete.
type AnswerSupplement struct {
	Answers []Answer `json:"answers"`
}

func (*AnswerSupplement) Name() string { return "answer_supplement" }

func (a *AnswerSupplement) Allowed(d *Dossier, by officer.By, w World) error {
	if err := system(a.Name(), by); err != nil {
		return err
	}
	if err := d.in(a.Name(), Supplement); err != nil {
		return err
	}
	s := d.Waiting()
	switch {
	case s == nil:
		return d.illegal(a.Name())
	case !s.Sent.IsZero():
		return problem.New(problem.Illegal, "answer.err.sent")
	case !s.Until.IsZero() && !w.Now.Before(s.Until):
		return problem.New(problem.Illegal, "answer.err.late")
	}
	return nil
}

func (a *AnswerSupplement) Check(d *Dossier, _ officer.By, _ World) error {
	p := invalid()
	wanted := d.Waiting().Wanted()
	for i, it := range wanted {
		n := slices.IndexFunc(a.Answers, func(x Answer) bool { return x.Paper == it.Paper })
		field := "answer." + strconv.Itoa(i+1)
		switch {
		case n < 0 || len(a.Answers[n].Files) == 0 && blank(a.Answers[n].Note):
			p.Field(field, "answer.err.missing", "paper", it.Paper)
		case len([]rune(a.Answers[n].Note)) > maxText:
			p.Field(field, "err.too-long", "field", "key:answer.note", "most", maxText)
		}
	}
	for _, x := range a.Answers {
		if !slices.ContainsFunc(wanted, func(it Item) bool { return it.Paper == x.Paper }) {
			p.Field("answers", "answer.err.not-asked", "paper", x.Paper)
		}
	}
	return p.Or()
}

func (a *AnswerSupplement) Apply(d *Dossier, _ officer.By, w World) Effect {
	s := d.Waiting()
	s.Sent = w.Now
	files := 0
	for _, x := range a.Answers {
		s.Answers = slices.DeleteFunc(s.Answers, func(old Answer) bool { return old.Paper == x.Paper })
		s.Answers = append(s.Answers, x)
		files += len(x.Files)
	}
	d.CheckLate = false // a new answer has hours of its own
	return Effect{Law: w.rules(d).Laws["online_check"], Facts: map[string]any{"items": len(a.Answers), "files": files}}
}

// SendBack says what is still wrong with an answer from home, so that it can be
// sent again. It goes on with the request that was made: nobody has to come for
// it, so it is not another one. law: nd-63-2010/20
type SendBack struct {
	Items []Item `json:"items"`
}

func (*SendBack) Name() string { return "send_back" }

func (a *SendBack) Allowed(d *Dossier, by officer.By, w World) error {
	err := may(a.Name(), by, d.Desk)
	if err != nil {
		err = may(a.Name(), by, d.Holder)
	}
	if err != nil {
		return err
	}
	if d.Answered() == nil {
		return d.illegal(a.Name())
	}
	return nil
}

func (a *SendBack) Check(d *Dossier, by officer.By, w World) error {
	if err := (&RequestSupplement{Items: a.Items}).Check(d, by, w); err != nil {
		return err
	}
	p := invalid()
	for _, it := range a.Items {
		if !slices.ContainsFunc(d.Waiting().Items, func(asked Item) bool { return asked.Paper == it.Paper }) {
			p.Field("items", "answer.err.not-asked", "paper", it.Paper)
		}
	}
	return p.Or()
}

func (a *SendBack) Apply(d *Dossier, by officer.By, w World) Effect {
	s := d.Waiting()
	s.Back = append(s.Back, SentBack{At: w.Now, By: by.Officer.ID, Items: a.Items})
	s.Sent = time.Time{}
	if until := w.supplementEnd(d); !s.Until.IsZero() && until.After(s.Until) {
		s.Until = until
	}
	return Effect{Facts: map[string]any{"items": len(a.Items), "until": s.Until}}
}

// attach puts the files of an answer to the papers of the dossier. What was
// asked for beyond them becomes a paper.
func (d *Dossier) attach(s *SupplementRequest) {
	for _, it := range s.Items {
		x, _ := s.AnswerOf(it.Paper)
		i := slices.IndexFunc(d.Papers, func(p Paper) bool { return p.Name == it.Paper })
		if i < 0 {
			if len(x.Files) == 0 {
				continue
			}
			i = len(d.Papers)
			d.Papers = append(d.Papers, Paper{Name: it.Paper, Copies: 1})
		}
		d.Papers[i].Present = true
		d.Papers[i].Files = append(d.Papers[i].Files, x.Files...)
	}
}

// Asking is what a person is asked to send, with what is already on the shelf.
type Asking struct {
	Dossier Dossier
	Now     time.Time
	Late    bool // the time to answer is over
}

// AskedByToken tells whoever holds the slip's token what is asked. rel-G9
func (r *Register) AskedByToken(ctx context.Context, token string) (Asking, error) {
	var a Asking
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		id, err := r.idByToken(tx, token)
		if err != nil {
			return err
		}
		if a.Dossier, err = find(tx, id); err != nil {
			return err
		}
		a.Now = tx.Now
		if s := a.Dossier.Waiting(); s != nil && !s.Until.IsZero() {
			a.Late = !tx.Now.Before(s.Until)
		}
		return nil
	})
	return a, err
}

// SlotOf is the key of a wanted item on the shelf.
func SlotOf(i int) string { return strconv.Itoa(i + 1) }

// Answer sends what lies on the shelf for every item that is wanted, with words
// by slot where there is no paper. Sending twice sends once.
func (r *Register) Answer(ctx context.Context, token string, notes map[string]string) (Dossier, error) {
	var out Dossier
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		id, err := r.idByToken(tx, token)
		if err != nil {
			return err
		}
		d, err := find(tx, id)
		if err != nil {
			return err
		}
		if d.Answered() != nil {
			out = d
			return nil
		}
		act := &AnswerSupplement{}
		if s := d.Waiting(); d.State == Supplement && s != nil {
			held, err := upload.Of(tx, d.SupplementOwner())
			if err != nil {
				return err
			}
			for i, it := range s.Wanted() {
				x := Answer{Paper: it.Paper, Note: notes[SlotOf(i)]}
				for _, h := range held {
					if h.Slot == SlotOf(i) {
						x.Files = append(x.Files, h.File)
					}
				}
				act.Answers = append(act.Answers, x)
			}
		}
		if err := plain(act); err != nil {
			return err
		}
		if out, err = r.do(tx, d, act, officer.System()); err != nil {
			return err
		}
		_, err = upload.Hand(tx, d.SupplementOwner(), d.FilesOwner())
		return err
	})
	return out, err
}
