// Package rtp stamps and reads H.264 video in RTP streams (RFC 6184).
//
// A Stamper puts the stamp of each frame into packets of their own before the
// packet in which the frame's first slice begins, and numbers everything anew.
// The numbers can only be right when it is known where frames begin. It
// therefore releases packets in order: what comes too early waits for what is
// missing, and a subscriber, who could not decode past the gap anyway, sees
// neither loss nor reordering of the publisher's network. What stays missing
// for Config.Wait leaves a hole in the outgoing numbers, into which it still
// fits if it comes late after all.
//
// No stamp goes out but that of the Stamper, however receivers put packets
// together. SEI in parts (FU-A) is left out. What could become a stamp, or hide one,
// where it is joined with packets around it is taken for lost.
//
// Single NAL unit packets, STAP-A and FU-A are understood. Others are passed on
// and never looked into. Packets are neither encrypted nor sent here, header
// extensions stay as they are, and a Stamper has no clock and no goroutine: its
// caller pushes packets, and calls Tick at the Deadline.
package rtp
