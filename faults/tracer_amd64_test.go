package faults

import "syscall"

// calls are the calls of the kernel that a traced program stops at, by number:
// those that change files, and those that read them.
var calls = map[uint64]string{
	syscall.SYS_OPEN: "open", syscall.SYS_OPENAT: "openat", syscall.SYS_CREAT: "creat",
	syscall.SYS_WRITE: "write", syscall.SYS_PWRITE64: "pwrite64", syscall.SYS_READ: "read", syscall.SYS_PREAD64: "pread64",
	syscall.SYS_FSYNC: "fsync", syscall.SYS_FDATASYNC: "fdatasync", syscall.SYS_FTRUNCATE: "ftruncate", syscall.SYS_FALLOCATE: "fallocate",
	syscall.SYS_UNLINK: "unlink", syscall.SYS_UNLINKAT: "unlinkat", syscall.SYS_MKDIR: "mkdir", syscall.SYS_MKDIRAT: "mkdirat",
	syscall.SYS_RENAME: "rename", syscall.SYS_RENAMEAT: "renameat", 316: "renameat2", syscall.SYS_LINK: "link", syscall.SYS_LINKAT: "linkat",
}

// about is the number of the call that a thread is about to make, with its
// arguments.
func about(r *syscall.PtraceRegs) (number uint64, args [6]uint64) {
	return r.Orig_rax, [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}
}

// answer lets the call be answered without being made.
func answer(r *syscall.PtraceRegs, with uint64) {
	r.Orig_rax, r.Rax = ^uint64(0), with
}
