import fc from "fast-check";
import { expect, it } from "vitest";
import { MessageLengths } from "../../../src/doors/websocket/message-lengths.ts";

const LONG = 1000;
const MOST = 100_000;

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

function lengthsOf(bytes: Buffer, chunkBytes: number): number[] {
  const told: number[] = [];
  const lengths = new MessageLengths({ longBytesMin: LONG, bytesMax: MOST });
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const length = lengths.receive(bytes.subarray(at, at + chunkBytes));
    if (length !== undefined) told.push(length);
  }
  return told;
}

it("tells of a long message as soon as the head of its frame is here", () => {
  const frame = frameOf({ bytes: 70_000, isLast: true });
  expect([lengthsOf(frame.subarray(0, 13), 20), lengthsOf(frame.subarray(0, 14), 20)]).toEqual([[], [70_000]]);
});

it("tells nobody of what is here by then, and of the next behind it", () => {
  const frames = [
    { bytes: 990, isLast: false },
    { bytes: 10, isLast: true },
    { bytes: 2000, isLast: true },
  ].map(frameOf);
  expect(lengthsOf(Buffer.concat(frames), 2000)).toEqual([2000]);
});

it("tells nobody of what is longer than a message may be, of which nobody has to send a byte", () => {
  const headOf = (length: bigint) => {
    const frame = Buffer.alloc(14);
    frame.set([0x82, 0xff]);
    frame.writeBigUInt64BE(length, 2);
    return frame;
  };
  const claims = [BigInt(MOST), BigInt(MOST + 1), 2n ** 32n + 2000n, 2n ** 62n];
  expect(claims.map((length) => lengthsOf(headOf(length), 20))).toEqual([[MOST], [], [], []]);
});

it("tells what its obvious twin finds in any frames, however they are cut up", () => {
  const frame = fc.record({
    bytes: fc.oneof(
      fc.nat({ max: 130 }),
      fc.nat({ max: 2 * LONG }),
      fc.constantFrom(125, 126, LONG, 65_535, 65_536, MOST, MOST + 1),
    ),
    isLast: fc.boolean(),
    isPing: fc.boolean(),
  });
  const frames = fc.array(frame, { maxLength: 12 });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 3000 }), (drawn, chunkBytes) => {
      const sent = drawn.map((each) =>
        each.isPing ? { bytes: Math.min(each.bytes, 125), isLast: true, isPing: true } : each,
      );
      const expected: number[] = [];
      let [soFar, at]: [number, number] = [0, 0];
      /** What the message under way is long by, and the chunk in which that is known. */
      let known: { readonly length: number; readonly chunk: number } | undefined;
      const chunkOf = (byte: number) => Math.floor(byte / chunkBytes);
      for (const frame of sent) {
        const headEnd = at + frameOf(frame).length - frame.bytes - 1;
        at = headEnd + 1 + frame.bytes;
        if (frame.isPing) continue;
        soFar += frame.bytes;
        if (soFar >= LONG && soFar <= MOST) {
          known ??= { length: frame.isLast ? soFar : MOST, chunk: chunkOf(headEnd) };
        }
        if (!frame.isLast) continue;
        if (known !== undefined && chunkOf(at - 1) !== known.chunk) expected.push(known.length);
        [soFar, known] = [0, undefined];
      }
      if (known !== undefined) expected.push(known.length);
      expect(lengthsOf(Buffer.concat(sent.map(frameOf)), chunkBytes)).toEqual(expected);
    }),
  );
});
