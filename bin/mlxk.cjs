#!/usr/bin/env node
// Starts the built command line; in a checkout it builds it first when needed. The name in argv[1] chooses between mlxk and mlxk2.
const { existsSync } = require('node:fs')
const { join, sep } = require('node:path')

require('node:module').enableCompileCache?.()
const root = join(__dirname, '..')
const isCheckout =
  !__dirname.includes(`${sep}node_modules${sep}`) && existsSync(join(root, 'src')) && existsSync(join(root, 'scripts'))
if (isCheckout && !require('../scripts/lib/build-if-stale.cjs').buildIfStale()) process.exitCode = 1
else require('../out/main/cli.cjs')
