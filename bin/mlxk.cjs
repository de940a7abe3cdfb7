#!/usr/bin/env node
// Starts the built command line; in a checkout it builds it first when needed. The name in argv[1] chooses between mlxk and mlxk2.
const { existsSync } = require('node:fs')
const path = require('node:path')

require('node:module').enableCompileCache?.()
const root = path.join(__dirname, '..')
const isCheckout = () =>
  !__dirname.includes(`${path.sep}node_modules${path.sep}`) &&
  existsSync(path.join(root, 'src')) &&
  existsSync(path.join(root, 'scripts'))
const asksVersion = process.argv.length === 3 && /^(--version|-V)$/.test(process.argv[2])

// The version is package.json's; neither the command line nor, in a checkout, a look at every source is needed to say it.
if (asksVersion && !path.basename(process.argv[1]).startsWith('mlxk2')) {
  process.stdout.write(`mlxk ${require('../package.json').version}\n`)
} else if (isCheckout() && !require('../scripts/lib/build-if-stale.cjs').buildIfStale()) process.exitCode = 1
else module.exports = require('../out/main/cli.cjs')
