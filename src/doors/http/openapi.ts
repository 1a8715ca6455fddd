/** `/openapi.json` (OpenAPI 3.1), made from the route table. */

import { STATUS_CODES } from "node:http";
import { errorTable } from "../../base/errors.ts";
import { ACK_LEVELS } from "../../store.ts";
import {
  type Operation,
  type Outcome,
  obeysSession,
  type RequestHeader,
  type ResponseHeader,
  type Route,
  scopesOf,
} from "./route.ts";
import { routes } from "./routes.ts";
import { type Json, type ShapeName, shapes } from "./shapes.ts";

interface Described {
  readonly description: string;
  readonly schema: Json;
}

type ProblemHeader = "WWW-Authenticate" | "Allow" | "Upgrade";

const SESSION = "Atoll-Session";
const text = { type: "string" };

const queryParameters: Readonly<Record<string, Described>> = {
  key: {
    description: "The key's percent-encoded bytes, also those that a URL normalises away (`.`, `..`)",
    schema: text,
  },
  ttl: { description: "Time to live: 250ms, 60s, 5m, 2h, 7d; a bare number is seconds", schema: text },
  ack: { description: "How far the write must have got", schema: { type: "string", enum: ACK_LEVELS } },
  sv: { description: "A state vector as base64url: answers with the update that it lacks", schema: text },
  consistency: { description: "How many replicas to ask", schema: { type: "string", enum: ["local", "quorum"] } },
  prefix: { description: "Percent-encoded bytes that keys begin with", schema: text },
  limit: {
    description: "At most so many keys, or conflicts; of fields and members, about",
    schema: { type: "integer", minimum: 1 },
  },
  cursor: { description: "Where the last page ended", schema: text },
  resume: { description: "As Last-Event-ID, for clients that cannot set it", schema: text },
  field: {
    description: "In place of the path's, at `/v1/maps?key=`, for one that a URL normalises away",
    schema: text,
  },
  member: {
    description: "In place of the path's, at `/v1/sets?key=`, for one that a URL normalises away",
    schema: text,
  },
  encoding: {
    description: "base64 for bytes in events and pages",
    schema: { type: "string", enum: ["utf8", "base64"] },
  },
  force: {
    description: "Also where nobody else is known to have what the member owns",
    schema: { type: "boolean" },
  },
  keyspaces: { description: "Names, comma-separated; absent: all", schema: text },
  overwrite: {
    description: "Everything is written as new, as of one instant, over what was written before that",
    schema: { type: "boolean" },
  },
  stamp: {
    description: "Which instant: what the first part of a restore with `overwrite` was answered with",
    schema: { type: "integer", minimum: 1 },
  },
  wait: { description: "How long to wait for what the session has seen, such as 500ms or 2s", schema: text },
};

const requestHeaders: Readonly<Record<RequestHeader | "Atoll-Session", Described>> = {
  "If-Match": { description: 'Only over one of these versions, `"etag"`; `*`: only over any', schema: text },
  "If-None-Match": { description: "`*` for a write: only where nothing is; ETags for a read: else 304", schema: text },
  "Atoll-Tags": {
    description:
      "Up to 16 tags of 1 to 128 percent-encoded bytes, comma-separated: whatever invalidates one of them makes the value stale",
    schema: text,
  },
  "Last-Event-ID": { description: "Goes on behind this event, or begins with `reset`", schema: text },
  "Sec-WebSocket-Protocol": {
    description:
      "`atoll.v1.json` (unless told) or `atoll.v1.msgpack`; a page adds its token, `atoll.token.` and base64url",
    schema: text,
  },
  "Atoll-Session": {
    description: "The last one answered: reads its own writes and never goes backwards",
    schema: text,
  },
};

const responseHeaders: Readonly<Record<ResponseHeader | "Atoll-Session" | ProblemHeader, Described>> = {
  "Atoll-Session": { description: "To be sent with the next request, to whichever replica", schema: text },
  ETag: { description: "The version", schema: text },
  "Atoll-Acks": {
    description: "Where `ack` was asked for: replicas that have it / that were to have it",
    schema: text,
  },
  "Atoll-Expires-At": {
    description: "Absent where it does not expire",
    schema: { type: "string", format: "date-time" },
  },
  "Atoll-Tags": { description: "Percent-encoded, comma-separated; absent where it has none", schema: text },
  "X-Content-Type-Options": { description: "With a type that a writer chose", schema: { const: "nosniff" } },
  "Content-Security-Policy": { description: "With a type that a writer chose", schema: { const: "sandbox" } },
  "Cache-Control": { description: "Events are not to be kept", schema: { const: "no-store" } },
  "X-Accel-Buffering": { description: "Events are not to wait in a proxy", schema: { const: "no" } },
  "Sec-WebSocket-Protocol": { description: "The one that is spoken", schema: text },
  "Retry-After": { description: "Seconds, where the same call may succeed later", schema: { type: "integer" } },
  "WWW-Authenticate": { description: "With 401", schema: { const: "Bearer" } },
  Allow: { description: "With 405: the methods that there are", schema: text },
  Upgrade: { description: "With 426", schema: { const: "websocket" } },
};

const statusHeaders: Readonly<Record<number, readonly ProblemHeader[]>> = {
  401: ["WWW-Authenticate"],
  405: ["Allow"],
  426: ["Upgrade"],
};

const retried = new Set<number>(Object.values(errorTable).flatMap((row) => (row.retry ? [row.http] : [])));

