// Package protocol is what client and server agree on: the messages
// (chalkline/v1), their framing, the coded form of records on a document's
// stream, error codes and limits. docs/protocol.md has the rules, docs/format.md
// the bytes. Ink is in protocol/ink.
package protocol

// Version is the protocol version that this package speaks (SES1).
const Version = 1

// Application is the WebTransport application protocol and the WebSocket
// subprotocol.
const Application = "chalkline.v1"

// Paths of the two routes (SES2, SES3).
const (
	WebTransportPath = "/wt"
	WebSocketPath    = "/ws"
)

// OpSemantics is the version of the op semantics that rooms are pinned to. There
// is no other: 1 was never released.
const OpSemantics = 2

// Limits of what travels. Decoders check them before they allocate.
const (
	MaxMessage        = 256 << 10 // bytes of one message, client to server
	MaxHello          = 16 << 10  // bytes of the first of them
	MaxServerMessage  = 1 << 20   // bytes of one message, server to client
	MaxDatagram       = 1100      // bytes
	MaxUnackedBatches = 64
	MaxUnackedBytes   = 256 << 10
	MaxOpenDocuments  = 16
	MaxOpsPerBatch    = 256
	MaxRoomName       = 255   // bytes
	MaxDisplayName    = 64    // bytes
	MaxParticipant    = 64    // bytes
	MaxPresent        = 5_000 // in a room: who joins is told of all in one message
	MaxPageID         = 32    // bytes
	MaxPages          = 500
	MaxCursors        = 20 // in one datagram
	MaxTrail          = 32 // numbers in a laser's trail
	MaxToken          = 4096
	MaxAgent          = 64 // bytes of each of Hello's agent and locale that logs tell
	HeartTickMillis   = 15_000
	SilenceMillis     = 30_000
	MaxCapturedAhead  = 100_000 // µs that captured_at may be ahead of the room clock (SYN5)
	MaxTracePoints    = 128     // of one Trace (SYN8)
	MaxTraceMillis    = 500     // that one Trace spans (SYN8)
)
