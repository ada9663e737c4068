// Long work that a person waits for: uploads and exports. It shows how far it is, can be stopped, and says what went wrong.
import { signal } from "@preact/signals";
import { codeOf, parametersOf } from "./gateway.ts";
import { t } from "./i18n.ts";
import { errorKey } from "./texts.ts";
import type { Parameters, TextKey } from "./texts.ts";

export type TaskState =
  /** part: 0 … 1; undefined while nobody knows. */
  | { readonly kind: "running"; readonly part: number | undefined }
  /** code: of the protocol, 0 if there is none. */
  | { readonly kind: "failed"; readonly text: string; readonly code: number; readonly again: (() => void) | undefined };

export interface Task {
  readonly id: number;
  /** What it is about: a file. */
  readonly name: string;
  /** What is being done with it. */
  readonly title: string;
  readonly state: TaskState;
  /** Stops it if it runs; in any case it is no longer shown. */
  readonly close: () => void;
}

/** Does the work; rejects when the signal aborts it. */
export type Work = (progress: (part: number | undefined) => void, signal: AbortSignal) => Promise<void>;

/** A failure that has its own words. Trying again is no use unless again is set. */
export class TaskFailure extends Error {
  constructor(readonly text: TextKey, readonly parameters: Parameters = {}, readonly again = false) {
    super(text);
  }
}

export class Tasks {
  readonly list = signal<readonly Task[]>([]);
  #last = 0;

  run(name: string, title: string, work: Work): void {
    const id = ++this.#last;
    const stop = new AbortController();
    const close = (): void => {
      stop.abort();
      this.list.value = this.list.peek().filter((task) => task.id !== id);
    };
    const show = (state: TaskState): void => {
      if (stop.signal.aborted) return;
      this.list.value = this.list.peek().map((task) => (task.id === id ? { ...task, state } : task));
    };
    this.list.value = [...this.list.peek(), { id, name, title, state: { kind: "running", part: undefined }, close }];
    work((part) => show({ kind: "running", part }), stop.signal).then(close, (error: unknown) =>
      show(failureOf(error, () => {
        close();
        this.run(name, title, work);
      })));
  }

  /** Stops everything. */
  close(): void {
    for (const task of this.list.peek()) task.close();
  }
}

/** Codes from 3000 on are about the work itself: the same again ends the same. */
const LASTING = 3000;

function failureOf(error: unknown, again: () => void): TaskState {
  if (error instanceof TaskFailure) {
    return { kind: "failed", text: t(error.text, error.parameters), code: 0, again: error.again ? again : undefined };
  }
  const code = codeOf(error);
  const text = t(code === 0 ? "error.network" : errorKey(code, parametersOf(error)));
  return { kind: "failed", text, code, again: code < LASTING ? again : undefined };
}
