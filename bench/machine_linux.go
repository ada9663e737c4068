package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// clockTick is the unit of times in /proc: USER_HZ, 100 a second on every
// architecture that Go runs on.
const clockTick = 10 * time.Millisecond

// Magic numbers of statfs(2).
var fileSystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
	unix.F2FS_SUPER_MAGIC: "f2fs", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs", unix.NFS_SUPER_MAGIC: "nfs",
	unix.TMPFS_MAGIC: "tmpfs", unix.RAMFS_MAGIC: "ramfs", 0x2fc12fc1: "zfs",
}

// fileSystem returns the name of the file system that a folder is on, and
// whether it is memory.
func fileSystem(dir string) (name string, memory bool, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", false, fmt.Errorf("bench: file system of %s: %w", dir, err)
	}
	magic := int64(s.Type) //nolint:unconvert // 32 bits on some architectures
	name = fileSystems[magic]
	if name == "" {
		name = fmt.Sprintf("%#x", magic)
	}
	return name, name == "tmpfs" || name == "ramfs", nil
}

var errStat = errors.New("unexpected form")

// cpuTime returns the CPU time that a process has used.
func cpuTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("bench: CPU of process %d: %w", pid, err)
	}
	return parseStat(b)
}

// parseStat reads user and system time in /proc/<pid>/stat, see proc(5). The
// second field may hold anything, in parentheses.
func parseStat(b []byte) (time.Duration, error) {
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("bench: process times: %w", errStat)
	}
	user, err1 := strconv.ParseUint(string(fields[11]), 10, 48)
	system, err2 := strconv.ParseUint(string(fields[12]), 10, 48)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("bench: process times: %w", errStat)
	}
	return time.Duration(user+system) * clockTick, nil
}

// memory returns the resident memory of a process in bytes.
func memory(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("bench: memory of process %d: %w", pid, err)
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0, fmt.Errorf("bench: memory of process %d: %w", pid, errStat)
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 48)
	if err != nil {
		return 0, fmt.Errorf("bench: memory of process %d: %w", pid, errStat)
	}
	return pages * int64(os.Getpagesize()), nil
}

// canPin tells whether there is a core for the server and another one for the
// generator.
func canPin() bool {
	_, ok := cores()
	return ok
}

// cores are the first two that this process may run on: the server's, and the
// generator's.
func cores() (two [2]int, ok bool) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return two, false
	}
	found := 0
	for n := 0; n < len(set)*strconv.IntSize && found < len(two); n++ {
		if set.IsSet(n) {
			two[found] = n
			found++
		}
	}
	return two, found == len(two)
}

// ownMemory is what this machine has, bytes.
func ownMemory() int64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 4 << 30
	}
	return int64(info.Totalram) * int64(info.Unit)
}

// startPinned starts a command on the first core and keeps this process off it: a
// child inherits the cores of the thread that starts it.
func startPinned(command *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	two, _ := cores()
	if err := unix.SchedSetaffinity(0, core(two[0])); err != nil {
		return fmt.Errorf("bench: pin the server: %w", err)
	}
	startErr := command.Start()
	if err := pinSelf(two[1]); err != nil {
		if startErr == nil {
			startErr = errors.Join(command.Process.Kill(), command.Wait())
		}
		return errors.Join(err, startErr)
	}
	return startErr
}

// pinSelf puts every thread of this process on one core; those to come inherit it.
func pinSelf(n int) error {
	runtime.GOMAXPROCS(1)
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("bench: pin the generator: %w", err)
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		if err := unix.SchedSetaffinity(tid, core(n)); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("bench: pin the generator: %w", err)
		}
	}
	return nil
}

func core(n int) *unix.CPUSet {
	var set unix.CPUSet
	set.Set(n)
	return &set
}
