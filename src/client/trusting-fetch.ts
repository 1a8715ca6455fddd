/**
 * `fetch` that trusts a certificate authority of one's own, as much of it as `HttpClient` uses. The one built into Node
 * can be told of one only by a variable that is set before the process begins.
 */

import { Agent, request } from "node:https";
import { Readable } from "node:stream";

/** As `fetch`, of a URL and plain options. */
export type Fetch = (url: string, options: FetchOptions) => Promise<Response>;

export interface FetchOptions {
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
  readonly redirect: "error";
}

/** What comes with these has no body, and `Response` takes none. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** Over https, only servers with a certificate that `ca` (PEM) signed are talked to; over http, whoever is there. */
export function createTrustingFetch(ca: string): Fetch {
  const agent = new Agent({ ca, keepAlive: true });
  return (url, options) => (url.startsWith("https:") ? send(agent, url, options) : fetch(url, options));
}

function send(agent: Agent, url: string, { method = "GET", headers, body, signal }: FetchOptions): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers, ...(signal !== undefined && { signal }) });
    sent.on("error", (error) => reject(signal?.aborted === true ? signal.reason : error));
    sent.on("response", (message) => {
      const { statusCode: status = 0, rawHeaders } = message;
      if (status >= 300 && status < 400 && status !== 304) sent.destroy(new Error("it answers with a redirect"));
      else if (status < 200) sent.destroy(new Error(`it answers with HTTP status ${status}`));
      else {
        const answered = new Headers();
        for (let i = 0; i + 1 < rawHeaders.length; i += 2)
          answered.append(rawHeaders[i] ?? "", rawHeaders[i + 1] ?? "");
        if (WITHOUT_BODY.has(status)) message.resume();
        const content = WITHOUT_BODY.has(status) ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>);
        resolve(new Response(content, { status, headers: answered }));
      }
    });
    sent.end(body);
  });
}
