package server

import (
	"sync/atomic"

	"chalkline/protocol"
)

// ration is what files of one kind may take of the disk together, in bytes.
type ration struct {
	most int64
	held atomic.Int64
}

// share is what one file takes of a ration.
type share struct {
	of  *ration
	own int64
}

// Write takes as many bytes. OVERLOADED if less would be left than the file has then: so
// a few large ones, of slow readers, leave room for small ones.
func (s *share) Write(p []byte) (int, error) {
	n := int64(len(p))
	if left := s.of.most - s.of.held.Add(n); s.own+n > left {
		s.of.held.Add(-n)
		return 0, protocol.NewError(protocol.Overloaded)
	}
	s.own += n
	return len(p), nil
}

func (s *share) giveBack() { s.of.held.Add(-s.own) }
