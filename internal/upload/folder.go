package upload

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"quay20/internal/problem"
	"quay20/internal/store"
)

// folder is where the bytes lie. A file of the shelf is
// "ab/<sha256>.<id>": known by its hash without any table, and each row's own,
// so that one can go without looking who else has the same.
//
//	mark            whose folder it is
//	new/            files being written
//	in/             pieces of files on their way (pieces.go)
//	ab/<sha256>.<id>
type folder struct {
	path string
	root *os.Root
}

func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	f := &folder{path, root}
	for _, dir := range []string{"new", "in"} {
		if err := root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			root.Close()
			return nil, err
		}
	}
	return f, nil
}

func (f *folder) close() error { return f.root.Close() }

// mark reads whose folder it is; "" is nobody's yet.
func (f *folder) mark() (string, error) {
	b, err := f.root.ReadFile(MarkFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

// setMark makes the folder somebody's, unless another program was first.
func (f *folder) setMark(mark string) (string, error) {
	if err := f.write("new/"+mark, []byte(mark+"\n")); err != nil {
		return "", err
	}
	defer f.root.Remove("new/" + mark)
	if err := f.root.Link("new/"+mark, MarkFile); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if err := f.sync("."); err != nil {
		return "", err
	}
	return f.mark()
}

func nameOf(file File) string { return file.SHA256[:2] + "/" + file.SHA256 + "." + file.ID }

// keep puts bytes where their row will look for them. When it returns, they
// and their name are on the disk.
func (f *folder) keep(file File, body []byte) error {
	name, fresh := nameOf(file), "new/"+file.ID
	if err := f.write(fresh, body); err != nil {
		f.root.Remove(fresh)
		return err
	}
	switch err := f.root.Mkdir(path.Dir(name), 0o700); {
	case err == nil:
		if err := f.sync("."); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	if err := f.root.Rename(fresh, name); err != nil {
		return err
	}
	return f.sync(path.Dir(name))
}

// write writes a file and brings its bytes to the disk.
func (f *folder) write(name string, body []byte) error {
	file, err := f.root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(body)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// sync brings the names in a folder to the disk.
func (f *folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// read gives a file's bytes if they are those that were kept.
func (f *folder) read(file File) ([]byte, error) {
	b, err := f.root.ReadFile(nameOf(file))
	if err != nil {
		return nil, fmt.Errorf("reading file %s: %w", file.ID, err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != file.SHA256 {
		return nil, fmt.Errorf("the bytes of file %s are not those that were kept", file.ID)
	}
	return b, nil
}

// drop takes bytes away that no row has.
func (f *folder) drop(file File) error {
	err := f.root.Remove(nameOf(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// free is how many bytes the disk still takes.
func (f *folder) free() (int64, error) {
	free, _, err := store.Disk(f.path)
	return free, err
}

// unwritten words a disk that does not take the bytes.
func unwritten(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w (%w)", &problem.Problem{Kind: problem.Unavailable, Key: "upload.err.full", Retry: fullRetry}, err)
	}
	return fmt.Errorf("keeping a file: %w", err)
}
