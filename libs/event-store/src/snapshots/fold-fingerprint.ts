/**
 * Of what makes an order's state of its events: a version, and SHA-256 over the states that the golden corpus, a thousand
 * stored histories and a long order fold into. A snapshot of another fold is not used. Made by
 * scripts/generated/fold-fingerprint.mjs.
 */
export const foldFingerprint = '1-48b95dcaff66699217770fdbc943c892611431de6aba8dbdb56e887a7d09085b';
