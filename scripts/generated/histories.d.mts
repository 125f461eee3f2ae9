import type { RawEvent } from '#event-store/port.js';

export function storedHistories(): Promise<readonly (readonly RawEvent[])[]>;
export function canonical(content: unknown): string;
