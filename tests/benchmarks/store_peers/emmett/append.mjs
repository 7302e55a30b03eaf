// Appends to streams of emmett's PostgreSQL store. One line of JSON in, one line of JSON out, until the input ends.
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modules, url] = process.argv.slice(2);
const there = createRequire(`${modules}/package.json`);
const { getPostgreSQLEventStore } = await import(
  pathToFileURL(there.resolve("@event-driven-io/emmett-postgresql"))
);
const store = getPostgreSQLEventStore(url);

const append = (stream, data, expectedStreamVersion) =>
  store.appendToStream(stream, [{ type: "DoseAdministered", data }], { expectedStreamVersion });

async function client(streams, doses, data) {
  for (let number = 1; number <= doses; number++) {
    for (const stream of streams) await append(stream, data, BigInt(number));
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { streams: count, clients, doses, data } = JSON.parse(line);
  const streams = Array.from({ length: count }, () => `patient-${randomUUID()}`);
  for (const stream of streams) await append(stream, data, "STREAM_DOES_NOT_EXIST");
  const shares = Array.from({ length: clients }, (_, one) => streams.filter((_, at) => at % clients === one));
  const start = process.hrtime.bigint();
  await Promise.all(shares.map((share) => client(share, doses, data)));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9 / (count * doses);
  process.stdout.write(JSON.stringify({ seconds }) + "\n");
}
await store.close();
