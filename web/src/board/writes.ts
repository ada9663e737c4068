// Who writes on a board is not in the past (ALN7): the page is told of everything that is done on it here.
import type { BoardDocument } from "../sync/api.ts";

/**
 * Calls back after own work on a board, whatever it is: once for what is done at a go, and not in the midst of it, for
 * whoever is told may bring the board to now. Until the function returned is called.
 */
export function followWrites(doc: Pick<BoardDocument, "subscribe">, wrote: () => void): () => void {
  let due = false, over = false;
  const stop = doc.subscribe((change) => {
    if (change.all || !change.own || due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      if (!over) wrote();
    });
  });
  return () => {
    over = true;
    stop();
  };
}
