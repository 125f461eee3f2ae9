/**
 * The value of a metric of an app.
 * @param sample the metric's name, with labels where it has some
 * @throws when the app does not report it
 */
export async function metricOf(url: string, sample: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  if (line === undefined) throw new Error(`no ${sample}`);
  return Number(line.split(' ').at(-1));
}

/** The value of a counter for one outcome. */
export const countOf = (url: string, name: string, outcome: string): Promise<number> =>
  metricOf(url, `${name}{outcome="${outcome}"}`);
