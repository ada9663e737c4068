package transport

import (
	"errors"
	"fmt"
	"net"
)

// ErrPlainAddress is wrapped by errors of Listen about Config.PlainAddress.
var ErrPlainAddress = errors.New("plain address")

// sockets are what a Listener listens on.
type sockets struct {
	tcp   net.Listener
	udp   net.PacketConn
	plain net.Listener // nil if none is wanted
}

func (s sockets) close() error {
	err := errors.Join(s.tcp.Close(), s.udp.Close())
	if s.plain != nil {
		err = errors.Join(err, s.plain.Close())
	}
	return err
}

// openSockets opens the sockets that the configuration does not give.
func openSockets(config Config) (sockets, error) {
	s := sockets{tcp: config.Listener, udp: config.PacketConn}
	if (s.tcp == nil) != (s.udp == nil) {
		return sockets{}, errors.New("give both PacketConn and Listener, or neither")
	}
	if s.tcp == nil {
		var err error
		if s, err = openPair(config.Address); err != nil {
			return sockets{}, err
		}
	}
	if config.PlainAddress == "" {
		return s, nil
	}
	plain, err := net.Listen("tcp", config.PlainAddress)
	if err != nil {
		return sockets{}, errors.Join(fmt.Errorf("%w: %w", ErrPlainAddress, err), s.close())
	}
	s.plain = plain
	return s, nil
}

// openPair opens one address for TCP and UDP. If the system may choose the port,
// the one that it chooses may be taken for UDP: it tries a few.
func openPair(address string) (sockets, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return sockets{}, err
	}
	tries := 1
	if port == "0" {
		tries = 10
	}
	for try := 1; ; try++ {
		s, err := openBoth(host, port)
		if err == nil || try == tries {
			return s, err
		}
	}
}

func openBoth(host, port string) (sockets, error) {
	tcp, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return sockets{}, err
	}
	if _, port, err = net.SplitHostPort(tcp.Addr().String()); err != nil {
		return sockets{}, errors.Join(err, tcp.Close())
	}
	udp, err := net.ListenPacket("udp", net.JoinHostPort(host, port))
	if err != nil {
		return sockets{}, errors.Join(err, tcp.Close())
	}
	return sockets{tcp: tcp, udp: udp}, nil
}
