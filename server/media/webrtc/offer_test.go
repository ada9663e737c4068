package webrtc

import (
	"errors"
	"strings"
	"testing"

	"chalkline/protocol"
)

const (
	offerHead = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	videoH264 = "m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\na=rtpmap:102 H264/90000\r\n" +
		"a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
	videoVP8  = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n"
	audioOpus = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\n"
	channels  = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=sctp-port:5000\r\n"
	host      = "a=candidate:1 1 UDP 1 127.0.0.1 1 typ host\r\n"
	simulcast = "a=rid:main send\r\na=rid:sub send\r\na=simulcast:send main;sub\r\n"
)

func TestMED7AnOfferNeedsH264(t *testing.T) {
	bad := protocol.BadMessage
	for _, c := range []struct {
		name, text string
		code       protocol.Code // 0: it is taken
	}{
		{"both", offerHead + videoH264 + audioOpus, 0},
		{"picture", offerHead + videoH264 + simulcast, 0},
		{"sound", offerHead + audioOpus, 0},
		{"VP8", offerHead + videoVP8 + audioOpus, protocol.UnsupportedCodec},
		{"mode 0", offerHead + strings.Replace(videoH264, "mode=1", "mode=0", 1), protocol.UnsupportedCodec},
		{"no Opus", offerHead + strings.Replace(audioOpus, "opus", "PCMU", 1), protocol.UnsupportedCodec},
		{"two pictures", offerHead + videoH264 + videoH264, bad},
		{"channels", offerHead + videoH264 + channels, bad},
		{"wrong way", offerHead + strings.Replace(videoH264, "sendonly", "recvonly", 1), bad},
		{"refused section", offerHead + strings.Replace(videoVP8, "video 9", "video 0", 1), bad},
		{"section of another's transport", offerHead + strings.Replace(videoH264, "video 9", "video 0", 1) + "a=bundle-only\r\n", 0},
		{"nothing", offerHead, bad},
		{"no offer", "hello", bad},
		{"as many candidates as there may be", offerHead + videoH264 + strings.Repeat(host, mostCandidates) + audioOpus + host, 0},
		{"too many candidates", offerHead + videoH264 + audioOpus + strings.Repeat(host, mostCandidates+1), bad},
		{"many", offerHead + strings.Repeat(audioOpus, maxSections+1), bad},
	} {
		_, err := readOffer(c.text, true)
		if c.code == 0 && err != nil || c.code != 0 && !errors.Is(err, protocol.NewError(c.code)) {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
}

func TestNoOfferOpensDataChannels(t *testing.T) {
	for direction, publish := range map[string]bool{"sendonly": true, "recvonly": false} {
		media := offerHead + strings.Replace(videoH264, "sendonly", direction, 1)
		if _, err := readOffer(media, publish); err != nil {
			t.Fatalf("without channels: %v", err)
		}
		for _, attribute := range []string{"", "inactive", "sendonly", "recvonly", "bundle-only"} {
			for _, port := range []string{" 9 ", " 0 "} {
				offer := media + strings.Replace(channels, " 9 ", port, 1)
				if attribute != "" {
					offer += "a=" + attribute + "\r\n"
				}
				if _, err := readOffer(offer, publish); !errors.Is(err, protocol.NewError(protocol.BadMessage)) {
					t.Errorf("%s, port%sand %q: %v", direction, port, attribute, err)
				}
			}
		}
	}
}

func TestAnEncodingIsTheQualityOfItsNameOrElseOfItsPlace(t *testing.T) {
	for _, c := range []struct {
		simulcast, rid string
		want           quality
	}{
		{"send main;sub", "main", qualityMain},
		{"send main;sub", "sub", qualitySub},
		{"send sub;main", "main", qualityMain},
		{"send sub;main", "sub", qualitySub},
		{"send sub;main", "", qualityMain}, // sound
		{"send sub;half;main", "half", ""},
		{"send f;h;q", "f", qualityMain},
		{"send f;h;q", "h", ""},
		{"send ~f,g;h;~q recv x", "q", qualitySub},
		{"", "", qualityMain},
	} {
		text := offerHead + videoH264
		if c.simulcast != "" {
			text += "a=simulcast:" + c.simulcast + "\r\n"
		}
		o, err := readOffer(text, true)
		if q, _ := o.qualityOf(c.rid); err != nil || q != c.want {
			t.Errorf("%q in %q is %q, %v; want %q", c.rid, c.simulcast, q, err, c.want)
		}
	}
}

func FuzzOffer(f *testing.F) {
	f.Add(offerHead + videoH264 + simulcast + audioOpus)
	f.Add(offerHead + videoVP8 + channels)
	f.Fuzz(func(t *testing.T, text string) {
		for _, publish := range []bool{true, false} {
			o, err := readOffer(text, publish)
			if err == nil && !o.video && !o.audio {
				t.Error("taken without media")
			}
			for _, rid := range append(o.rids, "", "x") {
				if q, ok := o.qualityOf(rid); ok && !q.known() {
					t.Errorf("quality %q", q)
				}
			}
		}
	})
}

const someFragment = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" +
	"a=candidate:1 1 UDP 2130706431 127.0.0.1 4444 typ host\r\na=end-of-candidates\r\n"

func TestFragmentsAreRead(t *testing.T) {
	fr, err := parseFragment(someFragment)
	if err != nil || fr.ufrag != "abcd" || len(fr.candidates) != 1 || *fr.candidates[0].SDPMid != "0" || *fr.candidates[0].SDPMLineIndex != 0 {
		t.Errorf("%+v, %v", fr, err)
	}
	for _, bad := range []string{"v=0\r\n", "a=ice-ufrag:a b\r\n", "a=ice-pwd:a\x00\r\n", strings.Repeat("a=candidate:1\n", maxCandidates+1)} {
		if _, err := parseFragment(bad); !errors.Is(err, errFragment) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	offer := offerHead + "a=ice-ufrag:old\r\n" + videoH264 + "a=candidate:1 1 UDP 1 127.0.0.1 1 typ host\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\n"
	renewed, err := fr.renew(offer)
	if err != nil || strings.Contains(renewed, "old") || strings.Contains(renewed, "candidate") || strings.Count(renewed, "abcd") != 2 {
		t.Errorf("%s, %v", renewed, err)
	}
}

func FuzzFragment(f *testing.F) {
	f.Add(someFragment)
	f.Add("a=candidate\n\n m=")
	f.Fuzz(func(t *testing.T, text string) {
		fr, err := parseFragment(text)
		if err != nil {
			return
		}
		if len(fr.candidates) > maxCandidates || strings.ContainsAny(fr.ufrag+fr.password, "\r\n ") {
			t.Errorf("%+v", fr)
		}
		_, _ = fr.renew(offerHead + videoH264)
		fragmentOf(text)
	})
}
