package transport

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// originAllowed says whether a page of that origin may connect. Programs that
// are no browsers send no origin and may. A page may if its origin is listed, if
// it came from the host and port that it connects to, or if both are this
// machine under different names (the page on localhost, WebTransport to
// 127.0.0.1) with the same port.
func originAllowed(listed []string, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	if OriginListed(listed, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	host, port := splitHost(u.Host, u.Scheme == "https")
	toHost, toPort := splitHost(r.Host, r.TLS != nil)
	if port != toPort {
		return false
	}
	return strings.EqualFold(host, toHost) || isLoopback(host) && isLoopback(toHost)
}

// OriginListed says whether an origin is one of those listed, of which "*" is every one.
func OriginListed(listed []string, origin string) bool {
	return slices.ContainsFunc(listed, func(o string) bool { return o == "*" || strings.EqualFold(o, origin) })
}

// splitHost splits host:port, with the scheme's own port if there is none.
func splitHost(hostport string, secure bool) (host, port string) {
	host, port, err := net.SplitHostPort(hostport)
	if err == nil {
		return host, port
	}
	host = strings.Trim(hostport, "[]")
	if secure {
		return host, "443"
	}
	return host, "80"
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// fromLoopback says whether a request came from this machine.
func fromLoopback(r *http.Request) bool {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && address.Addr().Unmap().IsLoopback()
}
