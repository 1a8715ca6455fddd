import type { ReplicaId } from "../../src/base/ids.ts";
import type { LocalFacts } from "../../src/replica/ports.ts";
import { describeTransport } from "../ports/transport-law.ts";
import { WsWorld } from "../support/ws-world.ts";

/** Every replica in a region of its own, and all want compression. */
class CompressingWorld extends WsWorld {
  override create(facts: Partial<LocalFacts> & { readonly id: ReplicaId }) {
    return super.create({ region: `of-${facts.id}`, ...facts }, { compressRegions: true });
  }
}

describeTransport("over WebSockets", async () => new WsWorld());
describeTransport("over WebSockets that compress", async () => new CompressingWorld());
