package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"chalkline/server/config"
)

const sample = "../../chalkline.example.yaml"

var secret = strings.Repeat("s", 32)

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chalkline.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWithoutAnythingTheServerRuns(t *testing.T) {
	c, err := config.Load(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, config.Default()) {
		t.Errorf("Load() = %+v, want the default", c)
	}
	if !c.Development() || !c.GuestsMayEnter() {
		t.Error("no development, or no guests")
	}
	if err := (config.Config{}).Validate(); err != nil {
		t.Errorf("the zero Config: %v", err)
	}
	if zero := (config.Config{}).WithDefaults(); !reflect.DeepEqual(zero, config.Default()) {
		t.Errorf("the zero Config with defaults = %+v", zero)
	}
}

func TestTheSampleFileEqualsTheDefaults(t *testing.T) {
	c, err := config.Load([]string{"--config", sample}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, config.Default()) {
		t.Errorf("the sample is %+v\nwant %+v", c, config.Default())
	}
}

func TestSampleAndHelpNameEverySetting(t *testing.T) {
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	var help strings.Builder
	config.Usage(&help)
	names := settingNames(help.String())
	if len(names) != 32 {
		t.Errorf("help lists %d settings: %v", len(names), names)
	}
	for _, name := range names {
		if name != "config" && !strings.Contains(string(text), "\n"+name+":") {
			t.Errorf("the sample lacks %s", name)
		}
	}
}

func settingNames(help string) []string {
	var names []string
	for line := range strings.Lines(help) {
		if rest, ok := strings.CutPrefix(line, "  --"); ok {
			names = append(names, strings.Fields(rest)[0])
		}
	}
	return names
}

func TestAFlagIsStrongerThanTheEnvironmentAndThatThanTheFile(t *testing.T) {
	file := writeFile(t, "listen: \":1\"\ndata: file\nlog-level: warn\norigins: [https://a.example, https://b.example]\nguests: yes\n")
	environment := []string{"CHALKLINE_CONFIG=" + file, "CHALKLINE_LISTEN=:2", "CHALKLINE_DATA=environment", "OTHER=x"}
	c, err := config.Load([]string{"--listen", ":3", "--dev", "--max-rooms=7"}, environment)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default()
	want.Listen, want.Data, want.LogLevel, want.MaxRooms = ":3", "environment", "warn", 7
	want.Dev, want.Guests = config.On, config.On
	want.Origins = []string{"https://a.example", "https://b.example"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("Load() = %+v\nwant %+v", c, want)
	}
	c, err = config.Load([]string{"--origins", "https://c.example, https://d.example"}, environment)
	if err != nil || !reflect.DeepEqual(c.Origins, []string{"https://c.example", "https://d.example"}) {
		t.Errorf("origins = %q, %v", c.Origins, err)
	}
}

// faultsOf are the lines of an error.
func faultsOf(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	_, err := config.Load([]string{
		"--listen", "8443", "--certificate", "a.pem", "--acme-hosts", "localhost", "--origins", "school.example",
		"--keys", "a:short,b:" + secret + ",b:" + secret, "--max-rooms", "-1", "--max-queue", "5", "--purge-after", "-1", "--snapshot-every", "1000001", "--max-participants", "5001",
		"--log-level", "loud", "--log-format", "xml", "--public-url", "school", "--acme-directory", "http://ca.school.example",
	}, nil)
	faults := faultsOf(err)
	for _, name := range []string{
		"listen", "certificate, key", "acme-hosts", "acme-directory", "origins", "keys: number 1", "keys: number 3", "max-rooms", "purge-after", "snapshot-every", "max-queue", "max-participants",
		"log-level", "log-format", "public-url",
	} {
		found := false
		for _, fault := range faults {
			found = found || strings.HasPrefix(fault, name+": ")
		}
		if !found {
			t.Errorf("no fault of %s in %q", name, faults)
		}
	}
	if strings.Contains(err.Error(), secret) {
		t.Error("a secret is told")
	}
}

