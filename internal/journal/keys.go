package journal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"quay20/internal/problem"
)

// keyName is the signer's name in every copied head.
const keyName = "quay20-journal"

// Keys sign the head of the journal and check it. A house that changed its key
// still believes what the earlier ones signed until then.
type Keys struct {
	signer   note.Signer
	verifier note.Verifier
	public   string
	retired  []retired
}

// retired is a key that signs no more.
type retired struct {
	verifier note.Verifier
	public   string
	size     int64 // entries of the journal when it was retired; it signs for no more
}

// Public is the line that others need to check copied heads, for a second
// office or a printed notice.
func (k Keys) Public() string { return k.public }

// Knows reports whether a key with this public half may have signed for so many
// entries.
func (k Keys) Knows(public string, size int64) bool {
	if public == k.public {
		return true
	}
	for _, old := range k.retired {
		if old.public == public {
			return size <= old.size
		}
	}
	return false
}

// Retired are the public halves of earlier keys, the newest first.
func (k Keys) Retired() (public []string) {
	for _, old := range k.retired {
		public = append(public, old.public)
	}
	return public
}

// ChangeKeys gives the node new keys and retires those it has, which signed for
// size entries. The private half is gone then. No program may serve meanwhile.
func ChangeKeys(dir string, size int64) (Keys, error) {
	old, err := LoadKeys(dir)
	if err != nil {
		return Keys{}, err
	}
	secret, public, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return Keys{}, fmt.Errorf("making the journal's keys: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n", secret, public)
	for _, r := range append([]retired{{public: old.public, size: size}}, old.retired...) {
		fmt.Fprintf(&b, "%s %s %d\n", retiredWord, r.public, r.size)
	}
	path := filepath.Join(dir, "journal.key")
	f, err := os.CreateTemp(dir, "journal.key-*") // mode 0600
	if err != nil {
		return Keys{}, fmt.Errorf("keeping the journal's keys: %w", err)
	}
	defer os.Remove(f.Name())
	if err := writeWhole(f, b.Bytes()); err != nil {
		return Keys{}, fmt.Errorf("keeping the journal's keys: %w", err)
	}
	if err := errors.Join(os.Rename(f.Name(), path), syncDir(dir)); err != nil {
		return Keys{}, fmt.Errorf("keeping the journal's keys: %w", err)
	}
	return readKeys(path)
}

// retiredWord begins the line of an earlier key in the file.
const retiredWord = "retired"

// LoadKeys reads the keys of a node from dir/journal.key, making them at the
// first start. It refuses a key that others on the machine can read.
func LoadKeys(dir string) (Keys, error) {
	path := filepath.Join(dir, "journal.key")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeKeys(dir, path); err != nil {
			return Keys{}, fmt.Errorf("making the journal's keys: %w", err)
		}
	}
	k, err := readKeys(path)
	if err != nil {
		return Keys{}, fmt.Errorf("reading the journal's keys: %w", err)
	}
	return k, nil
}

// makeKeys writes the file whole and then gives it its name, which fails if
// another program did so first; its keys are as good.
func makeKeys(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	secret, public, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "journal.key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := writeWhole(f, []byte(secret+"\n"+public+"\n")); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func readKeys(path string) (Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Keys{}, err
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		return Keys{}, problem.New(problem.Unavailable, "journal.key.mode", "file", path, "mode", fmt.Sprintf("%04o", mode))
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return Keys{}, err
	}
	k, err := parseKeys(string(bytes.TrimSpace(b)))
	if err != nil {
		return Keys{}, fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "journal.key.broken", "file", path), err)
	}
	return k, nil
}

// parseKeys reads the private half, the public half, and the earlier keys.
func parseKeys(text string) (k Keys, err error) {
	secret, rest, _ := strings.Cut(text, "\n")
	public, rest, _ := strings.Cut(rest, "\n")
	if k.signer, err = note.NewSigner(secret); err != nil {
		return k, err
	}
	if k.verifier, err = note.NewVerifier(public); err != nil {
		return k, err
	}
	if k.public = public; k.verifier.KeyHash() != k.signer.KeyHash() {
		return k, errors.New("the two halves do not belong together")
	}
	for line := range strings.Lines(rest) {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != retiredWord {
			return k, fmt.Errorf("%q names no earlier key", line)
		}
		r := retired{public: words[1]}
		if r.verifier, err = note.NewVerifier(r.public); err != nil {
			return k, err
		}
		if r.size, err = strconv.ParseInt(words[2], 10, 64); err != nil {
			return k, err
		}
		k.retired = append(k.retired, r)
	}
	return k, nil
}

// verifiers are all keys whose signature may count.
func (k Keys) verifiers() note.Verifiers {
	list := []note.Verifier{k.verifier}
	for _, old := range k.retired {
		list = append(list, old.verifier)
	}
	return note.VerifierList(list...)
}

// judge refuses a signature by a key that was retired before so many entries
// were there: whoever stole it could sign anything.
func (k Keys) judge(signed *note.Note, size int64) error {
	for _, sig := range signed.Sigs {
		for _, old := range k.retired {
			if sig.Hash == old.verifier.KeyHash() && size > old.size {
				return fmt.Errorf("signed for %d entries by a key that was retired at %d", size, old.size)
			}
		}
	}
	return nil
}

// writeWhole writes b, brings it to the disk and closes f.
func writeWhole(f *os.File, b []byte) error {
	_, err := f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir brings a new name in dir to the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
