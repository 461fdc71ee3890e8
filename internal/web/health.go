package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"quay20/internal/backup"
	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/node"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

const housePath = adminPath + "/health"

// healthRoutes declares how the house is (ux A7).
func (a *admin) healthRoutes() {
	a.desk("GET "+housePath, officer.Health, a.house)
	a.desk("POST "+housePath+"/jobs", officer.Health, a.again)
}

// How long each part of the house may be silent before A7 speaks of it.
const (
	witnessLate  = 5 * time.Minute
	witnessAlarm = 24 * time.Hour // then every desk is told (rel-I-J6)
	sweepLate    = 5 * time.Minute
	jobLate      = 10 * time.Minute
	clockLate    = time.Minute
)

// From when A7 speaks of room: a disk that is nearly full, and a write-ahead log
// that cannot be folded back because somebody reads for very long.
const (
	diskLeast  = 2 << 30 // bytes that must be free, or a tenth of a smaller disk
	aheadLarge = 1 << 30
)

// jobsAtOnce bounds the jobs that A7 looks at.
const jobsAtOnce = 200

// trouble is one thing that is not as it should be, in plain words.
type trouble struct {
	Text, Todo string
	Since      time.Time // zero: nobody knows
}

// housePage is A7.
type housePage struct {
	*Form
	Done     string
	Troubles []trouble
	Facts    SummaryList
	Backups  SummaryList
	Settings []store.Setting
	GivenUp  []job.Job
	Head     string // of the journal, to be printed and kept
	Size     int64
	At       time.Time
}

// vitals is what was found out about the house.
type vitals struct {
	store.Vitals
	size  int64
	root  string
	last  time.Time // of the journal's last entry
	jobs  []job.Job
	nodes []node.Node
	saved backup.State
	left  int64     // open dossiers with units that ended
	ended pack.Date // since when the last of these is no more
	disks []disk
}

// disk is how much room there is for a folder.
type disk struct {
	Folder
	free, size int64
}

// full reports whether the disk needs room soon.
func (d disk) full() bool { return d.free < min(diskLeast, d.size/10) }

func (a *admin) vitals(ctx context.Context) (v vitals, err error) {
	if v.Vitals, err = a.DB.Vitals(ctx); err != nil {
		return v, err
	}
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		if v.size, v.root, err = journal.Head(tx); err != nil {
			return err
		}
		newest, err := journal.List(tx, journal.Filter{Limit: 1})
		if err != nil {
			return err
		}
		for _, e := range newest {
			v.last = e.At
		}
		if v.nodes, err = node.All(tx); err != nil {
			return err
		}
		if v.saved, err = backup.Last(tx); err != nil {
			return err
		}
		if v.left, v.ended, err = a.Dossiers.Left(tx); err != nil {
			return err
		}
		v.jobs, err = job.Waiting(tx, jobsAtOnce)
		return err
	})
	for _, f := range a.Folders {
		if free, size, err := store.Disk(f.Path); err == nil { // one that is gone tells of itself elsewhere
			v.disks = append(v.disks, disk{f, free, size})
		}
	}
	return v, err
}

func (a *admin) house(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	v, err := a.vitals(r.Context())
	if err != nil {
		return err
	}
	f := a.blankForm(w, r)
	p := housePage{Form: f, Troubles: a.troubles(f.Lang, v), Facts: a.houseFacts(f.Lang, v), Backups: a.backupFacts(f.Lang, v.saved),
		Settings: v.Settings, Head: v.root, Size: v.size, At: a.Now()}
	if r.URL.Query().Get("done") == "again" {
		p.Done = a.say(r, "admin.done.again")
	}
	for _, j := range v.jobs {
		if j.GivenUp {
			p.GivenUp = append(p.GivenUp, j)
		}
	}
	return a.render(w, r, http.StatusOK, "health", p)
}

