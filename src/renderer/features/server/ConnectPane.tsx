import { useState } from 'react'
import { useModels, useServer, useSettings, useWindow } from '../../app/context'
import { CopyButton } from '../../components/ui/CopyButton'
import { canChat, findLoaded } from '../models/model'
import { findSetting } from '../settings/store'
import { isExposed } from './access'
import { KEY_VARIABLE, makeSnippet, snippetNames, type SnippetName } from '../../../shared/snippets'
import { baseUrl } from './store'

const USUAL_URL = 'http://127.0.0.1:11811/v1'
const SOME_CONTEXT = 32_768

/** The model that examples name: one that is loaded, else one that could be. */
function useExampleModel(): { name: string; contextTokens: number } | null {
  const loaded = useModels((state) => state.loaded.find((entry) => findLoaded([entry], entry.name) !== null))
  const first = useModels((state) => state.list?.models.find(canChat))
  if (loaded !== undefined) return { name: loaded.name, contextTokens: loaded.context_length }
  return first === undefined ? null : { name: first.name, contextTokens: first.context.tokens }
}

/** How programs reach the API: ready examples with its address and a model that is here. */
export function ConnectPane() {
  const { t } = useWindow()
  const words = t.serverView
  const [name, setName] = useState<SnippetName>('curl')
  const server = useServer((state) => state.server)
  const requireKey = useSettings((state) => findSetting(state.settings, 'server.require_key')?.value === true)
  const model = useExampleModel()
  const url = baseUrl(server)
  const needsKey = requireKey || isExposed(server?.hosts ?? [])
  const code = makeSnippet(name, {
    baseUrl: url ?? USUAL_URL,
    model: model?.name ?? words.yourModel,
    contextTokens: model?.contextTokens ?? SOME_CONTEXT,
    needsKey,
  })
  return (
    <div className="grid h-full content-start gap-3 overflow-y-auto px-4 pb-4">
      <p className="text-12 text-ink-2">{url === null ? words.connectStopped : words.connectText}</p>
      <label className="grid gap-1 text-12 font-medium">
        {words.example}
        <select
          value={name}
          onChange={(event) => setName(snippetNames.find((known) => known === event.target.value) ?? 'curl')}
          className="h-7 rounded-2 bg-raised px-2 font-normal text-ink shadow-[inset_0_0_0_1px_var(--k-line-2),var(--k-shadow-1)]"
        >
          {snippetNames.map((known) => (
            <option key={known} value={known}>
              {words.snippet[known]}
            </option>
          ))}
        </select>
      </label>
      <div className="overflow-hidden rounded-3 bg-code-bg shadow-[inset_0_0_0_1px_var(--k-line)]">
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard */}
        <pre
          tabIndex={0}
          aria-label={words.snippet[name]}
          role="region"
          className="mono text overflow-x-auto p-3 text-11 leading-[17px]"
        >
          {code}
        </pre>
      </div>
      <CopyButton
        text={code}
        label={words.copySnippet}
        copiedLabel={t.common.copied}
        caption={words.copySnippet}
        kind="plain"
        className="justify-self-start"
      />
      {needsKey ? <p className="text-12 text-ink-2">{words.connectKey(KEY_VARIABLE)}</p> : null}
    </div>
  )
}
