package live

import (
	"errors"
	"testing"
	"time"

	"chalkline/protocol"
	"chalkline/server/media"
)

var (
	noon   = time.Unix(1_795_262_400, 0) // on the hour
	source = media.ID{15: 3}
)

func TestMED9ATokenEndsOneToTwoHoursLaterAndIsTheSameWithinTheHour(t *testing.T) {
	first := grantNow(77, source, noon).token(secret)
	if later := grantNow(77, source, noon.Add(time.Hour-time.Second)).token(secret); later != first {
		t.Error("another token in the same hour")
	}
	if next := grantNow(77, source, noon.Add(time.Hour)).token(secret); next == first {
		t.Error("the same token in the next hour")
	}
	g, err := readToken(secret, first, noon.Add(2*time.Hour-time.Second))
	if err != nil || g.room != 77 || g.source != source || g.expires != noon.Add(2*time.Hour).Unix() {
		t.Errorf("grant %+v, %v", g, err)
	}
	if _, err := readToken(secret, first, noon.Add(2*time.Hour)); !errors.Is(err, protocol.NewError(protocol.TokenExpired)) {
		t.Errorf("at its end: %v", err)
	}
}

func TestMED9ATokenIsOfOneSourceAndOneServer(t *testing.T) {
	token := []byte(grantNow(77, source, noon).token(secret))
	for i := range token {
		changed := append([]byte(nil), token...)
		changed[i] ^= 1
		if _, err := readToken(secret, string(changed), noon); !errors.Is(err, protocol.NewError(protocol.TokenInvalid)) {
			t.Errorf("changed at %d: %v", i, err)
		}
	}
	if _, err := readToken(make([]byte, SecretSize), string(token), noon); !errors.Is(err, protocol.NewError(protocol.TokenInvalid)) {
		t.Errorf("with another secret: %v", err)
	}
	for i := range token {
		if _, err := readToken(secret, string(token[:i]), noon); err == nil {
			t.Errorf("%d bytes are taken", i)
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add(grantNow(77, source, noon).token(secret))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		g, err := readToken(secret, token, noon)
		if err == nil && g.token(secret) != token {
			t.Errorf("%q is a token of %+v", token, g)
		}
	})
}
