//go:build unix

// Testenv runs a command with what the tests of quay20 need around it: a
// PostgreSQL server of its own and a Chromium.
//
//	go run ./tools/testenv -- go test ./...
//
// It uses what the machine has, installs what it lacks (Debian packages when
// it may, npm packages that carry the program otherwise), tells the command by
// TEST_POSTGRES and TEST_CHROMIUM, and by TEST_POSTGRES_BIN and _OWNER how to
// make further servers; puts strace on the machine, and stops the server when
// the command ends, fails or is interrupted. What cannot be had is said and left out: the tests
// then skip, and the exit status stays the command's own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	ondisk := flag.Bool("ondisk", false, "keep the database on disk, not in memory: for figures, not for tests")
	postgres := flag.Bool("postgres", true, "provide PostgreSQL")
	chromium := flag.Bool("chromium", true, "provide Chromium")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: testenv [-ondisk] [-postgres=false] [-chromium=false] -- command [argument…]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := around(ctx, *postgres, *chromium, *ondisk, flag.Args())
	stop()
	os.Exit(code)
}

// around provides the services, runs the command and takes the services away.
func around(ctx context.Context, postgres, chromium, ondisk bool, command []string) int {
	env := os.Environ()
	if postgres && os.Getenv("TEST_POSTGRES") == "" {
		server, err := startPostgres(ctx, ondisk)
		if err != nil {
			say("no PostgreSQL, its tests will be skipped: %v", err)
		} else {
			defer server.stop()
			env = append(env, "TEST_POSTGRES="+server.url, "TEST_POSTGRES_BIN="+server.bin, "TEST_POSTGRES_OWNER="+server.owner)
		}
	}
	if chromium && os.Getenv("TEST_CHROMIUM") == "" {
		path, err := findChromium(ctx)
		if err != nil {
			say("no Chromium, the browser tests will be skipped: %v", err)
		} else {
			say("Chromium: %s", path)
			env = append(env, "TEST_CHROMIUM="+path)
		}
	}
	if runtime.GOOS == "linux" {
		if _, err := findStrace(ctx); err != nil {
			say("no strace, without which tests of faults fail: %v", err)
		}
	}
	if ctx.Err() != nil {
		return 130
	}
	return run(ctx, env, command)
}

// run runs the command to its end; an interrupt is passed on and waited for.
func run(ctx context.Context, env, command []string) int {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 130
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1)
	case err != nil:
		say("running %s: %v", command[0], err)
		return 1
	}
	return 0
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "testenv: "+format+"\n", args...)
}
