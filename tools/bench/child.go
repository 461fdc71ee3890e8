package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"quay20/internal/api"
	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/web"
)

// serveProgram is quay20 as it is served: pages and API behind all guards, the
// journal's head copied out, the legal timers kept, one log line a request.
func serveProgram(dir, database string, officers int) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	clock := demo.NewClock(time.Now())
	clock.Follow(time.Now)
	p, err := openProvince(ctx, cmp.Or(database, filepath.Join(dir, "quay20.db")), clock)
	if err != nil {
		return err
	}
	defer p.DB.Close()
	told, err := tell(ctx, p, officers)
	if err != nil {
		return err
	}
	keys, err := journal.LoadKeys(keysOf(dir))
	if err != nil {
		return err
	}
	copies := &journal.Witness{DB: p.DB, Keys: keys, Dir: witnessOf(dir)}
	var chores sync.WaitGroup
	defer func() { stop(); chores.Wait() }()
	chores.Go(func() { copies.Run(ctx) })
	chores.Go(func() { sweep(ctx, p.Register) })
	logs, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	defer logs.Close()
	log := slog.New(slog.NewJSONHandler(logs, nil))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	told.Address = l.Addr().String()
	origin := "http://" + told.Address
	handler := web.New(web.Config{
		Origin: origin, Now: time.Now, Log: log, SignedIn: p.Roll.Session,
		Law: p.Law, Roll: p.Roll, Dossiers: p.Register, Ledger: p.Ledger, DB: p.DB, Keys: keys, Witness: copies,
		API: api.New(api.Config{DB: p.DB, Law: p.Law, Roll: p.Roll, Dossiers: p.Register, Ledger: p.Ledger, Origin: origin, Now: time.Now, Log: log}),
	}).Handler()
	return serveUntilTold(web.HTTP(handler, log), l, told)
}

// sweep keeps the legal timers every minute, as quay20 serve does.
func sweep(ctx context.Context, r *dossier.Register) {
	for {
		if _, err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "sweeping:", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Minute):
		}
	}
}

// procedure is what everybody in the bench asks for: an ordinary passport.
const procedure = "1.001456"

// posts are where the officers of the bench serve, in turn.
var posts = []struct {
	role officer.Role
	unit string
}{
	{officer.Receptionist, "12-Q20"}, {officer.Processor, "12-PA08"}, {officer.Receptionist, "03408"}, {officer.Processor, "12-PC08"},
	{officer.Receptionist, "12-QDKX"}, {officer.Processor, "03408"}, {officer.Receptionist, "12-PC06"}, {officer.Processor, "12-PC06"},
}

// signedIn is an officer with a living session.
type signedIn struct {
	Token string
	Role  officer.Role
	Unit  string // key of the unit
	ID    string
}

// tell signs officers in, one of each post at least, and writes an intake with
// marks.
func tell(ctx context.Context, p *demo.Province, officers int) (told ready, err error) {
	known := map[string]bool{}
	all, err := p.Roll.List(ctx, officer.Console(), officer.Filter{Limit: 5000})
	if err != nil {
		return told, err
	}
	for _, o := range all {
		known[o.Login] = true
	}
	if !known["quantri"] {
		if err := p.Open(ctx); err != nil {
			return told, err
		}
	}
	for i := range max(officers, len(posts)) {
		post := posts[i%len(posts)]
		who, err := enter(ctx, p, known, fmt.Sprintf("bench-%03d", i), post.role, post.unit)
		if err != nil {
			return told, fmt.Errorf("signing in officer %d: %w", i, err)
		}
		told.Officers = append(told.Officers, who)
	}
	in := p.Intake(procedure)
	in.Pay = "later"
	number, born := in.Filer.IDNumber, in.Filer.Born
	body, err := json.Marshal(in)
	// Numbers of a province from which nobody of the filled ones comes: otherwise
	// some would have an open dossier of the same kind, and be refused.
	told.Body = strings.NewReplacer(number, "096"+number[3:4]+"@YY@@NUMBER@", born, "19@YY@"+born[4:], `"name":"`+in.Filer.Name+`"`, `"name":"@NAME@"`).Replace(string(body))
	return told, err
}

// enter signs an officer in, after hiring them if they are not on the roll.
func enter(ctx context.Context, p *demo.Province, known map[string]bool, login string, role officer.Role, unit string) (signedIn, error) {
	if !known[login] {
		_, code, err := p.Hire(ctx, login, "Cán bộ "+login, "Đại úy", role, unit)
		if err != nil {
			return signedIn{}, err
		}
		if _, err := settleIn(ctx, p, login, code); err != nil {
			return signedIn{}, err
		}
	}
	token, s, err := p.Roll.SignIn(ctx, login, demo.Password, "", "127.0.0.1:1")
	if err != nil {
		return signedIn{}, err
	}
	if role == officer.Receptionist {
		if s, err = p.Roll.TakeDesk(ctx, token, unit); err != nil {
			return signedIn{}, err
		}
	}
	return signedIn{token, role, string(s.Capacities()[0].Unit), s.Officer.ID}, nil
}

// serveBare is the least a handler can do: take the body, give an answer of
// the same size; or a file from the disk.
func serveBare(dir string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	received, looked := strings.Repeat("x", 520), strings.Repeat("x", 3000)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/dossiers", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, received)
	})
	mux.HandleFunc("POST /api/v1/track", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "3000")
		io.WriteString(w, looked)
	})
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, filepath.Join(dir, "page.html")) })
	body := `{"number":"@YY@@NUMBER@","name":"@NAME@","rest":"` + strings.Repeat("x", 900) + `"}`
	return serveUntilTold(&http.Server{Handler: mux}, l, ready{Address: l.Addr().String(), Body: body})
}

// serveUntilTold serves until standard input ends; lines on it begin and end
// a profile.
func serveUntilTold(s *http.Server, l net.Listener, told ready) error {
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := obey(lines.Text()); err != nil {
			return err
		}
	}
	grace, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	if err := s.Shutdown(grace); err != nil {
		return fmt.Errorf("ending: %w", err)
	}
	if err := <-served; err != http.ErrServerClosed {
		return err
	}
	return nil
}

func obey(line string) error {
	if path, ok := strings.CutPrefix(line, "profile "); ok {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		return pprof.StartCPUProfile(f)
	}
	pprof.StopCPUProfile()
	return nil
}
