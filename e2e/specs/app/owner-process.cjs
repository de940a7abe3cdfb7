// One contender: loads the bundle, says so, and on each line of stdin tries to become the owner. Ends when stdin does.
const [bundle, home] = process.argv.slice(2)
const { acquireOwnership, dataPaths } = require(bundle)
const paths = dataPaths({ MLXK_HOME: home }, { os: 'linux', arch: process.arch, home })
process.stdin.on('data', () => {
  void acquireOwnership(paths).then((ownership) => process.stdout.write(ownership === null ? 'lost\n' : 'won\n'))
})
process.stdin.on('end', () => process.exit(0))
process.stdout.write('ready\n')