// troubles says what is wrong and since when; none is the one line that all
// is well.
func (a *admin) troubles(lang text.Lang, v vitals) []trouble {
	var list []trouble
	now := a.Now()
	add := func(since time.Time, what string, args ...any) {
		list = append(list, trouble{text.T(lang, "admin.trouble."+what, args...), text.T(lang, "admin.todo."+what), since})
	}
	if t := a.DB.Trouble(); t.Why != nil {
		what := troubleWord(t)
		add(t.Since, what, "why", text.Problem(lang, t.Why))
	}
	if t := a.DB.Damage(); t.Why != nil {
		add(t.Since, "damage")
	}
	if copied, since := a.copied(); now.Sub(since) >= witnessLate {
		add(since, "witness", "n", max(v.size-copied, 0))
	}
	if since := cmp.Or(a.Dossiers.Swept(), a.started); now.Sub(since) >= sweepLate {
		add(since, "sweep")
	}
	if behind := v.last.Sub(now); behind >= clockLate {
		add(time.Time{}, "clock", "n", int(behind/time.Minute))
	}
	given, waiting := 0, time.Time{}
	var first time.Time
	for _, j := range v.jobs {
		switch {
		case j.GivenUp:
			given++
			if first.IsZero() || j.Made.Before(first) {
				first = j.Made
			}
		case now.Sub(j.Due) >= jobLate && (waiting.IsZero() || j.Due.Before(waiting)):
			waiting = j.Due
		}
	}
	if given > 0 {
		add(first, "jobs", "n", given)
	}
	if !waiting.IsZero() {
		add(waiting, "queue")
	}
	for _, n := range v.nodes {
		if s := n.State(now); s == node.Silent || s == node.Lost {
			add(n.Seen, "node", "name", n.Name)
		}
	}
	if why, since := v.saved.Trouble(now); why != nil {
		add(since, "backup", "why", text.Problem(lang, why))
	}
	for _, d := range v.disks {
		if d.full() {
			add(time.Time{}, "disk", "what", text.T(lang, string(d.Word)), "folder", d.Path, "free", sayBytes(lang, d.free))
		}
	}
	if v.left > 0 {
		add(time.Time{}, "units", "n", v.left, "on", dayWords(v.ended))
	}
	if v.Ahead >= aheadLarge {
		add(time.Time{}, "ahead", "size", sayBytes(lang, v.Ahead))
	}
	for _, s := range v.Settings {
		if s.Value == "off" || s.Name == "synchronous_standby_names" && s.Value == "" {
			add(time.Time{}, "setting", "name", s.Name, "value", cmp.Or(s.Value, "–"))
		}
	}
	return list
}

// copied is how many entries the newest copied head covers and when the place
// that keeps the copies was last reached; if never, when the program started.
func (s *Server) copied() (n int64, since time.Time) {
	if s.Witness == nil {
		return 0, s.started
	}
	n, at, _ := s.Witness.Reached()
	return n, cmp.Or(at, s.started)
}

// troubleWord tells a disk that may come back from a loss that a person must
// mend.
func troubleWord(t store.Trouble) string {
	if t.Why.Key == "store.halted" {
		return "halted"
	}
	return "read-only"
}

// warning is what every desk is told at the head of its pages: nothing can be
// saved (rel-I-X2, rel-I-J7), or no copy of the journal's head has left the house
// for a day (rel-I-J6), and then work goes on.
func (s *Server) warning(lang text.Lang) string {
	if s.DB != nil {
		if t := s.DB.Trouble(); t.Why != nil {
			return text.T(lang, "admin.warning."+troubleWord(t), "since", sayHour(lang, t.Since), "why", text.Problem(lang, t.Why))
		}
		if t := s.DB.Damage(); t.Why != nil {
			return text.T(lang, "admin.warning.damage", "since", sayHour(lang, t.Since))
		}
	}
	if s.Witness == nil {
		return ""
	}
	_, since := s.copied()
	if s.Now().Sub(since) < witnessAlarm {
		return ""
	}
	return text.T(lang, "admin.warning.witness", "since", sayHour(lang, since))
}

