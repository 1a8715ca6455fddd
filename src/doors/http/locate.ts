/** From a request's raw target to a route, with nothing normalised: the rest of a key's path is the key. */

import { AtollError } from "../../base/errors.ts";
import { decodePercent } from "./key-path.ts";
import { type RouteName, routeNames, routes } from "./routes.ts";

export interface Location {
  readonly route: RouteName;
  readonly keyspace: string;
  /** The key's bytes; `undefined` where the path has none, as in `/v1/kv?key=`. */
  readonly key: string | undefined;
  /** Of the member, the tag, or what of a map or a set the path names, as bytes; empty for other routes. */
  readonly id: string;
  /** Behind the question mark, undecoded. */
  readonly query: string;
}

export const DEFAULT_KEYSPACE = "default";
/** Behind them comes a key. */
const keyPaths: readonly (readonly [path: string, route: RouteName])[] = [
  ["/v1/kv/", "kv"],
  ["/v1/docs/", "docs"],
  ["/v1/diffs/", "diffs"],
  ["/v1/counters/", "counters"],
  ["/yjs/", "yjs"],
];
/** Behind them comes a key by itself, or behind a slash what of it is meant, which may be in the query instead. */
const collectionPaths: readonly {
  readonly path: string;
  readonly route: RouteName;
  readonly inside: RouteName;
  readonly parameter: RegExp;
}[] = [
  { path: "/v1/maps", route: "maps", inside: "mapField", parameter: /(?:^|&)field=/ },
  { path: "/v1/sets", route: "sets", inside: "setMember", parameter: /(?:^|&)member=/ },
];
const KEYSPACE_PATH = "/v1/keyspaces/";
const MEMBER_PATH = "/v1/admin/members/";
const TAG_PATH = /^\/v1\/tags\/([^/]*)\/invalidate$/;
const ABSOLUTE = /^https?:\/\/[^/?]*/i;

const exact = new Map<string, RouteName>(
  routeNames
    .map((name) => [routes[name].path.replace("/{key}", ""), name] as const)
    .filter(([path]) => !path.includes("{")),
);

/** Throws `NOT_FOUND`, `BAD_PERCENT_ENCODING`. */
export function locate(target: string): Location {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  const query = question < 0 ? "" : target.slice(question + 1);
  const named = keyAt(path, DEFAULT_KEYSPACE, query) ?? tagAt(path, DEFAULT_KEYSPACE, query);
  if (named !== undefined) return named;
  if (path.startsWith(KEYSPACE_PATH)) return inKeyspace(path.slice(KEYSPACE_PATH.length), query);
  if (path.startsWith(MEMBER_PATH)) {
    const id = decodePercent(path.slice(MEMBER_PATH.length));
    return { route: "member", keyspace: DEFAULT_KEYSPACE, key: undefined, id, query };
  }
  const route = exact.get(path);
  if (route !== undefined) return { route, keyspace: DEFAULT_KEYSPACE, key: undefined, id: "", query };
  const absolute = ABSOLUTE.exec(target);
  if (absolute !== null) return locate(target.slice(absolute[0].length) || "/");
  throw notFound();
}

function keyAt(path: string, keyspace: string, query: string): Location | undefined {
  for (const [prefix, route] of keyPaths) {
    if (path.startsWith(prefix))
      return { route, keyspace, key: decodePercent(path.slice(prefix.length)), id: "", query };
  }
  return collectionAt(path, keyspace, query);
}

function collectionAt(path: string, keyspace: string, query: string): Location | undefined {
  const found = collectionPaths.find((each) => path === each.path || path.startsWith(`${each.path}/`));
  if (found === undefined) return undefined;
  const named = path === found.path ? undefined : path.slice(found.path.length + 1);
  const slash = named?.indexOf("/") ?? -1;
  const key = named === undefined ? undefined : decodePercent(slash < 0 ? named : named.slice(0, slash));
  const id = slash < 0 ? "" : decodePercent((named ?? "").slice(slash + 1));
  const isInside = slash >= 0 || found.parameter.test(query);
  return { route: isInside ? found.inside : found.route, keyspace, key, id, query };
}

function tagAt(path: string, keyspace: string, query: string): Location | undefined {
  const tag = TAG_PATH.exec(path)?.[1];
  return tag === undefined ? undefined : { route: "tag", keyspace, key: undefined, id: decodePercent(tag), query };
}

function inKeyspace(rest: string, query: string): Location {
  const slash = rest.indexOf("/");
  if (slash < 0) throw notFound();
  const keyspace = decodePercent(rest.slice(0, slash));
  const within = rest.slice(slash);
  // The only path that is not under `/v1/` by itself.
  const path = within === "/yjs" || within.startsWith("/yjs/") ? within : `/v1${within}`;
  const named = keyAt(path, keyspace, query) ?? tagAt(path, keyspace, query);
  if (named !== undefined) return named;
  const route = exact.get(path);
  if (route === undefined) throw notFound();
  return { route, keyspace, key: undefined, id: "", query };
}

function notFound(): AtollError {
  return new AtollError("NOT_FOUND", "no such path; /openapi.json lists them");
}
