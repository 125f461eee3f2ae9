import { readdir, readFile } from 'node:fs/promises';
import { eventCodec } from '#event-store/codec.js';
import { fold } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';

const streams = new URL('../../libs/event-store/golden/streams/', import.meta.url);

/** Every stored history of the golden corpus as raw events, by the name of its file. */
export async function goldenStreams() {
  const names = (await readdir(streams)).filter((name) => name.endsWith('.json')).sort();
  const read = async (name) => {
    const { events } = JSON.parse(await readFile(new URL(name, streams), 'utf8'));
    return [name.slice(0, -'.json'.length), events.map((e) => ({ ...e, position: BigInt(e.position) }))];
  };
  return Object.fromEntries(await Promise.all(names.map(read)));
}

/** libs/event-store/golden/folded.json: the states that the stored histories fold into today. */
export async function goldenFolded() {
  const folded = {};
  for (const [name, events] of Object.entries(await goldenStreams())) {
    folded[name] = fold(null, await eventCodec(plainPersonal).decode(events));
  }
  return JSON.stringify(folded);
}
