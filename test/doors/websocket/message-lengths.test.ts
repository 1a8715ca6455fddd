import fc from "fast-check";
import { expect, it } from "vitest";
import { MessageLengths } from "../../../src/doors/websocket/message-lengths.ts";

const LONG = 1000;

interface Frame {
  readonly bytes: number;
  readonly isLast: boolean;
  readonly isPing?: boolean;
}

/** As a client sends it: masked, which makes nothing of its bytes shorter. */
function frameOf({ bytes, isLast, isPing = false }: Frame): Buffer {
  const head = Buffer.alloc(bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10);
  head[0] = (isLast ? 0x80 : 0) | (isPing ? 9 : 1);
  head[1] = 0x80 | (bytes < 126 ? bytes : bytes < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(bytes, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(bytes), 2);
  return Buffer.concat([head, Buffer.alloc(4), Buffer.alloc(bytes, 0x81)]);
}

function lengthsOf(bytes: Buffer, chunkBytes: number): (readonly [number, boolean])[] {
  const told: (readonly [number, boolean])[] = [];
  const lengths = new MessageLengths(LONG, (more, isFirst) => told.push([more, isFirst]));
  for (let at = 0; at < bytes.length; at += chunkBytes) lengths.receive(bytes.subarray(at, at + chunkBytes));
  return told;
}

it("tells of a long message as soon as the head of its frame is here", () => {
  const told: number[] = [];
  const lengths = new MessageLengths(LONG, (bytes) => told.push(bytes));
  const frame = frameOf({ bytes: 70_000, isLast: true });
  lengths.receive(frame.subarray(0, 13));
  expect(told).toEqual([]);
  lengths.receive(frame.subarray(13, 14));
  expect(told).toEqual([70_000]);
});

it("reads a length of 64 bits whole, of which nobody has to send a byte", () => {
  const told: number[] = [];
  const lengths = new MessageLengths(LONG, (bytes) => told.push(bytes));
  lengths.receive(Uint8Array.of(0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0));
  expect(told).toEqual([2 ** 32 + 2]);
});

it("tells what its obvious twin finds in any frames, however they are cut up", () => {
  const frame = fc.record({
    bytes: fc.oneof(fc.nat({ max: 130 }), fc.nat({ max: 2 * LONG }), fc.constantFrom(125, 126, LONG, 65_535, 65_536)),
    isLast: fc.boolean(),
    isPing: fc.boolean(),
  });
  const frames = fc.array(frame, { maxLength: 12 });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 3000 }), (drawn, chunkBytes) => {
      const sent = drawn.map((each) =>
        each.isPing ? { bytes: Math.min(each.bytes, 125), isLast: true, isPing: true } : each,
      );
      const expected: (readonly [number, boolean])[] = [];
      let [soFar, told] = [0, 0];
      for (const { bytes, isLast, isPing } of sent) {
        if (isPing) continue;
        soFar += bytes;
        if (soFar >= LONG && soFar > told) {
          expected.push([soFar - told, told === 0]);
          told = soFar;
        }
        if (isLast) [soFar, told] = [0, 0];
      }
      expect(lengthsOf(Buffer.concat(sent.map(frameOf)), chunkBytes)).toEqual(expected);
    }),
  );
});
