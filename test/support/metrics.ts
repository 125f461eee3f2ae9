/** A counter's value for an outcome, as an app at that address tells it. @throws where it has no such counter */
export async function countOf(url: string, name: string, outcome: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name}{outcome="${outcome}"}`));
  if (line === undefined) throw new Error(`no ${name} of ${outcome}`);
  return Number(line.split(' ').at(-1));
}
