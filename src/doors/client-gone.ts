/** The client went away in the middle: there is nobody to answer. */
export class ClientGone extends Error {}
