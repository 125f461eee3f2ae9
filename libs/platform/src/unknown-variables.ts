import { knownVariables } from './config-names.js';

/**
 * Whether Kubernetes has put the variable into the pod, for a service whose name begins with `orderlog`
 * (https://kubernetes.io/docs/concepts/services-networking/service, "Environment variables").
 */
function isServiceLink(name: string, value = ''): boolean {
  return (
    /_SERVICE_(HOST|PORT(_\w+)?)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):/.test(value))
  );
}

/**
 * One line about the first name that begins with ORDERLOG_, but is no setting, not for tests and not of Kubernetes;
 * null: none does.
 */
export function describeUnknown(environment: Readonly<Record<string, string | undefined>>): string | null {
  const unknown = Object.keys(environment).find(
    (name) =>
      /^ORDERLOG_(?!TEST_)/.test(name) &&
      !knownVariables.includes(name) &&
      !isServiceLink(name, environment[name]),
  );
  if (unknown === undefined) return null;
  return `${unknown} is not a setting of orderlog${suggestion(unknown)}: docs/configuration.md lists all of them`;
}

function suggestion(name: string): string {
  const near = knownVariables.find((known) => differences(known, name) <= 2);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

/** How many letters to add, drop or change to make one name of the other. */
function differences(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
