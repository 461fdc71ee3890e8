package journal_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"quay20/internal/store"
)

// second verifies a journal by the words of the package comment and RFC 6962
// alone. It shares no code with the package, so that a fault of one does not
// hide in the other; it does not say where.
func second(t testing.TB, db *store.DB, public, dir string) error {
	t.Helper()
	signed, err := os.ReadFile(filepath.Join(dir, "head.note"))
	if err != nil {
		return err
	}
	size, root, err := openNote(signed, public)
	if err != nil {
		return err
	}
	return db.Read(context.Background(), func(tx *store.Tx) error {
		leaves, last, err := readLeaves(tx)
		if err != nil {
			return err
		}
		if size > len(leaves) {
			return fmt.Errorf("the copied head covers %d entries, there are %d", size, len(leaves))
		}
		if got := base64.StdEncoding.EncodeToString(treeOver(leaves[:size])); got != root {
			return fmt.Errorf("root %s, copied head %s", got, root)
		}
		if err := compareHashes(tx, leaves); err != nil {
			return err
		}
		return compareHead(tx, leaves, last)
	})
}

// openNote checks the signature and gives the second and third line.
func openNote(signed []byte, public string) (size int, root string, err error) {
	text, lines, ok := bytes.Cut(signed, []byte("\n\n"))
	words := strings.Split(strings.TrimSpace(string(lines)), " ")
	key := strings.SplitN(public, "+", 3)
	if !ok || len(words) != 3 || words[0] != "—" || words[1] != key[0] {
		return 0, "", fmt.Errorf("no signed note: %q", signed)
	}
	raw, err := base64.StdEncoding.DecodeString(key[2])
	if err != nil {
		return 0, "", err
	}
	sig, err := base64.StdEncoding.DecodeString(words[2])
	if err != nil || len(sig) != 68 {
		return 0, "", fmt.Errorf("bad signature %s", words[2])
	}
	if !ed25519.Verify(raw[1:], append(text, '\n'), sig[4:]) {
		return 0, "", fmt.Errorf("the signature does not fit")
	}
	part := strings.Split(string(text), "\n")
	size, err = strconv.Atoi(part[1])
	return size, part[2], err
}

func readLeaves(tx *store.Tx) (leaves [][]byte, last string, err error) {
	field := []string{"index", "at", "officer", "capacity", "desk", "act", "subject", "reason", "law", "facts", "state"}
	rows, err := store.All(tx, func(r store.Row) (v [11]string, err error) {
		return v, r.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10])
	}, "SELECT n, at, officer, capacity, desk, act, subject, reason, law, facts, state FROM journal_entry ORDER BY n")
	if err != nil {
		return nil, "", err
	}
	for i, row := range rows {
		if row, err = apart(row); err != nil {
			return nil, "", fmt.Errorf("entry %d: %w", i+1, err)
		}
		if row[0] != strconv.Itoa(i+1) {
			return nil, "", fmt.Errorf("entry %s in place %d", row[0], i+1)
		}
		if row[1] < last {
			return nil, "", fmt.Errorf("entry %d goes back in time", i+1)
		}
		last = row[1]
		text := "quay20 journal entry v1\n"
		for j, value := range row {
			text += field[j] + " " + strconv.Itoa(len(value)) + ":" + value + "\n"
		}
		h := sha256.Sum256([]byte("\x00" + text))
		leaves = append(leaves, h[:])
	}
	return leaves, last, nil
}

// apart takes out of the column facts what it keeps for others.
func apart(row [11]string) ([11]string, error) {
	if row[9] == "" || row[9][0] != '~' {
		return row, nil
	}
	text, err := store.Unpress(row[9])
	parts := strings.Split(text, "\x00")
	if err != nil || len(parts) != 7 || row[1]+row[3]+row[4]+row[7]+row[8]+row[10] != "" {
		return row, fmt.Errorf("facts %q, %v", row[9], err)
	}
	row[1], row[3], row[4], row[7], row[8], row[9], row[10] = parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6]
	return row, nil
}

// treeOver is MTH of RFC 6962, section 2.1, over leaf hashes.
func treeOver(leaves [][]byte) []byte {
	if len(leaves) == 0 {
		h := sha256.Sum256(nil)
		return h[:]
	}
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	h := sha256.Sum256([]byte("\x01" + string(treeOver(leaves[:k])) + string(treeOver(leaves[k:]))))
	return h[:]
}

// compareHashes expects after each leaf the hash of every complete subtree
// that it ends, from the smallest on; those over two to 32 leaves may be left
// out.
func compareHashes(tx *store.Tx, leaves [][]byte) error {
	have, err := store.All(tx, func(r store.Row) (s string, err error) {
		var i int64
		err = r.Scan(&i, &s)
		return fmt.Sprint(i, " ", s), err
	}, "SELECT i, hash FROM journal_hash ORDER BY i")
	if err != nil {
		return err
	}
	i := 0
	for n := 1; n <= len(leaves); n++ {
		for width := 1; n%width == 0; width *= 2 {
			want := fmt.Sprint(i, " ", base64.StdEncoding.EncodeToString(treeOver(leaves[n-width:n])))
			i++
			switch {
			case len(have) > 0 && have[0] == want:
				have = have[1:]
			case width == 1 || width > 32:
				return fmt.Errorf("the stored hashes have not %s", want)
			}
		}
	}
	if len(have) > 0 {
		return fmt.Errorf("stored hashes that belong nowhere: %s", have[0])
	}
	return nil
}

func compareHead(tx *store.Tx, leaves [][]byte, last string) error {
	have, err := store.One(tx, func(r store.Row) (string, error) {
		var one, size int
		var at, edge string
		err := r.Scan(&one, &size, &at, &edge)
		return fmt.Sprintf("%d %d %s %s", one, size, at, edge), err
	}, "SELECT one, size, at, edge FROM journal_head")
	if err != nil {
		return err
	}
	want := fmt.Sprintf("1 %d %s ", len(leaves), last)
	var edge []string
	for rest := leaves; len(rest) > 0; {
		width := 1
		for 2*width <= len(rest) {
			width *= 2
		}
		edge = append(edge, base64.StdEncoding.EncodeToString(treeOver(rest[:width])))
		rest = rest[width:]
	}
	if want += strings.Join(edge, " "); have != want {
		return fmt.Errorf("head %q, want %q", have, want)
	}
	return nil
}
