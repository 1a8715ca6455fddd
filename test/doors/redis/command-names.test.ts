import { describe, expect, it } from "vitest";
import { bytesFromLatin1 } from "../../../src/base/bytes.ts";
import type { CommandFacts } from "../../../src/command-store.ts";
import { commandTable } from "../../../src/commands/command-table.ts";
import { CommandNames } from "../../../src/doors/redis/command-names.ts";

const factsOf = (names: CommandNames, name: string): CommandFacts | undefined => names.factsOf([bytesFromLatin1(name)]);

function wordOf(names: CommandNames, name: string): Uint8Array | undefined {
  return names.wordOf(bytesFromLatin1(`..${name}..`), 2, 2 + name.length);
}

describe("names of commands", () => {
  it("are those of the table, however they are written, also where they share a place", () => {
    const names = new CommandNames(commandTable);
    for (let time = 0; time < 2; time++) {
      for (const [name, facts] of commandTable) {
        for (const written of [name, name.toUpperCase()]) {
          expect(factsOf(names, written)).toBe(facts);
          expect(factsOf(names, written)).toBe(facts);
        }
      }
    }
  });

  it("have bytes of their own once they were sent", () => {
    const names = new CommandNames(commandTable);
    expect(wordOf(names, "SET")).toBeUndefined();
    const sent = bytesFromLatin1("SET");
    const facts = names.factsOf([sent]);
    sent.fill(0);
    const word = wordOf(names, "SET");
    expect(word).toEqual(bytesFromLatin1("SET"));
    expect(names.factsOf([word as Uint8Array])).toBe(facts);
    for (const other of ["set", "SE", "SETX", "S.T", ""]) expect(wordOf(names, other)).toBeUndefined();
  });

  it("that are none are not known, nor remembered", () => {
    const names = new CommandNames(commandTable);
    for (const none of ["", "nosuch", "x".repeat(100)]) {
      expect(factsOf(names, none)).toBeUndefined();
      expect(wordOf(names, none)).toBeUndefined();
    }
  });
});
