// Package aac codes Opus anew as AAC, which is what players of live streams take,
// in a supervised ffmpeg process.
//
// An Encoder is given packets with their times and gives frames with theirs. In
// between is a process that knows no times, only samples: what goes in is kept
// without holes (packets that are missing are replaced by silence, packets that
// are too many left out, so that it stays within 20 ms of the times), and what
// comes out is counted. A process that dies or does not answer is started again,
// with a pause that doubles; what comes meanwhile is lost.
//
// The process has fixed arguments, no shell, no environment, no file and no
// network: Ogg on its standard input (this package writes the pages), ADTS on its
// standard output, one thread, a bounded queue before it.
package aac
