/** What an OpenAPI 3.1 document may consist of, as far as ours goes: names that are none, and references to nothing, fail. */

import { z } from "zod";

const schema = z.record(z.string(), z.unknown());
const ref = z.strictObject({ $ref: z.string().startsWith("#/components/") });
const header = z.strictObject({ description: z.string(), schema });
const content = z.record(z.string().regex(/^[\w*.+-]+\/[\w*.+-]+$/), z.strictObject({ schema: ref }));

const parameter = z.discriminatedUnion("in", [
  z.strictObject({
    name: z.string().regex(/^\w+$/),
    in: z.literal("path"),
    required: z.literal(true),
    description: z.string(),
    schema,
  }),
  z.strictObject({
    name: z.string(),
    in: z.literal("query"),
    required: z.boolean().optional(),
    description: z.string(),
    schema,
  }),
  z.strictObject({
    // These three are described elsewhere, and ignored here.
    name: z.string().refine((name) => !/^(accept|content-type|authorization)$/i.test(name)),
    in: z.literal("header"),
    description: z.string(),
    schema,
  }),
]);

/** No two of one name in one place. */
const parameters = z
  .array(parameter)
  .refine((all) => new Set(all.map((each) => `${each.in} ${each.name}`)).size === all.length);

const response = z.strictObject({
  description: z.string().min(1),
  headers: z.record(z.string(), ref),
  content: content.optional(),
});

const operation = z.strictObject({
  summary: z.string().min(1),
  security: z.array(z.record(z.literal("token"), z.array(z.string())).or(z.strictObject({}))),
  parameters,
  requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
  responses: z.record(z.string().regex(/^(default|[1-5]\d\d)$/), response.or(ref)),
});

const pathItem = z.strictObject({
  parameters: parameters.optional(),
  get: operation.optional(),
  head: operation.optional(),
  put: operation.optional(),
  post: operation.optional(),
  delete: operation.optional(),
});

const document = z.strictObject({
  openapi: z.literal("3.1.0"),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  paths: z.record(z.string().startsWith("/"), pathItem),
  components: z.strictObject({
    securitySchemes: z.strictObject({
      token: z.strictObject({ type: z.literal("http"), scheme: z.literal("bearer") }),
    }),
    schemas: z.record(z.string().regex(/^[\w.-]+$/), schema),
    headers: z.record(z.string().regex(/^[\w.-]+$/), header),
    responses: z.record(z.string().regex(/^[\w.-]+$/), response),
  }),
});

export type OpenApi = z.infer<typeof document>;
export type OpenApiOperation = z.infer<typeof operation>;
export type OpenApiResponse = z.infer<typeof response>;

/** The document, typed. Throws where it is none. */
export function parseOpenApi(value: unknown): OpenApi {
  const parsed = document.parse(value);
  for (const target of referencesIn(value)) if (!isThere(value, target)) throw new Error(`nothing is at ${target}`);
  for (const [path, item] of Object.entries(parsed.paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const described = (item.parameters ?? []).filter((each) => each.in === "path").map(({ name }) => name);
    if (named.join() !== described.join()) throw new Error(`${path} describes the parameters ${described.join()}`);
  }
  // JSON Schemas as well: those that are none cannot be compiled.
  for (const name of Object.keys(parsed.components.schemas)) schemaOf(parsed, name);
  return parsed;
}

/** What an operation answers with this status, or by default. */
export function responseWith(
  { components }: OpenApi,
  operation: OpenApiOperation,
  status: number | string,
): OpenApiResponse {
  const found = operation.responses[status] ?? operation.responses.default;
  const named = found !== undefined && "$ref" in found ? components.responses[lastOf(found.$ref)] : found;
  if (named === undefined) throw new Error(`${operation.summary}: nothing is described for ${status}`);
  return named;
}

/** The name that a reference ends in. */
export function lastOf($ref: string): string {
  return $ref.slice($ref.lastIndexOf("/") + 1);
}

/** Checks values against a schema of the document, in which nothing but what is described is allowed. */
export function schemaOf({ components }: OpenApi, name: string): z.ZodType {
  const $defs = Object.fromEntries(Object.entries(components.schemas).map(([key, value]) => [key, strict(value)]));
  return z.fromJSONSchema({ $ref: `#/$defs/${name}`, $defs } as Parameters<typeof z.fromJSONSchema>[0]);
}

function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, strict(inner)]));
  return copy.type === "object" && copy.properties !== undefined ? { ...copy, additionalProperties: false } : copy;
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "$ref" in value && typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesIn)];
}

function isThere(document: unknown, target: string): boolean {
  let at = document;
  for (const name of target.slice("#/".length).split("/")) {
    at = typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined;
  }
  return at !== undefined;
}
