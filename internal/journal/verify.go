package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"quay20/internal/problem"
	"quay20/internal/store"
)

// maxFaults is how many faults a report describes; the rest it counts.
const maxFaults = 100

// chunk is how many rows Verify holds at a time.
const chunk = 1000

// Fault is one thing that Verify found, with the text key that words it.
type Fault struct {
	Index int64  // the first entry concerned; 0 if it is no single entry
	Key   string // "journal.fault.changed"
	Args  []any  // alternating name, value
}

// Report is what Verify found.
type Report struct {
	Size     int64  // entries in the database
	Root     string // root hash over them, computed anew
	Copied   int64  // entries that the newest copied head covers; 0 = nothing proves the past
	Heads    int    // copied heads that were checked
	Subjects int64  // protected subjects that were compared
	Faults   []Fault
	More     int // faults beyond the first hundred
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Faults) == 0 }

func (r *Report) fault(index int64, key string, args ...any) {
	if len(r.Faults) == maxFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, Fault{index, key, args})
}

func (r *Report) faults(all []Fault) {
	for _, f := range all {
		r.fault(f.Index, f.Key, f.Args...)
	}
}

// Verify computes the whole journal anew and compares it with its stored
// hashes, with every signed head copied to witnessDir, and with the protected
// state of the rooms. What does not agree is in the report, saying where
// (rel-I-J1, rel-I-J9); an error means that it could not look. It reads one
// snapshot, row by row, while the desk goes on working.
func Verify(ctx context.Context, db *store.DB, keys Keys, witnessDir string, protected ...Protected) (Report, error) {
	var r Report
	heads, faults, err := keys.readHeads(witnessDir)
	if err != nil {
		return r, fmt.Errorf("reading the copied heads: %w", err)
	}
	r.faults(faults)
	slices.SortFunc(heads, func(a, b copied) int { return cmp.Compare(a.tree.N, b.tree.N) })
	r.Heads = len(heads)
	if len(heads) > 0 {
		r.Copied = heads[len(heads)-1].tree.N
	}
	err = db.Read(ctx, func(tx *store.Tx) error {
		v := &verifier{tx: tx, report: &r, heads: heads}
		return v.all(protected)
	})
	return r, err
}

// Check is Verify without copied heads, as a transaction sees the database.
func Check(tx *store.Tx, protected ...Protected) (Report, error) {
	var r Report
	v := &verifier{tx: tx, report: &r}
	return r, v.all(protected)
}

// all walks the journal once in its own order and once beside the tables.
func (v *verifier) all(protected []Protected) error {
	for _, p := range protected {
		if p.Entry == nil {
			continue
		}
		look, err := p.Entry(v.tx)
		if err != nil {
			return fmt.Errorf("verifying %s: %w", p.Prefix, err)
		}
		v.looks = append(v.looks, look)
	}
	if err := v.journal(); err != nil {
		return fmt.Errorf("verifying the journal: %w", err)
	}
	for _, p := range protected {
		if err := v.protect(p); err != nil {
			return fmt.Errorf("verifying %s: %w", p.Prefix, err)
		}
	}
	return nil
}

// verifier walks entries and hashes side by side. It keeps two edges: fresh,
// computed from the entries alone, which the signed heads must agree with; and
// stored, computed from the stored leaf hashes, which the stored inner hashes
// must agree with. So a changed entry and a changed hash each show where they
// are, and nowhere else.
type verifier struct {
	tx     *store.Tx
	report *Report
	looks  []func(Entry) []Fault
	heads  []copied // not yet passed, by size
	agreed int64    // size of the last copied head that agrees
	forked bool     // a copied head disagreed

	entries stream
	hashes  stream
	n       int64 // entries walked, also missing ones
	at      string
	fresh   edge
	stored  edge
	apart   bool // they differ since some entry
}

func (v *verifier) journal() error {
	v.entries = stream{tx: v.tx, columns: 11, next: "SELECT " + columns + " FROM journal_entry WHERE n > $1 ORDER BY n LIMIT $2"}
	v.hashes = stream{tx: v.tx, columns: 2, next: "SELECT i, hash FROM journal_hash WHERE i > $1 ORDER BY i LIMIT $2"}
	v.passHeads()
	for {
		line, err := v.entries.read()
		if err != nil {
			return err
		}
		if line == nil {
			break
		}
		v.report.Size++
		index, err := strconv.ParseInt(line[0], 10, 64)
		if err != nil || index <= v.n {
			v.report.fault(v.n+1, "journal.fault.inserted", "index", line[0])
			continue
		}
		if err := v.skipTo(index); err != nil {
			return err
		}
		if err := v.entry(row(line)); err != nil {
			return err
		}
	}
	return v.finish()
}

