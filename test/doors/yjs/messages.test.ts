import * as encoding from "lib0/encoding";
import { describe, expect, it } from "vitest";
import { writePermissionDenied } from "y-protocols/auth";
import { writeSyncStep1, writeSyncStep2, writeUpdate } from "y-protocols/sync";
import * as Y from "yjs";
import { AtollError, type ErrorCode, errorTable } from "../../../src/base/errors.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { closeCodeOf } from "../../../src/doors/yjs/close-code.ts";
import {
  decodeFrame,
  encodeAnswer,
  encodeAsk,
  encodeAwareness,
  encodeDenied,
  encodeUpdate,
  KEEP_ALIVE,
} from "../../../src/doors/yjs/messages.ts";

const doc = new Y.Doc();
doc.getText("text").insert(0, "x".repeat(200));
const update = Y.encodeStateAsUpdate(doc);
const vector = Y.encodeStateVector(doc);

/** As y-protocols writes it. */
function written(kind: number, write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, kind);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

const cases = [
  ["sync step 1", encodeAsk(vector), written(0, (to) => writeSyncStep1(to, doc)), { type: "ask", vector }],
  [
    "sync step 2",
    encodeAnswer(update),
    written(0, (to) => writeSyncStep2(to, doc)),
    { type: "update", update, isAnswer: true },
  ],
  [
    "an update",
    encodeUpdate(update),
    written(0, (to) => writeUpdate(to, update)),
    { type: "update", update, isAnswer: false },
  ],
  [
    "awareness",
    encodeAwareness(update),
    written(1, (to) => encoding.writeVarUint8Array(to, update)),
    { type: "awareness", update },
  ],
] as const;

describe("messages", () => {
  it.each(cases)("are written and read as y-protocols does: %s", (_, encoded, theirs, message) => {
    expect(Buffer.from(encoded)).toEqual(Buffer.from(theirs));
    expect(decodeFrame(theirs)).toEqual([message]);
  });

  it("may come several in a frame", () => {
    const frame = new Uint8Array(Buffer.concat([...cases.map(([, encoded]) => encoded), Uint8Array.of(3)]));
    expect(decodeFrame(frame)).toEqual([...cases.map(([, , , message]) => message), { type: "ask-awareness" }]);
  });

  it("deny as y-protocols does, and keep alive with awareness of nobody", () => {
    expect(Buffer.from(encodeDenied("no ü"))).toEqual(
      Buffer.from(written(2, (to) => writePermissionDenied(to, "no ü"))),
    );
    expect(decodeFrame(KEEP_ALIVE)).toEqual([{ type: "awareness", update: Uint8Array.of(0) }]);
  });

  it("are encoded once for all who are sent the same", () => {
    const bytes = update.slice();
    expect(encodeUpdate(bytes)).toBe(encodeUpdate(bytes));
    expect(encodeUpdate(bytes)).not.toBe(encodeUpdate(bytes.slice()));
  });

  it("are refused with their frame where they are cut, unknown, too many, or anything at all", () => {
    const frames = cases.flatMap(([, encoded]) =>
      Array.from({ length: Math.min(encoded.length, 64) }, (_, at) => encoded.subarray(0, at)),
    );
    const random = new SeededRandom(3);
    const noise = Array.from({ length: 2_000 }, () =>
      Uint8Array.from({ length: random.uint32() % 12 }, () => random.uint32() % 256),
    );
    const unknown = [[0, 3, 0], [2, 0], [4], [200, 1], [0, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1]];
    for (const frame of [...frames, ...unknown.map((bytes) => Uint8Array.from(bytes)), new Uint8Array(2_001).fill(3)]) {
      expect(() => decodeFrame(frame)).toThrow(expect.objectContaining({ code: "BAD_MESSAGE" }));
    }
    for (const frame of noise) {
      try {
        decodeFrame(frame);
      } catch (error) {
        expect(error, `of seed 3: ${frame}`).toBeInstanceOf(AtollError);
      }
    }
  });
});

describe("close codes", () => {
  it.each(Object.keys(errorTable) as ErrorCode[])("make y-websocket do what the table of errors says: %s", (code) => {
    const closeCode = closeCodeOf(code);
    // As in its default for `shouldReconnect`.
    const comesAgain = !(closeCode >= 4400 && closeCode < 4500);
    expect(comesAgain, `${closeCode}`).toBe(errorTable[code].retry);
    expect(closeCode >= 4000 ? closeCode < 5000 : closeCode >= 1000 && closeCode < 1015).toBe(true);
  });
});
