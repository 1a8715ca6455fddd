import { describe, expect, test } from "vitest";
import { Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import * as Y from "yjs";
import { checkAwareness, checkNews } from "../../src/documents/awareness-check.ts";
import { type AwarenessLimits, CLOCK_MAX, documentLimits } from "../../src/documents/document-limits.ts";
import { all, bytesOf, type Part, raw, text, uint } from "./update-bytes.ts";

const state = (client: number, clock: number, json: string): Part => all(uint(client), uint(clock), text(json));
const of = (...states: readonly Part[]): Uint8Array => bytesOf(uint(states.length), ...states);
const one = (json: string): Uint8Array => of(state(1, 1, json));

function refusal(bytes: Uint8Array, limits: Partial<AwarenessLimits> = {}): string {
  try {
    const held = { ...documentLimits, ...limits };
    checkNews(checkAwareness(bytes, held), bytes.length, held);
    return "accepted";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test("what y-protocols writes is accepted, with what it says of each client", () => {
  const doc = new Y.Doc();
  const awareness = new Awareness(doc);
  awareness.setLocalState({ user: { name: "Zoë 😀", colour: "#fff" }, cursor: null });
  const here = encodeAwarenessUpdate(awareness, [doc.clientID]);
  awareness.setLocalState(null);
  const gone = encodeAwarenessUpdate(awareness, [doc.clientID]);
  doc.destroy();
  const bytes = new TextEncoder().encode('{"user":{"name":"Zoë 😀","colour":"#fff"},"cursor":null}').length;
  expect(checkAwareness(here)).toEqual([{ client: doc.clientID, clock: 1, isGone: false, bytes }]);
  expect(checkAwareness(gone)).toEqual([{ client: doc.clientID, clock: 2, isGone: true, bytes: 4 }]);
});

test("clients are told of in the order of the update, and none is an update too", () => {
  const facts = checkAwareness(of(state(9, 3, " {}"), state(2, CLOCK_MAX, "null ")));
  expect(facts.map(({ client, clock, isGone }) => [client, clock, isGone])).toEqual([
    [9, 3, false],
    [2, CLOCK_MAX, true],
  ]);
  expect(checkAwareness(of())).toEqual([]);
});

describe("what would throw or cost more than its bytes is refused", () => {
  test.each<readonly [string, Uint8Array]>([
    ["no byte", new Uint8Array(0)],
    ["more clients than bytes hold", bytesOf(uint(2 ** 25), state(1, 1, "{}"))],
    ["one client more than there is", bytesOf(uint(2), state(1, 1, '{"a":1}'))],
    ["a byte too many", bytesOf(uint(0), raw(0))],
    ["a client beyond 2^53", bytesOf(uint(1), raw(255, 255, 255, 255, 255, 255, 255, 127), uint(1), text("{}"))],
    ["a state longer than the bytes", bytesOf(uint(1), uint(1), uint(1), uint(100), raw(123, 125))],
    ["a state of nothing", of(state(1, 1, ""), state(1, 1, "{}"))],
    ["a state that is no JSON", one("{a:1}")],
    ["a state that ends early", one('{"a":')],
    ["more after a state", one("{} {}")],
    ["a state that is a list", one("[]")],
    ["a state that is a number", one("1234")],
    ["a state that is true", one("true")],
    ["a state that is text", one('"{}"')],
    ["a state that is not UTF-8", bytesOf(uint(1), uint(1), uint(1), raw(5, 0x7b, 0x22, 0xff, 0x22, 0x7d))],
  ])("%s", (_, bytes) => {
    expect(refusal(bytes)).toBe("BAD_AWARENESS");
  });

  test("an update that is cut, wherever", () => {
    const bytes = of(state(300, 1, '{"a":[1,"b"]}'), state(7, 2, "null"));
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length))).toBe("BAD_AWARENESS");
    }
  });
});

describe("limits hold at, and not below", () => {
  const two = of(state(1, 1, "{}"), state(2, 1, "{}"));
  test.each<readonly [string, Partial<AwarenessLimits>, Uint8Array, Uint8Array, string]>([
    ["clients", { awarenessClientsMax: 1 }, one("{}"), two, "AWARENESS_TOO_LARGE"],
    ["bytes of a state", { awarenessStateBytesMax: 7 }, one('{"a":1}'), one('{"a":12}'), "AWARENESS_TOO_LARGE"],
    ["bytes of a message", { awarenessMessageBytesMax: 6 }, one("{}"), one('{"a":1}'), "AWARENESS_TOO_LARGE"],
    ["nesting", { nestingMax: 2 }, one('{"a":[1]}'), one('{"a":[[]]}'), "BAD_AWARENESS"],
  ])("%s", (_, limits, at, above, code) => {
    expect(refusal(at, limits)).toBe("accepted");
    expect(refusal(above, limits)).toBe(code);
  });

  test("a state nested beyond what a stack holds is refused", () => {
    expect(refusal(one("[".repeat(8000) + "]".repeat(8000)))).toBe("BAD_AWARENESS");
  });
});
