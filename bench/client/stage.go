package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/server/classroom"
)

// ErrNoStage says that the client was not asked to open the stage (Config.Stage).
var ErrNoStage = errors.New("client: the stage is not open")

// Stage returns what everybody is shown, as confirmed; zero where Config.Stage is
// false.
func (c *Client) Stage() classroom.Stage {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.find(classroom.StageDocument); d != nil {
		if state, ok := d.content.(*stageContent); ok {
			return state.state
		}
	}
	return classroom.Stage{}
}

// Turn turns everybody to a page (STG1). It does not wait. ErrNoStage.
func (c *Client) Turn(page string) error {
	payload, err := proto.Marshal(&chalklinev1.StageEvent{
		Event: &chalklinev1.StageEvent_PageTurned{PageTurned: &chalklinev1.PageTurned{Page: page}},
	})
	if err != nil {
		return fmt.Errorf("client: stage: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.find(classroom.StageDocument)
	if d == nil {
		return ErrNoStage
	}
	d.add(c.newBatch(payload, nil))
	c.touch()
	c.pump()
	return nil
}

// Sources returns what is published in the room (MED2).
func (c *Client) Sources() []*chalklinev1.Source {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sources)
}

// WaitSources waits until what is published is as ok wants it. ok must not call
// the client.
func (c *Client) WaitSources(ctx context.Context, ok func([]*chalklinev1.Source) bool) error {
	return c.await(ctx, func() bool { return ok(c.sources) })
}

// ShowFrom asks for the board as of a room time, µs (ALN5): what is confirmed goes
// back to then, and comes on from there to now.
func (b *Board) ShowFrom(at int64) {
	d := b.doc
	c := d.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == nil {
		return
	}
	c.link.send(&chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_SyncState{
		SyncState: &chalklinev1.SyncState{Handle: d.handle, AtUs: at},
	}})
	c.link.ask()
}

// stageContent is the state of the document "stage".
type stageContent struct {
	state classroom.Stage
	last  *chalklinev1.StageEvent // of the record applied last
}

func (c *stageContent) lengths() protocol.Lengths { return nil }
func (c *stageContent) hash() [16]byte            { return c.state.Hash() }

func (c *stageContent) apply(r *protocol.Record) ([]ot.Op, error) {
	c.last = &chalklinev1.StageEvent{}
	if err := proto.Unmarshal(r.Payload, c.last); err != nil {
		return nil, fmt.Errorf("client: stage event: %w", err)
	}
	c.state.Apply(c.last)
	return nil, nil
}

func loadStage(table []byte, chunks [][]byte) (*stageContent, error) {
	var s chalklinev1.StageState
	if err := loadState(classroom.StageDocument, table, chunks, &s); err != nil {
		return nil, err
	}
	return &stageContent{state: classroom.StageOf(&s)}, nil
}
