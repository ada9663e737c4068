// What a selection is taken hold of by: handles at its sides and corners, one above it to turn it, and the ends of a line.
import type { Placement } from "../ot/value.ts";
import type { Vec } from "./geometry.ts";
import { isLine } from "./thing.ts";
import type { Thing } from "./thing.ts";
import { ends, handleAt, middle, sidesOf, turned } from "./transform.ts";
import type { Side } from "./transform.ts";

export type Handle =
  | { readonly kind: "side"; readonly side: Side; readonly at: Vec }
  | { readonly kind: "end"; readonly end: "start" | "end"; readonly at: Vec }
  | { readonly kind: "turn"; readonly at: Vec };

/** How near (CSS px) a pointer takes hold of a handle, and how far above the box the one to turn it is. */
const REACH = 10;
const ABOVE = 28;

/** Handles of sides are left out where a side is shorter, CSS px. */
const ROOM = 32;

/** The handles of a selection and the frame around it, none if it is locked. pixel: units per CSS px. */
export function handlesOf(things: readonly Thing[], frame: Placement | undefined, pixel: number): Handle[] {
  if (frame === undefined || things.some((t) => t.locked)) return [];
  const [only] = things;
  if (things.length === 1 && only !== undefined && isLine(only.kind)) {
    const [start, end] = ends(only.box);
    return [{ kind: "end", end: "start", at: start }, { kind: "end", end: "end", at: end }];
  }
  const sides = sidesOf(things).filter((s) => (s.x !== 0 || frame.w >= ROOM * pixel) && (s.y !== 0 || frame.h >= ROOM * pixel));
  return [{ kind: "turn", at: turnHandle(frame, pixel) }, ...sides.map((side): Handle => ({ kind: "side", side, at: handleAt(frame, side) }))];
}

function turnHandle(frame: Placement, pixel: number): Vec {
  const c = middle(frame);
  return turned({ x: c.x, y: frame.y - ABOVE * pixel }, c, frame.angle);
}

/** The handle that a pointer takes hold of. */
export function handleUnder(handles: readonly Handle[], p: Vec, pixel: number): Handle | undefined {
  let best: Handle | undefined, distance = REACH * pixel;
  for (const handle of handles) {
    const d = Math.hypot(handle.at.x - p.x, handle.at.y - p.y);
    if (d > distance) continue;
    best = handle;
    distance = d;
  }
  return best;
}

const CURSORS = ["ns-resize", "nesw-resize", "ew-resize", "nwse-resize"] as const;

/** The CSS cursor of a handle of a frame that is turned. */
export function cursorOf(handle: Handle, angle: number): string {
  if (handle.kind === "turn") return "grab";
  if (handle.kind === "end") return "crosshair";
  const direction = (Math.atan2(handle.side.x, -handle.side.y) * 180) / Math.PI + angle / 100;
  return CURSORS[(Math.round(direction / 45) % 4 + 4) % 4] ?? "move";
}
