import type { Finding } from '../../../shared/contract'
import { isReadable, type ScannedFile } from '../cache'
import { formatBytes, joinNames, toError, toWarning } from './finding'
import { TOKENIZER_FILES } from './rules-config'
import type { SnapshotFacts } from './snapshot-facts'
import { toPromisedHash, type TreeFile } from './tree'

/** What mlx_lm asks of the Hub (its patterns: a star crosses folders); a revision without the rest is as whole as it was meant to be. */
const FETCHED = /\.(json|py|tiktoken|txt|jsonl|jinja)$|(^|\/)tokenizer\.model$|^model.*\.safetensors$/
/** Without these no loader comes far, though nothing else in the snapshot may say that they belong to it. */
const VITAL = /^(config\.json|tokenizer_config\.json|model[^/]*\.safetensors|model\.safetensors\.index\.json)$/

export function isUsuallyFetched(path: string): boolean {
  return FETCHED.test(path)
}

function checkPresent(file: ScannedFile, wanted: TreeFile): Finding[] {
  const promised = file.blob === null ? null : toPromisedHash(file.blob)
  if (promised !== null && promised.value !== wanted.hash.value) {
    const text = `${file.path} is linked to the bytes of another file or revision (${promised.value.slice(0, 8)} instead of ${wanted.hash.value.slice(0, 8)}).`
    return [toError('link_wrong', file.path, text)]
  }
  if (!isReadable(file) || file.sizeBytes === wanted.sizeBytes) return []
  const sizes = `${formatBytes(file.sizeBytes)} instead of the ${formatBytes(wanted.sizeBytes)} that the Hub has`
  return [toError('size_wrong', file.path, `${file.path} has ${sizes}.`)]
}

/** Files against what the Hub said of the revision: names, sizes, links. Nothing when no tree was kept. */
export function checkTree({ files, tree }: SnapshotFacts): Finding[] {
  if (tree === null) return []
  const present = new Map(files.map((file) => [file.path, file]))
  const findings: Finding[] = []
  const missing: string[] = []
  const hasTokenizer = files.some(({ path }) => TOKENIZER_FILES.test(path))
  for (const wanted of tree) {
    const file = present.get(wanted.path)
    if (file !== undefined) findings.push(...checkPresent(file, wanted))
    else if (VITAL.test(wanted.path) || (!hasTokenizer && TOKENIZER_FILES.test(wanted.path))) {
      findings.push(toError('file_missing', wanted.path, `${wanted.path} is missing, the Hub has it.`))
    } else if (isUsuallyFetched(wanted.path)) missing.push(wanted.path)
  }
  if (missing.length > 0) {
    const what = `${joinNames(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`
    findings.push(
      toWarning(
        'file_missing',
        missing.length === 1 ? (missing[0] ?? null) : null,
        `${what}: other tools fetch again, or fail offline.`,
      ),
    )
  }
  return findings
}
