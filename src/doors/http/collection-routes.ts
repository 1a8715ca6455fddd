/** The part of the table of routes (`routes.ts`) that is about maps, sets and counters. */

import { getCounter, postCounter } from "./counters.ts";
import { deleteField, deleteMap, getField, getMap, putField } from "./maps.ts";
import type { Operation, Outcome, Route } from "./route.ts";
import { addMember, deleteSet, getSet, hasMember, removeMember } from "./sets.ts";

/** Where something else is under the key. */
const WRONG_TYPE = 409;
const page = ["limit", "cursor", "encoding"] as const;
/** Where `ack` was asked for. */
const acks = { headers: ["Atoll-Acks"] } as const satisfies Outcome;
const done: Readonly<Record<number, Outcome>> = { 204: acks, 202: acks };

/** Of whatever is there: 204 also where nothing is. */
function removal(summary: string, query: readonly string[], run: Operation["run"]): Operation {
  return {
    summary,
    access: "write",
    body: "none",
    query: [...query, "ack"],
    outcomes: done,
    problems: [WRONG_TYPE, 507],
    run,
  };
}

export const collectionRoutes = {
  counters: {
    path: "/v1/counters/{key}",
    operations: {
      GET: {
        summary: "What a number comes to",
        access: "read",
        body: "none",
        query: [],
        outcomes: { 200: { body: "Counter" } },
        problems: [404, WRONG_TYPE, 507],
        run: getCounter,
      },
      POST: {
        summary:
          "Adds to a number, 0 where there is none: what is added at once elsewhere counts as well. The whole then has the time to live",
        access: "read-write",
        body: "small",
        bodyShape: "Addition",
        query: ["ttl", "ack"],
        outcomes: { 200: { ...acks, body: "Counter" }, 202: { ...acks, body: "Counter" } },
        problems: [408, WRONG_TYPE, 413, 415, 507],
        run: postCounter,
      },
    },
  },
  maps: {
    path: "/v1/maps/{key}",
    operations: {
      GET: {
        summary: "Fields of a map with their values, page by page",
        access: "read",
        body: "none",
        query: page,
        outcomes: { 200: { body: "FieldPage" } },
        problems: [404, WRONG_TYPE, 507],
        run: getMap,
      },
      DELETE: removal("Deletes a map with all its fields, whether it is there or not", [], deleteMap),
    },
  },
  mapField: {
    path: "/v1/maps/{key}/{field}",
    operations: {
      GET: {
        summary: "The value of a field of a map",
        access: "read",
        body: "none",
        query: ["field"],
        outcomes: { 200: { headers: ["Atoll-Expires-At"], body: "Value" } },
        problems: [404, WRONG_TYPE, 507],
        run: getField,
      },
      PUT: {
        summary:
          "Sets the value of a field of a map, which it begins where there is none: 201 new, 204 replaced. The field alone has the time to live",
        access: "write",
        body: "value",
        bodyShape: "Value",
        query: ["field", "ttl", "ack"],
        outcomes: { ...done, 201: acks },
        problems: [408, WRONG_TYPE, 413, 415, 507],
        run: putField,
      },
      DELETE: removal("Deletes a field of a map, whether it is there or not", ["field"], deleteField),
    },
  },
  sets: {
    path: "/v1/sets/{key}",
    operations: {
      GET: {
        summary: "Members of a set, page by page",
        access: "read",
        body: "none",
        query: page,
        outcomes: { 200: { body: "MemberPage" } },
        problems: [404, WRONG_TYPE, 507],
        run: getSet,
      },
      DELETE: removal("Deletes a set with all its members, whether it is there or not", [], deleteSet),
    },
  },
  setMember: {
    path: "/v1/sets/{key}/{member}",
    operations: {
      GET: {
        summary: "200 where it is a member of the set, 404 where it is none",
        access: "read",
        body: "none",
        query: ["member"],
        outcomes: { 200: { headers: ["Atoll-Expires-At"], body: "Membership" } },
        problems: [404, WRONG_TYPE],
        run: hasMember,
      },
      PUT: {
        summary:
          "Adds a member to a set, which it begins where there is none: 201 new, 204 where it was one. The member alone has the time to live",
        access: "write",
        body: "none",
        query: ["member", "ttl", "ack"],
        outcomes: { ...done, 201: acks },
        problems: [WRONG_TYPE, 507],
        run: addMember,
      },
      DELETE: removal("Removes a member from a set, whether it is one or not", ["member"], removeMember),
    },
  },
} as const satisfies Record<string, Route>;
