// Package web holds the page: dist is built by `make build` (web/build.mjs).
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Page returns the files of the page, index.html among them if it was built.
func Page() fs.FS {
	page, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: " + err.Error()) // the folder is named in this file
	}
	return page
}
