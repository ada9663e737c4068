package sequence

import (
	"fmt"

	"chalkline/replay"
)

// Verify says whether r follows a document that stands at before: nil or an
// error wrapping replay.ErrCorrupt.
func Verify(before replay.Head, r *replay.Record) error {
	switch {
	case r.Revision != before.Revision+1:
		return fmt.Errorf("revision %d follows %d: %w", r.Revision, before.Revision, replay.ErrCorrupt)
	case r.Digest != replay.Chain(before.Digest, *r):
		return fmt.Errorf("chain digest of revision %d does not fit: %w", r.Revision, replay.ErrCorrupt)
	case r.SequencedAt < before.SequencedAt || r.ReleaseAt != replay.Release(before.ReleaseAt, r.CapturedAt, r.SequencedAt):
		return fmt.Errorf("times of revision %d do not fit: %w", r.Revision, replay.ErrCorrupt)
	}
	return nil
}
