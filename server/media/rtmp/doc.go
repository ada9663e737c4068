// Package rtmp takes in what encoders such as OBS and ffmpeg push by RTMP (Adobe,
// Real-Time Messaging Protocol 1.0): a server that one can publish to and do
// nothing else.
//
// A connection shakes hands, connects to an application and publishes a stream
// under a name, which is the key. From there on a Handler's Sink gets the bodies of
// video and audio messages, which are those of FLV tags. What they mean, and who may
// publish, is the caller's business.
//
// Nothing is trusted: buffers grow with the data that come and not with the length
// that a header claims, everything has a limit, and who does not publish within
// seconds is disconnected. Clients that begin with a digest (the complex handshake)
// are answered as if they had not, which they all accept.
package rtmp
