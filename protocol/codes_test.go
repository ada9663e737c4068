package protocol

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The table of docs/protocol.md, the page and this package have the same codes.
func TestCodesAreThoseOfTheDocumentAndOfThePage(t *testing.T) {
	for path, row := range map[string]string{
		"../docs/protocol.md":          `(?m)^\| ([1-3]\d{3}) \| ([A-Z_]+) \|`,
		"../web/src/protocol/codes.ts": `(?m)^  ([A-Za-z]+): ([1-3]\d{3}),$`,
		"../web/src/ui/texts.en.ts":    `(?m)^  "error\.([1-3]\d{3})": "(.+)",$`,
		"../web/src/ui/texts.zh.ts":    `(?m)^  "error\.([1-3]\d{3})": "(.+)",$`,
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := map[Code]string{}
		for _, m := range regexp.MustCompile(row).FindAllStringSubmatch(string(text), -1) {
			number, name := m[1], m[2]
			if strings.HasSuffix(path, "codes.ts") {
				number, name = m[2], m[1]
			}
			n, err := strconv.ParseUint(number, 10, 32)
			if err != nil {
				t.Fatal(err)
			}
			found[Code(n)] = name
		}
		for code, name := range codeNames {
			switch got, ok := found[code]; {
			case !ok:
				t.Errorf("%s lacks %d %s", path, code, name)
			case strings.HasSuffix(path, ".md") && got != name:
				t.Errorf("%s calls %d %s, want %s", path, code, got, name)
			case strings.HasSuffix(path, "codes.ts") && strings.ToUpper(got) != strings.ReplaceAll(name, "_", ""):
				t.Errorf("%s calls %d %s, want %s", path, code, got, name)
			}
			delete(found, code)
		}
		if len(found) > 0 {
			t.Errorf("%s has more: %s", path, fmt.Sprint(found))
		}
	}
}
