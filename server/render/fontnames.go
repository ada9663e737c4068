package render

import (
	"os"
	"path/filepath"
)

// systemFolders are where systems keep their fonts.
func systemFolders() []string {
	folders := []string{
		"/usr/share/fonts", "/usr/local/share/fonts", // Linux
		"/System/Library/Fonts", "/Library/Fonts", // macOS
	}
	if windows := os.Getenv("WINDIR"); windows != "" {
		folders = append(folders, filepath.Join(windows, "Fonts"))
	}
	return folders
}

// usualFamilies are files of a family: plain, bold, italic, both. The order is
// that of FONT_FAMILY in web/src/board/style.ts as far as the families are files
// of ours to read, then what has what those lack.
func usualFamilies() [][4]string {
	return [][4]string{
		{"segoeui.ttf", "segoeuib.ttf", "segoeuii.ttf", "segoeuiz.ttf"},
		{"Roboto-Regular.ttf", "Roboto-Bold.ttf", "Roboto-Italic.ttf", "Roboto-BoldItalic.ttf"},
		{"NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf", "NotoSans-BoldItalic.ttf"},
		{"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSans-BoldOblique.ttf"},
		{"LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSans-Italic.ttf", "LiberationSans-BoldItalic.ttf"},
		{"Arial.ttf", "Arial Bold.ttf", "Arial Italic.ttf", "Arial Bold Italic.ttf"},
		{"PingFang.ttc"},
		{"STHeiti Light.ttc", "STHeiti Medium.ttc"},
		{"msyh.ttc", "msyhbd.ttc"},
		{"NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"},
		{"NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf"},
		{"NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf"},
		{"NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"},
		{"SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf"},
		{"SourceHanSans.ttc"},
		{"wqy-microhei.ttc"},
		{"wqy-zenhei.ttc"},
		{"DroidSansFallbackFull.ttf"},
		{"NotoSansMath-Regular.ttf"},
		{"NotoSansSymbols-Regular.ttf"},
		{"NotoSansSymbols2-Regular.ttf"},
		{"seguisym.ttf"},
	}
}