// skipTo walks over entries that are missing before index.
func (v *verifier) skipTo(index int64) error {
	if index == v.n+1 {
		return nil
	}
	v.report.fault(v.n+1, "journal.fault.missing", "from", v.n+1, "to", index-1)
	for v.n+1 < index {
		leaf, found, err := v.leaf()
		if err != nil {
			return err
		}
		if !found { // the hashes end here too: nothing to walk on
			v.n, v.fresh, v.stored = index-1, nil, nil
			return nil
		}
		if err := v.step(leaf, leaf); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) entry(r row) error {
	if plain, err := r.plain(); err == nil { // else its hash differs
		r = plain
		v.look(r)
	}
	if r[1] < v.at {
		v.report.fault(v.n+1, "journal.fault.time", "index", v.n+1, "at", r[1], "before", v.at)
	}
	v.at = r[1]
	fresh := tlog.RecordHash(r.record())
	stored, found, err := v.leaf()
	if err != nil {
		return err
	}
	if !found {
		v.report.fault(v.n+1, "journal.fault.nohash", "index", v.n+1)
		stored = fresh
	} else if stored != fresh {
		v.report.fault(v.n+1, "journal.fault.changed", "index", v.n+1)
	}
	return v.step(fresh, stored)
}

// look shows an entry to the rooms that look at every one.
func (v *verifier) look(r row) {
	if len(v.looks) == 0 {
		return
	}
	e, _ := r.entry(v.n + 1) // a wrong time changes its hash
	for _, look := range v.looks {
		v.report.faults(look(e))
	}
}

// leaf reads the stored hash of the next entry. Base64 can say the same hash
// in several ways; only the one that Append writes counts.
func (v *verifier) leaf() (tlog.Hash, bool, error) {
	text, found, err := v.hash(tlog.StoredHashIndex(0, v.n))
	if err != nil || !found {
		return tlog.Hash{}, false, err
	}
	h, err := tlog.ParseHash(text)
	return h, err == nil && h.String() == text, nil
}

// hash reads the stored hash with index i. Rows before it belong nowhere.
func (v *verifier) hash(i int64) (string, bool, error) {
	for {
		line, err := v.hashes.peek()
		if err != nil || line == nil {
			return "", false, err
		}
		have, err := strconv.ParseInt(line[0], 10, 64)
		if err == nil && have > i {
			return "", false, nil
		}
		v.hashes.read()
		if err == nil && have == i {
			return line[1], true, nil
		}
		v.report.fault(v.n+1, "journal.fault.hash", "row", line[0], "index", v.n+1)
	}
}

// step adds one leaf to both edges and compares the inner hashes that it
// completes.
func (v *verifier) step(fresh, stored tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(v.n, fresh, v.fresh)
	if err != nil {
		return v.lost()
	}
	v.fresh = v.fresh.add(hashes)
	if v.apart = v.apart || fresh != stored; !v.apart {
		v.stored = v.fresh
	} else {
		if hashes, err = tlog.StoredHashesForRecordHash(v.n, stored, v.stored); err != nil {
			return v.lost()
		}
		v.stored = v.stored.add(hashes)
	}
	first := tlog.StoredHashIndex(0, v.n)
	for j, want := range hashes[1:] {
		i := first + 1 + int64(j)
		have, found, err := v.hash(i)
		if err != nil {
			return err
		}
		if !found && !Keeps(j+1) {
			continue
		}
		if !found || have != want.String() {
			v.report.fault(v.n+1, "journal.fault.hash", "row", i, "index", v.n+1)
		}
	}
	v.n++
	v.passHeads()
	return nil
}

// lost goes on after a gap that the hashes do not bridge: entries are still
// counted and their leaf hashes compared, but no head can agree any more.
func (v *verifier) lost() error {
	v.fresh, v.stored = nil, nil
	v.n++
	v.passHeads()
	return nil
}

// passHeads compares the copied heads of exactly this size.
func (v *verifier) passHeads() {
	for len(v.heads) > 0 && v.heads[0].tree.N <= v.n {
		h := v.heads[0]
		v.heads = v.heads[1:]
		root, err := tlog.TreeHash(v.n, v.fresh)
		if err == nil && root == h.tree.Hash && h.tree.N == v.n {
			v.agreed = v.n
			continue
		}
		if !v.forked { // all later ones disagree too
			v.forked = true
			v.report.fault(v.agreed+1, "journal.fault.rewritten",
				"from", v.agreed+1, "to", h.tree.N, "where", h.where)
		}
	}
}

// finish compares what stands after the last entry: the head, hashes that
// belong to no entry, and copied heads that reach further.
func (v *verifier) finish() error {
	for {
		line, err := v.hashes.read()
		if err != nil {
			return err
		}
		if line == nil {
			break
		}
		v.report.fault(v.n+1, "journal.fault.hash", "row", line[0], "index", v.n+1)
	}
	if last := len(v.heads) - 1; last >= 0 {
		h := v.heads[last]
		v.report.fault(v.n+1, "journal.fault.tail", "from", v.n+1, "to", h.tree.N, "where", h.where)
	}
	if root, err := tlog.TreeHash(v.n, v.fresh); err == nil {
		v.report.Root = root.String()
	}
	return v.head()
}

func (v *verifier) head() error {
	lines, err := store.All(v.tx, texts(4), "SELECT one, size, at, edge FROM journal_head")
	if err != nil {
		return err
	}
	if len(lines) != 1 {
		v.report.fault(v.n, "journal.fault.top", "index", v.n)
		return nil
	}
	want := []string{"1", strconv.FormatInt(v.n, 10), v.at, v.stored.String()}
	if size, err := strconv.ParseInt(lines[0][1], 10, 64); err == nil && size > v.n {
		v.report.fault(v.n+1, "journal.fault.missing", "from", v.n+1, "to", size)
	} else if !slices.Equal(lines[0], want) {
		v.report.fault(v.n, "journal.fault.top", "index", v.n)
	}
	return nil
}

// stream reads a table in the order of its first column.
type stream struct {
	tx      *store.Tx
	columns int
	next    string // $1 the last key read, $2 how many
	lines   [][]string
	last    int64
	begun   bool
	ended   bool
}

// peek gives the next line without passing it; nil at the end.
func (s *stream) peek() ([]string, error) {
	if len(s.lines) == 0 && !s.ended {
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
	if len(s.lines) == 0 {
		return nil, nil
	}
	return s.lines[0], nil
}

func (s *stream) read() ([]string, error) {
	line, err := s.peek()
	if line != nil {
		s.lines = s.lines[1:]
	}
	return line, err
}

// fill reads the next chunk. A key that is no number sorts after all numbers
// and cannot be gone on from; what stands there is read and the stream ends.
func (s *stream) fill() (err error) {
	if !s.begun {
		s.begun, s.last = true, math.MinInt64
	}
	if s.lines, err = store.All(s.tx, texts(s.columns), s.next, s.last, chunk); err != nil {
		return err
	}
	s.ended = len(s.lines) < chunk
	if !s.ended {
		if s.last, err = strconv.ParseInt(s.lines[chunk-1][0], 10, 64); err != nil {
			s.ended = true
		}
	}
	return nil
}

// texts scans n columns as text, whatever somebody put there.
func texts(n int) func(store.Row) ([]string, error) {
	return func(r store.Row) ([]string, error) {
		values, into := make([]any, n), make([]any, n)
		for i := range values {
			into[i] = &values[i]
		}
		err := r.Scan(into...)
		line := make([]string, n)
		for i, v := range values {
			line[i] = asText(v)
		}
		return line, err
	}
}

func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case nil:
		return "\x00" // equals no text that the store keeps
	}
	return fmt.Sprint(v)
}

