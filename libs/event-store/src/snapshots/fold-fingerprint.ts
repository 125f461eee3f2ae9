/**
 * Fingerprint of the fold: a version, and SHA-256 over the states that the golden corpus, a thousand stored histories
 * and a long order fold into. A snapshot with another fingerprint is not used. Made by
 * scripts/generated/fold-fingerprint.mjs.
 */
export const foldFingerprint = '2-a09da0619c9937eb32da192d8a8fc97cd056c3624966ea53d2ab615dc1ab8012';
