import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { findingCodes } from '../../../shared/contract'
import { errorCodes } from '../../../shared/errors'
import { chooseMessages } from './index'
import { createCounting } from './counting'
import { de } from './de'
import { en } from './en'

/** `models.filter.all` of every word, with how many values it takes. */
function shape(value: object, path = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const place = `${path}${key}`
    if (typeof inner === 'object' && inner !== null) return shape(inner, `${place}.`)
    return [typeof inner === 'function' ? `${place}()` : place]
  })
}

function texts(value: object): string[] {
  return Object.values(value).flatMap((inner: unknown) =>
    typeof inner === 'string' ? [inner] : typeof inner === 'object' && inner !== null ? texts(inner) : [],
  )
}

/** Attributes that people see or hear. */
const spoken = new Set([
  'title',
  'alt',
  'placeholder',
  'label',
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'aria-valuetext',
])

/** Every piece of text of a view that stands in its code instead of in the catalogue, with its line. */
function hardCoded(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX)
  const found: string[] = []
  const note = (node: ts.Node, text: string): void => {
    if (!/\p{L}{2}/u.test(text)) return
    found.push(`${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${text.trim()}`)
  }
  /** The literals that an expression may become; a call's arguments are not what it becomes. */
  const values = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) note(node, node.text)
    else if (ts.isTemplateExpression(node)) {
      note(node, node.head.text)
      for (const span of node.templateSpans) {
        values(span.expression)
        note(span.literal, span.literal.text)
      }
    } else if (ts.isConditionalExpression(node)) {
      values(node.whenTrue)
      values(node.whenFalse)
    } else if (ts.isParenthesizedExpression(node)) values(node.expression)
    else if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken
      if (kind === ts.SyntaxKind.PlusToken || kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken) {
        values(node.left)
        values(node.right)
      } else if (kind === ts.SyntaxKind.AmpersandAmpersandToken) values(node.right)
    }
  }
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) note(node, node.text)
    else if (ts.isJsxAttribute(node) && spoken.has(node.name.getText())) {
      const { initializer } = node
      if (initializer !== undefined) values(ts.isJsxExpression(initializer) ? (initializer.expression ?? initializer) : initializer)
    } else if (ts.isJsxExpression(node) && (ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent)) && node.expression)
      values(node.expression)
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

const root = join(import.meta.dirname, '..', '..')
const views = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /(?<!\.test)\.tsx$/.test(name))

/** Names of files, which no language translates. */
const isFileName = (found: string): boolean => /^\S+ [\w/-]+\.[a-z]+$/.test(found)

describe('words of the window', () => {
  it('are the same in every language: no key is missing and none is left over', () => {
    expect(shape(de)).toEqual(shape(en))
  })

  it('are never empty, in no language, and no error is without a title', () => {
    for (const language of [en, de]) {
      expect(texts(language).filter((text) => text.trim() === '')).toEqual([])
      for (const code of errorCodes) expect(language.errors.title(code), code).not.toBe('')
    }
    for (const code of errorCodes) expect(de.errors.explain(code), code).toMatch(/\.$/)
  })

  it('say what is wrong with a model in their language, and a finding of a newer version in its own', () => {
    for (const code of findingCodes) {
      const finding = { code, file: 'model.safetensors', message: 'In English.' }
      expect(en.models.finding(finding)).toBe('In English.')
      expect(de.models.finding(finding), code).not.toBe('In English.')
      expect(de.models.finding({ ...finding, file: null }), code).toMatch(/^\p{Lu}.*\.$/u)
    }
    expect(de.models.finding({ code: 'of_a_newer_one', file: null, message: 'In English.' })).toBe('In English.')
  })

  it('stand in the catalogue: no view has a sentence of its own', () => {
    expect(views.length).toBeGreaterThan(30)
    const found = views.flatMap((name) => hardCoded(name, readFileSync(join(root, name), 'utf8')))
    expect(found.filter((one) => !isFileName(one))).toEqual([])
  })

  it('would be found in a view wherever they stand', () => {
    const view = `const V = () => <p title="One" aria-label={a ? 'Two' : t.b}>Three {'Four'} {\`Five \${a}\`} {a && 'Six'} <b className="no">{t.no}</b> · 7</p>`
    expect(hardCoded('V.tsx', view)).toEqual(['One', 'Two', 'Three', 'Four', 'Five', 'Six'].map((word) => `V.tsx:1 ${word}`))
  })

  it('count by the rules of their language', () => {
    const forms = { one: 'file', other: 'files' }
    expect([0, 1, 2, 1200].map((count) => createCounting('en').counted(count, forms))).toEqual([
      '0 files',
      '1 file',
      '2 files',
      '1,200 files',
    ])
    expect(createCounting('de').counted(1200, forms)).toBe('1.200 files')
  })

  it('are those of the first language of the system that there is, else English', () => {
    expect(chooseMessages(['fr-FR', 'de-AT', 'en'])).toBe(de)
    expect(chooseMessages(['EN-us'])).toBe(en)
    expect(chooseMessages(['toString', 'zh'])).toBe(en)
    expect(chooseMessages([])).toBe(en)
  })
})
