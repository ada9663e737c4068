package webrtc

import pion "github.com/pion/webrtc/v4"

// Held returns how many sessions there are, and how many sources have a feed.
func (s *Server) Held() (sessions, feeds int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions), len(s.feeds)
}

// Candidates returns how many of clients' ICE candidates there are.
func (s *Server) Candidates() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.sessions {
		for _, stats := range one.pc.GetStats() {
			if c, ok := stats.(pion.ICECandidateStats); ok && c.Type == pion.StatsTypeRemoteCandidate {
				n++
			}
		}
	}
	return n
}
