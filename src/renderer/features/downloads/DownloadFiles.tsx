import { Check } from 'lucide-react'
import { useEffect } from 'react'
import type { Download } from '../../../shared/contract'
import { useDownloads, useWindow } from '../../app/context'
import { Meter } from '../../components/ui/Meter'
import { foldFiles, joinFiles, type DownloadFile } from './model'

function FileRow({ file, isSum = false }: { file: DownloadFile; isSum?: boolean }) {
  const { t, format } = useWindow()
  const isDone = file.phase === 'done'
  return (
    <li className="grid h-[21px] grid-cols-[minmax(0,1fr)_minmax(60px,1.6fr)_80px] items-center gap-4 text-12 wide:grid-cols-[minmax(0,1fr)_minmax(60px,1.6fr)_144px_80px]">
      <span dir="auto" className={isSum ? 'truncate text-ink-2' : 'mono truncate'} title={file.path}>
        {file.path}
      </span>
      <Meter value={file.size_bytes === 0 ? 1 : file.done_bytes / file.size_bytes} label={t.downloads.progress(file.path)} />
      <span className="num text-end text-ink-2 max-wide:hidden">
        {t.downloads.of(format.fileSize(file.done_bytes), format.fileSize(file.size_bytes))}
      </span>
      <span className="flex items-center justify-end gap-1 text-ink-3">
        {isDone ? <Check size={12} aria-hidden="true" /> : null}
        {t.downloads.phase[file.phase]}
      </span>
    </li>
  )
}

/** How far each file is. */
export function DownloadFiles({ download, name }: { download: Download; name: string }) {
  const { t, downloads } = useWindow()
  const files = useDownloads((state) => state.files[download.id])
  useEffect(() => downloads.watchFiles(download.id), [downloads, download.id])
  if (files === undefined || files.length === 0) return null
  const { shown, small } = foldFiles(files)
  return (
    <ul aria-label={t.downloads.files(name)} className="mt-2.5 border-t border-line pt-2 pb-0.5">
      {shown.map((file) => (
        <FileRow key={file.path} file={file} />
      ))}
      {small.length === 0 ? null : <FileRow isSum file={joinFiles(small, t.downloads.smallFiles(small.length))} />}
    </ul>
  )
}
