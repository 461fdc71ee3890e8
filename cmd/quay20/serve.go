package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"quay20/internal/api"
	"quay20/internal/applicant"
	"quay20/internal/batch"
	"quay20/internal/filing"
	"quay20/internal/gazette"
	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/node"
	"quay20/internal/notice"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
	"quay20/internal/upload"
	"quay20/internal/web"
)

// Serve opens the node and serves it until it is told to stop.
type Serve struct {
	Listener
	Schedule
	Logged bool `env:"QUAY20_LOGGED" help:"What it prints is kept in a log, as in a container: print no code. A service of systemd knows by itself."`
}

func (c *Serve) Help() string {
	return `Examples:
  quay20 serve
  quay20 serve --data /srv/quay20 --listen 127.0.0.1:8020 --origin https://motcua.example.vn --trusted-proxy 127.0.0.1/32
  quay20 serve --listen 10.0.0.5:443 --origin https://motcua.example.vn --tls-cert cert.pem --tls-key key.pem
  quay20 serve --database postgres://quay20@db/quay20 --witness /mnt/other-disk/witness
  quay20 serve --backup-dir /mnt/other-machine/quay20 --backup-at 01:30

Several nodes on one database share one keys folder, copy DATA/keys to each, and one folder of files, --files. Of those with a --backup-dir one writes the night's backup.
The first start prints a one-time code for the first administrator. Stop it with Ctrl+C or SIGTERM: requests under way are finished first.`
}

// Listener says where pages are served and under which name.
type Listener struct {
	Listen       string         `default:"127.0.0.1:8020" env:"QUAY20_LISTEN" help:"Address to listen on; 127.0.0.1:8020 if left out." placeholder:"HOST:PORT"`
	Origin       string         `env:"QUAY20_ORIGIN" help:"Public address of the pages: https://motcua.example.vn. By default http:// and the address listened on." placeholder:"URL"`
	TrustedProxy []netip.Prefix `env:"QUAY20_TRUSTED_PROXY" help:"Network of a proxy whose X-Forwarded-For is believed; may be repeated." placeholder:"CIDR"`
	TLSCert      string         `name:"tls-cert" env:"QUAY20_TLS_CERT" help:"Certificate chain, PEM. Give it with --tls-key." placeholder:"FILE"`
	TLSKey       string         `name:"tls-key" env:"QUAY20_TLS_KEY" help:"Key of the certificate, PEM." placeholder:"FILE"`
	EID          EID            `embed:"" prefix:"eid-"`
	ClamAV       string         `name:"clamav" env:"QUAY20_CLAMAV" help:"ClamAV's daemon, which scans the files that people send: tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl. Without it they are opened unscanned." placeholder:"URL"`
	Metrics      string         `env:"QUAY20_METRICS" help:"Address of figures for Prometheus, at /metrics: 127.0.0.1:8021. On this machine or an inner network; none if left out." placeholder:"HOST:PORT"`
	LogLevel     string         `env:"QUAY20_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"What the log tells: debug, info, warn or error; info if left out."`
	Dev          bool           `help:"For developers: page parts at /_kit, pages read from disk in a source tree."`
}

func (c *Serve) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	if place.isDemo() { // whose passwords everybody knows
		return problem.New(problem.Conflict, "cli.err.is-demo", "data", place.folder())
	}
	log := keepLog(slog.NewJSONHandler(std.Err, c.logOptions()))
	place.scanner = c.ClamAV
	h, err := place.stand(ctx, std, lang)
	if err != nil {
		return err
	}
	defer h.db.Close()
	if h.nightly, err = c.nightly(h, place, std, nodeName(c.Listen), lang); err != nil {
		return err
	}
	return c.Listener.serve(ctx, std, h, log, func(address string) error {
		fmt.Fprintln(std.Out, text.T(lang, "cli.serving", "address", address))
		if err := h.proven(ctx, std, lang); err != nil {
			return err
		}
		if c.Logged || managed() {
			return nil
		}
		return h.welcome(ctx, std, lang)
	})
}

// proven prints how far the copied heads prove the journal, and so what could
// be lost without anybody knowing.
func (h *house) proven(ctx context.Context, std Std, lang text.Lang) error {
	p, err := journal.ProvenBy(ctx, h.db, h.keys, h.witness)
	if err != nil || p.Size == 0 {
		return err
	}
	_, err = fmt.Fprintln(std.Out, text.T(lang, "cli.proven", "size", p.Size, "copied", p.Copied, "at", cmp.Or(stamp(p.At), "–")))
	return err
}

