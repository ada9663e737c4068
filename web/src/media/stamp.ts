// The time in a frame of H.264, as docs/format.md (SEI) has it: found in an access unit, and put into one. The counterpart
// of Go's package sei for what a page needs. Pure; what is malformed says nothing, and nothing throws.

/** MISPmicrosectime, the UUID of MISB ST 0604's precision time stamp. */
const TIME_UUID = Uint8Array.from("MISPmicrosectime", (c) => c.charCodeAt(0));
/** The same as hls.js writes UUIDs. */
export const TIME_UUID_TEXT = "4d495350-6d69-6372-6f73-656374696d65";

const UUID_SIZE = 16;
/** Status and eleven bytes of time. */
const TIME_SIZE = 12;
const USER_DATA = 5;
/** Bits that are always set; none of the others: a clock in lock that runs on. */
const STATUS = 0x1f;
/** The longest SEI NAL unit that is looked into, bytes. */
const MAX_NAL = 1 << 16;

const SEI = 6;
const PREFIX = 14;

interface Unit {
  readonly type: number;
  /** Where its start code begins, and where its header byte is. */
  readonly code: number;
  readonly from: number;
}

const isPicture = (type: number): boolean => type >= 1 && type <= 5;

/** The NAL units of an Annex B byte stream up to its first slice, that one included. */
function* unitsToPicture(frame: Uint8Array): Generator<Unit> {
  for (let i = 0; i + 3 < frame.length; i++) {
    if (frame[i] !== 0 || frame[i + 1] !== 0 || frame[i + 2] !== 1) continue;
    const type = (frame[i + 3] ?? 0) & 0x1f;
    yield { type, code: i > 0 && frame[i - 1] === 0 ? i - 1 : i, from: i + 3 };
    if (isPicture(type)) return;
    i += 2;
  }
}

/** Room time in µs that an access unit says it is of; undefined: none. */
export function readTime(frame: Uint8Array): number | undefined {
  let open: Unit | undefined;
  let time: number | undefined;
  const close = (end: number): void => {
    if (open?.type === SEI && end - open.from <= MAX_NAL) time = timeInUnit(frame.subarray(open.from + 1, end)) ?? time;
  };
  for (const unit of unitsToPicture(frame)) {
    close(unit.code);
    open = unit;
  }
  if (open !== undefined && !isPicture(open.type)) close(frame.length);
  return time;
}

/** The last time among the messages of an SEI NAL unit, given without its header byte. */
function timeInUnit(escaped: Uint8Array): number | undefined {
  const bytes = unescape(escaped);
  let time: number | undefined;
  let at = 0;
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  while (at < end && !(end - at === 1 && bytes[at] === 0x80)) {
    const kind = number(bytes, at);
    const size = kind && number(bytes, kind.next);
    if (kind === undefined || size === undefined || size.value > end - size.next) return undefined;
    at = size.next + size.value;
    if (kind.value === USER_DATA) time = timeInMessage(bytes.subarray(size.next, at)) ?? time;
  }
  return time;
}

/** A number as the sum of bytes up to the first that is not 0xff. */
function number(bytes: Uint8Array, at: number): { value: number; next: number } | undefined {
  for (let value = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    value += byte;
    if (byte !== 0xff) return { value, next: at + 1 };
  }
  return undefined;
}

function timeInMessage(payload: Uint8Array): number | undefined {
  return isTime(payload) ? timeOf(payload.subarray(UUID_SIZE)) : undefined;
}

/** Whether these bytes begin with the UUID of a time. */
export function isTime(uuid: Uint8Array): boolean {
  return uuid.length >= UUID_SIZE && TIME_UUID.every((byte, i) => uuid[i] === byte);
}

/** µs of a time's message behind its UUID: status, then the time with 0xff after every two bytes. */
export function timeOf(data: Uint8Array): number | undefined {
  if (data.length < TIME_SIZE || data[3] !== 0xff || data[6] !== 0xff || data[9] !== 0xff) return undefined;
  const pair = (at: number): number => (data[at] ?? 0) * 256 + (data[at + 1] ?? 0);
  const time = ((pair(1) * 65536 + pair(4)) * 65536 + pair(7)) * 65536 + pair(10);
  return time >= 1 && time <= Number.MAX_SAFE_INTEGER ? time : undefined; // the year 2255
}

/** Without emulation prevention bytes (ITU-T H.264, 7.4.1); the bytes themselves where there are none. */
function unescape(bytes: Uint8Array): Uint8Array {
  let zeros = 0;
  let out: number[] | undefined;
  bytes.forEach((byte, i) => {
    const prevention = zeros >= 2 && byte === 3;
    if (prevention) out ??= [...bytes.subarray(0, i)];
    else out?.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  });
  return out === undefined ? bytes : Uint8Array.from(out);
}

/** A NAL unit that says a time, with its start code. The time needs no emulation prevention, whatever it is. */
export function timeUnit(us: number): Uint8Array {
  const unit = new Uint8Array(4 + 3 + UUID_SIZE + TIME_SIZE + 1);
  unit.set([0, 0, 0, 1, SEI, USER_DATA, UUID_SIZE + TIME_SIZE]);
  unit.set(TIME_UUID, 7);
  unit[23] = STATUS;
  let rest = us;
  for (let at = 33; at >= 24; at -= 3) {
    unit[at] = Math.floor(rest / 256) % 256;
    unit[at + 1] = rest % 256;
    rest = Math.floor(rest / 65536);
    if (at > 24) unit[at - 1] = 0xff;
  }
  unit[35] = 0x80;
  return unit;
}

/**
 * An access unit with a time: before its first slice, and before a prefix NAL unit of that slice. One that says a time
 * already, or has no slice, is returned as it is: the page's own encoder writes none, so that it was another's.
 */
export function withTime(frame: Uint8Array, us: number): Uint8Array {
  const units = [...unitsToPicture(frame)];
  const picture = units.at(-1);
  if (picture === undefined || !isPicture(picture.type) || !(us >= 1) || readTime(frame) !== undefined) return frame;
  const before = units.at(-2);
  const at = before?.type === PREFIX ? before.code : picture.code;
  const time = timeUnit(Math.round(us));
  const out = new Uint8Array(frame.length + time.length);
  out.set(frame.subarray(0, at));
  out.set(time, at);
  out.set(frame.subarray(at), at + time.length);
  return out;
}
