//go:build !linux

package bench

import (
	"errors"
	"os/exec"
	"time"
)

var errUnknown = errors.New("bench: not known on this system")

func fileSystem(string) (name string, memory bool, err error) { return "unknown", false, nil }

func cpuTime(int) (time.Duration, error) { return 0, errUnknown }

func memory(int) (int64, error) { return 0, errUnknown }

func ownMemory() int64 { return 4 << 30 } // as a small machine has

func canPin() bool { return false }

func startPinned(command *exec.Cmd) error { return command.Start() }
