package room

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"chalkline/protocol"
	"chalkline/replay"
)

// A document as of a time (ALN5) is built beside the room, from the log. What that
// costs depends on the board and on how far back its last snapshot is, so little
// of it is done at a time, and what was built is shared: who asks for about the
// same time gets the same snapshot and the records behind it.
const (
	maxBuilds      = 2               // at a time in one room, of different documents; in all rooms: Config.Builds
	maxPasts       = 2               // kept of one document
	shareWithin    = 5 * time.Second // further back than asked for a snapshot is not
	maxPastBytes   = 8 << 20         // of coded records behind a snapshot
	maxBuildTries  = 3               // of one view, when the room's tail runs away from what was read
	timesPerSecond = 1               // that one participant may ask for
	timesAtOnce    = 2 * protocol.MaxOpenDocuments
)

// past is a document as it was: a snapshot, and what was written then as far as it
// was read.
type past struct {
	*snapshot
	next  int64           // release of the record after the snapshot; 0: not known
	since [][]byte        // records after the snapshot, framed …
	to    replay.Position // … up to here
}

// serves tells whether p is good for a time: between it and then few records lie.
func (p *past) serves(at int64) bool {
	return p.release <= at && at < max(p.release, p.next)+shareWithin.Microseconds()
}

// builds are the documents that are built, and the views that wait for them.
type builds struct {
	waiting []*view // in the order that they asked in; those that do not wait any more have at 0
	running map[replay.Document]bool
}

// beginAt opens a stream as of a time, now or when it is built. False: the member
// asks too often.
func (s *state) beginAt(now time.Time, v *view, at int64) bool {
	v.at, v.tries = 0, 0
	switch {
	case at >= v.document.head.ReleaseAt, v.document.head.Revision == 0:
		s.begin(v, nil)
		return true
	case !v.member.times.AllowN(now, 1):
		return false
	case s.beginPast(v, at):
		return true
	}
	v.at = at
	if !slices.Contains(s.builds.waiting, v) {
		s.builds.waiting = append(s.builds.waiting, v)
	}
	s.nextBuild()
	return true
}

// beginPast opens a stream as of a time from what there is; false if that is nothing.
func (s *state) beginPast(v *view, at int64) bool {
	var best *past
	var rest [][]byte
	for _, p := range v.document.pasts() {
		if !p.serves(at) || best != nil && p.at.Revision <= best.at.Revision {
			continue
		}
		if since, ok := v.document.tail.since(p.to, math.MaxInt); ok {
			best, rest = p, since
		}
	}
	if best == nil {
		return false
	}
	v.at = 0
	s.openStream(v, "past", slices.Concat(best.parts, best.since, rest))
	return true
}

// pasts returns what there is of a document as it was.
func (d *document) pasts() []*past {
	if d.cached == nil {
		return d.past
	}
	return append([]*past{{snapshot: d.cached, to: d.cached.at}}, d.past...)
}

// waits tells whether a view still waits for a time.
func (v *view) waits() bool { return v.at != 0 && v.member.views[v.handle] == v }

// nextBuild begins to build what is waited for, each document once at a time.
func (s *state) nextBuild() {
	s.builds.waiting = slices.DeleteFunc(s.builds.waiting, func(v *view) bool { return !v.waits() })
	for _, v := range s.builds.waiting {
		d := v.document
		if len(s.builds.running) >= maxBuilds {
			return
		}
		if s.builds.running[d.name] {
			continue
		}
		if s.builds.running == nil {
			s.builds.running = map[replay.Document]bool{}
		}
		s.builds.running[d.name] = true
		s.emit(buildPast{document: d.name, at: v.at, tail: d.tail.before.Revision, head: d.head.Revision})
	}
}

// pastBuilt hands out what was built.
func (s *state) pastBuilt(now time.Time, c pastBuilt) {
	delete(s.builds.running, c.document)
	if d := s.documents[c.document]; d != nil {
		if c.err == nil && len(d.viewers) > 0 {
			d.past = append([]*past{c.past}, d.past[:min(len(d.past), maxPasts-1)]...)
		}
		s.flush(now, d)
	}
	for _, v := range s.builds.waiting {
		if v.document.name == c.document && v.waits() && !s.beginPast(v, v.at) && v.at == c.at {
			s.tryAgain(v, c.err)
		}
	}
	s.nextBuild()
}

// tryAgain says what becomes of a view whose time was read in vain: the room was
// faster than its reader, or it cannot be read. Who has a stream keeps it; who
// opens gets the document of now.
func (s *state) tryAgain(v *view, err error) {
	if v.tries++; err == nil && v.tries < maxBuildTries {
		return
	}
	if err == nil {
		err = protocol.NewError(protocol.Overloaded)
	}
	s.cfg.Logger.Warn("document cannot be had as of a time", "document", v.document.name, "at", v.at, "error", err)
	v.at = 0
	if v.begun {
		s.refuseOpen(v.member, v.handle, refusalFor(err))
		return
	}
	s.begin(v, nil)
}

// readPast reads a document as of a time. Where the room's tail does not reach
// back to then, it reads on up to the room's head.
func readPast(ctx context.Context, cfg Config, b buildPast) (*past, error) {
	start := time.Now()
	revision, err := cfg.Log.RevisionAt(ctx, cfg.ID, b.document, b.at)
	if err != nil {
		return nil, fmt.Errorf("room: %s at a time: %w", b.document, err)
	}
	d, err := storedDocument(ctx, cfg, b.document, revision)
	if err != nil {
		return nil, err
	}
	r := pastReader{document: d, revision: revision, upTo: revision}
	if revision < b.tail {
		r.upTo = b.head
	}
	var bad error
	err = cfg.Log.Read(ctx, cfg.ID, b.document, d.head.Revision+1, func(record replay.Record) bool {
		var more bool
		more, bad = r.take(&record)
		if bad == nil {
			bad = ctx.Err()
		}
		return more && bad == nil
	})
	if err = errors.Join(err, bad); err == nil && r.past == nil {
		err = replay.ErrCorrupt // the room has records after it
	}
	if err != nil {
		return nil, fmt.Errorf("room: read %s up to revision %d: %w", b.document, revision, err)
	}
	r.past.since, _ = d.tail.since(r.past.at, math.MaxInt)
	r.past.to = d.head.Position
	cfg.Metrics.past.Observe(time.Since(start).Seconds())
	return r.past, nil
}

// pastReader takes the records of a document: up to a revision into its state,
// those behind it into its tail.
type pastReader struct {
	*document
	revision, upTo uint64
	past           *past // nil before there was a record after revision
}

func (p *pastReader) take(r *replay.Record) (more bool, err error) {
	if r.Revision <= p.revision {
		p.code(nil, r)
		err = p.replayPayload(r)
		p.head = headOf(r)
		return true, err
	}
	if p.past == nil {
		s, err := p.snapshot()
		if err != nil {
			return false, err
		}
		p.past = &past{snapshot: s, next: r.ReleaseAt}
		p.tail.begin(s.at, math.MaxInt)
	}
	if r.Revision > p.upTo {
		return false, nil
	}
	if len(p.tail.bytes) > maxPastBytes {
		return false, protocol.NewError(protocol.TooLarge, "limit", "records_bytes", "max", fmt.Sprint(maxPastBytes))
	}
	return r.Revision < p.upTo, p.replay(r)
}
