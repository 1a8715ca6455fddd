import { describeTransport } from "../ports/transport-law.ts";
import { WsWorld } from "../support/ws-world.ts";

describeTransport("over WebSockets", async () => new WsWorld());
