package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/asticode/go-astits"

	"chalkline/sei"
	"chalkline/server/media/live/adts"
)

const (
	// wrapBits is after how many bits times of MPEG-TS wrap.
	wrapBits = 33
	// maxPackets bounds a unit.
	maxPackets = maxUnit / (packetSize - 4)
	// maxTable bounds a table, in packets: the parser looks at those it has anew with
	// each that comes. A section is at most 1 kB.
	maxTable = 64
	// maxWaiting bounds the packets that wait for the rest of a table or a unit: one of
	// pictures, one of sound, and what streams with other numbers left behind.
	maxWaiting = 2*maxPackets + 1024
	// maxReorder is how far presentation may be from decoding, in 1/90 000 s.
	maxReorder = 10 * second
	// maxSound bounds what waits for the rest of a frame of sound, in bytes.
	maxSound = 64 << 10
)

// demuxer publishes the first H.264 and the first AAC of the first program of a
// transport stream. It belongs to one goroutine.
type demuxer struct {
	publisher *publisher
	packets   *packets
	astits    *astits.Demuxer

	program      uint16          // packets with the map of the program; 0: not known
	video, audio uint16          // their packets; 0: none
	tables       map[uint16]bool // packets that were ever said to have the map of a program
	counts       map[uint16]int  // of a table or unit that is not whole
	waiting      int             // all of them

	sound   []byte // not a whole frame yet
	soundAt int64
	config  adts.Config
	asc     []byte
}

func newDemuxer(r io.Reader, p *publisher) *demuxer {
	d := &demuxer{publisher: p, packets: newPackets(r), tables: map[uint16]bool{astits.PIDPAT: true}, counts: map[uint16]int{}}
	d.astits = astits.NewDemuxer(context.Background(), d.packets,
		astits.DemuxerOptPacketSize(packetSize), astits.DemuxerOptPacketSkipper(d.skip),
		astits.DemuxerOptLogger(nothing{}))
	return d
}

// nothing is a log that nobody reads: what is wrong with a stream is counted.
type nothing struct{}

func (nothing) Print(...any)          {}
func (nothing) Printf(string, ...any) {}
func (nothing) Fatal(...any)          {}
func (nothing) Fatalf(string, ...any) {}

// run publishes what comes until the stream ends, which is no error. The error wraps
// errCodec, errMalformed or is the reader's.
func (d *demuxer) run() error {
	for {
		data, err := d.next()
		switch {
		case errors.Is(err, astits.ErrNoMorePackets) || err != nil && d.packets.err != nil:
			return d.ended()
		case err != nil:
			d.publisher.metrics.malformed.Inc()
		default:
			if err := d.take(data); err != nil {
				return err
			}
		}
	}
}

func (d *demuxer) ended() error {
	if errors.Is(d.packets.err, io.EOF) {
		return nil
	}
	return d.packets.err
}

// next returns what the demuxer finds next. A panic of its parsers of tables is an
// error like others.
func (d *demuxer) next() (data *astits.DemuxerData, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("ingest: demux: %v: %w", r, errMalformed)
		}
	}()
	return d.astits.NextData()
}

// skip keeps all packets away that belong neither to tables in use nor to the two
// streams, and the rest of tables and units that are too long.
func (d *demuxer) skip(p *astits.Packet) bool {
	pid := p.Header.PID
	switch pid {
	case astits.PIDPAT:
	case astits.PIDNull:
		return true
	case d.program, d.video, d.audio:
	default:
		return true
	}
	if p.Header.PayloadUnitStartIndicator {
		d.waiting -= d.counts[pid]
		d.counts[pid] = 0
	}
	most := maxPackets
	if d.tables[pid] {
		most = maxTable
	}
	if d.counts[pid] >= most || d.waiting >= maxWaiting {
		return true
	}
	d.counts[pid]++
	d.waiting++
	return false
}

func (d *demuxer) take(data *astits.DemuxerData) error {
	switch {
	case data.PAT != nil:
		d.programs(data.PAT)
	case data.PMT != nil:
		return d.choose(data.PMT)
	case data.PES != nil && data.PID == d.video:
		d.picture(data)
	case data.PES != nil && data.PID == d.audio:
		d.sounds(data.PES)
	}
	return nil
}

