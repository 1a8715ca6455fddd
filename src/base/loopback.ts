/** Which addresses only this machine can reach. */

const OCTET = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
const LOOPBACK = new RegExp(`^(?:localhost|::1|127(?:\\.${OCTET}){3})$`);

/** True for an address to listen on that lets no other machine in. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host.toLowerCase());
}
