package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func sample() Package {
	return Package{Version: "1.2~rc1", Arch: "amd64", When: time.Unix(1_795_000_000, 0).UTC(), Source: os.DirFS("../.."),
		Program: []byte("program"), Notices: []byte("notices")}
}

func written(t *testing.T, p Package) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// opened is a package as the format describes it: members of an ar archive,
// and the files of two of them.
func opened(t *testing.T, b []byte) (members []string, list []string, content map[string]string) {
	t.Helper()
	b, ok := bytes.CutPrefix(b, []byte("!<arch>\n"))
	if !ok {
		t.Fatal("it is no ar archive")
	}
	content = map[string]string{}
	for len(b) > 0 {
		name := strings.TrimSpace(string(b[:16]))
		size, err := strconv.Atoi(strings.TrimSpace(string(b[48:58])))
		if err != nil || string(b[58:60]) != "`\n" {
			t.Fatalf("member %s has a broken head: %q", name, b[:60])
		}
		body := b[60 : 60+size]
		b = b[60+size+size%2:]
		members = append(members, name)
		if !strings.HasSuffix(name, ".tar.gz") {
			content[name] = string(body)
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		files := tar.NewReader(z)
		for {
			h, err := files.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			where := strings.TrimSuffix(name, ".tar.gz")
			content[where+h.Name[1:]] = string(text)
			list = append(list, fmt.Sprintf("%s %04o %s/%s %d:%d %s", where, h.Mode, h.Uname, h.Gname, h.Uid, h.Gid, h.Name))
			if h.ModTime.Unix() != 1_795_000_000 {
				t.Errorf("%s is of %v, want the time of the source", h.Name, h.ModTime)
			}
		}
	}
	return members, list, content
}

func TestPackageHoldsTheServiceAndNothingElse(t *testing.T) {
	t.Parallel()
	members, list, content := opened(t, written(t, sample()))
	if want := []string{"debian-binary", "control.tar.gz", "data.tar.gz"}; !slices.Equal(members, want) || content["debian-binary"] != "2.0\n" {
		t.Errorf("members %v of version %q", members, content["debian-binary"])
	}
	const golden = `control 0755 root/root 0:0 ./
control 0644 root/root 0:0 ./control
control 0644 root/root 0:0 ./md5sums
control 0644 root/root 0:0 ./conffiles
control 0755 root/root 0:0 ./postinst
control 0755 root/root 0:0 ./prerm
control 0755 root/root 0:0 ./postrm
data 0755 root/root 0:0 ./
data 0755 root/root 0:0 ./etc/
data 0755 root/root 0:0 ./etc/quay20/
data 0755 root/root 0:0 ./usr/
data 0755 root/root 0:0 ./usr/bin/
data 0755 root/root 0:0 ./usr/lib/
data 0755 root/root 0:0 ./usr/lib/systemd/
data 0755 root/root 0:0 ./usr/lib/systemd/system/
data 0755 root/root 0:0 ./usr/sbin/
data 0755 root/root 0:0 ./usr/share/
data 0755 root/root 0:0 ./usr/share/doc/
data 0755 root/root 0:0 ./usr/share/doc/quay20/
data 0755 root/root 0:0 ./usr/share/man/
data 0755 root/root 0:0 ./usr/share/man/man1/
data 0755 root/root 0:0 ./usr/share/man/man8/
data 0640 root/root 0:0 ./etc/quay20/quay20.env
data 0755 root/root 0:0 ./usr/bin/quay20
data 0644 root/root 0:0 ./usr/lib/systemd/system/quay20.service
data 0755 root/root 0:0 ./usr/sbin/quay20ctl
data 0644 root/root 0:0 ./usr/share/doc/quay20/CHANGELOG.md.gz
data 0644 root/root 0:0 ./usr/share/doc/quay20/copyright
data 0644 root/root 0:0 ./usr/share/doc/quay20/runbook.md.gz
data 0644 root/root 0:0 ./usr/share/doc/quay20/third-party.gz
data 0644 root/root 0:0 ./usr/share/man/man1/quay20.1.gz
data 0644 root/root 0:0 ./usr/share/man/man8/quay20ctl.8.gz`
	if have := strings.Join(list, "\n"); have != golden {
		t.Errorf("it holds\n%s\nwant\n%s", have, golden)
	}
	for _, want := range []string{"Package: quay20\n", "Version: 1.2~rc1\n", "Architecture: amd64\n", "Depends: passwd\n"} {
		if !strings.Contains(content["control/control"], want) {
			t.Errorf("control lacks %q:\n%s", want, content["control/control"])
		}
	}
	if content["control/conffiles"] != "/etc/quay20/quay20.env\n" {
		t.Errorf("settings that stay: %q", content["control/conffiles"])
	}
	if n := strings.Count(content["control/md5sums"], "\n"); n != 10 {
		t.Errorf("%d sums, want one a file", n)
	}
	if content["data/usr/bin/quay20"] != "program" {
		t.Errorf("the program is %q", content["data/usr/bin/quay20"])
	}
}

// What the service may do on its machine: nothing that it does not need.
func TestServiceIsLockedIn(t *testing.T) {
	t.Parallel()
	_, _, content := opened(t, written(t, sample()))
	has := map[string][]string{}
	for line := range strings.Lines(content["data/usr/lib/systemd/system/quay20.service"]) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			has[name] = append(has[name], value)
		}
	}
	for _, want := range []string{
		"Type=notify", "User=quay20", "Group=quay20", "ExecStart=/usr/bin/quay20 serve", "EnvironmentFile=/etc/quay20/quay20.env",
		"TimeoutStartSec=infinity", "StartLimitIntervalSec=0", "Restart=on-failure", "RestartPreventExitStatus=2", "UMask=0077",
		"StateDirectory=quay20 quay20-witness quay20-backup", "StateDirectoryMode=0700",
		"NoNewPrivileges=yes", "CapabilityBoundingSet=", "AmbientCapabilities=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
		"PrivateDevices=yes", "ProtectClock=yes", "ProtectControlGroups=yes", "ProtectHostname=yes", "ProtectKernelLogs=yes",
		"ProtectKernelModules=yes", "ProtectKernelTunables=yes", "ProtectProc=invisible", "ProcSubset=pid", "RemoveIPC=yes", "KeyringMode=private",
		"LockPersonality=yes", "MemoryDenyWriteExecute=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", "RestrictNamespaces=yes",
		"RestrictRealtime=yes", "RestrictSUIDSGID=yes", "SystemCallArchitectures=native", "SystemCallFilter=@system-service",
		"SystemCallFilter=~@privileged @resources",
	} {
		name, value, _ := strings.Cut(want, "=")
		if !slices.Contains(has[name], value) {
			t.Errorf("the service lacks %s; it has %q", want, has[name])
		}
	}
	for _, name := range []string{"ExecStartPre", "ExecStartPost", "PermissionsStartOnly"} { // nothing runs as root
		if has[name] != nil {
			t.Errorf("the service has %s", name)
		}
	}
}

