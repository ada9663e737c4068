package client

import (
	"context"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/server/transport"
)

// join dials a client into the fake's room.
func join(t *testing.T, dial DialFunc, edit func(*Config)) *Client {
	t.Helper()
	cfg := Config{Dial: dial, Token: "t", Name: "ann", Room: 1, Pages: []string{"p1"}, Route: transport.WebTransport}
	if edit != nil {
		edit(&cfg)
	}
	c, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// board returns the board of page p1, synced.
func board(t *testing.T, c *Client) *Board {
	t.Helper()
	b, err := c.OpenBoard("p1")
	if err != nil {
		t.Fatal(err)
	}
	within(t, time.Minute, b.WaitSynced)
	return b
}

func within(t *testing.T, d time.Duration, wait func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := wait(ctx); err != nil {
		t.Fatal(err)
	}
}

// wave returns n points that are no straight line.
func wave(n int, from int32) []ot.Point {
	points := make([]ot.Point, n)
	for i := range points {
		k := from + int32(i)
		points[i] = ot.Point{X: 1000 + 7*k, Y: 2000 + k*k%91, P: 100 + k%50, T: 4 * k}
	}
	return points
}

// draw draws a stroke in frames of 8 points.
func draw(t *testing.T, b *Board, frames int) {
	t.Helper()
	s := b.Stroke(ot.Setting{Register: ot.Color, Value: ot.ColorValue(0x123456)})
	for k := range frames {
		if err := s.Frame(wave(8, int32(8*k))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(nil); err != nil {
		t.Fatal(err)
	}
}
