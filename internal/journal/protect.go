package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"quay20/internal/store"
)

// Protected tells Verify how to read the present state of one kind of subject.
type Protected struct {
	Prefix string // "dossier/", of Entry.Subject
	// Each gives every subject of the kind and its canonical state, the text
	// that went into StateOf. It must not yield inside a scan function.
	Each func(tx *store.Tx, yield func(subject, state string) error) error
	// Sorted says that Each goes up the subjects in the order of their bytes, so
	// that Verify can walk the journal beside it. One that comes after a later
	// one, or once more, is looked up.
	Sorted bool

	// What follows looks on while Verify reads, so that nothing is read once
	// more for it. All may be nil.

	// Entry gives who looks at every entry of the journal, in its order.
	Entry func(tx *store.Tx) (func(Entry) []Fault, error)
	// Past, of a Sorted kind, looks at all entries of each subject after Each has
	// yielded it: Index, At, Act, Subject, Facts and State, oldest first.
	Past func(subject string, past []Entry) []Fault
	// End looks once all subjects were compared.
	End func(tx *store.Tx) ([]Fault, error)
}

// protect compares every subject with the State of its last entry that has
// one, and looks for subjects that only the journal knows (rel-I-J2).
func (v *verifier) protect(p Protected) error {
	compare := v.apiece
	if p.Sorted {
		compare = v.beside
	}
	if err := compare(p); err != nil || p.End == nil {
		return err
	}
	faults, err := p.End(v.tx)
	v.report.faults(faults)
	return err
}

// apiece looks each subject up.
func (v *verifier) apiece(p Protected) error {
	var seen []uint64
	err := p.Each(v.tx, func(subject, state string) error {
		seen = append(seen, fingerprint(subject))
		v.report.Subjects++
		return v.compare(subject, StateOf(state))
	})
	if err != nil {
		return err
	}
	slices.Sort(seen)
	return v.missing(p.Prefix, seen)
}