// welcome prints the one-time code of the first administrator while the roll
// is empty. It goes to the console alone, never to the log (rel-K42, rel-K73):
// where what is printed is logged, "user first" is for it.
func (h *house) welcome(ctx context.Context, std Std, lang text.Lang) error {
	if h.db.Trouble().Why != nil { // the code could not be kept
		return nil
	}
	code, err := h.roll.First(ctx)
	if err != nil || code == "" {
		return err
	}
	_, err = fmt.Fprintln(std.Out, text.T(lang, "cli.first-code", "code", code))
	return err
}

// keepLog makes h the program's log. Rooms that were given no log write to
// the default one, so it becomes that, too.
func keepLog(h slog.Handler) *slog.Logger {
	log := slog.New(h)
	slog.SetDefault(log)
	return log
}

func (c *Listener) logOptions() *slog.HandlerOptions {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil { // the command line takes known levels only
		level = slog.LevelInfo
	}
	return &slog.HandlerOptions{Level: level}
}

// stopTime is how long requests under way may take after a stop was asked for
// (rel-I-X6); with what follows it stays below ten seconds.
const stopTime = 8 * time.Second

// serve serves the house until ctx ends, then finishes what is under way. ready
// is told the public address once requests are taken.
func (c *Listener) serve(ctx context.Context, std Std, h *house, log *slog.Logger, ready func(address string) error) error {
	secured, err := c.tls()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return problem.New(problem.Unavailable, "cli.err.listen", "address", c.Listen, "detail", err.Error())
	}
	defer l.Close()
	origin := c.origin(l.Addr().String())
	if err := checkOrigin(origin); err != nil {
		return err
	}
	copies := h.copies()
	config := c.config(h, std, origin, log)
	if config.EID, err = c.EID.open(origin, std.Now); err != nil {
		return err
	}
	if config.EID != nil {
		defer config.EID.Close()
	}
	config.Witness = copies
	config.Backups = h.nightly
	config.Folders = h.folders()
	config.API = api.New(api.Config{
		DB: h.db, Law: h.law, Roll: h.roll, Dossiers: h.register, Ledger: h.ledger,
		Origin: origin, TrustedProxies: c.TrustedProxy, Now: std.Now, Log: log, Reference: web.Reference,
	})
	jobs, err := h.jobs()
	if err != nil {
		return err
	}
	figures, err := c.measure(h, &config, secured, log)
	if err != nil {
		return err
	}
	pages := web.HTTP(web.New(config).Handler(), log)
	pages.TLSConfig = secured
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var chores sync.WaitGroup
	h.chores(work, &chores, copies, std.Now, log)
	chores.Go(func() { h.tell(work, nodeName(l.Addr().String()), std.Now(), log) })
	chores.Go(func() {
		if err := jobs.Run(work); err != nil {
			log.Error("job queue", "error", err)
		}
	})
	defer chores.Wait()
	defer stop()
	chores.Go(func() { figures.serve(work, log) })
	served := make(chan error, 1)
	go func() {
		if secured != nil {
			served <- pages.ServeTLS(l, "", "")
			return
		}
		served <- pages.Serve(l)
	}()
	if err := ready(origin); err != nil {
		return err
	}
	log.InfoContext(ctx, "serving", "listen", l.Addr().String(), "origin", origin, "engine", h.db.Engine())
	notify(log, "READY=1")
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping")
	notify(log, "STOPPING=1")
	grace, done := context.WithTimeout(work, stopTime)
	defer done()
	if err := pages.Shutdown(grace); err != nil {
		log.Warn("requests cut off at stop", "error", err)
		pages.Close()
	}
	return nil
}

// tls reads certificate and key, which nobody else on the machine may read
// (rel-K73); nil serves plain, behind a proxy or on this machine.
func (c *Listener) tls() (*tls.Config, error) {
	switch {
	case c.TLSCert == "" && c.TLSKey == "":
		return nil, nil
	case c.TLSCert == "" || c.TLSKey == "":
		return nil, problem.New(problem.Invalid, "err.summary").Field("tls-key", "cli.err.tls-pair")
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, problem.New(problem.Invalid, "err.summary").Field("tls-cert", "cli.err.tls", "detail", err.Error())
	}
	info, err := os.Stat(c.TLSKey)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, problem.New(problem.Unavailable, "journal.key.mode", "file", c.TLSKey, "mode", fmt.Sprintf("%04o", mode))
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// origin is the public address: what was configured, or where we listen.
func (c *Listener) origin(listening string) string {
	switch {
	case c.Origin != "":
		return c.Origin
	case c.TLSCert != "":
		return "https://" + listening
	}
	return "http://" + listening
}

// checkOrigin refuses an address that pages cannot be served under: sessions
// need https, except on this machine.
func checkOrigin(origin string) error {
	u, err := url.Parse(origin)
	if err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())) {
		return nil
	}
	return problem.New(problem.Invalid, "err.summary").Field("origin", "cli.err.origin", "origin", origin)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// config gives the pages the books of the house.