func TestUnknownSettingsAreRefusedWithTheirLine(t *testing.T) {
	file := writeFile(t, "# comment\nlisten: \":1\"\nlisten: \":2\"\nlimits:\n  rooms: 5\nmax-rooms: many\ndata: [a]\n")
	_, err := config.Load([]string{"--config", file}, nil)
	told := strings.Join(faultsOf(err), "\n")
	for _, want := range []string{"line 3: listen", "line 4: limits", "line 6: max-rooms", "line 7: data"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not told in:\n%s", want, told)
		}
	}
	for _, text := range []string{"- a list", "just text", "a: [", "\t"} {
		if _, err := config.Load([]string{"--config", writeFile(t, text)}, nil); err == nil {
			t.Errorf("%q is taken for settings", text)
		}
	}
	if _, err := config.Load([]string{"--config", writeFile(t, "# nothing\n")}, nil); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := config.Load([]string{"--config", "/does/not/exist"}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestASwitchTakesItsValueEitherWay(t *testing.T) {
	for _, c := range []struct {
		arguments   []string
		dev, guests config.Switch
	}{
		{[]string{"--guests=on", "--dev=auto"}, config.Auto, config.On},
		{[]string{"--guests", "yes", "--dev", "auto"}, config.Auto, config.On},
		{[]string{"-guests", "--dev"}, config.On, config.On},
		{[]string{"--data", "on", "--dev", "--listen", ":1"}, config.On, config.Auto},
	} {
		got, err := config.Load(c.arguments, nil)
		if err != nil || got.Dev != c.dev || got.Guests != c.guests {
			t.Errorf("%q: dev %s, guests %s, %v", c.arguments, got.Dev, got.Guests, err)
		}
	}
}

func TestUnknownFlagsAndStrayWordsAreRefused(t *testing.T) {
	for _, arguments := range [][]string{{"--lisen", ":1"}, {"stray"}, {"--dev", "perhaps"}, {"--dev=perhaps"}, {"--max-rooms", "x"}} {
		if _, err := config.Load(arguments, nil); err == nil {
			t.Errorf("%q: accepted", arguments)
		}
	}
	if _, err := config.Load([]string{"--help"}, nil); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
}

func TestACertificateEndsDevelopmentAndItsGuests(t *testing.T) {
	key := "--keys=school:" + secret
	for name, c := range map[string]struct {
		arguments           []string
		development, guests bool
	}{
		"nothing":           {nil, true, true},
		"keys":              {[]string{key}, true, true},
		"guests off":        {[]string{key, "--guests=off"}, true, false},
		"acme":              {[]string{key, "--acme-hosts=a.example"}, false, false},
		"acme, guests":      {[]string{"--acme-hosts=a.example", "--guests"}, false, true},
		"certificate":       {[]string{key, "--certificate=a", "--key=b"}, false, false},
		"certificate, dev":  {[]string{"--certificate=a", "--key=b", "--dev"}, true, true},
		"dev, guests = off": {[]string{key, "--dev", "--guests=no"}, true, false},
	} {
		got, err := config.Load(c.arguments, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Development() != c.development || got.GuestsMayEnter() != c.guests {
			t.Errorf("%s: development %v, guests %v", name, got.Development(), got.GuestsMayEnter())
		}
	}
	for name, arguments := range map[string][]string{
		"nobody can enter":            {"--acme-hosts=a.example"},
		"no certificate and no dev":   {"--dev=off", "--guests=on"},
		"authority without hosts":     {"--acme-directory=https://ca.example/acme/directory"},
		"files and acme":              {"--acme-hosts=a.example", "--certificate=a", "--key=b", "--guests"},
		"the server's own key's name": {"--keys=chalkline:" + secret},
	} {
		if _, err := config.Load(arguments, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestKeysAreTheOwnOneAndThoseOfOthers(t *testing.T) {
	c, err := config.Load([]string{"--keys=school:" + secret + ",lab:" + secret + ":with:colons"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := c.TokenKeys(config.OwnKey([]byte(secret)))
	var ids []string
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	if !reflect.DeepEqual(ids, []string{"chalkline", "school", "lab"}) || string(keys[2].Secret) != secret+":with:colons" {
		t.Errorf("keys are %q", ids)
	}
}

func TestTheSiteItselfIsAnOrigin(t *testing.T) {
	c, err := config.Load([]string{"--public-url=https://board.example/", "--origins=https://school.example"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.AllowedOrigins(); !reflect.DeepEqual(got, []string{"https://board.example", "https://school.example"}) {
		t.Errorf("AllowedOrigins() = %q", got)
	}
}
