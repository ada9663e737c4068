package rtmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// publishedStream is the number of the one stream that a connection may create.
const publishedStream = 1

// command handles a command message (7.2): name, transaction, and what follows.
func (k *conn) command(body []byte, stream uint32) error {
	values, err := decodeAMF(body)
	if err != nil {
		return err
	}
	name, _ := at(values, 0).(string)
	transaction, _ := at(values, 1).(float64)
	switch name {
	case "connect":
		return k.connect(transaction, at(values, 2))
	case "releaseStream", "FCPublish":
		return k.answer(transaction, nil, nil)
	case "createStream":
		return k.answer(transaction, nil, float64(publishedStream))
	case "publish":
		key, _ := at(values, 3).(string)
		return k.publish(key, stream)
	case "play":
		return &refusal{"NetStream.Play.Failed", errors.New("this server takes streams and plays none by RTMP")}
	case "deleteStream", "closeStream", "FCUnpublish":
		return errEnd
	}
	return nil
}

// connect names the application (7.2.1.1).
func (k *conn) connect(transaction float64, arguments any) error {
	object, _ := arguments.(map[string]any)
	k.app, _ = object["app"].(string)
	size := binary.BigEndian.AppendUint32(nil, window)
	const dynamic = 2
	for _, m := range []struct {
		kind byte
		body []byte
	}{
		{kindWindow, size},
		{kindPeerBandwidth, append(size, dynamic)},
		{kindChunkSize, binary.BigEndian.AppendUint32(nil, defaultChunk)},
	} {
		if err := k.send(controlStream, m.kind, 0, m.body); err != nil {
			return err
		}
	}
	return k.answer(transaction,
		[]property{{"fmsVer", "FMS/3,0,1,123"}, {"capabilities", 31.0}},
		[]property{
			{"level", "status"}, {"code", "NetConnection.Connect.Success"}, {"description", "Connected."}, {"objectEncoding", 0.0},
		})
}

// publish asks the handler (7.2.2.6). A name may have parameters behind a question
// mark, which do not count.
func (k *conn) publish(key string, stream uint32) error {
	if k.sink != nil {
		return &refusal{"NetStream.Publish.BadName", errors.New("something is published on this connection already")}
	}
	key, _, _ = strings.Cut(key, "?")
	sink, err := k.server.handler.Publish(k.net.RemoteAddr().String(), k.app, key)
	if err != nil {
		return &refusal{"NetStream.Publish.BadName", err}
	}
	k.sink = sink
	k.known()
	k.reader.most = maxMessage
	k.watch.Go(func() { // closes the connection when the publisher is to end
		select {
		case <-sink.Done():
			_ = k.net.Close()
		case <-k.over:
		}
	})
	begin := binary.BigEndian.AppendUint32([]byte{0, 0}, stream)
	if err := k.send(controlStream, kindUser, 0, begin); err != nil {
		return err
	}
	return k.tell("status", "NetStream.Publish.Start", "Published.")
}

// answer is the result of a command.
func (k *conn) answer(transaction float64, properties, information any) error {
	return k.send(commandStream, kindCommand, 0, appendAMF(nil, "_result", transaction, properties, information))
}

// tell sends the status of the stream.
func (k *conn) tell(level, code, description string) error {
	err := k.send(commandStream, kindCommand, publishedStream, appendAMF(nil, "onStatus", 0.0, nil, []property{
		{"level", level}, {"code", code}, {"description", description},
	}))
	if err != nil {
		return fmt.Errorf("rtmp: tell %s: %w", code, err)
	}
	return nil
}

func at(values []any, i int) any {
	if i < len(values) {
		return values[i]
	}
	return nil
}
