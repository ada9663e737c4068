package room

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"google.golang.org/protobuf/proto"

	"chalkline/ot"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/protocol/ink"
	"chalkline/replay"
)

// restore takes a stored snapshot: the messages that a joiner would get.
func (d *document) restore(snap replay.Snapshot) error {
	p := snapshotParts{}
	r := bufio.NewReader(bytes.NewReader(snap.Data))
	for {
		message, err := protocol.ReadFrame(r, nil, protocol.MaxServerMessage)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		var m chalklinev1.DocumentMessage
		if err := proto.Unmarshal(message, &m); err != nil {
			return err
		}
		if err := p.add(&m); err != nil {
			return err
		}
	}
	if err := d.restoreParts(&p); err != nil {
		return err
	}
	d.head.ReleaseAt = snap.ReleaseAt
	return nil
}

// restoreParts takes the parts of a snapshot.
func (d *document) restoreParts(p *snapshotParts) error {
	if p.start == nil || p.end == nil {
		return errors.New("room: snapshot without start or end")
	}
	context, err := protocol.ReadContext(p.start.GetContext())
	if err != nil {
		return err
	}
	d.context = *context
	d.head = replay.Head{
		Position:  replay.Position{Revision: p.start.GetRevision(), Digest: replay.Digest(p.start.GetDigest())},
		ReleaseAt: p.start.GetReleaseAtUs(),
	}
	if d.table != nil {
		err = d.table.restore(p.table)
	} else {
		err = d.restoreBoard(p)
	}
	if err != nil {
		return err
	}
	if hash := d.hash(); !bytes.Equal(hash[:], p.end.GetHash()) {
		return errors.New("room: state hash of snapshot differs")
	}
	return nil
}

// snapshotParts are the messages of a snapshot.
type snapshotParts struct {
	start *chalklinev1.SnapshotStart
	table []byte
	ink   [][]byte
	end   *chalklinev1.SnapshotEnd
}

func (p *snapshotParts) add(m *chalklinev1.DocumentMessage) error {
	switch m := m.GetMessage().(type) {
	case *chalklinev1.DocumentMessage_SnapshotStart:
		p.start = m.SnapshotStart
	case *chalklinev1.DocumentMessage_SnapshotTable:
		p.table = append(p.table, m.SnapshotTable...)
	case *chalklinev1.DocumentMessage_SnapshotInk:
		p.ink = append(p.ink, m.SnapshotInk)
	case *chalklinev1.DocumentMessage_SnapshotEnd:
		p.end = m.SnapshotEnd
	default:
		return errors.New("room: snapshot with a message that is none of its parts")
	}
	return nil
}

func (d *document) restoreBoard(p *snapshotParts) error {
	limits := ot.BoardLimits()
	loader, err := ot.ReadTable(p.table, limits)
	if err != nil {
		return err
	}
	points := limits.Points
	for _, chunk := range p.ink {
		strokes, err := ink.DecodeChunk(chunk, points)
		if err != nil {
			return err
		}
		for _, s := range strokes {
			points -= len(s)
		}
		if err := loader.AddStrokes(strokes...); err != nil {
			return err
		}
	}
	for _, o := range loader.OpenStrokes() {
		points, err := d.ahead.strokes.Restore(o.ID, o.Frames)
		if err != nil {
			return err
		}
		if err := loader.SetOpen(o.ID, points); err != nil {
			return err
		}
	}
	board, err := loader.Board()
	if err == nil {
		d.board = board
	}
	return err
}
