package server

import (
	"errors"
	"fmt"
	"syscall"
)

// ListenError says that a port cannot be had, and which setting it is of.
type ListenError struct {
	Setting string // such as rtmp-listen
	Err     error
}

func (e *ListenError) Error() string {
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return fmt.Sprintf("%s: %v: another Chalkline, or another program, has this port: "+
			"stop it, or set %s to another port or %s", e.Setting, e.Err, e.Setting, e.none())
	case errors.Is(e.Err, syscall.EACCES):
		return fmt.Sprintf("%s: %v", e.Setting, e.Err)
	}
	return fmt.Sprintf("%s: %v: set %s to an address and port that this machine has, or %s", e.Setting, e.Err, e.Setting, e.none())
}

// none is what the setting is where there is to be no such port.
func (e *ListenError) none() string {
	if e.Setting == plainListen || e.Setting == metricsListen {
		return "leave it out"
	}
	return "to off"
}

func (e *ListenError) Unwrap() error { return e.Err }

// Settings of ports that there need not be.
const plainListen, metricsListen = "plain-listen", "metrics-listen"
