package room

import (
	"time"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// Peer is what a room needs of a session. Its methods never block and may drop:
// a peer that cannot keep up says so.
type Peer interface {
	// Control queues framed messages for the control stream.
	Control(framed []byte)
	// Document queues framed messages for a document's stream, all or none; the
	// first of a generation opens the stream and gives up the older one. Behind them
	// the document is at revision upTo; begins says that they are a snapshot, or what
	// was missed. False means that the queue is full: nothing was queued, records that
	// wait are dropped, and the session posts Drained once it has room again. Until
	// then no more is to be queued for documents.
	Document(s Stream, framed [][]byte, upTo uint64, begins bool) bool
	// CloseDocument ends the streams of a handle.
	CloseDocument(handle uint32)
	// Datagram sends one datagram now or never.
	Datagram(p []byte)
	// Close tells the peer why and ends the session.
	Close(err *protocol.Error)
}

// Stream names one stream of a session.
type Stream struct{ Handle, Generation uint32 }

// Command is what a room can be told. The set is closed.
type Command interface{ command() }

// Join brings a client instance in. The answer is JOIN_ROOM_RESULT on the
// peer's control stream.
type Join struct {
	Peer Peer
	Who  classroom.Participant
	Name string
	// Claim is the replica that the client was given before; nil asks for a new one.
	Claim *chalklinev1.ReplicaClaim
	// Key is 16 random bytes, the key of a new replica.
	Key []byte
	// New is asked on the room's goroutine before a new replica is given; false: there
	// were too many. nil: there never are.
	New  func() bool
	Open []*chalklinev1.OpenDocument
	// Joined is called once on the room's goroutine when the peer is in.
	Joined func(Clock)
}

// Leave takes a peer out. A peer that is not in changes nothing.
type Leave struct{ Peer Peer }

// Open is CHANGE_BOARD.
type Open struct {
	Peer Peer
	Open *chalklinev1.OpenDocument
	Look bool
}

// CloseDocument ends a handle.
type CloseDocument struct {
	Peer   Peer
	Handle uint32
}

// Submit is one batch.
type Submit struct {
	Peer  Peer
	Batch *chalklinev1.Submit
}

// SyncState is SYNC_STATE.
type SyncState struct {
	Peer     Peer
	Handle   uint32
	Position *chalklinev1.Position
	Reason   uint32
	At       int64 // µs room time; not 0: the document as of then (ALN5)
}

// HeartTick is HEART_TICK.
type HeartTick struct {
	Peer       Peer
	MediaDelay time.Duration // how far behind now it shows the room; 0: it has no media
	Received   []*chalklinev1.Received
}

// Cursor is where a peer's pointer is.
type Cursor struct {
	Peer   Peer
	Cursor *chalklinev1.Cursor
}

// Trace is a piece of a laser's path (SYN8).
type Trace struct {
	Peer  Peer
	Trace *chalklinev1.Trace
}

// Drained says that a peer whose queue was full has room again, and up to which
// revisions its streams came.
type Drained struct {
	Peer    Peer
	Reached map[Stream]uint64
}

// Results of what ran beside the room, and the loop's own.
type (
	appended struct {
		records []replay.Record
		err     error
	}
	boardLoaded struct {
		document *document
		name     replay.Document
		err      error
	}
	snapshotSaved struct {
		document replay.Document
		err      error
	}
	pastBuilt struct {
		document replay.Document
		at       int64
		past     *past
		err      error
	}
	nameLost  struct{ key string }
	published struct{ list []*chalklinev1.Source } // MED2
	tick      struct{}
	stopping  struct{}
)

// What Room's own methods ask; each is answered once on a channel with room for it.
type (
	copyBoard struct {
		page   string
		answer chan<- boardBytes
	}
	listPages struct{ answer chan<- pageList }
	askPlace  struct {
		page   string
		answer chan<- Place
	}
	askClock struct{ answer chan<- Clock }
)

func (Join) command()          {}
func (Leave) command()         {}
func (Open) command()          {}
func (CloseDocument) command() {}
func (Submit) command()        {}
func (SyncState) command()     {}
func (HeartTick) command()     {}
func (Cursor) command()        {}
func (Trace) command()         {}
func (Drained) command()       {}
func (copyBoard) command()     {}
func (listPages) command()     {}
func (askPlace) command()      {}
func (askClock) command()      {}
func (appended) command()      {}
func (boardLoaded) command()   {}
func (snapshotSaved) command() {}
func (pastBuilt) command()     {}
func (nameLost) command()      {}
func (published) command()     {}
func (tick) command()          {}
func (stopping) command()      {}

// effect is what must happen after a step. The set is closed; loop.perform has
// a case for each.
type effect interface{ effect() }

type (
	sendControl struct {
		peer  Peer
		bytes []byte
	}
	openStream struct {
		view   *view
		stream Stream
		parts  [][]byte
		upTo   uint64
	}
	closeStream struct {
		peer   Peer
		handle uint32
	}
	haltStream   struct{ view *view }
	sendDocument struct {
		view  *view
		parts [][]byte
		upTo  uint64
	}
	broadcast struct {
		viewers []*view
		parts   [][]byte
		upTo    uint64
	}
	sendDatagram struct {
		peer  Peer
		bytes []byte
	}
	closePeer struct {
		peer Peer
		err  *protocol.Error
	}
	appendGroup struct {
		now     int64
		expect  []replay.Expect
		entries []replay.Entry
	}
	loadBoard struct{ document replay.Document }
	buildPast struct {
		document   replay.Document
		at         int64
		tail, head uint64 // the room's tail has the records after that revision, up to this
	}
	saveSnapshot struct{ snapshot replay.Snapshot }
	putName      struct{ key, name string }
	answerCopy   struct {
		to    chan<- boardBytes
		bytes boardBytes
	}
	answerPages struct {
		to    chan<- pageList
		pages pageList
	}
	answerPlace struct {
		to    chan<- Place
		place Place
	}
	answerClock struct {
		to    chan<- Clock
		clock Clock
	}
)

func (sendControl) effect()  {}
func (openStream) effect()   {}
func (closeStream) effect()  {}
func (haltStream) effect()   {}
func (sendDocument) effect() {}
func (broadcast) effect()    {}
func (sendDatagram) effect() {}
func (closePeer) effect()    {}
func (appendGroup) effect()  {}
func (loadBoard) effect()    {}
func (buildPast) effect()    {}
func (saveSnapshot) effect() {}
func (putName) effect()      {}
func (answerCopy) effect()   {}
func (answerPages) effect()  {}
func (answerPlace) effect()  {}
func (answerClock) effect()  {}
