#!/usr/bin/env node
// The JSON-only form: see mlxk.cjs. The command line reads its own name.
module.exports = require('./mlxk.cjs')
