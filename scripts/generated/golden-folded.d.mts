import type { RawEvent } from '#event-store/port.js';

export function goldenStreams(): Promise<Record<string, RawEvent[]>>;
export function goldenFolded(): Promise<string>;
