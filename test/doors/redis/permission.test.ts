import { expect, it } from "vitest";
import { bytesFromLatin1 } from "../../../src/base/bytes.ts";
import type { CommandFacts } from "../../../src/command-store.ts";
import { commandTable } from "../../../src/commands/command-table.ts";
import type { Principal } from "../../../src/doors/auth.ts";
import { allowanceOf, refusalUnder } from "../../../src/doors/redis/allowance.ts";
import { refusalOf } from "../../../src/doors/redis/permission.ts";

const WRITER: Principal = { scopes: new Set(["write"]), prefix: "" };
const APP: Principal = { scopes: new Set(["read", "write"]), prefix: "app:" };

function refusal(who: Principal, text: string): string | undefined {
  const words = text.split(" ");
  const facts = commandTable.get(words[0] ?? "") as CommandFacts;
  return refusalOf(
    who,
    words.map((word) => bytesFromLatin1(word)),
    facts,
  );
}

it.each([
  "zunionstore to 2 app:a app:b",
  "zunionstore app:to 2 app:a b",
  "zunion 2 app:a b",
  "zmpop 1 b min",
  "zrangestore app:to from 0 -1",
  "georadius app:g 1 1 1 km store g",
  "georadiusbymember app:g m 1 km STOREDIST g",
])("keeps who has keys under a prefix from all others, wherever they stand: %s", (text) => {
  expect(refusal(APP, text)).toContain("NOPERM this user has no permissions to access one of the keys");
});

it.each(["zunionstore app:to 2 app:a app:b", "zunion 1 app:a withscores", "zmpop 2 app:a app:b max"])(
  "lets who has keys under a prefix at these: %s",
  (text) => expect(refusal(APP, text)).toBeUndefined(),
);

it.each([
  "zincrby z 1 a",
  "zadd z xx incr 0 a",
  "zadd z INCR 0 a",
  "zpopmin z",
  "bzpopmin z 0",
  "bzmpop 0 1 z min",
  "zmpop 1 z min",
  "zunionstore to 1 z",
  "zrangestore to z 0 -1",
  "spop s",
  "sunionstore to s",
  "hincrby h f 1",
  "geosearchstore to g fromlonlat 1 1 byradius 1 km",
])("keeps who may only write from what tells, or copies, what is there: %s", (text) => {
  expect(refusal(WRITER, text)).toContain("NOPERM");
});

it.each(["zadd z 1 a", "zadd z nx 1 a", "zrem z a", "zremrangebyrank z 0 -1"])(
  "lets who may only write do so: %s",
  (text) => expect(refusal(WRITER, text)).toBeUndefined(),
);

it("refuses at another replica what it refuses here, and says nothing of who may read and write every key", () => {
  const all: Principal = { scopes: new Set(["read", "write"]), prefix: "" };
  expect(allowanceOf(all)).toBeUndefined();
  for (const who of [WRITER, APP]) {
    for (const text of ["get app:a", "get b", "set app:a 1", "set b 1", "dbsize", "getset app:a 1"]) {
      const allowance = allowanceOf(who);
      if (allowance === undefined) throw new Error("it may not do everything");
      const words = text.split(" ");
      const facts = commandTable.get(words[0] ?? "") as CommandFacts;
      expect(refusalUnder(allowance)(words.map(bytesFromLatin1), facts)).toBe(refusal(who, text));
    }
  }
  const nothing = refusalUnder({ scopes: ["none"], prefix: "" });
  expect(nothing(["get", "a"].map(bytesFromLatin1), commandTable.get("get") as CommandFacts)).toContain("NOPERM");
});
