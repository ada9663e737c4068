// CREATE_ROOM on a connection of its own.
import { CodeError, Code } from "../protocol/codes.ts";
import { decodeReply, encodeRequest } from "../protocol/messages.ts";
import { helloOf, type Environment } from "./environment.ts";
import { Choice } from "./transport/choice.ts";
import { SILENCE, type Dialed } from "./transport/dial.ts";
import type { LinkEvents } from "./transport/link.ts";
import { Reach } from "./transport/reach.ts";

/** Makes a room and resolves with its id. Rejects with CodeError; code 0: the server was not reached or did not answer. */
export function createRoomIn(env: Environment, token: string, name: string): Promise<bigint> {
  const choice = new Choice(env.notes, () => env.wall());
  const reach = new Reach(() => env.routes(), choice, helloOf({ token }), env.clock);
  return new Promise((resolve, reject) => {
    const won = ({ link }: Dialed): LinkEvents => {
      const finish = (settle: () => void): void => {
        link.close(Code.GoingAway);
        settle();
      };
      env.clock.after(SILENCE, () => finish(() => reject(new CodeError(0))));
      link.send(encodeRequest({ case: "createRoom", value: { name } }));
      return {
        opened: () => {},
        control: (message) => finish(() => settleWith(message, resolve, reject)),
        document: () => {},
        datagram: () => {},
        closed: (code) => reject(new CodeError(code)),
      };
    };
    reach.start({ won, failed: reject });
  });
}

function settleWith(message: Uint8Array, resolve: (room: bigint) => void, reject: (error: Error) => void): void {
  try {
    const reply = decodeReply(message);
    if (reply.case === "error") reject(new CodeError(reply.value.code, reply.value.parameters));
    else if (reply.case === "createRoomResult" && reply.value.roomId > 0n) resolve(reply.value.roomId);
    else if (reply.case === "goingAway") reject(new CodeError(0));
    else reject(new CodeError(reply.case === "createRoomResult" ? Number(-reply.value.roomId) : Code.OutOfOrder));
  } catch {
    reject(new CodeError(Code.BadMessage));
  }
}
