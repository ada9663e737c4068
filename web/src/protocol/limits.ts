// What the protocol is called and how much travels at once; the same as package protocol in Go.

/** Protocol version that this client speaks (SES1). */
export const VERSION = 1;

/** WebTransport application protocol and WebSocket subprotocol. */
export const APPLICATION = "chalkline.v1";

/** Bytes of one message, server to client. */
export const MAX_SERVER_MESSAGE = 1 << 20;
/** Documents that one connection may have open. */
export const MAX_OPEN_DOCUMENTS = 16;
export const MAX_OPS_PER_BATCH = 256;
export const MAX_PAGES = 500;
/** Numbers in a laser's trail. */
export const MAX_TRAIL = 32;
/** Points and ms of one trace (SYN8). */
export const MAX_TRACE_POINTS = 128;
export const MAX_TRACE_MS = 500;

/** Used until Welcome names the server's own (SYN4, SES6). */
export const DEFAULT_WINDOW = { batches: 64, bytes: 256 << 10, heartTickMs: 15_000 } as const;
