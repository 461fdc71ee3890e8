// Package backup keeps copies of the house that can be trusted (sao lưu và
// khôi phục). A backup is one file, alike for both engines, taken in one
// snapshot while the desk goes on working: all rows of all tables and the keys
// without which old slips do not open. It is compressed and encrypted; only the
// key that Recovery makes, kept elsewhere, and the node's own backup.key open
// it. Its first page is a statement that the node's journal key signs: of when
// it is, how far the journal reaches, and the hash of all that follows.
//
// A file is believed only when it was brought back: Prove makes a house of it
// on the side, computes its journal and its tables anew and compares them with
// what stood there when it was made. Docs: adr/0016.
package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"quay20/internal/journal"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/upload"
)

// House is an open node as far as backups concern it.
type House struct {
	DB     *store.DB
	Keys   journal.Keys
	Folder string // the data folder, with keys in keys/
	Files  string // the folder of files that people sent
	Mark   string // the file in it that marks a demo
}

// Header is what a backup says of itself on its first page, without a key.
type Header struct {
	Made    time.Time `json:"made"`
	Node    string    `json:"node"` // the public key of its journal
	Demo    bool      `json:"demo"`
	Engine  string    `json:"engine"`
	Applied []int64   `json:"applied"` // migrations
	Entries int64     `json:"entries"` // of the journal
	Root    string    `json:"root"`    // over them
	Last    time.Time `json:"last"`    // the time of the last one
	Rows    int64     `json:"rows"`    // of all tables
	Content int64     `json:"content"` // bytes before they are packed
	Opens   []string  `json:"opens"`   // public keys of those who can open it
	Size    int64     `json:"size"`    // bytes after the first page
	Hash    string    `json:"hash"`    // SHA-256 of them
}

// page is the length of the first page, and title its first line.
const (
	page  = 4096
	title = "quay20 backup 1\n"
)

// Ready refuses what Make would refuse before it reads a row.
func (h House) Ready(path string) error {
	if _, _, err := recipients(filepath.Join(h.Folder, "keys")); err != nil {
		return err
	}
	return free(path)
}

// Make writes a backup to a new file, while everybody goes on reading and
// writing. The file has its name only once it is whole and on the disk.
func (h House) Make(ctx context.Context, path string) (Header, error) {
	recipients, opens, err := recipients(filepath.Join(h.Folder, "keys"))
	if err != nil {
		return Header{}, err
	}
	if err := free(path); err != nil {
		return Header{}, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), partBegin+"*"+partEnd) // mode 0600
	if err != nil {
		return Header{}, unwritable(path, err)
	}
	defer os.Remove(f.Name())
	head := Header{Node: h.Keys.Public(), Engine: h.DB.Engine(), Opens: opens}
	err = h.write(ctx, f, recipients, &head)
	if err := errors.Join(err, f.Close()); err != nil {
		return Header{}, unwritable(path, err)
	}
	if err := free(path); err != nil { // another program was quicker
		return Header{}, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return Header{}, unwritable(path, err)
	}
	return head, unwritable(path, syncFolder(filepath.Dir(path)))
}

// free refuses to write where something is.
func free(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return problem.New(problem.Conflict, "backup.err.exists", "file", path)
	case !errors.Is(err, fs.ErrNotExist):
		return unwritable(path, err)
	}
	return nil
}

const partBegin, partEnd = ".quay20-", ".part" // of files being written

// unwritable words an error of the disk; others stay what they are.
func unwritable(path string, err error) error {
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file):
		return fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "backup.err.write", "file", path, "detail", file.Err.Error()), err)
	case errors.As(err, &link):
		return fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "backup.err.write", "file", path, "detail", link.Err.Error()), err)
	}
	return err
}

