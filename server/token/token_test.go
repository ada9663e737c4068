package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"chalkline/server/classroom"
	"chalkline/server/token"
)

var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

func key(id string, fill byte) token.Key {
	return token.Key{ID: id, Secret: bytes.Repeat([]byte{fill}, token.MinSecret)}
}

// newKeys returns keys whose clock reads *now.
func newKeys(t testing.TB, now *time.Time, keys ...token.Key) *token.Keys {
	t.Helper()
	k, err := token.NewKeys(keys, func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestATokenSaysWhatWasMinted(t *testing.T) {
	now := start
	keys := newKeys(t, &now, key("school", 1))
	want := token.Claims{
		Participant: "ann@school", Name: "Ann 安", Room: 42, Role: classroom.Teacher, Grants: []string{"create"},
		Expires: start.Add(time.Hour),
	}
	minted, err := keys.Mint(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := keys.Verify(minted)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Expires.Equal(want.Expires) {
		t.Errorf("expires %v, want %v", got.Expires, want.Expires)
	}
	got.Expires = want.Expires
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Verify() = %+v, want %+v", got, want)
	}
}

func TestATokenLivesADayUnlessTold(t *testing.T) {
	now := start
	keys := newKeys(t, &now, key("school", 1))
	minted, err := keys.Mint(token.Claims{Participant: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	now = start.Add(token.Lifetime)
	if c, err := keys.Verify(minted); err != nil || c.Role != classroom.Student {
		t.Errorf("within a day: %+v, %v", c, err)
	}
	now = start.Add(token.Lifetime + time.Minute)
	if _, err := keys.Verify(minted); !errors.Is(err, token.ErrExpired) {
		t.Errorf("after a day: %v, want %v", err, token.ErrExpired)
	}
}

func TestEveryKeyVerifiesAndTheFirstMints(t *testing.T) {
	now := start
	old := newKeys(t, &now, key("old", 1))
	both := newKeys(t, &now, key("new", 2), key("old", 1))
	minted, err := old.Mint(token.Claims{Participant: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := both.Verify(minted); err != nil {
		t.Errorf("a token of the old key: %v", err)
	}
	if minted, err = both.Mint(token.Claims{Participant: "ann"}); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Verify(minted); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a token of an unknown key: %v, want %v", err, token.ErrInvalid)
	}
}

// forge signs any header and claims with a secret.
func forge(t *testing.T, method jwt.SigningMethod, kid, claims string, secret any) string {
	t.Helper()
	var m jwt.MapClaims
	if err := json.Unmarshal([]byte(claims), &m); err != nil {
		t.Fatal(err)
	}
	forged := jwt.NewWithClaims(method, m)
	forged.Header["kid"] = kid
	signed, err := forged.SignedString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestForgedTokensAreInvalid(t *testing.T) {
	now := start
	school := key("school", 1)
	keys := newKeys(t, &now, school)
	const good = `{"sub":"ann","exp":1900000000}`
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	genuine := forge(t, jwt.SigningMethodHS256, "school", good, school.Secret)
	if _, err := keys.Verify(genuine); err != nil {
		t.Fatalf("the genuine one: %v", err)
	}
	pieces := strings.Split(genuine, ".")
	for name, forged := range map[string]string{
		"algorithm none":       forge(t, jwt.SigningMethodNone, "school", good, jwt.UnsafeAllowNoneSignatureType),
		"another algorithm":    forge(t, jwt.SigningMethodHS512, "school", good, school.Secret),
		"alg none, in capital": part(`{"alg":"NONE","kid":"school"}`) + "." + part(good) + ".",
		"no signature":         pieces[0] + "." + pieces[1] + ".",
		"another secret":       forge(t, jwt.SigningMethodHS256, "school", good, key("", 2).Secret),
		"empty secret":         forge(t, jwt.SigningMethodHS256, "", good, []byte{}),
		"unknown key":          forge(t, jwt.SigningMethodHS256, "elsewhere", good, school.Secret),
		"claims exchanged":     pieces[0] + "." + part(`{"sub":"head","exp":1900000000}`) + "." + pieces[2],
		"no expiry":            forge(t, jwt.SigningMethodHS256, "school", `{"sub":"ann"}`, school.Secret),
		"no participant":       forge(t, jwt.SigningMethodHS256, "school", `{"exp":1900000000}`, school.Secret),
		"not yet valid":        forge(t, jwt.SigningMethodHS256, "school", `{"sub":"ann","exp":1900000000,"nbf":1890000000}`, school.Secret),
		"unknown role":         forge(t, jwt.SigningMethodHS256, "school", `{"sub":"ann","exp":1900000000,"role":"root"}`, school.Secret),
		"negative room":        forge(t, jwt.SigningMethodHS256, "school", `{"sub":"ann","exp":1900000000,"room":-1}`, school.Secret),
		"long participant":     forge(t, jwt.SigningMethodHS256, "school", `{"sub":"`+strings.Repeat("a", 65)+`","exp":1900000000}`, school.Secret),
		"many grants":          forge(t, jwt.SigningMethodHS256, "school", `{"sub":"ann","exp":1900000000,"grants":["a"`+strings.Repeat(`,"a"`, 16)+`]}`, school.Secret),
		"too large":            forge(t, jwt.SigningMethodHS256, "school", `{"sub":"ann","exp":1900000000,"x":"`+strings.Repeat("a", 5000)+`"}`, school.Secret),
		"empty":                "",
		"no token":             "a.b.c",
		"dots":                 strings.Repeat(".", 1000),
	} {
		if c, err := keys.Verify(forged); !errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: %+v, %v, want %v", name, c, err, token.ErrInvalid)
		}
	}
}

func TestAForgedTokenIsInvalidNotExpired(t *testing.T) {
	now := start
	keys := newKeys(t, &now, key("school", 1))
	forged := forge(t, jwt.SigningMethodHS256, "school", `{"sub":"ann","exp":1}`, key("", 2).Secret)
	if _, err := keys.Verify(forged); !errors.Is(err, token.ErrInvalid) || errors.Is(err, token.ErrExpired) {
		t.Errorf("Verify() = %v, want %v", err, token.ErrInvalid)
	}
}

func TestWeakOrDoubtfulKeysAreRefused(t *testing.T) {
	for name, keys := range map[string][]token.Key{
		"none":      nil,
		"short":     {{ID: "a", Secret: make([]byte, token.MinSecret-1)}},
		"nameless":  {key("", 1)},
		"same name": {key("a", 1), key("a", 2)},
	} {
		if _, err := token.NewKeys(keys, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	now := start
	keys := newKeys(f, &now, key("school", 1))
	minted, err := keys.Mint(token.Claims{Participant: "ann", Expires: start.Add(time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(minted)
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		_, err := keys.Verify(s)
		if err == nil && s != minted {
			t.Fatalf("%q is taken for a token", s)
		}
		if err != nil && !errors.Is(err, token.ErrInvalid) && !errors.Is(err, token.ErrExpired) {
			t.Fatalf("error is %v", err)
		}
	})
}
