package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"quay20/internal/store"
)

const (
	copyAfter = 100              // entries not yet copied (rel-I-J6)
	copyEvery = 60 * time.Second // the longest that an entry waits for a copy
	lookEvery = time.Second      // for entries that other programs wrote
)

// Witness copies the signed head of the journal to a directory outside the
// database, best on another disk or machine: head.note is the newest,
// heads-2026-03.log keeps all of a month, one quoted note a line. They are
// checkpoints in the format of Go's checksum database, with the time of the
// last entry on a fourth line.
type Witness struct {
	DB   *store.DB
	Keys Keys
	Dir  string

	turn sync.Mutex // held while a copy is made, however long the disk takes

	mu     sync.Mutex // guards the rest; never held while the disk is waited for
	copied int64
	at     time.Time
	err    error
}

// Reached says how many entries the newest copy covers, when it was made, and
// why the last try failed, if it did.
func (w *Witness) Reached() (copied int64, at time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.copied, w.at, w.err
}

// Run copies the head whenever a hundred entries or sixty seconds have come
// together, and once more when ctx ends. A failed copy is tried again.
func (w *Witness) Run(ctx context.Context) {
	commits, stop := w.DB.Watch()
	defer stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	w.Copy(ctx)
	waited := time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			if w.Copy(context.WithoutCancel(ctx)) != nil {
				w.promise()
			}
			return
		case <-commits:
		case <-look.C:
			waited += lookEvery
			if w.DB.Trouble().Why != nil {
				w.promise()
			}
		}
		if waited >= copyEvery || w.behind(ctx) >= copyAfter {
			w.Copy(ctx)
			waited = 0
		}
	}
}

// behind is the number of entries that are not copied yet.
func (w *Witness) behind(ctx context.Context) int64 {
	var size int64
	err := w.DB.Read(ctx, func(tx *store.Tx) (err error) {
		size, err = store.One(tx, func(r store.Row) (n int64, err error) { return n, r.Scan(&n) },
			"SELECT size FROM journal_head")
		return err
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = err
		return 0
	}
	return size - w.copied
}

// Copy writes the head now, unless the newest copy covers it already. The first
// time it makes sure that the database is what the copies there speak of: an
// older backup must not put its head above theirs.
func (w *Witness) Copy(ctx context.Context) error {
	err := w.copy(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
	return err
}

func (w *Witness) copy(ctx context.Context) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	copied, _, _ := w.Reached()
	if copied == 0 {
		if err := Extends(ctx, w.DB, w.Keys, w.Dir); err != nil {
			return err
		}
	}
	var h head
	var now time.Time
	err := w.DB.Read(ctx, func(tx *store.Tx) (err error) {
		now = tx.Now
		h, err = readHead(tx)
		return err
	})
	if err != nil {
		return err
	}
	if h.size > copied {
		if err := w.write(h); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.copied, w.at = max(w.copied, h.size), now
	return nil
}

// promise copies the head that this program acknowledged last, from memory: the
// database that has it may be lost, and another that takes its place must be
// known to lack it, also after a start (rel-I-J7, rel-F17).
func (w *Witness) promise() {
	w.turn.Lock()
	defer w.turn.Unlock()
	copied, _, _ := w.Reached()
	h, ok := w.DB.Pledged().(head)
	if !ok || h.size <= copied {
		return
	}
	err := w.write(h)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err = err; err == nil {
		w.copied = h.size
	}
}

func (w *Witness) write(h head) error {
	signed, err := w.Keys.sign(h)
	if err != nil {
		return fmt.Errorf("signing the head: %w", err)
	}
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return fmt.Errorf("copying the head: %w", err)
	}
	if err := keepHead(w.Dir, h.at, signed); err != nil {
		return fmt.Errorf("keeping the head: %w", err)
	}
	if err := replaceHead(w.Dir, signed); err != nil {
		return fmt.Errorf("copying the head: %w", err)
	}
	return nil
}

func (k Keys) sign(h head) ([]byte, error) {
	root, err := tlog.TreeHash(h.size, h.edge)
	if err != nil {
		return nil, err
	}
	text := string(tlog.FormatTree(tlog.Tree{N: h.size, Hash: root})) + store.Time(h.at) + "\n"
	return note.Sign(&note.Note{Text: text}, k.signer)
}

// keepHead adds a line to the month's history, cutting off a line that an
// earlier stop left unfinished.
func keepHead(dir string, at time.Time, signed []byte) error {
	path := filepath.Join(dir, "heads-"+at.Format("2006-01")+".log")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if err := cutUnfinished(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := writeWhole(f, []byte(strconv.Quote(string(signed))+"\n")); err != nil {
		return err
	}
	return syncDir(dir)
}

// cutUnfinished cuts f after its last newline; a line is far shorter than the
// part that it looks at.
func cutUnfinished(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	tail := make([]byte, min(info.Size(), lineLength))
	from := info.Size() - int64(len(tail))
	if _, err := f.ReadAt(tail, from); err != nil {
		return err
	}
	whole := from + int64(bytes.LastIndexByte(tail, '\n')+1)
	if whole == info.Size() {
		return nil
	}
	return f.Truncate(whole)
}

func replaceHead(dir string, signed []byte) error {
	f, err := os.CreateTemp(dir, "head-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(f.Chmod(0o644), writeWhole(f, signed)); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, "head.note")); err != nil {
		return err
	}
	return syncDir(dir)
}

// copied is one signed head found in a witness's directory.
type copied struct {
	tree  tlog.Tree
	at    time.Time // of its last entry
	where string    // "heads-2026-03.log:17"
}

// readHeads gives every head in dir whose signature is ours, and a fault for
// each one that is not or that nobody can read. An unfinished last line of a
// history is what a stop during writing leaves and is no fault.
func (k Keys) readHeads(dir string) (all []copied, faults []Fault, err error) {
	logs, err := filepath.Glob(filepath.Join(dir, "heads-*.log"))
	if err != nil {
		return nil, nil, err
	}
	take := func(where string, signed []byte) {
		found, err := k.open(where, signed)
		if err != nil {
			faults = append(faults, Fault{Key: "journal.fault.head", Args: []any{"where", where, "cause", err.Error()}})
			return
		}
		all = append(all, found)
	}
	for _, path := range logs {
		if err := readHistory(path, take); err != nil {
			return nil, nil, err
		}
	}
	newest, err := os.ReadFile(filepath.Join(dir, "head.note"))
	if err == nil {
		take("head.note", newest)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	} else if len(all) > 0 {
		faults = append(faults, Fault{Key: "journal.fault.nohead"})
	}
	return all, faults, nil
}

// newestHead gives the largest of head.note and the last line of the newest
// history. What nobody can read proves nothing here; Verify reports it.
func (k Keys) newestHead(dir string) (newest copied, found bool, err error) {
	take := func(where string, signed []byte) {
		one, err := k.open(where, signed)
		if err == nil && (!found || one.tree.N > newest.tree.N) {
			newest, found = one, true
		}
	}
	note, err := os.ReadFile(filepath.Join(dir, "head.note"))
	if err == nil {
		take("head.note", note)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return newest, false, err
	}
	logs, err := filepath.Glob(filepath.Join(dir, "heads-*.log")) // sorted
	if err != nil || len(logs) == 0 {
		return newest, found, err
	}
	where := logs[len(logs)-1]
	last, err := lastLine(where)
	if err != nil {
		return newest, found, err
	}
	if signed, err := strconv.Unquote(last); err == nil {
		take(filepath.Base(where), []byte(signed))
	}
	return newest, found, nil
}

// lineLength is more than a line of a history has.
const lineLength = 4096

// lastLine is the last whole line of a file, found from its end: a history grows
// all month, and the start must not.
func lastLine(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	tail := make([]byte, min(info.Size(), 2*lineLength)) // an unfinished line may follow it
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return "", err
	}
	whole := tail[:bytes.LastIndexByte(tail, '\n')+1]
	line := bytes.TrimSuffix(whole, []byte("\n"))
	return string(line[bytes.LastIndexByte(line, '\n')+1:]), nil
}

func readHistory(path string, take func(where string, signed []byte)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil { // the end, or an unfinished line
			return nil
		}
		line = strings.TrimSuffix(line, "\n")
		signed, err := strconv.Unquote(line)
		if err != nil {
			signed = line // no note; take says so
		}
		take(fmt.Sprintf("%s:%d", filepath.Base(path), n), []byte(signed))
	}
}

