package web

import (
	"net/http"
	"strings"
)

// trustPage is C36: what this site is, told in sections.
type trustPage struct {
	Title    string
	Sections []trustSection
}

type trustSection struct {
	Heading string
	Lines   []string
}

// trustRoutes declares help, accessibility, privacy and cookies (ux C36). What
// they say must be true of this program; sections about what is not served here
// are left out.
func (s *Server) trustRoutes() {
	s.public("GET /tro-giup", s.trust("help"))
	s.public("GET /kha-nang-tiep-can", s.trust("access"))
	s.public("GET /rieng-tu", s.trust("privacy"))
	s.public("GET /cookie", s.trust("cookie"))
}

// trustSections are the sections of each page, in order, each with the path
// that must be served for it to be true; "" always is.
var trustSections = map[string][]struct{ key, needs string }{
	"help":    {{"find", "/tt/{code}"}, {"prepare", "/tt/{code}/chuan-bi"}, {"track", "/tra-cuu"}, {"account", myPath}, {"lost", "/tra-cuu"}, {"scam", ""}},
	"access":  {{"works", ""}, {"tested", ""}, {"limits", ""}, {"tell", ""}},
	"privacy": {{"read", ""}, {"dossier", "/tra-cuu"}, {"account", myPath}, {"who", "/tra-cuu"}, {"log", ""}, {"keep", ""}, {"rights", ""}},
	"cookie":  {{"none", ""}, {"lang", ""}, {"form", ""}, {"account", myPath}, {"session", ""}, {"off", ""}},
}

func (s *Server) trust(topic string) publicHandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		page := trustPage{Title: s.say(r, "trust."+topic+".title")}
		for _, sec := range trustSections[topic] {
			if sec.needs != "" && !s.served(sec.needs) {
				continue
			}
			key := "trust." + topic + "." + sec.key
			page.Sections = append(page.Sections, trustSection{s.say(r, key), strings.Split(s.say(r, key+".text"), " | ")})
		}
		return s.renderShared(w, r, "trust", page)
	}
}
