// The model of the ink codec: what it predicts and which contexts it codes with. The same as protocol/ink/model.go, where comments say why.
import type { Point } from "../ot/types.ts";
import { Coder, InkError, NEGATIVE, OPEN, POSITIVE, VALUES } from "./ink_coder.ts";
import { lpc, plc, table64 } from "./ink_tables.ts";

/** Bounds of what can be coded. */
export const MAX_X = 0xffff;
export const MAX_Y = 0x3ffff;
export const MAX_P = 255;
/** ms since the first point of the stroke. */
export const MAX_T = 1 << 24;
/** Longest time in ms that a frame may take from the point before it, and between two points of a stroke in a snapshot. */
export const MAX_GAP = 1 << 19;
/** Most points of a live frame or a snapshot's segment. */
export const MAX_FRAME = 256;

const XY_CLASSES = 14;
const P_CLASSES = 14;
const SET_XY = 0;
const SET_P = SET_XY + XY_CLASSES * VALUES;
const SET_SIZE = SET_P + P_CLASSES * VALUES;
const SET_DURATION = SET_SIZE + VALUES;
const SET_DEVIATION = SET_DURATION + VALUES;
const SET_MOVE = SET_DEVIATION + 3 * VALUES;
const BIT_EVEN = SET_MOVE + 3 * VALUES;

const trained = Uint8Array.from(atob(table64), (c) => c.charCodeAt(0));

const corrupt = (): InkError => new InkError("corrupt", "damaged data");

/** Half octaves: 0, 1, 2, 3, 4–5, 6–7, 8–11, 12–15, …. */
function classOf(v: number): number {
  if (v < 4) return v;
  const e = 31 - Math.clz32(v);
  return 2 * e + ((v >> (e - 1)) & 1);
}

function classXY(activity: number): number {
  const c = classOf(activity) - 3;
  return c < 0 ? 0 : c < XY_CLASSES ? c : XY_CLASSES - 1;
}

const magnitude = (v: number): number => (v < 0 ? -v : v);

/** Index of the least error, the first of equals. */
function least(errors: Int32Array): number {
  let best = 0;
  for (let i = 1; i < errors.length; i++) if (errors[i]! < errors[best]!) best = i;
  return best;
}

/** What coding knows. The chances of a live stroke live as long as the stroke, those of a snapshot as long as the snapshot. */
export class Model {
  readonly coder = new Coder(trained.length);
  private readonly snapshot: boolean;
  /** Points of the segment before. */
  private count = 4;
  /** Expected duration of 64 points, ms. */
  private period = 533;
  /** Times of the segment at hand. */
  private readonly times = new Int32Array(MAX_FRAME);

  // The last point, and in a snapshot where the stroke before began.
  started = false;
  private x = 0;
  private y = 0;
  private p = 0;
  t = 0;
  private startX = 0;
  private startY = 0;
  private startP = 0;

  // Steps, the newest first; decaying sums of each predictor's errors; its guesses.
  private readonly vx = new Int32Array(4);
  private readonly vy = new Int32Array(4);
  private readonly vp = new Int32Array(2);
  private readonly errors = new Int32Array(lpc.length / 4);
  private readonly pressureErrors = new Int32Array(plc.length / 2);
  private readonly qx = new Int32Array(lpc.length / 4);
  private readonly qy = new Int32Array(lpc.length / 4);
  private readonly qp = new Int32Array(plc.length / 2);
  private activity = 64;
  private pressureActivity = 256;

  constructor(snapshot: boolean) {
    this.snapshot = snapshot;
    this.reset();
  }

  /** Begins with the trained chances and a new stroke. */
  reset(): void {
    this.coder.reset(trained);
    this.count = 4;
    this.period = 533;
    this.startStroke();
  }

  /** Forgets the path and keeps the chances. */
  startStroke(): void {
    this.started = false;
    this.t = 0;
    this.vx.fill(0);
    this.vy.fill(0);
    this.vp.fill(0);
    this.errors.fill(0);
    this.pressureErrors.fill(0);
    this.activity = 64;
    this.pressureActivity = 256;
  }

