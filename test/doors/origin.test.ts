import { describe, expect, it } from "vitest";
import { createOriginPolicy, isExpectedHost, judgeOrigin } from "../../src/doors/origin.ts";

describe("judgeOrigin", () => {
  const policy = createOriginPolicy(["https://good.example", "http://localhost:3000/"], false);
  const cases = [
    ["https://good.example", "api:7400", "allowed"],
    ["HTTPS://GOOD.EXAMPLE", "api:7400", "allowed"],
    ["http://localhost:3000", "127.0.0.1:7400", "allowed"],
    ["http://api:7400", "api:7400", "same"],
    ["https://api", "api", "same"],
    ["http://good.example", "api:7400", "foreign"],
    ["https://good.example:8443", "api:7400", "foreign"],
    ["https://good.example.evil.example", "api:7400", "foreign"],
    ["https://evilgood.example", "api:7400", "foreign"],
    ["https://evil.example/https://good.example", "api:7400", "foreign"],
    ["https://good.example@evil.example", "api:7400", "foreign"],
    ["http://api:7400.evil.example", "api:7400", "foreign"],
    ["http://api", "api:7400", "foreign"],
    ["null", "api:7400", "foreign"],
    ["null", "null", "foreign"],
    ["", "", "foreign"],
    ["file://", "", "foreign"],
    ["https://good.example", undefined, "allowed"],
  ] as const;

  it.each(cases)("%j at host %j is %s", (origin, host, verdict) => {
    expect(judgeOrigin(policy, origin, host)).toBe(verdict);
  });

  it("allows every page with *, for which tokens are needed", () => {
    const any = createOriginPolicy(["*"], true);
    expect(judgeOrigin(any, "https://any.example", "api")).toBe("allowed");
    expect(() => createOriginPolicy(["*"], false)).toThrow(expect.objectContaining({ code: "BAD_CONFIG" }));
  });

  const unclear = [
    "good.example",
    "https://",
    "https://a/b",
    "https://a b",
    "*.example",
    "https://*.example",
    "null",
    "",
  ];
  it.each(unclear)("refuses to be configured with %j, which is no whole origin", (origin) => {
    expect(() => createOriginPolicy([origin], true)).toThrow(expect.objectContaining({ code: "BAD_CONFIG" }));
  });
});

describe("isExpectedHost", () => {
  const hosts = new Set(["atoll.internal"]);
  it.each([
    ["127.0.0.1:7400", true],
    ["127.1.2.3", true],
    ["localhost:7400", true],
    ["LOCALHOST", true],
    ["app.localhost:1", true],
    ["[::1]:7400", true],
    ["atoll.internal:7400", true],
    ["evil.example", false],
    ["127.0.0.1.evil.example:7400", false],
    ["localhost.evil.example", false],
    ["evillocalhost", false],
    ["atoll.internal.evil.example", false],
    ["", false],
  ])("%j: %s", (host, expected) => {
    expect(isExpectedHost(host, hosts)).toBe(expected);
  });
});
