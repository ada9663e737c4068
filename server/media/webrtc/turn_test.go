package webrtc_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"testing"

	pion "github.com/pion/webrtc/v4"

	"chalkline/bench/client"
	"chalkline/server/media/webrtc"
)

// startTURN starts coturn with a secret and returns its URL.
func startTURN(t *testing.T, secret string) string {
	t.Helper()
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	port := free.LocalAddr().(*net.UDPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	command := exec.CommandContext(t.Context(), "turnserver", "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
		fmt.Sprint("--listening-port=", port), "--min-port=49160", "--max-port=49960",
		"--use-auth-secret", "--static-auth-secret="+secret, "--realm=chalkline", "--allow-loopback-peers", "--no-cli", "--no-tls", "--no-dtls",
		"--log-file=stdout", "--pidfile="+dir+"/pid", "--userdb="+dir+"/db")
	if err := command.Start(); err != nil {
		t.Fatalf("coturn, which scripts/setup test installs: %v", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	waitFor(t, "TURN server", func() bool {
		c, err := net.Dial("tcp4", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return fmt.Sprintf("turn:127.0.0.1:%d?transport=udp", port)
}

func TestThroughATURNServerAloneMediaFlow(t *testing.T) {
	const secret = "a secret of both"
	url := startTURN(t, secret)
	w := newWorld(t, func(c *webrtc.Config) { c.TURN = webrtc.TURN{URLs: []string{url}, Secret: secret} })
	relayed := func(token string) pion.Configuration {
		var ice struct {
			Servers []struct {
				URLs                 []string
				Username, Credential string
			} `json:"ice_servers"`
		}
		got := w.request("GET", "/api/rooms/CODE/ice", token, "", "")
		if err := json.Unmarshal([]byte(got.body), &ice); err != nil || len(ice.Servers) != 1 {
			t.Fatalf("%s, %v", got.body, err)
		}
		s := ice.Servers[0]
		return pion.Configuration{
			ICETransportPolicy: pion.ICETransportPolicyRelay,
			ICEServers:         []pion.ICEServer{{URLs: s.URLs, Username: s.Username, Credential: s.Credential}},
		}
	}
	var sent sentFrames
	w.publish(func(c *client.PublishConfig) { c.ICE, c.OnFrame = relayed("teacher:ann"), sent.note })
	w.until("published", published)
	_, frames := w.play(func(c *client.PlayConfig) { c.ICE = relayed("student:bob") })
	checkFrames(t, w.take(frames, 30), w.film(), &sent, 1)
}
