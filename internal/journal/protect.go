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
}

// protect compares every subject with the State of its last entry that has
// one, and looks for subjects that only the journal knows (rel-I-J2).
func (v *verifier) protect(p Protected) error {
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
