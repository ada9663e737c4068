package server

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// ListenError says that a port cannot be had, and which setting it is of.
type ListenError struct {
	Setting string // such as rtmp-listen
	Err     error
}

func (e *ListenError) Error() string {
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return fmt.Sprintf("%s: %v: another Chalkline, or another program, has this port: "+
			"stop it, or set %s to another port or to off", e.Setting, e.Err, e.Setting)
	}
	return fmt.Sprintf("%s: %v: set %s to an address and port that this machine has, or to off", e.Setting, e.Err, e.Setting)
}

func (e *ListenError) Unwrap() error { return e.Err }

// freePorts is how often a free UDP port is looked for whose number is free on TCP.
const freePorts = 16

// listenMedia opens the ports of WebRTC, of the same number. The error is a
// *ListenError.
func listenMedia(address string) (net.PacketConn, net.Listener, error) {
	const setting = "media-listen"
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, &ListenError{setting, err}
	}
	for try := 1; ; try++ {
		udp, err := net.ListenPacket("udp", address)
		if err != nil {
			return nil, nil, &ListenError{setting, err}
		}
		tcp, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port(udp.LocalAddr()))))
		if err == nil {
			return udp, tcp, nil
		}
		_ = udp.Close()
		if text != "0" || try == freePorts {
			return nil, nil, &ListenError{setting, err}
		}
	}
}

// listenRTMP opens the port of RTMP. The error is a *ListenError.
func listenRTMP(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &ListenError{"rtmp-listen", err}
	}
	return l, nil
}
