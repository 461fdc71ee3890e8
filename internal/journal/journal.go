// Package journal is the book of what was done (sổ ghi việc): who did it, in
// what capacity, at which desk, to what, why, under which article and when. An
// entry is written in the same transaction as the state it explains and is
// never changed; a correction is a new entry that points to the old one.
//
// Entries are the leaves of a Merkle log in the format of Go's checksum
// database (golang.org/x/mod/sumdb/tlog). The signed head of the log is copied
// outside the database, so that Verify finds any later change of the past.
//
// # Personal data
//
// Entries outlive the data of the people they speak of, so they hold none:
// Facts carry codes, amounts, dates and hashes. Where an entry must commit to
// a person's data, it holds Commit(salt, value); the salt and the value stand
// in the room's own table and can be erased there while every proof of the
// journal stays valid (rel-I-J11).
//
// # What is hashed
//
// The record of an entry is text, hashed as RFC 6962 hashes a leaf:
//
//	quay20 journal entry v1
//	index 1:7
//	at 24:2026-03-02T01:00:00.000Z
//	officer 4:lan1
//	…
//
// one line for each of index, at, officer, capacity, desk, act, subject,
// reason, law, facts and state, in this order: name, space, length of the
// value in bytes, colon, value, newline. Entry n is leaf n-1.
//
// # How it is kept
//
// Officer, act and subject stand in columns of their own. At, capacity, desk,
// reason, law, facts and state, in this order with a zero byte between them,
// are pressed (store.Press) into the column facts; entries of earlier releases
// have them in their columns. What is hashed is the same either way. Of the
// inner hashes of the tree, those over fewer than 64 entries are not kept: they
// follow from the leaves.
package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"quay20/internal/store"
)

// Entry is one act in the journal.
type Entry struct {
	Index    int64     // 1, 2, 3 …; set by Append
	At       time.Time // the server's time; set by Append, never before the entry above
	Officer  string    // who; "" is the system itself
	Capacity string    // "receptionist@12-Q20", in what capacity
	Desk     string    // "12-Q20", where
	Act      string    // "receive"
	Subject  string    // "dossier/01J…", to what
	Reason   string    // why, in the officer's words, without personal data
	Law      string    // "nd-118-2025/17.2", under which article
	Facts    json.RawMessage
	State    string // StateOf the subject after the act; "" if the act changed nothing
}

// Removed is the State of a subject that the act took out of its room.
const Removed = "removed"

// StateOf is the hash of a subject's canonical state for Entry.State.
func StateOf(canonical string) string {
	h := sha256.Sum256([]byte(canonical))
	return hex.EncodeToString(h[:])
}

// Commit is a commitment to a piece of personal data: it proves what the value
// was to whoever has salt and value, and tells nothing once they are erased.
// The salt is random, at least 16 bytes, and used once.
func Commit(salt, value string) string {
	h := sha256.New()
	fmt.Fprintf(h, "quay20 commitment v1\n%d:%s\n%d:%s\n", len(salt), salt, len(value), value)
	return hex.EncodeToString(h.Sum(nil))
}

// row is an entry as the database holds it, in the order of columns.
type row [11]string

const columns = "n, at, officer, capacity, desk, act, subject, reason, law, facts, state"

var names = [11]string{"index", "at", "officer", "capacity", "desk", "act", "subject", "reason", "law", "facts", "state"}

// record is the text that is hashed, as the package comment describes it.
func (r *row) record() []byte {
	size := 160
	for _, v := range r {
		size += len(v)
	}
	b := append(make([]byte, 0, size), "quay20 journal entry v1\n"...)
	for i, v := range r {
		b = append(append(b, names[i]...), ' ')
		b = append(strconv.AppendInt(b, int64(len(v)), 10), ':')
		b = append(append(b, v...), '\n')
	}
	return b
}

// inside are the places in a row of what the column facts keeps for all.
var inside = [7]int{1, 3, 4, 7, 8, 9, 10}

// facts is the place in a row of the column that keeps them.
const facts = 9

// plain is the row as it was before it was kept. What somebody put beside a
// pressed text stays, so that its hash tells.
func (r row) plain() (row, error) {
	if !strings.HasPrefix(r[facts], "~") {
		return r, nil
	}
	text, err := store.Unpress(r[facts])
	if err != nil {
		return r, err
	}
	parts := strings.Split(text, "\x00")
	if len(parts) != len(inside) {
		return r, errors.New("an entry has other parts than the journal's")
	}
	r[facts] = ""
	for i, at := range inside {
		r[at] += parts[i]
	}
	return r, nil
}

func (e Entry) row() row {
	return row{strconv.FormatInt(e.Index, 10), store.Time(e.At), e.Officer, e.Capacity, e.Desk,
		e.Act, e.Subject, e.Reason, e.Law, string(e.Facts), e.State}
}

// Record is the text of a finished entry that is hashed, as the package comment
// describes it.
func (e Entry) Record() []byte { r := e.row(); return r.record() }

// Columns are the values of an entry's row as Append keeps it, in the order of
// the table: texts, a number, and a store.Pressed.
func (e Entry) Columns() []any {
	r := e.row()
	var parts [len(inside)]string
	for i, at := range inside {
		parts[i], r[at] = r[at], ""
	}
	kept := store.Press(store.Entries, strings.Join(parts[:], "\x00"))
	return []any{e.Index, r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], kept, r[10]}
}

// Keeps reports whether a hash of the tree is stored at a level, 0 being the
// leaves.
func Keeps(level int) bool { return level == 0 || level >= lowest }

// lowest is the lowest level of inner hashes that are kept.
const lowest = 6

