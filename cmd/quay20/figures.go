package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"quay20/internal/backup"
	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/web"
)

// figures are what a node tells those who watch over it, in the form of
// Prometheus. They count; no figure or label comes from what people type, so
// none tells of a person (rel-T25).
type figures struct {
	listener net.Listener // nil if nobody asked for figures
	handler  http.Handler
}

// measure opens the address of the figures and begins to count. It is another
// address than that of the pages, so that a firewall or proxy cannot let the
// world in by mistake (rel-K75).
func (c *Listener) measure(h *house, config *web.Config, secured *tls.Config, log *slog.Logger) (*figures, error) {
	if c.Metrics == "" {
		return &figures{}, nil
	}
	if !inner(c.Metrics) {
		return nil, problem.New(problem.Invalid, "err.summary").Field("metrics", "cli.err.metrics", "address", c.Metrics)
	}
	l, err := net.Listen("tcp", c.Metrics)
	if err != nil {
		return nil, problem.New(problem.Unavailable, "cli.err.listen-metrics", "address", c.Metrics, "detail", err.Error())
	}
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "quay20_request_seconds", Help: "How long requests took, by declared route and class of answer.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"route", "class"})
	commits := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "quay20_commit_seconds", Help: "How long the disk took to commit what writes shared.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5},
	})
	batches := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "quay20_commit_writes", Help: "How many writes shared a commit.",
		Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256},
	})
	config.Answered = func(a web.Answer) {
		requests.WithLabelValues(a.Route, class(a.Status)).Observe(a.Took.Seconds())
	}
	h.db.OnCommit(func(writes int, took time.Duration) {
		commits.Observe(took.Seconds())
		batches.Observe(float64(writes))
	})
	all := prometheus.NewRegistry()
	all.MustRegister(requests, commits, batches, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &gauges{h: h, copies: config.Witness, secured: secured, log: log})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError)}))
	return &figures{l, mux}, nil
}

// serve answers until ctx ends.
func (f *figures) serve(ctx context.Context, log *slog.Logger) {
	if f.listener == nil {
		return
	}
	server := web.HTTP(f.handler, log)
	defer context.AfterFunc(ctx, func() { server.Close() })()
	if err := server.Serve(f.listener); !errors.Is(err, http.ErrServerClosed) {
		log.ErrorContext(ctx, "serving figures", "error", err)
	}
}

// inner reports an address of this machine or of an inner network.
func inner(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return loopback(host) || err == nil && ip.IsPrivate()
}

// class is "2xx"; "none" if nothing was answered.
func class(status int) string {
	if status < 100 {
		return "none"
	}
	return strconv.Itoa(status/100) + "xx"
}

// gauges are the figures that are asked for when somebody looks.
type gauges struct {
	h       *house
	copies  *journal.Witness
	secured *tls.Config
	log     *slog.Logger
}

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("quay20_"+name, help, labels, nil)
}

var (
	build       = gauge("build_info", "1; the label names the release.", "version", "engine")
	saves       = gauge("store_saves", "1 while acts are saved; 0 while the desk is read only.")
	waiting     = gauge("store_writes_waiting", "Writes that wait for their turn.")
	databaseIs  = gauge("store_bytes", "Size of the database.")
	standby     = gauge("store_standby", "1 at what a second machine has: none, async what it received so far, sync all that was answered.", "copy")
	walIs       = gauge("store_wal_bytes", "Size of the write-ahead log beside an embedded database; 0 on PostgreSQL.")
	entries     = gauge("journal_entries", "Entries of the journal.")
	copiedTo    = gauge("journal_copied_entries", "Entries that the newest copied head proves.")
	copiedAt    = gauge("journal_copied_timestamp_seconds", "When the place of the copied heads was last reached; 0 if never.")
	sweptAt     = gauge("sweep_timestamp_seconds", "When legal timers were last kept; 0 if not yet.")
	jobsAre     = gauge("jobs", "Jobs that are not done: open ones will be tried, given_up ones wait for a person.", "state")
	sessions    = gauge("sessions", "Sessions of officers that are alive.")
	backupAt    = gauge("backup_timestamp_seconds", "When the last scheduled backup was made; 0 if never.")
	drilledAt   = gauge("backup_drilled_timestamp_seconds", "When the newest backup was made that a drill found whole; 0 if never.")
	free        = gauge("disk_free_bytes", "Room left on the disk of a folder.", "folder")
	certificate = gauge("certificate_end_timestamp_seconds", "When the TLS certificate ends.")
	asked       = gauge("store_asked", "1 if the database answered for these figures; 0 leaves some of them out.")
)

func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{build, saves, waiting, databaseIs, standby, walIs, entries, copiedTo, copiedAt, sweptAt, jobsAre, sessions,
		backupAt, drilledAt, free, certificate, asked} {
		out <- d
	}
}

// askTime is how long the database may take to answer for the figures.
const askTime = 5 * time.Second

func (g *gauges) Collect(out chan<- prometheus.Metric) {
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	db := g.h.db
	tell(build, 1, web.Version(), db.Engine())
	tell(saves, truth(db.Trouble().Why == nil))
	tell(waiting, float64(db.Waiting()))
	copied, at, _ := g.copies.Reached()
	tell(copiedTo, float64(copied))
	tell(copiedAt, seconds(at))
	tell(sweptAt, seconds(g.h.register.Swept()))
	for _, f := range g.h.folders() {
		if room, _, err := store.Disk(f.Path); err == nil { // one that is gone tells of itself elsewhere
			tell(free, float64(room), strings.TrimPrefix(string(f.Word), "admin.folder."))
		}
	}
	if end, ok := ends(g.secured); ok {
		tell(certificate, seconds(end))
	}
	ctx, done := context.WithTimeout(context.Background(), askTime)
	defer done()
	err := g.ask(ctx, tell)
	if err != nil {
		g.log.ErrorContext(ctx, "asking for figures", "error", err)
	}
	tell(asked, truth(err == nil))
}

// ask takes the figures that only the database knows.
func (g *gauges) ask(ctx context.Context, tell func(*prometheus.Desc, float64, ...string)) error {
	v, err := g.h.db.Vitals(ctx)
	if err != nil {
		return err
	}
	tell(databaseIs, float64(v.Bytes))
	tell(walIs, float64(v.Ahead))
	for _, c := range []store.Copy{store.NoCopy, store.Later, store.AtOnce} {
		tell(standby, truth(v.Copy == c), string(c))
	}
	return g.h.db.Read(ctx, func(tx *store.Tx) error {
		size, _, err := journal.Head(tx)
		if err != nil {
			return err
		}
		tell(entries, float64(size))
		open, givenUp, err := job.Counts(tx)
		if err != nil {
			return err
		}
		tell(jobsAre, float64(open), "open")
		tell(jobsAre, float64(givenUp), "given_up")
		alive, err := officer.CountSessions(tx)
		if err != nil {
			return err
		}
		tell(sessions, float64(alive))
		last, err := backup.Last(tx)
		if err != nil {
			return err
		}
		tell(backupAt, made(last.Made))
		tell(drilledAt, made(last.Good))
		return nil
	})
}

func ends(c *tls.Config) (time.Time, bool) {
	if c == nil {
		return time.Time{}, false
	}
	leaf, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
	if err != nil {
		return time.Time{}, false
	}
	return leaf.NotAfter, true
}

func made(r *backup.Run) float64 {
	if r == nil {
		return 0
	}
	return seconds(r.Made)
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
