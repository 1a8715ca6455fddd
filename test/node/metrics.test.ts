/** `/metrics` of a whole node: what every layer adds makes one page that Prometheus takes. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { createNode, type Node } from "../../src/node/create-node.ts";
import { parsePrometheus } from "../support/prometheus.ts";

let node: Node;

beforeAll(async () => {
  node = await createNode({ port: 0, data: "none" });
  await node.start();
});

afterAll(() => node.stop());

it("has every name once, described, typed and with no sample twice", async () => {
  const url = `http://${node.address}`;
  for (const path of ["/v1/kv/a", "/v1/kv/a", "/nowhere", "/v1/kv/a?x"]) await (await fetch(url + path)).text();
  const families = parsePrometheus(await (await fetch(`${url}/metrics`)).text());
  for (const name of [
    "atoll_links",
    "atoll_registers",
    "atoll_door_connections",
    "atoll_documents_open",
    "process_cpu_seconds_total",
  ]) {
    expect(families.get(name)?.samples.size, name).toBe(1);
  }
  expect(families.get("atoll_http_request_seconds")?.type).toBe("histogram");
  for (const [name, { type }] of families) {
    if (name.startsWith("atoll_")) expect(name.endsWith("_total"), name).toBe(type === "counter");
  }
});
