// Package mpegts stamps and reads H.264 video in MPEG transport streams
// (ITU-T H.222.0).
//
// A Writer passes a stream on and puts a stamp before the first slice of each
// access unit that has a presentation time. Only the packets up to that slice
// wait, together with what comes between them, and only they are packed anew:
// PTS, DTS, PCR, tables and all other streams stay as they are, byte by byte
// and in order, and no frame waits for the next. Later packets of the video
// have their continuity counters shifted by the packets put in.
//
// The video is the first stream of type 0x1b of the first program. A PES packet
// that holds several access units has a time, and gets a stamp, for the first.
// Scrambled and damaged packets, and frames with more than 64 KiB before the
// first slice, are passed on as they are.
package mpegts
