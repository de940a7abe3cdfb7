/**
 * Finds optional packages (the binaries for other platforms) that the lock file names but does not lock. `npm ci` refuses such a file on
 * the platform that needs them, and npm leaves them out silently when its registry had none at the time.
 * @param {{packages: Record<string, {optionalDependencies?: Record<string, string>}>}} lock parsed package-lock.json
 * @returns {string[]} `package -> missing package`
 */
export function findMissingOptional(lock) {
  const missing = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      if (resolveAsNode(lock.packages, path, name) === undefined) missing.push(`${path} -> ${name}`)
    }
  }
  return missing
}

function resolveAsNode(packages, from, name) {
  let folder = from
  for (;;) {
    const found = packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`]
    if (found?.version !== undefined) return found
    if (folder === '') return undefined
    const cut = folder.lastIndexOf('/node_modules/')
    folder = cut === -1 ? '' : folder.slice(0, cut)
  }
}
