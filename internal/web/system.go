package web

import (
	"io"
	"net/http"
)

// systemRoutes are the pages that belong to no room.
func (s *Server) systemRoutes() {
	s.public("GET "+healthPath, s.health)
	s.public("GET "+livePath, s.live)
	s.public("GET "+staticPrefix+"{hash}/{name...}", s.asset)
	s.public("POST "+reportPath, s.report)
	s.public("GET /offline", s.offline)
	if s.Dev {
		s.public("GET /_kit", s.kit)
	}
}

// health answers whether an act would be saved here, and if not, the stable
// word for why; it says nothing else to the world and asks nothing of the disk.
func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if s.DB != nil {
		if t := s.DB.Trouble(); t.Why != nil {
			retryAfter(w, t.Why)
			return send(w, r, http.StatusServiceUnavailable, []byte("cannot save: "+t.Why.Key+"\n"))
		}
	}
	return send(w, r, http.StatusOK, []byte("ok\n"))
}

// live answers that the program serves.
func (s *Server) live(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	return send(w, r, http.StatusOK, []byte("ok\n"))
}

// offline is X4: what still works without a network.
func (s *Server) offline(w http.ResponseWriter, r *http.Request) error {
	shared(w)
	return s.render(w, r, http.StatusOK, "offline", nil)
}

// report takes a browser's word that a page broke its own security policy
// (rel-K26). What it says may hold personal data and is not kept.
func (s *Server) report(w http.ResponseWriter, r *http.Request) error {
	n, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, reportCap))
	if err != nil {
		return err
	}
	s.Log.WarnContext(r.Context(), "page broke its security policy", "ref", visitOf(r).ref, "bytes", n)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
