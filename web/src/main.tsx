import { mount } from "./ui/mount.tsx";
import { ServerGateway } from "./ui/servergateway.ts";

const into = document.getElementById("app");
if (into === null) throw new Error("index.html has no #app");
mount(new ServerGateway(), into);
