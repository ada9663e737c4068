package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/bench/client"
	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/classroom"
	"chalkline/server/transport"
)

// tickEvery is how often who reads nothing says that he is there.
const tickEvery = 15 * time.Second

// stalled are connections of a room that have its board opened and read nothing
// of what they are sent, but send on: pages that hang.
type stalled []transport.ClientConn

// stall brings n of them in.
func (k *class) stall(ctx context.Context, n int) (stalled, error) {
	var all stalled
	for i := range n {
		conn, err := k.hang(ctx, fmt.Sprintf("stalled %d", i+1))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("bench: stalled client %d: %w", i+1, err), all.close())
		}
		all = append(all, conn)
	}
	return all, nil
}

// hang joins, and reads nothing from then on.
func (k *class) hang(ctx context.Context, name string) (transport.ClientConn, error) {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	token, err := client.RequestToken(ctx, k.config.HTTP, k.config.URL, name)
	if err != nil {
		return nil, err
	}
	conn, err := k.network.Dial(ctx, k.config.Route)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(0) })
	defer stop()
	err = errors.Join(
		say(conn, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Hello{
			Hello: &chalklinev1.Hello{Versions: []uint32{protocol.Version}, Token: token, Agent: "chalkline-bench"},
		}}),
		say(conn, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_JoinRoom{JoinRoom: &chalklinev1.JoinRoom{
			RoomId: k.config.Room, DisplayName: name, Open: []*chalklinev1.OpenDocument{{Handle: 1, Document: classroom.Board{Page: k.page}.Document()}},
		}}}),
	)
	if err == nil {
		err = joined(conn)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close(0))
	}
	return conn, nil
}

// joined reads until the server says what became of the joining.
func joined(conn transport.ClientConn) error {
	for {
		b, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		var m chalklinev1.ServerMessage
		if err := proto.Unmarshal(b, &m); err != nil {
			return err
		}
		if e := m.GetError(); e != nil {
			return protocol.ErrorOf(e)
		}
		if result := m.GetJoinRoomResult(); result != nil && result.Result < 0 {
			return protocol.NewError(protocol.Code(-result.Result))
		} else if result != nil {
			return nil
		}
	}
}

// tick keeps them in the room until ctx ends.
func (s stalled) tick(ctx context.Context) error {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for i, conn := range s {
			if err := say(conn, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_HeartTick{HeartTick: &chalklinev1.HeartTick{}}}); err != nil {
				return fmt.Errorf("bench: stalled client %d: %w", i+1, err)
			}
		}
	}
}

// close sends them off; one that the server sent off before is an error.
func (s stalled) close() error {
	var errs []error
	for i, conn := range s {
		select {
		case <-conn.Done():
			errs = append(errs, fmt.Errorf("bench: stalled client %d was closed by the server", i+1))
		default:
			errs = append(errs, conn.Close(0))
		}
	}
	return errors.Join(errs...)
}

func say(conn transport.ClientConn, m *chalklinev1.ClientMessage) error {
	framed, err := protocol.AppendMessage(nil, m)
	if err != nil {
		return err
	}
	return conn.WriteControl(framed)
}
