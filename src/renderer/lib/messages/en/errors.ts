import { uiErrors, type ErrorCode } from '../../../../shared/errors'

export const errors = {
  title: (code: ErrorCode): string => uiErrors[code].title,
  /** What the code means, for languages the errors themselves are not written in; null where they are. */
  explain: (_code: ErrorCode): string | null => null,
  installEngine: 'Install engine',
  openModels: 'Open Models',
  onPort: (port: number) => `Use ${port}`,
}
