// Loads the contracts as a client in Node does, by docs/grpc.md, and holds the page's table of methods to what it finds.
//
//   node contracts.mjs FOLDER   the contracts with the rules that they import, as `buf export` lays them out
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import grpc from '@grpc/grpc-js'
import loader from '@grpc/proto-loader'

const [folder] = process.argv.slice(2)
const root = new URL('../..', import.meta.url).pathname
const contracts = readdirSync(join(root, 'proto'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.proto'))
  .map((entry) => relative(join(root, 'proto'), join(entry.parentPath ?? entry.path, entry.name)))
const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }

// methods lists what a loaded package offers, as service and method.
const methods = (node, path = []) => Object.entries(node).flatMap(([name, value]) => {
  if (value?.service) return Object.keys(value.service).map((method) => `${[...path, name].join('.')} ${method}`)
  return typeof value === 'object' && value && !value.format ? methods(value, [...path, name]) : []
})

const loaded = methods(grpc.loadPackageDefinition(loader.loadSync(contracts, { ...options, includeDirs: [folder] })))
const page = readFileSync(join(root, 'docs/grpc.md'), 'utf8')
const named = [...page.matchAll(/^\| `([a-z]+\.v1\.\w+)` \| `(\w+)` \|/gm)].map(([, service, method]) => `${service} ${method}`)
assert.deepEqual(loaded.sort(), named.sort(), 'docs/grpc.md names every method, and no other')

// Without the rules the loader says what is missing; the page quotes it.
assert.throws(() => loader.loadSync('wms/v1/order.proto', { ...options, includeDirs: [join(root, 'proto')] }), /ENOENT.*validate\.proto/)
console.log(`${contracts.length} contracts load in Node ${process.version}: ${loaded.length} methods`)