func (k Keys) open(where string, signed []byte) (copied, error) {
	n, err := note.Open(signed, k.verifiers())
	if err != nil {
		return copied{}, err
	}
	tree, err := tlog.ParseTree([]byte(n.Text))
	if err != nil {
		return copied{}, err
	}
	if err := k.judge(n, tree.N); err != nil {
		return copied{}, err
	}
	at, err := store.ParseTime(strings.TrimSuffix(strings.Join(strings.SplitAfter(n.Text, "\n")[3:], ""), "\n"))
	return copied{tree, at, where}, err
}

// Proven says how much of the journal the newest copied head proves.
type Proven struct {
	Size   int64     // entries in the journal
	Copied int64     // entries that the newest copied head covers; 0 = no copy
	At     time.Time // of the last of them
}

// ProvenBy compares the journal with the newest head copied to witnessDir.
// What was written after it is proven by nothing: after a crash with a disk
// that lost writes nobody can say how much there was.
func ProvenBy(ctx context.Context, db *store.DB, keys Keys, witnessDir string) (p Proven, err error) {
	newest, _, err := keys.newestHead(witnessDir)
	if err != nil {
		return p, fmt.Errorf("reading the copied heads: %w", err)
	}
	p.Copied, p.At = newest.tree.N, newest.at
	err = db.Read(ctx, func(tx *store.Tx) error {
		h, err := readHead(tx)
		p.Size = h.size
		return err
	})
	return p, err
}

// SetAside moves the copied heads into a folder of their own, because what
// they prove is lost for good and two persons have accepted it. They stay
// there for whoever looks into it; the next copy begins anew.
func SetAside(dir string, at time.Time) (folder string, err error) {
	folder = "lost-" + at.UTC().Format("20060102T150405")
	names, err := filepath.Glob(filepath.Join(dir, "head*"))
	if err != nil || len(names) == 0 {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
		return "", fmt.Errorf("setting the copied heads aside: %w", err)
	}
	for _, name := range names {
		if err := os.Rename(name, filepath.Join(dir, folder, filepath.Base(name))); err != nil {
			return "", fmt.Errorf("setting the copied heads aside: %w", err)
		}
	}
	return folder, syncDir(dir)
}

// Supersede puts the copied heads in dir aside, into a folder of their own
// there, when a restored journal begins anew before them. What they prove
// about the entries that were given up stays.
func Supersede(dir, folder string) error {
	logs, err := filepath.Glob(filepath.Join(dir, "heads-*.log"))
	if err != nil {
		return err
	}
	aside := filepath.Join(dir, folder)
	if err := os.MkdirAll(aside, 0o755); err != nil {
		return err
	}
	for _, path := range append(logs, filepath.Join(dir, "head.note")) {
		err := os.Rename(path, filepath.Join(aside, filepath.Base(path)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(syncDir(aside), syncDir(dir))
}
