package webrtc

// Held returns how many sessions there are, and how many sources have a feed.
func (s *Server) Held() (sessions, feeds int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions), len(s.feeds)
}
