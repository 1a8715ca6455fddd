/**
 * What it takes to place 256 parts three times, and what a change of members moves, over random views: against what
 * would have to move if all got exactly their shares.
 */

import { SeededRandom } from "../../src/base/random.ts";
import { Placement } from "../../src/cluster/placement/placement.ts";
import { createPlacementView, type PlacementMember } from "../../src/cluster/placement/placement-view.ts";
import { drawMember, leastMoved, loadsOf, movedBetween, PARTS } from "../support/placements.ts";
import { median } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const REPLICATION = 3;
const REGIONS = 5;
const VIEWS = 1000;

export async function run(): Promise<BenchmarkReport> {
  const rows = [
    timeRow(100, "< 50 ms"),
    timeRow(1000, "< 500 ms"),
    ...moveRows({ what: "3 to 20", least: 3, most: 20 }, "<= 1.5 times"),
    ...moveRows({ what: "21 to 100", least: 21, most: 100 }),
  ];
  return { name: "placement", rows };
}

function place(members: readonly PlacementMember[], replication: number): Placement {
  return new Placement(createPlacementView(members), { replication }, PARTS);
}

function timeRow(count: number, target: string): BenchmarkRow {
  const random = new SeededRandom(`time ${count}`);
  const members = Array.from({ length: count }, () => drawMember(random, REGIONS, 4));
  const times = Array.from({ length: 15 }, () => {
    const startedAt = performance.now();
    place(members, REPLICATION);
    return performance.now() - startedAt;
  });
  return {
    what: `place ${PARTS} parts ${REPLICATION} times on ${count} members`,
    value: median(times),
    unit: "ms",
    target,
  };
}

/** Members of weights 1 to 4 in 1 to 5 regions, 1 to 5 copies; one joins, or, which moves as much, leaves. */
function moveRows(
  size: { readonly what: string; readonly least: number; readonly most: number },
  target?: string,
): BenchmarkRow[] {
  const random = new SeededRandom(`moves ${size.what}`);
  const ratios: number[] = [];
  let loadMax = 0;
  while (ratios.length < VIEWS) {
    const regions = random.between(1, REGIONS);
    const count = random.between(size.least, size.most);
    const members = Array.from({ length: count + 1 }, () => drawMember(random, regions, 4));
    const replication = random.between(1, 5);
    const [fewer, more] = [place(members.slice(1), replication), place(members, replication)];
    const least = leastMoved(fewer, more, members);
    if (least > 0) ratios.push(movedBetween(fewer, more) / least);
    for (const [id, load] of loadsOf(more))
      if (more.shareOf(id) >= 25) loadMax = Math.max(loadMax, load / more.shareOf(id));
  }
  ratios.sort((a, b) => a - b);
  const against = `least, ${size.what} members, ${VIEWS} views`;
  const row = (what: string, value: number) => ({
    what,
    value,
    unit: "times",
    against,
    ...(target !== undefined && { target }),
  });
  return [
    row("moved by a join or a leave, mean", ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length),
    row("moved by a join or a leave, p95", ratios[Math.floor(VIEWS * 0.95)] as number),
    {
      what: "most parts of a member",
      value: loadMax,
      unit: "shares",
      against: "shares of 25 parts or more",
      target: "<= 1.1 shares",
    },
  ];
}
