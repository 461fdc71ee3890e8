package main

import (
	"bufio"
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
	"time"

	"quay20/internal/api"
	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/store"
	"quay20/internal/web"
	"quay20/packs"
)

// serveProgram is quay20 as it is served: pages and API behind all guards, the
// journal's head copied out, one log line a request.
func serveProgram(dir, database string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if database == "" {
		database = filepath.Join(dir, "quay20.db")
	}
	db, err := store.Open(ctx, database, store.Options{Now: time.Now})
	if err != nil {
		return err
	}
	defer db.Close()
	p, err := province(ctx, db)
	if err != nil {
		return err
	}
	keys, err := journal.LoadKeys(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	copies := journal.Witness{DB: db, Keys: keys, Dir: filepath.Join(dir, "witness")}
	copied := make(chan struct{})
	go func() { defer close(copied); copies.Run(ctx) }()
	defer func() { stop(); <-copied }()
	told, err := tell(ctx, p)
	if err != nil {
		return err
	}
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
		API: api.New(api.Config{DB: db, Law: p.Law, Roll: p.Roll, Dossiers: p.Register, Ledger: p.Ledger, Origin: origin, Now: time.Now, Log: log}),
	}).Handler()
	return serveUntilTold(web.HTTP(handler, log), l, told)
}

// province is the demo province on the books, without dossiers.
func province(ctx context.Context, db *store.DB) (*demo.Province, error) {
	law, err := packs.LaiChau()
	if err != nil {
		return nil, err
	}
	g, err := gazette.Open(ctx, db, law)
	if err != nil {
		return nil, err
	}
	clock := demo.NewClock(time.Now())
	clock.Follow(time.Now)
	p := &demo.Province{
		DB: db, Law: g, Roll: officer.NewRoll(db, g.Law, officer.Options{}),
		Register: dossier.NewRegister(db, g.Law, trackingKey), Ledger: payment.NewLedger(db), Clock: clock,
	}
	return p, p.Open(ctx)
}

// procedure is what everybody in the bench asks for: an ordinary passport.
const procedure = "1.001456"

// tell signs a receptionist in at quầy 20 and writes an intake with marks.
func tell(ctx context.Context, p *demo.Province) (ready, error) {
	const login, password = "bench", "một câu dài chỉ để đo tốc độ"
	_, code, err := p.Hire(ctx, login, "Lò Thị Minh", "Đại úy", officer.Receptionist, "12-Q20")
	if err != nil {
		return ready{}, err
	}
	token, _, err := p.Roll.SignIn(ctx, login, code, "", "127.0.0.1:1")
	if err != nil {
		return ready{}, err
	}
	if token, _, err = p.Roll.SetPassword(ctx, token, "", password); err != nil {
		return ready{}, err
	}
	if _, err := p.Roll.TakeDesk(ctx, token, "12-Q20"); err != nil {
		return ready{}, err
	}
	in := p.Intake(procedure)
	in.Pay = "later"
	number := in.Filer.IDNumber
	body, err := json.Marshal(in)
	marked := strings.Replace(string(body), number, number[:6]+"@NUMBER@", 1)
	marked = strings.Replace(marked, `"name":"`+in.Filer.Name+`"`, `"name":"@NAME@"`, 1)
	return ready{Token: token, Body: marked}, err
}

// serveBare is the least a handler can do: take the body, give an answer of
// the same size.
func serveBare(string) error {
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
	body := `{"number":"@NUMBER@","name":"@NAME@","rest":"` + strings.Repeat("x", 900) + `"}`
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
