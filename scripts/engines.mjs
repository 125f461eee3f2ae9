// The real engines for tests, kept outside the repository: in containers where a Docker engine answers, otherwise
// as processes (Elasticsearch and Kafka from Maven, on a JDK). Standard output carries only environment lines.
import { parseArgs } from 'node:util';
import { EngineFailure } from './engines/failure.mjs';
import { down, engines, environmentLine, folderOf, kill, status, up } from './engines/lifecycle.mjs';

const USAGE = `usage: npm run engines -- up|down|kill|status [elasticsearch|kafka|redis …] [--folder FOLDER]

up      start the engines (all, unless some are named) and print the variables that make the tests use them
down    stop them and remove what they stored
kill    end them as a crash would; the next up goes on with the same data and ports
status  print which are running, and where

All clones of a user share these engines, so that down and kill end them for all; --folder keeps some apart.`;

const commands = {
  async up(engine, folder) {
    const { ports, started } = await up(engine, folder);
    console.error(`${engine.name} ${engine.version} ${started ? 'started' : 'was running'}`);
    console.log(environmentLine(engine, ports));
  },
  async down(engine, folder) {
    console.error(`${engine.name} ${(await down(engine, folder)) ? 'stopped' : 'was not running'}`);
  },
  async kill(engine, folder) {
    await kill(engine, folder);
    console.error(`${engine.name} killed`);
  },
  async status(engine, folder) {
    console.log(status(engine, folder));
  },
};

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { folder: { type: 'string' } },
  });
  const [name, ...named] = positionals;
  const unknown = named.find((engine) => !Object.hasOwn(engines, engine));
  if (!Object.hasOwn(commands, name ?? ''))
    throw new Error(name ? `unknown command: ${name}` : 'no command given');
  if (unknown) throw new Error(`unknown engine: ${unknown}`);
  const chosen = named.length > 0 ? named.map((engine) => engines[engine]) : Object.values(engines);
  return { command: commands[name], chosen: [...new Set(chosen)], folder: values.folder };
}

let asked;
try {
  asked = readArguments();
} catch (error) {
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
// All are tried: an engine that is not installed does not keep the others from starting.
const outcomes = await Promise.allSettled(
  asked.chosen.map((engine) => asked.command(engine, folderOf(engine, asked.folder))),
);
for (const { reason } of outcomes.filter(({ status: outcome }) => outcome === 'rejected')) {
  console.error(reason instanceof EngineFailure ? reason.message : reason);
  process.exitCode = 1;
}
