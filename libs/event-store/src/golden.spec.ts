import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ERASED } from '#domain/decider.js';
import { orderEventTypes } from '#domain/order/order.js';
import { eventCodec } from './codec.js';
import { fold } from './order-streams.js';
import { plainPersonal } from './personal-codec.js';
import type { EventMetadata, RawEvent } from './port.js';
import { isOrderEventType, schemaVersionOf } from './upcasters.js';

type Shape = string | { readonly [key: string]: Shape | readonly Shape[] };

const golden = new URL('../golden/', import.meta.url);
const json = (name: string): unknown => JSON.parse(readFileSync(new URL(name, golden), 'utf8'));

const shapes = json('shapes.json') as Record<string, Record<string, Shape>>;
const folded = json('folded.json') as Record<string, unknown>;
const streams = readdirSync(new URL('streams/', golden)).map((file) => {
  const { events } = json(`streams/${file}`) as { events: (RawEvent & { position: unknown })[] };
  return {
    name: file.replace('.json', ''),
    events: events.map((event): RawEvent => ({ ...event, position: BigInt(String(event.position)) })),
  };
});
const examples = streams.flatMap(({ events }) => events);
const versionOf = (event: RawEvent) => (event.metadata as EventMetadata).schemaVersion;

describe('the golden corpus', () => {
  it.each(streams)('folds $name as it always did', async ({ name, events }) => {
    const order = fold(null, await eventCodec(plainPersonal).decode(events));
    expect(JSON.parse(JSON.stringify(order))).toEqual(folded[name]);
  });

  it.each(streams)('folds $name without its personal data', async ({ events }) => {
    const erased = eventCodec({ ...plainPersonal, open: async (parts) => parts.map(() => ERASED) });
    const order = fold(null, await erased.decode(events));
    expect(order?.personal).toBe(ERASED);
  });

  it('has an example of every type and version that was ever stored', () => {
    const wanted = Object.entries(shapes).flatMap(([type, versions]) =>
      Object.keys(versions).map((version) => `${type} v${version}`),
    );
    const present = new Set(examples.map((event) => `${event.type} v${versionOf(event)}`));
    expect(wanted.filter((shape) => !present.has(shape))).toEqual([]);
    expect([...present].filter((shape) => !wanted.includes(shape))).toEqual([]);
  });

  it('knows each version up to the one that is stored today', () => {
    expect(Object.keys(shapes).sort()).toEqual([...orderEventTypes].sort());
    for (const [type, versions] of Object.entries(shapes)) {
      const today = isOrderEventType(type) ? schemaVersionOf(type) : 0;
      expect(Object.keys(versions)).toEqual(Array.from({ length: today }, (_, n) => String(n + 1)));
    }
  });

  it('holds examples of the shapes it tells of', () => {
    const wrong = examples.filter((event) => !conforms(event.data, shapes[event.type]?.[versionOf(event)]));
    expect(wrong.map(({ type, revision }) => `${type} ${revision}`)).toEqual([]);
  });

  it('would see an example of another shape', () => {
    const [example] = examples;
    const shape = shapes[example!.type]![versionOf(example!)];
    const content = example!.data as { data: object };
    expect(conforms({ ...content, data: { ...content.data, extra: 1 } }, shape)).toBe(false);
    expect(conforms({ ...content, data: { ...content.data, lines: 'none' } }, shape)).toBe(false);
    expect(conforms({ ...content, data: {} }, shape)).toBe(false);
  });
});

function conforms(value: unknown, shape: Shape | undefined): boolean {
  if (shape === undefined) return false;
  if (typeof shape === 'string') {
    return shape === 'null' ? value === null : shape === typeof value || shape === JSON.stringify(value);
  }
  if ('oneOf' in shape) return (shape['oneOf'] as readonly Shape[]).some((each) => conforms(value, each));
  if ('list' in shape) {
    return Array.isArray(value) && value.every((each) => conforms(each, shape['list'] as Shape));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if ('record' in shape)
    return Object.values(value).every((each) => conforms(each, shape['record'] as Shape));
  return (
    Object.keys(value).every((key) => key in shape) &&
    Object.entries(shape).every(([key, each]) =>
      conforms((value as Record<string, unknown>)[key], each as Shape),
    )
  );
}
