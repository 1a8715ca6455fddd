/** The version of Redis whose commands and answers these are: clients go by it. */

export const REDIS_VERSION = "7.0.15";
