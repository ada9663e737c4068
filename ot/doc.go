// Package ot is the document of a board: its ops, what they do to it, and the
// byte forms of both (docs/format.md; the rules OT1–OT18 are in docs/protocol.md).
//
// A Board is a pure function of its log. Apply takes the ops of one record after
// the other; it never fails, reads no clock and does no I/O, so that every
// replica that applied the same records has the same elements, the same Hash and
// the same table, live or read back from a snapshot, in Go and in TypeScript
// (web/src/ot, held to the same vectors in testdata).
//
// An element is a set of registers, each written whole, the later in log order
// winning, plus, for ink, the points of a stroke and what was erased of them and,
// for text, its string. Ink travels in frames that are opaque here: whoever
// applies an Extend decodes its Frame first and gives the points. A stroke that
// is still open keeps its frames, because a late joiner needs them to go on
// decoding.
//
// Every op but one is valid at any later revision as it is. The one is the text
// edit: an Edit is transformed over what came in between (Transform), by the
// server with the Edits that it keeps, by clients for what they have not sent
// (Compose) or want to undo (Invert). What is logged fits the text as it stands.
//
// Left to others: the order of records (server/room), who may do what
// (server/classroom), the ink codec (protocol/ink) and durability (replay).
// Nothing here may be used by two goroutines at once.
package ot
