import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import {
  cutMessage,
  FRAME_BYTES_MAX,
  MessageAssembler,
  MessageTooLarge,
  WHOLE_BYTES_MAX,
} from "../../src/wire/frames.ts";

const MAX = 4 * FRAME_BYTES_MAX;

function message(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + (i >> 9)) & 255;
  return bytes;
}

function join(frames: readonly Uint8Array[], max = MAX): Uint8Array[] {
  const assembler = new MessageAssembler(max);
  return frames.map((frame) => assembler.push(frame)).filter((done) => done !== undefined);
}

function claiming(total: number): Uint8Array {
  const frame = Uint8Array.of(1, 0, 0, 0, 0);
  new DataView(frame.buffer).setUint32(1, total, true);
  return frame;
}

describe("messages in wire frames", () => {
  const around = (size: number) => [size - 1, size, size + 1];
  const sizes = [0, 1, ...around(WHOLE_BYTES_MAX), ...around(FRAME_BYTES_MAX), ...around(2 * FRAME_BYTES_MAX), MAX];
  test.each(sizes)("come out as they went in: %i bytes", (size) => {
    const sent = message(size);
    const frames = cutMessage(sent);
    expect(frames.every((frame) => frame.length <= FRAME_BYTES_MAX)).toBe(true);
    const received = join(frames);
    expect(received).toHaveLength(1);
    expect(Buffer.compare(received[0] as Uint8Array, sent)).toBe(0);
    expect(Buffer.compare(sent, message(size))).toBe(0);
  });

  test("follow one another, short and long", () => {
    const all = [3, MAX, 0, WHOLE_BYTES_MAX + 1, FRAME_BYTES_MAX, 1].map(message);
    expect(join(all.flatMap((each) => [...cutMessage(each)])).map((each) => each.length)).toEqual(
      all.map((each) => each.length),
    );
  });

  test("take as few frames as they can", () => {
    expect(cutMessage(message(WHOLE_BYTES_MAX))).toHaveLength(1);
    expect(cutMessage(message(WHOLE_BYTES_MAX + 1))).toHaveLength(2);
    expect(cutMessage(message(FRAME_BYTES_MAX))).toHaveLength(2);
    expect(cutMessage(message(FRAME_BYTES_MAX + 1))).toHaveLength(3);
  });

  test("are not copied when they are long, nor when one frame holds them", () => {
    const long = message(FRAME_BYTES_MAX + 5);
    const [, ...parts] = cutMessage(long);
    expect(parts.every((part) => part.buffer === long.buffer)).toBe(true);
    for (const size of [10, FRAME_BYTES_MAX]) {
      const frames = cutMessage(message(size));
      expect(join(frames)[0]?.buffer).toBe(frames.at(-1)?.buffer);
    }
  });

  test("are refused over the bound, before their bytes are there", () => {
    expect(() => join([claiming(FRAME_BYTES_MAX + 1)], FRAME_BYTES_MAX)).toThrow(MessageTooLarge);
    expect(() => join([new Uint8Array(102)], 100)).toThrow(MessageTooLarge);
    expect(join([new Uint8Array(101)], 100)).toHaveLength(1);
    expect(join(cutMessage(message(FRAME_BYTES_MAX)), FRAME_BYTES_MAX)).toHaveLength(1);
  });
});

describe("hostile sequences of wire frames", () => {
  const whole = cutMessage(message(3))[0] as Uint8Array;
  const full = new Uint8Array(FRAME_BYTES_MAX);
  const two = claiming(2 * FRAME_BYTES_MAX);

  const cases: readonly [string, readonly Uint8Array[]][] = [
    ["an empty frame", [new Uint8Array(0)]],
    ["an unknown kind", [Uint8Array.of(2, 1, 2)]],
    ["a part out of the blue", [full.slice().fill(9)]],
    ["a whole message longer than one may be", [new Uint8Array(WHOLE_BYTES_MAX + 2)]],
    ["an announcement that is cut short", [two.subarray(0, 4)]],
    ["an announcement that goes on", [Uint8Array.of(...two, 0)]],
    ["parts of nothing", [claiming(0)]],
    ["parts of what fits a frame", [claiming(WHOLE_BYTES_MAX)]],
    ["parts of 4 GiB", [claiming(0xffffffff)]],
    ["a whole message between parts", [two, full, whole]],
    ["two announcements", [two, two]],
    ["an empty part", [two, new Uint8Array(0)]],
    ["a part that is not full", [two, full.subarray(1)]],
    ["a part that is too long", [two, new Uint8Array(FRAME_BYTES_MAX + 1)]],
    ["a last part that is too short", [claiming(FRAME_BYTES_MAX + 10), full, new Uint8Array(9)]],
    ["a last part that is too long", [claiming(FRAME_BYTES_MAX + 10), full, new Uint8Array(11)]],
    ["a part too many", [two, full, full, full.slice().fill(9)]],
  ];
  test.each(cases)("%s is refused", (_, frames) => {
    expect(() => join(frames)).toThrow(BadBytes);
  });

  test("nothing but BadBytes is thrown, whatever comes", () => {
    const small = claiming(WHOLE_BYTES_MAX + 1);
    const anyFrame = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(whole, full, two, small, new Uint8Array(WHOLE_BYTES_MAX + 1), claiming(MAX + 1)),
    );
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), (frames) => {
        try {
          join(frames);
        } catch (error) {
          expect(error).toBeInstanceOf(BadBytes);
        }
      }),
    );
  });
});
