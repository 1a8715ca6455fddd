import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ByteAccount, type Client, type Loan } from "../../src/doors/byte-account.ts";
import { ClientGone } from "../../src/doors/client-gone.ts";

const MIB = 1024 * 1024;
const BOUNDS = { bytesMax: 10, waitMs: 1000, keepMs: 2000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** One that sends and takes what it is told to. */
class TestClient implements Client {
  bytes = 0;
  cuts = 0;

  traffic(): number {
    return this.bytes;
  }

  cutOff(): void {
    this.cuts++;
  }
}

const states = (loans: readonly Loan[]) => loans.map(({ state }) => state);

describe("room for what is long", () => {
  it("is lent up to the bound, and to a single one that is longer (B1)", () => {
    const account = new ByteAccount(BOUNDS);
    const loans = [4, 6, 1].map((bytes) => account.ask(bytes));
    expect(states(loans)).toEqual(["lent", "lent", "waiting"]);
    for (const loan of loans) loan.end();
    const longer = [50, 1].map((bytes) => account.ask(bytes));
    expect([states(longer), account.lentBytes]).toEqual([["lent", "waiting"], 50]);
    longer[0]?.end();
    expect([states(longer), account.lentBytes]).toEqual([["ended", "lent"], 1]);
  });

  it("goes to who came first, however little those want that came later (B2)", () => {
    const account = new ByteAccount(BOUNDS);
    const first = account.ask(2);
    const long = account.ask(10);
    const short = account.ask(1);
    expect(states([first, long, short])).toEqual(["lent", "waiting", "waiting"]);
    first.end();
    expect(states([long, short])).toEqual(["lent", "waiting"]);
  });

  it("is refused to who has waited for too long, and given to the next (B3)", async () => {
    const account = new ByteAccount(BOUNDS);
    account.ask(9);
    const long = account.ask(10);
    const patient = account.ask(1, Infinity);
    const refused = expect(long.granted).rejects.toMatchObject({ code: "MEMORY_FULL" });
    vi.advanceTimersByTime(2 * BOUNDS.waitMs);
    await refused;
    await patient.granted;
    expect([states([long, patient]), account.waiting]).toEqual([["ended", "lent"], 0]);
  });

  it("is waited for no longer by who has gone", async () => {
    const account = new ByteAccount(BOUNDS);
    account.ask(9);
    const [gone, next] = [account.ask(10), account.ask(1)];
    expect(states([gone, next])).toEqual(["waiting", "waiting"]);
    gone.end();
    await next.granted;
    await expect(gone.granted).rejects.toThrow(ClientGone);
    expect([account.waiting, account.lentBytes]).toEqual([0, 10]);
  });

  it("may become more where there is more, or the whole is one's own, and is refused otherwise (B1)", () => {
    const account = new ByteAccount(BOUNDS);
    const [one, other] = [account.ask(3), account.ask(3)];
    one.extend(4);
    expect(() => other.extend(1)).toThrow(expect.objectContaining({ code: "MEMORY_FULL" }));
    expect(account.lentBytes).toBe(10);
    const waiting = account.ask(1);
    waiting.extend(1);
    one.end();
    expect([states([waiting]), account.lentBytes]).toEqual([["lent"], 5]);
    waiting.end();
    other.extend(50);
    expect(account.lentBytes).toBe(53);
    expect(() => waiting.extend(1)).toThrow(expect.objectContaining({ code: "MEMORY_FULL" }));
  });

  describe("is kept by a client that is waited for (B4)", () => {
    const PATIENT = { ...BOUNDS, waitMs: Infinity };

    it("for as long as it likes while nobody waits", () => {
      const account = new ByteAccount(PATIENT);
      const client = new TestClient();
      account.ask(3 * MIB).awaits(client);
      vi.advanceTimersByTime(3_600_000);
      expect(client.cuts).toBe(0);
      account.ask(1);
      vi.advanceTimersByTime(250);
      expect(client.cuts).toBe(1);
    });

    it("no longer than the bound without a byte, however much it is", () => {
      const account = new ByteAccount(PATIENT);
      const client = new TestClient();
      account.ask(1000 * MIB).awaits(client);
      account.ask(1);
      vi.advanceTimersByTime(BOUNDS.keepMs);
      expect(client.cuts).toBe(0);
      vi.advanceTimersByTime(500);
      expect(client.cuts).toBe(1);
    });

    it("for a second more for each MiB where it goes on", () => {
      const account = new ByteAccount(PATIENT);
      const client = new TestClient();
      account.ask(3 * MIB).awaits(client);
      account.ask(1);
      for (let ms = 0; ms < BOUNDS.keepMs + 3000; ms += 500) {
        expect(client.cuts).toBe(0);
        client.bytes++;
        vi.advanceTimersByTime(500);
      }
      vi.advanceTimersByTime(500);
      expect(client.cuts).toBe(1);
    });

    it("until its memory is free, though it is cut off, and once", () => {
      const account = new ByteAccount(PATIENT);
      const client = new TestClient();
      const slow = account.ask(10);
      slow.awaits(client);
      const next = account.ask(10);
      vi.advanceTimersByTime(60_000);
      expect([client.cuts, states([slow, next])]).toEqual([1, ["lent", "waiting"]]);
      slow.end();
      expect(states([next])).toEqual(["lent"]);
    });

    it("for no time at all while the server is the slow one", () => {
      const account = new ByteAccount(PATIENT);
      const [receiving, client] = [new TestClient(), new TestClient()];
      const loan = account.ask(10);
      loan.awaits(receiving);
      account.ask(10);
      vi.advanceTimersByTime(BOUNDS.keepMs - 250);
      loan.atWork();
      vi.advanceTimersByTime(60_000);
      loan.awaits(client);
      vi.advanceTimersByTime(BOUNDS.keepMs);
      expect([receiving.cuts, client.cuts]).toEqual([0, 0]);
      vi.advanceTimersByTime(500);
      expect([receiving.cuts, client.cuts]).toEqual([0, 1]);
    });
  });

  it("is never over the bound but with one alone, and nothing is left over once all have ended, in any order", () => {
    const step = fc.tuple(fc.constantFrom("ask", "extend", "end"), fc.nat({ max: 7 }), fc.nat({ max: 20 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const account = new ByteAccount(BOUNDS);
        const loans: Loan[] = [];
        for (const [what, which, bytes] of steps) {
          const loan = loans[which];
          if (what === "ask") loans.push(account.ask(bytes));
          else if (what === "extend") extend(loan, bytes);
          else loan?.end();
          const lent = loans.filter((each) => each.state === "lent" && each.bytes > 0);
          expect(account.lentBytes).toBe(lent.reduce((sum, each) => sum + each.bytes, 0));
          expect(account.lentBytes <= BOUNDS.bytesMax || lent.length === 1).toBe(true);
        }
        for (const loan of loans) loan.end();
        expect([account.lentBytes, account.waiting]).toEqual([0, 0]);
      }),
    );
  });
});

function extend(loan: Loan | undefined, bytes: number): void {
  try {
    loan?.extend(bytes);
  } catch (error) {
    expect(error).toMatchObject({ code: "MEMORY_FULL" });
  }
}