// Extends refuses to go on when the newest copied head is not the past of this
// database: it is an older backup, or its past was rewritten (rel-I-J7). It is
// quick, for every start; Verify says more.
func Extends(ctx context.Context, db *store.DB, keys Keys, witnessDir string) error {
	newest, found, err := keys.newestHead(witnessDir)
	if err != nil {
		return fmt.Errorf("reading the copied heads: %w", err)
	}
	if !found {
		newest.where = "–"
	}
	return db.Read(ctx, func(tx *store.Tx) error { return extends(tx, newest) })
}

// extends compares the journal with one head: it reaches as far, over the same
// past, and its last entries are the ones that were hashed.
func extends(tx *store.Tx, known copied) error {
	h, err := readHead(tx)
	if err != nil {
		return fmt.Errorf("journal: reading the head: %w", err)
	}
	behind, forked := "journal.behind", "journal.forked"
	if known.where == "" { // from memory
		behind, forked = "journal.lost", "journal.lost.past"
	}
	if h.size < known.tree.N {
		return problem.New(problem.Unavailable, behind, "from", h.size+1, "to", known.tree.N, "where", known.where)
	}
	root, err := tlog.TreeHash(known.tree.N, storedHashes{tx})
	if err != nil && !errors.Is(err, errHash) {
		return err
	}
	if known.tree.N > 0 && (err != nil || root != known.tree.Hash) {
		return problem.New(problem.Unavailable, forked, "size", known.tree.N, "where", known.where)
	}
	return tail(tx, h.size)
}

