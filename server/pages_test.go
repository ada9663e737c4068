package server_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"chalkline/ot"
)

// boxes returns the sizes of a PDF's pages, in their order.
func (g *gallery) boxes(t *testing.T) []string {
	t.Helper()
	_, b := g.ask(t, http.MethodGet, "student", g.room+"/export.pdf", nil)
	var all []string
	for _, m := range regexp.MustCompile(`/MediaBox ?\[([^]]*)\]`).FindAllSubmatch(b, -1) {
		all = append(all, string(m[1]))
	}
	return all
}

// TestPGS2ExportsHaveThePagesInOrderAndNoRemovedOnes: the pages are told apart by
// how far down there is ink on them.
func TestPGS2ExportsHaveThePagesInOrderAndNoRemovedOnes(t *testing.T) {
	g := startGallery(t)
	if err := g.ann.AddPage("second", g.page); err != nil {
		t.Fatal(err)
	}
	if err := g.ann.WaitPage(t.Context(), "second"); err != nil {
		t.Fatal(err)
	}
	second, err := g.ann.OpenBoard("second")
	if err != nil {
		t.Fatal(err)
	}
	// What is written behind an event is durable once that is.
	arranged := func(err error) []string {
		t.Helper()
		if err == nil {
			err = second.Stroke(pen...).End([]ot.Point{{X: 3000, Y: 50_000, P: 128}})
		}
		if err == nil {
			err = second.WaitSynced(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return g.boxes(t)
	}
	before := arranged(nil)
	if len(before) != 2 || before[0] == before[1] {
		t.Fatalf("two pages are %v", before)
	}
	if got := arranged(g.ann.MovePage("second", "")); fmt.Sprint(got) != fmt.Sprint([]string{before[1], before[0]}) {
		t.Errorf("moved: %v", got)
	}
	if got := arranged(g.ann.RemovePage(g.page)); fmt.Sprint(got) != fmt.Sprint(before[1:]) {
		t.Errorf("removed: %v", got)
	}
	if got := arranged(g.ann.RestorePage(g.page)); fmt.Sprint(got) != fmt.Sprint([]string{before[1], before[0]}) {
		t.Errorf("restored: %v", got)
	}
}
