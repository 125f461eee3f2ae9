import { HANDLED_WINDOW } from '#domain/order/handled.js';
import { CliError } from '../support/cli-error.js';
import { readText } from './input-file.js';
import type { OrderScript, ScriptStep } from './order-script.js';

export interface NdjsonLine {
  readonly file: string;
  readonly line: number;
  readonly script: OrderScript;
}

const ROUTE = /^(place|tags|[a-z]+(\/(\{[A-Za-z0-9_-]+\}|[a-z]+)){0,2})$/;
const NAME = /^[A-Za-z0-9_-]{1,50}$/;
const KEY = /^[\x21-\x7e]{1,200}$/;
const COMMAND_FIELDS = new Set(['do', 'as', 'body']);
/** In UTF-16 units. Far more than an order takes, and far less than the longest text that Node can hold. */
const MAX_LINE_LENGTH = 64 * 1024 * 1024;
/** An order always remembers this many commands. A repeated run could not tell whether a forgotten command was done. */
const MAX_COMMANDS = HANDLED_WINDOW.always;

/**
 * The orders of a file, one on each line, as docs/import-ndjson.md describes. Empty lines are skipped.
 *
 * @param maxLength of a line
 * @throws CliError naming file and line when a line is no order.
 */
export async function* readNdjson(file: string, maxLength = MAX_LINE_LENGTH): AsyncGenerator<NdjsonLine> {
  let line = 0;
  for await (const text of textLines(file, maxLength)) {
    line++;
    if (text.trim() === '') continue;
    const refuse = (why: string): never => {
      throw new CliError(`${file} line ${line}: ${why}`);
    };
    yield { file, line, script: parseScript(text, refuse) };
  }
}

/** The lines without their line feeds; nothing after the last one. @throws CliError when one is longer than allowed */
async function* textLines(file: string, maxLength: number): AsyncGenerator<string> {
  let line = 1;
  // Of a line whose end has not come yet: joined with each chunk, a long one would be copied again and again.
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of readText(file)) {
    for (const [index, text] of chunk.split('\n').entries()) {
      if (index > 0) {
        yield parts.join('');
        line++;
        parts = [];
        length = 0;
      }
      parts.push(text);
      length += text.length;
      if (length > maxLength) {
        const megabytes = Math.floor(maxLength / (1024 * 1024));
        throw new CliError(
          `${file} line ${line}: is longer than ${megabytes} MB: put each order on a line of its own`,
        );
      }
    }
  }
  if (length > 0) yield parts.join('');
}

type Refuse = (why: string) => never;

function parseScript(text: string, refuse: Refuse): OrderScript {
  const content = parseJson(text, refuse);
  if (!isObject(content)) return refuse('is not a JSON object');
  const { key, commands, ...others } = content;
  refuseOthers(others, 'the line', refuse);
  if (typeof key !== 'string' || !KEY.test(key)) {
    return refuse('`key` must be 1 to 200 printable ASCII characters without spaces');
  }
  if (!Array.isArray(commands) || commands.length === 0) {
    return refuse('`commands` must be a list of at least one command');
  }
  if (commands.length > MAX_COMMANDS) {
    return refuse(
      `\`commands\` lists ${commands.length} commands, but an order remembers only ${MAX_COMMANDS}: keep the first ` +
        `${MAX_COMMANDS} here, and send the rest to command-api once these are imported`,
    );
  }
  const steps = commands.map((command, index) => parseStep(command, index, refuse));
  checkNames(steps, refuse);
  return { name: key, key: `ndjson/${key}`, guarded: true, steps };
}

function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('is not JSON');
  }
}

function parseStep(command: unknown, index: number, refuse: Refuse): ScriptStep {
  const where = `commands[${index}]`;
  if (!isObject(command)) return refuse(`${where} is not an object`);
  const { do: route, as, body = {} } = command;
  refuseOthers(
    Object.fromEntries(Object.entries(command).filter(([name]) => !COMMAND_FIELDS.has(name))),
    where,
    refuse,
  );
  if (typeof route !== 'string' || !ROUTE.test(route))
    return refuse(`${where}.do is not the route of a command`);
  if ((route === 'place') !== (index === 0))
    return refuse('the first command, and it alone, must be `place`');
  if (as !== undefined && (typeof as !== 'string' || !NAME.test(as))) {
    return refuse(`${where}.as must be 1 to 50 characters of a-z, A-Z, 0-9, _ and -`);
  }
  if (!isObject(body)) return refuse(`${where}.body is not an object`);
  return { do: route, key: String(index), body, ...(as === undefined ? {} : { as }) };
}

/** Ids in routes must be named by an earlier command. Ids in bodies are looked up when the command is sent. */
function checkNames(steps: readonly ScriptStep[], refuse: Refuse): void {
  const named = new Set<string>();
  for (const step of steps) {
    for (const [, name] of step.do.matchAll(/\{([^{}]+)\}/g)) {
      if (!named.has(name!))
        refuse(`{${name!}} in \`${step.do}\` is not the name (\`as\`) of an earlier command`);
    }
    if (step.as !== undefined) named.add(step.as);
  }
}

function refuseOthers(others: object, where: string, refuse: Refuse): void {
  const [first] = Object.keys(others);
  if (first !== undefined) refuse(`${where} has the unknown field \`${first.slice(0, 50)}\``);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