// programs takes the first program of a stream.
func (d *demuxer) programs(t *astits.PATData) {
	found := false
	for _, p := range t.Programs {
		if p.ProgramNumber == 0 { // of the network
			continue
		}
		d.tables[p.ProgramMapID] = true // the parser takes them for tables from now on
		if !found {
			d.program, found = p.ProgramMapID, true
		}
	}
}

// choose takes the streams of a program. The error wraps errCodec if its pictures or
// its sound are of no kind that is passed on.
func (d *demuxer) choose(m *astits.PMTData) error {
	var video, audio, otherVideo, otherAudio *astits.PMTElementaryStream
	first := func(to **astits.PMTElementaryStream, s *astits.PMTElementaryStream) {
		if *to == nil {
			*to = s
		}
	}
	for _, s := range m.ElementaryStreams {
		switch t := s.StreamType; {
		case t == astits.StreamTypeH264Video:
			first(&video, s)
		case t == astits.StreamTypeAACAudio:
			first(&audio, s)
		case t.IsVideo():
			first(&otherVideo, s)
		case t.IsAudio():
			first(&otherAudio, s)
		}
	}
	for _, of := range [][2]*astits.PMTElementaryStream{{video, otherVideo}, {audio, otherAudio}} {
		if of[0] == nil && of[1] != nil {
			d.publisher.metrics.refused.WithLabelValues("codec").Inc()
			return fmt.Errorf("stream type %#02x of MPEG-TS is %w", byte(of[1].StreamType), errCodec)
		}
	}
	d.video, d.audio = pidOf(video), pidOf(audio)
	d.publisher.tracks(video != nil, audio != nil)
	if len(d.counts) > maxPIDs {
		return fmt.Errorf("transport stream with more than %d kinds of packets: %w", maxPIDs, errMalformed)
	}
	return nil
}

// maxPIDs bounds how often a stream may change the numbers of its packets.
const maxPIDs = 64

func pidOf(s *astits.PMTElementaryStream) uint16 {
	if s == nil {
		return 0
	}
	return s.ElementaryPID
}

// times returns decoding time, 33 bits, and how long after it comes presentation.
func times(p *astits.PESData) (dts, composition int64, ok bool) {
	if p.Header == nil || p.Header.OptionalHeader == nil || p.Header.OptionalHeader.PTS == nil {
		return 0, 0, false
	}
	h := p.Header.OptionalHeader
	dts = h.PTS.Base
	if h.DTS != nil {
		dts = h.DTS.Base
	}
	composition = signed(h.PTS.Base-dts, wrapBits)
	return dts, composition, distance(composition, 0) <= maxReorder
}

func (d *demuxer) picture(data *astits.DemuxerData) {
	dts, composition, ok := times(data.PES)
	if !ok {
		d.publisher.metrics.malformed.Inc()
		return
	}
	first := data.FirstPacket
	marked := first != nil && first.AdaptationField != nil && first.AdaptationField.RandomAccessIndicator
	u, err := d.publisher.pictures.unit(sei.AnnexB, data.PES.Data, marked)
	if err != nil || u.data == nil {
		d.publisher.metrics.malformed.Inc()
		return
	}
	d.packets.bear()
	d.publisher.picture(dts, composition, u)
}

// sounds publishes the frames of a packet, of which the last may go on in the next. Its
// time is that of the first frame that begins in it.
func (d *demuxer) sounds(p *astits.PESData) {
	at, _, ok := times(p)
	before := len(d.sound)
	d.sound = append(d.sound, p.Data...)
	for {
		c, raw, rest := adts.Cut(d.sound)
		if raw == nil {
			d.sound = append([]byte(nil), rest...)
			if len(d.sound) > maxSound {
				d.sound = nil
			}
			return
		}
		if d.asc == nil || c != d.config {
			d.config, d.asc = c, c.Specific()
		}
		if ok && before <= 0 {
			d.soundAt, ok = at, false
		}
		before -= len(d.sound) - len(rest)
		d.packets.bear()
		d.publisher.sound(d.soundAt, d.asc, append([]byte(nil), raw...))
		d.soundAt += int64(adts.SamplesPerFrame) * second / int64(c.Rate())
		d.sound = rest
	}
}
