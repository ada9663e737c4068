// The ink codec: frames of a stroke that is being drawn, and chunks of whole strokes for snapshots. Byte for byte the same as package
// protocol/ink in Go; docs/ink.md has the format. Decoders take any input: work and memory are bounded by what the caller allows.
export { InkError, type InkReason } from "./ink_coder.ts";
export { Decoder, Encoder } from "./ink_live.ts";
export { MAX_FRAME, MAX_GAP, MAX_P, MAX_T, MAX_X, MAX_Y } from "./ink_model.ts";
export { decodeChunk, decodeStrokes, encodeChunk, encodeStrokes } from "./ink_snapshot.ts";
export { MAX_OPEN_PER_REPLICA, MAX_STROKE, Strokes } from "./ink_strokes.ts";
