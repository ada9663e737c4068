package ingest

import (
	"os"
	"syscall"
	"testing"
)

func TestMED10AnEncoderThatStallsIsPausedAndComesBack(t *testing.T) {
	file := filmFile(t)
	for _, format := range []string{"flv", "mpegts"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			s := open(t, newTable(t))
			e := pushFile(t, file, format, s.url(format, s.key(t)))
			waitFor(t, "published source", func() bool { return s.source().Video && !s.source().Paused })
			source, _ := s.registry.Source(testRoom, 1)
			for range 2 { // twice, because it is to be noticed again
				readOne(t, source.Hub)
				e.signal(syscall.SIGSTOP)
				waitFor(t, "pause", func() bool { return s.source().Paused })
				if i := s.source(); !i.Video || !i.Live {
					t.Errorf("paused, it is taken for gone: %+v", i)
				}
				e.signal(syscall.SIGCONT)
				waitFor(t, "end of the pause", func() bool { return !s.source().Paused })
			}
			e.end(os.Interrupt)
			waitFor(t, "end of the publisher", func() bool { return !s.source().Video })
		})
	}
}
