/** The token that the benchmark's load shows. */
export const BENCH_TOKEN = "a-token-of-an-ordinary-length-0001";
