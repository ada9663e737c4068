package server_test

import (
	"net/http"
	"strings"
	"testing"

	"chalkline/server"
)

// A board in a page of another site asks where to connect, and for images and pictures.
func TestPagesOfConfiguredOriginsMayAskAndNoOthers(t *testing.T) {
	here := startMedia(t, func(c *server.Config) { c.Transport.Origins = []string{"https://school.example"} })
	for _, c := range []struct{ method, path string }{
		{http.MethodGet, "/api/connect"},
		{http.MethodOptions, "/api/token"},
		{http.MethodPost, "/api/token"},
		{http.MethodOptions, "/api/rooms/0000000001/images"},
		{http.MethodGet, "/api/rooms/0000000001/pages/a.png"},
		{http.MethodOptions, "/api/rooms/0000000001/sources/1/switches"},
		{http.MethodOptions, "/api/rooms/0000000001/sources/1/live"},
		{http.MethodOptions, "/api/rooms/0000000001/whip"},
	} {
		for origin, want := range map[string]bool{"https://school.example": true, "https://evil.example": false} {
			r, err := http.NewRequestWithContext(t.Context(), c.method, here.url+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", origin)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			h := answer.Header
			if got := h.Get("Access-Control-Allow-Origin") == origin; got != want || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
				t.Errorf("%s %s from %s: %v", c.method, c.path, origin, h)
			}
			if c.method != http.MethodOptions || !want {
				continue
			}
			if answer.StatusCode != http.StatusNoContent || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
				t.Errorf("%s %s: %d, %v", c.method, c.path, answer.StatusCode, h)
			}
		}
	}
}
