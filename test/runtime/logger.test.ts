import { expect, test } from "vitest";
import { AtollError } from "../../src/base/errors.ts";
import { createLogger, createPrettifier } from "../../src/runtime/logger.ts";

function collect(options: { level?: "debug" | "info" | "warn" | "error"; pretty?: boolean } = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ level: options.level ?? "info", pretty: options.pretty ?? false, destination });
  return { lines, log };
}

test("writes a fact as one JSON object a line, with its level and time in words", () => {
  const { lines, log } = collect();
  log("warn", "link-down", { peer: "b", reason: "line\nbreak" });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toContain("\n");
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    level: "warn",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    event: "link-down",
    peer: "b",
    reason: "line\nbreak",
  });
});

test("leaves out what is below its level", () => {
  const { lines, log } = collect({ level: "warn" });
  log("debug", "a", {});
  log("info", "b", {});
  log("error", "c", {});
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(["c"]);
});

test("shows errors by code and message, with their cause", () => {
  const { lines, log } = collect();
  log("error", "disk-failed", { error: new AtollError("DISK_FAILED", "no", { cause: new Error("EIO") }) });
  expect(JSON.parse(lines[0] ?? "").error).toMatchObject({
    code: "DISK_FAILED",
    message: "no",
    cause: { message: "EIO" },
  });
});

test("a field cannot stand in for the line's own level, time or event", () => {
  const { lines, log } = collect();
  log("info", "real", { level: "forged", time: 0, event: "forged" });
  const line = JSON.parse(lines[0] ?? "");
  expect(line).toMatchObject({ level: "info", event: "real", level_: "forged", event_: "forged" });
});

test("a terminal gets one readable line a fact, without control characters of its fields", () => {
  const { lines, log } = collect({ pretty: true });
  log("info", "link-up", { peer: "eu-1", text: "a\u001b[2Jb" });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("link-up");
  expect(lines[0]).toContain("eu-1");
  expect(lines[0]).not.toContain("\u001b[2J");
});

test("prettifies the lines of another process and passes other text through", () => {
  const prettify = createPrettifier({ colour: false });
  const { lines, log } = collect();
  log("info", "ready", { port: 7400 });
  expect(prettify(lines[0] ?? "")).toMatch(/^\[\d\d:\d\d:\d\d\.\d+\] INFO: ready \{"port":7400\}$/);
  expect(prettify("plain text")).toBe("plain text");
  expect(prettify("{ not json")).toBe("{ not json");
});
