package protocol

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	chalklinev1 "chalkline/protocol/chalkline/v1"
)

// Code says what went wrong. Its thousand carries the retry rule: 1xxx try again
// now, 2xxx with back-off, 3xxx not as it is (docs/protocol.md, Codes).
type Code uint32

// The codes.
const (
	GoingAway        Code = 1001
	Resync           Code = 1002
	Silent           Code = 1003
	RoomRestarting   Code = 1004
	Overloaded       Code = 2001
	StoreUnavailable Code = 2002
	Full             Code = 2003
	TooManyTries     Code = 2004
	BadMessage       Code = 3001
	TooLarge         Code = 3002
	OutOfOrder       Code = 3003
	NoCommonVersion  Code = 3004
	TokenInvalid     Code = 3005
	TokenExpired     Code = 3006
	NoSuchRoom       Code = 3007
	NotPermitted     Code = 3008
	TakenOver        Code = 3009
	UnknownSemantics Code = 3010
	BoardFull        Code = 3011
	NoSuchDocument   Code = 3012
	TextBaseTooOld   Code = 3013
	UnusableImage    Code = 3014
	UnsupportedCodec Code = 3015
	NoSuchSource     Code = 3016
	PageRemoved      Code = 3017
	LastPage         Code = 3018
)

var codeNames = map[Code]string{
	GoingAway: "GOING_AWAY", Resync: "RESYNC", Silent: "SILENT", RoomRestarting: "ROOM_RESTARTING",
	Overloaded: "OVERLOADED", StoreUnavailable: "STORE_UNAVAILABLE", Full: "FULL", TooManyTries: "TOO_MANY_TRIES",
	BadMessage: "BAD_MESSAGE", TooLarge: "TOO_LARGE", OutOfOrder: "OUT_OF_ORDER", NoCommonVersion: "NO_COMMON_VERSION",
	TokenInvalid: "TOKEN_INVALID", TokenExpired: "TOKEN_EXPIRED", NoSuchRoom: "NO_SUCH_ROOM", NotPermitted: "NOT_PERMITTED",
	TakenOver: "TAKEN_OVER", UnknownSemantics: "UNKNOWN_SEMANTICS", BoardFull: "BOARD_FULL", NoSuchDocument: "NO_SUCH_DOCUMENT",
	TextBaseTooOld: "TEXT_BASE_TOO_OLD", UnusableImage: "UNUSABLE_IMAGE",
	UnsupportedCodec: "UNSUPPORTED_CODEC", NoSuchSource: "NO_SUCH_SOURCE",
	PageRemoved: "PAGE_REMOVED", LastPage: "LAST_PAGE",
}

// String returns the code's name in docs/protocol.md.
func (c Code) String() string {
	if s, ok := codeNames[c]; ok {
		return s
	}
	return fmt.Sprintf("CODE_%d", uint32(c))
}

// Retry is when to try again after an error.
type Retry int

// The retry rules.
const (
	RetryNow Retry = iota
	RetryBackOff
	RetryNever
)

// Retry returns the rule that the code's thousand carries. Codes of other
// ranges come from a newer peer and are retried with back-off.
func (c Code) Retry() Retry {
	switch c / 1000 {
	case 1:
		return RetryNow
	case 3:
		return RetryNever
	default:
		return RetryBackOff
	}
}

// Error is what a peer is told: a code with parameters. Its text is made where
// a person reads it.
type Error struct {
	Code       Code
	Parameters map[string]string
}

// NewError returns an Error with parameters given as name, value, name, value ….
func NewError(code Code, nameValue ...string) *Error {
	e := &Error{Code: code}
	for i := 0; i+1 < len(nameValue); i += 2 {
		if e.Parameters == nil {
			e.Parameters = map[string]string{}
		}
		e.Parameters[nameValue[i]] = nameValue[i+1]
	}
	return e
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", uint32(e.Code), e.Code)
	for _, k := range slices.Sorted(maps.Keys(e.Parameters)) {
		fmt.Fprintf(&b, " %s=%q", k, e.Parameters[k])
	}
	return b.String()
}

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Message returns the error as it travels.
func (e *Error) Message() *chalklinev1.Error {
	return &chalklinev1.Error{Code: uint32(e.Code), Parameters: e.Parameters}
}

// ErrorOf returns a received error.
func ErrorOf(m *chalklinev1.Error) *Error {
	return &Error{Code: Code(m.GetCode()), Parameters: m.GetParameters()}
}
