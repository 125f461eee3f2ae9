/**
 * Fingerprint of the fold: a version, and SHA-256 over the states that the golden corpus, a thousand stored histories
 * and a long order fold into. A snapshot with another fingerprint is not used. Made by
 * scripts/generated/fold-fingerprint.mjs.
 */
export const foldFingerprint = '2-c8d46cc81fa4a7fcb1d7e5f8576684ec7d93211e7812989ea0fd8d32e9d0df4a';
