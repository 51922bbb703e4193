// Names that the description of the API does not know, which Prism does not look for: members of answers, options of
// requests.  Prints each and ends with 1 when there are any.
//   contract_names.js DESCRIPTION --answers FILE    a line each: {"path", "status", "body"}
//   contract_names.js DESCRIPTION --requests FILE   what GET /_sim/log answers
'use strict';
const fs = require('fs');

const [descriptionFile, mode, file] = process.argv.slice(2);
const description = JSON.parse(fs.readFileSync(descriptionFile, 'utf8'));
const found = new Set();

function resolve(node) {
    while (node && node.$ref) {
        node = node.$ref.slice(2).split('/').reduce((at, step) => at[step.replace(/~1/g, '/').replace(/~0/g, '~')],
                                                    description);
    }
    return node;
}

// The description's entry for a path; literal segments win over parameters.
function operation(method, path) {
    const segments = path.split('/');
    let best = null;
    for (const [template, item] of Object.entries(description.paths)) {
        const parts = template.split('/');
        const fits = parts.length === segments.length &&
                     parts.every((part, i) => part.startsWith('{') || part === segments[i]);
        const literal = parts.filter((part) => !part.startsWith('{')).length;
        if (fits && item[method] && (!best || literal > best.literal)) {
            best = {literal, item, entry: item[method]};
        }
    }
    return best;
}

// A schema and all that it is put together from.
function flat(schema, into) {
    schema = resolve(schema);
    into.push(schema);
    for (const part of [...(schema.allOf || []), ...(schema.anyOf || []), ...(schema.oneOf || [])]) {
        flat(part, into);
    }
    return into;
}

function walk(schemas, value, where) {
    const all = schemas.flatMap((schema) => flat(schema, []));
    if (Array.isArray(value)) {
        const items = all.filter((schema) => schema.items).map((schema) => schema.items);
        value.forEach((element) => walk(items, element, where + '[]'));
    } else if (value !== null && typeof value === 'object') {
        for (const [name, member] of Object.entries(value)) {
            const known = all.filter((schema) => schema.properties && schema.properties[name])
                              .map((schema) => schema.properties[name]);
            if (known.length > 0) {
                walk(known, member, where + '.' + name);
            } else if (!name.includes('@odata.')) {
                found.add(`${where}.${name}`);
            }
        }
    }
}

function checkAnswer(answer) {
    const op = operation('get', answer.path);
    const responses = op ? op.entry.responses : {};
    const group = `${String(answer.status)[0]}XX`;
    const response = resolve(responses[answer.status] || responses[group] || responses.default);
    if (!response) {
        found.add(`${answer.path}: no answer ${answer.status}`);
        return;
    }
    walk([response.content['application/json'].schema], answer.body, `${answer.path} ${answer.status}: `);
}

function checkRequest(request) {
    const url = new URL(request.raw, 'http://x');
    if (!url.pathname.startsWith('/v1.0/')) {
        return; // sign-in and controls
    }
    const path = url.pathname.slice('/v1.0'.length);
    const op = operation(request.method.toLowerCase(), path);
    if (!op) {
        found.add(`${request.method} ${path}`);
        return;
    }
    const parameters = [...(op.item.parameters || []), ...(op.entry.parameters || [])].map(resolve);
    for (const name of url.searchParams.keys()) {
        if (!parameters.some((parameter) => parameter.in === 'query' && parameter.name === name)) {
            found.add(`${request.method} ${path}: option ${name}`);
        }
    }
}

const text = fs.readFileSync(file, 'utf8');
let count = 0;
if (mode === '--answers') {
    text.split('\n').filter((line) => line).forEach((line) => { checkAnswer(JSON.parse(line)); count++; });
} else {
    JSON.parse(text).forEach((request) => { checkRequest(request); count++; });
}
if (count === 0) {
    found.add(`${file} is empty`);
}
found.forEach((line) => console.log(line));
process.exit(found.size > 0 ? 1 : 0);
