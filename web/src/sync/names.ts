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

const CODE_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH = 10;

/** The code of a room as it stands in paths: its id's low 50 bits in Crockford's base 32. */
export function codeOf(room: bigint): string {
  return Array.from({ length: CODE_LENGTH }, (_, i) => CODE_DIGITS[Number((room >> BigInt(5 * (CODE_LENGTH - 1 - i))) & 31n)] ?? "").join("");
}
