/** Commands of Redis clients as lines with blanks between the words, carried out at one simulated replica. */

import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { commandTable } from "../../src/commands/command-table.ts";
import { SpaceCommands } from "../../src/commands/here/space-commands.ts";
import { type PlacedWorld, SPACE } from "./placed-world.ts";
import { textOf } from "./replies.ts";

/** Of those that have nothing to wait for. */
export function commandLines(placed: PlacedWorld, node: number): (line: string) => unknown {
  const commands = new SpaceCommands(placed.driver(node).commandHost, SPACE, new SeededRandom(`commands of ${node}`));
  const client = { lastWrite: undefined };
  return (line) => {
    const words = line.split(" ");
    const facts = commandTable.get(words[0] as string);
    if (facts === undefined) throw new Error(`no such command: ${line}`);
    const reply = commands.run(words.map(bytesFromLatin1), facts, client);
    if (reply instanceof Promise) throw new Error(`it has to wait: ${line}`);
    return textOf(reply);
  };
}
