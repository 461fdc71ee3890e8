package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// hello is the least program that serves; ours starts beside it.
const hello = `package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	http.ListenAndServe(os.Args[1], nil)
}
`

// programs builds quay20 and the one that says hello.
func programs(ctx context.Context, dir string) (quay, greeter string, err error) {
	quay, greeter = filepath.Join(dir, "quay20"), filepath.Join(dir, "hello")
	source := filepath.Join(dir, "hello.go")
	if err := os.WriteFile(source, []byte(hello), 0o600); err != nil {
		return "", "", err
	}
	for out, from := range map[string]string{quay: "./cmd/quay20", greeter: source} {
		if said, err := exec.CommandContext(ctx, "go", "build", "-o", out, from).CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("building %s: %w\n%s", from, err, said)
		}
	}
	return quay, greeter, nil
}

// coldStart is the time from exec to the first answer, and the memory of the
// program some seconds later.
func coldStart(ctx context.Context, idle time.Duration, name string, args ...string) (took time.Duration, pss int64, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	address := l.Addr().String()
	l.Close()
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "ADDRESS", address)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	}()
	for time.Since(begun) < time.Minute {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			time.Sleep(500 * time.Microsecond)
			continue
		}
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", address)
		answer, err := io.ReadAll(conn)
		conn.Close()
		if err == nil && bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
			took = time.Since(begun)
			time.Sleep(idle)
			return took, memory(cmd.Process.Pid), nil
		}
		return 0, 0, fmt.Errorf("%s answered %.40q", name, answer)
	}
	return 0, 0, fmt.Errorf("%s did not answer within a minute: %s", name, said.Bytes())
}

// starts measures start and idle memory, empty and with what is stored, and
// how long verify takes.
func starts(ctx context.Context, p plan, all *results) error {
	if !all.wants("start", "verify") {
		return nil
	}
	dir, err := os.MkdirTemp(p.dir, "start-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	quay, greeter, err := programs(ctx, dir)
	if err != nil {
		return err
	}
	const tries = 7
	once := func(w what, name string, args ...string) error {
		if !all.lacks(w) {
			return nil
		}
		var times []time.Duration
		var idle int64
		for i := range tries {
			took, pss, err := coldStart(ctx, map[bool]time.Duration{true: 3 * time.Second}[i == tries-1], name, slices.Clone(args)...)
			if err != nil {
				return err
			}
			times, idle = append(times, took), pss
		}
		slices.Sort(times)
		all.add(w, result{Rate: 1 / times[tries/2].Seconds(), P50: times[tries/2], P99: times[tries-1], Peak: idle})
		return nil
	}
	for range p.rounds {
		if err := once(what{"start of a program that says hello", 1, 0, ""}, greeter, "ADDRESS"); err != nil {
			return err
		}
		if err := once(what{"start, and memory when idle", 1, 0, "SQLite"}, quay, "serve", "--listen", "ADDRESS", "--data", filepath.Join(dir, "new")); err != nil {
			return err
		}
		for _, n := range p.sizes {
			folder := filepath.Join(p.dir, fmt.Sprintf("sqlite-%d", n))
			if err := once(what{"start, and memory when idle", 1, n, "SQLite"}, quay, "demo", "--listen", "ADDRESS", "--data", folder); err != nil {
				return err
			}
		}
	}
	for _, n := range p.sizes {
		if n <= p.history {
			if err := verified(ctx, all, quay, n, filepath.Join(p.dir, fmt.Sprintf("sqlite-%d", n))); err != nil {
				return err
			}
		}
	}
	return nil
}

// verified has the program look for changes of the past; each answer is one
// entry of the journal.
func verified(ctx context.Context, all *results, quay string, n int64, dir string) error {
	w := what{"verify, entries of the journal", 1, n, "SQLite"}
	if !all.lacks(w) {
		return nil
	}
	cmd := exec.CommandContext(ctx, quay, "verify", "--json", "--data", dir)
	begun := time.Now()
	out, err := cmd.Output()
	took := time.Since(begun)
	if err != nil {
		return fmt.Errorf("verify of the filled database: %w\n%.2000s", err, out)
	}
	var report struct {
		Entries int64 `json:"entries"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return err
	}
	all.add(w, result{
		Rate: float64(report.Entries) / took.Seconds(), P50: took, P99: took,
		CPU:  (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()) / time.Duration(report.Entries),
		Peak: cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10,
	})
	return nil
}
