package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// stat gives parent and processor time of a process; not Linux: nothing.
func stat(pid any) (parent int, used time.Duration) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%v/stat", pid))
	if err != nil {
		return 0, 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	var user, system int64
	fmt.Sscan(f[1], &parent)
	fmt.Sscan(f[11], &user)
	fmt.Sscan(f[12], &system)
	return parent, time.Duration(user+system) * 10 * time.Millisecond
}

// cpu is the processor time that the child has used, with its database server.
func (c *child) cpu() time.Duration {
	_, used := stat(c.cmd.Process.Pid)
	if c.server == 0 {
		return used
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range all {
		pid := filepath.Base(path)
		if parent, more := stat(pid); parent == c.server || pid == fmt.Sprint(c.server) {
			used += more
		}
	}
	return used
}

// memory is a process's share of the machine's memory (PSS).
func memory(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "\nPss:")
	var kb int64
	fmt.Sscan(rest, &kb)
	return kb << 10
}

// peak looks at a child's memory until asked for the most that it saw.
func (c *child) peak() func() int64 {
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		var high int64
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			high = max(high, memory(c.cmd.Process.Pid))
			select {
			case <-done:
				most <- high
				return
			case <-tick.C:
			}
		}
	}()
	return func() int64 { close(done); return <-most }
}

// ownCPU is the processor time that this program has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func loadOfMachine() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
