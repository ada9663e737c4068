package media

import (
	"encoding/json"
	"errors"
	"net/http"

	"chalkline/protocol"
)

// Answer answers a request with a body of JSON.
func Answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone
}

// AnswerError answers a request with the code of an error and its parameters
// (docs/protocol.md, HTTP). What is no *protocol.Error is the store's.
func AnswerError(w http.ResponseWriter, err error) {
	known := protocol.NewError(protocol.StoreUnavailable, "reason", "failed")
	errors.As(err, &known)
	Answer(w, statusOf(known.Code), map[string]any{"code": known.Code, "parameters": known.Parameters})
}

// statusOf is the HTTP status that goes with a code.
func statusOf(code protocol.Code) int {
	switch code {
	case protocol.TokenInvalid, protocol.TokenExpired:
		return http.StatusUnauthorized
	case protocol.NotPermitted:
		return http.StatusForbidden
	case protocol.NoSuchRoom, protocol.NoSuchSource:
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