func (c *Listener) config(h *house, std Std, origin string, log *slog.Logger) web.Config {
	return web.Config{
		Origin: origin, TrustedProxies: c.TrustedProxy, Now: std.Now, Dev: c.Dev, Files: c.files(), Log: log, Secret: h.secret,
		Law: h.law, Roll: h.roll, Dossiers: h.register, Ledger: h.ledger, Filing: h.filing, Accounts: h.accounts, Outbox: h.outbox, Companies: h.companies, Batches: h.batches, Codes: h.trial, ShowOutbox: h.trial,
		Shelf: h.shelf, DB: h.db, Protected: h.protected(), Keys: h.keys,
		SignedIn: h.roll.Session,
		UnitName: func(code string) string {
			if u, ok := h.law.Law().Unit(code, pack.On(std.Now())); ok {
				return u.Name
			}
			return code
		},
	}
}

// folders are those whose disks must not fill up.
func (h *house) folders() []web.Folder {
	list := []web.Folder{{Word: "admin.folder.data", Path: h.folder}, {Word: "admin.folder.witness", Path: h.witness}}
	if h.shelf.Folder() != filepath.Join(h.folder, "files") {
		list = append(list, web.Folder{Word: "admin.folder.files", Path: h.shelf.Folder()})
	}
	if h.nightly != nil {
		list = append(list, web.Folder{Word: "admin.folder.backups", Path: h.nightly.Dir})
	}
	for i := range list { // who reads the page does not know where the program was started
		if whole, err := filepath.Abs(list[i].Path); err == nil {
			list[i].Path = whole
		}
	}
	return list
}

// files is the folder of the pages when a developer starts the program in its
// source tree: a change shows at the next click. Otherwise the embedded ones
// are served.
func (c *Listener) files() fs.FS {
	const folder = "internal/web"
	if _, err := os.Stat(folder + "/page"); err != nil || !c.Dev {
		return nil
	}
	return os.DirFS(folder)
}

// jobs joins the kinds of work that rooms ask for to who does it.
func (h *house) jobs() (*job.Queue, error) {
	q, err := job.New(h.db)
	if err != nil {
		return nil, fmt.Errorf("opening the job queue: %w", err)
	}
	q.Handle(gazette.NoticeApplied, func(ctx context.Context, args json.RawMessage) error {
		var notice string
		if err := json.Unmarshal(args, &notice); err != nil {
			return fmt.Errorf("reading the job of a notice: %w", err)
		}
		if err := h.law.Refresh(ctx); err != nil { // another node may have applied it
			return err
		}
		_, err := h.register.Recompute(ctx, notice)
		return err
	})
	q.Handle(payment.ReceiptCancelled, func(ctx context.Context, args json.RawMessage) error {
		var r payment.Revoked
		if err := json.Unmarshal(args, &r); err != nil {
			return fmt.Errorf("reading the job of a cancelled receipt: %w", err)
		}
		return h.register.Reopen(ctx, r.Dossier, r.Receipt)
	})
	q.Handle(notice.Delivery, func(ctx context.Context, args json.RawMessage) error {
		var id string
		if err := json.Unmarshal(args, &id); err != nil {
			return fmt.Errorf("reading the job of a message: %w", err)
		}
		return h.outbox.Deliver(ctx, id)
	})
	q.Handle(applicant.AccountClosed, func(ctx context.Context, args json.RawMessage) error {
		var owner string
		if err := json.Unmarshal(args, &owner); err != nil {
			return fmt.Errorf("reading the job of a closed account: %w", err)
		}
		return h.filing.Forget(ctx, filing.Owner(owner))
	})
	q.Handle(upload.ScanWanted, func(ctx context.Context, args json.RawMessage) error {
		var id string
		if err := json.Unmarshal(args, &id); err != nil {
			return fmt.Errorf("reading the job of a scan: %w", err)
		}
		return h.shelf.Scan(ctx, id)
	})
	tell := func(do func(context.Context, payment.Confirmed) error) func(context.Context, json.RawMessage) error {
		return func(ctx context.Context, args json.RawMessage) error {
			var c payment.Confirmed
			if err := json.Unmarshal(args, &c); err != nil {
				return fmt.Errorf("reading the job of a payment: %w", err)
			}
			return do(ctx, c)
		}
	}
	q.Handle(payment.PaymentSettled, tell(h.register.Settle))
	q.Handle(payment.PaymentUndone, tell(h.register.Unsettle))
	q.Handle(batch.FileTable, func(ctx context.Context, args json.RawMessage) error {
		var table [2]string // organisation, id
		if err := json.Unmarshal(args, &table); err != nil {
			return fmt.Errorf("reading the job of a table: %w", err)
		}
		return h.batches.Work(ctx, table[0], table[1], h.mayFile)
	})
	return q, nil
}