/** The description of everything that the route table offers. */
export function describeApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of Object.values<Route>(routes)) {
    for (const path of pathsOf(route)) paths[path] = describePath(path, route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Atoll",
      version,
      license: { name: "MIT", identifier: "MIT" },
      description:
        "A multi-master cache. Where tokens are configured, calls need one; pages of other origins get CORS headers.",
    },
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: Object.fromEntries(Object.entries(shapes).map(([name, { schema }]) => [name, schema])),
      headers: responseHeaders,
      responses: problems(),
    },
  };
}

/** Where a route is served: a key may be in the path or in the query, and its keyspace may be named. */
function pathsOf(route: Route): readonly string[] {
  const paths: string[] = [route.path];
  if (route.path.endsWith("/{key}")) paths.push(route.path.slice(0, -"/{key}".length));
  if (route.ofReplica === true || !(route.path.startsWith("/v1/") || route.path.includes("{key}"))) return paths;
  return paths.flatMap((path) => [path, path.replace(/^(\/v1)?\//, "/v1/keyspaces/{ks}/")]);
}

function describePath(path: string, route: Route): Json {
  const parameters: Json[] = [];
  if (path.includes("{ks}")) parameters.push(pathParameter("ks", "Name of the keyspace"));
  if (path.includes("{id}")) parameters.push(pathParameter("id", "Of a member, as `/v1/cluster` tells it"));
  if (path.includes("{tag}")) parameters.push(pathParameter("tag", "Percent-encoded bytes"));
  if (path.endsWith("{key}")) parameters.push(pathParameter("key", "Percent-encoded bytes, slashes included"));
  else if (path.includes("{key}")) parameters.push(pathParameter("key", "Percent-encoded bytes, a slash as `%2F`"));
  else if (route.path.includes("{key}"))
    parameters.push({ ...parameter("query", "key", queryParameters), required: true });
  for (const name of ["field", "member"])
    if (path.endsWith(`{${name}}`)) parameters.push(pathParameter(name, "Percent-encoded bytes, slashes included"));
  const described: Record<string, unknown> = parameters.length === 0 ? {} : { parameters };
  for (const [method, operation] of Object.entries<Operation>(route.operations)) {
    described[method.toLowerCase()] = describeOperation(operation, method === "HEAD", path.includes("{ks}"));
  }
  return described;
}

function describeOperation(operation: Operation, isHead: boolean, inKeyspace: boolean): Json {
  const session = obeysSession(operation);
  const query = [...(operation.query ?? []), ...(session ? ["wait"] : [])];
  const headers = [...(operation.headers ?? []), ...(session ? [SESSION] : [])];
  return {
    summary: operation.summary,
    // The second: where no tokens are configured, none is needed.
    security: operation.access === "open" ? [] : [{ token: scopesOf(operation) }, {}],
    parameters: [
      ...query.map((name) => parameter("query", name, queryParameters)),
      ...headers.map((name) => parameter("header", name, requestHeaders)),
    ],
    ...(operation.bodyShape === undefined ? {} : { requestBody: { required: true, ...content(operation.bodyShape) } }),
    responses: describeResponses(operation, isHead, inKeyspace),
  };
}

function describeResponses(operation: Operation, isHead: boolean, inKeyspace: boolean): Json {
  const responses: Record<string, Json> = {};
  for (const status of [...problemsOf(operation, inKeyspace), "default"] as const) {
    responses[status] = isHead ? problem(status, undefined) : { $ref: `#/components/responses/${status}` };
  }
  for (const [status, { headers = [], body }] of Object.entries(operation.outcomes)) {
    const always = Number(status) < 200 ? [] : [SESSION];
    responses[status] = response(STATUS_CODES[status], [...always, ...headers], isHead ? undefined : body);
  }
  return responses;
}

function problemsOf(operation: Operation, inKeyspace: boolean): ReadonlySet<number> {
  const statuses = new Set(operation.problems);
  if (operation.query !== undefined) statuses.add(400);
  if (operation.access !== "open") statuses.add(401).add(403);
  // It may be on its way here, or be none.
  if (inKeyspace) statuses.add(404).add(503);
  if (obeysSession(operation)) statuses.add(503);
  return statuses;
}

/** The answer of a failed call (RFC 9457): the same at all of them, so that it is described once. */
function problem(status: number | "default", body: ShapeName | undefined): Json {
  const isAny = status === "default";
  const own = isAny ? Object.values(statusHeaders).flat() : (statusHeaders[status] ?? []);
  const headers = [SESSION, ...own, ...(isAny || retried.has(status) ? ["Retry-After"] : [])];
  return response(isAny ? "Any other problem" : STATUS_CODES[status], headers, body);
}

function problems(): Json {
  const statuses = new Set(Object.values(errorTable).map(({ http }) => http));
  return Object.fromEntries([...statuses, "default" as const].map((status) => [status, problem(status, "Problem")]));
}

function response(description = "", headers: readonly string[], body: Outcome["body"]): Json {
  const refs = headers.map((name) => [name, { $ref: `#/components/headers/${name}` }]);
  return { description, headers: Object.fromEntries(refs), ...(body === undefined ? {} : content(body)) };
}

function content(body: ShapeName | readonly ShapeName[]): Json {
  const names = typeof body === "string" ? [body] : body;
  const media = names.map((name) => [shapes[name].type, { schema: { $ref: `#/components/schemas/${name}` } }]);
  return { content: Object.fromEntries(media) };
}

function parameter(where: "query" | "header", name: string, known: Readonly<Record<string, Described>>): Json {
  return { name, in: where, ...known[name] };
}

function pathParameter(name: string, description: string): Json {
  return { name, in: "path", required: true, description, schema: text };
}
