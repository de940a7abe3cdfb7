const KNOWN = '^src/(shared/|main/(core|server|cli|shell)/|main/(index|daemon|app)([.]test)?[.]ts$|preload/|renderer/)'
const error = (rule) => ({ severity: 'error', ...rule })

/** The dependency rule of docs/architecture.md. `scripts/check.mjs` plants a violation of each and expects it to fail. */
module.exports = {
  forbidden: [
    error({
      name: 'unknown-folder',
      comment: 'Every file belongs to a known room.',
      from: { path: '^src', pathNot: KNOWN },
      to: {},
    }),
    error({ name: 'unknown-orphan', from: { orphan: true, path: '^src', pathNot: KNOWN }, to: {} }),
    error({ name: 'cycle', from: {}, to: { circular: true } }),
    error({
      name: 'electron',
      comment: 'Only the shell, the Electron entry and the preload know Electron.',
      from: { path: '^src', pathNot: '^src/(main/(shell/|index[.]ts$)|preload/)' },
      to: { path: '^(node_modules/)?electron(/|$)' },
    }),
    error({ name: 'shared-is-pure', from: { path: '^src/shared' }, to: { path: '^src/(main|preload|renderer)' } }),
    error({ name: 'shared-no-node', from: { path: '^src/shared', pathNot: '[.]test[.]ts$' }, to: { dependencyTypes: ['core'] } }),
    error({
      name: 'core',
      from: { path: '^src/main/core' },
      to: { path: '^src/(main/(server|cli|shell|app|daemon|index)|preload|renderer)' },
    }),
    error({
      name: 'core-by-its-face',
      comment: 'A domain of core is imported through its index.ts or types.ts.',
      from: { path: '^src/main/core/([^/]+)/' },
      to: { path: '^src/main/core/[^/]+/', pathNot: ['^src/main/core/$1/', '^src/main/core/[^/]+/(index|types)[.]ts$'] },
    }),
    error({
      name: 'core-by-its-face-outside',
      from: { path: '^src/main/(server|cli|shell|[^/]+[.]ts$)', pathNot: '[.]test[.]ts$' },
      to: { path: '^src/main/core/[^/]+/', pathNot: '^src/main/core/[^/]+/(index|types)[.]ts$' },
    }),
    error({
      name: 'server',
      from: { path: '^src/main/server' },
      to: { path: '^src/(main/(cli|shell|app|daemon|index)|preload|renderer)' },
    }),
    error({ name: 'cli', from: { path: '^src/main/cli' }, to: { path: '^src/(main/(shell|index)|preload|renderer)' } }),
    error({ name: 'preload', from: { path: '^src/preload' }, to: { path: '^src/(main|renderer)' } }),
    error({
      name: 'renderer-no-node',
      from: { path: '^src/renderer', pathNot: '[.]test[.]tsx?$' },
      to: { dependencyTypes: ['core'] },
    }),
    error({ name: 'renderer-no-main', from: { path: '^src/renderer' }, to: { path: '^src/(main|preload)' } }),
    error({
      name: 'contract-types-only',
      comment: 'Schemas stay out of the page: zod would cost 22 KB.',
      from: { path: '^src/renderer', pathNot: '[.]test[.]tsx?$' },
      to: { path: '^src/shared/contract', dependencyTypesNot: ['type-only'] },
    }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
    },
  },
}
