/**
 * Fingerprint of the fold: a version, and SHA-256 over the states that the golden corpus, a thousand stored histories
 * and a long order fold into. A snapshot with another fingerprint is not used. Made by
 * scripts/generated/fold-fingerprint.mjs.
 */
export const foldFingerprint = '2-2abf0a0bf4f53ee1263ad86ff82c0e7afdc98192d20b5de62fedcd5b60e799cd';
