package server

import (
	"net/http"
	"strings"

	"chalkline/server/transport"
)

// otherOrigins lets pages of the configured origins ask what is below /api/ and read
// the answers, as they may connect. next leads to mux.
func (a *api) otherOrigins(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		allowed := origin != "" && transport.OriginListed(a.origins, origin)
		if allowed {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "Accept-Patch, Content-Disposition, ETag, Link, Location")
		}
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		if allowed { // a browser asks before it sends a token
			h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, If-None-Match")
			h.Set("Access-Control-Max-Age", "86400")
		}
		if _, pattern := mux.Handler(r); pattern != "/" {
			next.ServeHTTP(w, r) // those of WHIP and WHEP have more to say
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
