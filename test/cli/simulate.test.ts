import { expect, test } from "vitest";
import { finished, runAtoll, spawnAtoll } from "./run-atoll.ts";
import { runHere } from "./run-here.ts";

/** Each starts processes, on whatever machine. */
const MINUTES = { timeout: 120_000 };

test("names the scenarios", MINUTES, async () => {
  const { code, stdout } = await runHere(["simulate", "--list"]);
  expect(code).toBe(0);
  for (const name of ["split-brain", "crash-restart", "lossy-links"]) {
    expect(stdout.toString()).toMatch(new RegExp(`^${name} `, "m"));
  }
});

test("the same seed in another process gives the same trace", MINUTES, async () => {
  const args = ["simulate", "split-brain", "--seed", "5", "--json"];
  const traces = await Promise.all([runAtoll(args), runHere(args)]);
  const [first, second] = traces.map(({ stdout }) => JSON.parse(stdout.toString()));
  expect(traces.map(({ code }) => code)).toEqual([0, 0]);
  expect(first.traceHash).toMatch(/^[0-9a-f]+$/);
  expect(second.traceHash).toBe(first.traceHash);
});

test("ctrl-C ends many runs with the totals so far", MINUTES, async () => {
  const child = await spawnAtoll(["simulate", "split-brain", "--runs", "100000", "--verbose"]);
  const ended = finished(child);
  child.stdout?.once("data", () => child.kill("SIGINT"));
  const { code, stdout, stderr } = await ended;
  expect(code).toBe(130);
  expect(stderr).toContain("stopping (SIGINT)");
  expect(stdout.toString().trimEnd().split("\n").at(-1)).toMatch(
    /^[1-9]\d* runs?, no violation: .*, stopped before the other \d+$/,
  );
});

test("refuses what is no number and no time, in one line", MINUTES, async () => {
  for (const args of [["--runs", "many"], ["--seed", "-1"], ["--shrink-time", "soon"], ["nope"], ["nope.json"]]) {
    const { code, stdout, stderr } = await runHere(["simulate", ...args]);
    expect([code, stdout.toString()]).toEqual([2, ""]);
    expect(stderr).toMatch(/^atoll: .*\n$/);
  }
});
