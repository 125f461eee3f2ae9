/** What an app at that address tells of a metric. @param sample its name, with labels where it has some @throws where it is not told */
export async function metricOf(url: string, sample: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  if (line === undefined) throw new Error(`no ${sample}`);
  return Number(line.split(' ').at(-1));
}

/** A counter's value for an outcome. */
export const countOf = (url: string, name: string, outcome: string): Promise<number> =>
  metricOf(url, `${name}{outcome="${outcome}"}`);
