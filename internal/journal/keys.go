package journal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"quay20/internal/problem"
)

// keyName is the signer's name in every copied head.
const keyName = "quay20-journal"

// Keys sign the head of the journal and check it.
type Keys struct {
	signer   note.Signer
	verifier note.Verifier
	public   string
}

// Public is the line that others need to check copied heads, for a second
// office or a printed notice.
func (k Keys) Public() string { return k.public }

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
	secret, public, ok := strings.Cut(string(bytes.TrimSpace(b)), "\n")
	if !ok {
		return Keys{}, problem.New(problem.Unavailable, "journal.key.broken", "file", path)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return Keys{}, problem.New(problem.Unavailable, "journal.key.broken", "file", path)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil || verifier.KeyHash() != signer.KeyHash() {
		return Keys{}, problem.New(problem.Unavailable, "journal.key.broken", "file", path)
	}
	return Keys{signer, verifier, public}, nil
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
