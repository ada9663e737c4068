// The page on a fake room. window.fake and window.ink are there for scripts.
import { Register } from "../../src/ot/types.ts";
import { byteValue, colorValue, settings, widthValue } from "../../src/ot/value.ts";
import { mount } from "../../src/ui/mount.tsx";
import { FakeGateway } from "./fake.ts";

const gateway = new FakeGateway();
const pen = (color: number, width: number, opacity = 255) => settings(
  { register: Register.Color, value: colorValue(color) }, { register: Register.Width, value: widthValue(width) },
  ...(opacity < 255 ? [{ register: Register.Opacity, value: byteValue(opacity) } as const] : []));

Object.assign(window, { fake: gateway, pen });
const into = document.getElementById("app");
if (into !== null) mount(gateway, into);
