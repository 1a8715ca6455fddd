import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ByteAccount, type Loan } from "../../src/doors/byte-account.ts";

const MIB = 1024 * 1024;
const BOUNDS = { bytesMax: 10, waitMs: 1000, keepMs: 2000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const states = (loans: readonly Loan[]) => loans.map(({ state }) => state);

describe("room for what is long", () => {
  it("is lent up to the bound, and to a single one that is longer (B1)", () => {
    const account = new ByteAccount(BOUNDS);
    const loans = [4, 6, 1].map((bytes) => account.ask(bytes, () => {}));
    expect(states(loans)).toEqual(["lent", "lent", "waiting"]);
    for (const loan of loans) loan.end();
    const longer = [50, 1].map((bytes) => account.ask(bytes, () => {}));
    expect([states(longer), account.lentBytes]).toEqual([["lent", "waiting"], 50]);
    longer[0]?.end();
    expect([states(longer), account.lentBytes]).toEqual([["ended", "lent"], 1]);
  });

  it("goes to who came first, however little those want that came later (B2)", () => {
    const account = new ByteAccount(BOUNDS);
    const first = account.ask(2, () => {});
    const long = account.ask(10, () => {});
    const short = account.ask(1, () => {});
    expect(states([first, long, short])).toEqual(["lent", "waiting", "waiting"]);
    first.end();
    expect(states([long, short])).toEqual(["lent", "waiting"]);
  });

  it("is refused to who has waited for too long, and given to the next (B3)", async () => {
    const account = new ByteAccount({ ...BOUNDS, keepMs: Infinity });
    account.ask(9, () => {});
    const long = account.ask(10, () => {});
    const patient = account.ask(1, () => {}, Infinity);
    const refused = expect(long.granted).rejects.toMatchObject({ code: "MEMORY_FULL" });
    vi.advanceTimersByTime(2 * BOUNDS.waitMs);
    await refused;
    await patient.granted;
    expect([states([long, patient]), account.waiting]).toEqual([["ended", "lent"], 0]);
  });

  it("is kept for as long as one likes while nobody waits, and a second for each MiB longer than the bound otherwise (B4)", () => {
    const account = new ByteAccount({ ...BOUNDS, waitMs: Infinity });
    const cut: string[] = [];
    const slow = account.ask(3 * MIB, () => cut.push("slow"));
    vi.advanceTimersByTime(3_600_000);
    expect(cut).toEqual([]);
    const other = account.ask(1, () => cut.push("other"));
    vi.advanceTimersByTime(250);
    expect([cut, states([slow, other])]).toEqual([["slow"], ["ended", "lent"]]);
    const next = account.ask(10, () => {});
    vi.advanceTimersByTime(BOUNDS.keepMs - 250);
    expect(states([other, next])).toEqual(["lent", "waiting"]);
    vi.advanceTimersByTime(1000);
    expect([cut, states([other, next])]).toEqual([
      ["slow", "other"],
      ["ended", "lent"],
    ]);
  });

  it("is extended without waiting, and nothing is left over once all have ended, in any order", () => {
    const step = fc.tuple(fc.constantFrom("ask", "extend", "end"), fc.nat({ max: 7 }), fc.nat({ max: 20 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const account = new ByteAccount(BOUNDS);
        const loans: Loan[] = [];
        for (const [what, which, bytes] of steps) {
          const loan = loans[which];
          if (what === "ask") loans.push(account.ask(bytes, () => {}));
          else if (what === "extend") loan?.extend(bytes);
          else loan?.end();
          const lent = loans.filter(({ state }) => state === "lent");
          expect(account.lentBytes).toBe(lent.reduce((sum, each) => sum + each.bytes, 0));
        }
        for (const loan of loans) loan.end();
        expect([account.lentBytes, account.waiting]).toEqual([0, 0]);
      }),
    );
  });
});
