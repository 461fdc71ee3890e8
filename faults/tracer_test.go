package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"runtime"

	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// call is one call of the kernel by the traced program, before it happens.
type call struct {
	name string // "pwrite64"
	path string // of the file that it is about
}

// verdict is what becomes of a call.
type verdict struct {
	kind  int
	errno syscall.Errno // with fail
	wait  time.Duration // before the call is made
}

const (
	pass = iota // the call is made
	fail        // it is not made, and the program is told errno
	lie         // it is not made, and the program is told that it was
	end         // the program is killed instead
)

// traced is a program whose calls of the kernel a test decides about. strace
// counts calls thread by thread, which Go's scheduler makes meaningless; here
// the n-th call is the n-th of the whole program.
type traced struct {
	cmd *exec.Cmd

	mu     sync.Mutex // guards the rest
	decide func(call) verdict
	status syscall.WaitStatus
}

// judge sets who decides from now on; nil lets every call pass.
func (p *traced) judge(decide func(call) verdict) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide = decide
}

func (p *traced) verdict(c call) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.decide == nil {
		return verdict{}
	}
	return p.decide(c)
}

// sift says in a program's environment that this binary is to become that
// program after it has asked the kernel to stop at the calls listed in calls.
const sift = "FAULTS_SIFT"

// Of seccomp and ptrace; the standard library does not name them.
const (
	setNoNewPrivileges         = 38
	setSeccomp, seccompFilter  = 22, 2
	seccompTrace, seccompAllow = 0x7ff00000, 0x7fff0000
	traceSeccomp, atSeccomp    = 0x80, 7
	exitKill                   = 0x100000 // the program ends with who follows it
	loadWord, jumpIfEqual, ret = 0x20, 0x15, 0x06
)

// becomeSifted never returns when all goes well.
func becomeSifted(args []string) error {
	runtime.LockOSThread()
	filter := []syscall.SockFilter{{Code: loadWord, K: 0}} // the call's number
	left := len(calls)
	for number := range calls {
		filter = append(filter, syscall.SockFilter{Code: jumpIfEqual, Jt: uint8(left), K: uint32(number)})
		left--
	}
	filter = append(filter, syscall.SockFilter{Code: ret, K: seccompAllow}, syscall.SockFilter{Code: ret, K: seccompTrace})
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	for _, set := range [][3]uintptr{{setNoNewPrivileges, 1, 0}, {setSeccomp, seccompFilter, uintptr(unsafe.Pointer(&program))}} {
		if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, set[0], set[1], set[2], 0, 0, 0); errno != 0 {
			return fmt.Errorf("asking for a filter of system calls: %w", errno)
		}
	}
	os.Unsetenv(sift)
	return fmt.Errorf("becoming %s: %w", args[0], syscall.Exec(args[0], args, os.Environ()))
}

// trace starts cmd with somebody who decides about its calls from the first
// one on. wait gives back when the whole program has ended.
func trace(cmd *exec.Cmd, decide func(call) verdict) (p *traced, wait func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd.Args = append([]string{self, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = self
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, sift+"=1")
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Ptrace = true
	cmd.SysProcAttr.Setpgid = true // by which it is told from other children of the same thread
	p = &traced{cmd: cmd, decide: decide}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // whose children the program's threads become; the thread ends with this goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			p.follow(cmd.Process.Pid)
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return nil, nil, err
	}
	return p, func() {
		<-ended
		cmd.Wait() // its status is taken already; this ends what copies its words
	}, nil
}

// mayTrace skips a test where programs may not be traced.
func mayTrace(t testing.TB) {
	t.Helper()
	if err := traceable(); err != nil {
		t.Skipf("no ptrace: %v", err)
	}
}

var traceable = sync.OnceValue(func() error {
	met := 0
	_, wait, err := trace(exec.Command("true"), func(call) verdict { met++; return verdict{} })
	if err != nil {
		return err
	}
	if wait(); met == 0 {
		return errors.New("no call of the kernel was seen")
	}
	return nil
})

// follow lets the program and all its threads run from stop to stop.
func (p *traced) follow(pid int) {
	begun := false
	held := map[int]time.Time{} // threads whose call is delayed, and until when
	for {
		how := syscall.WALL | syscall.WNOTHREAD
		if len(held) > 0 {
			how |= syscall.WNOHANG
		}
		var status syscall.WaitStatus
		thread, err := syscall.Wait4(-pid, &status, how, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil: // nobody is left
			return
		case thread == 0:
			time.Sleep(time.Millisecond)
			for thread, until := range held {
				if time.Now().After(until) {
					delete(held, thread)
					syscall.PtraceCont(thread, 0)
				}
			}
			continue
		case status.Exited() || status.Signaled():
			delete(held, thread)
			if thread == pid {
				p.mu.Lock()
				p.status = status
				p.mu.Unlock()
			}
			continue
		}
		if !begun {
			begun = true
			syscall.PtraceSetOptions(thread, syscall.PTRACE_O_TRACECLONE|syscall.PTRACE_O_TRACEEXEC|traceSeccomp|exitKill)
		}
		signal := 0
		switch stop := status.StopSignal(); {
		case stop == syscall.SIGTRAP && status.TrapCause() == atSeccomp:
			if wait := p.atCall(pid, thread); wait > 0 {
				held[thread] = time.Now().Add(wait)
				continue
			}
		case stop != syscall.SIGTRAP && stop != syscall.SIGSTOP: // a new thread's first stop is no signal to it
			signal = int(stop)
		}
		syscall.PtraceCont(thread, signal)
	}
}

// atCall carries out the verdict about the call that a thread is about to make;
// it goes on after wait.
func (p *traced) atCall(pid, thread int) (wait time.Duration) {
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(thread, &regs) != nil { // it was killed
		return 0
	}
	number, args := about(&regs)
	c := call{name: calls[number]}
	switch c.name {
	case "open", "creat", "unlink", "rename", "mkdir", "link":
		c.path = pathAt(thread, args[0])
	case "openat", "unlinkat", "renameat", "renameat2", "mkdirat", "linkat":
		c.path = pathAt(thread, args[1])
	default:
		c.path, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, int32(args[0])))
	}
	v := p.verdict(c)
	switch v.kind {
	case fail:
		answer(&regs, uint64(-int64(v.errno)))
		syscall.PtraceSetRegs(thread, &regs)
	case lie:
		answer(&regs, done(c.name, args))
		syscall.PtraceSetRegs(thread, &regs)
	case end:
		syscall.Kill(pid, syscall.SIGKILL)
	}
	return v.wait
}

// pathAt reads the name that a call was given.
func pathAt(thread int, address uint64) string {
	var name []byte
	word := make([]byte, 8)
	for len(name) < 4096 {
		n, err := syscall.PtracePeekData(thread, uintptr(address)+uintptr(len(name)), word)
		if err != nil || n == 0 {
			break
		}
		if end := bytes.IndexByte(word[:n], 0); end >= 0 {
			return string(append(name, word[:end]...))
		}
		name = append(name, word[:n]...)
	}
	return string(name)
}

// done is what the kernel answers when it has made a call as asked.
func done(name string, args [6]uint64) uint64 {
	switch name {
	case "write", "pwrite64":
		return args[2]
	}
	return 0
}
