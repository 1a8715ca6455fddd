/** The measure of all doors: `node:http`, draining bodies and answering a constant. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const answer = Buffer.alloc(100, "x");

const server = createServer((request, response) => {
  request.on("data", () => {});
  request.on("end", () => {
    response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": 100 });
    response.end(answer);
  });
});

server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("message", () => process.send?.(process.cpuUsage()));
