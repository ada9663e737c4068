package live

import (
	"context"
	"testing"
)

// expired is a context that has ended: what is there is read, nothing waited for.
func expired() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx, cancel
}

// wantOrder wants continuity counters without a jump, and clocks that rise by at
// most 100 ms unless they are marked.
func wantOrder(t *testing.T, b []byte) {
	t.Helper()
	last := map[int]byte{}
	clock := int64(-1)
	for i := 0; i+188 <= len(b); i += 188 {
		p := b[i : i+188]
		pid, counter := int(p[1]&0x1f)<<8|int(p[2]), p[3]&0x0f
		want, seen := last[pid]
		if p[3]&0x10 != 0 {
			want = (want + 1) & 0x0f
		}
		if seen && counter != want {
			t.Fatalf("packet %d of %#x: counter %d, want %d", i/188, pid, counter, want)
		}
		last[pid] = counter
		if p[3]&0x20 == 0 || p[4] < 7 || p[5]&0x10 == 0 {
			continue
		}
		now := int64(p[6])<<25 | int64(p[7])<<17 | int64(p[8])<<9 | int64(p[9])<<1 | int64(p[10])>>7
		if step := now - clock; clock >= 0 && p[5]&0x80 == 0 && (step <= 0 || step > 9000) {
			t.Errorf("packet %d: the clock goes on by %d", i/188, step)
		}
		clock = now
	}
	if clock < 0 {
		t.Error("no clock")
	}
}
