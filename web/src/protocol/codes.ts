// Error codes with their retry rule; the table is in docs/protocol.md, Codes.

export const Code = {
  GoingAway: 1001,
  Resync: 1002,
  Silent: 1003,
  RoomRestarting: 1004,
  Overloaded: 2001,
  StoreUnavailable: 2002,
  Full: 2003,
  TooManyTries: 2004,
  BadMessage: 3001,
  TooLarge: 3002,
  OutOfOrder: 3003,
  NoCommonVersion: 3004,
  TokenInvalid: 3005,
  TokenExpired: 3006,
  NoSuchRoom: 3007,
  NotPermitted: 3008,
  TakenOver: 3009,
  UnknownSemantics: 3010,
  BoardFull: 3011,
  NoSuchDocument: 3012,
  TextBaseTooOld: 3013,
  UnusableImage: 3014,
  UnsupportedCodec: 3015,
  NoSuchSource: 3016,
  PageRemoved: 3017,
  LastPage: 3018,
} as const;

export type Retry = "now" | "back-off" | "never";

/** The retry rule that the code's thousand carries. 0, a connection that broke, and codes of a newer server: with back-off. */
export function retryOf(code: number): Retry {
  switch (Math.floor(code / 1000)) {
    case 1:
      return "now";
    case 3:
      return "never";
    default:
      return "back-off";
  }
}

/** What a peer is told: a code with parameters. Its text is made where a person reads it. */
export class CodeError extends Error {
  override name = "CodeError";

  constructor(
    readonly code: number,
    readonly parameters: Readonly<Record<string, string>> = {},
  ) {
    super(`code ${code}`);
  }
}

/** The code in a close reason, decimals (SES9); 0 if there is none. */
export function codeOfReason(reason: string): number {
  return /^[1-9][0-9]{3}$/.test(reason) ? Number(reason) : 0;
}
