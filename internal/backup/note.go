package backup

import (
	"encoding/json"
	"fmt"
	"time"

	"quay20/internal/journal"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// subject is what all entries about backups speak of. The journal is their only
// book: it is what nodes agree on and what the page about the house reads.
const subject = "node/backup"

// The acts of the journal.
const (
	actKey      = "backup_key"
	actBegun    = "backup_begun"
	actMade     = "backup_made"
	actFailed   = "backup_failed"
	actDrilled  = "backup_drilled"
	actDeleted  = "backup_deleted"
	actRestored = "backup_restored"
)

// By is who lets an act about backups happen, for the journal.
type By struct{ Officer, Capacity string }

func note(tx *store.Tx, by By, act, reason string, facts any) error {
	b, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	if by.Capacity == "" {
		by.Capacity = "system"
	}
	_, err = journal.Append(tx, journal.Entry{Officer: by.Officer, Capacity: by.Capacity, Act: act, Subject: subject, Reason: reason, Facts: b})
	if err != nil {
		return fmt.Errorf("journaling %s: %w", act, err)
	}
	return nil
}

// facts is what an entry about a backup or a drill says.
type facts struct {
	Slot    string  `json:"slot,omitempty"` // the night for which it is: "2026-05-08"
	Node    string  `json:"node,omitempty"` // which program began it
	File    string  `json:"file,omitempty"`
	Made    string  `json:"made,omitempty"`
	Bytes   int64   `json:"bytes,omitempty"`
	Rows    int64   `json:"rows,omitempty"`
	Entries int64   `json:"entries,omitempty"`
	Root    string  `json:"root,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
	Problem string  `json:"problem,omitempty"` // text key
	Args    []any   `json:"args,omitempty"`
}

func (r Run) facts(slot string) facts {
	f := facts{Slot: slot, File: r.File, Made: store.Time(r.Made), Bytes: r.Bytes, Rows: r.Rows, Entries: r.Entries, Root: r.Root,
		Seconds: r.Took.Round(time.Millisecond).Seconds()}
	if r.Problem != nil {
		f.Problem = r.Problem.Key
		for _, a := range r.Problem.Args {
			f.Args = append(f.Args, fmt.Sprint(a))
		}
	}
	return f
}

// NoteKey journals that a recovery key was made.
func NoteKey(tx *store.Tx, public string, by By) error {
	return note(tx, by, actKey, "", map[string]string{"public": public})
}

// NoteBegun journals that somebody has a backup written, before it is: so the
// backup holds that entry, too, and nobody copies the house unseen (rel-T07).
func NoteBegun(tx *store.Tx, file string, by By) error {
	return note(tx, by, actBegun, "", facts{File: file})
}

// NoteDrill journals what came of a drill.
func NoteDrill(tx *store.Tx, r Run, by By) error { return note(tx, by, actDrilled, "", r.facts("")) }

// Note journals the restore in the restored house itself, so that it stays
// visible what was brought back, who did it, and what was given up.
func (p *Proof) Note(tx *store.Tx, by By, second, reason string) error {
	facts := map[string]any{"made": store.Time(p.Made), "hash": p.Hash, "entries": p.Entries, "root": p.Root, "second": second}
	if l := p.Lacks; l != nil {
		facts["lost"], facts["lost_from"], facts["lost_to"] = l.Entries, store.Time(l.From), store.Time(l.To)
	}
	return note(tx, by, actRestored, reason, facts)
}

// told is an entry about backups.
type told struct {
	at  time.Time
	act string
	facts
}

// tell gives the newest entries about backups, newest first.
func tell(tx *store.Tx, most int) ([]told, error) {
	entries, err := journal.List(tx, journal.Filter{Subject: subject, Limit: most})
	if err != nil {
		return nil, err
	}
	all := make([]told, 0, len(entries))
	for _, e := range entries {
		t := told{at: e.At, act: e.Act}
		if len(e.Facts) > 0 && e.Act != actRestored {
			if err := json.Unmarshal(e.Facts, &t.facts); err != nil {
				return nil, fmt.Errorf("reading entry %d: %w", e.Index, err)
			}
		}
		all = append(all, t)
	}
	return all, nil
}

func (t told) run() *Run {
	made, _ := store.ParseTime(t.Made)
	took := time.Duration(t.Seconds * float64(time.Second))
	r := &Run{At: t.at.Add(-took), Took: took, File: t.File, Made: made, Bytes: t.Bytes, Rows: t.Rows, Entries: t.Entries, Root: t.Root}
	if t.Problem != "" {
		r.Problem = problem.New(problem.Unavailable, t.Problem, t.Args...)
	}
	return r
}

// State is how the house stands with its backups, for the page about it.
type State struct {
	Made    *Run // the last scheduled backup that was written; nil if none was
	Drilled *Run // the last drill, whatever came of it
	Good    *Run // the last drill that found all well
	Failed  *Run // the last scheduled backup that could not be written
}

// Last tells of the last runs.
func Last(tx *store.Tx) (s State, err error) {
	entries, err := tell(tx, 200)
	if err != nil {
		return s, fmt.Errorf("reading about backups: %w", err)
	}
	first := func(into **Run, t told) {
		if *into == nil {
			*into = t.run()
		}
	}
	for _, t := range entries {
		switch {
		case t.act == actMade:
			first(&s.Made, t)
		case t.act == actFailed:
			first(&s.Failed, t)
		case t.act == actDrilled:
			first(&s.Drilled, t)
			if t.Problem == "" {
				first(&s.Good, t)
			}
		}
	}
	return s, nil
}

// late is the age from which the last good backup is too old.
const late = 26 * time.Hour

// Trouble says in words what is wrong with the backups, and since when; nil if
// last night's was brought back and found whole.
func (s State) Trouble(now time.Time) (*problem.Problem, time.Time) {
	good := time.Time{}
	if s.Good != nil {
		good = s.Good.Made
	}
	for _, r := range []*Run{s.Drilled, s.Failed} {
		if r != nil && r.Problem != nil && r.At.After(good) {
			return r.Problem, r.At
		}
	}
	switch {
	case s.Good == nil:
		return problem.New(problem.Unavailable, "backup.trouble.never"), time.Time{}
	case now.Sub(good) >= late:
		return problem.New(problem.Unavailable, "backup.trouble.old", "at", hour(good)), good
	}
	return nil, time.Time{}
}
