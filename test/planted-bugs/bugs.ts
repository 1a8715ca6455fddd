import { ACTOR_BUGS } from "./bugs/actors.ts";
import { BACKUP_BUGS } from "./bugs/backups.ts";
import { CLIENT_BUGS } from "./bugs/clients.ts";
import { CLOCK_BUGS } from "./bugs/clocks.ts";
import { COLLECTION_BUGS } from "./bugs/collections.ts";
import { DISK_BUGS } from "./bugs/disks.ts";
import { DOCUMENT_BUGS } from "./bugs/documents.ts";
import { MEMBER_BUGS } from "./bugs/members.ts";
import { MEMORY_BUGS } from "./bugs/memory.ts";
import { PLACEMENT_BUGS } from "./bugs/placement.ts";
import { REGISTER_BUGS } from "./bugs/registers.ts";
import { REPAIR_BUGS } from "./bugs/repair.ts";
import { RESOURCE_BUGS } from "./bugs/resources.ts";
import { RULE_BUGS } from "./bugs/rules.ts";
import { SHARE_BUGS } from "./bugs/shares.ts";
import { TAG_BUGS } from "./bugs/tags.ts";
import type { PlantedBug } from "./planted-bug.ts";

export const BUGS: readonly PlantedBug[] = [
  ...RULE_BUGS,
  ...ACTOR_BUGS,
  ...REGISTER_BUGS,
  ...DISK_BUGS,
  ...REPAIR_BUGS,
  ...CLIENT_BUGS,
  ...RESOURCE_BUGS,
  ...DOCUMENT_BUGS,
  ...MEMBER_BUGS,
  ...MEMORY_BUGS,
  ...CLOCK_BUGS,
  ...PLACEMENT_BUGS,
  ...TAG_BUGS,
  ...BACKUP_BUGS,
  ...SHARE_BUGS,
  ...COLLECTION_BUGS,
];