  /** Codes how many points a segment has. */
  size(n: number): number {
    const v = this.count + this.coder.signed(SET_SIZE, OPEN, n - this.count);
    if (v > 0) this.count = v;
    return v;
  }

  /** Codes pts[from] to pts[to - 1] after what came before; the caller has checked them. */
  encode(pts: readonly Point[], from: number, to: number): void {
    const skip = this.started ? 0 : 1;
    for (let i = from + skip; i < to; i++) this.times[i - from - skip] = pts[i]!.t;
    this.codeTimes(to - from - skip);
    for (let i = from; i < to; i++) {
      const point = pts[i]!;
      this.codePoint(point.x, point.y, point.p);
    }
    this.t = pts[to - 1]!.t;
  }

  /** Decodes n points and appends them to out. */
  decode(n: number, out: Point[]): void {
    const skip = this.started ? 0 : 1;
    this.codeTimes(n - skip);
    for (let i = 0; i < n; i++) {
      this.codePoint(0, 0, 0);
      if (this.x >>> 0 > MAX_X || this.y >>> 0 > MAX_Y || this.p >>> 0 > MAX_P || this.coder.exhausted) throw corrupt();
      this.t = i < skip ? 0 : this.times[i - skip]!;
      out.push({ x: this.x, y: this.y, p: this.p, t: this.t });
    }
  }

  /** Codes the first n times of a segment: its duration, whether the points are evenly spaced, and if not how far each is off. */
  private codeTimes(n: number): void {
    if (n === 0) return;
    const { coder, times, t: t0 } = this;
    const want = (this.period * n + 32) >> 6;
    const d = want + coder.signed(SET_DURATION, OPEN, times[n - 1]! - t0 - want);
    if (d < 0 || d > MAX_GAP || t0 + d > MAX_T) throw corrupt();
    this.period = Math.min(((this.period + ((d * 64) / n | 0)) / 2) | 0, 1 << 16);
    const even = coder.bit(BIT_EVEN, !coder.decoding && this.isEven(n, d) ? 1 : 0);
    if (!even) this.codeDeviations(n, d);
    else if (coder.decoding) for (let i = 0; i < n; i++) times[i] = t0 + ((d * (i + 1)) / n | 0);
  }

  private isEven(n: number, d: number): boolean {
    for (let i = 0; i < n; i++) if (this.times[i]! - this.t !== ((d * (i + 1)) / n | 0)) return false;
    return true;
  }

  private codeDeviations(n: number, d: number): void {
    const { coder, times, t: t0 } = this;
    let deviation = 0;
    let before = t0;
    let off = 0;
    for (let i = 0; i < n - 1; i++) {
      const t = t0 + ((d * (i + 1)) / n | 0);
      const set = SET_DEVIATION + Math.min(magnitude(deviation), 2) * VALUES;
      deviation = coder.signed(set, deviation < 0 ? NEGATIVE : deviation > 0 ? POSITIVE : OPEN, times[i]! - t);
      off |= deviation;
      if (t + deviation < before || t + deviation > t0 + d) throw corrupt();
      before = times[i] = t + deviation;
    }
    if (off === 0) throw corrupt(); // an encoder would have called it even
    times[n - 1] = t0 + d;
  }

  private codePoint(x: number, y: number, p: number): void {
    if (!this.started) {
      this.codeFirst(x, y, p);
      return;
    }
    this.codeMove(x - this.x, y - this.y);
    this.codePressure(p - this.p);
  }

  /** Codes the first point of a stroke: in full, or in a snapshot as the move from the first point of the stroke before. */
  private codeFirst(x: number, y: number, p: number): void {
    const { coder } = this;
    if (this.snapshot) {
      this.x = this.startX + coder.signed(SET_MOVE, OPEN, x - this.startX);
      this.y = this.startY + coder.signed(SET_MOVE + VALUES, OPEN, y - this.startY);
      this.p = this.startP + coder.signed(SET_MOVE + 2 * VALUES, OPEN, p - this.startP);
    } else {
      this.x = coder.raw(16, x);
      this.y = coder.raw(18, y);
      this.p = coder.raw(8, p);
    }
    this.startX = this.x;
    this.startY = this.y;
    this.startP = this.p;
    this.started = true;
  }

