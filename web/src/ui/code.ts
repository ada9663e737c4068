// The code of a room as people say and type it: its id's low 50 bits in Crockford's base 32, ten characters in two groups.

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 10;

/** Ids that have a code: 1 … 2⁵⁰ − 1. The server makes no others. */
export const MAX_ROOM = (1n << 50n) - 1n;

/** "XXXXX-XXXXX". Throws RangeError for an id outside 1 … MAX_ROOM. */
export function roomCode(id: bigint): string {
  if (id < 1n || id > MAX_ROOM) throw new RangeError(`room id ${id} has no code`);
  let code = "";
  for (let rest = id; code.length < LENGTH; rest >>= 5n) code = (DIGITS[Number(rest & 31n)] ?? "") + code;
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;
}

/**
 * The room that a code names. Case, spaces and dashes do not matter; I and L count as 1, O as 0. undefined if it is no
 * code.
 */
export function parseCode(text: string): bigint | undefined {
  const plain = text.toUpperCase().replace(/[\s\-‐-―－]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
  if (plain.length !== LENGTH) return undefined;
  let id = 0n;
  for (const character of plain) {
    const digit = DIGITS.indexOf(character);
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
