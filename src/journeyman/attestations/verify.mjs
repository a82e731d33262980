// A second verifier of attestations, which shares no code with the first: `node verify.mjs FILE --key PUBLIC.pem`.
// Prints one JSON line {status, why, key, outcome, workspace, mission, head, also}; exits with 0 when the attestation is valid
// and says achieved, 1 when it is stale, forged or says something else, 2 when it is none or the call is wrong.
import { createHash, createPublicKey, verify as verifySignature } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE = "urn:journeyman:attestation:verdict:1";
const MAX_BYTES = 4 << 20;
const MAX_DEPTH = 64;
const MAX_SIGNATURES = 16;
const USAGE = "usage: node verify.mjs FILE --key PUBLIC.pem [--key PUBLIC.pem ...] [--workspace SHA256]";

class Malformed extends Error {}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(holder, key) {
  return isObject(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined;
}

function parse(raw) {
  let value;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw));
  } catch {
    throw new Malformed("no JSON");
  }
  if (!isObject(value)) throw new Malformed("no JSON object");
  const waiting = [[value, 1]];
  while (waiting.length) {
    const [item, depth] = waiting.pop();
    if (typeof item !== "object" || item === null) continue;
    if (depth > MAX_DEPTH) throw new Malformed("no JSON");
    for (const inner of Object.values(item)) waiting.push([inner, depth + 1]);
  }
  return value;
}

function object(holder, key) {
  const found = own(holder, key);
  if (!isObject(found)) throw new Malformed(`\`${key}\` is no object`);
  return found;
}

function text(holder, key) {
  const found = own(holder, key);
  if (typeof found !== "string") throw new Malformed(`\`${key}\` is no text`);
  return found;
}

function texts(holder, key) {
  const found = own(holder, key);
  if (!Array.isArray(found) || !found.every((one) => typeof one === "string")) {
    throw new Malformed(`\`${key}\` is no list of texts`);
  }
  return found;
}

function sha256(holder, key) {
  const found = own(holder, key);
  if (typeof found !== "string" || !/^[0-9a-f]{64}$/.test(found) || found.length !== 64) {
    throw new Malformed(`\`${key}\` is no SHA-256`);
  }
  return found;
}

function bytes(holder, key) {
  const standard = text(holder, key).replaceAll("-", "+").replaceAll("_", "/");
  // By hand: an expression over millions of groups would overflow the stack.
  const bare = standard.endsWith("==") ? standard.slice(0, -2) : standard.endsWith("=") ? standard.slice(0, -1) : standard;
  if (standard.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(bare)) throw new Malformed(`\`${key}\` is no base64`);
  return Buffer.from(standard, "base64");
}

function readEnvelope(raw) {
  if (raw.length > MAX_BYTES) throw new Malformed(`larger than ${MAX_BYTES} bytes`);
  const plain = parse(raw);
  if (own(plain, "payloadType") !== PAYLOAD_TYPE) throw new Malformed(`\`payloadType\` is not ${PAYLOAD_TYPE}`);
  const rows = own(plain, "signatures");
  if (!Array.isArray(rows) || rows.length < 1 || rows.length > MAX_SIGNATURES) {
    throw new Malformed(`\`signatures\` is no list of 1 to ${MAX_SIGNATURES}`);
  }
  const signatures = rows.map((row) => bytes(row, "sig"));
  return { payload: bytes(plain, "payload"), signatures };
}

function readStatement(payload) {
  const plain = parse(payload);
  if (own(plain, "_type") !== STATEMENT_TYPE) throw new Malformed(`\`_type\` is not ${STATEMENT_TYPE}`);
  if (own(plain, "predicateType") !== PREDICATE_TYPE) throw new Malformed(`\`predicateType\` is not ${PREDICATE_TYPE}`);
  const subjects = own(plain, "subject");
  if (!Array.isArray(subjects) || subjects.length !== 1) throw new Malformed("`subject` is no list of one");
  const predicate = object(plain, "predicate");
  return {
    workspace: sha256(object(subjects[0], "digest"), "sha256"),
    outcome: text(predicate, "outcome"),
    mission: sha256(object(object(predicate, "mission"), "digest"), "sha256"),
    head: sha256(object(predicate, "record"), "head"),
    also: texts(object(predicate, "workspace"), "also"),
  };
}

function signedBy({ payload, signatures }, keys) {
  const head = `DSSEv1 ${Buffer.byteLength(PAYLOAD_TYPE)} ${PAYLOAD_TYPE} ${payload.length} `;
  const signed = Buffer.concat([Buffer.from(head), payload]);
  for (const key of keys) {
    for (const signature of signatures) {
      if (verifySignature(null, signed, key, signature)) {
        return createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("hex");
      }
    }
  }
  return "";
}

export function verify(raw, keys, workspace) {
  let key = "";
  try {
    const envelope = readEnvelope(raw);
    key = signedBy(envelope, keys);
    if (!key) return { status: "forged", why: "no key that is believed signed it" };
    const statement = readStatement(envelope.payload);
    if (workspace !== undefined && workspace !== statement.workspace) {
      const why = `it is about the workspace ${statement.workspace}, this one is ${workspace}`;
      return { status: "stale", why, key, ...statement };
    }
    return { status: "valid", why: "", key, ...statement };
  } catch (error) {
    if (error instanceof Malformed) return { status: "malformed", why: error.message, ...(key && { key }) };
    throw error;
  }
}

function main() {
  let call;
  let keys;
  try {
    const options = { key: { type: "string", multiple: true }, workspace: { type: "string" } };
    call = parseArgs({ allowPositionals: true, options });
    if (call.positionals.length !== 1 || !call.values.key) throw new Error("name one file and at least one key");
    keys = call.values.key.map((path) => {
      const key = createPublicKey(readFileSync(path));
      if (key.asymmetricKeyType !== "ed25519") throw new Error(`${path} is no Ed25519 key`);
      return key;
    });
    call.raw = readFileSync(call.positionals[0]);
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  const found = verify(call.raw, keys, call.values.workspace);
  console.log(JSON.stringify(found));
  if (found.status === "malformed") return 2;
  return found.status === "valid" && found.outcome === "achieved" ? 0 : 1;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = main();
