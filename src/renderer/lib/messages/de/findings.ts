import type { Finding, FindingCode } from '../../../../shared/contract'

const invisible = 'andere Programme finden dieses Modell nicht unter seinem Namen.'
const unlisted = 'andere Programme zeigen dieses Modell nicht an.'

/** What each code says of a file. Sizes and hashes are in the finding's own sentence, which is English. */
const sentences: Record<FindingCode, (file: string) => string> = {
  blob_orphan: () => 'Daten, die zu keiner Revision gehören, belegen Platz.',
  config_invalid: (file) => `${file} ist kein gültiges JSON.`,
  config_missing: (file) => `${file} fehlt.`,
  config_not_object: (file) => `${file} enthält kein JSON-Objekt mit Inhalt.`,
  config_wrong_type: (file) => `In ${file} hat eine Angabe den falschen Typ.`,
  download_incomplete: () => 'Der Download ist unvollständig.',
  file_changed: (file) => `${file} hat sich während der Prüfung geändert.`,
  file_missing: (file) => `${file} fehlt.`,
  file_unreadable: (file) => `${file} ist nicht lesbar.`,
  file_vanished: (file) => `${file} wurde während der Prüfung entfernt.`,
  hash_mismatch: (file) => `${file} ist beschädigt: Die Prüfsumme stimmt nicht.`,
  html_page: (file) => `${file} enthält eine HTML-Seite statt der Datei.`,
  index_escapes: (file) => `${file} nennt Dateien außerhalb des Modells.`,
  index_invalid: (file) => `${file} ist kein gültiger Index der Gewichte.`,
  index_mismatch: (file) => `${file} nennt andere Dateien als die, die da sind.`,
  index_missing: (file) => `${file} fehlt, also sagt nichts, welcher Shard was enthält.`,
  json_invalid: (file) => `${file} ist kein gültiges JSON.`,
  json_not_object: (file) => `${file} enthält kein JSON-Objekt mit Inhalt.`,
  lfs_pointer: (file) => `${file} ist nur ein Git-LFS-Zeiger; die Datei selbst wurde nie geladen.`,
  link_dangling: (file) => `${file} fehlt: Der Link führt ins Leere.`,
  link_outside: (file) => `${file} ist ein Link aus dem Ordner des Modells hinaus; ihm wird nie gefolgt.`,
  link_wrong: (file) => `${file} ist mit den Daten einer anderen Datei oder Revision verknüpft.`,
  partial_left: () => 'Ein früherer Download hat unfertige Dateien hinterlassen.',
  partial_marker: (file) => `${file} stammt von einem Download, der nicht fertig wurde.`,
  processor_missing: (file) => `${file} fehlt; ohne sie gibt es keine Bilder.`,
  ref_missing: (file) => `${file} fehlt: ${invisible}`,
  ref_stale: (file) => `${file} nennt eine Revision, die nicht da ist: ${invisible}`,
  ref_untidy: (file) => `${file} enthält Leerzeichen: ${invisible}`,
  repo_unreadable: () => 'Der Ordner des Modells ist nicht lesbar.',
  revision_dangling: () => `Eine andere Revision hat Links ins Leere: ${unlisted}`,
  safetensors_header: (file) => `${file} hat keinen gültigen Safetensors-Kopf.`,
  safetensors_trailing: (file) => `${file} ist länger, als ihr Kopf sagt.`,
  safetensors_truncated: (file) => `${file} ist abgeschnitten.`,
  shard_missing: (file) => `${file} fehlt.`,
  shard_totals: () => 'Die Shards gehören nicht zusammen.',
  size_wrong: (file) => `${file} hat nicht die Größe, die sie auf dem Hub hat.`,
  snapshot_unreadable: () => 'Der Snapshot ist nicht lesbar.',
  snapshots_empty: () => 'Der Ordner „snapshots“ ist leer: Keine Revision wurde je fertig.',
  snapshots_missing: () => 'Der Ordner „snapshots“ fehlt: Das ist kein Modell, das ein Programm laden kann.',
  stray_file: (file) => `${file} gehört nicht hierher: ${unlisted}`,
  tokenizer_missing: () => 'Es gibt keinen Tokenizer (tokenizer.json oder tokenizer.model).',
  tokenizer_truncated: (file) => `${file} endet mittendrin.`,
  weights_empty: (file) => `${file} ist leer.`,
  weights_missing: () => 'Es sind keine Gewichte da.',
}

const known: Readonly<Record<string, ((file: string) => string) | undefined>> = sentences

/** A finding in German; one with a code of a newer version keeps its own sentence. */
export function sayFinding({ code, file, message }: Pick<Finding, 'code' | 'file' | 'message'>): string {
  return known[code]?.(file ?? 'Eine Datei') ?? message
}
