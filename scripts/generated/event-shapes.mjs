import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { schemaVersionOf } from '#event-store/upcasters.js';

const root = new URL('../../', import.meta.url);
const shapesFile = new URL('libs/event-store/golden/shapes.json', root);
const orderFile = fileURLToPath(new URL('libs/domain/src/order/order.ts', root));

/**
 * libs/event-store/golden/shapes.json: the stored shape of every event type and version. A shape that is recorded
 * for a version never changes.
 *
 * @throws Error when a type's shape differs from the one recorded for its version
 */
export async function eventShapes() {
  const recorded = JSON.parse(await readFile(shapesFile, 'utf8').catch(firstTime));
  return JSON.stringify(withCurrent(recorded, currentShapes(), schemaVersionOf));
}

function firstTime(error) {
  if (error.code === 'ENOENT') return '{}';
  throw error;
}

/**
 * @param recorded shapes by type and version
 * @param current shapes by type, as the code defines them
 */
export function withCurrent(recorded, current, versionOf) {
  const shapes = {};
  for (const type of Object.keys({ ...recorded, ...current }).sort()) {
    if (!(type in current)) throw new Error(`${type} was stored once: it must stay readable`);
    const version = versionOf(type);
    const known = recorded[type]?.[version];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(current[type])) {
      throw new Error(
        `${type} has another shape than its version ${version} was stored with: ` +
          'add an upcaster from that version (upcasters.ts) and an example of the new one (golden/streams)',
      );
    }
    shapes[type] = { ...recorded[type], [version]: current[type] };
  }
  return shapes;
}

/**
 * The shape of `{ data, occurredAt, personal }` of each event, from the types of the domain.
 *
 * @param overrides texts to use in place of files, by their paths in the repository
 */
export function currentShapes(overrides = {}) {
  const texts = new Map(
    Object.entries(overrides).map(([path, text]) => [fileURLToPath(new URL(path, root)), text]),
  );
  const options = {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    types: [],
    lib: ['lib.es2023.d.ts'],
  };
  const host = ts.createCompilerHost(options);
  const ownText = host.readFile.bind(host);
  host.readFile = (path) => texts.get(path) ?? ownText(path);
  const program = ts.createProgram([orderFile], options, host);
  const checker = program.getTypeChecker();
  const [orderEvent] = checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(orderFile)))
    .filter(({ name }) => name === 'OrderEvent');
  const events = checker.getDeclaredTypeOfSymbol(orderEvent).types;
  return Object.fromEntries(events.map((event) => shapeOfEvent(checker, event)));
}

function shapeOfEvent(checker, event) {
  const shape = shapeOf(checker, event);
  const { type, ...content } = shape;
  return [JSON.parse(type), content];
}

/** Primitives and literals by name, objects by their keys, others as `{ list }`, `{ record }` or `{ oneOf }`. */
function shapeOf(checker, type) {
  const { flags } = type;
  if (flags & ts.TypeFlags.Null) return 'null';
  if (flags & ts.TypeFlags.Undefined) return 'undefined';
  if (flags & ts.TypeFlags.StringLiteral) return JSON.stringify(type.value);
  if (flags & ts.TypeFlags.NumberLiteral) return String(type.value);
  if (flags & ts.TypeFlags.BooleanLike) return 'boolean';
  if (flags & ts.TypeFlags.StringLike) return 'string';
  if (flags & ts.TypeFlags.NumberLike) return 'number';
  if (flags & ts.TypeFlags.Union) return unionShape(checker, type);
  // A branded primitive is stored as that primitive.
  if (flags & ts.TypeFlags.Intersection) {
    const primitive = type.types.find(
      (part) => part.flags & (ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike),
    );
    if (primitive) return shapeOf(checker, primitive);
  }
  return objectShape(checker, type);
}

function unionShape(checker, type) {
  const shapes = type.types.map((part) => shapeOf(checker, part));
  const distinct = [...new Map(shapes.map((shape) => [JSON.stringify(shape), shape])).entries()].sort(
    ([a], [b]) => (a < b ? -1 : 1),
  );
  return distinct.length === 1 ? distinct[0][1] : { oneOf: distinct.map(([, shape]) => shape) };
}

function objectShape(checker, type) {
  if (checker.isArrayType(type)) return { list: shapeOf(checker, checker.getTypeArguments(type)[0]) };
  const index = checker.getIndexTypeOfType(type, ts.IndexKind.String);
  if (index) return index.flags & ts.TypeFlags.Never ? {} : { record: shapeOf(checker, index) };
  const properties = checker.getPropertiesOfType(type).map((property) => {
    const optional = property.flags & ts.SymbolFlags.Optional ? '?' : '';
    return [property.name + optional, shapeOf(checker, checker.getTypeOfSymbol(property))];
  });
  return Object.fromEntries(properties.sort(([a], [b]) => (a < b ? -1 : 1)));
}
