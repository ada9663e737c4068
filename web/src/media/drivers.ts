import type { MediaSource } from "../sync/api.ts";
import type { Player, Quality } from "./api.ts";
import type { Driver, DriverEvents } from "./driver.ts";
import { HlsDriver } from "./hlsdriver.ts";
import { NativeHlsDriver } from "./nativehls.ts";
import { TsDriver } from "./tsdriver.ts";
import type { Site } from "./uplink.ts";
import { WebRtcDriver } from "./webrtcdriver.ts";

/** What plays a source in this way. Chromium plays HLS natively too, without stamps: hls.js goes first. */
export function driverOf(player: Player, site: Site, source: MediaSource, quality: Quality, events: DriverEvents): Driver {
  switch (player) {
    case "webrtc":
      return new WebRtcDriver(site, source, quality, events);
    case "httpts":
      return new TsDriver(site, source, events);
    case "hls":
      return site.env.support.mse ? new HlsDriver(site, source, events) : new NativeHlsDriver(site, source, events);
  }
}
