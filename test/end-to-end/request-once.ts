/** One HTTP request over a connection of its own, which ends in an answer, whatever becomes of it. */

import { request } from "node:http";

export interface OneAnswer {
  /** 200, 201 or 204: carried out, as far as was asked for. */
  readonly isGood: boolean;
  /** What came, or why nothing did. */
  readonly body: string;
}

const GOOD = new Set([200, 201, 204]);

export function requestOnce(
  port: number,
  method: "GET" | "PUT",
  path: string,
  patienceMs: number,
  body?: string,
): Promise<OneAnswer> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ isGood: false, body: error.message });
    const outgoing = request({ host: "127.0.0.1", port, method, path, agent: false, timeout: patienceMs });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer")));
    outgoing.on("error", failed);
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", failed);
      response.on("end", () => {
        const status = response.statusCode ?? 0;
        const text = Buffer.concat(chunks).toString();
        resolve({ isGood: GOOD.has(status), body: GOOD.has(status) ? text : `${status} ${text}` });
      });
    });
    outgoing.end(body);
  });
}
