// Package ingest takes in what encoders push, by RTMP or as MPEG-TS over HTTP, as
// sources of kind stream.
//
// Who may push is said by a stream key (MED9), which names its room. What comes is
// turned into the units of package stream: H.264 in Annex B with its parameter sets
// before each key frame, raw AAC, one timeline for both. Encoders have no capture
// clock that a server could read, so room time is that of arrival, steadied over
// half a minute, less the offset that the source was calibrated to; an encoder that
// stamps its pictures itself (MISB ST 0604) is believed within bounds (MED8).
package ingest
