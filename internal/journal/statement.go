package journal

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"quay20/internal/store"
)

// statements begin with this, heads with another word, so that neither can be
// taken for the other.
const statements = "quay20 "

// Sign signs a statement of the node that is no head. Its first line begins
// with "quay20 " and says what it is.
func (k Keys) Sign(text string) ([]byte, error) {
	if !strings.HasPrefix(text, statements) {
		return nil, errors.New("journal: a statement begins with what it is")
	}
	return note.Sign(&note.Note{Text: text}, k.signer)
}

// Statement gives the text that the holder of a public key signed with Sign.
func Statement(public string, signed []byte) (string, error) {
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return "", fmt.Errorf("journal: reading a public key: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return "", fmt.Errorf("journal: checking a statement: %w", err)
	}
	if !strings.HasPrefix(n.Text, statements) {
		return "", errors.New("journal: what is signed is no statement")
	}
	return n.Text, nil
}

// Copied is a head that was copied out of the database.
type Copied struct {
	Size  int64
	Root  string
	At    time.Time // of its last entry
	Where string    // "heads-2026-03.log:17"
}

// Newest gives the largest head in a witness's directory that we signed.
func (k Keys) Newest(dir string) (c Copied, found bool, err error) {
	newest, found, err := k.newestHead(dir)
	if err != nil || !found {
		return Copied{}, false, err
	}
	return Copied{newest.tree.N, newest.tree.Hash.String(), newest.at, newest.where}, true, nil
}

// RootAt is the root hash over the first size entries.
func RootAt(tx *store.Tx, size int64) (string, error) {
	root, err := tlog.TreeHash(size, storedHashes{tx})
	if err != nil {
		return "", fmt.Errorf("journal: computing the root of %d entries: %w", size, err)
	}
	return root.String(), nil
}
