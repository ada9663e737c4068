package secret_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chalkline/server/secret"
)

func TestAKeyIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "key")
	first, err := secret.Key(path, 32)
	if err != nil {
		t.Fatal(err)
	}
	again, err := secret.Key(path, 32)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("the second time: %x, %v, want %x", again, err, first)
	}
	other, err := secret.Key(filepath.Join(t.TempDir(), "key"), 32)
	if err != nil || bytes.Equal(first, other) {
		t.Errorf("another file has the same key, or %v", err)
	}
}

func TestOnlyTheOwnerMayReadAKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if _, err := secret.Key(path, 32); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
}

func TestADamagedKeyIsNotReplacedButTold(t *testing.T) {
	for _, content := range []string{"", "not hexadecimal", strings.Repeat("ab", 31)} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := secret.Key(path, 32); err == nil {
			t.Errorf("%q is taken for the key %x", content, key)
		}
	}
}

func TestWriteLeavesNothingBehind(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "certificate.pem")
	for _, content := range []string{"old", "new"} {
		if err := secret.Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(directory)
	if err != nil || len(files) != 1 {
		t.Errorf("files: %v, %v", files, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("content is %q, %v", got, err)
	}
}
