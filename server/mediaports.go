package server

import (
	"net"
	"strconv"
)

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
