// The network between one page and the fake server. While it is away, nothing arrives either way and nobody is told.
import type { Routes } from "../src/sync/transport/dial.ts";
import type { Link, LinkEvents, OpenLink } from "../src/sync/transport/link.ts";

export class Air {
  away = false;

  through({ webtransport, websocket }: { readonly webtransport: OpenLink; readonly websocket: OpenLink }): Routes {
    return { webtransport: (events) => this.link(webtransport, events), websocket: (events) => this.link(websocket, events) };
  }

  private link(open: OpenLink, events: LinkEvents): Link {
    let broken = this.away;
    /** What was lost is not sent again: a connection that missed anything is over, though neither end knows. */
    const passes = (): boolean => !(broken ||= this.away);
    const link = open({
      opened: () => passes() && events.opened(),
      control: (message) => passes() && events.control(message),
      document: (stream, message) => passes() && events.document(stream, message),
      datagram: (message) => passes() && events.datagram(message),
      closed: (code) => passes() && events.closed(code),
    });
    return {
      route: link.route,
      send: (framed) => void (passes() && link.send(framed)),
      sendDatagram: (message) => void (passes() && link.sendDatagram(message)),
      close: (code) => link.close(code),
    };
  }
}
