import { expect, test } from "vitest";
import { MessageGroups } from "../../../simulations/timeline/message-groups.ts";
import { encodeMessage } from "../../../src/wire/codec.ts";

const leave = encodeMessage({ type: "leave", forGood: false });

test("keeps each frame for itself while there are few", () => {
  const groups = new MessageGroups();
  for (let i = 0; i < 100; i++) groups.add({ from: 0, to: 1, sentAt: i / 100, bytes: leave }, i + 5);
  expect(groups.inOrder()).toHaveLength(100);
  expect(groups.inOrder()[3]).toEqual({
    from: 0,
    to: 1,
    kind: "other",
    frames: 1,
    bytes: leave.length,
    sentAt: 0.03,
    arrivedAt: 8,
  });
});

test("gathers many by direction and time, and counts each once", () => {
  const groups = new MessageGroups();
  for (let i = 0; i < 50_000; i++) groups.add({ from: i % 3, to: 3, sentAt: i, bytes: leave }, i + 20);
  const found = groups.inOrder();
  expect(found.length).toBeLessThan(6000);
  expect(found.length).toBeGreaterThan(1500);
  expect(found.reduce((sum, { frames }) => sum + frames, 0)).toBe(50_000);
  expect(found.every(({ sentAt, arrivedAt }) => Math.abs(arrivedAt - sentAt - 20) < 0.001)).toBe(true);
});

test("stays bounded by the number of directions when even long times do not help", () => {
  const groups = new MessageGroups();
  for (let i = 0; i < 40_000; i++) groups.add({ from: i % 100, to: 100 + (i % 101), sentAt: i, bytes: leave }, i);
  expect(groups.inOrder().length).toBeLessThanOrEqual(20_200);
});
