package aac

const (
	// perSample turns samples at 48 kHz into 1/90 000 s: 15/8.
	ticksNumerator, ticksDenominator = 15, 8
	// priming is how many samples the encoder puts before the first.
	priming = 1024
	// maxFill is the longest hole that is filled with silence, in samples: 1 s. After
	// a longer one the times begin anew.
	maxFill = rate
	// slack is how far times and samples may be apart: one packet, 20 ms.
	slack = silenceSamples
)

func ticksOf(samples int64) int64 { return samples * ticksNumerator / ticksDenominator }

func samplesIn(ticks int64) int64 { return ticks * ticksDenominator / ticksNumerator }

// anchor says that a sample has a time, and those after it follow.
type anchor struct {
	sample int64 // how many went in before it
	pts    int64
	epoch  uint64
}

// timeline knows the times of what one process is given and gives.
type timeline struct {
	in, out int64 // samples
	anchors []anchor
}

// place says what to do with a packet of so many samples: how many packets of
// silence go before it, and whether it goes in.
func (t *timeline) place(pts int64, samples int, epoch uint64) (silence int, ok bool) {
	if len(t.anchors) == 0 || t.anchors[len(t.anchors)-1].epoch != epoch {
		t.begin(pts, epoch)
	}
	last := t.anchors[len(t.anchors)-1]
	hole := samplesIn(pts-last.pts) - (t.in - last.sample)
	switch {
	case hole > maxFill || hole < -maxFill:
		t.begin(pts, epoch)
	case hole <= -slack:
		return 0, false
	case hole >= slack:
		silence = int(hole / silenceSamples)
	}
	t.in += int64(silence*silenceSamples + samples)
	return silence, true
}

// begin sets a new anchor, in place of one at the same sample. There are as many as
// fit between what went in and what has come out.
func (t *timeline) begin(pts int64, epoch uint64) {
	if n := len(t.anchors); n > 0 && t.anchors[n-1].sample == t.in {
		t.anchors = t.anchors[:n-1]
	}
	t.anchors = append(t.anchors, anchor{t.in, pts, epoch})
}

// next returns the time of the next frame that comes out; false for what is heard
// before anything went in.
func (t *timeline) next(samples int64) (pts int64, epoch uint64, ok bool) {
	at := t.out - priming
	t.out += samples
	for len(t.anchors) > 1 && t.anchors[1].sample <= at {
		t.anchors = t.anchors[1:]
	}
	if len(t.anchors) == 0 || at < 0 {
		return 0, 0, false
	}
	a := t.anchors[0]
	return a.pts + ticksOf(at-a.sample), a.epoch, true
}

// owed is how many samples went in that have not come out.
func (t *timeline) owed() int64 { return t.in - t.out }
