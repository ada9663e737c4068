import { mount } from "./ui/mount.tsx";
import { ServerGateway } from "./ui/servergateway.ts";
import { name } from "./ui/settings.ts";
import { takeToken } from "./ui/token.ts";

const into = document.getElementById("app");
name.value = takeToken(name.peek()) ?? name.peek();
// A school's link to the page that is open changes what stands behind # and loads nothing.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) location.reload();
});
// Where the browser is too old oldbrowser.js has put a line there instead.
if (into !== null) mount(new ServerGateway(), into);