  /** Codes a step of x and y and adds it. */
  private codeMove(dx: number, dy: number): void {
    const { vx, vy, qx, qy, errors } = this;
    const x0 = vx[0]!, x1 = vx[1]!, x2 = vx[2]!, x3 = vx[3]!;
    const y0 = vy[0]!, y1 = vy[1]!, y2 = vy[2]!, y3 = vy[3]!;
    for (let i = 0, k = 0; i < qx.length; i++, k += 4) {
      const a = lpc[k]!, b = lpc[k + 1]!, c = lpc[k + 2]!, d = lpc[k + 3]!;
      qx[i] = Math.imul(a, x0) + Math.imul(b, x1) + Math.imul(c, x2) + Math.imul(d, x3);
      qy[i] = Math.imul(a, y0) + Math.imul(b, y1) + Math.imul(c, y2) + Math.imul(d, y3);
    }
    const best = least(errors);
    const rx = (qx[best]! + 32) >> 6;
    const ex = this.residual(SET_XY + classXY(this.activity) * VALUES, qx[best]!, dx - rx);
    const ry = (qy[best]! + 32) >> 6;
    const busy = ((2 * this.activity + 8 * magnitude(ex)) / 3) | 0;
    const ey = this.residual(SET_XY + classXY(busy) * VALUES, qy[best]!, dy - ry);
    dx = (rx + ex) | 0;
    dy = (ry + ey) | 0;
    for (let i = 0; i < errors.length; i++) {
      const was = errors[i]!;
      errors[i] = was + magnitude((qx[i]! - (dx << 6)) | 0) + magnitude((qy[i]! - (dy << 6)) | 0) - (was >> 2);
    }
    this.activity = (this.activity + 2 * (magnitude(ex) + magnitude(ey)) - (this.activity >> 1)) | 0;
    vx[3] = x2; vx[2] = x1; vx[1] = x0; vx[0] = dx;
    vy[3] = y2; vy[2] = y1; vy[1] = y0; vy[0] = dy;
    this.x = (this.x + dx) | 0;
    this.y = (this.y + dy) | 0;
  }

  /** Codes a step of the pressure and adds it, likewise. */
  private codePressure(dp: number): void {
    const { vp, qp, pressureErrors: errors } = this;
    const p0 = vp[0]!, p1 = vp[1]!;
    for (let i = 0; i < qp.length; i++) qp[i] = Math.imul(plc[2 * i]!, p0) + Math.imul(plc[2 * i + 1]!, p1);
    const guess = Math.min(Math.max(qp[least(errors)]!, -this.p * 64), (MAX_P - this.p) * 64);
    const r = (guess + 32) >> 6;
    const e = this.residual(SET_P + Math.min(classOf(this.pressureActivity), P_CLASSES - 1) * VALUES, guess, dp - r);
    dp = (r + e) | 0;
    for (let i = 0; i < errors.length; i++) {
      const was = errors[i]!;
      errors[i] = was + magnitude((qp[i]! - (dp << 6)) | 0) - (was >> 2);
    }
    this.pressureActivity = (this.pressureActivity + magnitude(e) - (this.pressureActivity >> 1)) | 0;
    vp[1] = p0;
    vp[0] = dp;
    this.p = (this.p + dp) | 0;
  }

  /** Codes what is left of a step after its prediction q in 1/64; what rounding drops of q says which sign is likely. */
  private residual(set: number, q: number, v: number): number {
    const f = q - (((q + 32) >> 6) << 6);
    return this.coder.signed(set, f < -10 ? NEGATIVE : f > 10 ? POSITIVE : OPEN, v);
  }
}
