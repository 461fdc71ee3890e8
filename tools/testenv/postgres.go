//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a PostgreSQL of our own: its own data folder, on loopback, at a
// port nobody uses, gone when we stop.
type server struct {
	url    string
	bin    string // folder of its programs, with which tests make further servers
	owner  string // as whom they run; "" is ourselves
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
}

// startPostgres makes and starts a server. Commits are as safe as in service
// (fsync and synchronous_commit stay on); in memory they are also quick.
func startPostgres(ctx context.Context, ondisk bool) (*server, error) {
	bin, err := serverPrograms(ctx)
	if err != nil {
		return nil, err
	}
	name, owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := dataFolder(ondisk, owner)
	if err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	s := &server{bin: bin, owner: name, dir: dir}
	if err := s.start(ctx, bin, owner); err != nil {
		s.stop()
		return nil, err
	}
	say("PostgreSQL: %s on 127.0.0.1, data in %s", bin, dir)
	return s, nil
}

func (s *server) start(ctx context.Context, bin string, owner *syscall.Credential) error {
	password := rand.Text()
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	if err := give(secret, owner); err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "quay20", "--locale=C", "-E", "UTF8",
		"--auth=scram-sha-256", "--pwfile="+secret, "--no-sync")
	if out, err := as(initdb, s.dir, owner).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	var err error
	for range 3 { // another program may take the free port before the server does
		var port int
		if port, err = freePort(); err != nil {
			return err
		}
		if err = s.serve(bin, data, port, owner); err == nil {
			s.url = fmt.Sprintf("postgres://quay20:%s@127.0.0.1:%d/postgres?sslmode=disable", password, port)
			return nil
		}
	}
	return err
}

// serve starts the server and waits until it says that it is ready.
func (s *server) serve(bin, data string, port int, owner *syscall.Credential) error {
	cmd := as(exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300",
		"-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB", "-c", "checkpoint_timeout=30min",
		"-c", "log_timezone=UTC", "-c", "timezone=UTC"), s.dir, owner)
	cmd.SysProcAttr.Setpgid = true // an interrupt is for the tests first; we stop the server after them
	words, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.exited = cmd, make(chan struct{})
	ready := make(chan struct{})
	var early strings.Builder
	go func() {
		defer close(s.exited)
		lines := bufio.NewReader(words)
		for isReady := false; !isReady; {
			line, err := lines.ReadString('\n')
			early.WriteString(line)
			if err != nil {
				break
			}
			if isReady = strings.Contains(line, "ready to accept connections"); isReady {
				close(ready)
			}
		}
		log, err := os.Create(filepath.Join(s.dir, "server.log"))
		if err == nil {
			defer log.Close()
			io.Copy(log, lines)
		}
		io.Copy(io.Discard, lines)
		cmd.Wait()
	}()
	select {
	case <-ready:
		return nil
	case <-s.exited:
		s.cmd = nil
		return fmt.Errorf("the server did not start:\n%s", early.String())
	case <-time.After(time.Minute):
		return fmt.Errorf("the server was not ready within a minute")
	}
}

// stop ends the server, politely first, and removes its data.
func (s *server) stop() {
	if s.cmd != nil {
		s.cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-s.exited:
		case <-time.After(15 * time.Second):
			s.cmd.Process.Signal(syscall.SIGQUIT)
			<-s.exited
		}
	}
	os.RemoveAll(s.dir)
}

// unprivileged is whom the server runs as when we are root, whom PostgreSQL
// refuses; nil means ourselves.
func unprivileged() (name string, owner *syscall.Credential, err error) {
	if os.Geteuid() != 0 {
		return "", nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return name, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return "", nil, fmt.Errorf("we are root, whom PostgreSQL refuses, and there is neither a user postgres nor nobody")
}

// as makes cmd run as owner in dir, speaking English.
func as(cmd *exec.Cmd, dir string, owner *syscall.Credential) *exec.Cmd {
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	return cmd
}

func give(path string, owner *syscall.Credential) error {
	if owner == nil {
		return nil
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// dataFolder makes the server's folder: in memory where the machine has a
// memory file system with room, else on disk.
func dataFolder(ondisk bool, owner *syscall.Credential) (string, error) {
	parent := ""
	if !ondisk && roomFor(memory, 2<<30) {
		parent = memory
	}
	dir, err := os.MkdirTemp(parent, "quay20-postgres-")
	if err != nil {
		return "", err
	}
	return dir, give(dir, owner)
}

const memory = "/dev/shm"

func roomFor(dir string, bytes uint64) bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(dir, &fs) == nil && fs.Bavail*uint64(fs.Bsize) > bytes
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
