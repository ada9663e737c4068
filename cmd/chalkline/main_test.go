package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"chalkline/replay/disk"
	"chalkline/server"
)

// result is what a run printed.
func result(t *testing.T, arguments ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	status = run(t.Context(), arguments, nil, &out, &errs)
	return status, out.String(), errs.String()
}

func TestHelpListsTheSettings(t *testing.T) {
	for _, arguments := range [][]string{{"--help"}, {"serve", "--help"}, {"-h"}} {
		status, stdout, _ := result(t, arguments...)
		if status != 0 || !strings.Contains(stdout, "--listen") || !strings.Contains(stdout, ":8443") {
			t.Errorf("%q: %d, %s", arguments, status, stdout)
		}
	}
}

func TestNamesAreListedAndErased(t *testing.T) {
	data := t.TempDir()
	store, err := disk.Open(disk.Config{Dir: filepath.Join(data, "store")})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(store.Table().Put(t.Context(), 1, "participant/guest-7", []byte("Ann")), store.Close())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		arguments      []string
		status         int
		stdout, stderr string
	}{
		{[]string{"names", "--data", data}, 0, "00000-00001\tguest-7\t\"Ann\"\n", ""},
		{[]string{"erase", "--data", data}, 2, "", "chalkline names"},
		{[]string{"erase", "guest-8", "--data", data}, 1, "", "nothing"},
		{[]string{"erase", "guest-7", "--data", data}, 0, "guest-7: erased; rooms: 1\n", ""},
		{[]string{"names", "--data", data}, 0, "", ""},
		{[]string{"names", "--data", filepath.Join(data, "other")}, 1, "", "other"},
	} {
		status, stdout, stderr := result(t, step.arguments...)
		if status != step.status || stdout != step.stdout || !strings.Contains(stderr, step.stderr) {
			t.Errorf("%q: %d, %q, %q", step.arguments, status, stdout, stderr)
		}
	}
}

func TestVersionIsTold(t *testing.T) {
	if status, stdout, _ := result(t, "--version"); status != 0 || !strings.HasPrefix(stdout, "chalkline ") {
		t.Errorf("%d, %q", status, stdout)
	}
}

func TestEveryWrongSettingIsToldBeforeAnythingStarts(t *testing.T) {
	status, stdout, stderr := result(t, "serve", "--listen", "nowhere", "--max-rooms", "-3")
	if status != 2 || stdout != "" || !strings.Contains(stderr, "listen:") || !strings.Contains(stderr, "max-rooms:") {
		t.Errorf("%d, %q, %q", status, stdout, stderr)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, inUse := net.Listen("tcp", taken.Addr().String())
	bind := &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EACCES)}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"port in use":     {inUse, "--listen"},
		"low port":        {bind, "CAP_NET_BIND_SERVICE"},
		"no such address": {&net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)}, "--listen"},
		"no right":        {&fs.PathError{Op: "open", Path: "/data", Err: syscall.EACCES}, "--data"},
		"read-only":       {&fs.PathError{Op: "open", Path: "/data", Err: syscall.EROFS}, "--data"},
		"full":            {&fs.PathError{Op: "write", Path: "/data", Err: syscall.ENOSPC}, "make room"},
		"something else":  {errors.New("x"), ""},
		// It says itself which setting to change.
		"another port in use": {&server.ListenError{Setting: "rtmp-listen", Err: inUse}, ""},
		"another low port":    {&server.ListenError{Setting: "plain-listen", Err: bind}, "CAP_NET_BIND_SERVICE"},
	} {
		if got := advice(c.err); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
