import { createHash, timingSafeEqual } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import {
  authenticate,
  authorise,
  bearerToken,
  createAuth,
  openAuth,
  type Permission,
  type TokenEntry,
} from "../../src/doors/auth.ts";

/** The real ones, watched. */
vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  return { ...crypto, createHash: vi.fn(crypto.createHash), timingSafeEqual: vi.fn(crypto.timingSafeEqual) };
});

const entries: readonly TokenEntry[] = [
  { token: "reader", scopes: ["read"] },
  { token: "writer", scopes: ["read", "write"] },
  { token: "tenant", scopes: ["read", "write", "admin"], prefix: "té/" },
  { token: "admin", scopes: ["admin"] },
];
const auth = createAuth(entries);

describe("authenticate", () => {
  it("knows every token of the list and no other", () => {
    for (const { token, scopes } of entries) expect([...authenticate(auth, token).scopes]).toEqual(scopes);
    for (const token of [undefined, "", "read", "readerx", "READER", "constructor"]) {
      expect(() => authenticate(auth, token)).toThrow(expect.objectContaining({ code: "UNAUTHORIZED" }));
    }
  });

  it("lets nobody in with an empty list, and everybody without one", () => {
    expect(() => authenticate(createAuth([]), "")).toThrow(expect.objectContaining({ code: "UNAUTHORIZED" }));
    expect(authenticate(openAuth, undefined).scopes.has("admin")).toBe(true);
  });
});

describe("the comparison of tokens", () => {
  const sha256 = (text: string) => createHash("sha256").update(text).digest();

  it.each([
    ["none", undefined],
    ["an empty one", ""],
    ["the first", "reader"],
    ["the last", "admin"],
    ["one wrong in its first character", "xeader"],
    ["one wrong in its last character", "readex"],
    ["a short one", "r"],
    ["a long one", "r".repeat(10_000)],
  ])("is of digests, in constant time and with every entry, for %s", (_name, token) => {
    vi.mocked(createHash).mockClear();
    vi.mocked(timingSafeEqual).mockClear();
    auth.recognise(token);
    expect(vi.mocked(createHash).mock.calls).toEqual([["sha256"]]);
    const digests = entries.map((entry) => [sha256(entry.token), sha256(token ?? "")]);
    expect(vi.mocked(timingSafeEqual).mock.calls).toEqual(digests);
  });
});

describe("authorise", () => {
  const tenantKey = "t\xc3\xa9/key";
  const cases: readonly (readonly [token: string, what: Permission, under: string, allowed: boolean])[] = [
    ["reader", "read", "any", true],
    ["reader", "write", "any", false],
    ["reader", "observe", "", true],
    ["reader", "admin", "", false],
    ["writer", "write", "any", true],
    ["writer", "admin", "", false],
    ["tenant", "read", tenantKey, true],
    ["tenant", "write", tenantKey, true],
    ["tenant", "read", "t\xc3\xa9/", true],
    ["tenant", "read", "t\xc3\xa9", false],
    ["tenant", "read", "", false],
    ["tenant", "read", "té/key", false],
    ["tenant", "observe", "", false],
    ["tenant", "admin", "", false],
    ["admin", "read", "any", false],
    ["admin", "observe", "", true],
    ["admin", "admin", "", true],
  ];

  it.each(cases)("%s may %s %j: %s", (token, what, under, allowed) => {
    const judge = () => authorise(authenticate(auth, token), what, under);
    if (allowed) expect(judge).not.toThrow();
    else expect(judge).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
  });
});

describe("bearerToken", () => {
  it.each([
    [undefined, undefined],
    ["Bearer abc", "abc"],
    ["bearer   abc ", "abc"],
    ["Basic abc", undefined],
    ["Bearer", undefined],
    ["Bearer a b", undefined],
    ["Bearerabc", undefined],
  ])("of %j is %j", (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});
