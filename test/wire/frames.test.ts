import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import {
  cutCompressed,
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

/** "Compresses" to what says how long the message was: what frames do with it is all that is asked here. */
function expand(compressed: Uint8Array, length: number): Uint8Array {
  if (compressed[0] !== 7) throw new BadBytes("not compressed");
  return message(length);
}

function compressedHeader(kind: number, ...numbers: readonly number[]): Uint8Array {
  const frame = new Uint8Array(1 + 4 * numbers.length);
  frame[0] = kind;
  for (const [index, number] of numbers.entries()) new DataView(frame.buffer).setUint32(1 + 4 * index, number, true);
  return frame;
}

describe("compressed messages in wire frames", () => {
  const assemble = (frames: readonly Uint8Array[], max = MAX) => {
    const assembler = new MessageAssembler(max, expand);
    return frames.map((frame) => assembler.push(frame)).filter((done) => done !== undefined);
  };
  const sizes = [1, WHOLE_BYTES_MAX, WHOLE_BYTES_MAX + 1, FRAME_BYTES_MAX, FRAME_BYTES_MAX + 1, MAX - 1];
  test.each(sizes)("come out whole, %i bytes long, between others", (size) => {
    const compressed = new Uint8Array(size).fill(7);
    const length = Math.max(1024, size + 1);
    const frames = cutCompressed(compressed, length);
    expect(frames.every((frame) => frame.length <= FRAME_BYTES_MAX)).toBe(true);
    const plain = cutMessage(message(WHOLE_BYTES_MAX + 9));
    const received = assemble([...plain, ...frames, ...frames, ...plain]);
    expect(received.map((each) => each.length)).toEqual([WHOLE_BYTES_MAX + 9, length, length, WHOLE_BYTES_MAX + 9]);
    expect(Buffer.compare(received[1] as Uint8Array, message(length))).toBe(0);
  });

  test("are refused over the bound by the length that they claim, before anything is decompressed", () => {
    const never = new MessageAssembler(MAX, () => {
      throw new Error("BUG: decompressed");
    });
    expect(() => never.push(Uint8Array.of(...compressedHeader(2, MAX + 1), 7))).toThrow(MessageTooLarge);
    expect(() => never.push(compressedHeader(3, MAX + 1, WHOLE_BYTES_MAX + 1))).toThrow(MessageTooLarge);
  });

  const body = new Uint8Array(WHOLE_BYTES_MAX + 1).fill(7);
  const cases: readonly [string, readonly Uint8Array[]][] = [
    ["no bytes", [compressedHeader(2, 2000)]],
    ["half a length", [Uint8Array.of(2, 1, 2)]],
    ["fewer than 1 KiB", [Uint8Array.of(...compressedHeader(2, 1023), 7)]],
    ["nothing gained", [Uint8Array.of(...compressedHeader(2, 1024), ...new Uint8Array(1024).fill(7))]],
    ["too many bytes in one frame", [Uint8Array.of(...compressedHeader(2, FRAME_BYTES_MAX), ...body)]],
    ["parts that fit a frame", [compressedHeader(3, MAX, WHOLE_BYTES_MAX)]],
    ["parts with nothing gained", [compressedHeader(3, WHOLE_BYTES_MAX + 1, WHOLE_BYTES_MAX + 1)]],
    ["an announcement that is cut short", [compressedHeader(3, MAX, WHOLE_BYTES_MAX + 1).subarray(0, 8)]],
    ["a part that is too short", [compressedHeader(3, MAX, WHOLE_BYTES_MAX + 1), body.subarray(1)]],
    ["what does not decompress", [Uint8Array.of(...compressedHeader(2, 1024), 8)]],
  ];
  test.each(cases)("are refused with %s", (_, frames) => {
    expect(() => assemble(frames)).toThrow(BadBytes);
  });

  test("are refused where compression was not agreed on", () => {
    expect(() => join(cutCompressed(Uint8Array.of(7), 1024))).toThrow(BadBytes);
    expect(() => join(cutCompressed(body, MAX))).toThrow(BadBytes);
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
    ["a part too many", [two, full.slice(), full.slice(), full.slice().fill(9)]],
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
          join(frames.map((frame) => frame.slice()));
        } catch (error) {
          expect(error).toBeInstanceOf(BadBytes);
        }
      }),
    );
  });
});
