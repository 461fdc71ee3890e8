package journal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/store"
)

// Filter says which entries List gives; an empty field does not narrow.
type Filter struct {
	Subject, Officer, Act string
	Subjects              []string  // any of these
	From, To              time.Time // From ≤ At < To
	Before                int64     // Index below this: the next page
	Span                  int64     // looks at the newest so many entries below Before; 0 at all
	Limit                 int       // at most this many; 100 if zero
}

func entry(r store.Row) (Entry, error) {
	var e Entry
	var v row
	err := r.Scan(&e.Index, &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10])
	if err != nil {
		return e, err
	}
	if v, err = v.plain(); err == nil {
		e, err = v.entry(e.Index)
	}
	if err != nil {
		return e, fmt.Errorf("reading entry %d: %w", e.Index, err)
	}
	return e, nil
}

// entry is what a plain row says, all but the time even if that is none.
func (r row) entry(index int64) (e Entry, err error) {
	e = Entry{Index: index, Officer: r[2], Capacity: r[3], Desk: r[4], Act: r[5], Subject: r[6], Reason: r[7], Law: r[8], State: r[10]}
	if r[facts] != "" {
		e.Facts = json.RawMessage(r[facts])
	}
	e.At, err = store.ParseTime(r[1])
	return e, err
}

// Of gives all entries of a subject, oldest first: the control slip's lines
// (phiếu kiểm soát quá trình).
func Of(tx *store.Tx, subject string) ([]Entry, error) {
	all, err := store.All(tx, entry,
		"SELECT "+columns+" FROM journal_entry WHERE subject = $1 ORDER BY n", subject)
	if err != nil {
		return nil, fmt.Errorf("journal: reading the entries of %s: %w", subject, err)
	}
	return all, nil
}

// OfAll gives all entries of many subjects, each one's oldest first, for those
// who would ask Of for one after the other.
func OfAll(tx *store.Tx, subjects []string) (map[string][]Entry, error) {
	return ofAll(tx, subjects, "subject IN (%s) ORDER BY subject, n")
}

// FirstOf is OfAll for the oldest entry of each subject alone.
func FirstOf(tx *store.Tx, subjects []string) (map[string][]Entry, error) {
	return ofAll(tx, subjects, "n IN (SELECT MIN(n) FROM journal_entry WHERE subject IN (%s) GROUP BY subject)")
}

func ofAll(tx *store.Tx, subjects []string, where string) (map[string][]Entry, error) {
	of := make(map[string][]Entry, len(subjects))
	for some := range slices.Chunk(subjects, 500) {
		args := make([]any, len(some))
		marks := make([]string, len(some))
		for i, s := range some {
			args[i], marks[i] = s, fmt.Sprintf("$%d", i+1)
		}
		all, err := store.All(tx, entry, "SELECT "+columns+" FROM journal_entry WHERE "+fmt.Sprintf(where, strings.Join(marks, ", ")), args...)
		if err != nil {
			return nil, fmt.Errorf("journal: reading the entries of %d subjects: %w", len(some), err)
		}
		for _, e := range all {
			of[e.Subject] = append(of[e.Subject], e)
		}
	}
	return of, nil
}

// List gives the entries that f asks for, newest first.
func List(tx *store.Tx, f Filter) ([]Entry, error) {
	least, below, err := f.reach(tx)
	if err != nil {
		return nil, err
	}
	where, args := f.where(least, below)
	if f.Limit <= 0 {
		f.Limit = 100
	}
	args = append(args, f.Limit)
	all, err := store.All(tx, entry, fmt.Sprintf(
		"SELECT %s FROM journal_entry WHERE %s ORDER BY n DESC LIMIT $%d", columns, where, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("journal: listing entries: %w", err)
	}
	return all, nil
}

// Unseen is the Index below which List did not look for f because of its Span;
// 0 if it looked at everything asked for.
func Unseen(tx *store.Tx, f Filter) (int64, error) {
	looked, _, err := f.reach(tx)
	if err != nil {
		return 0, err
	}
	f.Span = 0
	if all, _, err := f.reach(tx); err != nil || all >= looked {
		return 0, err
	}
	return looked, nil
}

// reach turns the times and the span of f into indexes, least ≤ n < below: the
// times of entries never decrease (rel-I-J5), so none need be read to compare.
func (f Filter) reach(tx *store.Tx) (least, below int64, err error) {
	h, err := readHead(tx)
	if err != nil {
		return 0, 0, err
	}
	size := h.size
	least, below = 1, size+1
	if !f.To.IsZero() {
		if below, err = first(tx, f.To, size); err != nil {
			return 0, 0, err
		}
	}
	if f.Before > 0 {
		below = min(below, f.Before)
	}
	if !f.From.IsZero() {
		if least, err = first(tx, f.From, size); err != nil {
			return 0, 0, err
		}
	}
	if f.Span > 0 {
		least = max(least, below-f.Span)
	}
	return least, below, nil
}

// first is the index of the first of size entries that is not before at.
func first(tx *store.Tx, at time.Time, size int64) (int64, error) {
	low, high := int64(1), size+1
	for low < high {
		mid := (low + high) / 2
		e, err := store.One(tx, entry, "SELECT "+columns+" FROM journal_entry WHERE n = $1", mid)
		if err != nil {
			return 0, fmt.Errorf("journal: looking for the first entry of %v: %w", at, err)
		}
		if e.At.Before(at) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low, nil
}

func (f Filter) where(least, below int64) (where string, args []any) {
	args = []any{least, below}
	where = "n >= $1 AND n < $2"
	narrow := func(asked bool, condition string, arg any) {
		if asked {
			args = append(args, arg)
			where += fmt.Sprintf(" AND %s $%d", condition, len(args))
		}
	}
	narrow(f.Subject != "", "subject =", f.Subject)
	if len(f.Subjects) > 0 {
		where += " AND subject IN ("
		for i, s := range f.Subjects {
			args = append(args, s)
			where += fmt.Sprintf("%s$%d", map[bool]string{true: ", "}[i > 0], len(args))
		}
		where += ")"
	}
	narrow(f.Officer != "", "officer =", f.Officer)
	narrow(f.Act != "", "act =", f.Act)
	return where, args
}
