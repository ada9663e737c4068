// Which page is looked at where somebody leads (STG3).
import { signal } from "@preact/signals";
import type { RoomSession, Stage } from "../../sync/api.ts";

export interface FollowHost {
  /** The page looked at; "" while there is none. */
  current(): string;
  /** Looks at a page without meaning to go a way of one's own. */
  show(page: string): void;
  /** Of all pages of one's own participant this is the one that turns everybody once they lead. */
  readonly presents: boolean;
}

/** Follows the stage's page until its person looks at another one; the lead's own looking turns everybody. */
export class Follow {
  readonly following = signal(true);
  readonly #session: Pick<RoomSession, "stage" | "pages" | "participant" | "turn">;
  readonly #host: FollowHost;
  readonly #stops: readonly (() => void)[];
  #before: Stage = { page: "", lead: "" };

  constructor(session: Pick<RoomSession, "stage" | "pages" | "participant" | "turn">, host: FollowHost) {
    this.#session = session;
    this.#host = host;
    this.#stops = [
      session.stage.subscribe((stage) => this.#changed(stage)),
      // A page may be turned to before it is known here.
      session.pages.subscribe(() => this.#go()),
    ];
  }

  /** One's own participant leads. */
  get leads(): boolean {
    const { lead } = this.#session.stage.value;
    return lead !== "" && lead === this.#session.participant;
  }

  /** The person has chosen to look at a page. */
  looked(page: string): void {
    const staged = this.#session.stage.value.page;
    if (this.leads) {
      this.following.value = true;
      this.#turn(page);
    } else {
      this.following.value = staged === "" || staged === page;
    }
  }

  /** The person wants to be where everybody is. */
  back(): void {
    this.following.value = true;
    this.#go();
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #changed(stage: Stage): void {
    const before = this.#before;
    this.#before = stage;
    // Whoever becomes the lead shows the page that is before them; who comes back to a room as its lead goes to its page.
    if (stage.lead !== before.lead && this.leads && this.#host.presents && (stage.page === before.page || stage.page === "")) {
      this.following.value = true;
      return this.#turn(this.#host.current());
    }
    if (stage.page !== before.page && stage.page === this.#host.current()) this.following.value = true;
    this.#go();
  }

  #turn(page: string): void {
    if (page !== "" && page !== this.#session.stage.value.page) this.#session.turn(page);
  }

  #go(): void {
    const { page } = this.#session.stage.value;
    if (!this.following.peek() || page === this.#host.current() || !this.#session.pages.value.includes(page)) return;
    this.#host.show(page);
  }
}
