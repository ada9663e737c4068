// A viewer of a lesson whose boards wait for the video, in simulated time.
import assert from "node:assert/strict";
import { encodeOps } from "../src/ot/codec.ts";
import { ElementKind, type Op } from "../src/ot/types.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { World, type Page } from "./sync-world.ts";
import { BOARD, PEN } from "./sync-people.ts";

/** A viewer, and a world in which somebody with replica 77 draws lines. */
export class Class {
  readonly w = new World();
  readonly viewer: Page;
  board!: BoardDocument;
  private n = 0;

  constructor() {
    this.viewer = this.w.page("ann");
  }

  static async begin(): Promise<Class> {
    const c = new Class();
    await c.w.pass(200);
    c.board = c.viewer.session.look("p1");
    await c.w.pass(100);
    assert.equal(c.board.ready.value, true);
    return c;
  }

  /** Room time now, ms. */
  get now(): number {
    return this.w.server.roomTime();
  }

  /** Somebody draws a line; captured ms ago. */
  line(ago = 0, document = BOARD): void {
    const id = { replica: 77, counter: ++this.n };
    const op: Op = { kind: "create", id, element: ElementKind.Line, settings: [...PEN] };
    this.w.server.append(document, 77, this.n, this.now - ago, encodeOps([op]));
  }

  stage(payload: Uint8Array): void {
    this.w.server.append("stage", 77, ++this.n, this.now, payload);
  }

  /** The shown time, ms of room time. */
  show(ms: number): void {
    this.viewer.session.alignment.show(ms * 1000);
  }

  /** Lets time pass, and the shown time with it, so many ms behind. */
  async play(ms: number, behind: number): Promise<void> {
    for (let left = ms; left > 0; left -= 40) {
      await this.w.pass(Math.min(40, left));
      this.show(this.now - behind);
    }
  }

  /** Elements that the viewer sees. */
  get seen(): number {
    return [...this.board.elements()].length;
  }

  get asked(): number {
    return this.w.server.asked.filter((a) => a.document === BOARD).length;
  }

  heard(kind: string): number {
    return this.w.server.heard.filter((k) => k === kind).length;
  }

  /** With everything shown, the viewer has what the server has. */
  async atRest(): Promise<void> {
    this.viewer.session.alignment.show("now");
    await this.w.pass(500);
    assert.equal(this.board.hash(), this.w.server.hash(BOARD));
    assert.equal(this.viewer.session.alignment.held.value, 0);
    assert.equal(this.viewer.kind, "synced");
  }
}
