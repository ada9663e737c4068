// What people say and type for a room: its code, or a link to it.
import { CODE_DIGITS, CODE_LENGTH, roomCode } from "../sync/names.ts";

/**
 * The room that a code names. Case, width, spaces and dashes do not matter; I and L count as 1, O as 0. undefined if it
 * is no code.
 */
export function parseCode(text: string): bigint | undefined {
  const plain = text.normalize("NFKC").toUpperCase().replace(/[\s\-‐-―－]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
  if (plain.length !== CODE_LENGTH) return undefined;
  let id = 0n;
  for (const character of plain) {
    const digit = CODE_DIGITS.indexOf(character);
    if (digit < 0) return undefined;
    id = (id << 5n) | BigInt(digit);
  }
  return id === 0n ? undefined : id;
}

/** The room that a person means: a code, or a link that ends in /r/<code>. */
export function parseInvitation(text: string): bigint | undefined {
  const link = /\/r\/([^/?#\s]+)/.exec(text);
  return parseCode(link === null ? text : decodeURIComponentSafely(link[1] ?? ""));
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The path of a room's page. */
export const roomPath = (id: bigint): string => `/r/${roomCode(id)}`;
