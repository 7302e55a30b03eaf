// A process that stays: it loads the library once, then takes one request a line and answers with one line.
// {"library", "cases"} prepares, {"answers": true} gives the results, {"round": true} the nanoseconds of each case.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// The packages lie in a folder of their own, which the command line names.
const cql = createRequire(process.argv[2] + "/")("cql-execution");

// The data model of the facts: a patient is the record of facts itself, read as it lies there.
class Facts {
  constructor(facts) {
    Object.assign(this, facts);
    for (const name of ["as_of_on", "born_on", "last_dose_on"]) if (facts[name]) this[name] = cql.Date.parse(facts[name]);
  }
  getId() { return "one"; }
  findRecords() { return [this]; }
}
class OnePatient {
  constructor(patient) { this.patient = patient; }
  currentPatient() { return this.patient; }
  nextPatient() { this.patient = undefined; return undefined; }
}

let executor, patients, executionDateTime;

async function assessed(patient) {
  const results = await executor.exec(new OnePatient(patient), executionDateTime);
  return results.patientResults.one;
}

async function answered(request) {
  if (request.library) {
    executor = new cql.Executor(new cql.Library(request.library), new cql.CodeService({}), {});
    patients = request.cases.map((facts) => new Facts(facts));
    executionDateTime = cql.DateTime.fromJSDate(new Date(), 0);
    return { cases: patients.length };
  }
  if (request.answers) {
    const answers = [];
    for (const patient of patients) {
      const { Patient, Countable, Failed, ...answer } = await assessed(patient);
      answers.push(answer);
    }
    return { answers };
  }
  const nanoseconds = [];
  for (const patient of patients) {
    const start = process.hrtime.bigint();
    await assessed(patient);
    nanoseconds.push(Number(process.hrtime.bigint() - start));
  }
  return { nanoseconds };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = await answered(JSON.parse(line));
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
