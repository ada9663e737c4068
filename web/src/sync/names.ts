// Names of documents: board = (owner, page id), the room's own blackboard has no owner.

/** The document of a page of the room's own blackboard. */
export const boardOf = (page: string): string => `board::${page}`;

/** The page of a board, "" if it is none. */
export const pageOf = (document: string): string => /^board:[^:]*:(.*)$/.exec(document)?.[1] ?? "";

const PAGE_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A page id that nobody else makes: 12 random letters and digits. random: 0 … 1. */
export function newPage(random: () => number): string {
  return Array.from({ length: 12 }, () => PAGE_DIGITS[Math.floor(random() * PAGE_DIGITS.length)] ?? "0").join("");
}

/** Crockford's base 32, in which rooms are numbered for people. */
export const CODE_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const CODE_LENGTH = 10;

/** Ids that have a code: 1 … 2⁵⁰ − 1. The server makes no others. */
export const MAX_ROOM = (1n << 50n) - 1n;

/** The code of a room as it stands in links and paths, "XXXXX-XXXXX". Throws RangeError for an id outside 1 … MAX_ROOM. */
export function roomCode(id: bigint): string {
  if (id < 1n || id > MAX_ROOM) throw new RangeError(`room id ${id} has no code`);
  let code = "";
  for (let rest = id; code.length < CODE_LENGTH; rest >>= 5n) code = (CODE_DIGITS[Number(rest & 31n)] ?? "") + code;
  return `${code.slice(0, CODE_LENGTH / 2)}-${code.slice(CODE_LENGTH / 2)}`;
}
