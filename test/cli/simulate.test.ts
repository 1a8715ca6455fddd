import { expect, test } from "vitest";
import { runAtoll } from "./run-atoll.ts";

test("names the scenarios", async () => {
  const { code, stdout } = await runAtoll(["simulate", "--list"]);
  expect(code).toBe(0);
  for (const name of ["split-brain", "crash-restart", "lossy-links"]) {
    expect(stdout.toString()).toMatch(new RegExp(`^${name} `, "m"));
  }
});

test("the same seed in another process gives the same trace", async () => {
  const args = ["simulate", "split-brain", "--seed", "5", "--json"];
  const traces = await Promise.all([runAtoll(args), runAtoll(args)]);
  const [first, second] = traces.map(({ stdout }) => JSON.parse(stdout.toString()));
  expect(traces.map(({ code }) => code)).toEqual([0, 0]);
  expect(first.traceHash).toMatch(/^[0-9a-f]+$/);
  expect(second.traceHash).toBe(first.traceHash);
});