// write writes the content after an empty first page, then the first page.
func (h House) write(ctx context.Context, f *os.File, to []age.Recipient, head *Header) error {
	if _, err := f.Write(make([]byte, page)); err != nil {
		return err
	}
	file := bufio.NewWriterSize(f, 1<<18)
	sum := sha256.New()
	out := &measured{to: io.MultiWriter(file, sum)}
	sealed, err := age.Encrypt(out, to...)
	if err != nil {
		return err
	}
	packed, err := zstd.NewWriter(sealed, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	defer packed.Close() // again, after an error, to free what it holds
	content := &measured{to: packed}
	w := writer{bufio.NewWriterSize(content, 1<<16)}
	if err := h.content(ctx, w, head); err != nil {
		return err
	}
	for _, last := range []func() error{w.Flush, packed.Close, sealed.Close, file.Flush} {
		if err := last(); err != nil {
			return err
		}
	}
	head.Size, head.Content, head.Hash = out.size, content.size, hex.EncodeToString(sum.Sum(nil))
	first, err := h.first(*head)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(first, 0); err != nil {
		return err
	}
	return f.Sync()
}

func (h House) first(head Header) ([]byte, error) {
	b, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	signed, err := h.Keys.Sign(title + string(b) + "\n")
	if err != nil {
		return nil, err
	}
	if len(signed) > page {
		return nil, fmt.Errorf("the first page of a backup would need %d bytes", len(signed))
	}
	return append(signed, make([]byte, page-len(signed))...), nil
}

// content writes files and tables as they are together in one snapshot.
func (h House) content(ctx context.Context, w writer, head *Header) error {
	files, err := h.files()
	if err != nil {
		return err
	}
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join(h.Folder, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		if err := w.file(name, b); err != nil {
			return err
		}
		head.Demo = head.Demo || name == h.Mark
	}
	return h.DB.Read(ctx, func(tx *store.Tx) (err error) {
		head.Made = tx.Now
		if head.Applied, err = store.Applied(tx); err != nil {
			return err
		}
		if head.Entries, head.Root, err = journal.Head(tx); err != nil {
			return err
		}
		if head.Last, err = lastEntry(tx); err != nil {
			return err
		}
		all, err := w.tables(tx)
		if err != nil {
			return err
		}
		for _, s := range all {
			head.Rows += s.Rows
		}
		if err := h.sent(tx, w); err != nil {
			return err
		}
		return w.WriteByte(recLast)
	})
}

func lastEntry(tx *store.Tx) (at time.Time, err error) {
	last, err := journal.List(tx, journal.Filter{Limit: 1})
	if len(last) > 0 {
		at = last[0].At
	}
	return at, err
}

// files are those of the data folder that go into a backup: the keys but for
// the one that opens backups, and what marks a demo.
func (h House) files() ([]string, error) {
	keys, err := filepath.Glob(filepath.Join(h.Folder, "keys", "*.key"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range append(keys, filepath.Join(h.Folder, "keys", publicFile), filepath.Join(h.Folder, h.Mark)) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || filepath.Base(path) == ownFile {
			continue
		}
		name, err := filepath.Rel(h.Folder, path)
		if err != nil {
			return nil, err
		}
		names = append(names, filepath.ToSlash(name))
	}
	return names, nil
}

// sentFolder is where the files that people sent lie in a backup.
const sentFolder = "files/"

// sent writes the bytes of the files that the snapshot's rows hold. They stay
// for a day after their row ended, so they are there; one that is missing all
// the same is found by whoever proves the backup.
func (h House) sent(tx *store.Tx, w writer) error {
	add := func(path string) error {
		b, err := os.ReadFile(filepath.Join(h.Files, filepath.FromSlash(path)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return w.file(sentFolder+path, b)
	}
	if err := add(upload.MarkFile); err != nil {
		return err
	}
	return upload.Kept(tx, func(f upload.File) error { return add(f.Path()) })
}

// measured counts what is written.
type measured struct {
	to   io.Writer
	size int64
}

func (m *measured) Write(b []byte) (int, error) {
	n, err := m.to.Write(b)
	m.size += int64(n)
	return n, err
}

// File is a backup whose bytes are those that were written.
type File struct {
	Header
	Path string
}

// Open reads a backup's first page and compares the rest with it. What is wrong
// with the file is named; no key is needed. rel-F27
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	first := make([]byte, page)
	n, err := io.ReadFull(f, first)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, unreadable(path, err)
	}
	b := &File{Path: path}
	if b.Header, err = readFirst(path, first[:n]); err != nil {
		return nil, err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	switch {
	case err != nil:
		return nil, unreadable(path, err)
	case size < b.Size:
		return nil, problem.New(problem.Invalid, "backup.err.short", "file", path, "have", size+page, "want", b.Size+page)
	case size > b.Size || hex.EncodeToString(sum.Sum(nil)) != b.Hash:
		return nil, altered(path)
	}
	return b, nil
}

func unreadable(path string, err error) error {
	return fmt.Errorf("%w (%w)", problem.New(problem.Invalid, "backup.err.read", "file", path, "detail", errors.Unwrap(err)), err)
}

func altered(path string) error {
	return problem.New(problem.Invalid, "backup.err.altered", "file", path)
}

// readFirst reads a first page. Its signature proves that nothing of it was
// changed; whose it is says Node.
func readFirst(path string, first []byte) (h Header, err error) {
	switch {
	case len(first) < page && bytes.HasPrefix(first, []byte(title)):
		return h, problem.New(problem.Invalid, "backup.err.short", "file", path, "have", len(first), "want", page)
	case len(first) == page && bytes.Equal(first, make([]byte, page)):
		return h, problem.New(problem.Invalid, "backup.err.unfinished", "file", path)
	case !bytes.HasPrefix(first, []byte(title)):
		return h, problem.New(problem.Invalid, "backup.err.not", "file", path)
	}
	signed := bytes.TrimRight(first, "\x00")
	line, _, _ := bytes.Cut(signed[len(title):], []byte("\n"))
	if json.Unmarshal(line, &h) != nil {
		return h, altered(path)
	}
	text, err := journal.Statement(h.Node, signed)
	if err != nil || text != title+string(line)+"\n" {
		return h, altered(path)
	}
	return h, nil
}

// content opens what is in the file for whoever has a key of it.
func (b *File) content(keys []age.Identity) (reader, func(), error) {
	f, err := os.Open(b.Path)
	if err != nil {
		return reader{}, nil, unreadable(b.Path, err)
	}
	closeAll := func() { f.Close() }
	if _, err := f.Seek(page, io.SeekStart); err != nil {
		closeAll()
		return reader{}, nil, unreadable(b.Path, err)
	}
	open, err := age.Decrypt(bufio.NewReaderSize(f, 1<<18), keys...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		err = problem.New(problem.Forbidden, "backup.err.key", "file", b.Path, "keys", strings.Join(b.Opens, ", "))
	}
	if err != nil {
		closeAll()
		return reader{}, nil, err
	}
	unpacked, err := zstd.NewReader(open, zstd.WithDecoderConcurrency(1))
	if err != nil {
		closeAll()
		return reader{}, nil, err
	}
	return reader{bufio.NewReaderSize(unpacked, 1<<16)}, func() { unpacked.Close(); closeAll() }, nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
