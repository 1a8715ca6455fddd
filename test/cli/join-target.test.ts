import { expect, test } from "vitest";
import { formatHostPort, parseHostPort, parseJoinTargets } from "../../src/cli/join-target.ts";

test("reads addresses, names and files", () => {
  expect(parseJoinTargets("127.0.0.1:7400, [::1]:7410,dns:atoll.internal:7400,file:/etc/atoll:peers,,")).toEqual([
    { type: "address", host: "127.0.0.1", port: 7400 },
    { type: "address", host: "::1", port: 7410 },
    { type: "dns", name: "atoll.internal", port: 7400 },
    { type: "file", path: "/etc/atoll:peers" },
  ]);
  expect(parseJoinTargets("")).toEqual([]);
});

test.each([
  "host",
  "host:",
  ":7400",
  "host:0",
  "host:65536",
  "::1:7400",
  "dns:name",
  "dns::7400",
  "file:",
  "a b:1",
  "http://a:1",
  "[fe80::1%eth0]:7400",
  "[zone]:7400",
  "256.0.0.1:7400",
])("refuses %j", (text) => {
  expect(parseJoinTargets(text)).toBeUndefined();
  expect(parseJoinTargets(`good:1,${text}`)).toBeUndefined();
});

test.each(["a:1", "[::1]:65535", "10.0.0.1:7400"])("reads back %s", (text) => {
  const address = parseHostPort(text);
  expect(address && formatHostPort(address.host, address.port)).toBe(text);
});
