import { expect, test } from "vitest";
import { isLoopback } from "../../src/base/loopback.ts";

test.each(["127.0.0.1", "127.8.0.1", "127.0.1.1", "::1", "localhost", "LOCALHOST"])(
  "%s is this machine alone",
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each([
  "0.0.0.0",
  "::",
  "10.0.0.1",
  "example.org",
  "127.evil.example",
  "localhost.evil.example",
  "127.0.0.256",
  "127.0.0.1.1",
  "",
])("%j lets others in", (host) => {
  expect(isLoopback(host)).toBe(false);
});
