package disk

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/replay"
)

// five is what a board of five writers appends at a time: 5 frames of 8 points.
func five(n uint64) []replay.Entry {
	entries := make([]replay.Entry, 5)
	for i := range entries {
		entries[i] = replay.Entry{Document: "board::p1", Replica: uint32(i) + 1, N: n, CapturedAt: int64(n) * 33e3, Payload: make([]byte, 20)}
	}
	return entries
}

// BenchmarkAppend has a goroutine per room append 5 small records at a time on
// the file system of the temporary directory, one append in flight per room.
func BenchmarkAppend(b *testing.B) {
	for _, rooms := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("rooms=%d", rooms), func(b *testing.B) {
			l := mustOpen(b, Config{Dir: b.TempDir()})
			defer mustClose(b, l)
			benchmarkAppend(b, l, rooms)
		})
	}
}

// BenchmarkAppendCPU appends without a disk: what is left is the processor's.
func BenchmarkAppendCPU(b *testing.B) {
	l := mustOpen(b, Config{Dir: "store", FS: vfs.NewMem()})
	defer mustClose(b, l)
	benchmarkAppend(b, l, 1)
}

func benchmarkAppend(b *testing.B, l *Log, rooms int) {
	latencies := make([][]time.Duration, rooms)
	for i := range rooms {
		if err := l.Create(b.Context(), replay.Room(i+1)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	cpu := processorTime(b)
	var wg sync.WaitGroup
	for i := range rooms {
		wg.Go(func() { latencies[i] = appendTo(b, l, replay.Room(i+1), (b.N+rooms-1-i)/rooms) })
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Sorted(slices.Values(slices.Concat(latencies...)))
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "commits/s")
	b.ReportMetric(float64((processorTime(b)-cpu).Microseconds())/float64(len(all)), "cpu-µs/op")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

func appendTo(b *testing.B, l *Log, room replay.Room, times int) []time.Duration {
	latencies := make([]time.Duration, 0, times)
	for n := range times {
		entries := five(uint64(n) + 1)
		start := time.Now()
		if _, err := l.Append(context.Background(), room, int64(n)*33e3, nil, entries); err != nil {
			b.Error(err)
			return latencies
		}
		latencies = append(latencies, time.Since(start))
	}
	return latencies
}

// processorTime is what the process has used, user and system.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRead reads a document of 10 000 records.
func BenchmarkRead(b *testing.B) {
	l := mustOpen(b, Config{Dir: "store", FS: vfs.NewMem()})
	defer mustClose(b, l)
	if err := l.Create(b.Context(), 1); err != nil {
		b.Fatal(err)
	}
	for n := range uint64(2000) {
		if _, err := l.Append(b.Context(), 1, 1, nil, five(n+1)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		count := 0
		if err := l.Read(b.Context(), 1, "board::p1", 1, func(replay.Record) bool { count++; return true }); err != nil || count != 10000 {
			b.Fatal(count, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10000, "ns/record")
}
