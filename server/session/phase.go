package session

import chalklinev1 "chalkline/protocol/chalkline/v1"

// phase is where a connection stands (SES11), in the words of the client's table
// (web/src/sync/connection.ts). The client's resting has no connection, and what
// it knows as catching-up and synced is one here: each document's stream has its own place.
type phase uint8

const (
	dialing phase = iota // until Hello is answered with Welcome
	joining              // until there is a room: its JOIN_ROOM_RESULT is the room's to send
	joined               // in the room: the client is catching-up or synced
	ended                // out of the room again: nothing leads out (SES5)
)

// takes says whether a message may come in a phase; any other is OUT_OF_ORDER and
// ends the session. A message that is not known here is for who is in a room.
func (p phase) takes(m *chalklinev1.ClientMessage) bool {
	switch m.GetMessage().(type) {
	case *chalklinev1.ClientMessage_Hello:
		return p == dialing
	case *chalklinev1.ClientMessage_CreateRoom:
		return p == joining || p == joined
	case *chalklinev1.ClientMessage_JoinRoom:
		return p == joining
	case *chalklinev1.ClientMessage_Ping, *chalklinev1.ClientMessage_Leave:
		return p != dialing
	default:
		return p == joined
	}
}
