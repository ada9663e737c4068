// Go clients in the room of a simulation: a process of chalkline-bench that works there at random until it is asked what it has.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { BINARY } from "../e2e/support/server.ts";

const PATIENCE_MS = 60_000;

/** What a guest has (bench/guests.go). */
export interface GuestState {
  readonly revision: number;
  readonly hash: string;
  readonly differing: number;
  readonly ops: number;
}

export class Guests {
  private readonly process: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly answers: AsyncIterator<string>;
  private said = "";

  /** Where the guests find the server, in which room, and how they work there. */
  constructor(url: string, room: string, ...settings: readonly string[]) {
    const child = spawn(join(dirname(BINARY), "chalkline-bench"), ["--mode", "guests", "--url", url, "--room", room, ...settings]);
    this.process = child;
    this.ended = once(child, "exit");
    this.answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.on("data", (text: Buffer) => (this.said += text.toString()));
  }

  /** From the first time on they work no more. Throws if they are not all well. */
  async states(): Promise<readonly GuestState[]> {
    this.process.stdin?.write("\n");
    const answer = await Promise.race([this.answers.next(), sleep(PATIENCE_MS, undefined, { ref: false })]);
    assert.ok(answer?.done === false, `guests say nothing: ${this.said}`);
    return JSON.parse(answer.value) as readonly GuestState[];
  }

  /** They leave. */
  async close(): Promise<void> {
    this.process.stdin?.end();
    await Promise.race([this.ended, sleep(PATIENCE_MS, undefined, { ref: false })]);
    this.process.kill("SIGKILL");
  }
}
