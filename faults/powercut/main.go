//go:build linux

// Powercut is a file system in memory that knows what a disk would still hold
// after the power went: only what was synced. Tests mount it, let a program
// write, kill the program and cut the power.
//
//	powercut MOUNT
//
// It answers each line on standard input with one on standard output:
//
//	sync            everything written so far is on the disk
//	cut             what was not synced is gone; answers how many writes were
//	tear SEED       some of what was not synced is there, in any order, the last
//	                of it torn; answers how many writes are gone or torn
//
// At a cut the file system is unmounted and mounted anew, so that nothing is
// left in the kernel's memory either. A directory entry that was made, moved or
// removed is on the disk at once, as on a journaling file system.
package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: powercut MOUNT")
		os.Exit(2)
	}
	d := &disk{files: map[string]*content{}, folders: map[string]uint32{}}
	server, err := d.mount(os.Args[1])
	if err != nil {
		fmt.Println("cannot mount:", err)
		os.Exit(1)
	}
	fmt.Println("mounted")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var seed uint64
		switch word, rest, _ := strings.Cut(lines.Text(), " "); word {
		case "sync":
			d.sync()
			fmt.Println("synced")
		case "cut", "tear":
			fmt.Sscan(rest, &seed)
			if err := server.Unmount(); err != nil {
				fmt.Println("cannot unmount:", err)
				os.Exit(1)
			}
			gone := d.cut(word == "tear", rand.New(rand.NewPCG(seed, 1)))
			if server, err = d.mount(os.Args[1]); err != nil {
				fmt.Println("cannot mount again:", err)
				os.Exit(1)
			}
			fmt.Println("gone", gone)
		default:
			fmt.Println("unknown:", word)
		}
	}
	if err := server.Unmount(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// disk is everything that is stored, by path.
type disk struct {
	mu      sync.Mutex // guards the rest, and all contents
	files   map[string]*content
	folders map[string]uint32 // mode
}

// content is a file as programs see it, and as the disk holds it.
type content struct {
	mode    uint32
	now     []byte
	synced  []byte
	waiting []change // since the last sync
}

// change is a write, or a change of the size.
type change struct {
	at   int64
	data []byte
	size bool // the file ends at at
}

func (c change) apply(b []byte) []byte {
	end := c.at + int64(len(c.data))
	if c.size {
		b = b[:min(int64(len(b)), c.at)]
	}
	if grow := end - int64(len(b)); grow > 0 {
		b = append(b, make([]byte, grow)...)
	}
	copy(b[c.at:], c.data)
	return b
}

func (c *content) change(x change) {
	c.now = x.apply(c.now)
	c.waiting = append(c.waiting, x)
}

func (c *content) sync() {
	for _, x := range c.waiting {
		c.synced = x.apply(c.synced)
	}
	c.waiting = nil
}

func (d *disk) sync() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.files {
		c.sync()
	}
}

// cut leaves what was synced, and, when torn, any of the rest. It gives the
// number of changes that are gone or torn.
func (d *disk) cut(torn bool, random *rand.Rand) (gone int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := []string{}
	for name := range d.files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c := d.files[name]
		kept := []change{}
		for _, x := range c.waiting {
			if torn && random.IntN(2) == 0 {
				kept = append(kept, x)
			}
		}
		gone += len(c.waiting) - len(kept)
		if last := len(kept) - 1; last >= 0 && len(kept[last].data) > 512 {
			sector := []int{512, 4096}[random.IntN(2)]
			if whole := len(kept[last].data) / sector; whole > 0 {
				kept[last].data = kept[last].data[:random.IntN(whole)*sector]
				gone++
			}
		}
		for _, x := range kept {
			c.synced = x.apply(c.synced)
		}
		c.now, c.waiting = slices.Clone(c.synced), nil
	}
	return gone
}

func (d *disk) mount(at string) (*fuse.Server, error) {
	zero := time.Duration(0)
	return fs.Mount(at, &folder{disk: d}, &fs.Options{
		EntryTimeout: &zero, AttrTimeout: &zero,
		MountOptions: fuse.MountOptions{DirectMount: true, FsName: "powercut", Name: "powercut", MaxWrite: 1 << 20},
	})
}

// folder is a directory.
type folder struct {
	fs.Inode
	disk *disk
	path string // "" at the top
}

