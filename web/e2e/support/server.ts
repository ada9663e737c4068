// The server under test as a process of its own: started, killed, stopped and started again on the same port and data.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "./ports.ts";

/** $CHALKLINE_BIN, else what `make build` made. */
export const BINARY = process.env["CHALKLINE_BIN"] ?? fileURLToPath(new URL("../../../bin/chalkline", import.meta.url));

/** Lines of the server's log that are kept to explain a failure. */
const MAX_LINES = 200;

export class Server {
  /** Its log on standard error, the newest lines. */
  readonly log: string[] = [];
  /** When it last said that it is ready, ms since 1970. */
  readyAt = 0;
  startedAt = 0;
  private process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly binary: string,
    private readonly folder: string,
    private readonly settings: readonly string[],
  ) {}

  /** settings: more arguments, beside where it listens and keeps its data. */
  static start(...settings: readonly string[]): Promise<Server> {
    return Server.startOf(BINARY, ...settings);
  }

  /** Another program that is a server (bench/powerloss). */
  static async startOf(binary: string, ...settings: readonly string[]): Promise<Server> {
    for (let tries = 1; ; tries++) {
      const server = new Server(await freePort(), binary, await mkdtemp(join(tmpdir(), "chalkline-e2e-")), settings);
      try {
        await server.start();
        return server;
      } catch (error) {
        await server.close();
        if (tries === 3 || !String(error).includes("address already in use")) throw error; // the port was free a moment ago
      }
    }
  }

  /** Where pages find it. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Resolves once it says that it is ready. */
  async start(): Promise<void> {
    // Media on free ports: several servers run beside each other.
    const media = ["--media-listen", "127.0.0.1:0", "--rtmp-listen", "127.0.0.1:0"];
    const args = ["--listen", `127.0.0.1:${this.port}`, "--data", this.data, ...media, ...this.settings];
    this.startedAt = Date.now();
    const child = spawn(this.binary, args, { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env["PATH"] } });
    this.process = child;
    createInterface({ input: child.stderr }).on("line", (line) => this.keep(line));
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("Chalkline is ready:") && resolve());
    });
    const gone = once(child, "exit").then(([status]) => {
      throw new Error(`server: exit status ${status} before it was ready:\n${this.log.join("\n")}`);
    });
    gone.catch(() => {});
    await Promise.race([ready, gone]);
    this.readyAt = Date.now();
  }

  /** kill −9: nothing is told to anybody. */
  kill(): Promise<void> {
    return this.end("SIGKILL");
  }

  /** A server of bench/powerloss loses what it has not synced, and is gone. */
  cutPower(): Promise<void> {
    return this.end("SIGUSR1");
  }

  /** An orderly end: clients are told. */
  stop(): Promise<void> {
    return this.end("SIGTERM");
  }

  /** It is there, but does nothing until resume(). */
  suspend(): void {
    this.process?.kill("SIGSTOP");
  }

  resume(): void {
    this.process?.kill("SIGCONT");
  }

  /** Copies its data away; only while it is stopped. Returns how to put the copy back, likewise. */
  async copyData(): Promise<() => Promise<void>> {
    const copy = join(this.folder, "copy");
    await cp(this.data, copy, { recursive: true });
    return async () => {
      await rm(this.data, { recursive: true });
      await cp(copy, this.data, { recursive: true });
    };
  }

  /** Sum of a metric's values over those of its labels that contain the text. */
  async metric(name: string, label = ""): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return lines.filter((line) => line.includes(label)).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  /** Ends it for good and removes its data. */
  async close(): Promise<void> {
    this.resume();
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private get data(): string {
    return join(this.folder, "data");
  }

  private async end(signal: "SIGKILL" | "SIGTERM" | "SIGUSR1"): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  private keep(line: string): void {
    this.log.push(line);
    if (this.log.length > MAX_LINES) this.log.shift();
  }
}

/** The server on a disk that loses what was not synced; its path. */
export async function buildPowerloss(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const binary = join(folder, "powerloss");
  const go = spawn("go", ["build", "-trimpath", "-buildvcs=false", "-o", binary, "./bench/powerloss"], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)), env: { ...process.env, CGO_ENABLED: "0" }, stdio: "inherit",
  });
  const [status] = await once(go, "exit");
  if (status !== 0) throw new Error(`go build ./bench/powerloss: exit status ${status}`);
  return binary;
}
