package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"chalkline/protocol"
	"chalkline/server/content"
)

func TestWhoBringsAnImageIsToldThatTheDiskIsFull(t *testing.T) {
	w := httptest.NewRecorder()
	err := refusal(fmt.Errorf("content: %w", content.ErrFull))
	(&images{log: slog.New(slog.DiscardHandler)}).refuse(w, httptest.NewRequest("PUT", "/", nil), visitor{}, err)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `{"code":2002,"parameters":{"reason":"full"}}`) {
		t.Errorf("told %d %s", w.Code, w.Body)
	}
}

func TestImagesThatComeTakeOnlySoMuchOfTheDisk(t *testing.T) {
	i := &images{scratch: t.TempDir(), files: ration{most: 2000}}
	come := func(size int) (*drawn, error) {
		return i.receive(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", size))))
	}
	first, err := come(900)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := come(600); !errors.Is(err, protocol.NewError(protocol.Overloaded)) {
		t.Errorf("over it: %v", err)
	}
	small, err := come(100)
	if err != nil {
		t.Fatalf("a small one beside a large one: %v", err)
	}
	small.close()
	first.close()
	third, err := come(1000)
	if err != nil {
		t.Fatalf("when there was room again: %v", err)
	}
	third.close()
	if n := i.files.held.Load(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
	if left, err := os.ReadDir(i.scratch); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
