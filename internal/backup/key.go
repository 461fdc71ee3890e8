package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"quay20/internal/problem"
)

// Two keys open a backup. The recovery key (khóa khôi phục) is made once, shown
// once and kept away from the server, which knows its public half only: it is
// what remains when the server is lost. The node's own key stands among its
// other keys, so that the nightly drill can read what was written without
// anybody being there: who holds the server's disk can open backups, but sees
// there what is in them anyway; who holds a backup alone sees nothing.
const (
	publicFile = "backup.pub" // the recovery key's public half
	ownFile    = "backup.key"
)

// Recovery makes the recovery key of a node. It is not kept. Making another
// one replaces the first for backups to come.
func Recovery(keys string) (secret, public string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", "", fmt.Errorf("making the recovery key: %w", err)
	}
	public = id.Recipient().String()
	if err := keepFile(filepath.Join(keys, publicFile), []byte(public+"\n")); err != nil {
		return "", "", fmt.Errorf("keeping the public half of the recovery key: %w", err)
	}
	return id.String(), public, nil
}

// recipients are those to whom backups are written, and their names.
func recipients(keys string) (to []age.Recipient, names []string, err error) {
	b, err := os.ReadFile(filepath.Join(keys, publicFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, problem.New(problem.Conflict, "backup.err.no-key")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the recovery key's public half: %w", err)
	}
	away, err := age.ParseX25519Recipient(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, nil, problem.New(problem.Invalid, "backup.err.key-file", "file", filepath.Join(keys, publicFile))
	}
	own, err := ownKey(keys)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range []*age.X25519Recipient{away, own.Recipient()} {
		to, names = append(to, r), append(names, r.String())
	}
	return to, names, nil
}

// ownKey reads the node's own key, making it at the first backup.
func ownKey(keys string) (*age.X25519Identity, error) {
	path := filepath.Join(keys, ownFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, fmt.Errorf("making the node's backup key: %w", err)
		}
		err = keep(path, []byte(id.String()+"\n"), os.Link)
		if err != nil && !errors.Is(err, fs.ErrExist) { // another program was first
			return nil, fmt.Errorf("keeping the node's backup key: %w", err)
		}
	}
	all, err := readKeys(path)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// ChangeOwn gives the node a new key of its own. The earlier ones stay behind
// it: backups that are kept open with them.
func ChangeOwn(keys string) error {
	if _, err := ownKey(keys); err != nil {
		return err
	}
	path := filepath.Join(keys, ownFile)
	earlier, err := os.ReadFile(path)
	if err != nil {
		return unreadable(path, err)
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("making the node's backup key: %w", err)
	}
	if err := keepFile(path, append([]byte(id.String()+"\n"), earlier...)); err != nil {
		return fmt.Errorf("keeping the node's backup key: %w", err)
	}
	return nil
}

// readKeys reads the private keys of a file that nobody else may read; the first
// is the one in use.
func readKeys(path string) (all []*age.X25519Identity, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, problem.New(problem.Unavailable, "journal.key.mode", "file", path, "mode", fmt.Sprintf("%04o", mode))
	}
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if id, err := age.ParseX25519Identity(string(line)); err == nil {
			all = append(all, id)
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	return nil, problem.New(problem.Invalid, "backup.err.key-file", "file", path)
}

// Opener reads the key that opens a backup: from a file, or the node's own if
// none is named.
func Opener(file, keys string) ([]age.Identity, error) {
	if file == "" {
		file = filepath.Join(keys, ownFile)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, problem.New(problem.Invalid, "err.summary").Field("identity", "backup.err.identity")
		}
	}
	all, err := readKeys(file)
	if err != nil {
		return nil, err
	}
	var open []age.Identity
	for _, id := range all {
		open = append(open, id)
	}
	return open, nil
}

// keepFile writes a file whole, readable by its owner alone.
func keepFile(path string, b []byte) error { return keep(path, b, os.Rename) }

func keep(path string, b []byte, place func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".keep-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := place(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}