// beside does so in one walk over both.
func (v *verifier) beside(p Protected) error {
	known := &subjects{tx: v.tx, after: p.Prefix, end: beyond(p.Prefix)}
	last := ""
	err := p.Each(v.tx, func(subject, state string) error {
		v.report.Subjects++
		if subject <= last {
			return v.compare(subject, StateOf(state))
		}
		last = subject
		if err := v.gone(known, subject); err != nil {
			return err
		}
		one, err := known.peek()
		if err != nil {
			return err
		}
		if one == nil || one.subject != subject {
			one = &said{}
		} else {
			known.pass()
		}
		if one.index == 0 {
			v.report.fault(0, "journal.fault.unexplained", "subject", subject)
		} else if one.state != StateOf(state) {
			v.report.fault(one.index, "journal.fault.state", "subject", subject, "index", one.index)
		}
		if p.Past != nil {
			v.report.faults(p.Past(subject, one.past()))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.gone(known, "")
}

// gone reports the subjects before one, all if it is "", that only the journal
// knows.
func (v *verifier) gone(known *subjects, before string) error {
	for {
		one, err := known.peek()
		if err != nil || one == nil || before != "" && one.subject >= before {
			return err
		}
		if one.index > 0 && one.state != Removed {
			v.report.fault(one.index, "journal.fault.gone", "subject", one.subject, "index", one.index)
		}
		known.pass()
	}
}

// subjects walks what the journal last says of each subject of a kind, in the
// order of the subjects.
type subjects struct {
	tx         *store.Tx
	after, end string
	n          int64
	lines      []line
	ended      bool
	one        *said
}

// said is the last entry of a subject that has a state; its index is 0 if none
// has.
type said struct {
	subject, state string
	index          int64
	lines          []line
}

// past are its entries. The facts of one that cannot be read are no JSON.
func (s *said) past() []Entry {
	all := make([]Entry, len(s.lines))
	for i := range s.lines {
		l := &s.lines[i]
		l.open()
		all[i], _ = l.row.entry(l.n)
	}
	return all
}

// line is as much of an entry as tells the state.
type line struct {
	subject string
	n       int64
	row     row
}

func scanLine(r store.Row) (l line, err error) {
	err = r.Scan(&l.subject, &l.n, &l.row[1], &l.row[5], &l.row[facts], &l.row[10])
	l.row[6] = l.subject
	return l, err
}

// open makes the row plain.
func (l *line) open() (err error) {
	l.row, err = l.row.plain()
	return err
}

func (s *subjects) pass() { s.one = nil }

// peek gives the next subject without passing it, nil at the end.
func (s *subjects) peek() (*said, error) {
	if s.one != nil {
		return s.one, nil
	}
	size := 0
	for {
		for size < len(s.lines) && s.lines[size].subject == s.lines[0].subject {
			size++
		}
		if size < len(s.lines) || s.ended {
			break
		}
		more, err := store.All(s.tx, scanLine, `SELECT subject, n, at, act, facts, state FROM journal_entry
			WHERE subject >= $1 AND subject < $2 AND (subject > $1 OR n > $3) ORDER BY subject, n LIMIT $4`, s.after, s.end, s.n, chunk)
		if err != nil {
			return nil, fmt.Errorf("reading subjects: %w", err)
		}
		if s.ended = len(more) < chunk; len(more) > 0 {
			s.after, s.n = more[len(more)-1].subject, more[len(more)-1].n
		}
		s.lines = append(s.lines[:len(s.lines):len(s.lines)], more...)
	}
	if size == 0 {
		return nil, nil
	}
	s.one = lastSaid(s.lines[:size])
	s.lines = s.lines[size:]
	return s.one, nil
}

func lastSaid(lines []line) *said {
	one := &said{subject: lines[0].subject, lines: lines}
	for i := range slices.Backward(lines) {
		l := &lines[i]
		if l.open() == nil && l.row[10] != "" {
			one.state, one.index = l.row[10], l.n
			break
		}
	}
	return one
}

func (v *verifier) compare(subject, state string) error {
	index, want, err := v.lastState(subject)
	switch {
	case errors.Is(err, store.ErrNone):
		v.report.fault(0, "journal.fault.unexplained", "subject", subject)
	case err != nil:
		return err
	case want != state:
		v.report.fault(index, "journal.fault.state", "subject", subject, "index", index)
	}
	return nil
}

func (v *verifier) lastState(subject string) (index int64, state string, err error) {
	all, err := store.All(v.tx, entry, "SELECT "+columns+" FROM journal_entry WHERE subject = $1 ORDER BY n DESC", subject)
	if err != nil {
		return 0, "", err
	}
	for _, e := range all {
		if e.State != "" {
			return e.Index, e.State, nil
		}
	}
	return 0, "", store.ErrNone
}

// missing walks the subjects that the journal knows.
func (v *verifier) missing(prefix string, seen []uint64) error {
	after := prefix
	for {
		known, err := store.All(v.tx, func(r store.Row) (s string, err error) { return s, r.Scan(&s) }, `
			SELECT DISTINCT subject FROM journal_entry
			WHERE subject > $1 AND subject < $2 ORDER BY subject LIMIT $3`,
			after, beyond(prefix), chunk)
		if err != nil {
			return fmt.Errorf("reading subjects: %w", err)
		}
		for _, subject := range known {
			if err := v.present(subject, seen); err != nil {
				return err
			}
		}
		if len(known) < chunk {
			return nil
		}
		after = known[len(known)-1]
	}
}

func (v *verifier) present(subject string, seen []uint64) error {
	if _, is := slices.BinarySearch(seen, fingerprint(subject)); is {
		return nil
	}
	index, state, err := v.lastState(subject)
	if errors.Is(err, store.ErrNone) {
		return nil // no entry says that anything is kept of it
	}
	if err == nil && state != Removed {
		v.report.fault(index, "journal.fault.gone", "subject", subject, "index", index)
	}
	return err
}

// beyond is the first text after all that begin with prefix.
func beyond(prefix string) string {
	if prefix == "" {
		return "\U0010ffff"
	}
	last := len(prefix) - 1
	return prefix[:last] + string(prefix[last]+1)
}

// fingerprint keeps a million subjects in eight megabytes.
func fingerprint(subject string) uint64 {
	h := sha256.Sum256([]byte(subject))
	return binary.BigEndian.Uint64(h[:8])
}