// mayFile says whether who sent a table may still file for its organisation.
func (h *house) mayFile(ctx context.Context, t batch.Table, on pack.Date) (bool, error) {
	c, err := h.companies.Find(ctx, t.Account, t.Organisation)
	if problem.Is(err, problem.NotFound) {
		return false, nil
	}
	_, may := c.May(t.Account, t.Procedure, on)
	return may, err
}

const (
	sweepEvery   = time.Minute      // legal timers
	refreshEvery = 5 * time.Second  // notices that another node applied
	clockEvery   = 10 * time.Second // jumps of the wall clock
	nightEvery   = time.Minute      // whether the night's backup is due
	forgetEvery  = 10 * time.Minute // codes, sessions and messages whose time is over
	filesEvery   = time.Hour        // bytes of files that nobody has
	scanEvery    = 5 * time.Minute  // files that no scanner saw yet
)

// chores begins the work that nobody asks for: copying the journal's head,
// keeping the legal timers, taking in notices from other nodes.
func (h *house) chores(ctx context.Context, wg *sync.WaitGroup, copies *journal.Witness, now func() time.Time, log *slog.Logger) {
	wg.Go(func() { copies.Run(ctx) })
	watch := h.clockWatch(now, steadyClock(), log)
	wg.Go(func() { every(ctx, clockEvery, func() error { return watch(ctx) }, log, "watching the clock") })
	wg.Go(func() {
		every(ctx, sweepEvery, func() error {
			did, err := h.register.Sweep(ctx)
			if len(did) > 0 {
				log.InfoContext(ctx, "swept", "acts", did)
			}
			return err
		}, log, "sweeping the legal timers")
	})
	wg.Go(func() {
		every(ctx, sweepEvery, func() error {
			n, err := h.filing.Sweep(ctx)
			if n > 0 {
				log.InfoContext(ctx, "drafts erased", "n", n)
			}
			return err
		}, log, "erasing old drafts")
	})
	wg.Go(func() {
		every(ctx, sweepEvery, func() error { _, err := h.ledger.Expire(ctx); return err }, log, "marking demands whose time is over")
	})
	wg.Go(func() {
		every(ctx, refreshEvery, func() error { return h.law.Refresh(ctx) }, log, "taking in notices")
	})
	wg.Go(func() {
		every(ctx, forgetEvery, func() error { return h.outbox.Age(ctx) }, log, "erasing old messages")
	})
	wg.Go(func() {
		every(ctx, forgetEvery, func() error { return h.accounts.Sweep(ctx) }, log, "forgetting sessions")
	})
	wg.Go(func() {
		every(ctx, filesEvery, func() error { return h.shelf.Sweep(ctx) }, log, "sweeping the shelf of files")
	})
	wg.Go(func() {
		every(ctx, scanEvery, func() error { return h.shelf.ScanRest(ctx) }, log, "scanning files")
	})
	wg.Go(func() { every(ctx, forgetEvery, func() error { return h.batches.Age(ctx) }, log, "erasing old tables") })
	if h.nightly != nil {
		wg.Go(func() {
			every(ctx, nightEvery, func() error {
				did, err := h.nightly.Turn(ctx)
				if did && err == nil {
					log.InfoContext(ctx, "backup written and brought back", "folder", h.nightly.Dir)
				}
				return err
			}, log, "writing the night's backup")
		})
	}
}

// nodeName tells this program from the others on the same database.
func nodeName(listening string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return host + " " + listening
}

// tell says now and then that this node serves, and at the end that it stops.
func (h *house) tell(ctx context.Context, name string, started time.Time, log *slog.Logger) {
	n := node.Node{Name: name, Version: web.Version(), Started: started}
	every(ctx, node.Every, func() error {
		return h.db.Write(ctx, func(tx *store.Tx) error { return node.Beat(tx, n) })
	}, log, "telling that the node is there")
	last, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer done()
	if err := h.db.Write(last, func(tx *store.Tx) error { return node.Leave(tx, name) }); err != nil {
		log.Warn("telling that the node stops", "error", err)
	}
}

// every does a chore at once and then again and again; a failure is logged and
// tried again at the next turn.
func every(ctx context.Context, wait time.Duration, chore func() error, log *slog.Logger, name string) {
	tick := time.NewTicker(wait)
	defer tick.Stop()
	for {
		if err := chore(); err != nil && !errors.Is(err, context.Canceled) {
			log.ErrorContext(ctx, "chore", "name", name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
