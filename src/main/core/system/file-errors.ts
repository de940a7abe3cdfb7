import { AppError, toErrno } from '../../../shared/errors'

/** What the file system refused, as an error that says what to do. Anything but a full disk or missing rights is returned as it is. */
export function toFileError(error: unknown, path: string): unknown {
  switch (toErrno(error) ?? '') {
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError('disk_full', `There is no space left to write ${path}.`, {
        hint: 'Free some space, then try again.',
        cause: error,
      })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError('permission_denied', `MLX Knife may not write ${path}.`, {
        hint: 'Make the folder writable for you, or name another data folder with MLXK_HOME.',
        cause: error,
      })
    default:
      return error
  }
}
