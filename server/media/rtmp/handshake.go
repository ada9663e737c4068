package rtmp

import (
	"crypto/rand"
	"fmt"
	"io"
)

// version is that of the protocol without encryption; randomSize the length of C1
// and S1 (5.2.3).
const (
	version    = 3
	randomSize = 1536
)

// shake is the server's side of the handshake (5.2). C1 is sent back as S2 whatever
// is in it: a digest is neither made nor checked.
func shake(c io.ReadWriter) error {
	var first [1 + randomSize]byte
	if _, err := io.ReadFull(c, first[:1]); err != nil {
		return fmt.Errorf("rtmp: handshake: %w", err)
	}
	if first[0] != version {
		return fmt.Errorf("rtmp: handshake: version %d: %w", first[0], errMalformed)
	}
	if _, err := io.ReadFull(c, first[1:]); err != nil {
		return fmt.Errorf("rtmp: handshake: %w", err)
	}
	answer := make([]byte, 1+2*randomSize)
	answer[0] = version
	_, _ = rand.Read(answer[9 : 1+randomSize]) // never fails; time and version stay 0
	copy(answer[1+randomSize:], first[1:])
	if _, err := c.Write(answer); err != nil {
		return fmt.Errorf("rtmp: handshake: %w", err)
	}
	if _, err := io.ReadFull(c, first[1:]); err != nil { // C2, which is S1 again
		return fmt.Errorf("rtmp: handshake: %w", err)
	}
	return nil
}
