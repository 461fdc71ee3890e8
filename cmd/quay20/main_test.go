package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the goldens in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"quay20": program})
}

// program is the program with a clock that begins where the script says.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	now := time.Now
	if s := os.Getenv("TEST_NOW"); s != "" {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			panic(err)
		}
		begun := time.Now()
		now = func() time.Time { return at.Add(time.Since(begun)) }
	}
	os.Exit(run(ctx, os.Args[1:], Std{os.Stdin, os.Stdout, os.Stderr, now}))
}

func TestScripts(t *testing.T) {
	packs, err := filepath.Abs("../../packs")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PACKS", packs)
			env.Setenv("LISTEN", freeAddress(t))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"answers": answers, "appears": appears, "vouched": vouched},
	})
}

// freeAddress is an address nobody listens on.
func freeAddress(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// answers waits until the address answers a path, and looks for words in the
// answer if any are given: answers ADDRESS PATH [WORDS].
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: answers ADDRESS PATH [WORDS]")
	}
	for range 1200 {
		res, err := http.Get("http://" + args[0] + args[1])
		if err == nil {
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				if len(args) == 3 && !strings.Contains(string(body), args[2]) {
					ts.Fatalf("%s does not say %s: %.300s", args[1], args[2], body)
				}
				return
			}
		}
		time.Sleep(100 * time.Millisecond) // another process: there is no signal to wait for
	}
	ts.Fatalf("%s does not answer %s", args[0], args[1])
}

// appears waits until there is a file: appears PATTERN.
func appears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: appears PATTERN")
	}
	for range 600 {
		if names, _ := filepath.Glob(ts.MkAbs(args[0])); len(names) > 0 {
			return
		}
		time.Sleep(100 * time.Millisecond) // another process: there is no signal to wait for
	}
	ts.Fatalf("%s does not appear", args[0])
}

// vouched runs a command with a demo administrator as its second person:
// vouched COMMAND LOGIN FLAG…, the last one of which is the data folder.
func vouched(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: vouched COMMAND LOGIN FLAG…")
	}
	ts.Check(ts.Exec("quay20", "user", "code", args[1], "--data", args[len(args)-1]))
	code := strings.TrimSpace(ts.ReadFile("stdout"))
	ts.Check(ts.Exec("quay20", append([]string{args[0], "--second", args[1] + "=" + code}, args[2:]...)...))
}

// rel-I-X6: after SIGTERM a request under way is finished, no new one is
// taken, and the program ends with status 0; the service manager is told when
// it serves and when it stops.
func TestTermFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	server := exec.Command(self)
	server.Args = []string{"quay20", "serve", "--data", filepath.Join(t.TempDir(), "node"), "--listen", address}
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "manager"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	server.Env = append(os.Environ(), "NOTIFY_SOCKET="+manager.LocalAddr().String())
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Process.Kill()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.Contains(lines.Text(), address) {
		t.Fatalf("it says %q, want its address", lines.Text())
	}
	slow, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprintf(slow, "POST /csp-report HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", address)
	answers := bufio.NewReader(slow)
	if line, err := answers.ReadString('\n'); !strings.Contains(line, "100 Continue") {
		t.Fatalf("it says %q, %v; want that it reads the body", line, err)
	}
	answers.ReadString('\n')
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for {
		c, err := net.Dial("tcp", address)
		if err != nil {
			break // it takes no more
		}
		c.Close()
	}
	fmt.Fprint(slow, "{}")
	if line, err := answers.ReadString('\n'); !strings.Contains(line, "204") {
		t.Errorf("the request under way gets %q, %v", line, err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("it ends with %v, want status 0", err)
	}
	for _, want := range []string{"READY=1", "STOPPING=1"} {
		manager.SetReadDeadline(time.Now().Add(time.Second))
		b := make([]byte, 100)
		if n, err := manager.Read(b); err != nil || string(b[:n]) != want {
			t.Errorf("it told the service manager %q, %v; want %s", b[:n], err, want)
		}
	}
}

// rel-K42, rel-K73: the first administrator's code is printed on a console, and
// nowhere that keeps what is printed.
func TestFirstCodeIsPrintedOnAConsoleOnly(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "manager"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	code := regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){3}`)
	for kept, setting := range map[string]string{"": "NOTIFY_SOCKET=", "container": "QUAY20_LOGGED=yes", "service": "NOTIFY_SOCKET=" + manager.LocalAddr().String()} {
		server := exec.Command(self)
		server.Args = []string{"quay20", "serve", "--data", filepath.Join(t.TempDir(), "node"), "--listen", freeAddress(t)}
		server.Env = append(os.Environ(), setting)
		var printed strings.Builder
		server.Stdout = &printed
		log, err := server.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		defer server.Process.Kill()
		logged := ""
		for lines := bufio.NewScanner(log); lines.Scan(); logged += lines.Text() + "\n" {
			if strings.Contains(lines.Text(), `"msg":"serving"`) { // everything is printed by then
				server.Process.Signal(syscall.SIGTERM)
			}
		}
		if err := server.Wait(); err != nil {
			t.Errorf("%s: it ends with %v", setting, err)
		}
		if found := code.MatchString(printed.String()); found != (kept == "") {
			t.Errorf("%s: it printed %q", setting, &printed)
		}
		if code.MatchString(logged) {
			t.Errorf("%s: it logged %s", setting, logged)
		}
	}
}
