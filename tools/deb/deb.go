// Deb builds the Debian package of quay20: the program, its service, its
// settings and its papers. It needs nothing but Go; two runs on one source
// give the same bytes.
//
//	go run ./tools/deb -out var
//	go run ./tools/deb -out var -version 2.0-rc1 -arch arm64
package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Package is what goes into a package.
type Package struct {
	Version, Arch string
	When          time.Time // of every file
	Source        fs.FS     // the repository
	Program       []byte    // /usr/bin/quay20
	Notices       []byte    // licences of the libraries that the program carries
}

// file is one file of the package.
type file struct {
	path    string // "usr/bin/quay20"
	mode    int64
	content []byte
	setting bool // kept as the administrator changed it
}

// placed says where a file of the source lies on the server.
var placed = []struct {
	from, to string
	mode     int64
	zip      bool
	setting  bool
}{
	{"packaging/quay20.service", "usr/lib/systemd/system/quay20.service", 0o644, false, false},
	{"packaging/quay20.env", "etc/quay20/quay20.env", 0o640, false, true}, // may hold a password
	{"packaging/quay20ctl", "usr/sbin/quay20ctl", 0o755, false, false},
	{"packaging/quay20.1", "usr/share/man/man1/quay20.1.gz", 0o644, true, false},
	{"packaging/quay20ctl.8", "usr/share/man/man8/quay20ctl.8.gz", 0o644, true, false},
	{"packaging/copyright", "usr/share/doc/quay20/copyright", 0o644, false, false},
	{"CHANGELOG.md", "usr/share/doc/quay20/CHANGELOG.md.gz", 0o644, true, false},
	{"docs/runbook/README.md", "usr/share/doc/quay20/runbook.md.gz", 0o644, true, false},
}

// scripts are run by the package manager.
var scripts = []string{"postinst", "prerm", "postrm"}

func (p Package) files() ([]file, error) {
	all := []file{{path: "usr/bin/quay20", mode: 0o755, content: p.Program}}
	for _, f := range placed {
		b, err := fs.ReadFile(p.Source, f.from)
		if err != nil {
			return nil, err
		}
		if f.zip {
			b = zipped(b)
		}
		all = append(all, file{f.to, f.mode, b, f.setting})
	}
	all = append(all, file{path: "usr/share/doc/quay20/third-party.gz", mode: 0o644, content: zipped(p.Notices)})
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return all, nil
}

// Write writes the package: an ar archive of a version, what the package
// manager must know, and the files.
func (p Package) Write(w io.Writer) error {
	files, err := p.files()
	if err != nil {
		return err
	}
	control, err := p.control(files)
	if err != nil {
		return err
	}
	out := &bytes.Buffer{}
	out.WriteString("!<arch>\n")
	for _, m := range []struct {
		name string
		body []byte
	}{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", p.archive(control)}, {"data.tar.gz", p.archive(files)}} {
		fmt.Fprintf(out, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", m.name, p.When.Unix(), 0, 0, 0o100644, len(m.body))
		out.Write(m.body)
		if len(m.body)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	_, err = w.Write(out.Bytes())
	return err
}

// control are the files for the package manager.
func (p Package) control(files []file) ([]file, error) {
	var size int64
	var sums, settings strings.Builder
	for _, f := range files {
		size += int64(len(f.content)+1023) / 1024
		sum := md5.Sum(f.content) // what dpkg --verify compares; the format knows no other
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), f.path)
		if f.setting {
			fmt.Fprintf(&settings, "/%s\n", f.path)
		}
	}
	head := fmt.Sprintf(`Package: quay20
Version: %s
Architecture: %s
Maintainer: The authors of quay20 <quay20@localhost>
Installed-Size: %d
Depends: passwd
Suggests: caddy | nginx, postgresql, prometheus
Section: misc
Priority: optional
Description: one-stop desk of a provincial police force
 Receives dossiers, computes their legal dates and proves them, follows them
 through every desk, returns the result, and lets the citizen see where it
 stands. One program with an embedded database, or PostgreSQL.
`, p.Version, p.Arch, size)
	all := []file{
		{path: "control", mode: 0o644, content: []byte(head)},
		{path: "md5sums", mode: 0o644, content: []byte(sums.String())},
		{path: "conffiles", mode: 0o644, content: []byte(settings.String())},
	}
	for _, name := range scripts {
		b, err := fs.ReadFile(p.Source, "packaging/"+name)
		if err != nil {
			return nil, err
		}
		all = append(all, file{path: name, mode: 0o755, content: b})
	}
	return all, nil
}

// archive is a compressed tar of the files and the folders above them, all of
// root's.
func (p Package) archive(files []file) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // a known level
	t := tar.NewWriter(z)
	add := func(h tar.Header, content []byte) {
		h.ModTime, h.Uname, h.Gname, h.Format = p.When, "root", "root", tar.FormatGNU
		if err := t.WriteHeader(&h); err != nil {
			panic(err) // into memory, with headers of our own
		}
		t.Write(content)
	}
	folders := map[string]bool{"": true}
	for _, f := range files {
		for dir := path.Dir(f.path); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		add(tar.Header{Typeflag: tar.TypeDir, Name: strings.TrimSuffix("./"+dir, "/") + "/", Mode: 0o755}, nil)
	}
	for _, f := range files {
		add(tar.Header{Typeflag: tar.TypeReg, Name: "./" + f.path, Mode: f.mode, Size: int64(len(f.content))}, f.content)
	}
	t.Close()
	z.Close()
	return out.Bytes()
}

// zipped is b compressed without name or time.
func zipped(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// version is a package's version from what git says of the source: "v1.2" and
// "v1.2-5-gc7200bb" are releases and what came after, a bare commit comes
// before every release, ordered by the number of commits.
func version(described, commits string) string {
	dirty := strings.HasSuffix(described, "-dirty")
	v := strings.TrimSuffix(described, "-dirty")
	if tag, ok := strings.CutPrefix(v, "v"); ok && tag != "" && tag[0] >= '0' && tag[0] <= '9' {
		v = tag
		if parts := strings.Split(v, "-"); len(parts) >= 3 {
			n := len(parts)
			v = strings.Join(parts[:n-2], "~") + "+" + parts[n-2] + "." + parts[n-1]
		} else {
			v = strings.ReplaceAll(v, "-", "~") // 1.2-rc1 comes before 1.2
		}
	} else {
		v = "0.0." + cmp.Or(commits, "0") + "+g" + v
	}
	if dirty {
		v += ".dirty"
	}
	return v
}
