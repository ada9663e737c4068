package client

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/server/transport"
)

// DialFunc opens a connection over a route.
type DialFunc func(ctx context.Context, route transport.Route) (transport.ClientConn, error)

// Config says where a client connects and as whom. URL or Dial is required, and
// URL or Token.
type Config struct {
	// URL of the server, http or https, without a path: asked for a token and for
	// where the two routes are.
	URL string
	// HTTP sends the requests to URL; nil means http.DefaultClient.
	HTTP *http.Client
	// Dial replaces the network; nil dials what URL says.
	Dial DialFunc
	// Route is the only one tried; empty races both (SES4).
	Route transport.Route

	// Token names the participant; empty asks URL for one in the name of Name.
	Token string
	// Name is shown to the others, at most 64 bytes.
	Name string

	// Room to join; 0 creates one called RoomName.
	Room     int64
	RoomName string
	// Pages whose boards are opened in JOIN_ROOM itself, at most 15, the stage
	// counting as one.
	Pages []string

	// Stage opens the stage too.
	Stage bool
	// At is the room time, µs, as of which boards and the stage are opened first
	// (ALN5); 0: as they are now.
	At int64

	// Store keeps replica and unsent work beyond this Client; nil keeps none.
	Store Store

	// Once makes a broken connection the end: the client does not come back.
	Once bool

	// OnRecord is called for every record of a board, in order; see Record. Records
	// that a snapshot stands for are not seen.
	OnRecord func(*Board, *Record)
	// OnStage is called for every record of the stage, in order, as OnRecord.
	OnStage func(*Record)
	// OnSnapshot is called when a board's state was replaced by a snapshot.
	OnSnapshot func(*Board)
	// OnCursors is called for the pointers on a board; nil receives no datagrams.
	OnCursors func(*Board, []*chalklinev1.ReplicaCursor)
	// OnRefused is called for ops that the server did not accept (SYN3); err is a
	// *protocol.Error. The ops are not sent again.
	OnRefused func(document string, ops []ot.Op, err error)

	// Fault makes the client lose the k-th message (from 0) of a document's stream
	// when it returns true, to test that losses are found. It may be called by
	// several goroutines at once.
	Fault func(document string, generation uint32, k int) bool

	// MediaDelay returns how far behind now the room is shown, for HEART_TICK; nil:
	// there are no media.
	MediaDelay func() time.Duration

	// Clock is room time's source on this machine; nil means time.Now. Timers use
	// the real one.
	Clock func() time.Time
	// Log gets what happens to the connection; nil discards.
	Log *slog.Logger
}

// Record is one record of a board or the stage as it arrived. It and what it holds are valid
// only during OnRecord.
type Record struct {
	Revision    uint64
	Replica     uint32
	N           uint64
	CapturedAt  int64 // µs room time
	SequencedAt int64 // µs room time
	ReleaseAt   int64 // µs room time: when it may be shown (REC5)
	// Ops as they were applied, with the points of every Extend that extended its
	// stroke.
	Ops []ot.Op
	// Event is that of a record of the stage.
	Event *chalklinev1.StageEvent
	// Arrival is when the message that brought the record had been read, by
	// Config.Clock.
	Arrival time.Time
}

var errConfig = errors.New("client: config")

func (c Config) validate() error {
	var errs []error
	if c.URL == "" && (c.Dial == nil || c.Token == "") {
		errs = append(errs, errors.New("URL is empty, and Dial or Token too"))
	}
	switch c.Route {
	case "", transport.WebTransport, transport.WebSocket:
	default:
		errs = append(errs, errors.New("unknown route "+string(c.Route)))
	}
	if documents := 1 + len(c.Pages); documents > maxDocuments || c.Stage && documents == maxDocuments {
		errs = append(errs, errors.New("more pages than documents may be open"))
	}
	if len(errs) == 0 {
		return nil
	}
	return errors.Join(append([]error{errConfig}, errs...)...)
}

func (c Config) withDefaults() Config {
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
