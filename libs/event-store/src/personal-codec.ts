/** The order that personal data belongs to. Encrypted data has one key for each order. */
export interface PersonalOwner {
  readonly tenantId: string;
  readonly orderId: string;
}

/**
 * Seals the personal part of events before they are stored, and opens it afterwards. The parts of one
 * append, or of one batch read, come together, so that keys are fetched once.
 */
export interface PersonalCodec {
  /** Turns JSON values into JSON values, in the same order. */
  seal(owner: PersonalOwner, parts: readonly unknown[]): Promise<readonly unknown[]>;

  /** The opened parts, in the same order; `'erased'` for a part whose key was destroyed. */
  open(
    parts: readonly { readonly owner: PersonalOwner; readonly sealed: unknown }[],
  ): Promise<readonly unknown[]>;
}

/** Stores personal data unencrypted. */
export const plainPersonal: PersonalCodec = {
  seal: async (_owner, parts) => parts,
  open: async (parts) => parts.map(({ sealed }) => sealed),
};
