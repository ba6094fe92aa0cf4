package server

// keyActive reports whether a policy key has a key that may be used now.
func (s *Server) keyActive(id string) bool {
	set, err := s.Keys.Get(id)
	if err != nil {
		return false
	}
	_, ok := set.Active(s.Config.Now())
	return ok
}
