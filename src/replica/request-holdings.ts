/** Requests between replicas that are waited for, and their bounds. */

import { FORWARDED_MAX } from "./forwarding.ts";
import type { Holding } from "./holdings.ts";
import { type RequestService, SERVED_MAX } from "./request-service.ts";
import type { Router } from "./router.ts";

/** `members`: as many as there are. */
export function requestHoldings(router: Router, service: RequestService, members: number): readonly Holding[] {
  return [
    {
      name: "requests_forwarded",
      help: "Requests that other replicas have been asked for clients.",
      value: router.forwarding.waiting,
      max: FORWARDED_MAX,
      isNoneAtRest: true,
    },
    {
      name: "requests_served",
      help: "Requests of other replicas that wait here.",
      value: service.waiting,
      max: SERVED_MAX * Math.max(1, members),
      isNoneAtRest: true,
    },
  ];
}
