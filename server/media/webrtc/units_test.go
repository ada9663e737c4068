package webrtc

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	pionrtp "github.com/pion/rtp"

	"chalkline/server/media/stream"
)

func TestAPictureWithoutAnEndIsHeldUpToItsBoundOnly(t *testing.T) {
	track := newTestInbound(t, true)
	reader := track.publisher.publication.Source.Hub.Read()
	defer reader.Close()
	now := noon
	var number uint16
	push := func(timestamp uint32, marker bool, payload []byte) {
		number++
		track.push(&pionrtp.Packet{
			Header:  pionrtp.Header{Version: 2, SequenceNumber: number, Timestamp: timestamp, Marker: marker},
			Payload: payload,
		}, now)
	}
	begins := []byte("\x7c\x85\x88") // FU-A, IDR
	push(3000, false, begins)
	before := heapOf()
	fragment := make([]byte, 1200)
	copy(fragment, "\x7c\x05")
	for range 8 * maxUnit / len(fragment) {
		push(3000, false, fragment)
	}
	if grown := heapOf() - before; grown > 2*maxUnit {
		t.Errorf("%d bytes of a picture are held, want %d at most", grown, maxUnit)
	}
	push(6000, false, []byte("\x67\x42\x00\x1f"))
	push(6000, false, []byte("\x68\xce"))
	push(6000, true, []byte("\x65\x88"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	u, err := reader.Next(ctx)
	if err != nil || u.Codec != stream.H264 || !u.Key || len(u.Data) > 1000 {
		t.Errorf("the picture after it: %d bytes of %v, key %t, %v", len(u.Data), u.Codec, u.Key, err)
	}
}

// heapOf returns how much memory is in use.
func heapOf() int64 {
	runtime.GC()
	runtime.GC() // what pools kept over the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestWhoPicksALayerDoesNotWaitForTheHub(t *testing.T) {
	told, release := make(chan struct{}), make(chan struct{})
	hub := stream.NewHub(func(wanted bool) {
		if !wanted { // the Hub is held, as while a source's feed is told that nobody reads
			close(told)
			<-release
		}
	})
	f := &feed{}
	large, small := &layer{feed: f, video: true, quality: qualityMain}, &layer{feed: f, video: true, quality: qualitySub}
	f.layers = []*layer{large, small}
	reader := hub.Read()
	var all sync.WaitGroup
	defer all.Wait()
	defer close(release)
	all.Go(reader.Close)
	<-told
	all.Go(func() { f.air.publish(hub, large, true, stream.Unit{Codec: stream.H264, Key: true}) })
	for f.air.mu.TryLock() { // until it waits for the Hub
		f.air.mu.Unlock()
		runtime.Gosched()
	}
	picked := make(chan bool, 1)
	all.Go(func() { picked <- f.picked(large) })
	select {
	case is := <-picked:
		if !is {
			t.Error("the layer that is on the air is picked no more")
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits, with the feed's lock held")
	}
}
