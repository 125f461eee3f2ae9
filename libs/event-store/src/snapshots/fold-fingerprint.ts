/**
 * Fingerprint of the fold: a version, and SHA-256 over the states that the golden corpus, a thousand stored histories
 * and a long order fold into. A snapshot with another fingerprint is not used. Made by
 * scripts/generated/fold-fingerprint.mjs.
 */
export const foldFingerprint = '2-b86bda6ef2d4f50215be35d49166da1416eace1384490866bf0a4900b7be3d46';
