package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"chalkline/server"
)

// advice says what a person can do about an error; empty if that is not known
// here or in the error itself.
func advice(err error) string {
	_, named := errors.AsType[*server.ListenError](err)
	switch {
	case errors.Is(err, syscall.EACCES) && isListen(err):
		return "Ports below 1024 are for root, or for a service with AmbientCapabilities=CAP_NET_BIND_SERVICE (docs/deploy.md)."
	case named:
		return "" // it says itself which setting to change
	case errors.Is(err, syscall.EADDRINUSE):
		return "Another program, or another chalkline, listens there already: stop it, or choose another port with --listen :9443."
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "This machine has no such address: name one that it has, or none for all (--listen :8443)."
	case errors.Is(err, fs.ErrPermission):
		return "Give this user the right to it, or choose another data directory with --data."
	case errors.Is(err, syscall.EROFS):
		return "That file system is read-only: choose another data directory with --data."
	case errors.Is(err, syscall.ENOSPC):
		return "The disk is full: make room, then start again. Nothing that was acknowledged is lost."
	}
	return ""
}

// isListen says whether the error is about opening a socket.
func isListen(err error) bool {
	var call *os.SyscallError
	return errors.As(err, &call) && call.Syscall == "bind"
}
