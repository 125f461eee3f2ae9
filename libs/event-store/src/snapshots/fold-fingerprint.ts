/**
 * Of what makes an order's state of its events: a version, and SHA-256 over the states that the golden corpus, a thousand
 * stored histories and a long order fold into. A snapshot of another fold is not used. Made by
 * scripts/generated/fold-fingerprint.mjs.
 */
export const foldFingerprint = '1-a2728e8ed593c44ec6b03ff851d770452765f5e53f3453649f0b831d8485a6a7';
