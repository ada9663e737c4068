// Package bench measures a server: it plays writers and listeners with real
// clients (bench/client) over the real transports and reports what came of it.
//
// The load is open loop: a frame's latency counts from the moment it was meant
// to be sent, so that a server that stalls cannot hide it by slowing its
// writers. Every client lives in this process, which has one monotonic clock.
// What is drawn is recorded handwriting, moved, turned and scaled for each
// writer; every receiver decodes every point and compares it with what was
// drawn, and at the end all state hashes are compared.
//
// ModeAlign measures another thing: how far what is drawn and the picture with which
// it is to be seen are apart, on each way to play. A teacher publishes a film whose
// pictures have their numbers in them, and draws; clients play it, and show what
// came to their boards by the rules of alignment (docs/protocol.md, ALN).
//
// ModeGuests measures nothing. Its clients work at random in a room that pages work in, for
// the tests that compare what all of them have at rest.
//
// One delivery is one frame of 8 points that reached one client other than its
// writer. docs/performance.md says how to read the figures.
package bench
