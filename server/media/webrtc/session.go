package webrtc

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5/packetio"
	pion "github.com/pion/webrtc/v4"
	limit "golang.org/x/time/rate"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/media"
)

// session is one WHIP or WHEP session: a connection and who it belongs to.
type session struct {
	server      *Server
	id          string // in its URL; random
	room        replay.Room
	participant string
	from        string    // its client's address, as media.Visitor has it
	expires     time.Time // when its token does; zero: never
	log         *slog.Logger
	pc          *pion.PeerConnection
	viewer      *viewer // nil: it publishes

	done      chan struct{} // closed when it ends
	connected chan struct{} // closed when the connection is there
	connects  sync.Once
	running   sync.WaitGroup // what reads and writes its connection

	ice        sync.Mutex // one change of ICE at a time
	candidates int        // of its ICE session; guarded by ice

	admitted time.Time // guarded by Server.mu

	streams   atomic.Int32   // that its connection holds
	addresses atomic.Int32   // of its client, that its connection was told or heard of
	checks    *limit.Limiter // of the way to it, that are answered

	state sync.Mutex
	ended bool   // guarded by state
	etag  string // guarded by state; changes when ICE restarts
}

func (n *session) publishes() bool { return n.viewer == nil }

// isConnected says whether its connection has been there.
func (n *session) isConnected() bool {
	select {
	case <-n.connected:
		return true
	default:
		return false
	}
}

// newSession makes a session with a connection that is not made yet.
func (s *Server) newSession(v media.Visitor, e *engine, what string, o offered) (*session, error) {
	id := rand.Text()
	n := &session{
		server: s, id: id, room: v.Room, participant: v.ID, from: v.Address, expires: v.Expires, candidates: o.candidates, etag: newETag(),
		log:  s.cfg.Logger.With("room", v.Room, what, id[:8]),
		done: make(chan struct{}), connected: make(chan struct{}), checks: limit.NewLimiter(checksPerSecond, checksAtOnce),
	}
	var err error
	if n.pc, err = e.connection(n); err != nil {
		return nil, fmt.Errorf("media/webrtc: new connection: %w", err)
	}
	n.pc.OnConnectionStateChange(n.stateChanged)
	return n, nil
}

func newETag() string { return `"` + rand.Text() + `"` }

// tag returns its ETag.
func (n *session) tag() string {
	n.state.Lock()
	defer n.state.Unlock()
	return n.etag
}

// stateChanged is called by pion, one at a time.
func (n *session) stateChanged(state pion.PeerConnectionState) {
	switch state {
	case pion.PeerConnectionStateConnected:
		n.connects.Do(func() { close(n.connected) })
	case pion.PeerConnectionStateFailed:
		n.end("network failed")
	case pion.PeerConnectionStateClosed:
		n.end("closed")
	}
}

// mostStreams bounds the streams of a session: an SSRC is one of RTP and one of RTCP.
// A browser has ten for two qualities and sound, with what it sends again and probes.
const mostStreams = 64

// What waits at most in a stream that is not read, in bytes: of a publisher's media,
// and of others.
const (
	mediaWaits  = 1_000_000
	othersWaits = 100_000
)

// waiting is what waits in a stream, without what pion notes beside packets.
type waiting struct{ *packetio.Buffer }

func (w waiting) Read(b []byte) (int, error) {
	n, _, err := w.Buffer.Read(b, nil)
	return n, err
}

func (w waiting) Write(b []byte) (int, error) { return w.Buffer.Write(b, nil) }

// buffer is called by pion for each stream that comes, also where no track comes of
// it: pion holds all of them until the connection is closed.
func (n *session) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	b := waiting{packetio.NewBuffer()}
	b.SetLimitSize(othersWaits)
	if kind == packetio.RTPBufferPacket && n.publishes() {
		b.SetLimitSize(mediaWaits)
	}
	if n.streams.Add(1) > mostStreams {
		n.end("too many streams")
		_ = b.Close() // it takes no packets then
	}
	return b
}

// What a client's checks of the ways to it (RFC 8445, 7.2) may cost. pion keeps every
// address that one comes from and looks through all of them at each packet; what comes
// faster than it answers waits without bound.
const (
	mostAddresses   = 2 * mostCandidates // those that it told, and as many that it did not
	checksPerSecond = 100
	checksAtOnce    = 4000
)

// address is called by pion for each address that it is told or hears of; false: it is
// not taken.
func (n *session) address(net.IP) bool { return n.addresses.Add(1) <= mostAddresses }

// checked is called by pion for each check that was answered. Which way is used is left
// to pion.
func (n *session) checked(*stun.Message, ice.Candidate, ice.Candidate, *ice.CandidatePair) bool {
	if !n.checks.Allow() {
		n.end("too many checks")
	}
	return false
}

// end ends it, once; why is a constant.
func (n *session) end(why string) {
	n.state.Lock()
	defer n.state.Unlock()
	if !n.ended {
		n.ended = true
		n.log.Info("media session ends", "why", why)
		close(n.done)
	}
}

// spawn runs f, which returns when the session has ended and its connection is
// closed; false if it has ended already.
func (n *session) spawn(f func()) bool {
	n.state.Lock()
	defer n.state.Unlock()
	if !n.ended {
		n.running.Go(f)
	}
	return !n.ended
}

// discard ends a session that came to nothing.
func (n *session) discard() {
	n.end("refused")
	_ = n.pc.GracefulClose() // there is nothing to lose
	n.running.Wait()
	n.server.drop(n)
}

// supervise waits until the session has ended, and for all that it has running.
// connected is called when its connection is there, gone when it ended.
func (n *session) supervise(connected, gone func()) {
	if !n.expires.IsZero() {
		expiry := time.AfterFunc(time.Until(n.expires), func() { n.end("token expired") })
		defer expiry.Stop()
	}
	timer := time.NewTimer(connectWait)
	defer timer.Stop()
	select {
	case <-n.connected:
		connected()
		<-n.done
	case <-timer.C:
		n.end("never connected")
	case <-n.done:
	}
	_ = n.pc.GracefulClose() // it is over either way
	n.running.Wait()
	gone()
	n.server.drop(n)
}

// answerWait bounds gathering of candidates, all of which are local.
const answerWait = 5 * time.Second

// answer applies an offer and returns the answer with all candidates.
func (n *session) answer(offer string) (string, error) {
	refused := protocol.NewError(protocol.BadMessage)
	if err := n.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: offer}); err != nil {
		n.log.Info("offer refused", "error", err)
		return "", refused
	}
	answer, err := n.pc.CreateAnswer(nil)
	if err != nil {
		n.log.Info("offer not answered", "error", err)
		return "", refused
	}
	gathered := pion.GatheringCompletePromise(n.pc)
	if err := n.pc.SetLocalDescription(answer); err != nil {
		n.log.Info("offer not answered", "error", err)
		return "", refused
	}
	timer := time.NewTimer(answerWait)
	defer timer.Stop()
	select {
	case <-gathered:
		local := n.pc.LocalDescription()
		if !takesMedia(local) { // as where media are not bundled: there is one transport
			return "", refused
		}
		return local.SDP, nil
	case <-timer.C:
		return "", protocol.NewError(protocol.Overloaded)
	}
}

// takesMedia says whether an answer refuses less than all.
func takesMedia(answer *pion.SessionDescription) bool {
	d, err := answer.Unmarshal()
	return err == nil && slices.ContainsFunc(d.MediaDescriptions, func(m *sdp.MediaDescription) bool {
		return m.MediaName.Port.Value != 0
	})
}
