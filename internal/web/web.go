// Package web is the pages of quay20: public pages for citizens and the desk
// for officers. Every page works without JavaScript. A handler turns a form
// into a value, asks one room, and answers with a redirect or a page; the
// error it returns becomes a page here and nowhere else.
package web

import (
	"context"
	"crypto/rand"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/backup"
	"quay20/internal/batch"
	"quay20/internal/dossier"
	"quay20/internal/filing"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/neighbour/eid"
	"quay20/internal/notice"
	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/store"
	"quay20/internal/text"
	"quay20/internal/upload"
)

//go:embed page all:static
var embedded embed.FS

// Config is what the pages need from outside.
type Config struct {
	Origin         string           // "https://motcua.example.vn": the one public origin; links and the Host check rest on it
	TrustedProxies []netip.Prefix   // whose X-Forwarded-For is believed
	Now            func() time.Time // the clock
	Dev            bool             // serves /_kit; with Files, pages reload on save
	Files          fs.FS            // this folder on disk, in Dev only; nil reads the embedded one
	Log            *slog.Logger
	Answered       func(Answer) // is told of each request; nil tells nobody
	Secret         []byte       // signs form tokens; the same on every node; nil makes one that lasts until restart

	// SignedIn finds the living session of a cookie's token, or a Problem
	// (officer.Roll.Session).
	SignedIn func(ctx context.Context, token string) (officer.Session, error)
	// UnitName names a unit or desk for the desk's header; nil shows the code.
	UnitName func(code string) string
	// Downtime says whether the pages are closed for planned work, and until when (X3).
	Downtime func() (until time.Time, closed bool)
	// Codes says that one-time codes reach people: a sender is joined, or the
	// outbox is shown. Without it nobody is asked to wait for one.
	Codes bool
	// ShowOutbox lets everybody at this machine read the messages that would be
	// sent, codes too: for trials on a loopback origin alone.
	ShowOutbox bool
	// API is served under /api/.
	API http.Handler

	// The books of the rooms; the routes of a room whose book is nil are not
	// served.
	Law       *gazette.Gazette
	Roll      *officer.Roll
	Dossiers  *dossier.Register
	Ledger    *payment.Ledger
	Accounts  *applicant.Accounts
	Outbox    *notice.Outbox
	Companies *applicant.Companies
	Batches   *batch.Book
	Filing    *filing.Drafts
	EID       *eid.Provider // signs citizens in; nil if none is joined
	Shelf     *upload.Shelf
	DB        *store.DB // for reading the journal
	Protected []journal.Protected
	Keys      journal.Keys
	Witness   *journal.Witness
	Backups   *backup.Nightly // nil: none are written
	Folders   []Folder        // whose disks A7 watches
}

// Folder is one that the house needs, with the word for what it holds.
type Folder struct {
	Word text.Key // "admin.folder.data"
	Path string
}

// Visitor is the officer behind a signed-in request. Rooms take the capacity
// that by.For(permission, unit) gives.
type Visitor struct{ officer.Session }

// Server holds the pages. Make one with New.
type Server struct {
	Config
	origin *url.URL
	mux    *http.ServeMux
	routes []Route
	cross  *http.CrossOriginProtection
	pages  func() (*pages, error)
	static func() (*static, error)
	bodies chan struct{} // one for each form with a file that is being read

	hooks accountHooks

	started time.Time
}

// New makes the server of all pages. It panics on a configuration or a page
// that cannot work, so that a faulty release does not start.
func New(c Config) *Server {
	origin, err := url.Parse(c.Origin)
	if err != nil || origin.Host == "" || (origin.Scheme != "https" && origin.Scheme != "http") {
		panic("web: origin must look like https://host, have " + c.Origin)
	}
	if name, _ := splitHost(origin.Host); origin.Scheme == "http" && !loopback(name) {
		panic("web: origin " + c.Origin + " is plain http, where sessions would be readable on the wire: use https, or http://127.0.0.1 while developing")
	}
	if name, _ := splitHost(origin.Host); c.ShowOutbox && !loopback(name) {
		panic("web: the outbox with its codes may be shown on this machine alone, not at " + c.Origin)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Secret == nil {
		c.Secret = make([]byte, 32)
		rand.Read(c.Secret)
	}
	s := &Server{Config: c, origin: origin, mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(), started: c.Now(), bodies: make(chan struct{}, filesAtOnce)}
	if err := s.cross.AddTrustedOrigin(origin.Scheme + "://" + origin.Host); err != nil {
		panic("web: " + err.Error())
	}
	s.loadFiles()
	s.register()
	return s
}

// loadFiles reads templates and static files once, or, while developing with
// Files set, at every use.
func (s *Server) loadFiles() {
	var files fs.FS = embedded
	if s.Files != nil {
		files = s.Files
	}
	st, err := loadStatic(files)
	if err != nil {
		panic("web: reading static files: " + err.Error())
	}
	pg, err := loadPages(files, st)
	if err != nil {
		panic("web: reading pages: " + err.Error())
	}
	s.static = func() (*static, error) { return st, nil }
	s.pages = func() (*pages, error) { return pg, nil }
	if s.Dev && s.Files != nil {
		s.static = func() (*static, error) { return loadStatic(files) }
		s.pages = func() (*pages, error) {
			st, err := loadStatic(files)
			if err != nil {
				return nil, err
			}
			return loadPages(files, st)
		}
	}
}

// Limits of the listening server (rel-A04, rel-A15).
const (
	headerTime = 10 * time.Second
	readTime   = 60 * time.Second
	writeTime  = 90 * time.Second
	idleTime   = 120 * time.Second
	headerCap  = 32 << 10
)

// HTTP returns a server around h whose waits are all bounded.
func HTTP(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerCap,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
