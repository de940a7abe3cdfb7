import { createHash } from 'node:crypto'
import { file, type Answer, type Reply } from './reply'
import type { HubFile, HubRepo } from './repo'
import { fromBuffer } from './content'

/** Path and query of a file on the CDN, as if signed. */
export function cdnPath(repo: HubRepo, { path, lfs }: HubFile): string {
  const folder = createHash('sha1').update(repo.id).digest('hex')
  const name = encodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
  const disposition = encodeURIComponent(`inline; filename*=UTF-8''${name}; filename="${name}";`)
  return `/repos/${folder}/${lfs?.sha256 ?? ''}?X-Amz-Expires=3600&X-Amz-Signature=${folder}&response-content-disposition=${disposition}`
}

const denied: Reply = {
  status: 403,
  headers: { 'content-type': 'application/xml' },
  body: fromBuffer(Buffer.from('<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')),
}

/** Answers of the second host: the bytes of files outside of git. Its ETag is its own, not the SHA-256. */
export function createCdnAnswers(repos: ReadonlyMap<string, HubRepo>): Answer {
  const find = (pathname: string): HubFile | null => {
    for (const repo of repos.values()) {
      for (const commit of repo.commits.values()) {
        for (const each of commit.files.values()) {
          if (each.lfs !== null && cdnPath(repo, each).startsWith(`${pathname}?`)) return each
        }
      }
    }
    return null
  }
  return (call) => {
    const found = call.method === 'GET' || call.method === 'HEAD' ? find(call.url.pathname) : null
    if (found === null) return denied
    const etag = createHash('md5').update(found.oid).digest('hex')
    return file(call, found.content, { etag: `"${etag}"`, 'content-type': 'application/octet-stream' })
  }
}