// tailLength is how many entries before the head are hashed anew at each start:
// what a torn or lying disk spoils is what was written last.
const tailLength = 1000

// tail refuses a journal whose last entries are not what their hashes say.
func tail(tx *store.Tx, size int64) error {
	from := max(size-tailLength, 0)
	entries, err := store.All(tx, texts(11), "SELECT "+columns+" FROM journal_entry WHERE n > $1 ORDER BY n LIMIT $2", from, tailLength+1)
	if err != nil {
		return fmt.Errorf("journal: reading its last entries: %w", err)
	}
	rows, err := store.All(tx, texts(2), "SELECT i, hash FROM journal_hash WHERE i >= $1 ORDER BY i LIMIT $2", tlog.StoredHashIndex(0, from), 3*tailLength)
	if err != nil {
		return fmt.Errorf("journal: reading its last hashes: %w", err)
	}
	hashes := map[string]string{}
	for _, r := range rows {
		hashes[r[0]] = r[1]
	}
	for i := range size - from {
		n := from + 1 + i
		var r row
		ok := int64(len(entries)) > i && entries[i][0] == strconv.FormatInt(n, 10)
		if ok {
			r, err = row(entries[i]).plain()
			ok = err == nil
		}
		if !ok || hashes[strconv.FormatInt(tlog.StoredHashIndex(0, n-1), 10)] != tlog.RecordHash(r.record()).String() {
			return problem.New(problem.Unavailable, "journal.spoilt", "entry", n)
		}
	}
	if int64(len(entries)) > size-from {
		return problem.New(problem.Unavailable, "journal.spoilt", "entry", size+1)
	}
	return nil
}

// errHash says that a stored hash is missing or is none.
var errHash = errors.New("no such hash")

// Lost is the problem of a journal that is not what was acknowledged or
// witnessed: entries are missing or changed. Nothing may be written above it
// (rel-I-J7). An err of another kind says that nobody could look.
func Lost(err error) (*problem.Problem, bool) {
	p, ok := problem.As(err)
	return p, ok && slices.Contains([]string{"journal.behind", "journal.forked", "journal.spoilt", "journal.lost", "journal.lost.past"}, p.Key)
}

// storedHashes reads hashes from the database, for proofs.
type storedHashes struct{ tx *store.Tx }

func (s storedHashes) ReadHashes(indexes []int64) (hashes []tlog.Hash, err error) {
	hashes = make([]tlog.Hash, len(indexes))
	for j, i := range indexes {
		if hashes[j], err = s.hash(i); err != nil {
			return nil, fmt.Errorf("journal: reading hash %d: %w", i, err)
		}
	}
	return hashes, nil
}

// hash reads a hash, or counts it from the two below if it is one that is not
// kept.
func (s storedHashes) hash(i int64) (tlog.Hash, error) {
	if level, n := tlog.SplitStoredHashIndex(i); !Keeps(level) {
		left, err := s.hash(tlog.StoredHashIndex(level-1, 2*n))
		if err != nil {
			return left, err
		}
		right, err := s.hash(tlog.StoredHashIndex(level-1, 2*n+1))
		return tlog.NodeHash(left, right), err
	}
	text, err := store.One(s.tx, func(r store.Row) (t string, err error) { return t, r.Scan(&t) },
		"SELECT hash FROM journal_hash WHERE i = $1", i)
	if errors.Is(err, store.ErrNone) {
		return tlog.Hash{}, errHash
	}
	if err != nil {
		return tlog.Hash{}, err
	}
	h, err := tlog.ParseHash(text)
	if err != nil {
		err = fmt.Errorf("%w (%w)", errHash, err)
	}
	return h, err
}
