// Package render draws a board as a picture: PNG, SVG or PDF, the same as the
// page's canvas does (web/src/board), in the colours of ink on white paper.
//
// Elements become marks once: filled paths and images, lowest first. The three
// kinds of pictures are three ways to write marks. Geometry is the page's: the
// centre line and outline of ink, what erasures leave of it, shapes with heads
// and dashes, texts with their line breaks. Letters are outlines from the fonts
// of the system, so a picture needs no fonts where it is looked at.
//
// Memory is bounded whatever is on a board: a PNG is painted in bands and written
// row by row, SVG and PDF are written as they are made, marks and images are kept
// only as far as a budget reaches and made again when needed. Time is bounded by
// the caller's context, which is looked at between marks.
//
// The golden boards in testdata/golden are drawn here and in a browser, and
// compared within a stated bound. Boards, rights and storing are the caller's
// business.
package render
