package web

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	"quay20/internal/problem"
)

// What sending files may take. A phone on a slow line is waited for as long as
// something comes; a body that stands still is not (rel-A15).
const (
	filesTime   = 12 * time.Minute
	silenceTime = 25 * time.Second
	filesAtOnce = 12       // plain forms with a file, which are held in memory
	formSpace   = 64 << 10 // of such a form beside its file
	filesRetry  = 30 * time.Second
)

// takesFiles is public for a route whose body is a file: a form of several
// parts, or the bytes of a piece.
func (s *Server) takesFiles(pattern string, h publicHandler) {
	s.declare(Route{Access: Public, Files: true}, pattern, h)
}

// isForFiles reports whether the request goes to a route that takes files.
func (s *Server) isForFiles(r *http.Request) bool {
	_, pattern := s.mux.Handler(r)
	return slices.ContainsFunc(s.routes, func(route Route) bool { return route.Files && route.Method+" "+route.Pattern == pattern })
}

// judgeFiles is judgePost for a route that takes files. The body is capped
// while it streams in (rel-B-U02).
func (s *Server) judgeFiles(w http.ResponseWriter, r *http.Request) error {
	if s.cross.Check(r) != nil {
		return problem.New(problem.Forbidden, "web.cross-origin")
	}
	told := r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
	switch mediaType(r) {
	case "application/octet-stream":
		if !told { // only our script sends pieces, and browsers tell whose it is
			return problem.New(problem.Forbidden, "web.cross-origin")
		}
		patient(w, r)
		return nil
	case "multipart/form-data":
	default:
		return problem.New(problem.Unsupported, "web.unsupported")
	}
	select {
	case s.bodies <- struct{}{}:
		defer func() { <-s.bodies }()
	default:
		return &problem.Problem{Kind: problem.Unavailable, Key: "upload.err.busy", Retry: filesRetry}
	}
	most := s.Shelf.Limits().File
	if r.ContentLength > most+formSpace {
		return problem.New(problem.TooLarge, "upload.err.big", "mb", most>>20)
	}
	patient(w, r)
	r.Body = http.MaxBytesReader(w, r.Body, most+formSpace)
	switch err := r.ParseMultipartForm(most + formSpace); {
	case tooLong(err):
		return problem.New(problem.TooLarge, "upload.err.big", "mb", most>>20)
	case err != nil:
		return problem.New(problem.Malformed, "web.malformed")
	case !told && !s.tokenFits(r, r.PostForm.Get(tokenField)):
		return problem.New(problem.Forbidden, "web.cross-origin")
	}
	return nil
}

// patient gives a body more time than pages get, as long as it keeps coming.
func patient(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	never, past := time.Time{}, time.Unix(1, 0)
	if c.SetReadDeadline(never) != nil || c.SetWriteDeadline(never) != nil {
		return // a test's recorder has no deadlines
	}
	whole := time.AfterFunc(filesTime, func() { c.SetReadDeadline(past); c.SetWriteDeadline(past) })
	silent := time.AfterFunc(silenceTime, func() { c.SetReadDeadline(past) })
	context.AfterFunc(r.Context(), func() { whole.Stop(); silent.Stop() })
	r.Body = &listened{r.Body, silent}
}

// listened puts the end off at each sign of life.
type listened struct {
	io.ReadCloser
	silent *time.Timer
}

func (l *listened) Read(b []byte) (int, error) {
	n, err := l.ReadCloser.Read(b)
	if err != nil {
		l.silent.Stop()
	} else if n > 0 {
		l.silent.Reset(silenceTime)
	}
	return n, err
}
