package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/prometheus/client_golang/prometheus"
)

// order is one command that a runbook tells the reader to type.
type order struct {
	at    string   // "README.md:12"
	words []string // "sudo", "quay20ctl", "verify"
	tried bool     // it stands under the mark of what is harmless
	named bool     // it stands in a sentence, perhaps without what it needs
}

// own are the words after the program's name; nil for another program.
func (o order) own() []string {
	words := o.words
	if len(words) > 0 && words[0] == "sudo" {
		words = words[1:]
	}
	if len(words) > 3 && words[0] == "podman" && words[1] == "exec" {
		words = words[3:]
	}
	if end := slices.IndexFunc(words, func(w string) bool {
		return strings.ContainsAny(w[:min(1, len(w))], "<>|&;#") || strings.HasPrefix(w, "2>")
	}); end >= 0 {
		words = words[:end] // the shell's own
	}
	if len(words) > 0 && (words[0] == "quay20ctl" || words[0] == "quay20") {
		return words[1:]
	}
	return nil
}

const tryMark = "<!-- thử -->"

var inlineOrder = regexp.MustCompile("`((?:sudo )?quay20(?:ctl)? [^`]+)`")

// orders reads the commands of a runbook: the lines of its shell blocks, and
// those of our own that stand in a sentence.
func orders(t *testing.T, path string) (all []order) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	shell, inside, mark, begun := false, false, false, ""
	for i, line := range strings.Split(string(b), "\n") {
		at := fmt.Sprintf("%s:%d", filepath.Base(path), i+1)
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
			shell = inside && (line == "```sh" || strings.HasPrefix(line, "```sh "))
			if !inside {
				mark = false
			}
		case line == tryMark:
			mark = true
		case shell && strings.HasSuffix(line, `\`):
			begun += strings.TrimSuffix(line, `\`)
		case shell && line != "" && line[0] != '#':
			all = append(all, order{at, shellWords(begun + line), mark, false})
			begun = ""
		case !inside:
			for _, m := range inlineOrder.FindAllStringSubmatch(line, -1) {
				if !strings.Contains(m[1], "…") {
					all = append(all, order{at, shellWords(m[1]), false, true})
				}
			}
		}
	}
	return all
}

// shellWords splits a line at spaces that no quotes hold together.
func shellWords(line string) (words []string) {
	var word strings.Builder
	quote, any := rune(0), false
	for _, r := range line + " " {
		switch {
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, any = r, true
		case quote == 0 && r == ' ':
			if any || word.Len() > 0 {
				words = append(words, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteRune(r)
		}
	}
	return words
}

func commandLine(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := kong.New(&CLI{}, kong.Name("quay20"), kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard),
		kong.BindTo(context.Background(), (*context.Context)(nil)))
	must(t, err)
	return parser
}

// settings are the names of all QUAY20_ variables that some option reads.
func settings(node *kong.Node, into map[string]bool) {
	for _, f := range node.Flags {
		for _, env := range f.Envs {
			into[env] = true
		}
	}
	for _, child := range node.Children {
		settings(child, into)
	}
}

var settingName = regexp.MustCompile(`\bQUAY20_[A-Z_]+`)

// Every command of ours in a runbook is one that there is, with options that
// there are; every setting is one that some option reads.
func TestRunbooksNameWhatThereIs(t *testing.T) {
	t.Parallel()
	books, err := filepath.Glob("../../docs/runbook/*.md")
	must(t, err)
	known := map[string]bool{}
	settings(commandLine(t).Model.Node, known)
	read := 0
	for _, book := range books {
		for _, o := range orders(t, book) {
			args := o.own()
			if args == nil {
				continue
			}
			read++
			_, err := commandLine(t).Parse(args)
			lacks := err != nil && (strings.HasPrefix(err.Error(), "missing flags") || strings.HasPrefix(err.Error(), "expected "))
			if err != nil && !slices.Contains(args, "--help") && !(o.named && lacks) {
				t.Errorf("%s: quay20 %s: %v", o.at, strings.Join(args, " "), err)
			}
		}
	}
	if read < 30 {
		t.Errorf("only %d commands of ours in %v", read, books)
	}
	for _, file := range append(books, "../../packaging/quay20.env", "../../Containerfile") {
		b, err := os.ReadFile(file)
		must(t, err)
		for _, name := range settingName.FindAllString(string(b), -1) {
			if !known[name] {
				t.Errorf("%s: no option reads %s", filepath.Base(file), name)
			}
		}
	}
}

// The harmless commands of the runbook do what they say, in the order in which
// they stand, on a node that serves.
func TestRunbookWorks(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	must(t, err)
	dir := t.TempDir()
	listen, metrics := freeAddress(t), freeAddress(t)
	here := strings.NewReplacer("/var/lib/quay20", filepath.Join(dir, "quay20"), "127.0.0.1:8020", listen, "127.0.0.1:8021", metrics)
	settings, err := os.ReadFile("../../packaging/quay20.env")
	must(t, err)
	env := append(os.Environ(), "NOTIFY_SOCKET=") // and the settings of the package
	for line := range strings.Lines(string(settings)) {
		if strings.HasPrefix(line, "QUAY20_") {
			env = append(env, here.Replace(strings.TrimSpace(line)))
		}
	}
	for _, folder := range []string{"quay20", "quay20-witness", "quay20-backup"} {
		must(t, os.Mkdir(filepath.Join(dir, folder), 0o700))
	}
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command(self)
		cmd.Args, cmd.Env = append([]string{"quay20"}, args...), env
		return cmd
	}
	server := command("serve")
	var log bytes.Buffer
	server.Stderr = &log
	must(t, server.Start())
	defer server.Wait()
	defer server.Process.Kill()
	waitFor(t, "http://"+listen+"/healthz", &log)

	tried := 0
	for _, o := range orders(t, "../../docs/runbook/README.md") {
		args := o.own()
		if !o.tried || args == nil {
			continue
		}
		for i := range args {
			args[i] = here.Replace(args[i])
		}
		tried++
		if said, err := command(args...).CombinedOutput(); err != nil {
			t.Errorf("%s: quay20 %s: %v\n%s", o.at, strings.Join(args, " "), err, said)
		}
	}
	if tried < 12 {
		t.Errorf("only %d commands were tried", tried)
	}
	figuresAreThere(t, string(fetch(t, "http://"+metrics+"/metrics")))
}

func waitFor(t *testing.T, address string, log *bytes.Buffer) {
	t.Helper()
	for range 600 {
		res, err := http.Get(address)
		if err == nil {
			res.Body.Close()
			return
		}
		time.Sleep(100 * time.Millisecond) // another process: there is no signal to wait for
	}
	t.Fatalf("%s does not answer: %s", address, log)
}

var (
	figureName = regexp.MustCompile(`quay20_[a-z_]+`)
	descName   = regexp.MustCompile(`fqName: "([^"]+)"`)
)

// figuresAreThere wants every figure that the runbook's alerts watch.
func figuresAreThere(t *testing.T, figures string) {
	t.Helper()
	known := map[string]bool{}
	for _, name := range figureName.FindAllString(figures, -1) {
		known[name] = true
	}
	described := make(chan *prometheus.Desc, 100)
	(&gauges{}).Describe(described)
	close(described)
	for d := range described {
		known[descName.FindStringSubmatch(d.String())[1]] = true
	}
	b, err := os.ReadFile("../../docs/runbook/README.md")
	must(t, err)
	watched := figureName.FindAllString(string(b), -1)
	if len(watched) < 10 {
		t.Errorf("the runbook watches only %v", watched)
	}
	for _, name := range watched {
		if !known[name] {
			t.Errorf("the runbook watches %s, which no figure is called", name)
		}
	}
}
