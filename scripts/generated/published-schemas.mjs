import { readFile } from 'node:fs/promises';
import { dataSchema, integrationTypeOf, publishedEventTypes } from '#integration-events/published-events.js';

const schemasFile = new URL('../../libs/integration-events/golden/schemas.json', import.meta.url);

/**
 * libs/integration-events/golden/schemas.json: the data schema of every message type that was ever published.
 * Other systems rely on it.
 *
 * @throws Error when the code would publish data that a reader of a recorded schema may not expect
 */
export async function publishedSchemas() {
  const recorded = JSON.parse(await readFile(schemasFile, 'utf8').catch(firstTime));
  return JSON.stringify(withPublished(recorded, currentSchemas()));
}

function firstTime(error) {
  if (error.code === 'ENOENT') return '{}';
  throw error;
}

/** The schemas of the code, by message type. Descriptions are left out, because they may change. */
export function currentSchemas() {
  return Object.fromEntries(
    publishedEventTypes.map((type) => [integrationTypeOf(type), withoutDescriptions(dataSchema(type))]),
  );
}

/**
 * @param recorded schemas by message type, of all that were ever published
 * @param current schemas by message type, as the code defines them
 */
export function withPublished(recorded, current) {
  for (const [type, schema] of Object.entries(recorded)) {
    const [words, version] = split(type);
    const today = Object.keys(current).find((name) => split(name)[0] === words);
    if (today === undefined) throw new Error(`${type} was published once: its event must be published still`);
    if (split(today)[1] < version) throw new Error(`${type} was published already: ${today} is older`);
    if (today !== type) continue;
    const broken = difference(schema, current[type], 'data');
    if (broken !== null) {
      throw new Error(`${type} is read by others as it was: ${broken}. Publish it as a new version instead`);
    }
  }
  const all = { ...recorded, ...current };
  return Object.fromEntries(
    Object.keys(all)
      .sort()
      .map((type) => [type, all[type]]),
  );
}

/** Splits `orderlog.order.placed.v1` into its words and its version. */
function split(type) {
  const at = type.lastIndexOf('.v');
  return [type.slice(0, at), Number(type.slice(at + 2))];
}

/**
 * The first difference that could break a reader of the recorded schema; null: none. An additional field is fine,
 * since readers ignore fields that they do not know. Everything else must be the same.
 */
function difference(was, is, where) {
  if (Array.isArray(was)) {
    if (!Array.isArray(is) || is.length !== was.length) return `${where} has other values`;
    return first(was.map((each, index) => difference(each, is[index], `${where}/${index}`)));
  }
  if (typeof was !== 'object' || was === null) return was === is ? null : `${where} is ${is}, not ${was}`;
  if (typeof is !== 'object' || is === null) return `${where} is gone`;
  const keys = Object.keys({ ...was, ...is });
  return first(keys.map((key) => keyDifference(key, was[key], is[key], where)));
}

function keyDifference(key, was, is, where) {
  if (key === 'required' && Array.isArray(was)) {
    const optional = was.find((name) => !is?.includes(name));
    return optional === undefined ? null : `${where}/${optional} may be missing`;
  }
  if (key === 'properties') {
    return first(
      Object.entries(was).map(([name, field]) =>
        is?.[name] === undefined
          ? `${where}/${name} is gone`
          : difference(field, is[name], `${where}/${name}`),
      ),
    );
  }
  if (was === undefined) return `${where} has ${key} besides`;
  return difference(was, is, key === 'items' ? where : `${where} (${key})`);
}

function first(differences) {
  return differences.find((each) => each !== null) ?? null;
}

function withoutDescriptions(schema) {
  return JSON.parse(JSON.stringify(schema), function (key, value) {
    // A field may be named `description`: its value is then an object.
    return key === 'description' && typeof value === 'string' ? undefined : value;
  });
}
