import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { healthyFiles, safetensorsFile, writeModel } from '../../../../e2e/fixtures/cache'
import { indexFile, INDEX, SHARD_1, useHealthCache } from '../../../../e2e/fixtures/health'
import { spoilTree } from '../../../../e2e/fixtures/spoil'
import { finding } from '../../../shared/contract'
import { scanRepo } from '../cache'
import { checkRepo, readSnapshotFacts } from '.'
import { parseJsonFile } from './json-file'
import { parseTree, readTree } from './tree'
import { readWeightHeader } from './weight-header'

const { hub, checkFiles, check } = useHealthCache()
const full = process.env['MLXK_TEST_FULL'] === '1'

/** Any bytes, more often ones that look like something. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  fc.json().map((text) => Buffer.from(text)),
  fc.tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.json()).map(([length, json]) => {
    const start = Buffer.alloc(8)
    start.writeBigUInt64LE(length % 3n === 0n ? BigInt(json.length) : length)
    return Buffer.concat([start, Buffer.from(json)])
  }),
  fc.tuple(fc.jsonValue(), fc.jsonValue()).map(([from, to]) => {
    const json = JSON.stringify({ weight: { dtype: 'F32', shape: [1], data_offsets: [from, to] } })
    const start = Buffer.alloc(8)
    start.writeBigUInt64LE(BigInt(Buffer.byteLength(json)))
    return Buffer.concat([start, Buffer.from(json)])
  }),
)

describe('whatever the bytes are', () => {
  test('a weight header is read without an error, and never more than the file has', () => {
    fc.assert(
      fc.property(bytes, (content) => {
        const header = readWeightHeader(content.length, (offset, length) => {
          expect(offset + length).toBeLessThanOrEqual(Math.max(64, content.length))
          return content.subarray(offset, offset + length)
        })
        if (header.state === 'ok') expect(Number.isSafeInteger(header.expectedBytes)).toBe(true)
      }),
      { numRuns: 10_000 },
    )
  })

  test('JSON and trees are read without an error', () => {
    fc.assert(
      fc.property(bytes, (content) => {
        expect(parseJsonFile(content.toString('utf8')).state).toBeTypeOf('string')
        parseTree(content.toString('utf8'))
      }),
      { numRuns: 10_000 },
    )
  })

  test('every file of a model may hold anything: there are findings, never an error', { timeout: 120_000 }, () => {
    const paths = [...Object.keys(healthyFiles()), INDEX, SHARD_1, 'preprocessor_config.json', 'generation_config.json']
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...paths), bytes, { noNullPrototype: true }), (files) => {
        rmSync(join(hub(), 'models--a--b'), { recursive: true, force: true })
        const found = checkFiles({ ...healthyFiles(), ...files })
        expect(finding.array().parse(found)).toEqual(found)
      }),
      { numRuns: full ? 2000 : 150 },
    )
  })
})

describe('whatever the folders are', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mlxk-hostile-'))
    return () => rmSync(folder, { recursive: true, force: true })
  })

  test(
    'links in circles, to devices, pipes and folders in the place of files: findings, never an error',
    { timeout: 120_000 },
    () => {
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 40 })), { minLength: 1, maxLength: 8 }),
          (spoilings) => {
            const root = join(folder, 'hub')
            rmSync(root, { recursive: true, force: true })
            const { repo } = writeModel(root, 'a/b')
            spoilTree(repo, spoilings)
            const scanned = scanRepo({ path: root, kind: 'primary', rule: 'default' }, 'models--a--b')
            for (const snapshot of [null, ...scanned.snapshots]) {
              const found = checkRepo(scanned, snapshot, snapshot === null ? null : readSnapshotFacts(snapshot))
              expect(finding.array().parse(found)).toEqual(found)
            }
          },
        ),
        { numRuns: full ? 2000 : 100 },
      )
    },
  )
})

describe('values that JSON can hold and a program does not expect', () => {
  const withOffsets = (offsets: string): Buffer => {
    const json = `{"w":{"dtype":{"toString":1},"shape":[1],"data_offsets":${offsets}}}`
    const start = Buffer.alloc(8)
    start.writeBigUInt64LE(BigInt(json.length))
    return Buffer.concat([start, Buffer.from(json)])
  }

  test.each(['[0,1e400]', '[0.5,1.5]', '[-1,4]', '[4,0]', '[0,9007199254740993]', '[]', '{}'])('data_offsets of %s', (offsets) => {
    expect(checkFiles(healthyFiles({ 'model.safetensors': withOffsets(offsets) }))[0]).toMatchObject({
      code: 'safetensors_header',
      file: 'model.safetensors',
    })
  })

  test('offsets beyond the file are a truncated file, said exactly', () => {
    expect(checkFiles(healthyFiles({ 'model.safetensors': withOffsets('[0,9007199254740000]') }))[0]).toMatchObject({
      code: 'safetensors_truncated',
      message: expect.stringMatching(/instead of 9,007,199,254,740,\d{3} bytes/),
    })
  })

  test.each([{ a: { toString: 1 } }, { a: [['x']] }, { a: null }, { a: 5 }])('an index that names %j', (map) => {
    expect(checkFiles(healthyFiles({ [INDEX]: indexFile(map) }))[0]).toMatchObject({ code: 'index_invalid', file: INDEX })
  })

  test('a config with a byte order mark, of another encoding, or nested too deep is named so', () => {
    const reasons = [
      Buffer.from('\ufeff{"a":1}'),
      Buffer.from('{"a":"\u00e9"}', 'latin1'),
      `{"a":${'['.repeat(600)}${']'.repeat(600)}}`,
    ]
    expect(
      reasons.map((content, index) => {
        writeModel(hub(), 'a/b', { files: healthyFiles({ 'config.json': content }), commit: String(index).repeat(40) })
        const [first] = check()
        rmSync(join(hub(), 'models--a--b'), { recursive: true })
        return `${first?.code} ${first?.message}`
      }),
    ).toEqual([
      'config_invalid config.json begins with a byte order mark, which Python does not read.',
      'config_invalid config.json is not UTF-8 text.',
      'config_invalid config.json is nested deeper than Python reads.',
    ])
  })

  test('a page in the place of other weights or small files is named', () => {
    const page = '<!doctype html><title>Sign in</title>'
    expect(
      checkFiles(healthyFiles({ 'generation_config.json': page, 'extra.gguf': page })).map(({ code, file }) => `${code} ${file}`),
    ).toEqual(['html_page extra.gguf', 'html_page generation_config.json'])
  })
})

describe('trees/<commit>.json', () => {
  const blobId = '1'.repeat(40)
  const treeOf = (files: Record<string, unknown>): string => JSON.stringify({ format_version: 1, files })

  test.each<[string, string]>([
    ['a path out of the model', treeOf({ '../x': { size: 1, blob_id: blobId } })],
    ['an absolute path', treeOf({ '/x': { size: 1, blob_id: blobId } })],
    ['a backslash', treeOf({ 'a\\b': { size: 1, blob_id: blobId } })],
    ['a control character', treeOf({ 'a\nb': { size: 1, blob_id: blobId } })],
    ['a name of 256 bytes', treeOf({ ['ä'.repeat(128)]: { size: 1, blob_id: blobId } })],
    ['a negative size', treeOf({ a: { size: -1, blob_id: blobId } })],
    ['a size that no number holds', treeOf({ a: { size: 2 ** 60, blob_id: blobId } })],
    ['a blob id that is a path', treeOf({ a: { size: 1, blob_id: '../../x' } })],
    ['a SHA-256 that is none', treeOf({ a: { size: 1, blob_id: blobId, lfs_sha256: 'x' } })],
    ['another version', JSON.stringify({ format_version: 2, files: {} })],
  ])('with %s is not trusted at all', (_name, text) => {
    expect(parseTree(text)).toBeNull()
  })

  test('sizes, missing files and wrong links are judged by it', () => {
    const { repo, commit } = writeModel(hub(), 'a/b')
    mkdirSync(join(repo, 'trees'))
    const size = safetensorsFile().length
    const tree = treeOf({
      'README.md': { size: 5, blob_id: blobId },
      'model.safetensors': { size: size + 1, blob_id: blobId, lfs_sha256: 'a'.repeat(64) },
      'model-extra.safetensors': { size: 3, blob_id: blobId, lfs_sha256: 'b'.repeat(64) },
      'chat_template.jinja': { size: 3, blob_id: blobId },
      'photo.png': { size: 3, blob_id: blobId },
    })
    writeFileSync(join(repo, 'trees', `${commit}.json`), tree)
    const found = check()
    expect(found.map(({ code, file, severity }) => `${severity} ${code} ${file}`)).toEqual([
      'error link_wrong README.md',
      'error file_missing model-extra.safetensors',
      'error link_wrong model.safetensors',
      'warning file_missing chat_template.jinja',
    ])
  })

  test('a size that differs is said with both numbers, for files in the snapshot itself too', () => {
    const { repo, commit } = writeModel(hub(), 'a/b', { regular: true })
    mkdirSync(join(repo, 'trees'))
    writeFileSync(join(repo, 'trees', `${commit}.json`), treeOf({ 'tokenizer.json': { size: 4000, blob_id: blobId } }))
    expect(check()).toMatchObject([
      {
        code: 'size_wrong',
        file: 'tokenizer.json',
        message: expect.stringContaining('instead of the 4,000 bytes that the Hub has'),
      },
    ])
  })

  test('one that may not be read, is a link to a device, or is gone is none', () => {
    const { repo, commit } = writeModel(hub(), 'a/b')
    mkdirSync(join(repo, 'trees'))
    const file = join(repo, 'trees', `${commit}.json`)
    symlinkSync('/dev/zero', file)
    expect(readTree(repo, commit)).toBeNull()
    unlinkSync(file)
    writeFileSync(file, treeOf({}))
    expect(readTree(repo, commit)).toEqual([])
    chmodSync(file, 0)
    if (process.getuid?.() !== 0) expect(readTree(repo, commit)).toBeNull()
    expect(readTree(repo, '../x')).toBeNull()
  })
})
