// Reads docker/Dockerfile, for scripts that run its commands without Docker.
import { readFileSync } from 'node:fs';

/**
 * The stages in their order: `{ name, from, instructions: [{ keyword, text }] }`. Continued lines are joined;
 * flags such as `--mount=…` stay in the text.
 */
export function stagesOf(dockerfile) {
  const stages = [];
  const lines = dockerfile
    .replace(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n');
  for (const line of lines) {
    const [, keyword, text] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (!keyword) continue;
    const [, from, name] = (keyword === 'FROM' && /^(\S+) AS (\S+)$/.exec(text)) || [];
    if (name) stages.push({ name, from, instructions: [] });
    else stages.at(-1)?.instructions.push({ keyword, text });
  }
  return stages;
}

export const readStages = () =>
  stagesOf(readFileSync(new URL('../docker/Dockerfile', import.meta.url), 'utf8'));

/** The commands that a stage RUNs, without flags such as mounts. */
export function runsOf({ instructions }) {
  return instructions
    .filter(({ keyword }) => keyword === 'RUN')
    .map(({ text }) => text.replace(/^(--\S+\s+)+/, ''));
}

/** The ENV of a stage and of the stages that it is based on. */
export function environmentOf(stages, stage) {
  const below = stages.find(({ name }) => name === stage.from);
  const own = stage.instructions.filter(({ keyword }) => keyword === 'ENV');
  const pairs = own.flatMap(({ text }) => text.trim().split(/\s+/)).map((pair) => pair.split(/=(.*)/s, 2));
  return { ...(below ? environmentOf(stages, below) : {}), ...Object.fromEntries(pairs) };
}

/** The command that a stage starts with, and its health check: arrays of words, null where it has none. */
export function commandsOf({ instructions }) {
  const words = (keyword) => {
    const text = instructions.findLast((one) => one.keyword === keyword)?.text ?? '';
    return text.includes('[') ? JSON.parse(text.slice(text.indexOf('['))) : null;
  };
  return { entrypoint: words('ENTRYPOINT'), command: words('CMD'), health: words('HEALTHCHECK') };
}