var (
	_ fs.NodeOnAdder   = (*folder)(nil)
	_ fs.NodeCreater   = (*folder)(nil)
	_ fs.NodeMkdirer   = (*folder)(nil)
	_ fs.NodeUnlinker  = (*folder)(nil)
	_ fs.NodeRmdirer   = (*folder)(nil)
	_ fs.NodeRenamer   = (*folder)(nil)
	_ fs.NodeGetattrer = (*folder)(nil)
	_ fs.NodeSetattrer = (*folder)(nil)
	_ fs.NodeFsyncer   = (*folder)(nil)
	_ fs.NodeOpener    = (*file)(nil)
	_ fs.NodeReader    = (*file)(nil)
	_ fs.NodeWriter    = (*file)(nil)
	_ fs.NodeGetattrer = (*file)(nil)
	_ fs.NodeSetattrer = (*file)(nil)
	_ fs.NodeFsyncer   = (*file)(nil)
)

// OnAdd hangs in what is stored in the folder.
func (f *folder) OnAdd(ctx context.Context) {
	f.disk.mu.Lock()
	inside := map[string]fs.InodeEmbedder{}
	for name := range f.disk.folders {
		inside[name] = &folder{disk: f.disk, path: name}
	}
	for name, c := range f.disk.files {
		inside[name] = &file{disk: f.disk, content: c}
	}
	f.disk.mu.Unlock()
	for name, node := range inside {
		if path.Dir(name) != path.Clean("./"+f.path) {
			continue
		}
		mode := uint32(syscall.S_IFREG)
		if _, ok := node.(*folder); ok {
			mode = syscall.S_IFDIR
		}
		f.AddChild(path.Base(name), f.NewPersistentInode(ctx, node, fs.StableAttr{Mode: mode}), true)
	}
}

func (f *folder) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	c := &content{mode: mode & 0o777}
	f.disk.files[path.Join(f.path, name)] = c
	out.Mode = syscall.S_IFREG | c.mode
	return f.NewPersistentInode(ctx, &file{disk: f.disk, content: c}, fs.StableAttr{Mode: syscall.S_IFREG}), nil, 0, 0
}

func (f *folder) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	at := path.Join(f.path, name)
	f.disk.mu.Lock()
	f.disk.folders[at] = mode & 0o777
	f.disk.mu.Unlock()
	out.Mode = syscall.S_IFDIR | mode&0o777
	return f.NewPersistentInode(ctx, &folder{disk: f.disk, path: at}, fs.StableAttr{Mode: syscall.S_IFDIR}), 0
}

func (f *folder) Unlink(ctx context.Context, name string) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	delete(f.disk.files, path.Join(f.path, name))
	return 0
}

func (f *folder) Rmdir(ctx context.Context, name string) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	delete(f.disk.folders, path.Join(f.path, name))
	return 0
}

// Rename moves files only; no program here moves a folder.
func (f *folder) Rename(ctx context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	target, ok := to.(*folder)
	c, is := f.disk.files[path.Join(f.path, name)]
	if !ok || !is || flags != 0 {
		return syscall.ENOTSUP
	}
	delete(f.disk.files, path.Join(f.path, name))
	f.disk.files[path.Join(target.path, newName)] = c
	return 0
}

func (f *folder) Getattr(ctx context.Context, h fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	out.Mode = syscall.S_IFDIR | 0o700
	if mode, ok := f.disk.folders[f.path]; ok {
		out.Mode = syscall.S_IFDIR | mode
	}
	return 0
}

func (f *folder) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return f.Getattr(ctx, h, out)
}

func (f *folder) Fsync(ctx context.Context, h fs.FileHandle, flags uint32) syscall.Errno { return 0 }

// file is one file.
type file struct {
	fs.Inode
	disk    *disk
	content *content
}

func (f *file) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, 0
}

func (f *file) Read(ctx context.Context, h fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	n := 0
	if off < int64(len(f.content.now)) {
		n = copy(dest, f.content.now[off:])
	}
	return fuse.ReadResultData(dest[:n]), 0
}

func (f *file) Write(ctx context.Context, h fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.content.change(change{at: off, data: slices.Clone(data)})
	return uint32(len(data)), 0
}

func (f *file) Getattr(ctx context.Context, h fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	out.Mode, out.Size = syscall.S_IFREG|f.content.mode, uint64(len(f.content.now))
	out.Blocks = (out.Size + 511) / 512
	return 0
}

func (f *file) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	f.disk.mu.Lock()
	if size, ok := in.GetSize(); ok {
		f.content.change(change{at: int64(size), size: true})
	}
	if mode, ok := in.GetMode(); ok {
		f.content.mode = mode & 0o777
	}
	f.disk.mu.Unlock()
	return f.Getattr(ctx, h, out)
}

func (f *file) Fsync(ctx context.Context, h fs.FileHandle, flags uint32) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.content.sync()
	return 0
}
