// Who is here (PRE2).
import type { Presence, Roster } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import type { Person } from "./api.ts";
import { pageOf } from "./names.ts";
import { Value } from "./observable.ts";

/** The people in the room, by replica. */
export class People {
  readonly list = new Value<readonly Person[]>([]);
  private readonly present = new Map<number, Presence>();

  /** Everybody at joining; self: the own replica. */
  joined(present: readonly Presence[], self: number): void {
    this.present.clear();
    for (const p of present) this.present.set(p.replica, p);
    this.publish(self);
  }

  changed(roster: Roster, self: number): void {
    for (const p of roster.present) this.present.set(p.replica, p);
    for (const replica of roster.gone) this.present.delete(replica);
    this.publish(self);
  }

  private publish(self: number): void {
    const people = [...this.present.values()].map((p) => ({
      replica: p.replica,
      participant: p.participant,
      name: p.displayName,
      role: p.role,
      page: pageOf(p.board),
      self: p.replica === self,
    }));
    this.list.set(people.sort((a, b) => a.replica - b.replica));
  }
}
