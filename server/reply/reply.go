// Package reply answers HTTP requests as docs/protocol.md, HTTP, says: JSON, and
// errors as codes with parameters.
package reply

import (
	"encoding/json"
	"errors"
	"net/http"

	"chalkline/protocol"
)

// JSON answers a request with a body of JSON.
func JSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone
}

// Error answers a request with the code of an error and its parameters. What is no
// *protocol.Error is the store's.
func Error(w http.ResponseWriter, err error) {
	known := protocol.NewError(protocol.StoreUnavailable, "reason", "failed")
	errors.As(err, &known)
	status := statusOf(known.Code)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110, 15.5.2
	}
	JSON(w, status, map[string]any{"code": known.Code, "parameters": known.Parameters})
}

// statusOf is the HTTP status that goes with a code.
func statusOf(code protocol.Code) int {
	switch code {
	case protocol.TokenInvalid, protocol.TokenExpired:
		return http.StatusUnauthorized
	case protocol.NotPermitted:
		return http.StatusForbidden
	case protocol.NoSuchRoom, protocol.NoSuchDocument, protocol.NoSuchSource:
		return http.StatusNotFound
	case protocol.UnsupportedCodec:
		return http.StatusNotAcceptable
	case protocol.TooLarge:
		return http.StatusRequestEntityTooLarge
	}
	if code.Retry() == protocol.RetryNever {
		return http.StatusBadRequest
	}
	return http.StatusServiceUnavailable
}
