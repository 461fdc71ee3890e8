package web

import (
	"net/http"

	"quay20/internal/notice"
	"quay20/internal/officer"
	"quay20/internal/text"
)

const (
	outboxPath      = "/hop-thu-di"
	adminOutboxPath = adminPath + "/outbox"
	outboxShown     = 50
)

// outboxRoutes declares the outbox: for administrators without secrets, and, in
// a trial on this machine, for everybody with them.
func (s *Server) outboxRoutes() {
	if s.Outbox == nil {
		return
	}
	if s.Roll != nil {
		s.desk("GET "+adminOutboxPath, officer.Health, s.adminOutbox)
	}
	if s.ShowOutbox {
		s.public("GET "+outboxPath, s.openOutbox)
	}
}

// outboxPage lists the newest messages.
type outboxPage struct {
	Open  bool // everybody reads it, codes too
	Lines []outboxLine
}

type outboxLine struct {
	notice.Sent
	Signs int
	Class string // of the tag
}

var outboxTags = map[notice.State]string{notice.Waiting: "amber", notice.Shown: "green", notice.Lapsed: "red", notice.Erased: "grey"}

func (s *Server) adminOutbox(w http.ResponseWriter, r *http.Request, by Visitor) error {
	if _, err := by.For(officer.Health, ""); err != nil {
		return err
	}
	return s.showOutbox(w, r, false)
}

func (s *Server) openOutbox(w http.ResponseWriter, r *http.Request) error {
	return s.showOutbox(w, r, true)
}

func (s *Server) showOutbox(w http.ResponseWriter, r *http.Request, open bool) error {
	list, err := s.Outbox.Last(r.Context(), outboxShown)
	if err != nil {
		return err
	}
	p := outboxPage{Open: open}
	for _, m := range list {
		if !open {
			m = m.Masked()
		}
		line := outboxLine{Sent: m, Signs: len([]rune(m.Body)), Class: outboxTags[m.State]}
		p.Lines = append(p.Lines, line)
	}
	return s.render(w, r, http.StatusOK, "outbox", p)
}

// ChannelKey names how the message travels.
func (l outboxLine) ChannelKey() text.Key { return text.Key("outbox.channel." + l.Channel) }
