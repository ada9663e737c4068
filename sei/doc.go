// Package sei puts the room's time into H.264 video and reads it back, so that
// a player knows which moment of the room each frame shows.
//
// A Stamp travels in the access unit itself, as supplemental enhancement
// information (SEI) before the first slice, and so survives every container
// and every relay that does not encode anew. The time is a MISB ST 0604
// precision time stamp, which other tools know; what that cannot say, the
// Origin, is a second message under a UUID of ours, in a NAL unit of its own
// because players read only the first message of each. Both are found by UUID
// among whatever else an encoder writes. docs/format.md has the bytes.
//
// Insert, Remove and Read work on one access unit as an Annex B byte stream or
// in length-prefixed form (Framing). Units, AccessUnits and Messages are the
// parsers beneath. They take any input: what is malformed is an error or left
// as it is, and nothing is allocated for a length that the input only claims.
//
// The package is pure. It reads no clock: where a time comes from is the
// caller's business. sei/rtp and sei/mpegts do the same in streams of packets.
package sei
