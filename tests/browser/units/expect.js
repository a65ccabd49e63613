/* expect: what a unit test says; a wrong value is an error that names both. */
export function equal(got, wanted, what = "") {
  const [a, b] = [got, wanted].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what} got ${a}, wanted ${b}`);
}
export function close(got, wanted, within = 1e-6) {
  const far = [got].flat().some((value, i) => !(Math.abs(value - [wanted].flat()[i]) <= within));
  if (far) throw new Error(`got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)} within ${within}`);
}
