package journal

import (
	"encoding/json"
	"fmt"
	"time"

	"quay20/internal/store"
)

// Filter says which entries List gives; an empty field does not narrow.
type Filter struct {
	Subject, Officer, Act string
	Subjects              []string  // any of these
	From, To              time.Time // From ≤ At < To
	Before                int64     // Index below this: the next page
	Limit                 int       // at most this many; 100 if zero
}

func entry(r store.Row) (Entry, error) {
	var e Entry
	var facts string
	err := r.Scan(&e.Index, store.At(&e.At), &e.Officer, &e.Capacity, &e.Desk,
		&e.Act, &e.Subject, &e.Reason, &e.Law, &facts, &e.State)
	if facts != "" {
		e.Facts = json.RawMessage(facts)
	}
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

// List gives the entries that f asks for, newest first.
func List(tx *store.Tx, f Filter) ([]Entry, error) {
	where, args := f.where()
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

func (f Filter) where() (where string, args []any) {
	where = "n > 0"
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
	narrow(!f.From.IsZero(), "at >=", f.From)
	narrow(!f.To.IsZero(), "at <", f.To)
	narrow(f.Before > 0, "n <", f.Before)
	return where, args
}
