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
		{http.MethodGet, "/api/rooms/0000000001/sources/1/live"},
		{http.MethodOptions, "/api/rooms/0000000001/whip"},
		{http.MethodPost, "/api/rooms/0000000001/whip"},
		{http.MethodOptions, "/api/rooms/0000000001/sources/1/whep/abc"},
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
			if !want {
				continue
			}
			if got := h.Get("Access-Control-Expose-Headers"); got != "Accept-Patch, Content-Disposition, ETag, Link, Location" {
				t.Errorf("%s %s: %q may be read", c.method, c.path, got)
			}
			if c.method != http.MethodOptions {
				continue
			}
			if answer.StatusCode != http.StatusNoContent ||
				h.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type, If-Match, If-None-Match" ||
				h.Get("Access-Control-Allow-Methods") != "GET, POST, PUT, PATCH, DELETE" {
				t.Errorf("%s %s: %d, %v", c.method, c.path, answer.StatusCode, h)
			}
		}
	}
}

func TestPagesOfEverySiteMayAskIfAllMayConnect(t *testing.T) {
	for _, origin := range []string{"*", "https://School.example"} {
		here := startMedia(t, func(c *server.Config) { c.Transport.Origins = []string{origin} })
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, here.url+"/api/rooms/0000000001/sources/1/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://school.example")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if h := answer.Header; h.Get("Access-Control-Allow-Origin") != "https://school.example" || h.Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("origins %q: %v", origin, h)
		}
	}
}
