/**
 * Fingerprint of the fold: a version, and SHA-256 over the states that the golden corpus, a thousand stored histories
 * and a long order fold into. A snapshot with another fingerprint is not used. Made by
 * scripts/generated/fold-fingerprint.mjs.
 */
export const foldFingerprint = '2-360a5fe4c23936b6f29ee73956b7a966f4330fd26baa6e08e19959b69b4dd665';
