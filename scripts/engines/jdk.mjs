import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineFailure } from './failure.mjs';

const FOLDERS_OF_JDKS = ['/usr/lib/jvm', '/opt/java', '/Library/Java/JavaVirtualMachines'];

/**
 * Options for a JVM that ends soon, as in a test: it compiles code quickly, and does not compile it again for
 * speed. It starts with half the CPU time. An engine that is measured runs without them.
 */
export const shortLived = () =>
  process.env.ORDERLOG_TEST_SHORT_LIVED_ENGINES === '1' ? ['-XX:TieredStopAtLevel=1'] : [];

/**
 * The home of a JDK of at least this major version: JAVA_HOME where it is new enough, otherwise the newest one
 * found.
 */
export function findJdk(minimumMajor, neededBy) {
  const found = [process.env.JAVA_HOME, ...FOLDERS_OF_JDKS.flatMap(foldersIn)].filter(Boolean).flatMap(jdkAt);
  const enough = found.filter(({ major }) => major >= minimumMajor);
  const chosen =
    enough.find(({ home }) => home === process.env.JAVA_HOME) ?? enough.sort((a, b) => b.major - a.major)[0];
  if (chosen) return chosen.home;
  const seen = found.map(({ major, home }) => `${major} in ${home}`).join(', ') || 'none';
  throw new EngineFailure(
    `${neededBy} needs a JDK ${minimumMajor} or newer; found: ${seen}. Install one, or set JAVA_HOME to it.`,
  );
}

function foldersIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => [join(folder, name), join(folder, name, 'Contents/Home')]);
}

function jdkAt(home) {
  const release = join(home, 'release');
  if (!existsSync(release) || !existsSync(join(home, 'bin/java'))) return [];
  const major = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1];
  return major ? [{ home, major: Number(major) }] : [];
}
