/** `/openapi.json` (OpenAPI 3.1), made from the route table. */

import { STATUS_CODES } from "node:http";
import { ACK_LEVELS } from "../../store.ts";
import { type BodyKind, type Operation, obeysSession, type Route, routes } from "./routes.ts";

type Json = Readonly<Record<string, unknown>>;

const queryParameters: Readonly<Record<string, { readonly description: string; readonly schema: Json }>> = {
  key: { description: "The key, where the path cannot carry it (`.`, `..`)", schema: { type: "string" } },
  ttl: { description: "Time to live: 250ms, 60s, 5m, 2h, 7d; a bare number is seconds", schema: { type: "string" } },
  ack: { description: "How far the write must have got", schema: { type: "string", enum: ACK_LEVELS } },
  consistency: { description: "How many replicas to ask", schema: { type: "string", enum: ["local", "quorum"] } },
  prefix: { description: "Percent-encoded bytes that keys begin with", schema: { type: "string" } },
  limit: { description: "Most keys of a page", schema: { type: "integer", minimum: 1 } },
  cursor: { description: "Where the last page ended", schema: { type: "string" } },
  resume: { description: "As Last-Event-ID, for clients that cannot set it", schema: { type: "string" } },
  encoding: { description: "base64 for bytes in events", schema: { type: "string", enum: ["utf8", "base64"] } },
  wait: { description: "How long to wait for what the session has seen", schema: { type: "string" } },
};

/** The description of everything that the route table offers. */
export function describeApi(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of Object.values<Route>(routes)) {
    paths[route.path] = describeRoute(route, []);
    if (!route.path.startsWith("/v1/")) continue;
    const inKeyspace = route.path.replace("/v1/", "/v1/keyspaces/{ks}/");
    paths[inKeyspace] = describeRoute(route, [pathParameter("ks", "Name of the keyspace")]);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Atoll", version, license: { name: "MIT", identifier: "MIT" } },
    paths,
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } }, schemas: { Problem: problemSchema } },
  };
}

const problemSchema = {
  type: "object",
  required: ["title", "status", "code", "detail"],
  properties: {
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", description: "Stable" },
    detail: { type: "string" },
    retry: { type: "boolean", description: "The same call may succeed later" },
  },
};

function describeRoute(route: Route, inherited: readonly Json[]): Json {
  const parameters = route.path.includes("{key}")
    ? [...inherited, pathParameter("key", "Percent-encoded bytes, slashes included")]
    : inherited;
  const described: Record<string, unknown> = parameters.length === 0 ? {} : { parameters };
  for (const [method, operation] of Object.entries<Operation>(route.operations)) {
    described[method.toLowerCase()] = describeOperation(operation);
  }
  return described;
}

function describeOperation(operation: Operation): Json {
  const query = [...(operation.query ?? []), ...(obeysSession(operation) ? ["wait"] : [])];
  const responses: Record<string, Json> = { default: problemResponse };
  for (const status of operation.statuses) {
    responses[status] = status < 400 ? { description: STATUS_CODES[status] ?? "" } : problemResponse;
  }
  return {
    summary: operation.summary,
    security: operation.access === "open" ? [] : [{ token: [] }, {}],
    parameters: query.map((name) => ({ name, in: "query", ...queryParameters[name] })),
    ...requestBody(operation.body),
    responses,
  };
}

const problemResponse = {
  description: "A problem (RFC 9457)",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

function requestBody(kind: BodyKind): Json {
  if (kind === "none") return {};
  const type = kind === "value" ? "*/*" : "application/json";
  return {
    requestBody: { required: true, content: { [type]: { schema: kind === "value" ? {} : { type: "object" } } } },
  };
}

function pathParameter(name: string, description: string): Json {
  return { name, in: "path", required: true, description, schema: { type: "string" } };
}
