import { describe, expect, it } from "vitest";
import { DoorMetrics } from "../../src/doors/metrics.ts";
import type { Statistic } from "../../src/stats.ts";

describe("the exposition", () => {
  it("has every source's statistics, escaped, and histograms that add up", async () => {
    const lag: Statistic = {
      name: "replication_lag",
      help: 'Writes behind, "by" peer\nand \\ so on',
      type: "gauge",
      samples: [{ labels: { peer: 'a"b\\c\nd' }, value: 3 }],
    };
    const metrics = new DoorMetrics([{ statistics: () => [lag] }], { processMetrics: false });
    const operation = metrics.operation("/v1/kv/{key}", "GET");
    for (const ms of [0.1, 0.3, 3, 9_999]) operation.observe(ms < 1 ? 200 : 404, ms);
    metrics.error("http", "NOT_FOUND");
    metrics.error("http", "NOT_FOUND");
    const text = await metrics.exposition();
    expect(text).toContain('# HELP atoll_replication_lag Writes behind, "by" peer\\nand \\\\ so on\n');
    expect(text).toContain('atoll_replication_lag{peer="a\\"b\\\\c\\nd"} 3\n');
    expect(text).toContain('atoll_http_requests_total{route="/v1/kv/{key}",method="GET",status="200"} 2\n');
    expect(text).toContain('atoll_http_requests_total{route="/v1/kv/{key}",method="GET",status="404"} 2\n');
    expect(text).toContain('atoll_door_errors_total{door="http",code="NOT_FOUND"} 2\n');
    const bucket = (le: string) => `atoll_http_request_seconds_bucket{route="/v1/kv/{key}",method="GET",le="${le}"}`;
    expect(text).toContain(`${bucket("0.00025")} 1\n`);
    expect(text).toContain(`${bucket("0.0005")} 2\n`);
    expect(text).toContain(`${bucket("5")} 3\n`);
    expect(text).toContain(`${bucket("+Inf")} 4\n`);
    expect(text).toContain('atoll_http_request_seconds_count{route="/v1/kv/{key}",method="GET"} 4\n');
    for (const line of text.trimEnd().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_:]+ .+|[a-z_:]+(\{.*\})? \S+)$/);
  });

  it("holds it for our bug when two statistics have one name", async () => {
    const links: Statistic = { name: "links", help: "Links", type: "gauge", samples: [] };
    const twice = new DoorMetrics([{ statistics: () => [links] }, { statistics: () => [links] }], {
      processMetrics: false,
    });
    await expect(twice.exposition()).rejects.toThrow("BUG: two statistics have the name atoll_links");
    const doors = { ...links, name: "http_request_seconds" };
    const reserved = new DoorMetrics([{ statistics: () => [doors] }], { processMetrics: false });
    await expect(reserved.exposition()).rejects.toThrow("BUG: ");
  });

  it("adds what the process says of itself when asked to", async () => {
    const metrics = new DoorMetrics([], { processMetrics: true });
    expect(await metrics.exposition()).toContain("process_cpu_seconds_total");
    metrics.close();
  });
});
