import { Trash2 } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Place } from '../../../shared/contract'
import { FailureNote } from '../../app/FailureNote'
import { useSettings, useWindow } from '../../app/context'
import { Button } from '../../components/ui/Button'
import { Card } from './Card'
import { ForgetSheet } from './ForgetSheet'
import { Item } from './Item'
import { Path } from './Path'

const row = 'grid min-w-0 gap-0.5 px-4 py-2.5 [&+&]:border-t [&+&]:border-line'

function PlaceRow({ what, path, size_bytes: bytes }: Place) {
  const { t, format } = useWindow()
  const words = t.settings
  return (
    <li className={row}>
      <span className="flex flex-wrap items-baseline gap-x-2">
        <span className="font-medium">{words.place[what].name}</span>
        <span className="text-12 text-ink-2">{words.place[what].text}</span>
        <span className="num ms-auto text-12 text-ink-2">{bytes === null ? words.nothingThere : format.disk(bytes)}</span>
      </span>
      <Path path={path} />
    </li>
  )
}

/** What is kept, where, and how large it is; and the way to be rid of what is about the person. */
export function PrivacySettings() {
  const { t, settings } = useWindow()
  const words = t.settings
  const data = useSettings((state) => state.data)
  const error = useSettings((state) => state.forgetError)
  const [asking, setAsking] = useState(false)
  useEffect(() => void settings.refreshPlaces(), [settings])
  return (
    <>
      <p className="px-1 text-ink-2 text-pretty">{words.privacyText}</p>
      {data === null ? null : (
        <>
          {[true, false].map((isPrivate) => (
            <Card key={String(isPrivate)} title={isPrivate ? words.aboutYou : words.otherPlaces}>
              <ul aria-label={isPrivate ? words.aboutYou : words.otherPlaces}>
                {data.places
                  .filter((place) => place.private === isPrivate)
                  .map((place) => (
                    <PlaceRow key={place.what} {...place} />
                  ))}
              </ul>
            </Card>
          ))}
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-1">
            <div className="grid min-w-60 flex-1 gap-1 text-12 text-ink-2">
              <p className="text-pretty">{words.deleteAll}</p>
              <Path path={data.root} />
            </div>
            <Button icon={<Trash2 size={14} aria-hidden="true" />} onClick={() => setAsking(true)}>
              {words.forget}
            </Button>
          </div>
          {error === null ? null : <FailureNote error={error} withAction={false} />}
          <ForgetSheet key={String(asking)} open={asking} places={data.places} onClose={() => setAsking(false)} />
        </>
      )}
      <Card>
        <Item name="log.level" />
      </Card>
    </>
  )
}
