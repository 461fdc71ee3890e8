package faults

import (
	"context"
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is one PostgreSQL server of a test: its own folder and port, which
// stay the same over its deaths.
type cluster struct {
	t        testing.TB
	dir      string // holds data, log and password file
	port     int
	password string // of everybody
	owner    *syscall.Credential
	cmd      *exec.Cmd
	exited   chan struct{}
}

// serverProgram is a program of the server's package.
func serverProgram(t testing.TB, name string) string {
	t.Helper()
	bin := os.Getenv("TEST_POSTGRES_BIN")
	if bin == "" {
		t.Skip("TEST_POSTGRES_BIN is not set; make test sets it")
	}
	return filepath.Join(bin, name)
}

// newCluster makes and starts a primary with a role and a database for the
// program, as docs/runbook/postgresql.md has it.
func newCluster(t testing.TB) *cluster {
	t.Helper()
	c := blankCluster(t)
	c.password = rand.Text()
	must(t, os.WriteFile(filepath.Join(c.dir, "password"), []byte(c.password), 0o644))
	c.run("initdb", "-D", c.data(), "-U", "postgres", "--locale=C", "-E", "UTF8", "--auth=scram-sha-256",
		"--pwfile="+filepath.Join(c.dir, "password"), "--no-sync")
	hba, err := os.OpenFile(filepath.Join(c.data(), "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	fmt.Fprintln(hba, "host replication postgres 127.0.0.1/32 scram-sha-256")
	must(t, hba.Close())
	c.start()
	c.order("postgres", "CREATE ROLE quay20 LOGIN PASSWORD '"+c.password+"'")
	c.order("postgres", "CREATE DATABASE quay20 OWNER quay20 TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	return c
}

func blankCluster(t testing.TB) *cluster {
	t.Helper()
	serverProgram(t, "postgres")
	c := &cluster{t: t, owner: unprivileged(t)}
	dir, err := os.MkdirTemp(memory(), "quay20-cluster-")
	must(t, err)
	c.dir = dir
	t.Cleanup(func() { os.RemoveAll(dir) })
	if c.owner != nil {
		must(t, os.Chown(dir, int(c.owner.Uid), int(c.owner.Gid)))
	}
	c.port = free(t)
	return c
}

// free is a port for a server that goes down and comes back: one below those
// that the system gives away, so that nobody takes it meanwhile.
func free(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 15_000 + mrand.IntN(15_000)
		if l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			must(t, l.Close())
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// unprivileged is as whom a server runs when the test is root, whom it refuses.
func unprivileged(t testing.TB) *syscall.Credential {
	t.Helper()
	name := os.Getenv("TEST_POSTGRES_OWNER")
	if name == "" {
		return nil
	}
	u, err := user.Lookup(name)
	must(t, err)
	uid, err := strconv.Atoi(u.Uid)
	must(t, err)
	gid, err := strconv.Atoi(u.Gid)
	must(t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// as makes a command run as the servers' owner.
func (c *cluster) as(cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+c.dir, "PGPASSWORD="+c.password)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner, Setpgid: true}
	return cmd
}

func (c *cluster) run(name string, args ...string) {
	c.t.Helper()
	out, err := c.as(exec.Command(serverProgram(c.t, name), args...)).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// start starts the server, also after it was killed, and waits until it takes
// connections.
func (c *cluster) start() {
	c.t.Helper()
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(c.t, err)
	defer log.Close()
	os.Remove(filepath.Join(c.data(), "postmaster.pid")) // of one that was killed
	cmd := c.as(exec.Command(serverProgram(c.t, "postgres"), "-D", c.data(), "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "shared_buffers=32MB",
		"-c", "dynamic_shared_memory_type=mmap")) // which goes with the folder
	cmd.Stderr = log
	must(c.t, cmd.Start())
	c.cmd, c.exited = cmd, make(chan struct{})
	exited := c.exited
	go func() { cmd.Wait(); close(exited) }()
	c.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGQUIT) // so that it leaves no shared memory
		select {
		case <-exited:
		case <-time.After(10 * time.Second):
			c.kill()
		}
	})
	for range 600 {
		if conn, err := pgx.Connect(context.Background(), c.admin("postgres")); err == nil {
			conn.Close(context.Background())
			return
		}
		select {
		case <-exited:
			c.t.Fatalf("the server ended at start:\n%s", c.log())
		case <-time.After(50 * time.Millisecond):
		}
	}
	c.t.Fatalf("the server does not take connections:\n%s", c.log())
}

func (c *cluster) log() string {
	b, _ := os.ReadFile(filepath.Join(c.dir, "log"))
	return string(b)
}

// kill is kill -9 for the postmaster and everyone it started, as when the power
// of the machine goes.
func (c *cluster) kill() {
	select {
	case <-c.exited:
		return
	default:
	}
	all := append(childrenOf(c.cmd.Process.Pid), c.cmd.Process.Pid)
	for range 2 { // a child may have come meanwhile
		for _, pid := range all {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		all = childrenOf(c.cmd.Process.Pid)
	}
	<-c.exited
}

// childrenOf lists who a process started, by /proc.
func childrenOf(parent int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		var state string
		var ppid int
		if n, _ := fmt.Sscan(rest, &state, &ppid); n == 2 && ppid == parent {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// standby makes and starts a copy of c that follows it under a name, through
// the network at port. With atOnce c answers a commit only when the copy has it.
func (c *cluster) standby(name string, port int, atOnce bool) *cluster {
	c.t.Helper()
	s := blankCluster(c.t)
	s.password = c.password
	s.follow(c, name, port, atOnce)
	return s
}

// follow makes a server that does not run a copy of c, whatever it was.
func (s *cluster) follow(c *cluster, name string, port int, atOnce bool) {
	s.t.Helper()
	must(s.t, os.RemoveAll(s.data()))
	s.run("pg_basebackup", "-D", s.data(), "-R", "--checkpoint=fast", "--no-sync",
		"-d", fmt.Sprintf("host=127.0.0.1 port=%d user=postgres application_name=%s", port, name))
	s.start()
	c.until("the standby follows", "SELECT COUNT(*) = 1 FROM pg_stat_replication WHERE state = 'streaming'")
	if atOnce {
		c.exec("ALTER SYSTEM SET synchronous_standby_names = '" + name + "'")
		c.exec("SELECT pg_reload_conf()")
		c.until("the standby is synchronous", "SELECT COUNT(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
	}
}

// admin is a database's address for the superuser.
func (c *cluster) admin(database string) string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/%s?sslmode=disable&connect_timeout=2", c.password, c.port, database)
}

// house is the program's address of its database, which lies behind one of the
// ports: the one that takes writes.
func (c *cluster) house(ports ...int) string {
	var hosts []string
	for _, p := range ports {
		hosts = append(hosts, "127.0.0.1:"+strconv.Itoa(p))
	}
	return fmt.Sprintf("postgres://quay20:%s@%s/quay20?sslmode=disable&target_session_attrs=read-write", c.password, strings.Join(hosts, ","))
}

// exec runs a statement in the program's database, as superuser.
func (c *cluster) exec(statement string) {
	c.t.Helper()
	c.order("quay20", statement)
}

func (c *cluster) order(database, statement string) {
	c.t.Helper()
	_, err := c.ask(database, statement)
	must(c.t, err)
}

// ask gives the first value that a statement answers, as superuser.
func (c *cluster) ask(database, statement string) (got any, err error) {
	ctx, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	conn, err := pgx.Connect(ctx, c.admin(database))
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(ctx, statement)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if values, err := rows.Values(); err == nil && len(values) > 0 && got == nil {
			got = values[0]
		}
	}
	return got, rows.Err()
}

// until waits for a statement to answer true.
func (c *cluster) until(what, statement string) {
	c.t.Helper()
	for range 600 {
		if got, err := c.ask("quay20", statement); err == nil && got == true {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatalf("waited half a minute until %s\n%s", what, c.log())
}

// promote makes a standby the primary.
func (c *cluster) promote() {
	c.t.Helper()
	c.exec("SELECT pg_promote()")
}

// proxy is the network between the program and a server. It can be slow, cut
// and mute.
type proxy struct {
	l      net.Listener
	target string

	mu    sync.Mutex // guards the rest
	delay time.Duration
	mute  bool
	conns map[net.Conn]bool
}

func newProxy(t testing.TB, port int) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{l: l, target: "127.0.0.1:" + strconv.Itoa(port), conns: map[net.Conn]bool{}}
	t.Cleanup(func() { l.Close(); p.reset() })
	go func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(a)
		}
	}()
	return p
}

func (p *proxy) port() int { return p.l.Addr().(*net.TCPAddr).Port }

func (p *proxy) carry(a net.Conn) {
	b, err := net.Dial("tcp", p.target)
	if err != nil {
		a.Close()
		return
	}
	p.mu.Lock()
	p.conns[a], p.conns[b] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pump(a, b) })
	both.Go(func() { p.pump(b, a) })
	both.Wait()
	p.mu.Lock()
	delete(p.conns, a)
	delete(p.conns, b)
	p.mu.Unlock()
}

// pump carries what comes in one direction, as the network is at the moment.
func (p *proxy) pump(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		p.mu.Lock()
		delay, mute := p.delay, p.mute
		p.mu.Unlock()
		time.Sleep(delay)
		if n > 0 && !mute {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// set makes the network slow or mute, for what comes from now on.
func (p *proxy) set(delay time.Duration, mute bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay, p.mute = delay, mute
}

// reset tears all connections, and says how many there were.
func (p *proxy) reset() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0) // RST, not FIN
		}
		c.Close()
		n++
	}
	return n
}

// signal sends a signal to each process.
func signal(t testing.TB, s syscall.Signal, pids ...int) {
	t.Helper()
	if len(pids) == 0 {
		t.Error("nobody to signal")
	}
	for _, pid := range pids {
		must(t, syscall.Kill(pid, s))
	}
}
