package live

import (
	"fmt"
	"sync/atomic"
	"testing"

	"chalkline/bench/client"
)

func TestAWindowKeepsAMinuteAndItsPlaylistsFollowOnFromEachOther(t *testing.T) {
	var held atomic.Int64
	w := newWindow(1<<30, 1<<30, 1<<30, &held, 500)
	var last *client.Playlist
	for n := range int64(400) {
		w.add(&segment{
			sequence: 1000 + n, name: fmt.Sprint("x-", n), ticks: second + n%3*900, time: began + n*1_010_000,
			discontinuity: n%37 == 0, independent: true, data: make([]byte, 1000),
		})
		list, err := client.ParsePlaylist(w.wait(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		if last != nil {
			if err := list.Follows(last); err != nil {
				t.Fatal(err)
			}
		}
		newest := list.Segments[len(list.Segments)-1]
		if newest.Sequence != 1000+n || newest.Discontinuity != 500+1+n/37 {
			t.Fatalf("segment %d has number %d, discontinuity %d", n, newest.Sequence, newest.Discontinuity)
		}
		if last != nil { // what the list before had can still be fetched
			for _, s := range last.Segments {
				if _, ok := w.find(s.URI[:len(s.URI)-len(".ts")]); !ok {
					t.Fatalf("%s is gone", s.URI)
				}
			}
		}
		last = list
	}
	if n := len(last.Segments); n < 74 || n > 77 {
		t.Errorf("%d segments are listed", n)
	}
	if n := held.Load(); n < 155_000 || n > 165_000 {
		t.Errorf("%d bytes are held", n)
	}
	w.close()
	if held.Load() != 0 {
		t.Errorf("%d bytes are held in the end", held.Load())
	}
}

func TestAWindowIsBoundedInBytes(t *testing.T) {
	var held atomic.Int64
	one, two := newWindow(20_000, 30_000, 15_000, &held, 0), newWindow(20_000, 30_000, 15_000, &held, 0)
	for n := range int64(100) {
		for _, w := range []*window{one, two} {
			w.add(&segment{sequence: n, name: fmt.Sprint(n), ticks: second, data: make([]byte, 1000)})
		}
		if one.bytes > 20_000 || held.Load() > 31_000 {
			t.Fatalf("%d bytes of one, %d of all", one.bytes, held.Load())
		}
	}
	if len(two.segments) < fewest {
		t.Errorf("%d segments", len(two.segments))
	}
}

// Segments may be so large that a few of each source are more than there may be of all.
func TestLargeSegmentsTakeNoMoreThanThereMayBeOfAll(t *testing.T) {
	const limit, large, small = 100_000, 20_000, 1000
	var held atomic.Int64
	windows := make([]*window, 4)
	for i := range windows {
		windows[i] = newWindow(limit, limit, limit/int64(len(windows)), &held, 0)
	}
	for n := range int64(20) {
		for i, w := range windows {
			size := large
			if i == 0 {
				size = small
			}
			w.add(&segment{sequence: n, name: fmt.Sprint(n), ticks: second, data: make([]byte, size)})
			if held.Load() > limit {
				t.Fatalf("%d bytes are held, %d are the most", held.Load(), limit)
			}
		}
	}
	if n := len(windows[0].segments); n < fewest {
		t.Errorf("%d small segments", n)
	}
}

func TestAWindowIsBoundedInSegments(t *testing.T) {
	var held atomic.Int64
	w := newWindow(1<<30, 1<<30, 1<<30, &held, 0)
	var last *client.Playlist
	for n := range int64(2000) {
		w.add(&segment{sequence: n, name: fmt.Sprint(n), ticks: second / 50, discontinuity: true, data: make([]byte, 1000)})
		if n%100 != 0 {
			continue
		}
		list, err := client.ParsePlaylist(w.wait(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		if last != nil {
			if err := list.Follows(last); err != nil {
				t.Fatal(err)
			}
			for _, s := range last.Segments { // what the list before had can still be fetched
				if _, ok := w.find(s.URI[:len(s.URI)-len(".ts")]); !ok {
					t.Fatalf("%s is gone", s.URI)
				}
			}
		}
		last = list
	}
	if n := len(last.Segments); n != mostListed {
		t.Errorf("%d segments are listed", n)
	}
	if n := len(w.segments); n != 2*mostListed {
		t.Errorf("%d segments are kept", n)
	}
}