func (a *admin) houseFacts(lang text.Lang, v vitals) SummaryList {
	var list SummaryList
	add := func(key, value string) {
		list.Rows = append(list.Rows, Row{Key: Said{Text: text.T(lang, key)}, Value: Said{Text: value}})
	}
	add("admin.house.clock", sayHour(lang, a.Now()))
	add("admin.house.started", text.T(lang, "admin.house.up", "at", sayHour(lang, a.started), "days", int(a.Now().Sub(a.started)/(24*time.Hour))))
	add("admin.house.version", Version())
	add("admin.house.law", a.Law.Law().Version())
	add("admin.house.engine", v.Engine)
	size := sayBytes(lang, v.Bytes)
	if v.Ahead > 0 {
		size = text.T(lang, "admin.house.with-log", "size", size, "log", sayBytes(lang, v.Ahead))
	}
	add("admin.house.size", size)
	for _, d := range v.disks {
		list.Rows = append(list.Rows, Row{
			Key:   Said{Text: text.T(lang, "admin.house.room", "what", text.T(lang, string(d.Word)))},
			Value: Said{Text: text.T(lang, "admin.house.free", "free", sayBytes(lang, d.free), "size", sayBytes(lang, d.size), "folder", d.Path)},
		})
	}
	add("admin.house.loss", text.T(lang, "admin.house.loss."+string(v.Copy)))
	add("admin.house.journal", grouped(v.size))
	copied, at := a.copied()
	add("admin.house.witness", text.T(lang, "admin.house.copied", "n", grouped(copied), "at", sayHour(lang, at)))
	swept := text.T(lang, "admin.house.never")
	if t := a.Dossiers.Swept(); !t.IsZero() {
		swept = sayHour(lang, t)
	}
	add("admin.house.swept", swept)
	jobs := strconv.Itoa(len(v.jobs))
	if len(v.jobs) == jobsAtOnce {
		jobs += "+"
	}
	add("admin.house.jobs", jobs)
	return list
}

// backupFacts tells of the night's backup, of the drill that brought it back,
// and so of the last time that the whole journal was verified.
func (a *admin) backupFacts(lang text.Lang, s backup.State) SummaryList {
	var list SummaryList
	add := func(key, value string) {
		list.Rows = append(list.Rows, Row{Key: Said{Text: text.T(lang, key)}, Value: Said{Text: value}})
	}
	made, drilled, verified := text.T(lang, "admin.backup.none"), text.T(lang, "admin.backup.none"), text.T(lang, "admin.backup.none")
	if r := s.Made; r != nil {
		if r.Problem == nil {
			made = text.T(lang, "admin.backup.was", "at", sayHour(lang, r.At), "file", r.File, "size", sayBytes(lang, r.Bytes), "entries", grouped(r.Entries))
		} else {
			made = text.T(lang, "admin.backup.bad", "at", sayHour(lang, r.At), "why", text.Problem(lang, r.Problem))
		}
	}
	if r := s.Drilled; r != nil {
		if r.Problem == nil {
			drilled = text.T(lang, "admin.backup.good", "at", sayHour(lang, r.At), "file", r.File, "seconds", max(1, int(r.Took.Round(time.Second)/time.Second)), "rows", grouped(r.Rows))
		} else {
			drilled = text.T(lang, "admin.backup.bad", "at", sayHour(lang, r.At), "why", text.Problem(lang, r.Problem))
		}
	}
	if r := s.Good; r != nil {
		verified = text.T(lang, "admin.backup.verified", "at", sayHour(lang, r.At), "entries", grouped(r.Entries))
	}
	add("admin.backup.last", made)
	add("admin.backup.drill", drilled)
	add("admin.backup.verify", verified)
	next, where := text.T(lang, "admin.backup.off"), text.T(lang, "admin.backup.off")
	if a.Server.Backups != nil {
		next, where = sayHour(lang, a.Server.Backups.Due(a.Now())), a.Server.Backups.Dir
	}
	add("admin.backup.next", next)
	add("admin.backup.where", where)
	return list
}

// release is the version that the build of a package sets.
var release string

// Version names the release: what the build was told, or the state of its source.
func Version() string {
	if release != "" {
		return release
	}
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return "–"
	}
	name := b.Main.Version
	for _, s := range b.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			name += " " + s.Value[:12]
		}
	}
	return cmp.Or(name, "–")
}

// again puts a job that was given up back into the queue.
func (a *admin) again(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	as, err := by.For(officer.Health, "")
	if err != nil {
		return err
	}
	id := f.Text("job", 60)
	err = a.DB.Write(r.Context(), func(tx *store.Tx) error {
		if err := job.Again(tx, id); err != nil {
			return err
		}
		_, err := journal.Append(tx, journal.Entry{Officer: as.Officer.ID, Capacity: as.Capacity(), Desk: as.Desk, Act: "retry_job", Subject: "job/" + id})
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return problem.New(problem.NotFound, "err.not-found")
	}
	if err != nil {
		return err
	}
	return a.redirect(w, r, housePath+"?done=again")
}
