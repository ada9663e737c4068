package render

import (
	"context"

	"chalkline/ot"
)

// Region is the part of a board that a picture at 1:1 shows, in px.
func Region(ctx context.Context, board *ot.Board, fonts *Fonts) [4]int {
	s, err := (&Renderer{Fonts: fonts}).sheet(ctx, board)
	if err != nil {
		return [4]int{}
	}
	r := s.region(Options{})
	w, h := sizeOf(r, 1.0/unitsPerPx)
	return [4]int{int(r.x0) / unitsPerPx, int(r.y0) / unitsPerPx, w, h}
}
