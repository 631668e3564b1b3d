// Runs the expectations of port 3301 through Node's tarantool-driver: check.js HOST PORT EXPECTATIONS.
'use strict';

const fs = require('fs');
const {createRequire} = require('module');

// The driver is installed outside the source tree; NODE_CLIENTS says where.
const TarantoolConnection = createRequire((process.env.NODE_CLIENTS || __dirname) + '/')('tarantool-driver');

const [host, port, expectations] = process.argv.slice(2);

class Values {
  constructor(subject) {
    this.subject = subject;
    this.bound = {};
  }

  fill(value) {
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.fill(item)]));
    }
    if (typeof value === 'string' && value.startsWith('@')) return this.bound[value];
    if (typeof value === 'string' && value.startsWith('$subject')) return this.subject + value.slice(8);
    return value;
  }

  matches(expected, got) {
    if (typeof expected === 'string' && expected.startsWith('@') && !(expected in this.bound)) {
      this.bound[expected] = got;
      return Number.isInteger(got);
    }
    if (expected === '?int') return Number.isInteger(got);
    if (expected === '?text') return typeof got === 'string';
    if (Array.isArray(expected) && expected[expected.length - 1] === '...') {
      const end = expected.length - 1;
      return Array.isArray(got) && this.matches(expected.slice(0, end), got.slice(0, end));
    }
    if (Array.isArray(expected)) {
      return Array.isArray(got) && got.length === expected.length &&
          expected.every((item, i) => this.matches(item, got[i]));
    }
    if (expected !== null && typeof expected === 'object') {
      return got !== null && typeof got === 'object' && Object.keys(got).length === Object.keys(expected).length &&
          Object.keys(expected).every((key) => key in got && this.matches(expected[key], got[key]));
    }
    return got === this.fill(expected);
  }
}

// The driver sends the older call, which answers tuples: a list of tuples is taken apart, anything else lies in one.
function answerOf(step, tuples) {
  if (step.select || !Array.isArray(step.expect)) return step.select ? tuples : tuples[0][0];
  if (step.expect.length === 0) return tuples[0];
  return Array.isArray(step.expect[0]) ? tuples : tuples[0];
}

function run(connection, values, step) {
  if (step.ping) return connection.ping();
  if (step.eval) return connection.eval(step.eval);
  if (step.select) {
    return connection.select(step.select, step.index, 100, 0, 'eq', values.fill(step.key));
  }
  return connection.call(step.call, ...values.fill(step.args));
}

// The text of what is wrong, or null.
async function check(connection, values, step) {
  let got;
  try {
    got = await run(connection, values, step);
  } catch (error) {
    return (step.error || []).length > 0 && error.name === 'TarantoolError' ? null : String(error);
  }
  if (step.error) return `got ${JSON.stringify(got)}, want an error of ${step.error}`;
  if (step.ping) return null;
  if (!('expect' in step)) return got.length === 0 ? null : `got ${JSON.stringify(got)}, want nothing`;
  if ((got.length > 0 || step.select) && values.matches(step.expect, answerOf(step, got))) return null;
  return `got ${JSON.stringify(got)}, want ${JSON.stringify(step.expect)}`;
}

function connect(password) {
  const connection = new TarantoolConnection(
      {host, port: Number(port), username: 'minitoolstream', password, lazyConnect: true, retryStrategy: () => null});
  connection.on('error', () => {});
  return connection.connect().then(() => connection);
}

async function wrongPasswordIsRefused() {
  try {
    const connection = await connect('wrong');
    await connection.call('grpc_get_last_sequence', 'x');
  } catch (error) {
    return true;
  }
  return false;
}

async function main() {
  const {steps} = JSON.parse(fs.readFileSync(expectations, 'utf8'));
  const connection = await connect('changeme');
  const values = new Values(`clients.node.${Date.now()}.${process.pid}`);
  let failed = 0;
  for (const step of steps) {
    const problem = await check(connection, values, step);
    if (problem === null) continue;
    ++failed;
    console.log(`node: ${step.name}: ${problem}`);
  }
  if (!await wrongPasswordIsRefused()) {
    ++failed;
    console.log('node: a wrong password is not refused');
  }
  console.log(`node: ${steps.length + 1 - failed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}

setTimeout(() => {
  console.log('node: no end after 60 s');
  process.exit(1);
}, 60000).unref();
main().catch((error) => {
  console.log(`node: ${error}`);
  process.exit(1);
});
