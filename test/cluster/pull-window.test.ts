import { describe, expect, it } from "vitest";
import { PullWindow, WINDOW_BYTES_MAX, WINDOW_BYTES_MIN, WINDOW_BYTES_START } from "../../src/cluster/pull-window.ts";

const CHUNK_BYTES = 64 * 1024;

interface Link {
  readonly roundTripMs: number;
  readonly bytesPerMs: number;
  /** How long others' bytes take that stand in front. */
  readonly crowdMs?: (now: number) => number;
}

/** A source that sends all that it may, over a link: the window as it was each second, and bytes a ms in the second half. */
function fetchOver(link: Link, forMs: number) {
  const window = new PullWindow();
  const sizes: number[] = [];
  const arrivals: { readonly at: number }[] = [];
  let [lineFreeAt, credit, now, bytes] = [0, 0, 0, 0];
  const grant = () => {
    credit += window.grant(now);
    for (; credit > 0; credit -= CHUNK_BYTES) {
      const readyAt = now + link.roundTripMs / 2 + (link.crowdMs?.(now) ?? 0);
      lineFreeAt = Math.max(lineFreeAt, readyAt) + CHUNK_BYTES / link.bytesPerMs;
      arrivals.push({ at: lineFreeAt + link.roundTripMs / 2 });
    }
  };
  grant();
  for (let next = arrivals.shift(); next !== undefined && next.at < forMs; next = arrivals.shift()) {
    now = next.at;
    window.receive(CHUNK_BYTES, 0, now);
    sizes[Math.floor(now / 1000)] = window.bytes;
    if (now > forMs / 2) bytes += CHUNK_BYTES;
    if (window.isGrantDue) grant();
  }
  return { sizes, rate: bytes / (forMs / 2), last: window.bytes };
}

describe("a window", () => {
  it.each([
    ["100 Mbit/s over 150 ms", { roundTripMs: 150, bytesPerMs: 12_500 }],
    ["100 Mbit/s over a satellite", { roundTripMs: 600, bytesPerMs: 6000 }],
    ["10 Mbit/s over 40 ms", { roundTripMs: 40, bytesPerMs: 1250 }],
    ["1.6 Mbit/s over 40 ms", { roundTripMs: 40, bytesPerMs: 200 }],
    ["0.2 Mbit/s over 100 ms", { roundTripMs: 100, bytesPerMs: 25 }],
  ])("fills a link of %s, and does not queue for long", (_what, link) => {
    const { rate, last } = fetchOver(link, 120_000);
    expect(rate).toBeGreaterThan(0.9 * link.bytesPerMs);
    const least = (WINDOW_BYTES_MIN + CHUNK_BYTES) / link.bytesPerMs;
    expect(last / link.bytesPerMs).toBeLessThan(link.roundTripMs + Math.max(1000, 2 * least));
  });

  it("grows as far as it may on a link without end", () => {
    expect(fetchOver({ roundTripMs: 50, bytesPerMs: 1_000_000 }, 5000).last).toBe(WINDOW_BYTES_MAX);
  });

  it("gives way while others queue, and comes back", () => {
    const crowdMs = (now: number) => (now > 10_000 && now < 20_000 ? 2000 : 0);
    const { sizes } = fetchOver({ roundTripMs: 50, bytesPerMs: 10_000, crowdMs }, 40_000);
    const [before, meanwhile, after] = [9, 19, 39].map((second) => sizes[second] ?? 0) as [number, number, number];
    expect(meanwhile).toBeLessThan(before / 2);
    expect(after).toBeGreaterThan(before / 2);
  });

  it("stays where it is for a source that never waits for more", () => {
    const window = new PullWindow();
    for (let now = 0; now < 10_000; now += 100) {
      window.grant(now);
      window.receive(1000, now + 50, now + 100);
    }
    expect(window.bytes).toBe(WINDOW_BYTES_START);
    expect(window.isQuick).toBe(true);
  });

  it("grants what a long record took, and no more", () => {
    const window = new PullWindow();
    expect(window.grant(0)).toBe(WINDOW_BYTES_START);
    window.receive(16 * 1024 * 1024, 0, 3000);
    expect(window.grant(3000)).toBe(16 * 1024 * 1024);
    expect(window.grant(3000)).toBe(0);
  });
});
