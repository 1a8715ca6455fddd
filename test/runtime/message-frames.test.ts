import { randomBytes } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { MessageFrames } from "../../src/runtime/message-frames.ts";
import { cutMessage } from "../../src/wire/frames.ts";

const TEXT = new Uint8Array(5000).fill(7);

let soon: (() => void)[];
let frames: MessageFrames;
beforeEach(() => {
  soon = [];
  frames = new MessageFrames((run) => soon.push(run));
});

test("are made once for all links of either kind, and forgotten once all have them", () => {
  const [plain, compressed] = [frames.plain(TEXT), frames.compressed(TEXT)];
  expect(frames.plain(TEXT)).toBe(plain);
  expect(frames.compressed(TEXT)).toBe(compressed);
  expect(plain).toEqual(cutMessage(TEXT));
  expect(compressed).toHaveLength(1);
  expect(compressed[0]?.length).toBeLessThan(100);
  expect(soon).toHaveLength(1);
  soon.shift()?.();
  expect(frames.compressed(TEXT)).not.toBe(compressed);
});

test("are the plain ones for a link that compresses where nothing is saved", () => {
  const noise = randomBytes(5000);
  expect(frames.compressed(noise)).toBe(frames.plain(noise));
});

test("are those of the message at hand, and not of the one before", () => {
  frames.compressed(TEXT);
  const other = TEXT.with(0, 8);
  expect(frames.plain(other)).toEqual(cutMessage(other));
  expect(frames.plain(TEXT)).toEqual(cutMessage(TEXT));
});