// Dossiers are kept whatever the package manager is told, unless somebody said
// beforehand that they go.
func TestOnlyPurgeWithLeaveDeletesData(t *testing.T) {
	t.Parallel()
	_, _, content := opened(t, written(t, sample()))
	for _, name := range scripts {
		script := content["control/"+name]
		if !strings.HasPrefix(script, "#!/bin/sh\nset -e\n") {
			t.Errorf("%s goes on after a failure", name)
		}
		if want := map[string]int{"postrm": 1}[name]; strings.Count(script, "rm -r") != want {
			t.Errorf("%s deletes %d times, want %d", name, strings.Count(script, "rm -r"), want)
		}
	}
	guarded := regexp.MustCompile(`(?s)\[ "\$1" = purge \].*if \[ -e /var/lib/quay20/delete-at-purge \]; then\n\t\trm -rf /var/lib/quay20 /var/lib/quay20-witness /var/lib/quay20-backup\n`)
	if !guarded.MatchString(content["control/postrm"]) {
		t.Error("postrm deletes without being told")
	}
}

func TestSameSourceGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	first := written(t, sample())
	if !bytes.Equal(first, written(t, sample())) {
		t.Error("two packages of one source differ")
	}
	other := sample()
	other.Program = []byte("another")
	if bytes.Equal(first, written(t, other)) {
		t.Error("two programs give one package")
	}
}

func TestVersionsAreInOrder(t *testing.T) {
	t.Parallel()
	for described, want := range map[string]string{
		"v1.2":                "1.2",
		"v1.2-rc1":            "1.2~rc1",
		"v1.2-5-gc7200bb":     "1.2+5.gc7200bb",
		"v1.2-rc1-5-gc7200bb": "1.2~rc1+5.gc7200bb",
		"c7200bb":             "0.0.65+gc7200bb",
		"c7200bb-dirty":       "0.0.65+gc7200bb.dirty",
		"vang-3-gc7200bb":     "0.0.65+gvang-3-gc7200bb",
	} {
		if have := version(described, "65"); have != want {
			t.Errorf("%s becomes %s, want %s", described, have, want)
		}
	}
}

// Everything that stands in packaging has its place in the package, but for
// what tries it.
func TestNothingInPackagingIsForgotten(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("../../packaging/*")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		name = filepath.Base(name)
		used := name == "try" || slices.Contains(scripts, name)
		for _, f := range placed {
			used = used || f.from == "packaging/"+name
		}
		if !used {
			t.Errorf("packaging/%s goes into no package", name)
		}
	}
}
