package ingest

import (
	"bytes"
	"errors"
	"fmt"

	"chalkline/sei"
	"chalkline/server/media/live/adts"
	"chalkline/server/media/rtmp"
)

// millisecond is one in 1/90 000 s.
const millisecond = 90

// Publish is that of rtmp.Handler: the stream's name is the key, whatever the
// application.
func (s *Server) Publish(address, _, key string) (rtmp.Sink, error) {
	p, end, err := s.start(address, key, "rtmp", 64)
	if err != nil {
		return nil, s.spoken(err)
	}
	return &flvSink{publisher: p, end: end, metrics: s.metrics}, nil
}

// flvSink takes the tags of one publisher.
type flvSink struct {
	publisher *publisher
	end       func()
	metrics   *metrics
	time      int64 // ms, does not wrap
	begun     bool
	framing   sei.Framing // 0: the configuration is still to come
	sound     []byte      // AudioSpecificConfig; nil: still to come
}

// Done is that of rtmp.Sink.
func (f *flvSink) Done() <-chan struct{} { return f.publisher.publication.Done() }

// Close is that of rtmp.Sink.
func (f *flvSink) Close() { f.end() }

// Video is that of rtmp.Sink.
func (f *flvSink) Video(dts uint32, body []byte) error {
	tag, err := parseVideo(body)
	if err == nil && tag.packet == flvConfig {
		err = f.configure(tag.data)
	} else if err == nil && tag.packet == flvMedia && f.framing != sei.AnnexB && len(tag.data) > 0 {
		err = f.picture(dts, tag)
	}
	return f.judge(err)
}

// configure takes the parameter sets and how NAL units are framed from now on.
func (f *flvSink) configure(b []byte) error {
	c, err := parseAVCConfig(b)
	if err != nil {
		return err
	}
	changed, err := f.publisher.pictures.set(c.sets)
	if err != nil {
		return err
	}
	f.framing = c.framing
	f.publisher.tracks(true, f.publisher.audio)
	f.publisher.renewed = f.publisher.renewed || changed
	f.publisher.waiting = f.publisher.waiting || changed
	return nil
}

func (f *flvSink) picture(dts uint32, tag flvVideo) error {
	composition := tag.composition * millisecond
	if distance(composition, 0) > maxReorder {
		return errMalformed
	}
	u, err := f.publisher.pictures.unit(f.framing, tag.data, tag.key)
	if err != nil {
		return err
	}
	f.publisher.picture(f.unwrap(dts)*millisecond, composition, u)
	return nil
}

// Audio is that of rtmp.Sink.
func (f *flvSink) Audio(dts uint32, body []byte) error {
	packet, data, err := parseAudio(body)
	if err == nil && packet == flvConfig {
		if _, err = adts.Parse(data); err != nil || len(data) > maxSoundConfig {
			return f.judge(fmt.Errorf("configuration of AAC: %w", errMalformed))
		}
		f.sound = bytes.Clone(data)
		f.publisher.tracks(f.publisher.video, true)
	} else if err == nil && packet == flvMedia && f.sound != nil && len(data) > 0 {
		f.publisher.sound(f.unwrap(dts)*millisecond, f.sound, bytes.Clone(data))
	}
	return f.judge(err)
}

// maxSoundConfig bounds an AudioSpecificConfig in bytes.
const maxSoundConfig = 64

// judge says which errors end the connection: a codec that is not passed on. What
// cannot be read is left out.
func (f *flvSink) judge(err error) error {
	if errors.Is(err, errCodec) {
		f.metrics.refused.WithLabelValues("codec").Inc()
		return err
	}
	if err != nil {
		f.metrics.malformed.Inc()
	}
	return nil
}

// unwrap returns a timestamp in ms that does not wrap.
func (f *flvSink) unwrap(t uint32) int64 {
	if !f.begun {
		f.begun, f.time = true, int64(t)
	}
	f.time += signed(int64(t)-f.time, 32)
	return f.time
}
