package room

import (
	"time"

	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/server/classroom"
)

// direct puts an event of the stage of the room's own, replica 0, in line for the log.
func (s *state) direct(now time.Time, e *chalklinev1.StageEvent) {
	s.enqueue(&batch{
		document: classroom.StageDocument, n: s.accepted.last(classroom.StageDocument, 0) + 1,
		capturedAt: cutMillis(s.clock.At(now)), received: now, payload: s.stage.write(e),
	})
}

// turnFromRemoved turns the stage to the page beside its own if that is removed (PGS4).
func (s *state) turnFromRemoved(now time.Time) {
	page := s.stage.coming.Page
	if !s.pages.coming.IsRemoved(page) {
		return
	}
	s.direct(now, &chalklinev1.StageEvent{Event: &chalklinev1.StageEvent_PageTurned{
		PageTurned: &chalklinev1.PageTurned{Page: s.pages.coming.Shown(page)},
	}})
}
