// What the protocol is called and how much travels at once; the same as package protocol in Go.

/** Protocol version that this client speaks (SES1). */
export const VERSION = 1;

/** WebTransport application protocol and WebSocket subprotocol. */
export const APPLICATION = "chalkline.v1";

/** Bytes of one message, server to client. */
export const MAX_SERVER_MESSAGE = 1 << 20;
/** Bytes of one message, client to server. */
export const MAX_MESSAGE = 256 << 10;
/** Bytes of one datagram. */
export const MAX_DATAGRAM = 1100;
/** Documents that one connection may have open. */
export const MAX_OPEN_DOCUMENTS = 16;
export const MAX_OPS_PER_BATCH = 256;
/** Points of one live ink frame. */
export const MAX_FRAME_POINTS = 256;
/** Points of one stroke (OT9). */
export const MAX_STROKE_POINTS = 65_536;
export const MAX_PAGES = 500;
/** Numbers in a laser's trail. */
export const MAX_TRAIL = 32;
/** Bytes of a display name, UTF-8. */
export const MAX_DISPLAY_NAME = 64;

/** Used until Welcome names the server's own (SYN4, SES6). */
export const DEFAULT_WINDOW = { batches: 64, bytes: 256 << 10, heartTickMs: 15_000 } as const;
