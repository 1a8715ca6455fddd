import fc from "fast-check";
import { expect, it } from "vitest";
import type { Connection, Side } from "../../../simulations/simulator/connection.ts";
import { Connections } from "../../../simulations/simulator/connections.ts";

/** Only what a connection is found by. */
function connectionOf(from: number, to: number): Connection {
  const side = (node: number, peerNode: number): Side => ({ node, peerNode }) as Side;
  return { dialer: side(from, to), acceptor: side(to, from) };
}

const node = fc.integer({ min: 0, max: 3 });
const steps = fc.array(fc.tuple(fc.boolean(), node, node), { maxLength: 30 });

it("finds what a look through all of them would, in the same order", () => {
  fc.assert(
    fc.property(steps, node, node, (list, at, towards) => {
      const connections = new Connections();
      const all: Connection[] = [];
      for (const [isAdded, from, to] of list) {
        if (from === to) continue;
        if (!isAdded && all.length > 0) connections.delete(all.splice(from % all.length, 1)[0] as Connection);
        else connections.add(all[all.push(connectionOf(from, to)) - 1] as Connection);
      }
      const sides = all.flatMap(({ dialer, acceptor }) => [dialer, acceptor]);
      const between = sides.filter((side) => side.node === at && side.peerNode === towards);
      expect(connections.between(at, towards)).toEqual(between);
      expect([...connections.of(at)]).toEqual(
        all.filter(({ dialer, acceptor }) => [dialer.node, acceptor.node].includes(at)),
      );
      expect([...connections.all()]).toEqual(all);
    }),
  );
});
