package reply

import (
	"net/http"
	"slices"
	"strings"
)

// CrossOrigin lets the page that asks read the answer if it is of one of these
// origins, of which "*" is every page's, and says whether it is.
func CrossOrigin(w http.ResponseWriter, r *http.Request, origins []string) bool {
	if h := w.Header(); !slices.Contains(h.Values("Vary"), "Origin") {
		h.Add("Vary", "Origin")
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	for _, o := range origins {
		if o == "*" || strings.EqualFold(o, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			return true
		}
	}
	return false
}
