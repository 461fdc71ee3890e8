package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/store"
)

// Nightly writes a backup every night, brings it back as a drill, and deletes
// those that are past their time. Several nodes on one database have one that
// does it.
type Nightly struct {
	House
	Name   string        // of this node
	Dir    string        // where backups are kept, best on another machine's disk
	Time   time.Duration // of the day in Viet Nam, since midnight
	Days   int           // for which each backup is kept (rel-R31)
	Months int           // for which the last one of a month is kept
	Store  store.Options
	Check  Check
}

const (
	again = time.Hour     // after a failure
	lease = 3 * time.Hour // after which another node takes over
	least = 7             // backups that stay, however old
)

// slot is the night that began last, "2026-05-08", and when it did.
func (n *Nightly) slot(now time.Time) (string, time.Time) {
	day := now.In(lawtime.Zone)
	begin := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, lawtime.Zone).Add(n.Time)
	if begin.After(now) {
		begin = begin.AddDate(0, 0, -1)
	}
	return begin.Format("2006-01-02"), begin
}

// Due is when the next backup begins.
func (n *Nightly) Due(now time.Time) time.Time {
	_, begin := n.slot(now)
	return begin.AddDate(0, 0, 1)
}

// Turn does what is due: tonight's backup and drill, also when the hour passed
// while nobody served. It reports whether something was done.
func (n *Nightly) Turn(ctx context.Context) (did bool, err error) {
	slot, mine := "", false
	err = n.DB.Read(ctx, func(tx *store.Tx) (err error) {
		slot, _ = n.slot(tx.Now)
		mine, err = n.mine(tx, slot)
		return err
	})
	if err != nil || !mine {
		return false, err
	}
	err = n.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if mine, err = n.mine(tx, slot); err != nil || !mine { // another node was quicker
			return err
		}
		return note(tx, By{}, actBegun, "", facts{Slot: slot, Node: n.Name})
	})
	if err != nil || !mine {
		return false, err
	}
	return true, n.night(ctx, slot)
}

// mine reports whether the night's work waits for this node.
func (n *Nightly) mine(tx *store.Tx, slot string) (bool, error) {
	entries, err := tell(tx, 20)
	if err != nil {
		return false, err
	}
	for _, t := range entries { // newest first
		if t.Slot != slot {
			continue
		}
		switch {
		case t.act == actDrilled && t.Problem == "":
			return false, nil
		case t.act == actDrilled, t.act == actFailed:
			return tx.Now.Sub(t.at) >= again, nil
		case t.act == actBegun, t.act == actMade:
			return t.Node == n.Name || tx.Now.Sub(t.at) >= lease, nil
		}
	}
	return true, nil
}

func (n *Nightly) night(ctx context.Context, slot string) error {
	n.Sweep()
	path, made, err := n.make(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	act := actMade
	if err != nil {
		act = actFailed
	}
	f := made.facts(slot)
	f.Node = n.Name
	noted := n.DB.Write(ctx, func(tx *store.Tx) error { return note(tx, By{}, act, "", f) })
	if err := errors.Join(err, noted); err != nil {
		return fmt.Errorf("making the backup of %s: %w", slot, err)
	}
	keys, err := Opener("", filepath.Join(n.Folder, "keys"))
	if err != nil {
		return err
	}
	drilled, err := n.Drill(ctx, path, keys, n.Folder, n.Store, n.Check)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	noted = n.DB.Write(ctx, func(tx *store.Tx) error { return note(tx, By{}, actDrilled, "", drilled.facts(slot)) })
	if err := errors.Join(err, noted); err != nil {
		return fmt.Errorf("bringing the backup of %s back: %w", slot, err)
	}
	return n.forget(ctx, path)
}

// make writes tonight's file.
func (n *Nightly) make(ctx context.Context) (path string, r Run, err error) {
	r.At = n.Store.Now()
	defer func() {
		r.Took = n.Store.Now().Sub(r.At)
		r.Problem = plain(err)
	}()
	if err := os.MkdirAll(n.Dir, 0o700); err != nil {
		return "", r, unwritable(n.Dir, err)
	}
	r.File = fileBegin + r.At.In(lawtime.Zone).Format("20060102-150405") + fileEnd
	path = filepath.Join(n.Dir, r.File)
	head, err := n.Make(ctx, path)
	r.Bytes, r.Rows, r.Entries, r.Root, r.Made = head.Size+page, head.Rows, head.Entries, head.Root, head.Made
	return path, r, err
}

const fileBegin, fileEnd = "quay20-", ".backup" // of files in Dir

// Sweep removes what runs that were cut short left behind: half files, and
// scratch folders with people's data in the clear. Only one runs at a time.
func (n *Nightly) Sweep() {
	parts, _ := filepath.Glob(filepath.Join(n.Dir, partBegin+"*"+partEnd))
	scratch, _ := filepath.Glob(filepath.Join(n.Folder, drillBegin+"*"))
	for _, path := range slices.Concat(parts, scratch) {
		os.RemoveAll(path)
	}
}

// forget deletes backups of this house that are past their time; never the one
// just proven.
func (n *Nightly) forget(ctx context.Context, proven string) error {
	names, err := filepath.Glob(filepath.Join(n.Dir, fileBegin+"*"+fileEnd))
	if err != nil {
		return err
	}
	var paths []string
	var made []time.Time
	for _, path := range names {
		if h, err := firstPage(path); err == nil && n.Keys.Knows(h.Node, h.Entries) && path != proven {
			paths, made = append(paths, path), append(made, h.Made)
		}
	}
	var gone []string
	for i, past := range Past(made, n.Store.Now(), n.Days, n.Months) {
		if past {
			gone = append(gone, filepath.Base(paths[i]))
		}
	}
	if len(gone) == 0 {
		return nil
	}
	err = n.DB.Write(ctx, func(tx *store.Tx) error { return note(tx, By{}, actDeleted, "", map[string]any{"files": gone}) })
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range gone {
		errs = append(errs, os.Remove(filepath.Join(n.Dir, name)))
	}
	return errors.Join(append(errs, syncFolder(n.Dir))...)
}

func firstPage(path string) (Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return Header{}, err
	}
	defer f.Close()
	first := make([]byte, page)
	if _, err := io.ReadFull(f, first); err != nil {
		return Header{}, err
	}
	return readFirst(path, first)
}

// Past says of each backup, by when it was made, whether its time is over: it
// is older than the days, and not the last one of a month within the months.
// The newest few stay in any case, so that a clock that jumps ahead or a long
// stop cannot take them all. rel-R31
func Past(made []time.Time, now time.Time, days, months int) []bool {
	month := func(t time.Time) int { y, m, _ := t.In(lawtime.Zone).Date(); return 12*y + int(m) }
	order := make([]int, len(made)) // newest first
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return made[b].Compare(made[a]) })
	past := make([]bool, len(made))
	last := map[int]bool{} // months of which the last one was met
	for nth, i := range order {
		m := month(made[i])
		end := !last[m]
		last[m] = true
		young := now.Sub(made[i]) < time.Duration(days)*24*time.Hour
		past[i] = nth >= least && !young && !(end && month(now)-m <= months)
	}
	return past
}
