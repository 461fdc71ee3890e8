package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	out := flag.String("out", "var", "folder that gets the package")
	release := flag.String("version", "", "version; by default what git describe says")
	arch := flag.String("arch", "", "architecture in Debian's and Go's words: amd64 or arm64; by default this machine's")
	flag.Parse()
	name, err := build(*out, *release, *arch)
	if err != nil {
		fmt.Fprintln(os.Stderr, "deb:", err)
		os.Exit(1)
	}
	fmt.Println(name)
}

func build(out, release, arch string) (name string, err error) {
	if arch == "" {
		if arch, err = said("go", "env", "GOARCH"); err != nil {
			return "", err
		}
	}
	if release == "" {
		described, err := said("git", "describe", "--tags", "--always", "--dirty")
		if err != nil {
			return "", fmt.Errorf("%w; outside git, give -version", err)
		}
		commits, err := said("git", "rev-list", "--count", "HEAD")
		if err != nil {
			return "", err
		}
		release = version(described, commits)
	}
	p := Package{Version: release, Arch: arch, Source: os.DirFS("."), When: when()}
	if p.Program, err = program(release, arch); err != nil {
		return "", err
	}
	if p.Notices, err = notices(); err != nil {
		return "", err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return "", err
	}
	name = filepath.Join(out, fmt.Sprintf("quay20_%s_%s.deb", release, arch))
	return name, os.WriteFile(name, b.Bytes(), 0o644)
}

// when is the time that all files get: what SOURCE_DATE_EPOCH says, or the
// time of the commit.
func when() time.Time {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		s, _ = said("git", "log", "-1", "--format=%ct")
	}
	n, _ := strconv.ParseInt(s, 10, 64) // outside git: 1970
	return time.Unix(n, 0).UTC()
}

// program builds the program without anything of this machine in it.
func program(release, arch string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "quay20-deb-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "quay20")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X quay20/internal/web.release="+release, "-o", file, "./cmd/quay20")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("building the program: %w", err)
	}
	return os.ReadFile(file)
}

// pageLibraries are what parts of stand in the pages: styles, scripts, letters.
var pageLibraries = []string{"@fontsource/noto-sans", "@ministryofjustice/frontend", "govuk-frontend"}

// notices are the licences of everything that the program carries.
func notices() ([]byte, error) {
	list, err := said("go", "list", "-deps", "-f", "{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/quay20")
	if err != nil {
		return nil, err
	}
	modules := strings.Split(list, "\n")
	slices.Sort(modules)
	root, err := said("go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules = append([]string{"The Go standard library\t" + root}, slices.Compact(modules)...)
	var b bytes.Buffer
	for _, name := range pageLibraries {
		dir := filepath.Join("node_modules", name)
		licence, err := declared(filepath.Join(dir, "package.json"))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "==== %s: %s, of %s\n\n", name, licence.License, licence.Repository.URL)
		if text, err := os.ReadFile(filepath.Join(dir, "LICENSE")); err == nil { // some packages carry no text
			fmt.Fprintf(&b, "%s\n\n", bytes.TrimSpace(text))
		}
	}
	for _, m := range modules {
		name, dir, ok := strings.Cut(m, "\t")
		if !ok {
			continue // our own
		}
		texts := 0
		for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "NOTICE*"} {
			paths, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				return nil, err
			}
			for _, path := range paths {
				text, err := os.ReadFile(path)
				if err != nil {
					return nil, err
				}
				fmt.Fprintf(&b, "==== %s: %s\n\n%s\n\n", name, filepath.Base(path), bytes.TrimSpace(text))
				texts++
			}
		}
		if texts == 0 {
			return nil, fmt.Errorf("%s has no licence text in %s", name, dir)
		}
	}
	return b.Bytes(), nil
}

// declaration is what an npm package says of itself.
type declaration struct {
	License    string
	Repository struct{ URL string }
}

func declared(file string) (d declaration, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return d, err
	}
	return d, json.Unmarshal(b, &d)
}

func said(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var wrong bytes.Buffer
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, wrong.String())
	}
	return strings.TrimSpace(string(out)), nil
}
