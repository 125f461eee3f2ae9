import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineFailure } from './failure.mjs';
import { openFolder } from './folders.mjs';

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
const TRIES = 3;
const TRY_LIMIT_MS = 600_000;

/** Unpacks an archive from the Maven repository, once, and returns the folder. */
export function unpackOnce(home, name, archive) {
  return once(home, name, (folder) =>
    maven(folder, [`${PLUGIN}:unpack`, `-Dartifact=${archive}`, '-DoutputDirectory=.']),
  );
}

/** Copies jars with their runtime dependencies into one folder, once, and returns the folder. */
export function copyJarsOnce(home, name, dependencies) {
  return once(home, name, (folder) => {
    writeFileSync(join(folder, 'pom.xml'), projectThatNeeds(dependencies));
    maven(folder, [`${PLUGIN}:copy-dependencies`, '-DincludeScope=runtime', '-DoutputDirectory=.']);
  });
}

// The folder is filled elsewhere and then moved into place, so that an existing folder is always complete.
function once(home, name, fill) {
  const installed = openFolder(join(home, 'installed'));
  const place = join(installed, name);
  if (existsSync(place)) return place;
  const filling = mkdtempSync(join(installed, 'filling-'));
  openFolder(filling);
  try {
    fill(filling);
    if (!existsSync(place)) renameSync(filling, place);
  } finally {
    rmSync(filling, { recursive: true, force: true });
  }
  return place;
}

// A download may break or stand still; what came whole is in Maven's own cache when it is tried again.
function maven(cwd, args) {
  for (let tries = 1; ; tries++) {
    try {
      execFileSync('mvn', ['--batch-mode', '--quiet', ...args], {
        ...{ cwd, stdio: ['ignore', 'pipe', 'pipe'] },
        ...{ timeout: TRY_LIMIT_MS, killSignal: 'SIGKILL' },
      });
      return;
    } catch (error) {
      if (error.code === 'ENOENT') {
        throw new EngineFailure('neither Docker nor Maven is here: install one of them (Maven needs a JDK)');
      }
      if (tries < TRIES) continue;
      const why = error.code === 'ETIMEDOUT' ? `took more than ${TRY_LIMIT_MS} ms` : 'failed';
      throw new EngineFailure(`mvn ${args.join(' ')} ${why}:\n${error.stdout}${error.stderr}`.trimEnd());
    }
  }
}

function projectThatNeeds(dependencies) {
  const listed = dependencies.map((coordinates) => {
    const [groupId, artifactId, version] = coordinates.split(':');
    return `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>orderlog</groupId><artifactId>engines</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>${listed.join('')}</dependencies>
</project>
`;
}
