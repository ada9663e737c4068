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

func canPin() bool { return false }

func startPinned(command *exec.Cmd) error { return command.Start() }