// Append writes an entry as the next one. Its Index and At are set here: At is
// the transaction's time, but never before the last entry's (rel-I-J5).
func Append(tx *store.Tx, e Entry) (Entry, error) {
	if e.Act == "" || e.Subject == "" {
		return Entry{}, errors.New("journal: an entry needs an act and a subject")
	}
	facts, err := compact(e.Facts)
	if err != nil {
		return Entry{}, fmt.Errorf("journal: facts of %s: %w", e.Act, err)
	}
	h, ok := tx.Kept(headKey{}).(head)
	if !ok {
		if h, err = readHead(tx); err != nil {
			return Entry{}, fmt.Errorf("journal: reading the head: %w", err)
		}
	}
	e.Index, e.At, e.Facts = h.size+1, tx.Now, facts
	if tx.Now.Before(h.at) {
		e.At = h.at
	}
	if h, err = insert(tx, e, h); err != nil {
		return Entry{}, fmt.Errorf("journal: writing entry %d: %w", e.Index, err)
	}
	tx.Keep(headKey{}, h)
	tx.Pledge(h)
	return e, nil
}

func compact(facts json.RawMessage) (json.RawMessage, error) {
	if len(facts) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	err := json.Compact(&b, facts)
	return b.Bytes(), err
}

// insert writes the entry and its hashes and moves the head on, which it gives.
func insert(tx *store.Tx, e Entry, h head) (head, error) {
	hashes, err := tlog.StoredHashes(h.size, e.Record(), h.edge)
	if err != nil {
		return h, err
	}
	err = tx.Later(1, errMeanwhile, `
		INSERT INTO journal_entry (n, at, officer, capacity, desk, act, subject, reason, law, facts, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.Columns()...)
	if err != nil {
		return h, err
	}
	if err := insertHashes(tx, tlog.StoredHashIndex(0, h.size), hashes); err != nil {
		return h, err
	}
	return h.advance(tx, e.At, hashes)
}

func insertHashes(tx *store.Tx, first int64, hashes []tlog.Hash) error {
	text := "INSERT INTO journal_hash (i, hash) VALUES "
	args := make([]any, 0, 2*len(hashes))
	for j, h := range hashes {
		if !Keeps(j) {
			continue
		}
		if len(args) > 0 {
			text += ", "
		}
		text += fmt.Sprintf("($%d, $%d)", len(args)+1, len(args)+2)
		args = append(args, first+int64(j), h.String())
	}
	return tx.Later(int64(len(args)/2), errMeanwhile, text, args...)
}

// errMeanwhile says that two writers passed the same head.
var errMeanwhile = errors.New("another writer moved the head meanwhile")

// headKey is where the writes of one commit hand the head on.
type headKey struct{}

// head is the one row that every append passes through.
type head struct {
	size int64
	at   time.Time
	edge edge
}

func readHead(tx *store.Tx) (head, error) {
	return store.One(tx, func(r store.Row) (h head, err error) {
		var edge string
		if err := r.Scan(&h.size, store.At(&h.at), &edge); err != nil {
			return head{}, err
		}
		h.edge, err = parseEdge(edge)
		return h, err
	}, "SELECT size, at, edge FROM journal_head")
}

// advance moves the head on by one entry. Two writers that read the same head
// cannot both pass.
func (h head) advance(tx *store.Tx, at time.Time, hashes []tlog.Hash) (head, error) {
	now := head{h.size + 1, at, h.edge.add(hashes)}
	return now, tx.Later(1, errMeanwhile, "UPDATE journal_head SET size = $1, at = $2, edge = $3 WHERE size = $4",
		now.size, at, now.edge.String(), h.size)
}

// Holds makes a head the pledge of its last entry: after a fault of the disk
// the journal still has it, over the same past.
func (h head) Holds(tx *store.Tx) error {
	root, err := tlog.TreeHash(h.size, h.edge)
	if err != nil {
		return err
	}
	return extends(tx, copied{tree: tlog.Tree{N: h.size, Hash: root}})
}

// Head says how far the journal reaches, for slips and for people who compare:
// the number of entries and the root hash over them.
func Head(tx *store.Tx) (size int64, root string, err error) {
	h, err := readHead(tx)
	if err != nil {
		return 0, "", fmt.Errorf("journal: reading the head: %w", err)
	}
	hash, err := tlog.TreeHash(h.size, h.edge)
	return h.size, hash.String(), err
}

// edge is the right edge of the tree: the hashes of the complete subtrees,
// from the largest to the smallest, that together cover all leaves.
type edge []tlog.Hash

// ReadHashes gives the last of the edge, which is what both adding a leaf
// (the smallest subtrees) and the root (all of them) ask for.
func (e edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) > len(e) {
		return nil, fmt.Errorf("the edge has %d hashes, want %d", len(e), len(indexes))
	}
	return e[len(e)-len(indexes):], nil
}

// add gives the edge after a leaf whose hashes are these: all but the last
// completed a subtree together with one of the edge.
func (e edge) add(hashes []tlog.Hash) edge {
	kept := e[:len(e)-(len(hashes)-1)]
	return append(kept[:len(kept):len(kept)], hashes[len(hashes)-1])
}

func (e edge) String() string {
	words := make([]string, len(e))
	for i, h := range e {
		words[i] = h.String()
	}
	return strings.Join(words, " ")
}

func parseEdge(s string) (edge, error) {
	var e edge
	for _, word := range strings.Fields(s) {
		h, err := tlog.ParseHash(word)
		if err != nil {
			return nil, fmt.Errorf("the edge of the journal: %w", err)
		}
		e = append(e, h)
	}
	return e, nil
}
